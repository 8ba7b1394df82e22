"""The whole pipeline with every step, against bare vqf on the same arrays; memory and time at 1, 8, 24 and 72 hours.

Two simulated sensors, 100 Hz, an office day. Longer recordings are the eight hours again and again with later times:
simulating three days would take longer than all the rest. Figures are processor time, ours and the peer's in turn.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from spinewatch_bridge.recording.reader import Recording
    from spinewatch_signal.samples import ImuBatch, SensorInfo

ROUNDS = 3
DAY_H = 8
LENGTHS_H = (1, 8, 24, 72)
LIVE_S = 0.05
LIVE_MINUTES = 10
PIECE_S = 600.0


@dataclass(frozen=True)
class Tiled:
    """One sensor's day from a file, again and again with later times, up to a length; read in pieces."""

    recording: Recording
    sensor: str
    hours: float

    def pieces(self) -> Iterator[ImuBatch]:
        """All samples in time order."""
        from spinewatch_signal.samples import ImuBatch

        end_s, shift_s = self.recording.start_s + self.hours * 3600, 0.0
        while True:
            for piece in self.recording.pieces(self.sensor):
                moved = ImuBatch(piece.sensor, piece.t_s + shift_s, piece.acc, piece.gyr, piece.flags)
                yield moved.between(-np.inf, end_s)
                if moved.t_s[-1] >= end_s:
                    return
            shift_s += self.recording.duration_s + 0.01


def open_day(path: str) -> tuple[Recording, list[SensorInfo]]:
    """The simulated day and its two sensors."""
    from spinewatch_bridge.recording.reader import Recording

    recording = Recording.open(path)
    return recording, [channel.sensor for channel in recording.channels.values()]


def offline(path: str, _: str) -> dict[str, object]:
    """Arrays in memory to summary, and the same arrays through the bare filter; processor time of each, in turn."""
    from vqf import offlineVQF

    from spinewatch_signal.pipeline import analyze_offline

    recording, sensors = open_day(path)
    samples = {info.id: recording.samples(info.id) for info in sensors}
    ours, peer = [], []
    for _round in range(ROUNDS):
        ours.append(_seconds(lambda: analyze_offline(samples, sensors)))
        peer.append(_seconds(lambda: [offlineVQF(b.gyr, b.acc, None, 0.01) for b in samples.values()]))
    return {"ours": ours, "peer": peer}


def long(path: str, hours: str) -> dict[str, object]:
    """A recording of some hours, read in pieces, to summary."""
    from spinewatch_signal.pipeline import analyze_offline

    recording, sensors = open_day(path)
    analyze_offline({info.id: Tiled(recording, info.id, 0.1) for info in sensors}, sensors)  # what happens only once
    samples = {info.id: Tiled(recording, info.id, float(hours)) for info in sensors}
    seconds = _seconds(lambda: analyze_offline(samples, sensors))
    return {"s": seconds, "mb": _peak_mb()}


def causal(path: str, _: str) -> dict[str, object]:
    """The causal pipeline, and its orientation alone, in pieces of ten minutes; the bare filter on the same arrays."""
    from vqf import VQF

    from spinewatch_signal.orientation import OrientationTracker
    from spinewatch_signal.pipeline import Pipeline, analyze_offline

    recording, sensors = open_day(path)
    samples = {info.id: recording.samples(info.id, end_s=recording.start_s + 7200) for info in sensors}
    calibration = analyze_offline(samples, sensors).calibration
    turns = list(_turns(samples, PIECE_S))

    def whole() -> None:
        pipeline = Pipeline(sensors, calibration=calibration)
        for batch in turns:
            pipeline.update(batch)

    def oriented() -> None:
        trackers = {info.id: OrientationTracker(info) for info in sensors}
        for batch in turns:
            trackers[batch.sensor].update(batch)

    def bare() -> None:
        for batch in samples.values():
            VQF(0.01).updateBatch(batch.gyr, batch.acc)

    rounds = [[_seconds(run) for run in (whole, oriented, bare)] for _round in range(ROUNDS)]
    return {"whole": [r[0] for r in rounds], "oriented": [r[1] for r in rounds], "peer": [r[2] for r in rounds]}


