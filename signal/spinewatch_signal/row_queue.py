"""Grid rows of one sensor on their way from one step to the next, in time order."""

from __future__ import annotations

from collections import deque
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.grid import FINE_PER_FRAME, FRAMES_PER_S, GridRows, empty_rows, join_rows
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


_PACKED = np.dtype(
    [
        ("k", np.int64),
        ("up", np.float32, 3),
        ("sensor_uncertainty_deg", np.float16),
        ("segment", np.int32),
        ("acc_n", np.uint16),
        ("acc_sum", np.float32),
        ("acc_squares", np.float32),
        ("gyr_squares", np.float32),
        ("acc_up", np.float16, FINE_PER_FRAME),
    ]
)
"""A row in two fifths of its memory.

A vertical as float32 is exact to 0.00001°, sums to a millionth. The vertical force is kept as what it differs from 1 g,
as float16: exact to 0.05 % of the acceleration, which is below any sensor's noise.
"""
_BUFFER_ROWS = 700_000
"""Nineteen hours, 35 MB: what is larger than 32 MB goes back to the system at once when it is freed."""
_TAKEN_ROWS = 2**13
"""Rows that are taken out at a time: little enough to stay in the cache."""


class CompactRowQueue:
    """As `RowQueue`, for the rows of a whole recording: 50 bytes each, and freed as they are taken out."""

    def __init__(self) -> None:
        self._buffers: deque[NDArray[np.void]] = deque()
        self._first = self._end = 0  # of what is in the first and in the last buffer
        self._opened = RowQueue()

    def __len__(self) -> int:
        return max(0, len(self._buffers) - 1) * _BUFFER_ROWS + self._end - self._first

    def push(self, rows: GridRows) -> None:
        """Append rows later than all before."""
        while len(rows):
            if not self._buffers or self._end == _BUFFER_ROWS:
                self._buffers.append(np.empty(_BUFFER_ROWS, _PACKED))
                self._end = 0
            n = min(len(rows), _BUFFER_ROWS - self._end)
            _pack(rows[:n], self._buffers[-1][self._end : self._end + n])
            self._end += n
            rows = rows[n:]

    def pop(self) -> GridRows:
        """Take out the oldest rows, some minutes of them; none when the queue is empty."""
        if not self._buffers:
            return empty_rows()
        last = self._end if len(self._buffers) == 1 else _BUFFER_ROWS
        taken = self._buffers[0][self._first : min(last, self._first + _TAKEN_ROWS)]
        self._first += len(taken)
        rows = _unpack(taken)
        if self._first == last:
            self._buffers.popleft()
            self._first, self._end = 0, self._end if self._buffers else 0
        return rows

    def up_to(self, k: int) -> GridRows:
        """Take out the rows up to grid index `k`."""
        while self._buffers and self._buffers[0]["k"][self._first] <= k:
            self._opened.push(self.pop())
        return self._opened.up_to(k)

    def ups(self, sensor: str, most: int) -> UpBatch:
        """Verticals of the first `most` rows, where they have one, at the grid points; nothing is taken out."""
        parts: list[UpBatch] = []
        for number, buffer in enumerate(self._buffers):
            last = self._end if number == len(self._buffers) - 1 else _BUFFER_ROWS
            edges = range(self._first if number == 0 else 0, min(last, most), _TAKEN_ROWS)
            slices = (_unpack(buffer[first : min(last, most, first + _TAKEN_ROWS)]) for first in edges)
            parts += [ups_of(sensor, rows).known() for rows in slices]
            most -= last
        return concatenate_ups(sensor, parts)


def _pack(rows: GridRows, into: NDArray[np.void]) -> None:
    for column in fields(GridRows):
        into[column.name] = getattr(rows, column.name)
    into["acc_up"] = rows.acc_up - STANDARD_GRAVITY_M_S2


def _unpack(packed: NDArray[np.void]) -> GridRows:
    def whole(name: str) -> NDArray[np.int64]:
        return packed[name].astype(np.int64)

    def real(name: str) -> Floats:
        return packed[name].astype(np.float64)

    return GridRows(
        whole("k"),
        real("up"),
        real("sensor_uncertainty_deg"),
        whole("segment"),
        whole("acc_n"),
        real("acc_sum"),
        real("acc_squares"),
        real("gyr_squares"),
        real("acc_up") + STANDARD_GRAVITY_M_S2,
    )


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
