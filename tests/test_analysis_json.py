"""`analyze --json`: figures that are known on paper, and the schema that scripts depend on."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from known_recordings import START_S, calibration_of, write
from spinewatch_bridge.blocks import Event
from spinewatch_monitor.analysis import AnalysisCancelledError, analyse_file
from spinewatch_monitor.analysis_json import SCHEMA_NAME
from spinewatch_monitor.analysis_worker import analyse_in_process
from spinewatch_monitor.problems import BadInputError
from spinewatch_signal.samples import Role

# 60 s upright, 100 s leaning 25° forward (beyond the 15° of the threshold), 60 s upright again.
LEANING = [(60.0, 0.0), (100.0, 25.0), (60.0, 0.0)]
UPRIGHT = [(220.0, 0.0)]

# Of schema/analysis.schema.json: when it changes, say so in the changelog.
SCHEMA_SHA256 = "811b663f3edbdc381eb553179840b9ba26ea782cfa58dfb76d358f3d0f51521a"


def schema() -> dict[str, Any]:
    text = (files("spinewatch_monitor") / "schema" / "analysis.schema.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def analysed(path: Path) -> dict[str, Any]:
    _, result = analyse_file(path)
    jsonschema.validate(json.loads(json.dumps(result, allow_nan=False)), schema())
    return result


def test_the_schema_is_pinned() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert schema()["$id"] == SCHEMA_NAME
    canonical = json.dumps(schema(), sort_keys=True).encode()
    assert hashlib.sha256(canonical).hexdigest() == SCHEMA_SHA256


def test_every_field_of_the_design_is_there() -> None:
    fields = (
        "schema file source start_utc utc_offset_s duration_s valid_s worn_s estimator algorithm_version parameters "
        "sensors gaps calibration trunk lumbar activity steps slouch longest_still_s posture_changes_per_h exposure "
        "movements health warnings"
    )
    assert set(fields.split()) <= set(schema()["required"])
    groups = ("trunk", "lumbar", "activity", "slouch", "exposure", "movements", "walking", "sitting", "rhythm")
    for group in groups:
        assert {"valid_s", "doubtful_s", "reason"} <= set(schema()["$defs"][group]["required"])


def test_one_sensor_with_a_calibration(tmp_path: Path) -> None:
    result = analysed(write(tmp_path / "a.mcap", {Role.UPPER: LEANING}, [calibration_of("upper")]))
    assert result["start_utc"] == "2026-03-02T07:30:00Z"
    assert result["duration_s"] == pytest.approx(219.98)
    assert result["valid_s"] == pytest.approx(220.0, abs=0.3)
    assert result["trunk"]["flexion_deg"]["p10"] == pytest.approx(0.0, abs=0.3)
    assert result["trunk"]["flexion_deg"]["p90"] == pytest.approx(25.0, abs=0.3)
    assert result["trunk"]["zones_s"][">20"] == pytest.approx(100.0, abs=1.0)
    assert result["lumbar"] is None
    assert result["calibration"]["grade"] == "good"
    assert result["calibration"]["threshold_on_deg"] == 15.0
    assert result["sensors"][0]["rate_hz"] == pytest.approx(50.0, abs=0.01)
    (episode,) = result["slouch"]["episodes"]
    # The turn is a half cosine of 1 s: 15° of 25° at acos(1 - 2 * 15 / 25) / pi = 0.564 s; down through 10° alike.
    assert episode["start_s"] == pytest.approx(60.564, abs=0.15)
    assert episode["end_s"] == pytest.approx(160.564, abs=0.15)
    assert episode["peak_deg"] == pytest.approx(25.0, abs=0.3)
    assert result["slouch"]["total_s"] == pytest.approx(100.0, abs=1.5)
    activity = result["activity"]
    assert sum(value for name, value in activity.items() if name not in ("valid_s", "reason")) == pytest.approx(
        result["worn_s"]
    )


def test_two_sensors_give_lumbar_flexion(tmp_path: Path) -> None:
    plans = {Role.UPPER: LEANING, Role.LOWER: UPRIGHT}
    result = analysed(write(tmp_path / "a.mcap", plans, [calibration_of("upper", "lower")]))
    assert result["lumbar"]["sensors"] == ["upper", "lower"]
    assert result["lumbar"]["flexion_deg"]["p90"] == pytest.approx(25.0, abs=0.4)
    assert [sensor["role"] for sensor in result["sensors"]] == ["upper", "lower"]


def test_the_groups_of_movement_and_exposure(tmp_path: Path) -> None:
    # Twelve fast bends by 80° and back within 2 s each, 18 s apart, after a minute upright; then two minutes at 25°.
    bends = [leg for _ in range(12) for leg in ((1.0, 80.0), (18.0, 0.0))]
    plan = [(60.0, 0.0), *bends, (120.0, 25.0), (400.0, 0.0)]
    result = analysed(write(tmp_path / "a.mcap", {Role.UPPER: plan}, [calibration_of("upper")]))
    assert result["movements"]["bends_60"] == 12
    quarters = result["movements"]["valid_s"] / 900
    assert result["movements"]["bends_per_15min"] == pytest.approx(12 / quarters, rel=0.01)
    kinds = [movement["kind"] for movement in result["risky"]]
    assert kinds.count("fast_deep_bend") == 12
    assert kinds.count("frequent_bends") == 1
    exposure = result["exposure"]
    assert exposure["iso_11226"]["largest"] == pytest.approx(120 / (60 * (4 - 3 * 5 / 40)), rel=0.03)
    assert exposure["en_1005_4"]["forward_s"]["20-60"] == pytest.approx(120, abs=12)
    assert exposure["en_1005_4"]["frequent_min"][">60"] >= 3
    assert exposure["apdf"]["range"] == pytest.approx(25, abs=1)
    assert sum(map(sum, exposure["eva"]["percent"])) == pytest.approx(100, abs=0.01)
    assert exposure["angular_speed"]["flexion_deg_s"]["max"] > 100
    assert result["slouch"]["episodes"][0]["context"] in ("upright", "sitting", "standing")
    assert result["steps"] == result["walking"]["steps"]


def test_calibration_steps_are_used_where_no_calibration_is(tmp_path: Path) -> None:
    bends = [(10.0, 0.0), *[(3.0, 45.0), (3.0, 0.0)] * 3, (60.0, 0.0)]
    steps = {"still": [START_S + 1, START_S + 9], "bends": [START_S + 9, START_S + 30]}
    path = write(tmp_path / "a.mcap", {Role.UPPER: bends}, [Event("calibration_steps", START_S + 30, None, steps)])
    result = analysed(path)
    assert result["calibration"]["method"] == "guided"
    assert result["trunk"]["flexion_deg"]["max"] == pytest.approx(45.0, abs=1.0)
    assert result["movements"]["bends_30"] == 3


def test_without_either_a_reference_is_found_and_graded_low(tmp_path: Path) -> None:
    result = analysed(write(tmp_path / "a.mcap", {Role.UPPER: LEANING}))
    assert (result["calibration"]["method"], result["calibration"]["grade"]) == ("found", "low")


def test_a_recording_that_is_never_still_is_blank_with_a_reason(tmp_path: Path) -> None:
    wild = [(0.5, 40.0 * (k % 2)) for k in range(120)]
    result = analysed(write(tmp_path / "a.mcap", {Role.UPPER: wild}))
    assert result["calibration"] is None
    assert result["trunk"]["flexion_deg"] is None
    assert result["trunk"]["reason"]
    assert result["slouch"]["total_s"] is None
    assert any("reference" in warning for warning in result["warnings"])


def test_a_gap_is_told_with_its_cause(tmp_path: Path) -> None:
    data = {"start_s": START_S + 100, "end_s": START_S + 110, "lost_samples": None, "cause": "out of range"}
    event = Event("gap", START_S + 100, "upper", data)
    path = write(tmp_path / "a.mcap", {Role.UPPER: UPRIGHT}, [event, calibration_of("upper")], lost=(100.0, 110.0))
    (gap,) = analysed(path)["gaps"]
    assert gap["sensor"] == "upper"
    assert gap["start_s"] == pytest.approx(100.0, abs=0.03)
    assert gap["end_s"] == pytest.approx(110.0, abs=0.03)
    assert gap["cause"] == "out of range"


def test_a_calibration_of_other_sensors_is_left_out_with_a_warning(tmp_path: Path) -> None:
    result = analysed(write(tmp_path / "a.mcap", {Role.UPPER: UPRIGHT}, [calibration_of("another")]))
    assert any("not of all its sensors" in warning for warning in result["warnings"])


def test_an_analysis_can_be_stopped(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mcap", {Role.UPPER: UPRIGHT})
    with pytest.raises(AnalysisCancelledError):
        analyse_file(path, cancelled=lambda: True)


def test_a_worker_process_gives_the_same_result_and_progress(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mcap", {Role.UPPER: LEANING}, [calibration_of("upper")])
    shares: list[float] = []
    analysis, result = analyse_in_process(path, shares.append).future.result(timeout=60)
    assert result == analysed(path)
    np.testing.assert_array_equal(analysis.frames.flexion_deg, analyse_file(path)[0].frames.flexion_deg)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_worker_process_hands_on_errors_and_can_be_stopped(tmp_path: Path) -> None:
    (tmp_path / "junk.mcap").write_bytes(b"junk")
    failed, stopped = analyse_in_process(tmp_path / "junk.mcap"), analyse_in_process(tmp_path / "junk.mcap")
    stopped.cancel()
    with pytest.raises(BadInputError, match="not a recording"):
        failed.future.result(timeout=60)
    with pytest.raises(AnalysisCancelledError):
        stopped.future.result(timeout=60)


def test_nobody_but_cancel_ends_a_job(tmp_path: Path) -> None:
    (tmp_path / "junk.mcap").write_bytes(b"junk")
    job = analyse_in_process(tmp_path / "junk.mcap")
    assert not job.future.cancel()  # a loop that is closed does this to what it waited for
    with pytest.raises(BadInputError):
        job.future.result(timeout=60)
