"""Grid rows of one sensor on their way from one step to the next, in time order."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.grid import FRAMES_PER_S, GridRows, empty_rows, join_rows
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Floats
from spinewatch_signal.up_vectors import UpBatch, concatenate_ups


class RowQueue:
    """Rows in, the same rows out up to any grid point: live, a few; see `CompactRowQueue` for hours of them."""

    def __init__(self) -> None:
        self._waiting: deque[GridRows] = deque()

    def push(self, rows: GridRows) -> None:
        """Append rows later than all before."""
        if len(rows):
            self._waiting.append(rows)

    def up_to(self, k: int) -> GridRows:
        """Take out the rows up to grid index `k`."""
        parts = []
        while self._waiting and self._waiting[0].k[0] <= k:
            rows = self._waiting.popleft()
            n = int(np.searchsorted(rows.k, k, side="right"))
            parts.append(rows[:n])
            if n < len(rows):
                self._waiting.appendleft(rows[n:])
        return join_rows(parts) if parts else empty_rows()


@dataclass(frozen=True, eq=False, slots=True)
class _Packed:
    """Rows in two fifths of their memory.

    A vertical as float32 is exact to 0.00001°, sums to a millionth. The vertical force is kept as what it differs from
    1 g, as float16: exact to 0.05 % of the acceleration, which is below any sensor's noise.
    """

    k: NDArray[np.int64]
    up: NDArray[np.float32]
    unsure: NDArray[np.float16]
    segment: NDArray[np.int32]
    acc_n: NDArray[np.uint16]
    sums: NDArray[np.float32]
    acc_up: NDArray[np.float16]

    @classmethod
    def of(cls, rows: GridRows) -> _Packed:
        sums = np.stack((rows.acc_sum, rows.acc_squares, rows.gyr_squares)).astype(np.float32)
        return cls(
            rows.k.copy(),
            rows.up.astype(np.float32),
            rows.sensor_uncertainty_deg.astype(np.float16),
            rows.segment.astype(np.int32),
            rows.acc_n.astype(np.uint16),
            sums,
            (rows.acc_up - STANDARD_GRAVITY_M_S2).astype(np.float16),
        )

    def rows(self) -> GridRows:
        acc_sum, acc_squares, gyr_squares = self.sums.astype(np.float64)
        acc_up = self.acc_up.astype(np.float64)
        acc_up += STANDARD_GRAVITY_M_S2
        return GridRows(
            self.k,
            self.up.astype(np.float64),
            self.unsure.astype(np.float64),
            self.segment.astype(np.int64),
            self.acc_n.astype(np.int64),
            acc_sum,
            acc_squares,
            gyr_squares,
            acc_up,
        )


class CompactRowQueue:
    """As `RowQueue`, for the rows of a whole recording: 50 bytes each, and freed as they are taken out."""

    def __init__(self) -> None:
        self._packed: deque[_Packed] = deque()
        self._opened = RowQueue()
        self._n = 0

    def __len__(self) -> int:
        return self._n

    def push(self, rows: GridRows) -> None:
        """Append rows later than all before."""
        if len(rows):
            self._packed.append(_Packed.of(rows))
            self._n += len(rows)

    def pop(self) -> GridRows:
        """Take out the oldest rows, as many as were put in at once; none when the queue is empty."""
        if not self._packed:
            return empty_rows()
        rows = self._packed.popleft().rows()
        self._n -= len(rows)
        return rows

    def up_to(self, k: int) -> GridRows:
        """Take out the rows up to grid index `k`."""
        while self._packed and self._packed[0].k[0] <= k:
            self._opened.push(self.pop())
        return self._opened.up_to(k)

    def ups(self, sensor: str, most: int) -> UpBatch:
        """Verticals of the first `most` rows that have one, at the grid points; nothing is taken out."""
        parts: list[UpBatch] = []
        for packed in self._packed:
            if most > 0:
                parts.append(ups_of(sensor, packed.rows()[:most]).known())
                most -= len(parts[-1])
        return concatenate_ups(sensor, parts)


def ups_of(sensor: str, rows: GridRows) -> UpBatch:
    """Rows as orientations at 10 Hz: what calibration looks at of a whole recording."""
    n = np.maximum(rows.acc_n, 1)
    acc_norm = _held(rows.acc_sum / n, rows.acc_n > 0)
    gyr_norm = np.sqrt(rows.gyr_squares / n)
    acc_up = rows.acc_up[:, -1]
    return UpBatch(
        sensor, rows.k / FRAMES_PER_S, rows.up, acc_norm, acc_up, gyr_norm, rows.sensor_uncertainty_deg, rows.segment
    )


def _held(values: Floats, known: NDArray[np.bool_]) -> Floats:
    """Values with those that are not known taken from their neighbours; 1 g where there is none."""
    if known.all():
        return values
    if not known.any():
        return np.full(len(values), STANDARD_GRAVITY_M_S2)
    places = np.flatnonzero(known)
    held: Floats = np.interp(np.arange(len(values)), places, values[places])
    return held
