"""Profile `csv`: our own tables, plain or gzip; a table that `export` wrote comes back with everything it had.

One file holds one sensor, or several told apart by a `sensor` column. Beside `NAME_samples.csv` the file
`NAME_meta.json` of an export brings sites, calibration, marks and gaps; without it, what the table says is all.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from spinewatch_bridge.blocks import Event, SensorChannel
from spinewatch_monitor.exchange.gaps import gap_events
from spinewatch_monitor.exchange.imported import (
    ImportedRecording,
    ImportedSensor,
    ImportRefusedError,
    ImportRequest,
    Progress,
    RoleFile,
)
from spinewatch_monitor.exchange.meta import meta_beside, restored
from spinewatch_monitor.exchange.own_columns import Columns, is_own_header
from spinewatch_monitor.exchange.own_rows import SensorRows, read_rows
from spinewatch_monitor.exchange.plausible import check_units
from spinewatch_monitor.exchange.start_time import start_or_guess
from spinewatch_monitor.exchange.text_table import shown
from spinewatch_signal.samples import Floats, Role, SensorInfo, Site

RATE_LIMITS_HZ = (5.0, 5_000.0)
_EARLIEST_UNIX_S = 1e8  # 1973: smaller times count from a start, not from 1970
_LATEST_UNIX_S = 4_102_444_800.0  # 2100
_USUAL_SITE = {Role.UPPER: Site.UPPER_BACK, Role.LOWER: Site.PELVIS}


def recognises(head: Sequence[str]) -> bool:
    """True when the first line names our columns."""
    return bool(head) and is_own_header(head[0])


def load(request: ImportRequest, progress: Progress | None = None) -> ImportedRecording:
    """Read one or more tables.

    Raises:
        ImportRefusedError: when a table is not as described above.
    """
    sensors: list[ImportedSensor] = []
    warnings: list[str] = []
    for k, file in enumerate(request.files):
        columns, found = read_rows(file.path, request, None if k else progress)
        if columns.unread:
            warnings.append(f"columns not read: {', '.join(shown(name) for name in columns.unread[:5])}")
        for name in _wanted(request, file.path, found):
            sensors.append(_sensor(request, file, name, found[name], columns, place=len(sensors)))
            warnings += _doubts(file.path, sensors[-1], columns)
    meta = meta_beside(request.files[0].path) if len(request.files) == 1 else None
    if meta is not None:
        return restored(meta, sensors, warnings)
    sensors, said = _with_start(request, sensors)
    sensors.sort(key=lambda sensor: sensor.channel.sensor.role != Role.UPPER)
    events, told = _all_gaps(sensors)
    session = {"imported": {"profile": "csv"}}
    return ImportedRecording(session, tuple(sensors), tuple(events), tuple(warnings + said + told))


def _wanted(request: ImportRequest, path: Path, found: dict[str, SensorRows]) -> list[str]:
    missing = [name for name in request.sensors if name not in found]
    if missing:
        raise ImportRefusedError(path, f"no sensor {shown(missing[0])}", f"It holds: {', '.join(map(shown, found))}")
    return list(request.sensors) or list(found)


def _sensor(
    request: ImportRequest, file: RoleFile, name: str, rows: SensorRows, columns: Columns, *, place: int
) -> ImportedSensor:
    t_s, values, flags = rows.joined()
    rate_hz = _rate(file.path, t_s)
    role = file.role or (Role.LOWER if place else Role.UPPER)
    site = request.sites.get(role, _USUAL_SITE[role])
    info = SensorInfo(name or role.value, "csv", site, role, rate_hz, rows.has_gyr)
    gyr_scale = columns.units.gyr_scale if rows.has_gyr else None
    return ImportedSensor(SensorChannel(info, columns.units.acc_scale, gyr_scale), t_s, values, flags)


def _rate(path: Path, t_s: Floats) -> float:
    """Rate from the median step, Hz; refuses what cannot be seconds."""
    if len(t_s) < 2:
        raise ImportRefusedError(
            path, "a sensor with a single row", "A recording needs at least two samples", column="t_s"
        )
    step_s = float(np.median(np.diff(t_s)))
    if not RATE_LIMITS_HZ[0] <= 1 / step_s <= RATE_LIMITS_HZ[1]:
        what = f"the usual step of time is {step_s:g} s, which no back sensor has"
        raise ImportRefusedError(path, what, "Give t_s in seconds", column="t_s")
    return round(1 / step_s, 3)


def _doubts(path: Path, sensor: ImportedSensor, columns: Columns) -> list[str]:
    info = sensor.channel.sensor
    units = columns.units if info.has_gyr else type(columns.units)(columns.units.acc, None)
    return check_units(path, info.id, sensor.values, units, info.nominal_rate_hz)


def _with_start(request: ImportRequest, sensors: list[ImportedSensor]) -> tuple[list[ImportedSensor], list[str]]:
    """Times that count from a start get one; all sensors share it."""
    path = request.files[0].path
    starts = [float(sensor.t_s[0]) for sensor in sensors]
    first_s, last_s = min(starts), max(float(sensor.t_s[-1]) for sensor in sensors)
    if last_s > _LATEST_UNIX_S:
        raise ImportRefusedError(
            path, f"the time {last_s:g} is after the year 2100", "Give t_s in seconds", column="t_s"
        )
    if first_s >= _EARLIEST_UNIX_S:
        return sensors, []
    if max(starts) >= _EARLIEST_UNIX_S:
        what = "one sensor's times count from 1970, another's from a start"
        raise ImportRefusedError(path, what, "Give both the same kind of times", column="t_s")
    start_s, said = start_or_guess(path, request.start_s, None)
    return [ImportedSensor(s.channel, s.t_s - first_s + start_s, s.values, s.flags) for s in sensors], said


def _all_gaps(sensors: Sequence[ImportedSensor]) -> tuple[list[Event], list[str]]:
    events: list[Event] = []
    warnings: list[str] = []
    for sensor in sensors:
        info = sensor.channel.sensor
        found, said = gap_events(info.id, sensor.t_s, 1 / info.nominal_rate_hz, "missing in the imported file")
        events += found
        warnings += said
    return events, warnings
