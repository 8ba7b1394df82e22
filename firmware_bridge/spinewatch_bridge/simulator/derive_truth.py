"""From a script to its truth on the 10 Hz grid, and whether that truth is clear enough to judge anything by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spinewatch_bridge.simulator.faults import Faults, inside
from spinewatch_bridge.simulator.motion import Channel
from spinewatch_bridge.simulator.script import Script
from spinewatch_bridge.simulator.true_episodes import EpisodeRule, is_robust, lumbar_rule, true_episodes
from spinewatch_bridge.simulator.truth import GRID_S, TrueActivity, Truth
from spinewatch_signal.samples import Floats, Site

STOOPED_ABOVE_DEG = 55.0
_ANGLES = (Channel.UPPER_FLEXION, Channel.UPPER_LATERAL, Channel.PELVIS_FLEXION, Channel.PELVIS_LATERAL)


def truth_of(script: Script, sites: Sequence[Site], start_s: float, faults: Faults) -> Truth:
    """The truth of a script, as it concerns the sensors at these sites."""
    t_s, since_s = _grid(start_s, script.duration_s)
    curves = script.motion.values(since_s, _ANGLES)
    trunk, pelvis = curves[Channel.UPPER_FLEXION], curves[Channel.PELVIS_FLEXION]
    only_pelvis = list(sites) == [Site.PELVIS]
    two = len(sites) == 2 and Site.PELVIS in sites
    flexion, lateral = (
        (pelvis, curves[Channel.PELVIS_LATERAL]) if only_pelvis else (trunk, curves[Channel.UPPER_LATERAL])
    )
    drops = [span for site in sites for span in faults.for_site(site).link_drops]
    activity, valid = _activity(script, since_s, trunk), ~inside(since_s, (*script.off_body, *drops))
    # One sensor counts the direction in which its site slouches: the pelvis rolls backward.
    by_angle = true_episodes(t_s, -flexion if only_pelvis else flexion, activity, valid, EpisodeRule())
    range_deg = script.wearer.lumbar_range_deg
    by_lumbar = true_episodes(t_s, trunk - pelvis, activity, valid, lumbar_rule(range_deg))
    return Truth(
        t_s=t_s,
        flexion_deg=flexion,
        lateral_deg=lateral,
        inclination_deg=_inclination_deg(flexion, lateral),
        lumbar_deg=trunk - pelvis if two else None,
        activity=activity,
        valid=valid,
        episodes=tuple(by_lumbar if two else by_angle),
        trunk_episodes=tuple(by_angle),
        lumbar_range_deg=range_deg,
    )


def is_clear(script: Script, fewest_episodes: int) -> bool:
    """Whether there are enough episodes, by one sensor and by two, and each stands clear of every limit."""
    t_s, since_s = _grid(0.0, script.duration_s)
    curves = script.motion.values(since_s, (Channel.UPPER_FLEXION, Channel.PELVIS_FLEXION))
    trunk, lumbar = curves[Channel.UPPER_FLEXION], curves[Channel.UPPER_FLEXION] - curves[Channel.PELVIS_FLEXION]
    activity, valid = _activity(script, since_s, trunk), ~inside(since_s, tuple(script.off_body))
    return all(
        is_robust(t_s, deviation, activity, valid, rule)
        and len(true_episodes(t_s, deviation, activity, valid, rule)) >= fewest_episodes
        for deviation, rule in ((trunk, EpisodeRule()), (lumbar, lumbar_rule(script.wearer.lumbar_range_deg)))
    )


def _grid(start_s: float, duration_s: float) -> tuple[Floats, Floats]:
    """Grid points of a recording, UNIX seconds and seconds from its start."""
    first, end = np.ceil(start_s / GRID_S - 1e-6), np.ceil((start_s + duration_s) / GRID_S - 1e-6)
    t_s = np.round(np.arange(first, end, dtype=np.float64) * GRID_S, 1)
    return t_s, t_s - start_s


def _inclination_deg(flexion_deg: Floats, lateral_deg: Floats) -> Floats:
    up_z = np.cos(np.radians(lateral_deg)) * np.cos(np.radians(flexion_deg))
    inclination: Floats = np.degrees(np.arccos(np.clip(up_z, -1.0, 1.0)))
    return inclination


def _activity(script: Script, since_s: Floats, trunk_deg: Floats) -> NDArray[np.uint8]:
    """Codes of `TrueActivity`: what was scripted, and stooped where the trunk is beyond 55° forward."""
    starts = np.array([t for t, _ in script.activities])
    codes = np.array([a for _, a in script.activities], np.uint8)
    activity: NDArray[np.uint8] = codes[np.maximum(np.searchsorted(starts, since_s, side="right") - 1, 0)]
    activity[(trunk_deg > STOOPED_ABOVE_DEG) & (activity != TrueActivity.LYING)] = TrueActivity.STOOPED
    return activity
