"""Review: what it says, where its keys go, what it draws, and what it shows when there is nothing to draw."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from made_review import START_S, ZONE_S, Asked, recording
from spinewatch_bridge.blocks import Event
from spinewatch_monitor.updates import ReplayPosition
from spinewatch_monitor.views.review import ReviewPage
from spinewatch_monitor.views.review_data import ReviewData, ReviewMark, build_series, marks_from_events
from spinewatch_monitor.views.review_figure import figure_state
from spinewatch_monitor.views.review_rows import rows_of
from spinewatch_monitor.views.review_words import (
    angle_text,
    at_cursor,
    eyebrow,
    gap_words,
    headline,
    moment_words,
    side_text,
)
from spinewatch_monitor.views.runs import RibbonState
from spinewatch_monitor.views.spine_state import OUTLINE
from spinewatch_monitor.views.theme import apply_theme
from spinewatch_monitor.views.time_axis import TimeAxis, tick_step_s
from spinewatch_monitor.views.tokens import THEMES
from spinewatch_signal.posture import Away, Blank, PostureFrames


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def page(qtbot: QtBot, asked: Asked) -> Iterator[ReviewPage]:
    window = QMainWindow()
    page = ReviewPage(asked)
    window.setCentralWidget(page)
    qtbot.addWidget(window)
    window.resize(1376, 900)
    apply_theme(window, THEMES["light"])
    window.show()
    yield page
    window.close()


# -- words and figures, without a screen ---------------------------------------------------------------------------


def test_the_headline_says_what_the_recording_shows() -> None:
    assert headline(recording()) == "Away from the reference for 5 min of 59 min"
    assert eyebrow(recording()) == "Wednesday 19 November · 09:00 to 10:00 · one sensor, upper back · offline estimate"


def test_the_cursor_knows_state_angles_and_why_there_are_none() -> None:
    data = recording(sensors=2)
    series = build_series(data)
    away = at_cursor(data, series, 600 + 72.0)
    assert (away.state, away.words) == (RibbonState.AWAY, "away 1:12")
    assert (away.flexion_deg, away.lumbar_deg, away.lateral_deg, away.uncertainty_deg) == (20.0, 10.0, -2.0, 3.2)
    assert at_cursor(data, series, 20 * 60 + 5.0).words == "moving"
    lost = at_cursor(data, series, 30 * 60 + 30.0)
    assert (lost.state, lost.flexion_deg, lost.words) == (None, None, "no data")
    assert figure_state(data, lost) == OUTLINE


def test_a_gap_says_whether_data_or_only_angles_are_missing() -> None:
    data = recording()
    data.frames.flexion_deg[:300] = np.nan
    data.frames.blank[:300] = Blank.SETTLING
    assert gap_words(data, build_series(data)) == ["settling, 30 s", "no data, 1:00"]


def test_a_known_angle_that_is_not_judged_is_drawn_and_said() -> None:
    data = recording(sensors=2)
    data.frames.away[6000:6600] = Away.BLANK
    unjudged = ReviewData("", data.start_s, data.end_s, 0.0, data.frames, ())
    series = build_series(unjudged)
    assert gap_words(unjudged, series) == ["time away not known, 1:00", "no data, 1:00"]
    assert len(series.gaps_of_data(np.isfinite(data.frames.flexion_deg))) == 1
    assert len(series.trunk.lines[RibbonState.GAP]) == pytest.approx(600, abs=1)


def test_a_moment_is_told_in_one_sentence() -> None:
    data = recording(sensors=2)
    series = build_series(data)
    told = "09:11:12, away 1:12, trunk 20° ± 3, lumbar 10°, sitting or standing"
    assert moment_words(data, at_cursor(data, series, 672.0)) == told
    assert moment_words(data, at_cursor(data, series, 1830.0)) == "09:30:30, no data"


def test_the_whole_recording_is_filled_and_what_was_not_seen_is_a_gap() -> None:
    data = recording()
    late = ReviewData("late", START_S - 60, data.end_s + 30, 0.0, data.frames, data.episodes)
    runs = build_series(late).runs
    assert runs.start_s[0] == 0.0
    assert runs.end_s[-1] == pytest.approx(late.end_s - late.start_s)
    np.testing.assert_allclose(runs.start_s[1:], runs.end_s[:-1])
    gaps = runs.state == RibbonState.GAP
    np.testing.assert_allclose((runs.end_s - runs.start_s)[gaps], [60, 60, 30], atol=0.11)


def test_lines_of_neighbouring_states_meet() -> None:
    lines = build_series(recording()).trunk.lines
    near = lines[RibbonState.NEAR].view(599, 601, 1000)
    away = lines[RibbonState.AWAY].view(599, 601, 1000)
    assert near.t_s.max() == pytest.approx(away.t_s.min())


def test_angles_have_real_minus_signs_and_sides() -> None:
    assert [angle_text(v) for v in (-3.4, 12.6, None)] == ["−3°", "13°", "–"]
    assert [side_text(v) for v in (-2.0, 2.0, 0.2)] == ["2° L", "2° R", "0°"]


def test_events_become_marks_with_words() -> None:
    events = [
        Event("alert", 30.0, data={"kind": "held", "shown": False, "reason": "muted"}),
        Event("mark", 10.0, data={"label": "pain 4"}),
        Event("alert", 20.0, data={"kind": "held", "shown": True}),
        Event("alert", 25.0, data={"kind": "back", "shown": True}),
        Event("alert", 40.0, data={"kind": "risky", "shown": True, "movement": "fast_deep_bend"}),
        Event("battery", 5.0, data={"percent": 80}),
    ]
    assert marks_from_events(events) == [
        ReviewMark(10.0, "mark", "pain 4"),
        ReviewMark(20.0, "reminder", "reminder"),
        ReviewMark(30.0, "withheld", "reminder withheld: muted"),
        ReviewMark(40.0, "reminder", "reminder (fast deep bend)"),
    ]


def test_rows_tell_each_stretch_once() -> None:
    data = recording()
    rows = rows_of(data, build_series(data), 540.0, 660.0)
    assert len(rows) == 24
    assert rows[0] == ("09:09:00", "near your reference", "5°", "5°", "5°", "2° L")
    assert rows[12] == ("09:10:00", "away", "20°", "20°", "20°", "2° L")
    assert rows_of(data, build_series(data), 1800.0, 1860.0)[10][1:3] == ("no angle", "–")


@pytest.mark.parametrize(("span_s", "width_px", "step"), [(60, 1000, 10), (720, 1000, 120), (28800, 1000, 3600)])
def test_ticks_are_round_and_have_room(span_s: float, width_px: float, step: int) -> None:
    assert tick_step_s(span_s, width_px) == step


def test_ticks_stand_at_local_times(qtbot: QtBot) -> None:
    axis = TimeAxis(START_S + 100, 5.5 * 3600)
    [(step, ticks)] = axis.tickValues(0, 3600, 1000)
    texts = axis.tickStrings(ticks, 1, step)
    assert texts[:2] == ["13:40", "13:50"]


# -- the page ----------------------------------------------------------------------------------------------------------


def test_it_opens_on_the_first_episode(page: ReviewPage) -> None:
    page.show_recording(recording(simulated=True))
    start, end = page.view.zoom.window()
    assert page.view.cursor_s == pytest.approx(600.1)
    assert (start < 600 < end, end - start) == (True, pytest.approx(720))
    assert page.view.episodes.table.rowCount() == 2
    assert [page.view.episodes.table.item(0, k).text() for k in range(4)] == ["09:10:00", "4:00", "15°", "16°"]
    assert page.view.figure.shown.upper_deg == 20.0 or page.view.figure.shown.outline


def test_keys_move_the_cursor_by_a_second_and_from_event_to_event(qtbot: QtBot, page: ReviewPage) -> None:
    page.show_recording(recording())
    visited = []
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_BracketRight, Qt.Key.Key_BracketRight):
        qtbot.keyClick(page.view.zoom, key)
        visited.append(page.view.cursor_s)
    assert visited == pytest.approx([601.1, 600.1, 720.0, 1500.0])
    qtbot.keyClick(page.view.zoom, Qt.Key.Key_BracketLeft)
    qtbot.keyClick(page.view.zoom, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert page.view.cursor_s == pytest.approx(730.0)
    qtbot.keyClick(page.view.zoom, Qt.Key.Key_End)
    assert page.view.cursor_s == 3600.0
    qtbot.keyClick(page.view.zoom, Qt.Key.Key_Home)
    assert page.view.cursor_s == 0.0


def test_keys_of_the_list_reach_the_page(qtbot: QtBot, page: ReviewPage) -> None:
    page.show_recording(recording())
    qtbot.keyClick(page.view.episodes.table, Qt.Key.Key_Right)
    assert page.view.cursor_s == pytest.approx(601.1)


def test_zoom_goes_down_to_a_second_and_up_to_the_whole(qtbot: QtBot, page: ReviewPage) -> None:
    page.show_recording(recording())
    for _ in range(40):
        qtbot.keyClick(page.view.zoom, Qt.Key.Key_Plus)
    start, end = page.view.zoom.window()
    assert end - start == pytest.approx(1.0, abs=1e-6)
    assert start <= page.view.cursor_s <= end
    for _ in range(40):
        qtbot.keyClick(page.view.zoom, Qt.Key.Key_Minus)
    assert page.view.zoom.window() == pytest.approx((0.0, 3600.0))


def test_the_window_moves_in_both_charts(page: ReviewPage) -> None:
    page.show_recording(recording())
    page.view.zoom.show_window(1000.0, 1200.0)
    assert page.view.day.window() == pytest.approx((1000.0, 1200.0))
    page.view.day.window_moved.emit(2000.0, 2100.0)
    assert page.view.zoom.window() == pytest.approx((2000.0, 2100.0))


def test_choosing_an_episode_shows_it_whole(page: ReviewPage) -> None:
    page.show_recording(recording())
    page.view.episodes.table.selectRow(1)
    start, end = page.view.zoom.window()
    assert start < 2400 < 2460 < end
    assert page.view.cursor_s == pytest.approx(2400.1)


def test_the_cursor_follows_a_replay_and_keys_seek_it(qtbot: QtBot, page: ReviewPage, asked: Asked) -> None:
    data = recording()
    page.show_recording(data)
    page.show_replay(ReplayPosition(data.start_s, data.end_s, data.start_s + 1234.0, 10.0, playing=True))
    assert page.view.cursor_s == 1234.0
    qtbot.keyClick(page.view.zoom, Qt.Key.Key_Right)
    qtbot.keyClick(page.view.zoom, Qt.Key.Key_Space)
    assert asked.asked == [("replay_seek", data.start_s + 1235.0), ("replay_play", False)]


def test_a_replay_of_another_recording_leaves_the_cursor_alone(page: ReviewPage) -> None:
    data = recording()
    page.show_recording(data)
    page.show_replay(ReplayPosition(data.start_s - 7200, data.end_s, data.start_s + 1234.0, 10.0, playing=True))
    assert page.view.cursor_s == pytest.approx(600.1)


def test_without_a_session_the_page_plays_by_itself(qtbot: QtBot, page: ReviewPage, asked: Asked) -> None:
    data = recording()
    page.show_recording(data)
    qtbot.keyClick(page.view.zoom, Qt.Key.Key_Space)
    assert page.bar.play.accessibleName() == "Pause (Space)"
    qtbot.waitUntil(lambda: page.view.cursor_s > 600.1)
    page.hide()
    assert page.bar.play.accessibleName() == "Play (Space)"
    page.replay_seek(data.start_s + 100)
    assert (page.view.cursor_s, page.bar.time_text()) == (100.0, "09:01:40")
    assert asked.asked == []


def test_states_without_a_recording(qtbot: QtBot, page: ReviewPage, asked: Asked) -> None:
    page.show_progress("desk.mcap", 0.5)
    with qtbot.waitSignal(page.cancel_asked):
        page.progress.button.click()
    assert page.progress.line.text() == "Working out the posture: 50 %"
    page.show_error("desk.mcap is not a recording: no MCAP header. Choose a file that ends in .mcap.")
    page.error.button.click()
    assert asked.asked == [("open_recording", None)]
    assert "no MCAP header" in page.error.accessibleName()
    qtbot.keyClick(page, Qt.Key.Key_Right)


def test_a_recording_without_posture_is_said_and_drawn(page: ReviewPage) -> None:
    empty = PostureFrames(
        *(np.empty(0) for _ in range(4)), None, np.empty(0), np.empty(0), *_codes(), np.empty(0), _codes()[0]
    )
    page.show_recording(ReviewData("empty", START_S, START_S + 60, ZONE_S, empty, ()))
    page.grab()
    assert page.view.day.accessibleName().startswith("No posture in this recording")


def _codes() -> list[np.ndarray]:
    return [np.empty(0, np.uint8) for _ in range(3)]


@pytest.mark.parametrize("theme", ["light", "dark", "high_contrast"])
def test_every_theme_draws_state_colours_where_the_episode_is(page: ReviewPage, theme: str) -> None:
    page.show_recording(recording(sensors=2))
    apply_theme(page.window(), THEMES[theme])
    page.view.zoom.show_window(500.0, 1000.0)
    picture = page.view.zoom.grab().toImage()
    seen = {
        picture.pixelColor(x, y).name().upper() for x in range(60, picture.width(), 3) for y in range(picture.height())
    }
    assert {THEMES[theme].away.upper(), THEMES[theme].near.upper()} <= seen


def test_a_view_takes_few_points_however_long_the_recording(page: ReviewPage) -> None:
    page.show_recording(recording(minutes=600))
    for window in ((0.0, 36000.0), (100.0, 4000.0), (5.0, 6.0)):
        page.view.zoom.show_window(*window)
        page.view.zoom.grab()
        assert all(envelope.points() < 8000 for envelope in page.view.zoom.envelopes)


def test_charts_tell_their_numbers(page: ReviewPage) -> None:
    page.show_recording(recording())
    assert len(page.view.day.numbers().rows) == 60
    assert page.view.zoom.numbers().columns[0] == "From"
