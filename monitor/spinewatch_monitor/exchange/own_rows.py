"""The rows of our own CSV, sorted by sensor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from spinewatch_monitor.exchange.cells import unguarded
from spinewatch_monitor.exchange.imported import ImportRefusedError, ImportRequest, Progress
from spinewatch_monitor.exchange.own_columns import Columns, delimiter_of, read_columns
from spinewatch_monitor.exchange.text_table import Piece, numbers, read_head, read_pieces, shown, split_rows
from spinewatch_signal.samples import Flags, Floats

MAX_NAME = 64  # a name is shown in one line everywhere
MAX_SENSORS = 8  # a back has fewer; more names mean that the column holds something else


@dataclass(slots=True)
class SensorRows:
    """What was read of one sensor so far, in pieces."""

    has_gyr: bool
    t_s: list[Floats] = field(default_factory=list)
    values: list[Floats] = field(default_factory=list)
    flags: list[Flags] = field(default_factory=list)

    def joined(self) -> tuple[Floats, Floats, Flags]:
        """Times, values and flags as one array each."""
        return np.concatenate(self.t_s), np.concatenate(self.values), np.concatenate(self.flags)


def read_rows(
    path: Path, request: ImportRequest, progress: Progress | None = None
) -> tuple[Columns, dict[str, SensorRows]]:
    """Columns, and the rows of each sensor by its name (empty text without a `sensor` column).

    Raises:
        ImportRefusedError: at the first line that cannot be read.
    """
    head = read_head(path, 1)
    delimiter = delimiter_of(head[0] if head else "")
    columns: Columns | None = None
    found: dict[str, SensorRows] = {}
    for piece in read_pieces(path, progress):
        rows, first = split_rows(path, _with_points(piece, delimiter), delimiter), 0
        if columns is None and rows:
            columns, first = read_columns(path, rows[0], request), 1
        if columns is not None:
            kept = [k for k in range(first, len(rows)) if rows[k]]
            lines = [piece.first_line + k for k in kept]
            _take(path, columns, [rows[k] for k in kept], lines, found)
    if columns is None or not found:
        raise ImportRefusedError(path, "there are no rows of samples under the column names", "Export the table again")
    return columns, found


def _with_points(piece: Piece, delimiter: str) -> Piece:
    """A table with semicolons may use the decimal comma."""
    if delimiter != ";":
        return piece
    return Piece(piece.first_line, [line.replace(",", ".") for line in piece.lines], piece.last)


def _take(path: Path, columns: Columns, rows: list[list[str]], lines: list[int], found: dict[str, SensorRows]) -> None:
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(columns.names):
            what = f"{len(row)} cells where {len(columns.names)} belong"
            raise ImportRefusedError(path, what, "Mend the line, or leave it out", line=line)
    names = ["" if columns.sensor is None else row[columns.sensor] for row in rows]
    for name in dict.fromkeys(names):
        mine = range(len(rows)) if columns.sensor is None else [k for k, other in enumerate(names) if other == name]
        _take_sensor(path, columns, unguarded(name), [rows[k] for k in mine], [lines[k] for k in mine], found)


def _take_sensor(
    path: Path,
    columns: Columns,
    name: str,
    rows: Sequence[Sequence[str]],
    lines: Sequence[int],
    found: dict[str, SensorRows],
) -> None:
    if name not in found:
        _refuse_odd_name(path, name, lines[0])
        if len(found) >= MAX_SENSORS:
            raise ImportRefusedError(
                path, f"more than {MAX_SENSORS} sensors", "Check the column", line=lines[0], column="sensor"
            )
        found[name] = SensorRows(has_gyr=any(rows[0][k].strip() for k in columns.values[3:]))
    mine = found[name]
    if not mine.has_gyr:
        _refuse_late_gyr(path, columns, rows, lines)
    values = columns.values if mine.has_gyr else columns.values[:3]
    flags = () if columns.flags is None else (columns.flags,)
    table = numbers(path, rows, lines, (columns.time, *values, *flags), columns.names)
    _refuse_time_backwards(path, table[:, 0], lines, float(mine.t_s[-1][-1]) if mine.t_s else -np.inf)
    mine.t_s.append(table[:, 0].copy())
    mine.values.append(table[:, 1 : 1 + len(values)].copy())
    mine.flags.append(_flags(path, table[:, 1 + len(values) :], lines))


def _refuse_odd_name(path: Path, name: str, line: int) -> None:
    if len(name) > MAX_NAME or not name.isprintable():
        what = f"{shown(name)} is no name of a sensor"
        raise ImportRefusedError(path, what, f"Use up to {MAX_NAME} plain characters", line=line, column="sensor")


def _refuse_late_gyr(path: Path, columns: Columns, rows: Sequence[Sequence[str]], lines: Sequence[int]) -> None:
    for row, line in zip(rows, lines, strict=True):
        for k in columns.values[3:]:
            if row[k].strip():
                what = "a turn rate, although the sensor began without any"
                raise ImportRefusedError(
                    path, what, "Fill or empty the whole column", line=line, column=columns.names[k]
                )


def _refuse_time_backwards(path: Path, t_s: Floats, lines: Sequence[int], before_s: float) -> None:
    back = np.flatnonzero(np.diff(t_s, prepend=before_s) <= 0)
    if len(back):
        k = int(back[0])
        earlier = before_s if k == 0 else float(t_s[k - 1])
        what = f"time does not increase ({float(t_s[k])!r} after {earlier!r})"
        do = "Sort the rows by time and take out doubled ones"
        raise ImportRefusedError(path, what, do, line=lines[k], column="t_s")


def _flags(path: Path, column: Floats, lines: Sequence[int]) -> Flags:
    if not column.shape[1]:
        return np.zeros(len(column), np.uint8)
    flags = column[:, 0]
    odd = np.flatnonzero((flags < 0) | (flags > 255) | (flags % 1 != 0))
    if len(odd):
        what = f"{shown(str(flags[odd[0]]))} is no whole number from 0 to 255"
        raise ImportRefusedError(
            path, what, "Mend the cell, or take the column out", line=lines[odd[0]], column="flags"
        )
    return flags.astype(np.uint8)
