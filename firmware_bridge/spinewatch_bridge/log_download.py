"""Fetching the log that a sensor keeps: listed, downloaded page by page over any number of lost links, checked, erased.

A page counts once its checksum is right and the sink has it; what is damaged or missing is asked for again, so many
times. Nothing is erased before the sink says that all is safe.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from spinewatch_bridge.errors import LogError, UnreachedError
from spinewatch_bridge.host_clock import Clock
from spinewatch_bridge.protocols import spinewatch_log as wire_log
from spinewatch_bridge.protocols.base import EraseLog, ListLog, LogPiece, ReadLog, Request
from spinewatch_bridge.protocols.spinewatch_log import PAGE_BYTES, LogFile


class LogLink(Protocol):
    """What is needed of a link; see `spinewatch_bridge.link.Link`."""

    on_log_piece: Callable[[LogPiece], None] | None
    connections: int  # so far; a download ends with each

    @property
    def streaming(self) -> bool:
        """Whether it is connected."""

    async def request(self, request: Request) -> bytes:
        """Ask; raises `UnreachedError` where asking again may help, `DeviceRefusedError` else."""


class PageSink(Protocol):
    """Where the pages of one file are kept."""

    def missing(self, pages: int) -> list[int]:
        """Which of the first `pages` pages are not kept yet, in order."""

    def put(self, page: int, data: bytes) -> None:
        """Keep a page that was found sound."""

    def safe(self) -> bool:
        """Whether all that was put would survive a loss of power: written, and handed to the disk itself."""


@dataclass(frozen=True, slots=True)
class DownloadParams:
    """Of a download; seconds of the link's clock."""

    pages_at_once: int = 32  # 3 s at 40 kB/s: seldom asked, little asked twice
    quiet_s: float = 1.5  # without a piece for so long, what is missing is asked for again
    tries: int = 5  # for one page that comes damaged
    patience_s: float = 600.0  # for a link that is lost
    retry_s: float = 1.0


Progress = Callable[[float], None]


class LogReader:
    """The log of one sensor.

    Args:
        link: a link that runs; it connects anew by itself.
        clock: that of the link.
        params: see `DownloadParams`.
    """

    def __init__(self, link: LogLink, clock: Clock, params: DownloadParams | None = None) -> None:
        self._link, self._clock, self._params = link, clock, params or DownloadParams()

    async def list_files(self) -> list[LogFile]:
        """The files of the log, the oldest first.

        Raises:
            DeviceRefusedError: when the sensor has no log, or does not obey us.
            LogError: when its answer makes no sense.
        """
        found: list[LogFile] = []
        passed_over = 0
        while passed_over < wire_log.MAX_FILES:
            reply = await self._ask(ListLog(passed_over))
            unpacked = wire_log.unpack_log_list(reply)
            if unpacked is None:
                raise LogError("The sensor's list of its log cannot be read.")
            total, told, files = unpacked
            found += files
            passed_over += told
            if not told or passed_over >= total:
                break
        return found

    async def download(self, file: LogFile, sink: PageSink, progress: Progress | None = None) -> list[int]:
        """Fetch what the sink has not yet; over lost links it goes on at the page where it stopped.

        Args:
            file: one of `list_files`.
            sink: keeps the pages.
            progress: told the share that is kept, 0 to 1.

        Returns:
            Pages that stayed damaged however often they were asked for.

        Raises:
            DeviceRefusedError: when the sensor does not obey us.
            UnreachedError: when the link did not come back in time; what is kept stays, and the next call goes on.
            LogError: when the sensor promises pages and sends none.
        """
        round_ = _Rounds(self._params.tries)
        try:
            while wanted := round_.still_wanted(sink.missing(file.pages)):
                run = _first_run(wanted, self._params.pages_at_once)
                lost = await self._fetch(file, run, sink, round_)
                round_.ended(run, lost=lost)
                if progress is not None:
                    progress(1 - len(sink.missing(file.pages)) / max(file.pages, 1))
        finally:
            self._link.on_log_piece = None
        return sink.missing(file.pages)

    async def erase(self, file: LogFile, sink: PageSink | None) -> None:
        """Erase a file of the sensor's log; one that is gone when the answer was lost was erased.

        Args:
            file: one of `list_files`.
            sink: keeps its pages; None for a file that is given up.

        Raises:
            LogError: when the sink does not keep all of it safely.
            DeviceRefusedError: when the sensor does not obey us.
            UnreachedError: when the link did not come back in time; whether it is erased, the next list tells.
        """
        if sink is not None and (sink.missing(file.pages) or not sink.safe()):
            raise LogError(f"File {file.id} is not erased: not all of it is safe on this computer's disk.")
        give_up_s = self._clock.now_s() + self._params.patience_s
        while not await self._is_erased(file):
            if self._clock.now_s() > give_up_s:
                raise UnreachedError(f"Whether file {file.id} is erased is not known: no answer came.")

    async def _is_erased(self, file: LogFile) -> bool:
        """Ask once; where no answer comes, the list tells."""
        try:
            await self._link.request(EraseLog(file.id, file.session))
        except UnreachedError:
            await self._clock.sleep(self._params.retry_s)
            return (file.id, file.session) not in {(one.id, one.session) for one in await self.list_files()}
        return True

    async def _fetch(self, file: LogFile, run: Sequence[int], sink: PageSink, round_: _Rounds) -> bool:
        """Ask for one run of pages and keep what comes; whether the link was lost meanwhile."""
        pages = _Assembler(file, run)
        self._link.on_log_piece = pages.take
        reply = await self._ask(ReadLog(file.id, run[0], len(run)))
        connection = self._link.connections
        coming = wire_log.unpack_log_read(reply)
        pages.expect(len(run) if coming is None else coming)
        while not pages.complete:
            pages.news.clear()
            for number, data in pages.sound():
                sink.put(number, data)
                round_.kept(number)
            if pages.complete:
                break
            try:
                async with asyncio.timeout(self._clock.wait_s(self._params.quiet_s)):
                    await pages.news.wait()
            except TimeoutError:
                break
        return connection != self._link.connections or not self._link.streaming

    async def _ask(self, request: Request) -> bytes:
        """The answer, however often the link is lost before it comes."""
        give_up_s = self._clock.now_s() + self._params.patience_s
        while True:
            try:
                return await self._link.request(request)
            except UnreachedError:
                if self._clock.now_s() > give_up_s:
                    raise
                await self._clock.sleep(self._params.retry_s)


