"""What a calibration says: how each sensor sits on the body, how well that is known, and the wearer's own range."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import numpy as np

from spinewatch_signal.flexion import BodyFrame, Grade
from spinewatch_signal.samples import Site

Method = Literal["guided", "found"]

SITES_FROM_TOP = (Site.UPPER_BACK, Site.T12, Site.PELVIS)
SITE_WORDS = {Site.UPPER_BACK: "upper back", Site.T12: "middle back", Site.PELVIS: "pelvis"}


class CalibrationRefusedError(ValueError):
    """The steps do not make a calibration; the text is one line that says why and what to do."""


@dataclass(frozen=True, eq=False, slots=True)
class Calibration:
    """How the sensors sit on the body, and what the wearer's own reference and range are.

    Args:
        frames: by sensor id.
        method: guided by the wearer's steps, or found in a recording.
        grade: see `CalibrationParams`; a found one is always low.
        reference_deg: trunk flexion of the personal reference; 0 is the still upright.
        lumbar_reference_deg: the same for lumbar flexion; 0 with one sensor.
        lumbar_range_deg: largest lumbar flexion in the bends; None with one sensor or too small to use.
        expected_repeat_deg: how far a repeated calibration is expected to be off.
        quality: `still_sd_deg`, `plane_percent`, `bend_deg` (smallest), `repeat_deg`, `axis_deg`, and
            `bend_1_deg`... of the upper sensor; the worst sensor's where not said otherwise.
        made_at_s: UNIX seconds.
    """

    frames: Mapping[str, BodyFrame]
    method: Method
    grade: Grade
    reference_deg: float = 0.0
    lumbar_reference_deg: float = 0.0
    lumbar_range_deg: float | None = None
    expected_repeat_deg: float = 5.0
    quality: Mapping[str, float] = field(default_factory=dict)
    made_at_s: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """A JSON object that `from_json` reads."""
        return {
            "frames": {sensor: frame.axes.tolist() for sensor, frame in self.frames.items()},
            "method": self.method,
            "grade": self.grade,
            "reference_deg": self.reference_deg,
            "lumbar_reference_deg": self.lumbar_reference_deg,
            "lumbar_range_deg": self.lumbar_range_deg,
            "expected_repeat_deg": self.expected_repeat_deg,
            "quality": dict(self.quality),
            "made_at_s": self.made_at_s,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Calibration:
        """Read what `to_json` wrote.

        Raises:
            ValueError: something is missing or is not what it should be.
        """
        try:
            frames = {str(k): BodyFrame(np.array(axes, float)) for k, axes in value["frames"].items()}
            if value["method"] not in ("guided", "found") or value["grade"] not in ("good", "fair", "low"):
                raise ValueError("unknown method or grade")
            lumbar_range = None if value["lumbar_range_deg"] is None else _finite(value["lumbar_range_deg"])
            if lumbar_range is not None and lumbar_range <= 0:
                raise ValueError("a lumbar range must be above 0")
            return cls(
                frames,
                cast("Method", value["method"]),
                cast("Grade", value["grade"]),
                _finite(value["reference_deg"]),
                _finite(value["lumbar_reference_deg"]),
                lumbar_range,
                _finite(value["expected_repeat_deg"]),
                {str(k): float(v) for k, v in value["quality"].items()},
                _finite(value["made_at_s"]),
            )
        except (AttributeError, KeyError, OverflowError, TypeError) as error:
            raise ValueError(f"not a calibration: {error}") from error


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("a figure of a calibration is not finite")
    return number


def from_top(sensors: Mapping[str, Any], sites: Mapping[str, Site]) -> list[str]:
    """The sensor ids from the top of the back downwards."""
    return sorted(sensors, key=lambda sensor: SITES_FROM_TOP.index(sites.get(sensor, Site.UPPER_BACK)))
