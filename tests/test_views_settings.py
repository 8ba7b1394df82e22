"""Settings: what they say, that a choice becomes new settings at once, and that nothing else changes with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox, QPushButton

from spinewatch_monitor.settings import THEMES as THEME_NAMES
from spinewatch_monitor.settings import Settings
from spinewatch_monitor.views import settings_words as words
from spinewatch_monitor.views.controls import Stepper, Switch
from spinewatch_monitor.views.pick import Pick
from spinewatch_monitor.views.settings_cards import BREAKABLE
from spinewatch_monitor.views.settings_page import SettingsPage

FOLDER = Path("/data/of/someone")


class Kept:
    """A page, and what it told."""

    def __init__(self, qtbot, settings=None, show_folder=lambda folder: True):
        self.page = SettingsPage(settings or Settings(), FOLDER, show_folder)
        self.told = []
        self.page.changed.connect(self.told.append)
        qtbot.addWidget(self.page)
        with qtbot.waitExposed(self.page):
            self.page.show()


def choose(pick, value):
    """As a person does: pick an entry."""
    pick.setCurrentIndex(pick.findData(value))
    pick.activated.emit(pick.currentIndex())


# -- words, without a screen ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (0, "At once"),
        (45, "45 s"),
        (60, "1 minute"),
        (90, "1 min 30 s"),
        (120, "2 minutes"),
        (600, "10 minutes"),
        (7.5, "7.5 s"),
    ],
)
def test_a_delay_is_said_exactly(seconds, says):
    assert words.delay_words(seconds) == says


def test_quiet_hours_over_midnight_say_so():
    assert words.quiet_note(22 * 60, 7 * 60) == "No reminder from 22:00 until 07:00 on the next day. Recording goes on."
    assert "next day" not in words.quiet_note(12 * 60, 13 * 60 + 30)


def test_the_rule_for_two_sensors_is_told():
    assert "70 % of your own range" in words.THRESHOLD_NOTE
    assert "next session" in words.THRESHOLD_NOTE


def test_every_theme_can_be_chosen():
    assert {key for key, _ in words.THEME_CHOICES} == set(THEME_NAMES)


# -- the page ------------------------------------------------------------------------------------------


def test_showing_settings_changes_nothing(qtbot):
    settings = Settings(20.0, 45.0, 2, 1325, 400, sound=False, theme="dark", reduced_motion=True, sources=("a",))
    kept = Kept(qtbot, settings)
    cards = kept.page.reminders
    assert (cards.limit.value, cards.delay.value, cards.per_hour.value) == (20, 45.0, 2)
    assert (cards.quiet_start.currentText(), cards.quiet_end.currentText()) == ("22:05", "06:40")
    assert kept.page.settings == settings
    assert not kept.told


def test_each_choice_becomes_settings_at_once(qtbot):
    kept = Kept(qtbot)
    reminders, look = kept.page.reminders, kept.page.look
    reminders.limit._more.click()
    choose(reminders.delay, 180.0)
    reminders.per_hour._less.click()
    reminders.sound.click()
    reminders.notifications.click()
    look.theme._keys["dark"].click()
    look.motion.click()
    assert len(kept.told) == 7
    assert kept.told[-1] == Settings(
        threshold_on_deg=16.0,
        reminder_delay_s=180.0,
        reminders_per_h=3,
        sound=False,
        notifications=False,
        theme="dark",
        reduced_motion=True,
    )


def test_choices_per_context_become_settings_and_may_be_left_open(qtbot):
    kept = Kept(qtbot)
    away = kept.page.away
    away.unit._keys["percent"].click()
    away.percent._more.click()
    away.hysteresis._less.click()
    choose(away.degrees["sitting"], 20.0)
    choose(away.percents["standing"], 60.0)
    choose(away.delays["sitting"], 0.0)
    away.risky.click()
    away.risky_per_hour._less.click()
    assert kept.told[-1] == Settings(
        threshold_unit="percent",
        threshold_on_percent=75.0,
        hysteresis_deg=4.0,
        sitting_threshold_deg=20.0,
        standing_threshold_percent=60.0,
        sitting_delay_s=0.0,
        risky_reminders=True,
        risky_reminders_per_h=3,
    )
    choose(away.delays["sitting"], words.AS_ELSEWHERE)
    assert kept.told[-1].sitting_delay_s is None
    assert away.delays["sitting"].currentText() == "As elsewhere"


def test_only_what_was_touched_changes(qtbot):
    """A limit of 15.5° is shown as 16°; turning the tone off must not make it so."""
    kept = Kept(qtbot, Settings(threshold_on_deg=15.5, sources=("upper=sim:office-day",)))
    kept.page.reminders.sound.click()
    assert kept.told == [Settings(threshold_on_deg=15.5, sound=False, sources=("upper=sim:office-day",))]


def test_the_range_of_the_angle_is_that_of_the_settings(qtbot):
    kept = Kept(qtbot, Settings(threshold_on_deg=1.0))
    assert not kept.page.reminders.limit._less.isEnabled()
    kept.page.show_settings(Settings(threshold_on_deg=45.0))
    assert not kept.page.reminders.limit._more.isEnabled()


def test_quiet_hours_on_off_and_on_again(qtbot):
    kept = Kept(qtbot)
    reminders = kept.page.reminders
    assert not reminders.quiet_start.isVisible()
    reminders.quiet.click()
    assert (kept.told[-1].quiet_start_min, kept.told[-1].quiet_end_min) == (22 * 60, 7 * 60)
    assert reminders.quiet_start.isVisible()
    choose(reminders.quiet_end, 6 * 60 + 30)
    reminders.quiet.click()
    assert (kept.told[-1].quiet_start_min, kept.told[-1].quiet_end_min) == (0, 0)
    reminders.quiet.click()
    assert (kept.told[-1].quiet_start_min, kept.told[-1].quiet_end_min) == (22 * 60, 6 * 60 + 30)


def test_equal_times_are_not_kept(qtbot):
    kept = Kept(qtbot, Settings(quiet_start_min=22 * 60, quiet_end_min=7 * 60))
    choose(kept.page.reminders.quiet_end, 22 * 60)
    assert not kept.told
    assert kept.page.reminders._quiet_note.text() == words.SAME_TIMES
    choose(kept.page.reminders.quiet_start, 21 * 60)
    assert (kept.told[-1].quiet_start_min, kept.told[-1].quiet_end_min) == (21 * 60, 22 * 60)


def test_defaults_come_back_only_after_a_yes(qtbot):
    changed = Settings(threshold_on_deg=20.0, quiet_start_min=60, quiet_end_min=120, theme="dark", sources=("a",))
    kept = Kept(qtbot, changed)
    defaults = kept.page.defaults
    defaults.back.click()
    assert defaults.yes.isVisible()
    defaults.keep.click()
    assert not kept.told
    defaults.back.click()
    defaults.yes.click()
    assert kept.told == [Settings(sources=("a",))]
    assert kept.page.look.theme.current() == "system"
    assert not kept.page.reminders.quiet.isChecked()
    assert not defaults.yes.isVisible()


def test_the_folder_is_named_and_shown(qtbot):
    asked = []
    kept = Kept(qtbot, show_folder=lambda folder: bool(asked.append(folder)))
    names = [part.accessibleName() for part in kept.page.data.children() if hasattr(part, "accessibleName")]
    assert f"Data folder: {FOLDER}" in names
    kept.page.data.show_button.click()
    assert asked == [FOLDER]
    assert kept.page.data._note.text().startswith("No file manager answered")


def test_a_long_path_does_not_widen_the_page(qtbot):
    page = SettingsPage(Settings(), Path("/home") / "a_long_name_of_a_folder" / ("deeper/" * 40))
    qtbot.addWidget(page)
    assert page.minimumSizeHint().width() <= 896
    assert BREAKABLE not in str(page.data._folder)


def test_everything_is_reachable_and_named(qtbot):
    page = Kept(qtbot).page
    parts = page.findChildren(QPushButton) + page.findChildren(QComboBox) + page.findChildren(Switch)
    for part in parts:
        assert part.focusPolicy() & Qt.FocusPolicy.TabFocus
        assert part.accessibleName() or part.text()


# -- controls ------------------------------------------------------------------------------------------


def test_a_stepper_stays_in_its_range_and_listens_to_keys(qtbot):
    stepper = Stepper("Minutes", 0, 2, " min")
    qtbot.addWidget(stepper)
    for _ in range(4):
        qtbot.keyClick(stepper, Qt.Key.Key_Up)
    assert (stepper.value, stepper.accessibleName()) == (2, "Minutes: 2 min")
    qtbot.keyClick(stepper, Qt.Key.Key_Left)
    assert stepper.value == 1


def test_a_switch_is_large_and_its_words_count(qtbot):
    switch = Switch("A soft tone")
    qtbot.addWidget(switch)
    switch.resize(switch.sizeHint())
    assert switch.height() >= 36
    qtbot.mouseClick(switch, Qt.MouseButton.LeftButton, pos=switch.rect().center())
    assert switch.isChecked()


@pytest.fixture
def pick(qtbot):
    shown = Pick("Delay", (0.0, 30.0, 60.0), words.delay_words)
    qtbot.addWidget(shown)
    with qtbot.waitExposed(shown):
        shown.show()
    return shown


def test_a_pick_shows_what_is_not_offered_and_forgets_it_later(pick):
    pick.show_value(45.0)
    assert [pick.itemText(i) for i in range(pick.count())] == ["At once", "30 s", "45 s", "1 minute"]
    pick.show_value(60.0)
    assert pick.findData(45.0) < 0


def test_a_pick_is_changed_by_keys_and_tells_once(pick, qtbot):
    told = []
    pick.picked.connect(told.append)
    qtbot.keyClick(pick, Qt.Key.Key_Down)
    pick.activated.emit(pick.currentIndex())
    assert told == [30.0]


def test_a_wheel_that_passes_by_changes_nothing(pick):
    pick.clearFocus()
    here = QPointF(pick.rect().center())
    turn = QWheelEvent(
        here, here, QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(pick, turn)
    assert pick.value == 0.0
