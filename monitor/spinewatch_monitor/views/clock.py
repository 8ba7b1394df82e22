"""Times and lengths as words, in the time zone the recording was made in. No Qt."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone


def clock_text(t_s: float, utc_offset_s: float, seconds: bool = False) -> str:
    """Time of day where the recording was made, 24 hours.

    Args:
        t_s: UNIX seconds.
        utc_offset_s: offset of the local time from UTC, s.
        seconds: add the seconds.
    """
    second = math.floor(t_s + utc_offset_s) % 86400
    text = f"{second // 3600:02d}:{second // 60 % 60:02d}"
    return f"{text}:{second % 60:02d}" if seconds else text


def day_text(t_s: float, utc_offset_s: float) -> str:
    """Day where the recording was made, such as ``Thursday 19 November``."""
    day = datetime.fromtimestamp(t_s, timezone(timedelta(seconds=utc_offset_s)))
    return f"{day:%A} {day.day} {day:%B}"


def duration_text(duration_s: float) -> str:
    """Length as people say it: ``12 s``, ``3:12``, ``1 h 04 min``."""
    whole = max(round(duration_s), 0)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d}"
    return f"{whole // 3600} h {whole // 60 % 60:02d} min"
