"""The command `spinewatch`. Only light modules are imported here; each command imports what it needs when it runs."""

from __future__ import annotations

import io
import logging
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

import click

from spinewatch_monitor.cli_doctor import doctor
from spinewatch_monitor.cli_errors import FAILURE, OK, explain
from spinewatch_monitor.cli_exchange import export, import_, simulate
from spinewatch_monitor.cli_files import analyze, info, recover, report
from spinewatch_monitor.cli_log import log
from spinewatch_monitor.cli_record import record
from spinewatch_monitor.cli_scan import scan
from spinewatch_monitor.cli_text import say
from spinewatch_monitor.cli_view import demo, replay

PAGES = ("today", "trends", "review", "sensors")
TOLD_TOO_MUCH = ("bleak", "bumble")
"""Their debug logs hold names and addresses of whatever is around, and ours are there to be passed on."""


def _show_version(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"spinewatch {version('spinewatch')}")
        context.exit(OK)


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_show_version, help="Show the version."
)
@click.option("--debug", is_flag=True, help="Show where an error came from.")
@click.option("--source", "sources", multiple=True, metavar="SOURCE", help="Sensor for the dashboard; twice for two.")
@click.option("--page", type=click.Choice(PAGES), help="Page of the dashboard to begin with.")
@click.pass_context
def cli(context: click.Context, debug: bool, sources: tuple[str, ...], page: str | None) -> None:
    """A posture monitor that stays on your machine.

    Without a command the dashboard opens. Sources: ble:SW-3F2A, serial:/dev/ttyACM0?protocol=witmotion,
    sim:office-day?seed=1, replay:FILE?speed=10; two sensors as upper=SOURCE lower=SOURCE. Not a medical device.
    """
    del debug  # read by `run`, which catches what a command raises
    if context.invoked_subcommand is None:
        from spinewatch_monitor.app import run_dashboard

        context.exit(run_dashboard(list(sources) or None, demo=False, replay=None, speed=1.0, page=page))


for _command in (demo, scan, record, log, replay, analyze, import_, export, info, recover, report, simulate, doctor):
    cli.add_command(_command)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    try:
        result = cli.main(args=list(arguments), prog_name="spinewatch", standalone_mode=False)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader went away (`| head`): tell nobody
        return FAILURE
    except (Exception, KeyboardInterrupt) as error:
        if "--debug" in arguments:
            raise
        text, code = explain(error)
        say(text)
        return code
    return result if isinstance(result, int) else OK


def _terminated(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def set_up_log(*, debug: bool) -> None:
    """The commands say in their own words what happened; the log is for who looks for a fault."""
    logging.basicConfig(level=logging.DEBUG if debug else logging.ERROR)
    for name in TOLD_TOO_MUCH:
        logging.getLogger(name).setLevel(logging.WARNING)


def main() -> None:
    """Entry point of the console script."""
    signal.signal(signal.SIGTERM, _terminated)  # as Ctrl-C: recordings are finished, half-written files removed
    set_up_log(debug="--debug" in sys.argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a Windows console may not know the true minus sign
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
