"""The named import profiles, and the one import that all of them go through."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from spinewatch_bridge.blocks import Event
from spinewatch_monitor.exchange import opal, own_csv, qsense
from spinewatch_monitor.exchange.imported import (
    ImportedRecording,
    ImportRefusedError,
    ImportRequest,
    Progress,
    RoleFile,
)
from spinewatch_monitor.exchange.start_time import iso_utc
from spinewatch_monitor.exchange.text_table import read_head
from spinewatch_signal.samples import Role


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of file: a row here, and one module beside.

    Args:
        title: for people.
        options: fields of `ImportRequest` that it heeds; others are refused instead of being passed over.
        recognises: whether the first lines of a file are of this kind.
        load: reads the files.
    """

    title: str
    options: tuple[str, ...]
    recognises: Callable[[Sequence[str]], bool]
    load: Callable[[ImportRequest, Progress | None], ImportedRecording]


PROFILES: Mapping[str, Profile] = {
    "csv": Profile(
        "our own CSV (t_s, acc_x_m_s2 …), plain or .gz",
        ("acc_unit", "gyr_unit", "sensors", "start_s"),
        own_csv.recognises,
        own_csv.load,
    ),
    "qsense": Profile(
        "string sensors, tab-separated text per sensor (g, deg/s)",
        ("rate_hz", "start_s"),
        qsense.recognises,
        qsense.load,
    ),
    "opal": Profile("one table with sternum and waist units (m/s², rad/s)", ("sensors",), opal.recognises, opal.load),
}

_FLAGS = {
    "acc_unit": "--acc-unit",
    "gyr_unit": "--gyr-unit",
    "sensors": "--sensor",
    "rate_hz": "--rate",
    "start_s": "--start",
}


def read_import(request: ImportRequest, progress: Progress | None = None) -> ImportedRecording:
    """Read the files and return a recording that is ready to be written.

    Raises:
        ImportRefusedError: when anything about them is not right; nothing was written.
    """
    _refuse_doubles(request.files)
    name = request.profile or find_profile(request.files[0].path)
    _refuse_unheeded(request, name)
    imported = PROFILES[name].load(request, progress)
    ids = [channel.sensor.id for channel in imported.channels]
    for sensor_id in ids:
        if ids.count(sensor_id) > 1:
            path = request.files[0].path
            raise ImportRefusedError(path, f"two sensors are named {sensor_id}", "Give roles: upper=FILE lower=FILE")
    return _completed(request, imported)


def find_profile(path: Path) -> str:
    """The one profile that knows the file.

    Raises:
        ImportRefusedError: when none or several do.
    """
    head = read_head(path)
    found = [name for name, profile in PROFILES.items() if profile.recognises(head)]
    if len(found) != 1:
        what = "no known kind of table" if not found else f"it could be {' or '.join(found)}"
        do = f"Give --profile ({', '.join(PROFILES)}), or name the columns t_s,acc_x_m_s2,…,gyr_z_rad_s"
        raise ImportRefusedError(path, what, do, line=1)
    return found[0]


def _refuse_unheeded(request: ImportRequest, profile: str) -> None:
    for option, flag in _FLAGS.items():
        if getattr(request, option) and option not in PROFILES[profile].options:
            what = f"{flag} does not fit a {profile} file, which tells that itself"
            raise ImportRefusedError(request.files[0].path, what, "Leave it out")


def _refuse_doubles(files: Sequence[RoleFile]) -> None:
    seen: set[Path] = set()
    for file in files:
        if file.path.resolve() in seen:
            raise ImportRefusedError(file.path, "the file is given twice", "Give one file per sensor")
        seen.add(file.path.resolve())
    for role in Role:
        named = [file for file in files if file.role == role]
        if len(named) > 1:
            raise ImportRefusedError(named[1].path, f"two files are given as {role.value}", "Give each role once")


def _completed(request: ImportRequest, imported: ImportedRecording) -> ImportedRecording:
    """Session and notes filled in: where it came from, and every doubt, kept in the recording itself."""
    start_s = imported.start_s
    names = [file.path.name for file in request.files]
    session: dict[str, Any] = {
        "source": f"import:{names[0]}",
        "start_utc": iso_utc(start_s),
        "utc_offset_s": request.utc_offset_s or 0,
        "app_version": version("spinewatch"),
        "simulated": False,
        **imported.session,
    }
    if "imported" in session:
        session["imported"] = {**session["imported"], "files": names}
    notes = _notes(start_s, imported.warnings)
    return replace(imported, session=session, events=(*notes, *imported.events))


def _notes(start_s: float, warnings: Iterable[str]) -> list[Event]:
    return [Event("note", start_s, None, {"text": text, "from": "import"}) for text in warnings]
