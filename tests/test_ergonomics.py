"""Static holding, zones of working posture, exposure variation and angular speed: days with an answer on paper."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinewatch_signal.angular_speed import SpeedCounter, angle_between_deg
from spinewatch_signal.ergonomics import HoldingCounter, HoldingParams, HoldingUse, ZoneCounter
from spinewatch_signal.eva import EvaCounter
from spinewatch_signal.tallies import Entries, Spells


def held(*stretches: tuple[float, float]) -> np.ndarray:
    """Seconds and degrees, one stretch after the other, at 10 Hz."""
    return np.concatenate([np.full(round(seconds * 10), degrees) for seconds, degrees in stretches])


def no_gaps(n: int) -> np.ndarray:
    return np.zeros(n, bool)


def use_of(flexion_deg: np.ndarray, still: np.ndarray | None = None, gaps: np.ndarray | None = None) -> HoldingUse:
    counter, n = HoldingCounter(), len(flexion_deg)
    counter.add(flexion_deg, np.ones(n, bool) if still is None else still, no_gaps(n) if gaps is None else gaps)
    return counter.result


# -- ISO 11226 -------------------------------------------------------------------------------------------------------


def test_the_longest_holding_falls_from_four_minutes_to_one():
    angles = np.array([0, 20, 20.001, 30, 40, 60, 85])
    assert HoldingParams().longest_s(angles) == pytest.approx([np.inf, np.inf, 240, 195, 150, 60, 60], rel=1e-4)


def test_two_minutes_at_forty_degrees_use_most_of_the_holding_time():
    # The first half second of each spell is not known to be held: 119.5 s of 150 s.
    found = use_of(held((60, 5), (120, 40), (60, 5)))
    assert (found.spells, found.static_s, found.beyond_s) == (1, 119.5, 0)
    assert found.use == found.largest == pytest.approx(119.5 / 150, abs=1e-6)


def test_spells_add_up_and_the_largest_is_told():
    found = use_of(held((9, 5), (60.5, 30), (9, 5), (30.5, 70), (9, 5)))
    assert found.use == pytest.approx(60 / 195 + 30 / 60, abs=1e-6)
    assert found.largest == pytest.approx(30 / 60, abs=1e-6)
    assert (found.spells, found.beyond_s) == (2, 30)


@pytest.mark.parametrize(("seconds", "spells"), [(4.5, 0), (4.6, 1)])
def test_four_seconds_are_not_static_yet(seconds: float, spells: int):
    assert use_of(held((9, 5), (seconds, 40), (9, 5))).spells == spells


def test_who_moves_walks_or_bends_slowly_holds_nothing():
    bent = held((60, 40))
    assert use_of(bent, still=np.zeros(600, bool)).use == 0
    assert use_of(20 + np.linspace(0, 60, 100)).use == 0  # 6 °/s all the time
    assert use_of(held((300, 19.9))).use == 0


def test_a_gap_ends_a_spell():
    gaps = no_gaps(600)
    gaps[300] = True
    found = use_of(held((60, 40)), gaps=gaps)
    assert (found.spells, found.static_s) == (2, 59.0)


# -- EN 1005-4 -------------------------------------------------------------------------------------------------------


def test_time_per_zone():
    flexion = held((10, -5), (20, 10), (30, 25), (5, 70), (5, np.nan))
    lateral = held((10, 0), (20, -12), (30, 25), (5, 0), (5, 0))
    counter = ZoneCounter()
    counter.add(np.arange(700), flexion, lateral, no_gaps(700))
    assert counter.result.forward_s == {"<0": 10, "0-20": 20, "20-60": 30, ">60": 5}
    assert counter.result.lateral_s == {"0-10": 15, "10-20": 20, ">20": 30}


def test_minutes_in_which_a_zone_was_entered_twice():
    bend = held((2, 0), (2, 30))
    flexion = np.concatenate((np.tile(bend, 3), held((48, 0)), bend, held((56, 0)), held((2, 0), (58, 30))))
    counter = ZoneCounter()
    counter.add(600 * 1000 + np.arange(len(flexion)), flexion, np.zeros(len(flexion)), no_gaps(len(flexion)))
    assert counter.result.frequent_min == {">20": 1, ">60": 0, "lateral >10": 0, "lateral >20": 0}


def test_swaying_at_a_limit_is_no_movement_into_a_zone():
    sway = 20 + 3 * np.sin(np.arange(600) / 5)
    counter = ZoneCounter()
    counter.add(np.arange(600), sway, np.zeros(600), no_gaps(600))
    assert counter.result.frequent_min[">20"] == 0


def entered(values: list[float], gaps: list[int]) -> list[int]:
    """Read frame by frame."""
    found, state = [], "unseen"
    for i, value in enumerate(values):
        if np.isnan(value) or (i in gaps and value >= 15):
            state = "unseen"
        elif value < 15:
            state = "out"
        elif value >= 20 and state != "in":
            found += [i] if state == "out" else []
            state = "in" if state == "out" else state
    return found


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from([5.0, 17.0, 25.0, float("nan")]), min_size=1, max_size=60),
    st.sets(st.integers(0, 59)),
    st.integers(0, 60),
)
def test_entries_against_reading_frame_by_frame(values: list[float], gaps: set[int], cut: int):
    after_gap = np.array([i in gaps for i in range(len(values))])
    angles, entries = np.array(values), Entries(20, 15)
    found = [
        *entries.find(angles[:cut], after_gap[:cut]),
        *(min(cut, len(values)) + entries.find(angles[cut:], after_gap[cut:])),
    ]
    assert found == entered(values, sorted(gaps))


# -- exposure variation ----------------------------------------------------------------------------------------------


def test_the_table_of_a_known_day():
    counter = EvaCounter()
    flexion = held((40, 10), (5, 30), (2, 10), (3, 70), (10, 10), (20, -3))
    counter.add(flexion[:333], no_gaps(333))
    counter.add(flexion[333:], no_gaps(len(flexion) - 333))
    table = counter.result
    assert table.amplitudes == ("<0", "0-20", "20-45", "45-60", ">60")
    assert table.durations == ("0-1", "1-3", "3-7", "7-15", "15-31", ">31")
    assert np.array(table.percent) == pytest.approx(
        np.array(
            [
                [0, 0, 0, 0, 25, 0],
                [0, 2.5, 0, 12.5, 0, 50],
                [0, 0, 6.25, 0, 0, 0],
                [0, 0, 0, 0, 0, 0],
                [0, 3.75, 0, 0, 0, 0],
            ]
        )
    )


def test_a_gap_or_a_blank_ends_a_stretch():
    flexion = held((10, 10), (1, np.nan), (10, 10), (20, 10))
    gaps = no_gaps(len(flexion))
    gaps[210] = True
    counter = EvaCounter()
    counter.add(flexion, gaps)
    assert counter.result.percent[1] == pytest.approx((0, 0, 0, 50, 50, 0))


def test_nothing_measured_has_an_empty_table():
    assert np.array(EvaCounter().result.percent).sum() == 0


# -- angular speed ---------------------------------------------------------------------------------------------------


def test_a_pure_bend_has_the_same_speed_by_both_definitions():
    counter = SpeedCounter()
    counter.add(np.arange(0, 60, 3.0), np.zeros(20), no_gaps(20))
    for histogram in (counter.flexion, counter.generalised):
        found = histogram.percentiles()
        assert found is not None
        assert (histogram.frames, found.p50) == (19, pytest.approx(30, abs=0.3))


def test_a_pure_side_bend_has_no_flexion_speed():
    counter = SpeedCounter()
    counter.add(np.zeros(20), np.arange(0, 60, 3.0), no_gaps(20))
    flexion, generalised = counter.flexion.percentiles(), counter.generalised.percentiles()
    assert flexion is not None
    assert generalised is not None
    assert flexion.p99 < 0.5
    assert generalised.p50 == pytest.approx(30, abs=0.3)


def test_no_speed_spans_a_gap_or_a_blank():
    counter = SpeedCounter()
    counter.add(np.array([0.0, 1, 50, 51]), np.zeros(4), np.array([False, False, True, False]))
    counter.add(np.array([np.nan, 90, 91]), np.zeros(3), no_gaps(3))
    assert (counter.flexion.frames, counter.flexion.percentiles().max) == (3, pytest.approx(10))  # type: ignore[union-attr]


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-89, 89)), min_size=2, max_size=20))
def test_the_angle_between_verticals_is_that_of_the_vectors(angles: list[tuple[float, float]]):
    flexion, lateral = np.radians(np.array(angles)).T
    up = np.stack((-np.sin(flexion) * np.cos(lateral), np.sin(lateral), np.cos(flexion) * np.cos(lateral)), axis=1)
    cosine = np.clip((up[1:] * up[:-1]).sum(axis=1), -1, 1)
    found = angle_between_deg(np.degrees(flexion), np.degrees(lateral))
    assert found == pytest.approx(np.degrees(np.arccos(cosine)), abs=2e-5)


def test_spells_know_their_number():
    spells = Spells()
    spells.add(held((1, 1), (1, 0), (2, 1)) > 0, no_gaps(40))
    assert (spells.frames, spells.count, spells.longest_frames) == (30, 2, 20)
