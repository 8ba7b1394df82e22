"""Walking, steps and cadence from the vertical force on the trunk: the step that turns grid rows into walking bouts.

Causal, yet backdated: a walk is recognised at most five seconds after it began, and then has all of its steps, from
the first. The same detector runs live and over whole recordings, so both count the same steps.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.grid import FINE_PER_FRAME
from spinewatch_signal.marks import WalkingBout
from spinewatch_signal.samples import Floats
from spinewatch_signal.step_rhythm import HALF_WIDTH, RATE_HZ, Stretch
from spinewatch_signal.walk_tracker import GaitParams, Walk, WalkTracker

__all__ = ["GaitDetector", "GaitParams"]

Mask = NDArray[np.bool_]
_ROWS = 4
"""Rows of a block. Blocks of 0.4 s lie on the absolute grid, so that no chunk matters."""
_SAMPLES = 10
"""Samples of a block at `RATE_HZ`."""
_HISTORY = 240
_IDLE_BLOCKS = 25
"""Blocks of quiet after which nothing of an earlier walk is left in any window."""


class GaitDetector:
    """Rows of vertical force in, walking per row out.

    Attributes:
        bouts: walks that ended, in order, backdated.
        step_times_s: UNIX seconds of the steps of these.
    """

    def __init__(self, params: GaitParams | None = None) -> None:
        self.params = params or GaitParams()
        self.bouts: list[WalkingBout] = []
        self.step_times_s: list[float] = []
        self._tracker = WalkTracker(self.params)
        self._waiting_k = np.empty(0, np.int64)
        self._waiting = np.empty((0, FINE_PER_FRAME))
        self._history = np.full(_HISTORY, np.nan)
        self._next_block: int | None = None
        self._idle = _IDLE_BLOCKS
        self._walks = False

    @property
    def current_cadence_per_min(self) -> float | None:
        """Steps per minute over the last steps of the walk that goes on; None while nobody walks."""
        return None if self._tracker.walk is None else self._tracker.walk.cadence_per_min(8)

    def update(self, k: NDArray[np.int64], acc_up: Floats) -> Mask:
        """Whether the wearer walks, as known at each row.

        Args:
            k: (m,) grid index, later than all before.
            acc_up: (m, 5) vertical specific force at 50 Hz, m/s², as in `GridRows`; NaN where not measured.

        Returns:
            (m,) True from at most 5 s after a walk began to about 2 s after its last step. Where it began and ended
            stands in `bouts`.
        """
        if len(k) == 0:
            return np.empty(0, np.bool_)
        breaks = 1 + np.flatnonzero(np.diff(k) > _IDLE_BLOCKS * _ROWS)
        return np.concatenate([self._piece(k[a:b], acc_up[a:b]) for a, b in pairwise([0, *breaks.tolist(), len(k)])])

    def finish(self) -> None:
        """The recording ends here: so does a walk."""
        if self._next_block is None:
            return
        if len(self._waiting_k):
            self._take(self._next_block + 1)
        self._blocks(np.full(_IDLE_BLOCKS * _SAMPLES, np.nan))
        self._tracker.end()
        self._note_ended()
        self._next_block, self._walks, self._idle = None, False, _IDLE_BLOCKS
        self._history = np.full(_HISTORY, np.nan)

    def _piece(self, k: NDArray[np.int64], acc_up: Floats) -> Mask:
        """`update` for rows without a long gap between them."""
        if self._next_block is not None and int(k[0]) > (self._next_block + _IDLE_BLOCKS) * _ROWS:
            self.finish()
        if self._next_block is None:
            self._next_block = (int(k[0]) - 1) // _ROWS
        first, before = self._next_block, self._walks
        self._waiting_k = np.concatenate((self._waiting_k, k))
        self._waiting = np.concatenate((self._waiting, acc_up))
        known = self._take(int(k[-1]) // _ROWS)
        return np.concatenate(([before], known))[k // _ROWS - first]

    def _take(self, last: int) -> Mask:
        """Walk through the blocks before `last`; (n,) whether the wearer walks as known after each."""
        first = self._next_block
        if first is None or last <= first:
            return np.empty(0, np.bool_)
        n = int(np.searchsorted(self._waiting_k, last * _ROWS, side="right"))
        frames = np.full(((last - first) * _ROWS, FINE_PER_FRAME), np.nan)
        frames[self._waiting_k[:n] - first * _ROWS - 1] = self._waiting[:n]
        self._waiting_k, self._waiting = self._waiting_k[n:], self._waiting[n:]
        known = self._blocks(frames.reshape(-1, 2).mean(axis=1))
        self._note_ended()
        return known

    def _blocks(self, force: Floats) -> Mask:
        """Walk through whole blocks of force, (10 n,), at `RATE_HZ`; long stretches of quiet are passed over."""
        assert self._next_block is not None
        n, first = len(force) // _SAMPLES, self._next_block
        self._next_block += n
        joined = np.concatenate((self._history, force))
        self._history = joined[-_HISTORY:].copy()
        known = np.zeros(n, np.bool_)
        edges = np.flatnonzero(np.diff(self._is_busy(force.reshape(n, _SAMPLES)), prepend=False, append=False))
        for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            stretch = Stretch(joined[a * _SAMPLES : b * _SAMPLES + _HISTORY], (first + a) * _SAMPLES - _HISTORY)
            ends = (first + 1 + np.arange(a, b)) * _SAMPLES - HALF_WIDTH
            known[a:b] = self._tracker.follow(stretch, ends.tolist(), stretch.rhythm(ends, self.params.rhythm))
        self._walks = bool(known[-1])
        return known

    def _is_busy(self, force: Floats) -> Mask:
        """(n,) whether the force varied in a block (n, 10) or in one of those shortly before."""
        varies = np.nan_to_num(np.ptp(force, axis=1)) > self.params.quiet_m_s2
        at = np.arange(len(varies))
        since = at - np.maximum.accumulate(np.where(varies, at, -1 - self._idle))
        self._idle = min(int(since[-1]), _IDLE_BLOCKS)
        busy: Mask = since < _IDLE_BLOCKS
        return busy

    def _note_ended(self) -> None:
        """Bouts and step times of the walks that ended."""
        for walk in self._tracker.ended:
            times_s = [_time_s(step.at) for step in walk.steps]
            self.step_times_s += times_s
            self.bouts.append(_bout(walk))
        self._tracker.ended.clear()


def _bout(walk: Walk) -> WalkingBout:
    """The walk as a mark: it begins half a step before its first step, and ends half a step after its last."""
    half = walk.period / 2
    start_s, end_s = _time_s(walk.steps[0].at - half), _time_s(walk.steps[-1].at + half)
    n_bridged = sum(step.is_bridged for step in walk.steps)
    return WalkingBout(start_s, end_s, len(walk.steps), walk.cadence_per_min(), n_bridged)


def _time_s(at: float) -> float:
    """UNIX seconds of a position: sample 0 is the mean of the fine samples at 20 and 40 ms."""
    return float(at / RATE_HZ + 0.03)
