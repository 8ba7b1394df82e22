"""A stage for whole stories over virtual Bluetooth: sensors in the air, a program's sources, and what came of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from bridge_helpers import Collector, VirtualClock, run_virtually
from spinewatch_bridge.blocks import Block
from spinewatch_bridge.link import Link
from spinewatch_bridge.sequence import SequenceCounters
from spinewatch_bridge.simulator.ble_air import SUPERVISION_S
from spinewatch_bridge.simulator.ble_device import BleDevice, PureDevice, QueueLoss
from spinewatch_bridge.sources import OpenOptions, open_sources, parse_sources
from spinewatch_bridge.transports.ble_radio import Radio
from spinewatch_bridge.transports.ble_virtual import VirtualAir

BACK_WITHIN_S = 5.0
"""A sensor that is there again streams again within so long."""


@dataclass
class Player:
    """One sensor and the program's side of it."""

    sensor: BleDevice
    link: Link
    seen: Collector = field(default_factory=Collector)

    @property
    def counters(self) -> SequenceCounters:
        """What the link itself counted."""
        return self.link._intake.sequencer.counters

    def lost_told(self) -> int:
        """Samples that the link said are lost."""
        return sum(event.data["lost_samples"] for event in self.seen.events("gap"))

    def missing(self) -> int:
        """Samples that were measured between the first and the last that came, and did not come."""
        numbers = self.seen.numbers
        assert len(set(numbers)) == len(numbers), "a sample came twice"
        assert numbers == sorted(numbers), "samples came out of order"
        return numbers[-1] - numbers[0] + 1 - len(numbers)

    def first_block_after(self, at_s: float) -> Block:
        """The first samples that came after a moment."""
        return next(block for block in self.seen.blocks if (block.arrival_s or 0.0) > at_s)


class Stage:
    """A room with sensors and one program."""

    def __init__(self, air: VirtualAir, clock: VirtualClock) -> None:
        self.air, self.clock = air, clock
        self.players: list[Player] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def enter(self, device: PureDevice, *, loss: QueueLoss | None = None) -> BleDevice:
        """Bring a sensor into the room."""
        number = len(self.air.peripherals) + 1
        sensor = BleDevice(device, self.clock, f"C0:00:00:00:00:{number:02X}", loss=loss)
        await self.air.add(sensor)
        return sensor

    def open(self, texts: list[str], sensors: list[BleDevice]) -> list[Player]:
        """Open sources as the program does, and let them run."""
        radio = Radio(self.clock, self.air.backend, simulated=True)
        links = open_sources(parse_sources(texts), OpenOptions(clock=self.clock, radio=radio))
        for link, sensor in zip(links, sensors, strict=True):
            assert isinstance(link, Link)
            player = Player(sensor, link)
            self.players.append(player)
            self._tasks.append(asyncio.create_task(link.run(player.seen)))
        return self.players

    async def close(self) -> None:
        """End the program."""
        for task in self._tasks:
            task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ended), f"a link ended by itself: {ended}"


def play(story: Callable[[Stage], Awaitable[None]], seconds: float) -> None:
    """Play a story to its end in virtual time, at most so long."""
    ended = []

    async def main(clock: VirtualClock) -> None:
        async with _stage(clock) as stage:
            await story(stage)
            ended.append(True)

    run_virtually(main, seconds)
    assert ended, "the story did not come to its end"


@contextlib.asynccontextmanager
async def _stage(clock: VirtualClock) -> AsyncIterator[Stage]:
    async with VirtualAir() as air:
        stage = Stage(air, clock)
        try:
            yield stage
        finally:
            await stage.close()


async def lose_three_times(player: Player, clock: VirtualClock, streams_s: float = 60.0) -> dict[str, float]:
    """Stream, then lose the sensor politely, by radio loss and for 20 s; how long it took to stream again each time.

    The time counts from the moment at which the sensor can be heard again.
    """
    await clock.sleep(streams_s)
    took_s: dict[str, float] = {}
    ways: dict[str, tuple[Callable[[], Awaitable[None]], float]] = {
        "politely": (player.sensor.disconnect, 0.0),
        "by radio loss": (lambda: _away(player.sensor, SUPERVISION_S), SUPERVISION_S),
        "out of reach": (lambda: _away(player.sensor, 20.0), 20.0),
    }
    for way, (lose, away_s) in ways.items():
        at_s = clock.now_s()
        await lose()
        await clock.sleep(away_s + 3 * BACK_WITHIN_S)
        took_s[way] = (player.first_block_after(at_s + max(away_s, 0.1)).arrival_s or 0.0) - at_s - away_s
    return took_s


async def _away(sensor: BleDevice, seconds: float) -> None:
    sensor.out_of_reach(seconds)
