"""Today's connection of one sensor: which span of the day is shown, and its gaps in words. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from spinewatch_monitor.updates import Absence, Link, SensorStatus
from spinewatch_monitor.views.cause_words import short_words
from spinewatch_monitor.views.clock import clock_text, duration_text

_SPANS_H = ((2, 0.5), (4, 1.0), (6, 1.0), (10, 2.0), (12, 2.0), (24, 4.0))
"""Lengths of the axis and steps of its labels, hours."""
MOST_TOLD = 3
"""So many lengths of one cause are told one by one; more are summed up."""
_TIMES = {1: "once", 2: "twice"}


@dataclass(frozen=True, slots=True)
class Axis:
    """A span of the day, UNIX seconds, and the times that have a label."""

    start_s: float
    end_s: float
    labels_s: tuple[float, ...]

    def share(self, t_s: float) -> float:
        """Where a time lies between the ends, in [0, 1]."""
        return min(1.0, max(0.0, (t_s - self.start_s) / (self.end_s - self.start_s)))


def axis(since_s: float, now_s: float, utc_offset_s: float) -> Axis:
    """From the full local hour before the session on, as long as is needed: two hours first, ten on a working day."""
    start_s = math.floor((since_s + utc_offset_s) / 3600) * 3600 - utc_offset_s
    needed_h = (now_s - start_s) / 3600
    hours, step_h = next((pair for pair in _SPANS_H if pair[0] >= needed_h), (math.ceil(needed_h / 24) * 24, 0.0))
    step_s = 3600 * (step_h or hours / 4)
    return Axis(
        start_s, start_s + 3600 * hours, tuple(start_s + k * step_s for k in range(int(3600 * hours / step_s) + 1))
    )


def newest_s(sensor: SensorStatus, now_s: float) -> float:
    """When its newest sample was made."""
    return now_s - (sensor.data_age_s or 0.0)


def gap_words(absences: Sequence[Absence]) -> str:
    """All gaps by cause: ``out of range twice: 36 s and 12 s``."""
    if not absences:
        return "no gap"
    causes: dict[str, list[float]] = {}
    for absence in absences:
        causes.setdefault(short_words(absence.cause, absence.cause_key), []).append(absence.end_s - absence.start_s)
    return "; ".join(_one_cause(cause, lengths) for cause, lengths in causes.items())


def _one_cause(cause: str, lengths_s: Sequence[float]) -> str:
    count = len(lengths_s)
    times = _TIMES.get(count, f"{count} times")
    if count > MOST_TOLD:
        return f"{cause} {times}: {duration_text(sum(lengths_s))} in all"
    told = [duration_text(length) for length in lengths_s]
    return f"{cause} {times}: {' and '.join(filter(None, (', '.join(told[:-1]), told[-1])))}"


def spoken(sensor: SensorStatus, now_s: float, utc_offset_s: float) -> str:
    """The strip for ears: since when, each gap with its time, and whether data come now."""
    if sensor.since_s is None:
        return "Today's connection: no data yet"
    told = [
        f"{short_words(gap.cause, gap.cause_key)} at {clock_text(gap.start_s, utc_offset_s)} for "
        f"{duration_text(gap.end_s - gap.start_s)}"
        for gap in sensor.absences
    ]
    ends = (
        "" if sensor.link is not Link.LOST else f"; no data since {clock_text(newest_s(sensor, now_s), utc_offset_s)}"
    )
    since = f"Today's connection: since {clock_text(sensor.since_s, utc_offset_s)}"
    return f"{since}, {'; '.join(told) or 'no gap'}{ends}"


def rows(sensor: SensorStatus, utc_offset_s: float) -> tuple[tuple[str, str, str], ...]:
    """The gaps as rows of a table: from, length, why."""
    return tuple(
        (
            clock_text(gap.start_s, utc_offset_s, seconds=True),
            duration_text(gap.end_s - gap.start_s),
            short_words(gap.cause, gap.cause_key),
        )
        for gap in sensor.absences
    )
