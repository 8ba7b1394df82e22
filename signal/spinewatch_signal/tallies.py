"""What adds up frame by frame in constant memory: distributions, spells, entries into a zone. Whole numbers only.

Everything is counted in frames, so that a live day, a replay and a whole file give the same figures in any pieces.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.samples import Floats

Mask = NDArray[np.bool_]
Whole = NDArray[np.int64]

PERCENTS = (5, 10, 50, 90, 95, 99)

_OUTSIDE, _INSIDE, _UNSEEN = range(3)


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Distribution of an angle (degrees) or an angular speed (°/s)."""

    p5: float
    p10: float
    p50: float
    p90: float
    p95: float
    p99: float
    max: float

    @property
    def range(self) -> float:
        """P90 minus P10: how much the value varies."""
        return round(self.p90 - self.p10, 2)


class Histogram:
    """Distribution of a quantity in bins of equal width: percentiles of a day of any length in a few thousand numbers.

    Args:
        low: left edge of the first bin.
        per_unit: bins in one unit.
        bins: how many; what lies outside counts in the first or the last.
    """

    def __init__(self, low: float, per_unit: int, bins: int) -> None:
        self.counts: Whole = np.zeros(bins, np.int64)
        self._low, self._per_unit = low, per_unit
        self._max = float("-inf")

    @property
    def frames(self) -> int:
        """How many values were taken."""
        return int(self.counts.sum())

    def add(self, values: Floats) -> None:
        """Take values, (m,); none may be NaN."""
        if len(values) == 0:
            return
        bins = np.floor((values - self._low) * self._per_unit).astype(np.int64)
        n = len(self.counts)
        self.counts += np.bincount(np.clip(bins, 0, n - 1), minlength=n)
        self._max = max(self._max, float(values.max()))

    def percentiles(self) -> Percentiles | None:
        """Centre of the bin of each percentile: right to half a bin, never above the largest; None while empty."""
        total = np.cumsum(self.counts)
        if total[-1] == 0:
            return None
        ranks = np.array(PERCENTS) / 100 * (total[-1] - 1)
        centres = (np.searchsorted(total, ranks, side="right") + 0.5) / self._per_unit + self._low
        p5, p10, p50, p90, p95, p99 = (round(min(float(c), self._max), 2) for c in centres)
        return Percentiles(p5, p10, p50, p90, p95, p99, self._max)


class AngleHistogram(Histogram):
    """Distribution of an angle within ±180° in bins of 0.1°."""

    def __init__(self) -> None:
        super().__init__(-180.0, 10, 3600)


class SpeedHistogram(Histogram):
    """Distribution of an angular speed from 0 to 1800 °/s (half a turn between two frames) in bins of 0.5 °/s."""

    def __init__(self) -> None:
        super().__init__(0.0, 2, 3600)


@dataclass(slots=True)
class Spells:
    """Frames beyond one limit: how many, in how many spells, and the longest; a spell ends at a gap."""

    frames: int = 0
    count: int = 0
    longest_frames: int = 0
    _open_frames: int = field(default=0, repr=False)

    def add(self, beyond: Mask, after_gap: Mask) -> None:
        """Take frames: `beyond` the limit or not, and the first `after_gap` or not; both (m,), m > 0."""
        starts = run_starts(beyond, after_gap)
        lengths = np.diff(np.append(starts, len(beyond)))
        is_spell = beyond[starts]
        goes_on = bool(is_spell[0]) and self._open_frames > 0 and not after_gap[0]
        self.count += int(is_spell.sum()) - goes_on
        self.frames += int(lengths[is_spell].sum())
        lengths[0] += self._open_frames if goes_on else 0
        self.longest_frames = max(self.longest_frames, int(lengths[is_spell].max(initial=0)))
        self._open_frames = int(lengths[-1]) if is_spell[-1] else 0


class Entries:
    """Where a value enters a zone: it reaches `on` after it was seen below `off`, without a gap in between."""

    def __init__(self, on: float, off: float) -> None:
        self.on, self.off = on, off
        self._state = _UNSEEN

    def find(self, values: Floats, after_gap: Mask) -> Whole:
        """Indices of the frames at which the zone is entered.

        Args:
            values: (m,) NaN where blank, which ends what goes on like a gap does.
            after_gap: (m,) whether a gap lies before the frame.
        """
        if len(values) == 0:
            return np.empty(0, np.int64)
        known = np.full(len(values), -1, np.int8)
        known[values >= self.on] = _INSIDE
        known[after_gap] = _UNSEEN
        known[values < self.off] = _OUTSIDE
        known[np.isnan(values)] = _UNSEEN
        at = np.maximum.accumulate(np.where(known >= 0, np.arange(len(values)), -1))
        state = np.where(at >= 0, known[at], self._state)
        before = np.concatenate(([self._state], state[:-1]))
        self._state = int(state[-1])
        return np.flatnonzero((state == _INSIDE) & (before == _OUTSIDE))


def run_starts(codes: NDArray[np.generic], after_gap: Mask) -> Whole:
    """Indices at which a run of equal codes begins; a gap begins a new one.

    Args:
        codes: (m,) m > 0.
        after_gap: (m,) whether a gap lies before the frame.
    """
    return np.flatnonzero(np.concatenate(([True], (codes[1:] != codes[:-1]) | after_gap[1:])))
