"""Small private files: whole or as before, and nobody else's to read, whatever an earlier crash left behind."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from made_recordings import START_S
from spinewatch_bridge.blocks import SensorChannel
from spinewatch_monitor.settings import Settings, save_settings
from spinewatch_monitor.storage.known_calibrations import KnownCalibrations
from spinewatch_monitor.storage.known_sensors import KnownSensor, KnownSensors
from spinewatch_monitor.storage.owner_keys import OwnerKeyFile
from spinewatch_monitor.storage.private_file import write_private
from spinewatch_monitor.storage.sensor_memory import SensorMemory
from spinewatch_signal.calibration import Calibration
from spinewatch_signal.flexion import BodyFrame
from spinewatch_signal.samples import SensorInfo
from spinewatch_signal.sensor_prior import SensorPrior

WITH_SERIAL = SensorChannel(SensorInfo("upper", "spinewatch"), 1.0, 1.0, details={"serial": "A1"})
PRIOR = SensorPrior(START_S, np.zeros(3))
CALIBRATION = Calibration({"upper": BodyFrame(np.eye(3))}, "guided", "good", made_at_s=START_S)

Write = Callable[[Path], object]
WRITERS: dict[str, Write] = {
    "plain": lambda path: write_private(path, b"{}\n"),
    "settings": lambda path: save_settings(path, Settings()),
    "sensors": lambda path: KnownSensors(path).remember(KnownSensor("sim:one")),
    "sensor_memory": lambda path: SensorMemory(path).learn(WITH_SERIAL, PRIOR),
    "calibrations": lambda path: KnownCalibrations(path).keep("worn", CALIBRATION),
    "owner_keys": lambda path: OwnerKeyFile(path).new_key("AB12"),
}


@pytest.mark.skipif(sys.platform == "win32", reason="rights are of POSIX")
@pytest.mark.parametrize("writer", WRITERS)
def test_a_leftover_that_others_may_read_passes_its_rights_to_no_file(tmp_path: Path, writer: str) -> None:
    path = tmp_path / "file.json"
    leftover = tmp_path / "file.tmp"
    leftover.write_text("half")
    leftover.chmod(0o644)
    with leftover.open() as opened_before:
        WRITERS[writer](path)
        assert opened_before.read() == "half"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes().endswith(b"}\n") or path.read_bytes().endswith(b"]\n")
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.json"
    write_private(path, b"old\n")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_private(path, b"new\n")
    assert path.read_bytes() == b"old\n"
