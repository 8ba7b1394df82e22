"""The JSON object of `spinewatch analyze --json`, as `schema/analysis.schema.json` describes it.

Seconds count from the recording's first sample, and what is blank is null with the group's reason beside it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from spinewatch_bridge.blocks import Event
from spinewatch_monitor.gap_causes import GapCauses
from spinewatch_signal.calibration import Calibration
from spinewatch_signal.day_summary import DaySummary
from spinewatch_signal.pipeline import Analysis, PipelineParams
from spinewatch_signal.posture import Activity, Episode
from spinewatch_signal.posture_summary import AngleSummary
from spinewatch_signal.samples import SensorInfo
from spinewatch_signal.segments import GapSpan
from spinewatch_signal.tallies import Percentiles

SCHEMA_NAME = "spinewatch-analysis/1"
ALGORITHM_VERSION = "2"
"""Goes up with every change that alters a figure of an unchanged recording."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RecordingFacts:
    """What the figures are told together with.

    Args:
        file: name without folder.
        source: as the recording says.
        utc_offset_s: of the place where it was made.
        start_s, end_s: first and last sample, UNIX seconds.
        simulated: whether any of it was made by the simulator.
        sensors: those analysed, upper first.
        samples: how many each gave.
        events: all of the recording.
        params: of all steps.
        warnings: what is known about the recording beside the analysis.
    """

    file: str
    source: str | None
    utc_offset_s: int
    start_s: float
    end_s: float
    simulated: bool
    sensors: tuple[SensorInfo, ...]
    samples: Mapping[str, int]
    events: Sequence[Event]
    params: PipelineParams
    warnings: tuple[str, ...] = ()


def analysis_object(facts: RecordingFacts, analysis: Analysis) -> Json:
    """One recording's figures as JSON values."""
    summary, since = analysis.summary, _Since(facts.start_s)
    upper = facts.sensors[0]
    return {
        "schema": SCHEMA_NAME,
        "file": facts.file,
        "source": facts.source,
        "start_utc": datetime.fromtimestamp(facts.start_s, UTC).isoformat().replace("+00:00", "Z"),
        "utc_offset_s": facts.utc_offset_s,
        "duration_s": _s(facts.end_s - facts.start_s),
        "valid_s": _s(summary.valid_s),
        "worn_s": _s(summary.worn_s),
        "simulated": facts.simulated,
        "estimator": analysis.estimator.value,
        "algorithm_version": ALGORITHM_VERSION,
        "parameters": _plain(asdict(facts.params)),
        "sensors": [_sensor(info, facts, analysis) for info in facts.sensors],
        "gaps": _gaps(facts, analysis.gaps, since),
        "calibration": _calibration(analysis, since),
        "trunk": {"sensor": upper.id, "site": upper.site.value, **_trunk(summary.trunk)},
        "lumbar": _lumbar(facts.sensors, summary),
        "activity": _activity(summary),
        "steps": None,
        "slouch": _slouch(summary, analysis.episodes, since),
        "longest_still_s": _s(summary.longest_still_s.value),
        "longest_still_span": since.span(summary.longest_still_span),
        "posture_changes_per_h": _number(summary.posture_changes_per_h.value),
        "exposure": _exposure(summary),
        "movements": _movements(summary),
        "health": [],
        "warnings": [*facts.warnings, *analysis.warnings],
    }


@dataclass(frozen=True, slots=True)
class _Since:
    """Seconds since the start, to the millisecond (UNIX seconds as float64 are exact to 0.2 µs)."""

    start_s: float

    def __call__(self, t_s: float) -> float:
        return round(t_s - self.start_s, 3)

    def span(self, span: tuple[float, float] | None) -> list[float] | None:
        return None if span is None else [self(span[0]), self(span[1])]


def _s(value: float | None) -> float | None:
    return None if value is None else round(float(value), 3)


def _number(value: float | None) -> float | None:
    """Rounded to a thousandth; null where there is no finite number."""
    return None if value is None or not math.isfinite(value) else round(float(value), 3)


