"""The groups of figures in the JSON object of `analyze --json`: each with its seconds, its doubts and its reason."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from spinewatch_signal import angular_speed
from spinewatch_signal.day_summary import DaySummary
from spinewatch_signal.marks import HealthMark, RiskyMovement, Transition, WalkingBout
from spinewatch_signal.posture import Activity, Episode
from spinewatch_signal.posture_summary import AngleSummary, SpeedSummary
from spinewatch_signal.samples import SensorInfo
from spinewatch_signal.tallies import Percentiles

Json = dict[str, Any]
Span = tuple[float, float]

PROVISIONAL = ("iso_11226", "en_1005_4", "eva", "sitting", "risky")
"""Figures whose limits were not read in their own source yet; the last two are groups beside the exposure."""


@dataclass(frozen=True, slots=True)
class Since:
    """Seconds since the start, to the millisecond (UNIX seconds as float64 are exact to 0.2 µs)."""

    start_s: float

    def __call__(self, t_s: float) -> float:
        """One time."""
        return round(t_s - self.start_s, 3)

    def span(self, span: Span | None) -> list[float] | None:
        """Start and end."""
        return None if span is None else [self(span[0]), self(span[1])]

    def ends(self, start_s: float, end_s: float | None) -> Json:
        """Start and end by name; an end that is not known is null."""
        return {"start_s": self(start_s), "end_s": None if end_s is None else self(end_s)}


def rounded_s(value: float | None) -> float | None:
    """Seconds to the millisecond."""
    return None if value is None else round(float(value), 3)


def number(value: float | None) -> float | None:
    """Rounded to a thousandth; null where there is no finite number."""
    return None if value is None or not math.isfinite(value) else round(float(value), 3)


def trunk(angles: AngleSummary) -> Json:
    """Angles of the upper (or only) sensor."""
    blank = angles.reason is not None
    return {
        "flexion_deg": None if blank else _percentiles(angles.flexion_deg),
        "lateral_deg": None if blank else _percentiles(angles.lateral_deg),
        "zones_s": None if blank or angles.zones_s is None else dict(angles.zones_s),
        **_stands_on(angles),
    }


def lumbar(sensors: Sequence[SensorInfo], summary: DaySummary) -> Json | None:
    """Lumbar flexion; null with one sensor."""
    angles = summary.lumbar
    if angles is None:
        return None
    return {
        "sensors": [info.id for info in sensors],
        "flexion_deg": None if angles.reason is not None else _percentiles(angles.flexion_deg),
        "bend_share": None if angles.bend_share is None or angles.reason else asdict(angles.bend_share),
        **_stands_on(angles),
    }


def activity(summary: DaySummary) -> Json:
    """Seconds per class."""
    found = summary.activity
    spent = {
        f"{a.name.lower()}_s": None if found.reason else rounded_s(found.seconds[a.name.lower()]) for a in Activity
    }
    return {**spent, **_stands_on(found)}


def slouch(summary: DaySummary, episodes: Sequence[Episode], since: Since) -> Json:
    """Time away from the reference."""
    found = summary.slouch
    rows = [
        {
            **since.ends(episode.start_s, episode.end_s),
            "peak_deg": number(episode.peak_deg),
            "mean_deg": number(episode.mean_deg),
            "context": episode.context.value,
        }
        for episode in episodes
    ]
    return {
        "total_s": None if found.reason else rounded_s(found.total_s),
        "share_percent": number(found.share.value),
        "episodes": rows,
        **_stands_on(found),
    }


def exposure(summary: DaySummary) -> Json:
    """How long how far forward, and what standards of work design make of it."""
    found = summary.exposure
    figures = {
        "over_s": dict(found.over_s),
        "longest_spell_s": dict(found.longest_spell_s),
        "spells": dict(found.spells),
        "iso_11226": None if found.holding is None else asdict(found.holding),
        "en_1005_4": None if found.zones is None else asdict(found.zones),
        "apdf": _distribution(found.flexion_deg),
        "eva": None if found.eva is None else _listed(asdict(found.eva)),
    }
    return {
        **(figures if found.reason is None else dict.fromkeys(figures)),
        "angular_speed": None if found.speed is None else _speed(found.speed),
        "provisional": list(PROVISIONAL),
        **_stands_on(found),
    }


def movements(summary: DaySummary, since: Since) -> Json:
    """Bends, and changes between sitting and standing; null where these were not looked for."""
    found = summary.movements
    transitions = found.transitions
    return {
        "bends_30": None if found.reason else found.bends.get("bends_30"),
        "bends_60": None if found.reason else found.bends.get("bends_60"),
        "bends_per_15min": number(found.bends_per_15min.value),
        "transitions": [_transition(transition, since) for transition in transitions or ()],
        "transitions_sought": transitions is not None,
        **_stands_on(found),
    }


def walking(summary: DaySummary, since: Since) -> Json:
    """Walking bouts, steps, cadence."""
    found = summary.walking
    return {
        "bouts": [_walk(bout, since) for bout in found.bouts],
        "steps": found.steps,
        "steps_bridged": found.steps_bridged,
        "cadence_per_min": number(found.cadence_per_min.value),
        **_stands_on(found),
    }


def sitting(summary: DaySummary, since: Since) -> Json:
    """Sitting bouts and breaks."""
    found = summary.sitting
    blank = found.reason is not None
    return {
        "total_s": None if blank else rounded_s(found.total_s),
        "bouts": None if blank else [since.ends(*span) for span in found.bouts],
        "breaks": None if blank else [since.ends(*span) for span in found.breaks],
        "bouts_min": None if blank else dict(found.longer),
        "w50_s": rounded_s(found.half_in_s.value),
        "breaks_per_h": number(found.breaks_per_h.value),
        "undecided_s": rounded_s(found.undecided_s),
        **_stands_on(found),
    }


def rhythm(summary: DaySummary) -> Json:
    """Posture shifts and fidgets while still and upright."""
    found = summary.rhythm
    return {
        "shifts": None if found.reason else found.shifts,
        "fidgets": None if found.reason else found.fidgets,
        "shifts_per_15min": number(found.shifts_per_15min.value),
        "fidgets_per_15min": number(found.fidgets_per_15min.value),
        **_stands_on(found),
    }


def risky(summary: DaySummary, since: Since) -> list[Json]:
    """Fast deep bends and times of frequent bends, in time order."""
    rows = [_risky(movement, since) for movement in summary.movements.risky]
    return sorted(rows, key=lambda row: float(row["start_s"]))


def health(marks: Sequence[HealthMark], since: Since) -> list[Json]:
    """Doubts about sensors, in time order."""
    rows = [
        {
            "kind": mark.kind.value,
            "sensor": mark.sensor,
            **since.ends(mark.start_s, mark.end_s),
            "told_s": since(mark.told_s),
            "size": number(mark.size),
        }
        for mark in marks
    ]
    return sorted(rows, key=lambda row: (float(row["start_s"]), str(row["sensor"])))


def _stands_on(group: Any) -> Json:
    """What every group says about itself."""
    return {
        "valid_s": rounded_s(group.valid_s),
        "doubtful_s": rounded_s(group.doubtful_s),
        "reason": group.reason,
    }


def _percentiles(found: Percentiles | None) -> Json | None:
    return None if found is None else {name: number(value) for name, value in asdict(found).items()}


def _distribution(found: Percentiles | None) -> Json | None:
    return None if found is None else {**{n: number(v) for n, v in asdict(found).items()}, "range": found.range}


def _speed(found: SpeedSummary) -> Json:
    return {
        "generalised_deg_s": _distribution(found.generalised),
        "generalised_definition": angular_speed.DEFINITION,
        "flexion_deg_s": _distribution(found.flexion),
        "flexion_definition": angular_speed.FLEXION_DEFINITION,
        "valid_s": rounded_s(found.valid_s),
        "reason": found.reason,
    }


def _listed(values: Mapping[str, Any]) -> Json:
    """Tuples as lists, as JSON has them."""
    return {name: [list(row) if isinstance(row, tuple) else row for row in rows] for name, rows in values.items()}


def _transition(found: Transition, since: Since) -> Json:
    ends = since.ends(found.start_s, found.end_s)
    return {"kind": found.direction.value, **ends, "probability": number(found.probability)}


def _walk(bout: WalkingBout, since: Since) -> Json:
    ends = since.ends(bout.start_s, bout.end_s)
    return {**ends, "steps": bout.steps, "cadence_per_min": number(bout.cadence_per_min)}


def _risky(found: RiskyMovement, since: Since) -> Json:
    return {
        "kind": found.kind.value,
        **since.ends(found.start_s, found.end_s),
        "peak_deg": number(found.peak_deg),
        "peak_deg_s": number(found.peak_deg_s),
        "count": found.count,
    }
