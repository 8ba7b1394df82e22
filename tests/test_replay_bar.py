"""The replay bar: shows where a replay stands, and asks."""

from __future__ import annotations

import math

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from made_review import START_S, ZONE_S, Asked
from spinewatch_monitor.updates import ReplayPosition
from spinewatch_monitor.views.playback import Playback
from spinewatch_monitor.views.replay_bar import ReplayBar


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def bar(qtbot: QtBot, asked: Asked) -> ReplayBar:
    bar = ReplayBar(asked)
    qtbot.addWidget(bar)
    bar.show()
    return bar


def position(now_s: float = 60.0, speed: float = 10.0, *, playing: bool = False) -> ReplayPosition:
    return ReplayPosition(START_S, START_S + 3600.0, START_S + now_s, speed, playing)


def test_nothing_can_be_asked_while_nothing_is_replayed(bar: ReplayBar, asked: Asked) -> None:
    bar.toggle()
    bar.play.click()
    assert asked.asked == []
    assert not bar.slider.isEnabled()


def test_it_shows_place_time_speed_and_what_the_button_does(bar: ReplayBar) -> None:
    bar.show_position(position(72.0, playing=True), ZONE_S)
    assert bar.time_text() == "09:01:12"
    assert (bar.slider.value(), bar.slider.maximum()) == (720, 36000)
    assert bar.speed.current() == "10"
    assert bar.play.accessibleName() == "Pause (Space)"


@pytest.mark.parametrize(("speed", "key"), [(1.0, "1"), (60.0, "60"), (math.inf, "max"), (500.0, "max")])
def test_every_speed_has_its_choice(bar: ReplayBar, speed: float, key: str) -> None:
    bar.show_position(position(speed=speed))
    assert bar.speed.current() == key


def test_buttons_and_slider_ask(qtbot: QtBot, bar: ReplayBar, asked: Asked) -> None:
    bar.show_position(position())
    bar.play.click()
    bar.speed.chosen.emit("max")
    qtbot.keyClick(bar.slider, Qt.Key.Key_Right)
    assert asked.asked == [("replay_play", True), ("replay_speed", math.inf), ("replay_seek", START_S + 61.0)]


def test_showing_a_place_asks_nothing(bar: ReplayBar, asked: Asked) -> None:
    for now_s in (0.0, 10.0, 3600.0):
        bar.show_position(position(now_s))
    assert asked.asked == []


def test_a_slider_that_is_held_is_not_moved(bar: ReplayBar) -> None:
    bar.show_position(position(10.0))
    bar.slider.setSliderDown(True)
    bar.show_position(position(500.0))
    assert bar.slider.value() == 100


def test_playing_moves_by_pace_and_stops_at_the_end() -> None:
    playing = Playback.of(START_S, START_S + 100).at_speed(10.0).play(True)
    assert playing.after(2.0).position.now_s == START_S + 20
    assert playing.at_speed(math.inf).after(0.01).position.now_s == START_S + 36
    ended = playing.after(60.0)
    assert (ended.position.now_s, ended.position.playing) == (START_S + 100, False)
    assert ended.play(True).position.now_s == START_S
    assert ended.after(5.0) == ended
    assert playing.seek(0.0).position.now_s == START_S


def test_previous_and_next_are_left_to_the_page(qtbot: QtBot, bar: ReplayBar) -> None:
    bar.show_position(position())
    with qtbot.waitSignals([bar.previous_asked, bar.next_asked]):
        bar.previous.click()
        bar.next.click()
