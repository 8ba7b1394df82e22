"""Transitions and sitting as steps under contract: see `step_cases.py`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from made_rises import Rows, Wearer
from spinewatch_signal.pelvis_tilt import PelvisTilt, TiltParams
from spinewatch_signal.posture import Activity
from spinewatch_signal.sit_stand import SitStand, SitStandInput, SitStandParams
from spinewatch_signal.transitions import SeenTransition, TransitionDetector, TransitionParams
from step_cases import Arrays, Case


def rises() -> Rows:
    """Two minutes: down, up, a rapid series, a hole in the angles and a gap."""
    wearer = Wearer(120).gets_up(8, height_m=-0.4).gets_up(25).gets_up(34, height_m=-0.4)
    for i in range(3):
        wearer.gets_up(40 + 3 * i, 1.4).gets_up(41.5 + 3 * i, 1.4, height_m=-0.4)
    rows = wearer.gets_up(60).picks_up(70).gets_up(84, height_m=-0.4).gets_up(100).rows()
    rows.flexion_deg[570:573] = np.nan
    return rows[(np.arange(len(rows)) < 780) | (np.arange(len(rows)) >= 800)]


@cache
def all_seen() -> list[SeenTransition]:
    """The transitions of `rises`."""
    detector = TransitionDetector()
    return [*detector.update(*rises().columns), *detector.finish()]


@dataclass(frozen=True, eq=False)
class SittingInput:
    """What `SitStand` is fed with, and the transitions by the row at which they become known."""

    k: np.ndarray
    activity: np.ndarray
    pelvis_deg: np.ndarray

    def seen(self, part: slice) -> list[SeenTransition]:
        return [s for s in all_seen() if len(self.k[part]) and self.k[part][0] <= s.known_k <= self.k[part][-1]]


def sitting() -> SittingInput:
    rows = rises()
    activity = np.full(len(rows), Activity.UPRIGHT, np.uint8)
    activity[:60] = activity[620:690] = Activity.WALKING
    activity[700:730] = Activity.LYING
    return SittingInput(rows.k, activity, np.where(np.isnan(rows.flexion_deg), 0.0, rows.flexion_deg) - 12.0)


def feed_transitions(step: TransitionDetector, data: Rows, part: slice) -> Arrays:
    step.update(*data[part].columns)
    return {}


def transitions_found(step: TransitionDetector) -> list[object]:
    step.finish()
    return list(step.found)


def feed_sitting(step: SitStand, data: SittingInput, part: slice) -> Arrays:
    rows = SitStandInput(data.k[part], data.activity[part], data.pelvis_deg[part])
    return {"probability": step.update(rows, data.seen(part))}


def feed_tilt(step: PelvisTilt, data: SittingInput, part: slice) -> Arrays:
    walking = data.activity[part] == Activity.WALKING
    return {"weight": step.update(data.pelvis_deg[part], walking, None)}


CASES = {
    "transitions": Case(
        TransitionDetector, rises, feed_transitions, transitions_found, TransitionParams, lambda step: step.params
    ),
    "sit_stand": Case(SitStand, sitting, feed_sitting, lambda step: None, SitStandParams, lambda step: step.params),
    "pelvis_tilt": Case(PelvisTilt, sitting, feed_tilt, lambda step: None, TiltParams, lambda step: step.params),
}
