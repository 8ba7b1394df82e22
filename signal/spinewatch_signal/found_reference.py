"""A reference for recordings without a guided calibration: always graded low.

Upright must be told without knowing how the sensor is mounted. Who walks is upright, so the mean vertical while walking
leads where there is walking; else the commonest still direction does, because people are more often upright than
lying; a short recording begins upright. The reference is then the first still minute near that direction. Forward is
the main direction of tilt over the recording, and its larger excursions are forward. The pelvis is another matter: it
rolls back in sitting, for long, so where there is walking to compare with, that tells its back. Surer still is lying:
people lie on their back or side and seldom on their front (7 % of the time in bed, Skarpsno et al. 2017, Nat Sci Sleep
9:267), so a pelvis that lies still for long faces up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.bends import principal_axis, thin, tilt_deg, turnings
from spinewatch_signal.calibration_result import SITE_WORDS, Calibration, CalibrationRefusedError, from_top
from spinewatch_signal.flexion import BodyFrame, angles_deg, body_up, frame_from
from spinewatch_signal.gyro_bias import turn_rad
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Floats, Site
from spinewatch_signal.up_vectors import UpBatch

Mask = NDArray[np.bool_]

TILT_STEP_S = 0.2
"""Step at which tilting is looked at: people bend more slowly."""


@dataclass(frozen=True, slots=True)
class FoundParams:
    """How a reference is found.

    Args:
        still_deg: largest RMS of the vertical within a still second: tried in this order.
        walk_g: RMS of the specific force's length within a second of walking (static p95 0.041, walking p5 0.184).
        walk_s: this much walking shows what is upright.
        near_walk_deg: a still reference lies within this of the walking direction: standing and sitting do.
        near_common_deg: still seconds within this of each other are one direction.
        stretch_s: stretches looked for, longest first; in a short recording only the last.
        still_share: of such a stretch that must be still and near.
        short_s: a recording up to this long begins upright.
        restless_deg: in a short recording without a still stretch the calmest second serves, if its vertical stays
            within this of its mean: a test of movements seldom pauses.
        sit_deg, sit_s: a pelvis that is still this far from its walking direction for this long sits.
        start_s, near_start_deg: so long a beginning tells upright there, and its reference lies this near to it.
        lying_deg, lying_s, calm_deg_s: further than this from upright, of which at least this time turning slower than
            this: lying, not bending.
        flat_deg, rest_s, faces_up_s: a pelvis that is further than this from upright and still, for so long at a time,
            rests lying (a stoop as deep is neither as still nor as long); so much of it in all, nearer to back or front
            than to a side, tells its back.
        breathes_deg: a sensor whose vertical turns by less from one second to the next lies on a table (the stillest
            bodies turned by this, see `WearParams`).
        clear_percent: share of the tilting in one direction above which that direction is plain.
        pelvis_move_deg_s: a pelvis tilts backward in sitting, so only what it does while it turns faster than this
            tells forward: in bends, and in rising.
        repeat_deg: expected error of repeating such a reference.
        least_forward_deg: leans up to this size tell forward no better than a guess; as large as a good bend.
    """

    still_deg: tuple[float, ...] = (1.0, 2.0)
    walk_g: float = 0.1
    walk_s: float = 10.0
    near_walk_deg: float = 30.0
    near_common_deg: float = 20.0
    stretch_s: tuple[int, ...] = (60, 20, 10, 5, 2)
    still_share: float = 0.75
    short_s: float = 180.0
    restless_deg: float = 4.0
    sit_deg: float = 8.0
    sit_s: float = 10.0
    start_s: float = 3.0
    near_start_deg: float = 45.0
    lying_deg: float = 50.0
    lying_s: float = 5.0
    calm_deg_s: float = 5.0
    flat_deg: float = 65.0
    rest_s: int = 10
    faces_up_s: float = 20.0
    breathes_deg: float = 0.05
    clear_percent: float = 70.0
    pelvis_move_deg_s: float = 10.0
    repeat_deg: float = 5.0
    least_forward_deg: float = 30.0


@dataclass(frozen=True, eq=False, slots=True)
class _Seconds:
    """One row for each second that is at least half full.

    Args:
        start_s: (m,) whole UNIX seconds.
        up: (m, 3) mean verticals.
        spread_deg: (m,) RMS angle from the mean.
        shake_g: (m,) SD of the specific force's length, g.
    """

    start_s: Floats
    up: Floats
    spread_deg: Floats
    shake_g: Floats


def find_reference(
    ups: Mapping[str, UpBatch], sites: Mapping[str, Site], params: FoundParams | None = None
) -> Calibration:
    """A calibration from the recording itself, graded low.

    Args:
        ups: verticals of the whole recording by sensor id.
        sites: where each sensor is worn.
        params: rules; the defaults carry their reasons.

    Raises:
        CalibrationRefusedError: there is nothing still to stand on.
    """
    params = params or FoundParams()
    if not ups:
        raise CalibrationRefusedError("The recording holds no angles to find a reference in.")
    order = from_top(ups, sites)
    start_s, end_s = _reference_span(order[0], ups[order[0]], sites, params)
    frames: dict[str, BodyFrame] = {}
    for sensor in order:
        frames[sensor] = _frame(sensor, ups[sensor], (start_s, end_s), sites, params)
    for sensor in order[1:]:
        frames[sensor] = _same_way(ups[order[0]], frames[order[0]], ups[sensor], frames[sensor])
    quality = {
        "still_sd_deg": float(np.max([_still_deg(ups[sensor], start_s, end_s) for sensor in order])),
        "forward_deg": _forward_deg(ups[order[0]], frames[order[0]], sites.get(order[0]) == Site.PELVIS, params),
    }
    return Calibration(frames, "found", "low", expected_repeat_deg=params.repeat_deg, quality=quality, made_at_s=end_s)


def doubts(calibration: Calibration, params: FoundParams | None = None) -> list[str]:
    """What to warn of in a found reference, one line each; nothing of one that the wearer made.

    Sternum and waist of people who picked up, sat down, rose or lay down (sfu) had forward right in all 48 recordings;
    of 43 with leans up to 30° (standing, walking, stairs) nine had it the wrong way about.
    """
    told_deg = calibration.quality.get("forward_deg", float("inf"))
    if calibration.method != "found" or told_deg >= (params or FoundParams()).least_forward_deg:
        return []
    return [f"Which way is forward is a guess: nothing leans further than {told_deg:.0f}°; calibrate to know it."]


def _forward_deg(ups: UpBatch, frame: BodyFrame, pelvis: bool, params: FoundParams) -> float:
    """How large the leans are that told forward: all but a second of them are smaller."""
    vertical = frame.axes[2]
    leans = np.sort(tilt_deg(_tilting(ups, vertical, pelvis, params).known().up, vertical))
    return float(leans[-min(len(leans), round(1 / TILT_STEP_S))]) if len(leans) else 0.0


def _seconds(ups: UpBatch) -> _Seconds:
    second = np.floor(ups.t_s)
    first = np.flatnonzero(np.diff(second, prepend=-np.inf))
    count = np.diff(np.append(first, len(ups)))
    mean = np.add.reduceat(ups.up, first) / count[:, None]
    length = np.linalg.norm(mean, axis=1)
    # The mean of unit vectors shortens by half the mean squared angle from it.
    spread_deg = np.degrees(np.sqrt(np.maximum(0.0, 2 * (1 - length))))
    force = np.add.reduceat(ups.acc_norm, first) / count
    variance = np.add.reduceat(ups.acc_norm**2, first) / count - force**2
    full = count >= 0.5 * np.median(count)
    shake_g = np.sqrt(np.maximum(0.0, variance)) / STANDARD_GRAVITY_M_S2
    return _Seconds(second[first][full], (mean / length[:, None])[full], spread_deg[full], shake_g[full])


def _reference_span(sensor: str, ups: UpBatch, sites: Mapping[str, Site], params: FoundParams) -> tuple[float, float]:
    """``[start, end)`` of the reference stretch."""
    where = SITE_WORDS[sites.get(sensor, Site.UPPER_BACK)]
    refusal = f"The {where} is never still for {params.stretch_s[-1]} s, so no reference can be found; calibrate first."
    if len(ups) == 0:
        raise CalibrationRefusedError(refusal)
    rows = _seconds(ups)
    for still_deg in params.still_deg:
        still = rows.spread_deg < still_deg
        near = still & _near_upright(rows, still, params)
        for length in params.stretch_s[-1:] if _is_short(rows, params) else params.stretch_s:
            found = _first_stretch(rows.start_s, near, length, params.still_share)
            if found is not None:
                return found
    calmest_s = _calmest_second(rows, params) if _is_short(rows, params) else None
    if calmest_s is None:
        raise CalibrationRefusedError(refusal)
    return calmest_s, calmest_s + 1.0


def _calmest_second(rows: _Seconds, params: FoundParams) -> float | None:
    """Start of the second in which the vertical stays closest to its mean, near upright; None where none is calm."""
    calm = (rows.spread_deg < params.restless_deg) & _near_upright(rows, rows.spread_deg < params.restless_deg, params)
    if not calm.any():
        return None
    return float(rows.start_s[calm][np.argmin(rows.spread_deg[calm])])


def _is_short(rows: _Seconds, params: FoundParams) -> bool:
    return bool(rows.start_s[-1] - rows.start_s[0] <= params.short_s)


def _near_upright(rows: _Seconds, still: Mask, params: FoundParams) -> Mask:
    walking = _walking_vertical(rows, params)
    if walking is not None:
        return tilt_deg(rows.up, walking) < params.near_walk_deg
    if _is_short(rows, params) or not still.any():
        # The calmest second of the beginning: who is told to bend may do so before three seconds are over.
        beginning = rows.start_s < rows.start_s[0] + params.start_s
        upright = rows.up[np.argmin(np.where(beginning, rows.spread_deg, np.inf))]
        return tilt_deg(rows.up, upright) < params.near_start_deg
    return tilt_deg(rows.up, _commonest(rows.up[still], params.near_common_deg)) < params.near_common_deg


def _walking_vertical(rows: _Seconds, params: FoundParams) -> Floats | None:
    """Middle vertical (3,) of the seconds of walking, where there are enough."""
    walking = (rows.shake_g > params.walk_g) & (rows.spread_deg > params.still_deg[0])
    middle: Floats = np.median(rows.up[walking], axis=0) if walking.any() else np.zeros(3)
    return middle / np.linalg.norm(middle) if walking.sum() >= params.walk_s else None


def _commonest(up: Floats, within_deg: float, n_most: int = 500) -> Floats:
    """The direction (3,) with the most rows of `up` (m, 3) around it."""
    candidates = up[:: max(1, len(up) // n_most)]
    near = candidates @ up.T > np.cos(np.radians(within_deg))
    mean: Floats = up[near[np.argmax(near.sum(axis=1))]].mean(axis=0)
    return mean


def _first_stretch(start_s: Floats, near: Mask, length: int, share: float) -> tuple[float, float] | None:
    """The first `length` seconds of which enough are near, beginning with one that is."""
    times = start_s[near]
    need = max(1, int(np.ceil(share * length)))
    if len(times) < need:
        return None
    fits = np.flatnonzero(times[need - 1 :] - times[: len(times) - need + 1] <= length - 1)
    return (float(times[fits[0]]), float(times[fits[0]]) + length) if len(fits) else None


def _still_deg(ups: UpBatch, start_s: float, end_s: float) -> float:
    rows = _seconds(ups.between(start_s, end_s))
    return float(np.median(rows.spread_deg))


def _frame(
    sensor: str, ups: UpBatch, span: tuple[float, float], sites: Mapping[str, Site], params: FoundParams
) -> BodyFrame:
    part = ups.between(*span)
    if len(part) == 0:
        raise CalibrationRefusedError("The sensors are never worn together while still; calibrate first.")
    rows = _seconds(part)
    calm = rows.up[rows.spread_deg < params.still_deg[-1]]
    vertical = (calm if len(calm) else rows.up).mean(axis=0)
    vertical = vertical / np.linalg.norm(vertical)
    tilting = _tilting(ups, vertical, sites.get(sensor) == Site.PELVIS, params)
    axis = _bending_axis(tilting.up, vertical, params)
    frame = frame_from(vertical, axis)
    if sites.get(sensor) == Site.PELVIS:
        forward = _pelvis_forward(ups, frame, params)
        if forward:
            return frame if forward > 0 else frame_from(vertical, -axis)
    # Larger in size, not in time: recline lasts for hours, a stoop for seconds. A second of it is enough to tell.
    flexion = np.sort(np.nan_to_num(angles_deg(body_up(tilting.up, frame))[0]))
    few = min(len(flexion), round(1 / TILT_STEP_S))
    return frame if flexion[-few] + flexion[few - 1] >= 0 else frame_from(vertical, -axis)


def _bending_axis(up: Floats, vertical: Floats, params: FoundParams) -> Floats:
    """Axis (3,) of the main direction of tilt, with either sign.

    Where leaning to the sides is nearly as large, as in a test of all movements, it still comes to both sides and
    cancels, while forward and backward differ: the mean of the leans, large ones weighing most, then shows the axis.
    """
    axis, percent = principal_axis(np.cross(up, vertical))
    if percent < params.clear_percent:
        lean = up - np.outer(up @ vertical, vertical)
        axis = np.cross(vertical, (lean * np.linalg.norm(lean, axis=1)[:, None] ** 3).sum(axis=0))
    if np.linalg.norm(np.cross(axis, vertical)) < 1e-6 * max(1.0, float(np.linalg.norm(axis))):
        axis = np.cross(vertical, np.eye(3)[np.argmin(np.abs(vertical))])
    return axis / np.linalg.norm(axis)


def _pelvis_forward(ups: UpBatch, frame: BodyFrame, params: FoundParams) -> float:
    """Above zero where lying, else sitting, says that X of `frame` is forward; below where it is backward, else 0."""
    facing = _resting(ups, frame.axes[2], params) @ frame.axes[0]
    facing = facing[np.abs(facing) > np.sqrt(0.5)]
    if len(facing) >= params.faces_up_s:
        return float(np.median(facing))
    sitting = _sitting(ups, params)
    return float(np.median(sitting @ frame.axes[0])) if len(sitting) else 0.0


def _resting(ups: UpBatch, vertical: Floats, params: FoundParams) -> Floats:
    """(m, 3) verticals of the seconds that are flat and still among others of the kind, `rest_s` of them in a row."""
    rows = _seconds(ups)
    rests = (tilt_deg(rows.up, vertical) > params.flat_deg) & (rows.spread_deg < params.still_deg[0])
    edges = np.flatnonzero(np.diff(np.concatenate([[False], rests, [False]]).astype(np.int8))).reshape(-1, 2)
    runs = [rows.up[first:last] for first, last in edges if last - first >= params.rest_s]
    worn = [run for run in runs if np.median(turn_rad(run[:-1], run[1:])) > np.radians(params.breathes_deg)]
    return np.concatenate(worn) if worn else np.empty((0, 3))


def _sitting(ups: UpBatch, params: FoundParams) -> Floats:
    """(m, 3) how the verticals of still seconds that look like sitting lean away from that of walking.

    A pelvis rolls back in sitting (by 22° in a measured person), so the vertical leans forward in its frame.
    """
    rows = _seconds(ups)
    walking = _walking_vertical(rows, params)
    if walking is None:
        return np.empty((0, 3))
    tilt = tilt_deg(rows.up, walking)
    sits = (rows.spread_deg < params.still_deg[0]) & (tilt > params.sit_deg) & (tilt < params.lying_deg)
    return rows.up[sits] - walking if sits.sum() >= params.sit_s else np.empty((0, 3))


def _tilting(ups: UpBatch, vertical: Floats, pelvis: bool, params: FoundParams) -> UpBatch:
    """The orientations that tell forward: not lying; of a pelvis, moving."""
    few = thin(ups, TILT_STEP_S)
    lying = _lying(few, vertical, params)
    kept = few[~lying]
    if pelvis:
        moving = kept[kept.gyr_norm > np.radians(params.pelvis_move_deg_s)]
        kept = moving if len(moving) > 10 else kept
    return kept if len(kept) else few


def _lying(ups: UpBatch, vertical: Floats, params: FoundParams) -> Mask:
    """(n,) orientations in excursions that are calm for long, or that the recording ends in: who bends comes back."""
    away = tilt_deg(ups.up, vertical) > params.lying_deg
    calm_s = np.append(np.diff(ups.t_s), 0.0) * (ups.gyr_norm < np.radians(params.calm_deg_s))
    edges = np.flatnonzero(np.diff(np.concatenate([[False], away, [False]]).astype(np.int8)))
    lying = np.zeros(len(ups), bool)
    for first, last in edges.reshape(-1, 2):
        lying[first:last] = last == len(ups) or calm_s[first:last].sum() >= params.lying_s
    return lying


def _same_way(upper: UpBatch, upper_frame: BodyFrame, lower: UpBatch, lower_frame: BodyFrame) -> BodyFrame:
    """The lower frame, turned about if the two segments' tilting would go opposite ways."""
    rate_upper, rate_lower = (_pitch_rate(ups, frame) for ups, frame in ((upper, upper_frame), (lower, lower_frame)))
    t_s, rate = rate_upper
    together = float(rate @ np.interp(t_s, *rate_lower, left=0.0, right=0.0))
    x, y, z = lower_frame.axes
    return lower_frame if together >= 0 else BodyFrame(np.array([-x, -y, z]))


def _pitch_rate(ups: UpBatch, frame: BodyFrame) -> tuple[Floats, Floats]:
    few = thin(ups, TILT_STEP_S)
    return few.t_s[1:], turnings(few, 1.0) @ frame.axes[1]
