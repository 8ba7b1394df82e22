"""Five seconds of stillness set an earlier calibration anew: after a slip, or when the sensors are put on again.

The vertical is new; the axis of bending stays as near to the earlier one as a right angle to it allows. That is exact
for a sensor that tipped forward, backward or sideways. How far it was turned about the body's vertical gravity cannot
show, so the grade is at most fair.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from spinewatch_signal.bends import StillPart
from spinewatch_signal.calibration_result import SITE_WORDS, Calibration, CalibrationRefusedError
from spinewatch_signal.flexion import BodyFrame, Grade, frame_from
from spinewatch_signal.samples import Floats, Site
from spinewatch_signal.seated_pose import PoseParams, still_pose
from spinewatch_signal.up_vectors import UpBatch

Pose = Literal["standing", "sitting"]


@dataclass(frozen=True, slots=True)
class RezeroParams:
    """What a re-zero accepts.

    Args:
        pose: what counts as still.
        least_s: the still part spans at least this, of the five seconds asked for.
        furthest_deg: a sensor that sits further than this from how it sat was put on in another way, or the wearer is
            not in the pose: standing and sitting upright lie within this of each other.
        repeat_deg: a pose that is taken again differs by this (repositioning error of healthy people 1.9-2.8°).
    """

    pose: PoseParams = field(default_factory=PoseParams)
    least_s: float = 3.0
    furthest_deg: float = 30.0
    repeat_deg: float = 2.5


def re_zero(
    calibration: Calibration,
    still_ups: Mapping[str, UpBatch],
    sites: Mapping[str, Site],
    *,
    pose: Pose = "standing",
    params: RezeroParams | None = None,
) -> Calibration:
    """The calibration with new verticals and, as far as they allow, the same axes of bending.

    Args:
        calibration: made before, of the same sensors at the same sites.
        still_ups: verticals of some five seconds, by sensor id, of every sensor of the session.
        sites: where each sensor is worn.
        pose: what the wearer held still: the upright stand, or the comfortable upright sit of the calibration.
        params: what is accepted.

    Returns:
        A calibration with method ``rezero``, at most graded fair. Ranges, sitting poses and references stay.

    Raises:
        CalibrationRefusedError: the wearer moved, the sensors sit implausibly far from before, or the calibration does
            not know them or the pose.
    """
    params = params or RezeroParams()
    if not still_ups or any(sensor not in calibration.frames for sensor in still_ups):
        raise CalibrationRefusedError("The calibration is not of these sensors; calibrate with all the steps.")
    if pose == "sitting" and calibration.seated_deg is None:
        raise CalibrationRefusedError("Your upright sit is not known; stand upright instead, or calibrate.")
    frames, moved_deg, sd_deg, end_s = dict[str, BodyFrame](), 0.0, 0.0, 0.0
    for sensor, ups in still_ups.items():
        part = _still(ups, sites.get(sensor, Site.UPPER_BACK), pose, params)
        flexion_deg = 0.0 if pose == "standing" else (calibration.seated_deg or {}).get(sensor, 0.0)
        frames[sensor] = _stood_anew(calibration.frames[sensor], part.vertical, flexion_deg)
        turn_deg = _angle_deg(frames[sensor].axes[2], calibration.frames[sensor].axes[2])
        if turn_deg > params.furthest_deg:
            raise CalibrationRefusedError(_too_far(turn_deg, sites.get(sensor, Site.UPPER_BACK), pose))
        moved_deg, sd_deg = max(moved_deg, turn_deg), max(sd_deg, part.sd_deg)
        end_s = max(end_s, float(part.ups.t_s[-1]))
    grade: Grade = "low" if calibration.grade == "low" else "fair"
    return replace(
        calibration,
        frames={sensor: frames[sensor] for sensor in calibration.frames if sensor in frames},
        method="rezero",
        grade=grade,
        expected_repeat_deg=float(np.hypot(calibration.expected_repeat_deg, params.repeat_deg)),
        quality={**calibration.quality, "still_sd_deg": sd_deg, "moved_deg": moved_deg},
        made_at_s=end_s,
        bends_at_s=calibration.made_at_s if calibration.bends_at_s is None else calibration.bends_at_s,
    )


def _still(ups: UpBatch, site: Site, pose: Pose, params: RezeroParams) -> StillPart:
    part = still_pose(ups, site, "stood" if pose == "standing" else "sat", params.pose)
    if part.ups.t_s[-1] - part.ups.t_s[0] < params.least_s:
        raise CalibrationRefusedError("That was too short; stay still for five seconds and try again.")
    return part


def _stood_anew(before: BodyFrame, vertical: Floats, flexion_deg: float) -> BodyFrame:
    """The frame in which the wearer, whose sensor shows `vertical` (3,), is flexed by so much about the same axis."""
    held = frame_from(vertical, before.axes[1])
    x, y, z = held.axes
    flexion = np.radians(flexion_deg)
    return frame_from(np.cos(flexion) * z + np.sin(flexion) * x, y)


def _angle_deg(a: Floats, b: Floats) -> float:
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b)))


def _too_far(turn_deg: float, site: Site, pose: Pose) -> str:
    upright = "Stand" if pose == "standing" else "Sit"
    return (
        f"The {SITE_WORDS[site]} sensor sits {turn_deg:.0f}° away from how it was calibrated; "
        f"{upright.lower()} upright and try again, or calibrate with all the steps."
    )
