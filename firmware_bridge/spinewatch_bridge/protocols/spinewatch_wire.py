"""Packets of our own protocol, both ways: the tables of ``PROTOCOL.md`` as code.

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
REPLY_BIT = 0x80

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


class PacketFlag(IntFlag):
    """Second byte of a packet, without the scale set in its three upper bits."""

    NONE = 0
    DROPPED_BEFORE = 1
    SATURATED = 2
    MOTOR_ON = 4
    CHARGING = 8
    CLOCK_STEPPED = 16


class Op(IntEnum):
    """Commands; the reply carries the same number with the top bit set."""

    INFO = 0x01
    START = 0x02
    STOP = 0x03
    TIME = 0x04
    HAPTIC = 0x05
    SET_UTC = 0x06
    LOG_LIST = 0x07
    LOG_READ = 0x08
    LOG_ERASE = 0x09
    RULE = 0x0A
    IDENTIFY = 0x0B
    CHALLENGE = 0x0C
    AUTH = 0x0D
    SET_OWNER_KEY = 0x0E


class Status(IntEnum):
    """First byte of a reply's body."""

    OK = 0
    UNSUPPORTED = 1
    BAD_LENGTH = 2
    BAD_VALUE = 3
    NOT_NOW = 4
    NOT_AUTHORISED = 5
    NO_SPACE = 6
    FAILED = 7


STATUS_WORDS = {
    Status.OK: "ok",
    Status.UNSUPPORTED: "it does not know the command",
    Status.BAD_LENGTH: "the command had the wrong length",
    Status.BAD_VALUE: "it does not offer the setting",
    Status.NOT_NOW: "it cannot do that now",
    Status.NOT_AUTHORISED: "it belongs to another owner",
    Status.NO_SPACE: "its memory is full",
    Status.FAILED: "it failed inside",
}


class Capability(IntFlag):
    """What a device can do, as INFO tells."""

    NONE = 0
    HAPTIC = 1
    LIGHT = 2
    LOG = 4
    RULE = 8
    OWNER_KEY = 16
    NO_GYR = 32


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
_INFO = struct.Struct("<BBBBHIIHBBBB")
_INFO_SCALE = struct.Struct("<Bff")
_START = struct.Struct("<HBBB")
_START_REPLY = struct.Struct("<IHBBBBII")
_STOP_REPLY = struct.Struct("<II")
_TIME_REPLY = struct.Struct("<QII")
_HAPTIC = struct.Struct("<BHHB")
_SET_UTC = struct.Struct("<qh")
_STATUS = struct.Struct("<HBxhHIIII")
SAMPLE_BYTES = 12
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
    """A data packet of kind 0; `counts` is (n, 6)."""
    return pack_header(header) + counts.astype("<i2").tobytes()


def unpack_samples(packet: bytes) -> NDArray[np.int16] | None:
    """The (n, 6) counts of a packet of kind 0 (read-only views of its bytes), or None when the length does not fit."""
    n, odd = divmod(len(packet) - HEADER.size, SAMPLE_BYTES)
    if odd or n < 1:
        return None
    return np.frombuffer(packet, "<i2", offset=HEADER.size).reshape(n, 6)


@dataclass(frozen=True, slots=True)
class Info:
    """Body of an INFO reply."""

    firmware: tuple[int, int, int]
    hardware: int
    session: int
    capabilities: Capability
    battery_mv: int
    battery_percent: int | None
    streaming: bool
    serial: bytes
    scales: dict[int, Scale]


def pack_info(info: Info) -> bytes:
    """Body of an INFO reply."""
    percent = UNKNOWN_PERCENT if info.battery_percent is None else info.battery_percent
    head = _INFO.pack(
        VERSION, *info.firmware, info.hardware, info.session, int(info.capabilities), info.battery_mv, percent,
        info.streaming, len(info.serial), len(info.scales),
    )  # fmt: skip
    rows = (_INFO_SCALE.pack(k, s.acc_counts_per_g, s.gyr_counts_per_deg_s) for k, s in info.scales.items())
    return head + info.serial + b"".join(rows)


def unpack_info(body: bytes) -> Info | None:
    """The INFO that `body` holds, or None. Scale sets with impossible factors are left out."""
    if len(body) < _INFO.size:
        return None
    version, *firmware, hardware, session, caps, mv, percent, state, serial_n, scale_n = _INFO.unpack_from(body)
    scales_at = _INFO.size + serial_n
    if version != VERSION or len(body) < scales_at + scale_n * _INFO_SCALE.size:
        return None
    return Info(
        firmware=(firmware[0], firmware[1], firmware[2]),
        hardware=hardware,
        session=session,
        capabilities=Capability(caps & 0x3F),
        battery_mv=mv,
        battery_percent=percent if percent <= 100 else None,
        streaming=bool(state),
        serial=body[_INFO.size : scales_at],
        scales=_scales(body[scales_at:], scale_n),
    )


