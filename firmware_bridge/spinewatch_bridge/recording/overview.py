"""One row per second of a recording, so that hours can be drawn without reading samples.

Rows lie at whole UNIX seconds; a second without data has no row.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinewatch_bridge.recording.format import BadMessageError
from spinewatch_signal.samples import Floats

SENSOR_COLUMNS = ("samples", "acc_norm_mean", "acc_norm_min", "acc_norm_max", "acc_x_mean", "acc_y_mean", "acc_z_mean")
POSTURE_COLUMNS = ("frames", "flexion_deg_mean", "flexion_deg_min", "flexion_deg_max", "activity", "away")

MAX_ROWS_PER_MESSAGE = 86_400
_HEADER = struct.Struct("<II")


@dataclass(frozen=True, eq=False, slots=True)
class Table:
    """Per-second figures.

    Args:
        t_s: (k,) whole UNIX seconds, increasing; the row covers ``[t_s, t_s + 1)``.
        columns: name to (k,) float32; accelerations in m/s², angles in degrees, NaN where blank.
    """

    t_s: Floats
    columns: Mapping[str, NDArray[np.float32]]

    def __len__(self) -> int:
        return len(self.t_s)


@dataclass(frozen=True, slots=True)
class Overview:
    """A recording at a glance: one table per sensor, and one of the posture seen live, where there was any.

    ``activity`` and ``away`` are the codes held by most frames of the second.
    """

    sensors: Mapping[str, Table]
    posture: Table | None


def empty_table(names: Sequence[str]) -> Table:
    """A table without rows."""
    return Table(np.empty(0), {name: np.empty(0, np.float32) for name in names})


def encode_table(table: Table, names: Sequence[str]) -> list[bytes]:
    """A table as messages of at most a day each."""
    messages = []
    for start in range(0, len(table), MAX_ROWS_PER_MESSAGE):
        part = slice(start, start + MAX_ROWS_PER_MESSAGE)
        columns = np.stack([table.columns[name][part] for name in names]).astype("<f4")
        t_s = table.t_s[part].astype("<f8")
        messages.append(_HEADER.pack(len(t_s), len(names)) + t_s.tobytes() + columns.tobytes())
    return messages


def decode_table(messages: Sequence[bytes | memoryview], names: Sequence[str]) -> Table:
    """The table of its messages.

    Raises:
        BadMessageError: when a message has not the size that it says.
    """
    times: list[Floats] = []
    parts: list[NDArray[np.float32]] = []
    for data in messages:
        if len(data) < _HEADER.size:
            raise BadMessageError("an overview is shorter than its header")
        rows, columns = _HEADER.unpack_from(data)
        if rows > MAX_ROWS_PER_MESSAGE or columns != len(names) or len(data) != _HEADER.size + rows * (8 + 4 * columns):
            raise BadMessageError("an overview has not the size that its header says")
        times.append(np.frombuffer(data, "<f8", rows, _HEADER.size))
        parts.append(np.frombuffer(data, "<f4", rows * columns, _HEADER.size + 8 * rows).reshape(columns, rows))
    if not times:
        return empty_table(names)
    joined = np.concatenate(parts, axis=1)
    return Table(np.concatenate(times), dict(zip(names, joined, strict=True)))


@dataclass(slots=True)
class SensorSeconds:
    """Builds the table of one sensor from consecutive pieces; a second may be spread over several."""

    _parts: list[Floats] = field(default_factory=list)

    def add(self, t_s: Floats, acc: Floats) -> None:
        """Take the next samples.

        Args:
            t_s: (n,) UNIX seconds, increasing, n >= 1.
            acc: (3, n) m/s².
        """
        second = np.floor(t_s)
        starts = np.flatnonzero(np.diff(second, prepend=np.nan))
        norm = np.sqrt(np.einsum("in,in->n", acc, acc))
        sums = np.add.reduceat(np.vstack([np.ones_like(norm), norm, acc]), starts, axis=1)
        low, high = np.minimum.reduceat(norm, starts), np.maximum.reduceat(norm, starts)
        self._parts.append(np.vstack([second[starts], sums[:2], low, high, sums[2:]]))

    def table(self) -> Table:
        """All seconds so far."""
        if not self._parts:
            return empty_table(SENSOR_COLUMNS)
        rows = np.concatenate(self._parts, axis=1)
        rows = rows[:, np.argsort(rows[0], kind="stable")]
        starts = np.flatnonzero(np.diff(rows[0], prepend=np.nan))
        count, norm, x, y, z = (np.add.reduceat(rows[i], starts) for i in (1, 2, 5, 6, 7))
        columns = (
            count,
            norm / count,
            np.minimum.reduceat(rows[3], starts),
            np.maximum.reduceat(rows[4], starts),
            x / count,
            y / count,
            z / count,
        )
        return _as_table(rows[0][starts], SENSOR_COLUMNS, columns)


@dataclass(slots=True)
class PostureSeconds:
    """Builds the table of posture frames, in whatever pieces they come."""

    _rows: list[tuple[float, float, float, float]] = field(default_factory=list)

    def add(self, frame: Mapping[str, Any]) -> None:
        """Take one frame; what it does not say is blank."""
        t_s = frame.get("t_s")
        if isinstance(t_s, int | float):
            self._rows.append((t_s, _number(frame, "flexion_deg"), _number(frame, "activity"), _number(frame, "away")))

    def table(self) -> Table | None:
        """All seconds so far, or None when no frame was seen."""
        if not self._rows:
            return None
        rows = np.array(self._rows)
        rows = rows[np.argsort(rows[:, 0], kind="stable")]
        second = np.floor(rows[:, 0])
        starts = np.flatnonzero(np.diff(second, prepend=np.nan))
        flexion = rows[:, 1]
        known = ~np.isnan(flexion)
        count = np.add.reduceat(known.astype(float), starts)
        mean = np.add.reduceat(np.where(known, flexion, 0.0), starts) / np.where(count > 0, count, np.nan)
        group = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(second)))
        columns = (
            np.diff(starts, append=len(second)).astype(float),
            mean,
            np.fmin.reduceat(flexion, starts),
            np.fmax.reduceat(flexion, starts),
            _most_frequent(group, rows[:, 2]),
            _most_frequent(group, rows[:, 3]),
        )
        return _as_table(second[starts], POSTURE_COLUMNS, columns)


def _most_frequent(group: NDArray[np.int64], codes: Floats) -> Floats:
    """Per group the code held most often; the smaller one of two, blanks never; NaN where all are blank."""
    out = np.full(int(group[-1]) + 1, np.nan)
    known = ~np.isnan(codes)
    if known.any():
        pairs, counts = np.unique(np.stack([group[known], codes[known]]), axis=1, return_counts=True)
        by_count = np.lexsort((-pairs[1], counts))  # the last of a group to be written wins
        out[pairs[0][by_count].astype(np.int64)] = pairs[1][by_count]
    return out


def _number(frame: Mapping[str, Any], name: str) -> float:
    value = frame.get(name)
    return float(value) if isinstance(value, int | float) else float("nan")


def _as_table(t_s: Floats, names: Sequence[str], columns: Sequence[Floats]) -> Table:
    return Table(t_s, {name: column.astype(np.float32) for name, column in zip(names, columns, strict=True)})
