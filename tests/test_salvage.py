"""What a kill, a cut cable or a tired disk leave behind: everything whole is kept, nothing wrong passes as right."""

from __future__ import annotations

import os
import random
import signal
import struct
import subprocess
import sys
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
import zstandard

from made_recordings import LOWER, SESSION, START_S, UPPER, batch_of, live_items, same_batch, same_item, write_part
from spinewatch_bridge.blocks import Block, Event, SensorChannel
from spinewatch_bridge.errors import RecordingError
from spinewatch_bridge.recording import Recording, RecordingWriter, finalise, is_held, write_recording
from spinewatch_bridge.recording.format import PART_SUFFIX, channel_to_metadata, seal

SECONDS = 12.0
ITEMS = list(live_items(SECONDS))
KILLER = Path(__file__).parent / "bench" / "write_until_killed.py"


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a recording that was killed after 12 s."""
    return write_part(tmp_path_factory.mktemp("killed"), ITEMS, close=False).read_bytes()


def recover(folder: Path, data: bytes) -> tuple[list, list[Event]] | None:
    """Blocks and events of what could be saved; None when nothing could."""
    part = folder / f"cut{PART_SUFFIX}"
    part.write_bytes(data)
    done = finalise(part)
    assert done.note.endswith(".")
    if done.path is None:
        return None
    recording = Recording.open(done.path)
    items, events = list(recording.items()), list(recording.events)
    for sensor in {item.sensor for item in items if isinstance(item, Block)}:
        assert same_batch(recording.samples(sensor), batch_of(items, sensor))
    done.path.unlink()
    return [item for item in items if isinstance(item, Block)], events


def is_part_of(found: list, whole: list) -> bool:
    """Whether every found block is one of the recorded ones, bit for bit, in order."""
    left = iter(whole)
    return all(any(same_item(block, other) for other in left) for block in found)


BLOCKS = [item for item in ITEMS if isinstance(item, Block)]


def test_a_killed_recording_is_there_but_for_the_last_half_second(tmp_path: Path, killed: bytes) -> None:
    found = recover(tmp_path, killed)
    assert found is not None
    blocks, events = found
    assert is_part_of(blocks, BLOCKS)
    assert SECONDS - (blocks[-1].t_s[-1] - START_S) <= 0.5
    assert [event.kind for event in events].count("mark") >= 11


def test_the_report_is_one_sentence(tmp_path: Path, killed: bytes) -> None:
    part = tmp_path / f"desk{PART_SUFFIX}"
    part.write_bytes(killed)
    shares: list[float] = []
    done = finalise(part, progress=shares.append)
    assert done.note == "Recovered 12 s; up to 0.6 s at the end were not on disk."
    assert not done.clean
    assert done.path == tmp_path / "desk.mcap"
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert Recording.open(done.path).result["note"] == done.note


def test_cut_anywhere_the_whole_beginning_is_kept(tmp_path: Path, killed: bytes) -> None:
    rng = random.Random(1)
    for cut in [rng.randrange(len(killed)) for _ in range(25)] + [100]:
        try:
            found = recover(tmp_path, killed[:cut])
        except RecordingError:
            assert cut < 100
            continue
        if found is not None:
            blocks, events = found
            assert is_part_of(blocks, BLOCKS)
            assert blocks[-1].t_s[-1] - START_S >= SECONDS * cut / len(killed) - 1.2
            assert not [event for event in events if event.kind == "gap"]


def test_a_tail_of_zeros_is_left_out(tmp_path: Path, killed: bytes) -> None:
    rng = random.Random(2)
    for _ in range(8):
        zeros = rng.randrange(1, len(killed) // 2)
        found = recover(tmp_path, killed[:-zeros] + bytes(zeros))
        assert found is not None
        assert is_part_of(found[0], BLOCKS)


def test_flipped_bits_cost_one_chunk_and_are_said(tmp_path: Path, killed: bytes) -> None:
    rng = random.Random(3)
    for _ in range(30):
        data = bytearray(killed)
        data[rng.randrange(60, len(data))] ^= 1 << rng.randrange(8)
        found = recover(tmp_path, bytes(data))
        assert found is not None
        blocks, events = found
        assert is_part_of(blocks, BLOCKS)
        lost = len(BLOCKS) - len(blocks)
        assert lost <= 2 * 2 * 11  # the damaged half second and the unwritten one, of two sensors
        gaps = [event.data for event in events if event.kind == "gap"]
        for sensor in ("upper", "lower"):
            kept = [block.t_s[0] for block in blocks if block.sensor == sensor]
            for t_s in (block.t_s[0] for block in BLOCKS if block.sensor == sensor):
                inside = kept[0] < t_s < kept[-1] and t_s not in kept
                assert not inside or any(gap["start_s"] < t_s < gap["end_s"] for gap in gaps)


def heads_of_chunks(data: bytes) -> list[int]:
    """Where the chunks of an uncompressed recording begin: nine bytes before the head whose two sizes agree."""
    found, at = [], data.find(b"\x06")
    while at >= 0:
        if len(data) - at > 49:
            length, size = struct.unpack_from("<Q", data, at + 1)[0], struct.unpack_from("<Q", data, at + 25)[0]
            if length == size + 40:
                found.append(at)
        at = data.find(b"\x06", at + 1)
    return found


@pytest.mark.parametrize("bit", range(24))
def test_one_wrong_bit_in_the_head_of_a_chunk_costs_that_chunk_and_is_said(
    tmp_path: Path, killed: bytes, bit: int
) -> None:
    """No checksum covers what kind of record it is and how long: it must not pass over others, nor end the file."""
    data = bytearray(killed)
    data[heads_of_chunks(killed)[8] + bit // 8] ^= 1 << bit % 8
    part = tmp_path / f"cut{PART_SUFFIX}"
    part.write_bytes(data)
    done = finalise(part)
    assert done.damaged == 1
    assert not done.clean
    assert done.path is not None
    recording = Recording.open(done.path)
    found = [item for item in recording.items() if isinstance(item, Block)]
    assert is_part_of(found, BLOCKS)
    assert len(BLOCKS) - 45 < len(found) < len(BLOCKS)
    assert [event.data["cause"] for event in recording.events if event.kind == "gap"] == ["damaged on disk"] * 2


def test_a_run_that_ended_before_it_removed_the_part_leaves_one_recording(tmp_path: Path, killed: bytes) -> None:
    part = tmp_path / f"a{PART_SUFFIX}"
    part.write_bytes(killed)
    first = finalise(part, keep_part=True)  # as if killed between the new name and the end of the old one
    again = finalise(part)
    assert again.path == first.path
    assert [path.name for path in tmp_path.iterdir()] == ["a.mcap"]


def test_posture_that_did_not_reach_the_disk_keeps_the_part(
    tmp_path: Path, killed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = tmp_path / f"a{PART_SUFFIX}"
    part.write_bytes(killed)
    monkeypatch.setattr(Recording, "count_frames", lambda _self: 0)
    with pytest.raises(RecordingError, match="does not read back"):
        finalise(part)
    assert [path.name for path in tmp_path.iterdir()] == [part.name]


def test_another_recording_of_that_name_is_kept_beside(tmp_path: Path, killed: bytes) -> None:
    other = write_recording(tmp_path / "a.mcap", SESSION, [UPPER], list(live_items(2.0, [UPPER])))
    before = other.read_bytes()
    part = tmp_path / f"a{PART_SUFFIX}"
    part.write_bytes(killed)
    done = finalise(part)
    assert done.path == tmp_path / "a-2.mcap"
    assert other.read_bytes() == before


def test_a_sensor_that_cannot_be_understood_is_refused_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Say, of a site that only a later version knows: leaving it out would delete its samples."""

    def with_later_site(channel: SensorChannel, order: int) -> dict[str, str]:
        return channel_to_metadata(channel, order) | {"site": "between the ears"}

    monkeypatch.setattr("spinewatch_bridge.recording.writer.channel_to_metadata", with_later_site)
    part = write_part(tmp_path, list(live_items(2.0)))
    before = part.read_bytes()
    with pytest.raises(RecordingError, match=r"between the ears.*kept as it is"):
        finalise(part)
    assert [path.name for path in tmp_path.iterdir()] == [part.name]
    assert part.read_bytes() == before


