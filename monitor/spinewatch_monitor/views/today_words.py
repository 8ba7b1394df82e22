"""What Today says in words and numbers: pure texts from the day's figures, blank with a reason where they are blank."""

from __future__ import annotations

from spinewatch_monitor.updates import TodayFigures
from spinewatch_monitor.views.clock import clock_text, day_text
from spinewatch_signal.posture import Metric

MINUTE_S, HOUR_S = 60.0, 3600.0
GOAL_STILL_S = 30 * MINUTE_S
"""A gentle goal, not a norm: after half an hour of stillness most people begin to feel it."""

Told = tuple[str, str, str]
"""Number, unit, note."""


def eyebrow(now_s: float, worn_s: float, utc_offset_s: float, final_s: float = 0.0) -> str:
    """``Thursday 19 November · worn 6 h 23``, and how much of that is analysed already: the rest is as seen live."""
    final = f" · {hours_minutes(final_s)} final, the rest live" if final_s >= MINUTE_S else ""
    return f"{day_text(now_s, utc_offset_s)} · worn {hours_minutes(worn_s)}{final}"


def hours_minutes(seconds: float) -> str:
    """``6 h 23`` or ``12 min``."""
    minutes = int(seconds // MINUTE_S)
    return f"{minutes // 60} h {minutes % 60:02d}" if minutes >= 60 else f"{minutes} min"


def hours_colon(seconds: float) -> str:
    """``1:18`` as hours and minutes."""
    minutes = round(seconds / MINUTE_S)
    return f"{minutes // 60}:{minutes % 60:02d}"


def blank(metric: Metric) -> Told:
    """A dash, and why."""
    reason = metric.reason or "not enough data yet"
    return "–", "", reason[:1].upper() + reason[1:]


def position_changes(figures: TodayFigures) -> Told:
    """Changes of position an hour."""
    metric = figures.position_changes_per_h
    if metric.value is None:
        return blank(metric)
    return f"{metric.value:.0f}", "an hour", f"over {hours_minutes(metric.valid_s)}"


def longest_still(figures: TodayFigures, utc_offset_s: float) -> Told:
    """Longest still stretch, with its clock times."""
    metric, span = figures.longest_still_s, figures.longest_still_span
    if metric.value is None:
        return blank(metric)
    note = "" if span is None else f"{clock_text(span[0], utc_offset_s)} to {clock_text(span[1], utc_offset_s)}"
    if metric.value < MINUTE_S:
        return f"{metric.value:.0f}", "s", note
    return f"{metric.value / MINUTE_S:.0f}", "min", note


def still_now(figures: TodayFigures) -> Told:
    """How long the wearer has been still."""
    seconds = figures.still_now_s
    if figures.worn_s <= 0:
        return "–", "", "No data yet"
    if seconds < MINUTE_S:
        return "0", "min", "just moved"
    return f"{seconds / MINUTE_S:.0f}", "min", "since you moved"


def time_away(figures: TodayFigures) -> Told:
    """Share of still time away from the reference."""
    metric = figures.away
    if metric.value is None:
        return blank(metric)
    return f"{metric.value:.0f}", "%", f"{hours_colon(figures.away_s)} of {hours_colon(metric.valid_s)} still"


def still_bracket(longest_s: float | None) -> str:
    """The words over the bracket in the day's ribbon."""
    return "" if longest_s is None else f"longest still, {longest_s / MINUTE_S:.0f} min"


def goal(now_s: float, figures: TodayFigures, utc_offset_s: float) -> tuple[str, float]:
    """What to do next, and how much of the still time has passed (0-1)."""
    if figures.worn_s <= 0:
        return "Wear it for a while", 0.0
    share = figures.still_now_s / GOAL_STILL_S
    if share >= 1:
        return "A good moment to stand up", 1.0
    until = clock_text(now_s - figures.still_now_s + GOAL_STILL_S, utc_offset_s)
    return f"Stand up or shift by {until}", share


def day_sentence(figures: TodayFigures) -> str:
    """The day's chart in words, for screen readers."""
    changes, longest, away = position_changes(figures), longest_still(figures, 0.0), time_away(figures)
    return (
        f"Your day. {changes[0]} changes of position {changes[1]}, longest still stretch {longest[0]} {longest[1]}, "
        f"{away[0]} {away[1]} of still time away from your reference."
    )
