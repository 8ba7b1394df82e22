"""Steps as other packages count them, on the same recordings: `mobgap` and `scikit-digital-health`.

Both want even samples without gaps, so lost ones are interpolated for them. Every function imports its package itself.
"""

from __future__ import annotations

import warnings

import numpy as np

from score.worn import Worn
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Floats

RATE_HZ = 100.0


def mobgap_steps(sensor: Worn) -> int:
    """Initial contacts of `IcdShinImproved` within the gait sequences of `GsdIluz`: of six pairs the best on ipol.

    The sensor's axes must be up, sideways and forward.
    """
    import pandas as pd
    from mobgap.gait_sequences import GsdIluz
    from mobgap.initial_contacts import IcdShinImproved

    names = [f"{kind}_{axis}" for kind in ("acc", "gyr") for axis in ("is", "ml", "pa")]
    frame = pd.DataFrame(np.column_stack(_even(sensor)), columns=names)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spans = GsdIluz().detect(frame, sampling_rate_hz=RATE_HZ).gs_list_[["start", "end"]].to_numpy()
        parts = [frame.iloc[first:last].reset_index(drop=True) for first, last in spans]
        return sum(len(IcdShinImproved().detect(part, sampling_rate_hz=RATE_HZ).ic_list_) for part in parts)


def skdh_steps(sensor: Worn) -> int:
    """Initial contacts of `GaitLumbar`, told that the whole recording is gait: it finds no bouts itself."""
    from skdh.gait import GaitLumbar

    acc, gyr_deg_s = _even(sensor)
    t_s = sensor.samples.t_s[0] + np.arange(len(acc)) / RATE_HZ
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = GaitLumbar(min_bout_time=3.0).predict(
            time=t_s, accel=acc / STANDARD_GRAVITY_M_S2, gyro=np.radians(gyr_deg_s), fs=RATE_HZ, height=1.7
        )
    return len(result["IC Timestamp"])


def _even(sensor: Worn) -> tuple[Floats, Floats]:
    """Specific force (n, 3), m/s², and angular rate (n, 3), °/s, at 100 Hz without gaps."""
    samples = sensor.samples
    assert samples.gyr is not None
    t_s = np.arange(samples.t_s[0], samples.t_s[-1], 1 / RATE_HZ)
    acc = [np.interp(t_s, samples.t_s, column) for column in samples.acc.T]
    gyr = [np.interp(t_s, samples.t_s, np.degrees(column)) for column in samples.gyr.T]
    return np.column_stack(acc), np.column_stack(gyr)
