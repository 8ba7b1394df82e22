"""A sensor over Bluetooth: how it is lost and found again, and what systems do."""

from __future__ import annotations

import asyncio
import logging

import pytest
from bleak.exc import BleakDBusError, BleakError

from ble_transport_helpers import (
    CTRL_UUID,
    DATA_UUID,
    NAME,
    faked,
    in_the_air,
    made,
    read_until_lost,
    world_with,
)
from bridge_helpers import VirtualClock, run_virtually
from fake_bleak import ADDRESS, packet
from spinewatch_bridge.bluetooth_state import BluetoothState
from spinewatch_bridge.causes import CauseKey
from spinewatch_bridge.errors import (
    BluetoothOffError,
    LinkLostError,
    SensorBusyError,
    SensorNotFoundError,
)
from spinewatch_bridge.protocols.gatt import (
    BATTERY,
    STANDARD_READS,
)
from spinewatch_bridge.simulator.ble_air import SUPERVISION_S
from spinewatch_bridge.simulator.ble_peripheral import BlePeripheral
from spinewatch_bridge.transports.ble import MAX_WAITING_BYTES, BleTarget, BleTransport
from spinewatch_bridge.transports.ble_radio import Radio
from spinewatch_bridge.transports.ble_virtual import VirtualAir

# --- loss and return --------------------------------------------------------------------------------------------------


def test_what_came_before_a_polite_end_is_delivered_first():
    async def test(air: VirtualAir, sensor: BlePeripheral, transport: BleTransport, clock: VirtualClock) -> None:
        for _ in range(3):
            await transport.open()
            await transport.read(1)
            assert all(sensor.send(DATA_UUID, bytes([n])) for n in range(50))
            await clock.sleep(1)
            await sensor.disconnect()
            await clock.sleep(1)
            data, error = await read_until_lost(transport)
            assert data == [bytes([n]) for n in range(50)]
            assert error.cause == "the sensor went out of range, or was switched off"
            await transport.close()

    in_the_air(test)


def test_a_sensor_that_is_out_of_reach_is_lost_and_comes_back():
    async def test(air: VirtualAir, sensor: BlePeripheral, transport: BleTransport, clock: VirtualClock) -> None:
        sensor.radio.rssi_dbm = -91
        await transport.open()
        await transport.read(1)
        away_s = clock.now_s()
        sensor.out_of_reach(20)
        data, error = await read_until_lost(transport)
        assert (data, error.cause) == ([], "the sensor went out of range: its signal was weak from the start")
        assert clock.now_s() - away_s == pytest.approx(SUPERVISION_S, abs=1)
        await transport.close()
        with pytest.raises(SensorNotFoundError):
            await transport.open()
        await transport.open()
        assert clock.now_s() - away_s < 22
        await transport.write(b"abc")

    in_the_air(test)


def test_bluetooth_that_is_switched_off_is_named_as_the_cause():
    async def test(air: VirtualAir, sensor: BlePeripheral, transport: BleTransport, clock: VirtualClock) -> None:
        await transport.open()
        air.switch_off()
        _, error = await read_until_lost(transport)
        assert (error.cause, error.cause_key) == transport.why_lost()
        assert error.cause_key is CauseKey.BLUETOOTH_OFF
        assert error.cause == str(BluetoothOffError(BluetoothState.OFF)), "it says what to do"
        await transport.close()
        with pytest.raises(BluetoothOffError):
            await transport.open()
        air.switch_on()
        await transport.open()
        assert transport.why_lost() is None

    in_the_air(test)


def test_of_an_empty_battery_the_link_knows():
    """It keeps what the sensor told of it on whatever way."""

    async def test(air: VirtualAir, sensor: BlePeripheral, transport: BleTransport, clock: VirtualClock) -> None:
        await transport.open()
        sensor.send(STANDARD_READS[BATTERY], b"\x03")
        await clock.sleep(1)
        await sensor.disconnect()
        _, error = await read_until_lost(transport)
        assert (error.cause_key, transport.why_lost()) == (CauseKey.OUT_OF_RANGE_OR_OFF, None)

    in_the_air(test)


def test_each_connection_is_a_new_client_and_the_old_one_ends_nothing():
    """Some systems tell late that a connection ended."""
    world = world_with()

    async def test(transport: BleTransport, clock: VirtualClock) -> None:
        await transport.open()
        await transport.close()
        await transport.open()
        first, second = world.clients
        await transport.read(1)
        first.drop()
        first.keep[DATA_UUID](bytearray(b"from before"))
        assert await transport.read(0.1) == []
        second.keep[DATA_UUID](bytearray(b"now"))
        second.drop()
        assert [c.data for c in await transport.read(0.1)] == [b"now"]
        with pytest.raises(LinkLostError):
            await transport.read(0.1)
        await transport.close()

    faked(world, test)


