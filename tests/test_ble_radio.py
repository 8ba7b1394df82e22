"""The computer's Bluetooth: one scan for all who look, errors with their facts, nothing that grows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from bleak.exc import BleakBluetoothNotAvailableError, BleakDBusError, BleakDeviceNotFoundError, BleakError
from bleak.exc import BleakBluetoothNotAvailableReason as Reason

from bridge_helpers import START_S, VirtualClock, run_virtually
from fake_bleak import ADDRESS, FakeWorld, packet
from spinewatch_bridge.bluetooth_state import BluetoothState
from spinewatch_bridge.errors import (
    BluetoothBusyError,
    BluetoothOffError,
    BridgeError,
    SensorBusyError,
    SensorNotFoundError,
)
from spinewatch_bridge.protocols.gatt import BATTERY_SERVICE
from spinewatch_bridge.protocols.table import FAMILIES
from spinewatch_bridge.transports import ble_errors, ble_radio
from spinewatch_bridge.transports.ble_advert import MAX_SEEN
from spinewatch_bridge.transports.ble_radio import Advert, Radio, bluetooth_state

OTHER = "C0:00:00:00:00:02"
IN_PROGRESS = BleakDBusError("org.bluez.Error.InProgress", ["Operation already in progress"])
OFF = BleakBluetoothNotAvailableError("off", Reason.POWERED_OFF)
SPINEWATCH_SERVICE = FAMILIES["spinewatch"].gatt[0].service


def called(name: str) -> Callable[[Advert], bool]:
    return lambda advert: advert.name == name


def with_radio(world: FakeWorld, test: Callable[[Radio, VirtualClock], Awaitable[None]]) -> None:
    """Run a test to its end, in virtual time."""
    ended = []

    async def main(clock: VirtualClock) -> None:
        await test(Radio(clock, world.backend), clock)
        ended.append(True)

    run_virtually(main, 1000)
    assert ended


# --- looking ----------------------------------------------------------------------------------------------------------


def test_two_that_look_at_once_share_one_scan_and_the_last_one_ends_it():
    world = FakeWorld()

    async def test(radio: Radio, clock: VirtualClock) -> None:
        both = asyncio.gather(radio.find(called("SW-1"), 5), radio.find(called("SW-2"), 5))
        await clock.sleep(1)
        world.say(packet("SW-1"))
        await clock.sleep(1)
        assert world.listening == 1
        world.say(packet("SW-2", OTHER))
        first, second = await both
        assert (first.name, second.name) == ("SW-1", "SW-2")
        assert world.diary == ["scan", "end of scan"]
        assert first.device.address == ADDRESS

    with_radio(world, test)


def test_who_joins_a_running_scan_finds_what_was_heard_a_moment_ago_and_no_ghosts():
    world = FakeWorld()

    async def test(radio: Radio, clock: VirtualClock) -> None:
        watching = asyncio.create_task(radio.watch(lambda _around: None))
        await clock.sleep(0.1)
        world.say(packet("SW-1"))
        await clock.sleep(2)
        assert (await radio.find(called("SW-1"), 1)).name == "SW-1"
        await clock.sleep(5)
        with pytest.raises(SensorNotFoundError):
            await radio.find(called("SW-1"), 1)
        watching.cancel()
        await asyncio.wait({watching})
        await clock.sleep(0.1)
        assert world.listening == 0

    with_radio(world, test)


def test_a_search_that_is_cancelled_ends_its_scan():
    world = FakeWorld()

    async def test(radio: Radio, clock: VirtualClock) -> None:
        looking = asyncio.create_task(radio.find(called("SW-1"), 5))
        await clock.sleep(1)
        looking.cancel()
        await asyncio.wait({looking})
        await clock.sleep(0.1)
        assert world.diary == ["scan", "end of scan"]

    with_radio(world, test)


def test_a_search_that_is_cancelled_while_its_scan_begins_ends_that_scan():
    """BlueZ would go on with it, and refuse every other one."""
    world = FakeWorld()
    world.takes_s = 2.0

    async def test(radio: Radio, clock: VirtualClock) -> None:
        looking = asyncio.create_task(radio.find(called("SW-1"), 5))
        await clock.sleep(1)
        looking.cancel()
        await clock.sleep(5)
        assert looking.cancelled()
        assert (world.diary, world.listening) == (["scan", "end of scan"], 0)

    with_radio(world, test)


def test_a_sensor_that_is_not_there_is_said_with_the_sensors_that_are():
    """Names of what is not ours, a neighbour's television, are left out."""
    ours = [packet(f"SW-{n}", f"C0:00:00:00:01:{n:02X}") for n in range(20)]
    world = FakeWorld()
    world.heard = [packet("Neighbour's TV", OTHER), packet(None, ADDRESS), *ours]

    async def test(radio: Radio, clock: VirtualClock) -> None:
        with pytest.raises(SensorNotFoundError) as caught:
            await radio.find(called("SW-3F2A"), 2, "SW-3F2A")
        assert caught.value.seen == ("SW-0", "SW-1", "SW-10", "SW-11", "SW-12", "SW-13")
        assert str(caught.value).startswith("Sensor 'SW-3F2A' was not found. It may be out of range, switched off, as")
        assert "'SW-0'" in str(caught.value)

    with_radio(world, test)


