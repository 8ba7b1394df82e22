"""Sensors that were connected before: the name they were given and where they are worn. One small private JSON file."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from spinewatch_bridge.protocols.base import clean_text
from spinewatch_signal.samples import Role, Site

MAX_FILE_BYTES = 200_000
MAX_KNOWN = 200
"""Nobody has so many; the oldest are forgotten first."""
MAX_NAME = 30


@dataclass(frozen=True, slots=True)
class KnownSensor:
    """One sensor.

    Args:
        key: what it is found by; see `sensor_texts.sensor_key`.
        name: given by its wearer; may be empty.
        role, site: where it was worn last.
    """

    key: str
    name: str = ""
    role: Role = Role.UPPER
    site: Site = Site.UPPER_BACK


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
        """The sensor with this key, if it is known."""
        return self._sensors.get(key)

    def remember(self, sensor: KnownSensor) -> None:
        """Keep a sensor, or what changed about it.

        Raises:
            OSError: when the file cannot be written; the change then holds until the program ends.
        """
        named = KnownSensor(sensor.key, clean_text(sensor.name, MAX_NAME), sensor.role, sensor.site)
        if self._sensors.get(sensor.key) == named:
            return
        self._sensors.pop(sensor.key, None)
        self._sensors[sensor.key] = named
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
        temporary = self._path.with_suffix(".tmp")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        temporary.replace(self._path)


def _sensor(row: dict[str, object]) -> KnownSensor:
    role, site = Role(str(row["role"])), Site(str(row["site"]))
    return KnownSensor(str(row["key"]), clean_text(str(row["name"]), MAX_NAME), role, site)