@dataclass(slots=True)
class _Rounds:
    """How often what was asked for in vain."""

    tries: int
    failed: dict[int, int] = field(default_factory=dict)
    empty: int = 0
    _kept: set[int] = field(default_factory=set)

    def still_wanted(self, missing: Sequence[int]) -> list[int]:
        return [page for page in missing if self.failed.get(page, 0) < self.tries]

    def kept(self, page: int) -> None:
        self._kept.add(page)

    def ended(self, run: Sequence[int], *, lost: bool) -> None:
        """A round is over. The first page that did not come is to blame: those after it may have been cut off."""
        blamed = next((page for page in run if page not in self._kept), None)
        self.empty = 0 if self._kept.intersection(run) else self.empty + 1
        self._kept.clear()
        if blamed is not None and not lost:
            self.failed[blamed] = self.failed.get(blamed, 0) + 1
        if self.empty > 2 * self.tries:
            raise LogError("The sensor promises pages of its log, but they do not come. Switch it off and on again.")


def _first_run(wanted: Sequence[int], longest: int) -> list[int]:
    run = [wanted[0]]
    for page in wanted[1:longest]:
        if page != run[-1] + 1:
            break
        run.append(page)
    return run


class _Assembler:
    """Puts the pieces of some pages together; holds no more than those pages."""

    def __init__(self, file: LogFile, run: Sequence[int]) -> None:
        self.news = asyncio.Event()
        self._file, self._wanted = file, set(run)
        self._buffers: dict[int, bytearray] = {}
        self._parts: dict[int, dict[int, int]] = {}
        self._left = len(run)
        self._whole: list[tuple[int, bytes]] = []

    @property
    def complete(self) -> bool:
        """Whether nothing more can come, and all that came was given out."""
        return self._left <= 0 and not self._whole

    def expect(self, pages: int) -> None:
        """So many pages will come: the sensor may send fewer than were asked for."""
        self._left -= max(len(self._wanted) + len(self._whole) - pages, 0)

    def take(self, piece: LogPiece) -> None:
        """One piece as it came."""
        if piece.file != self._file.id or piece.page not in self._wanted:
            return
        buffer = self._buffers.setdefault(piece.page, bytearray(PAGE_BYTES))
        buffer[piece.offset : piece.offset + len(piece.data)] = piece.data
        parts = self._parts.setdefault(piece.page, {})
        parts[piece.offset] = len(piece.data)
        if sum(parts.values()) >= PAGE_BYTES:
            self._wanted.discard(piece.page)
            self._left -= 1
            self._whole.append((piece.page, bytes(self._buffers.pop(piece.page))))
            del self._parts[piece.page]
        self.news.set()

    def sound(self) -> list[tuple[int, bytes]]:
        """The pages that came whole since the last call and are what they should be."""
        whole, self._whole = self._whole, []
        session = self._file.session.to_bytes(4, "little")
        return [(n, page) for n, page in whole if page[4:8] == session and wire_log.is_sound(page)]
