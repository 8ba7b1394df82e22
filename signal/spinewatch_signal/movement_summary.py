"""What a day tells of movement: walking, bends, changes between sitting and standing, sitting bouts, rhythm.

Plain values with the time they stand on and, where they are blank, the reason.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from spinewatch_signal.bouts import half_accrued_s
from spinewatch_signal.marks import HealthMark, RiskKind, RiskyMovement, Transition, WalkingBout
from spinewatch_signal.posture import Metric

Span = tuple[float, float]

QUARTER_S = 900.0
"""Shifts, fidgets and bends are told per 15 minutes, as in the literature."""
LONG_BOUTS_MIN = (20, 30, 60)


@dataclass(frozen=True, slots=True)
class Marks:
    """What other steps found beside the frames; None where it was not looked for.

    Args:
        walking: walking bouts, in order.
        step_times_s: of every counted step, UNIX seconds.
        transitions: sitting down and getting up.
        risky: movements worth a word.
        health: doubts about sensors.
    """

    walking: Sequence[WalkingBout] | None = None
    step_times_s: Sequence[float] = ()
    transitions: Sequence[Transition] | None = None
    risky: Sequence[RiskyMovement] = ()
    health: Sequence[HealthMark] = ()


@dataclass(frozen=True, slots=True)
class WalkingSummary:
    """Walking.

    Args:
        bouts: in order.
        steps: in them; None when blank.
        steps_bridged: how many of these fell into short holes of the signal and were placed there by the cadence.
        cadence_per_min: median over all steps of confirmed walking, each step as fast as its bout.
        valid_s: time in which walking would have been seen.
    """

    bouts: tuple[WalkingBout, ...]
    steps: int | None
    steps_bridged: int | None
    cadence_per_min: Metric
    valid_s: float
    reason: str | None
    doubtful_s: float = 0.0


@dataclass(frozen=True, slots=True)
class MovementSummary:
    """Bends beyond 30° and 60°, changes between sitting and standing, movements worth a word.

    Args:
        bends: ``"bends_30"`` and ``"bends_60"`` to counts.
        bends_per_15min: those beyond the smallest limit.
        transitions: None where they were not looked for.
        risky: fast deep bends that were no part of sitting down or getting up, and times of frequent bends.
    """

    bends: Mapping[str, int]
    valid_s: float
    reason: str | None
    bends_per_15min: Metric = field(default_factory=lambda: Metric(None, 0.0))
    transitions: tuple[Transition, ...] | None = None
    risky: tuple[RiskyMovement, ...] = ()
    doubtful_s: float = 0.0


@dataclass(frozen=True, slots=True)
class SittingSummary:
    """Sitting bouts and breaks.

    Args:
        bouts, breaks: ``(start_s, end_s)``, UNIX seconds, in order.
        total_s: time recognised as sitting.
        longer: ``">=20"`` minutes and so on to the number of bouts at least so long.
        half_in_s: half of all time in bouts lies in bouts at least this long (W50).
        breaks_per_h: per hour of time in bouts.
        undecided_s: still and upright, but neither sitting nor standing for sure.
        valid_s: time in which sitting and standing could be told apart.
    """

    bouts: tuple[Span, ...]
    breaks: tuple[Span, ...]
    total_s: float
    longer: Mapping[str, int]
    half_in_s: Metric
    breaks_per_h: Metric
    undecided_s: float
    valid_s: float
    reason: str | None
    doubtful_s: float = 0.0


@dataclass(frozen=True, slots=True)
class RhythmSummary:
    """Small changes while upright: posture shifts to a new level, and fidgets that come back to the old one."""

    shifts: int
    fidgets: int
    shifts_per_15min: Metric
    fidgets_per_15min: Metric
    valid_s: float
    reason: str | None
    doubtful_s: float = 0.0


def walking_summary(found: Marks, valid_s: float, reason: str | None, doubtful_s: float = 0.0) -> WalkingSummary:
    """Walking from its bouts; blank with `reason`, or where it was not looked for."""
    reason = reason or (None if found.walking is not None else "walking was not looked for")
    bouts = tuple(found.walking or ())
    cadence = _median_of_steps(bouts)
    why = reason or (None if cadence is not None else "no walking")
    return WalkingSummary(
        bouts,
        None if reason else sum(bout.steps for bout in bouts),
        None if reason else sum(bout.steps_bridged for bout in bouts),
        Metric(None if why else cadence, sum(bout.end_s - bout.start_s for bout in bouts), why),
        valid_s,
        reason,
        doubtful_s,
    )


def sitting_summary(
    bouts: Sequence[Span],
    breaks: Sequence[Span],
    total_s: float,
    undecided_s: float,
    valid_s: float,
    reason: str | None,
    doubtful_s: float = 0.0,
    no_rate: Callable[[float], str | None] = lambda _: None,
) -> SittingSummary:
    """Sitting from its bouts; see `SittingSummary`. ``no_rate`` says why so much time in bouts allows no rate."""
    lengths_s = [end_s - start_s for start_s, end_s in bouts]
    in_bouts_s = sum(lengths_s)
    why = reason or (None if lengths_s else "no sitting")
    why_no_rate = why or no_rate(in_bouts_s)
    return SittingSummary(
        tuple(bouts),
        tuple(breaks),
        total_s,
        {f">={minutes}": sum(length >= 60 * minutes for length in lengths_s) for minutes in LONG_BOUTS_MIN},
        Metric(None if why else half_accrued_s(lengths_s), in_bouts_s, why),
        Metric(None if why_no_rate else len(breaks) / (in_bouts_s / 3600), in_bouts_s, why_no_rate),
        undecided_s,
        valid_s,
        reason,
        doubtful_s,
    )


def without_transitions(
    risky: Sequence[RiskyMovement], transitions: Sequence[Transition] | None
) -> tuple[RiskyMovement, ...]:
    """Movements without the fast deep bends by which somebody sits down or gets up: no load is picked up there.

    Args:
        risky: movements, in any order.
        transitions: in order and apart from each other.
    """
    starts_s = [float("-inf"), *(transition.start_s for transition in transitions or ())]
    ends_s = [float("-inf"), *(transition.end_s for transition in transitions or ())]
    return tuple(
        movement
        for movement in risky
        if movement.kind is not RiskKind.FAST_DEEP_BEND
        or ends_s[bisect_left(starts_s, movement.end_s) - 1] <= movement.start_s
    )


def per_15min(count: int, valid_s: float, reason: str | None) -> Metric:
    """A rate; blank with `reason`."""
    return Metric(None if reason else count / (valid_s / QUARTER_S), valid_s, reason)


def _median_of_steps(bouts: Sequence[WalkingBout]) -> float | None:
    """Median cadence, each bout weighing as much as it has steps."""
    known = [bout for bout in bouts if bout.steps and bout.cadence_per_min > 0]
    if not known:
        return None
    cadences = np.repeat([bout.cadence_per_min for bout in known], [bout.steps for bout in known])
    return float(np.median(cadences))
