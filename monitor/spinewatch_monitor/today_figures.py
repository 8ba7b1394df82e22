"""The figures of the day so far, from a day summary, or blank with the reason. Pure."""

from __future__ import annotations

from spinewatch_monitor.updates import DayMovement, TodayFigures
from spinewatch_signal.day_summary import DaySummary
from spinewatch_signal.posture import Metric

NO_SENSOR = "no sensor yet"
NO_SITTING = "no sitting recognised yet"


def today_figures(summary: DaySummary | None, reason: str = NO_SENSOR) -> TodayFigures:
    """The figures of the Today page from a day summary; without one, blank for this reason."""
    if summary is None:
        blank = Metric(None, 0.0, reason)
        return TodayFigures(0.0, blank, 0.0, blank, None, blank, 0.0, 0, DayMovement.blank(reason))
    return TodayFigures(
        worn_s=summary.worn_s,
        away=summary.slouch.share,
        away_s=summary.slouch.total_s,
        longest_still_s=summary.longest_still_s,
        longest_still_span=summary.longest_still_span,
        position_changes_per_h=summary.posture_changes_per_h,
        still_now_s=summary.still_now_s,
        episodes=len(summary.slouch.episodes),
        movement=_movement(summary),
        position_changes_s=summary.position_changes_s,
    )


def _movement(summary: DaySummary) -> DayMovement:
    """Walking, sitting and standing; where too much time is undecided, neither of the two is told."""
    spent, walking, sitting = summary.activity, summary.walking, summary.sitting
    longest_s = max((end_s - start_s for start_s, end_s in sitting.bouts), default=None)
    no_bout = None if longest_s is not None else NO_SITTING
    return DayMovement(
        steps=_metric(walking.steps, walking.valid_s, walking.reason),
        walking_s=_metric(spent.seconds["walking"], walking.valid_s, walking.reason),
        sitting_s=_metric(sitting.total_s, sitting.valid_s, sitting.reason),
        standing_s=_metric(spent.seconds["standing"], sitting.valid_s, sitting.reason),
        undecided_s=sitting.undecided_s,
        breaks=_metric(len(sitting.breaks), sitting.valid_s, sitting.reason or no_bout),
        longest_sitting_s=_metric(longest_s, sitting.valid_s, sitting.reason or no_bout),
        shifts_per_15min=summary.rhythm.shifts_per_15min,
    )


def _metric(value: float | None, valid_s: float, reason: str | None) -> Metric:
    return Metric(None if reason or value is None else float(value), valid_s, reason)
