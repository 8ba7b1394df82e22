"""Samples of a made wearer whose angles are known: a segment that turns about its left axis, seen by one sensor."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, ImuBatch, Role, SensorInfo, Site

START_S = 1_700_000_000.0
RATE_HZ = 100.0
UPPER = SensorInfo("upper", "made")
LOWER = SensorInfo("lower", "made", Site.PELVIS, Role.LOWER)
STILL = (START_S + 2, START_S + 9)
BENDS = (START_S + 10, START_S + 32)

Curve = Callable[[np.ndarray], np.ndarray]


def step(t_s: np.ndarray, at_s: float, over_s: float = 2.0) -> np.ndarray:
    """0 before, 1 after, smooth between."""
    x = np.clip((t_s - at_s) / over_s, 0, 1)
    return x * x * (3 - 2 * x)


def calibration_bends(t_s: np.ndarray) -> np.ndarray:
    """Three slow bends by 45° in `BENDS`."""
    return 45.0 * sum(step(t_s, c, 2.5) - step(t_s, c + 3, 2.5) for c in (11, 18, 25))


def desk_hour(t_s: np.ndarray) -> np.ndarray:
    """Flexion in degrees: calibration, 20° from 60 to 130 s, 20° from 150 s on."""
    return calibration_bends(t_s) + 20.0 * (step(t_s, 60) - step(t_s, 130) + step(t_s, 150))


def made_samples(sensor: str, seconds: float, flexion_deg: Curve, shakes: tuple[float, float] = (0, 0)) -> ImuBatch:
    """Samples of a sensor whose axes are the body's; `shakes` is when the wearer is jolted up and down."""
    rng = np.random.default_rng(len(sensor))
    t_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    angle = np.radians(flexion_deg(t_s))
    shaken = (t_s >= shakes[0]) & (t_s < shakes[1])
    size = STANDARD_GRAVITY_M_S2 * (1 + 0.3 * shaken * np.sin(2 * np.pi * 2 * t_s))
    acc = size[:, None] * np.column_stack((-np.sin(angle), np.zeros_like(angle), np.cos(angle)))
    gyr = np.column_stack((np.zeros_like(angle), np.gradient(angle, 1 / RATE_HZ), np.zeros_like(angle)))
    acc += rng.normal(0, 0.02, acc.shape)
    gyr += rng.normal(0, 0.002, gyr.shape) + 0.01
    return ImuBatch(sensor, START_S + t_s, acc, gyr, np.zeros(len(t_s), np.uint8))


def without(batch: ImuBatch, *spans: tuple[float, float]) -> ImuBatch:
    """The same samples with those between the given seconds since the start lost."""
    since_s = batch.t_s - START_S
    keep = np.ones(len(batch), bool)
    for start_s, end_s in spans:
        keep &= (since_s < start_s) | (since_s >= end_s)
    gyr = None if batch.gyr is None else batch.gyr[keep]
    return ImuBatch(batch.sensor, batch.t_s[keep], batch.acc[keep], gyr, batch.flags[keep])
