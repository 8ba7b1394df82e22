"""Clocks of the host that are set, sleep, or were never right; and what a link makes of it."""

from __future__ import annotations

import pytest

from bridge_helpers import START_S, Collector, NumberedStream, VirtualClock, run_virtually
from spinewatch_bridge.causes import ASLEEP, Cause, CauseKey
from spinewatch_bridge.errors import BridgeError, LinkLostError, PortBusyError
from spinewatch_bridge.host_clock import HostClock
from spinewatch_bridge.host_watch import HostNews, HostWatch
from spinewatch_bridge.link import Link
from spinewatch_bridge.protocols.spinewatch import SpinewatchProtocol
from spinewatch_bridge.simulator.device import VirtualDevice
from spinewatch_bridge.transports.base import Chunk
from spinewatch_bridge.transports.simulated import SimulatedTransport
from spinewatch_bridge.why_lost import cause_of
from spinewatch_signal.samples import SensorInfo

NOW_S = 1_790_000_000.0


@pytest.mark.parametrize(
    ("looks", "news"),
    [
        ([(5.0, NOW_S), (5.25, NOW_S + 0.25)], []),
        ([(5.0, NOW_S), (5.25, NOW_S + 0.7)], []),  # within what a look may be off
        ([(5.0, NOW_S), (5.25, NOW_S + 3600.25)], [HostNews("host_stepped", 3600.0)]),
        ([(5.0, NOW_S), (5.25, NOW_S - 9.75)], [HostNews("host_stepped", -10.0)]),
        ([(5.0, NOW_S), (3605.0, NOW_S + 3600)], [HostNews("host_slept", 3600.0)]),
        ([(5.0, NOW_S), (65.0, NOW_S)], [HostNews("host_slept", 60.0), HostNews("host_stepped", -60.0)]),
        ([(5.0, 978_307_260.0), (5.25, 978_307_260.25)], [HostNews("host_wrong")]),
        ([(5.0, 30.0), (5.25, NOW_S + 0.25)], [HostNews("host_wrong"), HostNews("host_stepped", NOW_S - 30.0)]),
        ([(5.0, None), (65.0, None)], [HostNews("host_slept", 60.0)]),
        ([(65.0, NOW_S), (5.0, NOW_S - 60)], []),
    ],
)
def test_what_looks_tell(looks: list[tuple[float, float | None]], news: list[HostNews]) -> None:
    watch = HostWatch()
    assert [n for look in looks for n in watch.look(*look)] == news


def test_a_slow_drift_is_no_step() -> None:
    """Network time slews by 500 ppm at most: an hour of it is 1.8 s, but never at once."""
    watch = HostWatch()
    assert [n for k in range(14_400) for n in watch.look(k * 0.25, NOW_S + k * 0.25 * 1.0005)] == []


def test_a_clock_whose_time_is_made_has_no_wall() -> None:
    assert HostClock(START_S).wall_s() is None
    assert HostClock(speed=60.0).wall_s() is None
    assert HostClock(wall=lambda: NOW_S).wall_s() == NOW_S


def test_a_long_wait_of_the_link_itself_is_no_sleep() -> None:
    watch = HostWatch()
    assert watch.look(0.0, NOW_S) == []
    assert watch.look(60.0, NOW_S + 60, waited=True) == []
    assert watch.look(120.0, NOW_S, waited=True) == [HostNews("host_stepped", -120.0)]
    assert watch.look(180.0, NOW_S + 60) == [HostNews("host_slept", 60.0)]


class SleepyClock(VirtualClock):
    """A host that sleeps for `asleep_s` at `sleeps_s`, and whose wall clock is set forward at `set_s` by `by_s`."""

    def __init__(self, clock: VirtualClock, wall_s: float = NOW_S) -> None:
        super().__init__(clock._loop)
        self.starts_s, self.sleeps_s, self.asleep_s, self.set_s, self.by_s = wall_s, 1e9, 0.0, 1e9, 0.0

    def now_s(self) -> float:
        run_s = self._loop.time()
        return self.start_s + run_s + (self.asleep_s if run_s >= self.sleeps_s else 0.0)

    def wall_s(self) -> float:
        run_s = self.now_s() - self.start_s
        return self.starts_s + run_s + (self.by_s if run_s >= self.set_s else 0.0)


class Counting(SimulatedTransport):
    """What the sensor sends while the computer sleeps is heard by nobody."""

    opened = 0

    async def open(self) -> None:
        self.opened += 1
        self._device.take(self._clock.now_s())  # nobody listened
        await super().open()

    async def read(self, timeout_s: float) -> list[Chunk]:
        before_s = self._clock.now_s()
        chunks = await super().read(timeout_s)
        return [] if self._clock.now_s() - before_s > 10.0 else chunks


