"""What the library holds, as plain values, and how files and days are named."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from spinewatch_bridge.errors import BridgeError

_FINGERPRINT_BYTES = 1 << 16


class LibraryError(BridgeError):
    """The library cannot be used; one line says why."""


@dataclass(frozen=True, slots=True)
class RecordingRow:
    """One recording as the library knows it, times in UNIX seconds.

    ``day`` is the local day on which it starts; ``missing`` says that the file was not there at the last scan.
    """

    fingerprint: str
    path: Path
    size_bytes: int
    start_s: float
    end_s: float
    utc_offset_s: int
    day: str
    source: str
    simulated: bool
    sensors: tuple[Mapping[str, str], ...]
    missing: bool

    @property
    def duration_s(self) -> float:
        """From the first to the last sample, s."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Note:
    """A later remark about a recording; ``t_s`` is the moment it is about, None for all of it."""

    id: int
    fingerprint: str
    t_s: float | None
    text: str
    created_s: float


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scan met: recordings new or changed, files that are gone, files that cannot be read and why."""

    added: tuple[RecordingRow, ...]
    missing: tuple[Path, ...]
    unreadable: tuple[tuple[Path, str], ...]


def fingerprint_of(path: Path) -> str:
    """A name for a file's contents: size, head and tail; the tail of a recording holds its index and checksums."""
    with path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(0)
        head = stream.read(_FINGERPRINT_BYTES)
        stream.seek(max(0, size - _FINGERPRINT_BYTES))
        tail = stream.read(_FINGERPRINT_BYTES)
    return hashlib.sha256(b"%d\0" % size + head + tail).hexdigest()[:32]


def local_day(t_s: float, utc_offset_s: float) -> str:
    """The calendar day of a moment at a place, ``YYYY-MM-DD``."""
    return dt.datetime.fromtimestamp(t_s + utc_offset_s, dt.UTC).date().isoformat()
