"""Runs sources and a session on one asyncio loop: items in as they come, updates out twenty times a second."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

from spinewatch_bridge.blocks import Emit, Item
from spinewatch_monitor.session import Session
from spinewatch_monitor.updates import ReplayPosition, SessionUpdate

UPDATE_PERIOD_S = 0.05
"""20-50 ms batches keep the window fluent without flooding it."""

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

    Args:
        sources: ``run`` methods of the sources.
        session: takes the items, on this loop's thread.
        publish: called with each update.
        now_s: the session's clock: the host's for live data, the position for a replay.
        replay: where a replay stands; None for live data.
        sleep: how to wait; tests pass their own.

    Raises:
        Exception: the first error that ended a source.
    """

    def emit(items: Sequence[Item]) -> None:
        session.take(items, now_s())

    def update() -> SessionUpdate:
        return session.update(now_s(), None if replay is None else replay())

    tasks = [asyncio.ensure_future(run(emit)) for run in sources]
    try:
        while not all(task.done() for task in tasks):
            await sleep(UPDATE_PERIOD_S)
            publish(update())
        for task in tasks:
            task.result()
    finally:
        await _cancel(tasks)
        publish(session.finish(now_s()))


async def _cancel(tasks: Sequence[asyncio.Future[None]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await task
