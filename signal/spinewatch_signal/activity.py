"""What the wearer does, in exclusive classes, from the trunk angles and the accelerations of one sensor.

The order decides where two rules fit: lying (still) before walking before stooped before moving before upright. Sitting
and standing need evidence that one sensor rarely has: still and upright is `UPRIGHT` until `told_apart` knows more.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.grid import FRAMES_PER_S
from spinewatch_signal.posture import Activity
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Floats

Codes = NDArray[np.uint8]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class ActivityParams:
    """Limits of the classes.

    Args:
        lying_back_deg: flexion below minus this is lying on the back. On 61 labelled recordings a limit of 55° found
            every lying segment at a specificity of 0.997.
        lying_side_deg: lateral bend beyond this, either way, is lying on the side.
        stooped_deg: flexion beyond this is a stoop: a trunk so far forward is held, not lain on.
        prone_deg: flexion from here on may be lying face down.
        prone_after_s: and is, once it has lasted this long; a hold as long as that is an assessment.
        moving_g: RMS of |a| about its usual value over 1 s, in g. Static segments of labelled recordings stay below
            0.041 g (95 %), walking stays above 0.184 g (95 %).
        usual_s: span of the running median that is the usual |a|: a sensor's 3 % scale error cancels.
        sure: probability from which on sitting, or standing, is said.
    """

    lying_back_deg: float = 55.0
    lying_side_deg: float = 55.0
    stooped_deg: float = 55.0
    prone_deg: float = 75.0
    prone_after_s: float = 120.0
    moving_g: float = 0.05
    usual_s: int = 60
    sure: float = 0.8


@dataclass(frozen=True, eq=False, slots=True)
class ActivityInput:
    """Grid rows as the classifier takes them.

    Args:
        k: (m,) grid index.
        flexion_deg, lateral_deg: (m,) trunk angles; NaN where blank.
        acc_n, acc_sum, acc_squares: (m,) count, sum and sum of squares of |a| (m/s²) in the bin ``(k - 1, k]``.
        hidden: (m,) True where the sensor has no angle because it moves; None where that cannot be.
        walking: (m,) True where gait is found; None where it is not looked for.
    """

    k: NDArray[np.int64]
    flexion_deg: Floats
    lateral_deg: Floats
    acc_n: NDArray[np.int64]
    acc_sum: Floats
    acc_squares: Floats
    hidden: Mask | None = None
    walking: Mask | None = None


@dataclass(slots=True)
class _Bins:
    """The newest second of bins, which the next call looks back on."""

    k: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    n: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    total: Floats = field(default_factory=lambda: np.empty(0))
    squares: Floats = field(default_factory=lambda: np.empty(0))

    def followed_by(self, new: ActivityInput) -> _Bins:
        """These bins, then the new ones."""
        return _Bins(
            np.concatenate((self.k, new.k)),
            np.concatenate((self.n, new.acc_n)),
            np.concatenate((self.total, new.acc_sum)),
            np.concatenate((self.squares, new.acc_squares)),
        )

    def newest(self) -> _Bins:
        """What is less than a second before the newest bin, with the rest of the second that this bin began in."""
        first = int(np.searchsorted(self.k, self.k[-1] - FRAMES_PER_S, side="right"))
        return _Bins(
            self.k[first:].copy(), self.n[first:].copy(), self.total[first:].copy(), self.squares[first:].copy()
        )


class RunningMedian:
    """Median of the one-second means of |a| over the last `span_s` whole seconds.

    The mean of a second and not each sample: in gait |a| swings about 1 g several times a second, so a second's mean
    stays near the sensor's own 1 g, and a minute is sixty numbers.
    """

    def __init__(self, span_s: int) -> None:
        self.span_s = span_s
        self._seconds: deque[tuple[int, float]] = deque()
        self._ordered: list[float] = []

    def before(self, second: int) -> float:
        """Median of the seconds before `second`; NaN without any. Older ones than the span are forgotten."""
        while self._seconds and self._seconds[0][0] < second - self.span_s:
            _, old = self._seconds.popleft()
            del self._ordered[bisect_left(self._ordered, old)]
        n = len(self._ordered)
        if n == 0:
            return float("nan")
        return (self._ordered[(n - 1) // 2] + self._ordered[n // 2]) / 2

    def add(self, second: int, mean: float) -> None:
        """The mean of one whole second, later than all before."""
        self._seconds.append((second, mean))
        insort(self._ordered, mean)


class ActivityClassifier:
    """Grid rows in, one class per row out; causal, and the same for any chunking."""

    def __init__(self, params: ActivityParams | None = None) -> None:
        self.params = params or ActivityParams()
        self._bins = _Bins()
        self._usual = RunningMedian(self.params.usual_s)
        self._second: int | None = None
        self._forward_since: int | None = None
        self._last_k: int | None = None

    def update(self, rows: ActivityInput) -> Codes:
        """Codes of `Activity`, (m,), for rows later than all before."""
        if len(rows.k) == 0:
            return np.empty(0, np.uint8)
        p = self.params
        moving = self._moving(rows)
        side = np.abs(rows.lateral_deg) > p.lying_side_deg
        prone = self._prone(rows.k, rows.flexion_deg >= p.prone_deg)
        lying = (rows.flexion_deg < -p.lying_back_deg) | side | prone
        stooped = (rows.flexion_deg > p.stooped_deg) & ~side
        blank = np.isnan(rows.lateral_deg)
        hidden = np.zeros(len(rows.k), np.bool_) if rows.hidden is None else rows.hidden
        walking = np.zeros(len(rows.k), np.bool_) if rows.walking is None else rows.walking & ~lying
        codes = np.select(
            [hidden & ~walking, blank & ~walking, lying & ~moving, walking, stooped & ~prone, moving],
            [
                Activity.MOVING,
                Activity.UNKNOWN,
                Activity.LYING,
                Activity.WALKING,
                Activity.STOOPED,
                Activity.MOVING,
            ],
            Activity.UPRIGHT,
        )
        return codes.astype(np.uint8)

    def _moving(self, rows: ActivityInput) -> Mask:
        bins = self._bins.followed_by(rows)
        first = len(bins.k) - len(rows.k)
        n, total, squares = _last_second(bins, first)
        usual = self._usual_acc(bins, first)
        usual = np.where(np.isnan(usual), total / np.maximum(n, 1), usual)
        variance = (squares - 2 * usual * total) / np.maximum(n, 1) + usual * usual
        self._bins = bins.newest()
        return (n > 0) & (variance > (self.params.moving_g * STANDARD_GRAVITY_M_S2) ** 2)

    def _usual_acc(self, bins: _Bins, first: int) -> Floats:
        """Running median of |a| for the rows from `first` on: that of the whole seconds before each row's own."""
        second = (bins.k - 1) // FRAMES_PER_S
        starts = np.flatnonzero(np.concatenate(([True], second[1:] != second[:-1])))
        counts = np.add.reduceat(bins.n, starts)
        means = np.add.reduceat(bins.total, starts) / np.maximum(counts, 1)
        usual = np.empty(len(starts))
        for i, (s, mean, count) in enumerate(
            zip(second[starts].tolist(), means.tolist(), counts.tolist(), strict=True)
        ):
            usual[i] = self._usual.before(s)
            is_whole = i + 1 < len(starts)
            if is_whole and count > 0 and (self._second is None or s > self._second):
                self._usual.add(s, mean)
                self._second = s
        widths = np.diff(np.append(starts, len(second)))
        return np.repeat(usual, widths)[first:]

    def _prone(self, k: NDArray[np.int64], forward: Mask) -> Mask:
        """Where the trunk has been this far forward for long enough, without a gap."""
        starts = np.empty(len(k), bool)
        starts[1:] = ~forward[:-1] | (np.diff(k) > 1)
        known = self._last_k is not None and self._forward_since is not None and k[0] == self._last_k + 1
        starts[0] = not known
        carried = self._forward_since if known and self._forward_since is not None else int(k[0])
        since = np.maximum.accumulate(np.where(starts, k, carried))
        self._last_k = int(k[-1])
        self._forward_since = int(since[-1]) if forward[-1] else None
        enough: Mask = forward & (k - since >= round(self.params.prone_after_s * FRAMES_PER_S))
        return enough


