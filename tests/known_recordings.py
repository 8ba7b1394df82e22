"""Recordings whose figures are known on paper: sensors with x up and z backward on a trunk that leans forward."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from spinewatch_bridge.blocks import Block, Event, SensorChannel
from spinewatch_bridge.recording.whole import write_recording
from spinewatch_signal.calibration import BodyFrame, Calibration
from spinewatch_signal.samples import Role, SensorInfo, Site

G = 9.80665
START_S = 1_772_436_600.0  # 2026-03-02 07:30 UTC, a whole tenth of a second
RATE_HZ = 50.0
TURN_S = 1.0
"""Time in which the trunk goes from one angle to the next."""
BREATH_S = 4.0
"""Nobody keeps as still as a table: a trunk that is quiet still moves with each breath."""

Plan = Sequence[tuple[float, float]]
"""(seconds, flexion in degrees), one after the other."""

X_UP_Z_BACK = BodyFrame(np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]))


def trunk_angle_deg(plan: Plan, t_s: np.ndarray) -> np.ndarray:
    """Flexion that goes smoothly to each angle of the plan within `TURN_S`, and stays there."""
    angle = np.full(len(t_s), plan[0][1])
    begin = 0.0
    for (seconds, before), (_, after) in itertools.pairwise(plan):
        begin += seconds
        share = np.clip((t_s - begin) / TURN_S, 0.0, 1.0)
        angle += (after - before) * (1 - np.cos(np.pi * share)) / 2
    return angle


def samples_of(plan: Plan, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times, acc (m/s²) and gyr (rad/s) with a little noise."""
    rng = np.random.default_rng(seed)
    t_s = np.arange(round(sum(seconds for seconds, _ in plan) * RATE_HZ)) / RATE_HZ
    breath_deg = 0.1 * np.sin(2 * np.pi * t_s / BREATH_S)
    angle = np.radians(trunk_angle_deg(plan, t_s) + breath_deg)
    rate = np.gradient(angle, t_s)
    zero = np.zeros_like(angle)
    acc = G * np.stack([np.cos(angle), zero, np.sin(angle)], axis=1)
    gyr = np.stack([zero, rate, zero], axis=1)
    return START_S + t_s, acc + rng.normal(0, 0.01, acc.shape), gyr + rng.normal(0, 0.001, gyr.shape)


def calibration_of(*sensors: str) -> Event:
    """The true body frame, as the guided calibration would have found it."""
    frames = dict.fromkeys(sensors, X_UP_Z_BACK)
    return Event("calibration", START_S, None, Calibration(frames, "guided", "good", made_at_s=START_S).to_json())


def write(
    path: Path, plans: dict[Role, Plan], events: Sequence[Event] = (), lost: tuple[float, float] | None = None
) -> Path:
    """Write a recording with one sensor per role; samples in ``[lost)``, seconds from the start, are missing."""
    sites = {Role.UPPER: Site.UPPER_BACK, Role.LOWER: Site.PELVIS}
    channels, blocks = [], []
    for role, plan in plans.items():
        info = SensorInfo(role.value, "made", sites[role], role, RATE_HZ)
        channels.append(SensorChannel(info, 1.0, 1.0))
        t_s, acc, gyr = samples_of(plan, seed=len(channels))
        kept = np.ones(len(t_s), bool)
        if lost is not None:
            kept = (t_s < START_S + lost[0]) | (t_s >= START_S + lost[1])
        for part in np.array_split(np.flatnonzero(kept), max(1, len(t_s) // 500)):
            values = np.hstack([acc, gyr])[part]
            blocks.append(Block(info.id, values, np.zeros(len(part), np.uint8), t_s[part]))
    session = {"source": "made", "start_utc": "2026-03-02T07:30:00Z", "utc_offset_s": 3600, "app_version": "0"}
    items = sorted([*blocks, *events], key=lambda item: item.t_s[0] if isinstance(item, Block) else item.t_s)
    return write_recording(path, {**session, "simulated": False}, channels, items)
