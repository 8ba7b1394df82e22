"""The window: pages and keys, the status foot, and the word around anything that is not live and real."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from spinewatch_monitor.updates import Link, Reminder, ReplayPosition, SensorStatus, SessionUpdate, TodayFigures
from spinewatch_monitor.views import notify
from spinewatch_monitor.views.icons import icon_names, pixmap
from spinewatch_monitor.views.main_window import MainWindow
from spinewatch_monitor.views.runs import RibbonState, Runs
from spinewatch_monitor.views.sidebar import ENTRIES, foot_of
from spinewatch_monitor.views.theme import load_fonts
from spinewatch_monitor.views.tokens import THEMES, WINDOW_MIN_PX
from spinewatch_monitor.views.window_parts import source_words
from spinewatch_signal.posture import Metric

NOON = 1_795_089_600.0
NOTHING = Metric(None, 0.0, "no data yet")
FIGURES = TodayFigures(0.0, NOTHING, 0.0, NOTHING, None, NOTHING, 0.0, 0)


class Asked:
    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        return lambda *values: self.calls.append((name, *values))


def sensor(link=Link.STREAMING, **facts):
    return SensorStatus("a", "spinewatch", "upper_back", "upper", link, **{"loss_percent": 0.2, **facts})


def update(**changed):
    return replace(SessionUpdate(NOON, None, (sensor(),), FIGURES, None, recording_path="day.mcap"), **changed)


def replayed(playing=True, speed=10.0):
    return ReplayPosition(NOON, NOON + 600, NOON + 9, speed, playing)


@pytest.fixture
def window(qtbot):
    asked = Asked()
    shown = MainWindow(asked, "light", reduced_motion=True)
    qtbot.addWidget(shown)
    with qtbot.waitExposed(shown):
        shown.show()
    return shown, asked


# -- words, without a screen ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, ""),
        ({"simulated": True}, "Simulated, no real person"),
        ({"replay": replayed()}, "Replay, 10 × speed"),
        ({"replay": replayed(playing=False)}, "Replay, paused"),
        ({"replay": replayed(speed=float("inf"))}, "Replay, as fast as it goes"),
        ({"simulated": True, "replay": replayed(speed=1.0)}, "Simulated, no real person · Replay, 1 × speed"),
    ],
)
def test_what_is_not_live_and_real_has_its_word(changed, words):
    assert source_words(update(**changed)) == words


@pytest.mark.parametrize(
    ("sensors", "shape", "name"),
    [
        ((), "wait", "No sensor"),
        ((sensor(),), "flow", "One sensor"),
        ((sensor(), sensor()), "flow", "Both sensors"),
        ((sensor(), sensor(Link.LOST)), "lost", "No data"),
        ((sensor(Link.LATE),), "wait", "Data late"),
        ((sensor(Link.PAUSED), sensor(Link.LOST)), "pause", "Private pause"),
    ],
)
def test_the_foot_tells_of_the_least_well_sensor(sensors, shape, name):
    foot = foot_of(update(sensors=sensors))
    assert (foot.shape, foot.name) == (shape, name)


def test_the_foot_tells_hours_and_loss():
    two = (
        sensor(battery_hours=6.5, battery_percent=71.0, data_age_s=0.1),
        sensor(battery_hours=9.1, battery_percent=82.0, data_age_s=0.1),
    )
    foot = foot_of(update(sensors=two))
    assert (foot.battery, foot.battery_share, foot.line) == ("6.5 h left", 0.71, "Recording · loss 0.2 %")
    assert foot_of(update(sensors=two, recording_path=None)).line.startswith("Not recorded")


@pytest.mark.parametrize(
    ("shown", "line"),
    [
        (sensor(Link.LOST, data_age_s=None, loss_percent=0.0), "Recording"),
        (sensor(Link.PAUSED, data_age_s=9.0), "Nothing is recorded · loss 0.2 %"),
    ],
)
def test_the_foot_tells_no_loss_of_what_never_came_and_no_recording_in_a_private_pause(shown, line):
    assert foot_of(update(sensors=(shown,))).line == line


# -- the window --------------------------------------------------------------------------------------------


def test_every_page_is_reached_by_its_key(window, qtbot):
    shown, _ = window
    for place, entry in enumerate(ENTRIES, start=1):
        qtbot.keyClick(shown, getattr(Qt.Key, f"Key_{place}"), Qt.KeyboardModifier.ControlModifier)
        assert shown.current_page() == entry.name
        assert shown.sidebar.buttons[entry.name].isChecked()


def test_first_run_has_no_sidebar_and_three_ways_in(window):
    shown, asked = window
    shown.show_page("first_run")
    assert not shown.sidebar.isVisible()
    for choice in (shown.first_run.sensor, shown.first_run.simulated, shown.first_run.recording):
        choice.click()
    assert asked.calls == [("find_sensor",), ("try_simulated",), ("open_recording", None)]


def test_an_unknown_page_is_refused(window):
    with pytest.raises(KeyError):
        window[0].show_page("nowhere")


def test_keys_mark_mute_and_play(window, qtbot):
    shown, asked = window
    shown.apply(update(replay=replayed(playing=False)))
    shown.setFocus()
    qtbot.keyClick(shown, Qt.Key.Key_M)
    qtbot.keyClick(shown, Qt.Key.Key_Space)
    qtbot.keyClick(shown, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert asked.calls == [("mark", ""), ("replay_play", True), ("mute", True)]


def test_space_still_presses_the_button_that_has_the_focus(window, qtbot):
    shown, asked = window
    shown.apply(update(replay=replayed()))
    qtbot.keyClick(shown.today.pause_button, Qt.Key.Key_Space)
    assert asked.calls == [("snooze", 1800.0)]


def test_escape_leaves_the_calibration(window, qtbot):
    shown, _ = window
    shown.show_page("calibrate")
    qtbot.keyClick(shown.calibrate, Qt.Key.Key_Escape)
    assert shown.current_page() == "today"


def test_the_frame_and_its_word_come_and_go(window):
    shown, _ = window
    shown.apply(update(simulated=True))
    assert shown._strip.isVisible()
    assert shown._frame._dashed
    shown.apply(update())
    assert not shown._strip.isVisible()
    assert not shown._frame._dashed


def test_a_reminder_is_seen_on_every_page(window):
    shown, _ = window
    held = Reminder(NOON, "held", "You have been leaning forward for 2 minutes. Lean back, stand up or shift.")
    shown.show_page("calibrate")
    shown.apply(update(reminders=(held,)))
    assert shown._banner.isVisible()
    shown.show_page("today")
    shown.apply(update(reminders=(held,)))
    assert shown.today.banner.isVisible()


def test_a_page_takes_the_place_of_the_empty_one(window):
    shown, _ = window
    shown.show_page("trends")
    shown.add_page("trends", QWidget(), scrolls=False)
    assert shown.current_page() == "trends"


def test_the_sidebar_shrinks_and_the_window_stays_small_enough(window, qtbot):
    shown, _ = window
    shown.resize(*WINDOW_MIN_PX)
    qtbot.waitUntil(lambda: shown.sidebar.width() == 64)
    assert shown.minimumSizeHint().width() <= WINDOW_MIN_PX[0]
    assert shown.sidebar.buttons["today"].toolTip() == "Today"


def test_themes_change_at_once(window):
    shown, _ = window
    for name, theme in THEMES.items():
        shown.set_theme(name)
        assert theme.bg in shown.styleSheet()
        assert shown.today.now_card.figure._theme is theme


def test_tables_open_on_ctrl_t(window, qtbot):
    shown, _ = window
    shown.set_day(Runs(np.array([NOON - 60]), np.array([NOON]), np.array([RibbonState.NEAR], np.uint8)))
    shown.apply(update())
    shown.set_day(Runs(np.array([NOON - 60]), np.array([NOON]), np.array([RibbonState.NEAR], np.uint8)))
    before = set(shown.findChildren(QWidget))
    shown._show_tables()
    dialog = next(w for w in set(shown.findChildren(QWidget)) - before if w.isWindow())
    assert dialog.windowTitle() == "Numbers behind the charts"
    dialog.close()


# -- parts that fail quietly -------------------------------------------------------------------------------


def test_the_tone_is_soft_and_short():
    samples = np.array(notify.chime())
    assert len(samples) / notify.RATE_HZ < 1
    assert 2000 < np.abs(samples).max() < 32_767 * 0.4
    assert abs(int(samples[0])) < 50


def test_a_computer_without_sound_stays_silent(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "miniaudio", None)
    notify._play()


def test_without_a_tray_a_notification_does_nothing(window):
    assert notify.Notifier(window[0]).notify("Spinewatch", "Near your reference again.") in (False, True)
    assert not notify.tray_icon("#0B6B70").isNull()


def test_fonts_and_icons_are_there(window):
    assert {"Inter", "Inter Display"} <= set(load_fonts())
    assert {entry.icon for entry in ENTRIES} <= set(icon_names())
    assert pixmap("sun", "#0B6B70").toImage().hasAlphaChannel()
