"""The wired dashboard, offscreen: recordings open and play, a missing sensor is told, it closes cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
import sys
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from spinewatch_bridge.simulator.to_file import simulate_to_file
from spinewatch_monitor import screen_libraries
from spinewatch_monitor.app import EndRequest, make_application, run_until_closed
from spinewatch_monitor.dashboard import Dashboard
from spinewatch_monitor.live_run import Run
from spinewatch_monitor.session_loop import Publish
from spinewatch_monitor.settings import Settings, load_settings
from spinewatch_monitor.storage.folders import open_folders
from spinewatch_monitor.updates import SessionUpdate
from spinewatch_monitor.views.desktop_theme import theme_of
from spinewatch_monitor.views.trends_words import TrendsDay
from spinewatch_monitor.views.window_parts import Notice
from spinewatch_signal.calibration import GuidedSteps


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "quarter.mcap"
    return simulate_to_file("office-day", path, seed=2, hours=0.25, sensors=("upper_back",)).recording


@pytest.fixture
def dashboard(qtbot: QtBot, tmp_path: Path) -> Iterator[Dashboard]:
    made = Dashboard(open_folders(tmp_path), Settings(sound=False), "light", simulated=True)
    qtbot.addWidget(made.window)
    made.window.show()
    yield made
    made.close()


def told(dashboard: Dashboard) -> str:
    """The line at the foot of the window."""
    notice = dashboard.window.findChild(Notice)
    return "" if notice is None else notice.accessibleName()


def test_without_a_sensor_it_shows_how_to_begin(qtbot: QtBot, dashboard: Dashboard) -> None:
    dashboard.begin(None, None, 1.0, None)
    assert dashboard.window.current_page() == "first_run"


def test_a_recording_is_opened_and_played_through_the_session(
    qtbot: QtBot, dashboard: Dashboard, recording: Path
) -> None:
    dashboard.begin(None, recording, float("inf"), None)
    qtbot.waitUntil(lambda: dashboard.review.data is not None, timeout=60_000)
    qtbot.waitUntil(lambda: dashboard.run is not None and dashboard.run.player is not None, timeout=10_000)
    run = dashboard.run
    assert run is not None
    assert run.player is not None
    qtbot.waitUntil(lambda: run.player is not None and run.player.ended, timeout=60_000)
    assert dashboard.window.current_page() == "today"


def test_a_day_of_trends_opens_in_review(dashboard: Dashboard, recording: Path) -> None:
    day = TrendsDay(date(2026, 5, 4), 900.0, path=str(recording))
    dashboard.trends.day_activated.emit(day)
    assert dashboard.window.current_page() == "review"


def test_a_port_that_is_not_there_is_told_in_one_line(qtbot: QtBot, dashboard: Dashboard) -> None:
    dashboard.start_live(["serial:/dev/there-is-no-such-port"])
    qtbot.waitUntil(lambda: "no-such-port" in told(dashboard), timeout=10_000)


def test_a_source_that_makes_no_sense_is_told_in_one_line(qtbot: QtBot, dashboard: Dashboard) -> None:
    dashboard.start_live(["banana"])
    assert "banana" in told(dashboard)
    assert dashboard.run is None


def test_a_live_simulated_sensor_is_recorded(qtbot: QtBot, dashboard: Dashboard) -> None:
    dashboard.start_live(["sim:office-day?seed=2&speed=50"])
    run = dashboard.run
    assert run is not None
    qtbot.waitUntil(lambda: run.session.newest_s > run.start_s + 20, timeout=30_000)
    dashboard.stop_run()
    assert dashboard.run is None
    qtbot.waitUntil(lambda: suffixes(dashboard) == [".mcap"], timeout=10_000)


def suffixes(dashboard: Dashboard) -> list[str]:
    """Of the files in the folder of recordings."""
    return sorted(path.suffix for path in dashboard.folders.recordings.iterdir())


@pytest.fixture
def may_end(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Sensors are let go as slowly as a system does that waits for a person: not before this is set."""
    event, main = threading.Event(), Run.main

    async def slow(run: Run, publish: Publish) -> None:
        try:
            await main(run, publish)
        finally:
            while not event.is_set():
                await asyncio.sleep(0.01)

    monkeypatch.setattr(Run, "main", slow)
    yield event
    event.set()


