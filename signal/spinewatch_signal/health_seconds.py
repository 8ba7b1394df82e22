"""What the watch over the sensors looks at: whole seconds, summed from the rows of the grid.

A slip, or a sensor on a desk, shows over seconds and not over tenths. A second is complete once a row of a later one
was seen, so the chunks in which rows come do not matter.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.grid import FRAMES_PER_S, GridRows
from spinewatch_signal.samples import Floats

Mask = NDArray[np.bool_]
Whole = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class SensorRows:
    """What the watch needs of one sensor at each frame.

    Args:
        up: (m, 3) unit vertical in the SENSOR frame; NaN where the sensor has none.
        acc_n, acc_sum, acc_squares, gyr_squares: (m,) as in `GridRows`; zero where the sensor has no samples.
    """

    up: Floats
    acc_n: Whole
    acc_sum: Floats
    acc_squares: Floats
    gyr_squares: Floats

    def __getitem__(self, part: slice) -> SensorRows:
        """The rows of `part`, as views."""
        return SensorRows(*(getattr(self, f.name)[part] for f in fields(self)))


def rows_at(k: Whole, rows: GridRows) -> SensorRows:
    """The rows of a sensor at the grid points `k` (m,) of the frames; empty where it has none there."""
    if len(rows) == len(k) and np.array_equal(rows.k, k):
        return SensorRows(rows.up, rows.acc_n, rows.acc_sum, rows.acc_squares, rows.gyr_squares)
    found = SensorRows(np.full((len(k), 3), np.nan), np.zeros(len(k), np.int64), *(np.zeros((3, len(k)))))
    if len(rows):
        at = np.minimum(np.searchsorted(rows.k, k), len(rows) - 1)
        there = rows.k[at] == k
        for f in fields(SensorRows):
            getattr(found, f.name)[there] = getattr(rows, f.name)[at[there]]
    return found


@dataclass(frozen=True, eq=False, slots=True)
class Seconds:
    """Complete seconds of one sensor; seconds without a frame are left out.

    Args:
        s: (q,) number of the second: the rows of UNIX time ``(s, s + 1]``, as the bins of the grid.
        up: (q, 3) mean vertical in the SENSOR frame, not normalised; NaN where a row of the second has none.
        turned_deg: (q,) how far the vertical turned between the first and the last row of the second, degrees.
        acc_mean, acc_sd: (q,) mean and SD of |a| over all samples, m/s².
        gyr_rms: (q,) RMS of the angular rate over all samples, rad/s.
        walks: (q,) True where every row of the second is walking.
    """

    s: Whole
    up: Floats
    turned_deg: Floats
    acc_mean: Floats
    acc_sd: Floats
    gyr_rms: Floats
    walks: Mask

    def __len__(self) -> int:
        return len(self.s)

    def __getitem__(self, part: slice | Mask | Whole) -> Seconds:
        """The seconds of `part`."""
        return Seconds(*(getattr(self, f.name)[part] for f in fields(self)))


def second_of(k: Whole) -> Whole:
    """(m,) the second in which each grid point lies: ``(s, s + 1]``."""
    return (k - 1) // FRAMES_PER_S


class SecondSums:
    """Rows of one sensor at the frames in, complete seconds out."""

    def __init__(self) -> None:
        self._open: list[tuple[Whole, Mask, SensorRows]] = []
        self._second: int | None = None

    def update(self, k: Whole, walks: Mask, rows: SensorRows) -> Seconds:
        """The seconds that these rows complete.

        Args:
            k: (m,) grid index of the frames, later than all before.
            walks: (m,) whether each is walking.
            rows: (m,) of the one sensor.
        """
        if len(k) == 0:
            return _NO_SECONDS
        newest, open_second = (int(k[-1]) - 1) // FRAMES_PER_S, self._second
        self._open.append((k, walks, rows))
        self._second = newest
        if newest == open_second:
            return _NO_SECONDS
        k, walks, rows = _joined(self._open)
        done = int(np.searchsorted(k, FRAMES_PER_S * newest, side="right"))
        self._open = [(k[done:], walks[done:], rows[done:])]
        return _sums(k[:done], walks[:done], rows[:done])

    def finish(self) -> Seconds:
        """The second that is still open, as it is."""
        last, self._open, self._second = self._open, [], None
        return _sums(*_joined(last)) if last else _NO_SECONDS


def no_seconds() -> Seconds:
    """No seconds."""
    real = np.empty(0)
    return Seconds(np.empty(0, np.int64), np.empty((0, 3)), real, real, real, real, np.empty(0, np.bool_))


_NO_SECONDS = no_seconds()


def _sums(k: Whole, walks: Mask, rows: SensorRows) -> Seconds:
    if len(k) == 0:
        return _NO_SECONDS
    second = second_of(k)
    starts = np.flatnonzero(np.concatenate(([True], second[1:] != second[:-1])))
    ends = np.append(starts[1:], len(second)) - 1
    n = np.maximum(np.add.reduceat(rows.acc_n, starts), 1)
    mean = np.add.reduceat(rows.acc_sum, starts) / n
    variance = np.add.reduceat(rows.acc_squares, starts) / n - mean * mean
    chord = np.sqrt(np.sum((rows.up[ends] - rows.up[starts]) ** 2, axis=1))
    return Seconds(
        second[starts],
        np.add.reduceat(rows.up, starts, axis=0) / (ends - starts + 1)[:, None],
        np.degrees(2 * np.arcsin(np.minimum(chord / 2, 1.0))),
        mean,
        np.sqrt(np.maximum(variance, 0.0)),
        np.sqrt(np.add.reduceat(rows.gyr_squares, starts) / n),
        np.logical_and.reduceat(walks, starts),
    )


def _joined(parts: list[tuple[Whole, Mask, SensorRows]]) -> tuple[Whole, Mask, SensorRows]:
    if len(parts) == 1:
        return parts[0]
    ks, walks, rows = zip(*parts, strict=True)
    columns = (np.concatenate([getattr(part, f.name) for part in rows]) for f in fields(SensorRows))
    return np.concatenate(ks), np.concatenate(walks), SensorRows(*columns)


def angle_deg(a: Floats, b: Floats) -> Floats:
    """Angles between vectors (..., 3) of any length, degrees; NaN where one is."""
    # Written out: numpy's cross product takes ten times as long for a few vectors.
    ax, ay, az, bx, by, bz = (v[..., i] for v in (a, b) for i in range(3))
    cross = np.sqrt((ay * bz - az * by) ** 2 + (az * bx - ax * bz) ** 2 + (ax * by - ay * bx) ** 2)
    angles: Floats = np.degrees(np.arctan2(cross, ax * bx + ay * by + az * bz))
    return angles
