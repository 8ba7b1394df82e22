"""Runs sources and a session on one asyncio loop: items in as they come, updates out when there is something new."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from spinewatch_bridge.blocks import Emit, Event, Item
from spinewatch_bridge.errors import BridgeError
from spinewatch_monitor.session import Session
from spinewatch_monitor.updates import ReplayPosition, SessionUpdate

LOOK_PERIOD_S = 0.025
"""How often it looks for something new: what arrives in between goes to the window in one update."""
QUIET_LOOKS = 8
"""With nothing new the window still hears five times a second, for clocks and the status light."""

CANCEL_AGAIN_S = 0.2

Publish = Callable[[SessionUpdate], None]
Clock = Callable[[], float]
RunSource = Callable[[Emit], Awaitable[None]]


async def run_session(
    sources: Sequence[RunSource],
    session: Session,
    publish: Publish,
    now_s: Clock,
    *,
    replay: Callable[[], ReplayPosition] | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Run until every source has ended, or until cancelled; the last update is published in both cases.

    A source that fails is told at once, and the others go on.

    Args:
        sources: ``run`` methods of the sources.
        session: takes the items, on this loop's thread.
        publish: called with each update.
        now_s: the session's clock: the host's for live data, the position for a replay.
        replay: where a replay stands; None for live data.
        sleep: how to wait; tests pass their own.

    Raises:
        Exception: the first error that ended a source, once all have ended.
    """

    def emit(items: Sequence[Item]) -> None:
        session.take(items, now_s())

    def update() -> SessionUpdate:
        return session.update(now_s(), None if replay is None else replay())

    tasks = [asyncio.ensure_future(run(emit)) for run in sources]
    quiet, told = 0, set[asyncio.Future[None]]()
    try:
        while not all(task.done() for task in tasks):
            for failed in {task for task in tasks if _error_of(task) is not None} - told:
                told.add(failed)
                session.take([_fault(_error_of(failed), now_s())], now_s())
            await sleep(LOOK_PERIOD_S)
            quiet = 0 if session.has_news else quiet + 1
            if quiet % QUIET_LOOKS == 0:
                publish(update())
        for task in tasks:
            task.result()
    finally:
        await _cancel(tasks)
        publish(session.finish(now_s()))


def _error_of(task: asyncio.Future[None]) -> BaseException | None:
    return task.exception() if task.done() and not task.cancelled() else None


def _fault(error: BaseException | None, now_s: float) -> Event:
    """What a person is told about a source that stopped by itself."""
    why = str(error) if isinstance(error, BridgeError) else f"a fault in Spinewatch ({type(error).__name__})"
    return Event("note", now_s, None, {"text": f"One of the sensors is read no longer: {why.rstrip('.')}."})


async def _cancel(tasks: Sequence[asyncio.Future[None]]) -> None:
    """End all tasks. Asked again until they obey: before Python 3.12 `asyncio.wait_for` can swallow a cancellation."""
    running = {task for task in tasks if not task.done()}
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=CANCEL_AGAIN_S)
    for task in tasks:
        if not task.cancelled():
            task.exception()
