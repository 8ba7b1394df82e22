"""How a simulated sensor answers for its log, and sends its pages; see `device_log` for the memory itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from spinewatch_bridge.protocols.base import LogPiece
from spinewatch_bridge.protocols.spinewatch_ctrl import Op, Status
from spinewatch_bridge.protocols.spinewatch_log import (
    PIECE_HEAD_BYTES,
    entries_that_fit,
    pack_log_list,
    pack_log_read,
    pack_piece,
    unpack_erase_log,
    unpack_list_log,
    unpack_read_log,
)
from spinewatch_bridge.protocols.spinewatch_wire import VERSION, Kind
from spinewatch_bridge.simulator.device_log import DeviceLog
from spinewatch_bridge.simulator.device_owner import Answer

BYTES_PER_S = 40_000.0  # what a calm radio link takes beside the samples
NEVER_S = float("inf")


class LogDesk:
    """The commands of the log, and the pieces that LOG_READ asked for.

    Args:
        log: the memory.
        framed: True on a serial line, where a piece needs a kind.
        room: bytes of the longest packet that the link carries now.
        lost: whether this piece never arrives.
    """

    def __init__(
        self, log: DeviceLog, *, framed: bool, room: Callable[[], int], lost: Callable[[LogPiece], bool] | None
    ) -> None:
        self.log, self.due_s = log, NEVER_S
        self._head = bytes((VERSION << 4 | Kind.LOG_PIECE,)) if framed else b""
        self._room, self._lost = room, lost
        self._pieces: Iterator[LogPiece] = iter(())
        self._next: LogPiece | None = None

    def answer(self, op: int, body: bytes, true_s: float) -> Answer | None:
        """The answer to a command of the log; None for another."""
        if op == Op.LOG_LIST:
            return self._list(body)
        if op == Op.LOG_READ:
            return self._read(body, true_s)
        return self._erase(body) if op == Op.LOG_ERASE else None

    def stop(self) -> None:
        """The link ended, and with it a download."""
        self._begin(iter(()), NEVER_S)

    def take(self) -> tuple[bytes, float] | None:
        """The packet that is due and when it was; None when there is none, or it is lost."""
        piece, sent_s = self._next, self.due_s
        if piece is None:
            return None
        packet = self._head + pack_piece(piece)
        self._begin(self._pieces, sent_s + len(packet) / BYTES_PER_S)
        return None if self._lost is not None and self._lost(piece) else (packet, sent_s)

    def _begin(self, pieces: Iterator[LogPiece], due_s: float) -> None:
        self._pieces, self._next = pieces, next(pieces, None)
        self.due_s = NEVER_S if self._next is None else due_s

    def _list(self, body: bytes) -> Answer:
        asked = unpack_list_log(body)
        if asked is None:
            return Status.BAD_LENGTH, b""
        self.log.end()
        files = self.log.files()
        return Status.OK, pack_log_list(len(files), files[asked.first :][: entries_that_fit(self._room())])

    def _read(self, body: bytes, true_s: float) -> Answer:
        asked = unpack_read_log(body)
        if asked is None:
            return Status.BAD_LENGTH, b""
        status, pages, pieces = self.log.read(asked, self._room() - PIECE_HEAD_BYTES - len(self._head))
        if status is Status.OK:
            self._begin(pieces, true_s)
        return status, pack_log_read(pages)

    def _erase(self, body: bytes) -> Answer:
        asked = unpack_erase_log(body)
        return (Status.BAD_LENGTH if asked is None else self.log.erase(asked.file, asked.session)), b""
