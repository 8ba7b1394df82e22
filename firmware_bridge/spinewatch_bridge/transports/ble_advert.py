"""What was heard by radio: devices as they advertise, bounded and aged. No clock: time is an argument."""

from __future__ import annotations

from dataclasses import dataclass, field

from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from spinewatch_bridge.protocols.base import clean_text
from spinewatch_bridge.protocols.gatt import BATTERY_SERVICE
from spinewatch_bridge.protocols.table import family_of_advert

MAX_SEEN = 256  # devices kept: a full train of phones
MAX_SERVICES = 32  # services kept of one device; an advertisement holds far fewer
MAX_NAMED = 6  # other sensors named when one is not found
FORGET_S = 30.0  # a device that was not heard for so long is gone


@dataclass(frozen=True)
class Advert:
    """A device as it was last heard.

    Args:
        address: of the device on this computer; a Mac makes one up for each.
        name: cleaned; empty when it tells none.
        rssi_dbm: strength of the signal.
        services: UUIDs that it advertises.
        seen_s: host time of the last packet.
        device: what bleak connects to.
        battery_percent: where it advertises that.
    """

    address: str = field(repr=False)
    name: str
    rssi_dbm: int | None
    services: frozenset[str]
    seen_s: float
    device: BLEDevice = field(compare=False, repr=False)
    battery_percent: int | None = None


class Around:
    """Devices that were heard in the last `FORGET_S`, `MAX_SEEN` at most."""

    def __init__(self) -> None:
        self._seen: dict[str, Advert] = {}  # the newest last

    def __len__(self) -> int:
        return len(self._seen)

    def hear(self, device: BLEDevice, data: AdvertisementData, now_s: float) -> Advert:
        """Take one packet; what is known of its device now."""
        advert = _advert(device, data, now_s, self._seen.pop(device.address, None))
        self._seen[device.address] = advert
        while len(self._seen) > MAX_SEEN or now_s - next(iter(self._seen.values())).seen_s > FORGET_S:
            del self._seen[next(iter(self._seen))]
        return advert

    def since(self, at_s: float) -> list[Advert]:
        """What was heard at a time or later."""
        return [advert for advert in self._seen.values() if advert.seen_s >= at_s]

    def sensor_names(self, at_s: float) -> list[str]:
        """Names of our families' sensors, heard since; what else is around is nobody's business."""
        named = {a.name for a in self.since(at_s) if a.name and family_of_advert(a.name, a.services) is not None}
        return sorted(named)[:MAX_NAMED]


def _advert(device: BLEDevice, data: AdvertisementData, now_s: float, known: Advert | None) -> Advert:
    """One packet, with what earlier ones told: name and services may come in different packets."""
    name = clean_text(data.local_name or device.name or "")
    services = frozenset(uuid.lower() for uuid in data.service_uuids[:MAX_SERVICES])
    level = data.service_data.get(BATTERY_SERVICE, b"")[:1]
    battery = level[0] if level and level[0] <= 100 else None
    if known is not None:
        name, battery = name or known.name, known.battery_percent if battery is None else battery
        services = services | known.services if len(known.services) < MAX_SERVICES else services or known.services
    # -127 is what BlueZ's part of bleak says for "not known"; 127 is the same in the Core Specification (4.E.7.7.65.2).
    rssi_dbm = data.rssi if -127 < data.rssi < 127 else None
    return Advert(device.address, name, rssi_dbm, services, now_s, device, battery)
