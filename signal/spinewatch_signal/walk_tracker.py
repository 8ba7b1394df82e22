"""The steps of one walk, from where its rhythm is found to where it ends.

A walk begins once candidates in the rhythm of steps have come for three seconds, and is then followed back to its
first step; through turns and doorways it goes on as long as steps come; it ends with its last step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from spinewatch_signal.samples import Floats
from spinewatch_signal.step_rhythm import RATE_HZ, WINDOW, Peaks, Rhythm, RhythmParams, Stretch

_LOOK_BACK = 8 * RATE_HZ
_RECENT = 8


@dataclass(frozen=True)
class GaitParams:
    """When ups and downs of the trunk are steps.

    Args:
        rhythm: which period is the step.
        shortest_s: walking lasts at least this long (Straczkiewicz et al., npj Digit Med 2023).
        start_regularity: autocorrelation with which a walk begins; step and stride regularity of healthy people are
            0.7 to 0.9, of patients about 0.5 (Moe-Nilssen & Helbostad 2004).
        keep_regularity: with which it goes on, so that it outlasts turns.
        least_m_s2: RMS of the force below which nothing is a step: slow gait of patients has more than 0.4.
        small: the least height of a step as a share of the usual one.
        early: a candidate sooner than this share of a step's time after the last step is part of that step.
        pause_s: a walk ends when no step came for so long, or for the time of two.
        bridged_s: steps in a hole up to this long are counted by cadence.
        doubtful_s: a walk ends when its rhythm was lost for so long.
        quiet_m_s2: while the force varies less than this within 0.4 s nobody walks.
    """

    rhythm: RhythmParams = field(default_factory=RhythmParams)
    shortest_s: float = 3.0
    start_regularity: float = 0.5
    keep_regularity: float = 0.3
    least_m_s2: float = 0.3
    small: float = 0.3
    early: float = 0.6
    pause_s: float = 1.5
    bridged_s: float = 1.0
    doubtful_s: float = 4.0
    quiet_m_s2: float = 0.08


class Step(NamedTuple):
    """One step: position and height of its peak; `is_bridged` if it fell into a hole."""

    at: float
    height: float
    is_bridged: bool = False


@dataclass(slots=True)
class Walk:
    """A walk so far.

    Args:
        steps: in order.
        n_sure: of these, the first so many came while the rhythm was that of walking.
        rhythm_at: position at which it last was.
        period: samples from step to step.
    """

    steps: list[Step]
    n_sure: int
    rhythm_at: int
    period: float

    @property
    def duration(self) -> float:
        """Samples that the steps cover, one period each at the ends."""
        return self.steps[-1].at - self.steps[0].at + self.period

    def cadence_per_min(self, n_last: int | None = None) -> float:
        """Steps per minute, by the median time between neighbours among the `n_last`; of one step by the period."""
        at = [step.at for step in self.steps[-n_last if n_last else None :]]
        return 60.0 * RATE_HZ / (float(np.median(np.diff(at))) if len(at) > 1 else self.period)


class WalkTracker:
    """Follows walks block by block; the same whatever stretch a block is seen in.

    Attributes:
        walk: the walk that goes on.
        ended: walks that ended and were not taken yet.
    """

    def __init__(self, params: GaitParams) -> None:
        self._params = params
        self.walk: Walk | None = None
        self.ended: list[Walk] = []
        self._free_from = -np.inf

    def follow(self, stretch: Stretch, ends: list[int], found: Rhythm) -> list[bool]:
        """Whether the wearer walks as known at each of the positions `ends`, whose rhythms are `found`."""
        known = []
        p = self._params
        of_gait = (found.strength >= p.least_m_s2) & ~np.isnan(found.step_s)
        starts = of_gait & (found.regularity >= p.start_regularity)
        keeps = of_gait & (found.regularity >= p.keep_regularity)
        for i, end in enumerate(ends):
            if self.walk is not None:
                self._go_on(self.walk, stretch, end, float(found.step_s[i]) if keeps[i] else None)
            elif starts[i]:
                self.walk = self._begin(stretch, end, float(found.step_s[i]), float(found.strength[i]))
            known.append(self.walk is not None)
        return known

    def end(self) -> None:
        """The walk ends here."""
        if self.walk is None:
            return
        walk, self.walk = self.walk, None
        self._free_from = walk.steps[-1].at + self._params.early * walk.period
        del walk.steps[walk.n_sure :]
        if walk.duration >= self._params.shortest_s * RATE_HZ:
            self.ended.append(walk)

    def _go_on(self, walk: Walk, stretch: Stretch, end: int, step_s: float | None) -> None:
        """Take the steps before `end`; `step_s` is the period where the rhythm is that of walking."""
        p = self._params
        if step_s is not None:
            walk.period, walk.rhythm_at = step_s * RATE_HZ, end
        self._add(walk, stretch.peaks(walk.period / RATE_HZ).between(walk.steps[-1].at + 1, end - 1), stretch)
        last = walk.steps[-1].at
        hole = min(stretch.longest_hole(last, end), p.bridged_s * RATE_HZ)
        has_stopped = end - last > max(p.pause_s * RATE_HZ, 2 * walk.period) + hole
        if has_stopped or step_s is not None:
            walk.n_sure = len(walk.steps)
        if has_stopped or end - walk.rhythm_at > p.doubtful_s * RATE_HZ:
            self.end()

    def _begin(self, stretch: Stretch, end: int, step_s: float, strength: float) -> Walk | None:
        """The walk that is under way at `end`, if it has lasted long enough."""
        period = step_s * RATE_HZ
        peaks = stretch.peaks(step_s).between(max(end - _LOOK_BACK, self._free_from), end - 1)
        usual = _usual_height(peaks, end, strength)
        chain: list[Step] = []
        high = peaks.height >= self._params.small * usual
        for at, height in zip(peaks.at[high][::-1].tolist(), peaks.height[high][::-1].tolist(), strict=True):
            if chain and chain[-1].at - at < self._params.early * period:
                if height > chain[-1].height:
                    chain[-1] = Step(at, height)
                continue
            if chain and chain[-1].at - at > self._longest_interval(period, stretch, at, chain[-1].at):
                break
            chain.append(Step(at, height))
        chain.reverse()
        walk = Walk(chain[:1], 1, end, period)
        if not chain or chain[-1].at - chain[0].at + period < self._params.shortest_s * RATE_HZ:
            return None
        self._add(walk, Peaks(_column(chain, 0), _column(chain, 1)), stretch)
        walk.n_sure = len(walk.steps)
        return walk

    def _longest_interval(self, period: float, stretch: Stretch, start: float, end: float) -> float:
        """Samples that may lie between neighbouring steps of one walk."""
        return 1.6 * period + min(stretch.longest_hole(start, end), self._params.bridged_s * RATE_HZ)

    def _add(self, walk: Walk, peaks: Peaks, stretch: Stretch) -> None:
        """Append the candidates that are steps, and before them those that a hole has swallowed."""
        p = self._params
        for at, height in zip(peaks.at.tolist(), peaks.height.tolist(), strict=True):
            last = walk.steps[-1].at
            usual = float(np.median([step.height for step in walk.steps[-_RECENT:] if not step.is_bridged]))
            if at - last < p.early * walk.period or height < p.small * usual:
                continue
            if 0 < stretch.longest_hole(last, at) <= p.bridged_s * RATE_HZ:
                n = round((at - last) / walk.period)
                walk.steps += [Step(last + (at - last) * i / n, 0.0, True) for i in range(1, n)]
            walk.steps.append(Step(at, height))


def _usual_height(peaks: Peaks, end: int, strength: float) -> float:
    """Median height of the newest candidates, without ripples; infinite where there are too few."""
    recent = peaks.between(end - WINDOW, end).height
    high = recent[recent > strength / 2]
    return float(np.median(high)) if len(high) > 1 else float("inf")


def _column(steps: list[Step], i: int) -> Floats:
    return np.array([step[i] for step in steps])
