"""What the wearer does, in exclusive classes, from the trunk angles and the accelerations of one sensor.

The order decides where two rules fit: lying (still) before walking before stooped before moving before upright. Sitting
and standing need evidence that one sensor rarely has: still and upright is `UPRIGHT` until `told_apart` knows more.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.grid import FRAMES_PER_S
from spinewatch_signal.posture import Activity
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Floats, Site

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
        prone_after_s: and is, once it has lasted this long; a shorter hold is an assessment.
        prone_pelvis_s: the same for a sensor on the pelvis, which does not lean so far with the feet on the ground.
        moving_g: SD of |a| within 1 s, in g. In labelled recordings 95 % of the static seconds stay below 0.022 g, 99 %
            of those of walking and stairs are above 0.15 g. About its own mean, because the sensor's scale and offset
            must not matter, which differ by axis and so change with posture.
        sure: probability from which on sitting, or standing, is said.
    """

    lying_back_deg: float = 55.0
    lying_side_deg: float = 55.0
    stooped_deg: float = 55.0
    prone_deg: float = 75.0
    prone_after_s: float = 120.0
    prone_pelvis_s: float = 5.0
    moving_g: float = 0.05
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
        """What is less than a second before the newest bin."""
        first = int(np.searchsorted(self.k, self.k[-1] - FRAMES_PER_S, side="right"))
        return _Bins(
            self.k[first:].copy(), self.n[first:].copy(), self.total[first:].copy(), self.squares[first:].copy()
        )


class ActivityClassifier:
    """Grid rows in, one class per row out; causal, and the same for any chunking.

    Args:
        params: limits.
        site: where the sensor sits.
    """

    def __init__(self, params: ActivityParams | None = None, site: Site = Site.UPPER_BACK) -> None:
        self.params = params or ActivityParams()
        self.site = site
        self._bins = _Bins()
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
        mean = total / np.maximum(n, 1)
        variance = squares / np.maximum(n, 1) - mean * mean
        self._bins = bins.newest()
        return (n > 0) & (variance > (self.params.moving_g * STANDARD_GRAVITY_M_S2) ** 2)

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
        after_s = self.params.prone_pelvis_s if self.site is Site.PELVIS else self.params.prone_after_s
        enough: Mask = forward & (k - since >= round(after_s * FRAMES_PER_S))
        return enough


def told_apart(codes: Codes, sitting_probability: Floats, params: ActivityParams | None = None) -> Codes:
    """The same codes with `UPRIGHT` as `SITTING` or `STANDING` where the probability (NaN: unknown) is clear."""
    sure = (params or ActivityParams()).sure
    upright = codes == Activity.UPRIGHT
    told = codes.copy()
    told[upright & (sitting_probability >= sure)] = Activity.SITTING
    told[upright & (1 - sitting_probability >= sure)] = Activity.STANDING
    return told


def _last_second(bins: _Bins, first: int) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Sums over the second that ends with each row from `first` on; bins that are not there add nothing."""
    starts = np.searchsorted(bins.k, bins.k[first:] - FRAMES_PER_S, side="right")
    # Pairs of beginning and end: every other sum is that of a second, those between are of no use.
    pairs = np.column_stack((starts, np.arange(first, len(bins.k)) + 1)).ravel()
    n, total, squares = (
        np.add.reduceat(np.append(column, 0), pairs)[::2] for column in (bins.n, bins.total, bins.squares)
    )
    return n, total, squares
