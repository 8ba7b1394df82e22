"""Body frame of each sensor, from a guided calibration: stand still upright, sit as you like to, sink into your own
slouch, and bend forward slowly a few times; the sitting steps may be left out.

Z is the mean vertical while still. Y, the axis of bending, is the principal axis of the angular rate in the bends, made
perpendicular to Z; its sign makes the bends go forward. The rate is taken from the turning of the vertical itself:
offsets of the gyroscope do not enter, nor does turning about the vertical. The sitting steps give the personal
reference while sitting. Recordings without these steps: `found_reference`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import numpy as np

from spinewatch_signal.bends import HOLE_S, SensorBends, measure_bends
from spinewatch_signal.calibration_result import (
    SITE_WORDS,
    Calibration,
    CalibrationRefusedError,
    GuidedSteps,
    Reference,
    Span,
    from_top,
)
from spinewatch_signal.flexion import BodyFrame, Grade, angles_deg, body_up, lumbar_deg
from spinewatch_signal.found_reference import find_reference
from spinewatch_signal.samples import Floats, Site
from spinewatch_signal.seated_pose import PoseParams, seated_poses, still_pose
from spinewatch_signal.up_vectors import UpBatch

__all__ = [
    "BodyFrame",
    "Calibration",
    "CalibrationParams",
    "CalibrationRefusedError",
    "GuidedSteps",
    "Reference",
    "calibrate",
    "find_reference",
]


@dataclass(frozen=True, slots=True)
class CalibrationParams:
    """What makes a calibration good, fair, or none.

    Each pair is (good, fair); what is neither grades low. The good values are those shown to people while they do it.

    Args:
        still_deg: stillness, below.
        plane_percent: share of the bends in one plane, above (axes from such bends repeat to 1.4°).
        bend_deg: size of the bends, above.
        repeat_deg: direction of the bends from one to the next, below.
        level_deg: how far from level the axis may lie.
        pose: what counts as a still pose.
        least_bend_deg: smaller bends are too close to standing to tell forward: refused.
        least_plane_percent: bends spread more than this have no common plane: refused.
        pelvis_share: the pelvis takes this share of a bend at least, and less when seated.
        least_lumbar_deg: a smaller lumbar range is not worth a percentage.
    """

    still_deg: tuple[float, float] = (1.0, 2.0)
    plane_percent: tuple[float, float] = (90.0, 80.0)
    bend_deg: tuple[float, float] = (30.0, 20.0)
    repeat_deg: tuple[float, float] = (3.0, 6.0)
    level_deg: tuple[float, float] = (10.0, 20.0)
    pose: PoseParams = field(default_factory=PoseParams)
    least_bend_deg: float = 15.0
    least_plane_percent: float = 60.0
    pelvis_share: float = 0.4
    least_lumbar_deg: float = 10.0


def calibrate(
    ups: Mapping[str, UpBatch], steps: GuidedSteps, sites: Mapping[str, Site], params: CalibrationParams | None = None
) -> Calibration:
    """The guided calibration.

    Args:
        ups: verticals by sensor id, of at least the steps.
        steps: when the wearer did what.
        sites: where each sensor is worn.
        params: criteria; the defaults are those shown to people.

    Raises:
        CalibrationRefusedError: the wearer moved, the bends were too small, too few or not in one plane, or the two
            sitting poses too close to tell apart.
    """
    params = params or CalibrationParams()
    if not ups:
        raise CalibrationRefusedError("No sensor has sent angles yet; check the connection and try again.")
    order = from_top(ups, sites)
    measured: dict[str, SensorBends] = {}
    for sensor in order:
        leader = measured.get(order[0])
        measured[sensor] = _measure(sensor, ups[sensor], steps, sites, params, leader)
    frames = {sensor: m.frame for sensor, m in measured.items()}
    seated = seated_poses(ups, steps.sit, steps.slouch, frames, sites, params.pose)
    quality = _quality(measured, order) | dict(seated.quality)
    return Calibration(
        frames=frames,
        method="guided",
        grade=_worst([_grade(m, _share(sites, sensor, params), params) for sensor, m in measured.items()]),
        lumbar_range_deg=_lumbar_range(ups, frames, steps.bends, order, params),
        expected_repeat_deg=_expected_repeat(quality),
        quality=quality,
        made_at_s=steps.all[1],
        seated_deg=seated.seated_deg,
        slouch_deg=seated.slouch_deg,
        sitting_reference=seated.reference,
        trunk_range_deg=max(measured[order[0]].bends_deg),
        bends_at_s=steps.bends[1],
    )


def _share(sites: Mapping[str, Site], sensor: str, params: CalibrationParams) -> float:
    return params.pelvis_share if sites.get(sensor) == Site.PELVIS else 1.0


def _measure(
    sensor: str,
    ups: UpBatch,
    steps: GuidedSteps,
    sites: Mapping[str, Site],
    params: CalibrationParams,
    leader: SensorBends | None,
) -> SensorBends:
    """One sensor's frame and quality, or a refusal."""
    site = sites.get(sensor, Site.UPPER_BACK)
    where = SITE_WORDS[site]
    standing = still_pose(ups.between(*steps.still), site, "stood", params.pose)
    found = measure_bends(standing, ups.between(*steps.bends), leader)
    share = _share(sites, sensor, params)
    if found is None or max(found.bends_deg, default=0.0) < params.least_bend_deg * share:
        raise CalibrationRefusedError(
            f"The bends were too close to standing at the {where}; bend forward slowly, by 30° or more."
        )
    if leader is None and len(found.bends_deg) < 2:
        raise CalibrationRefusedError("Only one bend was seen; bend forward slowly three times, upright in between.")
    if found.plane_percent < params.least_plane_percent:
        raise CalibrationRefusedError(
            f"The bends went in different directions ({found.plane_percent:.0f} % in one plane); bend straight forward."
        )
    return found


