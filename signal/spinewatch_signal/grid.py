"""From the samples of one sensor to the common 10 Hz grid, whatever the chunks they came in.

Every rule after orientation works on grid points at whole multiples of `FRAME_PERIOD_S` of UNIX time. A grid point
gets a value only between two neighbouring samples of one segment that are at most `max_step_s` apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.samples import Floats
from spinewatch_signal.up_vectors import UpBatch, concatenate_ups

FRAMES_PER_S = 10
"""One over `FRAME_PERIOD_S`, as the whole number that grid indices are counted in."""
FINE_PER_FRAME = 5
"""Gait and transitions need more than 10 Hz: steps come at up to 3 Hz, and 50 Hz shows their shape."""


@dataclass(frozen=True)
class GridParams:
    """How samples become grid points.

    Args:
        max_step_s: neighbours further apart than this have no value between them. A filter goes through longer gaps
            where the sensor reads the same on both sides, but how it moved in between nobody saw.
    """

    max_step_s: float = 0.25


@dataclass(frozen=True, eq=False, slots=True)
class GridRows:
    """One sensor on the grid; grid points without a value are left out.

    Args:
        k: (m,) grid index; the time is ``k / FRAMES_PER_S`` UNIX seconds.
        up: (m, 3) unit vertical in the sensor frame.
        sensor_uncertainty_deg: (m,) 95 % half-width of the inclination.
        segment: (m,) number of the orientation segment.
        acc_n: (m,) samples in the bin ``(k - 1, k]``.
        acc_sum: (m,) their sum of |a|, m/s².
        acc_squares: (m,) their sum of |a|², (m/s²)².
        gyr_squares: (m,) their sum of |ω|², (rad/s)².
        acc_up: (m, 5) specific force along the vertical at 50 Hz, m/s²: at the last five whole multiples of 20 ms up to
            the grid point; NaN where no two neighbouring samples enclose that moment.
    """

    k: NDArray[np.int64]
    up: Floats
    sensor_uncertainty_deg: Floats
    segment: NDArray[np.int64]
    acc_n: NDArray[np.int64]
    acc_sum: Floats
    acc_squares: Floats
    gyr_squares: Floats
    acc_up: Floats

    def __len__(self) -> int:
        return len(self.k)

    @property
    def t_s(self) -> Floats:
        """Times of the rows, UNIX seconds."""
        return self.k / FRAMES_PER_S

    @property
    def turn_rate_rad_s(self) -> Floats:
        """(m,) RMS of the angular rate in each row's bin, rad/s; NaN without samples or without a gyroscope."""
        known = (self.acc_n > 0) & (self.gyr_squares > 0)
        rate: Floats = np.sqrt(np.where(known, self.gyr_squares, np.nan) / np.maximum(self.acc_n, 1))
        return rate

    def __getitem__(self, part: slice) -> GridRows:
        """The rows of `part`, as views."""
        return GridRows(*(getattr(self, f.name)[part] for f in fields(self)))


def join_rows(parts: list[GridRows]) -> GridRows:
    """Rows of one sensor joined in time order; at least one part is needed."""
    if len(parts) == 1:
        return parts[0]
    return GridRows(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(GridRows)))


def last_grid_index(t_s: Floats) -> NDArray[np.int64]:
    """Index of the last grid point at or before each time; exact also where ``t_s * 10`` rounds the wrong way."""
    k = np.floor(t_s * FRAMES_PER_S)
    k -= k / FRAMES_PER_S > t_s
    k += (k + 1) / FRAMES_PER_S <= t_s
    return k.astype(np.int64)


def grid_index(t_s: float) -> int:
    """As `last_grid_index`, of one time; far in the past for minus infinity."""
    if t_s == -math.inf:
        return -(2**62)
    k = math.floor(t_s * FRAMES_PER_S)
    k -= k / FRAMES_PER_S > t_s
    return k + ((k + 1) / FRAMES_PER_S <= t_s)


