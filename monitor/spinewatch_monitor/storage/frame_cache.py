"""Analysed frames kept beside the recordings, so that Review opens 8 h at once; safe to delete at any time."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spinewatch_signal.posture import Context, Episode, PostureFrames

MAX_FILE_BYTES = 400_000_000
"""Some 10 MB per 8 h; a week in one recording has 200 MB."""
MAX_CACHE_BYTES = 2_000_000_000

_ANGLES = (
    "flexion_deg", "lateral_deg", "inclination_deg", "lumbar_deg", "sensor_uncertainty_deg", "body_uncertainty_deg",
    "sitting_probability",
)  # fmt: skip
_CODES = ("activity", "away", "blank", "doubt")
_CONTEXTS = tuple(Context)


@dataclass(frozen=True, eq=False, slots=True)
class CachedFrames:
    """Frames (angles to float32), episodes, and what else was kept with them as JSON."""

    frames: PostureFrames
    episodes: tuple[Episode, ...]
    extra: Mapping[str, Any]


class FrameCache:
    """One file per recording, estimator and version of the algorithm.

    Args:
        folder: ``cache`` of the data folder.
        algorithm_version: frames of another version are not found.
    """

    def __init__(self, folder: Path, algorithm_version: str) -> None:
        self.folder = folder
        self._version = "".join(c if c.isalnum() else "_" for c in algorithm_version)[:40]

    def path_of(self, fingerprint: str, estimator: str = "offline") -> Path:
        """Where the frames of a recording are kept, whether or not they are."""
        return self.folder / f"{fingerprint}.{estimator}.{self._version}.npz"

    def save(
        self,
        fingerprint: str,
        frames: PostureFrames,
        episodes: tuple[Episode, ...],
        extra: Mapping[str, Any] | None = None,
        estimator: str = "offline",
    ) -> None:
        """Keep frames; a disk that refuses costs nothing but the time to analyse again."""
        arrays: dict[str, Any] = {"t_s": frames.t_s}
        for name in _ANGLES:
            values = getattr(frames, name)
            if values is not None:
                arrays[name] = values.astype(np.float32)
        arrays |= {name: getattr(frames, name) for name in _CODES}
        blank = float("nan")
        rows = [
            (e.start_s, blank if e.end_s is None else e.end_s, e.peak_deg, e.mean_deg, _CONTEXTS.index(e.context))
            for e in episodes
        ]
        arrays["episodes"] = np.array(rows).reshape(-1, 5)
        arrays["extra"] = np.frombuffer(json.dumps(dict(extra or {})).encode(), np.uint8)
        with contextlib.suppress(OSError):
            self._write(self.path_of(fingerprint, estimator), arrays)
            self.prune()

    def _write(self, path: Path, arrays: Mapping[str, Any]) -> None:
        fd, name = tempfile.mkstemp(".tmp", path.name, self.folder)
        try:
            with os.fdopen(fd, "wb") as stream:
                np.savez(stream, **arrays)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)

    def load(self, fingerprint: str, estimator: str = "offline") -> CachedFrames | None:
        """The frames that are kept, or None."""
        path = self.path_of(fingerprint, estimator)
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                return None
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as found:
                kept = _read(found)
            with contextlib.suppress(OSError):
                path.touch()  # used now: the last to be deleted
            return kept
        except FileNotFoundError:
            return None
        except (OSError, EOFError, ValueError, IndexError, KeyError, TypeError, zipfile.BadZipFile):
            path.unlink(missing_ok=True)  # half written or damaged: made anew when needed
            return None

    def prune(self, max_bytes: int = MAX_CACHE_BYTES) -> None:
        """Delete the files used longest ago until the folder is within its limit."""
        files = sorted((stat.st_mtime_ns, stat.st_size, p) for p in self.folder.glob("*.npz") if (stat := p.stat()))
        total = sum(size for _, size, _ in files)
        for _, size, path in files:
            if total <= max_bytes:
                return
            path.unlink(missing_ok=True)
            total -= size


def _read(found: Mapping[str, Any]) -> CachedFrames:
    angles = {name: found[name].astype(np.float64) for name in _ANGLES if name in found}
    codes = {name: found[name] for name in _CODES}
    frames = PostureFrames(t_s=found["t_s"], lumbar_deg=angles.pop("lumbar_deg", None), **angles, **codes)
    episodes = tuple(
        Episode(start_s, None if end_s != end_s else end_s, peak, mean, _CONTEXTS[int(context)])
        for start_s, end_s, peak, mean, context in found["episodes"].tolist()
    )
    return CachedFrames(frames, episodes, json.loads(found["extra"].tobytes() or b"{}"))
