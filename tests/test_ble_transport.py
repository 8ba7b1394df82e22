"""A sensor over Bluetooth: what is subscribed and read, how it is lost and found again, what nothing may hold up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest
from bleak.exc import BleakDBusError, BleakError, BleakGATTProtocolError

from bridge_helpers import START_S, VirtualClock, run_virtually
from fake_bleak import ADDRESS, FakeWorld, packet
from spinewatch_bridge.bluetooth_state import BluetoothState
from spinewatch_bridge.causes import CauseKey
from spinewatch_bridge.errors import (
    BluetoothOffError,
    DeviceRefusedError,
    LinkLostError,
    SensorBusyError,
    SensorNotFoundError,
)
from spinewatch_bridge.protocols.gatt import (
    BATTERY,
    BATTERY_SERVICE,
    BULK,
    CTRL,
    DATA,
    DEVICE_INFORMATION_SERVICE,
    FEATURES,
    MODEL,
    STANDARD_READS,
    GattProfile,
)
from spinewatch_bridge.protocols.table import FAMILIES
from spinewatch_bridge.simulator.ble_air import SUPERVISION_S
from spinewatch_bridge.simulator.ble_peripheral import BlePeripheral, Characteristic
from spinewatch_bridge.transports.base import Chunk
from spinewatch_bridge.transports.ble import MAX_WAITING_BYTES, BleTarget, BleTransport
from spinewatch_bridge.transports.ble_radio import Radio
from spinewatch_bridge.transports.ble_virtual import VirtualAir

SERVICE, DATA_UUID, CTRL_UUID, BULK_UUID = (f"5e1f000{n}-0000-4000-8000-00000000c0de" for n in range(4))
PROFILE = GattProfile(
    SERVICE, {CTRL: CTRL_UUID, DATA: DATA_UUID, BULK: BULK_UUID}, write=CTRL_UUID, read={FEATURES: CTRL_UUID}
)
ROWS = {CTRL_UUID: ["read", "write", "indicate"], DATA_UUID: ["notify"], BULK_UUID: ["notify"]}
BATTERY_ROW = {STANDARD_READS[BATTERY]: ["read", "notify"]}
NAME = "SW-1"


def made(radio: Radio, clock: VirtualClock, target: BleTarget | None = None) -> BleTransport:
    return BleTransport(target or BleTarget(NAME), [PROFILE], radio, clock)


def in_the_air(test: Callable[[VirtualAir, BlePeripheral, BleTransport, VirtualClock], Awaitable[None]]) -> None:
    """Run a test with one sensor that echoes its commands, in virtual time, to its end."""
    ended = []

    async def main(clock: VirtualClock) -> None:
        async with VirtualAir() as air:
            sensor = echoing_sensor()
            await air.add(sensor)
            transport = made(Radio(clock, air.backend, simulated=True), clock)
            await test(air, sensor, transport, clock)
            await transport.close()
            ended.append(True)

    run_virtually(main, 1000)
    assert ended


def echoing_sensor(name: str = NAME, address: str = ADDRESS) -> BlePeripheral:
    services = {
        SERVICE: [
            Characteristic(DATA_UUID, notify=True),
            Characteristic(CTRL_UUID, read=True, write=True, indicate=True),
        ],
        BATTERY_SERVICE: [Characteristic(STANDARD_READS[BATTERY], read=True, notify=True)],
        DEVICE_INFORMATION_SERVICE: [Characteristic(STANDARD_READS[MODEL], read=True)],
    }
    sensor = BlePeripheral(name, address, services, [SERVICE])
    values = {CTRL_UUID: b"\x0f\x07", STANDARD_READS[BATTERY]: b"\x50", STANDARD_READS[MODEL]: b"Echo"}
    sensor.on_read = values.__getitem__
    sensor.on_write = lambda uuid, data: sensor.send(uuid, data[::-1])
    return sensor


def faked(world: FakeWorld, test: Callable[[BleTransport, VirtualClock], Awaitable[None]]) -> None:
    """Run a test with a radio that does as it is told, to its end."""
    ended = []

    async def main(clock: VirtualClock) -> None:
        await test(made(Radio(clock, world.backend), clock), clock)
        ended.append(True)

    run_virtually(main, 1000)
    assert ended


def world_with(*rows: str) -> FakeWorld:
    world = FakeWorld({SERVICE: {row: ROWS[row] for row in rows or ROWS}, BATTERY_SERVICE: BATTERY_ROW})
    world.heard = [packet(NAME)]
    return world


async def read_until_lost(transport: BleTransport) -> tuple[list[bytes], LinkLostError]:
    data: list[bytes] = []
    for _ in range(100):
        try:
            data += [chunk.data for chunk in await transport.read(0.25)]
        except LinkLostError as error:
            return data, error
    raise AssertionError("it was not lost")


# --- a connection -----------------------------------------------------------------------------------------------------


def test_a_sensor_is_found_by_name_read_subscribed_and_written_to():
    async def test(air: VirtualAir, sensor: BlePeripheral, transport: BleTransport, clock: VirtualClock) -> None:
        assert transport.name == NAME
        await transport.open()
        opened = await transport.read(1)
        assert [(c.channel, c.data) for c in opened] == [(FEATURES, b"\x0f\x07"), (BATTERY, b"\x50"), (MODEL, b"Echo")]
        await transport.write(b"abc")
        assert [(c.channel, c.data) for c in await transport.read(1)] == [(CTRL, b"cba")]
        sensor.send(DATA_UUID, b"1")
        sensor.send(DATA_UUID, b"2")
        sensor.send(STANDARD_READS[BATTERY], b"\x4f")
        got: list[Chunk] = []
        while len(got) < 3:
            got += await transport.read(1)
        assert [(c.channel, c.data) for c in got] == [(DATA, b"1"), (DATA, b"2"), (BATTERY, b"\x4f")]
        assert START_S < got[0].arrival_s <= clock.now_s()
        before_s = clock.now_s()
        assert await transport.read(0.25) == []
        assert clock.now_s() - before_s == pytest.approx(0.25)

    in_the_air(test)


def test_the_mark_of_a_sensor_tells_them_apart_and_names_none():
    async def test(air: VirtualAir, sensor: BlePeripheral, transport: BleTransport, clock: VirtualClock) -> None:
        assert transport.facts() == {}
        await transport.open()
        facts = dict(transport.facts())
        assert (facts["signal_dbm"], facts["mtu"]) == (-55, 247)
        assert len(str(facts["address"])) == 8
        assert ADDRESS[:5] not in str(facts["address"])

    in_the_air(test)


def test_another_kind_of_sensor_of_that_name_is_refused_and_named():
    """By its services, whatever it is called."""

    async def test(air: VirtualAir, sensor: BlePeripheral, transport: BleTransport, clock: VirtualClock) -> None:
        wanted = FAMILIES["spinewatch"].gatt
        other = BleTransport(BleTarget(NAME), wanted, transport._radio, clock)
        with pytest.raises(DeviceRefusedError, match=r"^Sensor 'SW-1' is of another kind than asked for\.$"):
            await other.open()
        await clock.sleep(1)
        assert not sensor.connected
        profile = wanted[0]
        rows = [Characteristic(uuid, notify=True) for uuid in profile.notify.values()]
        await air.add(BlePeripheral("X", "C0:00:00:00:00:09", {profile.service: rows}))
        mistaken = BleTransport(BleTarget("X"), [PROFILE], transport._radio, clock)
        with pytest.raises(DeviceRefusedError, match=r"like a Spinewatch sensor; try \?protocol=spinewatch\.$"):
            await mistaken.open()

    in_the_air(test)


@pytest.mark.parametrize(
    ("rows", "connects"), [((CTRL_UUID, DATA_UUID), True), ((CTRL_UUID, BULK_UUID), False), ((DATA_UUID,), False)]
)
def test_only_an_optional_channel_may_be_lacking(rows: tuple[str, ...], connects: bool):
    world = world_with(*rows)

    async def test(transport: BleTransport, clock: VirtualClock) -> None:
        if connects:
            await transport.open()
            assert world.diary.count(f"notify {DATA_UUID}") == 1
        else:
            with pytest.raises(DeviceRefusedError):
                await transport.open()
            assert not world.clients[0].up
        await transport.close()

    faked(world, test)


def test_what_is_read_is_read_before_the_subscriptions():
    world = world_with()

    async def test(transport: BleTransport, clock: VirtualClock) -> None:
        await transport.open()
        asked = world.diary[world.diary.index("connected") + 1 :]
        battery = STANDARD_READS[BATTERY]
        assert asked == [
            f"read {CTRL_UUID}",
            *(f"notify {uuid}" for uuid in PROFILE.notify.values()),
            f"read {battery}",
            f"notify {battery} plainly",
        ]
        await transport.close()

    faked(world, test)


@pytest.mark.parametrize("asked", ["read {}", "notify {} plainly"])
@pytest.mark.parametrize("error", [BleakGATTProtocolError(0x02), BleakDBusError("org.bluez.Error.Failed", ["x"])])
def test_what_is_nice_to_know_holds_nobody_up(asked: str, error: Exception):
    """A sensor that does not tell its battery streams all the same."""
    world = world_with()
    world.errors[asked.format(STANDARD_READS[BATTERY])] = error

    async def test(transport: BleTransport, clock: VirtualClock) -> None:
        await transport.open()
        assert FEATURES in [c.channel for c in await transport.read(1)]
        world.clients[0].keep[DATA_UUID](bytearray(b"x"))
        assert [c.channel for c in await transport.read(1)] == [DATA]
        await transport.close()

    faked(world, test)


# --- commands ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("properties", "acknowledged"),
    [(["write"], True), (["write-without-response"], False), (["write", "write-without-response"], True)],
)
def test_commands_go_the_way_that_the_sensor_offers(properties: list[str], acknowledged: bool):
    world = FakeWorld({SERVICE: {**ROWS, CTRL_UUID: ["indicate", *properties]}})
    world.heard = [packet(NAME)]

    async def test(transport: BleTransport, clock: VirtualClock) -> None:
        await transport.open()
        await transport.write(b"x" * 20)
        assert world.clients[0].written == [(b"x" * 20, acknowledged)]
        if not acknowledged:
            with pytest.raises(DeviceRefusedError, match="21 bytes does not fit"):
                await transport.write(b"x" * 21)
        await transport.close()

    faked(world, test)


@pytest.mark.parametrize(
    ("code", "words"), [(0x05, "asks to be paired first"), (0x80, r"refuses what it was asked \(code 128\)")]
)
def test_a_command_that_is_refused(code: int, words: str):
    world = world_with()
    world.errors["write"] = BleakGATTProtocolError(code)

    async def test(transport: BleTransport, clock: VirtualClock) -> None:
        await transport.open()
        with pytest.raises(DeviceRefusedError, match=words):
            await transport.write(b"x")
        await transport.close()
        with pytest.raises(LinkLostError):
            await transport.write(b"x")

    faked(world, test)


@pytest.mark.parametrize(
    "error",
    [
        BleakError("Not connected"),
        OSError("The operation was canceled by the user"),
        asyncio.CancelledError(),
        BleakGATTProtocolError(0x0E),  # BlueZ's word for a request that the end of the connection cut off
    ],
)
def test_a_command_that_is_cut_off_loses_nothing_that_came_before(error: BaseException):
    world = world_with()
    world.errors["write"] = error

    async def test(transport: BleTransport, clock: VirtualClock) -> None:
        await transport.open()
        await transport.read(1)
        world.clients[0].keep[DATA_UUID](bytearray(b"before"))
        await transport.write(b"x")
        data, lost = await read_until_lost(transport)
        assert (data, lost.cause) == ([b"before"], "the sensor went out of range, or was switched off")
        await transport.close()

    faked(world, test)


def test_a_command_that_nobody_acknowledges_ends_the_connection():
    world = world_with()

    async def test(transport: BleTransport, clock: VirtualClock) -> None:
        await transport.open()
        world.takes_s, before_s = 1e6, clock.now_s()
        await transport.write(b"x")
        assert clock.now_s() - before_s < 6
        world.takes_s = 0
        _, lost = await read_until_lost(transport)
        assert (
            (lost.cause, lost.cause_key) == transport.why_lost() == ("the sensor does not answer any more", "no_answer")
        )
        world.takes_s = 1e6
        await transport.close()
        assert clock.now_s() - before_s < 12

    faked(world, test)


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
