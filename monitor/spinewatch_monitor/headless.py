"""Recording without a window: sources in, a recording out, and a status line for who watches."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from spinewatch_bridge.blocks import Event, Item, SensorChannel
from spinewatch_bridge.errors import BadSourceError, LinkLostError, RecordingWriteError
from spinewatch_bridge.host_clock import HostClock
from spinewatch_bridge.recording.salvage import Finalised
from spinewatch_bridge.sources import OpenOptions, Source, SourceSpec, open_sources, parse_sources
from spinewatch_monitor.cli_text import clock as clock_text
from spinewatch_monitor.cli_text import plain, say, size, tell
from spinewatch_monitor.event_news import EventNews
from spinewatch_monitor.judged_by import to_session
from spinewatch_monitor.new_recording import recording_name, session_facts, utc_offset_s
from spinewatch_monitor.sensor_priors import Memory, with_priors
from spinewatch_monitor.settings import Settings, load_settings
from spinewatch_monitor.storage.folders import data_folder, folders_at, open_folders
from spinewatch_monitor.storage.owner_keys import OwnerKeyFile
from spinewatch_monitor.storage.recorder import Recorder, recover_leftovers
from spinewatch_monitor.storage.sensor_memory import SensorMemory
from spinewatch_monitor.tally import Tally

STATUS_S = 0.5
MIN_FREE_BYTES = 300 << 20  # a day of two sensors, twice: the .part and, at the stop, its compact form
STOP_FREE_BYTES = 100 << 20  # enough to finish what was recorded


def record_headless(texts: Sequence[str], target: Path | None, seconds: float | None) -> Path:
    """Record until stopped, until `seconds` have passed, or until the sources end; returns the recording.

    Args:
        texts: one or two sources.
        target: ``NAME.mcap``; None names it by its time in the data folder.
        seconds: length on the sources' clock.

    Raises:
        BridgeError: when a source cannot be opened, or nothing could be recorded.
    """
    specs = parse_sources(texts)
    _refuse_replays(specs)
    folder = open_folders().recordings if target is None else target.resolve().parent
    for leftover in recover_leftovers(folder):
        say(leftover.text)
    if shutil.disk_usage(folder).free < MIN_FREE_BYTES:
        raise RecordingWriteError(f"Less than {MIN_FREE_BYTES >> 20} MB are free in {folder}. Free some space first.")
    clock = HostClock(speed=float(specs[0].options.get("speed", "1")))
    keys = OwnerKeyFile(folders_at(data_folder()).owner_keys)
    sources = open_sources(specs, OpenOptions(clock=clock, fail_fast=True, owner_keys=keys))
    offset_s = utc_offset_s()
    path = target or folder / f"{recording_name(datetime.now(UTC), offset_s)}.mcap"
    simulated = any(source.simulated for source in sources)
    judged_by = to_session(_settings())

    def about(start: datetime) -> Mapping[str, Any]:
        facts = session_facts(" ".join(spec.text for spec in specs), start, offset_s, simulated=simulated)
        return {**facts, **judged_by}

    run = _Run(path, about, clock, _memory())
    try:
        asyncio.run(run.until_stopped(sources, seconds))
    finally:
        done = run.finish()
    if done is None or done.path is None:
        raise LinkLostError("no samples came, so nothing was recorded")
    tell(f"{done.path}: {clock_text(done.recovered_s)}, {size(done.path.stat().st_size)}, {run.tally.loss_text()}.")
    return done.path


def _memory() -> SensorMemory:
    """What earlier recordings told of the sensors; what cannot be used of it is said."""
    memory = SensorMemory(folders_at(data_folder()).sensor_memory)
    if memory.problem:
        say(memory.problem)
    return memory


def _settings() -> Settings:
    """The wearer's choices; what cannot be used of them is said."""
    settings, warning = load_settings(folders_at(data_folder()).settings)
    if warning is not None:
        say(warning)
    return settings


def _refuse_replays(specs: Sequence[SourceSpec]) -> None:
    for spec in specs:
        if spec.kind == "replay":
            raise BadSourceError(spec.text, "a replay is a recording already; copy the file instead.")