def _scales(rows: bytes, n: int) -> dict[int, Scale]:
    found = dict(FIXED_SCALES)
    for number, acc, gyr in _INFO_SCALE.iter_unpack(rows[: n * _INFO_SCALE.size]):
        if 4 <= number <= 7 and 1.0 <= acc <= 1e6 and 0.1 <= gyr <= 1e6:
            found[number] = Scale(acc, gyr)
    return found


@dataclass(frozen=True, slots=True)
class Start:
    """Body of a START command; 0 samples per packet leaves the choice to the device."""

    rate_hz: float = 100.0
    scale_set: int = 0
    samples_per_packet: int = 0
    kind: int = Kind.ACC_GYR


def pack_start(start: Start) -> bytes:
    """Body of a START command."""
    return _START.pack(round(start.rate_hz * 10), start.scale_set, start.samples_per_packet, start.kind)


def unpack_start(body: bytes) -> Start | None:
    """The START that `body` holds, or None."""
    if len(body) < _START.size:
        return None
    rate, scale_set, samples, kind = _START.unpack_from(body)
    return Start(rate / 10, scale_set, samples, kind)


@dataclass(frozen=True, slots=True)
class Started:
    """Body of a START reply: what runs now."""

    session: int
    rate_hz: float
    scale_set: int
    samples_per_packet: int
    kind: int
    resumed: bool
    next_index: int
    ticks: int


def pack_started(s: Started) -> bytes:
    """Body of a START reply."""
    return _START_REPLY.pack(
        s.session, round(s.rate_hz * 10), s.scale_set, s.samples_per_packet, s.kind, s.resumed, s.next_index, s.ticks
    )


def unpack_started(body: bytes) -> Started | None:
    """The START reply that `body` holds, or None."""
    if len(body) < _START_REPLY.size:
        return None
    session, rate, scale_set, samples, kind, resumed, next_index, ticks = _START_REPLY.unpack_from(body)
    if rate == 0:
        return None
    return Started(session, rate / 10, scale_set, samples, kind, bool(resumed), next_index, ticks)


def pack_stopped(session: int, samples: int) -> bytes:
    """Body of a STOP reply."""
    return _STOP_REPLY.pack(session, samples)


def pack_time_reply(echo: bytes, rx_ticks: int, tx_ticks: int) -> bytes:
    """Body of a TIME reply; `echo` is the eight bytes that came."""
    return echo + struct.pack("<II", rx_ticks % TICK_SPAN, tx_ticks % TICK_SPAN)


def unpack_time_reply(body: bytes) -> tuple[int, int, int] | None:
    """(echo, rx ticks, tx ticks), or None."""
    if len(body) < _TIME_REPLY.size:
        return None
    echo, rx, tx = _TIME_REPLY.unpack_from(body)
    return echo, rx, tx


@dataclass(frozen=True, slots=True)
class Haptic:
    """Body of a HAPTIC command; amplitude 0 stops the motor."""

    amplitude: int = 160
    on_ms: int = 200
    off_ms: int = 150
    repeats: int = 2


def pack_haptic(haptic: Haptic) -> bytes:
    """Body of a HAPTIC command."""
    return _HAPTIC.pack(haptic.amplitude, haptic.on_ms, haptic.off_ms, haptic.repeats)


def unpack_haptic(body: bytes) -> Haptic | None:
    """The HAPTIC that `body` holds, or None."""
    return Haptic(*_HAPTIC.unpack_from(body)) if len(body) >= _HAPTIC.size else None


def pack_utc(utc_us: int, offset_min: int) -> bytes:
    """Body of a SET_UTC command."""
    return _SET_UTC.pack(utc_us, offset_min)


def unpack_utc(body: bytes) -> tuple[int, int] | None:
    """(UTC in µs since 1970, offset of local time in minutes), or None."""
    if len(body) < _SET_UTC.size:
        return None
    utc_us, offset_min = _SET_UTC.unpack_from(body)
    return utc_us, offset_min


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


def pack_command(op: int, token: int, body: bytes = b"") -> bytes:
    """A CTRL command."""
    return bytes((op, token)) + body


def pack_reply(op: int, token: int, status: int, body: bytes = b"") -> bytes:
    """A CTRL reply."""
    return bytes((op | REPLY_BIT, token, status)) + body
