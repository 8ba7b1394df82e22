"""Commands about recordings that are there: analyze, info, recover, report."""

from __future__ import annotations

import json
from pathlib import Path

import click

from spinewatch_monitor.cli_errors import OK, explain
from spinewatch_monitor.cli_text import clock, out, progress_of, say, size, tell
from spinewatch_monitor.problems import BadInputError

FILE = click.Path(path_type=Path)


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--json", "as_json", is_flag=True, help="JSON Lines, one object per file; see the published schema.")
@click.pass_context
def analyze(context: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """Analyse recordings: angles, activity, time away from the reference, exposure."""
    from spinewatch_monitor.analysis import analyse_file

    worst = OK
    for file in files:
        try:
            with progress_of(f"Analysing {file.name}") as progress:
                _, result = analyse_file(file, progress)
        except Exception as error:
            if len(files) == 1 or context.find_root().params["debug"]:
                raise
            text, code = explain(error)  # one file of many: say so and go on with the others
            say(text)
            worst = max(worst, code)
            continue
        if as_json:
            tell(json.dumps(result, allow_nan=False))
        else:
            _print_analysis(result)
    context.exit(worst)


def _print_analysis(result: dict[str, object]) -> None:
    from spinewatch_monitor.cli_analysis import analysis_table

    out().print(analysis_table(result))


@click.command()
@click.argument("file", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def info(file: Path, as_json: bool) -> None:
    """Show what a recording holds."""
    from spinewatch_monitor.recording_info import recording_info

    facts = recording_info(file)
    if as_json:
        tell(json.dumps(facts, allow_nan=False))
        return
    simulated = " (simulated)" if facts["simulated"] else ""
    tell(f"{file}: {clock(facts['duration_s'])} from {facts['start_utc']}, {size(facts['bytes'])}{simulated}")
    for sensor in facts["sensors"]:
        tell(
            f"  {sensor['id']}: {sensor['family']}, {sensor['role']}, {sensor['site']}, "
            f"{sensor['samples']} samples, nominally {sensor['nominal_rate_hz']:g} Hz"
        )
    if facts["events"]:
        tell("  events: " + ", ".join(f"{count} {kind}" for kind, count in facts["events"].items()))
    for note in facts["notes"]:
        tell(f"  note: {note}")


@click.command()
@click.argument("file", type=FILE)
def recover(file: Path) -> None:
    """Finish a recording that was cut off (NAME.mcap.part)."""
    from spinewatch_monitor.recording_info import recover_file

    with progress_of(f"Recovering {file.name}"):
        path, note = recover_file(file)
    tell(f"{path}: {note}")


@click.command()
@click.argument("file", type=FILE, required=False)
@click.option("--day", metavar="DATE", help="Report of one day, 2026-05-04.")
def report(file: Path | None, day: str | None) -> None:
    """Two-page report for a therapist (comes later)."""
    del file, day
    raise BadInputError("The report comes later. Use `spinewatch analyze FILE` for the figures.")
