"""From library to pages: stepping to the neighbour reaches every recording, in time order."""

from __future__ import annotations

from pathlib import Path

import pytest

from spinewatch_monitor.review_source import recording_beside, trends_days
from spinewatch_monitor.storage.trend_days import DayPart, merge_day


def part(name: str, start_s: float, end_s: float) -> DayPart:
    return DayPart(Path(name), start_s, end_s, False, {})


DAYS = trends_days(
    [
        merge_day("2026-05-04", [part("noon", 5000.0, 9000.0), part("same", 100.0, 900.0), part("early", 0.0, 4000.0)]),
        merge_day("2026-05-05", [part("next", 90_000.0, 95_000.0)]),
    ]
)


@pytest.mark.parametrize(
    ("shown", "step", "found"),
    [
        ("early", 1, "same"),  # of the same hours, so not counted, but there to be looked at
        ("same", 1, "noon"),
        ("noon", 1, "next"),
        ("next", -1, "noon"),
        ("early", -1, None),
        ("next", 1, None),
        ("elsewhere", 1, None),
    ],
)
def test_every_recording_is_reached_in_time_order(shown: str, step: int, found: str | None) -> None:
    assert recording_beside(DAYS, shown, step) == found


def test_a_day_opens_with_the_first_recording_that_counts() -> None:
    assert [day.path for day in DAYS] == ["early", "next"]
