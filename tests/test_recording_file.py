"""From a growing file to a finished one, and what is read from it."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from made_recordings import (
    LOWER,
    SESSION,
    START_S,
    UPPER,
    batch_of,
    live_items,
    same_batch,
    same_item,
    write_part,
)
from spinewatch_bridge.blocks import Block, Event, SensorChannel, to_batch
from spinewatch_bridge.errors import RecordingError
from spinewatch_bridge.recording import (
    Recording,
    RecordingWriter,
    files,
    final,
    finalise,
    reader,
    salvage,
    write_recording,
)
from spinewatch_bridge.recording import writer as writer_module
from spinewatch_bridge.recording.overview import POSTURE_COLUMNS
from spinewatch_bridge.recording.posture_columns import MOST_NAMES, Columns
from spinewatch_signal.samples import BadSamplesError, SensorInfo, concatenate


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list]:
    items = list(live_items(65.0))
    part = write_part(tmp_path_factory.mktemp("day"), items)
    done = finalise(part)
    assert done.path is not None
    assert not part.exists()
    return done.path, items


def test_samples_are_those_that_the_live_pipeline_saw(day: tuple[Path, list]) -> None:
    path, items = day
    recording = Recording.open(path)
    for sensor in ("upper", "lower"):
        assert same_batch(recording.samples(sensor), batch_of(items, sensor))


def test_items_come_back_in_the_order_in_which_they_were_seen(day: tuple[Path, list]) -> None:
    path, items = day
    found = list(Recording.open(path).items())
    assert len(found) == len(items)
    assert all(same_item(one, other) for one, other in zip(items, found, strict=True))


def test_session_channels_events_and_span(day: tuple[Path, list]) -> None:
    path, items = day
    recording = Recording.open(path)
    assert recording.session == SESSION
    assert recording.channels == {"upper": UPPER, "lower": LOWER}
    assert list(recording.events) == [item for item in items if isinstance(item, Event)]
    assert recording.start_s == START_S
    assert recording.end_s == max(float(item.t_s[-1]) for item in items if isinstance(item, Block))
    assert recording.sample_counts == {"upper": 6500, "lower": 6500}
    assert recording.result["note"] == "Saved 1 min 05 s."


def test_a_window_of_samples_is_the_same_as_cutting_all(day: tuple[Path, list]) -> None:
    path, _ = day
    recording = Recording.open(path)
    whole = recording.samples("upper")
    for start_s, end_s in ((START_S + 20, START_S + 31), (START_S - 5, START_S + 1), (START_S + 64, START_S + 99)):
        assert same_batch(recording.samples("upper", start_s, end_s), whole.between(start_s, end_s))


def test_items_from_a_time_on_leave_out_what_lies_before(day: tuple[Path, list]) -> None:
    path, items = day
    from_s = START_S + 40.0
    expected = [
        item
        for item in items
        if isinstance(item, SensorChannel) or (item.t_s if isinstance(item, Event) else item.t_s[-1]) >= from_s
    ]
    found = list(Recording.open(path).items(from_s))
    assert len(found) == len(expected)
    assert all(same_item(one, other) for one, other in zip(expected, found, strict=True))


def test_overview_has_a_row_per_second(day: tuple[Path, list]) -> None:
    path, items = day
    overview = Recording.open(path).overview
    table, batch = overview.sensors["upper"], batch_of(items, "upper")
    assert np.array_equal(table.t_s, START_S + np.arange(65))
    second = batch.between(START_S + 29.0, START_S + 30.0)  # the boundary of a merged message lies here
    norm = np.linalg.norm(second.acc, axis=1)
    assert table.columns["samples"][29] == len(second)
    for name, value in (("mean", norm.mean()), ("min", norm.min()), ("max", norm.max())):
        assert table.columns[f"acc_norm_{name}"][29] == pytest.approx(value, rel=1e-6)
    assert table.columns["acc_z_mean"][29] == pytest.approx(second.acc[:, 2].mean(), rel=1e-5)
    assert overview.posture is not None
    assert tuple(overview.posture.columns) == POSTURE_COLUMNS
    assert set(overview.posture.columns["flexion_deg_max"].tolist()) == {12.5}
    assert set(overview.posture.columns["away"].tolist()) == {2.0}


def test_posture_comes_back_as_arrays_with_blanks(day: tuple[Path, list]) -> None:
    path, items = day
    posture = Recording.open(path).posture()
    assert len(posture["t_s"]) == sum(isinstance(item, Block) for item in items)
    assert set(posture["flexion_deg"].tolist()) == {12.5}
    assert np.isnan(posture["lumbar_deg"]).all()
    assert Recording.open(path).posture_details["algorithm"] == "test"


def test_frames_that_say_different_things_share_one_length() -> None:
    columns = Columns()
    for frame in ({"t_s": 1.0, "a": 2}, {"t_s": 2.0, "b": "text"}, {"t_s": 10**400, "b": 3.5}):
        columns.add(frame)
    for k in range(200):
        columns.add({f"odd {k}": 1.0})
    arrays = columns.arrays()
    assert len(arrays) == MOST_NAMES
    assert {len(values) for values in arrays.values()} == {203}
    assert np.isnan(arrays["t_s"][2:]).all()
    assert arrays["b"][:4].tolist() == pytest.approx([np.nan, np.nan, 3.5, np.nan], nan_ok=True)


def test_more_events_than_a_recording_can_hold_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events = [Event("mark", START_S + k) for k in range(6)]
    items = list(live_items(2.0, [UPPER]))
    path = write_recording(tmp_path / "a.mcap", SESSION, [UPPER], [*items, *events])
    writer = RecordingWriter(tmp_path / "b.mcap", SESSION)
    part = write_part(tmp_path, [*items, *events], name="c")
    monkeypatch.setattr(reader, "MAX_EVENTS", 5)
    with pytest.raises(RecordingError, match="more events"):
        _ = Recording.open(path).events
    monkeypatch.setattr(final, "MAX_EVENTS", 5)
    with pytest.raises(RecordingError, match="more than 5 events"):
        write_recording(tmp_path / "d.mcap", SESSION, [UPPER], [*items, *events])
    monkeypatch.setattr(salvage, "MAX_EVENTS", 5)
    done = finalise(part)
    assert done.path is not None
    assert len(Recording.open(done.path).events) == 5
    assert Recording.open(done.path).sample_counts == Recording.open(path).sample_counts
    monkeypatch.setattr(writer_module, "MAX_EVENTS", 5)
    for event in events[:5]:
        writer.event(event)
    with pytest.raises(RecordingError, match="More than 5 events"):
        writer.event(events[5])
    assert not writer.closed
    writer.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has access lists instead of modes")
def test_files_are_readable_by_their_owner_alone(day: tuple[Path, list], tmp_path: Path) -> None:
    path, _ = day
    writer = RecordingWriter(tmp_path / "new" / "a.mcap", SESSION)
    modes = [stat.S_IMODE(p.stat().st_mode) for p in (path, writer.path, writer.path.parent)]
    writer.close()
    assert modes == [0o600, 0o600, 0o700]


def test_another_sensor_scale_after_a_reconnection_holds_for_what_follows(tmp_path: Path) -> None:
    wider = SensorChannel(UPPER.sensor, UPPER.acc_m_s2_per_count * 2, UPPER.gyr_rad_s_per_count)
    first = [item for item in live_items(2.0, [UPPER]) if isinstance(item, Block)]
    later = [Block(b.sensor, b.values, b.flags, b.t_s + 10, b.counter, None, b.arrival_s) for b in first]
    done = finalise(write_part(tmp_path, [UPPER, *first, UPPER, wider, *later]))
    assert done.path is not None
    expected = concatenate([to_batch(b, UPPER) for b in first] + [to_batch(b, wider) for b in later])
    recording = Recording.open(done.path)
    assert same_batch(recording.samples("upper"), expected)
    assert recording.channels["upper"] == wider
    assert [type(item) for item in recording.items()].count(SensorChannel) == 2


def test_a_clock_that_stepped_back_leaves_no_sample_out_of_order(tmp_path: Path) -> None:
    first = [item for item in live_items(2.0, [UPPER]) if isinstance(item, Block)]
    back = [Block(b.sensor, b.values, b.flags, b.t_s + 1.0, None, None, b.arrival_s) for b in first]
    done = finalise(write_part(tmp_path, [UPPER, *first, *back]))
    assert done.path is not None
    batch = Recording.open(done.path).samples("upper")
    assert len(batch) == 300
    assert batch.flags[200] & 8


def test_nothing_is_ever_written_over_another_recording(tmp_path: Path) -> None:
    items = list(live_items(1.0))
    names = [finalise(write_part(tmp_path, items)).path for _ in range(2)]
    names.append(write_recording(tmp_path / "day.mcap", SESSION, [UPPER, LOWER], items))
    open_writers = [RecordingWriter(tmp_path / "day.mcap", SESSION) for _ in range(2)]
    for writer in open_writers:
        writer.close()
    assert [path.name for path in names if path] == ["day.mcap", "day-2.mcap", "day-3.mcap"]
    assert [writer.path.name for writer in open_writers] == ["day-4.mcap.part", "day-5.mcap.part"]


def test_an_accelerometer_alone_has_no_gyro(tmp_path: Path) -> None:
    channel = SensorChannel(SensorInfo("axivity", "ax3", has_gyr=False), 1.0, None)
    block = Block("axivity", np.ones((5, 3), np.float32), np.zeros(5, np.uint8), START_S + np.arange(5) / 50)
    recording = Recording.open(write_recording(tmp_path / "a.mcap", SESSION, [channel], [block]))
    assert recording.samples("axivity").gyr is None
    assert same_batch(recording.samples("axivity"), to_batch(block, channel))


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_imports_keep_their_own_numbers(tmp_path: Path, kind: str) -> None:
    rng = np.random.default_rng(3)
    channel = SensorChannel(SensorInfo("upper", "opal"), 1.0, 1.0)
    made = [
        Block(
            "upper", rng.normal(size=(1280, 6)).astype(kind), np.zeros(1280, np.uint8), np.arange(1280) / 128 + 10 * k
        )
        for k in range(4)
    ]
    told: list[float] = []
    path = write_recording(tmp_path / "a.mcap", SESSION, [channel], iter(made), told.append)
    assert same_batch(Recording.open(path).samples("upper"), concatenate([to_batch(b, channel) for b in made]))
    assert told[-1] == pytest.approx(40, abs=0.1)


@pytest.mark.parametrize(("column", "value"), [(0, 1e160), (2, -2e4), (5, 1e308), (3, 2e3)])
def test_samples_that_no_sensor_can_give_are_refused_in_one_line(tmp_path: Path, column: int, value: float) -> None:
    channel = SensorChannel(SensorInfo("upper", "opal"), 1.0, 10.0 if value == 1e308 else 1.0)
    values = np.ones((100, 6))
    values[50, column] = value
    block = Block("upper", values, np.zeros(100, np.uint8), START_S + np.arange(100) / 100)
    with pytest.raises(BadSamplesError):
        to_batch(block, channel)
    with np.errstate(all="ignore"):
        recording = Recording.open(write_recording(tmp_path / "a.mcap", SESSION, [channel], [block]))
    for read in (lambda: recording.samples("upper"), lambda: list(recording.pieces("upper"))):
        with pytest.raises(RecordingError, match=r"^a\.mcap is damaged: (acc|gyr) holds [^\n]*$"):
            read()


def test_a_stopped_import_leaves_nothing_behind(tmp_path: Path) -> None:
    asked = iter([False] * 30 + [True] * 10)
    with pytest.raises(RecordingError, match="Stopped"):
        write_recording(tmp_path / "a.mcap", SESSION, [], live_items(20), cancelled=lambda: next(asked))
    assert list(tmp_path.iterdir()) == []


def test_an_import_that_fails_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    def items():
        yield from live_items(5)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_recording(tmp_path / "a.mcap", SESSION, [], items())
    with pytest.raises(RecordingError, match="'upper' has samples, but is not described"):
        write_recording(tmp_path / "a.mcap", SESSION, [], [b for b in live_items(1) if isinstance(b, Block)])
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_stops_the_recording_with_one_line_and_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = list(live_items(20.0))
    part = write_part(tmp_path, items[:100], close=False)
    writer = RecordingWriter(tmp_path / "full.mcap", SESSION)
    writer.add_channel(UPPER)
    blocks = [item for item in items if isinstance(item, Block) and item.sensor == "upper"]
    for block in blocks[:50]:
        writer.write(block)
    writer.tick(0.0)
    monkeypatch.setattr(os, "fsync", _refuse)
    with pytest.raises(
        RecordingError, match=r"the disk is full. What was recorded until then is kept in .*full.mcap.part"
    ):
        writer.tick(10.0)
    assert writer.closed
    with pytest.raises(RecordingError, match="is closed"):
        writer.write(blocks[60])
    writer.close()
    with pytest.raises(RecordingError, match=r"the disk is full\. It is kept"):
        finalise(part)
    monkeypatch.undo()
    assert finalise(tmp_path / "full.mcap.part").recovered_s == pytest.approx(2.5, abs=0.1)
    assert finalise(part).path is not None
    assert not [p for p in tmp_path.iterdir() if p.name.endswith(".tmp")]


def _refuse(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_values_that_json_cannot_say_do_not_stop_a_recording(tmp_path: Path) -> None:
    event = Event(
        "note", START_S, None, {"nan": float("nan"), "array": np.arange(2), "text": "\ud800", "tuple": (1, 2)}
    )
    path = write_recording(tmp_path / "a.mcap", SESSION, [UPPER], [event])
    (found,) = Recording.open(path).events
    assert found.data["nan"] is None
    assert found.data["array"] == [0, 1]
    assert Recording.open(path).start_s == 1760000000.0  # no samples: when recording began


def test_a_recording_without_samples_says_so_in_its_batch(tmp_path: Path) -> None:
    recording = Recording.open(write_recording(tmp_path / "a.mcap", SESSION, [UPPER], [Event("mark", START_S)]))
    assert len(recording.samples("upper")) == 0
    assert len(recording.overview.sensors["upper"]) == 0
    assert recording.overview.posture is None
    with pytest.raises(RecordingError, match=r"has no sensor 'x'; it has: upper"):
        recording.samples("x")


def test_a_part_that_cannot_be_locked_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program may look at a new file for a moment; unlocked it would be taken for one that was left behind."""
    answers = iter((False, True))
    monkeypatch.setattr(files, "lock", lambda _handle: next(answers))
    writer = RecordingWriter(tmp_path / "a.mcap", SESSION)
    writer.close()
    assert writer.path.name == "a-2.mcap.part"
    assert (tmp_path / "a.mcap.part").stat().st_size == 0  # removed by whoever looks for leftovers
