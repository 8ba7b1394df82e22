"""Whether this computer's Bluetooth can be used, in words, with the one thing to do about it. Pure."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import Enum


class BluetoothState(Enum):
    """What there is of Bluetooth; `words` says it and `todo` what to do on this system, empty when all is well."""

    READY = "ready"
    OFF = "off"
    NO_ADAPTER = "no adapter"
    NO_PERMISSION = "no permission"
    NO_SERVICE = "no service"
    UNSUPPORTED = "unsupported"

    @property
    def words(self) -> str:
        """One plain sentence."""
        return WORDS[self]

    @property
    def todo(self) -> str:
        """The one thing to do on this system."""
        return self.todo_on(sys.platform)

    def todo_on(self, platform: str) -> str:
        """The one thing to do on a system named as in `sys.platform`; empty when there is nothing to do."""
        return TODO[self].get(platform, TODO[self].get("", ""))


_READY, _OFF, _NO_ADAPTER = BluetoothState.READY, BluetoothState.OFF, BluetoothState.NO_ADAPTER
_NO_PERMISSION, _NO_SERVICE = BluetoothState.NO_PERMISSION, BluetoothState.NO_SERVICE
_UNSUPPORTED = BluetoothState.UNSUPPORTED

WORDS: Mapping[BluetoothState, str] = {
    _READY: "Bluetooth is ready.",
    _OFF: "Bluetooth of this computer is switched off.",
    _NO_ADAPTER: "This computer has no Bluetooth adapter that can talk to sensors (Bluetooth 4.0 or newer).",
    _NO_PERMISSION: "This program is not allowed to use Bluetooth.",
    _NO_SERVICE: "The Bluetooth service of this computer does not answer.",
    _UNSUPPORTED: "Bluetooth cannot be used on this system.",
}

# By system; "" stands for every other one. Linux: rfkill(8), systemctl(1). macOS and Windows: where their settings are.
TODO: Mapping[BluetoothState, Mapping[str, str]] = {
    _READY: {},
    _OFF: {
        "linux": "Run: rfkill unblock bluetooth, then: bluetoothctl power on",
        "darwin": "Switch it on in System Settings > Bluetooth.",
        "win32": "Switch it on in Settings > Bluetooth & devices.",
        "": "Switch it on.",
    },
    _NO_ADAPTER: {"": "Plug in a Bluetooth USB adapter, or connect the sensor by cable."},
    _NO_PERMISSION: {
        "linux": "Let this user, or this container, reach the system's D-Bus (/run/dbus/system_bus_socket).",
        "darwin": "Allow it in System Settings > Privacy & Security > Bluetooth: for Spinewatch, or, where it was "
        "started from a terminal, for that terminal program; then start it again.",
        "win32": "Allow it in Settings > Privacy & security > Radios, and ask the administrator if it is greyed out.",
        "": "Allow it in the system's settings.",
    },
    _NO_SERVICE: {
        "linux": "Run: sudo systemctl start bluetooth",
        "darwin": "Switch Bluetooth off and on in System Settings > Bluetooth.",
        "win32": "Start 'Bluetooth Support Service' in Services (services.msc), or restart the computer.",
        "": "Restart the computer.",
    },
    _UNSUPPORTED: {"": "Connect the sensor by cable."},
}
