"""The library: which recordings there are, their figures day by day, and notes beside them.

SQLite, because it is one file that survives a kill; never the only home of anything but notes: `scan` makes the rest
anew from the recordings.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from spinewatch_bridge.errors import RecordingError
from spinewatch_bridge.recording.format import FINAL_SUFFIX
from spinewatch_bridge.recording.reader import Recording
from spinewatch_monitor.storage.library_rows import LibraryError, Note, RecordingRow, Scan, fingerprint_of, local_day
from spinewatch_monitor.storage.migrations import STEPS, migrate, version_of
from spinewatch_monitor.storage.trend_days import DayPart, TrendDay, merge_day

__all__ = ["Library", "LibraryError", "Note", "RecordingRow", "Scan", "TrendDay", "fingerprint_of", "local_day"]

_MAX_ANALYSIS_BYTES = 50_000_000
_BUSY_S = 5.0


class Library:
    """Open with `Library.open`; use it from the thread that opened it."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._db = connection
        self.path = path
        self.notice: str | None = None
        """One sentence for the user when the library had to be made anew."""

    @classmethod
    def open(cls, path: Path) -> Library:
        """Open or create the library; one that is damaged is set aside and made anew.

        Raises:
            LibraryError: when it was made by a newer version, or the disk refuses.
        """
        try:
            return cls._open(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise LibraryError(f"The library {path} cannot be opened: {error}.") from error
        except OSError as error:
            raise LibraryError(f"The library {path} cannot be opened: {(error.strerror or '').lower()}.") from error
        aside = _set_aside(path)
        library = cls._open(path)
        rescued = library.take_notes(aside)
        notes = f" {rescued} notes were saved." if rescued else ""
        library.notice = f"The list of recordings was damaged and is made anew; the old one is {aside.name}.{notes}"
        return library

    @classmethod
    def _open(cls, path: Path) -> Library:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite gives its side files the same mode
        connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            version = version_of(connection)
            if version > len(STEPS):
                raise LibraryError(f"The library {path} was made by a newer Spinewatch. Update Spinewatch to use it.")
            migrate(connection)
            if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise sqlite3.DatabaseError("damaged")
        except BaseException:
            connection.close()
            raise
        return cls(connection, path)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- recordings -------------------------------------------------------------------------------------------------

    def add(self, path: Path) -> RecordingRow:
        """Enter one finished recording, or bring its entry up to date.

        Raises:
            RecordingError: when it cannot be read.
        """
        path = path.resolve()
        recording = Recording.open(path)
        try:
            stat, fingerprint = path.stat(), fingerprint_of(path)
        except OSError as error:
            raise RecordingError(f"{path} cannot be read: {(error.strerror or '').lower()}.") from error
        offset_s = recording.utc_offset_s
        sensors = [
            {"id": c.sensor.id, "family": c.sensor.family, "site": c.sensor.site.value, "role": c.sensor.role.value}
            for c in recording.channels.values()
        ]
        values = (
            fingerprint, str(path), stat.st_size, stat.st_mtime_ns, recording.start_s, recording.end_s, offset_s,
            local_day(recording.start_s, offset_s), str(recording.session.get("source", "")),
            int(recording.simulated), json.dumps(sensors),
        )  # fmt: skip
        with self._transaction():
            self._db.execute("DELETE FROM recordings WHERE path = ? OR fingerprint = ?", (str(path), fingerprint))
            self._db.execute("INSERT INTO recordings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)", values)
        return self.recording(fingerprint)

    def scan(self, folder: Path) -> Scan:
        """Bring the list up to date with the files of a folder; unchanged files are not opened."""
        known = {
            path: (size, mtime) for path, size, mtime in self._rows("SELECT path, size_bytes, mtime_ns FROM recordings")
        }
        added: list[RecordingRow] = []
        unreadable: list[tuple[Path, str]] = []
        for path in sorted(folder.resolve().glob("*" + FINAL_SUFFIX)):
            try:
                stat = path.stat()
                if known.get(str(path)) != (stat.st_size, stat.st_mtime_ns):
                    added.append(self.add(path))
            except (RecordingError, OSError) as error:
                unreadable.append((path, str(error)))
        missing = []
        with self._transaction():
            for row in self.recordings(include_missing=True):
                gone = not row.path.exists()
                self._db.execute("UPDATE recordings SET missing = ? WHERE fingerprint = ?", (gone, row.fingerprint))
                if gone:
                    missing.append(row.path)
        return Scan(tuple(added), tuple(missing), tuple(unreadable))

    def recordings(self, day: str | None = None, *, include_missing: bool = False) -> list[RecordingRow]:
        """Recordings in time order, of one local day or all."""
        rows = self._rows(
            "SELECT * FROM recordings WHERE (? IS NULL OR day = ?) AND missing <= ? ORDER BY start_s, path",
            (day, day, int(include_missing)),
        )
        return [_recording_row(row) for row in rows]

    def recording(self, fingerprint: str) -> RecordingRow:
        """One recording.

        Raises:
            KeyError: when the library does not know it.
        """
        rows = self._rows("SELECT * FROM recordings WHERE fingerprint = ?", (fingerprint,))
        if not rows:
            raise KeyError(fingerprint)
        return _recording_row(rows[0])

    def forget(self, fingerprint: str) -> None:
        """Remove a recording with its figures and notes; the file is the caller's to delete."""
        with self._transaction():
            for table in ("recordings", "day_summaries", "notes"):
                self._db.execute(f"DELETE FROM {table} WHERE fingerprint = ?", (fingerprint,))  # noqa: S608 (our names)

    # -- figures ----------------------------------------------------------------------------------------------------

    def store_analysis(self, fingerprint: str, analysis: Mapping[str, Any]) -> None:
        """Keep a recording's figures.

        Args:
            fingerprint: of a recording of the library.
            analysis: the object that `analyze --json` prints; it names its estimator and algorithm version.
        """
        row = self.recording(fingerprint)
        text = json.dumps(analysis, allow_nan=False)
        if len(text) > _MAX_ANALYSIS_BYTES:
            raise LibraryError(f"The figures of {row.path.name} are too large to keep ({len(text)} bytes).")
        values = (fingerprint, row.day, str(analysis["estimator"]), str(analysis["algorithm_version"]), text)
        with self._transaction():
            self._db.execute("INSERT OR REPLACE INTO day_summaries VALUES (?, ?, ?, ?, ?)", values)

    def analysis(self, fingerprint: str, estimator: str = "offline") -> dict[str, Any] | None:
        """The figures that are kept of a recording, or None."""
        rows = self._rows(
            "SELECT analysis FROM day_summaries WHERE fingerprint = ? AND estimator = ?", (fingerprint, estimator)
        )
        return _json_object(rows[0][0]) if rows else None

    def not_analysed(self, algorithm_version: str, estimator: str = "offline") -> list[RecordingRow]:
        """Recordings without figures of this version, the newest first."""
        rows = self._rows(
            "SELECT * FROM recordings WHERE missing = 0 AND fingerprint NOT IN "
            "(SELECT fingerprint FROM day_summaries WHERE algorithm_version = ? AND estimator = ?) "
            "ORDER BY start_s DESC",
            (algorithm_version, estimator),
        )
        return [_recording_row(row) for row in rows]

    def trend_days(
        self,
        first_day: str | None = None,
        last_day: str | None = None,
        *,
        simulated: bool | None = None,
        estimator: str = "offline",
    ) -> list[TrendDay]:
        """The figures of each local day that has any, in order.

        Args:
            first_day: ``YYYY-MM-DD``; None is the beginning.
            last_day: the last day to tell of; None is the end.
            simulated: True or False for only such recordings, None for all.
            estimator: whose figures.
        """
        rows = self._rows(
            "SELECT d.day, r.path, r.start_s, r.end_s, r.simulated, d.analysis FROM day_summaries d JOIN recordings r "
            "USING (fingerprint) WHERE d.estimator = ? AND (? IS NULL OR d.day >= ?) AND (? IS NULL OR d.day <= ?) "
            "AND (? IS NULL OR r.simulated = ?) ORDER BY d.day, r.start_s, r.path",
            (estimator, first_day, first_day, last_day, last_day, simulated, simulated),
        )
        days: dict[str, list[DayPart]] = {}
        for day, path, start_s, end_s, made_up, text in rows:
            part = DayPart(Path(path), start_s, end_s, bool(made_up), _json_object(text))
            days.setdefault(day, []).append(part)
        return [merge_day(day, parts) for day, parts in days.items()]

    # -- notes ------------------------------------------------------------------------------------------------------

    def add_note(self, fingerprint: str, text: str, created_s: float, t_s: float | None = None) -> Note:
        """Keep a remark beside a recording; the file itself is never changed."""
        values = (fingerprint, t_s, text, created_s)
        with self._transaction():
            cursor = self._db.execute(
                "INSERT INTO notes (fingerprint, t_s, text, created_s) VALUES (?, ?, ?, ?)", values
            )
        return Note(int(cursor.lastrowid or 0), fingerprint, t_s, text, created_s)

    def notes(self, fingerprint: str) -> list[Note]:
        """Remarks about a recording, those about all of it first."""
        rows = self._rows(
            "SELECT id, fingerprint, t_s, text, created_s FROM notes WHERE fingerprint = ? "
            "ORDER BY t_s IS NOT NULL, t_s, id",
            (fingerprint,),
        )
        return [Note(*row) for row in rows]

    def delete_note(self, note_id: int) -> None:
        """Forget a remark."""
        with self._transaction():
            self._db.execute("DELETE FROM notes WHERE id = ?", (note_id,))

    def take_notes(self, other: Path) -> int:
        """Copy the notes of another library, even of a damaged one; returns how many it had.

        Notes are all that no recording can give back.
        """
        try:
            with contextlib.closing(sqlite3.connect(f"{other.resolve().as_uri()}?mode=ro", uri=True)) as old:
                rows = old.execute("SELECT fingerprint, t_s, text, created_s FROM notes").fetchall()
            with self._transaction():
                self._db.executemany("INSERT INTO notes (fingerprint, t_s, text, created_s) VALUES (?, ?, ?, ?)", rows)
        except (sqlite3.Error, ValueError):
            return 0
        return len(rows)

    def _rows(self, query: str, values: tuple[Any, ...] = ()) -> list[sqlite3.Row]:
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise LibraryError(f"The library {self.path} cannot be read: {error}.") from error

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            raise LibraryError(f"The library {self.path} cannot be written: {error}.") from error


def _recording_row(row: sqlite3.Row) -> RecordingRow:
    return RecordingRow(
        row["fingerprint"],
        Path(row["path"]),
        row["size_bytes"],
        row["start_s"],
        row["end_s"],
        row["utc_offset_s"],
        row["day"],
        row["source"],
        bool(row["simulated"]),
        tuple(json.loads(row["sensors"])),
        bool(row["missing"]),
    )


def _json_object(text: str) -> dict[str, Any]:
    found = json.loads(text)
    return found if isinstance(found, dict) else {}


def _set_aside(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.rename(aside)
    for side in ("-wal", "-shm"):
        path.with_name(path.name + side).unlink(missing_ok=True)
    return aside
