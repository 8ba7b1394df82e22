"""Fetched pages on the disk: what is there survives a stop, what is damaged counts as missing, nobody else reads it."""

from __future__ import annotations

import asyncio
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bridge_helpers import VirtualClock
from own_log_helpers import file_of, filled, over_a_link, page_of
from spinewatch_bridge.link import Link
from spinewatch_bridge.log_download import LogReader
from spinewatch_bridge.protocols import spinewatch_log as log
from spinewatch_monitor.storage.log_pages import PageFile, pages_path


def test_pages_are_kept_in_any_order_and_over_a_restart(tmp_path: Path):
    with closing(PageFile(tmp_path / "a.pages")) as pages:
        assert pages.missing(4) == [0, 1, 2, 3]
        pages.put(2, page_of(678))
        pages.put(0, page_of(0))
        assert pages.missing(4) == [1, 3]
        assert pages.safe()
    with closing(PageFile(tmp_path / "a.pages")) as again:
        assert again.missing(4) == [1, 3]
        found = log.decode_pages(again.read())
    assert found.index.tolist() == [0, 678]
    assert found.bad_pages == 1


def test_what_is_damaged_on_the_disk_is_missing_and_not_safe(tmp_path: Path):
    path = tmp_path / "a.pages"
    with closing(PageFile(path)) as pages:
        pages.put(0, page_of(0))
        pages.put(1, page_of(339))
        assert pages.safe()
        with path.open("r+b") as other:
            other.seek(5000)
            other.write(b"\xff")
        assert not pages.safe()
    with closing(PageFile(path)) as again:
        assert again.missing(2) == [1]
    path.write_bytes(path.read_bytes()[:6000])
    with closing(PageFile(path)) as cut:
        assert cut.missing(2) == [1]


def test_a_page_that_came_later_asks_for_another_recording(tmp_path: Path):
    with closing(PageFile(tmp_path / "a.pages")) as pages:
        pages.put(0, page_of(0))
        assert not pages.is_recorded
        pages.mark_recorded()
    with closing(PageFile(tmp_path / "a.pages")) as again:
        assert again.is_recorded
        again.put(1, page_of(339))
        assert not again.is_recorded
        again.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has access lists instead")
def test_only_the_owner_reads_them(tmp_path: Path):
    path = pages_path(tmp_path, "../AB 12", file_of(1))
    assert path == tmp_path / "sensor_logs" / "---AB-12_00000007_3.pages"
    PageFile(path).close()
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_stopped_fetch_goes_on_where_it_was(tmp_path: Path):
    """Stopped amid the download, as by Ctrl-C; the second call asks for no page that is there."""
    path, kept_at_stop = tmp_path / "a.pages", []

    async def work(link: Link, clock: VirtualClock) -> None:
        reader = LogReader(link, clock)
        (file,) = await reader.list_files()
        with closing(PageFile(path)) as pages:
            fetching = asyncio.create_task(reader.download(file, pages))
            await clock.sleep(2.0)
            fetching.cancel()
            await asyncio.gather(fetching, return_exceptions=True)
            kept_at_stop.append(40 - len(pages.missing(40)))
        assert link.on_log_piece is None
        with closing(PageFile(path)) as pages:
            assert len(pages.missing(40)) == 40 - kept_at_stop[0]
            assert await reader.download(file, pages) == []

    over_a_link(work, filled(40))
    assert 5 < kept_at_stop[0] < 35
    assert len(log.decode_pages(path.read_bytes())) == 40 * 339 - 100
