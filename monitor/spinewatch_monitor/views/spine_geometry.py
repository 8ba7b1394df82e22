"""The spine figure as numbers: a curve from two tilts, and the zone, dial and band around it. Pure, no screen.

Angles are radians from the vertical, forward positive; the person looks right. Points are in trunk lengths with the
origin at the pelvis and y *down*, as on the screen; a painter scales and moves them. ``s`` runs along the spine from
0 (sacrum) to 1 (skull). The curve's length never changes, so a bend is shown as a bend and not as a shrinking back.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import radians

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

STEPS = 96
"""Midpoint steps along the spine: the end is then exact to 1e-4 trunk lengths, a fraction of a pixel."""
BLEND_FROM_S, BLEND_OVER_S = 0.06, 0.68
"""Where along the spine the tilt passes from the lower to the upper sensor."""
NECK_FROM_S, GAZE_LEVEL = 0.86, 0.45
"""Above the neck the tilt is taken back, because people keep their gaze level: drawn, not measured."""
SWAY_SITTING_RAD, SWAY_STANDING_RAD = radians(12), radians(16)
"""Depth of the natural S."""
LOWER_SHARE = 0.45
"""Share of a flexion that the lower end takes where only the upper one is measured (or imagined, as in the dial)."""
WEDGE_REACH, DIAL_REACH = 1.33, 1.40

_MIDPOINTS = (np.arange(STEPS) + 0.5) / STEPS
_NODES = np.arange(STEPS + 1) / STEPS


@dataclass(frozen=True, slots=True)
class Pose:
    """Tilt of the lower and the upper end of the spine, rad, and the depth of its natural S."""

    lower: float
    upper: float
    sway: float = SWAY_SITTING_RAD

    def flexed(self, angle: float) -> Pose:
        """The pose (as reference) bent forward by ``angle``, the lower end taking its usual share."""
        return Pose(self.lower + LOWER_SHARE * angle, self.upper + angle, self.sway)


@dataclass(frozen=True, eq=False, slots=True)
class Curve:
    """A spine: ``xy`` (97, 2) in trunk lengths and tangent tilt ``phi`` (97,) rad, at even steps of ``s``."""

    xy: Floats
    phi: Floats

    @property
    def tip(self) -> Floats:
        """The end at the skull, (2,)."""
        end: Floats = self.xy[-1]
        return end

    def at(self, s: ArrayLike) -> tuple[Floats, Floats]:
        """Points (…, 2) and tilts (…) at any ``s`` in [0, 1], between the steps linearly."""
        places = np.asarray(s, np.float64)
        point = np.stack([np.interp(places, _NODES, self.xy[:, k]) for k in (0, 1)], axis=-1)
        return point, np.interp(places, _NODES, self.phi)


def smoothstep(x: ArrayLike) -> Floats:
    """u²(3 − 2u) with u clamped to [0, 1]: flat at both ends."""
    u = np.clip(np.asarray(x, np.float64), 0.0, 1.0)
    return u * u * (3.0 - 2.0 * u)


@dataclass(frozen=True, eq=False, slots=True)
class _Mix:
    """Tilts along fixed places are linear in the pose: ``sway * s_shape + lower * low + upper * high``."""

    shape: Floats
    low: Floats
    high: Floats

    def tilt(self, lower: ArrayLike, upper: ArrayLike, sway: float) -> Floats:
        tilted: Floats = sway * self.shape + np.multiply(lower, self.low) + np.multiply(upper, self.high)
        return tilted


def _mix(s: Floats) -> _Mix:
    blend = smoothstep((s - BLEND_FROM_S) / BLEND_OVER_S)
    level = 1.0 - GAZE_LEVEL * np.clip((s - NECK_FROM_S) / (1.0 - NECK_FROM_S), 0.0, 1.0)
    return _Mix(np.cos(2.3 * np.pi * s), (1.0 - blend) * level, blend * level)


_AT_MIDPOINTS, _AT_NODES = _mix(_MIDPOINTS), _mix(_NODES)


def tilt(s: Floats, pose: Pose) -> Floats:
    """Tangent tilt at ``s``, rad: the natural S and, over it, the tilt that passes from lower to upper."""
    return _mix(s).tilt(pose.lower, pose.upper, pose.sway)


def curve(pose: Pose) -> Curve:
    """The spine of a pose, from the pelvis upwards; valid beyond 90°."""
    phi = _AT_MIDPOINTS.tilt(pose.lower, pose.upper, pose.sway)
    steps = np.stack([np.sin(phi), -np.cos(phi)], axis=1) / STEPS
    xy = np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])
    return Curve(xy, _AT_NODES.tilt(pose.lower, pose.upper, pose.sway))


def end_of(pose: Pose) -> Floats:
    """Only the end at the skull, (2,): what wedge and dial are swept from."""
    end: Floats = _ends(np.array([[pose.lower]]), np.array([[pose.upper]]), pose.sway)[0]
    return end


def _ends(lower: Floats, upper: Floats, sway: float) -> Floats:
    """Ends (n, 2) of poses given as columns (n, 1)."""
    phi = _AT_MIDPOINTS.tilt(lower, upper, sway)
    return np.stack([np.sin(phi).sum(axis=1), -np.cos(phi).sum(axis=1)], axis=1) / STEPS


def sweep(reference: Pose, angles: ArrayLike, reach: float) -> Floats:
    """Points (n, 2) at ``reach`` times the way from the pelvis to the end of the reference bent by each angle."""
    bent = np.asarray(angles, np.float64)[:, None]
    return reach * _ends(reference.lower + LOWER_SHARE * bent, reference.upper + bent, reference.sway)


def wedge(reference: Pose, start: float, end: float, steps: int = 24) -> Floats:
    """The near zone as a polygon from the pelvis, (steps + 2, 2), for flexions from ``start`` to ``end``, rad."""
    return np.concatenate([np.zeros((1, 2)), sweep(reference, np.linspace(start, end, steps + 1), WEDGE_REACH)])


def limit_angle(reference: Pose, lower: float, range_limit: float) -> float:
    """Flexion at which two sensors reach a limit on lumbar flexion: the wedge's edge, which moves with the pelvis.

    Args:
        reference: tilts of the reference, rad.
        lower: tilt of the lower end now, rad.
        range_limit: limit on (upper − lower), rad.
    """
    return lower + range_limit - reference.upper


@dataclass(frozen=True, eq=False, slots=True)
class Tick:
    """A stroke of the dial: its flexion in whole degrees, both ends, where its label is centred."""

    angle_deg: int
    outer: Floats
    inner: Floats
    label: Floats
    long: bool


def dial_arc(reference: Pose, from_deg: int, to_deg: int) -> Floats:
    """The dial's line, (n, 2), one point a degree."""
    return sweep(reference, np.radians(np.arange(from_deg, to_deg + 1)), DIAL_REACH)


