"""What is around, in words: the rows of the list Nearby, and what Bluetooth needs. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from spinewatch_bridge.bluetooth_state import BluetoothState
from spinewatch_bridge.nearby import Nearby
from spinewatch_bridge.protocols.table import FAMILIES
from spinewatch_monitor.updates import Link, SensorStatus

NOT_FOUND = "Charge it, switch it on, and hold it within a metre. Some sensors sleep until they are moved."
NO_CABLE = "A cable that only charges carries no data."
SENDS = "Not looking while a sensor sends by Bluetooth: looking can disturb it."
AWAITED = "Not looking while the session waits for a sensor by Bluetooth: looking can disturb that."
NOTHING_YET = "Nothing found yet."
SENDING = (Link.STREAMING, Link.LATE, Link.PAUSED)
KIND_NOT_KNOWN = "Nothing says what is at this port: you say it"


def port_rows(ports: Sequence[str]) -> list[Nearby]:
    """Serial ports of which only the name is known, as rows of the list."""
    return [Nearby(f"Serial port {port}", None, "", "serial", None, "cable", f"serial:{port}") for port in ports]


def waits_for(sensors: Sequence[SensorStatus], sources: Sequence[str]) -> str:
    """Why a session that runs lets nobody look around; empty when it does without the radio.

    Args:
        sensors: as they are now.
        sources: texts of the session's sources.
    """
    by_radio = [sensor for sensor in sensors if sensor.signal_dbm is not None]
    if not by_radio and not any("ble:" in source for source in sources):
        return ""
    may_send = by_radio or [sensor for sensor in sensors if not sensor.cable]
    return SENDS if any(sensor.link in SENDING for sensor in may_send) else AWAITED


def source_of(found: Nearby) -> str:
    """What would be connected, as far as it is known; empty when nothing can be."""
    port = port_of(found)
    return found.source or "" if port is None else f"serial:{port}"


def port_of(found: Nearby) -> str | None:
    """The port of something on a cable whose kind a person has to say; None for everything else."""
    if found.kind != "serial" or found.family is not None:
        return None
    source = found.source or f"serial:{found.title.rpartition(' at ')[2]}"
    return source.removeprefix("serial:").partition("?")[0]


def can_connect(found: Nearby) -> bool:
    """Whether it can be connected, perhaps after saying what it is."""
    return port_of(found) is not None or (found.source is not None and not found.why_not)


def row_note(found: Nearby) -> str:
    """The line below the name: family, charge, what to know, why not."""
    if port_of(found) is not None:
        return KIND_NOT_KNOWN
    charge = "" if found.battery_percent is None else f"{found.battery_percent:.0f} % charged"
    first = " · ".join(filter(None, (found.family_title, charge)))
    return ". ".join(part.rstrip(".") for part in (first, found.why_not or remark(found)) if part)


def remark(found: Nearby) -> str:
    """What to know before connecting: its own remark, or that it has no turn rate."""
    family = FAMILIES.get(found.family or "")
    if found.remark or family is None:
        return found.remark
    return family.remark or ("" if family.capabilities.gyro else "No turn-rate sensor: angles only while still")


def spoken(found: Nearby) -> str:
    """A row for ears."""
    return f"{found.title}. {row_note(found)}. Signal: {signal_words(found)}."


def signal_words(found: Nearby) -> str:
    """How well it is heard, in a word."""
    return found.signal_words or "–"


def looking_words(looking_s: float | None) -> str:
    """How long the search has been going: ``looking, 12 s``; not at all is nothing."""
    if looking_s is None:
        return ""
    return f"looking, {looking_s:.0f} s" if looking_s < 100 else f"looking, {looking_s / 60:.0f} min"


def radio_trouble(state: BluetoothState | None) -> str:
    """What Bluetooth lacks and the one thing to do; empty when it can look or nobody has asked."""
    if state is None or state is BluetoothState.READY:
        return ""
    return f"{state.words} {state.todo}".strip()
