"""Changes of position and still bouts in stories told second by second."""

from __future__ import annotations

import numpy as np
import pytest

from spinewatch_signal.position import PositionTracker
from spinewatch_signal.posture import Activity

START_S = 1_700_000_000


class Story:
    """Flexion, lateral bend and activity, written down stretch by stretch."""

    def __init__(self) -> None:
        self.rows: list[tuple[float, float, int]] = []

    def hold(
        self, seconds: float, flexion_deg: float, activity: Activity = Activity.UPRIGHT, lateral_deg: float = 0.0
    ) -> Story:
        self.rows += [(flexion_deg, lateral_deg, int(activity))] * round(seconds * 10)
        return self

    def creep(self, seconds: float, to_deg: float) -> Story:
        start = self.rows[-1][0]
        n = round(seconds * 10)
        self.rows += [(start + (to_deg - start) * (i + 1) / n, 0.0, int(Activity.UPRIGHT)) for i in range(n)]
        return self

    def track(self, gap_at_s: float | None = None) -> PositionTracker:
        tracker = PositionTracker()
        k = START_S * 10 + 1 + np.arange(len(self.rows))
        if gap_at_s is not None:
            k[round(gap_at_s * 10) :] += 50
        flexion, lateral, activity = (np.array(column, float) for column in zip(*self.rows, strict=True))
        tracker.update(k, flexion, lateral, activity.astype(np.uint8))
        return tracker


def since(span: tuple[float, float] | None) -> tuple[float, float] | None:
    return None if span is None else (span[0] - START_S, span[1] - START_S)


def test_sitting_still_is_one_bout():
    tracker = Story().hold(120, 5).track()
    assert tracker.changes_s == []
    assert since(tracker.longest_still) == (0, 120)
    assert tracker.still_now_s == 120


@pytest.mark.parametrize(("size_deg", "changes"), [(4.5, 0), (5.5, 1), (-5.5, 1)])
def test_a_shift_is_more_than_five_degrees(size_deg: float, changes: int):
    tracker = Story().hold(60, 0).hold(60, size_deg).track()
    assert len(tracker.changes_s) == changes
    assert since(tracker.longest_still) == ((0, 60) if changes else (0, 120))


def test_a_lateral_shift_counts_as_well():
    assert len(Story().hold(30, 0).hold(30, 0, lateral_deg=8).track().changes_s) == 1


def test_a_fidget_that_comes_back_is_no_change():
    tracker = Story().hold(60, 0).hold(2, 12).hold(60, 0).track()
    assert tracker.changes_s == []
    assert tracker.still_now_s == 122


def test_a_fidget_does_not_reset_what_is_shown_live():
    assert Story().hold(60, 0).hold(2, 12).track().still_now_s == 60
    assert Story().hold(60, 0).hold(1, 12).creep(11, 60).track().still_now_s == 0


def test_a_deep_bend_is_a_change_however_quick():
    tracker = Story().hold(60, 2).creep(1, 80).creep(1, 2).hold(90, 2).track()
    assert [t - START_S for t in tracker.changes_s] == [62]
    assert since(tracker.longest_still) == (62, 152)


def test_creeping_is_no_change():
    tracker = Story().hold(30, 0).creep(120, 20).hold(30, 20).track()
    assert tracker.changes_s == []
    assert tracker.still_now_s == 180


def test_a_quick_slouch_is_one_change():
    tracker = Story().hold(30, 0).creep(3, 20).hold(30, 20).track()
    assert len(tracker.changes_s) == 1


def test_standing_up_is_a_change_though_the_trunk_ends_as_upright():
    tracker = Story().hold(60, 2).hold(4, 30, Activity.MOVING).hold(90, 2).track()
    assert [t - START_S for t in tracker.changes_s] == [64]
    assert since(tracker.longest_still) == (64, 154)


def test_a_jolt_is_no_change():
    assert Story().hold(60, 2).hold(1.5, 2, Activity.MOVING).hold(60, 2).track().changes_s == []


def test_lying_is_no_still_bout_and_a_change():
    tracker = Story().hold(60, 2).hold(600, -85, Activity.LYING).hold(30, 2).track()
    assert len(tracker.changes_s) == 1
    assert since(tracker.longest_still) == (0, 60)


def test_no_bout_goes_on_over_a_gap():
    tracker = Story().hold(120, 2).track(gap_at_s=50)
    assert tracker.changes_s == []
    assert since(tracker.longest_still) == (55, 125)


def test_nothing_is_still_while_moving():
    tracker = Story().hold(60, 2).hold(20, 2, Activity.WALKING).track()
    assert tracker.still_now_s == 0
    assert since(tracker.longest_still) == (0, 60)


def test_an_uncalibrated_sensor_has_no_positions():
    tracker = Story().hold(60, float("nan"), Activity.UNKNOWN).track()
    assert tracker.longest_still is None
    assert tracker.changes_s == []


def test_a_fidget_comes_back_to_the_old_level():
    tracker = Story().hold(60, 5).hold(3, 12, Activity.MOVING).hold(60, 5).track()
    assert (tracker.fidgets, tracker.shifts) == (0, 0)  # three seconds of movement are a change by themselves
    tracker = Story().hold(60, 5).hold(2, 12).hold(60, 5).track()
    assert (tracker.fidgets, tracker.shifts, tracker.changes_s) == (1, 0, [])


def test_a_shift_is_a_change_without_getting_up():
    tracker = Story().hold(60, 5).hold(60, 15).hold(8, 8, Activity.WALKING).hold(60, 5).track()
    assert (tracker.shifts, len(tracker.changes_s), tracker.fidgets) == (1, 2, 0)


def test_restlessness_that_lasts_is_no_fidget():
    story = Story().hold(60, 5)
    for _ in range(6):
        story.hold(1, 9).hold(1, 5)
    tracker = story.hold(60, 5).track()
    assert (tracker.fidgets, tracker.shifts) == (0, 0)