def test_a_damaged_head_costs_only_itself(tmp_path: Path) -> None:
    items = [UPPER, *(item for item in live_items(70.0, [UPPER]) if isinstance(item, Block))]
    data = bytearray(write_part(tmp_path, items, close=False).read_bytes())
    data[60:9000] = bytes(8940)
    found = recover(tmp_path, bytes(data))
    assert found is not None
    assert found[0][-1].t_s[-1] - found[0][0].t_s[0] > 60


@pytest.mark.parametrize("size", [0, 5, 60])
def test_a_file_with_nothing_in_it_is_named(tmp_path: Path, killed: bytes, size: int) -> None:
    part = tmp_path / f"a{PART_SUFFIX}"
    part.write_bytes(killed[:size])
    if size == 60:
        done = finalise(part)
        assert done.path is None
        assert (tmp_path / f"a{PART_SUFFIX}.unreadable").read_bytes() == killed[:60]
        assert done.note == "Nothing could be read from a.mcap.part; its bytes are kept in a.mcap.part.unreadable."
        return
    with pytest.raises(RecordingError, match=r"^a\.mcap\.part is (empty|not a recording)"):
        finalise(part)
    assert part.exists()


def test_a_recording_that_had_just_begun_goes_without_a_fuss(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path / "a.mcap", SESSION)
    writer.close()
    assert finalise(writer.path).note == "a.mcap.part held nothing yet and was removed."
    assert list(tmp_path.iterdir()) == []


