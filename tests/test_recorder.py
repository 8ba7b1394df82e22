"""The recorder's thread: everything put is on disk at stop, and no failure is silent."""

from __future__ import annotations

import os
import queue
import sys
import threading
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from made_recordings import SESSION, START_S, UPPER, batch_of, live_items, same_batch, write_part
from spinewatch_bridge.blocks import Block, Event, SensorChannel
from spinewatch_bridge.errors import RecordingError
from spinewatch_bridge.recording import Recording, RecordingWriter, files
from spinewatch_bridge.recording.salvage import Finalised
from spinewatch_monitor.storage.recorder import Recorder, frame_rows, recover_leftovers
from spinewatch_signal.posture import PostureFrames


def frames(n: int, lumbar: bool = True) -> PostureFrames:
    angle = np.linspace(0.0, 30.0, n)
    angle[0] = np.nan
    codes = np.full(n, 2, np.uint8)
    angles = (angle, angle, angle, angle if lumbar else None, angle, angle)
    return PostureFrames(START_S + np.arange(n) / 10, *angles, codes, codes, codes, angle, codes)


def test_what_is_put_is_on_disk_in_order(tmp_path: Path) -> None:
    items, errors, ended = list(live_items(5.0)), [], []
    recorder = Recorder(tmp_path / "day.mcap", SESSION, on_error=errors.append, on_done=ended.append)
    for start in range(0, len(items), 7):
        recorder.put(items[start : start + 7])
    recorder.posture(frames(50))
    done = recorder.stop()
    assert done is not None
    assert done.path == tmp_path / "day.mcap"
    assert ended == [done]
    assert errors == []
    recording = Recording.open(done.path)
    assert same_batch(recording.samples("lower"), batch_of(items, "lower"))
    posture = recording.posture()
    assert np.allclose(posture["lumbar_deg"][1:], np.linspace(0.0, 30.0, 50)[1:], atol=0.005)
    assert np.isnan(posture["flexion_deg"][0])
    assert "5 upright" in recording.posture_details["activity"]
    recorder.put(items)  # after the end: nothing happens
    assert recorder.wait() == done


def test_a_recording_into_which_no_samples_came_is_removed(tmp_path: Path) -> None:
    ended: list[Finalised] = []
    recorder = Recorder(tmp_path / "day.mcap", SESSION, on_error=print, on_done=ended.append, only_samples=True)
    channel = next(item for item in live_items(1.0, [UPPER]) if isinstance(item, SensorChannel))
    recorder.put([channel, Event("disconnected", START_S, channel.sensor.id, {"cause": "not there"})])
    done = recorder.stop()
    assert done == Finalised(None, 0.0, True, 0.0, 0, "No samples came, so nothing was recorded.")
    assert ended == [done]
    assert list(tmp_path.iterdir()) == []


def test_a_recording_with_one_block_is_kept(tmp_path: Path) -> None:
    items = list(live_items(1.0, [UPPER]))
    first = next(k for k, item in enumerate(items) if isinstance(item, Block))
    recorder = Recorder(tmp_path / "day.mcap", SESSION, on_error=print, only_samples=True)
    recorder.put(items[: first + 1])
    done = recorder.stop()
    assert done is not None
    assert done.path is not None
    assert Recording.open(done.path).samples(UPPER.sensor.id) is not None


def test_rows_of_frames_are_plain_numbers_and_blanks() -> None:
    (t_s, first), (_, second) = frame_rows(frames(2, lumbar=False))
    assert t_s == START_S
    assert first["flexion_deg"] is None
    assert second["flexion_deg"] == 30.0
    assert "lumbar_deg" not in first
    assert type(second["activity"]) is int


def test_an_item_that_cannot_be_recorded_is_told_once_and_the_rest_goes_on(tmp_path: Path) -> None:
    items, errors = list(live_items(2.0, [UPPER])), []
    recorder = Recorder(tmp_path / "a.mcap", SESSION, on_error=errors.append)
    stray = Block("nobody", np.zeros((5, 6), np.int16), np.zeros(5, np.uint8), START_S + np.arange(5.0))
    recorder.put([stray, *items, stray])
    done = recorder.stop()
    assert done is not None
    assert errors == ["Sensor 'nobody' sent samples before it was described."]
    assert done.recovered_s == pytest.approx(2.0, abs=0.1)


