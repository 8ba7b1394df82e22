"""What is told again once the whole recording is known."""

from __future__ import annotations

import numpy as np
import pytest

from made_motion import LOWER, UPPER
from spinewatch_signal.frame_store import FrameStore
from spinewatch_signal.hindsight import retell_health, retell_sitting, retell_walking
from spinewatch_signal.marks import Direction, HealthKind, HealthMark, Transition, WalkingBout
from spinewatch_signal.matched_rows import SensorPair
from spinewatch_signal.pipeline_params import PipelineParams
from spinewatch_signal.posture import Activity, Blank, Doubt, PostureFrames
from spinewatch_signal.transitions import SeenTransition

START_K = 17_000_000_000
PAIR = SensorPair(UPPER, LOWER)


def frames(seconds: int, activity: Activity = Activity.UPRIGHT) -> PostureFrames:
    """Upright, still frames from `START_K` on."""
    n = 10 * seconds
    store = FrameStore(n, two_sensors=True)
    t_s, zero = (START_K + np.arange(n)) / 10, np.zeros(n)
    codes, none = np.full(n, activity, np.uint8), np.zeros(n, np.uint8)
    part = PostureFrames(
        t_s, zero, zero, zero, zero, zero, zero, codes, none, none, np.full(n, np.nan), none
    )  # fmt: skip
    store.add(part)
    return store.frames


def at(seconds: float) -> float:
    return START_K / 10 + seconds


def names(told: PostureFrames, first_s: float, last_s: float) -> set[Activity]:
    return {Activity(code) for code in told.activity[round(10 * first_s) : round(10 * last_s)].tolist()}


def test_walking_is_told_from_its_first_step_to_its_last():
    told = frames(60, Activity.MOVING)
    told.activity[205:210] = Activity.LYING
    retell_walking(told, [WalkingBout(at(10), at(21), 20, 110.0), WalkingBout(at(50), at(70), 20, 110.0)])
    assert names(told, 0, 10) == {Activity.MOVING}
    assert names(told, 10, 20.5) == {Activity.WALKING}
    assert names(told, 20.5, 21) == {Activity.LYING}
    assert names(told, 21, 50) == {Activity.MOVING}
    assert names(told, 50, 60) == {Activity.WALKING}


def test_no_walk_changes_nothing():
    told = frames(5)
    retell_walking(told, [])
    assert names(told, 0, 5) == {Activity.UPRIGHT}


def test_sitting_is_told_from_before_and_after():
    told, p = frames(1200), PipelineParams()
    retell_walking(told, [WalkingBout(at(0), at(20), 35, 110.0), WalkingBout(at(1180), at(1200), 35, 110.0)])
    changes = [
        Transition(at(299), at(301), Direction.STAND_TO_SIT, 0.95),
        Transition(at(899), at(901), Direction.SIT_TO_STAND, 0.95),
    ]
    seen = [SeenTransition(round(10 * change.end_s) + 20, change) for change in changes]
    retell_sitting(told, seen, PAIR, None, (p.sit_stand, p.activity))
    assert names(told, 310, 890) == {Activity.SITTING}
    assert names(told, 21, 40) == names(told, 1160, 1179) == {Activity.STANDING}
    assert np.isnan(told.sitting_probability[told.activity == Activity.WALKING]).all()


def test_doubts_begin_where_their_mark_does_and_the_unworn_is_blank():
    told = frames(100)
    marks = [
        HealthMark(HealthKind.SLIPPED, "upper", at(30), None, at(80), 6.0),
        HealthMark(HealthKind.NOT_WORN, "upper", at(10), at(20), at(20)),
        HealthMark(HealthKind.NOT_WORN, "lower", at(90), None, at(95)),
    ]
    retell_health(told, marks, PAIR)
    assert (told.doubt[300:] & Doubt.REFERENCE).all()
    assert not told.doubt[:300].any()
    assert (told.blank[100:200] == Blank.NOT_WORN).all()
    assert (told.blank[200:] == Blank.NONE).all()
    assert np.isnan(told.flexion_deg[100:200]).all()
    assert names(told, 10, 20) == {Activity.UNKNOWN}
    assert told.lumbar_deg is not None
    assert np.flatnonzero(np.isnan(told.lumbar_deg)).tolist() == [*range(100, 200), *range(900, 1000)]


@pytest.mark.parametrize("two_sensors", [True, False])
def test_a_store_without_frames(two_sensors: bool):
    empty = FrameStore(0, two_sensors=two_sensors).frames
    assert len(empty) == 0
    assert (empty.lumbar_deg is not None) == two_sensors
