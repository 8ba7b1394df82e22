"""What the rest of the program needs to know of a sensor family. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from spinewatch_bridge.clock_sync import SampleClock
from spinewatch_bridge.protocols.base import Capabilities, OwnerKeys, SensorProtocol
from spinewatch_bridge.protocols.gatt import GattProfile


@dataclass(frozen=True, slots=True)
class Wish:
    """What a link asks of its sensor.

    Args:
        rate_hz: None for the family's own choice.
        keys: where owner keys are kept; None owns nothing.
        name: what the sensor advertises, where that is known.
    """

    rate_hz: float | None = None
    keys: OwnerKeys | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """One family.

    Args:
        title: its name for people.
        capabilities: the most that a sensor of the family can do.
        clock: how its samples get host times, given the stated rate and the newest time given out before.
        serial: its protocol on a serial line; None where it has none.
        bauds: speeds of its serial line, the likeliest first.
        usb: vendor and product of the USB chips that its sensors have. Many other things have them too: a guess.
        frames_in: how many sound frames of its serial line lie in some bytes.
        ble: its protocol over Bluetooth; None where it has none.
        gatt: its layouts over Bluetooth, the likeliest first.
        ble_names: beginnings of the names that it advertises.
        remark: what a person should know before choosing it; often empty.
        remarks: the same by the beginning of the name that it advertises, where not all of the family are alike.
        battery_life_h: how long a full battery lasts, as its maker says.
    """

    title: str
    capabilities: Capabilities
    clock: Callable[[float, float], SampleClock]
    serial: Callable[[Wish], SensorProtocol] | None = None
    bauds: tuple[int, ...] = ()
    usb: tuple[tuple[int, int], ...] = ()
    frames_in: Callable[[bytes], int] = field(default=lambda _data: 0)
    ble: Callable[[Wish], SensorProtocol] | None = None
    gatt: tuple[GattProfile, ...] = ()
    ble_names: tuple[str, ...] = ()
    remark: str = ""
    battery_life_h: float | None = None
    remarks: Mapping[str, str] = field(default_factory=dict)

    def remark_for(self, name: str) -> str:
        """What a person should know before choosing the one that advertises this name."""
        return next((text for start, text in self.remarks.items() if name.startswith(start)), self.remark)
