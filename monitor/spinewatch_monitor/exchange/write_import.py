"""From files to a recording: read all, check all, then write in one go; on any error nothing is left behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from spinewatch_bridge.recording.whole import write_recording
from spinewatch_monitor.exchange.imported import ImportedRecording, ImportRequest, Progress
from spinewatch_monitor.exchange.profiles import read_import

_READING = 0.6  # share of the time that reading text takes


def import_files(
    request: ImportRequest,
    target: Path,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ImportedRecording:
    """Import files into the recording `target`.

    Raises:
        ImportRefusedError: when the files are not right.
        RecordingError: when the recording cannot be written.
    """
    tell = progress or (lambda _share: None)
    imported = read_import(request, lambda share: tell(_READING * share))
    length_s = imported.end_s - imported.start_s

    def written(seconds: float) -> None:
        tell(_READING + (1 - _READING) * min(1.0, seconds / max(length_s, 1e-9)))

    write_recording(target, imported.session, imported.channels, imported.items(), written, cancelled)
    return imported
