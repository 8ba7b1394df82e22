"""The log that a sensor keeps, both ways: section 8 of ``PROTOCOL.md`` as code.

Hours of log are decoded at once, as one array over all pages. Decoders of single bodies return None for bytes that do
not fit. Pure.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntFlag

import numpy as np
from numpy.typing import NDArray

from spinewatch_bridge.protocols.base import EraseLog, ListLog, LogPiece, ReadLog
from spinewatch_bridge.protocols.spinewatch_wire import COLUMNS, TICK_SPAN, TICKS_PER_S, Kind
from spinewatch_signal.samples import Floats

PAGE_BYTES = 4096
MAGIC = 0x53574C31
SAMPLE_AREA_BYTES = 4068  # 339 samples of kind 0, 678 of kind 1
CRC_BYTES = 4
MAX_PAGES = 1 << 20  # of one file: 4 GiB, more than any sensor holds
MAX_FILES = 4096  # of one list
MAX_READ_PAGES = 64  # of one command
NO_START_US = 4_102_444_800_000_000  # 2100: a sensor that says so does not know the day, and calendars end some time

PAGE = np.dtype(
    [
        ("magic", "<u4"),
        ("session", "<u4"),
        ("index", "<u4"),
        ("ticks", "<u4"),
        ("n", "<u2"),
        ("flags", "u1"),
        ("kind", "u1"),
        ("samples", "<i2", (SAMPLE_AREA_BYTES // 2,)),
        ("zeros", "V4"),
        ("crc", "<u4"),
    ]
)
_PAGE_HEAD = struct.Struct("<IIIIHBB")
_ENTRY = struct.Struct("<HIIqHBB")
_COUNT = struct.Struct("<H")
_READ = struct.Struct("<HII")
_READ_REPLY = struct.Struct("<I")
_ERASE = struct.Struct("<HI")
_PIECE = struct.Struct("<HIH")
PIECE_HEAD_BYTES = _PIECE.size
LOG_KINDS = (Kind.ACC_GYR, Kind.ACC)


class FileFlag(IntFlag):
    """What a list says of a file."""

    NONE = 0
    THIS_BOOT = 1  # its ticks are those that TIME tells now


@dataclass(frozen=True, slots=True)
class LogFile:
    """One file of the log: one unbroken stretch of one session.

    Args:
        start_utc_s: when its first sample was taken, by the sensor's own clock; None when that was not set.
        this_boot: its ticks are those of the clock that TIME reads now.
    """

    id: int
    session: int
    pages: int
    start_utc_s: float | None
    rate_hz: float
    this_boot: bool
    kind: int = Kind.ACC_GYR

    @property
    def longest_s(self) -> float:
        """Its length when all pages are full."""
        return self.pages * samples_per_page(self.kind) / self.rate_hz


def samples_per_page(kind: int) -> int:
    """How many samples of a kind fit into a page."""
    return SAMPLE_AREA_BYTES // (2 * COLUMNS[Kind(kind)])


# --- commands and replies ---------------------------------------------------------------------------------------------


def pack_list_log(request: ListLog) -> bytes:
    """Body of a LOG_LIST command."""
    return _COUNT.pack(request.first)


def unpack_list_log(body: bytes) -> ListLog | None:
    """The LOG_LIST that `body` holds, or None."""
    return ListLog(*_COUNT.unpack_from(body)) if len(body) >= _COUNT.size else None


def pack_log_list(total: int, files: Sequence[LogFile]) -> bytes:
    """Body of a LOG_LIST reply: how many files there are in all, and some of them."""
    return _COUNT.pack(total) + b"".join(_pack_entry(file) for file in files)


def _pack_entry(f: LogFile) -> bytes:
    start_us = 0 if f.start_utc_s is None else round(f.start_utc_s * 1e6)
    flags = FileFlag.THIS_BOOT if f.this_boot else FileFlag.NONE
    return _ENTRY.pack(f.id, f.session, f.pages, start_us, round(f.rate_hz * 10), flags, f.kind)


def entries_that_fit(reply_bytes: int) -> int:
    """How many files one LOG_LIST reply of so many bytes can tell of."""
    return (reply_bytes - 3 - _COUNT.size) // _ENTRY.size


def unpack_log_list(body: bytes) -> tuple[int, int, list[LogFile]] | None:
    """(files in all, how many this reply tells of, those of them that can be meant), or None."""
    if len(body) < _COUNT.size:
        return None
    (total,) = _COUNT.unpack_from(body)
    told = (len(body) - _COUNT.size) // _ENTRY.size
    found = []
    for file, session, pages, start_us, rate, flags, kind in _ENTRY.iter_unpack(
        body[_COUNT.size :][: told * _ENTRY.size]
    ):
        if pages <= MAX_PAGES and rate and kind in LOG_KINDS:
            start_utc_s = start_us / 1e6 if 0 < start_us < NO_START_US else None
            found.append(LogFile(file, session, pages, start_utc_s, rate / 10, bool(flags & 1), kind))
    return total, told, found


def pack_read_log(request: ReadLog) -> bytes:
    """Body of a LOG_READ command."""
    return _READ.pack(request.file, request.first_page, request.pages)


def unpack_read_log(body: bytes) -> ReadLog | None:
    """The LOG_READ that `body` holds, or None."""
    return ReadLog(*_READ.unpack_from(body)) if len(body) >= _READ.size else None


def pack_log_read(pages: int) -> bytes:
    """Body of a LOG_READ reply."""
    return _READ_REPLY.pack(pages)


def unpack_log_read(body: bytes) -> int | None:
    """How many pages will come, or None."""
    return int(_READ_REPLY.unpack_from(body)[0]) if len(body) >= _READ_REPLY.size else None


def pack_erase_log(request: EraseLog) -> bytes:
    """Body of a LOG_ERASE command."""
    return _ERASE.pack(request.file, request.session)


def unpack_erase_log(body: bytes) -> EraseLog | None:
    """The LOG_ERASE that `body` holds, or None."""
    return EraseLog(*_ERASE.unpack_from(body)) if len(body) >= _ERASE.size else None


def pack_piece(piece: LogPiece) -> bytes:
    """A piece of a page as it goes over BULK."""
    return _PIECE.pack(piece.file, piece.page, piece.offset) + piece.data


def unpack_piece(body: bytes) -> LogPiece | None:
    """The piece that `body` holds, or None when it does not lie inside a page."""
    if len(body) <= _PIECE.size:
        return None
    file, page, offset = _PIECE.unpack_from(body)
    data = body[_PIECE.size :]
    return LogPiece(file, page, offset, data) if offset + len(data) <= PAGE_BYTES and page < MAX_PAGES else None


# --- pages ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PageHead:
    """What a page says of itself; `flags` as the second byte of a packet, scale set included."""

    session: int
    index: int
    ticks: int
    n: int
    flags: int = 0
    kind: int = Kind.ACC_GYR


def pack_page(head: PageHead, counts: NDArray[np.int16]) -> bytes:
    """One page; `counts` is (n, 6), or (n, 3) for kind 1."""
    ticks = head.ticks % TICK_SPAN
    start = _PAGE_HEAD.pack(MAGIC, head.session, head.index % TICK_SPAN, ticks, head.n, head.flags, head.kind)
    page = (start + counts.astype("<i2").tobytes()).ljust(PAGE_BYTES - CRC_BYTES, b"\x00")
    return page + zlib.crc32(page).to_bytes(CRC_BYTES, "little")


def is_sound(page: bytes | memoryview) -> bool:
    """Whether a page of the log is whole: its length, its checksum, its magic number."""
    if len(page) != PAGE_BYTES or int.from_bytes(page[:4], "little") != MAGIC:
        return False
    return zlib.crc32(page[:-CRC_BYTES]) == int.from_bytes(page[-CRC_BYTES:], "little")


@dataclass(frozen=True, eq=False, slots=True)
class LogSamples:
    """Samples of many pages of one file.

    Args:
        counts: (n, 6) acc and gyr, or (n, 3) acc.
        first: (p,) row of `counts` at which each page begins.
        index: (p,) int64, index of the first sample of each page in its session, unwrapped.
        ticks: (p,) int64, device clock at the first sample of each page, unwrapped from the first page on.
        flags: (p,) flags of each page as the second byte of a packet, without the scale set.
        scale_set: scale set of the file.
        bad_pages: pages that were left out: damaged, of another session, kind or scale than the first sound one, or
            where none of their file can be: out of order, or over others.
        pages_before: of them, those before the first that was not.
    """

    counts: NDArray[np.int16]
    first: NDArray[np.int64]
    index: NDArray[np.int64]
    ticks: NDArray[np.int64]
    flags: NDArray[np.uint8]
    scale_set: int
    bad_pages: int = 0
    pages_before: int = 0

    def __len__(self) -> int:
        return len(self.counts)

    def sizes(self) -> NDArray[np.int64]:
        """(p,) samples of each page."""
        return np.diff(self.first, append=len(self.counts))


def decode_pages(data: bytes | memoryview, *, check: bool = True) -> LogSamples:
    """The samples of whole pages one after the other; a rest that is no whole page is ignored.

    Args:
        data: pages of one file in order, zeros in place of those that are missing.
        check: leave out pages whose checksum is wrong; False trusts bytes that were checked as they came.
    """
    view = memoryview(data)[: len(data) // PAGE_BYTES * PAGE_BYTES]
    every = np.frombuffer(view, PAGE)
    total = len(every)
    usable = _alike(every, _checked(view, every) if check else np.ones(total, bool))
    pages = every if usable.all() else every[usable]
    if not len(pages):
        empty, none = np.empty((0, 6), np.int16), np.empty(0, np.int64)
        return LogSamples(empty, none, none, none, np.empty(0, np.uint8), 0, total)
    sizes = pages["n"].astype(np.int64)
    return LogSamples(
        counts=_counts(pages, sizes),
        first=np.cumsum(sizes) - sizes,
        index=unwrapped(pages["index"].astype(np.int64), TICK_SPAN),
        ticks=unwrapped(pages["ticks"].astype(np.int64), TICK_SPAN),
        flags=(pages["flags"] & 0x1F).astype(np.uint8),
        scale_set=int(pages["flags"][0]) >> 5,
        bad_pages=total - len(pages),
        pages_before=int(usable.argmax()),
    )


def _checked(view: memoryview, pages: NDArray[np.void]) -> NDArray[np.bool_]:
    """(p,) whose checksum is right."""
    ends = range(PAGE_BYTES - CRC_BYTES, len(view), PAGE_BYTES)
    sums = np.array([zlib.crc32(view[end - PAGE_BYTES + CRC_BYTES : end]) for end in ends], np.uint32)
    sound: NDArray[np.bool_] = sums == pages["crc"]
    return sound


def _alike(pages: NDArray[np.void], sound: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(p,) which of the sound pages belong together with the first one that can be meant."""
    usable: NDArray[np.bool_] = sound & (pages["magic"] == MAGIC) & (pages["n"] > 0)
    usable &= np.isin(pages["kind"], LOG_KINDS)
    usable &= pages["n"] <= np.where(
        pages["kind"] == Kind.ACC, samples_per_page(Kind.ACC), samples_per_page(Kind.ACC_GYR)
    )
    if not usable.any():
        return usable
    head = pages[int(np.argmax(usable))]
    for name in ("session", "kind"):
        usable &= pages[name] == head[name]
    usable &= pages["flags"] >> 5 == head["flags"] >> 5
    numbers = np.flatnonzero(usable)
    index, sizes = (pages[name][numbers].astype(np.int64) for name in ("index", "n"))
    return _in_line(usable, numbers, index, sizes, samples_per_page(int(head["kind"])))


