"""When a recording began, for files that do not say; the guess is always told."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

_STAMP_IN_NAME = re.compile(r"(20\d{2})(\d{2})(\d{2})[_T-]?(\d{2})(\d{2})(\d{2})")


def parse_local(text: str) -> float | None:
    """UNIX seconds of a date and time without zone, read as UTC; None when it is none."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def iso_utc(t_s: float) -> str:
    """UNIX seconds as ISO text, UTC, to the microsecond."""
    return datetime.fromtimestamp(t_s, UTC).isoformat().replace("+00:00", "Z")


def start_or_guess(path: Path, given_s: float | None, stated_s: float | None) -> tuple[float, list[str]]:
    """The start in UNIX seconds and what must be said about it.

    In this order: what the user gave, what the file states, a stamp in the name of the file or its folder, the time
    the file was last changed.
    """
    if given_s is not None:
        return given_s, []
    if stated_s is not None:
        return stated_s, ["the start has no time zone and was taken as UTC; give it by --start"]
    for name in (path.name, path.resolve().parent.name):
        if (match := _STAMP_IN_NAME.search(name)) is not None:
            date, time = match.group(1, 2, 3), match.group(4, 5, 6)
            if (start := parse_local("-".join(date) + "T" + ":".join(time))) is not None:
                return start, ["the start was taken from the file or folder name, as UTC; give it by --start"]
    changed_s = float(int(path.stat().st_mtime))
    return changed_s, ["the file says no start: the time of its last change was taken; give it by --start"]
