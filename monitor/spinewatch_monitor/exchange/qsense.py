"""Profile `qsense`: string sensors for the back, one tab-separated text file per sensor, without times.

Five or more header lines, a line of column names, an empty line, then rows of ax ay az (g), gx gy gz (deg/s), mx my mz
and an empty tenth cell. An empty line between rows is one lost sample: it keeps its place in time. The three units of a
string are sample-synchronous, so all files of one folder share one clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spinewatch_bridge.blocks import Event, SensorChannel
from spinewatch_monitor.exchange.gaps import gap_event
from spinewatch_monitor.exchange.imported import (
    ImportedRecording,
    ImportedSensor,
    ImportRefusedError,
    ImportRequest,
    Progress,
    RoleFile,
)
from spinewatch_monitor.exchange.plausible import Units, check_units
from spinewatch_monitor.exchange.start_time import parse_local, start_or_guess
from spinewatch_monitor.exchange.text_table import MAX_COLUMNS, Piece, numbers, read_pieces, split_rows
from spinewatch_signal.samples import Floats, Role, SensorInfo, Site

NOMINAL_RATE_HZ = 50.2  # counted on files whose start and stop are known
COLUMNS = ("ax", "ay", "az", "gx", "gy", "gz")
UNITS = Units("g", "deg_s")
MAX_HEADER_LINES = 60
_LEAST_WHOLE_CELLS = 9  # a whole row has ten: nine numbers and an empty one behind the last tab

_UNIT_NUMBER = re.compile(r"Back[_ ]Sensor[_ ](\d)", re.IGNORECASE)
_PLACES = {"1": (Role.UPPER, Site.UPPER_BACK), "2": (Role.UPPER, Site.T12), "3": (Role.LOWER, Site.PELVIS)}


def recognises(head: Sequence[str]) -> bool:
    """True when the first lines are those of such a file."""
    return any(_is_column_line(line) for line in head)


@dataclass(slots=True)
class _Table:
    """Rows of one file; ``rows`` are their places in time, counted from 0, lost ones included."""

    values: Floats
    rows: np.ndarray
    total: int
    cut: bool


def load(request: ImportRequest, progress: Progress | None = None) -> ImportedRecording:
    """Read one to three files of one folder.

    Raises:
        ImportRefusedError: when a file is not as described above.
    """
    info = _read_info(request.files[0].path)
    tables = []
    for k, file in enumerate(request.files):
        share = None if progress is None else _share(progress, k, len(request.files))
        tables.append(_read_table(file.path, share))
    rate_hz, warnings = _rate(request, info, max(table.total for table in tables))
    start_s, said = start_or_guess(request.files[0].path, request.start_s, info.start_s)
    warnings += said
    sensors, events = [], []
    for file, table in zip(request.files, tables, strict=True):
        sensor, lost = _place_in_time(request, file, table, start_s, rate_hz)
        warnings += check_units(file.path, sensor.channel.sensor.id, sensor.values, UNITS, rate_hz)
        if table.cut:
            warnings.append(f"the last line of {file.path.name} was cut and left out")
        sensors.append(sensor)
        events += lost
    return ImportedRecording({"imported": {"profile": "qsense"}}, tuple(sensors), tuple(events), tuple(warnings))


def _share(progress: Progress, k: int, of: int) -> Progress:
    return lambda part: progress((k + part) / of)


def _is_column_line(line: str) -> bool:
    return line.lower().split("\t")[: len(COLUMNS)] == list(COLUMNS)


def _read_table(path: Path, progress: Progress | None) -> _Table:
    values: list[Floats] = []
    places: list[np.ndarray] = []
    total, cut = 0, False
    for body in _without_header(path, progress):
        rows = split_rows(path, body, "\t")
        if body.last and rows and 0 < len(rows[-1]) <= _LEAST_WHOLE_CELLS:
            cut, _ = True, rows.pop()
        filled = [k for k, row in enumerate(rows) if any(cell.strip() for cell in row)]
        _refuse_short_rows(path, rows, filled, body.first_line)
        lines = [body.first_line + k for k in filled]
        values.append(numbers(path, [rows[k] for k in filled], lines, range(len(COLUMNS)), COLUMNS))
        places.append(np.asarray(filled, dtype=np.int64) + total)
        total += len(rows)
    if not sum(map(len, places)):
        raise ImportRefusedError(path, "there is no row of samples under the column names", "Export the file again")
    rows_at = np.concatenate(places)
    return _Table(np.concatenate(values), rows_at, int(rows_at[-1]) + 1, cut)


def _without_header(path: Path, progress: Progress | None) -> Iterator[Piece]:
    """The file from the first row on; the header always lies in the first piece."""
    for number, piece in enumerate(read_pieces(path, progress)):
        first = _first_row(path, piece) if number == 0 else 0
        yield Piece(piece.first_line + first, piece.lines[first:], piece.last)


def _first_row(path: Path, piece: Piece) -> int:
    for k, line in enumerate(piece.lines[:MAX_HEADER_LINES]):
        if _is_column_line(line):
            empty_follows = k + 1 < len(piece.lines) and not piece.lines[k + 1].strip()
            return k + 2 if empty_follows else k + 1
    what = f"no line of column names ({' '.join(COLUMNS)} …) at the start"
    raise ImportRefusedError(path, what, "Choose another --profile")


def _refuse_short_rows(path: Path, rows: Sequence[Sequence[str]], filled: Sequence[int], first_line: int) -> None:
    for k in filled:
        if not len(COLUMNS) <= len(rows[k]) <= MAX_COLUMNS:
            what = f"{len(rows[k])} cells where {len(COLUMNS) + 3} belong"
            raise ImportRefusedError(
                path, what, "Mend the line, or empty it: an empty line is a lost sample", line=first_line + k
            )


def _place_in_time(
    request: ImportRequest, file: RoleFile, table: _Table, start_s: float, rate_hz: float
) -> tuple[ImportedSensor, list[Event]]:
    info = _sensor_info(request, file, rate_hz)
    t_s = start_s + table.rows / rate_hz
    events = []
    for k in np.flatnonzero(np.diff(table.rows) > 1).tolist():
        lost = int(table.rows[k + 1] - table.rows[k]) - 1
        events.append(
            gap_event(info.id, float(t_s[k]) + 1 / rate_hz, float(t_s[k + 1]), lost, "lost by the sensor string")
        )
    channel = SensorChannel(info, UNITS.acc_scale, UNITS.gyr_scale, details={"file": file.path.name})
    return ImportedSensor(channel, t_s, table.values, np.zeros(len(t_s), np.uint8)), events


def _sensor_info(request: ImportRequest, file: RoleFile, rate_hz: float) -> SensorInfo:
    match = _UNIT_NUMBER.search(file.path.name)
    role, site = _PLACES.get(match.group(1) if match else "1", (Role.UPPER, Site.UPPER_BACK))
    role = file.role or role
    site = request.sites.get(role, site)
    name = f"back-{match.group(1)}" if match else file.path.name.split(".")[0]
    return SensorInfo(name, "qsense", site, role, rate_hz)


@dataclass(frozen=True, slots=True)
class _Info:
    """What `info.txt` beside the files says; its times are whole seconds."""

    start_s: float | None = None
    duration_s: float | None = None


def _read_info(path: Path) -> _Info:
    beside = path.parent / "info.txt"
    if not beside.is_file() or beside.stat().st_size > 65_536:
        return _Info()
    found = dict(re.findall(r"^(Start|Stop):\s*(.+)$", beside.read_text("utf-8", "replace"), re.MULTILINE))
    start_s, stop_s = parse_local(found.get("Start", "")), parse_local(found.get("Stop", ""))
    return _Info(start_s, None if start_s is None or stop_s is None or stop_s <= start_s else stop_s - start_s)


def _rate(request: ImportRequest, info: _Info, rows: int) -> tuple[float, list[str]]:
    """The rate and what must be said about it: the file has no times, so it is never more than nominal."""
    if request.rate_hz is not None:
        return request.rate_hz, [f"sample times are row number ÷ {request.rate_hz:g} Hz, the rate given"]
    if info.duration_s is None or _fits(rows, info.duration_s):
        return NOMINAL_RATE_HZ, [f"the file has no times: they are nominal, row number ÷ {NOMINAL_RATE_HZ} Hz"]
    rate_hz = round(rows / info.duration_s, 3)
    missing = 100.0 * (1 - rate_hz / NOMINAL_RATE_HZ)
    said = (
        f"info.txt tells {info.duration_s:.0f} s for {rows} rows: {rate_hz:.1f} Hz instead of {NOMINAL_RATE_HZ}, so "
        f"about {missing:.0f} % of the samples are missing without a trace; times and angles in movement are unreliable"
    )
    return rate_hz, [said]


def _fits(rows: int, duration_s: float) -> bool:
    """True when the nominal rate explains the rows within the second that info.txt is exact to, and 5 %."""
    return abs(rows / NOMINAL_RATE_HZ - duration_s) <= 1.0 + 0.05 * duration_s
