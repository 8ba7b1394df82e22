"""Command that records."""

from __future__ import annotations

from pathlib import Path

import click

from spinewatch_monitor.cli_text import recording_name


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--out", "target", type=click.Path(path_type=Path), metavar="NAME.mcap", help="Recording to write.")
@click.option("--seconds", type=click.FloatRange(min=0.1), help="Stop after so long.")
def record(sources: tuple[str, ...], target: Path | None, seconds: float | None) -> None:
    """Record without a window; Ctrl-C stops and finishes the recording."""
    from spinewatch_monitor.headless import record_headless

    if target is not None:
        recording_name(target)
    record_headless(sources, target, seconds)
