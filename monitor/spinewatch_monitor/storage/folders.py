"""Where a user's data lives: one folder per user, open to its owner alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from spinewatch_bridge.errors import RecordingError

HOME_VARIABLE = "SPINEWATCH_HOME"
"""Names another data folder: for tests, portable use, or an encrypted disk."""


@dataclass(frozen=True, slots=True)
class Folders:
    """The data folder and what lies in it."""

    root: Path
    recordings: Path
    cache: Path
    library: Path
    settings: Path
    sensors: Path
    sensor_memory: Path
    owner_keys: Path
    calibrations: Path


def data_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The data folder of this user; it may not exist yet."""
    chosen = environ.get(HOME_VARIABLE, "").strip()
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_data_dir("spinewatch", appauthor=False))


def folders_at(root: Path) -> Folders:
    """What lies where in a data folder; nothing is made."""
    return Folders(
        root,
        recordings=root / "recordings",
        cache=root / "cache",
        library=root / "library.sqlite",
        settings=root / "settings.json",
        sensors=root / "sensors.json",
        sensor_memory=root / "sensor_memory.json",
        owner_keys=root / "owner_keys.json",
        calibrations=root / "calibrations.json",
    )


def open_folders(root: Path | None = None) -> Folders:
    """The data folder with its subfolders, made and closed to others where needed.

    Args:
        root: another data folder than `data_folder` gives.

    Raises:
        RecordingError: when it cannot be made.
    """
    root = data_folder() if root is None else root
    found = folders_at(root)
    try:
        for folder in (found.root, found.recordings, found.cache):
            make_private_folder(folder)
    except OSError as error:
        raise RecordingError(
            f"The data folder {root} cannot be used: {(error.strerror or str(error)).lower()}. "
            f"Set {HOME_VARIABLE} to a folder that you may write to."
        ) from error
    return found


def make_private_folder(folder: Path) -> None:
    """Make a folder, mode 0700; one that is there already loses the rights of others.

    On Windows the mode means nothing: a folder below the user's profile inherits an access list that admits the user,
    administrators and the system. One put elsewhere has the rights of that place; see `privacy_note`.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if sys.platform != "win32" and folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


def privacy_note(root: Path, home: Path | None = None, platform: str = sys.platform) -> str | None:
    """One sentence when others may be able to read the data folder; None when all is well."""
    if platform == "win32":
        home = home or Path.home()
        if home not in root.parents:
            return f"{root} is outside your user folder: whoever may read that place can read your recordings."
        return None
    if root.exists() and root.stat().st_mode & 0o077:
        return f"{root} can be read by other users of this computer. Run: chmod 700 '{root}'"
    return None
