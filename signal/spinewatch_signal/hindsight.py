"""What the wearer did, told again once the whole recording is known.

Live, walking is known seconds after it began, and a chance of sitting only from what came before. Afterwards walking is
told from its first step to its last, and sitting from before and after.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spinewatch_signal.activity import ActivityParams, told_apart
from spinewatch_signal.flexion import wrap_deg
from spinewatch_signal.grid import FRAMES_PER_S
from spinewatch_signal.marks import HealthMark, WalkingBout
from spinewatch_signal.matched_rows import SensorPair
from spinewatch_signal.posture import Activity, PostureFrames
from spinewatch_signal.sensor_health import told_afterwards
from spinewatch_signal.sit_stand import SitStandInput, SitStandParams, smoothed
from spinewatch_signal.transitions import SeenTransition
from spinewatch_signal.unworn import blank_unworn


def retell_walking(frames: PostureFrames, bouts: Sequence[WalkingBout]) -> None:
    """Set the activity of the frames of each bout to walking, but for who lies; in place.

    Args:
        frames: of a whole recording, in which nothing is called walking yet.
        bouts: of the same, in time order.
    """
    edges = np.searchsorted(frames.t_s, [(bout.start_s, bout.end_s) for bout in bouts]).reshape(-1, 2)
    for first, end in edges.tolist():
        own = frames.activity[first:end]
        own[own != Activity.LYING] = Activity.WALKING


def retell_sitting(
    frames: PostureFrames,
    seen: Sequence[SeenTransition],
    sensors: SensorPair,
    seated_deg: float | None,
    params: tuple[SitStandParams, ActivityParams],
) -> None:
    """Set the chance of sitting, and sitting and standing where it is clear, from before and after; in place.

    Args:
        frames: of a whole recording, with walking, in which who is still and upright is called neither yet.
        seen: all its transitions.
        sensors: where they are worn.
        seated_deg: flexion of the pelvis in the wearer's own upright sit, where the calibration knows it.
        params: of the two steps.
    """
    k = np.rint(frames.t_s * FRAMES_PER_S).astype(np.int64)
    lower_deg = None if frames.lumbar_deg is None else wrap_deg(frames.flexion_deg - frames.lumbar_deg)
    rows = SitStandInput(k, frames.activity, sensors.pelvis_deg(frames.flexion_deg, lower_deg))
    frames.sitting_probability[:] = smoothed(rows, seen, params[0], seated_deg)
    frames.activity[:] = told_apart(frames.activity, frames.sitting_probability, params[1])


def retell_health(frames: PostureFrames, marks: Sequence[HealthMark], sensors: SensorPair) -> None:
    """Set the doubts from the beginning of each mark on, and blank what sensors say that are on no body; in place.

    Args:
        frames: of a whole recording.
        marks: doubts about its sensors.
        sensors: of the recording.
    """
    health = told_afterwards(frames.t_s, marks, sensors.all)
    frames.doubt[:] = health.doubt
    blank_unworn(frames, health.unworn)
