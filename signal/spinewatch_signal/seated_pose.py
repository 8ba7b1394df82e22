"""The sitting steps of a guided calibration: the comfortable upright sit, and the own slouch in the same seat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from spinewatch_signal.bends import StillPart, still_part
from spinewatch_signal.calibration_result import SITE_WORDS, CalibrationRefusedError, Reference, Span
from spinewatch_signal.flexion import BodyFrame, angles_deg, body_up, lumbar_deg, wrap_deg
from spinewatch_signal.samples import Floats, Site
from spinewatch_signal.up_vectors import UpBatch


@dataclass(frozen=True, slots=True)
class PoseParams:
    """What makes a still pose.

    Args:
        within_deg: what lies further from the middle of a pose is movement.
        still_share: of a pose that must be still; less, and the wearer moved.
        shake_m_s2: the length of the specific force varies (SD) by less while still. Of those who stand or sit 99 % are
            below 0.28, of those who walk above 1.6, some of them with hardly any tilt (hapt, five seconds each).
        least_still_s: the still part spans at least this; less leaves too little to average.
        sitting_deg: further than this from the upright stand is neither sitting nor slouching, but lying or stooping
            (of seated people 95 % lie within 44°).
        apart_deg: an upright sit and a slouch closer than this cannot be told apart: people come back to a trunk
            position to 2-3° (repositioning error of healthy people 1.9-2.8°), so twice that.
    """

    within_deg: float = 3.0
    shake_m_s2: float = 0.5
    still_share: float = 0.6
    least_still_s: float = 1.0
    sitting_deg: float = 55.0
    apart_deg: float = 5.0


def still_pose(pose: UpBatch, site: Site, doing: str, params: PoseParams) -> StillPart:
    """The still part of one sensor's pose.

    Args:
        pose: verticals of the step.
        site: where the sensor is worn, for the words.
        doing: ``stood``, ``sat``: for the words.
        params: what counts as still.

    Raises:
        CalibrationRefusedError: the sensor gave no angles there, or the wearer moved.
    """
    where, way = SITE_WORDS[site], {"stood": "stand", "sat": "sit"}[doing]
    if len(pose) < 2 or pose.t_s[-1] - pose.t_s[0] < params.least_still_s:
        raise CalibrationRefusedError(
            f"The {where} sensor gave no angles while you {doing} still; {way} still for five seconds and try again."
        )
    part = still_part(pose, params.within_deg)
    too_short = part.share < params.still_share or part.ups.t_s[-1] - part.ups.t_s[0] < params.least_still_s
    if too_short or float(np.std(part.ups.acc_norm)) > params.shake_m_s2:
        raise CalibrationRefusedError(
            f"You moved while you {doing} ({where}); {way} still for five seconds and try again."
        )
    return part


@dataclass(frozen=True, eq=False, slots=True)
class Seated:
    """What the sitting steps tell.

    Args:
        seated_deg, slouch_deg: flexion of each sensor, by id; None without the step.
        reference: the median of the upright sit; None without it.
        quality: `sit_sd_deg`, `slouch_sd_deg` (the worst sensor's), and `slouch_from_sit_deg`: how far the own slouch
            lies from the upright sit, the uppermost sensor's flexion or, with two sensors, the lumbar flexion.
    """

    seated_deg: Mapping[str, float] | None
    slouch_deg: Mapping[str, float] | None
    reference: Reference | None
    quality: Mapping[str, float]


def seated_poses(
    ups: Mapping[str, UpBatch],
    sit: Span | None,
    slouch: Span | None,
    frames: Mapping[str, BodyFrame],
    sites: Mapping[str, Site],
    params: PoseParams,
) -> Seated:
    """Measure the sitting steps under the body frames that the stand and the bends gave.

    Args:
        ups: verticals by sensor id.
        sit: ``[start, end)`` of the upright sit, UNIX seconds; None where left out.
        slouch: the same of the own slouch.
        frames: by sensor id, from the top of the back downwards.
        sites: where each sensor is worn.
        params: what counts as still, and as different.

    Raises:
        CalibrationRefusedError: the wearer moved or lay down, or the two poses are too close to tell apart.
    """
    upright = None if sit is None else _poses(ups, sit, frames, sites, params)
    sunk = None if slouch is None else _poses(ups, slouch, frames, sites, params)
    quality: dict[str, float] = {}
    if upright is not None:
        quality["sit_sd_deg"] = upright.sd_deg
    if sunk is not None:
        quality["slouch_sd_deg"] = sunk.sd_deg
    if upright is not None and sunk is not None:
        quality["slouch_from_sit_deg"] = _apart(upright.flexion_deg, sunk.flexion_deg, params)
    return Seated(
        None if upright is None else upright.flexion_deg,
        None if sunk is None else sunk.flexion_deg,
        None if upright is None else upright.reference,
        quality,
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Pose:
    """One pose of all sensors."""

    flexion_deg: dict[str, float]
    reference: Reference
    sd_deg: float


def _poses(
    ups: Mapping[str, UpBatch],
    span: Span,
    frames: Mapping[str, BodyFrame],
    sites: Mapping[str, Site],
    params: PoseParams,
) -> _Pose:
    means: dict[str, float] = {}
    medians: list[float] = []
    sd_deg = 0.0
    for sensor, frame in frames.items():
        site = sites.get(sensor, Site.UPPER_BACK)
        part = still_pose(ups[sensor].between(*span), site, "sat", params)
        if np.degrees(np.arccos(np.clip(part.vertical @ frame.axes[2], -1.0, 1.0))) > params.sitting_deg:
            raise CalibrationRefusedError(
                f"That was too far from upright for sitting ({SITE_WORDS[site]}); sit on a chair and try again."
            )
        means[sensor] = float(angles_deg(body_up(part.vertical[None], frame))[0][0])
        medians.append(float(np.median(angles_deg(body_up(part.ups.up, frame))[0])))
        sd_deg = max(sd_deg, part.sd_deg)
    lumbar = _difference(medians[0], medians[-1]) if len(medians) > 1 else 0.0
    return _Pose(means, Reference(medians[0], lumbar), sd_deg)


def _difference(upper_deg: float, lower_deg: float) -> float:
    return float(lumbar_deg(np.array([upper_deg]), np.array([lower_deg]))[0])


def _apart(sit_deg: Mapping[str, float], slouch_deg: Mapping[str, float], params: PoseParams) -> float:
    """How far the slouch is from the upright sit: lumbar flexion with two sensors, else the sensor's own.

    Raises:
        CalibrationRefusedError: no sensor, nor the lumbar flexion, tells the two apart.
    """
    changes: Floats = wrap_deg(np.array([slouch_deg[sensor] - sit_deg[sensor] for sensor in sit_deg]))
    main = _difference(float(changes[0]), float(changes[-1])) if len(changes) > 1 else float(changes[0])
    largest = max(abs(main), float(np.abs(changes).max()))
    if largest < params.apart_deg:
        raise CalibrationRefusedError(
            f"Sitting upright and sinking were too close ({largest:.0f}° apart); sink further, or skip sitting."
        )
    return main