def _plain(value: Any) -> Any:
    """Nested parameters as JSON values; a tuple is a list, infinity is null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _sensor(info: SensorInfo, facts: RecordingFacts, analysis: Analysis) -> Json:
    found = analysis.orientation[info.id]
    lost = sum(gap.lost_samples or 0 for gap in found.gaps)
    got = facts.samples[info.id]
    bias = np.degrees(found.gyro_bias_rad_s)
    return {
        "id": info.id,
        "family": info.family,
        "site": info.site.value,
        "role": info.role.value,
        "rate_hz": round(found.rate_hz, 4),
        "loss_percent": round(100.0 * lost / (lost + got), 3) if lost else 0.0,
        "gyro_bias_deg_s": [round(float(axis), 4) for axis in bias] if info.has_gyr else None,
    }


def _gaps(facts: RecordingFacts, gaps: Mapping[str, Sequence[GapSpan]], since: _Since) -> list[Json]:
    causes = GapCauses(facts.events)
    rows = [
        {
            "sensor": sensor,
            "start_s": since(gap.start_s),
            "end_s": since(gap.end_s),
            "lost_samples": gap.lost_samples,
            "cause": causes.of(sensor, gap),
        }
        for sensor, found in gaps.items()
        for gap in found
    ]
    return sorted(rows, key=lambda row: row["start_s"])


def _calibration(analysis: Analysis, since: _Since) -> Json | None:
    made: Calibration | None = analysis.calibration
    if made is None:
        return None
    limits = analysis.threshold
    return {
        "method": made.method,
        "grade": made.grade,
        "reference_deg": _number(made.reference_deg),
        "measure": limits.measure,
        "threshold_on_deg": _number(limits.on_deg),
        "threshold_off_deg": _number(limits.off_deg),
        "lumbar_reference_deg": _number(made.lumbar_reference_deg),
        "lumbar_range_deg": _number(made.lumbar_range_deg),
        "expected_repeat_deg": _number(made.expected_repeat_deg),
        "quality": {name: _number(value) for name, value in made.quality.items() if math.isfinite(value)},
        "made_at_s": since(made.made_at_s),
    }


def _percentiles(found: Percentiles | None) -> Json | None:
    return None if found is None else {name: _number(value) for name, value in asdict(found).items()}


def _trunk(angles: AngleSummary) -> Json:
    blank = angles.reason is not None
    return {
        "flexion_deg": None if blank else _percentiles(angles.flexion_deg),
        "lateral_deg": None if blank else _percentiles(angles.lateral_deg),
        "zones_s": None if blank or angles.zones_s is None else dict(angles.zones_s),
        "valid_s": _s(angles.valid_s),
        "reason": angles.reason,
    }


def _lumbar(sensors: Sequence[SensorInfo], summary: DaySummary) -> Json | None:
    angles = summary.lumbar
    if angles is None:
        return None
    return {
        "sensors": [info.id for info in sensors],
        "flexion_deg": None if angles.reason is not None else _percentiles(angles.flexion_deg),
        "valid_s": _s(angles.valid_s),
        "reason": angles.reason,
    }


def _activity(summary: DaySummary) -> Json:
    found = summary.activity
    seconds = {f"{a.name.lower()}_s": None if found.reason else _s(found.seconds[a.name.lower()]) for a in Activity}
    return {**seconds, "valid_s": _s(found.valid_s), "reason": found.reason}


def _slouch(summary: DaySummary, episodes: Sequence[Episode], since: _Since) -> Json:
    found = summary.slouch
    rows = [
        {
            "start_s": since(episode.start_s),
            "end_s": None if episode.end_s is None else since(episode.end_s),
            "peak_deg": _number(episode.peak_deg),
            "mean_deg": _number(episode.mean_deg),
        }
        for episode in episodes
    ]
    return {
        "total_s": None if found.reason else _s(found.total_s),
        "share_percent": _number(found.share.value),
        "episodes": rows,
        "valid_s": _s(found.valid_s),
        "reason": found.reason,
    }


def _exposure(summary: DaySummary) -> Json:
    found = summary.exposure
    blank = found.reason is not None
    return {
        "over_s": None if blank else dict(found.over_s),
        "longest_spell_s": None if blank else dict(found.longest_spell_s),
        "spells": None if blank else dict(found.spells),
        "valid_s": _s(found.valid_s),
        "reason": found.reason,
    }


def _movements(summary: DaySummary) -> Json:
    found = summary.movements
    return {
        "bends_30": None if found.reason else found.bends.get("bends_30"),
        "bends_60": None if found.reason else found.bends.get("bends_60"),
        "transitions": [],
        "valid_s": _s(found.valid_s),
        "reason": found.reason,
    }