def live(path: str, _: str) -> dict[str, object]:
    """What each batch of 50 ms costs, ms, with two sensors and every step."""
    from spinewatch_signal.pipeline import Pipeline, analyze_offline

    recording, sensors = open_day(path)
    hour = {info.id: recording.samples(info.id, end_s=recording.start_s + 3600) for info in sensors}
    end_s = recording.start_s + 60 * LIVE_MINUTES
    pipeline = Pipeline(sensors, calibration=analyze_offline(hour, sensors).calibration)
    turns = _turns({name: batch.between(0.0, end_s) for name, batch in hour.items()}, LIVE_S)
    costs = [_seconds(lambda b=batch: pipeline.update(b)) for batch in turns]  # type: ignore[misc]
    return {"ms": [1000 * float(np.percentile(costs, percent)) for percent in (50, 95)], "n": len(costs)}


def _turns(samples: dict[str, ImuBatch], size_s: float) -> Iterator[ImuBatch]:
    """Pieces of the sensors in turn, as they would arrive."""
    start_s = min(float(batch.t_s[0]) for batch in samples.values())
    end_s = max(float(batch.t_s[-1]) for batch in samples.values())
    for first_s in np.arange(start_s, end_s, size_s).tolist():
        for batch in samples.values():
            part = batch.between(first_s, first_s + size_s)
            if len(part):
                yield part


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _peak_mb() -> float:
    scale = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def _child(what: str, path: Path, argument: str = "") -> dict[str, object]:
    alone = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, __file__, what, str(path), argument]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=alone)
    result: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return result


def _ratio(ours: list[float], peer: list[float]) -> float:
    return statistics.median(one / other for one, other in zip(ours, peer, strict=True))


def _row(figure: float, limit: float, unit: str, note: str) -> dict[str, object]:
    return {"figure": figure, "limit": limit, "unit": unit, "note": note}


def main() -> dict[str, dict[str, object]]:
    """Rows of the table."""
    from spinewatch_bridge.simulator.to_file import simulate_to_file

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "day.mcap"
        simulate_to_file("office-day", path, seed=1, hours=float(DAY_H))
        day, way, batch = (_child(what, path) for what in ("offline", "causal", "live"))
        lengths = {hours: _child("long", path, str(hours)) for hours in LENGTHS_H}
    per_hour = {hours: one["s"] / hours for hours, one in lengths.items()}  # type: ignore[operator]
    slowest = max(seconds for hours, seconds in per_hour.items() if hours != DAY_H)
    peaks = {hours: one["mb"] for hours, one in lengths.items()}
    growth = (peaks[72] - peaks[24]) / 48  # type: ignore[operator]
    median = statistics.median(day["ours"])  # type: ignore[arg-type]
    return {
        "2 sensors × 8 h offline, all steps, × bare offlineVQF": _row(
            _ratio(day["ours"], day["peer"]), 1.5, "×", f"same arrays, 100 Hz, {median:.1f} s"  # type: ignore[arg-type]
        ),
        "the same read in pieces, peak memory": _row(
            max(peaks.values()), 600.0, "MB",  # type: ignore[type-var, arg-type]
            ", ".join(f"{h} h: {mb:.0f}" for h, mb in peaks.items()) + f"; {growth:.1f} MB more per hour",
        ),
        "time per hour of 1, 24 and 72 h, × that of 8 h": _row(
            slowest / per_hour[DAY_H], 1.1, "×",
            ", ".join(f"{h} h: {s:.2f} s" for h, s in per_hour.items()) + " per hour, 100 Hz; beyond 8 h tiled",
        ),
        "causal pipeline, all steps, × bare updateBatch": _row(
            _ratio(way["whole"], way["peer"]), 2.0, "×", "2 h at 100 Hz in pieces of 10 min"  # type: ignore[arg-type]
        ),
        "causal orientation alone, × bare updateBatch": _row(
            _ratio(way["oriented"], way["peer"]), 2.0, "×", "the same pieces"  # type: ignore[arg-type]
        ),
        "live, one batch of 50 ms, median": _row(
            batch["ms"][0], 1.0, "ms",  # type: ignore[index]
            f"2 × 100 Hz, all steps; 95 % below {batch['ms'][1]:.1f} ms, {batch['n']} batches",  # type: ignore[index]
        ),
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps({"offline": offline, "long": long, "causal": causal, "live": live}[sys.argv[1]](*sys.argv[2:4])))
