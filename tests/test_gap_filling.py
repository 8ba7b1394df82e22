"""Gaps filled for the filter: straight lines on paper, rhythms continued, chunks, and how far off it may be."""

from __future__ import annotations

import copy
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from made_imu import START_S, made_imu, turned
from spinewatch_signal.gap_filling import Bridge, BridgeParams, Feed, bridged, continued
from spinewatch_signal.samples import BadSamplesError, Floats
from spinewatch_signal.segments import Run, SegmentParams, Splitter

PERIOD_S = 0.01
PARAMS = BridgeParams()


def run_of(times_s: Floats, gyr: Floats) -> Run:
    n = len(times_s)
    dt_s = np.concatenate([[np.nan], np.diff(times_s)])
    acc = np.zeros((n, 3))
    acc[:, 2] = np.arange(n)
    return Run(START_S + times_s, acc, gyr, dt_s, dt_s, np.zeros(n, bool), np.zeros(n, bool))


def about_x(times_s: list[float], rates: list[float]) -> Run:
    return run_of(np.array(times_s), np.outer(rates, [1.0, 0.0, 0.0]))


def swings(t_s: Floats) -> Floats:
    """(n, 3) rates, rad/s, of somebody who swings the sensor at once about three axes."""
    return np.stack([3 * np.sin(9 * t_s), 2 * np.sin(7 * t_s + 1), np.cos(11 * t_s)], axis=1)


def swinging(lost_s: list[tuple[float, float]], noise: float = 0.003) -> tuple[Run, Floats]:
    """Four seconds of swings with gaps, and the rates without them."""
    t_s = np.arange(0, 4, PERIOD_S)
    rates = swings(t_s) + noise * np.random.default_rng(1).standard_normal((len(t_s), 3))
    there = ~np.logical_or.reduce([(t_s > a + 1e-6) & (t_s < b - 1e-6) for a, b in lost_s])
    return run_of(t_s[there], rates[there]), rates


def missed_deg(feed: Feed, truth: Floats) -> Floats:
    """Error of the summed turning over each gap, degrees."""
    error = np.cumsum(feed.gyr - truth, axis=0) * PERIOD_S
    return np.degrees(np.linalg.norm(error[-1:], axis=1))


def test_without_gaps_nothing_is_copied() -> None:
    run, _ = swinging([(9.0, 9.1)])
    feed = bridged(run, [], PERIOD_S, PARAMS, 6)
    assert feed.gyr is run.gyr
    assert (feed.made, feed.missed_deg) == (None, None)


def test_where_nothing_can_be_learned_a_gap_is_a_straight_line() -> None:
    feed = bridged(about_x([0.0, 0.01, 0.04], [1.0, 1.0, 4.0]), [], PERIOD_S, PARAMS, 6)
    assert feed.turning(np.array([0.5, 0.0, 0.0]), PERIOD_S)[:, 0] == pytest.approx([0.5, 0.5, 1.5, 2.5, 3.5])
    assert feed.acc[:, 2] == pytest.approx([0.0, 1.0, 4 / 3, 5 / 3, 2.0])
    assert feed.t_s - START_S == pytest.approx([0.0, 0.01, 0.02, 0.03, 0.04], abs=1e-6)
    assert feed.made is not None
    assert feed.made.tolist() == [False, False, True, True, False]


def test_a_gap_between_two_batches_is_filled_from_the_sample_before() -> None:
    run = about_x([0.0, 0.01, 0.03], [1.0, 1.0, 3.0])
    before = bridged(run[:2], [], PERIOD_S, PARAMS, 6)
    assert bridged(run[2:], [before], PERIOD_S, PARAMS, 6).gyr[:, 0] == pytest.approx([2.0, 3.0])
    assert bridged(run[2:], [], PERIOD_S, PARAMS, 6).gyr[:, 0] == pytest.approx([3.0])


def test_rates_are_scaled_to_the_filter_period() -> None:
    feed = bridged(about_x([0.0, 0.011, 0.0205], [1.0, 1.0, 1.0]), [], PERIOD_S, PARAMS, 6)
    assert feed.turning(np.zeros(3), PERIOD_S)[:, 0] == pytest.approx([1.0, 1.1, 0.95], rel=1e-4)


def test_a_rhythm_is_continued_where_a_straight_line_would_miss() -> None:
    run, truth = swinging([(2.0, 2.11)])
    feed = bridged(run, [], PERIOD_S, PARAMS, 6)
    straight = bridged(run, [], PERIOD_S, BridgeParams(straight_deg=1e9), 6)
    assert missed_deg(straight, truth)[0] > 0.6
    assert missed_deg(feed, truth)[0] < 0.15
    assert feed.missed_deg is not None
    assert missed_deg(feed, truth)[0] < 2 * feed.missed_deg.max() < 0.5


def test_the_force_in_a_gap_goes_on_like_the_rates() -> None:
    run, truth = swinging([(2.0, 2.11)])
    run = replace(run, acc=2 * run.gyr + [0.0, 0.0, 9.81])
    feed = bridged(run, [], PERIOD_S, PARAMS, 6)
    straight = bridged(run, [], PERIOD_S, BridgeParams(straight_m_s=1e9), 6)
    truth = 2 * truth + [0.0, 0.0, 9.81]
    missed_m_s = [np.linalg.norm(np.sum(filled.acc - truth, axis=0)) * PERIOD_S for filled in (feed, straight)]
    assert missed_m_s[0] < missed_m_s[1] / 4
    assert feed.missed_m_s is not None
    assert missed_m_s[0] < 2 * feed.missed_m_s.max() < 0.02


