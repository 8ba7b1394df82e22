"""From curves to what an errorless sensor on the body feels: two rigid segments, a lever arm, gravity.

A segment's attitude is ``R = Rz(heading) Rx(lateral) Ry(flexion)``, body axes X forward, Y left, Z up. With this order
the vertical in the body frame is ``(-cos L sin F, sin L, cos L cos F)``, so that flexion ``atan2(-up_x, up_z)`` and
lateral bend ``asin(up_y)`` are exactly the scripted curves.

The gyroscope reports the mean rate over the sample period that ends at the sample, from the exact rotation between
two attitudes: multiplying its increments gives the attitude back to rounding. The accelerometer reports the second
difference of position over one period on either side, which double integration by the same rule undoes exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinewatch_bridge.simulator.motion import Channel, Motion
from spinewatch_bridge.simulator.wearer import Mounting, Wearer
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Floats, Site

Vectors = tuple[Floats, Floats, Floats]
"""x, y and z of n vectors."""

SKIN_STRETCH_DEG = 0.2
"""How far skin and strap turn a sensor when the trunk is horizontal: the quasi-static part of skin movement."""

_QUARTER_AT_60 = 1.5
"""Skin is drawn most at 60° of lumbar flexion and hardly further beyond."""

PRINTED = np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
"""Columns: sensor x (up), y (left) and z (out of the back) in the body frame, in the printed place."""


@dataclass(frozen=True, eq=False, slots=True)
class Attitude:
    """The attitude of a segment at n moments, made by `attitude`.

    Args:
        half_cos, half_sin, cos, sin: (3, n) of half and whole angles: flexion, lateral bend, heading.
    """

    half_cos: NDArray[np.float64]
    half_sin: NDArray[np.float64]
    cos: NDArray[np.float64]
    sin: NDArray[np.float64]

    def __getitem__(self, part: slice) -> Attitude:
        """The attitudes of `part`, as views."""
        return Attitude(self.half_cos[:, part], self.half_sin[:, part], self.cos[:, part], self.sin[:, part])

    def to_world(self, x: Floats | float, y: Floats | float, z: Floats | float) -> Vectors:
        """Turn vectors from the body frame to the world (Z up)."""
        (cf, cl, ch), (sf, sl, sh) = self.cos, self.sin
        forward, up = x * cf + z * sf, z * cf - x * sf
        left, top = y * cl - up * sl, y * sl + up * cl
        return forward * ch - left * sh, forward * sh + left * ch, top

    def to_body(self, x: Floats, y: Floats, z: Floats) -> Vectors:
        """Turn vectors from the world to the body frame."""
        (cf, cl, ch), (sf, sl, sh) = self.cos, self.sin
        x, y = x * ch + y * sh, y * ch - x * sh
        y, z = y * cl + z * sl, z * cl - y * sl
        return x * cf - z * sf, y, z * cf + x * sf

    def quaternion(self) -> NDArray[np.float64]:
        """(4, n) body to world, scalar first."""
        (cf, cl, ch), (sf, sl, sh) = self.half_cos, self.half_sin
        w, x, y, z = ch * cl, ch * sl, sh * sl, sh * cl
        return np.stack([w * cf - y * sf, x * cf - z * sf, y * cf + w * sf, z * cf + x * sf])


def attitude(flexion_deg: Floats, lateral_deg: Floats, heading_deg: Floats) -> Attitude:
    """The attitude with these angles, (n,) each.

    Whole angles come from half ones by the double-angle rules: sines are most of the cost of a simulated day.
    """
    half = np.radians(np.stack([flexion_deg, lateral_deg, heading_deg])) / 2.0
    cos, sin = np.cos(half), np.sin(half)
    return Attitude(cos, sin, 1.0 - 2.0 * sin**2, 2.0 * sin * cos)


@dataclass(frozen=True, eq=False, slots=True)
class ImuSignals:
    """What an errorless sensor reads: acc (n, 3) m/s², gyr (n, 3) rad/s, sensor frame."""

    acc: NDArray[np.float64]
    gyr: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SoftTissue:
    """What skin and strap do to a sensor.

    Args:
        stretch_deg: turn when the segment is horizontal, forward positive.
        curve_deg: turn when the lumbar spine is flexed by 60°.
        swing: size of what swings after fast moves and with steps, 1 for tape.
    """

    stretch_deg: float = SKIN_STRETCH_DEG
    curve_deg: float = 0.0
    swing: float = 1.0


RIGID = SoftTissue(0.0, 0.0, 0.0)
TAPED = SoftTissue()


@dataclass(frozen=True, slots=True)
class SensorSite:
    """One sensor on one wearer.

    Args:
        wearer: who.
        site: where.
        mounting: how it is turned.
        tissue: what lies between it and the segment.
        up_m: how much higher on the segment than usual.
    """

    wearer: Wearer
    site: Site
    mounting: Mounting
    tissue: SoftTissue = TAPED
    up_m: float = 0.0

    @property
    def on_pelvis(self) -> bool:
        """Whether the lower segment carries it."""
        return self.site is Site.PELVIS


def mounting_matrix(mounting: Mounting) -> NDArray[np.float64]:
    """(3, 3) sensor to body: ``v_body = M @ v_sensor``."""
    r, p, y = np.radians([mounting.roll_deg, mounting.pitch_deg, mounting.yaw_deg])
    turn_x = np.array([[1, 0, 0], [0, np.cos(r), -np.sin(r)], [0, np.sin(r), np.cos(r)]])
    turn_y = np.array([[np.cos(p), 0, np.sin(p)], [0, 1, 0], [-np.sin(p), 0, np.cos(p)]])
    turn_z = np.array([[np.cos(y), -np.sin(y), 0], [np.sin(y), np.cos(y), 0], [0, 0, 1]])
    matrix: NDArray[np.float64] = turn_z @ turn_y @ turn_x @ PRINTED
    return matrix


def ideal_imu(motion: Motion, place: SensorSite, first_s: float, period_s: float, index: int, count: int) -> ImuSignals:
    """Errorless readings of samples ``index .. index + count``, sample k taken at ``first_s + k * period_s``.

    Args:
        motion: curves of the wearer.
        place: which sensor.
        first_s: time of sample 0, seconds from the start of the scenario.
        period_s: true sampling period.
        index: first sample wanted.
        count: how many.
    """
    # One sample more at either end: rates and accelerations are differences between neighbours.
    t_s = first_s + np.arange(index - 1, index + count + 1, dtype=np.float64) * period_s
    curves = motion.values(t_s)
    turned = sensor_attitude(curves[:, :-1], place)
    east, north, up = _acceleration(curves, place, period_s)
    felt = turned[1:].to_body(east, north, up + STANDARD_GRAVITY_M_S2)
    rate = _mean_rate(turned.quaternion(), period_s)
    to_sensor = mounting_matrix(place.mounting).T
    return ImuSignals((to_sensor @ np.stack(felt)).T, (to_sensor @ rate).T)


def sensor_attitude(curves: NDArray[np.float64], place: SensorSite) -> Attitude:
    """The attitude of a sensor's segment with skin movement on top; curves as `Motion.values` gives them."""
    if place.on_pelvis:
        flexion, lateral, heading = curves[Channel.PELVIS_FLEXION : Channel.PELVIS_HEADING + 1]
        pitch, roll = curves[Channel.PELVIS_SKIN_PITCH], curves[Channel.PELVIS_SKIN_ROLL]
    else:
        flexion, lateral, heading = curves[Channel.UPPER_FLEXION : Channel.UPPER_HEADING + 1]
        pitch, roll = curves[Channel.UPPER_SKIN_PITCH], curves[Channel.UPPER_SKIN_ROLL]
    tissue = place.tissue
    turn = tissue.swing * pitch + tissue.stretch_deg * np.sin(np.radians(flexion))
    if tissue.curve_deg:
        lumbar = curves[Channel.UPPER_FLEXION] - curves[Channel.PELVIS_FLEXION]
        turn += tissue.curve_deg * np.sin(np.radians(_QUARTER_AT_60 * lumbar))
    return attitude(flexion + turn, lateral + tissue.swing * roll, heading)


