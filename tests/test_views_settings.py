"""Sensors and Settings: what they say, and that a choice becomes new settings at once."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from spinewatch_monitor.settings import THEMES as THEME_NAMES
from spinewatch_monitor.settings import Settings
from spinewatch_monitor.updates import Link, SensorStatus, SessionUpdate, TodayFigures
from spinewatch_monitor.views.controls import Stepper, Switch
from spinewatch_monitor.views.sensors import SensorsPage, facts, headline
from spinewatch_monitor.views.settings_page import THEME_CHOICES, SettingsPage
from spinewatch_signal.posture import Metric

NOTHING = Metric(None, 0.0, "no data yet")
FIGURES = TodayFigures(0.0, NOTHING, 0.0, NOTHING, None, NOTHING, 0.0, 0)


def sensor(link=Link.STREAMING, **given):
    return SensorStatus("S1", "spinewatch", "upper_back", "upper", link, **given)


@pytest.mark.parametrize(
    ("sensors", "words"),
    [
        ((), "No sensor yet"),
        ((sensor(),), "The sensor is sending"),
        ((sensor(), sensor(Link.CONNECTING)), "Both sensors are connecting"),
        ((sensor(), sensor(Link.LOST)), "The upper back sensor sends no data"),
    ],
)
def test_the_headline_says_whether_all_is_well(sensors, words):
    assert headline(sensors)[0] == words


def test_facts_are_blank_where_nothing_is_known():
    assert [value for value, _ in facts(sensor())] == ["–", "–", "0.0 %", "–"]
    known = sensor(battery_hours=6.5, battery_percent=71.0, rate_hz=99.8, loss_percent=0.2, data_age_s=0.1)
    assert [value for value, _ in facts(known)] == ["6.5 h", "99.8 Hz", "0.2 %", "0.1 s"]
    assert facts(sensor(battery_percent=71.0))[0] == ("71 %", "")


def test_a_card_for_each_sensor(qtbot):
    class Asked:
        def __getattr__(self, name):
            return lambda *_: None

    page = SensorsPage(Asked())
    qtbot.addWidget(page)
    page.apply(SessionUpdate(0.0, None, (sensor(Link.LOST, cause="Cable pulled"),), FIGURES, None))
    assert [not card.isHidden() for card in page._cards] == [True, False]
    assert page._cards[0].accessibleName() == "Upper back: no data"


def test_every_theme_can_be_chosen():
    assert {key for key, _ in THEME_CHOICES} == set(THEME_NAMES)


def test_a_choice_becomes_settings(qtbot):
    page = SettingsPage(Settings())
    qtbot.addWidget(page)
    kept = []
    page.changed.connect(kept.append)
    page.delay._more.click()
    page.sound.click()
    page.theme._keys["dark"].click()
    assert kept[-1] == Settings(reminder_delay_s=180.0, sound=False, theme="dark")
    assert len(kept) == 3


def test_showing_settings_changes_nothing(qtbot):
    settings = Settings(threshold_on_deg=20.0, reminders_per_h=2)
    page = SettingsPage(settings)
    qtbot.addWidget(page)
    assert (page.limit.value, page.per_hour.value, page.settings) == (20, 2, settings)


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