def test_a_full_disk_is_told_and_what_was_recorded_is_saved_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: queue.Queue[str] = queue.Queue()
    recorder = Recorder(tmp_path / "a.mcap", SESSION, on_error=told.put, clock=lambda: 0.0)
    recorder.put(list(live_items(3.0)))
    recorder.request_stop()
    monkeypatch.setattr(os, "fsync", _refuse)
    assert recorder.wait() is None
    assert "the disk is full" in told.get_nowait()
    monkeypatch.undo()
    (left,) = recover_leftovers(tmp_path)
    assert left.text.startswith("a.mcap had not been finished. Recovered")


def _refuse(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_fault_of_ours_is_told_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    errors: list[str] = []
    monkeypatch.setattr(RecordingWriter, "event", lambda *_: 1 / 0)
    recorder = Recorder(tmp_path / "a.mcap", SESSION, on_error=errors.append)
    recorder.put([UPPER, Event("mark", START_S)])
    assert recorder.stop() is None
    assert errors[0].startswith("Recording stopped by a fault in Spinewatch (ZeroDivisionError")
    assert str(recorder.path) in errors[0]


def test_a_disk_that_is_too_slow_leaves_a_gap_that_the_recording_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items, errors = list(live_items(2.0, [UPPER])), []
    blocks = [item for item in items if isinstance(item, Block)]
    entered, go = threading.Event(), threading.Event()
    tick = RecordingWriter.tick

    def slow(writer: RecordingWriter, now_s: float) -> None:
        entered.set()
        go.wait(10)
        tick(writer, now_s)

    monkeypatch.setattr(RecordingWriter, "tick", slow)
    recorder = Recorder(tmp_path / "a.mcap", SESSION, on_error=errors.append, queue_limit=2)
    recorder.put([UPPER, blocks[0]])
    entered.wait(10)
    for block in blocks[1:6]:
        recorder.put([block])
    go.set()
    done = recorder.stop()
    assert done is not None
    assert done.path is not None
    (gap,) = [event for event in Recording.open(done.path).events if event.kind == "gap"]
    assert gap.data["lost_samples"] + Recording.open(done.path).sample_counts["upper"] == 30
    assert gap.data["cause"] == "the disk was too slow"
    assert errors == ["The disk was too slow: some samples were not recorded. The recording says where."]


def test_leftovers_are_finished_but_for_what_is_being_written(tmp_path: Path) -> None:
    items = list(live_items(4.0))
    write_part(tmp_path, items, close=False, name="a")
    (tmp_path / "broken.mcap.part").write_bytes(b"nonsense")
    (tmp_path / ".old.mcap.tmp").write_bytes(b"half")
    living = RecordingWriter(tmp_path / "living.mcap", SESSION)
    found = recover_leftovers(tmp_path)
    living.close()
    assert [(left.part.name, left.text) for left in found] == [
        ("broken.mcap.part", "broken.mcap.part is not a recording: it does not begin as an MCAP file."),
        (
            "killed-a.mcap.part",
            "killed-a.mcap had not been finished. Recovered 4 s; up to 0.6 s at the end were not on disk.",
        ),
    ]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["broken.mcap.part", "killed-a.mcap", "living.mcap.part"]


def test_an_empty_leftover_is_removed_without_a_word_but_not_one_that_begins(tmp_path: Path) -> None:
    (tmp_path / "empty.mcap.part").touch()
    begun, handle = files.create_part(tmp_path / "begun.mcap")
    with handle:
        assert recover_leftovers(tmp_path) == []
        assert [path.name for path in tmp_path.iterdir()] == [begun.name]
    assert not files.remove_empty(tmp_path / "nothere.mcap.part")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows removes no open file")
def test_a_recording_that_loses_its_name_while_it_begins_takes_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, first = files.lock, []

    def removed_first(handle: BinaryIO) -> bool:
        if not first:
            first.append((tmp_path / "a.mcap.part").unlink())
        return lock(handle)

    monkeypatch.setattr(files, "lock", removed_first)
    part, handle = files.create_part(tmp_path / "a.mcap")
    with handle:
        assert part.exists()
        assert os.path.samestat(part.stat(), os.fstat(handle.fileno()))


def test_a_folder_that_cannot_be_made_is_an_error_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RecordingError, match="cannot be written"):
        Recorder(tmp_path / "file" / "a.mcap", SESSION, on_error=lambda _: None)


def test_stopping_does_not_block_the_caller_until_asked(tmp_path: Path) -> None:
    ended: queue.Queue[Finalised] = queue.Queue()
    recorder = Recorder(tmp_path / "a.mcap", SESSION, on_error=lambda _: None, on_done=ended.put)
    recorder.put(list(live_items(1.0)))
    recorder.request_stop()
    assert ended.get(timeout=30).path == tmp_path / "a.mcap"
    assert recorder.wait() is not None
