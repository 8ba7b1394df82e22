"""Personal files: readable by their owner alone, never over another file, locked while they are written."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from spinewatch_bridge.errors import RecordingError, RecordingWriteError
from spinewatch_bridge.recording.format import FINAL_SUFFIX, PART_SUFFIX

_LOCK_AT = 1 << 40
"""Where the lock lies on Windows, whose locks hinder readers: far beyond any data."""


def stem_of(path: Path) -> str:
    """The name of a recording without ``.mcap`` or ``.mcap.part``."""
    for suffix in (PART_SUFFIX, FINAL_SUFFIX):
        if path.name.endswith(suffix):
            return path.name.removesuffix(suffix)
    return path.name


def final_path_of(path: Path) -> Path:
    """Where the finished form of a recording belongs, whether or not it is free."""
    return path.with_name(stem_of(path) + FINAL_SUFFIX)


def _names(path: Path) -> Iterator[str]:
    stem = stem_of(path)
    yield stem
    for number in range(2, 10_000):
        yield f"{stem}-{number}"
    raise RecordingError(f"{path.parent} holds 9,999 recordings called {stem}; choose another name.")


def taken(path: Path) -> Iterator[Path]:
    """Finished recordings called as `path`: NAME, NAME-2, … up to the first free name."""
    for name in _names(path):
        found = path.with_name(name + FINAL_SUFFIX)
        if not found.exists():
            return
        yield found


def create_part(path: Path) -> tuple[Path, BinaryIO]:
    """Open a new ``NAME.mcap.part`` for writing, mode 0600 and locked; NAME-2, NAME-3, … where NAME is taken.

    Raises:
        RecordingError: when the folder cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in _names(path):
            part = path.with_name(name + PART_SUFFIX)
            if path.with_name(name + FINAL_SUFFIX).exists():
                continue
            with contextlib.suppress(FileExistsError):
                handle = os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY, 0o600), "wb")
                if lock(handle) and _has_name(handle, part):
                    return part, handle
                handle.close()  # another program takes it for an empty leftover just now; it, or the next, removes it
    except OSError as error:
        raise refused(f"{path.parent} cannot be written: {reason(error)}.", error) from error
    raise AssertionError("unreachable: _names raises")


def remove_empty(part: Path) -> bool:
    """Remove a ``.part`` that nobody holds and into which nothing was ever written; True when it is gone.

    It happens under the lock, and `create_part` looks after locking whether its file still has its name: a recording
    that begins in this very moment never loses its file.
    """
    try:
        with part.open("rb+") as handle:
            if not lock(handle) or handle.seek(0, os.SEEK_END) > 0:
                return False
            if sys.platform != "win32":
                part.unlink()
                return True
        part.unlink()  # Windows removes no open file, neither ours nor one that another program has just made
    except OSError:
        return False
    return True


def _has_name(handle: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle.fileno()), path.stat())
    except OSError:
        return False


_BINARY = getattr(os, "O_BINARY", 0)


def create_temporary(path: Path) -> tuple[Path, BinaryIO]:
    """Open a hidden file beside `path` for writing, mode 0600 and locked; `publish` gives it its name.

    Raises:
        RecordingError: when the folder cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd, name = tempfile.mkstemp(".mcap.tmp", f".{stem_of(path)[:80]}.", path.parent)
    except OSError as error:
        raise refused(f"{path.parent} cannot be written: {reason(error)}.", error) from error
    handle = os.fdopen(fd, "wb")
    lock(handle)
    return Path(name), handle


def publish(temporary: Path, path: Path, *, replace: bool = False) -> Path:
    """Give a finished file its name at once, without ever writing over another file.

    Args:
        temporary: the closed file, in the folder of `path`.
        path: the wished name; NAME-2, NAME-3, … where it is taken.
        replace: True to take the place of `path` where it exists (the user named it as the file to write).

    Returns:
        The name it got.
    """
    if replace:
        temporary.replace(path)
        sync_folder(path.parent)
        return path
    for name in _names(path):
        wished = path.with_name(name + FINAL_SUFFIX)
        if _rename_to_free(temporary, wished):
            sync_folder(path.parent)
            return wished
    raise AssertionError("unreachable: _names raises")


def _rename_to_free(temporary: Path, wished: Path) -> bool:
    try:
        os.link(temporary, wished)  # unlike a rename, a link never replaces
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        if wished.exists():
            return False
        temporary.rename(wished)
        return True
    temporary.unlink()
    return True


def sync_folder(folder: Path) -> None:
    """Make a new name last through a power cut, where the system can."""
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def lock(handle: BinaryIO) -> bool:
    """Hold `handle` until it is closed or its process ends, however that ends.

    Returns:
        False when another living process holds it.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            at = handle.tell()
            handle.seek(_LOCK_AT)
            try:
                msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
            finally:
                handle.seek(at)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return sys.platform != "win32"  # a file system without locks: treat as free; on Windows: as held
    return True


def is_held(path: Path) -> bool:
    """Whether a living process is writing `path`."""
    try:
        with path.open("rb+") as handle:
            return not lock(handle)
    except OSError:
        return True


_BAD_PLACE = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG)


def refused(text: str, error: OSError) -> RecordingError:
    """The error to raise with this text: whoever named a bad place can name another, a full disk is a failure."""
    return RecordingError(text) if error.errno in _BAD_PLACE else RecordingWriteError(text)


def reason(error: OSError) -> str:
    """Why the system refused, in words for people."""
    known = {
        28: "the disk is full",
        13: "no permission",
        30: "the disk is read-only",
        122: "the disk quota is used up",
        2: "it does not exist",
    }
    return known.get(error.errno or 0, (error.strerror or str(error)).lower())
