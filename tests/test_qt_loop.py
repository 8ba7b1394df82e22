"""The crossing between the worker thread and Qt: values arrive in order, errors are heard, stop cleans up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from spinewatch_monitor.qt_loop import LoopThread


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
    assert names == ["spinewatch-links"]
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
    assert loop.ask(lambda: threading.current_thread().name, 10.0) == "spinewatch-links"
    with pytest.raises(ValueError, match="no"):
        loop.ask(fails, 10.0)
    assert loop.stop()
    assert not loop.running
    with pytest.raises(TimeoutError):
        loop.ask(lambda: None, 0.0)
