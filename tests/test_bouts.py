"""Sitting bouts and breaks, in stories told minute by minute."""

from __future__ import annotations

import numpy as np
import pytest

from spinewatch_signal.bouts import BoutTracker, half_accrued_s
from spinewatch_signal.posture import Activity

START_K = 17_000_000_001
SIT, STAND, WALK, UP, MOVE, LIE = (
    Activity.SITTING,
    Activity.STANDING,
    Activity.WALKING,
    Activity.UPRIGHT,
    Activity.MOVING,
    Activity.LYING,
)
Minutes = tuple[float, Activity | None]


def track(*story: Minutes) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Bouts and breaks in minutes since the start; None is a hole in the data."""
    tracker, k = BoutTracker(), START_K
    for minutes, activity in story:
        n = round(minutes * 600)
        if activity is not None:
            tracker.update(np.arange(k, k + n), np.full(n, activity, np.uint8))
        k += n
    return minutes_of(tracker.all_bouts), minutes_of(tracker.all_breaks)


def minutes_of(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    first = (START_K - 1) / 10
    return [(round((a - first) / 60, 3), round((b - first) / 60, 3)) for a, b in spans]


def test_a_break_lies_between_two_bouts():
    assert track((30, SIT), (2, STAND), (1, WALK), (20, SIT)) == ([(0, 30), (33, 53)], [(30, 33)])


@pytest.mark.parametrize("activity", [STAND, WALK, UP, MOVE, LIE, None])
def test_less_than_a_minute_does_not_end_a_bout(activity: Activity | None):
    assert track((10, SIT), (0.99, activity), (10, SIT)) == ([(0, 20.99)], [])


def test_a_minute_ends_it():
    assert track((10, SIT), (1, STAND), (10, SIT)) == ([(0, 10), (11, 21)], [(10, 11)])


@pytest.mark.parametrize("activity", [UP, MOVE, LIE, None])
def test_without_standing_or_walking_it_is_no_break(activity: Activity | None):
    assert track((10, SIT), (5, activity), (10, SIT)) == ([(0, 10), (15, 25)], [])


def test_standing_and_walking_add_up_in_one_interruption():
    story = ((10, SIT), (0.5, STAND), (0.3, MOVE), (0.5, WALK), (10, SIT))
    assert track(*story) == ([(0, 10), (11.3, 21.3)], [(10, 11.3)])


KNEEL = (9.9 / 60, SIT)


def test_a_few_seconds_on_the_knees_are_no_bout_and_end_no_break():
    assert track((1, STAND), KNEEL, (1, STAND)) == ([], [])
    assert track((10, SIT), (0.5, STAND), KNEEL, (0.5, WALK), (10, SIT)) == (
        [(0, 10), (11.165, 21.165)],
        [(10, 11.165)],
    )
    assert track((10, SIT), (0.9, STAND), KNEEL, (0.9, STAND)) == ([(0, 10)], [(10, 11.965)])


def test_ten_seconds_are_a_bout():
    assert track((1, STAND), (10 / 60, SIT), (1, STAND)) == ([(1, 1.167)], [(1.167, 2.167)])


def test_who_sits_restlessly_sits_from_the_first_moment():
    restless = ((5 / 60, SIT), (2 / 60, MOVE)) * 60
    assert track((2, STAND), *restless) == ([(2, 8.967)], [])


def test_what_goes_on_is_told_as_it_is_so_far():
    assert track((10, SIT)) == ([(0, 10)], [])
    assert track((10, SIT), (0.5, STAND)) == ([(0, 10)], [])
    assert track((10, SIT), (2, STAND)) == ([(0, 10)], [(10, 12)])
    assert track((10, STAND), (10, SIT)) == ([(10, 20)], [])


def test_half_of_the_time_lies_in_bouts_at_least_so_long():
    assert half_accrued_s([]) is None
    assert half_accrued_s([600, 600, 1200, 3600]) == 3600
    assert half_accrued_s([600, 600, 600, 600, 1200, 1200]) == 1200
    assert half_accrued_s([600] * 5) == 600
