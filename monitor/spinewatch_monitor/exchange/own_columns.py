"""The columns of our own CSV: `t_s`, `sensor`, `acc_x … gyr_z` with the unit in the name, `flags`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spinewatch_monitor.exchange.imported import ImportRefusedError, ImportRequest
from spinewatch_monitor.exchange.plausible import ACC_UNITS, GYR_UNITS, Units
from spinewatch_monitor.exchange.text_table import MAX_COLUMNS, shown

EXAMPLE = "t_s,acc_x_m_s2,acc_y_m_s2,acc_z_m_s2,gyr_x_rad_s,gyr_y_rad_s,gyr_z_rad_s"

_VALUE = re.compile(r"^(?P<kind>acc|gyr)_(?P<axis>[xyz])(?:_(?P<unit>\w+))?$")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where everything is; ``values`` are three or six indices, acc xyz then gyr xyz."""

    names: tuple[str, ...]
    time: int
    values: tuple[int, ...]
    units: Units
    sensor: int | None
    flags: int | None
    unread: tuple[str, ...]


def delimiter_of(header: str) -> str:
    """Comma, semicolon or tab, whichever the first line holds most of."""
    return max(",;\t", key=header.count)


def is_own_header(header: str) -> bool:
    """True when the first line names a time and an acceleration as our own CSV does, or is one of bare numbers.

    Bare numbers are most likely our columns without their names; reading them then says what is missing.
    """
    names = [name.strip().lower() for name in header.split(delimiter_of(header))]
    if len(names) > 3 and all(map(_is_number, names)):
        return True
    return "t_s" in names and any(name.startswith("acc_x") for name in names)


def read_columns(path: Path, header: Sequence[str], request: ImportRequest) -> Columns:
    """Find every column and its unit.

    Raises:
        ImportRefusedError: when one is missing, doubled, or its unit is not told.
    """
    names = tuple(name.strip().strip('"').lower() for name in header)
    _refuse_odd_header(path, names)
    found: dict[str, tuple[int, str | None]] = {}
    for k, name in enumerate(names):
        if (match := _VALUE.match(name)) is not None:
            found[f"{match['kind']}_{match['axis']}"] = (k, match["unit"])
    has_gyr = any(key.startswith("gyr") for key in found)
    wanted = [f"{kind}_{axis}" for kind in (("acc", "gyr") if has_gyr else ("acc",)) for axis in "xyz"]
    for key in wanted:
        if key not in found:
            raise ImportRefusedError(path, f"the column {key}_… is missing", f"Name the columns {EXAMPLE}", line=1)
    acc = _unit(path, names, found, "acc", request.acc_unit, tuple(ACC_UNITS))
    gyr = _unit(path, names, found, "gyr", request.gyr_unit, tuple(GYR_UNITS)) if has_gyr else None
    values = tuple(found[key][0] for key in wanted)
    used = {names.index("t_s"), *values, *(names.index(n) for n in ("sensor", "flags") if n in names)}
    unread = tuple(name for k, name in enumerate(names) if k not in used)
    sensor = names.index("sensor") if "sensor" in names else None
    flags = names.index("flags") if "flags" in names else None
    return Columns(names, names.index("t_s"), values, Units(acc, gyr), sensor, flags, unread)


def _refuse_odd_header(path: Path, names: Sequence[str]) -> None:
    if len(names) > MAX_COLUMNS:
        raise ImportRefusedError(path, f"{len(names)} columns", f"At most {MAX_COLUMNS} are read", line=1)
    if names and _is_number(names[0]):
        what = "numbers where the column names belong"
        raise ImportRefusedError(path, what, f"Put a first line such as {EXAMPLE}", line=1)
    if "t_s" not in names:
        raise ImportRefusedError(path, "there is no column t_s", f"Name the columns {EXAMPLE}", line=1)
    for name in names:
        if name and names.count(name) > 1:
            raise ImportRefusedError(path, f"the column {shown(name)} is there twice", "Take one out", line=1)


def _unit(
    path: Path,
    names: Sequence[str],
    found: dict[str, tuple[int, str | None]],
    kind: str,
    given: str | None,
    known: Sequence[str],
) -> str:
    """The one unit of three columns: from their names, else as given; an unnamed unit is never guessed."""
    units = {unit for key, (_, unit) in found.items() if key.startswith(kind)}
    first = names[found[f"{kind}_x"][0]]
    if len(units) > 1:
        raise ImportRefusedError(path, f"the three {kind} columns have different units", "Give all one unit", line=1)
    named = units.pop()
    if named is not None and given is not None and named != given:
        what = f"it names the unit {shown(named)}, but --{kind}-unit says {given}"
        raise ImportRefusedError(path, what, "Leave the option out, or mend the name", line=1, column=first)
    unit = named or given
    if unit is None:
        what = f"no unit is told, and {' or '.join(known)} would both be possible"
        do = f"Rename it (for example {first}_{known[0]}) or give --{kind}-unit"
        raise ImportRefusedError(path, what, do, line=1, column=first)
    if unit not in known:
        raise ImportRefusedError(
            path, f"the unit {shown(unit)} is not known", f"Use {', '.join(known)}", line=1, column=first
        )
    return unit


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True
