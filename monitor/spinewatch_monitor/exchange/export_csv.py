"""A recording as three files that every program reads, and that an import turns back into the same recording.

`NAME_samples.csv` holds the samples in SI units, `NAME_angles.csv` what the offline analysis made of them, and
`NAME_meta.json` everything else. Numbers that an import needs are written so that they read back bit for bit.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from spinewatch_bridge.recording.reader import Recording
from spinewatch_monitor.analysis import AnalysisCancelledError, analyse_recording
from spinewatch_monitor.analysis_json import Json
from spinewatch_monitor.exchange.csv_angles import angle_rows
from spinewatch_monitor.exchange.csv_samples import sample_rows
from spinewatch_monitor.exchange.imported import Progress
from spinewatch_monitor.exchange.meta import FORMAT, VERSION, channel_to_json, event_to_json
from spinewatch_monitor.problems import BadInputError

_ANALYSIS, _SAMPLES = 0.4, 0.8  # shares of the whole time that are done after each part
_ABOUT = {
    "t_s": "UNIX seconds",
    "acc_*_m_s2": "specific force in the sensor frame, m/s²; at rest +1 g along the axis that points up",
    "gyr_*_rad_s": "turn rate in the sensor frame, rad/s; empty without gyroscope",
    "flags": "bits: 1 saturated, 2 motor on, 4 samples dropped before, 8 clock stepped",
    "up_*": "unit vertical in the sensor frame",
    "flexion_deg": "forward positive; empty where the body lies on its side or no reference is known",
    "lateral_deg": "right positive",
    "inclination_deg": "from the vertical",
    "sensor_uncertainty_deg": "95 % half-width of the inclination, sensor and filter only",
    "activity, slouch": "of the wearer at that time; slouch is 1 where time counts as away from the reference",
}


def export_csv(
    path: Path, folder: Path, progress: Progress | None = None, cancelled: Callable[[], bool] | None = None
) -> list[Path]:
    """Write the three files of a recording into `folder`; on any error none of them is left.

    Args:
        path: a finished recording.
        folder: made if it is not there.
        progress: told the share done, 0 to 1.
        cancelled: asked now and then.

    Raises:
        RecordingError: when `path` is no finished recording.
        BadInputError: when one of the files is there already, or there is nothing to export.
        AnalysisCancelledError: when `cancelled` said so.
    """
    recording = Recording.open(path)
    names = [folder / f"{path.stem}_{part}" for part in ("samples.csv", "angles.csv", "meta.json")]
    for name in names:
        if name.exists():
            raise BadInputError(f"{name} is there already and is never overwritten. Choose another folder.")
    tell = progress or (lambda _share: None)
    stop = cancelled or (lambda: False)
    analysis, result = analyse_recording(recording, None, lambda share: tell(_ANALYSIS * share), stop)
    length_s = max(recording.duration_s, 1e-9)
    with _made(folder), _whole_or_nothing(names) as parts:
        rows = sample_rows(recording, lambda done_s: tell(_ANALYSIS + (_SAMPLES - _ANALYSIS) * done_s / length_s))
        _write(parts[0], rows, stop)
        rows = angle_rows(recording, analysis, lambda share: tell(_SAMPLES + (1 - _SAMPLES) * share))
        _write(parts[1], rows, stop)
        text = json.dumps(_meta(recording, result), ensure_ascii=False, indent=1, allow_nan=False)
        _write(parts[2], iter([text]), stop)
    tell(1.0)
    return names


@contextlib.contextmanager
def _made(folder: Path) -> Iterator[None]:
    """The folder, made where it is not there; what was made for nothing is removed again."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield
    except BaseException:
        for place in missing:
            with contextlib.suppress(OSError):
                place.rmdir()
        raise


@contextlib.contextmanager
def _whole_or_nothing(names: list[Path]) -> Iterator[list[Path]]:
    """Temporary names that become the real ones when all of the work went well."""
    parts = [name.with_name(f".{name.name}.part") for name in names]
    try:
        yield parts
        for part, name in zip(parts, names, strict=True):
            part.replace(name)
    except BaseException:
        for file in (*parts, *names):
            file.unlink(missing_ok=True)
        raise


def _write(path: Path, texts: Iterator[str], stop: Callable[[], bool]) -> None:
    """Stream texts into a file that only its owner may read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        for text in texts:
            if stop():
                raise AnalysisCancelledError
            file.write(text + "\n")


def _meta(recording: Recording, result: Json) -> Mapping[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "about": _ABOUT,
        "session": dict(recording.session),
        "sensors": [channel_to_json(channel) for channel in recording.channels.values()],
        "events": [event_to_json(event) for event in recording.events],
        "salvage": dict(recording.result),
        "analysis": {key: value for key, value in result.items() if key not in ("schema", "file")},
    }
