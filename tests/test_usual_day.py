"""When the day usually ends: the median of whole days, and nothing from too few."""

from __future__ import annotations

import datetime as dt

import pytest

from spinewatch_monitor.storage.trend_days import TrendDay
from spinewatch_monitor.usual_day import usual_end_s

HOUR_S = 3600.0


def day(number: int, ends_h: float, worn_h: float = 8.0, offset_s: float = 0.0) -> TrendDay:
    midnight = dt.datetime(2026, 3, number, tzinfo=dt.UTC).timestamp() - offset_s
    return TrendDay(
        f"2026-03-{number:02d}", worn_h * HOUR_S, worn_h * HOUR_S, None, None, None, None, None, 0, (), False, None,
        end_s=midnight + ends_h * HOUR_S,
    )  # fmt: skip


@pytest.mark.parametrize("offset_s", [0.0, 3600.0, -5 * 3600.0])
def test_the_median_end_of_whole_days(offset_s: float) -> None:
    days = [day(n, ends, offset_s=offset_s) for n, ends in ((2, 17.0), (3, 18.0), (4, 17.5), (5, 23.0), (6, 16.0))]
    midnight = dt.datetime(2026, 3, 9, tzinfo=dt.UTC).timestamp() - offset_s
    assert usual_end_s(days, "2026-03-09", offset_s) == midnight + 17.5 * HOUR_S


def test_too_few_days_or_short_ones_tell_nothing() -> None:
    assert usual_end_s([day(2, 17.0), day(3, 18.0)], "2026-03-09", 0.0) is None
    assert usual_end_s([day(n, 12.0, worn_h=1.0) for n in range(2, 9)], "2026-03-09", 0.0) is None
    assert usual_end_s([day(n, 17.0) for n in range(9, 20)], "2026-03-09", 0.0) is None, "later days are not known yet"
