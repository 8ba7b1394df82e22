"""Polar's measurement data frames: a time, a layout, and samples that are raw or packed as small differences.

A frame is ``TYPE | time u64 | LAYOUT | samples``; the time is of the LAST sample, nanoseconds since 2000-01-01 on the
sensor's clock. Bit 7 of LAYOUT says that the samples are packed: one whole sample, then blocks ``BITS COUNT`` of COUNT
differences per axis, BITS wide, least significant bit first, padded to a byte at the end of each block.

Sources: Polar's measurement data specification and its open kit; an independent driver agrees. The frames carry no
checksum, so the radio's own is all there is; what cannot be true is dropped whole. Pure.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum, auto

import numpy as np
from numpy.typing import NDArray

AXES = 3
HEADER = struct.Struct("<BQB")
MAX_FRAME_BYTES = 512  # the longest value that an attribute can have (Bluetooth Core, Vol 3, Part F, 3.2.9)
MAX_SAMPLES = 512  # in one frame: over a second at 416 Hz; differences of 0 bits could claim 64,000
BLOCK_HEADER_BYTES = 2
MAX_BITS = 32
MOST_FLOAT = 1e4  # °/s: far beyond any gyroscope; a value like this in a recording would make it unreadable
FIRST_SAMPLE: Mapping[int, str] = {2: "<3h", 4: "<3i"}
KIND_MASK, PACKED, LAYOUT_MASK = 0x3F, 0x80, 0x7F

EPOCH_UNIX_S = 946_684_800
"""2000-01-01 00:00 UTC, from which its time counts."""


class Kind(IntEnum):
    """What is measured."""

    ACC = 2
    GYR = 5


class Unit(Enum):
    """What one count means."""

    MILLI_G = auto()
    FACTOR_G = auto()  # times the factor of the reply to start
    FACTOR_DEG_S = auto()
    DEG_S = auto()


@dataclass(frozen=True, slots=True)
class Layout:
    """How the samples of a frame are written: `size` bytes of a whole number, and what one count means."""

    size: int
    unit: Unit
    is_float: bool = False


RAW_LAYOUTS: Mapping[tuple[int, int], Layout] = {
    (Kind.ACC, 0): Layout(1, Unit.MILLI_G),
    (Kind.ACC, 1): Layout(2, Unit.MILLI_G),
    (Kind.ACC, 2): Layout(3, Unit.MILLI_G),
}
PACKED_LAYOUTS: Mapping[tuple[int, int], Layout] = {
    (Kind.ACC, 0): Layout(2, Unit.FACTOR_G),
    (Kind.ACC, 1): Layout(2, Unit.MILLI_G),
    (Kind.GYR, 0): Layout(2, Unit.FACTOR_DEG_S),
    (Kind.GYR, 1): Layout(4, Unit.DEG_S, is_float=True),
}

Counts = NDArray[np.int16] | NDArray[np.float32]


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """One data frame.

    Args:
        kind: what was measured.
        last_ns: device time of the last sample, nanoseconds since 2000-01-01.
        counts: (n, 3) as sent, n ≥ 1.
        unit: what one count means.
    """

    kind: Kind
    last_ns: int
    counts: Counts
    unit: Unit


def decode_frame(data: bytes) -> Frame | None:
    """The frame that `data` is; None when it is none, or none that we know. Never raises."""
    if not HEADER.size < len(data) <= MAX_FRAME_BYTES:
        return None
    kind, last_ns, layout_byte = HEADER.unpack_from(data)
    kind &= KIND_MASK
    is_packed = bool(layout_byte & PACKED)
    layout = (PACKED_LAYOUTS if is_packed else RAW_LAYOUTS).get((kind, layout_byte & LAYOUT_MASK))
    if layout is None or last_ns >= 1 << 63:  # 2292
        return None
    body = data[HEADER.size :]
    if is_packed:
        sums = _unpack(body, layout.size)
        counts = None if sums is None else _as_sent(sums, layout)
    else:
        counts = _raw(body, layout)
    return None if counts is None else Frame(Kind(kind), last_ns, counts, layout.unit)


def _raw(body: bytes, layout: Layout) -> Counts | None:
    """(n, 3) whole numbers."""
    n, rest = divmod(len(body), AXES * layout.size)
    if rest or not 1 <= n <= MAX_SAMPLES:
        return None
    if layout.size == np.dtype(np.int16).itemsize:
        return np.frombuffer(body, "<i2").reshape(n, AXES)
    return _as_sent(_whole_numbers(body, layout.size).reshape(n, AXES), layout)


def _whole_numbers(body: bytes, size: int) -> NDArray[np.int64]:
    """Signed, little-endian, of `size` bytes: the bytes moved to the top of a 32-bit number, and shifted down."""
    padded = np.zeros((len(body) // size, 4), np.uint8)
    padded[:, 4 - size :] = np.frombuffer(body, np.uint8).reshape(-1, size)
    numbers: NDArray[np.int64] = (padded.view("<i4")[:, 0] >> (8 * (4 - size))).astype(np.int64)
    return numbers


def _as_sent(wide: NDArray[np.int64], layout: Layout) -> Counts | None:
    """The counts in their own type; None when they cannot be of the type."""
    if layout.is_float:
        floats = wide.astype(np.uint32).view(np.float32)  # the sums are bit patterns, modulo 2^32
        return floats if bool((np.abs(floats) <= MOST_FLOAT).all()) else None  # NaN neither
    counts = wide.astype(np.int16)
    return counts if bool((counts == wide).all()) else None  # no such sensor measures ±32 g


# --- packed differences -----------------------------------------------------------------------------------------------


def _unpack(body: bytes, size: int) -> NDArray[np.int64] | None:
    """(n, 3) sums of the first sample and the differences up to each."""
    first = AXES * size
    places = None if len(body) < first else _places(body, first)
    if places is None:
        return None
    rows = np.empty((1 + len(places[0]) // AXES, AXES), np.int64)
    rows[0] = struct.unpack_from(FIRST_SAMPLE[size], body)
    rows[1:] = _differences(body, *places).reshape(-1, AXES)
    sums: NDArray[np.int64] = np.cumsum(rows, axis=0)
    return sums


def _places(body: bytes, at: int) -> tuple[list[int], list[int]] | None:
    """Of each difference from byte `at` on its first bit, and by how much 64 bits are too many for it.

    None when the blocks do not fill the frame exactly, or claim too much. Plain lists: of some hundred numbers they
    are made faster than arrays.
    """
    first_bits: list[int] = []
    spare_bits: list[int] = []
    end = len(body)
    while at < end:
        if at + BLOCK_HEADER_BYTES > end:
            return None
        bits, numbers = body[at], AXES * body[at + 1]
        at += BLOCK_HEADER_BYTES
        first = 8 * at
        at += (numbers * bits + 7) // 8
        if bits > MAX_BITS or at > end or len(first_bits) + numbers > AXES * (MAX_SAMPLES - 1):
            return None
        # Differences of no bits are read as one bit of the zeros that are put behind the frame.
        first_bits += range(first, first + numbers * bits, bits) if bits else [8 * end] * numbers
        spare_bits += [64 - max(bits, 1)] * numbers
    return first_bits, spare_bits


def _differences(body: bytes, first_bits: list[int], spare_bits: list[int]) -> NDArray[np.int64]:
    """The signed differences, each cut out of the eight bytes in which it begins."""
    first, spare = np.array(first_bits, np.int64), np.array(spare_bits, np.int64)
    overlapping = np.ndarray((len(body) + 1,), np.dtype("<i8"), body + bytes(8), strides=(1,))
    cut: NDArray[np.int64] = overlapping[first >> 3] >> (first & 7)
    return (cut << spare) >> spare


# --- the other end ----------------------------------------------------------------------------------------------------


def encode_raw(kind: Kind, last_ns: int, counts: NDArray[np.int16]) -> bytes:
    """A frame of whole 16-bit numbers, as the chest strap sends."""
    return HEADER.pack(kind, last_ns, 1) + counts.astype("<i2").tobytes()


def encode_packed(
    kind: Kind, last_ns: int, counts: NDArray[np.int16], *, layout: int = 0, per_block: int = 10
) -> bytes:
    """A frame of packed differences of 16-bit numbers, as the arm sensors send."""
    wide = counts.astype(np.int64)
    steps = np.diff(wide, axis=0)
    blocks = [pack_block(steps[k : k + per_block]) for k in range(0, len(steps), per_block)]
    return HEADER.pack(kind, last_ns, PACKED | layout) + counts[:1].astype("<i2").tobytes() + b"".join(blocks)


def pack_block(steps: NDArray[np.int64], bits: int | None = None) -> bytes:
    """``BITS COUNT`` and the differences, `bits` wide or as narrow as they fit."""
    if bits is None:
        bits = max(_width(int(steps.min())), _width(int(steps.max())))
    rows = ((steps.reshape(-1, 1) >> np.arange(bits)) & 1).astype(np.uint8)
    return bytes((bits, len(steps))) + np.packbits(rows.ravel(), bitorder="little").tobytes()


def _width(value: int) -> int:
    """Bits of the narrowest signed number that holds it."""
    return (value if value >= 0 else ~value).bit_length() + 1
