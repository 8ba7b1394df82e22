"""Today: what it says in each state (no screen), and that a changed session is shown (with one)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel, QPushButton

from made_review import Asked
from made_today import BLANK, FIGURES, GUIDED, NOON, frames, sensor, update
from spinewatch_monitor.updates import Link, Reminder
from spinewatch_monitor.views import today_words
from spinewatch_monitor.views.right_now import clock_span, last_of, right_now, side_words, signed_deg
from spinewatch_monitor.views.theme import apply_theme
from spinewatch_monitor.views.today import TodayPage, shown_angle
from spinewatch_monitor.views.tokens import HIT_TARGET_DENSE_PX, THEMES
from spinewatch_signal.posture import Activity, Away, Blank, Episode


def state(**changed):
    told = update(**changed)
    return right_now(told, None if told.frames is None else last_of(told.frames))


# -- states, without a screen --------------------------------------------------------------------------


def test_near_the_reference():
    now = state()
    assert (now.tag, now.tone, now.number, now.beside) == ("Near your reference", "near", "9°", "± 2°")
    assert now.words == "forward of your reference"
    assert now.figure.flexion_deg == 9
    assert not now.figure.outline


def test_away_tells_for_how_long():
    episode = Episode(NOON - 126, None, 21.0, 20.0)
    now = state(frames=frames(NOON, 21.0, Away.AWAY), current_episode=episode)
    assert (now.tag, now.tone) == ("Away from your reference · 2:06", "away")


@pytest.mark.parametrize(
    ("changed", "tag", "tone"),
    [
        ({"sensors": ()}, "No sensor yet", "gap"),
        ({"sensors": (sensor(Link.CONNECTING),), "frames": None}, "Connecting", "accent"),
        ({"sensors": (sensor(Link.PAUSED),)}, "Private pause", "gap"),
        ({"calibration": {}}, "No reference yet", "gap"),
        ({"frames": frames(NOON, blank=Blank.SETTLING)}, "Settling", "gap"),
    ],
)
def test_without_a_posture_there_is_no_spine_and_no_number(changed, tag, tone):
    now = state(**changed)
    assert (now.tag, now.tone, now.number) == (tag, tone, "–")
    assert now.figure.outline
    assert now.title


@pytest.mark.parametrize(
    ("link", "age_s", "tag"), [(Link.LATE, 1.4, "Late by 1.4 s"), (Link.LOST, 12.0, "No data for 12 s")]
)
def test_old_data_are_grey_and_tell_their_age(link, age_s, tag):
    now = state(sensors=(sensor(link, data_age_s=age_s),))
    assert (now.tag, now.number, now.dim) == (tag, "9°", True)
    assert now.beside.endswith("s ago")
    assert now.figure.tone == "stale"


def test_the_upper_sensor_decides_what_is_stale():
    lower = replace(sensor(Link.LOST, "lower"), id="b")
    assert state(sensors=(lower, sensor())).tag == "Near your reference"


@pytest.mark.parametrize(
    ("activity", "tag", "standing"), [(Activity.WALKING, "Walking", True), (Activity.MOVING, "Moving", False)]
)
def test_movement_has_its_own_colour(activity, tag, standing):
    now = state(frames=frames(NOON, activity=activity))
    assert (now.tag, now.tone, now.figure.standing) == (tag, "moving", standing)


def test_lying_turns_the_figure_and_says_no_angle():
    now = state(frames=frames(NOON, activity=Activity.LYING))
    assert now.figure.lying
    assert now.number == "–"


def test_low_battery_and_wide_band_and_snooze_are_said():
    assert state(sensors=(sensor(battery_hours=0.42),)).tag == "Battery for 25 min"
    told = update()
    assert right_now(told, last_of(told.frames), snoozed_until="15:54").title == "Quiet until 15:54"


@pytest.mark.parametrize(("grade", "half_deg"), [("good", 6.4), ("fair", 7.4)])
def test_the_usual_band_needs_no_words(grade, half_deg):
    now = state(frames=frames(NOON, half=half_deg), calibration={**GUIDED, "grade": grade})
    assert (now.tag, now.title, now.action) == ("Near your reference", "", "")


def test_a_wide_band_says_what_narrows_it():
    rough = state(frames=frames(NOON, half=10.1), calibration={**GUIDED, "grade": "low"})
    assert (rough.tag, rough.action, rough.beside) == ("Near your reference", "calibrate", "± 10°")
    knocked = state(frames=frames(NOON, half=10.1))
    assert (knocked.tag, knocked.action, knocked.title) == ("Angle uncertain", "", "A wide band for now")


def test_one_sensor_has_no_lower_back():
    now = state()
    assert now.lower_back == "–"
    assert not now.figure.two_sensors
    assert now.figure.lower_deg == pytest.approx(0.45 * 9)


def test_two_sensors_give_the_lower_back_and_a_limit_that_moves_with_the_pelvis():
    """Trunk 9°, lumbar 4°: the pelvis stands at 5°; the limit on lumbar flexion is 28°, so the trunk may go to 33°."""
    calibration = {**GUIDED, "two_sensors": True, "threshold_on_deg": 28.0, "lumbar_reference_deg": 0.0}
    now = state(frames=frames(NOON, 9.0, lumbar=4.0), calibration=calibration)
    assert (now.lower_back, now.figure.two_sensors, now.figure.lower_deg) == ("4°", True, 5.0)
    assert now.figure.wedge_deg[1] == pytest.approx(33)


def test_two_sensors_without_an_own_range_are_judged_by_the_trunk():
    calibration = {**GUIDED, "two_sensors": True, "threshold_on_deg": 15.0, "measure": "trunk"}
    now = state(frames=frames(NOON, 9.0, lumbar=4.0), calibration=calibration)
    assert now.figure.wedge_deg[1] == 15.0
    assert now.lower_back == "4°"


def test_the_reference_is_taken_off():
    now = state(calibration={**GUIDED, "reference_deg": 12.0})
    assert (now.number, now.words) == ("3°", "back from your reference")


def test_the_trace_follows_what_the_rule_follows():
    two = {**GUIDED, "two_sensors": True, "lumbar_reference_deg": 1.0}
    assert shown_angle(frames(NOON, lumbar=5.0), two) == pytest.approx([4.0])
    assert shown_angle(frames(NOON), GUIDED) == pytest.approx([9.0])
    assert np.isnan(shown_angle(frames(NOON, activity=Activity.LYING), two)).all()


def test_while_sitting_the_own_upright_sit_is_the_reference_until_standing_is_known():
    guided = {**GUIDED, "sitting": {"reference_deg": 6.0, "lumbar_reference_deg": 0.0, "threshold_on_deg": 12.0}}
    doing = (Activity.UPRIGHT, Activity.SITTING, Activity.UPRIGHT, Activity.STANDING, Activity.UPRIGHT)
    shown, last = [], None
    for k, activity in enumerate(doing):
        row = frames(NOON + k, activity=activity)
        shown += shown_angle(row, guided, last).tolist()
        last = last_of(row, last)
    assert shown == [9.0, 3.0, 3.0, 9.0, 9.0]
    whole = replace(frames(NOON + np.arange(5)), activity=np.array(doing, np.uint8))
    assert shown_angle(whole, guided).tolist() == shown
    now = state(frames=frames(NOON, activity=Activity.SITTING), calibration=guided)
    assert (now.number, now.figure.limit_deg) == ("3°", 12.0)


def test_numbers_read_well():
    assert [signed_deg(v) for v in (-4.2, -0.3, 9.5, 10.4)] == ["−4°", "0°", "10°", "10°"]
    assert [clock_span(s) for s in (0, 65.9, 3870)] == ["0:00", "1:05", "1:04:30"]
    assert [side_words(v) for v in (2.2, -1.4, 0.3, np.nan)] == ["2° right", "1° left", "0°", "–"]


# -- words of the day --------------------------------------------------------------------------


def test_the_four_figures():
    assert today_words.position_changes(FIGURES) == ("11", "an hour", "over 4 h 00")
    assert today_words.longest_still(FIGURES, 0.0) == ("26", "min", "10:53 to 11:19")
    assert today_words.still_now(FIGURES) == ("12", "min", "since you moved")
    assert today_words.time_away(FIGURES) == ("23", "%", "1:18 of 5:35 still")


def test_a_blank_figure_says_why():
    assert today_words.time_away(replace(FIGURES, away=BLANK)) == ("–", "", "Under 15 minutes worn")


def test_the_goal_is_half_an_hour_after_the_last_move():
    """Still for 12 min at noon: 18 min are left."""
    words, share = today_words.goal(NOON, FIGURES, 0.0)
    assert words == "Stand up or shift by 12:18"
    assert share == pytest.approx(0.4)
    assert today_words.goal(NOON, replace(FIGURES, still_now_s=2000.0), 0.0)[0] == "A good moment to stand up"


def test_eyebrow_uses_the_wearers_clock():
    assert today_words.eyebrow(NOON, 4 * 3600 + 60, 13 * 3600).startswith("Friday 20 November · worn 4 h 01")


# -- on the screen --------------------------------------------------------------------------


@pytest.fixture
def page(qtbot):
    asked = Asked()
    widget = TodayPage(asked, reduced_motion=True)
    qtbot.addWidget(widget)
    apply_theme(widget, THEMES["light"])
    widget.resize(1200, 860)
    widget.show()
    return widget, asked


def test_an_update_is_shown(page):
    widget, _ = page
    widget.apply(update())
    assert widget.now_card.tag.text() == "Near your reference"
    assert "9°" in widget.now_card.accessibleName()
    assert widget.stats.changes.accessibleName() == "Position changes: 11 an hour. over 4 h 00"
    assert "10.6" not in widget.header.headline()
    assert widget.now_card.calibration.accessibleName().startswith("Calibration: Good, 11:00")


def test_buttons_ask_the_session(page):
    widget, asked = page
    widget.apply(update())
    for button in (widget.mark_button, widget.pause_button, widget.pause_button, widget.private_button):
        button.click()
    assert asked.asked == [("mark", ""), ("snooze", 1800.0), ("snooze", 0.0), ("pause_private", None)]
    assert widget.mark_button.accessibleName() == "Marked 12:00"


def test_the_newest_angle_does_not_wait_for_its_step(page):
    widget, _ = page
    widget.apply(update(frames=frames(NOON + np.arange(-5, 0.05, 0.1))))
    trace = widget.trace.ground.trace
    widget.apply(update(now_s=NOON + 0.1, frames=frames(NOON + 0.1, 12.5)))
    assert widget.trace.ground.trace is trace
    assert widget.trace.dot.getData()[1].tolist() == [12.5]


def test_snooze_ends_by_itself(page):
    widget, _ = page
    widget.apply(update())
    widget.pause_button.click()
    widget.apply(update())
    assert widget.now_card.tag.text() == "Reminders paused"
    widget.apply(update(now_s=NOON + 1801))
    assert widget.now_card.tag.text() == "Near your reference"
    assert widget.pause_button.accessibleName() == "Pause reminders"


def test_what_is_set_for_reminders_is_said_until_muted(page):
    widget, _ = page
    widget.set_reminders("After 2 min · none this hour")
    assert widget._reminders.text() == "After 2 min · none this hour"
    widget.show_muted(True)
    assert widget._reminders.text().startswith("Muted")
    widget.show_muted(False)
    assert widget._reminders.text() == "After 2 min · none this hour"


def test_a_private_pause_offers_to_go_on(page):
    widget, asked = page
    widget.apply(update(sensors=(sensor(Link.PAUSED),)))
    widget.private_button.click()
    assert asked.asked == [("resume",)]


def test_banner_comes_and_says_when_all_is_well(page):
    widget, asked = page
    text = "You have been leaning forward for 2 minutes. Lean back, stand up or shift."
    widget.banner.show_reminder(Reminder(NOON, "held", text))
    assert widget.banner.isVisible()
    widget.banner.show_reminder(Reminder(NOON, "withheld", "Quiet hours."))
    assert widget.banner.accessibleName() == text
    widget.banner.show_reminder(Reminder(NOON + 9, "back", "Near your reference again."))
    assert widget.banner.property("tone") == "near"
    widget.banner._snooze_now()
    assert not widget.banner.isVisible()
    assert asked.asked == [("snooze", 1800.0)]


def test_back_alone_shows_nothing(page):
    widget, _ = page
    widget.banner.show_reminder(Reminder(NOON, "back", "Near your reference again."))
    assert not widget.banner.isVisible()


@pytest.mark.parametrize("width", [1400, 820])
def test_controls_are_large_and_reached_by_keyboard_and_text_is_not_small(page, width):
    widget, _ = page
    widget.apply(update())
    widget.resize(width, 860)
    shown = [b for b in widget.findChildren(QPushButton) if b.isVisible()]
    assert {b.accessibleName() for b in shown if b.height() < HIT_TARGET_DENSE_PX} == set()
    assert all(b.focusPolicy() for b in shown)
    assert all(b.accessibleName() for b in shown)
    assert min(part.font().pixelSize() for part in widget.findChildren(QLabel)) >= 12
    assert widget.columns.stacked == (width < 900)


def test_charts_say_their_headline_and_their_numbers(page):
    widget, _ = page
    widget.apply(update(frames=frames(NOON + np.arange(-30, 0.05, 0.1))))
    assert "11 changes of position" in widget.chart.accessibleName()
    assert widget.trace.accessibleName().startswith("Last 5 minutes. Now 9°")
    assert widget.trace.numbers().rows
    assert widget.chart.numbers().rows[0][2] == "near your reference"


def test_device_text_stays_plain(page):
    widget, _ = page
    hostile = sensor(Link.LOST, data_age_s=12.0, cause="<b>x</b><img src=file:///etc/passwd>")
    widget.apply(update(sensors=(hostile,)))
    assert all(label.textFormat().name == "PlainText" for label in widget.now_card.findChildren(QLabel) if label.text())
