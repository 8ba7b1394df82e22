"""Sensors as the page Sensors is told of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spinewatch_monitor.live_signals import LiveSignals
from spinewatch_monitor.updates import Link, ReplayPosition, SensorStatus, SessionUpdate, TodayFigures
from spinewatch_signal.posture import Metric

NOON = 1_795_089_600.0  # 2026-11-19 12:00 UTC
NOTHING = Metric(None, 0.0, "no data yet")
FIGURES = TodayFigures(0.0, NOTHING, 0.0, NOTHING, None, NOTHING, 0.0, 0)
REPLAY = ReplayPosition(NOON, NOON + 600, NOON + 9, 1.0, True)
ALL = frozenset({"gyro", "counter", "clock", "haptic", "identify", "log"})


def sensor(link=Link.STREAMING, site="upper_back", **facts):
    """A sensor that sends, its id being its site."""
    role = "lower" if site == "pelvis" else "upper"
    defaults = {"data_age_s": 0.1, "can": ALL}
    return SensorStatus(site, facts.pop("family", "spinewatch"), site, role, link, **{**defaults, **facts})


def because(cause):
    """A cause as facts of a `sensor`."""
    return {"cause": cause.words, "cause_key": cause.key}


def update(*sensors, **changed):
    """What a session says of some sensors at noon."""
    return replace(SessionUpdate(NOON, None, sensors, FIGURES, None, recording_path="/x/day.mcap.part"), **changed)


def signals(n=250, gyro=True, end_s=NOON - 0.05):
    """The last ten seconds at 25 Hz: at rest, x up."""
    t_s = end_s - np.arange(n)[::-1] / 25
    acc = np.tile([9.8, 0.1, -0.2], (n, 1))
    return LiveSignals(t_s, acc, np.zeros((n, 3)) if gyro else None)
