"""Two simulated sensors at 100 Hz over virtual Bluetooth, and how soon a sensor that is back streams again.

Processor time is that of everything: both ends of the link, the radio between them and the program's links; real
sensors bring their own half. It runs in real time, on the loop that a program has.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from collections.abc import AsyncIterator, Sequence

from spinewatch_bridge.blocks import Block, Item
from spinewatch_bridge.host_clock import HostClock
from spinewatch_bridge.simulator.ble_air import SUPERVISION_S
from spinewatch_bridge.simulator.ble_demo import virtual_sensors
from spinewatch_bridge.simulator.ble_device import BleDevice
from spinewatch_bridge.sources import OpenOptions, open_sources, parse_sources
from spinewatch_bridge.transports.ble_radio import Radio
from spinewatch_bridge.transports.ble_virtual import VirtualAir

SECONDS, WARM_UP_S = 60.0, 10.0
RETURNS = 5
BACK_WITHIN_S = 5.0
SEED = 3


class Arrivals:
    """When samples came, and how many."""

    def __init__(self) -> None:
        self.samples = 0
        self.came = asyncio.Event()

    def __call__(self, items: Sequence[Item]) -> None:
        """Count what a link emits."""
        counted = sum(len(item) for item in items if isinstance(item, Block))
        self.samples += counted
        if counted:
            self.came.set()


@contextlib.asynccontextmanager
async def streaming(arrivals: Sequence[Arrivals]) -> AsyncIterator[list[BleDevice]]:
    """The demonstration's sensors, connected the whole way from their source texts."""
    clock = HostClock()
    sensors = virtual_sensors("office-day", SEED, clock)[: len(arrivals)]
    texts = [f"ble:{sensor.device.advertised_name}" for sensor in sensors]
    async with VirtualAir() as air:
        for sensor in sensors:
            await air.add(sensor)
        radio = Radio(clock, air.backend, simulated=True)
        sources = open_sources(parse_sources(texts), OpenOptions(clock=clock, radio=radio))
        tasks = [asyncio.create_task(s.run(emit)) for s, emit in zip(sources, arrivals, strict=True)]
        try:
            yield sensors
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def share_of_a_core() -> tuple[float, int]:
    """Share of one core while both sensors stream, and samples that came meanwhile."""
    arrivals = [Arrivals(), Arrivals()]
    async with streaming(arrivals):
        await asyncio.sleep(WARM_UP_S)
        cpu_s, wall_s = time.process_time(), time.perf_counter()
        before = sum(a.samples for a in arrivals)
        await asyncio.sleep(SECONDS)
        share = (time.process_time() - cpu_s) / (time.perf_counter() - wall_s)
        return share, sum(a.samples for a in arrivals) - before


async def seconds_to_return() -> list[float]:
    """From the moment at which a lost sensor can be heard again to its next samples, several times."""
    arrivals, took_s = Arrivals(), []
    async with streaming([arrivals]) as [sensor]:
        await arrivals.came.wait()
        for _ in range(RETURNS):
            await asyncio.sleep(1.0)
            sensor.out_of_reach()
            await asyncio.sleep(SUPERVISION_S)
            back_s = time.perf_counter()
            arrivals.came.clear()
            await arrivals.came.wait()
            took_s.append(time.perf_counter() - back_s)
    return took_s


def main() -> dict[str, dict[str, object]]:
    """Rows of the table."""
    share, samples = asyncio.run(share_of_a_core())
    took_s = asyncio.run(seconds_to_return())
    return {
        "Bluetooth, two sensors at 100 Hz: share of one core": {
            "figure": 100 * share, "limit": 25.0, "unit": "%", "note": f"{samples} samples in {SECONDS:g} s",
        },
        "sensor back to first sample, longest": {
            "figure": max(took_s), "limit": BACK_WITHIN_S, "unit": "s",
            "note": f"median {statistics.median(took_s):.2f} s of {RETURNS}",
        },
    }  # fmt: skip


if __name__ == "__main__":
    print(main())
