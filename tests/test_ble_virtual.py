"""Bluetooth without a radio: what a bleak program sees of virtual peripherals, and that no link or request hangs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakBluetoothNotAvailableError, BleakError, BleakGATTProtocolError

from bridge_helpers import VirtualClock, run_virtually
from spinewatch_bridge.protocols.gatt import sig_uuid
from spinewatch_bridge.simulator.ble_air import SUPERVISION_S
from spinewatch_bridge.simulator.ble_peripheral import BlePeripheral, Characteristic
from spinewatch_bridge.transports.ble_virtual import VirtualAir

SERVICE = "3b1f0001-2fa8-4953-b173-92e4022d55cf"
DATA, CTRL = SERVICE.replace("0001-", "0002-", 1), SERVICE.replace("0001-", "0003-", 1)
BATTERY = sig_uuid(0x2A19)
NAME, ADDRESS = "SW-0042", "C0:00:00:00:00:42"
LONGEST = 247 - 3

Scene = Callable[["Room"], Awaitable[None]]


def peripheral(name: str = NAME, address: str = ADDRESS, *, mtu: int = 247) -> BlePeripheral:
    table = {
        SERVICE: [Characteristic(DATA, notify=True), Characteristic(CTRL, indicate=True, write=True)],
        sig_uuid(0x180F): [Characteristic(BATTERY, notify=True, read=True)],
    }
    made = BlePeripheral(name, address, table, [SERVICE], mtu=mtu)
    made.on_read = lambda _uuid: b"\x55"
    return made


class Room:
    """An air with one peripheral, and what a program does in it."""

    def __init__(self, air: VirtualAir, sensor: BlePeripheral) -> None:
        self.air, self.sensor = air, sensor
        self.lost_s: list[float] = []

    @property
    def now_s(self) -> float:
        return asyncio.get_running_loop().time()

    async def heard(self, name: str = NAME, **options: object) -> tuple[BLEDevice, AdvertisementData]:
        scanner = BleakScanner(backend=self.air.backend.scanner, **options)  # type: ignore[arg-type]
        async with scanner:
            async for device, data in scanner.advertisement_data():
                if data.local_name == name:
                    return device, data
        raise AssertionError

    async def client(self, *, timeout: float = 10.0) -> BleakClient:  # bleak's own
        device, _ = await self.heard()
        made = BleakClient(
            device, lambda _client: self.lost_s.append(self.now_s), timeout=timeout, backend=self.air.backend.client
        )
        await made.connect()
        return made


def play(scene: Scene, *, sensor: Callable[[], BlePeripheral] = peripheral) -> None:
    done = []

    async def main(_clock: VirtualClock) -> None:
        async with VirtualAir() as air:
            room = Room(air, sensor())
            await air.add(room.sensor)
            await scene(room)
        await asyncio.sleep(1.0)
        assert asyncio.all_tasks() - before == set(), "nothing goes on once the air is closed"
        done.append(True)

    before: set[asyncio.Task[object]] = set()

    async def guarded(clock: VirtualClock) -> None:
        before.update(asyncio.all_tasks())
        await main(clock)

    run_virtually(guarded, 600)
    assert done, "the scene did not end"


def test_a_scan_tells_name_services_and_strength() -> None:
    async def scene(room: Room) -> None:
        room.sensor.radio.rssi_dbm = -71
        device, data = await room.heard()
        assert (device.address, data.local_name, data.service_uuids, data.rssi) == (ADDRESS, NAME, [SERVICE], -71)

    play(scene)


def test_a_name_that_does_not_fit_comes_in_the_scan_response() -> None:
    name = "Polar Sense 5A1E0001"

    async def scene(room: Room) -> None:
        _, data = await room.heard(name)
        assert data.service_uuids == [SERVICE]

    play(scene, sensor=lambda: peripheral(name))


def test_a_scan_can_ask_for_a_service() -> None:
    async def scene(room: Room) -> None:
        await room.heard(service_uuids=[SERVICE])
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5.0):
                await room.heard(service_uuids=[sig_uuid(0x180D)])

    play(scene)


def test_a_second_scan_at_a_time_is_refused_as_bluez_does() -> None:
    async def scene(room: Room) -> None:
        async with BleakScanner(backend=room.air.backend.scanner):
            with pytest.raises(BleakError, match="in progress"):
                await room.heard()
        await room.heard()

    play(scene)


def test_the_whole_table_is_found() -> None:
    async def scene(room: Room) -> None:
        client = await room.client()
        found = {row.uuid: set(row.properties) for service in client.services for row in service.characteristics}
        assert client.mtu_size == 247
        assert found[DATA] == {"notify"}
        assert found[CTRL] == {"indicate", "write"}
        assert found[BATTERY] == {"notify", "read"}
        assert await client.read_gatt_char(BATTERY) == b"\x55"

    play(scene)


def test_notifications_come_whole_and_in_order_at_connection_events() -> None:
    sent = [bytes((n % 256,)) * (1 + n % LONGEST) for n in range(1000)]

    async def scene(room: Room) -> None:
        client, came = await room.client(), []
        await client.start_notify(DATA, lambda _row, data: came.append(bytes(data)))
        for data in sent:
            assert room.sensor.send(DATA, data)
            await asyncio.sleep(0.002)
        await asyncio.sleep(0.1)
        assert came == sent

    play(scene)


def test_what_nobody_asked_for_or_what_is_too_long_is_not_sent() -> None:
    async def scene(room: Room) -> None:
        assert not room.sensor.send(DATA, b"nobody is connected")
        client = await room.client()
        assert not room.sensor.send(DATA, b"nobody subscribed")
        await client.start_notify(DATA, lambda _row, _data: None)
        assert room.sensor.send(DATA, bytes(LONGEST))
        assert not room.sensor.send(DATA, bytes(LONGEST + 1))
        await client.stop_notify(DATA)
        assert not room.sensor.send(DATA, b"not any more")

    play(scene)


def test_a_small_mtu_is_kept() -> None:
    async def scene(room: Room) -> None:
        client = await room.client()
        await client.start_notify(DATA, lambda _row, _data: None)
        assert (client.mtu_size, room.sensor.mtu) == (23, 23)
        assert not room.sensor.send(DATA, bytes(21))

    play(scene, sensor=lambda: peripheral(mtu=23))


def test_commands_are_answered_by_indications() -> None:
    async def scene(room: Room) -> None:
        room.sensor.on_write = lambda uuid, data: room.sensor.send(uuid, b"to " + data) and None
        client, answers = await room.client(), []
        await client.start_notify(CTRL, lambda _row, data: answers.append(bytes(data)))
        for number in range(3):
            await client.write_gatt_char(CTRL, bytes((number,)), response=True)
        await asyncio.sleep(0.2)
        assert answers == [b"to \x00", b"to \x01", b"to \x02"]

    play(scene)


def test_what_the_table_does_not_permit_fails() -> None:
    async def scene(room: Room) -> None:
        client = await room.client()
        with pytest.raises(BleakGATTProtocolError, match=r"(?i)write"):
            await client.write_gatt_char(DATA, b"x", response=True)
        with pytest.raises(BleakGATTProtocolError, match=r"(?i)write"):
            await client.write_gatt_char(CTRL, b"x", response=False)
        with pytest.raises(BleakGATTProtocolError, match=r"(?i)read"):
            await client.read_gatt_char(DATA)

    play(scene)


def test_a_polite_end_is_told_at_once_and_the_sensor_advertises_again() -> None:
    async def scene(room: Room) -> None:
        client = await room.client()
        before_s = room.now_s
        await room.sensor.disconnect()
        await asyncio.sleep(0.1)
        assert not client.is_connected
        assert room.lost_s[0] - before_s < 0.05
        assert (await room.client()).is_connected

    play(scene)


def test_a_lost_link_is_told_after_the_supervision_time() -> None:
    async def scene(room: Room) -> None:
        client, came = await room.client(), []
        await client.start_notify(DATA, lambda _row, data: came.append(data))
        before_s = room.now_s
        room.sensor.out_of_reach(20.0)
        assert room.sensor.send(DATA, b"into the void")
        await asyncio.sleep(5.0)
        assert [at_s - before_s for at_s in room.lost_s] == [pytest.approx(SUPERVISION_S)]
        assert (client.is_connected, room.sensor.connected, came) == (False, False, [])
        with pytest.raises(BleakError):
            await client.write_gatt_char(CTRL, b"x", response=True)
        await room.client()
        assert 20.0 <= room.now_s - before_s < 22.0

    play(scene)


def test_a_request_under_way_fails_with_the_link_and_is_not_our_own_cancellation() -> None:
    async def scene(room: Room) -> None:
        client = await room.client()
        room.sensor.out_of_reach()
        with pytest.raises(BleakError, match="Not connected"):
            await client.read_gatt_char(BATTERY)

    play(scene)


def test_connecting_to_a_sensor_that_is_gone_ends_in_time_and_works_later() -> None:
    async def scene(room: Room) -> None:
        device, _ = await room.heard()
        room.sensor.out_of_reach(20.0)
        begun_s = room.now_s
        client = BleakClient(device, timeout=3.0, backend=room.air.backend.client)
        with pytest.raises(TimeoutError):
            await client.connect()
        assert room.now_s - begun_s == pytest.approx(3.0, abs=0.1)
        await asyncio.sleep(20.0)
        await client.connect()
        assert client.is_connected

    play(scene)


def test_a_cancelled_attempt_leaves_nothing_behind() -> None:
    async def scene(room: Room) -> None:
        device, _ = await room.heard()
        room.sensor.out_of_reach(5.0)
        attempt = asyncio.create_task(BleakClient(device, backend=room.air.backend.client).connect())
        await asyncio.sleep(1.0)
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt
        await asyncio.sleep(10.0)
        assert not room.sensor.connected
        assert (await room.client()).is_connected

    play(scene)


def test_a_sensor_that_another_computer_holds_is_heard_but_takes_no_connection() -> None:
    async def scene(room: Room) -> None:
        room.sensor.radio.taken = True
        with pytest.raises(BleakError):
            await room.client()
        room.sensor.radio.taken = False
        assert (await room.client()).is_connected

    play(scene)


def test_bluetooth_that_is_switched_off_ends_links_and_scans() -> None:
    async def scene(room: Room) -> None:
        client = await room.client()
        room.air.switch_off()
        await asyncio.sleep(0.1)
        assert not client.is_connected
        with pytest.raises(BleakBluetoothNotAvailableError):
            await room.heard()
        with pytest.raises(BleakBluetoothNotAvailableError):
            await client.connect()
        room.air.switch_on()
        assert (await room.client()).is_connected

    play(scene)


def test_two_sensors_at_once_and_the_loss_of_one_leaves_the_other() -> None:
    async def scene(room: Room) -> None:
        other = peripheral("SW-0043", "C0:00:00:00:00:43")
        await room.air.add(other)
        first = await room.client()
        device, _ = await room.heard("SW-0043")
        second, came = BleakClient(device, backend=room.air.backend.client), []
        await second.connect()
        await second.start_notify(DATA, lambda _row, data: came.append(bytes(data)))
        room.sensor.out_of_reach()
        await asyncio.sleep(2.0)
        assert other.send(DATA, b"still here")
        await asyncio.sleep(0.1)
        assert (first.is_connected, second.is_connected, came) == (False, True, [b"still here"])

    play(scene)


def test_another_name_from_now_on() -> None:
    async def scene(room: Room) -> None:
        await room.sensor.rename("SW-0099")
        assert (await room.heard("SW-0099"))[0].address == ADDRESS

    play(scene)
