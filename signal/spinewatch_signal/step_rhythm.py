"""Rhythm and step candidates in the vertical force on the trunk, for `gait.py`.

Walking lifts and drops the trunk once per step, so the vertical force repeats with the step and, where left and right
differ, with the stride (two steps). Both show in its autocorrelation (Moe-Nilssen & Helbostad, J Biomech 2004).
Everything here is a pure function of a stretch of force at `RATE_HZ`, in which NaN marks what was not measured.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Floats

RATE_HZ = 25
"""Steps come at up to 3 Hz; 25 Hz shows them and their first harmonics, at half the cost of the fine grid."""
HALF_WIDTH = 20
"""Samples on either side that a filtered value depends on: filtered values come this much later."""
WINDOW = 100
"""Samples whose rhythm is judged at a time, 4 s: more than three of the slowest steps."""
_LONGEST_LAG = 62
_SEEN = 0.5
"""Share of a filter's weight that must lie on measured samples."""
_SMOOTHED = 0.5
"""A step filter smooths over this share of a step: its double rhythm vanishes, and weak steps in turns still show."""
_BASE = 2.0
"""And takes away the mean over so many times that, a step, which follows slower movement."""
_WIDE_S, _BASE_S = 0.16, 1.6


@dataclass(frozen=True)
class RhythmParams:
    """Which period is the step.

    Args:
        shortest_step_s, longest_step_s: steps come at 0.9 to 3 Hz, from slow gait of patients to running.
        alike: the first period whose autocorrelation is at least this share of the highest is the one that repeats;
            later ones are its multiples.
        half_alike: a period up to `stride_s` is a stride, not a step, where its half repeats at least this well
            against it: left and right steps differ, most for a sensor at the side of the body.
        stride_s: strides seldom take longer than this; one repetition of an exercise for the whole body does.
    """

    shortest_step_s: float = 0.33
    longest_step_s: float = 1.1
    alike: float = 0.85
    half_alike: float = 0.35
    stride_s: float = 1.5


@dataclass(frozen=True, eq=False, slots=True)
class Rhythm:
    """What repeats in windows of `WINDOW` samples.

    Args:
        step_s: (m,) time from step to step if this is walking; NaN without a period.
        regularity: (m,) highest autocorrelation, 0 to 1, at the step, the stride or their multiples.
        strength: (m,) RMS of the band-passed force, m/s².
        share: (m,) power of the force at the frequencies of steps, as a share of that and of slower movement.
    """

    step_s: Floats
    regularity: Floats
    strength: Floats
    share: Floats


@dataclass(frozen=True, eq=False, slots=True)
class Peaks:
    """Local maxima of a filtered force.

    Args:
        at: (p,) where, in samples.
        height: (p,) how high, m/s².
    """

    at: Floats
    height: Floats

    def between(self, low: float, high: float) -> Peaks:
        """Those with ``low <= at < high``, as views."""
        first, last = self.at.searchsorted(low), self.at.searchsorted(high)
        return Peaks(self.at[first:last], self.height[first:last])


class Stretch:
    """Some seconds of force, with what can be read from them.

    Args:
        force: (n,) vertical specific force at `RATE_HZ`, m/s²; NaN where not measured.
        origin: index of the first sample; all positions count from index 0.
    """

    def __init__(self, force: Floats, origin: int) -> None:
        self._hidden = np.isnan(force)
        self._origin = origin
        self._force = np.where(self._hidden, 0.0, force - STANDARD_GRAVITY_M_S2)
        self._seen = (~self._hidden).astype(np.float64) if self._hidden.any() else None
        self._peaks: dict[float, Peaks] = {}

    @cached_property
    def _filtered(self) -> Floats:
        """(n,) band-passed force: all rhythms of gait, and no posture."""
        return self._band(_WIDE_S, _BASE_S)

    def rhythm(self, ends: NDArray[np.int64], params: RhythmParams) -> Rhythm:
        """The rhythm of the windows that end before each of the positions `ends`, (m,)."""
        first = ends - WINDOW - self._origin
        windows = np.nan_to_num(np.lib.stride_tricks.sliding_window_view(self._filtered, WINDOW)[first])
        strength = np.sqrt(np.einsum("ij,ij->i", windows, windows) / WINDOW)
        raw = np.lib.stride_tricks.sliding_window_view(self._force, WINDOW)[first]
        return Rhythm(*_step_period(_autocorrelation(windows), params), strength, _share_of_steps(raw))

    def peaks(self, step_s: float) -> Peaks:
        """Candidates for steps that come every `step_s`."""
        length_s = round(_SMOOTHED * step_s * RATE_HZ / 2) * 2 / RATE_HZ
        if length_s not in self._peaks:
            found = _maxima(self._band(length_s, length_s * _BASE))
            self._peaks[length_s] = Peaks(found.at + self._origin, found.height)
        return self._peaks[length_s]

    @cached_property
    def _holes(self) -> tuple[list[int], list[int]]:
        """Where runs of samples that were not measured begin, and end."""
        edges = self._origin + np.flatnonzero(np.diff(self._hidden, prepend=False, append=False))
        return edges[::2].tolist(), edges[1::2].tolist()

    def longest_hole(self, start: float, end: float) -> int:
        """Samples of the longest run between two positions in which nothing was measured."""
        begins, ends = self._holes
        if not begins:
            return 0
        inside = slice(bisect_right(ends, int(start)), bisect_right(begins, int(end)))
        runs = zip(begins[inside], ends[inside], strict=True)
        return max((min(last, int(end) + 1) - max(first, int(start)) for first, last in runs), default=0)

    def _band(self, length_s: float, base_s: float) -> Floats:
        """(n,) the force smoothed over `length_s` less its mean over `base_s`."""
        return self._smoothed(_hann(length_s)) - self._smoothed(_hann(base_s))

    def _smoothed(self, weights: Floats) -> Floats:
        """(n,) weighted mean of what was measured about each sample; NaN where that is too little."""
        total: Floats = np.convolve(self._force, weights, "same")
        if self._seen is None:
            return total
        share = np.convolve(self._seen, weights, "same")
        return np.where(share > _SEEN, total / np.maximum(share, _SEEN), np.nan)


