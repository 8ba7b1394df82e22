"""Calibrate: the steps over data time (no screen), and what the page asks for and shows (with one)."""

from __future__ import annotations

import numpy as np
import pytest

from spinewatch_monitor.calibration_desk import Offer
from spinewatch_monitor.updates import Link, SensorStatus, SessionUpdate, TodayFigures
from spinewatch_monitor.views import calibration_rows
from spinewatch_monitor.views import calibration_words as said
from spinewatch_monitor.views.calibrate import CalibratePage
from spinewatch_monitor.views.calibration_flow import (
    ALL_AT_MOST_S,
    BENDS_AT_MOST_S,
    BENDS_WITHOUT_ANGLE_S,
    SETTLE_S,
    STILL_S,
    CalibrationFlow,
    Step,
)
from spinewatch_monitor.views.theme import apply_theme
from spinewatch_monitor.views.tokens import THEMES
from spinewatch_signal.calibration import Calibration, GuidedSteps
from spinewatch_signal.pipeline import PipelineParams
from spinewatch_signal.posture import Activity, Blank, Metric, PostureFrames

START = 1_795_089_600.0
BEND_S = 6.0
NOTHING = Metric(None, 0.0, "no data yet")
FIGURES = TodayFigures(0.0, NOTHING, 0.0, NOTHING, None, NOTHING, 0.0, 0)
RESULT = {
    "grade": "good",
    "threshold_on_deg": 15.0,
    "reference_deg": 0.0,
    "still_sd_deg": 0.3,
    "plane_percent": 94.0,
    "bend_1_deg": 58.0,
    "bend_2_deg": 61.0,
    "bend_deg": 58.0,
    "repeat_deg": 1.9,
    "expected_repeat_deg": 1.9,
    "sit_sd_deg": 0.6,
    "sitting_reference": {"trunk_deg": 4.2, "lumbar_deg": 0.0},
    "sitting": {"reference_deg": 4.2, "lumbar_reference_deg": 0.0, "threshold_on_deg": 15.0},
    "slouch_from_sit_deg": 21.6,
    "slouch_passes_limit": True,
}


def frames(t_s, flexion_deg, activity=Activity.UPRIGHT):
    t_s, flexion = np.asarray(t_s, float), np.asarray(flexion_deg, float)
    n = len(t_s)
    blank = np.where(np.isnan(flexion), Blank.NO_CALIBRATION, Blank.NONE).astype(np.uint8)
    codes = np.broadcast_to(np.asarray(activity, np.uint8), n)
    near = np.zeros(n, np.uint8)
    return PostureFrames(
        t_s, flexion, flexion, flexion, None, np.ones(n), np.ones(n), codes, near, blank, flexion, near
    )


STAND_END = SETTLE_S[Step.STAND] + STILL_S
SIT_END = STAND_END + SETTLE_S[Step.SIT] + STILL_S
SLOUCH_END = SIT_END + SETTLE_S[Step.SLOUCH] + STILL_S
BENDS_FROM = SLOUCH_END + 6.0
ALL_S = BENDS_FROM + 3 * BEND_S + 2.0


def motion(seconds=ALL_S, *, angles=True, bends=3, upright=4.0, restless_s=0.0):
    """Stand, sit, sink, rise (with a lean forward), then bends of 6 s to 60°; the first ``restless_s`` moving."""
    t = np.arange(0, seconds, 0.1)
    phase = (t - restless_s - BENDS_FROM) / BEND_S
    bending = (phase >= 0) & (phase < bends)
    since = t - restless_s
    pose = np.select([since < STAND_END + 1, since < SIT_END + 1, since < SLOUCH_END + 0.5], [0.0, 5.0, 25.0], 0.0)
    rising = (since >= SLOUCH_END + 0.5) & (since < SLOUCH_END + 2.5)
    flexion = upright + np.where(bending, 60 * np.sin(np.pi * (phase % 1)) ** 2, np.where(rising, 40.0, pose))
    if not angles:
        flexion = np.full(len(t), np.nan)
    return frames(START + t, flexion, np.where((t < restless_s) | rising, Activity.MOVING, Activity.UPRIGHT))


def run(shown, chunk=1):
    flow = CalibrationFlow()
    flow.begin()
    return fed(flow, shown, chunk).state


