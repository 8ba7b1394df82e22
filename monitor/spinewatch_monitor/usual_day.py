"""When a wearer's day usually ends, from the days that were recorded. Pure."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Sequence

from spinewatch_monitor.storage.trend_days import TrendDay

DAYS = 10
"""Of the last two working weeks; habits change."""
MIN_DAYS = 3
MIN_WORN_S = 4 * 3600.0
"""A shorter recording ended for another reason than the end of the day."""


def usual_end_s(days: Sequence[TrendDay], day: str, utc_offset_s: float) -> float | None:
    """The median end of the last whole days before `day`, put onto that day; None while there are too few.

    Args:
        days: what the library knows, in any order.
        day: local day, ``YYYY-MM-DD``.
        utc_offset_s: of local time on that day and, by and large, on those before it.
    """
    earlier = sorted((d for d in days if d.day < day and d.worn_s >= MIN_WORN_S), key=lambda d: d.day)[-DAYS:]
    ends_s = [d.end_s - _midnight_s(d.day, utc_offset_s) for d in earlier if d.end_s is not None]
    if len(ends_s) < MIN_DAYS:
        return None
    return _midnight_s(day, utc_offset_s) + statistics.median(ends_s)


def _midnight_s(day: str, utc_offset_s: float) -> float:
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(), dt.UTC).timestamp() - utc_offset_s