def _grade(found: SensorBends, share: float, params: CalibrationParams) -> Grade:
    level = abs(found.axis_deg - 90.0)
    for grade, name in ((0, "good"), (1, "fair")):
        if (
            found.still_sd_deg < params.still_deg[grade]
            and found.plane_percent > params.plane_percent[grade]
            and min(found.bends_deg) >= params.bend_deg[grade] * share
            and found.repeat_deg < params.repeat_deg[grade]
            and level <= params.level_deg[grade]
        ):
            return cast("Grade", name)
    return "low"


def _worst(grades: list[Grade]) -> Grade:
    order: tuple[Grade, ...] = ("low", "fair", "good")
    return min(grades, key=order.index)


def _quality(measured: Mapping[str, SensorBends], order: list[str]) -> dict[str, float]:
    """The worst sensor's figures, and the upper sensor's bends."""
    every, upper = list(measured.values()), measured[order[0]]
    quality = {
        "still_sd_deg": max(m.still_sd_deg for m in every),
        "plane_percent": min(m.plane_percent for m in every),
        "bend_deg": min(upper.bends_deg),
        "repeat_deg": max(m.repeat_deg for m in every),
        "axis_deg": max((m.axis_deg for m in every), key=lambda axis: abs(axis - 90.0)),
    }
    return quality | {f"bend_{i}_deg": bend for i, bend in enumerate(upper.bends_deg, 1)}


def _expected_repeat(quality: Mapping[str, float]) -> float:
    """Standing upright again repeats to 1.5° at best; a wrong axis costs its sine at a bend of 30°."""
    return float(np.sqrt(1.5**2 + quality["still_sd_deg"] ** 2 + (0.5 * quality["repeat_deg"]) ** 2))


def _lumbar_range(
    ups: Mapping[str, UpBatch],
    frames: Mapping[str, BodyFrame],
    bends: Span,
    order: list[str],
    params: CalibrationParams,
) -> float | None:
    """Largest lumbar flexion in the bends, between the uppermost and the lowest sensor, while both were seen."""
    if len(order) < 2:
        return None
    upper, lower = (ups[sensor].between(*bends) for sensor in (order[0], order[-1]))
    upper_deg, lower_deg = _flexion(upper, frames[order[0]]), _flexion(lower, frames[order[-1]])
    lumbar = lumbar_deg(upper_deg, np.interp(upper.t_s, lower.t_s, lower_deg))
    after = np.searchsorted(lower.t_s, upper.t_s)
    inside = (after > 0) & (after < len(lower)) & np.isfinite(lumbar)
    hole_s = np.diff(lower.t_s, prepend=-np.inf, append=np.inf)[after]
    largest = float(lumbar[inside & (hole_s <= HOLE_S)].max(initial=0.0))
    return largest if largest >= params.least_lumbar_deg else None


def _flexion(ups: UpBatch, frame: BodyFrame) -> Floats:
    flexion: Floats = np.degrees(np.unwrap(np.radians(np.nan_to_num(angles_deg(body_up(ups.up, frame))[0]))))
    return flexion