def _positions(curves: NDArray[np.float64], place: SensorSite, heading: Floats) -> NDArray[np.float64]:
    """(3, n) the sensor in the world, m, without the way covered by walking."""
    forward, left, up = curves[Channel.HIP_FORWARD : Channel.HIP_UP + 1]
    cos, sin = np.cos(heading), np.sin(heading)
    at = np.stack([forward * cos - left * sin, forward * sin + left * cos, up])
    pelvis = attitude(*curves[Channel.PELVIS_FLEXION : Channel.PELVIS_HEADING + 1])
    forward_m, left_m, up_m = place.wearer.lever_m(place.site)
    lever = (forward_m, left_m, up_m + place.up_m)
    if place.on_pelvis:
        return at + np.stack(pelvis.to_world(*lever))
    upper = attitude(*curves[Channel.UPPER_FLEXION : Channel.UPPER_HEADING + 1])
    return at + np.stack(pelvis.to_world(*place.wearer.pivot_m)) + np.stack(upper.to_world(*lever))


def _acceleration(curves: NDArray[np.float64], place: SensorSite, period_s: float) -> NDArray[np.float64]:
    """(3, n - 2) acceleration of the sensor in the world: its place on the body, and the way walked."""
    heading, speed = np.radians(curves[Channel.PELVIS_HEADING]), curves[Channel.SPEED]
    at = _positions(curves, place, heading)
    acceleration: NDArray[np.float64] = (at[:, 2:] - 2.0 * at[:, 1:-1] + at[:, :-2]) / period_s**2
    if np.any(speed):
        for axis, component in enumerate((speed * np.cos(heading), speed * np.sin(heading))):
            acceleration[axis] += (component[2:] - component[:-2]) / (2.0 * period_s)
    return acceleration


def _mean_rate(quaternions: NDArray[np.float64], period_s: float) -> NDArray[np.float64]:
    """(3, n - 1) mean angular rate between neighbouring attitudes (4, n), rad/s, body frame."""
    (w0, x0, y0, z0), (w1, x1, y1, z1) = quaternions[:, :-1], quaternions[:, 1:]
    sine = np.stack(
        [
            w0 * x1 - x0 * w1 - y0 * z1 + z0 * y1,
            w0 * y1 - y0 * w1 - z0 * x1 + x0 * z1,
            w0 * z1 - z0 * w1 - x0 * y1 + y0 * x1,
        ]
    )
    # Rotation vector = 2 asin(s)/s times the vector part; the series is exact to 1e-12 below 20° per sample.
    square = np.sum(sine * sine, axis=0)
    factor = 2.0 * (1.0 + square / 6.0 * (1.0 + square * 9.0 / 20.0 * (1.0 + square * 25.0 / 42.0)))
    rates: NDArray[np.float64] = sine * (factor / period_s)
    return rates
