"""Commands that open the dashboard."""

from __future__ import annotations

import math
from pathlib import Path

import click


def _speed(_context: click.Context, _parameter: click.Parameter, text: str) -> float:
    """The factor; infinity for `max`."""
    try:
        speed = math.inf if text == "max" else float(text)
    except ValueError:
        speed = math.nan
    if not speed > 0.0:
        raise click.BadParameter(f"'{text}' is no speed. Give a number above 0 (1, 10, 60) or max.")
    return speed


@click.command()
@click.option("--seed", type=int, default=1, show_default=True, help="Another number, another person and day.")
@click.option("--speed", default="60", callback=_speed, show_default=True, help="Times real time, or max.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the picture when there is no screen.")
@click.pass_context
def demo(context: click.Context, seed: int, speed: float, out: Path | None) -> None:
    """Open the dashboard on a simulated office day; no sensor needed."""
    from spinewatch_monitor.app import run_demo

    context.exit(run_demo(seed=seed, speed=speed, out=out))


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--speed", default="1", callback=_speed, show_default=True, help="Times real time, or max.")
@click.pass_context
def replay(context: click.Context, file: Path, speed: float) -> None:
    """Play a recording in the dashboard, as it was seen live."""
    from spinewatch_bridge.recording.reader import Recording

    Recording.open(file)  # refuses in one line before anything of the window is loaded
    from spinewatch_monitor.app import run_dashboard

    context.exit(run_dashboard(None, demo=False, replay=file, speed=speed, page=None))
