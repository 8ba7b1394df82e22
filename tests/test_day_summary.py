"""The figures of a day whose every minute is known, and when they are blank."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from spinewatch_signal.day_summary import DayCounter, DaySummary, enough_wear
from spinewatch_signal.marks import (
    Direction,
    HealthKind,
    HealthMark,
    RiskKind,
    RiskyMovement,
    Transition,
    WalkingBout,
)
from spinewatch_signal.movement_summary import Marks, without_transitions
from spinewatch_signal.posture import Activity, Blank, Doubt, PostureFrames
from spinewatch_signal.slouch import SlouchMachine
from spinewatch_signal.summary_params import (
    NEVER_KNOWN,
    NO_BENDS_SEEN,
    NOT_CALIBRATED,
    NOTHING_MEASURED,
    SITTING_UNDECIDED,
    TOO_SHORT_FOR_RATE,
)

START_K = 17_000_000_001


class Day:
    """Frames written down stretch by stretch, fed to a machine and a counter."""

    def __init__(self) -> None:
        self.rows: list[tuple[float, float, int]] = []

    def hold(self, minutes: float, flexion_deg: float, activity: Activity = Activity.UPRIGHT) -> Day:
        self.rows += [(flexion_deg, 1.0, int(activity))] * round(minutes * 600)
        return self

    def frames(self) -> PostureFrames:
        flexion, lateral, activity = (np.array(column, float) for column in zip(*self.rows, strict=True))
        n = len(flexion)
        flexion[activity == Activity.UNKNOWN] = np.nan
        two, code = np.full(n, 2.0), np.zeros(n, np.uint8)
        t_s = (START_K + np.arange(n)) / 10
        blank = np.where(np.isnan(flexion), Blank.NO_CALIBRATION, Blank.NONE).astype(np.uint8)
        blank[np.isnan(flexion) & (activity == Activity.MOVING)] = Blank.MOVING
        angles = (flexion, lateral, np.abs(flexion), flexion * 0.6)
        codes = (activity.astype(np.uint8), code, blank)
        return PostureFrames(t_s, *angles, two, two, *codes, np.full(n, np.nan), code)

    def summary(
        self,
        later_s: float = 0.0,
        marks: Marks | None = None,
        change: Callable[[PostureFrames], PostureFrames] = lambda frames: frames,
        sees_motion: bool = True,
    ) -> DaySummary:
        counter, machine = DayCounter(two_sensors=True, sees_motion=sees_motion), SlouchMachine()
        if not self.rows:
            return counter.summary(machine, 0.0)
        frames = change(self.frames())
        machine.update(frames.t_s, frames.flexion_deg, frames.activity, ~np.isnan(frames.flexion_deg))
        counter.add(frames, frames.flexion_deg)
        return counter.summary(machine, float(frames.t_s[-1]) + later_s, marks)


def working_day() -> Day:
    """40 min upright, of which 10 at 25°; 5 min walking, 3 min stooped, 12 min lying."""
    return (
        Day()
        .hold(20, 4)
        .hold(10, 25)
        .hold(10, 4)
        .hold(5, 6, Activity.WALKING)
        .hold(3, 65, Activity.STOOPED)
        .hold(12, -80, Activity.LYING)
    )


def test_classes_sum_to_the_time():
    activity = working_day().summary().activity
    assert activity.seconds["upright"] == 2400
    assert activity.seconds["walking"] == 300
    assert activity.seconds["stooped"] == 180
    assert activity.seconds["lying"] == 720
    assert sum(activity.seconds.values()) == activity.valid_s == 3600


def test_the_trunk_is_described_without_lying():
    trunk = working_day().summary().trunk
    assert trunk.valid_s == 2880
    assert trunk.flexion_deg is not None
    assert trunk.flexion_deg.p5 == pytest.approx(4, abs=0.1)
    assert trunk.flexion_deg.max == 65
    assert trunk.zones_s == {">20": 780, ">30": 180, ">45": 180, ">60": 180, ">90": 0}


def test_lumbar_flexion_has_its_own_time():
    lumbar = working_day().summary().lumbar
    assert lumbar is not None
    assert lumbar.valid_s == 2880
    assert lumbar.flexion_deg is not None
    assert lumbar.flexion_deg.p50 == pytest.approx(2.4, abs=0.1)


def test_slouch_is_a_share_of_still_upright_time():
    slouch = working_day().summary().slouch
    assert slouch.total_s == pytest.approx(600, abs=0.2)
    assert slouch.share.value == pytest.approx(25, abs=0.01)
    assert slouch.share.valid_s == 2400
    assert len(slouch.episodes) == 1


def test_exposure_and_movement():
    summary = working_day().summary()
    assert summary.exposure.spells[">20"] == 2
    assert summary.exposure.longest_spell_s[">20"] == 600
    assert summary.movements.bends == {"bends_30": 0, "bends_60": 0}  # the stoop ended lying down, unseen


def test_rhythm():
    summary = working_day().summary()
    assert summary.longest_still_s.value == 1200
    assert summary.posture_changes_per_h.value == pytest.approx(3 / 0.8)
    assert summary.still_now_s == 0


def test_still_now_is_blank_once_the_data_stop():
    day = Day().hold(20, 4)
    assert day.summary().still_now_s == pytest.approx(1200, abs=1)
    assert day.summary(later_s=60).still_now_s == 0


def test_nothing_measured():
    summary = Day().summary()
    groups = (
        summary.trunk,
        summary.activity,
        summary.slouch,
        summary.exposure,
        summary.movements,
        summary.walking,
        summary.sitting,
        summary.rhythm,
    )
    assert {group.reason for group in groups} == {NOTHING_MEASURED}
    assert {group.valid_s for group in groups} == {0}
    assert summary.longest_still_s.value is None
    assert summary.slouch.share.value is None
    assert summary.posture_changes_per_h.value is None


def test_without_a_calibration_everything_is_blank_but_the_time():
    summary = Day().hold(30, 0, Activity.UNKNOWN).summary()
    assert (summary.worn_s, summary.valid_s) == (1800, 0)
    assert summary.slouch.share.reason == summary.trunk.reason == NOT_CALIBRATED
    assert summary.trunk.flexion_deg is None


def test_half_a_minute_shows_what_it_can():
    summary = Day().hold(0.5, 4).summary()
    assert summary.trunk.reason is None
    assert summary.slouch.share.value == 0
    assert summary.posture_changes_per_h.reason == TOO_SHORT_FOR_RATE
    assert not enough_wear(summary)


def test_enough_wear_is_four_hours():
    summary = Day().hold(1, 4).summary()
    assert not enough_wear(replace(summary, worn_s=4 * 3600 - 1))
    assert enough_wear(replace(summary, worn_s=4 * 3600))


def test_pieces_give_the_same_day():
    frames = working_day().frames()
    whole, pieces, machine = DayCounter(two_sensors=True), DayCounter(two_sensors=True), SlouchMachine()
    whole.add(frames, frames.flexion_deg)
    for part in (slice(i, i + 777) for i in range(0, len(frames), 777)):
        columns = (getattr(frames, name)[part] for name in PostureFrames.__slots__)
        pieces.add(PostureFrames(*columns), frames.flexion_deg[part])
        pieces.summary(machine, 0.0)
    assert pieces.summary(machine, 0.0) == whole.summary(machine, 0.0)


def test_motion_that_a_sensor_without_gyroscope_saw_is_activity_though_no_angle_is_known():
    run = Day().hold(10, float("nan"), Activity.MOVING).summary()
    assert (run.activity.seconds["moving"], run.activity.valid_s, run.activity.reason) == (600.0, 600.0, None)
    assert (run.worn_s, run.valid_s, run.trunk.reason) == (600.0, 0.0, NEVER_KNOWN)


# -- movement ----------------------------------------------------------------------------------------------


def seated_day() -> Day:
    """Two hours: 50 min sitting, 5 min standing and walking, 40 min sitting, 3 min walking, 22 min sitting."""
    return (
        Day()
        .hold(50, 8, Activity.SITTING)
        .hold(3, 2, Activity.STANDING)
        .hold(2, 4, Activity.WALKING)
        .hold(40, 8, Activity.SITTING)
        .hold(3, 4, Activity.WALKING)
        .hold(22, 8, Activity.SITTING)
    )


def test_sitting_bouts_and_breaks():
    sitting = seated_day().summary().sitting
    assert [end_s - start_s for start_s, end_s in sitting.bouts] == pytest.approx([3000, 2400, 1320])
    assert [end_s - start_s for start_s, end_s in sitting.breaks] == pytest.approx([300, 180])
    assert sitting.longer == {">=20": 3, ">=30": 2, ">=60": 0}
    assert sitting.half_in_s.value == pytest.approx(2400)
    assert sitting.breaks_per_h.value == pytest.approx(2 / (6720 / 3600))
    assert (sitting.total_s, sitting.undecided_s, sitting.valid_s, sitting.reason) == (6720, 0, 7200, None)


def test_breaks_an_hour_need_ten_minutes_of_sitting():
    day = Day().hold(4, 8, Activity.SITTING).hold(2, 2, Activity.STANDING).hold(4, 8, Activity.SITTING)
    sitting = day.summary().sitting
    assert (len(sitting.breaks), sitting.breaks_per_h.value) == (1, None)
    assert (sitting.breaks_per_h.reason, sitting.half_in_s.value) == (TOO_SHORT_FOR_RATE, 240)
    assert day.hold(3, 8, Activity.SITTING).summary().sitting.breaks_per_h.value == pytest.approx(1 / (11 / 60))


def test_sitting_is_blank_where_it_is_undecided_too_often():
    sitting = seated_day().hold(35, 8).summary().sitting
    assert sitting.reason == sitting.breaks_per_h.reason == SITTING_UNDECIDED
    assert (sitting.undecided_s, sitting.breaks_per_h.value) == (2100, None)
    assert seated_day().hold(25, 8).summary().sitting.reason is None


def test_walking_is_told_from_its_bouts():
    bouts = (WalkingBout(100.0, 130.0, 50, 100.0), WalkingBout(200.0, 260.0, 110, 112.0, 4))
    walking = seated_day().summary(marks=Marks(walking=bouts)).walking
    assert (walking.steps, walking.steps_bridged, walking.reason) == (160, 4, None)
    assert (walking.cadence_per_min.value, walking.cadence_per_min.valid_s) == (112, 90)


def test_walking_that_was_not_looked_for_is_blank_and_none_is_zero_steps():
    unsought, none = seated_day().summary().walking, seated_day().summary(marks=Marks(walking=())).walking
    assert (unsought.steps, none.steps) == (None, 0)
    assert unsought.reason is not None
    assert none.cadence_per_min.reason == "no walking"


def test_shifts_and_bends_are_told_per_quarter_of_an_hour():
    day = Day()
    for _ in range(6):
        day.hold(2.4, 5).hold(0.05, 45).hold(2.45, 12).hold(0.1, 5)
    summary = day.summary()
    assert summary.rhythm.valid_s == 1800
    assert summary.rhythm.shifts_per_15min.value == pytest.approx(summary.rhythm.shifts / 2)
    assert summary.rhythm.shifts > 0
    assert summary.movements.bends["bends_30"] == 6
    assert summary.movements.bends_per_15min.value == pytest.approx(3)


def test_a_fast_deep_bend_in_getting_up_is_none():
    getting_up = Transition(100.0, 103.0, Direction.SIT_TO_STAND, 0.9)
    within, apart = (RiskyMovement(RiskKind.FAST_DEEP_BEND, at_s, at_s + 2, 75.0, 120.0) for at_s in (101.5, 110.0))
    often = RiskyMovement(RiskKind.FREQUENT_BENDS, 50.0, 400.0, 40.0, 60.0, 12)
    marks = Marks(transitions=(getting_up,), risky=(within, apart, often))
    assert seated_day().summary(marks=marks).movements.risky == (apart, often)


def test_a_rate_needs_ten_minutes():
    summary = Day().hold(9, 5).summary()
    rates = (summary.rhythm.shifts_per_15min, summary.rhythm.fidgets_per_15min, summary.movements.bends_per_15min)
    assert {rate.reason for rate in rates} == {TOO_SHORT_FOR_RATE}
    assert {rate.value for rate in rates} == {None}
    assert summary.rhythm.fidgets == 0


def test_speed_is_blank_for_a_sensor_that_is_blind_in_motion():
    speed = working_day().summary(sees_motion=False).exposure.speed
    assert speed is not None
    assert (speed.generalised, speed.flexion, speed.reason) == (None, None, NO_BENDS_SEEN)


def test_exposure_has_the_standards():
    exposure = working_day().summary().exposure
    assert exposure.holding is not None
    assert (exposure.holding.spells, exposure.holding.beyond_s) == (2, 179.5)
    assert exposure.zones is not None
    assert exposure.zones.forward_s == {"<0": 0, "0-20": 2100, "20-60": 600, ">60": 180}
    assert exposure.eva is not None
    assert sum(sum(row) for row in exposure.eva.percent) == pytest.approx(100, abs=0.01)
    assert exposure.flexion_deg is not None
    assert exposure.flexion_deg.range == pytest.approx(21, abs=0.2)


# -- doubt -------------------------------------------------------------------------------------------------


def changed(name: str, value: int, since_min: float) -> Callable[[PostureFrames], PostureFrames]:
    def change(frames: PostureFrames) -> PostureFrames:
        column = getattr(frames, name).copy()
        column[round(since_min * 600) :] = value
        return replace(frames, **{name: column})

    return change


def test_doubtful_frames_are_counted_and_said():
    sure, doubtful = (working_day().summary(change=changed("doubt", d, 30)) for d in (Doubt.NONE, Doubt.REFERENCE))
    assert sure.doubtful_s == sure.trunk.doubtful_s == 0
    assert (doubtful.doubtful_s, doubtful.trunk.doubtful_s, doubtful.slouch.doubtful_s) == (1800, 1080, 600)
    assert doubtful.trunk.valid_s == sure.trunk.valid_s
    assert doubtful.slouch.total_s == sure.slouch.total_s


def test_a_sensor_that_is_not_worn_counts_as_no_data():
    summary = working_day().summary(change=changed("blank", Blank.NOT_WORN, 30))
    assert (summary.worn_s, summary.valid_s, summary.trunk.valid_s) == (1800, 1800, 1800)
    assert sum(summary.activity.seconds.values()) == 1800
    never = Day().hold(10, 4).summary(change=changed("blank", Blank.NOT_WORN, 0))
    assert (never.worn_s, never.trunk.reason, never.still_now_s) == (0, NOTHING_MEASURED, 0)


def test_health_is_handed_on():
    mark = HealthMark(HealthKind.SLIPPED, "upper", 100.0, None, 160.0, 6.0)
    assert seated_day().summary(marks=Marks(health=(mark,))).health == (mark,)


def test_a_new_reference_is_neither_a_bend_nor_speed():
    frames = Day().hold(10, 12).hold(10, 32).hold(10, 12).frames()
    counter = DayCounter(two_sensors=True)
    counter.add(frames[:6000], frames.flexion_deg[:6000])
    counter.interrupt()
    counter.add(frames[6000:12_000], frames.flexion_deg[6000:12_000])
    before = counter.summary(SlouchMachine(), 0.0)
    counter.add(frames[12_000:], frames.flexion_deg[12_000:])
    after = counter.summary(SlouchMachine(), 0.0)
    assert after.movements.bends["bends_30"] == 0
    assert before.exposure.speed is not None
    assert before.exposure.speed.flexion is not None
    assert before.exposure.speed.flexion.max == 0.0
    assert after.exposure.valid_s == 1800.0


def test_a_fast_deep_bend_is_left_out_only_where_it_overlaps_a_change_between_sitting_and_standing():
    transitions = [Transition(10.0 * i, 10.0 * i + 3, Direction.SIT_TO_STAND, 1.0) for i in range(1, 5)]
    spans = [(0.0, 5.0), (8.0, 10.0), (8.0, 10.1), (12.9, 14.0), (13.0, 14.0), (13.0, 50.0), (43.0, 44.0)]
    risky = [RiskyMovement(RiskKind.FAST_DEEP_BEND, *span, 80.0, 120.0) for span in spans]
    often = RiskyMovement(RiskKind.FREQUENT_BENDS, 0.0, 50.0, 80.0, 120.0, 12)
    kept = without_transitions([*risky, often], transitions)
    assert kept == (risky[0], risky[1], risky[4], risky[6], often)
    assert without_transitions(risky, None) == tuple(risky)
