"""Slips and creeps on paper: told after the next walk, with their size; not told where the wearer only leans."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_motion import LOWER, UPPER
from made_wear import START_S, UPRIGHT, frames, inside, sensor_rows, times
from spinewatch_signal.back_correction import back_corrected
from spinewatch_signal.calibration_result import Calibration
from spinewatch_signal.flexion import frame_from
from spinewatch_signal.marks import HealthKind, HealthMark
from spinewatch_signal.posture import Doubt
from spinewatch_signal.sensor_health import Health, HealthWatch

WALKS = ((60, 100), (300, 340), (600, 640), (900, 940), (1200, 1240))
CALIBRATION = Calibration({"upper": UPRIGHT, "lower": UPRIGHT}, "guided", "good")


def watched(
    tilt_deg: np.ndarray, lower_deg: np.ndarray | None = None, walks: tuple = WALKS, effort: float = 2.0
) -> tuple[HealthWatch, Health, np.ndarray]:
    """The watch after 22 minutes, calibrated from the start, what it said, and the times."""
    t_s = times(22)
    walking, table = inside(t_s, walks), np.zeros(len(t_s), bool)
    sensors = [sensor_rows(t_s, tilt_deg, walking, table, effort)]
    if lower_deg is not None:
        sensors.append(sensor_rows(t_s, lower_deg, walking, table, seed=2))
    watch = HealthWatch([UPPER] if lower_deg is None else [UPPER, LOWER])
    watch.re_zeroed(float("-inf"), CALIBRATION)
    health = watch.update(frames(t_s, walking, *sensors))
    watch.finish()
    return watch, health, t_s


def step(t_s: np.ndarray, at_s: float, deg: float) -> np.ndarray:
    return np.where(t_s >= at_s, deg, 0.0)


def since(seconds: float) -> float:
    return seconds - START_S


@pytest.mark.parametrize("deg", [5.0, -5.0, 20.0])
def test_a_slip_is_told_in_the_next_walk_and_doubted_until_a_re_zero(deg: float) -> None:
    t_s = times(22)
    watch, health, _ = watched(step(t_s, 450, deg))
    (mark,) = watch.marks
    assert (mark.kind, mark.sensor, mark.end_s) == (HealthKind.SLIPPED, "upper", None)
    assert mark.size == pytest.approx(abs(deg), abs=0.4)
    assert since(mark.start_s) == pytest.approx(340, abs=2), "the end of the walk that still confirmed it"
    assert 600 < since(mark.told_s) <= 640 + 60
    doubted = t_s[(health.doubt & Doubt.REFERENCE) != 0]
    assert doubted[0] == pytest.approx(since(mark.told_s), abs=1.2)
    assert doubted[-1] == t_s[-1]
    assert watch.reference_is_uncertain
    watch.re_zeroed(START_S + 1400.0, Calibration({"upper": UPRIGHT}, "guided", "good"))
    assert not watch.reference_is_uncertain
    assert watch.marks[0].end_s == START_S + 1400.0


def test_nothing_moved_nothing_told() -> None:
    t_s = times(22)
    watch, health, _ = watched(1.2 * np.sin(2 * np.pi * t_s / 700))
    assert watch.marks == []
    assert not health.doubt.any()


@pytest.mark.parametrize(("deg", "told"), [(3.7, False), (4.5, True)])
def test_many_walks_before_make_no_lower_limit(deg: float, told: bool) -> None:
    watch, _, _ = watched(step(times(22), 1000, deg))
    assert bool(watch.marks) is told


@pytest.mark.parametrize("odd_until_s", [200, 450], ids=["the first walk", "the first two"])
def test_odd_first_walks_are_no_slip_of_all_later_ones(odd_until_s: float) -> None:
    t_s = times(22)
    watch, health, _ = watched(8.0 - step(t_s, odd_until_s, 8.0))
    assert watch.marks == []
    assert not health.doubt.any()


@pytest.mark.parametrize("lean_deg", [0.0, 3.0])
@pytest.mark.parametrize("deg", [5.0, -5.0])
def test_a_slip_after_the_second_walk_is_told_although_few_were_before(lean_deg: float, deg: float) -> None:
    watch, _, _ = watched(lean_deg + step(times(22), 450, deg))
    assert [mark.kind for mark in watch.marks] == [HealthKind.SLIPPED]


def test_a_slip_after_odd_first_walks_is_told() -> None:
    t_s = times(22)
    watch, _, _ = watched(8.0 - step(t_s, 200, 8.0) + step(t_s, 800, 5.0))
    (mark,) = watch.marks
    assert mark.size == pytest.approx(5.0, abs=0.4)
    assert since(mark.start_s) == pytest.approx(640, abs=2)


def test_a_ride_on_a_bicycle_before_any_walk_is_nothing_to_compare_walks_with() -> None:
    t_s = times(22)
    watch, health, _ = watched(40.0 - step(t_s, 200, 40.0))
    assert watch.marks == []
    assert not health.doubt.any()


def test_a_slow_creep_is_told_as_one() -> None:
    t_s = times(22)
    watch, _, _ = watched(np.clip((t_s - 200) / 60, 0, None) * 0.5)  # half a degree a minute: 30°/h
    (mark,) = watch.marks
    assert mark.kind is HealthKind.CREPT
    assert mark.size is not None
    assert mark.size > 4


def test_a_pair_that_leans_has_not_slipped_but_one_of_it_may() -> None:
    t_s = times(22)
    both = step(t_s, 450, 8.0)
    assert watched(both, both)[0].marks == []
    watch, _, _ = watched(both, np.zeros(len(t_s)))
    assert [mark.sensor for mark in watch.marks] == ["upper"]


def test_a_lean_that_ends_was_no_slip() -> None:
    t_s = times(22)
    watch, health, _ = watched(step(t_s, 450, 8.0) - step(t_s, 700, 8.0))
    (mark,) = watch.marks
    assert mark.end_s is not None, "the walks at 900 and 1200 s are as before"
    assert not watch.reference_is_uncertain
    assert not health.doubt[-100:].any()
    assert watch.in_hindsight() == []


@pytest.mark.parametrize("walks", [WALKS[:2], (*WALKS[:2], (600, 612))], ids=["none follows", "a flight of stairs"])
def test_without_a_walk_that_lasts_nothing_can_be_told(walks: tuple) -> None:
    t_s = times(22)
    assert watched(step(t_s, 450, 8.0), walks=walks)[0].marks == []


def re_zeroed_leaning(deg: float) -> list[HealthMark]:
    """Marks of an unslipped sensor after a re-zero that leans forward by `deg`."""
    watch, _, _ = watched(np.zeros(13200))
    lean = np.radians(deg)
    frame = frame_from(np.array([-np.sin(lean), 0.0, np.cos(lean)]), np.array([0.0, 1.0, 0.0]))
    watch.re_zeroed(START_S + 1300.0, Calibration({"upper": frame}, "guided", "good"))
    return watch.marks


def test_who_stands_a_little_differently_at_a_re_zero_has_no_slip() -> None:
    assert re_zeroed_leaning(5.5) == []


def test_a_re_zero_shows_a_slip_too() -> None:
    (mark,) = re_zeroed_leaning(6.5)
    assert (mark.kind, mark.end_s) == (HealthKind.SLIPPED, START_S + 1300.0)
    assert mark.size == pytest.approx(6.5, abs=1e-6)
    assert since(mark.start_s) == pytest.approx(1240, abs=2)


def test_a_slip_is_turned_back_in_a_layer_of_its_own() -> None:
    t_s = times(22)
    watch, _, _ = watched(step(t_s, 450, 6.0))
    lean = np.radians(10.0 + step(t_s, 450, 6.0))
    up = np.column_stack((-np.sin(lean), np.zeros(len(t_s)), np.cos(lean)))
    layer = back_corrected(START_S + t_s, up, watch.marks[0], watch.walks, 0)
    assert layer is not None
    told = np.degrees(np.arctan2(-layer.up[:, 0], layer.up[:, 2]))
    assert told[t_s > 640] == pytest.approx(10.0, abs=0.4)
    assert layer.uncertainty_deg[t_s > 640].max() < 1.5
    between = (t_s > 345) & (t_s < 590)
    assert not layer.corrected[between].any(), "nobody knows when it slipped"
    assert layer.uncertainty_deg[between].min() > 5.5
    assert not layer.uncertainty_deg[t_s < 335].any()


def test_a_creep_is_turned_back_along_its_way() -> None:
    t_s = times(22)
    crept = np.clip((t_s - 340) / 100, 0, None)
    watch, _, _ = watched(crept)
    up = np.column_stack((-np.sin(np.radians(crept)), np.zeros(len(t_s)), np.cos(np.radians(crept))))
    mark = replace(watch.marks[0], kind=HealthKind.CREPT)  # so fast a creep is first told as a slip
    layer = back_corrected(START_S + t_s, up, mark, watch.walks, 0)
    assert layer is not None
    left = np.degrees(np.arctan2(-layer.up[:, 0], layer.up[:, 2]))
    assert np.abs(left[(t_s > 645) & (t_s < 1240)]).max() < 0.6
    assert left[t_s < 635] == pytest.approx(crept[t_s < 635], abs=1e-6), "what was still confirmed is left alone"
    assert layer.uncertainty_deg[t_s > 645].max() < 3.0
    assert back_corrected(START_S + t_s, up, mark, (), 0) is None


@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(0, 1250), st.integers(10, 120)), max_size=6),
    st.lists(st.tuples(st.integers(0, 1300), st.floats(-12, 12)), max_size=3),
    st.integers(1, 13_199),
)
def test_whatever_happens_marks_are_in_order_and_chunks_do_not_matter(
    walks: list[tuple[int, int]], slips: list[tuple[int, float]], cut: int
) -> None:
    t_s = times(22)
    walking = inside(t_s, [(start, start + length) for start, length in walks])
    tilt = np.sum([step(t_s, at, deg) for at, deg in slips], axis=0) + np.zeros(len(t_s))
    data = frames(t_s, walking, sensor_rows(t_s, tilt, walking, np.zeros(len(t_s), bool)))
    whole, parts = HealthWatch([UPPER]), HealthWatch([UPPER])
    expected = whole.update(data)
    found = [parts.update(data[:cut]), parts.update(data[cut:])]
    for watch in (whole, parts):
        watch.finish()
    assert whole.marks == parts.marks
    assert np.array_equal(expected.doubt, np.concatenate([part.doubt for part in found]))
    for mark in whole.marks:
        check(mark)


def check(mark: HealthMark) -> None:
    assert mark.start_s <= mark.told_s
    assert mark.end_s is None or mark.end_s >= mark.start_s
