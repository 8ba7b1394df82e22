"""A sensor over Bluetooth Low Energy, on bleak: found by name, one new client per connection.

Notifications are kept by a plain function (bleak would run a coroutine as a task of its own, in any order). That the
connection ended is told late by some systems: `link.py` watches the data itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bleak import BleakClient
from bleak.args.bluez import BlueZNotifyArgs
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDBusError, BleakGATTProtocolError

from spinewatch_bridge.causes import Cause, CauseKey
from spinewatch_bridge.errors import BluetoothOffError, BridgeError, DeviceRefusedError, LinkLostError
from spinewatch_bridge.host_clock import Clock
from spinewatch_bridge.protocols.gatt import (
    BATTERY,
    BATTERY_SERVICE,
    DEVICE_INFORMATION_SERVICE,
    STANDARD_READS,
    GattProfile,
)
from spinewatch_bridge.protocols.table import FAMILIES
from spinewatch_bridge.transports.base import Chunk
from spinewatch_bridge.transports.ble_errors import HARDWARE_ERRORS, only_our_cancellation, talk_error
from spinewatch_bridge.transports.ble_radio import Advert, Radio, family_services

log = logging.getLogger(__name__)

FIND_S = 10.0  # how long one attempt looks for the sensor
SET_UP_S = 10.0  # ceiling on layout and subscriptions
STANDARD_S = 3.0  # ceiling on what is nice to know: battery, model, firmware
WRITE_S = 5.0  # an acknowledged write takes two connection intervals, a lost one 30 s in some systems
STOP_NOTIFY_S = 1.0  # ceiling on a polite end
CHECK_S = 2.0  # ceiling on asking the computer's Bluetooth whether it is the cause of a loss
MAX_WAITING_BYTES = 1 << 20  # minutes of the quickest sensor: nobody is reading any more, drop the oldest
CHUNK_BYTES = 64  # what keeping one costs besides its data, so that empty ones have a ceiling, too
WEAK_DBM = -85  # some 10 dB above what receivers can still hear: a body in between is enough to lose it
OUT_OF_RANGE = Cause("the sensor went out of range: its signal was weak from the start", CauseKey.OUT_OF_RANGE)
OUT_OF_RANGE_OR_OFF = Cause("the sensor went out of range, or was switched off", CauseKey.OUT_OF_RANGE_OR_OFF)

# On BlueZ the first is a socket per characteristic: it drops nothing under load, as signals of D-Bus do, and brings
# nothing twice after a reconnection. Not every sensor can be subscribed to that way. Other systems know one way only.
QUICK: BlueZNotifyArgs = {"use_start_notify": False}
PLAIN: BlueZNotifyArgs = {"use_start_notify": True}


@dataclass(frozen=True, slots=True)
class BleTarget:
    """Which sensor: by the name that it advertises, or by its address on this computer, which goes first."""

    name: str = ""
    address: str = field(default="", repr=False)

    @property
    def title(self) -> str:
        """How people know it."""
        return self.name or "(by address)"


class BleTransport:
    """A sensor by name or address; see `Transport`.

    Once connected, it is held to the address of that sensor: another one of the same name, in the next room, never
    takes its place.

    Args:
        target: which sensor.
        profiles: layouts of its family, the likeliest first.
        radio: the computer's Bluetooth, shared by all links.
        clock: time of arrival is read from it.
        find_s: how long `open` looks for the sensor.
    """

    def __init__(
        self, target: BleTarget, profiles: Sequence[GattProfile], radio: Radio, clock: Clock, find_s: float = FIND_S
    ) -> None:
        self.name = target.title
        self._target, self._profiles, self._radio, self._clock = target, tuple(profiles), radio, clock
        self._find_s = find_s
        self._address = target.address
        self._inbox = _Inbox(clock.now_s)
        self._client: BleakClient | None = None
        self._subscribed: list[BleakGATTCharacteristic] = []
        self._command: tuple[BleakGATTCharacteristic, bool] | None = None
        self._signal_dbm: int | None = None
        self._why_lost: Cause | None = None
        self._plain_notify = False  # BlueZ only: its quicker way to notify did not work with this sensor

    # --- connecting -----------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Find the sensor, connect and subscribe.

        Raises:
            SensorNotFoundError, SensorBusyError, BluetoothOffError, BluetoothBusyError: no connection.
            DeviceRefusedError: it is another kind of sensor, or wants to be paired.
            LinkLostError: it went away meanwhile.
        """
        await self.close()
        advert = await self._radio.find(self._is_it, self._find_s, self.name)
        self._signal_dbm, self._why_lost = advert.rssi_dbm, None
        self._inbox = inbox = _Inbox(self._clock.now_s)
        own = {profile.service for profile in self._profiles}
        services = own | family_services() | {BATTERY_SERVICE, DEVICE_INFORMATION_SERVICE}
        client = self._client = self._radio.client(advert, lambda _client: inbox.lose(), services)
        try:
            await self._radio.connect(client, self.name)
            await self._set_up(client)
        except BaseException:
            await asyncio.shield(self.close())
            raise
        self._address = advert.address

    def _is_it(self, advert: Advert) -> bool:
        if self._address:
            return advert.address.lower() == self._address.lower()
        return bool(advert.name) and advert.name == self._target.name

    async def _set_up(self, client: BleakClient) -> None:
        try:
            profile, service = self._layout(client.services)
            self._command = self._command_of(profile, service)
            with only_our_cancellation():
                async with asyncio.timeout(SET_UP_S):
                    await self._read_all(client, {c: service.get_characteristic(u) for c, u in profile.read.items()})
                    await self._subscribe_all(client, profile, service)
                await self._read_standard(client)
        except HARDWARE_ERRORS as error:
            log.debug("setting a sensor up failed: %s", type(error).__name__)
            raise talk_error(error, self.name) from error

    def _layout(self, services: BleakGATTServiceCollection) -> tuple[GattProfile, BleakGATTService]:
        """The first layout of the family that fits."""
        for profile in self._profiles:
            service = _service(services, profile.service)
            if service is not None and _fits(profile, service):
                return profile, service
        raise DeviceRefusedError(f"Sensor '{self.name}' is of another kind than asked for{_what_it_is(services)}.")

    def _command_of(self, profile: GattProfile, service: BleakGATTService) -> tuple[BleakGATTCharacteristic, bool]:
        """Where commands go, and whether they wait to be acknowledged; what the sensor offers goes first."""
        characteristic = service.get_characteristic(profile.write)
        if characteristic is None:
            raise DeviceRefusedError(f"Sensor '{self.name}' takes no commands.")
        ways = [way for way in characteristic.properties if way in ("write", "write-without-response")]
        return characteristic, ways == ["write"] if len(ways) == 1 else profile.write_with_response

    async def _subscribe_all(self, client: BleakClient, profile: GattProfile, service: BleakGATTService) -> None:
        for channel, uuid in profile.notify.items():
            characteristic = service.get_characteristic(uuid)
            if characteristic is not None:  # an optional one may be lacking
                await self._subscribe(client, characteristic, channel)

    async def _subscribe(self, client: BleakClient, characteristic: BleakGATTCharacteristic, channel: str) -> None:
        keep = self._inbox.keeper(channel)
        self._subscribed.append(characteristic)
        if not self._plain_notify:
            try:
                await client.start_notify(characteristic, keep, bluez=QUICK)
            except BleakDBusError:
                if not client.is_connected:
                    raise
                self._plain_notify = True
            else:
                return
        await client.start_notify(characteristic, keep, bluez=PLAIN)

    async def _read_standard(self, client: BleakClient) -> None:
        """Battery, model, serial number …, as far as the sensor tells them soon."""
        found = {channel: _characteristic(client.services, uuid) for channel, uuid in STANDARD_READS.items()}
        battery = found[BATTERY]
        try:
            async with asyncio.timeout(STANDARD_S):
                await self._read_all(client, found)
                if battery is not None and "notify" in battery.properties:
                    self._subscribed.append(battery)
                    await client.start_notify(battery, self._inbox.keeper(BATTERY), bluez=PLAIN)
        except HARDWARE_ERRORS as error:
            if not client.is_connected:
                raise
            log.debug("a sensor does not tell all of itself: %s", type(error).__name__)

    async def _read_all(self, client: BleakClient, wanted: Mapping[str, BleakGATTCharacteristic | None]) -> None:
        """Read what is there; what the sensor does not let us read is left out."""
        for channel, characteristic in wanted.items():
            if characteristic is None or "read" not in characteristic.properties:
                continue
            with contextlib.suppress(BleakGATTProtocolError):
                self._inbox.put(bytes(await client.read_gatt_char(characteristic)), channel)

    # --- data -----------------------------------------------------------------------------------------------------

    async def read(self, timeout_s: float) -> list[Chunk]:
        """What came; see `Transport.read`."""
        inbox = self._inbox
        if not inbox.ready.is_set():
            with contextlib.suppress(TimeoutError):  # not wait_for: before Python 3.12 it can swallow a cancellation
                async with asyncio.timeout(self._clock.wait_s(timeout_s)):
                    await inbox.ready.wait()
        chunks = inbox.take()
        if not chunks and (inbox.lost or self._client is None):
            raise LinkLostError(*await self._find_cause())
        return chunks

    async def write(self, data: bytes) -> None:
        """Send a command whole: a part of one means something else, or nothing.

        A sensor that goes away meanwhile is told by `read`, after all that came before.

        Raises:
            LinkLostError: when no sensor is connected.
            DeviceRefusedError: when it refuses the command, or the command does not fit into one packet.
        """
        if self._client is None or self._command is None:
            raise LinkLostError("the sensor is not connected", CauseKey.BROKE_OFF)
        if self._inbox.lost:
            return
        characteristic, acknowledged = self._command
        try:
            if not acknowledged and len(data) > characteristic.max_write_without_response_size:
                raise DeviceRefusedError(f"A command of {len(data)} bytes does not fit into one packet of this sensor.")
            with only_our_cancellation():
                async with asyncio.timeout(WRITE_S):
                    await self._client.write_gatt_char(characteristic, data, response=acknowledged)
        except HARDWARE_ERRORS as error:
            ours = talk_error(error, self.name)
            if not isinstance(ours, LinkLostError):
                raise ours from error
            if isinstance(error, TimeoutError):
                self._why_lost = Cause(ours.cause, ours.cause_key)
            self._inbox.lose()

    # --- the end --------------------------------------------------------------------------------------------------

    async def _find_cause(self) -> Cause:
        """Whether this computer's Bluetooth went away, else the likeliest cause."""
        if not self._why_lost:
            try:
                async with asyncio.timeout(CHECK_S):
                    await self._radio.check()
            except BluetoothOffError as error:
                self._why_lost = Cause(str(error), error.cause_key)
            except (BridgeError, TimeoutError):
                log.debug("the computer's Bluetooth does not say whether it is on")
        return self.why_lost() or OUT_OF_RANGE_OR_OFF

    def why_lost(self) -> Cause | None:
        """What is known of why it was lost; None when nothing speaks for one cause."""
        if self._why_lost:
            return self._why_lost
        if self._signal_dbm is not None and self._signal_dbm <= WEAK_DBM:
            return OUT_OF_RANGE
        return None

    async def close(self) -> None:
        """Let go of the sensor, politely where that is quick."""
        client, self._client, self._command = self._client, None, None
        subscribed, self._subscribed = self._subscribed, []
        if client is None:
            return
        if subscribed and not self._inbox.notified:
            self._plain_notify = True  # some sensors send too early for BlueZ's quicker way, and are then never heard
        if client.is_connected:
            await _stop_notify(client, subscribed)
        await self._radio.disconnect(client)

    # --- what a link may ask --------------------------------------------------------------------------------------

    def open_otherwise(self) -> bool:
        """There is one way only."""
        return False

    def use_speed(self, baud: int) -> None:
        """There is one speed."""

    def facts(self) -> Mapping[str, object]:
        """Signal at the time of connection, size of a packet, and a mark that tells sensors apart but names none."""
        facts: dict[str, object] = {}
        if self._signal_dbm is not None:
            facts["signal_dbm"] = self._signal_dbm
        if self._address:
            facts["address"] = hashlib.blake2s(self._address.lower().encode(), digest_size=4).hexdigest()
        if self._command is not None:
            facts["mtu"] = self._command[0].max_write_without_response_size + 3  # bleak's own mtu_size is 23 on BlueZ
        return facts


