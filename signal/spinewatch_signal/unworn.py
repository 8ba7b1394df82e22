"""Frames of a sensor that is on no body say nothing about a body."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.posture import Activity, Blank, PostureFrames


def blank_unworn(frames: PostureFrames, unworn: NDArray[np.bool_]) -> None:
    """Take away what the frames would say; in place.

    Args:
        frames: (m,) of one or two sensors.
        unworn: (m, sensors) which sensor is on no body, upper first.
    """
    if not unworn.any():
        return
    upper = unworn[:, 0]
    for angle in (frames.flexion_deg, frames.lateral_deg, frames.inclination_deg, frames.sitting_probability):
        angle[upper] = np.nan
    frames.body_uncertainty_deg[upper] = np.nan
    frames.blank[upper] = Blank.NOT_WORN
    frames.activity[upper] = Activity.UNKNOWN
    if frames.lumbar_deg is not None:
        frames.lumbar_deg[unworn.any(axis=1)] = np.nan
