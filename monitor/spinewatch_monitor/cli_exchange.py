"""Commands that bring recordings in and out: import, export, simulate."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from spinewatch_monitor.cli_text import clock, progress_of, recording_name, refuse_existing, say, size, tell
from spinewatch_monitor.problems import BadInputError

if TYPE_CHECKING:
    from spinewatch_monitor.exchange.imported import ImportRequest, RoleFile

PROFILE_NAMES = ("csv", "qsense", "opal")
SITES = ("upper_back", "t12", "pelvis")


def _start(_context: click.Context, _parameter: click.Parameter, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"'{text}' is no date and time. Write 2026-05-04T08:30:00+02:00.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="[ROLE=]FILE...")
@click.option(
    "--to", "target", type=click.Path(path_type=Path), required=True, metavar="NAME.mcap", help="Recording to write."
)
@click.option("--profile", type=click.Choice(PROFILE_NAMES), help="Kind of file; found from the file where it can be.")
@click.option(
    "--sensor", "sensors", multiple=True, metavar="NAME", help="Take this sensor of a file that holds several."
)
@click.option("--upper-site", type=click.Choice(SITES), help="Where the upper sensor was worn.")
@click.option("--lower-site", type=click.Choice(SITES), help="Where the lower sensor was worn.")
@click.option("--acc-unit", type=click.Choice(("m_s2", "g", "mg")), help="Unit of acceleration columns that name none.")
@click.option("--gyr-unit", type=click.Choice(("rad_s", "deg_s")), help="Unit of turn-rate columns that name none.")
@click.option("--rate", type=click.FloatRange(5.0, 5000.0), help="Samples per second, for files without times.")
@click.option("--start", callback=_start, metavar="ISO", help="Time of the first sample, for files without it.")
def import_(files: tuple[str, ...], target: Path, start: datetime | None, **options: object) -> None:
    """Make a recording from files of other systems. Roles: upper=FILE lower=FILE."""
    from spinewatch_monitor.exchange.write_import import import_files

    recording_name(target)
    request = _request(files, start, options)
    with progress_of(f"Importing {request.files[0].path.name}") as progress:
        imported = import_files(request, target, progress)
    for warning in imported.warnings:
        say(f"Note: {warning}.")
    names = ", ".join(f"{c.sensor.id} ({c.sensor.role.value}, {c.sensor.site.value})" for c in imported.channels)
    tell(f"{target}: {names}; {clock(imported.end_s - imported.start_s)}, {size(target.stat().st_size)}.")


def _request(files: tuple[str, ...], start: datetime | None, options: dict[str, object]) -> ImportRequest:
    from spinewatch_monitor.exchange.imported import ImportRequest
    from spinewatch_signal.samples import Role, Site

    sites = {role: Site(str(site)) for role in Role if (site := options[f"{role.value}_site"])}
    start_s, offset_s = (None, None) if start is None else _moment(start)
    return ImportRequest(
        files=tuple(map(_role_file, files)),
        profile=options["profile"],  # type: ignore[arg-type]  # click has checked the choices
        start_s=start_s,
        utc_offset_s=offset_s,
        rate_hz=options["rate"],  # type: ignore[arg-type]
        acc_unit=options["acc_unit"],  # type: ignore[arg-type]
        gyr_unit=options["gyr_unit"],  # type: ignore[arg-type]
        sensors=options["sensors"],  # type: ignore[arg-type]
        sites=sites,
    )


def _role_file(text: str) -> RoleFile:
    """`upper=FILE`, `lower=FILE` or `FILE`; a file whose own name holds `=` is taken as it is."""
    from spinewatch_monitor.exchange.imported import RoleFile
    from spinewatch_signal.samples import Role

    name, found, path = text.partition("=")
    if found and name in (Role.UPPER.value, Role.LOWER.value):
        return RoleFile(Path(path), Role(name))
    if found and not Path(text).exists():
        raise BadInputError(f"'{name}' is no role. Write upper=FILE or lower=FILE.")
    return RoleFile(Path(text))


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--to", "kind", type=click.Choice(("csv", "bids", "parquet")), required=True, help="Kind of files.")
@click.option(
    "--out", "folder", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Where to put them."
)
def export(file: Path, kind: str, folder: Path) -> None:
    """Write a recording as tables that other programs read."""
    if kind != "csv":
        raise BadInputError(f"Export to {kind} comes later. Use --to csv.")
    from spinewatch_monitor.exchange.export_csv import export_csv

    with progress_of(f"Exporting {file.name}") as progress:
        written = export_csv(file, folder, progress)
    for path in written:
        tell(f"{path}: {size(path.stat().st_size)}.")


@click.command()
@click.argument("scenario")
@click.option(
    "--out", "target", type=click.Path(path_type=Path), required=True, metavar="NAME.mcap", help="Recording to write."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another number, another person and day.")
@click.option("--start", callback=_start, metavar="ISO", help="When the day begins.")
@click.option("--hours", type=click.FloatRange(0.2, 24.0), help="How long it lasts.")
@click.option("--sensors", default="upper_back,pelvis", show_default=True, help="Where sensors are worn.")
def simulate(scenario: str, target: Path, seed: int, start: datetime | None, hours: float | None, sensors: str) -> None:
    """Make a recording of a simulated wearer, with the truth beside it."""
    from importlib.metadata import version

    from spinewatch_bridge.simulator.simulate import DEFAULT_START_S, DEFAULT_UTC_OFFSET_S
    from spinewatch_bridge.simulator.to_file import simulate_to_file

    recording_name(target)
    refuse_existing(target.with_name(f"{target.stem}_truth.csv"))
    sites = tuple(name.strip() for name in sensors.split(",") if name.strip())
    unknown = [name for name in sites if name not in SITES]
    if unknown or not 1 <= len(sites) <= 2:
        raise BadInputError(f"--sensors {sensors}: give one or two of {', '.join(SITES)}, with a comma between.")
    start_s, offset_s = (DEFAULT_START_S, DEFAULT_UTC_OFFSET_S) if start is None else _moment(start)
    with progress_of(f"Simulating {scenario}") as progress:
        made = simulate_to_file(
            scenario, target, seed, start_s, hours, sites, utc_offset_s=offset_s, progress=progress,
            app_version=version("spinewatch"),
        )  # fmt: skip
    tell(f"{made.recording}: simulated, {size(made.recording.stat().st_size)}; the truth is in {made.truth}.")


def _moment(start: datetime) -> tuple[float, int]:
    """UNIX seconds and offset from UTC, s."""
    offset = start.utcoffset()
    return start.timestamp(), 0 if offset is None else round(offset.total_seconds())
