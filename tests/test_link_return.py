"""A lost sensor streams again within 5 s of being back, however long it was away, and its cause is told in words."""

from __future__ import annotations

import pytest

from bridge_helpers import START_S, Collector, NumberedStream, VirtualClock, run_virtually
from spinewatch_bridge.blocks import Event
from spinewatch_bridge.causes import OUT_OF_REACH, Cause, CauseKey
from spinewatch_bridge.errors import LinkLostError, PortNotFoundError
from spinewatch_bridge.link import Link
from spinewatch_bridge.protocols.family import Wish
from spinewatch_bridge.protocols.table import FAMILIES
from spinewatch_bridge.protocols.witmotion_registers import BAUD_CODES, RATE_CODES, Reg
from spinewatch_bridge.simulator.device import VirtualDevice
from spinewatch_bridge.simulator.wit_device import WitDevice
from spinewatch_bridge.transports.base import Chunk
from spinewatch_signal.samples import SensorInfo

LOST_S = 20.0
POLL_S = 0.02


class Away:
    """A way to a sensor that is gone from `LOST_S` on for so long: unplugged, or there but silent.

    Args:
        device: the other end; a new one when it comes back, as after a reboot.
        how: "unplugged", "silent" or "noisy": random bytes come instead.
        way: what the way itself tells of the loss.
    """

    name = "test port"

    def __init__(self, clock: VirtualClock, family: str, away_s: float, how: str, told: Cause | None = None) -> None:
        self.clock, self.family, self.away_s, self.how, self.told = clock, family, away_s, how, told
        self.device = self.fresh(START_S, 0)
        self.was_away = False
        self.waiting: list[Chunk] = []

    def fresh(self, start_s: float, boot: int):
        stream = NumberedStream(10_000_000, start_s=start_s)
        if self.family == "spinewatch":
            return VirtualDevice(stream, session=100 * boot)
        return WitDevice(stream, ble=False, settings={Reg.RATE: RATE_CODES[100], Reg.BAUD: BAUD_CODES[115200]})

    @property
    def away(self) -> bool:
        return LOST_S <= self.clock.now_s() - START_S < LOST_S + self.away_s

    async def open(self) -> None:
        if self.away and self.how == "unplugged":
            raise PortNotFoundError(self.name)
        self.waiting = []

    async def read(self, timeout_s: float) -> list[Chunk]:
        await self.clock.sleep(timeout_s if self.away else min(timeout_s, POLL_S))
        now_s = self.clock.now_s()
        if self.away:
            self.was_away = True
            if self.how == "unplugged":
                raise LinkLostError("the sensor or its cable was unplugged", CauseKey.UNPLUGGED)
            return [Chunk(b"\x37\x91\x02\xf1" * 8, now_s)] if self.how == "noisy" else []
        if self.was_away:
            self.was_away, self.device = False, self.fresh(now_s, 1)
        found, self.waiting = [*self.waiting, *(Chunk(s.data, s.true_s) for s in self.device.take(now_s))], []
        return found

    async def write(self, data: bytes) -> None:
        if not self.away and not self.was_away:
            answer = getattr(self.device, "answers", self.device.receive)
            self.waiting += [Chunk(told, self.clock.now_s()) for _, told in answer(data, self.clock.now_s())]

    def open_otherwise(self) -> bool:
        return False

    def use_speed(self, baud: int) -> None: ...

    def facts(self) -> dict[str, object]:
        return {"port": self.name}

    def why_lost(self) -> Cause | None:
        return self.told

    async def close(self) -> None: ...


def lived(family: str, away_s: float, how: str, told: Cause | None = None) -> Collector:
    got = Collector()

    async def main(clock: VirtualClock) -> None:
        make = FAMILIES[family].serial
        assert make is not None
        await Link(SensorInfo("upper_back", ""), Away(clock, family, away_s, how, told), make(Wish()), clock).run(got)

    run_virtually(main, LOST_S + away_s + 12.0, ends=False)
    return got


@pytest.mark.parametrize(
    ("how", "away_s"),
    [("unplugged", 1.0), ("unplugged", 3600.0), ("silent", 1.0), ("silent", 7.3), ("silent", 600.0), ("noisy", 61.0)],
)
@pytest.mark.parametrize("family", ["spinewatch", "witmotion"])
def test_it_streams_within_five_seconds_of_its_return(family: str, how: str, away_s: float) -> None:
    got = lived(family, away_s, how)
    back_s = START_S + LOST_S + away_s
    first_s = min(block.arrival_s for block in got.blocks if block.arrival_s > back_s - 0.01)
    assert first_s - back_s < 5.0
    assert len(got.channels) == 1
    assert len(got.events("disconnected")) <= 2  # it is told once, and once more where another reason needs a person
    if family == "spinewatch":
        (gap,) = got.events("gap")
        assert gap.data["lost_samples"] is None  # it was switched off and on: what it measured meanwhile, if it did


@pytest.mark.parametrize(
    ("how", "told", "cause"),
    [
        ("unplugged", None, ("the sensor or its cable was unplugged", CauseKey.UNPLUGGED)),
        ("silent", None, ("no data came for 4 s", CauseKey.SILENT)),
        ("silent", OUT_OF_REACH, OUT_OF_REACH),
    ],
)
def test_the_cause_is_told_in_words_and_by_its_key(how: str, told: Cause | None, cause: Cause) -> None:
    got = lived("spinewatch", 60.0, how, told)
    for event in (got.events("disconnected")[0], got.events("gap")[0]):
        assert (event.data["cause"], event.data["cause_key"]) == cause


def test_what_a_sensor_can_do_and_how_it_is_reached_is_told() -> None:
    got = lived("spinewatch", 1.0, "silent")
    told: Event = got.events("connected")[0]
    assert told.data["port"] == "test port"
    assert "haptic" in told.data["can"]
    status = got.events("status")[1]
    assert status.data["clock_error_ms"] < 20
    assert {"clock_ppm", "device_dropped_samples", "late_samples", "duplicate_samples"} <= status.data.keys()
