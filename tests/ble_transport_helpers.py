"""What the tests of a Bluetooth transport share: its layout, a sensor that echoes, a world that fails on request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bridge_helpers import VirtualClock, run_virtually
from fake_bleak import ADDRESS, FakeWorld, packet
from spinewatch_bridge.errors import (
    LinkLostError,
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
from spinewatch_bridge.simulator.ble_peripheral import BlePeripheral, Characteristic
from spinewatch_bridge.transports.ble import BleTarget, BleTransport
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
