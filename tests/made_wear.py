"""A wearer on paper, as the watch over the sensors sees one: sits, walks, slips, lies on a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spinewatch_signal.flexion import BodyFrame
from spinewatch_signal.health_seconds import SensorRows
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Floats
from spinewatch_signal.sensor_health import HealthInput

START_S = 1_700_000_000
UPRIGHT = BodyFrame(np.eye(3))
"""The sensor's axes are the body's."""

Span = tuple[float, float]


def inside(t_s: Floats, spans: Sequence[Span]) -> np.ndarray:
    """(m,) which times lie in one of the spans."""
    found = np.zeros(len(t_s), bool)
    for start_s, end_s in spans:
        found |= (t_s >= start_s) & (t_s < end_s)
    return found


def times(minutes: float) -> Floats:
    """(m,) seconds since `START_S` of all frames."""
    return np.arange(1, round(minutes * 600) + 1) / 10


def sensor_rows(
    t_s: Floats, tilt_deg: Floats, walks: np.ndarray, table: np.ndarray, effort: float = 2.0, seed: int = 1
) -> SensorRows:
    """Rows of one sensor that leans forward by `tilt_deg` (m,), sways as a body does, and not at all on a table."""
    rng = np.random.default_rng(seed)
    sway = np.where(table, 0.003, np.where(walks, 2.0, 0.25)) * np.sin(2 * np.pi * 0.3 * t_s + seed)
    noise = np.where(table, 0.004, 0.02) * rng.standard_normal(len(t_s))
    angle = np.radians(tilt_deg + sway + noise)
    up = np.column_stack((-np.sin(angle), np.zeros(len(t_s)), np.cos(angle)))
    force = STANDARD_GRAVITY_M_S2 + np.where(walks, effort, 0.0) * np.sin(2 * np.pi * 1.8 * t_s)
    n = np.full(len(t_s), 10)
    return SensorRows(up, n, n * force, n * (force**2 + 1e-4), n * np.radians(np.where(walks, 60.0, 1.0)) ** 2)


def frames(t_s: Floats, walks: np.ndarray, *sensors: SensorRows) -> HealthInput:
    """The frames of one or two sensors."""
    angle = np.zeros(len(t_s))
    k = START_S * 10 + np.rint(t_s * 10).astype(np.int64)
    return HealthInput(k, walks, angle, angle if len(sensors) == 2 else None, sensors)