def test_a_sensor_that_never_came_leaves_no_recording_and_that_is_said(qtbot: QtBot, dashboard: Dashboard) -> None:
    dashboard.start_live(["serial:/dev/there-is-no-such-port"])
    qtbot.waitUntil(lambda: "no-such-port" in told(dashboard), timeout=10_000)
    dashboard.stop_run()
    qtbot.waitUntil(lambda: told(dashboard) == "No samples came, so nothing was recorded.", timeout=10_000)
    assert suffixes(dashboard) == []


def test_stopping_does_not_wait_and_says_that_the_session_is_being_ended(
    qtbot: QtBot, dashboard: Dashboard, may_end: threading.Event
) -> None:
    dashboard.start_live(["sim:office-day?seed=2&speed=50"])
    run, header = dashboard.run, dashboard.window.sensors.header
    assert run is not None
    qtbot.waitUntil(lambda: run.session.newest_s > 0, timeout=30_000)
    dashboard.window.sensors.stop_asked.emit()
    assert dashboard.run is None
    assert header.headline() == "Ending…"
    qtbot.wait(50)
    assert header.headline() == "Ending…"
    may_end.set()
    qtbot.waitUntil(lambda: header.headline() == "No sensor yet", timeout=10_000)
    assert suffixes(dashboard) == [".mcap"]


def test_the_next_session_begins_when_the_last_recording_is_finished_and_only_the_last_wish_counts(
    qtbot: QtBot, dashboard: Dashboard, may_end: threading.Event, recording: Path
) -> None:
    dashboard.start_live(["sim:office-day?seed=2&speed=50"])
    first = dashboard.run
    assert first is not None
    assert first.recorder is not None
    qtbot.waitUntil(lambda: first.session.newest_s > 0, timeout=30_000)
    dashboard.start_live(["sim:office-day?seed=3&speed=50"])
    dashboard.start_replay(recording, 60.0, None)
    dashboard.start_live(["sim:office-day?seed=4&speed=50"])
    qtbot.wait(50)
    assert dashboard.run is None
    may_end.set()
    qtbot.waitUntil(lambda: dashboard.run is not None, timeout=10_000)
    assert first.recorder.ended
    assert dashboard.run is not None
    assert dashboard.run.texts == ("sim:office-day?seed=4&speed=50",)


def test_what_was_to_follow_does_not_after_a_stop(qtbot: QtBot, dashboard: Dashboard, may_end: threading.Event) -> None:
    dashboard.start_live(["sim:office-day?speed=50"])
    dashboard.start_live(["sim:office-day?seed=3&speed=50"])
    dashboard.stop_run()
    may_end.set()
    qtbot.waitUntil(lambda: dashboard.window.sensors.header.headline() == "No sensor yet", timeout=10_000)
    assert dashboard.run is None


def test_closing_while_a_session_is_being_ended_finishes_its_recording(
    qtbot: QtBot, dashboard: Dashboard, may_end: threading.Event
) -> None:
    dashboard.start_live(["sim:office-day?seed=2&speed=50"])
    run = dashboard.run
    assert run is not None
    qtbot.waitUntil(lambda: run.session.newest_s > 0, timeout=30_000)
    dashboard.stop_run()
    threading.Timer(0.2, may_end.set).start()
    dashboard.close()
    assert not dashboard.window.isVisible()
    assert suffixes(dashboard) == [".mcap"]


