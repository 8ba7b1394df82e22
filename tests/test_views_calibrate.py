"""Calibrate: the steps over data time (no screen), and what the page asks for and shows (with one)."""

from __future__ import annotations

import numpy as np
import pytest

from spinewatch_monitor.updates import Link, SensorStatus, SessionUpdate, TodayFigures
from spinewatch_monitor.views import calibration_words as said
from spinewatch_monitor.views.calibrate import CalibratePage
from spinewatch_monitor.views.calibration_flow import (
    BENDS_AT_MOST_S,
    BENDS_WITHOUT_ANGLE_S,
    SETTLE_S,
    STILL_S,
    CalibrationFlow,
    Step,
)
from spinewatch_monitor.views.theme import apply_theme
from spinewatch_monitor.views.tokens import THEMES
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


def motion(seconds, *, angles=True, bends=3, upright=4.0, restless_s=0.0):
    """Stand for 8 s, then bends of 6 s to 60°; the first ``restless_s`` are spent moving."""
    t = np.arange(0, seconds, 0.1)
    phase = (t - 8.0) / BEND_S
    bending = (phase >= 0) & (phase < bends)
    flexion = upright + np.where(bending, 60 * np.sin(np.pi * (phase % 1)) ** 2, 0.0)
    if not angles:
        flexion = np.full(len(t), np.nan)
    return frames(START + t, flexion, np.where(t < restless_s, Activity.MOVING, Activity.UPRIGHT))


def run(shown, chunk=1):
    flow = CalibrationFlow()
    flow.begin()
    for first in range(0, len(shown), chunk):
        part = slice(first, first + chunk)
        flow.update(frames(shown.t_s[part], shown.flexion_deg[part], shown.activity[part]))
    return flow.state


def test_stand_then_three_bends_give_two_windows():
    state = run(motion(40))
    assert state.step is Step.RESULT
    assert state.still == pytest.approx((START + SETTLE_S, START + SETTLE_S + STILL_S), abs=0.11)
    assert state.bends[0] == pytest.approx(state.still[1])
    assert state.bends[1] == pytest.approx(START + 8 + 3 * BEND_S, abs=1.0)
    assert state.peaks_deg == pytest.approx((60, 60, 60), abs=0.5)


@pytest.mark.parametrize("chunk", [3, 7, 100, 1000])
def test_pieces_do_not_matter(chunk):
    assert run(motion(40), chunk) == run(motion(40))


def test_unrest_begins_the_stand_anew():
    state = run(motion(9.5, restless_s=3.0))
    assert state.still[0] == pytest.approx(START + 3.0, abs=0.11)


def test_leaning_while_standing_is_unrest_too():
    t = np.arange(0, 6, 0.1)
    state = run(frames(START + t, np.where(t < 4, 0.0, 8.0)))
    assert state.step is Step.STAND
    assert state.still_start_s == pytest.approx(START + 4.1, abs=0.11)


def test_without_angles_time_leads():
    state = run(motion(60, angles=False))
    assert state.step is Step.RESULT
    assert state.bends[1] - state.bends[0] == pytest.approx(BENDS_WITHOUT_ANGLE_S, abs=0.11)


def test_too_few_bends_end_after_a_while_and_are_tried_as_they_are():
    state = run(motion(80, bends=1))
    assert state.bends[1] - state.bends[0] == pytest.approx(BENDS_AT_MOST_S, abs=0.11)
    assert len(state.peaks_deg) == 1


def test_all_that_was_done_fits_into_what_is_kept():
    """The pipeline keeps the verticals of two minutes."""
    assert SETTLE_S + STILL_S + BENDS_AT_MOST_S < 110


def test_a_gap_in_the_data_leaves_the_windows_in_data_time():
    shown = motion(40)
    kept = (shown.t_s < START + 10) | (shown.t_s > START + 12)
    state = run(frames(shown.t_s[kept], shown.flexion_deg[kept]))
    assert state.step is Step.RESULT


def test_quality_rows_put_the_mark_where_the_value_lies():
    rows = {r.title: r for r in said.quality_rows(RESULT)}
    assert rows["Bends in one plane"].share == pytest.approx(0.88)
    assert rows["Size of the bends"].value == "58°, 61°"
    assert rows["Same each time"].value == "± 1.9°"
    assert all(r.value == "–" and r.share is None for r in said.quality_rows({}))
    assert dict(said.settings_rows(RESULT))["Limit for reminders"] == "15° from reference"


class Asked:
    def __init__(self, refusal=None):
        self.calls, self.refusal = [], refusal

    def start_calibration(self):
        self.calls.append("start")

    def calibration_steps(self, still, bends):
        self.calls.append((still, bends))
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
    shown = motion(40)
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
    page.apply(update(motion(40)))
    assert "stand still" in page.header._line.text()
    assert page.live.primary.accessibleName() == "Try again"
    page.live.primary.click()
    assert page.flow.state.step is Step.STAND


def test_the_wearer_may_say_that_the_bends_are_done(qtbot):
    asked = Asked()
    page = page_of(qtbot, asked)
    page.begin()
    page.apply(update(motion(20, angles=False)))
    assert page.live.primary.accessibleName() == "I have bent three times"
    page.live.primary.click()
    assert isinstance(asked.calls[-1], tuple)


def test_cancel_and_leaving_drop_what_was_begun(qtbot):
    page = page_of(qtbot, Asked())
    page.begin()
    with qtbot.waitSignal(page.left, timeout=500):
        page.cancel()
    assert page.flow.state.step is Step.READY
    page.begin()
    page.page_shown("today")
    assert page.flow.state.step is Step.READY
