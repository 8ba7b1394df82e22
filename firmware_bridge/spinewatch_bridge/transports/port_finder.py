"""Which serial port is the sensor's, when names change: by what its USB device says of itself. Pure.

Names go to whoever is plugged in first, and a wrong device must never be opened as if it were the sensor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PortInfo:
    """A serial port that is there, and what its USB device says of itself; None where it says nothing.

    Args:
        device: path or COM name.
        location: the USB socket, as the system counts them.
    """

    device: str
    description: str = ""
    vid: int | None = None
    pid: int | None = None
    serial_number: str | None = None
    location: str | None = None

    @property
    def kind(self) -> tuple[int, int | None, str | None] | None:
        """What tells devices apart; None for ports that are no USB device."""
        return None if self.vid is None else (self.vid, self.pid, self.serial_number)


@dataclass(frozen=True, slots=True)
class KnownPort:
    """The port that a sensor was first opened at; `alone` when no other said the same of itself then.

    Many cheap converters have no serial number, or all the same one.
    """

    info: PortInfo
    alone: bool


def known_port(device: str, there: Sequence[PortInfo]) -> KnownPort | None:
    """What is known of a port; None where nothing but its name is."""
    info = next((port for port in there if port.device == device), None)
    if info is None or info.kind is None:
        return None
    return KnownPort(info, sum(port.kind == info.kind for port in there) == 1)


def find_port(known: KnownPort, there: Sequence[PortInfo]) -> str | None:
    """Where a known device is now; None when it is not there, or cannot be told from another."""
    alike = [port for port in there if port.kind == known.info.kind]
    if known.alone and len(alike) == 1:
        return alike[0].device
    if known.info.location is None:
        return next((port.device for port in alike if port.device == known.info.device), None)
    return next((port.device for port in alike if port.location == known.info.location), None)
