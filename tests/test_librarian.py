"""The librarian: a simulated week becomes seven days whose figures are those of `analyze`; opening goes first."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from spinewatch_bridge.simulator.to_file import simulate_to_file
from spinewatch_monitor.analysis import analyse_file
from spinewatch_monitor.librarian import DaysKnown, Librarian, Opened, OpenFailed, Told
from spinewatch_monitor.review_source import review_data, trends_days
from spinewatch_monitor.storage.folders import Folders, open_folders

MONDAY_S = 1_772_436_600.0
DAY_S = 86_400.0


class AnalysedHere:
    """An `AnalysisJob` without a process of its own."""

    def __init__(self, path: Path, on_progress: Callable[[float], None] | None) -> None:
        self.future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        try:
            self.future.set_result(analyse_file(path, on_progress))
        except Exception as error:
            self.future.set_exception(error)

    def cancel(self) -> None:
        """Too late: it is done."""


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """Seven simulated quarters of an hour, one a day, one sensor."""
    folders = open_folders(tmp_path_factory.mktemp("week"))
    for day in range(7):
        path = folders.recordings / f"day-{day}.mcap"
        simulate_to_file(
            "office-day", path, seed=day + 1, start_s=MONDAY_S + day * DAY_S, hours=0.25, sensors=("upper_back",)
        )
    return folders


def work(folders: Folders, enough: Callable[[list[object]], bool], ask: Path | None = None) -> list[object]:
    """Run a librarian until what it published is enough."""
    said: list[object] = []

    async def main() -> None:
        librarian = Librarian(folders, simulated=True, start_job=AnalysedHere)  # type: ignore[arg-type]
        if ask is not None:
            librarian.open(ask)
        task = asyncio.create_task(librarian.run(said.append))
        while not enough(said):
            if task.done():
                task.result()
            await asyncio.sleep(0)
        task.cancel()

    asyncio.run(main())
    return said


def test_a_simulated_week_is_seven_days_with_the_figures_of_analyze(week: Folders) -> None:
    said = work(week, lambda s: any(isinstance(v, DaysKnown) and len(v.days) == 7 for v in s))
    known = [value for value in said if isinstance(value, DaysKnown)][-1]
    for day, shown in zip(known.days, trends_days(known.days), strict=True):
        _, figures = analyse_file(day.recordings[0])
        assert shown.worn_s == figures["worn_s"]
        assert shown.away_percent == figures["slouch"]["share_percent"]
        assert shown.longest_still_s == figures["longest_still_s"]
        assert shown.position_changes_per_h == figures["posture_changes_per_h"]
    assert len({day.day for day in known.days}) == 7


def test_each_day_opens_in_review_with_its_episodes(week: Folders) -> None:
    for path in sorted(week.recordings.glob("*.mcap"))[:2]:
        said = work(week, lambda s: any(isinstance(v, Opened) for v in s), ask=path)
        data = review_data(next(v for v in said if isinstance(v, Opened)))
        analysis, _ = analyse_file(path)
        assert tuple(data.episodes) == analysis.episodes
        assert data.simulated
        assert data.limit is not None
        assert data.limit.measure == "trunk"


def test_what_is_asked_for_is_opened_before_the_rest(tmp_path: Path, week: Folders) -> None:
    folders = open_folders(tmp_path)
    for path in sorted(week.recordings.glob("*.mcap"))[:3]:
        (folders.recordings / path.name).write_bytes(path.read_bytes())
    oldest = folders.recordings / "day-0.mcap"
    said = work(folders, lambda s: any(isinstance(v, Opened) for v in s), ask=oldest)
    days = [value for value in said if isinstance(value, DaysKnown)]
    assert [len(d.days) for d in days] == [0, 1]


def test_a_file_that_is_no_recording_is_told_in_one_line(tmp_path: Path) -> None:
    folders = open_folders(tmp_path)
    (folders.recordings / "holiday.mcap").write_bytes(b"not a recording at all")
    said = work(folders, lambda s: any(isinstance(v, OpenFailed) for v in s), ask=folders.recordings / "holiday.mcap")
    told = [v.text for v in said if isinstance(v, Told | OpenFailed)]
    assert len(told) == 2
    assert all(text and "\n" not in text and "holiday.mcap" in text for text in told)


class AnalysedLater:
    """An `AnalysisJob` that ends when the test says so."""

    def __init__(self, path: Path, _on_progress: Callable[[float], None] | None) -> None:
        self.path, self.future, self.cancelled = path, concurrent.futures.Future[Any](), False

    def cancel(self) -> None:
        """Remember that it was asked to stop."""
        self.cancelled = True


def with_held_jobs(folders: Folders, test: Callable[[Librarian, list[AnalysedLater]], Awaitable[None]]) -> None:
    """Run `test` beside a librarian, from its first analysis on."""
    jobs: list[AnalysedLater] = []

    def start(path: Path, on_progress: Callable[[float], None] | None) -> AnalysedLater:
        jobs.append(AnalysedLater(path, on_progress))
        return jobs[-1]

    async def main() -> None:
        librarian = Librarian(folders, simulated=True, start_job=start)  # type: ignore[arg-type]
        task = asyncio.create_task(librarian.run(lambda _value: None))
        while not jobs:
            await asyncio.sleep(0)
        await test(librarian, jobs)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    assert jobs[-1].cancelled


def test_a_recording_that_ends_while_another_is_analysed_is_not_forgotten(tmp_path: Path, week: Folders) -> None:
    folders = open_folders(tmp_path)
    (folders.recordings / "first.mcap").write_bytes((week.recordings / "day-0.mcap").read_bytes())

    async def test(librarian: Librarian, jobs: list[AnalysedLater]) -> None:
        (folders.recordings / "second.mcap").write_bytes((week.recordings / "day-1.mcap").read_bytes())
        librarian.rescan()
        jobs[0].future.set_result(analyse_file(jobs[0].path))
        for _ in range(10_000):
            if len(jobs) > 1:
                break
            await asyncio.sleep(0)
        assert [job.path.name for job in jobs] == ["first.mcap", "second.mcap"]

    with_held_jobs(folders, test)


def test_closing_stops_the_analysis_that_runs(tmp_path: Path, week: Folders) -> None:
    folders = open_folders(tmp_path)
    (folders.recordings / "first.mcap").write_bytes((week.recordings / "day-0.mcap").read_bytes())

    async def test(_librarian: Librarian, jobs: list[AnalysedLater]) -> None:
        assert not jobs[0].cancelled

    with_held_jobs(folders, test)
