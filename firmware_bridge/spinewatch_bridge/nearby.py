"""What is around that could be connected: by family and by name, never by address. Pure: time is an argument."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from spinewatch_bridge.bluetooth_state import BluetoothState
from spinewatch_bridge.protocols.base import clean_text
from spinewatch_bridge.protocols.table import FAMILIES, family_of_advert, family_of_usb
from spinewatch_bridge.source_text import ble_name

if TYPE_CHECKING:  # this module works where neither bleak nor pyserial does
    from spinewatch_bridge.transports.ble_radio import Advert
    from spinewatch_bridge.transports.serial_port import PortInfo

__all__ = ["BluetoothState", "Nearby", "ble_source", "nearby_ble", "nearby_serial", "signal_words", "unknown_count"]

GONE_S = 30.0  # not heard for so long: not around any more
# Receivers of computers hear down to about -95 dBm, and a body between sensor and computer takes 20 dB of it: a sensor
# worn on the back is sure from -65 dBm on, and likely to be lost below -80 dBm.
STRONG_DBM, FAIR_DBM = -65, -80

SignalWords = Literal["strong", "fair", "weak", "cable", ""]
Kind = Literal["ble", "serial"]


@dataclass(frozen=True, slots=True)
class Nearby:
    """One sensor that could be connected.

    Args:
        title: its name for people.
        family: key of its family; None when it is not known.
        family_title: its family for people; says "maybe" where that is a guess.
        kind: how it is reached.
        signal_dbm: None for a cable, and where the system does not tell.
        signal_words: the same in a word; empty when it is not known.
        source: text that connects it, without a role; None when it cannot be connected.
        why_not: why it cannot be connected, or not yet; else empty.
        remark: what to know before choosing it; often empty.
        battery_percent: where it advertises that.
        usb: vendor and product of a USB port as in ``1A86:7523``.
    """

    title: str
    family: str | None
    family_title: str
    kind: Kind
    signal_dbm: float | None = None
    signal_words: SignalWords = ""
    source: str | None = None
    why_not: str = ""
    remark: str = ""
    battery_percent: int | None = None
    usb: str = ""


# --- Bluetooth --------------------------------------------------------------------------------------------------------


def nearby_ble(adverts: Iterable[Advert], now_s: float) -> list[Nearby]:
    """The sensors of our families among what was heard, in an order that stays as it is while signals change.

    Args:
        adverts: what was heard.
        now_s: host time.
    """
    known = [(advert, family) for advert, family in _with_families(adverts, now_s) if family is not None]
    names = Counter(advert.name for advert, _ in known)
    found = [_nearby(advert, family, alone=names[advert.name] == 1) for advert, family in known]
    return sorted(found, key=lambda sensor: (sensor.family_title, sensor.title, sensor.source or ""))


def unknown_count(adverts: Iterable[Advert], now_s: float) -> int:
    """How many devices were heard that are none of ours."""
    return sum(family is None for _, family in _with_families(adverts, now_s))


def _with_families(adverts: Iterable[Advert], now_s: float) -> list[tuple[Advert, str | None]]:
    fresh = (advert for advert in adverts if now_s - advert.seen_s <= GONE_S)
    return [(advert, family_of_advert(advert.name, advert.services)) for advert in fresh]


def _nearby(advert: Advert, key: str, *, alone: bool) -> Nearby:
    family = FAMILIES[key]
    usable = family.ble is not None
    told_by_name = family_of_advert(advert.name) == key
    address = "" if alone and advert.name else advert.address
    return Nearby(
        title=advert.name or f"{family.title} sensor without a name",
        family=key,
        family_title=family.title,
        kind="ble",
        signal_dbm=advert.rssi_dbm,
        signal_words=signal_words(advert.rssi_dbm),
        source=ble_source(advert.name, address, "" if told_by_name else key) if usable else None,
        why_not="" if usable else f"{family.title} sensors are read by cable",
        remark=family.remark_for(advert.name),
        battery_percent=advert.battery_percent,
    )


def ble_source(name: str, address: str = "", protocol: str = "") -> str:
    """The source text of a sensor over Bluetooth.

    Args:
        name: as it advertises.
        address: only where the name alone is not enough.
        protocol: family, only where the name does not tell it.
    """
    options = {"address": address, "protocol": protocol}
    query = "&".join(f"{option}={value}" for option, value in options.items() if value)
    return f"ble:{ble_name(name)}" + (f"?{query}" if query else "")


def signal_words(rssi_dbm: float | None) -> SignalWords:
    """How good a signal is for a sensor worn on the back; empty when it is not known."""
    if rssi_dbm is None:
        return ""
    if rssi_dbm >= STRONG_DBM:
        return "strong"
    return "fair" if rssi_dbm >= FAIR_DBM else "weak"


# --- serial ports -----------------------------------------------------------------------------------------------------


def nearby_serial(ports: Sequence[PortInfo]) -> list[Nearby]:
    """The USB ports, with a guess at what is on them; a port that is none is left out: nothing says what is there."""
    return [_port(port) for port in ports if port.vid is not None]


def _port(port: PortInfo) -> Nearby:
    vid, pid = port.vid or 0, port.pid or 0
    key = family_of_usb(vid, pid)
    family = None if key is None else FAMILIES[key]
    device = clean_text(port.device, limit=200)
    return Nearby(
        title=f"{clean_text(port.description)} at {device}" if port.description else device,
        family=key,
        family_title=f"maybe {family.title}" if family is not None else "not known",
        kind="serial",
        signal_words="cable",
        source=None if family is None else f"serial:{port.device}?protocol={key}",
        why_not="" if family is not None else "nothing says what is at this port: choose the kind of sensor first",
        remark="" if family is None else family.remark,
        usb=f"{vid:04X}:{pid:04X}",
    )
