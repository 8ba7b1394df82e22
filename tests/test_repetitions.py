"""Repetitions: made movements with a known count, then people who did each bend three times."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_imu import bends
from score.sets_trunkyxl import sessions
from spinewatch_signal.flexion import angles_deg
from spinewatch_signal.offline_analysis import analyze_offline
from spinewatch_signal.repetitions import Repetition, RepetitionParams, by_direction, count_repetitions
from spinewatch_signal.samples import Floats

T_S = 1.7e9 + np.arange(900) / 10


def counted(angle_deg: Floats, **others: Floats) -> list[Repetition]:
    return count_repetitions(T_S, angle_deg, **others)


@pytest.mark.parametrize("n", [1, 2, 3, 10])
@pytest.mark.parametrize("size_deg", [10.0, 40.0, 100.0])
def test_bends_are_counted(n: int, size_deg: float):
    found = counted(bends(T_S - T_S[0], 5.0, n, size_deg))
    assert len(found) == n
    assert found[0].peak_s == pytest.approx(T_S[0] + 8.0, abs=0.1)
    assert all(r.peak_deg == pytest.approx(size_deg, rel=0.01) for r in found)
    assert all(r.end_s - r.start_s == pytest.approx(4.8, abs=0.3) for r in found)
    assert all(a.end_s <= b.start_s for a, b in pairwise(found))


def test_sway_and_small_movements_beside_large_ones_are_none():
    t_s = T_S - T_S[0]
    sway = 3.0 * np.sin(2 * np.pi * 0.4 * t_s)
    assert counted(sway) == []
    assert len(counted(bends(t_s, 5.0, 4) + sway + bends(t_s, 50.0, 3, 15.0))) == 4


def test_trembling_at_the_peak_makes_no_second_repetition():
    t_s = T_S - T_S[0]
    trembling = bends(t_s, 5.0, 4, 60.0, 12.0)
    trembling += np.where(trembling > 50, 6.0 * np.sin(2 * np.pi * 1.5 * t_s), 0.0)
    assert len(counted(trembling)) == 4


def test_of_two_peaks_that_follow_too_fast_one_counts():
    t_s = T_S - T_S[0]
    angle = bends(t_s, 5.0, 6) + bends(t_s, 40.4, 1, 40.0, 2.0)
    assert len(counted(angle)) == 6


def test_nothing_spans_a_gap_nor_an_unknown_angle():
    t_s = T_S - T_S[0]
    angle = bends(t_s, 5.0, 4)
    kept = (t_s < 8) | (t_s > 14)
    assert len(count_repetitions(T_S[kept], angle[kept])) == 4  # the halves of the first two bends, and two whole ones
    assert [r.end_s - r.start_s > 4 for r in count_repetitions(T_S[kept], angle[kept])] == [False, False, True, True]
    angle[(t_s > 17) & (t_s < 23)] = np.nan
    assert len(counted(angle)) == 3


def test_what_is_larger_in_the_other_plane_is_another_movement():
    t_s = T_S - T_S[0]
    forward, right = bends(t_s, 5.0, 3), bends(t_s, 40.0, 3, 50.0)
    crosstalk = 0.6 * right
    assert len(counted(forward + crosstalk)) == 6
    assert len(counted(forward + crosstalk, across_deg=right)) == 3


def test_nothing_is_counted_in_nothing():
    assert count_repetitions(np.empty(0), np.empty(0)) == []
    assert counted(np.full(900, np.nan)) == []
    assert counted(np.zeros(900)) == []


@settings(max_examples=30, deadline=None, derandomize=True)
@given(n=st.integers(2, 8), size=st.floats(20, 90), noise=st.floats(0, 1.5), seed=st.integers(0, 99))
def test_noise_changes_no_count(n: int, size: float, noise: float, seed: int):
    angle = bends(T_S - T_S[0], 5.0, n, size) + noise * np.random.default_rng(seed).standard_normal(900)
    assert len(counted(angle)) == n


def test_directions_are_the_inclination_split():
    rng = np.random.default_rng(1)
    up = rng.standard_normal((500, 3)) + np.array([0.0, 0.0, 1.0])
    up /= np.linalg.norm(up, axis=1)[:, np.newaxis]
    up = up[np.abs(up[:, 1]) < 0.97]  # flexion is blank beyond
    flexion, lateral, inclination = angles_deg(up)
    forward, right = by_direction(flexion, lateral)
    np.testing.assert_allclose(np.hypot(forward, right), inclination, atol=1e-6)
    np.testing.assert_allclose(by_direction(np.array([30.0]), np.zeros(1))[0], 30.0)
    np.testing.assert_allclose(by_direction(np.zeros(1), np.array([-40.0]))[1], -40.0)


def test_params_have_the_shares_of_the_literature():
    assert RepetitionParams().share == 0.4
    assert RepetitionParams().refractory == 0.6


@pytest.mark.parametrize("person", ["807_pp02", "807_pp12"])
def test_three_bends_of_real_people_are_three_in_every_direction(real_data: Path, person: str):
    """One of them leans so far sideways that flexion alone would show six."""
    whole = [s for s in sessions(real_data, only_trials=True, units=(1,)) if s.person == person]
    session = next(s for s in whole if s.role == "trial 2")
    sensor = session.sensors[1]
    frames = analyze_offline({sensor.info.id: sensor.samples}, [sensor.info]).frames
    forward, right = by_direction(frames.flexion_deg, frames.lateral_deg)
    for angle, across in ((forward, right), (-forward, right), (right, forward), (-right, forward)):
        assert len(count_repetitions(frames.t_s, angle, across_deg=across)) == 3


def humps(peaks_deg: list[float], rest_deg: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """One hump of 4 s every 5 s, from `rest_deg` and back to it."""
    t_s = np.arange(0.0, 5.0 * len(peaks_deg) + 3.0, 0.1)
    angle = np.full(len(t_s), rest_deg)
    for i, peak_deg in enumerate(peaks_deg):
        off = np.clip((t_s - 3.0 - 5.0 * i) / 4.0, -0.5, 0.5)
        angle += peak_deg * np.cos(np.pi * off) ** 2
    return t_s, angle


def test_who_does_not_quite_come_back_is_counted_from_turn_to_turn() -> None:
    t_s, angle = humps([60.0] * 10, rest_deg=20.0)
    found = count_repetitions(t_s, angle)
    assert len(found) == 10
    assert all(a.end_s <= b.start_s + 0.5 for a, b in pairwise(found))


def test_one_large_movement_before_a_set_does_not_hide_it() -> None:
    assert len(count_repetitions(*humps([120.0] + [45.0] * 9))) == 9
    assert len(count_repetitions(*humps([60.0, 6.0, 6.0, 6.0, 6.0]))) == 1, "sway beside one repetition"
