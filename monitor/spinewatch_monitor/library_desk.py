"""The librarian at the window: a loop of its own, questions in, what it says out as signals in the Qt thread."""

from __future__ import annotations

import logging
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from spinewatch_bridge.errors import BridgeError
from spinewatch_monitor.librarian import Librarian
from spinewatch_monitor.qt_loop import LoopThread
from spinewatch_monitor.storage.folders import Folders

log = logging.getLogger(__name__)


class LibraryDesk(QObject):
    """Starts the librarian once; asks it, and says why nothing can be asked where it could not be started.

    Signals:
        said: whatever the librarian publishes.
        refused: one line; the library cannot be used.
    """

    said = Signal(object)
    refused = Signal(str)

    def __init__(self, folders: Folders, *, simulated: bool, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folders, self._simulated = folders, simulated
        self._loop: LoopThread | None = None
        self._librarian: Librarian | None = None
        self._refusal = ""

    def start(self) -> None:
        """Begin; does nothing the second time."""
        if self._loop is not None:
            return
        self._librarian = Librarian(self._folders, simulated=self._simulated)
        self._loop = LoopThread(self)
        self._loop.arrived.connect(self.said)
        self._loop.ended.connect(self._ended)
        self._loop.start(self._librarian.run)

    def stop(self) -> None:
        """End it, and wait until it has."""
        if self._loop is not None:
            self._loop.stop()

    def open(self, path: Path) -> None:
        """Ask for a recording."""
        if self._loop is not None and self._librarian is not None:
            self._loop.call(self._librarian.open, path)
        elif self._refusal:
            self.refused.emit(self._refusal)

    def cancel_open(self) -> None:
        """The recording asked for is no longer wanted."""
        if self._loop is not None and self._librarian is not None:
            self._loop.call(self._librarian.cancel_open)

    def rescan(self) -> None:
        """There may be new recordings; may be called from any thread."""
        if self._loop is not None and self._librarian is not None:
            self._loop.call(self._librarian.rescan)

    def _ended(self, error: object) -> None:
        if not isinstance(error, BaseException):
            return
        self._librarian, self._refusal = None, str(error)
        if not isinstance(error, BridgeError):
            log.error("the library ended with an error", exc_info=error)
            self._refusal = f"Recordings cannot be opened by a fault in Spinewatch ({type(error).__name__})."
        self.refused.emit(self._refusal)
