"""The library: made from the files, merged by local day, and never in the way when it is broken."""

from __future__ import annotations

import contextlib
import math
import os
import sqlite3
import stat
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from made_recordings import SESSION, START_S, UPPER, live_items
from spinewatch_bridge.blocks import Block, Item
from spinewatch_bridge.errors import RecordingError
from spinewatch_bridge.recording import write_recording
from spinewatch_monitor.demo_day import demo_folders
from spinewatch_monitor.storage.folders import data_folder, open_folders, privacy_note
from spinewatch_monitor.storage.frame_cache import FrameCache
from spinewatch_monitor.storage.library import Library, LibraryError, local_day
from spinewatch_monitor.storage.migrations import STEPS
from spinewatch_signal.posture import Context, Episode, PostureFrames

DAY_S = 86_400.0


def record(folder: Path, name: str, shift_s: float = 0.0, **session: Any) -> Path:
    items: list[Item] = [UPPER]
    for item in live_items(1.0, [UPPER]):
        if isinstance(item, Block):
            items.append(Block(item.sensor, item.values, item.flags, item.t_s + shift_s, item.counter))
    return write_recording(folder / f"{name}.mcap", {**SESSION, **session}, [], items)


def figures(**values: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "estimator": "offline", "algorithm_version": "1", "worn_s": 3600.0, "valid_s": 3000.0,
        "slouch": {"total_s": 600.0, "share_percent": 20.0, "valid_s": 3000.0, "episodes": [{}, {}], "reason": None},
        "longest_still_s": 900.0, "longest_still_span": [10.0, 910.0], "posture_changes_per_h": 4.0,
        "trunk": {"valid_s": 3000.0},
    }  # fmt: skip
    return base | values


@pytest.fixture
def library(tmp_path: Path):
    (tmp_path / "recordings").mkdir()
    with Library.open(tmp_path / "library.sqlite") as opened:
        yield opened


