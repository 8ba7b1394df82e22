"""Sensor time to host time: known clocks, seeded delays, and how far the result is off."""

from __future__ import annotations

import numpy as np
import pytest

from bridge_helpers import START_S
from spinewatch_bridge.clock_sync import BlockStamper, EnvelopeClock, SampleClock, StampParams, TimeExchangeClock
from spinewatch_bridge.protocols.base import SampleGroup, TimeProbe

TICK_HZ = 32768
SETTLING_S = 30.0


def group(index: int, n: int, arrival_s: float, ticks: int | None) -> SampleGroup:
    return SampleGroup(index, ticks, np.zeros((n, 6), np.int16), np.zeros(n, np.uint8), arrival_s, ticks is not None)


def delays_s(rng: np.random.Generator, n: int) -> np.ndarray:
    """One-sided: 3 ms, usually a few more, now and then a stall of 240 ms that all within it share the end of."""
    return 0.003 + rng.exponential(0.006, n) + (rng.random(n) < 0.01) * rng.uniform(0, 0.24, n)


def arrivals_s(true_s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """In order: what is held up holds up what follows."""
    return np.maximum.accumulate(true_s + delays_s(rng, len(true_s)))


def probes(device_ppm: float, minutes: float, rng: np.random.Generator) -> list[tuple[float, TimeProbe]]:
    """Bursts of eight every 4 s over a slow line whose two ways wait independently; (time of the answer, probe)."""
    found = []
    for burst, start_s in enumerate(np.arange(0, minutes * 60, 4.0)):
        for sent_s in start_s + 0.064 * np.arange(8):
            there_s, back_s = delays_s(rng, 2)
            ticks = round((sent_s + there_s) * TICK_HZ * (1 + device_ppm * 1e-6))
            answer_s = sent_s + there_s + back_s
            found.append((answer_s, TimeProbe(START_S + sent_s, START_S + answer_s, ticks, ticks, burst)))
    return found


def run_time_clock(
    ppm: float, minutes: float = 4.0, seed: int = 1, rate_hz: float = 99.1
) -> tuple[np.ndarray, np.ndarray]:
    """(true, stamped) seconds of all samples of a sensor that answers TIME."""
    rng = np.random.default_rng(seed)
    clock = TimeExchangeClock(100.0)
    waiting = probes(ppm, minutes, rng)
    true_s = 0.7 + np.arange(int(minutes * 60 * rate_hz) // 10 * 10) / rate_hz
    arrive_s = arrivals_s(true_s[9::10], rng)
    stamped = []
    for k, arrival_s in enumerate(arrive_s):
        while waiting and waiting[0][0] <= arrival_s:
            clock.probe(waiting.pop(0)[1])
        ticks = int(true_s[10 * k] * TICK_HZ * (1 + ppm * 1e-6))
        stamped.append(clock.stamp(group(10 * k, 10, START_S + arrival_s, ticks)))
    return true_s, np.concatenate(stamped) - START_S


def run_envelope(
    rate_hz: float, minutes: float = 4.0, seed: int = 1, per_group: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """(true, stamped) seconds of all samples of a sensor that only sends."""
    rng = np.random.default_rng(seed)
    clock = EnvelopeClock(100.0)
    true_s = np.arange(int(minutes * 60 * rate_hz) // per_group * per_group) / rate_hz
    arrive_s = arrivals_s(true_s[per_group - 1 :: per_group], rng)
    stamped = [
        clock.stamp(group(per_group * k, per_group, START_S + arrival_s, None)) for k, arrival_s in enumerate(arrive_s)
    ]
    return true_s, np.concatenate(stamped) - START_S


def worst_s(true_s: np.ndarray, stamped_s: np.ndarray) -> float:
    """95th percentile of the error once settled."""
    settled = true_s > SETTLING_S
    return float(np.percentile(np.abs(stamped_s - true_s)[settled], 95))


@pytest.mark.parametrize("ppm", [-200.0, 0.0, 35.0, 200.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_with_exchange_samples_are_within_5_ms(ppm: float, seed: int):
    true_s, stamped_s = run_time_clock(ppm, seed=seed)
    assert worst_s(true_s, stamped_s) < 5e-3
    assert np.all(np.diff(stamped_s) > 0)


@pytest.mark.parametrize(("rate_hz", "per_group"), [(99.26, 1), (100.0, 4), (101.2, 4), (98.0, 2), (100.02, 1)])
@pytest.mark.parametrize("seed", [1, 2])
def test_without_exchange_samples_are_within_15_ms(rate_hz: float, per_group: int, seed: int):
    true_s, stamped_s = run_envelope(rate_hz, seed=seed, per_group=per_group)
    assert worst_s(true_s, stamped_s) < 15e-3
    assert np.all(np.diff(stamped_s) > 0)


def test_the_sampling_period_is_smooth():
    """A filter integrates rotation over it: settled, it stays within 2 % even while the map is corrected."""
    for true_s, stamped_s in (run_time_clock(120.0), run_envelope(99.26, per_group=4)):
        steps_s = np.diff(stamped_s)[true_s[1:] > SETTLING_S]
        assert steps_s.max() / steps_s.min() < 1.04
        assert np.abs(steps_s.mean() / np.diff(true_s).mean() - 1) < 3e-4


def test_drift_and_period_are_measured():
    clock = TimeExchangeClock(100.0)
    for _, probe in probes(150.0, 4.0, np.random.default_rng(4)):
        clock.probe(probe)
    assert clock.drift == pytest.approx(-150e-6, abs=30e-6)


@pytest.mark.parametrize("rate_hz", [57.0, 80.0, 104.0, 112.0, 150.0])
def test_a_sensor_far_off_its_stated_rate_is_followed(rate_hz):
    clock = TimeExchangeClock(100.0)
    stamped = []
    for k in range(600):
        taken_s, ticks = 10 * k / rate_hz, round(10 * k / rate_hz * TICK_HZ)
        if k % 40 == 0:
            clock.probe(TimeProbe(START_S + taken_s, START_S + taken_s, ticks, ticks, k))
        stamped.append(clock.stamp(group(10 * k, 10, START_S + taken_s + 10 / rate_hz, ticks)))
    errors_s = np.concatenate(stamped) - START_S - np.arange(6000) / rate_hz
    assert np.abs(errors_s[1000:]).max() < 0.005
    assert clock.period_s == pytest.approx(1 / rate_hz, rel=1e-3)


@pytest.mark.parametrize("ticks_per_group", [0, -3000])
def test_a_device_clock_that_does_not_go_forward_measures_nothing(ticks_per_group):
    clock = TimeExchangeClock(100.0)
    clock.probe(TimeProbe(START_S, START_S, 0, 0, 0))
    stamped = [clock.stamp(group(10 * k, 10, START_S + 0.1 * k, k * ticks_per_group)) for k in range(20)]
    assert clock.period_s == pytest.approx(0.01)
    assert np.all(np.diff(np.concatenate(stamped)) > 0)


def test_blocks_are_affine():
    clock = EnvelopeClock(100.0)
    for k in range(500):
        times = clock.stamp(group(7 * k, 7, START_S + 0.07 * k, None))
        assert np.ptp(np.diff(times)) < 1e-6


def test_before_any_exchange_arrival_must_do():
    times = TimeExchangeClock(100.0).stamp(group(0, 10, START_S, 5))
    assert times[-1] == pytest.approx(START_S)
    assert times[0] == pytest.approx(START_S - 0.09)


def test_a_gap_is_kept_as_long_as_it_was():
    clock = TimeExchangeClock(100.0)
    clock.probe(TimeProbe(START_S, START_S, 0, 0, 0))
    first = clock.stamp(group(0, 10, START_S + 0.1, 0))
    second = clock.stamp(group(5000, 10, START_S + 50.1, 50 * TICK_HZ))
    assert first[0] == pytest.approx(START_S, abs=1e-4)
    assert second[0] == pytest.approx(START_S + 50, abs=1e-3)


def test_a_clock_that_jumped_is_believed_at_once():
    """Two minutes of good points, then the device clock is an hour further: no point may pull the line there slowly."""
    clock = TimeExchangeClock(100.0)
    for k in range(30):
        clock.probe(TimeProbe(START_S + 4 * k, START_S + 4 * k + 0.004, 4 * k * TICK_HZ, 4 * k * TICK_HZ, k))
    ahead = 3600 * TICK_HZ
    for k in range(30, 32):
        clock.probe(
            TimeProbe(START_S + 4 * k, START_S + 4 * k + 0.004, 4 * k * TICK_HZ + ahead, 4 * k * TICK_HZ + ahead, k)
        )
    assert clock.to_host_s(125 * TICK_HZ + ahead) == pytest.approx(START_S + 125, abs=0.01)


def test_no_sample_is_from_the_future():
    clock = TimeExchangeClock(100.0)
    clock.probe(TimeProbe(START_S, START_S, 0, 0, 0))
    clock.stamp(group(0, 10, START_S + 0.1, 0))
    times = clock.stamp(group(10, 10, START_S + 0.2, 3600 * TICK_HZ))
    assert times[-1] < START_S + 0.4


def test_samples_lost_unseen_are_noticed_and_the_clock_recovers():
    """A sensor without counter loses 2 s of samples; arrivals alone tell."""
    rng = np.random.default_rng(9)
    clock = EnvelopeClock(100.0)
    true_s = np.arange(9000) / 100
    kept = np.concatenate([true_s[:4000], true_s[4200:]])
    stamped = [clock.stamp(group(k, 1, START_S + a, None))[0] for k, a in enumerate(arrivals_s(kept, rng))]
    assert clock.presumed_lost == pytest.approx(200, abs=3)
    errors_s = np.array(stamped) - START_S - kept
    assert np.abs(errors_s[kept > 48]).max() < 0.05
    assert np.all(np.diff(stamped) > 0)


def test_a_line_that_was_only_slow_for_a_while_has_lost_nothing():
    """Five seconds in which all comes 0.2 s late look like a loss; that they end in time shows that it was none."""
    rng = np.random.default_rng(9)
    clock = EnvelopeClock(100.0)
    true_s = np.arange(12_000) / 100
    arrived_s = arrivals_s(true_s, rng) + 0.2 * ((true_s > 50) & (true_s < 55))
    arrived_s = np.maximum.accumulate(arrived_s)
    stamped = [clock.stamp(group(k, 1, START_S + a, None))[0] for k, a in enumerate(arrived_s)]
    assert clock.presumed_lost == 0
    errors_s = np.array(stamped) - START_S - true_s
    assert np.abs(errors_s[true_s > 75]).max() < 0.05
    assert np.all(np.diff(stamped) > 0)


@pytest.mark.parametrize("make", [TimeExchangeClock, EnvelopeClock])
def test_time_goes_on_after_a_reconnection(make):
    clock: SampleClock = make(100.0, START_S + 3.0)
    times = clock.stamp(group(0, 10, START_S, None))
    assert times[0] > START_S + 3.0


def test_a_stamper_corrects_slowly_within_a_run_and_at_once_after_a_gap():
    stamper = BlockStamper(StampParams(slew=0.01))
    stamper.stamp(0, 10, 0.0, 0.01)
    assert stamper.stamp(10, 10, 0.15, 0.01)[[0, -1]] == pytest.approx([0.1, 0.1909])
    assert stamper.stamp(20, 10, 0.10, 0.01)[[0, -1]] == pytest.approx([0.201, 0.2901])
    assert stamper.stamp(35, 10, 0.41, 0.01)[0] == pytest.approx(0.41)
    assert stamper.stamp(45, 10, 9.0, 0.01)[0] == pytest.approx(9.0)  # the clock itself jumped
    assert stamper.stamp(99, 10, 1.0, 0.01)[0] == pytest.approx(9.095)  # but never back
