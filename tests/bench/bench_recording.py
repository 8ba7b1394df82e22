"""The recording of a working day: 8 h, two sensors at 100 Hz in blocks of 10, posture at 10 Hz."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from spinewatch_bridge.blocks import Block, SensorChannel
from spinewatch_bridge.recording import Recording, RecordingWriter, finalise
from spinewatch_signal.samples import Role, SensorInfo, Site

T = TypeVar("T")
HOURS = 8
BLOCKS = HOURS * 36_000
START_S = 1_760_000_000.0
FRAME = {
    "flexion_deg": 12.34, "lateral_deg": 1.02, "inclination_deg": 12.51, "lumbar_deg": None,
    "sensor_uncertainty_deg": 1.5, "body_uncertainty_deg": 4.01, "activity": 5, "away": 0, "blank": 0,
}  # fmt: skip
CHANNELS = (
    SensorChannel(SensorInfo("upper", "spinewatch"), 9.80665 / 4096, 0.001064),
    SensorChannel(SensorInfo("lower", "spinewatch", Site.PELVIS, Role.LOWER), 9.80665 / 4096, 0.001064),
)


def main() -> dict[str, dict[str, object]]:
    """Rows of the table, in CPU seconds, so that a busy machine tells nearly the same; reading is the best of 3."""
    with tempfile.TemporaryDirectory() as folder:
        write_s, part = _cpu(lambda: _write(Path(folder)))
        finalise_s, done = _cpu(lambda: finalise(part))
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
        assert done.path is not None
        megabytes = done.path.stat().st_size / 1e6
        open_s, recording = _cpu(lambda: Recording.open(done.path or Path()))
        reads = [_cpu(lambda: len(recording.samples("upper"))) for _ in range(3)]
        assert all(samples == BLOCKS * 10 for _, samples in reads)
    return {
        "record 8 h × 2 sensors, share of one core": _row(100 * write_s / (HOURS * 3600), 1.0, "%"),
        "finish 8 h × 2 sensors": _row(finalise_s, 15.0, "s"),
        "finish 8 h × 2 sensors, peak memory": _row(peak_mb, 300.0, "MB"),
        "finished 8 h × 2 sensors": _row(megabytes, 60.0, "MB"),
        "open 8 h": _row(1000 * open_s, 50.0, "ms"),
        "read 8 h of one sensor": _row(min(read_s for read_s, _ in reads), 0.5, "s"),
    }


def _row(figure: float, limit: float, unit: str) -> dict[str, object]:
    return {"figure": figure, "limit": limit, "unit": unit, "note": "CPU time" if unit in ("s", "ms", "%") else ""}


def _cpu(work: Callable[[], T]) -> tuple[float, T]:
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def _write(folder: Path) -> Path:
    rng = np.random.default_rng(1)
    counts = rng.normal([4096, 0, 0, 0, 0, 0], 20, (10_000, 6)).astype(np.int16)  # a still sensor's noise
    flags, steps = np.zeros(10, np.uint8), np.arange(10) * 0.0100037
    writer = RecordingWriter(folder / "day.mcap", {"source": "bench", "utc_offset_s": 0})
    for channel in CHANNELS:
        writer.add_channel(channel)
    for k in range(BLOCKS):
        for j, channel in enumerate(CHANNELS):
            t_s = START_S + k * 0.100037 + j * 0.003 + steps
            at = k * 10 % 9_990
            writer.write(Block(channel.sensor.id, counts[at : at + 10], flags, t_s, k * 10, k * 3277, float(t_s[-1])))
        writer.posture(START_S + k / 10, FRAME)
        writer.tick(START_S + k / 10)
    writer.close()
    return writer.path