def fed(flow, shown, chunk=1):
    for first in range(0, len(shown), chunk):
        part = slice(first, first + chunk)
        flow.update(frames(shown.t_s[part], shown.flexion_deg[part], shown.activity[part]))
    return flow


def test_all_steps_give_their_windows_within_a_minute():
    flow = CalibrationFlow()
    flow.begin()
    steps = fed(flow, motion()).steps()
    assert flow.state.step is Step.RESULT
    assert steps.still == pytest.approx((START + 1.5, START + STAND_END), abs=0.11)
    assert steps.sit == pytest.approx((START + SIT_END - STILL_S, START + SIT_END), abs=0.31)
    assert steps.slouch == pytest.approx((START + SLOUCH_END - STILL_S, START + SLOUCH_END), abs=0.51)
    assert START + SLOUCH_END + 3.5 < steps.bends[0] < START + BENDS_FROM
    assert steps.bends[1] == pytest.approx(START + BENDS_FROM + 3 * BEND_S, abs=1.0)
    assert flow.state.peaks_deg == pytest.approx((60, 60, 60), abs=0.5)
    assert flow.spent_s() < 60


@pytest.mark.parametrize("chunk", [3, 7, 100, 1000])
def test_pieces_do_not_matter(chunk):
    assert run(motion(), chunk) == run(motion())


def test_unrest_begins_the_stand_anew():
    state = run(motion(9.5, restless_s=3.0))
    assert state.windows[Step.STAND][0] == pytest.approx(START + 3.0, abs=0.11)


def test_leaning_while_standing_is_unrest_too():
    t = np.arange(0, 6, 0.1)
    state = run(frames(START + t, np.where(t < 4, 0.0, 8.0)))
    assert state.step is Step.STAND
    assert state.still_start_s == pytest.approx(START + 4.1, abs=0.11)


def test_without_angles_time_leads():
    state = run(motion(angles=False))
    assert state.step is Step.RESULT
    bends = state.windows[Step.BEND]
    assert bends[1] - bends[0] == pytest.approx(BENDS_WITHOUT_ANGLE_S, abs=0.11)
    assert bends[0] == pytest.approx(START + BENDS_FROM, abs=2.1)


def test_too_few_bends_end_after_a_while_and_are_tried_as_they_are():
    state = run(motion(100, bends=1))
    assert state.windows[Step.BEND][1] - state.windows[Step.BEND][0] == pytest.approx(BENDS_AT_MOST_S, abs=0.11)
    assert len(state.peaks_deg) == 1


def test_all_that_was_done_fits_into_what_is_kept():
    """The pipeline keeps the samples of two minutes."""
    state = run(motion(150, restless_s=120.0))
    assert (state.step, state.too_long) == (Step.RESULT, True)
    assert PipelineParams().keep_s > ALL_AT_MOST_S


def test_a_gap_in_the_data_leaves_the_windows_in_data_time():
    shown = motion()
    kept = (shown.t_s < START + 33) | (shown.t_s > START + 35)
    state = run(frames(shown.t_s[kept], shown.flexion_deg[kept]))
    assert state.step is Step.RESULT


def test_without_a_chair_the_bends_follow_the_stand():
    flow = CalibrationFlow()
    flow.begin()
    flow.skip_sitting()
    assert flow.state.step is Step.STAND
    fed(flow, motion(STAND_END + 1))
    flow.skip_sitting()
    assert flow.state.step is Step.BEND
    t = np.arange(STAND_END + 1, STAND_END + 24, 0.1)
    fed(flow, frames(START + t, 60 * np.sin(np.pi * (t - STAND_END - 2) / BEND_S) ** 2))
    steps = flow.steps()
    assert (steps.sit, steps.slouch) == (None, None)


def test_who_cannot_sink_keeps_the_sit():
    flow = CalibrationFlow()
    flow.begin()
    fed(flow, motion(SIT_END + 2))
    flow.skip_sitting()
    assert (flow.state.step, Step.SIT in flow.state.windows) == (Step.RISE, True)


@pytest.mark.parametrize("sitting", [False, True])
def test_a_re_zero_is_one_still_step(sitting):
    flow = CalibrationFlow()
    flow.begin_rezero(sitting=sitting)
    fed(flow, frames(START + np.arange(0, 10, 0.1), np.zeros(100)))
    assert flow.state.step is Step.RESULT
    assert list(flow.state.windows) == [Step.SIT if sitting else Step.STAND]
    assert flow.steps() is None


