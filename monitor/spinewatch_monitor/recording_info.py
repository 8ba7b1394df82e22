"""What a recording holds, told without reading its samples; and finishing one that was cut off."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from spinewatch_bridge.recording.reader import Recording
from spinewatch_bridge.recording.salvage import finalise
from spinewatch_monitor.problems import BadInputError


def recording_info(path: Path) -> dict[str, Any]:
    """Facts for `info`, as JSON values.

    Raises:
        RecordingError: when it is no finished recording.
    """
    recording = Recording.open(path)
    counts = recording.sample_counts
    sensors = [
        {
            "id": channel.sensor.id,
            "family": channel.sensor.family,
            "site": channel.sensor.site.value,
            "role": channel.sensor.role.value,
            "nominal_rate_hz": channel.sensor.nominal_rate_hz,
            "has_gyr": channel.sensor.has_gyr,
            "samples": counts.get(channel.sensor.id, 0),
            "details": dict(channel.details),
        }
        for channel in recording.channels.values()
    ]
    return {
        "file": path.name,
        "bytes": path.stat().st_size,
        **{key: recording.session.get(key) for key in ("source", "start_utc", "utc_offset_s", "app_version")},
        "simulated": recording.simulated,
        "duration_s": round(recording.duration_s, 3),
        "clean": bool(recording.result.get("clean", True)),
        "sensors": sensors,
        "events": dict(Counter(event.kind for event in recording.events)),
        "notes": [str(event.data.get("text", "")) for event in recording.events if event.kind == "note"],
    }


def recover_file(path: Path) -> tuple[Path, str]:
    """Finish a recording that was cut off; returns where it is and one sentence.

    Raises:
        RecordingError: when it is no recording, or is still being written.
        BadInputError: when nothing in it could be saved.
    """
    done = finalise(path)
    if done.path is None:
        raise BadInputError(done.note)
    return done.path, done.note