class _Run:
    """One recording under way; the file is made when the first item comes, so that a wrong port leaves nothing."""

    def __init__(
        self,
        path: Path,
        about: Callable[[datetime], Mapping[str, Any]],
        clock: HostClock,
        memory: Memory | None = None,
    ) -> None:
        self.tally, self._news = Tally(), EventNews()
        self._path, self._about, self._clock, self._memory = path, about, clock, memory
        self._sensors = set[str]()
        self._recorder: Recorder | None = None
        self._folder = path.resolve().parent

    async def until_stopped(self, sources: Sequence[Source], seconds: float | None) -> None:
        """Record; returns when it is to end, and raises the first error of a source."""
        stopped = asyncio.get_running_loop().create_future()
        with _signals(stopped):
            tasks = [asyncio.create_task(source.run(self.take)) for source in sources]
            try:
                await self._watch(tasks, stopped, seconds)
                for task in tasks:
                    if task.done():
                        task.result()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def take(self, items: Sequence[Item]) -> None:
        """What a source emits, in the order in which it came."""
        if self._recorder is None:
            start = datetime.fromtimestamp(self._clock.now_s(), UTC)
            self._recorder = Recorder(self._path, self._about(start), on_error=_line)
            say(f"Recording to {self._path}; Ctrl-C stops and finishes it.")
        items = with_priors(items, self._sensors, self._memory, self._clock.now_s())
        self._sensors |= {item.sensor.id for item in items if isinstance(item, SensorChannel)}
        self._recorder.put(items)
        self.tally.take(items, self._clock.now_s())
        for item in items:
            if isinstance(item, Event) and item.kind in ("connected", "disconnected"):
                cause = f": {item.data['cause']}" if item.data.get("cause") else ""
                _line(f"{item.sensor}: {item.kind}{cause}")
            elif isinstance(item, Event) and item.kind in ("note", "clock") and (told := self._news.of(item)):
                _line(told)

    def finish(self) -> Finalised | None:
        """Write what is queued and finish the recording; None when there is none."""
        if self._recorder is None:
            return None
        _status("Finishing the recording …")
        try:
            done = self._recorder.stop()
        except KeyboardInterrupt:  # asked again while a long recording is finished
            part = self._recorder.path
            raise KeyboardInterrupt(
                f"Stopped before the recording was finished. Nothing is lost: spinewatch recover {part}"
            ) from None
        _status("")
        if done is None:
            raise RecordingWriteError(self._unfinished(self._recorder.path))
        return done

    @staticmethod
    def _unfinished(part: Path) -> str:
        """Why was told when it happened; this is what to do."""
        if part.exists():
            return f"The recording is not finished. When the disk is well again: spinewatch recover {part}"
        return f"The recording is lost: {part} is gone."

    async def _watch(
        self, tasks: Sequence[asyncio.Task[None]], stopped: asyncio.Future[None], seconds: float | None
    ) -> None:
        """Until stopped, ended, failed or full."""
        while not stopped.done() and not all(task.done() for task in tasks):
            pause_s = self._pause_s(seconds)
            if pause_s <= 0:
                return
            await asyncio.wait([*tasks, stopped], timeout=pause_s, return_when=asyncio.FIRST_EXCEPTION)
            if any(task.done() and task.exception() for task in tasks):
                return
            self._report()
            if why := self._stopped_by_disk():
                _line(why)
                return

    def _stopped_by_disk(self) -> str:
        """Why recording cannot go on; empty when it can."""
        if self._recorder is None:
            return ""
        if self._recorder.ended:
            return "Nothing more is recorded."
        try:
            part_is_there = self._recorder.path.exists()  # a file without a name is written to in vain
            free_bytes = shutil.disk_usage(self._folder).free
        except OSError:
            part_is_there, free_bytes = False, 0
        if not part_is_there:
            return f"{self._recorder.path} cannot be reached any more: recording stops here."
        return "The disk is nearly full: recording stops here and is finished." if free_bytes < STOP_FREE_BYTES else ""

    def _pause_s(self, seconds: float | None) -> float:
        """Until the next look, in seconds of life; not above zero when the wanted length is reached."""
        if seconds is None or self.tally.started_s is None:
            return STATUS_S
        left_s = seconds - (self._clock.now_s() - self.tally.started_s)
        return min(STATUS_S, self._clock.wait_s(left_s))

    def _report(self) -> None:
        if self._recorder is not None and self._recorder.path.exists():
            grown = size(self._recorder.path.stat().st_size)
            _status(f"{self.tally.status(self._clock.now_s())}, {grown}")


@contextmanager
def _signals(stopped: asyncio.Future[None]) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the recording in good order."""
    loop = stopped.get_loop()

    def stop() -> None:
        if not stopped.done():
            stopped.set_exception(_StopAskedError())

    def handler(_number: int, _frame: object) -> None:
        loop.call_soon_threadsafe(stop)

    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
        if stopped.done():
            stopped.exception()  # it was looked at


class _StopAskedError(Exception):
    """Somebody wants the end; wakes whoever waits for the first exception."""


def _status(text: str) -> None:
    """The one line that is rewritten in place; only where somebody watches."""
    if sys.stderr.isatty():
        sys.stderr.write("\r" + plain(text).ljust(78)[:78] + ("" if text else "\r"))
        sys.stderr.flush()


def _line(text: str) -> None:
    _status("")
    say(text)
