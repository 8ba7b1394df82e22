"""Packets that a device sends of itself, both ways: section 4 of ``PROTOCOL.md`` as code.

Every decoder returns None for bytes that do not fit; what follows a known body is ignored, so that later firmware may
append. Pure.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from math import pi

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2

VERSION = 1
TICKS_PER_S = 32768
INDEX_SPAN = 1 << 16
TICK_SPAN = 1 << 32

SERVICE_UUID = "3b1f0001-2fa8-4953-b173-92e4022d55cf"
DATA_UUID = "3b1f0002-2fa8-4953-b173-92e4022d55cf"
CTRL_UUID = "3b1f0003-2fa8-4953-b173-92e4022d55cf"
BULK_UUID = "3b1f0004-2fa8-4953-b173-92e4022d55cf"


class Kind(IntEnum):
    """Low nibble of the first byte of a packet."""

    ACC_GYR = 0
    ACC = 1
    QUAT_ACC = 2
    EVENT = 3
    STATUS = 4
    LOG_PIECE = 5  # on serial lines only, with a header of one byte


COLUMNS = {Kind.ACC_GYR: 6, Kind.ACC: 3, Kind.QUAT_ACC: 7}
"""Numbers per sample of the kinds that carry samples."""
SAMPLE_BYTES = 2 * COLUMNS[Kind.ACC_GYR]


class PacketFlag(IntFlag):
    """Second byte of a packet, without the scale set in its three upper bits."""

    NONE = 0
    DROPPED_BEFORE = 1
    SATURATED = 2
    MOTOR_ON = 4
    CHARGING = 8
    CLOCK_STEPPED = 16


@dataclass(frozen=True, slots=True)
class Scale:
    """One scale set: counts per g and counts per degree per second."""

    acc_counts_per_g: float
    gyr_counts_per_deg_s: float

    @property
    def acc_m_s2_per_count(self) -> float:
        """Factor of the first three columns."""
        return STANDARD_GRAVITY_M_S2 / self.acc_counts_per_g

    @property
    def gyr_rad_s_per_count(self) -> float:
        """Factor of the last three columns."""
        return pi / 180 / self.gyr_counts_per_deg_s


# Sets 0 to 3 are fixed; 4 to 7 mean what the device's INFO says.
FIXED_SCALES: dict[int, Scale] = {
    0: Scale(8192.0, 65.536),  # ±4 g, ±500 °/s: the default, ample for a back
    1: Scale(16384.0, 131.072),  # ±2 g, ±250 °/s
    2: Scale(4096.0, 32.768),  # ±8 g, ±1000 °/s
    3: Scale(2048.0, 16.384),  # ±16 g, ±2000 °/s
}

HEADER = struct.Struct("<BBHI")
_STATUS = struct.Struct("<HBxhHIIII")
UNKNOWN_PERCENT = 255


@dataclass(frozen=True, slots=True)
class Header:
    """The eight bytes that every device packet begins with."""

    kind: int
    flags: PacketFlag
    scale_set: int
    index: int
    ticks: int


def pack_header(header: Header) -> bytes:
    """The eight bytes of a header."""
    flags = int(header.flags) | header.scale_set << 5
    return HEADER.pack(VERSION << 4 | header.kind, flags, header.index % INDEX_SPAN, header.ticks % TICK_SPAN)


def unpack_header(packet: bytes) -> Header | None:
    """The header of a device packet of version 1, or None."""
    if len(packet) < HEADER.size:
        return None
    first, flags, index, ticks = HEADER.unpack_from(packet)
    if first >> 4 != VERSION:
        return None
    return Header(first & 0x0F, PacketFlag(flags & 0x1F), flags >> 5, index, ticks)


def pack_samples(header: Header, counts: NDArray[np.int16]) -> bytes:
    """A data packet; `counts` has the columns of the header's kind."""
    return pack_header(header) + counts.astype("<i2").tobytes()


def unpack_samples(packet: bytes, kind: int = Kind.ACC_GYR) -> NDArray[np.int16] | None:
    """The counts of a data packet (a read-only view of its bytes), or None when the length does not fit.

    Returns:
        (n, 6) acc and gyr, or (n, 3) acc of the kinds without gyr: a quaternion that came with it is left out, because
        postures are computed here, from one filter for all sensors.
    """
    columns = COLUMNS[Kind(kind)]
    n, odd = divmod(len(packet) - HEADER.size, 2 * columns)
    if odd or n < 1:
        return None
    counts = np.frombuffer(packet, "<i2", offset=HEADER.size).reshape(n, columns)
    return counts[:, 4:] if kind == Kind.QUAT_ACC else counts


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """Body of a status packet (kind 4)."""

    battery_mv: int
    battery_percent: int | None
    temperature_c: float
    reset_count: int
    session: int
    samples: int
    dropped: int
    free_log_pages: int


def pack_status(s: DeviceStatus) -> bytes:
    """Body of a status packet."""
    percent = UNKNOWN_PERCENT if s.battery_percent is None else s.battery_percent
    return _STATUS.pack(
        s.battery_mv, percent, round(s.temperature_c * 100), s.reset_count, s.session, s.samples, s.dropped,
        s.free_log_pages,
    )  # fmt: skip


def unpack_status(body: bytes) -> DeviceStatus | None:
    """The status that `body` holds, or None."""
    if len(body) < _STATUS.size:
        return None
    mv, percent, celsius, resets, session, samples, dropped, free = _STATUS.unpack_from(body)
    return DeviceStatus(mv, percent if percent <= 100 else None, celsius / 100, resets, session, samples, dropped, free)


# Event packets (kind 3): code, length of the body, body. code -> (name, layout, fields)
EVENTS: dict[int, tuple[str, str, Sequence[str]]] = {
    1: ("button", "<B", ("press",)),
    2: ("worn", "<B", ("on",)),
    3: ("battery_low", "<B", ("percent",)),
    4: ("motor", "<H", ("on_ms",)),
    5: ("clock_stepped", "<i", ("ticks",)),
    6: ("double_tap", "<B", ("axis",)),
    7: ("rule", "<Bh", ("rule", "angle_centideg")),
}


def pack_event(code: int, *values: int) -> bytes:
    """Body of an event packet."""
    body = struct.pack(EVENTS[code][1], *values)
    return bytes((code, len(body))) + body


def unpack_event(body: bytes) -> tuple[str, dict[str, int]] | None:
    """(name, values) of a known event, ("unknown", {"code": …}) of another, None when the length does not fit."""
    if len(body) < 2 or len(body) < 2 + body[1]:
        return None
    if body[0] not in EVENTS:
        return "unknown", {"code": body[0]}
    name, layout, fields = EVENTS[body[0]]
    if body[1] < struct.calcsize(layout):
        return None
    return name, dict(zip(fields, struct.unpack_from(layout, body, 2), strict=True))