class _Inbox:
    """What one connection brought and nobody has read yet."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self.ready = asyncio.Event()
        self.lost = self.notified = False
        self._now_s = now_s
        self._chunks: deque[Chunk] = deque()
        self._waiting = 0

    def keeper(self, channel: str) -> Callable[[BleakGATTCharacteristic, bytearray], None]:
        """What bleak calls with what comes on a channel."""

        def keep(_sender: BleakGATTCharacteristic, data: bytearray) -> None:
            self.notified = True
            self.put(bytes(data), channel)

        return keep

    def put(self, data: bytes, channel: str) -> None:
        self._chunks.append(Chunk(data, self._now_s(), channel))
        self._waiting += CHUNK_BYTES + len(data)
        while self._waiting > MAX_WAITING_BYTES:
            self._waiting -= CHUNK_BYTES + len(self._chunks.popleft().data)
        self.ready.set()

    def lose(self) -> None:
        self.lost = True
        self.ready.set()

    def take(self) -> list[Chunk]:
        chunks = list(self._chunks)
        self._chunks.clear()
        self._waiting = 0
        if not self.lost:
            self.ready.clear()
        return chunks


def _service(services: BleakGATTServiceCollection, uuid: str) -> BleakGATTService | None:
    """The first of that UUID: bleak's own search raises where a sensor has two."""
    return next((service for service in services if service.uuid == uuid), None)


def _characteristic(services: BleakGATTServiceCollection, uuid: str) -> BleakGATTCharacteristic | None:
    return next((found for found in services.characteristics.values() if found.uuid == uuid), None)


def _fits(profile: GattProfile, service: BleakGATTService) -> bool:
    needed = (uuid for channel, uuid in profile.notify.items() if channel not in profile.optional)
    return all(service.get_characteristic(uuid) is not None for uuid in needed)


def _what_it_is(services: BleakGATTServiceCollection) -> str:
    """What else a sensor is by its services, for people; empty when it is none of ours."""
    for key, family in FAMILIES.items():
        if any(_service(services, profile.service) is not None for profile in family.gatt):
            return f": it looks like a {family.title} sensor; try ?protocol={key}"
    return ""


async def _stop_notify(client: BleakClient, subscribed: Sequence[BleakGATTCharacteristic]) -> None:
    """BlueZ remembers subscriptions of a connection that ends without this."""
    try:
        with only_our_cancellation():
            async with asyncio.timeout(STOP_NOTIFY_S):
                for characteristic in subscribed:
                    await client.stop_notify(characteristic)
    except Exception as error:  # whatever it was, the connection ends anyway
        log.debug("a subscription ended with %s", type(error).__name__)
