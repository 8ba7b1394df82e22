"""Names and places of sensors: kept privately, bounded, and never lost to a bad file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spinewatch_monitor.storage.known_sensors import MAX_KNOWN, KnownSensor, KnownSensors
from spinewatch_signal.samples import Role, Site


def test_what_was_remembered_is_there_the_next_time(tmp_path: Path) -> None:
    file = tmp_path / "sensors.json"
    sensor = KnownSensor("ble:SW-1234", "Back one", Role.LOWER, Site.PELVIS)
    KnownSensors(file).remember(sensor)
    assert KnownSensors(file).get("ble:SW-1234") == sensor
    assert KnownSensors(file).get("ble:SW-0000") is None


@pytest.mark.skipif(os.name != "posix", reason="modes mean nothing on Windows")
def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    KnownSensors(tmp_path / "sensors.json").remember(KnownSensor("ble:A"))
    assert (tmp_path / "sensors.json").stat().st_mode & 0o777 == 0o600


def test_names_are_cleaned_and_cut(tmp_path: Path) -> None:
    known = KnownSensors(tmp_path / "sensors.json")
    known.remember(KnownSensor("ble:A", "a\x1b[31m" + "x" * 100))
    named = known.get("ble:A")
    assert named is not None
    assert len(named.name) == 30
    assert named.name.isprintable()


def test_the_oldest_are_forgotten_first(tmp_path: Path) -> None:
    known = KnownSensors(tmp_path / "sensors.json")
    for number in range(MAX_KNOWN + 5):
        known.remember(KnownSensor(f"ble:{number}"))
    assert known.get("ble:4") is None
    assert known.get("ble:5") is not None


@pytest.mark.parametrize("text", ["", "{", "[1]", '[{"key": "a"}]', '[{"key":"a","name":"","role":"x","site":"t12"}]'])
def test_a_file_that_cannot_be_read_is_said_and_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "sensors.json"
    file.write_text(text)
    known = KnownSensors(file)
    assert known.problem
    known.remember(KnownSensor("ble:A", "kept while the program runs"))
    assert known.get("ble:A") is not None
    assert file.read_text() == text
