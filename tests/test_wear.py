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


def on_table(
    table: tuple[float, float], hand_deg: float = 0.0, tilt_deg: float = 50.0, minutes: float = 20
) -> tuple[HealthWatch, np.ndarray, np.ndarray]:
    """The watch over one sensor that lies on a table for a while; a hand turns it by `hand_deg` on the way there."""
    t_s = times(minutes)
    lies = inside(t_s, [table])
    hand = hand_deg * inside(t_s, [(table[0] - 3, table[0])]) * np.clip(t_s - table[0] + 3, 0, 1)
    still = np.zeros(len(t_s), bool)
    watch = HealthWatch([UPPER])
    watch.re_zeroed(float("-inf"), Calibration({"upper": UPRIGHT}, "guided", "good"))
    found = watch.update(frames(t_s, still, sensor_rows(t_s, tilt_deg * lies + hand, still, lies)))
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
    watch, unworn_rows, _ = on_table((200, 330), hand_deg=-170.0)
    assert not unworn_rows.any()
    kinds = [mark.kind for mark in watch.in_hindsight()]
    assert kinds.count(HealthKind.NOT_WORN) == 1
    assert HealthKind.PUT_ON_AGAIN in kinds


@pytest.mark.parametrize("tilt_deg", [-90.0, 90.0])
def test_what_lies_as_a_sleeper_would_must_be_still_for_longer(tilt_deg: float) -> None:
    assert on_table((60, 1200), tilt_deg=tilt_deg)[0].in_hindsight() == []
    watch, _, _ = on_table((60, 1500), tilt_deg=tilt_deg, minutes=30)
    assert watch.marks[0].kind is HealthKind.NOT_WORN
    assert watch.marks[0].told_s - START_S == pytest.approx(1260, abs=3)
    assert watch.marks[0].start_s - START_S == pytest.approx(60, abs=2)


def test_a_hand_just_before_shows_that_no_sleeper_lies_there() -> None:
    watch, _, _ = on_table((200, 800), hand_deg=-170.0, tilt_deg=-90.0)
    (off,) = (mark for mark in watch.marks if mark.kind is HealthKind.NOT_WORN)
    assert off.told_s - START_S == pytest.approx(500, abs=3)


def test_who_was_only_very_still_for_a_while_is_soon_worn_again() -> None:
    t_s = times(20)
    still, dead = np.zeros(len(t_s), bool), t_s < 500
    turns_over = 8.0 * np.clip((t_s - 500) / 4, 0, 1)
    breath = np.where(dead, 0.0, 0.1 * np.sin(2 * np.pi * 0.25 * t_s))
    watch = HealthWatch([UPPER])
    rows = sensor_rows(t_s, turns_over + breath, still, np.ones(len(t_s), bool))
    found = watch.update(frames(t_s, still, rows)).unworn[:, 0]
    assert found[t_s < 500].any()
    assert not found[t_s > 580].any(), "four seconds of turning over, then the breath of a sleeper"


@pytest.mark.parametrize(("peak_deg", "in_hand"), [(115.0, False), (145.0, False), (175.0, True), (-150.0, True)])
def test_who_touches_the_floor_has_not_taken_the_sensor_off(peak_deg: float, in_hand: bool) -> None:
    t_s = times(5)
    bend = np.where(inside(t_s, [(100, 106)]), peak_deg * np.sin(np.pi * (t_s - 100) / 6) ** 2, 0.0)
    still = np.zeros(len(t_s), bool)
    watch = HealthWatch([UPPER])
    watch.re_zeroed(float("-inf"), Calibration({"upper": UPRIGHT}, "guided", "good"))
    watch.update(frames(t_s, still, sensor_rows(t_s, bend, still, still)))
    assert [mark.kind for mark in watch.marks] == [HealthKind.PUT_ON_AGAIN] * in_hand


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
