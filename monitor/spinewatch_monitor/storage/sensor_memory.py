"""What was learned of each sensor itself, from one recording to the next: one small private JSON file.

A gyroscope's offset stays nearly the same for weeks. Known beforehand, it serves recordings without rest. What sets an
accelerometer right becomes known by the postures of several days.
"""

from __future__ import annotations

import json
from pathlib import Path

from spinewatch_bridge.blocks import SensorChannel
from spinewatch_monitor.storage.known_sensors import own_key
from spinewatch_monitor.storage.private_file import read_objects, write_private
from spinewatch_signal.sensor_prior import SensorPrior

MAX_FILE_BYTES = 2_000_000
MAX_KNOWN = 200
"""Nobody has so many; those learned of longest ago are forgotten first."""


class SensorMemory:
    """What is known of all sensors that tell a serial number; the latest learned of stands last.

    Args:
        path: the file; it need not exist.

    Attributes:
        problem: one line when the file could not be read; it is left alone then, and nothing is kept.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.problem = ""
        self._known = self._read()

    def prior(self, channel: SensorChannel) -> SensorPrior | None:
        """What earlier recordings told of this sensor; nothing of one that the simulator made."""
        return None if channel.simulated else self._known.get(_key(channel))

    def learn(self, channel: SensorChannel, prior: SensorPrior) -> None:
        """Keep what a recording told of a sensor that can be told from others.

        Raises:
            OSError: when the file cannot be written; what was learned then holds until the program ends.
        """
        key = _key(channel)
        if channel.simulated or not key:
            return
        self._known.pop(key, None)
        self._known[key] = prior
        while len(self._known) > MAX_KNOWN:
            del self._known[next(iter(self._known))]
        if not self.problem:
            self._write()

    def _read(self) -> dict[str, SensorPrior]:
        try:
            return read_objects(self._path, MAX_FILE_BYTES, SensorPrior.from_json)
        except ValueError:
            self.problem = f"{self._path.name} cannot be read: what was learned of the sensors is not used."
            return {}

    def _write(self) -> None:
        text = json.dumps({key: prior.to_json() for key, prior in self._known.items()}, indent=1)
        write_private(self._path, f"{text}\n".encode())


def _key(channel: SensorChannel) -> str:
    return own_key(channel.sensor.family, channel.details.get("serial", ""))
