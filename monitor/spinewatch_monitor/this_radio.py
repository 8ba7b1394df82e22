"""The Bluetooth of this computer, or that its library is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spinewatch_bridge.bluetooth_state import BluetoothState
from spinewatch_bridge.host_clock import Clock, HostClock

if TYPE_CHECKING:
    from spinewatch_bridge.transports.ble_radio import Radio


def this_radio(clock: Clock) -> Radio | None:
    """A radio of one's own for the running loop; None where bleak is missing or not for this system."""
    try:
        from spinewatch_bridge.transports.ble_radio import Radio
    except ImportError:
        return None
    return Radio(clock)


async def this_bluetooth() -> BluetoothState:
    """Whether it can be used; takes a moment."""
    radio = this_radio(HostClock())
    if radio is None:
        return BluetoothState.UNSUPPORTED
    from spinewatch_bridge.transports.ble_radio import bluetooth_state

    return await bluetooth_state(radio)
