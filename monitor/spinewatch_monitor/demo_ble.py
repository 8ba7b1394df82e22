"""Simulated Bluetooth sensors without a window: connect them, read for some seconds, print how each one is doing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from spinewatch_monitor.cli_text import out, progress_of, say
from spinewatch_monitor.demo_day import demo_folders
from spinewatch_monitor.live_run import virtual_run
from spinewatch_monitor.settings import Settings
from spinewatch_monitor.updates import SensorStatus, SessionUpdate

if TYPE_CHECKING:
    from rich.table import Table

SECONDS = 20.0


def show_sensors_as_text(seed: int, seconds: float = SECONDS) -> int:
    """Read for so long; the exit code.

    Raises:
        BridgeError: when the sensors cannot be made.
    """
    last: list[SessionUpdate] = []
    with progress_of("Reading two simulated Bluetooth sensors") as progress:
        asyncio.run(_read(seed, seconds, last, progress))
    sensors = last[-1].sensors if last else ()
    out().print(sensor_table(sensors))
    return 0 if all(sensor.rate_hz for sensor in sensors) and sensors else 1


async def _read(seed: int, seconds: float, last: list[SessionUpdate], progress: Callable[[float], None]) -> None:
    async with virtual_run(seed, Settings(), demo_folders().recordings, say) as run:

        def keep(update: SessionUpdate) -> None:
            last[:] = [update]
            progress(min((run.now_s() - run.start_s) / seconds, 1.0))

        reading = asyncio.create_task(run.main(keep))
        await asyncio.wait([reading], timeout=seconds)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


def sensor_table(sensors: tuple[SensorStatus, ...]) -> Table:
    """One row a sensor, as on the page Sensors."""
    from rich.table import Table

    table = Table(title="Simulated sensors, read over simulated Bluetooth", title_justify="left", box=None)
    for heading in ("worn at", "family", "state", "rate", "lost", "signal", "battery"):
        table.add_column(heading)
    for s in sensors:
        rate = "-" if s.rate_hz is None else f"{s.rate_hz:.1f} Hz"
        signal = "-" if s.signal_dbm is None else f"{s.signal_dbm:.0f} dBm"
        battery = "-" if s.battery_percent is None else f"{s.battery_percent:.0f} %"
        table.add_row(s.site, s.family, s.link, rate, f"{s.lost_samples} samples", signal, battery)
    return table
