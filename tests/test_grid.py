"""Samples to grid points: values, bins, and where nothing may come out."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinewatch_signal.grid import GridRows, Resampler, last_grid_index
from spinewatch_signal.up_vectors import UpBatch

START_S = 1_700_000_000.0


def batch(t_s: np.ndarray, tilt_deg: np.ndarray | None = None, segment: np.ndarray | None = None) -> UpBatch:
    """A vertical that tilts forward by `tilt_deg`, with |a| = 1, 2, 3, …"""
    n = len(t_s)
    tilt = np.radians(np.zeros(n) if tilt_deg is None else tilt_deg)
    up = np.column_stack((-np.sin(tilt), np.zeros(n), np.cos(tilt)))
    numbers = np.zeros(n, np.int64) if segment is None else segment
    count = 1.0 + np.arange(n)
    return UpBatch("s", START_S + t_s, up, count, count, np.zeros(n), np.full(n, 2.0), numbers)


def since(rows: GridRows) -> list[float]:
    return np.round(rows.t_s - START_S, 6).tolist()


def tilt_of(rows: GridRows) -> np.ndarray:
    return np.degrees(np.arctan2(-rows.up[:, 0], rows.up[:, 2]))


def test_a_value_lies_between_its_neighbours():
    rows = Resampler().update(batch(np.array([0.02, 0.08, 0.12, 0.18, 0.22]), np.array([2.0, 8, 12, 18, 22])))
    assert since(rows) == [0.1, 0.2]
    assert tilt_of(rows) == pytest.approx([10, 20], abs=1e-4)
    assert np.linalg.norm(rows.up, axis=1) == pytest.approx([1, 1], abs=1e-12)


def test_bins_end_at_their_grid_point():
    rows = Resampler().update(batch(np.array([0.0, 0.05, 0.1, 0.15, 0.2, 0.25])))
    assert since(rows) == [0.1, 0.2]
    assert rows.acc_n.tolist() == [2, 2]
    assert rows.acc_sum.tolist() == [2 + 3, 4 + 5]
    assert rows.acc_squares.tolist() == [4 + 9, 16 + 25]


def test_a_slow_sensor_fills_the_grid_and_leaves_bins_empty():
    rows = Resampler().update(batch(np.array([0.05, 0.29, 0.53]), np.array([5.0, 29, 53])))
    assert since(rows) == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert tilt_of(rows) == pytest.approx([10, 20, 30, 40, 50], abs=0.3)
    assert rows.acc_n.tolist() == [1, 0, 1, 0, 0]


@pytest.mark.parametrize(("step_s", "expected"), [(0.24, [0.1, 0.2, 0.3]), (0.26, [0.1])])
def test_nothing_comes_out_in_a_gap(step_s: float, expected: list[float]):
    assert since(Resampler().update(batch(np.array([0.06, 0.11, 0.11 + step_s])))) == expected


def test_nothing_comes_out_between_segments():
    rows = Resampler().update(batch(np.arange(0.03, 0.5, 0.04), segment=np.array([0] * 5 + [1] * 7)))
    assert 0.2 not in since(rows)
    assert since(rows) == [0.1, 0.3, 0.4]


def test_a_gap_of_a_year_costs_nothing():
    assert since(Resampler().update(batch(np.array([0.06, 0.12, 3.2e7, 3.2e7 + 0.12])))) == [0.1, 3.2e7 + 0.1]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(0, 4 * 10**10), st.sampled_from([0.0, 1e-7, -1e-7, 3e-7, 0.05]))
def test_the_last_grid_point_is_not_after_the_time(k: int, off_s: float):
    t_s = np.array([k / 10 + off_s])
    found = int(last_grid_index(t_s)[0])
    assert found / 10 <= t_s[0] < (found + 1) / 10


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.floats(3, 300))
def test_uneven_sampling_in_any_pieces(seed: int, rate_hz: float):
    rng = np.random.default_rng(seed)
    t_s = np.cumsum(rng.exponential(1 / rate_hz, 400) + 1e-4)
    samples = batch(t_s, rng.normal(0, 20, 400), np.cumsum(rng.random(400) < 0.01))
    whole, resampler = Resampler().update(samples), Resampler()
    cuts = [0, *np.sort(rng.integers(0, 400, 12)).tolist(), 400]
    parts = [resampler.update(samples[a:b]) for a, b in pairwise(cuts)]
    for name in GridRows.__slots__:
        pieces = np.concatenate([getattr(part, name) for part in parts])
        np.testing.assert_array_equal(pieces, getattr(whole, name), err_msg=name)
    assert (np.diff(whole.k) > 0).all()


def forces(t_s: np.ndarray, force: np.ndarray, segment: np.ndarray | None = None) -> UpBatch:
    """Samples with a force along the vertical."""
    plain = batch(t_s, segment=segment)
    return UpBatch("s", plain.t_s, plain.up, force, force, plain.gyr_norm, plain.sensor_uncertainty_deg, plain.segment)


def test_the_vertical_force_lies_at_whole_multiples_of_20_ms():
    t_s = np.array([0.0, 0.05, 0.1, 0.15, 0.2])
    rows = Resampler().update(forces(t_s, 100 * t_s))
    assert since(rows) == [0.1, 0.2]
    expected = np.array([[2, 4, 6, 8, 10], [12, 14, 16, 18, 20]])
    np.testing.assert_allclose(rows.acc_up, expected, atol=1e-4)  # UNIX seconds are known to 0.2 µs


def test_no_force_is_told_in_holes_and_between_segments():
    t_s = np.array([0.05, 0.10, 0.15, 0.45, 0.50, 0.55, 0.60])
    rows = Resampler().update(forces(t_s, 100 * t_s, np.array([0, 0, 0, 0, 0, 1, 1])))
    assert since(rows) == [0.1, 0.5, 0.6]
    told = np.isfinite(rows.acc_up)
    assert told[0].tolist() == [False, False, True, True, True]  # nothing before the first sample
    assert told[1].tolist() == [False, False, True, True, True]  # 0.42 and 0.44 lie in the hole
    assert told[2].tolist() == [False, False, True, True, True]  # 0.52 and 0.54 lie between the segments


@pytest.mark.parametrize("size", [1, 7, 50])
def test_the_force_is_the_same_in_any_pieces(size: int):
    rng = np.random.default_rng(5)
    t_s = np.cumsum(rng.exponential(0.03, 300))
    samples = forces(t_s, rng.normal(9.8, 1, 300), np.cumsum(rng.random(300) < 0.02))
    resampler = Resampler()
    parts = [resampler.update(samples[i : i + size]).acc_up for i in range(0, 300, size)]
    np.testing.assert_array_equal(np.concatenate(parts), Resampler().update(samples).acc_up)
