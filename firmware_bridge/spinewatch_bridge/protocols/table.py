"""The sensor families by name: a new family is one file beside this one, one row here, one row of vectors. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from spinewatch_bridge.protocols.family import Family
from spinewatch_bridge.protocols.polar import FAMILY as POLAR
from spinewatch_bridge.protocols.spinewatch import FAMILY as SPINEWATCH
from spinewatch_bridge.protocols.witmotion import FAMILY as WITMOTION

FRAMES_THAT_PROVE = 3  # a checked frame by chance in noise is possible, three hardly

FAMILIES: Mapping[str, Family] = {
    "spinewatch": SPINEWATCH,
    "witmotion": WITMOTION,
    "polar": POLAR,
}


def family_hint(data: bytes, asked: str) -> str:
    """One sentence on what else some bytes of a serial line could be, that `asked` could not read."""
    for name, family in FAMILIES.items():
        if name != asked and family.frames_in(data) >= FRAMES_THAT_PROVE:
            return f"It looks like a {family.title} sensor: try ?protocol={name}"
    others = " or ".join(f"?protocol={name}" for name in serial_families() if name != asked)
    return f"Is it another sensor? Try {others}, or another speed with &baud=9600"


def serial_families() -> list[str]:
    """Names of the families that speak over a serial line."""
    return [name for name, family in FAMILIES.items() if family.serial is not None]


def ble_families() -> list[str]:
    """Names of the families that speak over Bluetooth."""
    return [name for name, family in FAMILIES.items() if family.ble is not None]


def family_of_advert(name: str, services: Iterable[str] = ()) -> str | None:
    """The family of a sensor that advertises this name and these services; None when it is none of ours."""
    offered = {uuid.lower() for uuid in services}
    for key, family in FAMILIES.items():
        if any(profile.service in offered for profile in family.gatt):
            return key
    return next((key for key, family in FAMILIES.items() if name.startswith(family.ble_names or ("\0",))), None)


def family_of_usb(vendor: int, product: int) -> str | None:
    """The family that a USB chip may belong to; None when it is known of none."""
    return next((key for key, family in FAMILIES.items() if (vendor, product) in family.usb), None)
