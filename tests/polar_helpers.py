"""What the tests of Polar's sensors share: a transport around a virtual sensor, and a talk without one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from bridge_helpers import START_S, NumberedStream
from spinewatch_bridge.errors import LinkLostError
from spinewatch_bridge.host_clock import Clock
from spinewatch_bridge.protocols.base import ProtocolEvent, SampleGroup
from spinewatch_bridge.protocols.polar import PolarProtocol
from spinewatch_bridge.protocols.polar_frames import Kind
from spinewatch_bridge.simulator.polar_device import H10, VERITY_SENSE, PolarDevice
from spinewatch_bridge.transports.base import Chunk, EndedError

ONE_WAY_S = 0.02


class PureTransport:
    """A virtual sensor with channels as a transport in virtual time.

    Args:
        device: the other end.
        clock: its true time is the host's.
        down: spans in which there is no way to it.
    """

    def __init__(self, device: PolarDevice, clock: Clock, down: Sequence[tuple[float, float]] = ()) -> None:
        self.name = device.advertised_name
        self._device, self._clock, self._down = device, clock, down
        self._waiting: list[Chunk] = []
        self._up = False

    def _is_down(self) -> bool:
        return any(start <= self._clock.now_s() < end for start, end in self._down)

    async def open(self) -> None:
        while self._is_down():
            await self._clock.sleep(0.1)
        now_s = self._clock.now_s()
        self._device.connected(now_s)
        self._waiting = [Chunk(data, now_s, channel) for channel, data in self._device.reads().items()]
        self._up = True

    async def read(self, timeout_s: float) -> list[Chunk]:
        if self._is_down():
            raise LinkLostError("out of reach")
        chunks = self._take()
        if not chunks:
            await self._clock.sleep(min(timeout_s, 0.1))
            chunks = self._take()
        if not chunks and self._device.finished:
            raise EndedError("the day is over")
        await asyncio.sleep(0)
        return chunks

    def _take(self) -> list[Chunk]:
        waiting, self._waiting = self._waiting, []
        sent = self._device.take(self._clock.now_s() - ONE_WAY_S)
        return waiting + [Chunk(s.data, s.true_s + ONE_WAY_S, s.channel) for s in sent]

    async def write(self, data: bytes) -> None:
        now_s = self._clock.now_s()
        self._waiting += [Chunk(answer, now_s, channel) for channel, answer in self._device.receive(data, now_s)]

    def open_otherwise(self) -> bool:
        return False

    def use_speed(self, baud: int) -> None:
        pass

    def facts(self) -> Mapping[str, object]:
        return {}

    def why_lost(self) -> str:
        return ""

    async def close(self) -> None:
        if self._up:
            self._device.disconnected(self._clock.now_s())
        self._up = False


class Talk:
    """A protocol and a virtual sensor face to face; the test turns the clock."""

    def __init__(self, device: PolarDevice, protocol: PolarProtocol | None = None, start_s: float = START_S) -> None:
        self.device, self.protocol, self.now_s = device, protocol or PolarProtocol(), start_s
        self.events: list[ProtocolEvent] = []
        self.sent: list[tuple[float, bytes]] = []
        self.alter: Callable[[str, bytes], list[bytes]] = lambda _channel, data: [data]

    def connect(self) -> Talk:
        self.device.connected(self.now_s)
        self.protocol.opened(self.now_s)
        for channel, data in self.device.reads().items():
            self._hear(channel, data)
        return self

    def run(self, seconds: float, step_s: float = 0.02) -> Talk:
        for _ in range(round(seconds / step_s)):
            self.now_s += step_s
            for command in self.protocol.outgoing(self.now_s):
                self.sent.append((self.now_s, command))
                for channel, answer in self.device.receive(command, self.now_s):
                    self._hear(channel, answer)
            for sent in self.device.take(self.now_s):
                self._hear(sent.channel, sent.data)
            self.events += self.protocol.receive(b"", self.now_s)
        return self

    def _hear(self, channel: str, data: bytes) -> None:
        for piece in self.alter(channel, data):
            self.events += self.protocol.receive(piece, self.now_s, channel)

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]


def strap(rate_hz: float = 100.0, **more: object) -> PolarDevice:
    return PolarDevice(NumberedStream(rate_hz=rate_hz), H10, as_counts=True, **more)


def arm(**more: object) -> PolarDevice:
    return PolarDevice(NumberedStream(rate_hz=52.0), VERITY_SENSE, **more)


def first_numbers(groups: list[SampleGroup]) -> np.ndarray:
    """The number that each sample carries, of a strap too: it wraps at 1000 and is unwrapped here."""
    low = np.concatenate([group.counts[:, 0].astype(int) for group in groups])
    return low + 1000 * np.concatenate([[0], np.cumsum(np.diff(low) < 0)])


def indices(groups: list[SampleGroup]) -> np.ndarray:
    return np.concatenate([group.first_index + np.arange(len(group)) for group in groups])


def lost_frames(share: float, seed: int):
    rng = np.random.default_rng(seed)
    fates: dict[tuple[Kind, int], bool] = {}

    def is_lost(kind: Kind, first: int) -> bool:
        return fates.setdefault((kind, first), bool(rng.random() < share))

    return is_lost