def test_a_sensor_that_this_computer_is_connected_to_already_is_found_without_a_scan():
    world = FakeWorld()
    world.held = [packet("SW-1")[0]]

    async def test(radio: Radio, clock: VirtualClock) -> None:
        advert = await radio.find(called("SW-1"), 5)
        assert (advert.name, advert.rssi_dbm, world.diary) == ("SW-1", None, [])
        await radio.connect(client := radio.client(advert, lambda _client: None), "SW-1")
        with pytest.raises(SensorNotFoundError):  # by another link of this program: it is taken
            await radio.find(called("SW-1"), 5)
        await radio.disconnect(client)
        assert (await radio.find(called("SW-1"), 5)).address == ADDRESS

    with_radio(world, test)


# --- what was heard ---------------------------------------------------------------------------------------------------


def test_packets_of_one_device_add_up():
    """A name in one packet, services in another, cleaned; a signal that is not known is none."""
    world = FakeWorld()

    async def test(radio: Radio, clock: VirtualClock) -> None:
        async with radio._scanning():
            world.say(packet(None, services=[SPINEWATCH_SERVICE.upper()], service_data={BATTERY_SERVICE: b"\x50"}))
            world.say(packet("SW-\x1b[31m\n1\u202e", rssi=-127))
        assert radio.around() == [
            Advert(ADDRESS, "SW-·[31m·1·", None, frozenset({SPINEWATCH_SERVICE}), START_S, packet(None)[0], 80)
        ]
        assert ADDRESS not in repr(radio.around())

    with_radio(world, test)


def test_what_is_kept_of_a_crowd_has_a_ceiling_and_an_age():
    world = FakeWorld()

    async def test(radio: Radio, clock: VirtualClock) -> None:
        async with radio._scanning():
            for n in range(3 * MAX_SEEN):
                world.say(packet("x" * 500, f"C0:00:00:00:{n // 256:02X}:{n % 256:02X}", services=["a", "b"] * 500))
            crowd = radio.around()
            assert len(crowd) == MAX_SEEN
            assert max(len(a.name) for a in crowd) == 40
            await clock.sleep(31)
            assert radio.around() == []
            world.say(packet("SW-1"))
            assert len(radio._around) == 1

    with_radio(world, test)


def test_a_watcher_hears_again_and_again_what_is_around():
    world = FakeWorld()
    world.heard = [packet("SW-1")]
    told: list[int] = []

    async def test(radio: Radio, clock: VirtualClock) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(radio.watch(lambda around: told.append(len(around))), 3.2)
        assert told == [1] * 7

    with_radio(world, test)


def test_a_scan_that_fell_silent_is_begun_anew_and_tells_when_bluetooth_went_off():
    world = FakeWorld()
    world.start_errors = [None, None, OFF]

    async def test(radio: Radio, clock: VirtualClock) -> None:
        with pytest.raises(BluetoothOffError) as caught:
            await radio.watch(lambda _around: None)
        assert caught.value.reason is BluetoothState.OFF
        assert clock.now_s() - START_S == pytest.approx(20, abs=1)
        assert world.diary == ["scan", "end of scan"] * 2 + ["scan"]
        world.heard = [packet("SW-1")]
        assert (await radio.find(called("SW-1"), 1)).name == "SW-1"  # it is on again

    with_radio(world, test)