def test_whoever_begins_a_session_on_the_page_sensors_stays_there(qtbot: QtBot, dashboard: Dashboard) -> None:
    dashboard.window.show_page("sensors")
    dashboard.connect_sensors(["serial:/dev/there-is-no-such-port"])
    assert dashboard.window.current_page() == "sensors"
    dashboard.window.show_page("review")
    dashboard.start_live(["serial:/dev/there-is-no-such-port"])
    qtbot.waitUntil(lambda: dashboard.run is not None, timeout=10_000)
    assert dashboard.window.current_page() == "today"
    dashboard.window.show_page("sensors")
    dashboard.window.sensors.simulated_asked.emit()
    assert dashboard.window.current_page() == "today"


def test_themes_follow_the_choice(qtbot: QtBot) -> None:
    assert [theme_of(name) for name in ("light", "dark", "high_contrast")] == ["light", "dark", "high_contrast"]
    assert theme_of("system") in ("light", "dark")


def test_offscreen_is_no_screen() -> None:
    assert not screen_libraries.has_screen()


def test_a_changed_choice_is_kept_and_counts_at_once(qtbot: QtBot, dashboard: Dashboard) -> None:
    dashboard.choices.changed.emit(Settings(theme="dark", reminder_delay_s=300.0))
    assert dashboard.settings.reminder_delay_s == 300.0
    assert load_settings(dashboard.folders.settings)[0].theme == "dark"


def test_what_a_stopped_run_said_last_does_not_come_back(qtbot: QtBot, dashboard: Dashboard) -> None:
    dashboard.start_live(["sim:office-day?seed=2&speed=50"])
    qtbot.waitUntil(lambda: dashboard.run is not None and dashboard.run.session.newest_s > 0, timeout=30_000)
    dashboard.window.sensors.stop_asked.emit()
    qtbot.wait(50)
    assert dashboard.run is None
    dashboard.window.show_page("sensors")
    assert not any(card.isVisible() for card in dashboard.window.sensors.cards)


