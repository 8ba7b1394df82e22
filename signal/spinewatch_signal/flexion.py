"""Angles of a back segment against the vertical, from the unit vertical in its body frame.

Body frame: X forward, Y left, Z up. No Euler angles (a stooping or lying person is exactly where they fail) and no
axial rotation (gravity does not show it). Formulas and signs: signal/STEPS.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from spinewatch_signal.samples import Floats

Grade = Literal["good", "fair", "low"]

SIDE_LYING_UP_Y = 0.97
"""Beyond this the body lies on its side (lateral bend past 76°) and flexion means nothing: 0.5° of tilt noise at 89°
make 34° of flexion noise."""

SKIN_DEG = 6.0
"""95 % half-width of a sensor on skin against the trunk under it: 2 SD of 3°. With the terms below it makes 3.2° RMS
for a good calibration and 5° for a low one. Found by others, all errors together: 4.1-6.6° RMS over a working day
against optical tracking (Schall 2016, doi 10.1080/00140139.2015.1079335), 3.9-6.7° without outliers against anatomical
markers (Bailes 2024, doi 10.3390/s24206580), −4.8 to +4.3° between one and several sensors (Evans 2024, PMC11219489).
Markers on the sensors themselves give 0.7-1.8° (Mjosund 2017, doi 10.1186/s12891-017-1489-1): that is no back."""

GRADE_DEG: dict[Grade, float] = {"good": 2.0, "fair": 4.0, "low": 8.0}
"""95 % half-width that the body frame adds. Good: repeated bends give the same axis within 1.4° on average, SD 0.8° (on
the forearm; PCA of the angular rate). Low: aligned by eye or found from a recording, 5-15°. Fair lies between: ours."""


@dataclass(frozen=True, eq=False, slots=True)
class BodyFrame:
    """How a sensor sits on the body.

    Args:
        axes: (3, 3) rows X forward, Y left, Z up, each a unit vector in SENSOR coordinates.
    """

    axes: Floats

    def __post_init__(self) -> None:
        if self.axes.shape != (3, 3) or not np.allclose(self.axes @ self.axes.T, np.eye(3), atol=1e-6):
            raise ValueError("the axes of a body frame must be three unit vectors at right angles")
        if np.linalg.det(self.axes) < 0:
            raise ValueError("the axes of a body frame must be right-handed")


def frame_from(vertical: Floats, left: Floats) -> BodyFrame:
    """The frame with Z along `vertical` and Y as near to `left` as a right angle allows ((3,) each, sensor frame)."""
    z = vertical / np.linalg.norm(vertical)
    y = left - (left @ z) * z
    y = y / np.linalg.norm(y)
    return BodyFrame(np.array([np.cross(y, z), y, z]))


def body_up(up: Floats, frame: BodyFrame) -> Floats:
    """(n, 3) unit verticals in the body frame, from (n, 3) in the sensor frame."""
    # Not a matrix product: its last bit depends on how many rows are turned at once, and so on the chunks.
    turned: Floats = np.einsum("nj,ij->ni", up, frame.axes)
    return turned


def angles_deg(up_body: Floats) -> tuple[Floats, Floats, Floats]:
    """Flexion, lateral bend and inclination.

    Args:
        up_body: (n, 3) unit verticals in the body frame.

    Returns:
        Flexion (n,) in −180..180°, forward positive, true through 90° and beyond, NaN in side-lying; lateral bend
        (n,) in −90..90°, right positive; inclination (n,) from the vertical, 0..180°.
    """
    x, y, z = up_body[:, 0], up_body[:, 1], up_body[:, 2]
    flexion = np.degrees(np.arctan2(-x, z))
    flexion[np.abs(y) > SIDE_LYING_UP_Y] = np.nan
    lateral = np.degrees(np.arcsin(np.clip(y, -1.0, 1.0)))
    inclination = np.degrees(np.arctan2(np.hypot(x, y), z))
    return flexion, lateral, inclination


def lumbar_deg(upper_flexion_deg: Floats, lower_flexion_deg: Floats) -> Floats:
    """Lumbar flexion (n,): upper minus lower segment, wrapped to −180..180°.

    Each flexion is taken against gravity in its own frame, so no heading is needed. This is the difference of two
    sagittal inclinations: in asymmetric bends it differs from the angle of the joint by up to 2°.
    """
    return wrap_deg(upper_flexion_deg - lower_flexion_deg)


def wrap_deg(angle_deg: Floats) -> Floats:
    """The same angles in −180 ≤ a < 180."""
    wrapped: Floats = (angle_deg + 180.0) % 360.0 - 180.0
    return wrapped


def flexion_uncertainty_deg(inclination_uncertainty_deg: Floats, lateral_deg: Floats) -> Floats:
    """95 % half-width of flexion (n,): that of the inclination, grown as 1/cos of the lateral bend, at most 180°."""
    cosine = np.maximum(np.cos(np.radians(lateral_deg)), 1e-9)
    return np.minimum(inclination_uncertainty_deg / cosine, 180.0)


def body_uncertainty_deg(sensor_uncertainty_deg: Floats, grade: Grade) -> Floats:
    """95 % half-width of the angle of the body (n,): the sensor's, skin movement and placement, calibration."""
    return np.minimum(np.sqrt(sensor_uncertainty_deg**2 + SKIN_DEG**2 + GRADE_DEG[grade] ** 2), 180.0)
