"""Opening what is no recording: one line each, what it is and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from mcap.writer import Writer

from made_recordings import SESSION, UPPER, live_items, write_part
from spinewatch_bridge.blocks import Event
from spinewatch_bridge.errors import RecordingError
from spinewatch_bridge.recording import Recording, write_recording
from spinewatch_bridge.recording.format import seal


def refusal(path: Path) -> str:
    with pytest.raises(RecordingError) as caught:
        Recording.open(path)
    text = str(caught.value)
    assert "\n" not in text
    return text


def foreign(path: Path, profile: str, *metadata: tuple[str, dict[str, str]]) -> Path:
    with path.open("wb") as stream:
        writer = Writer(stream)
        writer.start(profile)
        for name, content in metadata:
            writer.add_metadata(name, content)
        writer.finish()
    return path


def test_each_wrong_file_is_named_for_what_it_is(tmp_path: Path) -> None:
    text, empty, other = tmp_path / "a.csv", tmp_path / "b.mcap", tmp_path / "c.mcap"
    text.write_text("t_s,acc_x\n")
    empty.touch()
    foreign(other, "ros2")
    assert refusal(tmp_path / "none.mcap").endswith("none.mcap does not exist.")
    assert refusal(tmp_path).endswith("cannot be read: it is a folder.")
    assert refusal(text) == "a.csv is not a recording: it does not begin as an MCAP file."
    assert refusal(empty) == "b.mcap is empty."
    assert refusal(other).startswith("c.mcap is an MCAP file, but not a recording of Spinewatch")


def test_a_part_says_how_to_finish_it(tmp_path: Path) -> None:
    items = list(live_items(2.0))
    closed = write_part(tmp_path, items, name="closed")
    killed = write_part(tmp_path, items, name="b", close=False)
    assert refusal(closed).endswith("Run 'spinewatch recover closed.mcap.part' to finish it.")
    assert refusal(killed).endswith("Try 'spinewatch recover killed-b.mcap.part'.")


def test_a_newer_format_asks_for_an_update(tmp_path: Path) -> None:
    newer = ("spinewatch.session", seal({"format_version": 2, "session": {}}))
    assert "has format 2, made by a newer Spinewatch" in refusal(foreign(tmp_path / "a.mcap", "spinewatch", newer))


@pytest.mark.parametrize("content", [{}, {"json": "{}", "crc32": "00000000"}, seal([1]), seal({"format_version": "x"})])
def test_a_session_that_makes_no_sense_is_damage(tmp_path: Path, content: dict[str, str]) -> None:
    path = foreign(tmp_path / "a.mcap", "spinewatch", ("spinewatch.session", content))
    assert refusal(path).startswith("a.mcap is damaged")


def test_cut_off_it_says_so(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "a.mcap", SESSION, [UPPER], [Event("mark", 1.0)])
    path.write_bytes(path.read_bytes()[:-1])
    assert refusal(path) == "a.mcap has no end: it is cut off or still being recorded. Try 'spinewatch recover a.mcap'."


@pytest.mark.parametrize(
    ("said", "means"), [(7200, 7200), (-12_600.0, -12_600), ("+02:00", 0), (None, 0), (1e9, 0), (float("nan"), 0)]
)
def test_an_offset_that_cannot_be_is_none(tmp_path: Path, said: object, means: int) -> None:
    path = write_recording(tmp_path / "a.mcap", SESSION, [UPPER], live_items(1.0, [UPPER]))
    recording = Recording.open(path)
    recording.session = {**recording.session, "utc_offset_s": said}
    assert recording.utc_offset_s == means
