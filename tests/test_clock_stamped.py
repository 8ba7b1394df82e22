"""Sensor time to host time for packets that carry a time: known clocks, seeded delays, how far the result is off."""

from __future__ import annotations

import numpy as np
import pytest

from bridge_helpers import START_S
from spinewatch_bridge.clock_stamped import StampedClock
from spinewatch_bridge.protocols.base import SampleGroup

SETTLING_S = 30.0
BOOT_NS = 780_000_000_000_000_000


def group(index: int, n: int, arrival_s: float, ticks: int | None) -> SampleGroup:
    return SampleGroup(index, ticks, np.zeros((n, 3), np.int16), np.zeros(n, np.uint8), arrival_s)


def arrivals_s(last_s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """3 ms, usually a few more, now and then a stall of up to 240 ms; what is held up holds up what follows."""
    n = len(last_s)
    late_s = 0.003 + rng.exponential(0.006, n) + (rng.random(n) < 0.03) * rng.uniform(0, 0.24, n)
    return np.maximum.accumulate(last_s + late_s)


def run(
    ppm: float, *, rate_hz: float = 99.1, minutes: float = 4.0, per_frame: int = 36, seed: int = 1, from_s: float = 0.0,
    clock: StampedClock | None = None,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """(true, stamped) seconds of all samples, the first groups held back as a link does."""
    rng = np.random.default_rng(seed)
    clock = clock or StampedClock(100.0)
    true_s = from_s + np.arange(int(minutes * 60 * rate_hz) // per_frame * per_frame) / rate_hz
    first_s = true_s[::per_frame]
    ticks = BOOT_NS + np.rint(first_s * 1e9 * (1 + ppm * 1e-6)).astype(np.int64)
    arrive_s = START_S + arrivals_s(true_s[per_frame - 1 :: per_frame], rng)
    groups = [group(per_frame * k, per_frame, a, int(t)) for k, (a, t) in enumerate(zip(arrive_s, ticks, strict=True))]
    for early in groups:
        if early.arrival_s - groups[0].arrival_s <= clock.settle_s:
            clock.listen(early)
    return true_s, np.concatenate([clock.stamp(g) for g in groups]) - START_S


def errors_s(true_s: np.ndarray, stamped_s: np.ndarray) -> np.ndarray:
    return np.abs(stamped_s - true_s)[true_s - true_s[0] > SETTLING_S]


@pytest.mark.parametrize("ppm", [-200.0, -35.0, 0.0, 200.0])
@pytest.mark.parametrize(("rate_hz", "per_frame"), [(25.0, 36), (52.4, 30), (99.1, 36), (202.0, 36)])
def test_samples_are_within_15_ms(ppm: float, rate_hz: float, per_frame: int):
    for seed in (1, 2):
        true_s, stamped_s = run(ppm, rate_hz=rate_hz, per_frame=per_frame, seed=seed)
        assert np.percentile(errors_s(true_s, stamped_s), 95) < 15e-3
        assert np.all(np.diff(stamped_s) > 0)


@pytest.mark.parametrize("ppm", [-200.0, 200.0])
def test_eight_hours_stay_in_order_and_near(ppm: float):
    clock = StampedClock(50.0)
    true_s, stamped_s = run(ppm, rate_hz=49.6, minutes=480, per_frame=144, clock=clock)
    assert np.all(np.diff(stamped_s) > 0)
    assert np.percentile(errors_s(true_s, stamped_s), 95) < 15e-3
    assert errors_s(true_s, stamped_s).max() < 30e-3
    assert clock.ppm == pytest.approx(ppm, abs=60)
    assert clock.period_s == pytest.approx(1 / 49.6, rel=1e-4)
    assert clock.error_s is not None
    assert 0 < clock.error_s < 15e-3


def test_a_restart_of_the_fit_jumps_by_no_more_than_it_may_be_off():
    jumps_s = []
    for seed in range(20):
        true_s, stamped_s = run(150.0, minutes=2, seed=seed)
        again = StampedClock(100.0, START_S + stamped_s[-1])
        later_true_s, later_s = run(150.0, minutes=0.2, seed=100 + seed, from_s=true_s[-1] + 4.0, clock=again)
        assert later_s[0] > stamped_s[-1]
        jumps_s.append((later_s[0] - stamped_s[-1]) - (later_true_s[0] - true_s[-1]))
    assert np.percentile(np.abs(jumps_s), 95) < 15e-3


def test_the_sampling_period_is_smooth():
    true_s, stamped_s = run(120.0)
    steps_s = np.diff(stamped_s)[true_s[1:] > SETTLING_S]
    assert steps_s.max() / steps_s.min() < 1.03
    assert steps_s.mean() == pytest.approx(1 / 99.1, rel=1e-4)


def test_a_gap_is_kept_as_long_as_it_was():
    clock = StampedClock(100.0)
    first = clock.stamp(group(0, 10, START_S + 0.1, BOOT_NS))
    second = clock.stamp(group(5000, 10, START_S + 50.1, BOOT_NS + 50_000_000_000))
    assert second[0] - first[0] == pytest.approx(50.0, abs=1e-3)


def test_blocks_are_affine_and_end_before_they_arrive():
    clock = StampedClock(100.0)
    for k in range(300):
        arrival_s = START_S + 0.36 * (k + 1)
        times = clock.stamp(group(36 * k, 36, arrival_s, BOOT_NS + 360_000_000 * k))
        assert np.ptp(np.diff(times)) < 1e-6
        assert times[-1] <= arrival_s + 1e-6


def test_without_a_time_arrival_must_do():
    times = StampedClock(100.0).stamp(group(0, 10, START_S, None))
    assert times[[0, -1]] == pytest.approx([START_S - 0.09, START_S])


def test_a_clock_that_stands_still_measures_nothing_and_time_still_goes_on():
    clock = StampedClock(100.0)
    stamped = [clock.stamp(group(10 * k, 10, START_S + 0.1 * k, BOOT_NS)) for k in range(50)]
    assert clock.period_s == pytest.approx(0.01)
    assert np.all(np.diff(np.concatenate(stamped)) > 0)


def test_time_goes_on_after_a_reconnection():
    times = StampedClock(100.0, START_S + 3.0).stamp(group(0, 10, START_S, BOOT_NS))
    assert times[0] > START_S + 3.0


def test_it_says_how_long_a_tick_is():
    assert StampedClock(100.0).tick_s == 1e-9


@pytest.mark.parametrize("away_s", [4.0, 3600.0])
def test_after_a_lost_link_it_goes_on_where_it_was(away_s: float):
    clock = StampedClock(100.0)
    true_s, stamped_s = run(150.0, clock=clock)
    assert clock.resume(away_s)
    assert (clock.settle_s == 0) is (away_s < 60)  # after longer its line is too old to be trusted at once
    index = len(true_s) + round(away_s * 99.1)
    again_s = true_s[-1] + away_s
    ticks = BOOT_NS + round(again_s * 1e9 * (1 + 150e-6))
    later_s = clock.stamp(group(index, 36, START_S + again_s + 36 / 99.1 + 0.004, ticks)) - START_S
    assert later_s[0] - again_s == pytest.approx(stamped_s[-1] - true_s[-1], abs=15e-3)


def test_a_clock_that_heard_nothing_has_nothing_to_resume():
    assert not StampedClock(100.0).resume(1.0)
