"""Samples with a known answer: a body segment turned on paper, and what a sensor on it would read."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Floats, ImuBatch, SampleFlag

START_S = 1.7e9


def turned(flexion_deg: Floats, lateral_deg: Floats | float = 0.0, heading_deg: Floats | float = 0.0) -> Rotation:
    """Body to earth: heading about the vertical, then flexion about the left axis, then a lean to the right."""
    angles = np.broadcast_arrays(heading_deg, flexion_deg, lateral_deg)
    return Rotation.from_euler("ZYX", np.stack(angles, axis=-1), degrees=True)


def made_imu(
    t_s: Floats,
    body: Rotation,
    *,
    mount: Floats | None = None,
    bias_deg_s: tuple[float, float, float] = (0.0, 0.0, 0.0),
    noise: float = 0.0,
    sensor: str = "made",
    seed: int = 1,
) -> ImuBatch:
    """What a sensor reads on a body that turns as `body` says and goes nowhere.

    `mount` turns body vectors into sensor vectors. The rate of a row is that of the step that ends at it.
    """
    mount = np.eye(3) if mount is None else mount
    rng = np.random.default_rng(seed)
    steps = (body[:-1].inv() * body[1:]).as_rotvec() / np.diff(t_s)[:, None]
    gyr = np.concatenate([steps[:1], steps]) @ mount.T + np.radians(bias_deg_s)
    acc = body.inv().apply([0.0, 0.0, STANDARD_GRAVITY_M_S2]) @ mount.T
    gyr += noise * np.radians(0.1) * rng.standard_normal(gyr.shape)
    acc += noise * 0.02 * rng.standard_normal(acc.shape)
    return ImuBatch(sensor, START_S + t_s, acc, gyr, np.zeros(len(t_s), np.uint8))


def bends(t_s: Floats, begin_s: float, n: int = 3, size_deg: float = 60.0, each_s: float = 6.0) -> Floats:
    """(n,) flexion, degrees: `n` slow bends from upright and back, from `begin_s` on."""
    inside = (t_s >= begin_s) & (t_s < begin_s + n * each_s)
    return np.where(inside, size_deg * np.sin(np.pi * (t_s - begin_s) / each_s) ** 2, 0.0)


def flagged(batch: ImuBatch, flag: SampleFlag, start_s: float, end_s: float) -> ImuBatch:
    """The batch with a flag on the samples in ``[start_s, end_s)`` after `START_S`."""
    flags = batch.flags.copy()
    since = batch.t_s - START_S
    flags[(since >= start_s) & (since < end_s)] |= np.uint8(flag)
    return ImuBatch(batch.sensor, batch.t_s, batch.acc, batch.gyr, flags)


def without(batch: ImuBatch, start_s: float, end_s: float) -> ImuBatch:
    """The batch with the samples in ``[start_s, end_s)`` after `START_S` missing."""
    since = batch.t_s - START_S
    kept = (since < start_s) | (since >= end_s)
    gyr = None if batch.gyr is None else batch.gyr[kept]
    return ImuBatch(batch.sensor, batch.t_s[kept], batch.acc[kept], gyr, batch.flags[kept])


def true_up(body: Rotation, mount: Floats | None = None) -> Floats:
    """(n, 3) unit verticals in the sensor frame."""
    up = body.inv().apply([0.0, 0.0, 1.0])
    return up if mount is None else up @ mount.T


def error_deg(up: Floats, truth: Floats) -> Floats:
    """(n,) angles between the rows."""
    return np.degrees(np.arctan2(np.linalg.norm(np.cross(up, truth), axis=1), np.einsum("ij,ij->i", up, truth)))