def test_a_session_that_ends_by_a_fault_leaves_no_figures_behind(
    qtbot: QtBot, dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_run: Run, _publish: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(Run, "main", fail)
    dashboard.start_live(["sim:office-day?speed=10"])
    qtbot.waitUntil(lambda: "RuntimeError" in told(dashboard), timeout=10_000)
    assert dashboard.run is None
    assert dashboard.window.sensors.header.headline() == "No sensor yet"


def test_a_choice_on_the_page_settings_keeps_the_sensors_that_were_connected_since(dashboard: Dashboard) -> None:
    dashboard.connect_sensors(["upper=serial:/dev/there-is-no-such-port"])
    dashboard.choices.look.chosen.emit({"theme": "dark"})
    kept = load_settings(dashboard.folders.settings)[0]
    assert (kept.theme, kept.sources) == ("dark", ("upper=serial:/dev/there-is-no-such-port",))


def test_a_simulated_day_does_not_take_the_place_of_the_sensors_that_are_remembered(dashboard: Dashboard) -> None:
    own = ("upper=ble:SW-0001",)
    dashboard.choices.changed.emit(Settings(sources=own, sound=False))
    dashboard.connect_sensors(["upper=sim:office-day?speed=10&site=t12", "lower=sim:office-day?speed=10"])
    assert dashboard.run is not None
    assert load_settings(dashboard.folders.settings)[0].sources == own


def test_what_was_muted_stays_muted_in_the_next_session(dashboard: Dashboard) -> None:
    dashboard.window.toggle_mute()
    dashboard.start_live(["sim:office-day?speed=10"])
    assert dashboard.run is not None
    assert dashboard.run.session.muted


def test_last_words_of_a_stopped_session_are_not_shown_in_the_next(
    qtbot: QtBot, dashboard: Dashboard, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dashboard.start_live(["sim:office-day?seed=2&speed=50"])
    run = dashboard.run
    assert run is not None
    qtbot.waitUntil(lambda: run.session.newest_s > run.start_s + 5, timeout=30_000)
    shown: list[SessionUpdate] = []
    monkeypatch.setattr(dashboard.window, "apply", shown.append)
    told: list[str] = []
    monkeypatch.setattr(dashboard, "tell", told.append)
    dashboard.start_replay(recording, 60.0, None)
    assert "live session has ended" in told[0]
    qtbot.waitUntil(lambda: len(shown) > 3, timeout=10_000)
    cleared, *played = shown
    assert cleared.sensors == ()
    assert all(update.replay is not None for update in played)


def test_calibrating_after_the_session_ended_is_refused_at_once(qtbot: QtBot, dashboard: Dashboard) -> None:
    with pytest.raises(ValueError, match="Connect one"):
        dashboard.calibration_steps(GuidedSteps((0.0, 5.0), (5.0, 20.0)))
    with pytest.raises(ValueError, match="Connect one"):
        dashboard.re_zero((0.0, 5.0), "standing")


def test_a_library_of_a_newer_version_is_said_where_a_recording_was_to_open(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = open_folders(tmp_path)
    with contextlib.closing(sqlite3.connect(folders.library)) as library:
        library.execute("PRAGMA user_version = 99")
    made = Dashboard(folders, Settings(sound=False), "light", simulated=True)
    qtbot.addWidget(made.window)
    errors: list[str] = []
    monkeypatch.setattr(made.review, "show_error", errors.append)
    made.begin(None, tmp_path / "any.mcap", 1.0, None)
    qtbot.waitUntil(lambda: bool(errors), timeout=10_000)
    made.open_recording(str(tmp_path / "any.mcap"))
    assert len(errors) == 2
    assert "newer Spinewatch" in errors[1]
    made.close()


def test_a_new_session_shows_nothing_of_the_last_one(qtbot: QtBot, dashboard: Dashboard) -> None:
    today = dashboard.window.today
    dashboard.start_live(["sim:office-day?seed=2&speed=50"])
    qtbot.waitUntil(lambda: len(today.day.runs().start_s) > 0, timeout=30_000)
    dashboard.start_live(["serial:/dev/there-is-no-such-port"])
    qtbot.waitUntil(lambda: dashboard.run is not None, timeout=10_000)
    assert today.trace_data.newest_s is None
    assert len(today.day.runs().start_s) == 0


@pytest.fixture
def ending() -> Iterator[EndRequest]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield EndRequest()
    for number, handler in before.items():
        signal.signal(number, handler)


def test_ctrl_c_while_the_window_is_made_ends_before_anything_begins(dashboard: Dashboard, ending: EndRequest) -> None:
    begun: list[bool] = []
    signal.raise_signal(signal.SIGINT)
    assert run_until_closed(make_application(), dashboard, ending, lambda: begun.append(True)) == 0
    assert not begun


def test_a_demo_that_cannot_be_made_says_why(
    qtbot: QtBot, dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> Path:
        raise OSError(28, "No space left on device")

    told: list[str] = []
    monkeypatch.setattr("spinewatch_monitor.demo_loop.demo_recording", refuse)
    monkeypatch.setattr(dashboard, "tell", told.append)
    dashboard.begin_demo(1, 1.7e9, 0.0, 60.0)
    qtbot.waitUntil(lambda: any("No space left" in text for text in told), timeout=10_000)


@pytest.mark.skipif(sys.platform != "linux", reason="only on Linux may a screen be missing")
@pytest.mark.parametrize(
    ("environment", "says"),
    [({}, "No screen is here"), ({"DISPLAY": ":0"}, "libxcb-cursor"), ({"WAYLAND_DISPLAY": "wayland-0"}, None)],
)
def test_a_missing_screen_is_said_before_qt_aborts(monkeypatch, environment: dict[str, str], says: str | None) -> None:
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(screen_libraries, "find_library", lambda _name: None)
    reason = screen_libraries.why_no_window()
    assert reason is None if says is None else says in str(reason)
