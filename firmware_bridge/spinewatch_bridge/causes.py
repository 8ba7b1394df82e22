"""Why a link was lost or samples are missing: a key for programs to choose by, and plain words for people. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class CauseKey(StrEnum):
    """Kinds of causes, kept in recordings beside the words; what is not among them is read as UNKNOWN."""

    OUT_OF_RANGE = "out_of_range"
    OUT_OF_RANGE_OR_OFF = "out_of_range_or_off"  # nothing tells which
    BATTERY = "battery"
    BLUETOOTH_OFF = "bluetooth_off"
    BLUETOOTH_BUSY = "bluetooth_busy"
    NOT_FOUND = "not_found"
    HELD = "held"  # by another program, or another computer
    NOT_ALLOWED = "not_allowed"  # this user may not
    WRONG_DEVICE = "wrong_device"  # another one, or one that does not do what its family does
    UNPLUGGED = "unplugged"
    SILENT = "silent"  # the link is up, and nothing comes
    NO_ANSWER = "no_answer"
    BROKE_OFF = "broke_off"
    RESTARTED = "restarted"
    CLOCK_JUMPED = "clock_jumped"
    ASLEEP = "asleep"  # the computer
    DAMAGED = "damaged"  # on the line, on the disk or in the sensor's log
    SLOW_DISK = "slow_disk"
    LOST_PACKETS = "lost_packets"
    SENSOR_DROPPED = "sensor_dropped"
    ENDED = "ended"  # a simulated day is over
    UNKNOWN = "unknown"

    @classmethod
    def told_by(cls, value: object) -> CauseKey:
        """The key that a recording tells; UNKNOWN where it is of before there were keys, or of a later version."""
        try:
            return cls(str(value))
        except ValueError:
            return cls.UNKNOWN


class Cause(NamedTuple):
    """One cause: words for the middle of a sentence, or sentences of their own, and what kind it is."""

    words: str
    key: CauseKey = CauseKey.UNKNOWN

    def told(self) -> dict[str, str]:
        """As it stands in the data of an event."""
        return {"cause": self.words, "cause_key": self.key.value}


BROKE_OFF = Cause("the connection to the sensor broke off", CauseKey.BROKE_OFF)
ASLEEP = Cause("the computer was asleep", CauseKey.ASLEEP)
OUT_OF_REACH = Cause("out of reach", CauseKey.OUT_OF_RANGE)
RESTARTED = Cause("the sensor started anew", CauseKey.RESTARTED)
CLOCK_JUMPED = Cause("the sensor's clock jumped", CauseKey.CLOCK_JUMPED)
UNSEEN = Cause("samples were lost on the way: all later ones came late by as much", CauseKey.LOST_PACKETS)
LOST_PACKETS = Cause("packets were lost on the way", CauseKey.LOST_PACKETS)
SENSOR_DROPPED = Cause("the sensor could not send all of it", CauseKey.SENSOR_DROPPED)
DAMAGED_LINE = Cause("data were damaged on the line", CauseKey.DAMAGED)
DAMAGED_FILE = Cause("damaged on disk", CauseKey.DAMAGED)
DAMAGED_LOG = Cause("a page of the sensor's log is damaged", CauseKey.DAMAGED)
SLOW_DISK = Cause("the disk was too slow", CauseKey.SLOW_DISK)
