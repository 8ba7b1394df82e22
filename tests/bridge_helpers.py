"""What several tests of the bridge share: a stream with numbered samples, virtual time, ways to deliver bytes."""

from __future__ import annotations

import asyncio
import contextlib
import selectors
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import numpy as np

from spinewatch_bridge.blocks import Block, Event, Item, SensorChannel
from spinewatch_bridge.host_clock import HostClock
from spinewatch_bridge.protocols.base import ProtocolEvent, SampleGroup, SensorProtocol
from spinewatch_bridge.simulator.sensor_model import DeviceSamples

START_S = 1_700_000_000.0


@dataclass
class NumberedStream:
    """Samples that carry their own number in the first three columns, so that a lost or a swapped one is provable."""

    samples: int = 100_000
    start_s: float = START_S
    rate_hz: float = 100.0
    clock_ppm: float = 0.0
    boot_s: float = 0.0

    def __post_init__(self) -> None:
        self.period_s = 1 / self.rate_hz

    def between(self, first: int, end: int) -> DeviceSamples:
        numbers = np.arange(first, end)
        taken_s = self.start_s + numbers * self.period_s
        ticks = np.array([self.ticks_at(t) for t in taken_s], np.int64)
        return DeviceSamples(first, ticks, numbered_counts(numbers), np.zeros(len(numbers), np.uint8), taken_s)

    def taken_s(self, index: int) -> float:
        return self.start_s + index * self.period_s

    def ticks_at(self, true_s: float) -> int:
        return int((true_s - self.start_s + self.boot_s) * 32768 * (1 + self.clock_ppm * 1e-6))


def numbered_counts(numbers: np.ndarray) -> np.ndarray:
    low, middle, high = numbers % 1000, numbers // 1000 % 1000, numbers // 1_000_000
    return np.stack([low, middle, high, -low, -middle, -high], axis=1).astype(np.int16)


def numbers_in(counts: np.ndarray) -> list[int]:
    wide = counts.astype(int)
    return (wide[:, 0] + 1000 * wide[:, 1] + 1_000_000 * wide[:, 2]).tolist()


def ways_to_deliver(frame: bytes, following: bytes, noise: bytes = b"") -> Iterator[list[bytes]]:
    """Whole, byte by byte, with half of the next frame behind it, and with noise before it."""
    half = len(following) // 2
    yield [frame, following]
    yield [bytes((b,)) for b in frame + following]
    yield [frame + following[:half], following[half:]]
    yield [frame + following]
    if noise:
        yield [noise + frame, following]


def fed(protocol: SensorProtocol, pieces: list[bytes], host_time_s: float = START_S) -> list[ProtocolEvent]:
    return [event for piece in pieces for event in protocol.receive(piece, host_time_s)]


def samples_of(events: list[ProtocolEvent]) -> np.ndarray:
    groups = [e.counts for e in events if isinstance(e, SampleGroup)]
    return np.concatenate(groups) if groups else np.empty((0, 6), np.int16)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose time jumps to the next timer: hours of waiting take no time."""

    def __init__(self) -> None:
        self._virtual_s = 0.0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        return self._virtual_s

    def jump(self, seconds: float) -> None:
        self._virtual_s += seconds


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise AssertionError("nothing will ever happen again: a test of virtual time waits for something real")
        ready = super().select(0)
        if not ready and timeout > 0:
            self._loop.jump(timeout)
        return ready


class VirtualClock(HostClock):
    """Host time that is the virtual loop's."""

    def __init__(self, loop: VirtualTimeLoop, start_s: float = START_S) -> None:
        super().__init__(start_s)
        self._loop = loop

    def now_s(self) -> float:
        return self.start_s + self._loop.time()


def run_virtually(main: Callable[[VirtualClock], Awaitable[None]], seconds: float, *, ends: bool = True) -> None:
    """Run `main` for so many virtual seconds.

    Raises:
        TimeoutError: when it did not end by then; where it never `ends`, it is cancelled and nothing is said.
    """
    with contextlib.closing(VirtualTimeLoop()) as loop:

        async def limited() -> None:
            with contextlib.nullcontext() if ends else contextlib.suppress(TimeoutError):
                await asyncio.wait_for(main(VirtualClock(loop)), seconds)

        try:
            loop.run_until_complete(limited())
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())


class Collector:
    """An `Emit` that sorts what it gets."""

    def __init__(self) -> None:
        self.items: list[Item] = []

    def __call__(self, items: list[Item]) -> None:
        self.items += items

    @property
    def channels(self) -> list[SensorChannel]:
        return [i for i in self.items if isinstance(i, SensorChannel)]

    @property
    def blocks(self) -> list[Block]:
        return [i for i in self.items if isinstance(i, Block)]

    def events(self, kind: str) -> list[Event]:
        return [i for i in self.items if isinstance(i, Event) and i.kind == kind]

    @property
    def numbers(self) -> list[int]:
        return [n for b in self.blocks for n in numbers_in(b.values)]

    @property
    def t_s(self) -> np.ndarray:
        return np.concatenate([b.t_s for b in self.blocks])
