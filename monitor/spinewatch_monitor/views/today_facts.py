"""How the day was spent, in five small facts: walking, sitting, standing, breaks, small shifts. Pure texts."""

from __future__ import annotations

from dataclasses import dataclass

from spinewatch_monitor.updates import DayMovement
from spinewatch_monitor.views.today_words import MINUTE_S, hours_minutes
from spinewatch_signal.posture import Metric
from spinewatch_signal.summary_params import SITTING_UNDECIDED, TOO_SHORT_FOR_RATE

LABELS = ("Walking", "Sitting", "Standing", "Breaks", "Small shifts")
_SHORT = {SITTING_UNDECIDED: "not sure which", TOO_SHORT_FOR_RATE: "too early"}
_NOT_YET = "not known yet"


@dataclass(frozen=True, slots=True)
class Fact:
    """One small figure.

    Args:
        value: as it is read; an en dash when blank.
        note: a few words below.
        meaning: what it means, or why it is blank, for who points at it and for screen readers.
    """

    value: str
    note: str
    meaning: str


def facts(movement: DayMovement) -> tuple[Fact, ...]:
    """One fact for each of `LABELS`."""
    return _walking(movement), _sitting(movement), _standing(movement), _breaks(movement), _shifts(movement)


def whole(number: float) -> str:
    """``3,120``."""
    return f"{round(number):,}"


def _walking(movement: DayMovement) -> Fact:
    if movement.walking_s.value is None:
        return _blank(movement.walking_s)
    steps = "" if movement.steps.value is None else f"{whole(movement.steps.value)} steps"
    return Fact(hours_minutes(movement.walking_s.value), steps, "Time that was walking, and the steps in it.")


def _sitting(movement: DayMovement) -> Fact:
    if movement.sitting_s.value is None:
        return _blank(movement.sitting_s)
    longest_s = movement.longest_sitting_s.value
    note = "" if longest_s is None else f"longest {hours_minutes(longest_s)}"
    return Fact(hours_minutes(movement.sitting_s.value), note, "Time that was sitting; longest without a break.")


def _standing(movement: DayMovement) -> Fact:
    undecided = hours_minutes(movement.undecided_s)
    unsure = f"Upright and still for {undecided} more, but not known whether sitting or standing."
    if movement.standing_s.value is None:
        found = _blank(movement.standing_s)
        return Fact(found.value, f"{undecided} upright", f"{found.meaning} {unsure}") if movement.undecided_s else found
    note = f"{undecided} unsure" if movement.undecided_s >= MINUTE_S else ""
    sure = "Time that was standing."
    return Fact(hours_minutes(movement.standing_s.value), note, f"{sure} {unsure}" if note else sure)


def _breaks(movement: DayMovement) -> Fact:
    if movement.breaks.value is None:
        return _blank(movement.breaks)
    return Fact(whole(movement.breaks.value), "from sitting", "Sitting broken by a minute or more on your feet.")


def _shifts(movement: DayMovement) -> Fact:
    if movement.shifts_per_15min.value is None:
        return _blank(movement.shifts_per_15min)
    meaning = "Changes of more than 5° to a new posture while upright. Small shifts count too."
    return Fact(f"{movement.shifts_per_15min.value:.0f}", "in 15 minutes", meaning)


def _blank(metric: Metric) -> Fact:
    reason = metric.reason or _NOT_YET
    return Fact("–", _SHORT.get(reason, _NOT_YET), f"{reason[:1].upper()}{reason[1:]}.")