def test_a_search_in_silence_tells_a_dead_adapter_from_a_missing_sensor():
    world = FakeWorld()
    world.start_errors = [None, OFF]

    async def test(radio: Radio, clock: VirtualClock) -> None:
        with pytest.raises(BluetoothOffError):
            await radio.find(called("SW-1"), 6)

    with_radio(world, test)


# --- what goes wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (BleakBluetoothNotAvailableError("", Reason.POWERED_OFF), BluetoothState.OFF),
        (BleakBluetoothNotAvailableError("", Reason.NO_BLUETOOTH), BluetoothState.NO_ADAPTER),
        (BleakBluetoothNotAvailableError("", Reason.NO_BLE_CENTRAL_ROLE), BluetoothState.NO_ADAPTER),
        (BleakBluetoothNotAvailableError("", Reason.DENIED_BY_USER), BluetoothState.NO_PERMISSION),
        (BleakBluetoothNotAvailableError("", Reason.DENIED_BY_SYSTEM), BluetoothState.NO_PERMISSION),
        (BleakBluetoothNotAvailableError("", Reason.DENIED_BY_UNKNOWN), BluetoothState.NO_PERMISSION),
        (BleakBluetoothNotAvailableError("", Reason.UNKNOWN), BluetoothState.NO_SERVICE),
        (BleakDBusError("org.bluez.Error.NotReady", ["Resource Not Ready"]), BluetoothState.OFF),
        (BleakDBusError("org.freedesktop.DBus.Error.ServiceUnknown", [""]), BluetoothState.NO_SERVICE),
        (BleakDBusError("org.freedesktop.DBus.Error.AccessDenied", [""]), BluetoothState.NO_PERMISSION),
        (FileNotFoundError(2, "No such file or directory"), BluetoothState.NO_SERVICE),
        (ConnectionRefusedError(), BluetoothState.NO_SERVICE),
        (PermissionError(), BluetoothState.NO_PERMISSION),
        (ImportError("winrt"), BluetoothState.UNSUPPORTED),
        (BleakError("Failed to start scanner. Is Bluetooth turned on?"), BluetoothState.NO_SERVICE),
    ],
)
def test_why_there_is_no_bluetooth(
    error: Exception, state: BluetoothState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(ble_errors, "ADAPTERS", tmp_path)
    world = FakeWorld()

    async def test(radio: Radio, clock: VirtualClock) -> None:
        world.start_errors = [error, error]
        with pytest.raises(BluetoothOffError) as caught:
            await radio.find(called("SW-1"), 5)
        assert caught.value.reason is state
        assert await bluetooth_state(radio) is state
        assert await bluetooth_state(radio) is BluetoothState.READY
        assert world.listening == 0

    with_radio(world, test)


def test_an_adapter_that_nobody_serves_is_not_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """bleak says of a Linux whose bluetoothd is not running that it has no adapter."""
    monkeypatch.setattr(ble_errors, "ADAPTERS", tmp_path)
    error = BleakBluetoothNotAvailableError("No Bluetooth adapters found.", Reason.NO_BLUETOOTH)
    states = []
    for _ in range(2):
        ours = ble_errors.scan_error(error)
        assert isinstance(ours, BluetoothOffError)
        states.append(ours.reason)
        (tmp_path / "hci0").mkdir(exist_ok=True)
    assert states == [BluetoothState.NO_ADAPTER, BluetoothState.NO_SERVICE]


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32", "freebsd14"])
@pytest.mark.parametrize("state", BluetoothState)
def test_every_state_has_words_and_one_thing_to_do(state: BluetoothState, platform: str):
    assert state.words.endswith(".")
    assert bool(state.todo_on(platform)) is (state is not BluetoothState.READY)


def test_a_system_that_is_busy_is_asked_again_for_a_while():
    world = FakeWorld()

    async def test(radio: Radio, clock: VirtualClock) -> None:
        world.start_errors = [IN_PROGRESS, IN_PROGRESS]
        world.heard = [packet("SW-1")]
        assert (await radio.find(called("SW-1"), 5)).name == "SW-1"
        world.start_errors = [IN_PROGRESS] * 4
        with pytest.raises(BluetoothBusyError):
            await radio.find(called("SW-1"), 5)
        world.start_errors = [IN_PROGRESS] * 4
        assert await bluetooth_state(radio) is BluetoothState.READY

    with_radio(world, test)


def test_a_system_that_never_begins_or_ends_a_scan_holds_nobody_up_for_ever():
    world = FakeWorld()
    world.takes_s = 1e6

    async def test(radio: Radio, clock: VirtualClock) -> None:
        with pytest.raises(BluetoothOffError):
            await radio.find(called("SW-1"), 5)
        world.takes_s = 0
        async with radio._scanning():
            world.takes_s = 1e6
        assert clock.now_s() - START_S < 20

    with_radio(world, test)


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (TimeoutError(), SensorBusyError),
        (BleakDBusError("org.bluez.Error.Failed", ["le-connection-abort-by-local"]), SensorBusyError),
        (BleakDBusError("org.bluez.Error.InProgress", [""]), SensorBusyError),
        (BleakDeviceNotFoundError(ADDRESS, "gone"), SensorNotFoundError),
        (BleakDBusError("org.bluez.Error.NotReady", [""]), BluetoothOffError),
        (EOFError(), SensorBusyError),
        (KeyError("/org/bluez/hci0"), SensorBusyError),
        (asyncio.CancelledError(), SensorBusyError),  # Windows' own, not ours
    ],
)
def test_why_a_sensor_that_was_heard_is_not_connected(error: Exception, ours: type[BridgeError]):
    world = FakeWorld()
    world.errors["connect"] = error

    async def test(radio: Radio, clock: VirtualClock) -> None:
        advert = Advert(ADDRESS, "SW-1", -60, frozenset(), START_S, packet("SW-1")[0])
        with pytest.raises(ours):
            await radio.connect(radio.client(advert, lambda _client: None), "SW-1")

    with_radio(world, test)


