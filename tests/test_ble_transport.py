"""A sensor over Bluetooth: what is found, read, subscribed and written, and what nothing may hold up."""

from __future__ import annotations

import asyncio

import pytest
from bleak.exc import BleakDBusError, BleakError, BleakGATTProtocolError

from ble_transport_helpers import (
    BULK_UUID,
    CTRL_UUID,
    DATA_UUID,
    NAME,
    PROFILE,
    ROWS,
    SERVICE,
    faked,
    in_the_air,
    read_until_lost,
    world_with,
)
from bridge_helpers import START_S, VirtualClock
from fake_bleak import ADDRESS, FakeWorld, packet
from spinewatch_bridge.errors import (
    DeviceRefusedError,
    LinkLostError,
)
from spinewatch_bridge.protocols.gatt import (
    BATTERY,
    CTRL,
    DATA,
    FEATURES,
    MODEL,
    STANDARD_READS,
)
from spinewatch_bridge.protocols.table import FAMILIES
from spinewatch_bridge.simulator.ble_peripheral import BlePeripheral, Characteristic
from spinewatch_bridge.transports.base import Chunk
from spinewatch_bridge.transports.ble import BleTarget, BleTransport
from spinewatch_bridge.transports.ble_virtual import VirtualAir

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
