"""Gross gyro bias at rest, found before the orientation filter sees a rate.

Real sensors had offsets of 12-69 °/s; vqf clips its own estimate at 2 °/s and then turns over. Rest is told by how
little the signals vary, never by how small they are. What is left below `BiasParams.leave_rad_s` is vqf's to follow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.samples import Floats


@dataclass(frozen=True, slots=True)
class BiasParams:
    """What counts as rest, and when an offset is gross.

    Args:
        block_s: rest is judged in blocks of this length.
        window_s: rest must last this long to give an offset.
        gyr_sd_deg_s, acc_sd: largest SD (root sum of the axes' variances) inside a block at rest, °/s and m/s².
        agree_deg_s: blocks of one rest agree within this.
        turn_deg_s: largest turn of the accelerometer's direction during a rest: a slow bend is not an offset.
        leave_deg_s: an offset below this on every axis is left to vqf, which follows up to 2 °/s by itself: it weighs
            rest and motion better than a mean does.
        follow_deg_s: vqf's own limit; an offset that was further off than this has spoilt the orientation.
        sigma_deg_s, seeded_sigma_deg_s: SD of the offset that vqf starts with: its default, and after an offset taken
            from half a second in which the wearer sways.
        known_sigma_deg_s: the causal filter knows its offset once it is this sure of it (some seconds of rest).
        rest_sigma_deg_s: and trusts rest this far from then on. With vqf's own 0.03 °/s it goes on to take the turning
            of a slouch that creeps in for an offset, and lags by up to 4 s (1-2° at the threshold); with 0.1 by less
            than half of that, and fast motion is followed as well as before (mean over 10 BROAD trials 0.69° both).
        again_s: a second correction needs this much rest: a steady swivel of the chair looks like an offset.
        implausible_deg_s: without rest, a mean rate beyond this that the accelerometer does not confirm refuses the
            data: nobody turns steadily that fast.
    """

    block_s: float = 0.5
    window_s: float = 1.5
    gyr_sd_deg_s: float = 2.0
    acc_sd: float = 0.2
    agree_deg_s: float = 0.5
    turn_deg_s: float = 0.3
    leave_deg_s: float = 1.5
    follow_deg_s: float = 2.0
    sigma_deg_s: float = 0.5
    seeded_sigma_deg_s: float = 2.0
    known_sigma_deg_s: float = 0.05
    rest_sigma_deg_s: float = 0.1
    again_s: float = 3.0
    implausible_deg_s: float = 10.0


@dataclass(frozen=True, eq=False, slots=True)
class Blocks:
    """Blocks of equal length: mean rate, mean direction, and whether each is still.

    Args:
        gyr_mean: (k, 3) rad/s.
        acc_mean: (k, 3) m/s².
        still: (k,) bool.
    """

    gyr_mean: Floats
    acc_mean: Floats
    still: np.ndarray


NO_BLOCKS = Blocks(np.empty((0, 3)), np.empty((0, 3)), np.empty(0, bool))


def judge_blocks(gyr: Floats, acc: Floats, n_block: int, params: BiasParams) -> Blocks:
    """Judge whole blocks of `n_block` samples; a remainder at the end is left out."""
    gyr_mean, gyr_var = _moments(gyr, n_block)
    acc_mean, acc_var = _moments(acc, n_block)
    still = (gyr_var < np.radians(params.gyr_sd_deg_s) ** 2) & (acc_var < params.acc_sd**2)
    return Blocks(gyr_mean, acc_mean, still)


def _moments(rows: Floats, n: int) -> tuple[Floats, Floats]:
    """(k, 3) means and (k,) summed variances of blocks of `n` rows.

    By sums of squares: 15 times faster than by deviations, and 1e-13 is nothing beside the limits of rest.
    """
    k = len(rows) // n
    blocks = rows[: k * n].reshape(k, n, 3)
    flat = blocks.reshape(k, 3 * n)
    mean = np.matmul(np.full(n, 1 / n), blocks)
    return mean, np.einsum("ij,ij->i", flat, flat) / n - np.einsum("ij,ij->i", mean, mean)


def rest_windows(blocks: Blocks, n_window: int, params: BiasParams) -> Floats:
    """Mean rates of all windows of `n_window` still blocks that agree among themselves.

    Returns:
        (m, 3) rad/s, one row for each window (windows may overlap).
    """
    k = len(blocks.still) - n_window + 1
    if k <= 0:
        return np.empty((0, 3))
    still = np.logical_and.reduce([blocks.still[i : i + k] for i in range(n_window)])
    first = np.flatnonzero(still)
    rates = np.stack([blocks.gyr_mean[first + i] for i in range(n_window)])
    spread = np.ptp(rates, axis=0).max(axis=1, initial=0.0)
    turn = turn_rad(blocks.acc_mean[first], blocks.acc_mean[first + n_window - 1])
    lasted_s = (n_window - 1) * params.block_s
    fine = (spread < np.radians(params.agree_deg_s)) & (turn <= np.radians(params.turn_deg_s) * lasted_s)
    means: Floats = rates[:, fine].mean(axis=0)
    return means


def turn_rad(first: Floats, second: Floats) -> Floats:
    """(m,) angles between the rows of two (m, 3) arrays."""
    (a, b, c), (x, y, z) = first.T, second.T  # numpy's cross product takes 20 times as long for a few rows
    cross = np.sqrt((b * z - c * y) ** 2 + (c * x - a * z) ** 2 + (a * y - b * x) ** 2)
    return np.asarray(np.arctan2(cross, a * x + b * y + c * z))


def exceeds(offset_rad_s: Floats, limit_deg_s: float) -> bool:
    """Whether an offset (3,) is beyond a limit on any axis (vqf limits its estimate axis by axis)."""
    return bool(np.max(np.abs(offset_rad_s)) > np.radians(limit_deg_s))


def unconfirmed_rad_s(gyr: Floats, acc: Floats, lasted_s: float) -> Floats:
    """Mean rate about horizontal axes of which the accelerometer shows nothing.

    Args:
        gyr: (n, 3) rad/s, consecutive samples.
        acc: (n, 3) m/s².
        lasted_s: their time.

    Returns:
        (3,) rad/s; zero when the accelerometer's direction turned by at least half of what the mean rate claims.
    """
    rate, down = gyr.mean(axis=0), acc.mean(axis=0)
    level: Floats = rate - down * (rate @ down) / (down @ down) if down.any() else rate
    quarter = max(1, len(acc) // 4)
    turned = turn_rad(acc[:quarter].mean(axis=0)[None], acc[-quarter:].mean(axis=0)[None])[0]
    claimed = float(np.linalg.norm(level)) * lasted_s * 0.75
    return level if turned < 0.5 * claimed else np.zeros(3)


@dataclass(frozen=True, eq=False, slots=True)
class Rests:
    """Rests that have lasted long enough to tell the offset, one for each still block that finds the wearer at rest.

    Args:
        ends: (k,) samples of the push up to the end of each.
        rate_rad_s: (k, 3) mean rates, the offset.
        lasted_s: (k,) for how long, s (at most `BiasParams.again_s`).
        acc_norm: (k,) length of the mean specific force over the last block, m/s².
        gyr, acc: (m, 3) samples, among which `block` finds those of one rest.
        ahead: how many of them came before the push.
        n_block: samples of a block.
    """

    ends: NDArray[np.int64]
    rate_rad_s: Floats
    lasted_s: Floats
    acc_norm: Floats
    gyr: Floats
    acc: Floats
    ahead: int
    n_block: int

    def __len__(self) -> int:
        return len(self.ends)

    def block(self, i: int) -> tuple[Floats, Floats]:
        """(n, 3) rates and specific forces of the last block of rest `i`."""
        end = int(self.ends[i]) + self.ahead
        return self.gyr[end - self.n_block : end].copy(), self.acc[end - self.n_block : end].copy()


class RestFinder:
    """Finds rest as samples arrive; its blocks are counted from its first sample, so chunks do not matter.

    Attributes:
        newest: the blocks that the last push completed.
    """

    def __init__(self, period_s: float, params: BiasParams) -> None:
        self._params = params
        self._n_block = max(2, round(params.block_s / period_s))
        self._n_window = max(2, round(params.window_s / params.block_s))
        self._most = max(self._n_window, round(params.again_s / params.block_s))
        self._gyr = np.empty((0, 3))
        self._acc = np.empty((0, 3))
        self._recent = self.newest = NO_BLOCKS

    def push(self, gyr: Floats, acc: Floats) -> Rests:
        """Take samples (n, 3); give the rests that end among them."""
        ahead, n = len(self._gyr), self._n_block
        if ahead:
            gyr, acc = np.concatenate([self._gyr, gyr]), np.concatenate([self._acc, acc])
        done = len(gyr) // n * n
        self._gyr, self._acc = gyr[done:].copy(), acc[done:].copy()
        self.newest = NO_BLOCKS
        if done == 0:
            return Rests(_NO_ENDS, _NO_RATES, _NONE, _NONE, gyr, acc, ahead, n)
        old, new = self._recent, judge_blocks(gyr, acc, n, self._params)
        self.newest = new
        known = Blocks(
            np.concatenate([old.gyr_mean, new.gyr_mean]),
            np.concatenate([old.acc_mean, new.acc_mean]),
            np.concatenate([old.still, new.still]),
        )
        keep = slice(max(0, len(known.still) - self._most + 1), None)
        self._recent = Blocks(known.gyr_mean[keep], known.acc_mean[keep], known.still[keep])
        last, rate, blocks = self._longest(known, len(old.still))
        norm = np.sqrt(np.einsum("ij,ij->i", known.acc_mean[last], known.acc_mean[last]))
        ends = (last - len(old.still) + 1) * n - ahead
        return Rests(ends, rate, blocks * self._params.block_s, norm, gyr, acc, ahead, n)

    def _longest(self, known: Blocks, first: int) -> tuple[NDArray[np.int64], Floats, Floats]:
        """The blocks from `first` on with which a rest ends, its mean rate, and of how many blocks at most."""
        p, places = self._params, np.arange(len(known.still))
        lasted = places - np.maximum.accumulate(np.where(known.still, -1, places))
        last = first + np.flatnonzero(lasted[first:] >= self._n_window)
        if len(last) == 0:
            return _NO_ENDS, _NO_RATES, _NONE
        low = high = total = known.gyr_mean[last]
        longest, rate = np.zeros(len(last)), np.empty((len(last), 3))
        for n in range(2, self._most + 1):
            before = np.maximum(last - n + 1, 0)  # where there are not so many, `lasted` says so
            more = known.gyr_mean[before]
            low, high, total = np.minimum(low, more), np.maximum(high, more), total + more
            if n >= self._n_window:
                fine = (lasted[last] >= n) & ((high - low).max(axis=1) < np.radians(p.agree_deg_s))
                turn = turn_rad(known.acc_mean[before], known.acc_mean[last])
                fine &= turn <= np.radians(p.turn_deg_s) * (n - 1) * p.block_s
                longest[fine], rate[fine] = n, total[fine] / n
        found = longest > 0
        return last[found], rate[found], longest[found]


_NO_ENDS, _NO_RATES, _NONE = np.empty(0, np.int64), np.empty((0, 3)), np.empty(0)
