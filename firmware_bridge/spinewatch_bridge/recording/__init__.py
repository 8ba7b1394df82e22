"""The recording format: writer, reader, salvage. `RECORDING.md` beside the package is its normative description."""

from spinewatch_bridge.recording.files import final_path_of, is_held
from spinewatch_bridge.recording.format import FINAL_SUFFIX, FORMAT_VERSION, PART_SUFFIX
from spinewatch_bridge.recording.overview import Overview, Table
from spinewatch_bridge.recording.reader import Recording
from spinewatch_bridge.recording.salvage import CancelledError, Finalised, duration_text, finalise
from spinewatch_bridge.recording.whole import write_recording
from spinewatch_bridge.recording.writer import RecordingWriter

__all__ = [
    "FINAL_SUFFIX",
    "FORMAT_VERSION",
    "PART_SUFFIX",
    "CancelledError",
    "Finalised",
    "Overview",
    "Recording",
    "RecordingWriter",
    "Table",
    "duration_text",
    "final_path_of",
    "finalise",
    "is_held",
    "write_recording",
]
