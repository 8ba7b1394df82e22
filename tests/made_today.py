"""What a session tells the page Today, with plain defaults: noon, near the reference, half a day's figures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spinewatch_monitor.updates import Link, SensorStatus, SessionUpdate, TodayFigures
from spinewatch_signal.posture import Activity, Away, Blank, Metric, PostureFrames

NOON = 1_795_089_600.0  # a Thursday, 12:00 UTC
GUIDED = {"grade": "good", "made_at_s": NOON - 3600.0, "reference_deg": 0.0, "threshold_on_deg": 15.0}
BLANK = Metric(None, 0.0, "under 15 minutes worn")
FIGURES = TodayFigures(
    worn_s=4 * 3600.0,
    away=Metric(23.4, 5.58 * 3600),
    away_s=1.3 * 3600,
    longest_still_s=Metric(26 * 60.0, 1e4),
    longest_still_span=(NOON - 4000.0, NOON - 2440.0),
    position_changes_per_h=Metric(10.6, 4 * 3600.0),
    still_now_s=720.0,
    episodes=7,
)


def frames(t_s, flexion=9.0, away=Away.NEAR, activity=Activity.UPRIGHT, blank=Blank.NONE, lumbar=None, half=2.0):
    t_s = np.atleast_1d(np.asarray(t_s, float))
    n = len(t_s)
    angle = np.full(n, np.nan if blank else flexion)
    return PostureFrames(
        t_s,
        angle,
        np.full(n, 2.2),
        np.abs(angle),
        None if lumbar is None else np.full(n, lumbar),
        np.full(n, 1.0),
        np.full(n, half),
        np.full(n, activity, np.uint8),
        np.full(n, away, np.uint8),
        np.full(n, blank, np.uint8),
        np.full(n, np.nan),
        np.zeros(n, np.uint8),
    )


def sensor(link=Link.STREAMING, role="upper", **facts):
    return SensorStatus("a", "spinewatch", "upper_back", role, link, **{"data_age_s": 0.1, **facts})


def update(**changed):
    base = SessionUpdate(NOON, frames(NOON), (sensor(),), FIGURES, None, calibration=GUIDED)
    return replace(base, **changed)
