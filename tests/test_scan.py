"""Looking around: what the radio hears and what is plugged in, over the virtual air; `spinewatch scan` in words."""

from __future__ import annotations

import asyncio

import pytest
from bleak.exc import BleakBluetoothNotAvailableReason as Unavailable

from bridge_helpers import VirtualClock, run_virtually
from spinewatch_bridge.bluetooth_state import BluetoothState
from spinewatch_bridge.host_clock import HostClock
from spinewatch_bridge.nearby import Nearby
from spinewatch_bridge.simulator.ble_peripheral import BlePeripheral
from spinewatch_bridge.transports.ble_radio import Radio
from spinewatch_bridge.transports.ble_virtual import VirtualAir
from spinewatch_bridge.transports.serial_port import PortInfo
from spinewatch_monitor import cli_scan
from spinewatch_monitor.cli import run
from spinewatch_monitor.nearby_watch import NearbySeen, NearbyWatch

USB = PortInfo("/dev/ttyUSB0", "USB Serial", 0x1A86, 0x7523, None)
OTHER_USB = PortInfo("/dev/ttyUSB1", "USB Serial", 0x1A86, 0x7523, None)
OWN_SERVICE = "3b1f0001-2fa8-4953-b173-92e4022d55cf"


def looked(seconds: float, *, switched_off_at_s: float | None = None) -> list[NearbySeen]:
    """What a watch tells in so many virtual seconds, in a room with one sensor."""
    told: list[NearbySeen] = []

    async def main(clock: VirtualClock) -> None:
        async with VirtualAir() as air:
            await air.add(BlePeripheral("SW-0042", "C0:00:00:00:00:42", {}, [OWN_SERVICE]))
            watch = NearbyWatch(Radio(clock, air.backend), lambda: [USB], clock)
            looking = asyncio.create_task(watch.run(told.append))
            if switched_off_at_s is not None:
                await asyncio.sleep(switched_off_at_s)
                air.switch_off(Unavailable.POWERED_OFF)
            await asyncio.sleep(seconds)
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)

    run_virtually(main, 120.0)
    return told


def test_what_is_heard_and_what_is_plugged_in() -> None:
    told = looked(5.0)
    radio, cable = told[-1].sensors
    assert (radio.title, radio.family, radio.source, radio.kind) == ("SW-0042", "spinewatch", "ble:SW-0042", "ble")
    assert (cable.family_title, cable.source) == ("maybe WitMotion", "serial:/dev/ttyUSB0?protocol=witmotion")
    assert told[-1].bluetooth is BluetoothState.READY
    assert told[-1].looking_s == pytest.approx(5.0, abs=1.0)
    assert len(told) <= 12, "twice a second is enough for people"


class QuickClock(HostClock):
    """A thousand times as fast: listing ports takes a thread, for which virtual time does not wait."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / 1000)


def test_ports_that_cannot_be_listed_just_now_end_no_look_around() -> None:
    listed: list[list[PortInfo] | OSError] = [[USB], OSError("a driver is being changed"), [OTHER_USB]]
    told: list[NearbySeen] = []
    kept: list[NearbySeen] = []

    def ports() -> list[PortInfo]:
        found = listed.pop(0) if listed else []
        if isinstance(found, OSError):
            raise found
        if found == [OTHER_USB]:
            kept.append(told[-1])
        return found

    async def main() -> None:
        looking = asyncio.create_task(NearbyWatch(None, ports, QuickClock()).run(told.append))
        while listed and not looking.done():
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.01)
        assert not looking.done(), "it goes on"
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)

    asyncio.run(main())
    assert [sensor.source for sensor in kept[0].sensors] == ["serial:/dev/ttyUSB0?protocol=witmotion"]


def test_bluetooth_that_is_switched_off_is_said_and_ports_stay() -> None:
    told = looked(30.0, switched_off_at_s=3.0)
    assert told[-1].bluetooth is BluetoothState.OFF
    assert [sensor.kind for sensor in told[-1].sensors] == ["serial"]


def said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], seen: NearbySeen) -> tuple[str, str]:
    async def found(_seconds: float, _radio: None) -> NearbySeen:
        return seen

    monkeypatch.setattr(cli_scan, "look_around", found)
    assert run(["scan"]) == 0
    return capsys.readouterr()


def test_scan_prints_what_connects_each_sensor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sensors = (
        Nearby("SW-0042", "spinewatch", "Spinewatch", "ble", -58.0, "strong", "ble:SW-0042", battery_percent=71),
        Nearby("Polar H10", "polar", "Polar", "ble", None, "", None, "it is read by nobody", "angles only while still"),
    )
    out, err = said(monkeypatch, capsys, NearbySeen(sensors, BluetoothState.READY, 6.0))
    for text in ("ble:SW-0042", "strong (-58 dBm)", "71 %", "it is read by nobody", "angles only while still"):
        assert text in out
    assert err == ""


def test_scan_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    out, err = said(monkeypatch, capsys, NearbySeen((), BluetoothState.OFF, 6.0))
    assert "No sensor was found" in out
    assert err.strip() == f"{BluetoothState.OFF.words} {BluetoothState.OFF.todo}"
