"""Recording without a window: what a person must know of a sensor is said on the line, once."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from spinewatch_bridge.blocks import Event
from spinewatch_bridge.host_clock import HostClock
from spinewatch_bridge.host_watch import HOST_WRONG
from spinewatch_monitor import headless


def test_notes_and_clocks_are_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def about(_start: dt.datetime) -> dict[str, object]:
        return {}

    run = headless._Run(tmp_path / "a.mcap", about, HostClock(1.7e9))
    note = Event("note", 1.7e9, "upper_back", {"text": "This sensor now belongs to this computer."})
    wrong = [Event("clock", 1.7e9, sensor, {"what": HOST_WRONG}) for sensor in ("upper_back", "pelvis")]
    run.take([note, *wrong])
    run.finish()
    said = capsys.readouterr().err
    assert said.count("belongs to this computer") == 1
    assert said.count("clock of this computer is not set") == 1
