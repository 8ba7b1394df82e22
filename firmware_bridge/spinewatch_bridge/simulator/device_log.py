"""The memory of a simulated sensor: ``PROTOCOL.md`` section 8, the device's side.

It never overwrites: when its pages or its files are used up, it keeps what it has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from spinewatch_bridge.protocols.base import LogPiece, ReadLog
from spinewatch_bridge.protocols.spinewatch_ctrl import Status
from spinewatch_bridge.protocols.spinewatch_log import (
    MAX_READ_PAGES,
    PAGE_BYTES,
    LogFile,
    PageHead,
    pack_page,
    samples_per_page,
)
from spinewatch_bridge.protocols.spinewatch_wire import Kind
from spinewatch_bridge.simulator.sensor_model import DeviceSamples

DEFAULT_PAGES = 16384  # 64 MiB of flash: 15 h at 100 Hz
MOST_FILES = 512
FILE_IDS = 1 << 16


@dataclass(slots=True)
class _File:
    about: LogFile
    pages: list[bytes] = field(default_factory=list)


class DeviceLog:
    """Flash pages; they outlive power-off.

    Args:
        pages: how many there are.
    """

    def __init__(self, pages: int = DEFAULT_PAGES) -> None:
        self._capacity = pages
        self._files: dict[int, _File] = {}
        self._next_id = 0
        self._open: _File | None = None
        self._head: PageHead | None = None
        self._buffer: list[NDArray[np.int16]] = []

    @property
    def free_pages(self) -> int:
        """Pages that nothing was written to."""
        return self._capacity - sum(len(file.pages) for file in self._files.values())

    def booted(self) -> None:
        """The sensor was switched on: what was not on a page is gone, and all ticks are of former times."""
        self._open, self._head, self._buffer = None, None, []
        for file in self._files.values():
            file.about = replace(file.about, this_boot=False)

    @property
    def writing(self) -> bool:
        """Whether a file is open."""
        return self._open is not None

    # --- writing --------------------------------------------------------------------------------------------------

    def begin(self, session: int, rate_hz: float, start_utc_s: float | None, kind: int = Kind.ACC_GYR) -> None:
        """A new file; one without pages is not listed."""
        self.end()
        if len(self._files) >= MOST_FILES or self.free_pages == 0:
            return
        while self._next_id in self._files:
            self._next_id = (self._next_id + 1) % FILE_IDS
        self._open = _File(LogFile(self._next_id, session, 0, start_utc_s, rate_hz, this_boot=True, kind=kind))
        self._next_id = (self._next_id + 1) % FILE_IDS

    def add(self, first_index: int, samples: DeviceSamples) -> None:
        """Samples that follow those before; ignored while no file is open."""
        if self._open is None:
            return
        most, at = samples_per_page(self._open.about.kind), 0
        while at < len(samples) and self._open is not None:
            if self._head is None:
                ticks, session = int(samples.ticks[at]), self._open.about.session
                self._head = PageHead(session, first_index + at, ticks, 0, 0, self._open.about.kind)
            part = samples[at : at + most - self._head.n]
            flags = int(np.bitwise_or.reduce(part.flags)) & 3
            wire_flags = (flags & 1) << 1 | (flags & 2) << 1  # saturated and motor: one bit further up on the wire
            self._head = replace(self._head, n=self._head.n + len(part), flags=self._head.flags | wire_flags)
            self._buffer.append(part.counts[:, : 3 if self._head.kind == Kind.ACC else 6])
            at += len(part)
            if self._head.n == most:
                self._write_page()

    def end(self) -> None:
        """The page in progress is written as it is, and the file is done."""
        if self._head is not None:
            self._write_page()
        self._open = None

    def _write_page(self) -> None:
        file, head = self._open, self._head
        if file is None or head is None:
            return
        if self.free_pages > 0:
            file.pages.append(pack_page(head, np.concatenate(self._buffer)))
            file.about = replace(file.about, pages=len(file.pages))
            self._files[file.about.id] = file
        else:
            self._open = None
        self._head, self._buffer = None, []

    # --- reading --------------------------------------------------------------------------------------------------

    def files(self) -> list[LogFile]:
        """What is kept, the oldest first."""
        return [file.about for file in self._files.values()]

    def read(self, request: ReadLog, piece_bytes: int) -> tuple[Status, int, Iterator[LogPiece]]:
        """(status, pages that come, their pieces)."""
        file = self._files.get(request.file)
        if file is None or not request.first_page < len(file.pages) or not request.pages:
            return Status.BAD_VALUE, 0, iter(())
        end = min(request.first_page + min(request.pages, MAX_READ_PAGES), len(file.pages))
        return Status.OK, end - request.first_page, _pieces(file, request.first_page, end, piece_bytes)

    def erase(self, file: int, session: int) -> Status:
        """LOG_ERASE."""
        known = self._files.get(file)
        if known is None or known.about.session != session:
            return Status.BAD_VALUE
        del self._files[file]
        return Status.OK

    def erase_all(self) -> None:
        """The button was held at power-on."""
        self._files.clear()
        self._open, self._head, self._buffer = None, None, []

    def damage(self, file: int, page: int, offset: int) -> None:
        """Turn one bit of a page, as worn-out flash does; for tests."""
        pages = self._files[file].pages
        pages[page] = pages[page][:offset] + bytes((pages[page][offset] ^ 1,)) + pages[page][offset + 1 :]


def _pieces(file: _File, first: int, end: int, piece_bytes: int) -> Iterator[LogPiece]:
    for number in range(first, end):
        for offset in range(0, PAGE_BYTES, piece_bytes):
            yield LogPiece(file.about.id, number, offset, file.pages[number][offset : offset + piece_bytes])
