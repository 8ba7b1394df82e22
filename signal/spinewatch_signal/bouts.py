"""Sitting bouts and the breaks between them, from the activity codes.

A bout is sitting; anything shorter than `merge_s` in it, also a hole in the data, does not end it, because no break
fits in there. A break is an interruption in which the wearer stood or walked for `break_s` in all; one that ends a bout
without that much standing or walking seen (lying, moving about, undecided, no data) is no break.

Kneeling or squatting for some seconds is told as sitting, since nothing that a sensor on the trunk feels tells it
apart. So sitting of less than `least_s` (provisional) counts in no bout and interrupts no standing; it stays in the
seconds of the activity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.grid import FRAMES_PER_S
from spinewatch_signal.posture import Activity
from spinewatch_signal.tallies import Whole, run_starts

Codes = NDArray[np.uint8]
Span = tuple[float, float]

_SITS, _IS_UP, _OTHER = range(3)
_KIND = np.full(len(Activity), _OTHER, np.uint8)
_KIND[Activity.SITTING] = _SITS
_KIND[[Activity.STANDING, Activity.WALKING]] = _IS_UP


@dataclass(frozen=True)
class BoutParams:
    """What a bout and a break are; the usual definitions of studies of sedentary time, provisional.

    Args:
        merge_s: a shorter interruption does not end a bout.
        break_s: standing and walking that make an interruption a break.
        least_s: sitting without standing or walking between that counts at all; provisional, ours.
    """

    merge_s: float = 60.0
    break_s: float = 60.0
    least_s: float = 10.0


@dataclass(slots=True)
class _Sat:
    """Sitting without standing or walking between: its first and last frame, and how many are sitting."""

    first: int
    last: int
    frames: int = 0


class BoutTracker:
    """Follows sitting; the same for any pieces.

    Attributes:
        bouts: ``(start_s, end_s)`` of closed bouts, UNIX seconds, in order; read only.
        breaks: ``(start_s, end_s)`` of breaks between two bouts; read only.
    """

    def __init__(self, params: BoutParams | None = None) -> None:
        self.params = params or BoutParams()
        self.bouts: list[Span] = []
        self.breaks: list[Span] = []
        self._bout: tuple[int, int] | None = None  # first and last sitting frame of the newest bout
        self._sat: _Sat | None = None  # the newest, too short to count or not; None once up
        self._up_frames = 0  # standing and walking since the newest bout
        self._last_k: int | None = None

    @property
    def all_bouts(self) -> list[Span]:
        """Closed ones and, last, the one that goes on or may yet go on."""
        return self.bouts if self._bout is None else [*self.bouts, _span(*self._bout)]

    @property
    def all_breaks(self) -> list[Span]:
        """Those before a later bout and, last, one that goes on now."""
        now = self._break_until(self._last_k) if self._last_k is not None else None
        return self.breaks if now is None else [*self.breaks, now]

    def update(self, k: Whole, activity: Codes) -> None:
        """Take frames later than all before: grid index and codes of `Activity`, both (m,)."""
        if len(k) == 0:
            return
        kinds = _KIND[activity]
        starts = run_starts(kinds, np.diff(k, prepend=k[0]) > 1)
        ends = np.append(starts[1:], len(k)) - 1
        for kind, first, last in zip(kinds[starts].tolist(), k[starts].tolist(), k[ends].tolist(), strict=True):
            if kind == _SITS:
                self._sit(first, last)
            elif kind == _IS_UP:
                self._sat = None
                self._up_frames += last - first + 1
        self._last_k = int(k[-1])

    def _sit(self, first: int, last: int) -> None:
        sat = self._sat
        if sat is None or not self._joins(sat.last, first):
            sat = self._sat = _Sat(first, last)
        sat.last = last
        sat.frames += last - first + 1
        if sat.frames >= self.params.least_s * FRAMES_PER_S:
            self._count(sat.first, last)

    def _joins(self, last: int, first: int) -> bool:
        """Whether the time between two stretches of sitting is too short to end a bout."""
        return first - last - 1 < self.params.merge_s * FRAMES_PER_S

    def _count(self, first: int, last: int) -> None:
        if self._bout is not None and self._joins(self._bout[1], first):
            self._bout = (self._bout[0], last)
        else:
            taken = self._break_until(first - 1)
            if taken is not None:
                self.breaks.append(taken)
            if self._bout is not None:
                self.bouts.append(_span(*self._bout))
            self._bout = (first, last)
        self._up_frames = 0

    def _break_until(self, k: int) -> Span | None:
        """The break from the end of the newest bout to `k`, if there was one."""
        if self._bout is None or self._up_frames < self.params.break_s * FRAMES_PER_S:
            return None
        return self._bout[1] / FRAMES_PER_S, k / FRAMES_PER_S


def half_accrued_s(lengths_s: Sequence[float]) -> float | None:
    """W50: half of all the time lies in bouts of at least this length; None without any.

    Args:
        lengths_s: of the bouts, s.
    """
    total, reached = sum(lengths_s), 0.0
    for length in sorted(lengths_s, reverse=True):
        reached += length
        if reached >= total / 2:
            return length
    return None


def _span(first: int, last: int) -> Span:
    """Frames `first` to `last` as times; a frame tells of the tenth before it."""
    return (first - 1) / FRAMES_PER_S, last / FRAMES_PER_S
