"""Export to CSV: three files that come back as the same recording, with the same analysis."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path

import numpy as np
import pytest

from known_recordings import START_S, calibration_of, write
from spinewatch_bridge.blocks import Event
from spinewatch_bridge.errors import RecordingError
from spinewatch_bridge.recording.reader import Recording
from spinewatch_monitor.analysis import AnalysisCancelledError, analyse_file
from spinewatch_monitor.exchange.cells import guarded, quoted, unguarded
from spinewatch_monitor.exchange.export_csv import export_csv
from spinewatch_monitor.exchange.imported import ImportRefusedError, ImportRequest, RoleFile
from spinewatch_monitor.exchange.write_import import import_files
from spinewatch_monitor.problems import BadInputError
from spinewatch_signal.samples import Role

LEANING = [(60.0, 0.0), (100.0, 25.0), (40.0, 0.0)]
UPRIGHT = [(200.0, 0.0)]
MARK = Event("mark", START_S + 50.0, None, {"label": "=pain", "note": 'öld, "quoted"\nand long'})


SAMPLES_COLUMNS = "t_s,sensor,acc_x_m_s2,acc_y_m_s2,acc_z_m_s2,gyr_x_rad_s,gyr_y_rad_s,gyr_z_rad_s,flags"
ANGLES_COLUMNS = (
    "t_s,sensor,up_x,up_y,up_z,flexion_deg,lateral_deg,inclination_deg,sensor_uncertainty_deg,activity,slouch"
)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recording")
    events = [calibration_of("upper", "lower"), MARK]
    return write(folder / "day.mcap", {Role.UPPER: LEANING, Role.LOWER: UPRIGHT}, events, lost=(30.0, 31.0))


@pytest.fixture(scope="module")
def exported(recording: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "new"
    export_csv(recording, folder)
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_columns_are_those_of_the_design(exported: Path) -> None:
    for name, columns in (("samples", SAMPLES_COLUMNS), ("angles", ANGLES_COLUMNS)):
        assert ",".join(rows(exported / f"day_{name}.csv")[0]) == columns


def test_samples_are_exact_and_angles_are_those_of_the_analysis(recording: Path, exported: Path) -> None:
    batch = Recording.open(recording).samples("upper")
    mine = [row for row in rows(exported / "day_samples.csv") if row["sensor"] == "upper"]
    np.testing.assert_array_equal([float(row["t_s"]) for row in mine], batch.t_s)
    np.testing.assert_array_equal([float(row["acc_z_m_s2"]) for row in mine], batch.acc[:, 2])
    assert batch.gyr is not None
    np.testing.assert_array_equal([float(row["gyr_y_rad_s"]) for row in mine], batch.gyr[:, 1])
    angles = [row for row in rows(exported / "day_angles.csv") if row["sensor"] == "upper"]
    by_time = {round(float(row["t_s"]) - START_S, 2): row for row in angles}
    assert float(by_time[20.0]["flexion_deg"]) == pytest.approx(0.0, abs=0.3)
    assert float(by_time[100.0]["flexion_deg"]) == pytest.approx(25.0, abs=0.3)
    assert float(by_time[100.0]["up_z"]) == pytest.approx(np.sin(np.radians(25)), abs=0.01)
    assert [by_time[t]["slouch"] for t in (20.0, 100.0, 190.0)] == ["0", "1", "0"]
    assert by_time[100.0]["activity"] == "upright"


def test_the_export_comes_back_with_the_same_analysis(recording: Path, exported: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.mcap"
    import_files(ImportRequest((RoleFile(exported / "day_samples.csv"),)), again)
    (first, before), (second, after) = analyse_file(recording), analyse_file(again)
    assert {**after, "file": before["file"]} == before
    np.testing.assert_array_equal(second.frames.flexion_deg, first.frames.flexion_deg)
    one, two = Recording.open(recording), Recording.open(again)
    assert two.events == one.events
    assert dict(two.session) == dict(one.session)
    assert [channel.sensor for channel in two.channels.values()] == [c.sensor for c in one.channels.values()]


def test_files_are_private_and_never_overwritten(recording: Path, exported: Path) -> None:
    for path in exported.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    with pytest.raises(BadInputError, match="never overwritten"):
        export_csv(recording, exported)


def test_nothing_is_left_when_it_is_stopped_or_fails(recording: Path, tmp_path: Path) -> None:
    answers = iter([False] * 6)
    with pytest.raises(AnalysisCancelledError):
        export_csv(recording, tmp_path, cancelled=lambda: next(answers, True))
    answers = iter([False] * 6)
    with pytest.raises(AnalysisCancelledError):
        export_csv(recording, tmp_path / "new" / "deep", cancelled=lambda: next(answers, True))
    (tmp_path / "bad.mcap").write_bytes(b"\x89MCAP0\r\n")
    with pytest.raises(RecordingError):
        export_csv(tmp_path / "bad.mcap", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.mcap"]


def test_progress_rises_to_one(recording: Path, tmp_path: Path) -> None:
    shares: list[float] = []
    export_csv(recording, tmp_path, shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.parametrize("text", ["=1+1", "+x", "-x", "@x", "'", "'=x", "plain", "", "a,b", 'say "x"', '"x"'])
def test_no_cell_is_taken_for_a_formula_and_all_come_back(text: str) -> None:
    cell = guarded(text)
    assert not cell.startswith(("=", "+", "-", "@"))
    assert unguarded(cell) == text
    assert next(csv.reader([quoted(cell)])) == ([text] if cell == text and text else [cell] if cell else [])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda meta: meta.update(version=99), "newer than this program"),
        (lambda meta: meta.update(format="other"), "no meta file of a spinewatch export"),
        (lambda meta: meta.pop("events"), "the entry at the top is not as it must be"),
        (lambda meta: meta["events"][0].update(kind="spell"), "an event of the kind 'spell'"),
        (lambda meta: meta["sensors"].pop(), "that this file does not know"),
        (lambda meta: meta["sensors"][0].update(site="elbow"), "a sensor that cannot be"),
    ],
)
def test_a_meta_file_that_does_not_fit_is_refused(exported: Path, tmp_path: Path, change: object, why: str) -> None:
    meta = json.loads((exported / "day_meta.json").read_text("utf-8"))
    change(meta)  # type: ignore[operator]
    (tmp_path / "day_meta.json").write_text(json.dumps(meta))
    (tmp_path / "day_samples.csv").write_bytes((exported / "day_samples.csv").read_bytes())
    with pytest.raises(ImportRefusedError, match=why):
        import_files(ImportRequest((RoleFile(tmp_path / "day_samples.csv"),)), tmp_path / "x.mcap")
    assert not (tmp_path / "x.mcap").exists()
