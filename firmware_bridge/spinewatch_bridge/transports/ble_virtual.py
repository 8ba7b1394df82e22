"""Bluetooth without a radio: a bleak backend over bumble, for tests and for `spinewatch demo --ble`.

The program above it runs unchanged: scan, connect, discovery, notifications, a lost link. Everything happens inside the
running event loop, also where its time is virtual; there is no socket, no thread, no adapter. It shows what *our* code
does with the radio, not what BlueZ, WinRT or CoreBluetooth do.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, Protocol, Self, TypeVar

from bleak.args import SizedBuffer
from bleak.assigned_numbers import gatt_char_props_to_strs
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, AdvertisementDataCallback, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakError,
    BleakGATTProtocolError,
    BleakGATTProtocolErrorCode,
)
from bleak.exc import BleakBluetoothNotAvailableReason as Unavailable
from bumble import att, core, device, gatt, gatt_client, hci

from spinewatch_bridge.simulator.ble_air import INTERVAL_S, AirController, AirHost, AirLink
from spinewatch_bridge.transports.ble_radio import Backend

COMPUTER_ADDRESS = "F0:00:00:00:00:01"
MTU = 517  # what a computer asks for
NOTHING = b"\x00\x00"  # neither notifications nor indications
WRITE_HEAD = 3  # bytes of a write that are not its value

_T = TypeVar("_T")


class Peripheral(Protocol):
    """Whatever can be put into the air; see `simulator.ble_peripheral.BlePeripheral`."""

    address: str

    async def start(self, controller: AirController) -> None:
        """Switch it on."""

    async def stop(self) -> None:
        """Switch it off."""


class VirtualAir:
    """A room with one computer and some sensors in it; belongs to the running event loop.

    Args:
        interval_s: time between two connection events; 0 for none.
    """

    def __init__(self, interval_s: float = INTERVAL_S) -> None:
        self.link = AirLink(interval_s)
        self.peripherals: list[Peripheral] = []
        self.connecting = asyncio.Lock()  # a controller begins one connection at a time
        self.scanning = False
        self.unavailable: Unavailable | None = None
        self._radio = AirController("computer", self.link)
        host, address = AirHost(self._radio), hci.Address(COMPUTER_ADDRESS)
        self.computer = device.Device(name="computer", address=address, host=host)
        self._on = asyncio.Lock()
        scanner = type("AirScanner", (VirtualScanner,), {"air": self})
        client = type("AirClient", (VirtualClient,), {"air": self})
        self.backend = Backend(scanner, client)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def add(self, peripheral: Peripheral) -> None:
        """Bring a sensor into the room and switch it on."""
        await peripheral.start(AirController(peripheral.address, self.link))
        self.peripherals.append(peripheral)

    async def close(self) -> None:
        """Switch everything off."""
        for peripheral in self.peripherals:
            await peripheral.stop()
        self.peripherals.clear()
        self._radio.lose_links()
        self._radio.remove()

    def switch_off(self, reason: Unavailable = Unavailable.POWERED_OFF) -> None:
        """Bluetooth of the computer is off, or not permitted: every connection ends, no scan begins."""
        self.unavailable = reason
        self._radio.lose_links()

    def switch_on(self) -> None:
        """Bluetooth of the computer is on again."""
        self.unavailable = None

    async def ready(self) -> device.Device:
        """The computer's own Bluetooth.

        Raises:
            BleakBluetoothNotAvailableError: when it is off.
        """
        if self.unavailable is not None:
            raise BleakBluetoothNotAvailableError("Bluetooth of the virtual computer is off", self.unavailable)
        async with self._on:
            if not self.computer.powered_on:
                await self.computer.power_on()
        return self.computer


class VirtualScanner(BaseBleakScanner):
    """A scanner bound to the `VirtualAir` that made it; like BlueZ, it refuses a second scan at a time."""

    air: ClassVar[VirtualAir]

    def __init__(
        self,
        detection_callback: AdvertisementDataCallback | None,
        service_uuids: list[str] | None,
        scanning_mode: str = "active",
        **_other_systems: Any,
    ) -> None:
        super().__init__(detection_callback, service_uuids)
        self._active = scanning_mode == "active"

    async def start(self) -> None:
        """Listen from now on."""
        computer = await self.air.ready()
        if self.air.scanning:
            raise BleakError("Operation already in progress")
        self.seen_devices = {}
        self.air.scanning = True
        computer.on("advertisement", self._heard)
        await computer.start_scanning(legacy=True, active=self._active)

    async def stop(self) -> None:
        """Listen no more; may be called twice."""
        computer = self.air.computer
        if self._heard in computer.listeners("advertisement"):
            computer.remove_listener("advertisement", self._heard)
            self.air.scanning = False
            await computer.stop_scanning(legacy=True)

    def _heard(self, advertisement: device.Advertisement) -> None:
        if self.air.unavailable is not None:
            return
        data, kinds = advertisement.data, core.AdvertisingData.Type
        name = data.get(kinds.COMPLETE_LOCAL_NAME) or data.get(kinds.SHORTENED_LOCAL_NAME)
        uuids = _services(data)
        if not self.is_allowed_uuid(uuids):
            return
        makers = {company: bytes(value) for company, value in data.get_all(kinds.MANUFACTURER_SPECIFIC_DATA)}
        seen = AdvertisementData(name, makers, {}, uuids, None, advertisement.rssi, ())
        address = advertisement.address.to_string(with_type_qualifier=False)
        known = self.create_or_update_device(address, address, name, advertisement.address, seen)
        self.call_detection_callbacks(known, seen)


def _services(data: core.AdvertisingData) -> list[str]:
    lists: list[Any] = [found for kind in SERVICE_LISTS for found in data.get_all(kind)]
    return [_full(short_or_long) for found in lists for short_or_long in found]


SERVICE_LISTS = (
    core.AdvertisingData.Type.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
    core.AdvertisingData.Type.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
)


class VirtualClient(BaseBleakClient):
    """A client bound to the `VirtualAir` that made it.

    A request that is under way when the link is lost fails as one that comes after: with `BleakError`.
    """

    air: ClassVar[VirtualAir]

    def __init__(
        self,
        address_or_ble_device: BLEDevice | str,
        *,
        disconnected_callback: Callable[[], None] | None,
        timeout: float,  # bleak's signature
        services: set[str] | None = None,
        **_other_systems: Any,
    ) -> None:
        super().__init__(address_or_ble_device, disconnected_callback=disconnected_callback, timeout=timeout)
        self._name = address_or_ble_device.name if isinstance(address_or_ble_device, BLEDevice) else None
        self._wanted = services
        self._peer: device.Peer | None = None
        self._gone = asyncio.Event()
        self._callbacks: dict[int, NotifyCallback] = {}

    @property
    def name(self) -> str:
        """As advertised."""
        return self._name or self.address

    @property
    def mtu_size(self) -> int:
        """What both ends agreed to."""
        return att.ATT_DEFAULT_MTU if self._peer is None else self._peer.gatt_client.mtu

    @property
    def is_connected(self) -> bool:
        """Whether the link stands."""
        return self._peer is not None

    # --- the link -------------------------------------------------------------------------------------------------

    async def connect(self, pair: bool = False, **_kwargs: Any) -> None:  # noqa: ARG002  # bleak's signature
        """Connect and discover.

        Raises:
            TimeoutError: when the sensor does not answer in time.
            BleakError: when the connection fails.
        """
        if self._peer is not None:
            raise BleakError("Client is already connected")
        try:
            async with asyncio.timeout(self._timeout):
                async with self.air.connecting:
                    await self._join(await self.air.ready())
                await self._ask(self._discover())
        except BaseException:
            await asyncio.shield(self.disconnect())
            raise

    async def _join(self, computer: device.Device) -> None:
        address = hci.Address(self.address)
        try:
            connection = await computer.connect(address)
        except core.BaseBumbleError as error:
            raise BleakError(f"failed to connect: {error}") from error
        except asyncio.CancelledError:
            with contextlib.suppress(hci.HCI_Error):  # it was not pending any more
                await asyncio.shield(computer.send_sync_command(hci.HCI_LE_Create_Connection_Cancel_Command()))
            raise
        self._gone.clear()
        self._callbacks.clear()
        self._peer = device.Peer(connection)
        connection.on("disconnection", self._disconnected)

    async def _discover(self) -> None:
        peer = self._standing()
        await peer.request_mtu(MTU)
        await peer.discover_all()  # type: ignore[no-untyped-call]
        self.services = BleakGATTServiceCollection()
        for proxy in peer.services:
            if self._wanted is None or _full(proxy.uuid) in self._wanted:
                _add_service(self.services, proxy, lambda: self.mtu_size - WRITE_HEAD)

    def _disconnected(self, _reason: int) -> None:
        self._peer, self.services = None, None
        self._gone.set()
        if self._disconnected_callback is not None:
            asyncio.get_running_loop().call_soon(self._disconnected_callback)

    async def disconnect(self) -> None:
        """End the link; may be called twice."""
        if self._peer is not None:
            with contextlib.suppress(core.BaseBumbleError, asyncio.InvalidStateError):
                await self._peer.connection.disconnect()
            await self._gone.wait()

    async def pair(self, *_args: Any, **_kwargs: Any) -> None:
        """Nothing here pairs."""
        raise NotImplementedError("virtual sensors do not pair")

    async def unpair(self) -> None:
        """Nothing here pairs."""
        raise NotImplementedError("virtual sensors do not pair")

    # --- what is asked over it ------------------------------------------------------------------------------------

    def _standing(self) -> device.Peer:
        if self._peer is None:
            raise BleakError("Not connected")
        return self._peer

    async def _ask(self, request: Coroutine[Any, Any, _T]) -> _T:
        """Wait for a request. bumble cancels it when the link is lost; that must not look like our own cancellation."""
        task = asyncio.ensure_future(request)
        try:
            await asyncio.wait({task})
        finally:
            task.cancel()
        if task.cancelled():
            raise BleakError("Not connected")
        try:
            return task.result()
        except att.ATT_Error as error:
            raise BleakGATTProtocolError(int(error.error_code)) from error
        except core.BaseBumbleError as error:
            raise BleakError(str(error)) from error

    async def read_gatt_char(self, characteristic: BleakGATTCharacteristic, **_kwargs: Any) -> bytearray:
        """Read a characteristic."""
        _permit("read" in characteristic.properties, BleakGATTProtocolErrorCode.READ_NOT_PERMITTED)
        return bytearray(await self._ask(self._standing().read_value(characteristic.obj)))

    async def read_gatt_descriptor(self, descriptor: BleakGATTDescriptor, **_kwargs: Any) -> bytearray:
        """Read a descriptor."""
        return bytearray(await self._ask(self._standing().read_value(descriptor.obj)))

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool) -> None:
        """Write a characteristic."""
        kind = "write" if response else "write-without-response"
        _permit(kind in characteristic.properties, BleakGATTProtocolErrorCode.WRITE_NOT_PERMITTED)
        await self._ask(self._standing().write_value(characteristic.obj, bytes(data), with_response=response))

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: SizedBuffer) -> None:
        """Write a descriptor."""
        await self._ask(self._standing().write_value(descriptor.obj, bytes(data), with_response=True))

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **_kwargs: Any
    ) -> None:
        """Subscribe to notifications, or to indications where there are no notifications."""
        proxy, handle = characteristic.obj, characteristic.handle
        self._callbacks[handle] = callback
        await self._ask(self._standing().subscribe(proxy, lambda value: self._notified(handle, callback, value)))

    def _notified(self, handle: int, callback: NotifyCallback, value: bytes) -> None:
        if self._callbacks.get(handle) is callback:
            callback(bytearray(value))

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        """End a subscription; what is still on its way is dropped without a word."""
        self._callbacks.pop(characteristic.handle, None)
        switch = characteristic.obj.get_descriptor(gatt.GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR)
        await self._ask(self._standing().write_value(switch, NOTHING, with_response=True))


def _permit(allowed: bool, code: BleakGATTProtocolErrorCode) -> None:
    if not allowed:  # bumble's server does not look
        raise BleakGATTProtocolError(code)


def _add_service(
    services: BleakGATTServiceCollection, proxy: gatt_client.ServiceProxy, most_bytes: Callable[[], int]
) -> None:
    service = BleakGATTService(proxy, proxy.handle, _full(proxy.uuid))
    services.add_service(service)
    for row in proxy.characteristics:
        properties = list(gatt_char_props_to_strs(int(row.properties)))
        found = BleakGATTCharacteristic(row, row.handle, _full(row.uuid), properties, most_bytes, service)
        services.add_characteristic(found)
        for entry in row.descriptors:
            services.add_descriptor(BleakGATTDescriptor(entry, entry.handle, _full(entry.type), found))


def _full(short_or_long: core.UUID) -> str:
    return str(uuid.UUID(bytes=bytes(reversed(short_or_long.to_bytes(force_128=True)))))
