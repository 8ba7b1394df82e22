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


def test_walking_and_sitting_of_a_day_add_up_over_its_recordings() -> None:
    told = {
        "activity": {"walking_s": 600.0, "standing_s": 900.0},
        "walking": {"steps": 1000},
        "sitting": {
            "total_s": 2700.0,
            "undecided_s": 60.0,
            "bouts": [{"start_s": 0.0, "end_s": 1700.0}, {"start_s": 2000.0, "end_s": 3000.0}],
            "breaks": [{"start_s": 1700.0, "end_s": 2000.0}],
        },
    }
    blank = {"activity": {"walking_s": 60.0, "standing_s": 0.0}, "walking": {"steps": 90}, "sitting": {"total_s": None}}
    parts = [
        DayPart(Path("morning"), 0.0, 4000.0, False, told),
        DayPart(Path("noon"), 5000.0, 9000.0, False, blank),
        DayPart(Path("old"), 10_000.0, 11_000.0, False, {}),
    ]
    [day] = trends_days([merge_day("2026-05-04", parts)])
    assert (day.steps, day.walking_s, day.sitting_percent) == (1090, 660.0, 75.0)
    merged = merge_day("2026-05-04", parts)
    assert (merged.breaks, merged.longest_sitting_s, merged.undecided_s) == (1, 1700.0, 60.0)


def test_a_day_of_an_older_version_has_no_such_figures() -> None:
    [day] = trends_days([merge_day("2026-05-04", [part("old", 0.0, 4000.0)])])
    assert (day.steps, day.walking_s, day.sitting_percent) == (None, None, None)
