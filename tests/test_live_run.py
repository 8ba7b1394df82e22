"""A run on its loop: what runs beside it ends with it, and its recording is finished before it has ended."""

from __future__ import annotations

import asyncio
from pathlib import Path

from spinewatch_bridge.blocks import Emit
from spinewatch_monitor.live_run import Run, live_run
from spinewatch_monitor.session import Session, SessionConfig
from spinewatch_monitor.settings import Settings
from spinewatch_monitor.this_radio import OneRadio


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


def test_sessions_share_the_radio_of_their_program(tmp_path: Path) -> None:
    one = OneRadio()
    runs = [live_run(["ble:SW-0001"], Settings(), tmp_path, print, bluetooth=one) for _ in range(2)]
    assert [run.radio for run in runs] == [one.get()] * 2
    for run in runs:
        assert run.recorder is not None
        run.recorder.stop()


def test_a_run_has_ended_when_its_recording_is_finished(tmp_path: Path) -> None:
    async def main(run: Run) -> None:
        task = asyncio.create_task(run.to_the_end(lambda _value: None))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run = live_run(["sim:rom-test"], Settings(), tmp_path, print)
    assert run.recorder is not None
    asyncio.run(main(run))
    assert run.recorder.ended
