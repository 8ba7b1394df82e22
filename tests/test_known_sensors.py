"""Names and places of sensors: kept privately, bounded, and never lost to a bad file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spinewatch_monitor.storage.known_sensors import MAX_KNOWN, KnownSensor, KnownSensors, own_key
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


def test_an_address_that_is_told_beside_a_twin_loses_no_name(tmp_path: Path) -> None:
    known = KnownSensors(tmp_path / "sensors.json")
    known.remember(KnownSensor("ble:WT901", "Back one"))
    assert name(known, "ble:WT901?address=C0%3A01") == "Back one"
    assert name(known, "ble:WT901?address=C0%3A01&protocol=witmotion") == "", "another sensor for all we know"
    known = KnownSensors(tmp_path / "others.json")
    known.remember(KnownSensor("ble:WT901?address=C0%3A01", "Back one"))
    assert name(known, "ble:WT901") == "Back one"
    assert name(known, "ble:WT901?address=C0%3A02") == "", "it is the twin"
    known.remember(KnownSensor("ble:WT901?address=C0%3A02", "The twin"))
    assert name(known, "ble:WT901") == "", "it may be either"
    assert name(known, "ble:WT901?address=C0%3A01") == "Back one"


COM7, OWN, OTHER = "serial:COM7?protocol=spinewatch", "spinewatch#0042", "spinewatch#0043"


def connected(known: KnownSensors, sensor: KnownSensor) -> KnownSensor:
    named = known.named(sensor)
    known.remember(named)
    return named


def name(known: KnownSensors, key: str) -> str:
    found = known.get(key)
    return "" if found is None else found.name


def test_another_sensor_at_the_same_port_inherits_no_name_and_the_first_one_keeps_it_at_another(tmp_path: Path) -> None:
    file = tmp_path / "sensors.json"
    known = KnownSensors(file)
    known.remember(KnownSensor(COM7, "Back one"))  # named before it was ever connected
    assert connected(known, KnownSensor(COM7, own=OWN)).name == "Back one"
    known = KnownSensors(file)
    known.remember(KnownSensor(COM7, "Back one", Role.LOWER, Site.PELVIS))  # a session begins with what is known
    assert connected(known, KnownSensor(COM7, own=OTHER)).name == ""
    assert name(known, COM7) == ""
    assert connected(known, KnownSensor("serial:COM9?protocol=spinewatch", own=OWN)).name == "Back one"
    assert connected(known, KnownSensor(COM7, own=OWN)).name == "Back one"


def test_a_name_that_was_just_given_goes_before_the_old_one(tmp_path: Path) -> None:
    known = KnownSensors(tmp_path / "sensors.json")
    connected(known, KnownSensor(COM7, own=OWN))
    known.remember(KnownSensor(COM7, "Old", own=OWN))  # while it is connected
    known.remember(KnownSensor(COM7, "New"))  # in the form
    assert name(known, OWN) == "Old", "who knows what is at the port now"
    assert connected(known, KnownSensor(COM7, own=OWN)).name == "New"
    assert name(known, OWN) == "New"
    known.remember(KnownSensor("serial:COM9", "Newer", own=OWN))  # while it is connected at another port
    assert connected(known, KnownSensor(COM7, own=OWN)).name == "Newer"
    known.remember(KnownSensor(COM7, "", own=OWN))
    assert connected(known, KnownSensor(COM7, own=OWN)).name == "", "a name that was taken away stays away"


def test_a_sensor_that_tells_no_serial_number_is_known_by_its_way_alone() -> None:
    assert (own_key("witmotion", ""), own_key("polar", "5A1E0001")) == ("", "polar#5A1E0001")


def test_a_file_of_before_serial_numbers_is_read(tmp_path: Path) -> None:
    file = tmp_path / "sensors.json"
    file.write_text('[{"key": "ble:A", "name": "Back one", "role": "upper", "site": "t12"}]')
    assert KnownSensors(file).get("ble:A") == KnownSensor("ble:A", "Back one", Role.UPPER, Site.T12)


@pytest.mark.parametrize("text", ["", "{", "[1]", '[{"key": "a"}]', '[{"key":"a","name":"","role":"x","site":"t12"}]'])
def test_a_file_that_cannot_be_read_is_said_and_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "sensors.json"
    file.write_text(text)
    known = KnownSensors(file)
    assert known.problem
    known.remember(KnownSensor("ble:A", "kept while the program runs"))
    assert known.get("ble:A") is not None
    assert file.read_text() == text