def _in_line(
    usable: NDArray[np.bool_], at: NDArray[np.intp], index: NDArray[np.int64], sizes: NDArray[np.int64], full: int
) -> NDArray[np.bool_]:
    """(p,) those that go on from each other: out of the longest run that does, to both sides."""

    def goes_on(one: int, other: int) -> bool:
        return bool(sizes[one] <= (index[other] - index[one]) % TICK_SPAN <= (at[other] - at[one]) * full)

    ahead = np.diff(index) % TICK_SPAN
    breaks = np.flatnonzero((ahead < sizes[:-1]) | (ahead > np.diff(at) * full)) + 1
    if not len(breaks):
        return usable
    runs = np.concatenate([[0], breaks, [len(at)]])
    longest = int(np.diff(runs).argmax())
    first, last = int(runs[longest]), int(runs[longest + 1]) - 1
    for page in range(last + 1, len(at)):
        usable[at[page]] = goes_on(last, page)
        last = page if usable[at[page]] else last
    for page in range(first - 1, -1, -1):
        usable[at[page]] = goes_on(page, first)
        first = page if usable[at[page]] else first
    return usable


def _counts(pages: NDArray[np.void], sizes: NDArray[np.int64]) -> NDArray[np.int16]:
    """All samples, page after page; whole files but for their last page are copied in one go."""
    kind = int(pages["kind"][0])
    columns, most = COLUMNS[Kind(kind)], samples_per_page(kind)
    full = int(np.argmax(sizes != most)) if (sizes != most).any() else len(sizes)
    counts = np.empty((int(sizes.sum()), columns), np.int16)
    counts[: full * most].reshape(full, most * columns)[:] = pages["samples"][:full]
    at = full * most
    for number in range(full, len(sizes)):
        n = int(sizes[number])
        counts[at : at + n] = pages["samples"][number][: n * columns].reshape(n, columns)
        at += n
    return counts


