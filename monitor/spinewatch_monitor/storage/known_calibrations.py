"""The last calibration of each set of sensors, for the next time they are worn. One small private JSON file."""

from __future__ import annotations

import json
from pathlib import Path

from spinewatch_monitor.storage.private_file import read_objects, write_private
from spinewatch_signal.calibration import Calibration

MAX_FILE_BYTES = 400_000
MAX_KNOWN = 50
"""Sets of sensors on places; nobody has so many. The oldest are forgotten first."""


class KnownCalibrations:
    """All calibrations that this computer remembers, the latest last.

    Args:
        path: the file; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.problem = ""
        """One line when the file could not be read; it is left alone then, and nothing is remembered."""
        self._kept: dict[str, Calibration] = self._read()

    def get(self, worn: str) -> Calibration | None:
        """The calibration of this set of sensors on these places; see `calibration_desk.worn_as`."""
        return self._kept.get(worn)

    def keep(self, worn: str, calibration: Calibration) -> None:
        """Remember a calibration in place of the one before.

        Raises:
            OSError: when the file cannot be written; the change then holds until the program ends.
        """
        self._kept.pop(worn, None)
        self._kept[worn] = calibration
        while len(self._kept) > MAX_KNOWN:
            del self._kept[next(iter(self._kept))]
        if not self.problem:
            self._write()

    def _read(self) -> dict[str, Calibration]:
        try:
            return read_objects(self._path, MAX_FILE_BYTES, Calibration.from_json)
        except ValueError:
            self.problem = f"{self._path.name} cannot be read: calibrations are not remembered."
            return {}

    def _write(self) -> None:
        text = json.dumps({worn: calibration.to_json() for worn, calibration in self._kept.items()})
        write_private(self._path, f"{text}\n".encode())
