"""A radio behind bleak that does what a test tells it to, and keeps a diary: for what no real radio does on request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bleak.backends.adapter import BaseBleakAdapter
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakError

from spinewatch_bridge.transports.ble_radio import Backend

ADDRESS = "C0:00:00:00:00:01"

Table = Mapping[str, Mapping[str, Sequence[str]]]
"""Properties of each characteristic of each service."""


class FakeWorld:
    """What there is, what happened, and what goes wrong.

    Attributes:
        diary: what was asked of the backend, in order.
        start_errors: raised by the next scans; the last one by all that follow when it is None.
        heard: packets that each new scan hears at once.
        table: of every device.
        held: devices that are connected to this computer.
    """

    def __init__(self, table: Table | None = None) -> None:
        self.diary: list[str] = []
        self.start_errors: list[BaseException | None] = []
        self.heard: list[tuple[BLEDevice, AdvertisementData]] = []
        self.table: Table = table or {}
        self.held: list[BLEDevice] = []
        self.scans: list[FakeScanner] = []
        self.clients: list[FakeClient] = []
        self.notify_errors: dict[bool, BaseException] = {}  # by whether BlueZ's plain way was asked for
        self.errors: dict[str, BaseException] = {}  # by what was asked of a client
        self.takes_s = 0.0
        self.backend = Backend(
            type("Scanner", (FakeScanner,), {"world": self}),
            type("Client", (FakeClient,), {"world": self}),
            type("Adapter", (FakeAdapter,), {"world": self}),
        )

    @property
    def listening(self) -> int:
        return sum(scan.running for scan in self.scans)

    def say(self, packet: tuple[BLEDevice, AdvertisementData]) -> None:
        for scan in self.scans:
            if scan.running:
                scan.call_detection_callbacks(*packet)

    async def ask(self, what: str) -> None:
        self.diary.append(what)
        await asyncio.sleep(self.takes_s)
        if what in self.errors:
            raise self.errors[what]


def packet(
    name: str | None,
    address: str = ADDRESS,
    rssi: int = -60,
    services: Sequence[str] = (),
    service_data: Mapping[str, bytes] | None = None,
) -> tuple[BLEDevice, AdvertisementData]:
    data = AdvertisementData(name, {}, dict(service_data or {}), list(services), None, rssi, ())
    return BLEDevice(address, name, None), data


class FakeScanner(BaseBleakScanner):
    world: FakeWorld

    def __init__(self, callback: Any, service_uuids: list[str] | None, mode: str, **options: Any) -> None:
        super().__init__(callback, service_uuids)
        self.options, self.running = options, False

    async def start(self) -> None:
        await self.world.ask("scan")
        error = self.world.start_errors.pop(0) if self.world.start_errors else None
        if error is not None:
            raise error
        assert not self.world.listening, "BlueZ refuses a second scan"
        self.running = True
        self.world.scans.append(self)
        for heard in self.world.heard:
            self.call_detection_callbacks(*heard)

    async def stop(self) -> None:
        self.running = False
        await self.world.ask("end of scan")


class FakeAdapter(BaseBleakAdapter):
    world: FakeWorld

    @classmethod
    async def get(cls, **_options: Any) -> FakeAdapter:
        return cls()

    async def get_connected_devices(self, service_uuids: frozenset[str]) -> list[BLEDevice]:
        return self.world.held


class FakeClient(BaseBleakClient):
    world: FakeWorld

    def __init__(self, device: Any, *, disconnected_callback: Any, timeout: float, **options: Any) -> None:
        super().__init__(device, disconnected_callback=disconnected_callback, timeout=timeout)
        self.device, self.options = device, options
        self.up = False
        self.keep: dict[str, Callable[[bytearray], None]] = {}
        self.written: list[tuple[bytes, bool]] = []
        self.world.clients.append(self)

    @property
    def name(self) -> str:
        return "fake"

    @property
    def mtu_size(self) -> int:
        raise AssertionError("not dependable on BlueZ")

    @property
    def is_connected(self) -> bool:
        return self.up

    async def connect(self, pair: bool, **_options: Any) -> None:
        await self.world.ask("connect")
        self.services = services_of(self.world.table)
        self.up = True
        self.world.diary.append("connected")

    async def disconnect(self) -> None:
        self.up = False
        await self.world.ask("disconnect")

    def drop(self) -> None:
        self.up = False
        if self._disconnected_callback is not None:
            self._disconnected_callback()

    async def pair(self, *_args: Any, **_options: Any) -> None:
        raise NotImplementedError

    async def unpair(self) -> None:
        raise NotImplementedError

    async def read_gatt_char(self, characteristic: BleakGATTCharacteristic, **_options: Any) -> bytearray:
        await self.world.ask(f"read {characteristic.uuid}")
        return bytearray(b"\x2a")

    async def read_gatt_descriptor(self, descriptor: Any, **_options: Any) -> bytearray:
        raise NotImplementedError

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: Any, response: bool) -> None:
        await self.world.ask("write")
        self.written.append((bytes(data), response))

    async def write_gatt_descriptor(self, descriptor: Any, data: Any) -> None:
        raise NotImplementedError

    async def start_notify(self, characteristic: BleakGATTCharacteristic, callback: Any, **options: Any) -> None:
        plain = options["bluez"]["use_start_notify"]
        await self.world.ask(f"notify {characteristic.uuid}{' plainly' if plain else ''}")
        if plain in self.world.notify_errors:
            raise self.world.notify_errors[plain]
        self.keep[characteristic.uuid] = callback

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        await self.world.ask("end of notify")
        if not self.up:
            raise BleakError("Not connected")


def services_of(table: Table, most_bytes: int = 20) -> BleakGATTServiceCollection:
    services, handle = BleakGATTServiceCollection(), 1
    for service_uuid, rows in table.items():
        service = BleakGATTService(None, handle, service_uuid)
        services.add_service(service)
        for uuid, properties in rows.items():
            handle += 2
            row = BleakGATTCharacteristic(None, handle, uuid, list(properties), lambda: most_bytes, service)
            services.add_characteristic(row)
        handle += 10
    return services
