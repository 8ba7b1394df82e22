"""The loop around a session: updates when something is new, the last one always, errors let out, cancel obeyed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from spinewatch_bridge.blocks import Emit, Event
from spinewatch_monitor.session import Session, SessionConfig
from spinewatch_monitor.session_loop import QUIET_LOOKS, run_session
from spinewatch_monitor.updates import SessionUpdate


async def no_wait(_seconds: float) -> None:
    await asyncio.sleep(0)


def run(*sources: Callable[[Emit], Awaitable[None]]) -> list[SessionUpdate]:
    updates: list[SessionUpdate] = []
    asyncio.run(run_session(sources, Session(SessionConfig()), updates.append, lambda: 1.0, sleep=no_wait))
    return updates


def test_what_happened_is_published_once() -> None:
    async def source(emit: Emit) -> None:
        emit([Event("mark", 0.5)])
        for _ in range(20):
            await asyncio.sleep(0)

    assert [e.kind for u in run(source) for e in u.events] == ["mark"]


def test_quiet_looks_publish_seldom() -> None:
    async def source(emit: Emit) -> None:
        for _ in range(10 * QUIET_LOOKS):
            await asyncio.sleep(0)

    assert 8 <= len(run(source)) <= 13


def test_the_error_of_a_source_is_let_out_after_a_last_update() -> None:
    async def source(emit: Emit) -> None:
        emit([Event("mark", 0.5)])
        raise OSError("unplugged")

    updates: list[SessionUpdate] = []
    with pytest.raises(OSError, match="unplugged"):
        asyncio.run(run_session([source], Session(SessionConfig()), updates.append, lambda: 1.0, sleep=no_wait))
    assert [e.kind for u in updates for e in u.events] == ["mark"]


def test_a_source_that_fails_is_told_while_the_other_goes_on() -> None:
    async def broken(emit: Emit) -> None:
        raise KeyError("pelvis")

    async def sound(emit: Emit) -> None:
        for _ in range(10):
            await asyncio.sleep(0)
        emit([Event("mark", 0.5)])
        await asyncio.sleep(0)

    updates: list[SessionUpdate] = []
    with pytest.raises(KeyError):
        asyncio.run(run_session([broken, sound], Session(SessionConfig()), updates.append, lambda: 1.0, sleep=no_wait))
    events = [event for update in updates for event in update.events]
    assert [event.kind for event in events] == ["note", "mark"]
    assert "KeyError" in events[0].data["text"]


def test_a_source_that_swallows_one_cancellation_is_asked_again() -> None:
    async def stubborn(emit: Emit) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.Event().wait()

    async def main() -> None:
        task = asyncio.create_task(run_session([stubborn], Session(SessionConfig()), lambda _: None, lambda: 1.0))
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())
