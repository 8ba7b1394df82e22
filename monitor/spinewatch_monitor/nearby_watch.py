"""Looks around for sensors by radio and by cable, and tells what is there again and again until it is cancelled."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spinewatch_bridge.bluetooth_state import BluetoothState
from spinewatch_bridge.errors import BluetoothBusyError, BluetoothOffError
from spinewatch_bridge.host_clock import Clock
from spinewatch_bridge.nearby import Nearby, nearby_ble, nearby_serial

if TYPE_CHECKING:
    from spinewatch_bridge.transports.ble_radio import Advert, Radio
    from spinewatch_bridge.transports.serial_port import PortInfo

log = logging.getLogger(__name__)

TELL_S = 0.5
PORTS_S = 2.0
"""The list of ports is asked for this often: it takes the system some milliseconds each time."""
TRY_AGAIN_S = 3.0
"""Bluetooth that was switched off is looked for again this often."""


@dataclass(frozen=True, slots=True)
class NearbySeen:
    """What is around now.

    Args:
        sensors: by radio first, in an order that stays as it is.
        bluetooth: whether the radio can be used; None while it is being asked.
        looking_s: since when it looks.
    """

    sensors: tuple[Nearby, ...]
    bluetooth: BluetoothState | None
    looking_s: float


class NearbyWatch:
    """One look around, for as long as somebody watches.

    Args:
        radio: the computer's Bluetooth; None looks at ports alone.
        ports: lists the serial ports that are there; called in a thread.
        clock: paces it.
    """

    def __init__(self, radio: Radio | None, ports: Callable[[], Sequence[PortInfo]], clock: Clock) -> None:
        self._radio, self._ports, self._clock = radio, ports, clock
        self._begun_s = clock.now_s()
        self._state: BluetoothState | None = None if radio is not None else BluetoothState.UNSUPPORTED
        self._by_radio: list[Nearby] = []
        self._by_cable: list[Nearby] = []

    async def run(self, publish: Callable[[NearbySeen], object]) -> None:
        """Look and tell until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._list_ports())
            if self._radio is not None:
                group.create_task(self._listen(self._radio))
            while True:
                publish(self.seen())
                await self._clock.sleep(TELL_S)

    def seen(self) -> NearbySeen:
        """What is known now."""
        looking_s = self._clock.now_s() - self._begun_s
        return NearbySeen((*self._by_radio, *self._by_cable), self._state, looking_s)

    async def _list_ports(self) -> None:
        """Systems refuse to list them now and then, while a driver changes: then the last list stands."""
        while True:
            try:
                self._by_cable = nearby_serial(await asyncio.to_thread(self._ports))
            except OSError as error:
                log.debug("the serial ports cannot be listed: %s", type(error).__name__)
            await self._clock.sleep(PORTS_S)

    async def _listen(self, radio: Radio) -> None:
        while True:
            try:
                await radio.watch(self._heard)
            except BluetoothOffError as error:
                self._state, self._by_radio = error.reason, []
            except BluetoothBusyError:
                self._by_radio = []
            await self._clock.sleep(TRY_AGAIN_S)

    def _heard(self, adverts: Sequence[Advert]) -> None:
        self._state = BluetoothState.READY
        self._by_radio = nearby_ble(adverts, self._clock.now_s())
