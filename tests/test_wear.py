"""Worn or not: a table is stiller than any body; real still people stay worn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from made_motion import LOWER, UPPER
from made_wear import START_S, UPRIGHT, frames, inside, sensor_rows, times
from score import sets_hapt, sets_sfu
from score.rows_health import _left_on_the_table
from score.slips import marks_of, unworn
from spinewatch_signal.calibration_result import Calibration
from spinewatch_signal.marks import HealthKind
from spinewatch_signal.posture import Doubt
from spinewatch_signal.sensor_health import HealthWatch, told_afterwards


def on_table(table: tuple[float, float], hand_deg: float = 0.0) -> tuple[HealthWatch, np.ndarray, np.ndarray]:
    """The watch over one sensor that lies on a table for a while; a hand turns it by `hand_deg` on the way there."""
    t_s = times(20)
    lies = inside(t_s, [table])
    hand = hand_deg * inside(t_s, [(table[0] - 3, table[0])]) * np.clip(t_s - table[0] + 3, 0, 1)
    still = np.zeros(len(t_s), bool)
    watch = HealthWatch([UPPER])
    watch.re_zeroed(float("-inf"), Calibration({"upper": UPRIGHT}, "guided", "good"))
    found = watch.update(frames(t_s, still, sensor_rows(t_s, 70.0 * lies + hand, still, lies)))
    watch.finish()
    return watch, found.unworn[:, 0], t_s


def test_five_minutes_on_a_table_are_told_and_afterwards_all_of_it() -> None:
    watch, unworn_rows, t_s = on_table((200, 800))
    off, put_on = watch.marks
    assert (off.kind, put_on.kind) == (HealthKind.NOT_WORN, HealthKind.PUT_ON_AGAIN)
    assert off.start_s - START_S == pytest.approx(200, abs=2)
    assert off.told_s - START_S == pytest.approx(500, abs=3)
    assert off.end_s is not None
    assert off.end_s - START_S == pytest.approx(800, abs=2)
    assert t_s[unworn_rows][0] == pytest.approx(500, abs=3)
    assert watch.reference_is_uncertain, "nobody knows where it sits now"
    told = told_afterwards(START_S + t_s, watch.in_hindsight(), [UPPER])
    assert t_s[told.unworn[:, 0]][[0, -1]] == pytest.approx((200, 800), abs=2)
    assert not told.doubt[t_s < 795].any()
    assert (told.doubt[t_s > 805] & Doubt.REFERENCE).all()


def test_a_short_rest_is_told_afterwards_and_only_beside_a_hand() -> None:
    assert on_table((200, 330))[0].in_hindsight() == []
    watch, unworn_rows, _ = on_table((200, 330), hand_deg=170.0)
    assert not unworn_rows.any()
    kinds = [mark.kind for mark in watch.in_hindsight()]
    assert kinds.count(HealthKind.NOT_WORN) == 1
    assert HealthKind.PUT_ON_AGAIN in kinds


def test_a_bump_of_the_table_is_no_body() -> None:
    t_s = times(20)
    still, lies = np.zeros(len(t_s), bool), inside(t_s, [(100, 1100)])
    bump = 0.5 * inside(t_s, [(600, 601.5)])
    watch = HealthWatch([UPPER])
    watch.update(frames(t_s, still, sensor_rows(t_s, 70.0 * lies + bump, still, lies)))
    assert [mark.kind for mark in watch.marks] == [HealthKind.NOT_WORN, HealthKind.PUT_ON_AGAIN]


def test_one_of_two_sensors_may_lie_on_a_table() -> None:
    t_s = times(12)
    still, lies = np.zeros(len(t_s), bool), inside(t_s, [(60, 600)])
    watch = HealthWatch([UPPER, LOWER])
    rows = sensor_rows(t_s, 0 * t_s, still, still), sensor_rows(t_s, 50.0 * lies, still, lies)
    found = watch.update(frames(t_s, still, *rows))
    assert not found.unworn[:, 0].any()
    assert found.unworn[:, 1].any()


@pytest.mark.parametrize("offline", [False, True])
def test_real_people_who_sit_stand_and_lie_still_stay_worn(real_data: Path, offline: bool) -> None:
    people = [e.sensor for e in sets_hapt.experiments(real_data) if e.number in (4, 20)]
    people += [s for trial in sets_sfu.trials(real_data, "SQ") for s in trial.sensors.values()][:4]
    assert not any(unworn(marks_of(sensor, offline=offline)) for sensor in people)


def test_a_real_unit_that_nobody_wore_is_told_afterwards(real_data: Path) -> None:
    assert all(unworn(marks_of(sensor, offline=True)) for sensor in _left_on_the_table(real_data))
