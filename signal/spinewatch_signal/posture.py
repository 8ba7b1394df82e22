"""What the pipeline says about posture: frames on a fixed 10 Hz grid, episodes, metrics that know when they are blank.

Angles are in degrees, from the body frame of the calibration (X forward, Y left, Z up): flexion forward positive,
lateral bend right positive, inclination from the vertical. NaN in an angle means blank, with the reason in `Blank`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum, IntFlag, StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.samples import Floats

FRAME_PERIOD_S = 0.1
"""Frames lie at whole multiples of this period of UNIX time, so that two sensors and any chunking share one grid."""


class Activity(IntEnum):
    """Exclusive classes; their times sum to valid time."""

    UNKNOWN = 0
    LYING = 1
    STOOPED = 2
    MOVING = 3
    WALKING = 4
    UPRIGHT = 5
    SITTING = 6
    STANDING = 7


class Away(IntEnum):
    """State of the one slouch machine at a frame: beyond the threshold but not counted (yet) is `CANDIDATE`."""

    NEAR = 0
    CANDIDATE = 1
    AWAY = 2
    BLANK = 3


class Context(StrEnum):
    """What the wearer does while upright, as far as it is known: thresholds may differ between these."""

    UPRIGHT = "upright"
    SITTING = "sitting"
    STANDING = "standing"


class Blank(IntEnum):
    """Why the angle of a frame is blank."""

    NONE = 0
    NO_CALIBRATION = 1
    SIDE_LYING = 2
    SETTLING = 3
    MOVING = 4
    NOT_WORN = 5


class Doubt(IntFlag):
    """What is doubtful about a frame whose angles are told all the same (one bit each)."""

    NONE = 0
    REFERENCE = 1
    """A sensor has slipped or was put on again since the reference was taken, and no re-zero followed."""
    WORN_WRONG = 2
    """The sensors seem to be swapped, or one hangs upside down."""
    SENSOR = 4
    """An axis is stuck, or the sensor is at its limits."""


class Estimator(StrEnum):
    """Which orientation estimate a result stands on."""

    CAUSAL = "causal"
    OFFLINE = "offline"


@dataclass(frozen=True, eq=False, slots=True)
class PostureFrames:
    """Posture on the 10 Hz grid; a grid point without data is left out, so a gap is a step in ``t_s``.

    Args:
        t_s: (m,) UNIX seconds, whole multiples of `FRAME_PERIOD_S`.
        flexion_deg, lateral_deg, inclination_deg: (m,) trunk (or pelvis) angles of the upper (or only) sensor.
        lumbar_deg: (m,) lumbar flexion (upper minus lower), NaN where one of the two is missing; None with one sensor.
        sensor_uncertainty_deg, body_uncertainty_deg: (m,) 95 % half-widths of the flexion angle.
        activity: (m,) codes of `Activity`.
        away: (m,) codes of `Away`: live as known at that moment, in an analysis as it turned out.
        blank: (m,) codes of `Blank`.
        sitting_probability: (m,) that the wearer sits, where still and upright; NaN elsewhere and where nothing tells.
        doubt: (m,) bits of `Doubt`.
    """

    t_s: Floats
    flexion_deg: Floats
    lateral_deg: Floats
    inclination_deg: Floats
    lumbar_deg: Floats | None
    sensor_uncertainty_deg: Floats
    body_uncertainty_deg: Floats
    activity: NDArray[np.uint8]
    away: NDArray[np.uint8]
    blank: NDArray[np.uint8]
    sitting_probability: Floats
    doubt: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.t_s)

    def __getitem__(self, part: slice | NDArray[np.bool_]) -> PostureFrames:
        """The frames of `part`; of a slice as views."""
        columns: dict[str, Any] = {}
        for column in fields(self):
            values = getattr(self, column.name)
            columns[column.name] = None if values is None else values[part]
        return PostureFrames(**columns)


def join_frames(parts: Sequence[PostureFrames], *, two_sensors: bool) -> PostureFrames:
    """Frames in time order as one; no part gives no frames."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        real, code = np.empty(0), np.empty(0, np.uint8)
        lumbar = real if two_sensors else None
        return PostureFrames(real, real, real, real, lumbar, real, real, code, code, code, real, code)
    lumbars = [part.lumbar_deg for part in parts if part.lumbar_deg is not None]
    return PostureFrames(
        np.concatenate([p.t_s for p in parts]),
        np.concatenate([p.flexion_deg for p in parts]),
        np.concatenate([p.lateral_deg for p in parts]),
        np.concatenate([p.inclination_deg for p in parts]),
        np.concatenate(lumbars) if lumbars else None,
        np.concatenate([p.sensor_uncertainty_deg for p in parts]),
        np.concatenate([p.body_uncertainty_deg for p in parts]),
        np.concatenate([p.activity for p in parts]),
        np.concatenate([p.away for p in parts]),
        np.concatenate([p.blank for p in parts]),
        np.concatenate([p.sitting_probability for p in parts]),
        np.concatenate([p.doubt for p in parts]),
    )


@dataclass(frozen=True, slots=True)
class Episode:
    """One stretch away from the reference, ``[start_s, end_s)``; ``end_s`` is None while it goes on.

    Args:
        context: what it began in; where that was not known then, the first that was known while it went on.
    """

    start_s: float
    end_s: float | None
    peak_deg: float
    mean_deg: float
    context: Context = Context.UPRIGHT

    def duration_s(self, now_s: float) -> float:
        """Length so far, s."""
        return (now_s if self.end_s is None else self.end_s) - self.start_s


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure with the time it stands on; ``value`` is None when blank, and ``reason`` says why."""

    value: float | None
    valid_s: float
    reason: str | None = None
