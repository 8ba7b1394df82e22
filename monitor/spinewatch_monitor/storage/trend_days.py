"""The figures of one local day, merged over its recordings: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OVERLAP_S = 60.0
"""Recordings that share more time than this are of the same hours; a reconnection or a stepped clock shares less."""


@dataclass(frozen=True, slots=True)
class DayPart:
    """One recording of a day: file, first and last sample (UNIX seconds), and the object of `analyze --json`."""

    path: Path
    start_s: float
    end_s: float
    simulated: bool
    analysis: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TrendDay:
    """One day in Trends; a figure that is blank is None.

    Args:
        day: local day, ``YYYY-MM-DD``.
        worn_s: time with data.
        valid_s: the part of it with a known angle.
        away_s: still time away from the reference.
        away_percent: of the still, upright time in which the deviation was known.
        longest_still_s: length of the longest still bout.
        longest_still_span: its start and end, UNIX seconds.
        position_changes_per_h: over the time not lying.
        episodes: how often away.
        recordings: the files it stands on, in time order.
        left_out: files of the same hours as a longer one that is counted.
        files: every file of the day, counted or not, in time order.
        simulated: whether any of them was made by the simulator.
        reason: why figures are blank, where one is.
        end_s: last sample of the day, UNIX seconds; None where that is not known.
        steps, walking_s: of all walks; None where no analysis of the day looked for walking.
        sitting_s, standing_s: time recognised as such, of recordings in which these can be told apart.
        undecided_s: upright and still in these, but neither for sure.
        breaks: how often sitting was broken.
        longest_sitting_s: without a break.
    """

    day: str
    worn_s: float
    valid_s: float
    away_s: float | None
    away_percent: float | None
    longest_still_s: float | None
    longest_still_span: tuple[float, float] | None
    position_changes_per_h: float | None
    episodes: int
    recordings: tuple[Path, ...]
    simulated: bool
    reason: str | None
    left_out: tuple[Path, ...] = ()
    files: tuple[Path, ...] = ()
    end_s: float | None = None
    steps: int | None = None
    walking_s: float | None = None
    sitting_s: float | None = None
    standing_s: float | None = None
    undecided_s: float | None = None
    breaks: int | None = None
    longest_sitting_s: float | None = None


def merge_day(day: str, parts: Sequence[DayPart]) -> TrendDay:
    """One day from its recordings: times add up, shares and rates are weighted by the time they stand on.

    The same hours are never counted twice: of recordings that overlap, the longest counts.
    """
    counted = _without_overlap(parts)
    found = [part.analysis for part in counted]
    slouches = [_group(analysis, "slouch") for analysis in found]
    away_s = _sum(slouch.get("total_s") for slouch in slouches)
    judged_s = sum(_number(slouch.get("valid_s")) or 0.0 for slouch in slouches if slouch.get("total_s") is not None)
    longest_s, span = _longest(counted)
    reasons = [slouch.get("reason") for slouch in slouches if slouch.get("reason")]
    return TrendDay(
        day=day,
        worn_s=_sum(analysis.get("worn_s") for analysis in found) or 0.0,
        valid_s=_sum(analysis.get("valid_s") for analysis in found) or 0.0,
        away_s=away_s,
        away_percent=_away_percent(slouches, away_s, judged_s),
        longest_still_s=longest_s,
        longest_still_span=span,
        position_changes_per_h=_rate(found),
        episodes=sum(len(slouch.get("episodes") or ()) for slouch in slouches),
        recordings=tuple(part.path for part in counted),
        simulated=any(part.simulated for part in counted),
        reason=str(reasons[0]) if reasons and away_s is None else None,
        left_out=tuple(part.path for part in parts if part not in counted),
        files=tuple(part.path for part in sorted(parts, key=lambda part: (part.start_s, part.path))),
        end_s=max((part.end_s for part in counted), default=None),
        **_movement(found),
    )


def _movement(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Walking and sitting; a recording in which these are blank, or were not looked for yet, adds nothing."""
    walked = [analysis for analysis in found if _number(_group(analysis, "walking").get("steps")) is not None]
    sat = [analysis for analysis in found if _number(_group(analysis, "sitting").get("total_s")) is not None]
    steps = _sum(_group(analysis, "walking")["steps"] for analysis in walked)
    bouts = [bout for analysis in sat for bout in _group(analysis, "sitting").get("bouts") or ()]
    return {
        "steps": None if steps is None else int(steps),
        "walking_s": _sum(_group(analysis, "activity").get("walking_s") for analysis in walked),
        "sitting_s": _sum(_group(analysis, "sitting")["total_s"] for analysis in sat),
        "standing_s": _sum(_group(analysis, "activity").get("standing_s") for analysis in sat),
        "undecided_s": _sum(_group(analysis, "sitting").get("undecided_s") for analysis in sat),
        "breaks": sum(len(_group(analysis, "sitting").get("breaks") or ()) for analysis in sat) if sat else None,
        "longest_sitting_s": max((float(bout["end_s"]) - float(bout["start_s"]) for bout in bouts), default=None),
    }


def _away_percent(slouches: Sequence[Mapping[str, Any]], away_s: float | None, judged_s: float) -> float | None:
    if len(slouches) == 1:  # one recording: its own figure, to the last digit
        return _number(slouches[0].get("share_percent"))
    if away_s is None or judged_s <= 0:
        return None
    return 100 * min(1.0, away_s / judged_s)


def _without_overlap(parts: Sequence[DayPart]) -> list[DayPart]:
    kept: list[DayPart] = []
    for part in sorted(parts, key=lambda part: part.start_s - part.end_s):
        if all(min(part.end_s, other.end_s) - max(part.start_s, other.start_s) <= OVERLAP_S for other in kept):
            kept.append(part)
    return sorted(kept, key=lambda part: part.start_s)


def _longest(parts: Sequence[DayPart]) -> tuple[float | None, tuple[float, float] | None]:
    longest_s, span = None, None
    for part in parts:
        value = _number(part.analysis.get("longest_still_s"))
        if value is not None and (longest_s is None or value > longest_s):
            longest_s = value
            ends = part.analysis.get("longest_still_span")
            span = (part.start_s + ends[0], part.start_s + ends[1]) if ends else None
    return longest_s, span


def _rate(found: Sequence[Mapping[str, Any]]) -> float | None:
    rates = [
        (_number(analysis.get("posture_changes_per_h")), _number(_group(analysis, "trunk").get("valid_s")) or 0.0)
        for analysis in found
    ]
    known = [(rate, weight) for rate, weight in rates if rate is not None and weight > 0]
    if len(known) == 1:
        return known[0][0]
    total = sum(weight for _, weight in known)
    return sum(rate * weight for rate, weight in known) / total if total else None


def _sum(values: Any) -> float | None:
    known = [value for value in map(_number, values) if value is not None]
    return sum(known) if known else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _group(analysis: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    group = analysis.get(name)
    return group if isinstance(group, Mapping) else {}
