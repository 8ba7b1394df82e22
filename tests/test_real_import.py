"""Real recordings, imported and analysed: what is seen fits the protocol that the wearers followed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spinewatch_bridge.recording.reader import Recording
from spinewatch_monitor.analysis import Analysis, analyse_file
from spinewatch_monitor.exchange.imported import ImportRequest, RoleFile
from spinewatch_monitor.exchange.write_import import import_files
from spinewatch_signal.samples import Role


def analysed(target: Path, *files: RoleFile) -> tuple[Analysis, dict[str, Any]]:
    import_files(ImportRequest(files), target)
    return analyse_file(target)


def string_of_two(folder: Path) -> tuple[RoleFile, RoleFile]:
    return (
        RoleFile(folder / "Back_Sensor_1.csv.gz", Role.UPPER),
        RoleFile(folder / "Back_Sensor_3.csv.gz", Role.LOWER),
    )


def excursions(angle_deg: np.ndarray, beyond_deg: float, back_deg: float) -> int:
    """How often an angle goes beyond one limit after it was below the other."""
    count, ready = 0, True
    for value in angle_deg[np.isfinite(angle_deg)].tolist():
        if ready and value > beyond_deg:
            count, ready = count + 1, False
        ready = ready or value < back_deg
    return count


@pytest.mark.parametrize(
    "trial",
    ["807_pp08/QSM_20230131104830", "807_pp08/QSM_20230131105018", "807_pp02/QSM_20230125165354"],
)
def test_three_flexions_and_three_bends_to_each_side(real_data: Path, tmp_path: Path, trial: str) -> None:
    analysis, result = analysed(tmp_path / "a.mcap", *string_of_two(real_data / "trunkyxl" / trial))
    frames = analysis.frames
    assert excursions(frames.flexion_deg, 40.0, 20.0) == 3
    assert excursions(frames.lateral_deg, 25.0, 10.0) == 3
    assert excursions(-frames.lateral_deg, 25.0, 10.0) == 3
    # The deepest tilt of each person's upper back is 65-88° from upright; a found reference may be some degrees off.
    assert 60.0 <= result["trunk"]["flexion_deg"]["max"] <= 93.0
    assert frames.lumbar_deg is not None
    pelvis_deg = frames.flexion_deg - frames.lumbar_deg
    assert 10.0 <= np.nanmax(pelvis_deg) <= 40.0
    assert result["calibration"]["grade"] == "low"
    assert any("nominal" in warning for warning in result["warnings"])


def test_lost_rows_stay_gaps(real_data: Path, tmp_path: Path) -> None:
    folder = real_data / "trunkyxl" / "807_pp02" / "QSM_20230125165508"  # 19 lost rows, runs of up to 4
    _, result = analysed(tmp_path / "a.mcap", *string_of_two(folder))
    lost = {}
    for gap in result["gaps"]:
        lost[gap["sensor"]] = lost.get(gap["sensor"], 0) + gap["lost_samples"]
        assert gap["cause"] == "lost by the sensor string"
    assert lost == {"back-1": 19, "back-3": 19}
    assert result["duration_s"] == pytest.approx((1687 + 19 - 1) / 50.2, abs=0.01)


def test_all_three_units_of_a_string(real_data: Path, tmp_path: Path) -> None:
    folder = real_data / "trunkyxl" / "807_pp08" / "QSM_20230131104830"
    files = [RoleFile(folder / f"Back_Sensor_{unit}.csv.gz") for unit in (1, 2, 3)]
    _, result = analysed(tmp_path / "a.mcap", *files)
    assert list(Recording.open(tmp_path / "a.mcap").channels) == ["back-1", "back-2", "back-3"]
    assert [sensor["id"] for sensor in result["sensors"]] == ["back-1", "back-3"]
    assert any("back-2" in warning for warning in result["warnings"])


@pytest.mark.parametrize("person", ["sub2/ADLs/TXI", "sub5/ADLs/AXJ"])
def test_picking_up_standing_and_lying_down(real_data: Path, tmp_path: Path, person: str) -> None:
    def trial(task: str) -> tuple[Analysis, dict[str, Any]]:
        return analysed(tmp_path / f"{task}.mcap", RoleFile(real_data / "sfu" / f"{person}_{task}_trial1.csv.gz"))

    _, quiet = trial("SQ")
    assert quiet["trunk"]["flexion_deg"]["max"] < 5.0
    # The raw offset of the waist unit at rest is 64-69 °/s; a filter without gross bias would turn over.
    assert 60.0 < quiet["sensors"][1]["gyro_bias_deg_s"][1] < 72.0
    _, pick = trial("POG")
    assert 60.0 < pick["trunk"]["flexion_deg"]["max"] < 115.0
    assert pick["movements"]["bends_60"] == 1
    lie, figures = trial("DSL")
    assert 70.0 < float(np.nanmedian(lie.frames.inclination_deg[-10:])) < 105.0
    assert figures["activity"]["lying_s"] > 2.0
    assert figures["slouch"]["episodes"] == []