def test_quality_rows_put_the_mark_where_the_value_lies():
    rows = {r.title: r for r in calibration_rows.quality_rows(RESULT)}
    assert rows["Bends in one plane"].share == pytest.approx(0.88)
    assert rows["Size of the bends"].value == "58°, 61°"
    assert rows["Same each time"].value == "± 1.9°"
    assert rows["Stillness while sitting"].value == "0.6°"
    assert all(r.value == "–" and r.share is None for r in calibration_rows.quality_rows({}))
    sets = dict(calibration_rows.settings_rows(RESULT))
    assert sets["Limit for reminders"] == "15° from reference"
    assert sets["Reference, sitting"] == "4° forward"
    lumbar = {**RESULT, "measure": "lumbar", "sitting": None, "threshold_on_deg": 31.0}
    assert dict(calibration_rows.settings_rows(lumbar))["Limit for reminders"] == "31° of lower back bend"
    assert sets["Reference, standing"] == "upright"
    standing_only = {**RESULT, "sitting_reference": None}
    assert dict(calibration_rows.settings_rows(standing_only))["Reference, sitting"] == "as standing"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, "Feet apart"),
        ({"slouch_passes_limit": False}, "lower limit"),
        ({"method": "rezero", "moved_deg": 7.0}, "turned sideways"),
        ({"method": "rezero", "moved_deg": 20.0, "slouch_passes_limit": False}, "Upright is now 20° from where it was"),
        ({"sit_sd_deg": 1.4}, "breathe calmly"),
        ({"bend_deg": 22.0}, "further"),
        ({"repeat_deg": 4.0}, "straight forward"),
    ],
)
def test_the_hint_is_the_one_thing_that_helps_most(change, says):
    assert says in said.to_improve({**RESULT, **change})


def offer_of(age_s, *, remembered=True, seated=True):
    seated_deg = {"a": 4.0} if seated else None
    made = Calibration({}, "guided", "good", made_at_s=START - age_s, seated_deg=seated_deg)
    return Offer(made, remembered, age_s)


@pytest.mark.parametrize(
    ("age_s", "button"),
    [(3600.0, "Use that of 11:00"), (86_400.0, "Use that of yesterday"), (3 * 86_400.0, "Use that of 3 days ago")],
)
def test_a_remembered_calibration_is_offered_with_its_age(age_s, button):
    said_button, line = said.offer_words(offer_of(age_s), 0.0)
    assert said_button == button
    assert "at most fair" in line
    assert said.offer_words(offer_of(age_s, remembered=False), 0.0)[0] == "Re-zero (5 s)"


class Asked:
    def __init__(self, refusal=None):
        self.calls, self.refusal = [], refusal

    def start_calibration(self):
        self.calls.append("start")

    def calibration_steps(self, steps):
        self.calls.append(steps)
        if self.refusal:
            raise ValueError(self.refusal)

    def re_zero(self, still, pose):
        self.calls.append((still, pose))
        if self.refusal:
            raise ValueError(self.refusal)


def update(shown, calibration=None):
    sensor = SensorStatus("a", "spinewatch", "upper_back", "upper", Link.STREAMING)
    now_s = START if shown is None else float(shown.t_s[-1])
    return SessionUpdate(now_s, shown, (sensor,), FIGURES, None, calibration=calibration or {})


def page_of(qtbot, asked):
    page = CalibratePage(asked)
    qtbot.addWidget(page)
    apply_theme(page, THEMES["light"])
    page.resize(1200, 860)
    page.show()
    return page


def test_the_page_leads_through_and_shows_the_result(qtbot):
    asked = Asked()
    page = page_of(qtbot, asked)
    assert page.header.headline() == "Teach Spinewatch how it is worn today"
    page.live.primary.click()
    shown = motion()
    for part in np.array_split(np.arange(len(shown)), 40):
        page.apply(update(frames(shown.t_s[part], shown.flexion_deg[part])))
    page.apply(update(None, RESULT))
    assert asked.calls[0] == "start"
    assert len(asked.calls) == 2
    assert page.header.headline() == "Calibrated"
    assert page.quality._grade.text() == "Good"
    assert page.live.primary.accessibleName() == "Done"