def unwrapped(values: NDArray[np.int64], span: int) -> NDArray[np.int64]:
    """A counter that only rises, without its wraps."""
    endless: NDArray[np.int64] = values[0] + np.concatenate(([0], np.cumsum(np.diff(values) % span)))
    return endless


def sample_steps(samples: LogSamples, rate_hz: float) -> tuple[NDArray[np.int64], Floats]:
    """Where the samples of each page lie on the device clock.

    A reading that does not fit its index, because the clock was set, is put where the samples between say.

    Args:
        samples: at least one page.
        rate_hz: stated rate; it serves only where a page has no neighbour to measure by.

    Returns:
        (p,) ticks of the first sample of each page, and (p,) ticks from sample to sample within it.
    """
    passed, gone = np.diff(samples.ticks), np.maximum(np.diff(samples.index), 1)
    typical = float(np.median(passed / gone)) if len(gone) else TICKS_PER_S / rate_hz
    fits = np.abs(passed - gone * typical) <= 0.05 * gone * typical + TICKS_PER_S
    passed = np.where(fits, passed, np.rint(gone * typical)).astype(np.int64)
    ticks: NDArray[np.int64] = samples.ticks[0] + np.concatenate(([0], np.cumsum(passed)))
    return ticks, np.append(passed / gone, typical)
