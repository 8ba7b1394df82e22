"""A run on its loop: what runs beside it ends with it."""

from __future__ import annotations

import asyncio

from spinewatch_bridge.blocks import Emit
from spinewatch_monitor.live_run import Run
from spinewatch_monitor.session import Session, SessionConfig


class Silent:
    """A source that says nothing."""

    name, simulated = "silent", True

    async def run(self, _emit: Emit) -> None:
        await asyncio.Event().wait()


def test_a_look_around_ends_with_the_session_whose_radio_it_uses() -> None:
    ended: list[str] = []

    async def look() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # a scan is ended by talking to the system
            ended.append("look")

    async def main() -> None:
        run = Run([Silent()], Session(SessionConfig()), lambda: 0.0, 0.0, 0.0)
        task = asyncio.create_task(run.main(lambda _value: None))
        run.beside.add(asyncio.create_task(look()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        ended.append("run")

    asyncio.run(main())
    assert ended == ["look", "run"]
