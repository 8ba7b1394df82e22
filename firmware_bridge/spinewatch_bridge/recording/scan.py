"""The walk over a file that may be damaged anywhere: whole records in order, and where something is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from mcap.opcode import Opcode

from spinewatch_bridge.recording.container import (
    CHUNK_HEAD_BYTES,
    FOOTER_BODY_BYTES,
    FRAME_BYTES,
    MCAP_MAGIC,
    chunk_head_fits,
    frame_of,
    open_chunk,
    read_frame,
)
from spinewatch_bridge.recording.format import MAX_RECORD_BYTES, BadMessageError

_WINDOW_BYTES = 1 << 20


class Scan:
    """One walk; its attributes tell afterwards how it went.

    Args:
        stream: the file.
        size: its length, bytes.
        chunks: True opens chunks and checks their CRC; False passes over them, to look at what stands between.
        on_hole: called where bytes were passed over, before the next record.
    """

    def __init__(
        self, stream: BinaryIO, size: int, *, chunks: bool, on_hole: Callable[[], None] = lambda: None
    ) -> None:
        self._stream, self._size, self._chunks, self._on_hole = stream, size, chunks, on_hole
        self.position = 0
        """Bytes done."""
        self.finished = False
        """Whether the writer had closed the file."""
        self.damaged = 0
        """Stretches within that were passed over."""
        self.unreadable_tail = 0
        """Bytes at the end in which nothing could be read."""

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """Opcode and body of each valid record; a chunk's body is its decompressed content."""
        self.position = len(MCAP_MAGIC)
        while self.position < self._size:
            self._stream.seek(self.position)
            try:
                opcode, body = self._record()
            except BadMessageError:
                if self.finished or not self._pass_over():
                    return
                continue
            self.position = self._stream.tell()
            self.finished = self.finished or opcode == Opcode.FOOTER
            yield opcode, body

    def _record(self) -> tuple[int, bytes]:
        """The record at the stream's position.

        No checksum covers a record's opcode and length: one wrong bit there must not pass over what can be read.
        """
        opcode, length = read_frame(self._stream, self._size)
        start = self._stream.tell()
        head = self._stream.read(min(length, CHUNK_HEAD_BYTES))
        if chunk_head_fits(head, length) != (opcode == Opcode.CHUNK):
            raise BadMessageError("a chunk under another name, or of another length")
        if opcode == Opcode.CHUNK and not self._chunks:
            self._stream.seek(start + length)
            return opcode, b""
        body = head + self._stream.read(length - len(head))
        if opcode == Opcode.CHUNK:
            return opcode, open_chunk(body)
        if self._find_chunk(body, start) is not None or (opcode == Opcode.FOOTER and length != FOOTER_BODY_BYTES):
            raise BadMessageError("a record that reaches over others")
        return opcode, body

    def _pass_over(self) -> bool:
        """Go on at the next chunk; False when there is none."""
        following = self._next_chunk(self.position + 1)
        if following is None:
            self.unreadable_tail = self._size - self.position
            return False
        self.damaged += 1
        self.position = following
        self._on_hole()
        return True

    def _next_chunk(self, start: int) -> int | None:
        """Where the next chunk that is consistent with itself begins, from `start` on."""
        for window in range(start, self._size, _WINDOW_BYTES):
            self._stream.seek(window)
            at = self._find_chunk(self._stream.read(_WINDOW_BYTES + FRAME_BYTES + CHUNK_HEAD_BYTES), window)
            if at is not None:
                return window + at
        return None

    def _find_chunk(self, data: bytes, position: int) -> int | None:
        """Where in `data`, which lies at `position` of the file, the first chunk consistent with itself begins."""
        at = data.find(Opcode.CHUNK)
        while at >= 0:
            if self._is_chunk(data, at, position + at):
                return at
            at = data.find(Opcode.CHUNK, at + 1)
        return None

    def _is_chunk(self, data: bytes, at: int, position: int) -> bool:
        frame = frame_of(data, at)
        if frame is None or frame[1] > min(MAX_RECORD_BYTES, self._size - position - FRAME_BYTES):
            return False
        head = data[at + FRAME_BYTES : at + FRAME_BYTES + CHUNK_HEAD_BYTES]
        return chunk_head_fits(head, frame[1])
