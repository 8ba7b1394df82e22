"""The demonstrations at the window: a simulated day that is replayed, or simulated sensors read over Bluetooth."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from PySide6.QtCore import QObject

from spinewatch_bridge.recording.salvage import Finalised
from spinewatch_monitor.live_run import virtual_run
from spinewatch_monitor.qt_loop import LoopThread, Main
from spinewatch_monitor.settings import Settings
from spinewatch_monitor.storage.folders import Folders
from spinewatch_signal.calibration import Calibration

T = TypeVar("T")

MAKING_A_DAY = "Making a simulated office day…"
MAKING_SENSORS = "Making simulated Bluetooth sensors…"


class DemoHost(Protocol):
    """What the demonstrations need of the dashboard."""

    folders: Folders
    settings: Settings

    def tell(self, text: str) -> None:
        """One sentence for the person at the window."""

    def start_replay(self, path: Path, speed: float, calibration: Calibration | None) -> None:
        """Play a recording."""

    def start_made(self, main: Main) -> None:
        """End the session and begin one whose `main` publishes its `Run` first, and then what it is told."""

    def recorded(self, finished: Finalised) -> None:
        """How a recording ended, from its recorder's thread."""

    def library_changed(self) -> None:
        """There are new recordings."""

    def recorder_says(self, text: str) -> None:
        """A line of the recorder, from its thread."""


class DemoShow(QObject):
    """Makes what is shown beside the window, so that the window is there first."""

    def __init__(self, host: DemoHost, parent: QObject) -> None:
        super().__init__(parent)
        self._host = host
        self._maker: LoopThread | None = None
        self._seed = 1

    def begin_day(self, seed: int, start_s: float, offset_s: float, speed: float) -> None:
        """Make the simulated day, then play it; the week before it fills in behind."""
        from spinewatch_monitor.demo_loop import make_demo

        self._host.tell(MAKING_A_DAY)
        self._maker = LoopThread(self)
        self._maker.arrived.connect(partial(self._arrived, speed))
        self._maker.ended.connect(self._ended)
        self._maker.start(partial(make_demo, self._host.folders, seed, start_s, offset_s))

    def begin_sensors(self, seed: int) -> None:
        """Put simulated sensors into a simulated air, connect them as real ones, and record."""
        self._seed = seed
        self.begin_sensors_anew((), {})

    def begin_sensors_anew(self, texts: Sequence[str], names: Mapping[str, str]) -> None:
        """The same air once more, with other wishes of its sensors: their texts, and their names by id."""
        self._host.tell(MAKING_SENSORS)
        self._host.start_made(partial(self._sensors, tuple(texts), dict(names)))

    async def _sensors(self, texts: Sequence[str], names: Mapping[str, str], publish: Callable[[object], None]) -> None:
        host = self._host
        making = virtual_run(
            self._seed,
            host.settings,
            host.folders.recordings,
            host.recorder_says,
            host.recorded,
            texts=texts,
            names=names,
        )
        async with contextlib.AsyncExitStack() as air:
            run = await _uncut(air.enter_async_context(making))
            publish(run)
            await run.to_the_end(publish)

    def _arrived(self, speed: float, value: object) -> None:
        if isinstance(value, Path):
            self._host.tell("")
            self._host.start_replay(value, speed, None)
        elif isinstance(value, str):
            self._host.tell(value)
        self._host.library_changed()

    def _ended(self, error: object) -> None:
        if isinstance(error, BaseException):
            self._host.tell(f"The simulated day could not be made: {str(error) or type(error).__name__}.")


async def _uncut(work: Coroutine[Any, Any, T]) -> T:
    """Let work end though who waits for it is cancelled: a radio stumbles over answers that nobody waits for."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
