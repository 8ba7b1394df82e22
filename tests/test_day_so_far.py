"""A day of two recordings reads as one day."""

from __future__ import annotations

import pytest

from spinewatch_monitor.day_so_far import with_earlier
from spinewatch_monitor.storage.trend_days import TrendDay
from spinewatch_monitor.updates import TodayFigures
from spinewatch_signal.posture import Metric

NOTHING = Metric(None, 0.0, "no sensor yet")


def figures(*, away: float | None = 30.0, still_s: float | None = 600.0, changes: float | None = 12.0) -> TodayFigures:
    return TodayFigures(
        worn_s=3600.0,
        away=Metric(away, 3000.0),
        away_s=900.0,
        longest_still_s=Metric(still_s, 3600.0),
        longest_still_span=(7000.0, 7600.0),
        position_changes_per_h=Metric(changes, 3600.0),
        still_now_s=60.0,
        episodes=4,
    )


MORNING = TrendDay(
    day="2026-03-02", worn_s=7200.0, valid_s=7200.0, away_s=600.0, away_percent=10.0, longest_still_s=1500.0,
    longest_still_span=(100.0, 1600.0), position_changes_per_h=9.0, episodes=3, recordings=(), simulated=False,
    reason=None,
)  # fmt: skip


def test_times_add_up_and_shares_are_weighted_by_their_time() -> None:
    day = with_earlier(figures(), MORNING)
    assert (day.worn_s, day.away_s, day.episodes, day.still_now_s) == (10_800.0, 1500.0, 7, 60.0)
    assert day.away.value == pytest.approx(100 * 1500 / 9000)
    assert day.position_changes_per_h.value == pytest.approx((12 * 3600 + 9 * 7200) / 10_800)


def test_the_longest_still_stretch_is_that_of_the_day() -> None:
    assert with_earlier(figures(), MORNING).longest_still_span == (100.0, 1600.0)
    assert with_earlier(figures(still_s=1800.0), MORNING).longest_still_span == (7000.0, 7600.0)


def test_the_morning_stands_while_the_session_is_young() -> None:
    young = with_earlier(TodayFigures(0.0, NOTHING, 0.0, NOTHING, None, NOTHING, 0.0, 0), MORNING)
    assert (young.away.value, young.longest_still_s.value, young.position_changes_per_h.value) == (10.0, 1500.0, 9.0)


def test_without_a_morning_nothing_changes() -> None:
    assert with_earlier(figures(), None) == figures()
