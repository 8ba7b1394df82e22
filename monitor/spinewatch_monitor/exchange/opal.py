"""Profile `opal`: one table with several worn units, times in microseconds since 1970, units in the column names.

Columns such as `sternum Acceleration X (m/s^2)`, `waist Angular Velocity Y (rad/s)`. Sternum and waist are known places
of a back monitor; other units of the table are left out by default.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
)
from spinewatch_monitor.exchange.plausible import Units, check_units
from spinewatch_monitor.exchange.text_table import MAX_COLUMNS, numbers, read_pieces, shown, split_rows
from spinewatch_signal.samples import Floats, Role, SensorInfo, Site

UNITS = Units("m_s2", "rad_s")
TIME_UNIT_S = 1e-6

_COLUMN = re.compile(r"^(?P<place>.+) (?P<kind>Acceleration|Angular Velocity) (?P<axis>[XYZ]) \((?P<unit>[^)]+)\)$")
_STATED_UNITS = {"Acceleration": "m/s^2", "Angular Velocity": "rad/s"}
_PLACES: Mapping[str, tuple[Role, Site]] = {
    "sternum": (Role.UPPER, Site.UPPER_BACK),
    "waist": (Role.LOWER, Site.PELVIS),
    "lumbar": (Role.LOWER, Site.PELVIS),
}
_DAYS_1990_TO_2100_S = (631_152_000.0, 4_102_444_800.0)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Which columns hold what."""

    names: list[str]
    places: Mapping[str, tuple[int, ...]]
    """Six column indices per place, acc xyz then gyr xyz."""


def recognises(head: Sequence[str]) -> bool:
    """True when the first line names such columns."""
    names = head[0].split(",") if head else []
    return bool(names) and names[0].strip() == "Time" and any(_COLUMN.match(name.strip()) for name in names)


def load(request: ImportRequest, progress: Progress | None = None) -> ImportedRecording:
    """Read one table.

    Raises:
        ImportRefusedError: when it is not as described above.
    """
    if len(request.files) > 1:
        raise ImportRefusedError(
            request.files[1].path, "an opal table holds all its sensors", "Import one table at a time"
        )
    path = request.files[0].path
    layout, table = _read_table(path, progress)
    t_s = _times(path, table[:, 0])
    period_s = float(np.median(np.diff(t_s)))
    sensors: list[ImportedSensor] = []
    events: list[Event] = []
    warnings: list[str] = []
    for k, place in enumerate(_chosen(request, layout)):
        picks = list(layout.places).index(place) * 6 + 1
        values = table[:, picks : picks + 6]
        warnings += check_units(path, place, values, UNITS, 1 / period_s)
        sensors.append(_sensor(request, place, t_s, values, period_s, first=k == 0))
        lost, said = gap_events(place, t_s, period_s, "missing in the imported file")
        events += lost
        warnings += said
    sensors.sort(key=lambda sensor: sensor.channel.sensor.role != Role.UPPER)
    return ImportedRecording({"imported": {"profile": "opal"}}, tuple(sensors), tuple(events), tuple(warnings))


def _read_table(path: Path, progress: Progress | None) -> tuple[_Layout, Floats]:
    layout: _Layout | None = None
    parts = []
    for piece in read_pieces(path, progress):
        rows, first = split_rows(path, piece, ","), 0
        if layout is None and rows:
            layout, first = _layout(path, rows[0]), 1
        kept = [k for k in range(first, len(rows)) if rows[k]]
        if layout is None or not kept:
            continue
        picks = [0, *(column for columns in layout.places.values() for column in columns)]
        lines = [piece.first_line + k for k in kept]
        parts.append(numbers(path, [rows[k] for k in kept], lines, picks, layout.names))
    if layout is None or sum(map(len, parts)) < 2:
        raise ImportRefusedError(path, "there are no rows of samples under the column names", "Export the table again")
    return layout, np.concatenate(parts)


def _layout(path: Path, header: Sequence[str]) -> _Layout:
    names = [name.strip() for name in header]
    if len(names) > MAX_COLUMNS:
        raise ImportRefusedError(path, f"{len(names)} columns", f"At most {MAX_COLUMNS} are read", line=1)
    columns: dict[str, dict[str, int]] = {}
    for k, name in enumerate(names):
        if (match := _COLUMN.match(name)) is None:
            continue
        if match["unit"] != _STATED_UNITS[match["kind"]]:
            what = f"the unit {shown(match['unit'])} is not the {_STATED_UNITS[match['kind']]} of this profile"
            raise ImportRefusedError(
                path, what, "Convert the column, or rename it for our own CSV", line=1, column=name
            )
        columns.setdefault(match["place"].lower(), {})[match["kind"] + match["axis"]] = k
    wanted = [kind + axis for kind in _STATED_UNITS for axis in "XYZ"]
    whole = {
        place: tuple(found[key] for key in wanted) for place, found in columns.items() if len(found) == len(wanted)
    }
    if not names or names[0] != "Time" or not whole:
        raise ImportRefusedError(
            path,
            "no Time column first, or no unit with all of its Acceleration and Angular Velocity columns",
            "Choose another --profile",
            line=1,
        )
    return _Layout(names, whole)


def _times(path: Path, ticks: Floats) -> Floats:
    t_s = ticks * TIME_UNIT_S
    low, high = _DAYS_1990_TO_2100_S
    if not low <= t_s[0] <= high:
        raise ImportRefusedError(
            path, "the times are no microseconds since 1970", "Check the Time column", column="Time"
        )
    back = np.flatnonzero(np.diff(t_s) <= 0)
    if len(back):
        raise ImportRefusedError(
            path,
            "time does not increase",
            "Sort the rows by time and take out doubled ones",
            line=int(back[0]) + 3,
            column="Time",
        )
    return t_s


def _chosen(request: ImportRequest, layout: _Layout) -> list[str]:
    """The places to take: those named, else the known ones; with a role on the file, only that role's."""
    path = request.files[0].path
    if request.sensors:
        for name in request.sensors:
            if name.lower() not in layout.places:
                raise ImportRefusedError(path, f"no sensor {shown(name)}", f"It holds: {', '.join(layout.places)}")
        return [name.lower() for name in request.sensors]
    role = request.files[0].role
    known = [place for place in _PLACES if place in layout.places and role in (None, _PLACES[place][0])]
    if not known:
        raise ImportRefusedError(
            path,
            "it holds no sternum, waist or lumbar sensor for that role",
            f"Name one by --sensor: {', '.join(layout.places)}",
        )
    return known


def _sensor(
    request: ImportRequest, place: str, t_s: Floats, values: Floats, period_s: float, *, first: bool
) -> ImportedSensor:
    role, site = _PLACES.get(place, (Role.UPPER if first else Role.LOWER, Site.UPPER_BACK if first else Site.PELVIS))
    info = SensorInfo(place, "opal", request.sites.get(role, site), role, round(1 / period_s, 3))
    channel = SensorChannel(info, UNITS.acc_scale, UNITS.gyr_scale)
    return ImportedSensor(channel, t_s, np.ascontiguousarray(values), np.zeros(len(t_s), np.uint8))
