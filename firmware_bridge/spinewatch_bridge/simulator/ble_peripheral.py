"""A GATT table hosted on a virtual radio: advertising, one connection at a time, notifications and indications.

It does not know who is at the other end: a program through `transports.ble_virtual`, or a kernel's own Bluetooth
through another controller of the same `AirLink`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass

from bumble import att, core, device, gatt, hci

from spinewatch_bridge.protocols.gatt import sig_uuid
from spinewatch_bridge.simulator.ble_air import SUPERVISION_S, AirController, AirHost

ADVERTISING_MS = 100.0
MTU = 247  # what current chips agree to
NOTIFICATION_HEAD = 3  # bytes of a notification that are not its value
ADVERT_BYTES = 31
CLOSED_BY_USER = hci.HCI_REMOTE_USER_TERMINATED_CONNECTION_ERROR

Properties = gatt.Characteristic.Properties
NOTIFIES, INDICATES = b"\x01\x00", b"\x02\x00"


@dataclass(frozen=True, slots=True)
class Characteristic:
    """One row of a GATT table.

    Args:
        uuid: of the characteristic, in full.
        notify, indicate: how it sends by itself.
        write, write_without_response: how it may be written.
        read: it may be read.
    """

    uuid: str
    notify: bool = False
    indicate: bool = False
    write: bool = False
    write_without_response: bool = False
    read: bool = False

    def properties(self) -> Properties:
        """As the table says it."""
        asked = {
            Properties.NOTIFY: self.notify,
            Properties.INDICATE: self.indicate,
            Properties.WRITE: self.write,
            Properties.WRITE_WITHOUT_RESPONSE: self.write_without_response,
            Properties.READ: self.read,
        }
        return sum((bit for bit, wanted in asked.items() if wanted), Properties(0))


class BlePeripheral:
    """A peripheral with any GATT table.

    Args:
        name: as advertised.
        address: its static random address, ``C0:…`` to ``FF:…``.
        services: characteristics of each service, by its UUID.
        advertised: UUIDs of the services that it advertises.
        mtu: the most it agrees to.

    Attributes:
        on_write: called with the characteristic's UUID and what was written.
        on_read: gives the value of a characteristic.
        on_link: called with True when a connection begins and False when it ended.
        on_subscribe: called when a host subscribes to a characteristic.
    """

    def __init__(
        self,
        name: str,
        address: str,
        services: Mapping[str, Sequence[Characteristic]],
        advertised: Sequence[str] = (),
        mtu: int = MTU,
    ) -> None:
        self.name, self.address = name, address
        self._services, self._advertised, self._mtu = services, tuple(advertised), mtu
        self.on_write: Callable[[str, bytes], None] = lambda _uuid, _data: None
        self.on_read: Callable[[str], bytes] = lambda _uuid: b""
        self.on_link: Callable[[bool], None] = lambda _up: None
        self.on_subscribe: Callable[[], None] = lambda: None
        self._rows: dict[str, gatt.Characteristic[bytes]] = {}
        self._connection: device.Connection | None = None
        self._indications: asyncio.Queue[tuple[gatt.Characteristic[bytes], bytes]] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._link_task: asyncio.Task[None] | None = None
        self._away: asyncio.TimerHandle | None = None
        self._on_air = False

    async def start(self, controller: AirController) -> None:
        """Switch it on: from now on it advertises whenever nobody is connected."""
        self._controller = controller
        self._device = device.Device(name=self.name, address=hci.Address(self.address), host=AirHost(controller))
        self._device.gatt_server.max_mtu = self._mtu
        for uuid, rows in self._services.items():
            self._device.add_service(gatt.Service(air_uuid(uuid), [self._row(row) for row in rows]))
        self._device.on("connection", self._connected)
        await self._device.power_on()
        self._on_air = True
        await self._advertise()

    async def stop(self) -> None:
        """Switch it off, politely."""
        self._on_air = False
        await self.disconnect()
        for task in [*self._tasks, *([self._link_task] if self._link_task else [])]:
            task.cancel()
        if self._away is not None:
            self._away.cancel()
        self._controller.remove()

    def _row(self, row: Characteristic) -> gatt.Characteristic[bytes]:
        permissions = gatt.Characteristic.READABLE if row.read else gatt.Characteristic.Permissions(0)
        if row.write or row.write_without_response:
            permissions |= gatt.Characteristic.WRITEABLE
        value: gatt.CharacteristicValue[bytes] = gatt.CharacteristicValue(
            read=lambda _connection: self.on_read(row.uuid),
            write=lambda _connection, data: self.on_write(row.uuid, bytes(data)),
        )
        made: gatt.Characteristic[bytes] = gatt.Characteristic(air_uuid(row.uuid), row.properties(), permissions, value)
        made.on(made.EVENT_SUBSCRIPTION, lambda _bearer, notify, indicate: (notify or indicate) and self.on_subscribe())
        self._rows[row.uuid] = made
        return made

    # --- what it sends --------------------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether somebody is connected."""
        return self._connection is not None

    @property
    def mtu(self) -> int:
        """What both ends agreed to."""
        return att.ATT_DEFAULT_MTU if self._connection is None else self._connection.att_mtu

    def send(self, uuid: str, data: bytes) -> bool:
        """Notify or indicate; False when nobody is there, nobody subscribed, or its packet would exceed the MTU."""
        connection, row = self._connection, self._rows[uuid]
        if connection is None or NOTIFICATION_HEAD + len(data) > self.mtu:
            return False
        subscribed = self._device.gatt_server.subscribers.get(connection, {}).get(row.handle, b"")
        if subscribed == NOTIFIES:
            packet = att.ATT_Handle_Value_Notification(attribute_handle=row.handle, attribute_value=data)
            self._device.gatt_server.send_gatt_pdu(connection, bytes(packet))
        elif subscribed == INDICATES:
            self._indications.put_nowait((row, data))
        else:
            return False
        return True

    async def _indicate(self, connection: device.Connection) -> None:
        """One indication at a time, each waiting for its confirmation, as long as the connection lives."""
        while True:
            row, data = await self._indications.get()
            await self._device.gatt_server.indicate_subscriber(connection, row, data)

    # --- its connection -------------------------------------------------------------------------------------------

    def _connected(self, connection: device.Connection) -> None:
        self._connection = connection
        self._indications = asyncio.Queue()
        self._link_task = asyncio.create_task(self._indicate(connection))
        connection.on("disconnection", self._disconnected)
        self.on_link(True)

    def _disconnected(self, _reason: int) -> None:
        self._connection = None
        if self._link_task is not None:
            self._link_task.cancel()
            self._link_task = None
        self.on_link(False)
        if self._on_air:
            self._spawn(self._advertise())

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _advertise(self) -> None:
        if self._connection is not None or not self._on_air:
            return
        advert, response = _adverts(self.name, self._advertised)
        await self._device.start_advertising(
            advertising_data=advert,
            scan_response_data=response,
            advertising_interval_min=ADVERTISING_MS,
            advertising_interval_max=ADVERTISING_MS,
        )

    # --- what can happen to it ------------------------------------------------------------------------------------

    @property
    def radio(self) -> AirController:
        """Its radio: `rssi_dbm` and `taken` may be set at any time."""
        return self._controller

    async def disconnect(self) -> None:
        """End the connection, as a sensor that is switched off does."""
        if self._connection is not None:
            with contextlib.suppress(core.BaseBumbleError):
                await self._connection.disconnect(CLOSED_BY_USER)

    async def rename(self, name: str) -> None:
        """Advertise another name from now on."""
        self.name = name
        if self._on_air and self._connection is None:
            await self._advertise()

    def out_of_reach(self, seconds: float = SUPERVISION_S) -> None:
        """Nobody hears it for so long, at least the supervision time: its connection ends without a word.

        What it sends meanwhile is gone.
        """
        loop = asyncio.get_running_loop()
        self._controller.reachable = False
        loop.call_later(SUPERVISION_S, self._controller.lose_links)
        if self._away is not None:
            self._away.cancel()
        self._away = loop.call_later(max(seconds, SUPERVISION_S), self._back)

    def _back(self) -> None:
        self._controller.lose_links()  # of the same moment, and before it is heard again
        self._controller.reachable = True


def air_uuid(uuid: str) -> core.UUID:
    """A UUID as it goes over the air: numbers of the Bluetooth SIG in their short form."""
    return core.UUID(uuid[4:8] if uuid == sig_uuid(int(uuid[:8], 16)) else uuid)


def _adverts(name: str, services: Sequence[str]) -> tuple[bytes, bytes]:
    """Advertisement and scan response: the name moves to the response where both do not fit."""
    kinds = core.AdvertisingData.Type
    fields: list[tuple[int, bytes]] = [(kinds.FLAGS, b"\x06")]
    for uuid in (air_uuid(service) for service in services):
        short = len(uuid.to_bytes()) == 2
        kind = (
            kinds.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS
            if short
            else kinds.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS
        )
        fields.append((kind, uuid.to_bytes()))
    named = (kinds.COMPLETE_LOCAL_NAME, name.encode())
    whole = bytes(core.AdvertisingData([*fields, named]))
    if len(whole) <= ADVERT_BYTES:
        return whole, b""
    return bytes(core.AdvertisingData(fields)), bytes(core.AdvertisingData([named]))
