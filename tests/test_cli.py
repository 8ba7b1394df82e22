"""The command line that scripts depend on: names, outputs, exit codes."""

from __future__ import annotations

import builtins
import errno
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from known_recordings import calibration_of, write
from made_tables import own_csv, qsense
from spinewatch_bridge.blocks import Block
from spinewatch_bridge.recording.reader import Recording
from spinewatch_bridge.recording.writer import RecordingWriter
from spinewatch_monitor.cli import cli, run
from spinewatch_monitor.cli_analysis import analysis_table
from spinewatch_monitor.judged_by import as_recorded
from spinewatch_monitor.settings import Settings, save_settings
from spinewatch_signal.samples import Role

LEANING = [(40.0, 0.0), (60.0, 25.0), (40.0, 0.0)]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("SPINEWATCH_HOME", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return write(tmp_path / "day.mcap", {Role.UPPER: LEANING}, [calibration_of("upper")])


def test_the_commands_are_those_of_the_design() -> None:
    names = "demo scan record replay analyze import export info recover report simulate doctor log"
    assert set(cli.commands) == set(names.split())


def test_help_and_version_import_nothing_heavy() -> None:
    code = (
        "import sys; from spinewatch_monitor.cli import run; run(['--help']); run(['--version']);"
        "heavy = {'numpy', 'scipy', 'vqf', 'PySide6', 'pyqtgraph', 'mcap', 'rich', 'serial'} & set(sys.modules);"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "not a medical device" in " ".join(done.stdout.split()).lower()
    assert "spinewatch 0." in done.stdout


def test_import_info_analyze_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [f"upper={qsense(tmp_path, 1)}", f"lower={qsense(tmp_path, 3)}"]
    target = tmp_path / "bend.mcap"
    assert run(["import", *files, "--to", str(target), "--start", "2026-03-02T09:15:00+01:00"]) == 0
    out, err = capsys.readouterr()
    assert "back-1 (upper, upper_back), back-3 (lower, pelvis); 12 s" in out
    assert "nominal" in err
    assert run(["info", str(target), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert [sensor["samples"] for sensor in facts["sensors"]] == [602, 602]
    assert (facts["start_utc"], facts["utc_offset_s"]) == ("2026-03-02T08:15:00Z", 3600)
    assert run(["analyze", "--json", str(target)]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["trunk"]["flexion_deg"]["max"] == pytest.approx(60.0, abs=2.0)
    assert run(["export", str(target), "--to", "csv", "--out", str(tmp_path / "csv")]) == 0
    assert sorted(path.name for path in (tmp_path / "csv").iterdir()) == [
        "bend_angles.csv",
        "bend_meta.json",
        "bend_samples.csv",
    ]


def test_analyze_prints_one_line_per_file_and_goes_on_after_a_bad_one(
    tmp_path: Path, recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.mcap").write_bytes(b"junk")
    assert run(["analyze", "--json", str(recording), str(tmp_path / "bad.mcap"), str(recording)]) == 2
    out, err = capsys.readouterr()
    assert [json.loads(line)["file"] for line in out.splitlines()] == ["day.mcap", "day.mcap"]
    assert len(err.splitlines()) == 1
    assert "bad.mcap" in err


def test_analyze_for_people_names_what_matters(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["analyze", str(recording)]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "calibrated, grade good; away means beyond 15° of trunk flexion" in text
    assert "1 episode" in text
    for line in ("Walking none", "Held bent", "Speed of turning", "Small changes"):
        assert line in text
    for word in ("bad posture", "poor", "correct posture"):
        assert word not in text


def test_limits_that_were_not_read_in_their_source_are_called_provisional(capsys: pytest.CaptureFixture[str]) -> None:
    sample = Path(__file__).resolve().parents[1] / "recordings" / "lifting-with-gaps.sample.mcap"
    assert run(["analyze", "--json", str(sample)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"iso_11226", "en_1005_4", "eva", "sitting", "risky"} == set(found["exposure"]["provisional"])
    assert re.search(r"Fast or frequent \d+ fast, deep bends, .* \(limits provisional\)", _table(found))


def test_what_has_no_ground_is_blank_and_an_angle_is_never_minus_nothing(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["analyze", "--json", str(recording)]) == 0
    found = json.loads(capsys.readouterr().out)
    found["trunk"]["flexion_deg"]["p10"] = -0.4
    assert "usually 0° to" in _table(found)
    reason = "no calibration: angles have no meaning yet"
    found["trunk"] |= {"flexion_deg": None, "reason": reason}
    text = _table(found | {"longest_still_s": None, "posture_changes_per_h": None})
    assert f"Longest still blank: {reason} Posture changes blank: {reason}" in text


def _table(found: dict[str, Any]) -> str:
    with Console(width=300, file=io.StringIO()) as console, console.capture() as shown:
        console.print(analysis_table(found))
    return " ".join(shown.get().split())


def test_analyze_tells_the_share_of_the_lumbar_spine(capsys: pytest.CaptureFixture[str]) -> None:
    sample = Path(__file__).resolve().parents[1] / "recordings" / "rom-test.sample.mcap"
    assert run(["analyze", str(sample)]) == 0
    assert re.search(r"Lumbar share \d+ % of a bend, median of 6 bends", " ".join(capsys.readouterr().out.split()))


def test_simulate_writes_the_recording_and_its_truth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "sim.mcap"
    start = "2026-05-04T08:00:00+02:00"
    assert run(["simulate", "office-day", "--out", str(target), "--hours", "0.2", "--start", start]) == 0
    assert (tmp_path / "sim_truth.csv").is_file()
    simulated = Recording.open(target)
    assert simulated.simulated
    assert simulated.start_s == pytest.approx(1_777_874_400.0, abs=1.0)
    assert "simulated" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["bids", "parquet"])
def test_what_comes_later_says_so(
    kind: str, tmp_path: Path, recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["export", str(recording), "--to", kind, "--out", str(tmp_path)]) == 2
    assert run(["report", str(recording)]) == 2
    err = capsys.readouterr().err
    assert err.count("comes later") == 2
    assert len(err.splitlines()) == 2


def test_record_a_simulated_sensor(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home.mkdir(exist_ok=True)
    save_settings(home / "settings.json", Settings(threshold_on_deg=22.0, reminder_delay_s=30.0))
    assert run(["record", "sim:office-day?speed=10", "--seconds", "5"]) == 0
    (path,) = (home / "recordings").iterdir()
    recorded = Recording.open(path)
    assert recorded.simulated
    assert as_recorded(Settings(), recorded.session) == Settings(threshold_on_deg=22.0, reminder_delay_s=30.0)
    assert 4.0 < recorded.duration_s < 15.0  # ends with the batch that is under way, at ten times life
    assert path.name in capsys.readouterr().out


@pytest.mark.parametrize("trouble", ["full", "gone"])
def test_a_disk_that_fails_while_recording_is_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    folder = tmp_path / "day"
    folder.mkdir()
    write = RecordingWriter.write

    def fail(writer: RecordingWriter, block: Block) -> None:
        if trouble == "full":
            monkeypatch.setattr(os, "fsync", full)
        elif folder.exists():
            shutil.rmtree(folder)
        write(writer, block)

    def full(_fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(RecordingWriter, "write", fail)
    assert run(["record", "sim:office-day?speed=50", "--out", str(folder / "a.mcap"), "--seconds", "500"]) == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert ("spinewatch recover" if trouble == "full" else "is gone") in said.splitlines()[-1]


def test_record_ends_in_good_order_on_sigterm(tmp_path: Path) -> None:
    target = tmp_path / "out.mcap"
    command = [sys.executable, "-m", "spinewatch_monitor.cli", "record", "sim:office-day", "--out", str(target)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "connected" in line:
            break
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0
    process.stderr.close()
    assert Recording.open(target).result["clean"]
    assert not target.with_suffix(".mcap.part").exists()


def test_record_first_recovers_what_an_earlier_run_left(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(home.parent / "source.mcap", {Role.UPPER: LEANING})
    session = {"source": "made", "start_utc": "2026-03-02T07:30:00Z", "utc_offset_s": 0, "app_version": "0"}
    writer = RecordingWriter(home / "recordings" / "left.mcap", session)
    opened = Recording.open(source)
    writer.add_channel(opened.channels["upper"])
    for item in opened.items():
        if hasattr(item, "values"):
            writer.write(item)
    writer.close()
    assert run(["record", "sim:office-day?speed=50", "--seconds", "1"]) == 0
    assert "left.mcap had not been finished" in capsys.readouterr().err
    assert Recording.open(home / "recordings" / "left.mcap").sample_counts == {"upper": 7000}


def test_recover_names_what_it_saved(tmp_path: Path, recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(recording.read_bytes()[:-400])
    assert run(["info", str(cut)]) == 2
    assert "spinewatch recover" in capsys.readouterr().err
    assert run(["recover", str(cut)]) == 0
    assert Recording.open(tmp_path / "cut-recovered.mcap").sample_counts == {"upper": 7000}


def test_import_of_our_own_csv_with_units_by_option(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    header = "t_s,acc_x,acc_y,acc_z,gyr_x,gyr_y,gyr_z"
    path = own_csv(tmp_path / "a.csv", header, 1 / 9.80665, 57.29577951308232)
    units = ["--acc-unit", "g", "--gyr-unit", "deg_s", "--upper-site", "t12"]
    assert run(["import", str(path), "--to", str(tmp_path / "a.mcap"), *units]) == 0
    assert "upper (upper, t12)" in capsys.readouterr().out


def test_doctor_looks_at_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor"]) in (0, 1)
    text = capsys.readouterr().out
    for name in ("Python", "Packages", "Serial port", "Data folder", "Disk", "Screen"):
        assert name in text


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], ""),
        (["--speed", "10"], "With --ble sensors run live, so --speed has no effect."),
        (["--speed", "10", "--out", "here"], "With --ble sensors run live, so --speed and --out have no effect."),
    ],
)
def test_options_that_mean_nothing_to_live_sensors_are_not_ignored_in_silence(
    options: list[str], says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("spinewatch_monitor.demo_ble.show_sensors_as_text", lambda _seed: 0)
    assert run(["demo", "--ble", *options]) == 0
    assert " ".join(capsys.readouterr().err.split()) == says


def test_the_demo_without_screen_libraries_says_what_to_install_and_gives_the_figures(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def recording_of(*_: object) -> Path:
        return write(Path.cwd() / "demo.mcap", {Role.UPPER: LEANING}, [calibration_of("upper")])

    def broken(name: str, *rest: Any) -> Any:
        if name == "spinewatch_monitor.app":
            raise ImportError("libEGL.so.1: cannot open shared object file: No such file or directory")
        return real_import(name, *rest)

    real_import = builtins.__import__
    monkeypatch.setattr("spinewatch_monitor.demo_day.demo_recording", recording_of)
    monkeypatch.setattr(builtins, "__import__", broken)
    assert run(["demo"]) == 0
    out, err = capsys.readouterr()
    assert "libEGL.so.1" in err
    assert "apt-get install libegl1" in err
    assert "Away from reference" in out
    assert run([]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
