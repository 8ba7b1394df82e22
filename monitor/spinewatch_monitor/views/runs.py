"""Runs of equal state for ribbons: what each moment of a day was, and what fills each pixel column. Pure numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.posture import FRAME_PERIOD_S, Activity, Away, Blank, Episode, PostureFrames
from spinewatch_signal.samples import Floats

GAP_STEP_S = 0.25
"""Longest step in time that is no gap: losses up to here are bridged inside the filter."""


class RibbonState(IntEnum):
    """What a ribbon shows; each differs in height or pattern, not in colour alone."""

    NEAR = 0
    AWAY = 1
    MOVING = 2
    LYING = 3
    DEEP = 4
    GAP = 5
    UNWORN = 6


@dataclass(frozen=True, eq=False, slots=True)
class Runs:
    """Stretches of equal state in time order, ``[start_s, end_s)``.

    Args:
        start_s, end_s: (n,) s; they do not overlap, holes between them show nothing.
        state: (n,) codes of `RibbonState`.
    """

    start_s: Floats
    end_s: Floats
    state: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.start_s)


NO_RUNS = Runs(np.empty(0), np.empty(0), np.empty(0, np.uint8))


def frame_states(frames: PostureFrames, episodes: Sequence[Episode] | None = None) -> NDArray[np.uint8]:
    """The ribbon state of each frame; movement and lying come before away, as in the slouch machine.

    Args:
        frames: posture on the 10 Hz grid.
        episodes: stretches away as the machine ended up telling them, from their crossing to their down-crossing.
            None takes the frames' own codes, which are what was known at each moment: later at either end.
    """
    away = np.zeros(len(frames), bool) if episodes is not None else frames.away == Away.AWAY
    for episode in episodes or ():
        first, last = np.searchsorted(frames.t_s, (episode.start_s, _end(episode)))
        away[first:last] = True
    moving = (frames.activity == Activity.MOVING) | (frames.activity == Activity.WALKING)
    states = np.full(len(frames), RibbonState.NEAR, np.uint8)
    states[np.isnan(frames.flexion_deg) | (frames.away == Away.BLANK)] = RibbonState.GAP
    states[away] = RibbonState.AWAY
    states[frames.activity == Activity.STOOPED] = RibbonState.DEEP
    states[moving] = RibbonState.MOVING
    states[frames.activity == Activity.LYING] = RibbonState.LYING
    states[frames.blank == Blank.NOT_WORN] = RibbonState.UNWORN
    return states


def runs_of(
    t_s: Floats, states: NDArray[np.uint8], period_s: float = FRAME_PERIOD_S, gap: int = RibbonState.GAP
) -> Runs:
    """Join neighbours of equal state; a step longer than `GAP_STEP_S` becomes a run of no data.

    Args:
        t_s: (m,) increasing times, s.
        states: (m,) codes of `RibbonState`, or others.
        period_s: how long the last sample before a gap lasts, s.
        gap: code of no data.
    """
    if not len(t_s):
        return NO_RUNS
    lost = np.diff(t_s) > max(GAP_STEP_S, 1.5 * period_s)
    firsts = np.concatenate([[0], 1 + np.flatnonzero(lost | (np.diff(states) != 0))])
    start = t_s[firsts]
    end = np.append(start[1:], t_s[-1] + period_s)
    before_gap = np.flatnonzero(lost[firsts[1:] - 1])
    end[before_gap] = t_s[firsts[before_gap + 1] - 1] + period_s
    gap_start, gap_end = end[before_gap], start[before_gap + 1]
    everything = Runs(
        np.concatenate([start, gap_start]),
        np.concatenate([end, gap_end]),
        np.concatenate([states[firsts], np.full(len(gap_start), gap, np.uint8)]),
    )
    order = np.argsort(everything.start_s, kind="stable")
    return Runs(everything.start_s[order], everything.end_s[order], everything.state[order])


class Occupancy:
    """Answers which state fills most of any stretch of time, from sums that are made once.

    Args:
        runs: stretches in time order.
    """

    def __init__(self, runs: Runs) -> None:
        codes = len(RibbonState)
        self.runs = runs
        self._edges = np.stack([runs.start_s, runs.end_s], axis=1).ravel()
        share = np.zeros((2 * len(runs), codes))
        share[np.arange(1, 2 * len(runs), 2), runs.state] = runs.end_s - runs.start_s
        self._spent_s = share.cumsum(axis=0)

    def columns(self, edges_s: Floats) -> NDArray[np.int16]:
        """The state that fills most of each column, −1 where none does.

        Args:
            edges_s: (c + 1,) increasing edges of the columns, s.

        Returns:
            (c,) codes of `RibbonState` or −1.
        """
        if not len(self.runs):
            return np.full(len(edges_s) - 1, -1, np.int16)
        spent = np.stack([np.interp(edges_s, self._edges, total) for total in self._spent_s.T], axis=1)
        inside = np.diff(spent, axis=0)
        best = inside.argmax(axis=1).astype(np.int16)
        return np.where(inside.max(axis=1) > 0, best, np.int16(-1))


def column_runs(columns: NDArray[np.int16]) -> list[tuple[int, int, int]]:
    """Join equal neighbouring columns to ``(first, last + 1, state)``; empty columns are left out."""
    if not len(columns):
        return []
    firsts = np.concatenate([[0], 1 + np.flatnonzero(np.diff(columns))])
    lasts = np.append(firsts[1:], len(columns))
    return [(int(a), int(b), int(columns[a])) for a, b in zip(firsts, lasts, strict=True) if columns[a] >= 0]


def _end(episode: Episode) -> float:
    return np.inf if episode.end_s is None else episode.end_s
