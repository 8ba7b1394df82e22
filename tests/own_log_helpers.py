"""What the tests of a sensor's log share: pages, a sink, and a sensor with a full log on a cable that may be lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np

from bridge_helpers import Collector, NumberedStream, VirtualClock, numbered_counts, run_virtually
from spinewatch_bridge.errors import LinkLostError
from spinewatch_bridge.link import Link
from spinewatch_bridge.protocols import spinewatch_log as log
from spinewatch_bridge.protocols.spinewatch import SpinewatchProtocol
from spinewatch_bridge.simulator.device import VirtualDevice
from spinewatch_bridge.simulator.device_log import DeviceLog
from spinewatch_bridge.transports.simulated import SimulatedTransport
from spinewatch_signal.samples import Role, SensorInfo, Site

SENSOR = SensorInfo("upper_back", "", Site.UPPER_BACK, Role.UPPER)


class MemorySink:
    """Pages in memory."""

    def __init__(self, *, is_safe: bool = True) -> None:
        self.pages: dict[int, bytes] = {}
        self.is_safe = is_safe

    def missing(self, pages: int) -> list[int]:
        return [page for page in range(pages) if page not in self.pages]

    def put(self, page: int, data: bytes) -> None:
        assert page not in self.pages, "a page was fetched twice"
        self.pages[page] = data

    def safe(self) -> bool:
        return self.is_safe

    @property
    def data(self) -> bytes:
        return b"".join(self.pages[n] for n in sorted(self.pages))


def page_of(
    first: int, n: int = 339, session: int = 7, ticks: int | None = None, flags: int = 0, kind: int = 0
) -> bytes:
    counts = numbered_counts(np.arange(first, first + n))
    ticks = round(first * 327.68) if ticks is None else ticks
    return log.pack_page(log.PageHead(session, first, ticks, n, flags, kind), counts[:, : 3 if kind else 6])


def file_of(pages: int, **fields) -> log.LogFile:
    known = {"id": 3, "session": 7, "start_utc_s": None, "rate_hz": 100.0, "this_boot": True} | fields
    return log.LogFile(pages=pages, **known)


def filled(pages: int = 8) -> DeviceLog:
    """A log with one file from a former session of this boot, the last page of which is not full."""
    memory, stream = DeviceLog(), NumberedStream()
    memory.begin(7, 100.0, None)
    memory.add(0, stream.between(0, pages * 339 - 100))
    memory.end()
    return memory


class Cut(SimulatedTransport):
    """Loses the link after so many pieces of the log, once for each number given."""

    def __init__(self, device: VirtualDevice, clock: VirtualClock, cuts: list[int]) -> None:
        super().__init__("cut", device, clock)
        self._cuts, self._pieces = cuts, 0

    def pieces_came(self, n: int) -> None:
        self._pieces += n
        if self._cuts and self._pieces >= self._cuts[0]:
            self._cuts.pop(0)
            self._pieces = 0
            raise LinkLostError("out of range")

    async def read(self, timeout_s: float):
        chunks = await super().read(timeout_s)
        self.pieces_came(sum(len(c.data) > 400 for c in chunks))
        return chunks


def over_a_link(
    work: Callable[[Link, VirtualClock], Awaitable[None]], memory: DeviceLog, cuts: list[int] | None = None, **device
) -> Collector:
    """Run `work` on a link to a sensor on a cable with this log."""
    collector, done = Collector(), []

    async def main(clock: VirtualClock) -> None:
        made = VirtualDevice(NumberedStream(1_000_000, boot_s=60.0), log=memory, **device)
        link = Link(SENSOR, Cut(made, clock, cuts or []), SpinewatchProtocol(), clock)
        running = asyncio.create_task(link.run(collector))
        try:
            await clock.sleep(2.0)
            await work(link, clock)
            done.append(True)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    run_virtually(main, 3000)
    assert done, "it did not end in time"
    return collector