class Resampler:
    """Puts the samples of one sensor on the grid; a grid point comes out once a sample at or after it was seen."""

    def __init__(self, params: GridParams | None = None) -> None:
        self.params = params or GridParams()
        self._waiting: list[UpBatch] = []
        self._passed_k = -(2**62)

    def update(self, batch: UpBatch) -> GridRows:
        """The grid points that these samples complete.

        Args:
            batch: samples of the one sensor, later than all before.
        """
        if len(batch) == 0:
            return empty_rows()
        self._waiting.append(batch)
        if grid_index(float(batch.t_s[-1])) == self._passed_k:
            return empty_rows()
        samples = concatenate_ups(batch.sensor, self._waiting)
        last = last_grid_index(samples.t_s)
        rows = self._rows(samples, last)
        new = int(np.searchsorted(rows.k, self._passed_k, side="right"))
        self._passed_k = int(last[-1])
        self._waiting = [_tail(samples, self._passed_k)]
        return rows[new:] if new else rows

    def _rows(self, s: UpBatch, last: NDArray[np.int64]) -> GridRows:
        """Rows for all grid points that lie between two samples of `s`; only the samples themselves decide."""
        crossed = last[1:] - last[:-1]
        joined = (np.diff(s.t_s) <= self.params.max_step_s) & (s.segment[1:] == s.segment[:-1])
        left = np.flatnonzero((crossed > 0) & joined)
        times = crossed[left]
        # A pair of samples may span up to three grid points: its index is repeated, the grid index counts up.
        nth = np.arange(int(times.sum())) - np.repeat(np.cumsum(times) - times, times)
        left = np.repeat(left, times)
        k = last[left] + 1 + nth
        share = (k / FRAMES_PER_S - s.t_s[left]) / (s.t_s[left + 1] - s.t_s[left])
        up = s.up[left] + share[:, None] * (s.up[left + 1] - s.up[left])
        up /= np.sqrt(np.einsum("ij,ij->i", up, up))[:, None]
        unc = s.sensor_uncertainty_deg
        return GridRows(
            k,
            up,
            unc[left] + share * (unc[left + 1] - unc[left]),
            s.segment[left],
            *_bin_sums(s, last, k),
            _fine(s, k, joined),
        )


def empty_rows() -> GridRows:
    """No rows."""
    whole, real = np.empty(0, np.int64), np.empty(0)
    return GridRows(whole, np.empty((0, 3)), real, whole, whole, real, real, real, np.empty((0, FINE_PER_FRAME)))


def _fine(s: UpBatch, k: NDArray[np.int64], joined: NDArray[np.bool_]) -> Floats:
    """`GridRows.acc_up` of the rows `k`; `joined` (n - 1,) tells which neighbouring samples belong together."""
    per_s = FRAMES_PER_S * FINE_PER_FRAME
    t_s = (FINE_PER_FRAME * (k[:, None] - 1) + np.arange(1, FINE_PER_FRAME + 1)) / per_s
    fine: Floats = np.interp(t_s, s.t_s, s.acc_up, left=np.nan, right=np.nan)
    if not joined.all():
        after = np.clip(np.searchsorted(s.t_s, t_s), 1, len(s.t_s) - 1)
        fine[~joined[after - 1] & (t_s != s.t_s[after])] = np.nan
    return fine


def _bin_sums(
    s: UpBatch, last: NDArray[np.int64], k: NDArray[np.int64]
) -> tuple[NDArray[np.int64], Floats, Floats, Floats]:
    """Of the samples in the bins ``(k - 1, k]``: count, sum and sum of squares of |a|, sum of squares of |ω|."""
    of_bin = last + (last / FRAMES_PER_S < s.t_s)
    starts = np.flatnonzero(np.concatenate(([True], of_bin[1:] != of_bin[:-1])))
    counts = np.diff(np.append(starts, len(of_bin)))
    bins = of_bin[starts]
    at = np.minimum(np.searchsorted(bins, k), len(bins) - 1)
    there = bins[at] == k
    columns = (s.acc_norm, s.acc_norm * s.acc_norm, s.gyr_norm * s.gyr_norm)
    total, squares, gyr_squares = (np.where(there, np.add.reduceat(column, starts)[at], 0.0) for column in columns)
    return np.where(there, counts[at], 0), total, squares, gyr_squares


def _tail(s: UpBatch, last_k: int) -> UpBatch:
    """The samples the next call needs: all of the bin that is not complete, and the one before."""
    first = min(len(s.t_s) - 1, int(np.searchsorted(s.t_s, last_k / FRAMES_PER_S, side="right")) - 1)
    return s[max(0, first) :]
