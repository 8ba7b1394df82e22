"""The watch over the sensors, for `test_step_contract.py`: slips, wear, samples, and all of them together."""

from __future__ import annotations

import numpy as np

from made_motion import LOWER, START_S, UPPER
from spinewatch_signal.health_seconds import SensorRows
from spinewatch_signal.sample_watch import SampleWatch, SampleWatchParams
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, ImuBatch
from spinewatch_signal.sensor_health import HealthInput, HealthParams, HealthWatch
from step_cases import Arrays, Case, imu

MINUTES = 22
"""Walk, sit, slip, walk, a table, walk: with gaps."""


def health_input() -> HealthInput:
    """Two sensors on paper: the upper slips by 6° between walks, then lies on a table for six minutes."""
    k = np.arange(1, MINUTES * 600) + round(START_S * 10)
    t_s = (k - k[0]) / 10
    rng = np.random.default_rng(3)
    walks = ((t_s >= 60) & (t_s < 100)) | ((t_s >= 300) & (t_s < 340)) | ((t_s >= 1100) & (t_s < 1150))
    table = (t_s >= 500) & (t_s < 900)
    sway_deg = np.where(table, 0.003, np.where(walks, 2.0, 0.3))
    parts = []
    for slipped in (6.0 * (t_s > 200), np.zeros(len(k))):
        tilt = np.radians(
            slipped + 60.0 * table + sway_deg * np.sin(2 * np.pi * 0.9 * t_s) * (1 + 0.1 * rng.standard_normal(len(k)))
        )
        up = np.column_stack((-np.sin(tilt), np.zeros(len(k)), np.cos(tilt)))
        force = STANDARD_GRAVITY_M_S2 + walks * 2.0 * np.sin(2 * np.pi * 1.8 * t_s)
        n = np.full(len(k), 10)
        parts.append(
            SensorRows(up, n, n * force, n * (force**2 + 1e-4), n * np.radians(np.where(walks, 60.0, 1.0)) ** 2)
        )
    keep = ~((t_s >= 320) & (t_s < 323)) & ~((t_s >= 1120) & (t_s < 1120.3))
    rows = tuple(SensorRows(*(getattr(part, f)[keep] for f in SensorRows.__slots__)) for part in parts)
    angle = np.zeros(int(keep.sum()))
    return HealthInput(k[keep], walks[keep], angle, angle, rows)


def feed(watch: HealthWatch, data: HealthInput, part: slice) -> Arrays:
    found = watch.update(data[part])
    return {"doubt": found.doubt, "unworn": found.unworn}


def finished(watch: HealthWatch) -> object:
    watch.finish()
    return watch.marks, watch.in_hindsight()


def faulty_imu() -> ImuBatch:
    """As `imu`, with an axis that sticks and rates at their limit."""
    batch = imu()
    since_s = batch.t_s - START_S
    acc, gyr = batch.acc.copy(), batch.gyr.copy()
    acc[:, 0] += 2 * np.sin(since_s)
    acc[(since_s > 50) & (since_s < 75), 1] = 0.25
    gyr[(since_s > 90) & (since_s < 90.2), 2] = np.radians(500.0)
    return ImuBatch(batch.sensor, batch.t_s, acc, gyr, batch.flags)


def feed_samples(watch: SampleWatch, data: ImuBatch, part: slice) -> Arrays:
    watch.update(data[part])
    return {}


CASES = {
    "health": Case(
        lambda: HealthWatch([UPPER, LOWER]),
        health_input,
        feed,
        finished,
        HealthParams,
        lambda step: step.params,
    ),
    "samples": Case(
        lambda: SampleWatch(UPPER),
        faulty_imu,
        feed_samples,
        lambda step: step.marks,
        SampleWatchParams,
        lambda step: step.params,
    ),
}
