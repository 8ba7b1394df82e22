"""The library's tables, step by step: a step that was released is never changed, only followed by another."""

from __future__ import annotations

import sqlite3

STEPS: tuple[str, ...] = (
    """
    CREATE TABLE recordings (
        fingerprint TEXT PRIMARY KEY,     -- of the file's contents: survives renaming and moving
        path TEXT NOT NULL UNIQUE,
        size_bytes INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        start_s REAL NOT NULL,            -- UNIX seconds of the first sample
        end_s REAL NOT NULL,
        utc_offset_s INTEGER NOT NULL,
        day TEXT NOT NULL,                -- local day on which it starts, YYYY-MM-DD
        source TEXT NOT NULL,
        simulated INTEGER NOT NULL,
        sensors TEXT NOT NULL,            -- JSON list of {id, family, site, role}
        missing INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX recordings_by_day ON recordings (day, start_s);
    CREATE TABLE day_summaries (
        fingerprint TEXT NOT NULL,
        day TEXT NOT NULL,
        estimator TEXT NOT NULL,
        algorithm_version TEXT NOT NULL,
        analysis TEXT NOT NULL,           -- the JSON object of `analyze --json`
        PRIMARY KEY (fingerprint, day, estimator)
    ) STRICT;
    CREATE TABLE notes (
        id INTEGER PRIMARY KEY,
        fingerprint TEXT NOT NULL,        -- no foreign key: a note outlives the row of a file that is away
        t_s REAL,                         -- UNIX seconds it is about; NULL for the whole recording
        text TEXT NOT NULL,
        created_s REAL NOT NULL
    ) STRICT;
    CREATE INDEX notes_by_recording ON notes (fingerprint, t_s);
    """,
)


def version_of(connection: sqlite3.Connection) -> int:
    """How many steps a library has taken."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection) -> None:
    """Take the steps that are missing, each whole or not at all."""
    for number in range(version_of(connection), len(STEPS)):
        connection.executescript(f"BEGIN IMMEDIATE; {STEPS[number]} PRAGMA user_version = {number + 1}; COMMIT;")
