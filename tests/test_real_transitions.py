"""Transitions and sitting on real recordings: small figures that a change should not make worse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from score import sets_hapt, sets_qmt, sets_sfu, sets_sts
from score.matched_transitions import Event, matched
from score.rows_transitions import NAMED, told_by_program
from score.sets_hapt import Experiment, Label
from spinewatch_signal.marks import Direction
from spinewatch_signal.pipeline import Pipeline, analyze_offline
from spinewatch_signal.posture import Activity

UP, DOWN = Direction.SIT_TO_STAND, Direction.STAND_TO_SIT
NUMBERS = (4, 22, 30)


@pytest.fixture(scope="module")
def recordings(real_data: Path) -> dict[int, Experiment]:
    return {e.number: e for e in sets_hapt.experiments(real_data) if e.number in NUMBERS}


@pytest.mark.parametrize("person", [0, 1])
def test_five_rapid_rises_seen_from_the_pelvis(real_data: Path, person: int):
    rises = list(sets_sts.rises(real_data))[person]
    told = told_by_program(rises.sensors["pelvis"])
    true = [Event(t, UP) for t in rises.seat_off_s.tolist()] + [Event(t, DOWN) for t in rises.seat_on_s.tolist()]
    tally = matched(told, true, 1.0)
    assert (tally.hits, tally.false, tally.right_way) == (10, 0, 10)
    assert np.percentile(np.abs(tally.errors_s), 90) < 0.4


@pytest.mark.parametrize("number", NUMBERS)
def test_down_and_up_once_in_each_labelled_recording(recordings: dict[int, Experiment], number: int):
    recording = recordings[number]
    true = [Event((s.start_s + s.end_s) / 2, NAMED[s.label]) for s in recording.segments if s.label in NAMED]
    first_s, last_s = recording.segments[0].start_s, recording.segments[-1].end_s
    told = [e for e in told_by_program(recording.sensor) if first_s <= (e.middle_s or 0.0) < last_s]
    tally = matched(told, true, 1.0)
    assert (tally.hits, tally.false, tally.right_way) == (2, 0, 2)


def test_a_posture_is_told_live_within_three_seconds(recordings: dict[int, Experiment]):
    recording = recordings[22]
    sensor = recording.sensor
    found = analyze_offline({sensor.info.id: sensor.samples}, [sensor.info]).calibration
    frames = Pipeline([sensor.info], calibration=found).update(sensor.samples)
    expected = {Label.STAND_TO_SIT: Activity.SITTING, Label.SIT_TO_STAND: Activity.STANDING}
    for segment in recording.segments:
        if segment.label in expected:
            soon = (frames.t_s >= segment.end_s) & (frames.t_s < segment.end_s + 3)
            assert (frames.activity[soon] == expected[segment.label]).any(), segment


@pytest.mark.parametrize("task", ["POG", "NW"])
def test_neither_picking_up_nor_walking_is_a_transition(real_data: Path, task: str):
    for trial in sets_sfu.trials(real_data, task):
        if trial.number == 1:
            assert told_by_program(trial.sensors["sternum"]) == []


def test_a_person_in_a_suit_sits_down_and_gets_up(real_data: Path):
    told = told_by_program(sets_qmt.suit(real_data).sensors["upper_back"])
    assert [event.direction for event in told] == [DOWN, UP]
    down, up = (event.middle_s for event in told)
    assert sets_qmt.STANDING[1] < down < sets_qmt.SITTING[0]
    assert sets_qmt.SITTING[1] < up < sets_qmt.WALKING[0]
