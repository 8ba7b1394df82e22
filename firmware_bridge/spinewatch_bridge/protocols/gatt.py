"""How a family is laid out over Bluetooth Low Energy: which characteristic is which channel. Pure.

UUIDs of the Bluetooth SIG: "Assigned Numbers", section 3.4 and 3.8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

DATA, CTRL, BULK = "data", "ctrl", "bulk"
FEATURES = "features"
BATTERY, MODEL, SERIAL, FIRMWARE, MAKER = "battery", "model", "serial", "firmware", "maker"


def sig_uuid(short: int) -> str:
    """A 16-bit number of the Bluetooth SIG as a full UUID."""
    return f"{short:08x}-0000-1000-8000-00805f9b34fb"


BATTERY_SERVICE, DEVICE_INFORMATION_SERVICE = sig_uuid(0x180F), sig_uuid(0x180A)

STANDARD_READS: Mapping[str, str] = {
    BATTERY: sig_uuid(0x2A19),
    MODEL: sig_uuid(0x2A24),
    SERIAL: sig_uuid(0x2A25),
    FIRMWARE: sig_uuid(0x2A26),
    MAKER: sig_uuid(0x2A29),
}
"""Read once at every connection, of any family, where a sensor has them; its battery is followed where it notifies."""


@dataclass(frozen=True, slots=True)
class GattProfile:
    """One way in which a family is laid out.

    Args:
        service: UUID of the service that holds its characteristics.
        notify: characteristic of each channel that the sensor sends on, in the order of subscription.
        write: characteristic that takes commands.
        write_with_response: whether a write waits to be acknowledged.
        read: characteristic of each channel that is read once, before the subscriptions: a sensor may send and be read
            on one characteristic, and some systems cannot tell an answer from a notification then.
        optional: channels of `notify` that a sensor may lack.
    """

    service: str
    notify: Mapping[str, str]
    write: str
    write_with_response: bool = True
    read: Mapping[str, str] = field(default_factory=dict)
    optional: frozenset[str] = frozenset((BULK,))