class SlowToWrite(Counting):
    """Every command takes as long as the radio is given for one."""

    async def write(self, data: bytes) -> None:
        await self._clock.sleep(5.0)
        await super().write(data)


def live(seconds: float, **told: float) -> tuple[Collector, Counting]:
    got, made = Collector(), []

    async def main(clock: VirtualClock) -> None:
        sleepy = SleepyClock(clock)
        for name, value in told.items():
            setattr(sleepy, name, value)
        made.append(Counting("test port", VirtualDevice(NumberedStream(10_000_000)), sleepy))
        await Link(SensorInfo("upper_back", ""), made[0], SpinewatchProtocol(), sleepy).run(got)

    run_virtually(main, seconds, ends=False)
    return got, made[0]


def test_after_a_sleep_the_link_is_made_anew_and_the_gap_is_exact() -> None:
    got, transport = live(60, sleeps_s=20.0, asleep_s=3600.0)
    (slept,) = got.events("clock")
    assert slept.data["what"] == "host_slept"
    assert slept.data["by_s"] == pytest.approx(3600, abs=1)
    assert transport.opened == 2
    assert [e.data["cause"] for e in got.events("disconnected")] == ["the computer was asleep"]
    (gap,) = got.events("gap")
    assert gap.data["cause"] == "the computer was asleep"
    assert gap.data["lost_samples"] == got.numbers[-1] - got.numbers[0] + 1 - len(got.numbers)
    assert gap.data["lost_samples"] > 300_000


class Pressed(SpinewatchProtocol):
    """Has three commands to write at once."""

    def outgoing(self, now_s: float) -> list[bytes]:
        return 3 * super().outgoing(now_s)[:1]


@pytest.mark.parametrize(("asleep_s", "news"), [(0.0, []), (3600.0, ["host_slept"])])
def test_commands_that_are_slow_to_write_are_no_sleep_and_hide_none(asleep_s: float, news: list[str]) -> None:
    got = Collector()

    async def main(clock: VirtualClock) -> None:
        sleepy = SleepyClock(clock)
        sleepy.sleeps_s, sleepy.asleep_s = 22.0, asleep_s
        transport = SlowToWrite("test port", VirtualDevice(NumberedStream(10_000_000)), sleepy)
        await Link(SensorInfo("upper_back", ""), transport, Pressed(), sleepy).run(got)

    run_virtually(main, 60, ends=False)
    assert [e.data["what"] for e in got.events("clock")] == news


def test_a_wall_clock_that_is_set_moves_no_sample_and_is_marked() -> None:
    got, transport = live(60, set_s=20.0, by_s=-7200.0)
    (stepped,) = got.events("clock")
    assert (stepped.data["what"], round(stepped.data["by_s"])) == ("host_stepped", -7200)
    assert (transport.opened, got.events("gap")) == (1, [])


def test_a_wall_clock_that_was_never_set_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    got, _ = live(30, starts_s=60.0)
    assert [e.data["what"] for e in got.events("clock")] == ["host_wrong"]
    assert [r.message for r in caplog.records] == [
        "The clock of this computer is not set; times of this recording will be wrong."
    ]


SILENT = LinkLostError("no data came for 4 s", CauseKey.SILENT)
WEAK = Cause("its signal was weak", CauseKey.OUT_OF_RANGE)
OFF = Cause("Bluetooth was switched off", CauseKey.BLUETOOTH_OFF)
EMPTY = Cause("its battery was nearly empty (3 %)", CauseKey.BATTERY)


@pytest.mark.parametrize(
    ("error", "told_by_way", "percent", "cause"),
    [
        (SILENT, None, None, Cause("no data came for 4 s", CauseKey.SILENT)),
        (SILENT, None, 60.0, Cause("no data came for 4 s", CauseKey.SILENT)),
        (SILENT, None, 3.0, EMPTY),
        (SILENT, OFF, 3.0, OFF),
        (SILENT, WEAK, 60.0, WEAK),
        (SILENT, WEAK, 3.0, EMPTY),
        (LinkLostError(*ASLEEP), None, 3.0, ASLEEP),
        (LinkLostError(*ASLEEP), WEAK, 3.0, ASLEEP),
        (PortBusyError("COM3"), None, 3.0, Cause(str(PortBusyError("COM3")), CauseKey.HELD)),
    ],
)
def test_causes(error: BridgeError, told_by_way: Cause | None, percent: float | None, cause: Cause) -> None:
    assert cause_of(error, told_by_way, percent) == cause


def test_a_key_that_is_not_known_here_is_read_as_unknown() -> None:
    assert CauseKey.told_by("battery") is CauseKey.BATTERY
    assert {CauseKey.told_by(other) for other in (None, "", "of a later version", 3, [], {})} == {CauseKey.UNKNOWN}
