"""Small files for their owner's eyes alone, written so that a crash leaves the old or the new one, never half."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from spinewatch_bridge.recording.files import sync_folder

T = TypeVar("T")


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


def read_objects(path: Path, most_bytes: int, from_json: Callable[[Any], T]) -> dict[str, T]:
    """What a file keeps under names, each read by `from_json`; nothing where there is no file.

    Raises:
        ValueError: when it is not such a file, is larger than `most_bytes`, or cannot be read at all.
    """
    try:
        if not path.exists():
            return {}
        if path.stat().st_size > most_bytes:
            raise ValueError("it is too large")
        rows = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): from_json(row) for name, row in rows.items()}
    except (OSError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(str(error)) from error
