"""What is drawn along the spine: vertebrae, sacrum, trunk, head and limbs. Pure functions, no screen.

Same frame as `spine_geometry`: trunk lengths from the pelvis, y down, the person looks right.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import radians

import numpy as np
from numpy.typing import ArrayLike

from spinewatch_monitor.views.spine_geometry import Curve, Floats, smoothstep

UPPER_SENSOR_S, LOWER_SENSOR_S = 0.74, 0.09
ASSUMED_BELOW_S = 0.42
"""With one sensor the spine below here is drawn fainter: its shape is assumed."""

_BACK = np.array([(0, 0.125), (0.16, 0.085), (0.34, 0.066), (0.58, 0.088), (0.78, 0.082), (0.9, 0.058), (1, 0.062)])
_FRONT = np.array(
    [(0, 0.15), (0.14, 0.17), (0.3, 0.165), (0.48, 0.195), (0.62, 0.205), (0.76, 0.15), (0.88, 0.066), (1, 0.07)]
)


def width_at(table: Floats, s: ArrayLike) -> Floats:
    """A body width at ``s``, smoothed between the rows ``(s, width)`` of a table."""
    places = np.asarray(s, np.float64)
    low = np.clip(np.searchsorted(table[:, 0], places, side="right") - 1, 0, len(table) - 2)
    (s0, w0), (s1, w1) = table[low].T, table[low + 1].T
    grown: Floats = w0 + (w1 - w0) * smoothstep((places - s0) / (s1 - s0))
    return grown


def torso(spine: Curve, points: int = 61) -> Floats:
    """Outline of the trunk, (2 × points, 2): the back upwards, the front downwards."""
    s = np.linspace(0, 1, points)
    centre, phi = spine.at(s)
    across = np.stack([np.cos(phi), np.sin(phi)], axis=1)
    back = centre - across * width_at(_BACK, s)[:, None]
    front = centre + across * width_at(_FRONT, s)[:, None]
    return np.concatenate([back, front[::-1]])


def on_skin(spine: Curve, s: float, above: float = 0.012) -> tuple[Floats, float]:
    """A point (2,) on the skin of the back at ``s``, ``above`` trunk lengths off it, and the tilt there."""
    centre, phi = spine.at(s)
    off = float(width_at(_BACK, s)) + above
    return centre - off * np.array([np.cos(phi), np.sin(phi)]), float(phi)


@dataclass(frozen=True, slots=True)
class Plate:
    """A rounded rectangle: centre, size, corner radius (trunk lengths) and turn (rad, forward positive)."""

    x: float
    y: float
    turn: float
    width: float
    height: float
    radius: float


@dataclass(frozen=True, slots=True)
class Vertebra:
    """A plate, the length of the process behind it and how far that drops (trunk lengths; px where ``drop_px``)."""

    plate: Plate
    process: float
    drop: float
    drop_px: float
    region: str


def _slots() -> tuple[Floats, Floats]:
    weights = np.concatenate([[1.15, 1.15, 1.12, 1.10, 1.06], np.linspace(1.0, 0.66, 12), np.full(6, 0.56)])
    heights = weights / weights.sum() * 0.97
    return 0.015 + np.cumsum(heights) - heights / 2, heights


_SLOT_S, _SLOT_HEIGHT = _slots()
_SLOT_WIDTH = np.concatenate([np.linspace(0.092, 0.084, 5), np.linspace(0.080, 0.054, 12), np.full(6, 0.045)])


def vertebrae(spine: Curve) -> list[Vertebra]:
    """The 23 vertebrae from L5 up to C2: 5 lumbar, 12 thoracic, 6 of the neck."""
    centre, phi = spine.at(_SLOT_S)
    heights = 0.72 * _SLOT_HEIGHT
    bones = []
    for i, (x, y, turn, width, height) in enumerate(
        zip(*centre.T.tolist(), phi.tolist(), _SLOT_WIDTH.tolist(), heights.tolist(), strict=True)
    ):
        plate = Plate(x, y, turn, width, height, 0.36 * height)
        if i < 5:
            bones.append(Vertebra(plate, 0.052, 0.0, 3.0, "lumbar"))
        elif i < 17:
            bones.append(Vertebra(plate, 0.052, height, 0.0, "thoracic"))
        else:
            bones.append(Vertebra(plate, 0.030, 0.0, 2.0, "neck"))
    return bones


def sacrum(spine: Curve) -> list[Plate]:
    """Four plates below the curve's start, each turned 13° further back."""
    point, turn = spine.xy[0].copy(), float(spine.phi[0])
    plates = []
    for i in range(4):
        turn -= radians(13)
        point = point + (0.042 - 0.005 * i) * np.array([-np.sin(turn), np.cos(turn)])
        height = 0.03 - 0.003 * i
        plates.append(Plate(float(point[0]), float(point[1]), turn, 0.08 - 0.016 * i, height, 0.4 * height))
    return plates


