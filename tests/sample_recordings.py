"""The sample recordings in ``recordings/``: how they are made, and what is expected of them.

``python tests/sample_recordings.py`` makes them anew, with fresh expectations. Do that only when the file format or the
samples themselves must change; otherwise the old files are the proof that old files still open and still say the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spinewatch_bridge.simulator.faults import Faults
from spinewatch_bridge.simulator.simulate import SimulatedRecording
from spinewatch_bridge.simulator.to_file import simulate_to_file
from spinewatch_bridge.simulator.truth import GRID_S, TrueActivity
from spinewatch_monitor.analysis import analyse_file

FOLDER = Path(__file__).resolve().parents[1] / "recordings"

TOLERANCES = {
    "duration_s": 0.1,
    "valid_s": 2.0,
    "sensors.0.rate_hz": 0.05,
    "sensors.1.rate_hz": 0.05,
    "sensors.0.loss_percent": 0.1,
    "sensors.1.loss_percent": 0.1,
    "calibration.lumbar_range_deg": 0.5,
    "calibration.threshold_on_deg": 0.5,
    "trunk.flexion_deg.p50": 0.3,
    "trunk.flexion_deg.p95": 1.0,
    "trunk.flexion_deg.max": 1.0,
    "trunk.lateral_deg.p5": 0.5,
    "trunk.lateral_deg.p95": 0.5,
    "lumbar.flexion_deg.p50": 0.5,
    "lumbar.flexion_deg.max": 1.0,
    "activity.lying_s": 0.1,
    "activity.stooped_s": 3.0,
    "slouch.total_s": 8.0,
    "movements.bends_30": 0.0,
    "movements.bends_60": 0.0,
}
"""Figures of `analyze --json` that a sample pins, and how far a better estimator may move them."""

EPISODE_WITHIN_S = 6.0
"""An episode may begin and end this far from the truth: half a degree at the speed of a creeping slouch."""


@dataclass(frozen=True, slots=True)
class Sample:
    """How a sample is made."""

    name: str
    scenario: str
    seed: int
    hours: float | None
    faults: Faults

    @property
    def recording(self) -> Path:
        """The file."""
        return FOLDER / f"{self.name}.sample.mcap"

    @property
    def expected(self) -> Path:
        """What it must yield."""
        return FOLDER / f"{self.name}.expected.json"


SAMPLES = (
    Sample("office-15min", "office-day", 1, 0.25, Faults()),
    Sample("rom-test", "rom-test", 2, None, Faults()),
    Sample("lifting-with-gaps", "lifting", 3, 0.1, Faults(packet_loss=0.01, link_drops=((200.0, 212.0),))),
)


def at(figures: Any, path: str) -> Any:
    """The value at a dotted path of an analysis object."""
    for key in path.split("."):
        figures = figures[int(key)] if isinstance(figures, list) else figures[key]
    return figures


def truth_figures(simulated: SimulatedRecording) -> dict[str, Any]:
    """What is true, as far as an analysis can be held to it; seconds from the start."""
    truth, start_s = simulated.truth, simulated.start_s
    seconds = {a.name.lower(): round(float((truth.activity == a).sum() * GRID_S), 1) for a in TrueActivity}
    return {
        "episodes": [[round(e.start_s - start_s, 1), round(e.end_s - start_s, 1)] for e in truth.episodes],
        "lumbar_range_deg": round(truth.lumbar_range_deg, 2),
        "flexion_max_deg": round(float(truth.flexion_deg.max()), 2),
        "flexion_median_deg": round(float(np.median(truth.flexion_deg)), 2),
        "activity_s": {name: value for name, value in seconds.items() if value},
    }


def write(sample: Sample) -> None:
    """Make a sample and its expectations."""
    made = simulate_to_file(
        sample.scenario, sample.recording, sample.seed, hours=sample.hours, faults=sample.faults, replace=True
    )
    made.truth.unlink()
    _, figures = analyse_file(sample.recording)
    expected = {
        "truth": truth_figures(made.simulated),
        "analysis": dict(_pinned(figures)),
        "episode_within_s": EPISODE_WITHIN_S,
    }
    sample.expected.write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")


def _pinned(figures: Any) -> Iterator[tuple[str, dict[str, float]]]:
    for path, within in TOLERANCES.items():
        yield path, {"value": at(figures, path), "within": within}


if __name__ == "__main__":
    for each in SAMPLES:
        write(each)
