"""Command that looks around for sensors."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from spinewatch_monitor.cli_text import out, plain, say, tell

if TYPE_CHECKING:
    from rich.table import Table

    from spinewatch_bridge.nearby import Nearby
    from spinewatch_bridge.transports.ble_radio import Radio
    from spinewatch_monitor.nearby_watch import NearbySeen

LOOK_S = 6.0
"""The slowest sensors advertise every one or two seconds; most are heard within three."""


@click.command()
@click.option(
    "--seconds", type=click.FloatRange(1, 120), default=LOOK_S, show_default=True, help="How long to look around."
)
def scan(seconds: float) -> None:
    """List the sensors that are around, by radio and by cable, and how to connect each."""
    seen = asyncio.run(look_around(seconds, None))
    if seen.sensors:
        out().print(scan_table(seen.sensors))
    else:
        tell(
            "No sensor was found. Charge it, switch it on, move it, and hold it within a metre; or try sim:office-day."
        )
    state = seen.bluetooth
    if state is not None and state.todo:
        say(f"{state.words} {state.todo}")


async def look_around(seconds: float, radio: Radio | None) -> NearbySeen:
    """What is around, after having looked for so long.

    Args:
        seconds: of life.
        radio: None for this computer's own.
    """
    from spinewatch_bridge.host_clock import HostClock
    from spinewatch_bridge.transports.serial_port import port_infos
    from spinewatch_monitor.nearby_watch import NearbyWatch
    from spinewatch_monitor.this_radio import this_radio

    clock = HostClock()
    watch = NearbyWatch(radio or this_radio(clock), port_infos, clock)
    looking = asyncio.create_task(watch.run(lambda _seen: None))
    try:
        await asyncio.wait([looking], timeout=seconds)
        if looking.done():
            looking.result()
        return watch.seen()
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


def scan_table(sensors: tuple[Nearby, ...]) -> Table:
    """One row a sensor: what it is, how well it is heard, and the text that connects it."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, title_justify="left")
    for heading in ("sensor", "family", "signal", "battery", "connect it with"):
        table.add_column(heading, overflow="fold")
    for sensor in sensors:
        dbm = "" if sensor.signal_dbm is None else f" ({sensor.signal_dbm:.0f} dBm)"
        battery = "" if sensor.battery_percent is None else f"{sensor.battery_percent:.0f} %"
        how = sensor.source or sensor.why_not
        remark = f"\n{sensor.remark}" if sensor.remark else ""
        cells = (sensor.title, sensor.family_title, f"{sensor.signal_words}{dbm}", battery, how + remark)
        table.add_row(*(escape(plain(cell)) for cell in cells))
    return table
