"""Percentiles, spells and bends, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinewatch_signal.exposure import BendCounter, ExposureCounter, ExposureParams
from spinewatch_signal.tallies import AngleHistogram, Spells


def no_gaps(n: int) -> np.ndarray:
    return np.zeros(n, bool)


def test_percentiles_are_right_to_a_tenth_of_a_degree():
    rng = np.random.default_rng(1)
    angles = np.clip(rng.normal(12, 15, 20_000), -179, 179)
    histogram = AngleHistogram()
    for part in np.array_split(angles, 7):
        histogram.add(part)
    found = histogram.percentiles()
    assert found is not None
    expected = np.percentile(angles, (5, 10, 50, 90, 95))
    assert (found.p5, found.p10, found.p50, found.p90, found.p95) == pytest.approx(expected, abs=0.1)
    assert found.max == angles.max()
    assert histogram.frames == 20_000


def test_no_angle_has_no_percentiles():
    histogram = AngleHistogram()
    histogram.add(np.empty(0))
    assert histogram.percentiles() is None


@pytest.mark.parametrize("angle_deg", [-180.0, -0.04, 0.0, 90.0, 179.99, 180.0])
def test_one_angle_is_all_its_percentiles(angle_deg: float):
    histogram = AngleHistogram()
    histogram.add(np.full(5, angle_deg))
    found = histogram.percentiles()
    assert found is not None
    assert (found.p5, found.p50, found.p95) == pytest.approx((angle_deg,) * 3, abs=0.051)


def test_spells_over_pieces_and_gaps():
    spells = Spells()
    beyond = np.array([0, 1, 1, 1, 0, 1, 1, 0, 0, 1], bool)
    spells.add(beyond[:2], no_gaps(2))
    spells.add(beyond[2:], no_gaps(8))
    assert (spells.frames, spells.count, spells.longest_frames) == (6, 3, 3)
    spells.add(np.array([True, True]), np.array([True, False]))  # after a gap: a new spell
    assert (spells.frames, spells.count, spells.longest_frames) == (8, 4, 3)
    spells.add(np.array([True, True]), no_gaps(2))
    assert (spells.frames, spells.count, spells.longest_frames) == (10, 4, 4)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=1, max_size=80), st.integers(1, 80))
def test_spells_against_reading_frame_by_frame(frames: list[tuple[bool, int]], cut: int):
    beyond = np.array([b for b, _ in frames])
    gaps = np.array([g == 0 for _, g in frames])
    spells = Spells()
    for part in (slice(0, cut), slice(cut, None)):
        if len(beyond[part]):
            spells.add(beyond[part], gaps[part])
    lengths: list[int] = []
    for i, (is_beyond, gap) in enumerate(zip(beyond, gaps, strict=True)):
        if is_beyond and i and beyond[i - 1] and not gap:
            lengths[-1] += 1
        elif is_beyond:
            lengths.append(1)
    assert (spells.frames, spells.count, spells.longest_frames) == (sum(lengths), len(lengths), max(lengths, default=0))


def bend(peak_deg: float, seconds: float) -> np.ndarray:
    t = np.linspace(0, np.pi, max(3, round(seconds * 10)))
    return np.concatenate((np.zeros(20), peak_deg * np.sin(t), np.zeros(20)))


@pytest.mark.parametrize(
    ("flexion_deg", "thirty", "sixty"),
    [
        (np.concatenate([bend(45, 4)] * 3), 3, 0),
        (np.concatenate([bend(75, 4), bend(45, 3)]), 2, 1),
        (bend(29, 5), 0, 0),
        (bend(50, 0.6), 0, 0),  # too short
        (np.concatenate((bend(75, 4)[:40], np.full(30, 25.0), bend(75, 4)[40:])), 1, 1),  # never back below 20°
        (np.concatenate((np.full(50, 50.0), np.zeros(20))), 0, 0),  # how it began was not seen
        (bend(75, 4)[:40], 0, 0),  # not back yet
    ],
)
def test_bends(flexion_deg: np.ndarray, thirty: int, sixty: int):
    for limit, expected in ((30.0, thirty), (60.0, sixty)):
        counter = BendCounter(limit, ExposureParams())
        counter.add(flexion_deg, no_gaps(len(flexion_deg)))
        assert counter.count == expected


def test_a_bend_does_not_go_on_over_a_gap():
    flexion = bend(75, 4)
    gaps = no_gaps(len(flexion))
    gaps[40] = True
    counter = BendCounter(30.0, ExposureParams())
    counter.add(flexion, gaps)
    assert counter.count == 0


def test_a_blank_frame_is_in_no_zone():
    counter = ExposureCounter()
    counter.add(np.array([25.0, np.nan, 25.0, 35.0]), no_gaps(4))
    assert [counter.zones[limit].frames for limit in (20.0, 30.0, 45.0)] == [3, 1, 0]
    assert counter.zones[20.0].count == 2
