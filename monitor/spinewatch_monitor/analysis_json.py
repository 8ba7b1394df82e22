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
from spinewatch_monitor import analysis_groups as groups
from spinewatch_monitor.analysis_groups import Json, Since, number, rounded_s
from spinewatch_monitor.gap_causes import GapCauses
from spinewatch_signal.accelerometer_calibration import AccelerometerCalibration
from spinewatch_signal.calibration import Calibration
from spinewatch_signal.pipeline import Analysis, PipelineParams
from spinewatch_signal.samples import SensorInfo
from spinewatch_signal.segments import GapSpan
from spinewatch_signal.slouch import Level

SCHEMA_NAME = "spinewatch-analysis/1"
ALGORITHM_VERSION = "4"
"""Goes up with every change that alters a figure of an unchanged recording."""

__all__ = ["ALGORITHM_VERSION", "SCHEMA_NAME", "Json", "RecordingFacts", "analysis_object"]


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
    summary, since = analysis.summary, Since(facts.start_s)
    upper = facts.sensors[0]
    return {
        "schema": SCHEMA_NAME,
        "file": facts.file,
        "source": facts.source,
        "start_utc": datetime.fromtimestamp(facts.start_s, UTC).isoformat().replace("+00:00", "Z"),
        "utc_offset_s": facts.utc_offset_s,
        "duration_s": rounded_s(facts.end_s - facts.start_s),
        "valid_s": rounded_s(summary.valid_s),
        "worn_s": rounded_s(summary.worn_s),
        "doubtful_s": rounded_s(summary.doubtful_s),
        "simulated": facts.simulated,
        "estimator": analysis.estimator.value,
        "algorithm_version": ALGORITHM_VERSION,
        "parameters": _plain(asdict(facts.params)),
        "sensors": [_sensor(info, facts, analysis) for info in facts.sensors],
        "gaps": _gaps(facts, analysis.gaps, since),
        "calibration": _calibration(analysis, since),
        "trunk": {"sensor": upper.id, "site": upper.site.value, **groups.trunk(summary.trunk)},
        "lumbar": groups.lumbar(facts.sensors, summary),
        "activity": groups.activity(summary),
        "steps": summary.walking.steps,
        "walking": groups.walking(summary, since),
        "slouch": groups.slouch(summary, analysis.episodes, since),
        "longest_still_s": rounded_s(summary.longest_still_s.value),
        "longest_still_span": since.span(summary.longest_still_span),
        "posture_changes_per_h": number(summary.posture_changes_per_h.value),
        "sitting": groups.sitting(summary, since),
        "rhythm": groups.rhythm(summary),
        "exposure": groups.exposure(summary),
        "movements": groups.movements(summary, since),
        "risky": groups.risky(summary, since),
        "health": groups.health(summary.health, since),
        "warnings": [*facts.warnings, *analysis.warnings],
    }


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
        "acc_calibration": _accelerometer(found.accelerometer),
    }


def _accelerometer(found: AccelerometerCalibration | None) -> Json | None:
    """What an accelerometer was set right by: reading × scale + offset."""
    if found is None:
        return None
    return {
        "scale": [round(axis, 5) for axis in found.scale],
        "offset_m_s2": [round(axis, 4) for axis in found.offset_m_s2],
        "offset_sd_m_s2": [round(axis, 4) for axis in found.offset_sd_m_s2],
        "error_before_g": round(found.error_before_g, 5),
        "error_after_g": round(found.error_after_g, 5),
        "windows": found.windows,
    }


def _gaps(facts: RecordingFacts, gaps: Mapping[str, Sequence[GapSpan]], since: Since) -> list[Json]:
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


def _calibration(analysis: Analysis, since: Since) -> Json | None:
    made: Calibration | None = analysis.calibration
    if made is None:
        return None
    limits = analysis.threshold
    return {
        "method": made.method,
        "grade": made.grade,
        "reference_deg": number(made.reference_deg),
        "measure": limits.measure,
        "threshold_on_deg": number(limits.on_deg),
        "threshold_off_deg": number(limits.off_deg),
        "sitting": _level(limits.sitting),
        "standing": _level(limits.standing),
        "lumbar_reference_deg": number(made.lumbar_reference_deg),
        "lumbar_range_deg": number(made.lumbar_range_deg),
        "expected_repeat_deg": number(made.expected_repeat_deg),
        "quality": {name: number(value) for name, value in made.quality.items() if math.isfinite(value)},
        "made_at_s": since(made.made_at_s),
    }


def _level(level: Level | None) -> Json | None:
    """Thresholds of one context, where they differ; the reference as degrees from the common one."""
    if level is None:
        return None
    return {
        "threshold_on_deg": number(level.on_deg),
        "threshold_off_deg": number(level.off_deg),
        "reference_deg": number(level.reference_deg),
    }
