"""Sensors that were connected before: the name they were given and where they are worn. One small private JSON file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from spinewatch_bridge.protocols.base import clean_text
from spinewatch_monitor.storage.private_file import write_private
from spinewatch_signal.samples import Role, Site

MAX_FILE_BYTES = 200_000
MAX_KNOWN = 200
"""Nobody has so many; the oldest are forgotten first."""
MAX_NAME = 30


@dataclass(frozen=True, slots=True)
class KnownSensor:
    """One sensor.

    Args:
        key: what it is found by; see `sensor_texts.sensor_key` and `own_key`.
        name: given by its wearer; may be empty.
        role, site: where it was worn last.
        own: its `own_key`, where ``key`` is a way to it; empty until it was connected and told its serial number.
    """

    key: str
    name: str = ""
    role: Role = Role.UPPER
    site: Site = Site.UPPER_BACK
    own: str = ""


def own_key(family: str, serial: str) -> str:
    """What a sensor is remembered by for itself, whatever the way to it; empty where it tells no serial number."""
    return f"{family}#{serial}" if family and serial else ""


class KnownSensors:
    """All sensors that this computer remembers, the latest last.

    Args:
        path: the file; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.problem = ""
        """One line when the file could not be read; it is left alone then, and nothing is remembered."""
        self._sensors = self._read()

    def get(self, key: str) -> KnownSensor | None:
        """The sensor with this key; else the one sensor whose key differs only in the address, which is told only
        while another of its name is near.
        """
        exact = self._sensors.get(key)
        same = [s for s in self._sensors.values() if _without_address(s.key) == _without_address(key)]
        return exact or (same[0] if len(same) == 1 and "" in (_address(key), _address(same[0].key)) else None)

    def named(self, sensor: KnownSensor) -> KnownSensor:
        """A sensor that told who it is, with its own name: before it another one may have been reached the same way.

        Args:
            sensor: the way to it as ``key``, its `own_key`, and where it is worn now.
        """
        way, itself = self.get(sensor.key), self._sensors.get(sensor.own)
        said = way.name if way is not None and not way.own else ""  # by its wearer, since this way was last used
        name = said or ("" if itself is None else itself.name)
        return replace(sensor, name=name)

    def remember(self, sensor: KnownSensor) -> None:
        """Keep a sensor, or what changed about it; with its ``own`` key also by that.

        A way to it whose name is said anew leads to who knows which sensor, until that is connected.

        Raises:
            OSError: when the file cannot be written; the change then holds until the program ends.
        """
        named, before = replace(sensor, name=clean_text(sensor.name, MAX_NAME)), self._sensors.get(sensor.key)
        if not named.own and before is not None and before.name == named.name:
            named = replace(named, own=before.own)
        rows = [named, *([replace(named, key=named.own, own="")] if sensor.own else [])]
        if all(self._sensors.get(row.key) == row for row in rows):
            return
        for row in rows:
            self._sensors.pop(row.key, None)
            self._sensors[row.key] = row
        while len(self._sensors) > MAX_KNOWN:
            del self._sensors[next(iter(self._sensors))]
        if not self.problem:
            self._write()

    def _read(self) -> dict[str, KnownSensor]:
        try:
            if not self._path.exists():
                return {}
            if self._path.stat().st_size > MAX_FILE_BYTES:
                raise ValueError("it is too large")
            rows = json.loads(self._path.read_text(encoding="utf-8"))
            return {row["key"]: _sensor(row) for row in rows}
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            self.problem = f"{self._path.name} cannot be read: names and places of sensors are not remembered."
            return {}

    def _write(self) -> None:
        text = json.dumps([asdict(sensor) for sensor in self._sensors.values()], indent=1)
        write_private(self._path, f"{text}\n".encode())


def _sensor(row: dict[str, object]) -> KnownSensor:
    role, site = Role(str(row["role"])), Site(str(row["site"]))
    name, own = clean_text(str(row["name"]), MAX_NAME), str(row.get("own", ""))
    return KnownSensor(str(row["key"]), name, role, site, own)


def _address(key: str) -> str:
    return next((part for part in key.partition("?")[2].split("&") if part.startswith("address=")), "")


def _without_address(key: str) -> str:
    target, _, query = key.partition("?")
    return "&".join((target, *(part for part in query.split("&") if part and not part.startswith("address="))))
