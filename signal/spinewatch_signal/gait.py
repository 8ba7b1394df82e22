"""Walking, steps and cadence from the vertical force on the trunk.

Causal, yet backdated: a walk is recognised at most five seconds after it began, and then has all of its steps, from
the first. The same detector runs live and over whole recordings, so both count the same steps.

What it takes for walking: ups and downs of the trunk at 0.9 to 3 Hz, regular, stronger than slower movement, from a
body that turns with them. The house rule of 1.4 to 2.3 steps/s (Straczkiewicz et al., npj Digital Medicine 2023) is
that of healthy adults; patients walk slower and runners faster, so regularity decides, and not the rate alone.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.grid import FINE_PER_FRAME
from spinewatch_signal.marks import WalkingBout
from spinewatch_signal.samples import Floats
from spinewatch_signal.step_rhythm import HALF_WIDTH, RATE_HZ, WINDOW, Stretch
from spinewatch_signal.walk_tracker import GaitParams, Walk, WalkTracker

__all__ = ["GaitDetector", "GaitParams"]

Mask = NDArray[np.bool_]
_ROWS = 4
"""Rows of a block. Blocks of 0.4 s lie on the absolute grid, so that no chunk matters."""
_SAMPLES = 10
"""Samples of force in a block, at `RATE_HZ`."""
_HISTORY = 24
"""Blocks that are kept: a walk is followed back through 8 s, and filtered values need 0.8 s on either side."""
_IDLE = 25
"""Blocks of quiet after which nothing of a walk is left in any window."""


class GaitDetector:
    """Rows of vertical force in, walking per row out.

    Attributes:
        bouts: walks that ended, in order, backdated.
        step_times_s: UNIX seconds of the steps of these, bridged ones among them.
    """

    def __init__(self, params: GaitParams | None = None) -> None:
        self.params = params or GaitParams()
        self.bouts: list[WalkingBout] = []
        self.step_times_s: list[float] = []
        self._tracker = WalkTracker(self.params)
        self._waiting_k = np.empty(0, np.int64)
        self._waiting = np.empty((0, FINE_PER_FRAME + 1))
        self._begin_anew()

    def _begin_anew(self) -> None:
        """Nothing from before a long gap is of use after it."""
        self._history = np.full((_HISTORY, _SAMPLES + 1), np.nan)
        self._next_block: int | None = None
        self._quiet_blocks = _IDLE
        self._walks = False

    @property
    def current_cadence_per_min(self) -> float | None:
        """Steps per minute over the last eight steps of the walk that goes on; None while nobody walks."""
        return None if self._tracker.walk is None else self._tracker.walk.cadence_per_min(8)

    def update(self, k: NDArray[np.int64], acc_up: Floats, turn_rate_rad_s: Floats | None = None) -> Mask:
        """Whether the wearer walks, as known at each row.

        Args:
            k: (m,) grid index, later than all before.
            acc_up: (m, 5) vertical specific force at 50 Hz, m/s², as in `GridRows`; NaN where not measured.
            turn_rate_rad_s: (m,) RMS of the angular rate of the same sensor, as in `GridRows`; NaN where not measured;
                None without a gyroscope. Without it a shaken seat is told from walking by regularity alone.

        Returns:
            (m,) True from at most 5 s after a walk began to 2 or 3 s after its last step. When it really began and
            ended stands in `bouts`.
        """
        if len(k) == 0:
            return np.empty(0, np.bool_)
        turns = np.full(len(k), np.nan) if turn_rate_rad_s is None else np.square(np.degrees(turn_rate_rad_s))
        columns = np.column_stack((acc_up, turns))
        breaks = 1 + np.flatnonzero(np.diff(k) > _IDLE * _ROWS)
        return np.concatenate([self._piece(k[a:b], columns[a:b]) for a, b in pairwise([0, *breaks.tolist(), len(k)])])

    def finish(self) -> None:
        """The recording ends here: so does a walk."""
        if self._next_block is None:
            return
        if len(self._waiting_k):
            self._take(self._next_block + 1)
        self._follow(np.full((_IDLE, _SAMPLES + 1), np.nan))
        self._tracker.end()
        self._note_ended()
        self._begin_anew()

    def _piece(self, k: NDArray[np.int64], columns: Floats) -> Mask:
        """`update` for rows without a long gap between them."""
        if self._next_block is not None and int(k[0]) > (self._next_block + _IDLE) * _ROWS:
            self.finish()
        if self._next_block is None:
            self._next_block = (int(k[0]) - 1) // _ROWS
        first, before = self._next_block, self._walks
        self._waiting_k = np.concatenate((self._waiting_k, k))
        self._waiting = np.concatenate((self._waiting, columns))
        known = self._take(int(k[-1]) // _ROWS)
        return np.concatenate(([before], known))[k // _ROWS - first]

    def _take(self, last: int) -> Mask:
        """Follow the blocks before `last`, which are complete; (n,) whether the wearer walks, as known after each."""
        first = self._next_block
        if first is None or last <= first:
            return np.empty(0, np.bool_)
        n = int(np.searchsorted(self._waiting_k, last * _ROWS, side="right"))
        rows = np.full(((last - first) * _ROWS, FINE_PER_FRAME + 1), np.nan)
        rows[self._waiting_k[:n] - first * _ROWS - 1] = self._waiting[:n]
        self._waiting_k, self._waiting = self._waiting_k[n:], self._waiting[n:]
        fine = rows[:, :-1].reshape(-1, 2 * _SAMPLES)
        force = (fine[:, ::2] + fine[:, 1::2]) / 2
        known = self._follow(np.column_stack((force, _mean(rows[:, -1].reshape(-1, _ROWS)))))
        self._note_ended()
        return known

    def _follow(self, new: Floats) -> Mask:
        """Follow whole blocks, (n, 11): force and the mean square of the angular rate; quiet ones are passed over."""
        assert self._next_block is not None
        first, n = self._next_block, len(new)
        self._next_block += n
        blocks = np.concatenate((self._history, new))
        self._history = blocks[-_HISTORY:].copy()
        known = np.zeros(n, np.bool_)
        edges = np.flatnonzero(np.diff(self._is_busy(new[:, :-1]), prepend=False, append=False))
        for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            known[a:b] = self._follow_busy(blocks[a : b + _HISTORY], first + a)
        self._walks = bool(known[-1])
        return known

    def _follow_busy(self, blocks: Floats, first: int) -> list[bool]:
        """Follow the blocks from the one numbered `first` on; the `_HISTORY` blocks before it come first."""
        n = len(blocks) - _HISTORY
        stretch = Stretch(blocks[:, :-1].ravel(), (first - _HISTORY) * _SAMPLES)
        ends = (first + 1 + np.arange(n)) * _SAMPLES - HALF_WIDTH
        in_window = WINDOW // _SAMPLES
        oldest = _HISTORY + 1 - HALF_WIDTH // _SAMPLES - in_window
        turning = np.lib.stride_tricks.sliding_window_view(blocks[:, -1], in_window)[oldest : oldest + n]
        found = stretch.rhythm(ends, self.params.rhythm)
        return self._tracker.follow(stretch, ends.tolist(), found, np.sqrt(_mean(turning)))

    def _is_busy(self, force: Floats) -> Mask:
        """(n,) whether the force varied in a block (n, 10) or in one of those shortly before."""
        varies = np.nan_to_num(np.ptp(force, axis=1)) > self.params.quiet_m_s2
        at = np.arange(len(varies))
        quiet = at - np.maximum.accumulate(np.where(varies, at, -1 - self._quiet_blocks))
        self._quiet_blocks = min(int(quiet[-1]), _IDLE)
        busy: Mask = quiet < _IDLE
        return busy

    def _note_ended(self) -> None:
        """Bouts and step times of the walks that ended."""
        for walk in self._tracker.ended:
            self.step_times_s += [_time_s(step.at) for step in walk.steps]
            self.bouts.append(_bout(walk))
        self._tracker.ended.clear()


def _bout(walk: Walk) -> WalkingBout:
    """The walk as a mark: from half a step before its first step to half a step after its last."""
    half = walk.period / 2
    start_s, end_s = _time_s(walk.steps[0].at - half), _time_s(walk.steps[-1].at + half)
    n_bridged = sum(step.is_bridged for step in walk.steps)
    return WalkingBout(start_s, end_s, len(walk.steps), walk.cadence_per_min(), n_bridged)


def _time_s(at: float) -> float:
    """UNIX seconds of a position: sample 0 is the mean of the fine samples at 20 and 40 ms."""
    return float(at / RATE_HZ + 0.03)


def _mean(rows: Floats) -> Floats:
    """(m,) means of what is there in rows (m, n); NaN where nothing is."""
    there = ~np.isnan(rows)
    n = there.sum(axis=1)
    mean: Floats = np.where(n > 0, np.where(there, rows, 0.0).sum(axis=1) / np.maximum(n, 1), np.nan)
    return mean
