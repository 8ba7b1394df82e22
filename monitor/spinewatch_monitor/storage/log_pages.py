"""Pages that were fetched from a sensor's log, on this computer's disk: one file for each file of the log.

They lie in the data folder until the sensor's own copy is erased, so that a fetch can go on where it stopped and a
recording can be made anew. Page n stands at n x 4096 bytes; what is not there, or damaged, is missing. An empty file
beside them marks that a recording was made: pages without one are the only copy once the sensor's is erased.
"""

from __future__ import annotations

import os
from pathlib import Path

from spinewatch_bridge.protocols.spinewatch_log import PAGE_BYTES, LogFile, is_sound
from spinewatch_monitor.storage.folders import make_private_folder

FOLDER_NAME = "sensor_logs"


class PageFile:
    """A `spinewatch_bridge.log_download.PageSink` on the disk.

    Args:
        path: of the file; made where it is not there.

    Raises:
        OSError: when it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._mark = path, path.with_suffix(".recorded")
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        self._file = os.fdopen(handle, "r+b")
        self._there = self._sound_pages()

    def _sound_pages(self) -> set[int]:
        there, number = set(), 0
        while page := self._file.read(PAGE_BYTES):
            if is_sound(page):
                there.add(number)
            number += 1
        return there

    def missing(self, pages: int) -> list[int]:
        """Which of the first `pages` pages are not there, in order."""
        return [page for page in range(pages) if page not in self._there]

    def put(self, page: int, data: bytes) -> None:
        """Keep a page; a recording that was made before lacks it."""
        self._mark.unlink(missing_ok=True)
        self._file.seek(page * PAGE_BYTES)
        self._file.write(data)
        self._there.add(page)

    def safe(self) -> bool:
        """Hand all to the disk, and look whether it is there as it was put."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.seek(0)
        return self._there <= self._sound_pages()

    def read(self) -> bytes:
        """All pages; those that are missing are zeros."""
        self._file.flush()
        self._file.seek(0)
        return self._file.read()

    @property
    def is_recorded(self) -> bool:
        """Whether a recording was made of what is there."""
        return self._mark.exists()

    def mark_recorded(self) -> None:
        """A recording was made of what is there, and is on the disk."""
        self._mark.touch(mode=0o600)

    def close(self) -> None:
        """May be called twice."""
        self._file.close()

    def remove(self) -> None:
        """Take them off the disk."""
        self.close()
        self.path.unlink(missing_ok=True)
        self._mark.unlink(missing_ok=True)


def pages_path(root: Path, serial: str, file: LogFile) -> Path:
    """Where the pages of a file of a sensor's log lie; the folder is made.

    Args:
        root: the data folder.
        serial: serial number of the sensor, as it says.
        file: one of its list.
    """
    folder = root / FOLDER_NAME
    make_private_folder(folder)
    safe_serial = "".join(c if c.isascii() and c.isalnum() else "-" for c in serial) or "unknown"
    return folder / f"{safe_serial}_{file.session:08x}_{file.id}.pages"
