"""Walking as a step under contract: see `step_cases.py`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from made_walk import made_rows
from spinewatch_signal.gait import GaitDetector, GaitParams
from step_cases import Arrays, Case


@dataclass(frozen=True, eq=False)
class GaitInput:
    """What the detector is fed with: see `GaitDetector.update`."""

    k: np.ndarray
    acc_up: np.ndarray
    turn_rate_rad_s: np.ndarray


def walks() -> GaitInput:
    """A minute at a desk with two walks in it; in the second a short hole, after it a long one."""
    k, acc_up = made_rows(70, [(8, 22, 1.9), (35, 50, 1.1)], noise_m_s2=0.05)
    acc_up[404:409] = np.nan
    kept = (np.arange(len(k)) < 530) | (np.arange(len(k)) >= 660)
    return GaitInput(k[kept], acc_up[kept], np.full(kept.sum(), 0.4))


def feed(step: GaitDetector, data: GaitInput, part: slice) -> Arrays:
    return {"walking": step.update(data.k[part], data.acc_up[part], data.turn_rate_rad_s[part])}


def result(step: GaitDetector) -> tuple[list[object], list[float], float | None]:
    cadence = step.current_cadence_per_min
    step.finish()
    return list(step.bouts), [round(t_s, 6) for t_s in step.step_times_s], cadence


CASES = {"gait": Case(GaitDetector, walks, feed, result, GaitParams, lambda step: step.params)}
