"""The steps of one walk, from where its rhythm is found to where it ends.

A walk begins once candidates have come in the rhythm of steps for three seconds, and is then followed back to its
first step; through turns and doorways it goes on as long as steps come; it ends with its last step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from statistics import median
from typing import NamedTuple

import numpy as np

from spinewatch_signal.samples import Floats
from spinewatch_signal.step_rhythm import RATE_HZ, WINDOW, Peaks, Rhythm, RhythmParams, Stretch

_LOOK_BACK = 8 * RATE_HZ
_RECENT = 8
"""Steps whose median height is the usual one: four strides, so that left and right count alike."""


@dataclass(frozen=True)
class GaitParams:
    """When ups and downs of the trunk are steps.

    Args:
        rhythm: which period is the step.
        shortest_s: a walk lasts at least this long (Straczkiewicz et al., npj Digital Medicine 2023).
        start_regularity: autocorrelation with which a walk begins: 0.7 to 0.9 in healthy gait, about 0.5 in patients
            (Moe-Nilssen & Helbostad, J Biomech 2004).
        keep_regularity: and with which it goes on, so that it outlasts turns.
        blind_extra: more regularity is asked for, by this much, where no gyroscope shows that the body turns.
        least_turning_deg_s: in walking the RMS of the angular rate is never below this: pelvis and trunk turn by about
            ±5° in every stride, which makes 20 °/s at one stride per second; a seat in a vehicle turns by a few °/s.
        least_share: power at the frequencies of steps, as a share of that and of slower movement: bends, squats and
            getting up have most of their power below 0.8 Hz.
        least_m_s2: RMS of the force below which nothing is a step, 0.03 g; peaks of slow gait exceed 0.05 g.
        wave: a walk begins where the usual step, seen through a filter for its time, is at least this share of the
            RMS of the force: 0.5 in a sine of that time. Else the force has another rhythm than the steps found in it.
        small: the least height of a step, as a share of the usual one: steps in turns are this weak.
        full: a walk begins with a step of at least this share (the shift of weight before it is none) and has at most
            one smaller one at its end, which brings the feet together.
        early, late: the next step comes between these shares of the time of a step; later only over a hole, or in a
            walk that is well under way.
        pause_s: a walk ends where no step came for so long, or for the time of two.
        bridged_s: steps that fell into a hole of the signal up to this long are counted by cadence when the walk goes
            on behind it: 0.25 s may be lost, and a filter that must start anew in motion takes 3 s.
        doubtful_s: a walk ends where its rhythm was lost for so long, with the last step that was in rhythm.
        quiet_m_s2: while the force ranges over less than this within 0.4 s nobody walks: the weakest steps range over
            0.7 m/s² in their steepest 0.4 s.
    """

    rhythm: RhythmParams = field(default_factory=RhythmParams)
    shortest_s: float = 3.0
    start_regularity: float = 0.5
    keep_regularity: float = 0.3
    blind_extra: float = 0.3
    least_turning_deg_s: float = 8.0
    least_share: float = 0.75
    least_m_s2: float = 0.3
    wave: float = 0.4
    small: float = 0.2
    full: float = 0.3
    early: float = 0.6
    late: float = 1.6
    pause_s: float = 1.5
    bridged_s: float = 4.0
    doubtful_s: float = 4.0
    quiet_m_s2: float = 0.25


class Step(NamedTuple):
    """One step: position and height of its peak; `is_bridged` where it fell into a hole."""

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
        """Samples that the steps cover, half a period more at either end."""
        return self.steps[-1].at - self.steps[0].at + self.period

    @property
    def usual_height(self) -> float:
        """Median height of the last steps that were seen."""
        seen = islice((step.height for step in reversed(self.steps) if not step.is_bridged), _RECENT)
        return median(seen)

    def cadence_per_min(self, n_last: int = 0) -> float:
        """Steps per minute by the median time between neighbours, among the `n_last` (0: all); of one by the period."""
        at = [step.at for step in self.steps[-n_last:]]
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

    def follow(self, stretch: Stretch, ends: list[int], found: Rhythm, turning_deg_s: Floats) -> list[bool]:
        """Whether the wearer walks, as known at each of the positions `ends`, (m,).

        Args:
            stretch: holds the windows before all of `ends`.
            ends: (m,) later than all before.
            found: (m,) the rhythm in these windows.
            turning_deg_s: (m,) RMS of the angular rate in these windows; NaN without a gyroscope.
        """
        p = self._params
        of_gait = (found.strength >= p.least_m_s2) & (found.share >= p.least_share) & ~np.isnan(found.step_s)
        of_gait &= ~(turning_deg_s < p.least_turning_deg_s)
        regularity = found.regularity - np.where(np.isnan(turning_deg_s), p.blind_extra, 0.0)
        starts = of_gait & (regularity >= p.start_regularity)
        keeps = of_gait & (regularity >= p.keep_regularity)
        known = []
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
        walk.steps = self._trimmed(walk.steps[: walk.n_sure], self._params.full * walk.usual_height)
        if walk.steps and walk.duration >= self._params.shortest_s * RATE_HZ:
            self.ended.append(walk)

    @staticmethod
    def _trimmed(steps: list[Step], full: float) -> list[Step]:
        """From the first step of full height to the last one, and the one that closes the feet."""
        at = [i for i, step in enumerate(steps) if step.height >= full]
        return steps[at[0] : at[-1] + 2] if at else []

    def _go_on(self, walk: Walk, stretch: Stretch, end: int, step_s: float | None) -> None:
        """Take the steps before `end`; `step_s` is the period where the rhythm is that of walking."""
        p = self._params
        if step_s is not None:
            walk.period, walk.rhythm_at = step_s * RATE_HZ, end
        self._add(walk, stretch.peaks(walk.period / RATE_HZ).between(walk.steps[-1].at + 1, end - 1), stretch)
        last = walk.steps[-1].at
        hole = min(stretch.longest_hole(last, end), p.bridged_s * RATE_HZ)
        has_stopped = end - last > max(p.pause_s * RATE_HZ, 2 * walk.period) + hole
        if step_s is not None:
            walk.n_sure = len(walk.steps)
        elif has_stopped:
            _count_until_hole(walk)
        if has_stopped or end - walk.rhythm_at > p.doubtful_s * RATE_HZ + hole:
            self.end()

    def _begin(self, stretch: Stretch, end: int, step_s: float, strength: float) -> Walk | None:
        """The walk that is under way at `end`, if it has lasted long enough."""
        period = step_s * RATE_HZ
        candidates = stretch.peaks(step_s).between(max(end - _LOOK_BACK, self._free_from), end - 1)
        chain = self._chain(candidates, period, _usual_height(candidates, end, self._params.wave * strength), stretch)
        walk = Walk(chain[:1], 1, end, period)
        if not chain or chain[-1].at - chain[0].at + period < self._params.shortest_s * RATE_HZ:
            return None
        self._add(walk, Peaks(np.array([s.at for s in chain]), np.array([s.height for s in chain])), stretch)
        walk.n_sure = len(walk.steps)
        return walk

    def _chain(self, candidates: Peaks, period: float, usual: float, stretch: Stretch) -> list[Step]:
        """The steps that lead to the newest candidate, followed back to the first."""
        p = self._params
        chain: list[Step] = []
        for at, height in zip(candidates.at[::-1].tolist(), candidates.height[::-1].tolist(), strict=True):
            if height < p.small * usual:
                continue
            if chain and chain[-1].at - at < p.early * period:
                chain[-1] = max(chain[-1], Step(at, height), key=lambda step: step.height)
                continue
            if chain and chain[-1].at - at > p.late * period + self._bridgeable(stretch, at, chain[-1].at):
                break
            chain.append(Step(at, height))
        return chain[::-1]

    def _bridgeable(self, stretch: Stretch, start: float, end: float) -> float:
        """Samples of the longest hole between two positions, 0 where it is too long to be bridged."""
        hole = stretch.longest_hole(start, end)
        return hole if hole <= self._params.bridged_s * RATE_HZ else 0

    def _add(self, walk: Walk, candidates: Peaks, stretch: Stretch) -> None:
        """Append the candidates that are steps, and before them those that a hole has swallowed."""
        p = self._params
        for at, height in zip(candidates.at.tolist(), candidates.height.tolist(), strict=True):
            last = walk.steps[-1].at
            if at - last < p.early * walk.period or height < p.small * walk.usual_height:
                continue
            if self._bridgeable(stretch, last, at):
                n = round((at - last) * walk.cadence_per_min(_RECENT) / (60 * RATE_HZ))
                walk.steps += [Step(last + (at - last) * i / n, 0.0, True) for i in range(1, n)]
            walk.steps.append(Step(at, height))


def _count_until_hole(walk: Walk) -> None:
    """Take the last steps before a stop for sure, but none that only a bridged hole joins to the walk."""
    while walk.n_sure < len(walk.steps) and not walk.steps[walk.n_sure].is_bridged:
        walk.n_sure += 1


def _usual_height(candidates: Peaks, end: int, least: float) -> float:
    """Median height of the newest candidates that are at least so high; infinite where there are too few."""
    recent = candidates.between(end - WINDOW, end).height
    high = recent[recent >= least]
    return float(np.median(high)) if len(high) > 1 else float("inf")