def test_what_is_being_written_is_left_alone(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path / "a.mcap", SESSION)
    assert is_held(writer.path)
    with pytest.raises(RecordingError, match="still being recorded"):
        finalise(writer.path)
    writer.close()
    assert not is_held(writer.path)


def test_stopping_leaves_everything_as_it_was(tmp_path: Path, killed: bytes) -> None:
    part = tmp_path / f"a{PART_SUFFIX}"
    part.write_bytes(killed)
    with pytest.raises(RecordingError, match="Stopped"):
        finalise(part, cancelled=lambda: True)
    assert [p.name for p in tmp_path.iterdir()] == [part.name]


def test_a_damaged_finished_recording_is_recovered_to_a_copy(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "a.mcap", SESSION, [UPPER, LOWER], list(live_items(200.0)))
    whole = path.read_bytes()
    assert finalise(path).note == "It is whole; nothing had to be recovered."
    data = bytearray(whole)
    data[len(data) // 3] ^= 4
    path.write_bytes(data)
    with pytest.raises(RecordingError, match=r"a\.mcap is damaged: .* Run 'spinewatch recover a\.mcap'"):
        Recording.open(path).check()
    done = finalise(path)
    assert done.path == tmp_path / "a-recovered.mcap"
    assert done.damaged == 1
    assert path.read_bytes() == data
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RecordingError, match="has no end"):
        Recording.open(path)
    cut = finalise(path)
    assert cut.path == tmp_path / "a-recovered-2.mcap"
    assert cut.recovered_s > 0


def test_a_finished_file_with_any_byte_changed_is_refused_or_right(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "a.mcap", SESSION, [UPPER, LOWER], ITEMS)
    whole, rng = path.read_bytes(), random.Random(4)
    for _ in range(150):
        data = bytearray(whole)
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(data)
        try:
            recording = Recording.open(path)
            found = [item for item in recording.items() if isinstance(item, Block)]
            assert len(found) == len(BLOCKS)
            assert is_part_of(found, BLOCKS)
            assert recording.session == SESSION
            assert list(recording.channels.values()) == [UPPER, LOWER]
        except RecordingError:
            continue


def _record(opcode: int, body: bytes) -> bytes:
    return struct.pack("<BQ", opcode, len(body)) + body


