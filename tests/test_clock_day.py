"""Eight hours of two kinds of sensor clock over two kinds of line: how far sample times are off the truth.

A crystal 200 ppm off that also warms up, delays that only add, stalls of 240 ms. Limits: 5 ms where the sensor answers
TIME, 15 ms where only arrivals tell, at the 95th percentile after 30 s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from bridge_helpers import START_S
from spinewatch_bridge.blocks import Block, Item
from spinewatch_bridge.clock_sync import EnvelopeClock, SampleClock, TimeExchangeClock
from spinewatch_bridge.intake import Intake
from spinewatch_bridge.protocols.base import Ready, SampleGroup, TimeProbe
from spinewatch_bridge.protocols.table import FAMILIES
from spinewatch_signal.samples import SensorInfo

TICK_HZ = 32768
SETTLING_S = 30.0
TIME_LIMIT_S, ENVELOPE_LIMIT_S = 5e-3, 15e-3
RATE_HZ, PER_GROUP = 10.1, 3  # slow, so that a day is quick: what is tested is time, and its steps do not matter
STATED_HZ = 10.0

Floats = NDArray[np.float64]
Way = Callable[[Floats, np.random.Generator], Floats]


def over_cable(sent_s: Floats, rng: np.random.Generator) -> Floats:
    """3 ms, usually a few more, now and then a stall of up to 240 ms that all within it share the end of."""
    n = len(sent_s)
    delays_s = 0.003 + rng.exponential(0.006, n) + (rng.random(n) < 0.02) * rng.uniform(0, 0.24, n)
    return np.maximum.accumulate(sent_s + delays_s)


def over_radio(sent_s: Floats, rng: np.random.Generator) -> Floats:
    """Packets wait for the next connection event (every 45 ms), several go in one, and one in 50 events is missed."""
    interval_s = 0.045
    missed = rng.geometric(0.98, len(sent_s)) - 1
    stalls_s = (rng.random(len(sent_s)) < 0.01) * rng.uniform(0, 0.24, len(sent_s))
    events = np.ceil((sent_s + 0.002 + missed * interval_s + stalls_s) / interval_s)
    return np.maximum.accumulate(events * interval_s)


WAYS: dict[str, Way] = {"cable": over_cable, "radio": over_radio}


@dataclass(frozen=True)
class Crystal:
    """Device time against true time: a constant error, and a slow swing as it warms up and cools."""

    ppm: float
    swing_ppm: float = 10.0
    swing_s: float = 3600.0

    def device_s(self, true_s: Floats) -> Floats:
        phase = 2 * np.pi * true_s / self.swing_s
        swung = self.swing_ppm * self.swing_s / (2 * np.pi) * (1 - np.cos(phase))
        return true_s + 1e-6 * (self.ppm * true_s + swung)


def probes(crystal: Crystal, way: Way, from_s: float, until_s: float, rng: np.random.Generator) -> list[TimeProbe]:
    """Bursts of eight every 4 s; the two directions wait independently."""
    starts_s = np.arange(from_s, until_s, 4.0)
    sent_s = (starts_s[:, None] + 0.064 * np.arange(8)).ravel()
    there_s = np.maximum(way(sent_s, rng), sent_s)
    back_s = np.maximum(way(there_s, rng), there_s)
    ticks = np.round(crystal.device_s(there_s) * TICK_HZ).astype(int)
    return [
        TimeProbe(START_S + sent, START_S + back, tick, tick, k // 8)
        for k, (sent, back, tick) in enumerate(zip(sent_s.tolist(), back_s.tolist(), ticks.tolist(), strict=True))
    ]


def group(index: int, ticks: int | None, arrival_s: float) -> SampleGroup:
    counts, flags = np.zeros((PER_GROUP, 6), np.int16), np.zeros(PER_GROUP, np.uint8)
    return SampleGroup(index, ticks, counts, flags, START_S + arrival_s, ticks is not None)


@dataclass(frozen=True)
class Stream:
    """Groups of a sensor as they arrive, with the truth."""

    true_s: Floats  # (groups,) of the first sample of each
    arrival_s: Floats
    ticks: NDArray[np.int64]

    def groups(self, *, timed: bool, first_index: int = 0) -> Iterator[SampleGroup]:
        rows = zip(self.ticks.tolist(), self.arrival_s.tolist(), strict=True)
        for k, (ticks, arrival_s) in enumerate(rows):
            yield group(first_index + k * PER_GROUP, ticks if timed else None, arrival_s)


def stream(crystal: Crystal, way: Way, from_s: float, until_s: float, rng: np.random.Generator) -> Stream:
    """The sampling oscillator is that of the crystal: its drift is in the sample times."""
    n = int((until_s - from_s) * RATE_HZ) // PER_GROUP
    nominal_s = np.arange(n) * PER_GROUP / RATE_HZ
    true_s = from_s + 2 * nominal_s - crystal.device_s(nominal_s)  # to first order the inverse
    complete_s = true_s + (PER_GROUP - 1) / RATE_HZ
    ticks = np.floor(crystal.device_s(true_s) * TICK_HZ).astype(np.int64)
    return Stream(true_s, way(complete_s, rng), ticks)


def stamped(clock: SampleClock, groups: Iterator[SampleGroup], waiting: list[TimeProbe] | None = None) -> Floats:
    """(groups, 2) first and last time of each group; the way of a link: held back as long as the clock asks."""
    held, out, free, waiting = [], [], clock.settle_s == 0.0, (waiting or [])[::-1]
    for each in groups:
        while waiting and waiting[-1].received_s <= each.arrival_s:
            clock.probe(waiting.pop())
        held.append(each)
        if not free:
            clock.listen(each)
            free = each.arrival_s - held[0].arrival_s >= clock.settle_s
        if free:
            out += [clock.stamp(h)[[0, -1]] for h in held]
            held.clear()
    return np.array(out) - START_S


def errors_s(found: Floats, sent: Stream) -> Floats:
    return found[:, 0] - sent.true_s[: len(found)]


def figures(errors: Floats) -> str:
    p50, p95 = np.percentile(np.abs(errors), [50, 95]) * 1e3
    return f"p50 {p50:.2f} ms, p95 {p95:.2f} ms, most {np.abs(errors).max() * 1e3:.2f} ms"


@pytest.mark.parametrize(("way", "ppm", "hours"), [("cable", 200.0, 1.0), ("radio", -200.0, 8.0)])
def test_a_day_with_exchange(ppm: float, way: str, hours: float) -> None:
    rng, crystal = np.random.default_rng(1), Crystal(ppm * 0.95)
    sent = stream(crystal, WAYS[way], 0.0, hours * 3600, rng)
    clock = TimeExchangeClock(STATED_HZ)
    asked = probes(crystal, WAYS[way], 0.0, hours * 3600, rng)
    found = stamped(clock, sent.groups(timed=True), asked)
    off = errors_s(found, sent)[sent.true_s > SETTLING_S]
    told = f"TIME over {way} at {ppm:+g} ppm: {figures(off)}; it says {1e3 * (clock.error_s or 0):.2f} ms"
    assert np.percentile(np.abs(off), 95) < TIME_LIMIT_S, told
    assert np.all(np.diff(found.ravel()) > 0)
    assert clock.ppm == pytest.approx(ppm * 0.95, abs=25)


@pytest.mark.parametrize(("way", "ppm", "hours"), [("cable", 200.0, 8.0), ("radio", -200.0, 1.0)])
def test_a_day_with_arrivals_alone(ppm: float, way: str, hours: float) -> None:
    rng, crystal = np.random.default_rng(2), Crystal(ppm)
    sent = stream(crystal, WAYS[way], 0.0, hours * 3600, rng)
    clock = EnvelopeClock(STATED_HZ)
    found = stamped(clock, sent.groups(timed=False))
    off = errors_s(found, sent)[sent.true_s[: len(found)] > SETTLING_S]
    told = f"arrivals over {way} at {ppm:+g} ppm: {figures(off)}; it says {1e3 * (clock.error_s or 0):.2f} ms"
    assert np.percentile(np.abs(off), 95) < ENVELOPE_LIMIT_S, told
    assert np.all(np.diff(found.ravel()) > 0)
    assert clock.presumed_lost == 0


# --- lost links -------------------------------------------------------------------------------------------------------


def first_times(items: list[Item]) -> list[float]:
    return [float(item.t_s[0]) - START_S for item in items if isinstance(item, Block)]


def one_connection(
    intake: Intake, sent: Stream, asked: list[TimeProbe], first_index: int, session: int | None
) -> Floats:
    """Errors of the times of each group over one connection of a link, which then is lost."""
    timed = session is not None
    found: list[float] = []
    for probe in asked[:8]:
        intake.probe(probe)
    begin_s = START_S + float(sent.arrival_s[0])
    found += first_times(intake.ready(Ready(STATED_HZ, 1.0, 1.0, session, first_index if timed else None), begin_s))
    waiting = asked[:7:-1]
    for each in sent.groups(timed=timed, first_index=first_index if timed else 0):
        while waiting and waiting[-1].received_s <= each.arrival_s:
            intake.probe(waiting.pop())
        found += first_times(intake.samples(each))
    found += first_times(intake.link_lost(START_S + float(sent.arrival_s[-1]), "out of reach"))
    return np.array(found) - sent.true_s


def jump_s(family: str, way: Way, seed: int, away_s: float, *, reboots: bool = False) -> float:
    """By how much the error of sample times changes over a lost link: the worst of the first five seconds after it."""
    rng, crystal = np.random.default_rng(seed), Crystal(float(rng_sign(seed)) * 180.0)
    timed = family != "witmotion"
    intake = Intake(SensorInfo("upper_back", ""), family, FAMILIES[family], simulated=True)
    off = []
    for part, from_s in enumerate((0.0, 120.0 + away_s)):
        sent = stream(crystal, way, from_s, from_s + 120.0, rng)
        if family == "polar":
            sent = replace(sent, ticks=np.round(sent.ticks * (1e9 / TICK_HZ)).astype(np.int64))
        asked = probes(crystal, way, from_s - 1.0, from_s + 120.0, rng) if family == "spinewatch" else []
        index = 0 if reboots else round(from_s * RATE_HZ)
        session = (part if reboots else 0) if timed else None
        off.append(one_connection(intake, sent, asked, index, session))
    before_s = float(np.median(off[0][-10:]))
    return float(np.abs(off[1][: round(5 * RATE_HZ / PER_GROUP)] - before_s).max())


def rng_sign(seed: int) -> int:
    return 1 if seed % 2 else -1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("family", "reboots", "limit_s"),
    [
        ("spinewatch", False, TIME_LIMIT_S),
        ("spinewatch", True, TIME_LIMIT_S),
        ("witmotion", False, ENVELOPE_LIMIT_S),
        ("polar", False, ENVELOPE_LIMIT_S),
    ],
)
@pytest.mark.parametrize("away_s", [6.0, 3600.0])
def test_times_do_not_jump_over_a_lost_link(
    family: str, reboots: bool, limit_s: float, way: str, away_s: float
) -> None:
    jumps = [jump_s(family, WAYS[way], seed, away_s, reboots=reboots) for seed in range(12)]
    told = f"{family} over {way}, away {away_s:g} s, reboots {reboots}: {figures(np.array(jumps))}"
    assert np.percentile(jumps, 95) < limit_s, told


@pytest.mark.parametrize("way", WAYS)
def test_two_sensors_are_within_the_sum_of_what_each_may_be_off(way: str) -> None:
    """One answers TIME and one only sends; their crystals run apart by 400 ppm."""
    rng = np.random.default_rng(5)
    fast, slow = Crystal(200.0), Crystal(-200.0, swing_s=2400.0)
    upper, lower = (stream(crystal, WAYS[way], 0.0, 1800.0, rng) for crystal in (fast, slow))
    asked = probes(fast, WAYS[way], 0.0, 1800.0, rng)
    off_upper = errors_s(stamped(TimeExchangeClock(STATED_HZ), upper.groups(timed=True), asked), upper)
    off_lower = errors_s(stamped(EnvelopeClock(STATED_HZ), lower.groups(timed=False)), lower)
    n = min(len(off_upper), len(off_lower))
    skew = (off_upper[:n] - off_lower[:n])[round(SETTLING_S * RATE_HZ / PER_GROUP) :]
    told = f"skew of two sensors over {way}: {figures(skew)}"
    assert np.percentile(np.abs(skew), 95) < TIME_LIMIT_S + ENVELOPE_LIMIT_S, told
