"""Why a sensor sends nothing, by the key of its cause: the shortest words, and the one thing to do. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from spinewatch_bridge.causes import CauseKey

CHECK_ALL = "Check that it is charged, switched on and near."
OFF_AND_ON = "Switch the sensor off and on."


class CauseWords(NamedTuple):
    """``short``: for a strip; empty takes the cause's own words. ``advice``: empty where these say what to do."""

    short: str = ""
    advice: str = ""


WORDS: Mapping[CauseKey, CauseWords] = {
    CauseKey.OUT_OF_RANGE: CauseWords("out of range", "Come closer, or move the computer."),
    CauseKey.OUT_OF_RANGE_OR_OFF: CauseWords("out of range", "Come closer, and check that it is switched on."),
    CauseKey.BATTERY: CauseWords("battery empty", "Charge it."),
    CauseKey.BLUETOOTH_OFF: CauseWords("Bluetooth off"),
    CauseKey.BLUETOOTH_BUSY: CauseWords("Bluetooth busy"),
    CauseKey.NOT_FOUND: CauseWords("not found"),
    CauseKey.HELD: CauseWords("held by another program"),
    CauseKey.NOT_ALLOWED: CauseWords("no permission"),
    CauseKey.UNPLUGGED: CauseWords("unplugged", "Plug it in again."),
    CauseKey.SILENT: CauseWords("", "Check cable and charge, and move the sensor: some sleep until they are moved."),
    CauseKey.NO_ANSWER: CauseWords("no answer", OFF_AND_ON),
    CauseKey.BROKE_OFF: CauseWords("connection broke off", "Keep it near this computer."),
    CauseKey.RESTARTED: CauseWords("sensor restarted"),
    CauseKey.ASLEEP: CauseWords("computer asleep", "Give it a few seconds."),
    CauseKey.DAMAGED: CauseWords("data damaged"),
    CauseKey.SLOW_DISK: CauseWords("disk too slow"),
    CauseKey.LOST_PACKETS: CauseWords("lost on the way"),
    CauseKey.SENSOR_DROPPED: CauseWords("sensor overloaded"),
}
"""What is not here is told in the cause's own words alone."""


def is_away(key: CauseKey) -> bool:
    """Whether the sensor is out of range, for all that is known."""
    return key in (CauseKey.OUT_OF_RANGE, CauseKey.OUT_OF_RANGE_OR_OFF)


def short_words(cause: str, key: CauseKey) -> str:
    """A cause for the middle of a sentence, without what to do about it."""
    first = cause.strip().split(". ")[0].rstrip(".")
    own = f"{first[0].lower()}{first[1:]}" if first else "no data"
    return WORDS.get(key, CauseWords()).short or own


def whole_words(cause: str, key: CauseKey) -> str:
    """A cause as sentences, with the one thing to do about it."""
    told = cause.strip().rstrip(".")
    if not told:
        return f"The link was lost. {WORDS[key].advice if key in WORDS else CHECK_ALL}"
    return f"{told[0].upper()}{told[1:]}. {WORDS.get(key, CauseWords()).advice}".strip()
