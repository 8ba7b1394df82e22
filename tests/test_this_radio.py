"""A computer on which bleak is not there, or not for its system: everything but Bluetooth works."""

from __future__ import annotations

import asyncio
import sys

import pytest

from spinewatch_bridge.bluetooth_state import BluetoothState
from spinewatch_bridge.host_clock import HostClock
from spinewatch_monitor.cli_doctor import bluetooth_now
from spinewatch_monitor.cli_scan import look_around
from spinewatch_monitor.this_radio import OneRadio, this_radio


@pytest.fixture(autouse=True)
def without_bleak(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("spinewatch_bridge.transports.ble")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "bleak", None)


def test_there_is_no_radio() -> None:
    assert this_radio(HostClock()) is None


def test_a_program_asks_for_its_radio_in_vain_and_may_ask_again() -> None:
    one = OneRadio()
    assert one.get() is None
    assert one.get() is None


def test_doctor_says_so() -> None:
    assert bluetooth_now() is BluetoothState.UNSUPPORTED


def test_ports_are_looked_at_all_the_same() -> None:
    assert asyncio.run(look_around(0.05, None)).bluetooth is BluetoothState.UNSUPPORTED
