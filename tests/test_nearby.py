"""What is around: by family, in words, with the text that connects it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fake_bleak import packet
from spinewatch_bridge import nearby
from spinewatch_bridge.nearby import Nearby, ble_source, nearby_ble, nearby_serial, signal_words, unknown_count
from spinewatch_bridge.protocols import table
from spinewatch_bridge.protocols.base import clean_text
from spinewatch_bridge.protocols.table import FAMILIES, ble_families
from spinewatch_bridge.source_text import parse_source
from spinewatch_bridge.transports.ble_radio import Advert
from spinewatch_bridge.transports.serial_port import PortInfo

NOW_S = 1_700_000_000.0
SERVICE = FAMILIES["spinewatch"].gatt[0].service


def heard(
    name: str, address: str = "C0:00:00:00:00:01", rssi_dbm: int | None = -60, *services: str, ago_s: float = 0.0
) -> Advert:
    return Advert(address, name, rssi_dbm, frozenset(services), NOW_S - ago_s, packet(name, address)[0], 80)


def test_a_sensor_with_a_name_of_ours():
    assert nearby_ble([heard("SW-3F2A")], NOW_S) == [
        Nearby(
            title="SW-3F2A",
            family="spinewatch",
            family_title="Spinewatch",
            kind="ble",
            signal_dbm=-60,
            signal_words="strong",
            source="ble:SW-3F2A",
            remark=FAMILIES["spinewatch"].remark,
            battery_percent=80,
        )
    ]


def test_what_is_not_ours_is_counted_but_not_shown():
    around = [heard("Neighbour's TV"), heard(""), heard("SW-1"), heard("Old phone", ago_s=31), heard("SW-2", ago_s=31)]
    assert [sensor.title for sensor in nearby_ble(around, NOW_S)] == ["SW-1"]
    assert unknown_count(around, NOW_S) == 2


def test_sensors_of_one_name_are_told_apart_by_address_and_only_these():
    around = [
        heard("SW-1", "C0:00:00:00:00:02"),
        heard("SW-1", "C0:00:00:00:00:01"),
        heard("SW-2", "C0:00:00:00:00:03"),
    ]
    assert [sensor.source for sensor in nearby_ble(around, NOW_S)] == [
        "ble:SW-1?address=C0:00:00:00:00:01",
        "ble:SW-1?address=C0:00:00:00:00:02",
        "ble:SW-2",
    ]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("My spine", "ble:My spine?protocol=spinewatch"),
        ("", "ble:?address=C0:00:00:00:00:01&protocol=spinewatch"),
        ("What? 100%", "ble:What%3F 100%25?protocol=spinewatch"),
    ],
)
def test_a_sensor_known_by_its_service_is_connected_as_what_it_is(name: str, source: str):
    (sensor,) = nearby_ble([heard(name, "C0:00:00:00:00:01", -60, SERVICE)], NOW_S)
    assert sensor.source == source
    assert sensor.title == name or "without a name" in sensor.title
    spec = parse_source(source)
    assert (spec.target, spec.options["protocol"]) == (name, "spinewatch")


@pytest.mark.parametrize("family", ble_families())
def test_every_family_with_a_radio_is_found_by_service_and_by_name_and_can_be_connected(family: str):
    row = FAMILIES[family]
    names = [f"{beginning}1234" for beginning in row.ble_names]
    adverts = [heard(name, f"C0:00:00:00:00:{n:02X}") for n, name in enumerate(names)]
    by_service = [heard("?", f"C0:00:00:00:01:{n:02X}", -60, p.service.upper()) for n, p in enumerate(row.gatt)]
    assert by_service
    for sensor in nearby_ble([*adverts, *by_service], NOW_S):
        assert (sensor.family, sensor.why_not, sensor.remark) == (family, "", row.remark_for(sensor.title))
        assert parse_source(str(sensor.source)).kind == "ble"


@pytest.mark.parametrize(
    ("dbm", "words"), [(-40, "strong"), (-65, "strong"), (-66, "fair"), (-80, "fair"), (-81, "weak"), (None, "")]
)
def test_a_signal_in_a_word(dbm: float | None, words: str):
    assert signal_words(dbm) == words


def test_the_order_stays_while_signals_change():
    def titles(first_dbm: int, second_dbm: int) -> list[str]:
        around = [heard("SW-B", "C0:00:00:00:00:02", second_dbm), heard("SW-A", "C0:00:00:00:00:01", first_dbm)]
        return [sensor.title for sensor in nearby_ble(around, NOW_S)]

    assert titles(-40, -90) == titles(-90, -40) == ["SW-A", "SW-B"]


@given(st.text(max_size=50), st.sets(st.text(max_size=40), max_size=3))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_no_advertisement_raises_and_each_source_can_be_parsed(name: str, services: set[str]):
    for sensor in nearby_ble([heard(clean_text(name), "C0:00:00:00:00:01", -60, *services, SERVICE)], NOW_S):
        assert parse_source(str(sensor.source)).target == clean_text(name)


# --- serial ports -----------------------------------------------------------------------------------------------------


def test_a_family_brings_its_own_usb_chips(monkeypatch: pytest.MonkeyPatch):
    added = {**table.FAMILIES, "other": replace(table.FAMILIES["witmotion"], title="Other", usb=((0xCAFE, 1),))}
    monkeypatch.setattr(table, "FAMILIES", added)
    monkeypatch.setattr(nearby, "FAMILIES", added)
    (shown,) = nearby_serial([PortInfo("COM4", "", 0xCAFE, 1, None)])
    assert (shown.family_title, shown.source) == ("maybe Other", "serial:COM4?protocol=other")


def test_serial_ports_with_a_guess_at_what_is_on_them():
    ports = [
        PortInfo("/dev/ttyUSB0", "USB\x1bSerial", 0x1A86, 0x7523, None),
        PortInfo("COM3", "", 0x2886, 0x8045, "A1"),
        PortInfo("/dev/ttyACM1", "Modem", 0x1199, 0x9071, None),
        PortInfo("/dev/ttyS0", "ttyS0"),
    ]
    shown = nearby_serial(ports)
    assert [(s.title, s.family, s.family_title, s.source, s.usb) for s in shown] == [
        (
            "USB·Serial at /dev/ttyUSB0",
            "witmotion",
            "maybe WitMotion",
            "serial:/dev/ttyUSB0?protocol=witmotion",
            "1A86:7523",
        ),
        ("COM3", "spinewatch", "maybe Spinewatch", "serial:COM3?protocol=spinewatch", "2886:8045"),
        ("Modem at /dev/ttyACM1", None, "not known", None, "1199:9071"),
    ]
    assert {(s.kind, s.signal_words, s.signal_dbm) for s in shown} == {("serial", "cable", None)}
    assert [bool(s.why_not) for s in shown] == [False, False, True]
    assert all(parse_source(s.source).kind == "serial" for s in shown if s.source)


def test_a_source_names_only_what_it_must():
    assert ble_source("SW-1") == "ble:SW-1"
    assert ble_source("SW-1", "C0:00:00:00:00:01") == "ble:SW-1?address=C0:00:00:00:00:01"


def test_it_works_where_neither_bleak_nor_pyserial_does():
    names = ["bleak", "serial"]
    code = f"import sys; sys.modules.update(dict.fromkeys({names})); import spinewatch_bridge.nearby"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
