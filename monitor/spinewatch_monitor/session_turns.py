"""One session at a time on the links' loop: the next begins when the last has ended and its recording is finished."""

from __future__ import annotations

import logging
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from spinewatch_monitor.live_run import Run
from spinewatch_monitor.qt_loop import LinkJob, LinkLoop, Main
from spinewatch_monitor.storage.recorder import Recorder

log = logging.getLogger(__name__)

CLOSE_S = 10.0
"""As the program ends, sensors have so long to be let go; a recording has as long as it takes."""
LAST_S = 1.0
"""What is still under way then, such as a check of this computer, ends with the program."""


class SessionTurns(QObject):
    """Begins and ends sessions; nothing here waits, except for the end of the program.

    Args:
        links: the loop of the sessions, and of what else has to do with links.

    Signals:
        arrived: what the present session publishes; nothing of one that is being ended.
        failed: an error that ended a session, and whether that was the present one.
        freed: the last session has ended, and none follows.
    """

    arrived = Signal(object)
    failed = Signal(object, bool)
    freed = Signal()

    def __init__(self, links: LinkLoop, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._links = links
        self.run: Run | None = None
        self.job: LinkJob | None = None
        """The present session's, also after it has ended by itself."""
        self._ending: LinkJob | None = None
        self._next: Callable[[], None] | None = None
        self._recorders: list[Recorder] = []

    @property
    def ending(self) -> bool:
        """Whether a session is being ended."""
        return self._ending is not None

    def follow(self, begin: Callable[[], None]) -> None:
        """End the session and call `begin` once it has ended, at once where none runs; of several, the last is called.

        Args:
            begin: may call `begin` here.
        """
        self.end()
        if self.ending:
            self._next = begin
        else:
            begin()

    def begin(self, main: Main, run: Run | None = None) -> None:
        """Begin a session where none runs.

        Args:
            main: runs it, and returns when all of it has ended.
            run: its parts; None when `main` makes them, see `take`.
        """
        self.job = LinkJob(self._links, self)
        self.job.arrived.connect(self._arrived)
        self.job.ended.connect(self._ended)
        self.take(run)
        self.job.start(main)

    def take(self, run: Run | None) -> None:
        """Know the parts of the present session."""
        self.run = run
        if run is not None and run.recorder is not None:
            self._recorders = [*(one for one in self._recorders if not one.ended), run.recorder]

    def end(self) -> None:
        """End the session without waiting; nothing of it arrives any more, and what should have followed does not."""
        job, self.job, self.run, self._next = self.job, None, None, None
        if job is not None and job.running:
            self._ending = job
            job.cancel()
        elif job is not None:
            job.deleteLater()

    def close(self) -> None:
        """End everything, and wait for it: nothing that was recorded is lost."""
        self.end()
        if self._ending is not None:
            self._ending.wait(CLOSE_S)
        for recorder in self._recorders:
            recorder.stop()
        if not self._links.stop(LAST_S):
            log.warning("not all links ended in time")

    def _arrived(self, value: object) -> None:
        if self.sender() is self.job:  # else they are last words of a session that is over
            self.arrived.emit(value)

    def _ended(self, error: object) -> None:
        job = self.sender()
        if error is not None:
            self.failed.emit(error, job is self.job)
        if job is None or job is not self._ending:
            return
        job.deleteLater()
        self._ending, begin, self._next = None, self._next, None
        if begin is not None:
            begin()
        else:
            self.freed.emit()
