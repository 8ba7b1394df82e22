"""A call in a thread that nobody waits for: its answer, its ceiling, and that the next one may begin at once."""

from __future__ import annotations

import asyncio
import threading

import pytest

from spinewatch_bridge.transports.in_daemon import InDaemon


def test_the_next_call_may_follow_as_soon_as_the_last_has_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread of an answered call may live a little longer, here until the end of the test."""
    lingering = threading.Event()
    run = threading.Thread.run

    def slow_to_end(thread: threading.Thread) -> None:
        run(thread)
        lingering.wait(10.0)

    monkeypatch.setattr(threading.Thread, "run", slow_to_end)

    async def main() -> list[int]:
        opener = InDaemon("test")
        return [await opener.call(lambda n=n: n, 5.0, lambda _found: None) for n in range(20)]

    try:
        assert asyncio.run(main()) == list(range(20))
    finally:
        lingering.set()


def test_a_call_that_hangs_lets_no_other_begin_and_its_late_find_is_handed_back() -> None:
    go, handed_back = threading.Event(), threading.Event()

    async def main() -> None:
        opener = InDaemon("test")
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await opener.call(go.wait, 0.0, lambda _found: handed_back.set())
        assert opener.hangs

    asyncio.run(main())
    go.set()
    assert handed_back.wait(10.0)