def told_apart(codes: Codes, sitting_probability: Floats, params: ActivityParams | None = None) -> Codes:
    """The same codes with `UPRIGHT` as `SITTING` or `STANDING` where the probability (NaN: unknown) is clear."""
    sure = (params or ActivityParams()).sure
    upright = codes == Activity.UPRIGHT
    told = codes.copy()
    told[upright & (sitting_probability >= sure)] = Activity.SITTING
    told[upright & (sitting_probability <= 1 - sure)] = Activity.STANDING
    return told


def _last_second(bins: _Bins, first: int) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Sums over the second that ends with each row from `first` on; bins that are not there add nothing."""
    size = len(bins.k) - first
    n, total, squares = np.zeros(size, np.int64), np.zeros(size), np.zeros(size)
    for back in range(FRAMES_PER_S):
        # Ten rows back is a second only where no gap lies between.
        lo = max(0, back - first)
        if lo >= size:
            break
        now, then = slice(first + lo, None), slice(first + lo - back, len(bins.k) - back)
        near = bins.k[now] - bins.k[then] < FRAMES_PER_S
        n[lo:] += np.where(near, bins.n[then], 0)
        total[lo:] += np.where(near, bins.total[then], 0.0)
        squares[lo:] += np.where(near, bins.squares[then], 0.0)
    return n, total, squares