def test_another_sensor_of_the_same_name_never_takes_its_place():
    world = world_with()

    async def test(transport: BleTransport, clock: VirtualClock) -> None:
        await transport.open()
        await transport.close()
        world.heard = [packet(NAME, "C0:00:00:00:00:77")]
        with pytest.raises(SensorNotFoundError, match="Another sensor of that name is there, but not this one"):
            await transport.open()
        world.heard.append(packet("SW-new-name"))
        await transport.open()
        await transport.close()

    faked(world, test)


def test_of_two_sensors_of_one_name_the_address_tells_which():
    world = world_with()
    world.heard = [packet(NAME, "C0:00:00:00:00:77"), packet(NAME)]

    async def main(clock: VirtualClock) -> None:
        target = BleTarget(NAME, ADDRESS.lower())
        transport = made(Radio(clock, world.backend), clock, target)
        await transport.open()
        assert world.clients[0].device.address == ADDRESS
        assert ADDRESS.lower() not in repr(target)
        await transport.close()

    run_virtually(main, 100)
    assert world.clients


def test_what_nobody_reads_has_a_ceiling():
    """The oldest goes, and packets without content count, too."""
    world = world_with()

    async def test(transport: BleTransport, clock: VirtualClock) -> None:
        await transport.open()
        keep = world.clients[0].keep[DATA_UUID]
        for n in range(10_000):
            keep(bytearray(n.to_bytes(2, "little") * 100))
            keep(bytearray())
        chunks = await transport.read(0.1)
        assert sum(64 + len(c.data) for c in chunks) <= MAX_WAITING_BYTES
        assert chunks[-2].data[:2] == (9999).to_bytes(2, "little")
        assert await transport.read(0.1) == []
        await transport.close()

    faked(world, test)


# --- what systems do --------------------------------------------------------------------------------------------------


def test_where_the_quicker_way_to_notify_fails_the_plain_one_is_taken():
    world = world_with()
    world.notify_errors[False] = BleakDBusError("org.bluez.Error.NotSupported", ["Operation is not supported"])

    async def test(transport: BleTransport, clock: VirtualClock) -> None:
        await transport.open()
        notifies = [asked for asked in world.diary if asked.startswith("notify")]
        assert notifies[:3] == [f"notify {CTRL_UUID}", f"notify {CTRL_UUID} plainly", f"notify {DATA_UUID} plainly"]
        world.clients[0].keep[DATA_UUID](bytearray(b"x"))
        assert (await transport.read(1))[-1].data == b"x"
        await transport.close()

    faked(world, test)


def test_a_connection_on_which_nothing_ever_came_is_made_otherwise_next_time():
    world = world_with()

    async def test(transport: BleTransport, clock: VirtualClock) -> None:
        await transport.open()
        world.clients[0].drop()
        await transport.close()
        world.diary.clear()
        await transport.open()
        assert f"notify {DATA_UUID} plainly" in world.diary
        assert f"notify {DATA_UUID}" not in world.diary
        await transport.close()

    faked(world, test)


@pytest.mark.parametrize(
    "error", [BleakError("x"), OSError("x"), AssertionError("x"), ValueError("x"), asyncio.CancelledError()]
)
def test_closing_never_raises_and_may_be_done_twice(error: BaseException):
    world = world_with()
    world.errors = {"disconnect": error, "end of notify": error}

    async def test(transport: BleTransport, clock: VirtualClock) -> None:
        await transport.close()
        await transport.open()
        await transport.close()
        await transport.close()
        assert world.diary.count("disconnect") == 1

    faked(world, test)


def test_an_attempt_that_is_cancelled_or_fails_leaves_nothing_connected():
    world = world_with()

    async def test(transport: BleTransport, clock: VirtualClock) -> None:
        world.takes_s = 0.5
        opening = asyncio.create_task(transport.open())
        await clock.sleep(2.6)  # in the middle of the subscriptions
        assert world.clients[0].up
        opening.cancel()
        await asyncio.wait({opening})
        await clock.sleep(5)
        assert not world.clients[0].up
        world.takes_s = 0
        world.errors[f"read {CTRL_UUID}"] = BleakError("disconnected")
        with pytest.raises(LinkLostError):
            await transport.open()
        assert not world.clients[1].up
        world.errors = {"connect": TimeoutError()}
        with pytest.raises(SensorBusyError):
            await transport.open()

    faked(world, test)


def test_no_log_of_a_transport_tells_a_name_or_an_address(caplog: pytest.LogCaptureFixture):
    world = world_with()
    world.errors = {"disconnect": BleakError(ADDRESS), "write": BleakError(NAME), "end of scan": BleakError(NAME)}
    caplog.set_level(logging.DEBUG, "spinewatch_bridge")

    async def test(transport: BleTransport, clock: VirtualClock) -> None:
        await transport.open()
        await transport.write(b"x")
        await read_until_lost(transport)
        await transport.close()

    faked(world, test)
    assert caplog.records
    assert NAME not in caplog.text
    assert ADDRESS not in caplog.text
