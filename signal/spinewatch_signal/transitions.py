"""Sitting down and getting up, from one sensor on the trunk or the pelvis, as the rows come.

Each rise or fall that stands out of the vertical force as one movement is looked at with some seconds around it, and
judged by its signs (`transition_signs`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.grid import FINE_PER_FRAME, FRAMES_PER_S
from spinewatch_signal.hip_height import MotionRows, hip_force, quiet_rows
from spinewatch_signal.marks import Transition
from spinewatch_signal.samples import Floats, Site
from spinewatch_signal.transition_signs import LEVER_M, TransitionParams, judged, kernel

__all__ = ["SeenTransition", "TransitionDetector", "TransitionParams"]

_APART_ROWS = 5
"""Two movements are at least half a second apart."""
_EDGE = 2
"""Rows that telling quiet needs on either side."""


@dataclass(frozen=True, slots=True)
class SeenTransition:
    """A transition, and the grid index of the row that completed it: live, nothing knew of it before."""

    known_k: int
    transition: Transition


@dataclass(eq=False, slots=True)
class _Stretch:
    """The newest rows without a gap, as far back as they are needed.

    Args:
        first_k: grid index of the first of them.
        rows: (n, 7) flexion, inclination and the five values of the vertical force.
        next_k: the first row not looked at yet as the middle of a transition.
    """

    first_k: int
    rows: Floats
    next_k: int


class TransitionDetector:
    """Grid rows of one sensor in, transitions out, 3 s after their middle; the same for any chunking.

    Args:
        params: rules.
        site: where the sensor sits whose rows are given.

    Attributes:
        found: all transitions so far, backdated, in time order.
    """

    def __init__(self, params: TransitionParams | None = None, site: Site = Site.UPPER_BACK) -> None:
        self.params = params or TransitionParams()
        self.site = site
        self.found: list[Transition] = []
        self._kernel = kernel(self.params.half_s)
        self._stretch: _Stretch | None = None

    def update(
        self, k: NDArray[np.int64], flexion_deg: Floats, inclination_deg: Floats, acc_up: Floats
    ) -> list[SeenTransition]:
        """Transitions that these rows complete; nothing spans a gap or a blank.

        Args:
            k: (m,) grid index, later than all before.
            flexion_deg: (m,) of the sensor's own segment, NaN where blank.
            inclination_deg: (m,) of the same.
            acc_up: (m, 5) specific force along the vertical at 50 Hz, m/s², of the same sensor.
        """
        rows = np.column_stack((flexion_deg, inclination_deg, acc_up))
        known = ~np.isnan(rows).any(axis=1)
        k, rows = k[known], rows[known]
        seen: list[SeenTransition] = []
        starts = np.flatnonzero(np.diff(k) > 1) + 1
        for new_k, new in zip(np.split(k, starts), np.split(rows, starts), strict=True):
            if len(new_k):
                seen += self._append(int(new_k[0]), new)
                seen += self._search(ended_k=None)
        return seen

    def finish(self) -> list[SeenTransition]:
        """The last transitions: the recording ends here."""
        if self._stretch is None:
            return []
        seen = self._search(self._stretch.first_k + len(self._stretch.rows) - 1)
        self._stretch = None
        return seen

    def _append(self, first_k: int, rows: Floats) -> list[SeenTransition]:
        """Take rows in; transitions that a gap before them completes."""
        now = self._stretch
        if now is not None and first_k == now.first_k + len(now.rows):
            now.rows = np.concatenate((now.rows, rows))
            return []
        seen = [] if now is None else self._search(ended_k=first_k)
        self._stretch = _Stretch(first_k, rows, first_k)
        return seen

    def _search(self, ended_k: int | None) -> list[SeenTransition]:
        """Transitions with all that they need; of a stretch that ended, all."""
        now, ahead = self._stretch, _rows_of(self.params.after_s)
        if now is None:
            return []
        end_k = now.first_k + len(now.rows)
        if ended_k is None:
            # Half a second at a time: a search costs as much for one row as for five.
            end_k -= ahead
            end_k -= end_k % _APART_ROWS
            if end_k <= now.next_k:
                return []
        seen = []
        for centre in self._candidates(now, end_k):
            transition = self._judged(now, centre)
            if transition is not None and self._is_new(transition):
                block_end = (now.first_k + centre) // _APART_ROWS * _APART_ROWS + _APART_ROWS
                known_k = block_end + ahead - 1 if ended_k is None else ended_k
                seen.append(SeenTransition(known_k, transition))
                self.found.append(transition)
        now.next_k = max(now.next_k, end_k)
        spare = now.next_k - _rows_of(self.params.before_s) - 2 * _EDGE - now.first_k
        if spare > 0:
            now.first_k, now.rows = now.first_k + spare, now.rows[spare:].copy()
        return seen

    def _candidates(self, now: _Stretch, end_k: int) -> list[int]:
        """Rows from `next_k` to `end_k` around which one rise or fall stands out most."""
        reach = len(self._kernel) // 2
        first = max(0, now.next_k - now.first_k - reach - _APART_ROWS)
        last = min(len(now.rows), end_k - now.first_k + reach + _APART_ROWS)
        if end_k <= now.next_k or last - first <= 2 * reach:
            return []
        part = now.rows[first:last]
        hip = hip_force(_row_means(part), part[:, 0], LEVER_M[self.site])
        speed = np.pad(np.abs(np.convolve(hip, self._kernel[::-1], "valid")), reach + _APART_ROWS)
        windows = np.lib.stride_tricks.sliding_window_view(speed, 2 * _APART_ROWS + 1)
        fast = np.flatnonzero(windows[:, _APART_ROWS] >= self.params.speed_m_s)
        rows = first + fast[np.argmax(windows[fast], axis=1) == _APART_ROWS]
        inside = (rows >= now.next_k - now.first_k) & (rows < end_k - now.first_k)
        found: list[int] = rows[inside].tolist()
        return found

    def _judged(self, now: _Stretch, centre: int) -> Transition | None:
        """The transition in the middle of which a row lies; None where it is none."""
        p = self.params
        first = max(0, centre - _rows_of(p.before_s))
        end = min(len(now.rows), centre + _rows_of(p.after_s) + 1 - _EDGE)
        padded = slice(max(0, first - _EDGE), min(len(now.rows), end + _EDGE))
        part = now.rows[padded]
        rows = _motion(part, LEVER_M[self.site])
        return judged(
            rows[first - padded.start : end - padded.start], centre - first, now.first_k + first, self.site, p
        )

    def _is_new(self, transition: Transition) -> bool:
        if not self.found:
            return True
        last, p = self.found[-1], self.params
        apart_s = p.apart_s if last.direction is transition.direction else p.series_apart_s
        return transition.middle_s - last.middle_s >= apart_s


def _motion(rows: Floats, lever_m: float) -> MotionRows:
    force, flexion_deg, inclination_deg = _row_means(rows), rows[:, 0], rows[:, 1]
    hip = hip_force(force, flexion_deg, lever_m)
    return MotionRows(force, hip, flexion_deg, inclination_deg, quiet_rows(rows[:, 2:], inclination_deg))


def _row_means(rows: Floats) -> Floats:
    """(n,) mean vertical force of each row; written out, since a sum over a short last axis is slow."""
    force: Floats = (rows[:, 2] + rows[:, 3] + rows[:, 4] + rows[:, 5] + rows[:, 6]) / FINE_PER_FRAME
    return force


def _rows_of(seconds: float) -> int:
    return round(seconds * FRAMES_PER_S)