@cache
def _hann(length_s: float) -> Floats:
    """Weights of a smoothing filter of about this length; odd in number, of sum 1."""
    weights: Floats = np.hanning((round(length_s * RATE_HZ) | 1) + 2)[1:-1]
    weights /= weights.sum()
    return weights


def _share_of_steps(windows: Floats) -> Floats:
    """(m,) power at 0.9 to 3.2 Hz over that at 0.2 to 3.2 Hz, of windows of unfiltered force."""
    centred = windows - windows.mean(axis=1, keepdims=True)
    spectrum = scipy.fft.rfft(centred * np.hanning(WINDOW), 2 * WINDOW, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    frequency = np.arange(power.shape[1]) * RATE_HZ / (2 * WINDOW)
    steps = power[:, (frequency > 0.9) & (frequency < 3.2)].sum(axis=1)
    slow = power[:, (frequency > 0.2) & (frequency < 0.8)].sum(axis=1)
    share: Floats = steps / np.maximum(steps + slow, 1e-9)
    return share


def _autocorrelation(windows: Floats) -> Floats:
    """(m, lags) product of the parts that overlap at each lag, over the size of these parts."""
    size = scipy.fft.next_fast_len(WINDOW + _LONGEST_LAG + 1, real=True)
    spectrum = scipy.fft.rfft(windows, size, axis=1)
    products = scipy.fft.irfft(spectrum.real**2 + spectrum.imag**2, size, axis=1)[:, : _LONGEST_LAG + 1]
    energy = np.cumsum(np.pad(windows * windows, ((0, 0), (1, 0))), axis=1)
    lags = np.arange(_LONGEST_LAG + 1)
    overlap = energy[:, WINDOW - lags] * (energy[:, -1:] - energy[:, lags])
    r: Floats = products / np.sqrt(np.maximum(overlap, 1e-9))
    return r


def _step_period(r: Floats, params: RhythmParams) -> tuple[Floats, Floats]:
    """Step period in s and regularity, each (m,), of rows of autocorrelations."""
    rows, lags = np.arange(len(r)), np.arange(1, r.shape[1] - 1)
    inner = r[:, 1:-1]
    is_top = (inner >= r[:, :-2]) & (inner > r[:, 2:]) & (lags >= int(params.shortest_step_s * RATE_HZ))
    heights = np.where(is_top, np.maximum(inner, 0.0), 0.0)
    regularity = heights.max(axis=1)
    first = np.argmax(heights >= params.alike * np.maximum(regularity, 1e-9)[:, None], axis=1)
    period = lags[first] + _top(r, rows, lags[first])
    is_half = np.abs(lags / period[:, None] - 0.5) < 0.09
    halves = np.where(is_half, heights, 0.0)
    half = np.argmax(halves, axis=1)
    is_stride = (period <= params.stride_s * RATE_HZ) & (halves[rows, half] >= params.half_alike * heights[rows, first])
    step = np.where(is_stride, lags[half] + _top(r, rows, lags[half]), period) / RATE_HZ
    possible = (regularity > 0) & (step >= params.shortest_step_s) & (step <= params.longest_step_s)
    return np.where(possible, step, np.nan), regularity


def _maxima(filtered: Floats) -> Peaks:
    """The local maxima above 0, placed between the samples by a parabola."""
    middle = filtered[1:-1]
    at = 1 + np.flatnonzero((middle > filtered[:-2]) & (middle >= filtered[2:]) & (middle > 0))
    offset = _top(filtered[None], np.zeros(len(at), np.int64), at)
    return Peaks(at + offset, filtered[at])


def _top(rows: Floats, row: NDArray[np.int64], at: NDArray[np.int64]) -> Floats:
    """How far from each value the parabola through it and its neighbours has its top, -0.5 to 0.5."""
    before, middle, after = rows[row, at - 1], rows[row, at], rows[row, at + 1]
    bend = np.minimum(before - 2 * middle + after, -1e-12)
    return np.clip(0.5 * (before - after) / bend, -0.5, 0.5)