def dial_ticks(reference: Pose, from_deg: int, to_deg: int) -> list[Tick]:
    """A tick every 5°, long every 15°."""
    ticks = []
    for angle_deg in range(-(-from_deg // 5) * 5, to_deg + 1, 5):
        end = end_of(reference.flexed(radians(angle_deg)))
        long = angle_deg % 15 == 0
        inner = end * (DIAL_REACH - (0.045 if long else 0.024))
        ticks.append(Tick(angle_deg, end * DIAL_REACH, inner, end * (DIAL_REACH + 0.08), long))
    return ticks


def needle(reference: Pose, flexion: float) -> Floats:
    """Where on the dial a flexion stands, (2,)."""
    return DIAL_REACH * end_of(reference.flexed(flexion))


def band(pose: Pose, lower_half_width: float, upper_half_width: float) -> Floats:
    """The 95 % band as a polygon: the curve at its back end, the ends in between, the curve at its front backwards."""

    def leaned(k: float) -> Pose:
        return Pose(pose.lower + k * lower_half_width, pose.upper + k * upper_half_width, pose.sway)

    spread = np.linspace(-1, 1, 9)[:, None]
    ends = _ends(pose.lower + spread * lower_half_width, pose.upper + spread * upper_half_width, pose.sway)
    return np.concatenate([curve(leaned(-1)).xy, ends, curve(leaned(1)).xy[::-1]])
