"""Text tables, plain or gzip, read in pieces under ceilings; every refusal names file, line and column.

A stranger's file may be a picture, a cut download or a small gzip that unpacks without end: it is refused in one line
before it costs memory.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import IO, cast

import numpy as np

from spinewatch_monitor.exchange.imported import ImportRefusedError, Progress
from spinewatch_signal.samples import Floats

MAX_TEXT_BYTES = 2 << 30  # two sensors at 100 Hz over a 16 h day are about 1.2 GB of text
MAX_LINE_BYTES = 16_384  # the widest known table (seven units with magnetometer) has lines of 1.5 kB
MAX_COLUMNS = 256
PIECE_BYTES = 1 << 20

_GZIP_MAGIC = b"\x1f\x8b"
_WHOLE_LINES = "Check that it was copied or unpacked completely"


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive lines; ``first_line`` counts from 1."""

    first_line: int
    lines: list[str]
    last: bool


def read_pieces(path: Path, progress: Progress | None = None) -> Iterator[Piece]:
    """The file's lines without their ends, in pieces of about `PIECE_BYTES`.

    Args:
        path: plain text or gzip; which of the two is told from its first bytes.
        progress: called with the share of the file that was read, 0 to 1.

    Raises:
        ImportRefusedError: when it is missing, a folder, empty, no text, damaged, or beyond the ceilings.
    """
    _refuse_what_is_no_file(path)
    size = path.stat().st_size
    with path.open("rb") as raw:
        packed = raw.read(2) == _GZIP_MAGIC
        raw.seek(0)
        source = cast("IO[bytes]", gzip.GzipFile(fileobj=raw) if packed else raw)
        line, rest, total = 1, b"", 0
        while data := _read(source, path, line):
            total += len(data)
            _check_bytes(path, data, total, line)
            *whole, rest = (rest + data).split(b"\n")
            if max(map(len, whole), default=0) > MAX_LINE_BYTES or len(rest) > MAX_LINE_BYTES:
                raise ImportRefusedError(path, f"a line is longer than {MAX_LINE_BYTES} bytes", _no_table(), line=line)
            yield Piece(line, _texts(whole, line), last=False)
            line += len(whole)
            if progress is not None:
                progress(min(1.0, raw.tell() / size))
        yield Piece(line, _texts([rest], line) if rest else [], last=True)


def read_head(path: Path, lines: int = 60) -> list[str]:
    """The first few lines.

    Raises:
        ImportRefusedError: as `read_pieces`.
    """
    head: list[str] = []
    for piece in read_pieces(path):
        head += piece.lines[: lines - len(head)]
        if len(head) >= lines:
            break
    return head


def split_rows(path: Path, piece: Piece, delimiter: str) -> list[list[str]]:
    """The cells of each line; an empty line gives an empty row.

    Raises:
        ImportRefusedError: when a quote is not closed.
    """
    try:
        rows = list(csv.reader(piece.lines, delimiter=delimiter))
    except csv.Error:
        what = "a line end within a line, or another character that no table holds"
        raise ImportRefusedError(path, what, _WHOLE_LINES, line=piece.first_line) from None
    if len(rows) != len(piece.lines):
        raise ImportRefusedError(
            path, "a quotation mark is not closed", "Close it or take it out", line=piece.first_line + len(rows) - 1
        )
    return rows


def numbers(
    path: Path, rows: Sequence[Sequence[str]], line_numbers: Sequence[int], picks: Sequence[int], names: Sequence[str]
) -> Floats:
    """The picked cells of rows as (n, k) numbers.

    Args:
        path: for refusals.
        rows: cells; every row has all picked columns.
        line_numbers: line of each row.
        picks: indices of k columns.
        names: all column names.

    Raises:
        ImportRefusedError: at the first cell that is no finite number.
    """
    pick = itemgetter(*picks) if len(picks) > 1 else lambda row: (row[picks[0]],)
    try:
        table = np.array([[*map(float, pick(row))] for row in rows], dtype=np.float64).reshape(len(rows), len(picks))
    except (ValueError, IndexError):
        table = np.full((1, 1), np.nan)
    if not np.isfinite(table).all():
        _refuse_first_bad_cell(path, rows, line_numbers, picks, names)
    return table


def _refuse_first_bad_cell(
    path: Path, rows: Sequence[Sequence[str]], line_numbers: Sequence[int], picks: Sequence[int], names: Sequence[str]
) -> None:
    for row, line in zip(rows, line_numbers, strict=True):
        for k in picks:
            cell = row[k] if k < len(row) else ""
            if not _is_finite_number(cell):
                what = f"{shown(cell)} is not a number" if cell.strip() else "the cell is empty"
                do = "Mend the cell, or leave the whole line out: a missing sample is a missing line"
                raise ImportRefusedError(path, what, do, line=line, column=names[k])


def _is_finite_number(cell: str) -> bool:
    try:
        return bool(np.isfinite(float(cell)))
    except ValueError:
        return False


def shown(text: str, limit: int = 40) -> str:
    """Text of a file as it may be printed: cut, quoted, without control characters."""
    plain = "".join(c if c.isprintable() else "?" for c in text.strip())
    return f"'{plain[:limit]}…'" if len(plain) > limit else f"'{plain}'"


def _refuse_what_is_no_file(path: Path) -> None:
    if not path.exists():
        raise ImportRefusedError(path, f"there is no such file in {path.resolve().parent}", "Check the path")
    if not path.is_file():
        raise ImportRefusedError(path, "this is a folder, not a file", "Name the file inside it")
    if path.stat().st_size == 0:
        raise ImportRefusedError(path, "the file is empty", _WHOLE_LINES)


def _read(source: IO[bytes], path: Path, line: int) -> bytes:
    try:
        return source.read(PIECE_BYTES)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise ImportRefusedError(path, "the compressed file is cut or damaged", _WHOLE_LINES, line=line) from None


def _check_bytes(path: Path, data: bytes, total: int, line: int) -> None:
    if b"\0" in data:
        raise ImportRefusedError(path, "this is not a text file", _no_table(), line=line)
    if total > MAX_TEXT_BYTES:
        raise ImportRefusedError(path, f"more than {MAX_TEXT_BYTES >> 30} GB of text", "Cut it into single days")


def _texts(lines: list[bytes], first_line: int) -> list[str]:
    texts = [line.decode("utf-8", "replace").removesuffix("\r") for line in lines]
    if first_line == 1 and texts:
        texts[0] = texts[0].removeprefix("\ufeff")
    return texts


def _no_table() -> str:
    return "Give a table of text: .csv, .tsv or .txt, plain or .gz"
