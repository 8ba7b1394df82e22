"""The computer's Bluetooth, on bleak: one scan that all share, one connection attempt at a time.

bleak must run on one event loop for the life of the program, in a thread that no window toolkit has touched: Windows
then gives the thread the apartment that bleak needs, and neither `allow_sta` nor `uninitialize_sta` is called for.
No name and no address of a sensor is ever logged.
"""

from __future__ import annotations

import asyncio
import logging
import platform
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from bleak import BleakAdapter, BleakClient, BleakScanner
from bleak.args.bluez import BlueZScannerArgs
from bleak.args.winrt import WinRTClientArgs
from bleak.backends.adapter import BaseBleakAdapter
from bleak.backends.client import BaseBleakClient
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner

from spinewatch_bridge.bluetooth_state import BluetoothState
from spinewatch_bridge.errors import BluetoothBusyError, BluetoothOffError, SensorNotFoundError
from spinewatch_bridge.host_clock import Clock
from spinewatch_bridge.protocols.base import clean_text
from spinewatch_bridge.protocols.table import FAMILIES
from spinewatch_bridge.transports.ble_advert import FORGET_S, Advert, Around
from spinewatch_bridge.transports.ble_errors import (
    HARDWARE_ERRORS,
    connect_error,
    only_our_cancellation,
    scan_error,
)

__all__ = ["Advert", "Backend", "Radio", "bluetooth_state", "family_services"]

log = logging.getLogger(__name__)
T = TypeVar("T")

FRESH_S = 3.0  # a device heard so recently can be connected; the slowest sensors advertise every 1-2 s
TELL_S = 0.5  # how often a watcher hears what is around
SILENT_S = 10.0  # nothing heard from anybody: the scan may have died with its adapter, begin it anew
START_S, STOP_S, CONNECT_S, DISCONNECT_S, ASK_S = 15.0, 3.0, 15.0, 3.0, 2.0  # ceilings on what the system may take
BUSY_TRIES, BUSY_WAIT_S = 4, 0.5  # BlueZ answers InProgress while another scan is being begun or ended

# Without it BlueZ tells only of changes of 8 dB and more, and a sensor that lies still would look gone.
_BLUEZ: BlueZScannerArgs = {"filters": {"DuplicateData": True}}
# Windows would else serve the table of services that it remembers from before a change of firmware.
_WINRT: WinRTClientArgs = {"use_cached_services": False}


@dataclass(frozen=True)
class Backend:
    """Another radio behind bleak, as its own extension points have it; None where there is none.

    Args:
        scanner, client: as `BleakScanner(backend=)` and `BleakClient(backend=)` take them.
        adapter: tells what is connected already; None when it cannot.
    """

    scanner: type[BaseBleakScanner]
    client: type[BaseBleakClient]
    adapter: type[BaseBleakAdapter] | None = None


