"""Whatever is given: one line that says what is wrong and what to do, exit code 2, nothing written."""

from __future__ import annotations

import gzip
import logging
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import numpy as np
import pytest

from known_recordings import write
from made_tables import own_csv
from spinewatch_bridge.blocks import Block, SensorChannel
from spinewatch_bridge.errors import LinkLostError, PortBusyError, RecordingError, RecordingWriteError
from spinewatch_bridge.recording.whole import write_recording
from spinewatch_monitor.cli import TOLD_TOO_MUCH, run, set_up_log
from spinewatch_monitor.cli_errors import explain
from spinewatch_monitor.problems import BadInputError
from spinewatch_signal.samples import Role, SensorInfo


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SPINEWATCH_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_sample_times_that_can_be_no_sensors(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    t_s = np.concatenate([1.7e9 + 0.1 * k + np.arange(10) * 2e-4 for k in range(300)])
    block = Block("upper", np.tile(np.int16([0, 0, 2048, 0, 0, 0]), (3000, 1)), np.zeros(3000, np.uint8), t_s)
    write_recording(place / "x.mcap", {}, [SensorChannel(SensorInfo("upper", "made"), 9.8 / 2048, 1e-3)], [block])
    assert "x.mcap cannot be analysed" in refused(place, capsys, "analyze", "x.mcap")


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def refused(place: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run it; check what holds for all bad input; return the line."""
    before = files_in(place)
    capsys.readouterr()
    code = run(arguments)
    out, err = capsys.readouterr()
    assert code == 2, err
    assert out == ""
    assert len(err.splitlines()) == 1, err
    assert "Traceback" not in err
    assert err.strip().endswith((".", ")"))
    assert files_in(place) == before
    return err


def make(place: Path, kind: str) -> Path:
    """A file of this kind of badness, called x.csv or x.mcap."""
    path = place / ("x.csv" if kind.startswith("csv") else "x.mcap")
    good_csv = own_csv(place / "good.csv").read_text()
    good_mcap = write(place / "good.mcap", {Role.UPPER: [(20.0, 0.0)]}).read_bytes()
    bytes_of: dict[str, Callable[[], bytes]] = {
        "csv empty": lambda: b"",
        "csv binary": lambda: bytes(range(256)) * 40,
        "csv other table": lambda: b"name,age\nEva,7\n",
        "csv NaN": lambda: good_csv.replace("9.80665", "nan", 1).encode(),
        "csv wrong unit": lambda: good_csv.replace("m_s2", "g").encode(),
        "csv cut gz": lambda: gzip.compress(good_csv.encode())[:2000],
        "mcap empty": lambda: b"",
        "mcap junk": lambda: os.urandom(5000),
        "mcap cut": lambda: good_mcap[: len(good_mcap) // 2],
        "mcap is csv": lambda: good_csv.encode(),
    }
    path.write_bytes(bytes_of[kind]())
    return path


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("csv empty", "empty"),
        ("csv binary", "not a text file"),
        ("csv other table", "no known kind of table"),
        ("csv NaN", "line 2, column acc_x_m_s2: 'nan' is not a number"),
        ("csv wrong unit", "look like m/s²"),
        ("csv cut gz", "cut or damaged"),
    ],
)
def test_import(place: Path, capsys: pytest.CaptureFixture[str], kind: str, says: str) -> None:
    assert says in refused(place, capsys, "import", str(make(place, kind)), "--to", "out.mcap")


@pytest.mark.parametrize("command", [["analyze"], ["analyze", "--json"], ["info"], ["replay"]])
@pytest.mark.parametrize("kind", ["mcap empty", "mcap junk", "mcap cut", "mcap is csv"])
def test_recordings(place: Path, capsys: pytest.CaptureFixture[str], command: list[str], kind: str) -> None:
    assert "x.mcap" in refused(place, capsys, *command, str(make(place, kind)))


@pytest.mark.parametrize(
    "command", [["analyze"], ["info"], ["replay"], ["recover"], ["export", "--to", "csv", "--out", "o"]]
)
def test_no_such_file_and_a_folder(place: Path, capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    (place / "folder").mkdir()
    assert "nothere.mcap" in refused(place, capsys, *command, "nothere.mcap")
    assert "folder" in refused(place, capsys, *command, "folder")


@pytest.mark.parametrize("suffix", ["mcap", "mcap.part"])
@pytest.mark.parametrize("size", [0, 60, 2000])
def test_recover_says_each_name_once(place: Path, capsys: pytest.CaptureFixture[str], suffix: str, size: int) -> None:
    good = write(place / "good.mcap", {Role.UPPER: [(20.0, 0.0)]})
    (place / f"x.{suffix}").write_bytes(good.read_bytes()[:size])
    capsys.readouterr()
    assert run(["recover", f"x.{suffix}"]) == 2
    said = capsys.readouterr().err
    assert len(re.findall(rf"x\.{suffix}(?!\.unreadable)", said)) == 1, said
    run(["recover", "good.mcap"])
    assert capsys.readouterr().out == "good.mcap: It is whole; nothing had to be recovered.\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["import", "nothere.csv", "--to", "out.mcap"], "there is no such file"),
        (["import", "folder", "--to", "out.mcap"], "this is a folder"),
        (["import", "middle=a.csv", "--to", "out.mcap"], "'middle' is no role"),
        (["import", "a.csv", "--to", "out.wav"], "must end in .mcap"),
        (["import", "a.csv", "--to", "nowhere/out.mcap"], "does not exist"),
        (["import", "a.csv", "--to", "out.mcap", "--start", "soon"], "no date and time"),
        (["import", "a.csv", "--to", "out.mcap", "--profile", "xsens"], "xsens"),
        (["simulate", "moon-walk", "--out", "out.mcap"], "moon-walk"),
        (["simulate", "office-day", "--out", "out.mcap", "--sensors", "knee"], "upper_back"),
        (["replay", "a.mcap", "--speed", "-1"], "no speed"),
        (["record", "serial:/dev/ttyNOTHERE"], "does not exist"),
        (["record", "ble:sensor"], "its name does not tell what kind of sensor it is"),
        (["record", "nonsense"], "it does not say what it is"),
        (["record", "replay:a.mcap"], "a replay is a recording already"),
        (["record", "sim:moon-walk"], "there is no scenario"),
        (["record"], "Missing argument"),
        (["frobnicate"], "No such command"),
        (["--page", "yesterday"], "yesterday"),
    ],
)
def test_arguments(place: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str) -> None:
    (place / "folder").mkdir()
    assert says in refused(place, capsys, *arguments)


def test_nothing_is_ever_overwritten(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "out.mcap").write_bytes(b"mine")
    (place / "new_truth.csv").write_bytes(b"mine")
    own_csv(place / "a.csv")
    for arguments in (
        ["import", "a.csv", "--to", "out.mcap"],
        ["record", "sim:office-day", "--out", "out.mcap"],
        ["simulate", "office-day", "--out", "out.mcap"],
        ["simulate", "office-day", "--out", "new.mcap"],
    ):
        assert "never overwritten" in refused(place, capsys, *arguments)
    assert (place / "out.mcap").read_bytes() == b"mine"


def test_a_port_that_another_program_holds(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fcntl = pytest.importorskip("fcntl", reason="pseudo-terminals exist only on Linux and macOS")
    master, slave = os.openpty()
    try:
        fcntl.flock(slave, fcntl.LOCK_EX | fcntl.LOCK_NB)
        name = os.ttyname(slave)
        assert f"{name} is in use by another program" in refused(place, capsys, "record", f"serial:{name}")
    finally:
        os.close(master)
        os.close(slave)


def test_a_port_that_is_no_port(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "is not a serial port" in refused(place, capsys, "record", "serial:/dev/null")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_no_permission(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = own_csv(place / "a.csv")
    path.chmod(0)
    assert "permission" in refused(place, capsys, "import", "a.csv", "--to", "out.mcap").lower()


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (BadInputError("Two\nlines \x1b[31m."), 2, "Two lines  [31m."),
        (PortBusyError("COM3"), 2, "COM3"),
        (LinkLostError("unplugged"), 1, "unplugged"),
        (RecordingError("a.mcap is empty."), 2, "a.mcap is empty"),
        (RecordingWriteError("Recording stopped: the disk is full."), 1, "the disk is full"),
        (PermissionError(13, "Permission denied", "a.csv"), 2, "a.csv: no permission"),
        (OSError(28, "No space left on device"), 1, "The disk is full"),
        (KeyboardInterrupt(), 1, "Nothing was left half written"),
        (KeyboardInterrupt("Stopped before the end."), 1, "Stopped before the end."),
        (click.UsageError("Odd"), 2, "spinewatch --help"),
        (MemoryError(), 1, "memory"),
        (ZeroDivisionError("division by zero"), 1, "--debug"),
    ],
)
def test_every_error_is_one_line_and_a_code(error: BaseException, code: int, says: str) -> None:
    text, found = explain(error)
    assert found == code
    assert says in text
    assert "\n" not in text


def test_debug_shows_where_it_came_from(place: Path) -> None:
    with pytest.raises(Exception, match=r"nothere\.mcap"):
        run(["--debug", "info", "nothere.mcap"])


@pytest.fixture
def levels() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in ("", *TOLD_TOO_MUCH)]
    before = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


@pytest.mark.usefixtures("levels")
def test_debug_leaves_out_who_is_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "basicConfig", lambda level: logging.getLogger().setLevel(level))
    set_up_log(debug=True)
    assert logging.getLogger("spinewatch_bridge.link").isEnabledFor(logging.DEBUG)
    for name in ("bleak.backends.bluezdbus.manager", "bumble.host"):
        assert not logging.getLogger(name).isEnabledFor(logging.DEBUG)


def test_an_interruption_says_what_became_of_the_recording(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt("Stopped before the recording was finished.")

    monkeypatch.setattr("spinewatch_monitor.headless.record_headless", interrupted)
    assert run(["record", "sim:office-day"]) == 1
    assert capsys.readouterr().err.strip() == "Stopped before the recording was finished."