def test_how_far_it_may_be_off_is_about_how_far_it_is() -> None:
    """Swings whose speed wanders: 30 gaps each on its own."""
    rng, ratios = np.random.default_rng(4), []
    for _ in range(30):
        t_s = np.arange(0, 3, PERIOD_S)
        phase = np.cumsum(9 + 2 * np.cumsum(rng.standard_normal(len(t_s))) * np.sqrt(PERIOD_S)) * PERIOD_S
        truth = 3 * np.stack([np.sin(phase), np.sin(0.8 * phase), np.cos(phase)], axis=1)
        there = np.ones(len(t_s), bool)
        there[200:210] = False
        feed = bridged(run_of(t_s[there], truth[there]), [], PERIOD_S, PARAMS, 6)
        assert feed.missed_deg is not None
        ratios.append(missed_deg(feed, truth)[0] / feed.missed_deg.max())
    assert 0.3 < np.sqrt(np.mean(np.square(ratios))) < 2.0


@pytest.mark.parametrize("size", [1, 3, 7, 50])
def test_chunks_and_copies_do_not_matter(size: int) -> None:
    lost = [(1.0, 1.05), (2.0, 2.11), (2.13, 2.2), (3.0, 3.2), (3.96, 3.99)]
    run, _ = swinging(lost)
    whole, pieces = Bridge(PERIOD_S, PARAMS), Bridge(PERIOD_S, PARAMS)
    expected = [feed for feed in (whole.push(run), whole.flush()) if feed]
    found = []
    for first in range(0, len(run), size):
        pieces = copy.deepcopy(pieces)
        found.append(pieces.push(run[first : first + size]))
    found.append(pieces.flush())
    for name in ("t_s", "gyr", "acc", "dt_s"):
        got = np.concatenate([getattr(feed, name) for feed in found if feed])
        np.testing.assert_allclose(got, np.concatenate([getattr(feed, name) for feed in expected]), atol=1e-12)


def test_what_follows_a_gap_waits_for_sixty_milliseconds() -> None:
    run, _ = swinging([(2.0, 2.11)])
    bridge = Bridge(PERIOD_S, PARAMS)
    gap = int(np.argmax(np.nan_to_num(run.dt_s) > 0.05))
    first = bridge.push(run[: gap + 5])
    assert first is not None
    assert len(first) == gap
    second = bridge.push(run[gap + 5 : gap + 6])
    assert second is not None
    assert len(second) == 10 + 6
    assert bridge.flush() is None


def test_nothing_is_learned_across_a_hold() -> None:
    run, _ = swinging([(2.0, 2.11)])
    run.dt_s[190] = np.nan
    feed = bridged(run, [], PERIOD_S, PARAMS, 6)
    after_hold = bridged(run[190:], [], PERIOD_S, PARAMS, 6)
    np.testing.assert_allclose(feed.gyr[190:], after_hold.gyr)


def test_nearly_all_samples_missing_is_refused_before_memory_is_asked_for() -> None:
    run = about_x([0.2 * k for k in range(60)], [0.0] * 60)
    with pytest.raises(BadSamplesError, match="most samples are missing"):
        bridged(run, [], 1e-4, PARAMS, 6)
    assert len(bridged(run[:2], [], 1e-4, PARAMS, 6)) == 2001


@pytest.mark.parametrize(("rate_hz", "gap_s"), [(1000.0, 0.4), (1000.0, 0.9), (10_000.0, 0.25)])
def test_a_gap_of_a_fast_sensor_takes_little_memory(rate_hz: float, gap_s: float) -> None:
    t_s = np.arange(0, 2.5, 1 / rate_hz)
    kept = (t_s < 1.2) | (t_s > 1.2 + gap_s)
    run = run_of(t_s[kept], swings(t_s[kept]))
    tracemalloc.start()
    try:
        feed = bridged(run, [], 1 / rate_hz, PARAMS, round(rate_hz))
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(feed) == len(t_s)
    assert feed.missed_deg is not None
    assert feed.missed_deg.max() > 0
    assert peak_bytes < 60e6


def test_axes_that_do_not_turn_stay_where_they_are() -> None:
    t_s = np.arange(0, 2, PERIOD_S)
    left = np.outer(np.sin(9 * t_s), [1.0, 0.0, 0.0])
    found, error = continued(left[:120], left[130:136], 10, 12)
    assert found == pytest.approx(left[120:130], abs=0.05)
    assert np.isfinite(error)


def test_the_splitter_and_the_bridge_agree_on_what_is_missing() -> None:
    t_s = np.arange(0, 2, PERIOD_S)
    batch = made_imu(t_s, turned(10 * np.sin(5 * t_s)))
    kept = (t_s < 1.0) | (t_s > 1.2)
    part = type(batch)("made", batch.t_s[kept], batch.acc[kept], batch.gyr[kept], batch.flags[kept])
    ((_, run),) = Splitter(SegmentParams(), PERIOD_S).split(part)
    feed = bridged(run, [], PERIOD_S, PARAMS, 6)
    assert len(feed) == len(batch)
    assert feed.t_s == pytest.approx(batch.t_s, abs=1e-6)