class Radio:
    """The computer's Bluetooth: one scan at a time, whoever asks; one per program and event loop.

    Args:
        clock: host time, for the age of what was heard; `Advert.seen_s` is in it.
        backend: None for the system's own.
        simulated: True when the sensors behind it are made up.
    """

    def __init__(self, clock: Clock, backend: Backend | None = None, simulated: bool = False) -> None:
        self.simulated = simulated
        self.clock, self._backend = clock, backend
        self._turn = asyncio.Lock()  # the adapter begins a scan, ends one or connects: never two of these at once
        self._scanner: BleakScanner | None = None
        self._lookers = 0
        self._begun_s = self._heard_s = 0.0
        self._around = Around()
        self._listeners: set[Callable[[Advert], None]] = set()
        self._ours: set[str] = set()  # addresses that this radio connected
        self._working: set[asyncio.Future[Any]] = set()

    # --- looking --------------------------------------------------------------------------------------------------

    async def find(self, matches: Callable[[Advert], bool], timeout_s: float, name: str = "") -> Advert:
        """The first device that matches; one that is connected to this computer already counts.

        Args:
            matches: whether it is the one.
            timeout_s: how long to look.
            name: what is looked for, for the error.

        Raises:
            SensorNotFoundError: with the names of other sensors that were heard.
            BluetoothOffError: when there is no Bluetooth to look with.
            BluetoothBusyError: when the system refuses a scan for now.
        """
        held = await self._held(matches) if sys.platform != "win32" else None  # Windows takes its time for that
        if held is not None:
            return held
        found: asyncio.Future[Advert] = asyncio.get_running_loop().create_future()

        def look(advert: Advert) -> None:
            if matches(advert) and not found.done():
                found.set_result(advert)

        with self._listening(look):  # a scan may hear before it says that it was begun
            async with self._scanning() as was_running:
                for advert in self.around(FRESH_S) if was_running else ():
                    look(advert)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self.clock.wait_s(timeout_s)):
                        return await self._await_found(found)
                await self._renew_if_due(SILENT_S / 2)  # tells a dead adapter from a missing sensor
        held = await self._held(matches)
        if held is None:
            raise SensorNotFoundError(name, self._around.sensor_names(self.clock.now_s() - FORGET_S))
        return held

    async def watch(self, on_seen: Callable[[Sequence[Advert]], None]) -> None:
        """Tell what is around, again and again, until cancelled.

        Raises:
            BluetoothOffError: when there is no Bluetooth to look with, or no longer.
            BluetoothBusyError: when the system refuses a scan for now.
        """
        async with self._scanning():
            while True:
                on_seen(self.around())
                await self.clock.sleep(TELL_S)
                await self._renew_if_due(SILENT_S)

    def around(self, age_s: float = FORGET_S) -> list[Advert]:
        """What was heard in the last seconds."""
        return self._around.since(self.clock.now_s() - age_s)

    async def check(self) -> None:
        """Begin a scan, anew if one runs, to know whether Bluetooth can be used.

        Raises:
            BluetoothOffError: with the reason.
            BluetoothBusyError: when the system refuses a scan for now.
        """
        async with self._scanning() as was_running:
            if was_running:
                await self._renew_if_due(0.0)

    # --- connecting -----------------------------------------------------------------------------------------------

    def client(
        self, advert: Advert, on_disconnect: Callable[[BleakClient], None], services: Iterable[str] | None = None
    ) -> BleakClient:
        """A new client for a device that was heard, with this system's options; nothing is connected yet."""
        return BleakClient(
            advert.device,
            on_disconnect,
            services,
            timeout=CONNECT_S,
            winrt=_WINRT,
            backend=None if self._backend is None else self._backend.client,
        )

    async def connect(self, client: BleakClient, name: str) -> None:
        """Connect a client, when nothing else is being begun.

        Raises:
            SensorBusyError, SensorNotFoundError: when the sensor takes no connection.
            BluetoothOffError: when Bluetooth went away.
        """
        async with self._turn:
            try:
                with only_our_cancellation():
                    async with asyncio.timeout(CONNECT_S):
                        await client.connect()
            except HARDWARE_ERRORS as error:
                log.debug("connecting failed: %s", type(error).__name__)
                raise connect_error(error, name) from error
            self._ours.add(client.address)

    async def disconnect(self, client: BleakClient) -> None:
        """Let a client go, however its connection ended; never raises."""
        self._ours.discard(client.address)
        try:
            with only_our_cancellation():
                async with asyncio.timeout(DISCONNECT_S):
                    await client.disconnect()
        except Exception as error:  # whatever it was, the connection is over
            log.debug("a connection ended with %s", type(error).__name__)

    # --- the one scan ---------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _scanning(self) -> AsyncIterator[bool]:
        """A running scan, shared; gives whether it ran before."""
        self._lookers += 1
        try:
            yield await self._uncut(self._start_if_none())
        finally:
            self._lookers -= 1
            await self._uncut(self._stop_if_unused())

    async def _uncut(self, work: Coroutine[object, object, T]) -> T:
        """Let work end though who waits for it is cancelled: BlueZ never ends a scan that was cut off as it began."""
        task = asyncio.ensure_future(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return await asyncio.shield(task)

    async def _start_if_none(self) -> bool:
        async with self._turn:
            was_running = self._scanner is not None
            if not was_running:
                await self._start()
            return was_running

    async def _stop_if_unused(self) -> None:
        async with self._turn:
            if self._lookers == 0:
                await self._stop()

    async def _renew_if_due(self, silent_s: float) -> None:
        """Begin the scan anew when it fell silent, as it does when its adapter was switched off.

        A Mac tells of each device once per scan, so that there a scan is always due after a while.
        """
        if self._is_due(silent_s):
            await self._uncut(self._renew(silent_s))

    async def _renew(self, silent_s: float) -> None:
        async with self._turn:
            if self._is_due(silent_s):  # nobody else did it meanwhile
                await self._stop()
                await self._start()

    def _is_due(self, silent_s: float) -> bool:
        last_s = self._begun_s if sys.platform == "darwin" else max(self._begun_s, self._heard_s)
        return self.clock.now_s() - last_s >= silent_s

    async def _start(self) -> None:
        for tries in range(1, BUSY_TRIES + 1):
            try:
                scanner = self._new_scanner()
                with only_our_cancellation():
                    async with asyncio.timeout(START_S):
                        await scanner.start()
            except HARDWARE_ERRORS as error:
                log.debug("a scan could not be begun: %s", type(error).__name__)
                ours = scan_error(error)
                if not isinstance(ours, BluetoothBusyError) or tries == BUSY_TRIES:
                    raise ours from error
                await self.clock.sleep(BUSY_WAIT_S)
            else:
                self._scanner, self._begun_s = scanner, self.clock.now_s()
                return

    async def _stop(self) -> None:
        scanner, self._scanner = self._scanner, None
        if scanner is None:
            return
        try:
            with only_our_cancellation():
                async with asyncio.timeout(STOP_S):
                    await scanner.stop()
        except HARDWARE_ERRORS as error:  # it is gone, which is what was wanted
            log.debug("a scan ended with %s", type(error).__name__)

    def _new_scanner(self) -> BleakScanner:
        return BleakScanner(
            self._heard,
            services_to_scan_for(),
            bluez=_BLUEZ,
            backend=None if self._backend is None else self._backend.scanner,
        )

    # --- what was heard -------------------------------------------------------------------------------------------

    def _heard(self, device: BLEDevice, data: AdvertisementData) -> None:
        """Called by bleak for each packet, in the loop's thread."""
        self._heard_s = now_s = self.clock.now_s()
        advert = self._around.hear(device, data, now_s)
        for listener in tuple(self._listeners):
            listener(advert)

    @contextmanager
    def _listening(self, listener: Callable[[Advert], None]) -> Iterator[None]:
        self._listeners.add(listener)
        try:
            yield
        finally:
            self._listeners.discard(listener)

    async def _await_found(self, found: asyncio.Future[Advert]) -> Advert:
        while True:
            await asyncio.wait({found}, timeout=self.clock.wait_s(TELL_S))
            if found.done():
                return found.result()
            await self._renew_if_due(SILENT_S)

    async def _held(self, matches: Callable[[Advert], bool]) -> Advert | None:
        """A sensor that this computer, but not this radio, holds a connection to: it advertises nothing.

        BlueZ keeps the connections of a program that crashed; every system shares those of other programs.
        """
        backend = None if self._backend is None else self._backend.adapter
        if self._backend is not None and backend is None:
            return None
        try:
            with only_our_cancellation():
                async with asyncio.timeout(ASK_S):
                    adapter = await BleakAdapter.get(backend=backend)
                    devices = await adapter.get_connected_devices(sorted(family_services()))
        except HARDWARE_ERRORS as error:
            log.debug("connected devices are not known: %s", type(error).__name__)
            return None
        now_s = self.clock.now_s()
        others = (device for device in devices if device.address not in self._ours)
        adverts = (Advert(d.address, clean_text(d.name or ""), None, frozenset(), now_s, d) for d in others)
        return next(filter(matches, adverts), None)


async def bluetooth_state(radio: Radio) -> BluetoothState:
    """Whether this computer's Bluetooth can be used; takes a moment."""
    try:
        await radio.check()
    except BluetoothOffError as error:
        return error.reason
    except BluetoothBusyError:
        log.debug("Bluetooth is there, but busy")
    return BluetoothState.READY


def family_services() -> frozenset[str]:
    """UUIDs of the services of all families."""
    return frozenset(profile.service for family in FAMILIES.values() for profile in family.gatt)


def services_to_scan_for() -> list[str] | None:
    """None nearly everywhere: many sensors advertise their name only. macOS 12.0 to 12.2 finds nothing without."""
    version = platform.mac_ver()[0].split(".")
    hears_only_named = version[0] == "12" and (version[1:2] or ["0"])[0] in ("0", "1", "2")
    return sorted(family_services()) if hears_only_named else None
