"""Writes initramfs archives: the "newc" form of cpio, which the kernel unpacks, several one after the other.

Source: the kernel's Documentation/driver-api/early-userspace/buffer-format.rst.
"""

from __future__ import annotations

import stat
from types import TracebackType
from typing import BinaryIO, Self

MAGIC = "070701"
LAST = "TRAILER!!!"
ALIGNED_TO = 4
PIECE = 1 << 20


class NewcWriter:
    """One archive, written to an open file; leaving the context ends it.

    Args:
        out: open for writing in binary.
    """

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._files = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        if kind is None:
            self._header(LAST, 0, 0, 0)

    def folder(self, name: str, mode: int = 0o755) -> None:
        """A folder; the folders above it must have been written before."""
        self._header(name, stat.S_IFDIR | mode, 0, 0)

    def link(self, name: str, target: str) -> None:
        """A symbolic link."""
        data = target.encode()
        self._header(name, stat.S_IFLNK | 0o777, 0, len(data))
        self._write(data)

    def file(self, name: str, data: BinaryIO, size: int, mode: int = 0o644, modified_s: int = 0) -> None:
        """A file of exactly `size` bytes read from `data`."""
        self._header(name, stat.S_IFREG | mode, modified_s, size)
        left = size
        while left:
            piece = data.read(min(left, PIECE))
            if not piece:
                raise EOFError(f"{name} is shorter than its size says")
            self._out.write(piece)
            left -= len(piece)
        self._pad(size)

    def _header(self, name: str, mode: int, modified_s: int, size: int) -> None:
        self._files += 1
        text = name.encode() + b"\0"
        # ino, mode, uid, gid, nlink, mtime, filesize, devmajor, devminor, rdevmajor, rdevminor, namesize, check
        fields = (self._files, mode, 0, 0, 1, modified_s, size, 0, 0, 0, 0, len(text), 0)
        head = MAGIC.encode() + b"".join(b"%08x" % value for value in fields) + text
        self._out.write(head)
        self._pad(len(head))

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self._pad(len(data))

    def _pad(self, written: int) -> None:
        self._out.write(b"\0" * (-written % ALIGNED_TO))