# --- connecting -------------------------------------------------------------------------------------------------------


def test_the_adapter_does_one_thing_at_a_time():
    """No scan begins while a connection is being made, and no two connections are made at once."""
    world = FakeWorld()
    world.takes_s = 1.0

    async def test(radio: Radio, clock: VirtualClock) -> None:
        adverts = [Advert(a, a, -60, frozenset(), START_S, packet(a, a)[0]) for a in (ADDRESS, OTHER)]
        clients = [radio.client(advert, lambda _client: None) for advert in adverts]
        await asyncio.gather(*(radio.connect(client, "SW") for client in clients), bluetooth_state(radio))
        assert world.diary == ["connect", "connected", "connect", "connected", "scan", "end of scan"]

    with_radio(world, test)


def test_a_client_gets_the_device_that_was_heard_and_each_system_its_options():
    world = FakeWorld()
    world.heard = [heard := packet("SW-1")]

    async def test(radio: Radio, clock: VirtualClock) -> None:
        radio.client(await radio.find(called("SW-1"), 5), lambda _client: None, ["180f"])
        (client,), (scan,) = world.clients, world.scans
        assert client.device is heard[0]
        assert client.options["winrt"] == {"use_cached_services": False}
        assert client.options["services"] == {BATTERY_SERVICE}
        assert scan.options["bluez"] == {"filters": {"DuplicateData": True}}

    with_radio(world, test)


@pytest.mark.parametrize(
    ("version", "named"),
    [("", False), ("12.0.1", True), ("12.2", True), ("12", True), ("12.3", False), ("14.5", False)],
)
def test_services_are_named_only_where_nothing_is_heard_without(
    version: str, named: bool, monkeypatch: pytest.MonkeyPatch
):
    """Many sensors advertise nothing but their name."""
    monkeypatch.setattr(ble_radio.platform, "mac_ver", lambda: (version, ("", "", ""), ""))
    services = ble_radio.services_to_scan_for()
    assert (services is not None) is named
    assert services is None or SPINEWATCH_SERVICE in services


def test_no_log_tells_a_name_or_an_address(caplog: pytest.LogCaptureFixture):
    world = FakeWorld()
    world.heard = [packet("SW-1")]
    world.errors = {"connect": BleakError(f"{ADDRESS} SW-1"), "end of scan": BleakError(f"{ADDRESS} SW-1")}
    caplog.set_level(logging.DEBUG, "spinewatch_bridge")

    async def test(radio: Radio, clock: VirtualClock) -> None:
        advert = await radio.find(called("SW-1"), 5)
        with pytest.raises(SensorBusyError):
            await radio.connect(radio.client(advert, lambda _client: None), "SW-1")

    with_radio(world, test)
    assert caplog.records
    assert "SW-1" not in caplog.text
    assert ADDRESS not in caplog.text
