"""What bleak and the systems below it raise, as errors of ours with their facts.

Names of D-Bus errors: D-Bus specification, and ``doc/org.bluez.*.rst`` of BlueZ.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
    BleakGATTProtocolErrorCode,
)

from spinewatch_bridge.bluetooth_state import BluetoothState
from spinewatch_bridge.causes import BROKE_OFF, CauseKey
from spinewatch_bridge.errors import (
    BluetoothBusyError,
    BluetoothOffError,
    BridgeError,
    DeviceRefusedError,
    LinkLostError,
    SensorBusyError,
    SensorNotFoundError,
)

HARDWARE_ERRORS: tuple[type[Exception], ...] = (
    BleakError,
    OSError,
    EOFError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    ValueError,
    ImportError,
    asyncio.InvalidStateError,
)
"""What the systems' own code lets out besides bleak's own errors, when an adapter or a sensor goes away in mid-call.
`TimeoutError` is an `OSError`."""

_REASONS = {
    BleakBluetoothNotAvailableReason.NO_BLUETOOTH: BluetoothState.NO_ADAPTER,
    BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE: BluetoothState.NO_ADAPTER,
    BleakBluetoothNotAvailableReason.POWERED_OFF: BluetoothState.OFF,
    BleakBluetoothNotAvailableReason.DENIED_BY_USER: BluetoothState.NO_PERMISSION,
    BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM: BluetoothState.NO_PERMISSION,
    BleakBluetoothNotAvailableReason.DENIED_BY_UNKNOWN: BluetoothState.NO_PERMISSION,
}
_DBUS_STATES = {
    "org.bluez.Error.NotReady": BluetoothState.OFF,
    "org.freedesktop.DBus.Error.ServiceUnknown": BluetoothState.NO_SERVICE,
    "org.freedesktop.DBus.Error.NameHasNoOwner": BluetoothState.NO_SERVICE,
    "org.freedesktop.DBus.Error.NoReply": BluetoothState.NO_SERVICE,
    "org.freedesktop.DBus.Error.AccessDenied": BluetoothState.NO_PERMISSION,
}
ADAPTERS = Path("/sys/class/bluetooth")  # Linux: what the kernel has, also when nobody serves it
_BUSY = ("org.bluez.Error.InProgress", "org.bluez.Error.Busy")
_WINDOWS_NOT_READY = -2147020577  # 0x800710DF, ERROR_DEVICE_NOT_AVAILABLE: the radio is switched off
_NEEDS_PAIRING = (
    BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHENTICATION,
    BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHORIZATION,
    BleakGATTProtocolErrorCode.INSUFFICIENT_ENCRYPTION,
    BleakGATTProtocolErrorCode.INSUFFICIENT_ENCRYPTION_KEY_SIZE,
)


@contextmanager
def only_our_cancellation() -> Iterator[None]:
    """Make an error of a cancellation that nobody asked for.

    Windows cancels what is under way when a sensor goes away; taken for ours, that would end a link for good. Goes
    around a time limit, not inside it.
    """
    try:
        yield
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise BleakError("cancelled by the system") from error


def _state_of(error: BaseException) -> BluetoothState | None:
    """What an error says of the computer's Bluetooth; None when it says nothing of it."""
    if isinstance(error, BleakBluetoothNotAvailableError):
        state = _REASONS.get(error.reason, BluetoothState.NO_SERVICE)
        unserved = state is BluetoothState.NO_ADAPTER and any(ADAPTERS.glob("hci*"))
        return BluetoothState.NO_SERVICE if unserved else state
    if isinstance(error, BleakDBusError):
        return _DBUS_STATES.get(error.dbus_error)
    if isinstance(error, PermissionError):
        return BluetoothState.NO_PERMISSION
    if isinstance(error, FileNotFoundError | ConnectionError):  # no system bus to talk to
        return BluetoothState.NO_SERVICE
    if getattr(error, "winerror", None) == _WINDOWS_NOT_READY:
        return BluetoothState.OFF
    return None


def scan_error(error: BaseException) -> BridgeError:
    """Why a scan could not be begun."""
    if isinstance(error, BleakDBusError) and error.dbus_error in _BUSY:
        return BluetoothBusyError()
    state = _state_of(error)
    if state is None and isinstance(error, TimeoutError):
        # On a Mac the system asks the person first, and waits for as long as they think about it.
        state = BluetoothState.NO_PERMISSION if sys.platform == "darwin" else BluetoothState.NO_SERVICE
    if state is None and isinstance(error, ImportError):
        state = BluetoothState.UNSUPPORTED
    return BluetoothOffError(state or BluetoothState.NO_SERVICE)


def connect_error(error: BaseException, name: str) -> BridgeError:
    """Why a sensor that was heard a moment ago could not be connected."""
    state = _state_of(error)
    if state is not None:
        return BluetoothOffError(state)
    if isinstance(error, BleakDeviceNotFoundError):  # forgotten by the system, or gone between scan and connection
        return SensorNotFoundError(name)
    return SensorBusyError(name)


def talk_error(error: BaseException, name: str) -> BridgeError:
    """Why a connected sensor could not be talked to."""
    if isinstance(error, BleakGATTProtocolError) and error.code is BleakGATTProtocolErrorCode.UNLIKELY_ERROR:
        return LinkLostError(*BROKE_OFF)  # what BlueZ says of a request that is cut off by that
    if isinstance(error, BleakGATTProtocolError) and error.code in _NEEDS_PAIRING:
        return DeviceRefusedError(f"Sensor '{name}' asks to be paired first: pair it in the system's settings.")
    if isinstance(error, BleakGATTProtocolError):
        return DeviceRefusedError(f"Sensor '{name}' refuses what it was asked (code {int(error.code)}).")
    if isinstance(error, TimeoutError):
        return LinkLostError("the sensor does not answer any more", CauseKey.NO_ANSWER)
    return LinkLostError(*BROKE_OFF)
