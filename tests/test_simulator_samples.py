"""The sample recordings open, and say what they must: against their pinned figures and against their truth."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sample_recordings import FOLDER, SAMPLES, Sample, at
from spinewatch_monitor.analysis import analyse_file

LARGEST_BYTES = 2_000_000
each_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: s.name)


@cache
def analysed_file(path: Path) -> Any:
    return analyse_file(path)[1]


def analysed(sample: Sample) -> Any:
    return analysed_file(sample.recording)


def expected(sample: Sample) -> Any:
    return json.loads(sample.expected.read_text(encoding="utf-8"))


@each_sample
def test_a_sample_is_small_simulated_and_explained(sample: Sample) -> None:
    assert sample.recording.stat().st_size < LARGEST_BYTES
    assert analysed(sample)["simulated"] is True
    assert f"{sample.name}.sample.mcap" in (FOLDER / "README.md").read_text(encoding="utf-8")


@each_sample
def test_a_sample_yields_its_figures(sample: Sample) -> None:
    for path, pinned in expected(sample)["analysis"].items():
        value = at(analysed(sample), path)
        if pinned["value"] is None:
            assert value is None, path
        else:
            assert value == pytest.approx(pinned["value"], abs=pinned["within"] + 1e-9), path


@each_sample
def test_a_sample_yields_its_truth(sample: Sample) -> None:
    figures, wanted = analysed(sample), expected(sample)
    truth = wanted["truth"]
    found = [(e["start_s"], e["end_s"]) for e in figures["slouch"]["episodes"]]
    assert len(found) == len(truth["episodes"])
    for (start_s, end_s), (true_start_s, true_end_s) in zip(found, truth["episodes"], strict=True):
        assert start_s == pytest.approx(true_start_s, abs=wanted["episode_within_s"])
        assert end_s == pytest.approx(true_end_s, abs=wanted["episode_within_s"])
    assert figures["calibration"]["grade"] == "good"
    assert figures["calibration"]["lumbar_range_deg"] == pytest.approx(truth["lumbar_range_deg"], abs=1.0)
    assert figures["trunk"]["flexion_deg"]["max"] == pytest.approx(truth["flexion_max_deg"], abs=2.0)
    assert figures["trunk"]["flexion_deg"]["p50"] == pytest.approx(truth["flexion_median_deg"], abs=0.6)
    assert figures["activity"]["stooped_s"] == pytest.approx(truth["activity_s"].get("stooped", 0.0), abs=6.0)


def test_the_gap_of_a_sample_is_found_for_both_sensors() -> None:
    sample = next(s for s in SAMPLES if s.name == "lifting-with-gaps")
    gaps = [g for g in analysed(sample)["gaps"] if g["end_s"] - g["start_s"] > 5.0]
    assert {g["sensor"] for g in gaps} == {"upper_back", "pelvis"}
    for gap in gaps:
        assert gap["start_s"] == pytest.approx(200.0, abs=0.2)
        assert gap["end_s"] == pytest.approx(212.0, abs=0.2)
