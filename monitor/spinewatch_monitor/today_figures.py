"""The figures of the day so far, from a day summary, or blank with the reason. Pure."""

from __future__ import annotations

from spinewatch_monitor.updates import TodayFigures
from spinewatch_signal.day_summary import DaySummary
from spinewatch_signal.posture import Metric

NO_SENSOR = "no sensor yet"


def today_figures(summary: DaySummary | None, reason: str = NO_SENSOR) -> TodayFigures:
    """The figures of the Today page from a day summary; without one, blank for this reason."""
    if summary is None:
        blank = Metric(None, 0.0, reason)
        return TodayFigures(0.0, blank, 0.0, blank, None, blank, 0.0, 0)
    return TodayFigures(
        worn_s=summary.worn_s,
        away=summary.slouch.share,
        away_s=summary.slouch.total_s,
        longest_still_s=summary.longest_still_s,
        longest_still_span=summary.longest_still_span,
        position_changes_per_h=summary.posture_changes_per_h,
        still_now_s=summary.still_now_s,
        episodes=len(summary.slouch.episodes),
    )
