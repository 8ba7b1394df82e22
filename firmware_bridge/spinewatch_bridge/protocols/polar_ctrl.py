"""Polar's control point: what a sensor can measure, how it is set, started and stopped, and what it answers. Pure.

A command is ``OP TYPE`` and settings ``ID COUNT VALUES``; the answer ``F0 OP TYPE STATUS MORE`` and settings. Sources
as for the data frames.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from spinewatch_bridge.protocols.polar_frames import Kind

REPLY, STOPPED_BY_ITSELF = 0xF0, 0x01
FEATURES_REPLY = 0x0F
REPLY_HEADER_BYTES = 5
MAX_REPLY_BYTES = 512  # the longest value that an attribute can have


class Op(IntEnum):
    """First byte of a command."""

    SETTINGS = 1
    START = 2
    STOP = 3


class Setting(IntEnum):
    """What a setting is about."""

    RATE = 0
    RESOLUTION = 1
    RANGE = 2
    RANGE_MILLI = 3
    CHANNELS = 4
    FACTOR = 5


FORMATS: Mapping[int, str] = {
    Setting.RATE: "H", Setting.RESOLUTION: "H", Setting.RANGE: "H", Setting.RANGE_MILLI: "I", Setting.CHANNELS: "B",
    Setting.FACTOR: "f",
}  # fmt: skip


class Status(IntEnum):
    """Fourth byte of an answer."""

    OK = 0
    INVALID_OP = 1
    INVALID_TYPE = 2
    NOT_SUPPORTED = 3
    INVALID_LENGTH = 4
    INVALID_PARAMETER = 5
    ALREADY_IN_STATE = 6
    INVALID_RESOLUTION = 7
    INVALID_RATE = 8
    INVALID_RANGE = 9
    INVALID_MTU = 10
    INVALID_CHANNELS = 11
    INVALID_STATE = 12
    IN_CHARGER = 13
    DISK_FULL = 14


STATUS_WORDS: Mapping[int, str] = {
    Status.NOT_SUPPORTED: "it does not offer that",
    Status.ALREADY_IN_STATE: "it says that it measures already; switch it off and on",
    Status.INVALID_RESOLUTION: "it does not know the resolution",
    Status.INVALID_RATE: "it does not know the rate",
    Status.INVALID_RANGE: "it does not know the range",
    Status.INVALID_MTU: "the Bluetooth connection takes too short packets",
    Status.INVALID_STATE: "it is busy with something else; switch it off and on",
    Status.IN_CHARGER: "it is in its charger and does not measure there; take it out",
    Status.DISK_FULL: "its memory is full",
}


def status_words(status: int) -> str:
    """Why something was not done, for people."""
    return STATUS_WORDS.get(status, f"it answers with error {status}")


Settings = Mapping[int, tuple[float, ...]]
"""What a setting may be, or is."""

NO_SETTINGS: Settings = {}


def pack_settings(settings: Settings) -> bytes:
    """``ID COUNT VALUES`` of each."""
    parts = []
    for setting, values in settings.items():
        numbers = [v if setting == Setting.FACTOR else int(v) for v in values]
        parts.append(struct.pack(f"<BB{len(numbers)}{FORMATS[setting]}", setting, len(numbers), *numbers))
    return b"".join(parts)


def unpack_settings(data: bytes) -> dict[int, tuple[float, ...]]:
    """The settings up to the end, or up to the first that is cut or unknown; never raises."""
    found: dict[int, tuple[float, ...]] = {}
    at = 0
    while at + 2 <= len(data) and data[at] in FORMATS:
        setting, count = data[at], data[at + 1]
        layout = struct.Struct(f"<{count}{FORMATS[setting]}")
        if at + 2 + layout.size > len(data):
            break
        found[setting] = layout.unpack_from(data, at + 2)
        at += 2 + layout.size
    return found


def command(op: Op, kind: Kind, settings: Settings | None = None) -> bytes:
    """What is written."""
    return bytes((op, kind)) + pack_settings(settings or {})


@dataclass(frozen=True, slots=True)
class CtrlReply:
    """An answer to a command."""

    op: int
    kind: int
    status: int
    settings: Settings = field(default_factory=lambda: NO_SETTINGS)


def pack_reply(reply: CtrlReply) -> bytes:
    """The answer as it is sent."""
    return bytes((REPLY, reply.op, reply.kind, reply.status, 0)) + pack_settings(reply.settings)


def unpack_reply(data: bytes) -> CtrlReply | None:
    """The answer that `data` is, if it is one; never raises."""
    if not REPLY_HEADER_BYTES - 1 <= len(data) <= MAX_REPLY_BYTES or data[0] != REPLY:
        return None
    return CtrlReply(data[1], data[2], data[3], unpack_settings(data[REPLY_HEADER_BYTES:]))


def stopped_kinds(data: bytes) -> list[int]:
    """The kinds that the sensor says to have stopped by itself; empty when it says something else."""
    return list(data[1:8]) if len(data) > 1 and data[0] == STOPPED_BY_ITSELF else []


def pack_features(kinds: tuple[Kind, ...]) -> bytes:
    """What the feature characteristic holds."""
    return bytes((FEATURES_REPLY, sum(1 << kind for kind in kinds))) + bytes(15)


def unpack_features(data: bytes) -> tuple[Kind, ...] | None:
    """The kinds that it can measure, of those that we use; None when `data` does not tell."""
    if len(data) < 2 or data[0] != FEATURES_REPLY:
        return None
    return tuple(kind for kind in Kind if data[1] >> kind & 1)
