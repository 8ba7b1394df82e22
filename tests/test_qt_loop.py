"""The crossing between worker threads and Qt: values arrive in order, errors are heard, what is ended cleans up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest
from pytestqt.qtbot import QtBot

from spinewatch_monitor.qt_loop import LinkJob, LinkLoop, LoopThread


@pytest.fixture
def links() -> Iterator[LinkLoop]:
    made = LinkLoop()
    yield made
    assert made.stop(5.0)


def test_values_arrive_in_order_in_the_qt_thread(qtbot: QtBot) -> None:
    async def main(publish: Callable[[object], None]) -> None:
        for k in range(100):
            publish(k)

    loop, seen = LoopThread(), []
    loop.arrived.connect(lambda value: seen.append((value, threading.current_thread() is threading.main_thread())))
    with qtbot.waitSignal(loop.ended):
        loop.start(main)
    assert seen == [(k, True) for k in range(100)]
    assert loop.stop()


def test_an_error_ends_the_loop_and_is_heard(qtbot: QtBot) -> None:
    async def main(publish: Callable[[object], None]) -> None:
        raise OSError("gone")

    loop = LoopThread()
    with qtbot.waitSignal(loop.ended) as ended:
        loop.start(main)
    assert str(ended.args[0]) == "gone"
    assert loop.stop()


def test_stop_lets_the_coroutine_clean_up(qtbot: QtBot) -> None:
    cleaned = threading.Event()

    async def main(publish: Callable[[object], None]) -> None:
        publish("ready")
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.set()

    loop = LoopThread()
    with qtbot.waitSignal(loop.arrived):
        loop.start(main)
    assert loop.stop()
    assert cleaned.is_set()
    loop.call(cleaned.clear)
    assert cleaned.is_set()


def test_calls_run_on_the_loops_thread(qtbot: QtBot) -> None:
    names: list[str] = []

    async def main(publish: Callable[[object], None]) -> None:
        called = asyncio.Event()
        loop.call(lambda: (names.append(threading.current_thread().name), called.set()))
        await called.wait()

    loop = LoopThread()
    with qtbot.waitSignal(loop.ended):
        loop.start(main)
    assert names == ["spinewatch-loop"]
    assert loop.stop()


def test_what_is_asked_gives_its_answer_its_error_or_a_timeout(qtbot: QtBot) -> None:
    async def main(publish: Callable[[object], None]) -> None:
        publish("ready")
        await asyncio.Event().wait()

    def fails() -> None:
        raise ValueError("no")

    loop = LoopThread()
    with qtbot.waitSignal(loop.arrived):
        loop.start(main)
    assert loop.running
    assert loop.ask(lambda: threading.current_thread().name, 10.0) == "spinewatch-loop"
    with pytest.raises(ValueError, match="no"):
        loop.ask(fails, 10.0)
    assert loop.stop()
    assert not loop.running
    with pytest.raises(TimeoutError):
        loop.ask(lambda: None, 0.0)


async def waits(publish: Callable[[object], None]) -> None:
    publish((threading.current_thread().name, id(asyncio.get_running_loop())))
    await asyncio.Event().wait()


def test_all_that_has_to_do_with_links_runs_on_one_loop(qtbot: QtBot, links: LinkLoop) -> None:
    places: list[object] = []
    for _ in range(2):
        job = LinkJob(links)
        job.arrived.connect(places.append)
        with qtbot.waitSignal(job.arrived):
            job.start(waits)
        with qtbot.waitSignal(job.ended) as ended:
            job.cancel()
        assert ended.args == [None]
        assert job.wait(5.0)
        assert not job.running
    first, second = places
    assert first == second
    assert first[0] == "spinewatch-links"


def test_a_job_that_fails_says_so_and_leaves_the_loop_to_the_others(qtbot: QtBot, links: LinkLoop) -> None:
    async def fails(_publish: Callable[[object], None]) -> None:
        raise OSError("gone")

    other, job = LinkJob(links), LinkJob(links)
    with qtbot.waitSignal(other.arrived):
        other.start(waits)
    with qtbot.waitSignal(job.ended) as ended:
        job.start(fails)
    assert str(ended.args[0]) == "gone"
    assert other.running
    assert other.ask(lambda: 42, 10.0) == 42
    with pytest.raises(TimeoutError):
        job.ask(lambda: 42, 0.05)


def test_a_job_that_is_cancelled_as_it_begins_cleans_up_all_the_same(qtbot: QtBot, links: LinkLoop) -> None:
    done: list[str] = []

    async def main(_publish: Callable[[object], None]) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            done.append("cleaned up")

    job = LinkJob(links)
    held = threading.Event()
    links.call(held.wait, 5.0)  # start and cancel then come in one turn of the loop
    job.start(main)
    job.cancel()
    held.set()
    assert job.wait(5.0)
    assert done == ["cleaned up"]


def test_the_end_of_the_loop_ends_its_jobs_and_nothing_begins_after_it(qtbot: QtBot, links: LinkLoop) -> None:
    job, late = LinkJob(links), LinkJob(links)
    with qtbot.waitSignal(job.arrived):
        job.start(waits)
    assert links.stop(5.0)
    assert job.wait(0.0)
    late.start(waits)
    assert not late.wait(0.05)
