"""Commands that open the dashboard."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path

import click
from click.core import ParameterSource

from spinewatch_monitor.cli_errors import OK
from spinewatch_monitor.cli_text import out as console
from spinewatch_monitor.cli_text import progress_of, say
from spinewatch_monitor.screen_libraries import advice, is_screen_library


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
@click.option("--ble", is_flag=True, help="Instead: simulated sensors, read live over simulated Bluetooth.")
@click.pass_context
def demo(context: click.Context, seed: int, speed: float, out: Path | None, ble: bool) -> None:
    """Open the dashboard on a simulated office day; no sensor needed."""
    if ble:
        _demo_over_bluetooth(context, seed)
    try:
        from spinewatch_monitor.app import run_demo
    except ImportError as error:
        if not is_screen_library(error):
            raise
        say(advice(error))
        _demo_as_text(seed)
        context.exit(OK)
    context.exit(run_demo(seed=seed, speed=speed, out=out))


def _demo_over_bluetooth(context: click.Context, seed: int) -> None:
    """In a window, or without one a look at what the sensors send."""
    from spinewatch_monitor.demo_ble import show_sensors_as_text
    from spinewatch_monitor.screen_libraries import has_screen

    given = context.get_parameter_source
    ignored = [f"--{name}" for name in ("speed", "out") if given(name) is not ParameterSource.DEFAULT]
    if ignored:
        have = "has" if len(ignored) == 1 else "have"
        say(f"With --ble sensors run live, so {' and '.join(ignored)} {have} no effect.")
    if not has_screen():
        context.exit(show_sensors_as_text(seed))
    from spinewatch_monitor.app import run_ble_demo

    context.exit(run_ble_demo(seed=seed))


def _demo_as_text(seed: int) -> None:
    """The figures of the demo's day, where no window can be drawn."""
    from spinewatch_monitor.analysis import analyse_file
    from spinewatch_monitor.cli_analysis import analysis_table
    from spinewatch_monitor.demo_day import demo_folders, demo_recording, demo_start_s, last_working_day

    now = datetime.now(UTC).astimezone()
    offset_s = now.utcoffset().total_seconds()  # type: ignore[union-attr]  # an aware time has one
    start_s = demo_start_s(last_working_day(now.date()), offset_s)
    with progress_of("Simulating an office day") as progress:
        path = demo_recording(demo_folders(), seed, start_s, offset_s, progress)
    with progress_of("Analysing it") as progress:
        _, result = analyse_file(path, progress)
    console().print(analysis_table(result))


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
