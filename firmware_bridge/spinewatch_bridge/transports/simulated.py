"""A simulated sensor inside the process: bytes of the real protocol, no port, any speed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from spinewatch_bridge.host_clock import Clock
from spinewatch_bridge.simulator.device import VirtualDevice
from spinewatch_bridge.transports.base import Chunk, EndedError

ONE_WAY_S = 0.004  # a cable's worth of delay, each way
POLL_S = 0.02  # of life: what came meanwhile goes on together


class SimulatedTransport:
    """A `VirtualDevice` as a transport.

    Args:
        name: what to call it.
        device: the other end; its true time is this clock's time.
        clock: paces it.
    """

    def __init__(self, name: str, device: VirtualDevice, clock: Clock) -> None:
        self.name = name
        self._device, self._clock = device, clock
        self._replies: list[Chunk] = []

    async def open(self) -> None:
        """Always works."""
        self._replies.clear()

    async def read(self, timeout_s: float) -> list[Chunk]:
        """What came; see `Transport.read`. The times of arrival are exact at any speed.

        Raises:
            EndedError: when the simulated day is over.
        """
        chunks = self._take()
        if chunks:
            await asyncio.sleep(0)
            return chunks
        await self._clock.sleep(min(timeout_s, POLL_S / self._clock.wait_s(1.0)))
        chunks = self._take()
        if not chunks and self._device.finished:
            raise EndedError("the simulated day is over")
        return chunks

    async def write(self, data: bytes) -> None:
        """Send; the answer arrives two ways later."""
        now_s = self._clock.now_s()
        reply = self._device.receive(data, now_s + ONE_WAY_S)
        if reply:
            self._replies.append(Chunk(reply, now_s + 2 * ONE_WAY_S))

    def open_otherwise(self) -> bool:
        """There is one way only."""
        return False

    def use_speed(self, baud: int) -> None:
        """There is one speed."""

    def facts(self) -> Mapping[str, object]:
        """Nothing to tell."""
        return {}

    def why_lost(self) -> None:
        """It is never lost."""

    async def close(self) -> None:
        """Nothing to let go of."""

    def _take(self) -> list[Chunk]:
        replies, self._replies = self._replies, []
        sent = self._device.take(self._clock.now_s() - ONE_WAY_S)
        return replies + [Chunk(s.data, s.true_s + ONE_WAY_S) for s in sent]
