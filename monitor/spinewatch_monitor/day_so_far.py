"""Today's figures over all recordings of the day: those that are analysed, and the one that goes on. Pure."""

from __future__ import annotations

from dataclasses import replace

from spinewatch_monitor.storage.trend_days import TrendDay
from spinewatch_monitor.updates import DayMovement, TodayFigures
from spinewatch_signal.posture import Metric


def with_earlier(now: TodayFigures, earlier: TrendDay | None) -> TodayFigures:
    """The figures of the session with those of the day's earlier recordings.

    Times add up; shares and rates are weighted by the time they stand on; the longest still stretch is the longer one.

    Args:
        now: of the session.
        earlier: what the library knows of the same local day; None without any.
    """
    if earlier is None or earlier.worn_s <= 0:
        return now
    return replace(
        now,
        worn_s=now.worn_s + earlier.worn_s,
        away=_weighted(now.away, earlier.away_percent, _judged_s(earlier)),
        away_s=now.away_s + (earlier.away_s or 0.0),
        longest_still_s=_longer(now.longest_still_s, earlier.longest_still_s),
        longest_still_span=_span(now, earlier),
        position_changes_per_h=_weighted(now.position_changes_per_h, earlier.position_changes_per_h, earlier.valid_s),
        episodes=now.episodes + earlier.episodes,
        movement=_movement(now.movement, earlier),
        final_s=earlier.worn_s,
    )


def _movement(now: DayMovement, earlier: TrendDay) -> DayMovement:
    """Times and counts of both; what one of the two does not know is left to the other."""
    return replace(
        now,
        steps=_plus(now.steps, earlier.steps, earlier.valid_s),
        walking_s=_plus(now.walking_s, earlier.walking_s, earlier.valid_s),
        sitting_s=_plus(now.sitting_s, earlier.sitting_s, earlier.valid_s),
        standing_s=_plus(now.standing_s, earlier.standing_s, earlier.valid_s),
        undecided_s=now.undecided_s + (earlier.undecided_s or 0.0),
        breaks=_plus(now.breaks, earlier.breaks, earlier.valid_s),
        longest_sitting_s=_longer(now.longest_sitting_s, earlier.longest_sitting_s),
    )


def _plus(now: Metric, earlier: float | None, earlier_s: float) -> Metric:
    if earlier is None:
        return now
    return Metric((now.value or 0.0) + earlier, now.valid_s + earlier_s)


def _judged_s(earlier: TrendDay) -> float:
    """Time in which the deviation was known: what the share away is a share of."""
    if not earlier.away_percent or earlier.away_s is None:
        return earlier.valid_s
    return 100.0 * earlier.away_s / earlier.away_percent


def _weighted(now: Metric, earlier: float | None, earlier_s: float) -> Metric:
    if earlier is None:
        return now
    if now.value is None:
        return Metric(earlier, earlier_s + now.valid_s)
    total_s = now.valid_s + earlier_s
    return Metric((now.value * now.valid_s + earlier * earlier_s) / total_s, total_s) if total_s > 0 else now


def _longer(now: Metric, earlier_s: float | None) -> Metric:
    if earlier_s is None or (now.value is not None and now.value >= earlier_s):
        return now
    return Metric(earlier_s, now.valid_s)


def _span(now: TodayFigures, earlier: TrendDay) -> tuple[float, float] | None:
    value = now.longest_still_s.value
    if earlier.longest_still_s is None or (value is not None and value >= earlier.longest_still_s):
        return now.longest_still_span
    return earlier.longest_still_span
