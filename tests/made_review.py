"""A small recording for the Review page, with its truth on paper, and actions that remember what they were asked."""

from __future__ import annotations

from typing import Any

import numpy as np

from spinewatch_monitor.views.review_data import Limit, ReviewData, ReviewMark
from spinewatch_signal.posture import Activity, Away, Episode, PostureFrames

START_S = 1_763_539_200.0
"""09:00 in the recording's own time zone, an hour ahead of UTC."""
ZONE_S = 3600.0


class Asked:
    """Stands for the session: keeps every command as (name, arguments)."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *args: self.asked.append((name, *args))


def recording(minutes: float = 60, *, sensors: int = 1, simulated: bool = False) -> ReviewData:
    """Near at 5°, away at 20° from minute 10 to 14 and 40 to 41, walking in minute 20, no data in minute 30."""
    second = np.arange(int(minutes * 600)) / 10
    minute = second / 60
    flexion = np.full(len(second), 5.0)
    away = ((minute >= 10) & (minute < 14)) | ((minute >= 40) & (minute < 41))
    flexion[away] = 20.0
    activity = np.where((minute >= 20) & (minute < 21), Activity.WALKING, Activity.UPRIGHT).astype(np.uint8)
    kept = (minute < 30) | (minute >= 31)
    n = len(second)
    frames = PostureFrames(
        t_s=START_S + second[kept],
        flexion_deg=flexion[kept],
        lateral_deg=np.full(n, -2.0)[kept],
        inclination_deg=flexion[kept],
        lumbar_deg=None if sensors == 1 else 0.5 * flexion[kept],
        sensor_uncertainty_deg=np.ones(n)[kept],
        body_uncertainty_deg=np.full(n, 3.2)[kept],
        activity=activity[kept],
        away=np.where(away, Away.AWAY, Away.NEAR).astype(np.uint8)[kept],
        blank=np.zeros(n, np.uint8)[kept],
        sitting_probability=np.full(n, np.nan)[kept],
        doubt=np.zeros(n, np.uint8)[kept],
    )
    episodes = [Episode(START_S + 600, START_S + 840, 16.0, 15.0), Episode(START_S + 2400, START_S + 2460, 15.5, 15.0)]
    marks = [
        ReviewMark(START_S + 720, "reminder", "reminder after 120 s"),
        ReviewMark(START_S + 1500, "mark", "coffee"),
    ]
    limit = Limit("trunk", 5.0, 10.0)
    end_s = START_S + minutes * 60
    return ReviewData(
        "desk", START_S, end_s, ZONE_S, frames, episodes, marks, limit, 5.0, sensors=sensors, simulated=simulated
    )