def test_a_refusal_is_one_sentence_and_a_way_on(qtbot):
    asked = Asked("You moved while standing (4° at the upper back); stand still for five seconds.")
    page = page_of(qtbot, asked)
    page.begin()
    page.apply(update(motion()))
    assert "stand still" in page.header._line.text()
    assert page.live.primary.accessibleName() == "Try again"
    page.live.primary.click()
    assert page.flow.state.step is Step.STAND


def test_the_wearer_may_say_that_the_bends_are_done(qtbot):
    asked = Asked()
    page = page_of(qtbot, asked)
    page.begin()
    page.apply(update(motion(BENDS_FROM + 6, angles=False)))
    assert page.live.primary.accessibleName() == "I have bent three times"
    page.live.primary.click()
    assert isinstance(asked.calls[-1], GuidedSteps)


def test_cancel_and_leaving_drop_what_was_begun(qtbot):
    page = page_of(qtbot, Asked())
    page.begin()
    with qtbot.waitSignal(page.left, timeout=500):
        page.cancel()
    assert page.flow.state.step is Step.READY
    page.begin()
    page.page_shown("today")
    assert page.flow.state.step is Step.READY


def test_no_chair_is_a_button_in_the_sitting_steps_alone(qtbot):
    page = page_of(qtbot, Asked())
    page.begin()
    assert page.live.skip.isHidden()
    page.apply(update(motion(STAND_END + 1)))
    assert page.live.skip.isVisible()
    page.live.skip.click()
    assert page.flow.state.step is Step.BEND
    assert page.live.skip.isHidden()
    assert "step 4 of 5" in page.header._eyebrow.text()


def test_a_remembered_calibration_is_used_by_a_re_zero(qtbot):
    asked = Asked()
    page = page_of(qtbot, asked)
    assert page.steps._offer.isHidden()
    page.show_offer(offer_of(3600.0))
    assert page.steps.rezero.isVisible()
    page.steps.rezero_sitting.click()
    still = np.arange(0, 10, 0.1)
    page.apply(update(frames(START + still, np.full(100, np.nan))))
    assert asked.calls[0] == "start"
    assert asked.calls[-1][1] == "sitting"
    page.apply(update(None, {**RESULT, "method": "rezero", "grade": "fair"}))
    assert page.header.headline() == "Set to zero again"
    assert page.quality._grade.text() == "Fair"


def test_a_re_zero_may_change_its_pose(qtbot):
    page = page_of(qtbot, Asked())
    page.show_offer(offer_of(60.0, remembered=False))
    page.begin_rezero(sitting=True)
    assert (page.flow.state.step, page.live.skip.accessibleName()) == (Step.SIT, "I am standing")
    page.live.skip.click()
    assert (page.flow.state.step, page.live.skip.accessibleName()) == (Step.STAND, "I am sitting")
    page.show_offer(offer_of(60.0, remembered=False, seated=False))
    page.begin_rezero(sitting=True)
    assert page.flow.state.step is Step.STAND
    assert page.live.skip.isHidden()


def test_a_re_zero_that_was_refused_is_tried_again_in_the_same_pose(qtbot):
    asked = Asked("You moved while you stood (pelvis); stand still for five seconds and try again.")
    page = page_of(qtbot, asked)
    page.show_offer(offer_of(60.0, remembered=False, seated=False))
    assert page.steps.rezero_sitting.isHidden()
    page.begin_rezero()
    page.apply(update(frames(START + np.arange(0, 10, 0.1), np.zeros(100))))
    assert "stand still" in page.header._line.text()
    page.live.primary.click()
    assert (page.flow.state.step, page.flow.state.rezero) == (Step.STAND, True)


def test_without_a_calibration_a_re_zero_shows_where_to_begin(qtbot):
    page = page_of(qtbot, Asked())
    page.begin_rezero()
    assert page.flow.state.step is Step.READY
    assert page.live.primary.accessibleName() == "Begin"


def test_what_took_too_long_is_told(qtbot):
    asked = Asked()
    page = page_of(qtbot, asked)
    page.begin()
    page.apply(update(motion(150, restless_s=130.0)))
    assert asked.calls == ["start"]
    assert "begin again" in page.header._line.text()
