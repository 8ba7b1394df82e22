"""Command that looks at this machine."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import TYPE_CHECKING

import click

from spinewatch_monitor.cli_errors import FAILURE, OK
from spinewatch_monitor.cli_text import out, plain

if TYPE_CHECKING:
    from spinewatch_bridge.bluetooth_state import BluetoothState


@click.command()
@click.pass_context
def doctor(context: click.Context) -> None:
    """Check this machine: green, or the one thing to do."""
    from rich.markup import escape

    from spinewatch_bridge.transports.serial_port import port_names
    from spinewatch_monitor.health_check import run_checks
    from spinewatch_monitor.storage.folders import data_folder

    console = out()
    todos = 0
    for check in run_checks(data_folder, port_names, bluetooth_now, dt.datetime.now(dt.UTC).astimezone()):
        mark, style = ("!", "yellow") if check.todo else ("✓", "green")
        console.print(f"[{style}]{mark}[/] {check.name}: {escape(plain(check.found))}")
        if check.todo:
            todos += 1
            console.print(f"  [bold]{escape(plain(check.todo))}[/]")
    console.print("[green]All is well.[/]" if not todos else f"{todos} thing{'s' if todos > 1 else ''} to do.")
    context.exit(FAILURE if todos else OK)


def bluetooth_now() -> BluetoothState:
    """The state of this computer's Bluetooth."""
    from spinewatch_monitor.this_radio import this_bluetooth

    return asyncio.run(this_bluetooth())
