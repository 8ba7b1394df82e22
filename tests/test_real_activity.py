"""Activity on real, labelled recordings: lying, still and moving segments of people with a sensor at the waist."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spinewatch_signal.calibration import Calibration
from spinewatch_signal.flexion import frame_from
from spinewatch_signal.pipeline import Pipeline
from spinewatch_signal.posture import Activity
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, ImuBatch, SensorInfo, Site

RATE_HZ = 50.0
START_S = 1_700_000_000.0
INFO = SensorInfo("waist", "phone", Site.PELVIS, nominal_rate_hz=RATE_HZ)
STANDING = 5
WALKS = (Activity.MOVING, Activity.WALKING)
EXPECTED = {
    1: WALKS,  # on the flat, and stairs up and down
    2: WALKS,
    3: WALKS,
    4: (Activity.UPRIGHT, Activity.SITTING),
    5: (Activity.UPRIGHT, Activity.STANDING),
    6: (Activity.LYING,),
}


@pytest.mark.parametrize("experiment", [4, 16, 28, 40])
def test_every_labelled_segment_is_called_by_its_name(real_data: Path, experiment: int):
    folder = real_data / "hapt" / "RawData"
    labels = np.loadtxt(folder / "labels.txt", dtype=int)
    labels = labels[labels[:, 0] == experiment]
    user = int(labels[0, 1])
    acc, gyr = (np.loadtxt(folder / f"{k}_exp{experiment:02d}_user{user:02d}.txt.gz") for k in ("acc", "gyro"))
    t_s = START_S + np.arange(len(acc)) / RATE_HZ
    batch = ImuBatch("waist", t_s, acc * STANDARD_GRAVITY_M_S2, gyr, np.zeros(len(acc), np.uint8))
    first, last = next(row[3:5] for row in labels.tolist() if row[2] == STANDING)
    # The phone's z points out of the belly, so its y points to the wearer's right.
    frame = frame_from(acc[first - 1 : last].mean(axis=0), np.array([0.0, -1.0, 0.0]))
    frames = Pipeline([INFO], calibration=Calibration({"waist": frame}, "found", "low")).update(batch)
    for label, first, last in labels[:, 2:].tolist():
        inside = (frames.t_s >= START_S + first / RATE_HZ + 1) & (frames.t_s < START_S + last / RATE_HZ)
        if label in EXPECTED:
            assert np.bincount(frames.activity[inside]).argmax() in EXPECTED[label], (label, first)
