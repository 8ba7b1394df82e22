"""The keys of the sensors that this computer owns: one small JSON file in the data folder, for its owner's eyes alone.

A key that is lost costs its sensor a reset and its log. So a key is on the disk before a sensor gets it, a file that
cannot be read is never written over, and keys of former times are kept beside the present ones: one that its sensor
accepted is never dropped, whoever says to be that sensor. Keys are never logged.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from spinewatch_bridge.errors import BridgeError
from spinewatch_monitor.storage.folders import make_private_folder
from spinewatch_monitor.storage.private_file import write_private

KEY_BYTES = 32
FORMAT = 1
MAX_FILE_BYTES = 1 << 20
MAX_SENSORS = 1000
MAX_FORMER = 4  # keys of one sensor that were never accepted: it was claimed again, or another said to be it
MAX_PROVEN = 16  # keys of one sensor that were accepted: it was reset so often, and is claimed no more
MAX_SERIAL_CHARS = 40


class OwnerKeysError(BridgeError):
    """The file of keys cannot be read or written; no sensor is claimed, and none that is ours can be shown its key."""


@dataclass(slots=True)
class _Entry:
    """Keys of one sensor as hex: the present one, those before, and which of them it accepted, the newest first."""

    key: str
    former: list[str] = field(default_factory=list)
    proven: list[str] = field(default_factory=list)

    def renewed(self, key: str) -> _Entry:
        """With another present key; of those that were never accepted the newest are kept."""
        before = [self.key, *self.former]
        doubtful = [one for one in before if one not in self.proven][:MAX_FORMER]
        return _Entry(key, [one for one in before if one in self.proven or one in doubtful], self.proven)

    def accepted(self, key: str) -> _Entry:
        """With this one, which the sensor accepted, as the present key."""
        rest = [one for one in (self.key, *self.former) if one != key]
        return _Entry(key, rest, [key, *(one for one in self.proven if one != key)])


class OwnerKeyFile:
    """Keys by serial number; see `spinewatch_bridge.protocols.base.OwnerKeys`.

    Args:
        path: of the file; it need not be there.
        draw: random bytes, so many.
    """

    def __init__(self, path: Path, draw: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._path, self._draw = path, draw

    def key(self, serial: str) -> bytes | None:
        """The key of a sensor, if it is ours.

        Raises:
            OwnerKeysError: when the file cannot be read.
        """
        entry = self._read().get(serial)
        return None if entry is None else bytes.fromhex(entry.key)

    def former(self, serial: str) -> list[bytes]:
        """Keys that it had before: those that it accepted, then the others, the newest first; raises as `key`."""
        entry = self._read().get(serial)
        if entry is None:
            return []
        return [bytes.fromhex(key) for key in sorted(entry.former, key=lambda one: one not in entry.proven)]

    def accepted(self, serial: str, key: bytes) -> None:
        """The sensor accepted this key: it becomes the present one and is never dropped.

        Raises:
            OwnerKeysError: when that cannot be kept; the file is as it was.
        """
        entries = self._read()
        known = entries.get(serial)
        if known is None or key.hex() not in (known.key, *known.former):
            return
        if (now := known.accepted(key.hex())) != known:
            self._write(entries | {serial: now}, f"What is known of the sensor's key cannot be kept in {self._path}")

    def new_key(self, serial: str) -> bytes:
        """A fresh key, safe on the disk before it is returned.

        Raises:
            OwnerKeysError: when it cannot be kept; the file is as it was.
        """
        entries = self._read()
        known = entries.get(serial)
        if not serial or len(serial) > MAX_SERIAL_CHARS:
            raise OwnerKeysError("The sensor was not claimed: it does not tell its serial number.")
        if known is None and len(entries) >= MAX_SENSORS:
            raise OwnerKeysError(f"The sensor was not claimed: {self._path.name} holds {MAX_SENSORS} keys already.")
        if known is not None and len(known.proven) >= MAX_PROVEN:
            raise OwnerKeysError(f"The sensor was not claimed: it had {MAX_PROVEN} keys already.")
        key = self._draw(KEY_BYTES)
        entry = _Entry(key.hex()) if known is None else known.renewed(key.hex())
        failed = f"The sensor was not claimed: its key cannot be kept in {self._path}"
        self._write(entries | {serial: entry}, failed)
        return key

    def _read(self) -> dict[str, _Entry]:
        try:
            with self._path.open("rb") as file:
                data = file.read(MAX_FILE_BYTES + 1)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._unusable((error.strerror or str(error)).lower()) from error
        try:
            return _entries(data)
        except (ValueError, RecursionError) as error:
            raise self._unusable(str(error)) from error

    def _unusable(self, reason: str) -> OwnerKeysError:
        return OwnerKeysError(
            f"The keys of your sensors in {self._path} cannot be read ({reason}). "
            "It is left as it is: restore it from a backup, or move it away and reset each sensor by its button"
        )

    def _write(self, entries: dict[str, _Entry], failed: str) -> None:
        """Through a temporary neighbour that is on the disk before it takes the place."""
        sensors = {serial: asdict(entry) for serial, entry in sorted(entries.items())}
        text = json.dumps({"format": FORMAT, "sensors": sensors}, indent=1)
        try:
            make_private_folder(self._path.parent)
            write_private(self._path, f"{text}\n".encode())
            _sync_folder(self._path.parent)  # once more, because here its failure must be told
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise OwnerKeysError(f"{failed} ({reason}).") from error


def _sync_folder(folder: Path) -> None:
    """A new name is safe once its folder is on the disk; Windows has no such call and needs none."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _entries(data: bytes) -> dict[str, _Entry]:
    """The entries of the file; a single one that cannot be meant makes it unusable, because it may be a key."""
    if len(data) > MAX_FILE_BYTES:
        raise ValueError("it is too large")
    try:
        values = json.loads(data)
    except ValueError:
        raise ValueError("it is damaged") from None
    sensors = values.get("sensors") if isinstance(values, dict) and values.get("format") == FORMAT else None
    if not isinstance(sensors, dict) or len(sensors) > MAX_SENSORS:
        raise ValueError("it is not a file of keys")
    return {str(serial): _entry(fields) for serial, fields in sensors.items()}


def _entry(fields: Any) -> _Entry:
    key = fields.get("key") if isinstance(fields, dict) else None
    former = fields.get("former", []) if isinstance(fields, dict) else []
    proven = fields.get("proven") if isinstance(fields, dict) else None
    if proven is None:  # files of before did not say it: none of theirs is dropped
        proven = [key, *former] if isinstance(former, list) else []
    lists = isinstance(former, list) and isinstance(proven, list)
    if not lists or not all(map(_is_key, (key, *former, *proven))):
        raise ValueError("a key in it is damaged")
    return _Entry(str(key), [str(one) for one in former], [str(one) for one in proven])


def _is_key(text: Any) -> bool:
    try:
        return isinstance(text, str) and len(bytes.fromhex(text)) == KEY_BYTES
    except ValueError:
        return False
