"""The Bluetooth of this computer, or that its library is not there."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from spinewatch_bridge.bluetooth_state import BluetoothState
from spinewatch_bridge.host_clock import Clock, HostClock

if TYPE_CHECKING:
    from spinewatch_bridge.transports.ble_radio import Radio


def this_radio(clock: Clock) -> Radio | None:
    """A radio for one event loop; None where bleak is missing or not for this system."""
    try:
        from spinewatch_bridge.transports.ble_radio import Radio
    except ImportError:
        return None
    return Radio(clock)


class OneRadio:
    """The radio of a program with one event loop, made when it is first needed: two would not know of each other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._radio: Radio | None = None

    def get(self) -> Radio | None:
        """None as `this_radio`; from any thread, and the first time it takes a moment."""
        with self._lock:
            if self._radio is None:
                self._radio = this_radio(HostClock())
            return self._radio


async def this_bluetooth(one: OneRadio | None = None) -> BluetoothState:
    """Whether it can be used; takes a moment.

    Args:
        one: the program's; None for one of its own.
    """
    radio = (one or OneRadio()).get()
    if radio is None:
        return BluetoothState.UNSUPPORTED
    from spinewatch_bridge.transports.ble_radio import bluetooth_state

    return await bluetooth_state(radio)
