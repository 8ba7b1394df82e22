"""What a calibration is made of and what it says: how each sensor sits on the body, how well that is known, the
wearer's own reference and range.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, cast, get_args

import numpy as np

from spinewatch_signal.flexion import BodyFrame, Grade
from spinewatch_signal.samples import Site

Method = Literal["guided", "found", "rezero"]
Span = tuple[float, float]
"""``[start, end)``, UNIX seconds."""

SITES_FROM_TOP = (Site.UPPER_BACK, Site.T12, Site.PELVIS)
SITE_WORDS = {Site.UPPER_BACK: "upper back", Site.T12: "middle back", Site.PELVIS: "pelvis"}


class CalibrationRefusedError(ValueError):
    """The steps do not make a calibration; the text is one line that says why and what to do."""


@dataclass(frozen=True, slots=True)
class GuidedSteps:
    """When the wearer did what: ``[start, end)`` of each step, UNIX seconds.

    Args:
        still: the upright stand.
        bends: the slow bends forward; all sensors bend together.
        sit: the comfortable upright sit; None where the sitting steps were left out, as in old recordings.
        slouch: the wearer's own slouch, in the same seat.
    """

    still: Span
    bends: Span
    sit: Span | None = None
    slouch: Span | None = None

    @property
    def all(self) -> Span:
        """From the first step's start to the last one's end."""
        spans = [span for span in (self.still, self.sit, self.slouch, self.bends) if span is not None]
        return min(span[0] for span in spans), max(span[1] for span in spans)

    def to_json(self) -> dict[str, list[float]]:
        """A JSON object that `from_json` reads; steps that were left out are missing in it."""
        spans = {"still": self.still, "sit": self.sit, "slouch": self.slouch, "bends": self.bends}
        return {name: list(span) for name, span in spans.items() if span is not None}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> GuidedSteps:
        """Read what `to_json` wrote.

        Raises:
            ValueError: something is missing or is not what it should be.
        """
        try:
            sit, slouch = (None if value.get(name) is None else _span(value[name]) for name in ("sit", "slouch"))
            return cls(_span(value["still"]), _span(value["bends"]), sit, slouch)
        except (AttributeError, KeyError, OverflowError, TypeError) as error:
            raise ValueError(f"not the steps of a calibration: {error}") from error


@dataclass(frozen=True, slots=True)
class Reference:
    """The personal reference posture in one context, degrees from the still upright stand."""

    trunk_deg: float = 0.0
    lumbar_deg: float = 0.0


@dataclass(frozen=True, eq=False, slots=True)
class Calibration:
    """How the sensors sit on the body, and what the wearer's own reference and range are.

    Args:
        frames: by sensor id.
        method: guided by the wearer's steps, found in a recording, or an earlier one set anew by seconds of stillness.
        grade: see `CalibrationParams`; a found one is always low, one set anew at most fair.
        reference_deg: trunk flexion of the personal reference where the wearer does not sit; 0 is the still upright.
        lumbar_reference_deg: the same for lumbar flexion; 0 with one sensor.
        lumbar_range_deg: largest lumbar flexion in the bends; None with one sensor or too small to use. Percent of it
            count from the still stand in every context: so the published 43-79 % of office workers are meant.
        expected_repeat_deg: how far a repeated calibration is expected to be off.
        quality: `still_sd_deg`, `plane_percent`, `bend_deg` (smallest), `repeat_deg`, `axis_deg`, and
            `bend_1_deg`... of the upper sensor; the worst sensor's where not said otherwise.
        made_at_s: UNIX seconds.
        seated_deg: flexion of each sensor in the comfortable upright sit (mean of its still part), by sensor id; None
            without that step.
        slouch_deg: the same in the wearer's own slouch.
        sitting_reference: the personal reference while sitting: the median of that sit; None without that step.
        trunk_range_deg: largest flexion of the uppermost sensor in the bends; None where it is not known.
        bends_at_s: when the bends were that the axes come from, UNIX seconds; older than `made_at_s` after a re-zero.
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
    seated_deg: Mapping[str, float] | None = None
    slouch_deg: Mapping[str, float] | None = None
    sitting_reference: Reference | None = None
    trunk_range_deg: float | None = None
    bends_at_s: float | None = None

    def reference_for(self, *, sitting: bool) -> Reference:
        """The personal reference in force; where no sitting step was done, the upright stand serves for both."""
        if sitting and self.sitting_reference is not None:
            return self.sitting_reference
        return Reference(self.reference_deg, self.lumbar_reference_deg)

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
            "seated_deg": None if self.seated_deg is None else dict(self.seated_deg),
            "slouch_deg": None if self.slouch_deg is None else dict(self.slouch_deg),
            "sitting_reference": None if self.sitting_reference is None else asdict(self.sitting_reference),
            "trunk_range_deg": self.trunk_range_deg,
            "bends_at_s": self.bends_at_s,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Calibration:
        """Read what `to_json` wrote, also before there were sitting steps.

        Raises:
            ValueError: something is missing or is not what it should be.
        """
        try:
            frames = {str(k): BodyFrame(np.array(axes, float)) for k, axes in value["frames"].items()}
            if value["method"] not in get_args(Method) or value["grade"] not in ("good", "fair", "low"):
                raise ValueError("unknown method or grade")
            return cls(
                frames,
                cast("Method", value["method"]),
                cast("Grade", value["grade"]),
                _finite(value["reference_deg"]),
                _finite(value["lumbar_reference_deg"]),
                _range(value["lumbar_range_deg"]),
                _finite(value["expected_repeat_deg"]),
                {str(k): float(v) for k, v in value["quality"].items()},
                _finite(value["made_at_s"]),
                _by_sensor(value.get("seated_deg")),
                _by_sensor(value.get("slouch_deg")),
                _reference(value.get("sitting_reference")),
                _range(value.get("trunk_range_deg")),
                None if value.get("bends_at_s") is None else _finite(value["bends_at_s"]),
            )
        except (AttributeError, KeyError, OverflowError, TypeError) as error:
            raise ValueError(f"not a calibration: {error}") from error


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("a figure of a calibration is not finite")
    return number


def _span(value: Any) -> Span:
    start_s, end_s = value
    if not _finite(start_s) < _finite(end_s):
        raise ValueError("a step of a calibration ends before it begins")
    return float(start_s), float(end_s)


def _range(value: Any) -> float | None:
    if value is None:
        return None
    if _finite(value) <= 0:
        raise ValueError("a range must be above 0")
    return float(value)


def _by_sensor(value: Any) -> dict[str, float] | None:
    return None if value is None else {str(sensor): _finite(angle) for sensor, angle in value.items()}


def _reference(value: Any) -> Reference | None:
    return None if value is None else Reference(_finite(value["trunk_deg"]), _finite(value["lumbar_deg"]))


def from_top(sensors: Mapping[str, Any], sites: Mapping[str, Site]) -> list[str]:
    """The sensor ids from the top of the back downwards."""
    return sorted(sensors, key=lambda sensor: SITES_FROM_TOP.index(sites.get(sensor, Site.UPPER_BACK)))
