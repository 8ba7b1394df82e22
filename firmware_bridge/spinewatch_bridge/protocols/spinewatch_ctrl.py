"""Commands and their replies, both ways: section 6 of ``PROTOCOL.md`` as code.

Every decoder returns None for bytes that do not fit; what follows a known body is ignored, so that later firmware may
append. Pure.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag

from spinewatch_bridge.protocols.base import Haptic
from spinewatch_bridge.protocols.spinewatch_wire import FIXED_SCALES, TICK_SPAN, UNKNOWN_PERCENT, VERSION, Kind, Scale

REPLY_BIT = 0x80
_INFO = struct.Struct("<BBBBHIIHBBBB")
_INFO_SCALE = struct.Struct("<Bff")
_START = struct.Struct("<HBBB")
_START_REPLY = struct.Struct("<IHBBBBII")
_STOP_REPLY = struct.Struct("<II")
_TIME_REPLY = struct.Struct("<QII")
_HAPTIC = struct.Struct("<BHHB")
_SET_UTC = struct.Struct("<qh")
MAX_OFFSET_MIN = 14 * 60


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
    Status.NOT_AUTHORISED: "it belongs to another owner, or was not shown the key",
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


class InfoState(IntFlag):
    """Byte 17 of an INFO reply."""

    IDLE = 0
    STREAMING = 1
    KEY_SET = 2
    AUTHORISED = 4


def pack_command(op: int, token: int, body: bytes = b"") -> bytes:
    """A CTRL command."""
    return bytes((op, token)) + body


def status_words(status: int) -> str:
    """A status code in words; unknown codes keep their number."""
    known = status in Status.__members__.values()
    return STATUS_WORDS[Status(status)] if known else f"its status is {status}"


def pack_reply(op: int, token: int, status: int, body: bytes = b"") -> bytes:
    """A CTRL reply."""
    return bytes((op | REPLY_BIT, token, status)) + body


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
    key_set: bool = False
    authorised: bool = False

    @property
    def state(self) -> InfoState:
        """What byte 17 says."""
        state = InfoState.STREAMING if self.streaming else InfoState.IDLE
        state |= InfoState.KEY_SET if self.key_set else InfoState.IDLE
        return state | (InfoState.AUTHORISED if self.authorised else InfoState.IDLE)


def pack_info(info: Info) -> bytes:
    """Body of an INFO reply."""
    percent = UNKNOWN_PERCENT if info.battery_percent is None else info.battery_percent
    head = _INFO.pack(
        VERSION, *info.firmware, info.hardware, info.session, int(info.capabilities), info.battery_mv, percent,
        int(info.state), len(info.serial), len(info.scales),
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
        streaming=bool(state & InfoState.STREAMING),
        serial=body[_INFO.size : scales_at],
        scales=_scales(body[scales_at:], scale_n),
        key_set=bool(state & InfoState.KEY_SET),
        authorised=bool(state & InfoState.AUTHORISED),
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


def pack_haptic(haptic: Haptic) -> bytes:
    """Body of a HAPTIC command."""
    return _HAPTIC.pack(haptic.amplitude, haptic.on_ms, haptic.off_ms, haptic.repeats)


def unpack_haptic(body: bytes) -> Haptic | None:
    """The HAPTIC that `body` holds, or None."""
    return Haptic(*_HAPTIC.unpack_from(body)) if len(body) >= _HAPTIC.size else None


def pack_utc(utc_us: int, offset_min: int) -> bytes:
    """Body of a SET_UTC command; no place on Earth is more than 14 h from UTC."""
    return _SET_UTC.pack(utc_us, min(max(offset_min, -MAX_OFFSET_MIN), MAX_OFFSET_MIN))


def unpack_utc(body: bytes) -> tuple[int, int] | None:
    """(UTC in µs since 1970, offset of local time in minutes), or None."""
    if len(body) < _SET_UTC.size:
        return None
    utc_us, offset_min = _SET_UTC.unpack_from(body)
    return utc_us, offset_min
