"""The library at the window: days for Trends, recordings for Review, and what is known of a day so far."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject

from spinewatch_monitor.librarian import DaysKnown, Opened, OpenFailed, Opening, Told, calibration_for
from spinewatch_monitor.library_desk import LibraryDesk
from spinewatch_monitor.review_source import recording_beside, review_data, trends_days
from spinewatch_monitor.storage.folders import Folders
from spinewatch_monitor.storage.trend_days import TrendDay
from spinewatch_monitor.usual_day import usual_end_s
from spinewatch_monitor.views.review import ReviewPage
from spinewatch_monitor.views.trends import TrendsPage
from spinewatch_monitor.views.trends_words import TrendsDay
from spinewatch_signal.calibration import Calibration


class RecordingsHost(Protocol):
    """What the desk needs of the dashboard."""

    def tell(self, text: str) -> None:
        """One sentence for the person at the window."""

    def open_recording(self, path: str | None) -> None:
        """Show a recording on the page Review."""

    def start_replay(self, path: Path, speed: float, calibration: Calibration | None) -> None:
        """Play a recording."""


class RecordingsDesk(QObject):
    """Serves the pages Trends and Review.

    Args:
        folders: the data folder.
        pages: Review and Trends.
        host: whoever shows pages and plays recordings.
        simulated: whether days of simulated recordings are shown, or those of real ones.
    """

    def __init__(
        self,
        folders: Folders,
        pages: tuple[ReviewPage, TrendsPage],
        host: RecordingsHost,
        *,
        simulated: bool,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._host, (self._review, self._trends) = host, pages
        self._library = LibraryDesk(folders, simulated=simulated, parent=self)
        self._known: tuple[TrendDay, ...] = ()
        self._days: tuple[TrendsDay, ...] = ()
        self.opened: Opened | None = None
        self._replay_when_opened: float | None = None
        self._library.said.connect(self._said)
        self._library.refused.connect(self._refused)
        self._trends.day_activated.connect(self._open_day)
        self._review.cancel_asked.connect(self._library.cancel_open)
        self._review.step_asked.connect(self._open_beside)

    def start(self) -> None:
        """Begin; does nothing the second time."""
        self._library.start()

    def stop(self) -> None:
        """End, and wait until everything has."""
        self._library.stop()

    def rescan(self) -> None:
        """There may be new recordings; may be called from any thread."""
        self._library.rescan()

    def open(self, path: Path) -> None:
        """Bring a recording onto the page Review."""
        self._library.open(path)

    def play_when_opened(self, speed: float) -> None:
        """Play the next recording that is opened."""
        self._replay_when_opened = speed

    def replay_opened(self, plays: Callable[[Opened], bool]) -> bool:
        """Begin the replay of the recording shown, unless it plays already; whether it was begun."""
        if self.opened is None or plays(self.opened):
            return False
        self._host.start_replay(self.opened.path, 1.0, calibration_for(self.opened))
        return True

    def known(self, day: str) -> TrendDay | None:
        """What the library knows of a local day, ``YYYY-MM-DD``."""
        return next((known for known in self._known if known.day == day), None)

    def usual_end_s(self, day: str, utc_offset_s: float) -> float | None:
        """When a day is likely to end, by the days before it, UNIX seconds."""
        return usual_end_s(self._known, day, utc_offset_s)

    def _said(self, value: object) -> None:
        if isinstance(value, DaysKnown):
            self._known, self._days = value.days, trends_days(value.days)
            self._trends.show_days(self._days, self._today())
        elif isinstance(value, Told):
            self._host.tell(value.text)
        elif isinstance(value, Opening):
            self._review.show_progress(value.path.name, value.share)
        elif isinstance(value, OpenFailed):
            self._replay_when_opened = None
            self._review.show_error(value.text) if value.text else self._review.show_empty()
        elif isinstance(value, Opened):
            self._show_opened(value)

    def _refused(self, text: str) -> None:
        self._host.tell(text)
        self._review.show_error(text)

    def _show_opened(self, opened: Opened) -> None:
        self.opened = opened
        self._review.show_recording(review_data(opened))
        speed, self._replay_when_opened = self._replay_when_opened, None
        if speed is not None:
            self._host.start_replay(opened.path, speed, calibration_for(opened))

    def _open_day(self, day: TrendsDay) -> None:
        if day.path is not None:
            self._host.open_recording(day.path)

    def _open_beside(self, step: int) -> None:
        """The recording before or after the one shown."""
        if self.opened is None:
            return
        path = recording_beside(self._days, str(self.opened.path.resolve()), step)
        if path is not None:
            self._host.open_recording(path)

    def _today(self) -> dt.date:
        known = [day.day for day in self._days]
        return max([*known, dt.datetime.now(dt.UTC).astimezone().date()])