def test_a_scan_finds_changed_and_missing_and_unreadable_files(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    first, second = record(folder, "a"), record(folder, "b", DAY_S)
    (folder / "junk.mcap").write_text("no")
    scan = library.scan(folder)
    assert [row.path.name for row in scan.added] == ["a.mcap", "b.mcap"]
    assert [(path.name, "not a recording" in why) for path, why in scan.unreadable] == [("junk.mcap", True)]
    assert library.scan(folder).added == ()
    row = library.recordings()[0]
    assert (row.path, row.start_s, row.day, row.source) == (first.resolve(), START_S, "2025-10-09", "test")
    assert row.duration_s == pytest.approx(1.0, abs=0.02)
    assert row.sensors == ({"id": "upper", "family": "spinewatch", "site": "upper_back", "role": "upper"},)
    second.unlink()
    assert library.scan(folder).missing == (second.resolve(),)
    assert [row.path for row in library.recordings()] == [first.resolve()]


def test_notes_and_figures_follow_a_renamed_file(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    path = record(folder, "a")
    row = library.add(path)
    library.store_analysis(row.fingerprint, figures())
    note = library.add_note(row.fingerprint, "new chair", created_s=5.0, t_s=START_S)
    library.add_note(row.fingerprint, "whole day", created_s=6.0)
    path.rename(folder / "z.mcap")
    (again,) = library.scan(folder).added
    assert again.fingerprint == row.fingerprint
    assert library.analysis(again.fingerprint) == figures()
    assert [n.text for n in library.notes(again.fingerprint)] == ["whole day", "new chair"]
    library.delete_note(note.id)
    assert [n.text for n in library.notes(again.fingerprint)] == ["whole day"]


def test_days_are_those_of_the_wearer() -> None:
    midnight_s = 1_760_054_400.0  # 2025-10-10T00:00:00Z
    assert local_day(midnight_s - 1, 0) == "2025-10-09"
    assert local_day(midnight_s - 1, 7200) == "2025-10-10"
    assert local_day(midnight_s + 1, -5 * 3600) == "2025-10-09"


def test_the_figures_of_a_day_are_those_of_its_only_recording(library: Library, tmp_path: Path) -> None:
    row = library.add(record(tmp_path / "recordings", "a"))
    library.store_analysis(row.fingerprint, figures())
    (day,) = library.trend_days()
    assert (day.day, day.worn_s, day.away_s, day.away_percent) == ("2025-10-09", 3600.0, 600.0, 20.0)
    assert (day.longest_still_s, day.position_changes_per_h, day.episodes) == (900.0, 4.0, 2)
    assert day.longest_still_span == (START_S + 10.0, START_S + 910.0)


def test_two_recordings_of_a_day_are_merged_by_the_time_they_stand_on(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    morning, noon = library.add(record(folder, "a")), library.add(record(folder, "b", 3600.0))
    library.store_analysis(morning.fingerprint, figures())
    library.store_analysis(
        noon.fingerprint,
        figures(
            slouch={"total_s": 900.0, "share_percent": 90.0, "valid_s": 1000.0, "episodes": [{}], "reason": None},
            longest_still_s=1200.0,
            longest_still_span=None,
            posture_changes_per_h=8.0,
            trunk={"valid_s": 1000.0},
        ),
    )
    (day,) = library.trend_days()
    assert (day.worn_s, day.away_s, day.episodes) == (7200.0, 1500.0, 3)
    assert day.away_percent == pytest.approx(100 * 1500 / 4000)
    assert day.position_changes_per_h == pytest.approx((4.0 * 3000 + 8.0 * 1000) / 4000)
    assert (day.longest_still_s, day.longest_still_span) == (1200.0, None)
    assert [path.name for path in day.recordings] == ["a.mcap", "b.mcap"]


def test_the_same_hours_are_not_counted_twice(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    again = write_recording(folder / "a.mcap", {**SESSION, "source": "again"}, [UPPER], list(live_items(70.0, [UPPER])))
    for path in (record(folder, "b", 0.5), again, record(folder, "c", 300.0)):
        library.store_analysis(library.add(path).fingerprint, figures())
    (day,) = library.trend_days()
    assert day.worn_s == 3 * 3600.0  # a second in common is a reconnection
    longer = write_recording(folder / "d.mcap", SESSION, [UPPER], list(live_items(71.0, [UPPER])))
    library.store_analysis(library.add(longer).fingerprint, figures(worn_s=10.0))
    (day,) = library.trend_days()
    assert day.worn_s == 2 * 3600.0 + 10.0
    assert [path.name for path in day.left_out] == ["a.mcap"]
    assert len(day.files) == len(day.recordings) + 1
    library.forget(library.recordings()[0].fingerprint)
    assert len(library.recordings()) == 3


def test_blank_figures_stay_blank(library: Library, tmp_path: Path) -> None:
    row = library.add(record(tmp_path / "recordings", "a"))
    blank = {"total_s": None, "share_percent": None, "valid_s": 0.0, "episodes": [], "reason": "no calibration"}
    library.store_analysis(
        row.fingerprint,
        figures(slouch=blank, longest_still_s=None, longest_still_span=None, posture_changes_per_h=None),
    )
    (day,) = library.trend_days()
    assert (day.away_s, day.away_percent, day.longest_still_s, day.position_changes_per_h) == (None, None, None, None)
    assert day.reason == "no calibration"


def test_a_week_in_order_and_simulated_days_apart(library: Library, tmp_path: Path) -> None:
    for k in range(7):
        row = library.add(record(tmp_path / "recordings", f"day{k}", k * DAY_S, simulated=k % 2 == 0))
        library.store_analysis(row.fingerprint, figures())
    assert [day.day[-2:] for day in library.trend_days()] == ["09", "10", "11", "12", "13", "14", "15"]
    assert [day.day[-2:] for day in library.trend_days("2025-10-11", "2025-10-13")] == ["11", "12", "13"]
    assert len(library.trend_days(simulated=True)) == 4
    assert len(library.trend_days(simulated=False)) == 3


def test_what_has_no_figures_of_this_version_is_told(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    first, second = library.add(record(folder, "a")), library.add(record(folder, "b", DAY_S))
    library.store_analysis(first.fingerprint, figures())
    assert [row.path for row in library.not_analysed("1")] == [second.path]
    assert [row.path for row in library.not_analysed("2")] == [second.path, first.path]


def test_a_damaged_library_is_set_aside_and_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    path.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40)
    with Library.open(path) as library:
        assert library.notice is not None
        assert "library.sqlite.damaged-1" in library.notice
        library.add(record(tmp_path, "a"))
        assert len(library.recordings()) == 1
    with Library.open(path) as library:
        assert library.notice is None
        assert len(library.recordings()) == 1


def test_notes_are_saved_from_a_damaged_library(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    with Library.open(path) as library:
        for k in range(400):
            library.add_note("abc", "remark " * 40, float(k))
        (root,) = library._db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'notes_by_recording'").fetchone()
    data = bytearray(path.read_bytes())
    data[(root - 1) * 4096 : root * 4096] = bytes(4096)  # a page of an index: the notes themselves are whole
    path.write_bytes(data)
    with Library.open(path) as library:
        assert library.notice is not None
        assert library.notice.endswith("400 notes were saved.")
        assert len(library.notes("abc")) == 400


def test_a_newer_library_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    connection.close()
    with pytest.raises(LibraryError, match="made by a newer Spinewatch"):
        Library.open(path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []


def test_a_locked_library_says_so(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library._db.execute("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(library.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LibraryError, match="cannot be written"):
        library.add_note("x", "text", 0.0)
    other.execute("ROLLBACK")
    other.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has access lists instead of modes")
def test_the_data_folder_is_open_to_its_owner_alone(tmp_path: Path) -> None:
    root = tmp_path / "home"
    root.mkdir(mode=0o755)
    assert privacy_note(root) is not None
    folders = open_folders(root)
    with Library.open(folders.library):
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in [root, *root.iterdir()]}
    assert privacy_note(root) is None
    assert modes["home"] == modes["recordings"] == modes["cache"] == 0o700
    assert modes["library.sqlite"] == 0o600
    assert all(mode & 0o077 == 0 for mode in modes.values())


def test_the_data_folder_can_be_named_and_a_bad_one_is_one_line(tmp_path: Path) -> None:
    assert data_folder({"SPINEWATCH_HOME": str(tmp_path)}) == tmp_path
    assert data_folder({}).name == "spinewatch"
    (tmp_path / "file").touch()
    with pytest.raises(RecordingError, match=r"cannot be used: .* Set SPINEWATCH_HOME"):
        open_folders(tmp_path / "file" / "home")
    assert privacy_note(Path("/data/s"), home=Path("/home/me"), platform="win32") is not None
    assert privacy_note(Path("/home/me/s"), home=Path("/home/me"), platform="win32") is None


def made_frames(n: int = 300, lumbar: bool = True) -> PostureFrames:
    rng = np.random.default_rng(1)
    angles = [rng.normal(10, 5, n).astype(np.float32).astype(float) for _ in range(7)]
    angles[0][:5] = np.nan
    codes = [rng.integers(0, 4, n).astype(np.uint8) for _ in range(3)]
    t_s = np.round(START_S * 10 + np.arange(n)) / 10
    return PostureFrames(t_s, *angles[:3], angles[3] if lumbar else None, *angles[4:6], *codes, angles[6], codes[0])


@pytest.mark.parametrize("lumbar", [True, False])
def test_cached_frames_come_back(tmp_path: Path, lumbar: bool) -> None:
    cache, frames = FrameCache(tmp_path, "1.2/x"), made_frames(lumbar=lumbar)
    episodes = (Episode(1.0, 2.0, 30.0, 20.0), Episode(3.0, None, 31.0, 21.0, Context.SITTING))
    cache.save("abc", frames, episodes, {"grade": "low"})
    found = cache.load("abc")
    assert found is not None
    for name in PostureFrames.__slots__:
        one, other = getattr(frames, name), getattr(found.frames, name)
        assert (one is None and other is None) or np.array_equal(one, other, equal_nan=name not in ("activity", "t_s"))
    assert found.episodes == episodes
    assert found.extra == {"grade": "low"}
    assert FrameCache(tmp_path, "1.3").load("abc") is None
    assert cache.load("abc", "causal") is None


def test_a_damaged_cache_is_thrown_away(tmp_path: Path) -> None:
    cache = FrameCache(tmp_path, "1")
    cache.save("abc", made_frames(), ())
    path = cache.path_of("abc")
    whole = path.read_bytes()
    for data in (b"", b"junk", whole[:200], whole[: len(whole) // 2]):
        path.write_bytes(data)
        assert cache.load("abc") is None
        assert not path.exists()


def test_the_cache_keeps_within_its_limit(tmp_path: Path) -> None:
    cache = FrameCache(tmp_path, "1")
    for k in range(4):
        cache.save(f"f{k}", made_frames(), ())
    size = cache.path_of("f0").stat().st_size
    cache.prune(math.ceil(2.5 * size))
    assert len(list(tmp_path.iterdir())) == 2


def test_what_was_used_last_stays_longest(tmp_path: Path) -> None:
    cache = FrameCache(tmp_path, "1")
    for k, name in enumerate(("old", "new")):
        cache.save(name, made_frames(), ())
        os.utime(cache.path_of(name), (1_000.0 + k, 1_000.0 + k))
    assert cache.load("old") is not None
    cache.prune(cache.path_of("old").stat().st_size)
    assert cache.load("old") is not None
    assert cache.load("new") is None


@pytest.mark.skipif(sys.platform == "win32", reason="modes mean nothing there")
def test_the_demo_leaves_no_folder_open_to_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPINEWATCH_HOME", str(tmp_path / "home"))
    demo_folders()
    assert privacy_note(tmp_path / "home") is None
    assert privacy_note(tmp_path / "home" / "demo") is None
