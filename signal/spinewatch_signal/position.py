"""Changes of position and still bouts: rhythm, which matters more to a back than any single angle.

A position is *settled* while, over `settle_s`, the one-second means of flexion and lateral bend stay within
`settled_range_deg` and nothing moves. Between two settled stretches lies an interruption. It is a change of position
when the level after it differs by more than `shift_deg` (a posture shift: a step beyond 5° held beyond 3 s, after
Davidson & Callaghan 2025), or when in between the wearer moved for `moved_s`, bent beyond `bend_deg` or lay down: who
stands up, walks or picks something up has changed position, even if the trunk ends as upright as before. A fidget,
which returns to the old level, is none. Slow creeping is none either: within a settled stretch the level follows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from spinewatch_signal.grid import FRAMES_PER_S
from spinewatch_signal.posture import Activity
from spinewatch_signal.samples import Floats

Codes = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Whole = NDArray[np.int64]

_STILL = np.zeros(len(Activity), bool)
_STILL[[Activity.UPRIGHT, Activity.SITTING, Activity.STANDING, Activity.STOOPED]] = True


@dataclass(frozen=True)
class PositionParams:
    """What counts as settled and as a change.

    Args:
        shift_deg: difference of level that is a posture shift.
        settle_s: whole seconds a level must be held, two at least.
        settled_range_deg: spread of the one-second means within a held level: sway and typing stay below it.
        fidget_s: an interruption so long may still turn out to be a fidget: the bout is taken to go on.
        moved_s: movement that is a change by itself; rising from a chair takes 2.6 s (median of labelled recordings).
        bend_deg: a bend so far from the level is a change by itself, however quick.
    """

    shift_deg: float = 5.0
    settle_s: int = 3
    settled_range_deg: float = 3.0
    fidget_s: int = 10
    moved_s: int = 3
    bend_deg: float = 30.0


@dataclass(slots=True)
class _Seconds:
    """One row per second with data: its number, mean angles, and how its frames were spent."""

    number: Whole
    flexion_deg: Floats
    lateral_deg: Floats
    is_still: Mask
    has_moved: Mask
    has_lain: Mask

    def __len__(self) -> int:
        return len(self.number)

    def __getitem__(self, part: slice) -> _Seconds:
        return _Seconds(*(getattr(self, f.name)[part] for f in fields(self)))

    def followed_by(self, other: _Seconds) -> _Seconds:
        return _Seconds(*(np.concatenate((getattr(self, f.name), getattr(other, f.name))) for f in fields(self)))


@dataclass(slots=True)
class _Frames:
    """Frames of the newest second, which is not complete yet."""

    k: Whole = field(default_factory=lambda: np.empty(0, np.int64))
    flexion_deg: Floats = field(default_factory=lambda: np.empty(0))
    lateral_deg: Floats = field(default_factory=lambda: np.empty(0))
    activity: Codes = field(default_factory=lambda: np.empty(0, np.uint8))

    def __getitem__(self, part: slice) -> _Frames:
        return _Frames(
            self.k[part].copy(),
            self.flexion_deg[part].copy(),
            self.lateral_deg[part].copy(),
            self.activity[part].copy(),
        )

    def followed_by(self, other: _Frames) -> _Frames:
        return _Frames(
            np.concatenate((self.k, other.k)),
            np.concatenate((self.flexion_deg, other.flexion_deg)),
            np.concatenate((self.lateral_deg, other.lateral_deg)),
            np.concatenate((self.activity, other.activity)),
        )


class PositionTracker:
    """Counts changes of position and times still bouts; one second behind the frames, the same for any chunking.

    Attributes:
        changes_s: times of the changes: the first settled second after each, UNIX seconds; read only.
        longest_still: ``(start_s, end_s)`` of the longest bout without a change, or None.
        shifts: how many of the changes were a posture shift, with no getting up, walking or deep bend in between.
        fidgets: interruptions up to `fidget_s` that came back to the old level.
    """

    def __init__(self, params: PositionParams | None = None) -> None:
        self.params = params or PositionParams()
        self.changes_s: list[float] = []
        self.shifts = 0
        self.fidgets = 0
        self._longest: tuple[float, float] | None = None
        self._frames = _Frames()
        self._recent: _Seconds | None = None
        self._level: tuple[float, float] | None = None
        self._bout_start_s: float | None = None
        self._settled_until_s: float | None = None
        self._last_second: int | None = None
        self._moved_run = 0
        self._moved_enough = False

    @property
    def longest_still(self) -> tuple[float, float] | None:
        """Longest still bout so far, the one that goes on included."""
        return _longer(self._longest, self._bout())

    @property
    def still_now_s(self) -> float:
        """Length of the bout that goes on; 0 while the wearer moves, lies or has not settled for longer."""
        bout = self._bout()
        if bout is None or self._last_second is None or self._moved_enough:
            return 0.0
        unsettled_s = self._last_second + 1 - bout[1]
        return bout[1] - bout[0] if unsettled_s <= self.params.fidget_s else 0.0

    def update(self, k: Whole, flexion_deg: Floats, lateral_deg: Floats, activity: Codes) -> None:
        """Take frames later than all before: grid index, angles (NaN where blank), codes of `Activity`; all (m,)."""
        if len(k) == 0:
            return
        frames = self._frames.followed_by(_Frames(k, flexion_deg, lateral_deg, activity))
        second = (frames.k - 1) // FRAMES_PER_S
        whole = len(second) if frames.k[-1] % FRAMES_PER_S == 0 else int(np.searchsorted(second, second[-1]))
        self._frames = frames[slice(whole, None)]
        if whole:
            rows = _seconds(frames[slice(0, whole)], second[:whole])
            gaps = (np.flatnonzero(np.diff(rows.number) != 1) + 1).tolist()
            for first, last in pairwise([0, *gaps, len(rows)]):
                self._take(rows[first:last])

    def interrupt(self) -> None:
        """Begin anew: nothing spans a gap or a change of the reference."""
        self._end_bout()
        self._recent, self._level = None, None
        self._moved_run, self._moved_enough = 0, False

    def _take(self, rows: _Seconds) -> None:
        """Whole seconds without a gap among them: what is held, and what lies in between."""
        if self._last_second is not None and rows.number[0] != self._last_second + 1:
            self.interrupt()
        self._last_second = int(rows.number[-1])
        is_settled = self._settled(rows)
        moved_s = _lasted(rows.has_moved, self._moved_run)
        self._moved_run = int(moved_s[-1])
        moved_enough = rows.has_lain | (moved_s >= self.params.moved_s)
        edges = (np.flatnonzero(is_settled[1:] != is_settled[:-1]) + 1).tolist()
        for first, last in pairwise([0, *edges, len(rows)]):
            if is_settled[first]:
                self._hold(rows[first:last])
            else:
                self._moved_enough |= bool(moved_enough[first:last].any()) or self._has_bent(rows[first:last])

    def _settled(self, rows: _Seconds) -> Mask:
        """(m,) whether a level is held in the last `settle_s` seconds up to each; remembers the last of them."""
        n, p = len(rows), self.params
        known = rows if self._recent is None else self._recent.followed_by(rows)
        self._recent = known[max(0, len(known) - p.settle_s + 1) :]
        settled = np.zeros(len(known), bool)
        if len(known) >= p.settle_s:
            windows = (sliding_window_view(angle, p.settle_s) for angle in (known.flexion_deg, known.lateral_deg))
            spread = [np.max(window, axis=1) - np.min(window, axis=1) for window in windows]
            still = np.all(sliding_window_view(known.is_still, p.settle_s), axis=1)
            settled[p.settle_s - 1 :] = still & (np.maximum(*spread) <= p.settled_range_deg)
        return settled[len(known) - n :]

    def _has_bent(self, rows: _Seconds) -> bool:
        """Whether a bend takes the wearer that far from the level held before."""
        if self._level is None:
            return False
        away = np.maximum(np.abs(rows.flexion_deg - self._level[0]), np.abs(rows.lateral_deg - self._level[1]))
        return bool((away > self.params.bend_deg).any())

    def _hold(self, rows: _Seconds) -> None:
        """The wearer holds a level: the old one, or a new one; within it the level follows."""
        self._moved_enough |= self._has_bent(rows[:1])
        self._settle(int(rows.number[0]), float(rows.flexion_deg[0]), float(rows.lateral_deg[0]))
        self._level = float(rows.flexion_deg[-1]), float(rows.lateral_deg[-1])
        self._settled_until_s = float(rows.number[-1] + 1)
        self._moved_enough = False

    def _settle(self, number: int, flexion_deg: float, lateral_deg: float) -> None:
        """A level is held from here on; whether it is a new one."""
        start_s = float(number + 1 - self.params.settle_s)
        if self._level is None:
            self._bout_start_s = start_s
        elif self._has_changed(start_s, flexion_deg, lateral_deg):
            self.shifts += not self._moved_enough
            self._end_bout()
            self.changes_s.append(start_s)
            self._bout_start_s = start_s
        elif self._settled_until_s is not None and 0 < start_s - self._settled_until_s <= self.params.fidget_s:
            self.fidgets += 1

    def _has_changed(self, start_s: float, flexion_deg: float, lateral_deg: float) -> bool:
        if self._level is None or (self._settled_until_s is not None and self._settled_until_s > start_s):
            return False
        return self._moved_enough or self._away_from_level_deg(flexion_deg, lateral_deg) > self.params.shift_deg

    def _away_from_level_deg(self, flexion_deg: float, lateral_deg: float) -> float:
        if self._level is None:
            return 0.0
        return max(abs(flexion_deg - self._level[0]), abs(lateral_deg - self._level[1]))

    def _bout(self) -> tuple[float, float] | None:
        if self._bout_start_s is None or self._settled_until_s is None:
            return None
        return self._bout_start_s, self._settled_until_s

    def _end_bout(self) -> None:
        self._longest = _longer(self._longest, self._bout())
        self._bout_start_s = self._settled_until_s = None


def _longer(a: tuple[float, float] | None, b: tuple[float, float] | None) -> tuple[float, float] | None:
    """The longer of two spans, the first of equal ones."""
    if a is None or b is None:
        return a if b is None else b
    return b if b[1] - b[0] > a[1] - a[0] else a


def _lasted(holds: Mask, before: int) -> Whole:
    """(m,) for how many seconds in a row up to each something holds, with those before."""
    places = np.arange(1, len(holds) + 1)
    broken = np.maximum.accumulate(np.where(holds, -before, places))
    return np.where(holds, places - broken, 0)


def _seconds(frames: _Frames, second: Whole) -> _Seconds:
    """One row per second; a second counts as still when all its frames are."""
    starts = np.flatnonzero(np.concatenate(([True], second[1:] != second[:-1])))
    counts = np.diff(np.append(starts, len(second)))
    blank = np.isnan(frames.flexion_deg)
    return _Seconds(
        second[starts],
        np.add.reduceat(frames.flexion_deg, starts) / counts,
        np.add.reduceat(frames.lateral_deg, starts) / counts,
        np.logical_and.reduceat(_STILL[frames.activity] & ~blank, starts),
        np.logical_or.reduceat((frames.activity == Activity.MOVING) | (frames.activity == Activity.WALKING), starts),
        np.logical_or.reduceat(frames.activity == Activity.LYING, starts),
    )
