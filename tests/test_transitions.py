"""Sitting down and getting up on made signals whose answer stands on paper."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_rises import Wearer
from spinewatch_signal.marks import Direction, Transition
from spinewatch_signal.samples import Site
from spinewatch_signal.transition_signs import kernel
from spinewatch_signal.transitions import SeenTransition, TransitionDetector, TransitionParams
from step_cases_posture import rises

UP, DOWN = Direction.SIT_TO_STAND, Direction.STAND_TO_SIT


def found(wearer: Wearer, site: Site = Site.PELVIS, **errors: float) -> list[Transition]:
    detector = TransitionDetector(site=site)
    detector.update(*wearer.rows(**errors).columns)
    detector.finish()
    return detector.found


def told(wearer: Wearer, site: Site = Site.PELVIS, **errors: float) -> list[tuple[Direction, float]]:
    return [(t.direction, round(t.middle_s - wearer.s(0), 1)) for t in found(wearer, site, **errors)]


@pytest.mark.parametrize("over_s", [1.3, 2.0, 3.0])
@pytest.mark.parametrize("height_m", [0.3, 0.45])
@pytest.mark.parametrize(("site", "lever_m"), [(Site.PELVIS, 0.1), (Site.T12, 0.25), (Site.UPPER_BACK, 0.5)])
def test_down_and_up_again(over_s: float, height_m: float, site: Site, lever_m: float):
    wearer = Wearer(40, lever_m).gets_up(8, over_s, -height_m).gets_up(25, over_s, height_m)
    first, second = found(wearer, site)
    assert (first.direction, second.direction) == (DOWN, UP)
    assert first.middle_s == pytest.approx(wearer.s(8 + 0.55 * over_s), abs=0.6)
    assert second.middle_s == pytest.approx(wearer.s(25 + 0.55 * over_s), abs=0.6)
    assert min(first.probability, second.probability) > 0.8


@pytest.mark.parametrize("scale", [0.95, 1.0, 1.05])
@pytest.mark.parametrize("offset", [-0.5, 0.0, 0.5])
def test_errors_of_the_accelerometer_do_not_matter(scale: float, offset: float):
    wearer = Wearer(40).gets_up(8, 2.0, -0.4).gets_up(25)
    directions = [direction for direction, _ in told(wearer, scale=scale, lying_offset_m_s2=offset)]
    assert directions == [DOWN, UP]


@pytest.mark.parametrize("bend_deg", [20.0, 60.0, 100.0])
@pytest.mark.parametrize("squat_m", [0.0, 0.2, 0.45])
@pytest.mark.parametrize("over_s", [1.8, 3.0, 5.0])
def test_picking_up_is_neither(bend_deg: float, squat_m: float, over_s: float):
    assert told(Wearer(30).picks_up(10, over_s, squat_m, bend_deg)) == []


@pytest.mark.parametrize("bend_deg", [30.0, 80.0])
def test_bending_seen_from_the_upper_back_is_neither(bend_deg: float):
    assert told(Wearer(30, lever_m=0.5).picks_up(10, 2.5, 0.1, bend_deg), Site.UPPER_BACK) == []


def test_walking_is_neither():
    assert told(Wearer(60).steps(10, 30).steps(40, 45)) == []


@pytest.mark.parametrize("climb_m_s", [0.3, -0.35])
def test_stairs_are_neither(climb_m_s: float):
    assert told(Wearer(40).steps(10, 25, climb_m_s)) == []


def test_up_and_off_and_back_to_the_chair():
    wearer = Wearer(60).gets_up(10).steps(12.5, 40).gets_up(42, height_m=-0.4)
    assert [direction for direction, _ in told(wearer)] == [UP, DOWN]


def test_a_lift_with_nobody_leaning_is_neither():
    assert told(Wearer(30).gets_up(10, 6.0, 3.0, lean_deg=0)) == []


def test_who_lies_down_does_not_sit_down():
    wearer = Wearer(40).gets_up(10, 4.0, -0.5, lean_deg=10)
    wearer.flexion_deg -= 85 * np.clip((wearer.t_s - 11) / 3, 0, 1)
    assert told(wearer) == []


def test_shifting_on_the_seat_is_neither():
    wearer = Wearer(40)
    for at_s in (8, 15, 22):
        wearer.gets_up(at_s, 1.5, 0.03).gets_up(at_s + 2, 1.5, -0.03)
    assert told(wearer) == []


def test_a_rapid_series_is_counted():
    wearer = Wearer(30)
    for i in range(5):
        wearer.gets_up(8 + 2.4 * i, 1.2).gets_up(9.2 + 2.4 * i, 1.2, -0.4)
    assert [direction for direction, _ in told(wearer)] == [UP, DOWN] * 5


def test_nothing_spans_a_gap():
    rows = Wearer(30).gets_up(10).rows()
    detector = TransitionDetector(site=Site.PELVIS)
    detector.update(*rows[np.abs(np.arange(len(rows)) - 112) > 2].columns)
    assert [*detector.finish(), *detector.found] == []


def test_known_within_two_seconds_and_a_half_of_its_end():
    rows = Wearer(30).gets_up(10).rows()
    (seen,) = TransitionDetector(site=Site.PELVIS).update(*rows.columns)
    assert 0 < seen.known_k / 10 - seen.transition.end_s < 2.5


def test_the_kernel_gives_the_speed_of_a_matched_rise_and_no_constant():
    weights = kernel(1.2)
    t_s = np.arange(-12, 13) / 10
    acceleration = np.gradient(0.5 * (1 + np.cos(np.pi * t_s / 1.2)), 0.1)
    assert weights @ acceleration == pytest.approx(1.0, abs=0.03)
    assert weights @ np.ones(25) == pytest.approx(0.0, abs=1e-12)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(st.integers(1, 120), min_size=1, max_size=12), st.integers(0, 40))
def test_any_chunks_say_the_same_at_the_same_row(sizes: list[int], first: int):
    rows = rises()[first:]
    whole = TransitionDetector(TransitionParams(), Site.PELVIS)
    expected = [*whole.update(*rows.columns), *whole.finish()]
    pieces, seen, at = TransitionDetector(TransitionParams(), Site.PELVIS), list[SeenTransition](), 0
    while at < len(rows):
        for size in sizes:
            new = pieces.update(*rows[at : at + size].columns)
            assert all(s.known_k <= rows.k[min(at + size, len(rows)) - 1] for s in new)
            seen += new
            at += size
    assert [*seen, *pieces.finish()] == expected
    assert len(expected) >= 8
