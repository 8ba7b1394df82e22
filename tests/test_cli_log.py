"""`spinewatch log`: what a sensor kept becomes recordings, nothing is fetched twice, nothing is erased unfetched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bridge_helpers import NumberedStream, numbers_in
from own_log_helpers import file_of, page_of
from spinewatch_bridge.blocks import Block, SensorChannel
from spinewatch_bridge.errors import LogError
from spinewatch_bridge.host_clock import HostClock
from spinewatch_bridge.link import Link
from spinewatch_bridge.protocols.spinewatch import SpinewatchProtocol
from spinewatch_bridge.protocols.spinewatch_log import decode_pages
from spinewatch_bridge.protocols.spinewatch_wire import Kind
from spinewatch_bridge.recording.reader import Recording
from spinewatch_bridge.simulator.device import VirtualDevice
from spinewatch_bridge.simulator.device_log import DeviceLog
from spinewatch_bridge.simulator.device_owner import OwnerLock
from spinewatch_bridge.transports.simulated import SimulatedTransport
from spinewatch_monitor import log_fetch
from spinewatch_monitor.cli import run
from spinewatch_monitor.storage.folders import HOME_VARIABLE
from spinewatch_signal.samples import Role, SensorInfo, Site

START_S = 1_700_000_000.0
SOURCE = "serial:/dev/ttyACM7"
SENSOR = SensorInfo("upper_back", "", Site.UPPER_BACK, Role.UPPER)


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DeviceLog:
    """The log of a sensor that answers at `SOURCE`; two files, of this boot and of a former one with no time of day."""
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    kept, lock = DeviceLog(), OwnerLock()
    stream = NumberedStream(1_000_000, start_s=START_S, boot_s=3600.0)
    kept.begin(6, 100.0, None)
    kept.add(0, stream.between(0, 500))
    kept.end()
    kept.booted()
    device = VirtualDevice(stream, log=kept, owner=lock)
    kept.begin(7, 100.0, None)
    kept.add(1000, NumberedStream(start_s=START_S - 1800.0, boot_s=1800.0).between(1000, 2000))
    kept.end()

    def one_sensor(_specs, options):
        transport = SimulatedTransport("the cable", device, options.clock)
        return [Link(SENSOR, transport, SpinewatchProtocol(keys=options.owner_keys), options.clock, simulated=True)]

    monkeypatch.setattr(log_fetch, "open_sources", one_sensor)
    monkeypatch.setattr(log_fetch, "HostClock", lambda: HostClock(START_S, speed=5.0))
    return kept


def blocks_of(recording: Recording) -> list[Block]:
    return [item for item in recording.items() if isinstance(item, Block)]


def numbers_of(path: Path) -> list[int]:
    return [n for block in blocks_of(Recording.open(path)) for n in numbers_in(block.values)]


def test_list_fetch_and_erase(memory: DeviceLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["log", "list", SOURCE]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert listed == [
        "File 0: start not known, up to 7 s at 100 Hz, not fetched yet.",
        "File 1: start not known, up to 10 s at 100 Hz, not fetched yet.",
    ]
    assert list((tmp_path / "home" / "sensor_logs").iterdir()) == []
    assert run(["log", "erase", SOURCE, "--file", "1", "--yes"]) == 2
    assert "was not fetched to this computer" in capsys.readouterr().err

    target = tmp_path / "night.mcap"
    assert run(["log", "fetch", SOURCE, "--file", "1", "--out", str(target)]) == 0
    assert "1000 samples" in capsys.readouterr().out
    assert numbers_of(target) == list(range(1000, 2000))
    recording = Recording.open(target)
    t_s = np.concatenate([block.t_s for block in blocks_of(recording)])
    session = recording.session
    assert t_s[0] == pytest.approx(START_S - 1800.0 + 10.0, abs=0.05)
    assert session["source"] == f"log of {SOURCE}"
    assert session["log"]["times"].startswith("the sensor's clock had never been set")

    assert run(["log", "erase", SOURCE, "--file", "1", "--yes"]) == 0
    assert [file.id for file in memory.files()] == [0]
    assert target.exists()


def test_pages_of_which_no_recording_was_made_are_not_the_last_copy(
    memory: DeviceLog, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """All pages came, then the disk was full."""

    def full(*_args: object) -> None:
        raise LogError("The disk is full.")

    target = tmp_path / "night.mcap"
    with monkeypatch.context() as patch:
        patch.setattr(log_fetch, "write_recording", full)
        assert run(["log", "fetch", SOURCE, "--file", "1", "--out", str(target)]) == 1
    assert run(["log", "erase", SOURCE, "--file", "1", "--yes"]) == 2
    assert [file.id for file in memory.files()] == [0, 1]
    capsys.readouterr()

    assert run(["log", "fetch", SOURCE, "--file", "1", "--out", str(target)]) == 0
    assert run(["log", "list", SOURCE]) == 0
    assert "10 s at 100 Hz, fetched." in capsys.readouterr().out
    assert run(["log", "erase", SOURCE, "--file", "1", "--yes"]) == 0
    assert list((tmp_path / "home" / "sensor_logs").iterdir()) == []


def test_a_list_that_is_wrong_about_the_gyroscope_does_no_harm():
    pages = b"".join(page_of(n * 678, 678, kind=Kind.ACC) for n in range(2))
    channel = SensorChannel(SENSOR, 1.0, 1.0)
    assert log_fetch.log_channel(channel, file_of(2, kind=Kind.ACC_GYR), decode_pages(pages)).columns == 3
    assert log_fetch.log_channel(channel, file_of(1, kind=Kind.ACC), decode_pages(page_of(0))).columns == 6


def test_a_clock_that_was_never_set_is_said(memory: DeviceLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    target = tmp_path / "old.mcap"
    assert run(["log", "fetch", SOURCE, "--file", "0", "--out", str(target)]) == 0
    assert "had never been set" in capsys.readouterr().err
    assert run(["info", str(target), "--json"]) == 0


def test_what_was_fetched_is_not_fetched_again(memory: DeviceLog, tmp_path: Path):
    first, second = tmp_path / "a.mcap", tmp_path / "b.mcap"
    assert run(["log", "fetch", SOURCE, "--file", "1", "--out", str(first)]) == 0
    memory.damage(1, 0, 100)  # were it read again, it would be refused
    assert run(["log", "fetch", SOURCE, "--file", "1", "--out", str(second)]) == 0
    assert numbers_of(first) == numbers_of(second)
    times = [blocks_of(Recording.open(path))[0].t_s[0] for path in (first, second)]
    assert times[0] == pytest.approx(times[1], abs=0.05)


def test_without_a_number_all_files_come(memory: DeviceLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["log", "fetch", SOURCE]) == 0
    assert len(list((tmp_path / "home" / "recordings").glob("*.mcap"))) == 2
    assert run(["log", "fetch", SOURCE, "--out", str(tmp_path / "x.mcap")]) == 2
    assert "Add --file N" in capsys.readouterr().err


def test_refusals_are_one_line(memory: DeviceLog, capsys: pytest.CaptureFixture[str]):
    assert run(["log", "fetch", SOURCE, "--file", "9"]) == 2
    assert capsys.readouterr().err == "There is no file 9 in the log. There are: 0, 1.\n"
    assert run(["log", "erase", SOURCE, "--file", "0", "--yes", "--unfetched"]) == 0
    assert [file.id for file in memory.files()] == [1]
    memory.erase_all()
    assert run(["log", "list", SOURCE]) == 0
    assert "is empty" in capsys.readouterr().out


def test_what_keeps_no_log_says_so(capsys: pytest.CaptureFixture[str], tmp_path, monkeypatch):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    assert run(["log", "list", "replay:nothing.mcap"]) == 2
    assert run(["log", "list", "nonsense"]) == 2
    assert capsys.readouterr().err.count("\n") == 2
