"""Sample blocks as bytes and back: one layout for a live block and for 30 s of them merged.

Pure and vectorised: a message is a table of blocks beside planar columns, so that neither merging blocks nor reading
8 h walks over samples in Python. Times and values come back bit for bit.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinewatch_bridge.blocks import Block
from spinewatch_bridge.recording.format import LATEST_S, MAX_SAMPLES, BadMessageError
from spinewatch_signal.samples import Flags, Floats

MAGIC = b"SWB1"
_HEADER = struct.Struct("<4sBBHII")
_ROW = np.dtype(
    [
        ("samples", "<u4"),
        ("order", "<u4"),
        ("known", "<u4"),
        ("spare", "<u4"),
        ("counter", "<i8"),
        ("device_ticks", "<i8"),
        ("arrival_s", "<f8"),
        ("t0_s", "<f8"),
        ("step_s", "<f8"),
    ]
)
_VALUE_TYPES = (np.dtype("<i2"), np.dtype("<f4"), np.dtype("<f8"))

_HAS_COUNTER, _HAS_TICKS, _HAS_ARRIVAL, _EXPLICIT_TIMES = 1, 2, 4, 8

Rows = NDArray[np.void]


@dataclass(frozen=True, eq=False, slots=True)
class BlockGroup:
    """Consecutive blocks of one sensor, as one message holds them.

    Args:
        rows: (b,) one row per block, see `RECORDING.md`.
        t_s: (n,) UNIX seconds.
        values: (columns, n) counts or floats, planar.
        flags: (n,) bits of `SampleFlag`.
    """

    rows: Rows
    t_s: Floats
    values: NDArray[Any]
    flags: Flags

    def __len__(self) -> int:
        return len(self.t_s)


def group_of(block: Block, order: int) -> BlockGroup:
    """One block as a group.

    Args:
        block: as the source emitted it.
        order: running number of the item in its recording; it keeps blocks and events in the order they were seen.

    Raises:
        BadMessageError: when the block holds what may not be recorded.
    """
    _check_block(block)
    step_s, exact = _fit_step(block.t_s)
    known = (
        _HAS_COUNTER * (block.counter is not None)
        | _HAS_TICKS * (block.device_ticks is not None)
        | _HAS_ARRIVAL * (block.arrival_s is not None)
        | _EXPLICIT_TIMES * (not exact)
    )
    row = (len(block), order, known, 0, block.counter or 0, block.device_ticks or 0, block.arrival_s or 0.0)
    try:
        rows = np.array([(*row, block.t_s[0], step_s)], _ROW)
    except (OverflowError, ValueError) as error:
        raise BadMessageError(f"a block of {block.sensor} has a counter beyond 64 bits") from error
    return BlockGroup(rows, block.t_s, block.values.T, block.flags)


def join(groups: Sequence[BlockGroup]) -> BlockGroup:
    """Groups of one channel, one behind the other."""
    if len(groups) == 1:
        return groups[0]
    return BlockGroup(
        np.frombuffer(b"".join([g.rows.tobytes() for g in groups]), _ROW),  # 30 times faster than concatenating rows
        np.concatenate([g.t_s for g in groups]),
        np.concatenate([g.values for g in groups], axis=1),
        np.concatenate([g.flags for g in groups]),
    )


def split(group: BlockGroup, sensor: str) -> Iterator[tuple[int, Block]]:
    """The blocks of a group as they were recorded, each with its order number."""
    ends = np.cumsum(group.rows["samples"]).tolist()
    start = 0
    for row, end in zip(group.rows.tolist(), ends, strict=True):
        _, order, known, _, counter, ticks, arrival_s, _, _ = row
        yield (
            order,
            Block(
                sensor,
                group.values[:, start:end].T,
                group.flags[start:end],
                group.t_s[start:end],
                counter if known & _HAS_COUNTER else None,
                ticks if known & _HAS_TICKS else None,
                arrival_s if known & _HAS_ARRIVAL else None,
            ),
        )
        start = end


def seen_at_s(group: BlockGroup) -> float:
    """When the first block of a group was seen: its arrival, else the time of its last sample."""
    first = group.rows[0]
    return float(first["arrival_s"] if first["known"] & _HAS_ARRIVAL else group.t_s[int(first["samples"]) - 1])


def encode(group: BlockGroup) -> bytes:
    """A group as the bytes of one message."""
    columns, samples = group.values.shape
    kind = _VALUE_TYPES.index(group.values.dtype.newbyteorder("<"))
    explicit = _explicit(group.rows)
    times = group.t_s[explicit] if explicit is not None else group.t_s[:0]
    deltas = np.diff(np.ascontiguousarray(times, "<f8").view("<i8"), prepend=np.int64(0))
    return b"".join(
        (
            _HEADER.pack(MAGIC, kind, columns, 0, samples, len(group.rows)),
            group.rows.tobytes(),
            deltas.tobytes(),
            np.ascontiguousarray(group.values, _VALUE_TYPES[kind]).tobytes(),
            group.flags.tobytes(),
        )
    )


def decode(data: bytes | memoryview) -> BlockGroup:
    """The group of a message; arrays are views of `data` where they can be.

    Raises:
        BadMessageError: when a size, type or count makes no sense. Nothing is allocated before that is known.
    """
    samples, columns, value_type, blocks = _read_header(data)
    rows = np.frombuffer(data, _ROW, blocks, _HEADER.size)
    counts = rows["samples"]
    if int(counts.sum(dtype=np.uint64)) != samples or not counts.all():
        raise BadMessageError("a block table does not fit its samples")
    _check_rows(rows)
    explicit = _explicit(rows)
    times = 0 if explicit is None else int(explicit.sum())
    at = _HEADER.size + blocks * _ROW.itemsize
    if len(data) != at + 8 * times + samples * (columns * value_type.itemsize + 1):
        raise BadMessageError("a message has not the size that its header says")
    deltas = np.frombuffer(data, "<i8", times, at)
    values = np.frombuffer(data, value_type, columns * samples, at + 8 * times).reshape(columns, samples)
    t_s = _times(rows, samples)
    if explicit is not None:
        t_s[explicit] = np.cumsum(deltas).view(np.float64)
    return _checked(BlockGroup(rows, t_s, values, np.frombuffer(data, np.uint8, samples, len(data) - samples)))


def decode_all(messages: Sequence[bytes | memoryview]) -> BlockGroup:
    """The blocks of consecutive messages of one channel, as one group; quick where all are alike, as live blocks are.

    Raises:
        BadMessageError: as `decode`.
    """
    first = messages[0]
    header = bytes(first[: _HEADER.size])
    alike = all(len(data) == len(first) and data[: _HEADER.size] == header for data in messages)
    if len(messages) < 3 or not alike or _read_header(first)[3] != 1:
        return join([decode(data) for data in messages])
    samples, columns, value_type, _ = _read_header(first)
    table = np.frombuffer(b"".join(messages), np.uint8).reshape(len(messages), len(first))
    values_at = _HEADER.size + _ROW.itemsize
    flags_at = values_at + samples * columns * value_type.itemsize
    rows = np.frombuffer(table[:, _HEADER.size : values_at].tobytes(), _ROW)
    if len(first) != flags_at + samples or (rows["samples"] != samples).any() or _explicit(rows) is not None:
        return join([decode(data) for data in messages])
    values = np.frombuffer(table[:, values_at:flags_at].tobytes(), value_type).reshape(-1, columns, samples)
    _check_rows(rows)
    planar = values.transpose(1, 0, 2).reshape(columns, -1)
    return _checked(BlockGroup(rows, _times(rows, planar.shape[1]), planar, table[:, flags_at:].reshape(-1)))


def _read_header(data: bytes | memoryview) -> tuple[int, int, np.dtype[Any], int]:
    if len(data) < _HEADER.size:
        raise BadMessageError("a message is shorter than its header")
    magic, kind, columns, _, samples, blocks = _HEADER.unpack_from(data)
    if magic != MAGIC or kind >= len(_VALUE_TYPES) or columns not in (3, 6):
        raise BadMessageError("a message of a sensor is of no known kind")
    if not 0 < samples <= MAX_SAMPLES or not 0 < blocks <= samples:
        raise BadMessageError(f"a message claims {samples} samples in {blocks} blocks")
    if len(data) < _HEADER.size + blocks * _ROW.itemsize:
        raise BadMessageError("a message is shorter than its block table")
    return samples, columns, _VALUE_TYPES[kind], blocks


def _check_rows(rows: Rows) -> None:
    """Before anything is computed from them."""
    arrival_s = np.where(rows["known"] & _HAS_ARRIVAL, rows["arrival_s"], 0.0)
    if not all((np.abs(times) <= LATEST_S).all() for times in (rows["t0_s"], rows["step_s"], arrival_s)):
        raise BadMessageError("a block has no possible time")


def _checked(group: BlockGroup) -> BlockGroup:
    """A checksum tells damage, not sense: no step may see a time or value that is not finite."""
    if not (np.abs(group.t_s) <= LATEST_S).all():
        raise BadMessageError("samples have no possible time")
    if group.values.dtype.kind == "f" and not np.isfinite(group.values).all():
        raise BadMessageError("samples hold NaN or infinity")
    return group


def _explicit(rows: Rows) -> NDArray[np.bool_] | None:
    """(n,) which samples carry their own time, or None when none does."""
    marked = (rows["known"] & _EXPLICIT_TIMES) != 0
    return np.repeat(marked, rows["samples"]) if marked.any() else None


def _times(rows: Rows, samples: int) -> Floats:
    """``t0_s + i * step_s`` of every block, with the one rounding order that `_fit_step` has checked."""
    counts = rows["samples"]
    if len(rows) == 1:
        return np.asarray(rows["t0_s"][0] + np.arange(samples) * rows["step_s"][0])
    starts = np.cumsum(counts) - counts
    index = np.arange(samples) - np.repeat(starts.astype(np.int64), counts)
    t_s: Floats = index * np.repeat(rows["step_s"], counts)
    t_s += np.repeat(rows["t0_s"], counts)
    return t_s


def _fit_step(t_s: Floats) -> tuple[float, bool]:
    """The step with which ``t0 + i * step`` gives `t_s` bit for bit, and whether there is one.

    Each time allows an interval of steps (half a unit in the last place to either side); the middle of what all allow
    is tried.
    """
    if len(t_s) == 1:
        return 0.0, True
    since_first = t_s[1:] - t_s[0]
    index = np.arange(1, len(t_s))
    half_ulp = np.spacing(t_s[1:]) / 2
    step_s = float(((since_first - half_ulp) / index).max() + ((since_first + half_ulp) / index).min()) / 2
    return step_s, bool(np.array_equal(t_s[0] + np.arange(len(t_s)) * step_s, t_s))


def _check_block(block: Block) -> None:
    n = len(block.t_s)
    if not 0 < n <= MAX_SAMPLES:
        raise BadMessageError(f"a block of {block.sensor} has {n} samples; 1 to {MAX_SAMPLES} can be recorded")
    if block.values.ndim != 2 or block.values.shape[0] != n or block.values.shape[1] not in (3, 6):
        raise BadMessageError(f"a block of {block.sensor} has shape {block.values.shape}, expected ({n}, 3 or 6)")
    if block.flags.shape != (n,) or block.flags.dtype != np.uint8 or block.t_s.shape != (n,):
        raise BadMessageError(f"times or flags of a block of {block.sensor} do not fit its {n} samples")
    if block.values.dtype.newbyteorder("<") not in _VALUE_TYPES:
        raise BadMessageError(f"values of type {block.values.dtype} cannot be recorded; int16, float32 or float64 can")
    if not (np.abs(block.t_s) <= LATEST_S).all() or (n > 1 and not (np.diff(block.t_s) > 0).all()):
        raise BadMessageError(f"sample times of {block.sensor} do not increase")
    if block.arrival_s is not None and not abs(block.arrival_s) <= LATEST_S:  # NaN neither
        raise BadMessageError(f"a block of {block.sensor} has no possible time of arrival")
    if block.values.dtype.kind == "f" and not np.isfinite(block.values).all():
        raise BadMessageError(f"a block of {block.sensor} holds NaN or infinity; leave missing samples out")
