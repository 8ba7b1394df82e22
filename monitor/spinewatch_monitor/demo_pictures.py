"""The demo without a screen: the same day, session and pages, as a text summary and saved pictures."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from spinewatch_bridge.recording.reader import Recording
from spinewatch_bridge.transports.replay import Player
from spinewatch_monitor.analysis import analyse_file
from spinewatch_monitor.analysis_json import ALGORITHM_VERSION
from spinewatch_monitor.cli_analysis import analysis_table
from spinewatch_monitor.cli_text import out, progress_of, tell
from spinewatch_monitor.dashboard import Dashboard
from spinewatch_monitor.demo_day import demo_folders, demo_recording
from spinewatch_monitor.librarian import Opened, kept_facts
from spinewatch_monitor.problems import BadInputError
from spinewatch_monitor.review_source import review_data
from spinewatch_monitor.screen_libraries import why_no_window
from spinewatch_monitor.session import Session, SessionConfig
from spinewatch_monitor.settings import Settings
from spinewatch_monitor.storage.frame_cache import CachedFrames, FrameCache
from spinewatch_monitor.storage.library import fingerprint_of
from spinewatch_monitor.updates import ReplayPosition

SHOWN_SHARE = 0.84
"""How much of the day has passed in the picture of Today: mid-afternoon."""
PICTURE_PX = (1440, 900)
SETTLE_MS = 600
"""The figure follows in steps; by then it stands."""


def show_without_screen(seed: int, start_s: float, offset_s: float, folder: Path) -> int:
    """Simulate, analyse, print the figures, save the pictures."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    folder.mkdir(parents=True, exist_ok=True)  # first: a place that cannot be used costs no minute of work
    folders = demo_folders()
    with progress_of("Simulating an office day") as progress:
        path = demo_recording(folders, seed, start_s, offset_s, progress)
    with progress_of("Analysing it") as progress:
        analysis, figures = analyse_file(path, progress)
    out().print(analysis_table(figures))
    cache = FrameCache(folders.cache, ALGORITHM_VERSION)
    cache.save(fingerprint_of(path), analysis.frames, analysis.episodes, kept_facts(analysis, figures))
    kept = cache.load(fingerprint_of(path))
    application = QApplication.instance() or QApplication(["spinewatch"])
    dashboard = Dashboard(folders, Settings(), "light", simulated=True)
    dashboard.window.resize(*PICTURE_PX)
    _save_today(dashboard, path, folder / "today.png")
    if kept is not None:
        _save_review(dashboard, path, kept, folder / "review.png")
    dashboard.close()
    application.processEvents()
    tell(why_no_window() or "No screen is here, so no window was opened.")
    tell("With a screen, make demo shows this day live.")
    return 0


def _save_today(dashboard: Dashboard, path: Path, picture: Path) -> None:
    """Play the day into the page, as fast as it goes, up to mid-afternoon."""
    recording = Recording.open(path)
    player = Player(recording, float("inf"))
    until_s = player.start_s + SHOWN_SHARE * (player.end_s - player.start_s)
    offset_s = float(recording.utc_offset_s)
    session = Session(SessionConfig(offset_s, dashboard.settings))
    dashboard.window.begin_session(offset_s)
    dashboard.window.show_page("today")
    dashboard.window.show()
    with progress_of("Playing it up to mid-afternoon") as progress:
        while player.position_s < until_s:
            session.take(player.step(0.0), player.position_s)
            position = ReplayPosition(player.start_s, player.end_s, player.position_s, 60.0, playing=True)
            dashboard.window.apply(session.update(player.position_s, position))
            progress((player.position_s - player.start_s) / (until_s - player.start_s))
    _save(dashboard, picture)


def _save_review(dashboard: Dashboard, path: Path, kept: CachedFrames, picture: Path) -> None:
    recording = Recording.open(path)
    offset_s = float(recording.utc_offset_s)
    events = tuple(recording.events)
    opened = Opened(path, recording.start_s, recording.end_s, offset_s, recording.simulated, events, kept)
    dashboard.window.show_page("review")
    dashboard.review.show_recording(review_data(opened))
    _save(dashboard, picture)


def _save(dashboard: Dashboard, picture: Path) -> None:
    dashboard.window.show()
    settled = QEventLoop()
    QTimer.singleShot(SETTLE_MS, settled.quit)
    settled.exec()
    if not dashboard.window.grab().save(str(picture)):
        raise BadInputError(f"{picture} could not be written. Choose another folder with --out.")
    tell(f"Picture saved: {picture}")
