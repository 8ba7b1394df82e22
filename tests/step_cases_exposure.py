"""The counters of a day, the risky movements and the slouch contexts as steps under contract: see `step_cases.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from spinewatch_signal.angular_speed import SpeedCounter
from spinewatch_signal.bend_share import BendShareCounter
from spinewatch_signal.bouts import BoutParams, BoutTracker
from spinewatch_signal.day_counts import CountParams, DayCounts
from spinewatch_signal.ergonomics import HoldingCounter, HoldingParams, ZoneCounter, ZoneParams
from spinewatch_signal.eva import EvaCounter, EvaParams
from spinewatch_signal.exposure import ExposureParams
from spinewatch_signal.posture import Activity, Blank, Doubt, PostureFrames
from spinewatch_signal.risky_movement import RiskyMovementDetector, RiskyParams
from spinewatch_signal.slouch import SlouchMachine
from spinewatch_signal.slouch_limits import ContextParams, SlouchParams, threshold
from step_cases import Arrays, Case

START_K = 17_000_000_007


def busy_frames() -> PostureFrames:
    """Twelve minutes of stretches of all kinds: held, bent fast and slowly, walked, blank, not worn, with two holes."""
    rng = np.random.default_rng(4)
    flexion, activity = [], []
    for _ in range(60):
        level, length = rng.choice([-8.0, 3.0, 12.0, 25.0, 34.0, 55.0, 70.0]), int(rng.integers(20, 220))
        flexion.append(level + 0.4 * np.cumsum(rng.normal(0, 0.3, length)))
        kind = rng.choice([Activity.UPRIGHT, Activity.SITTING, Activity.STANDING, Activity.WALKING, Activity.LYING])
        activity.append(np.full(length, kind, np.uint8))
    flexion_deg, codes = np.concatenate(flexion), np.concatenate(activity)
    for at in range(300, 3000, 90):
        flexion_deg[at : at + 22] = 8 + 70 * np.sin(np.linspace(0, np.pi, 22)) ** 2
        codes[at : at + 22] = Activity.UPRIGHT
    n = len(flexion_deg)
    blank = np.zeros(n, np.uint8)
    flexion_deg[3500:3540], blank[3500:3540], codes[3500:3540] = np.nan, Blank.SIDE_LYING, Activity.UNKNOWN
    blank[4200:4300] = Blank.NOT_WORN
    doubt = np.zeros(n, np.uint8)
    doubt[4700:] = Doubt.REFERENCE
    lateral_deg = np.where(np.isnan(flexion_deg), np.nan, 14 * np.sin(np.arange(n) / 31))
    k = START_K + np.arange(n)
    k[2000:] += 13
    k[5000:] += 900
    two, none = np.full(n, 2.0), np.zeros(n, np.uint8)
    return PostureFrames(
        k / 10,
        flexion_deg,
        lateral_deg,
        np.abs(flexion_deg),
        0.5 * flexion_deg,
        two,
        two,
        codes,
        none,
        blank,
        np.full(n, np.nan),
        doubt,
    )


def part_of(frames: PostureFrames, part: slice) -> PostureFrames:
    return PostureFrames(*(getattr(frames, name)[part] for name in PostureFrames.__slots__))


def fed(feed: Callable[[Any, PostureFrames, np.ndarray, np.ndarray], Any]) -> Callable[[Any, Any, slice], Arrays]:
    """`feed(step, frames, k, after_gap)` for one slice."""

    def feed_part(step: Any, frames: PostureFrames, part: slice) -> Arrays:
        k = np.rint(frames.t_s * 10).astype(np.int64)
        after_gap = np.diff(k, prepend=k[0] - 1) > 1
        feed(step, part_of(frames, part), k[part], after_gap[part])
        return {}

    return feed_part


def still(frames: PostureFrames) -> np.ndarray:
    return np.asarray(frames.activity != Activity.WALKING)


def contexts() -> SlouchMachine:
    params = SlouchParams(dwell_s=4, sitting=ContextParams(on_deg=25, delay_s=30), standing=ContextParams(on_deg=8))
    return SlouchMachine(params, threshold(params, None, sitting_deg=(6.0, 0.0)))


def feed_slouch(machine: SlouchMachine, frames: PostureFrames, part: slice) -> Arrays:
    f = part_of(frames, part)
    return {"away": machine.update(f.t_s, f.flexion_deg, f.activity, ~np.isnan(f.flexion_deg))}


def counts_result(counts: DayCounts) -> Any:
    groups = (counts.known, counts.up, counts.bent, counts.judged, counts.steady)
    return (
        counts.classes.tolist(),
        [(group.frames, group.doubtful) for group in groups],
        counts.flexion.percentiles(),
        counts.holding.result,
        (counts.position.changes_s, counts.position.shifts, counts.position.fidgets),
    )


CASES = {
    "holding": Case(
        HoldingCounter,
        busy_frames,
        fed(lambda step, f, k, gap: step.add(f.flexion_deg, still(f), gap)),
        lambda step: step.result,
        HoldingParams,
        lambda step: step.params,
    ),
    "zones": Case(
        ZoneCounter,
        busy_frames,
        fed(lambda step, f, k, gap: step.add(k, f.flexion_deg, f.lateral_deg, gap)),
        lambda step: step.result,
        ZoneParams,
        lambda step: step.params,
    ),
    "eva": Case(
        EvaCounter,
        busy_frames,
        fed(lambda step, f, k, gap: step.add(f.flexion_deg, gap)),
        lambda step: step.result,
        EvaParams,
        lambda step: step.params,
    ),
    "angular speed": Case(
        SpeedCounter,
        busy_frames,
        fed(lambda step, f, k, gap: step.add(f.flexion_deg, f.lateral_deg, gap)),
        lambda step: (step.flexion.counts.tolist(), step.generalised.percentiles()),
        None,
        lambda step: None,
    ),
    "bend share": Case(
        BendShareCounter,
        busy_frames,
        fed(lambda step, f, k, gap: step.add(f.flexion_deg, 0.5 * f.flexion_deg, gap)),
        lambda step: step.result,
        ExposureParams,
        lambda step: step.params,
    ),
    "sitting bouts": Case(
        BoutTracker,
        busy_frames,
        fed(lambda step, f, k, gap: step.update(k, f.activity)),
        lambda step: (step.all_bouts, step.all_breaks),
        BoutParams,
        lambda step: step.params,
    ),
    "risky movements": Case(
        RiskyMovementDetector,
        busy_frames,
        fed(lambda step, f, k, gap: step.update(k, f.flexion_deg)),
        lambda step: (list(step.found), step.going_on),
        RiskyParams,
        lambda step: step.params,
    ),
    "slouch contexts": Case(
        contexts,
        busy_frames,
        feed_slouch,
        lambda step: (step.episodes, step.current, step.held_s, step.away_s, step.context),
        None,
        lambda step: None,
    ),
    "day counts": Case(
        DayCounts,
        busy_frames,
        fed(lambda step, f, k, gap: step.add(f, f.flexion_deg)),
        counts_result,
        CountParams,
        lambda step: step.params,
    ),
}