def _text(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode()


@pytest.mark.parametrize("claimed", [1_250_000_000, 1000])
def test_a_small_file_that_asks_for_much_memory_gets_none(tmp_path: Path, claimed: int) -> None:
    """1.25 GB of zeros in 37 kB: said openly in the chunk, or hidden behind a small claim."""
    compressor = zstandard.ZstdCompressor().compressobj(size=1_250_000_000)
    piece = bytes(50_000_000)
    bomb = b"".join(compressor.compress(piece) for _ in range(25)) + compressor.flush()
    assert len(bomb) < 200_000
    chunk = struct.pack("<QQQI", 0, 0, claimed, 1) + _text("zstd") + struct.pack("<Q", len(bomb)) + bomb
    part = tmp_path / f"a{PART_SUFFIX}"
    part.write_bytes(b"\x89MCAP0\r\n" + _record(1, _text("spinewatch") + _text("x")) + _record(6, chunk))
    tracemalloc.start()
    done = finalise(part)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert done.path is None
    assert peak < 60_000_000


def test_a_record_that_claims_to_be_huge_is_passed_over(tmp_path: Path, killed: bytes) -> None:
    huge = struct.pack("<BQ", 6, 2**62)
    found = recover(tmp_path, killed[: len(killed) // 2] + huge + killed[len(killed) // 2 :])
    assert found is not None
    assert is_part_of(found[0], BLOCKS)


def test_a_recording_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    sealed = seal({"format_version": 2, "session": {}})
    pairs = b"".join(_text(key) + _text(value) for key, value in sealed.items())
    metadata = _text("spinewatch.session") + struct.pack("<I", len(pairs)) + pairs
    part = tmp_path / f"a{PART_SUFFIX}"
    part.write_bytes(b"\x89MCAP0\r\n" + _record(1, _text("spinewatch") + _text("x")) + _record(12, metadata))
    with pytest.raises(RecordingError, match=r"format 2, made by a newer Spinewatch"):
        finalise(part)
    assert part.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
@pytest.mark.parametrize("blocks_before_kill", [37, 150])
def test_sigkill_loses_less_than_a_second(tmp_path: Path, blocks_before_kill: int) -> None:
    """The child says how far it has got; it is killed in the middle of its writing."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    child = subprocess.Popen(
        [sys.executable, str(KILLER), str(tmp_path / "a.mcap")], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert child.stdout is not None
    written_s = 0.0
    for line in child.stdout:
        number, written_s = int(line.split()[0]), float(line.split()[1])
        if number >= blocks_before_kill:
            break
    child.send_signal(signal.SIGKILL)
    rest = child.stdout.read().splitlines()
    child.wait()
    child.stdout.close()
    last_s = max([written_s, *(float(line.split()[1]) for line in rest if len(line.split()) == 2)])
    done = finalise(tmp_path / f"a{PART_SUFFIX}")
    assert done.path is not None
    assert last_s - Recording.open(done.path).end_s <= 0.6


def test_made_up_damage_never_ends_in_another_error(tmp_path: Path, killed: bytes) -> None:
    rng = random.Random(5)
    for _ in range(40):
        data = bytearray(killed[: rng.randrange(30, 30_000)])
        for _ in range(rng.randrange(1, 30)):
            at = rng.randrange(len(data))
            data[at : at + rng.randrange(1, 9)] = rng.randbytes(rng.randrange(0, 9))
        try:
            recover(tmp_path, bytes(data))
        except RecordingError:
            continue


def test_checksums_are_looked_at_even_where_they_say_zero(tmp_path: Path, killed: bytes) -> None:
    """In MCAP a CRC of 0 means unknown; ours never are, so a zeroed one is damage."""
    at = next(at for at in heads_of_chunks(killed) if at > 1000)
    (size,) = struct.unpack_from("<Q", killed, at + 25)
    data = bytearray(killed)
    assert zlib.crc32(bytes(data[at + 49 : at + 49 + size])) == struct.unpack_from("<I", data, at + 33)[0]
    data[at + 33 : at + 37] = bytes(4)
    data[at + 49 + size // 2] ^= 1
    found = recover(tmp_path, bytes(data))
    assert found is not None
    assert is_part_of(found[0], BLOCKS)
    assert len(found[0]) < len(BLOCKS) - 15


def test_a_sensor_described_only_between_chunks_is_known(tmp_path: Path) -> None:
    """The copies in the metadata stand in for the description in a lost first chunk."""
    lone = SensorChannel(UPPER.sensor, 0.25, 0.5)
    blocks = [
        Block("upper", np.full((10, 6), k, np.int16), np.zeros(10, np.uint8), START_S + k / 10 + np.arange(10) / 100)
        for k in range(1300)
    ]
    data = bytearray(write_part(tmp_path, [lone, *blocks], close=False).read_bytes())
    at = data.index(b"SWB1")
    data[at + 30] ^= 1
    found = recover(tmp_path, bytes(data))
    assert found is not None
    assert len(found[0]) > 1280
