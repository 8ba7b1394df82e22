"""Everything that can go wrong between a sensor and its samples: one base, each error with its facts.

``str(error)`` is one line for people: what is wrong, and what to do.
"""

from __future__ import annotations

from collections.abc import Sequence

from spinewatch_bridge.bluetooth_state import BluetoothState
from spinewatch_bridge.causes import CauseKey


class BridgeError(Exception):
    """Base of all errors of the bridge; ``cause_key`` says what kind of cause of a lost link it is."""

    cause_key: CauseKey = CauseKey.UNKNOWN


class BadSourceError(BridgeError):
    """A source text that names nothing we can open."""

    def __init__(self, text: str, reason: str) -> None:
        line = "".join(c if c.isprintable() else "·" for c in f"Source '{text}' cannot be opened: {reason}")
        super().__init__(line)
        self.text, self.reason = text, reason


class PortNotFoundError(BridgeError):
    """The serial port does not exist."""

    cause_key = CauseKey.NOT_FOUND

    def __init__(self, port: str, seen: Sequence[str] = ()) -> None:
        there = f"Ports that are there: {', '.join(seen)}." if seen else "No serial port is there: plug the sensor in."
        super().__init__(f"Serial port {port} does not exist. {there}")
        self.port, self.seen = port, tuple(seen)


class PortBusyError(BridgeError):
    """Another program holds the port."""

    cause_key = CauseKey.HELD

    def __init__(self, port: str) -> None:
        super().__init__(f"Serial port {port} is in use by another program. Close that program and try again.")
        self.port = port


class PortPermissionError(BridgeError):
    """The user may not open the port."""

    cause_key = CauseKey.NOT_ALLOWED

    def __init__(self, port: str) -> None:
        super().__init__(
            f"No permission to open {port}. On Linux add yourself to the group 'dialout', then log in again."
        )
        self.port = port


class PortHangsError(BridgeError):
    """The driver of the serial port does not come back from opening it."""

    cause_key = CauseKey.NO_ANSWER

    def __init__(self, port: str) -> None:
        super().__init__(f"Serial port {port} does not open: its driver hangs. Unplug the sensor and plug it in again.")
        self.port = port


class BluetoothOffError(BridgeError):
    """Bluetooth of this computer cannot be used; ``reason`` says why."""

    cause_key = CauseKey.BLUETOOTH_OFF

    def __init__(self, reason: BluetoothState) -> None:
        super().__init__(f"{reason.words} {reason.todo}".strip())
        self.reason = reason


class BluetoothBusyError(BridgeError):
    """The adapter does something else just now."""

    cause_key = CauseKey.BLUETOOTH_BUSY

    def __init__(self) -> None:
        super().__init__("Bluetooth of this computer is busy with something else. Stop other searches and try again.")


class SensorNotFoundError(BridgeError):
    """No sensor of that name, or address, was heard.

    Args:
        name: what was looked for.
        seen: names of the other sensors that were heard.
    """

    cause_key = CauseKey.NOT_FOUND

    def __init__(self, name: str, seen: Sequence[str] = ()) -> None:
        causes = "It may be out of range, switched off, asleep, or held by a phone or another program."
        if name in seen:
            causes = "Another sensor of that name is there, but not this one."
        others = [f"'{other}'" for other in seen if other != name]
        heard = f" Sensors that were heard: {', '.join(others)}." if others else ""
        super().__init__(f"Sensor '{name}' was not found. {causes}{heard}")
        self.name, self.seen = name, tuple(seen)


class SensorBusyError(BridgeError):
    """The sensor is there, but takes no connection."""

    cause_key = CauseKey.HELD

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Sensor '{name}' was heard, but takes no connection. Close other programs, also on a phone, that use it, "
            "and bring it closer."
        )
        self.name = name


class LinkLostError(BridgeError):
    """An open transport went away; ``cause`` is in plain words, ``cause_key`` says what kind it is."""

    def __init__(self, cause: str, key: CauseKey = CauseKey.UNKNOWN) -> None:
        super().__init__(f"The link was lost: {cause.rstrip('.')}.")
        self.cause, self.cause_key = cause, key


class DeviceSilentError(BridgeError):
    """The port is open, but nobody answers."""

    cause_key = CauseKey.SILENT


class DeviceRefusedError(BridgeError):
    """The device answered, but not as its family does, or with an error status."""

    cause_key = CauseKey.WRONG_DEVICE


class UnreachedError(DeviceRefusedError):
    """A request did not reach the device, or its answer did not reach us: it may be asked again."""


class LogError(BridgeError):
    """The log that a sensor keeps cannot be read, or must not be erased."""


class RecordingError(BridgeError):
    """A recording that cannot be read, or cannot be written."""


class RecordingWriteError(RecordingError):
    """The disk refused in the middle of the work: a failure, where a place that cannot be written is a bad choice."""
