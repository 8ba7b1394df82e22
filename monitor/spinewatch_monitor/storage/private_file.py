"""Small files for their owner's eyes alone, written so that a crash leaves the old or the new one, never half."""

from __future__ import annotations

import os
from pathlib import Path

from spinewatch_bridge.recording.files import sync_folder


def write_private(path: Path, data: bytes) -> None:
    """Put a file in the place of `path`, mode 0600 from its first byte, and on the disk before it gets the name.

    A temporary neighbour that a crash left behind may have other rights, or be open somewhere: it is removed first.

    Args:
        path: of the file; its folder must be there.
        data: all that it holds.

    Raises:
        OSError: when it cannot be written; what was at `path` is as it was.
    """
    temporary = path.with_suffix(".tmp")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)