@dataclass(frozen=True, slots=True)
class Ellipse:
    """An ellipse about a point of the head's own frame, half axes in trunk lengths."""

    x: float
    y: float
    rx: float
    ry: float


HEAD = (Ellipse(0, -0.012, 0.11, 0.112), Ellipse(0.034, 0.052, 0.07, 0.078), Ellipse(-0.03, 0.07, 0.062, 0.09))
"""Skull, jaw, nape; in a frame at `head_place`, turned with it."""
GHOST_HEAD = Ellipse(0, 0, 0.108, 0.118)


def head_place(spine: Curve) -> tuple[Floats, float]:
    """Centre of the head (2,) and its turn, rad."""
    phi = float(spine.phi[-1])
    return spine.tip + 0.085 * np.array([np.sin(phi), -np.cos(phi)]) + np.array([0.035, 0.0]), 0.8 * phi


@dataclass(frozen=True, slots=True)
class Limb:
    """A tapered capsule between two points, radii at both ends; ``arm`` is drawn over the trunk."""

    start: tuple[float, float]
    end: tuple[float, float]
    start_radius: float
    end_radius: float
    arm: bool = False


HIP = (0.03, 0.045)
_SITTING = (
    Limb((0.60, 0.035), (0.57, 0.58), 0.068, 0.042),
    Limb((0.57, 0.58), (0.70, 0.61), 0.036, 0.026),
    Limb(HIP, (0.60, 0.035), 0.128, 0.078),
)
_STANDING = (
    Limb((0.01, 0.48), (-0.03, 0.88), 0.08, 0.042),
    Limb((-0.03, 0.88), (0.10, 0.91), 0.036, 0.026),
    Limb(HIP, (0.01, 0.48), 0.128, 0.08),
)


def legs(*, standing: bool) -> tuple[Limb, ...]:
    """Shank, foot and thigh; drawn, not measured."""
    return _STANDING if standing else _SITTING


def arms(spine: Curve, flexion: float, *, standing: bool) -> tuple[Limb, Limb]:
    """Forearm and upper arm: hands at a desk while sitting, hanging while standing; drawn, not measured."""
    centre, phi = spine.at(0.775)
    shoulder = centre + 0.055 * np.array([np.cos(phi), np.sin(phi)]) + np.array([0.0, 0.02])
    upper, lower = (radians(6), radians(10)) if standing else (radians(32) - 0.2 * flexion, radians(96))
    elbow = shoulder + 0.35 * np.array([np.sin(upper), np.cos(upper)])
    hand = elbow + 0.30 * np.array([np.sin(lower), np.cos(lower)])
    points = [(float(p[0]), float(p[1])) for p in (shoulder, elbow, hand)]
    return Limb(points[1], points[2], 0.037, 0.028, arm=True), Limb(points[0], points[1], 0.052, 0.038, arm=True)
