"""From a sensor's log to recordings: connect, list, fetch, place in time, write. What `spinewatch log` does.

Nothing is erased here but by `erase`, and that only once the pages are safe on this computer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from spinewatch_bridge.blocks import Block, Event, Item, SensorChannel
from spinewatch_bridge.errors import BadSourceError, DeviceSilentError, LogError
from spinewatch_bridge.host_clock import HostClock
from spinewatch_bridge.link import Link
from spinewatch_bridge.log_blocks import ClockNow, Placed, log_items, placed
from spinewatch_bridge.log_download import LogReader
from spinewatch_bridge.protocols.spinewatch_log import LogFile, LogSamples, decode_pages
from spinewatch_bridge.protocols.spinewatch_wire import COLUMNS, FIXED_SCALES, Kind
from spinewatch_bridge.recording.whole import write_recording
from spinewatch_bridge.sources import OpenOptions, open_sources, parse_sources
from spinewatch_monitor.new_recording import recording_name, session_facts, utc_offset_s
from spinewatch_monitor.storage.folders import data_folder, folders_at, open_folders
from spinewatch_monitor.storage.log_pages import PageFile, pages_path
from spinewatch_monitor.storage.owner_keys import OwnerKeyFile

CONNECT_S = 30.0  # a sensor that is near answers within a few seconds, also after one lost try
FETCHING = 0.95  # share of the time; decoding and writing are quick
Progress = Callable[[float], None]


@dataclass(slots=True)
class LogSession:
    """A sensor that is connected, and the way to its log.

    Args:
        source: as the user named it.
        reader: asks for its log.
        channel: what it calls itself.
        clock: comparisons of clocks come with its samples; the newest.
        simulated: True for a simulated one.
    """

    source: str
    reader: LogReader
    channel: SensorChannel
    clock: HostClock
    now: ClockNow | None
    simulated: bool

    @property
    def serial(self) -> str:
        """Serial number, as it says."""
        return self.channel.details.get("serial", "unknown")

    def pages(self, file: LogFile) -> PageFile:
        """What is fetched of a file already."""
        return PageFile(pages_path(open_folders().root, self.serial, file))

    def is_fetched(self, file: LogFile) -> bool:
        """Whether all of a file is on this computer, and a recording was made of it."""
        if not pages_path(open_folders().root, self.serial, file).exists():
            return False
        with closing(self.pages(file)) as pages:
            return pages.is_recorded and not pages.missing(file.pages)


@asynccontextmanager
async def log_session(source: str) -> AsyncIterator[LogSession]:
    """Connect to the sensor that a source text names, for as long as the block runs.

    Raises:
        BadSourceError: when it is no live sensor, or keeps no log.
        BridgeError: when it cannot be reached.
    """
    clock = HostClock()
    keys = OwnerKeyFile(folders_at(data_folder()).owner_keys)
    specs = parse_sources([source])
    link = open_sources(specs, OpenOptions(clock=clock, fail_fast=True, owner_keys=keys))[0]
    if not isinstance(link, Link):
        raise BadSourceError(source, "it is no sensor that is worn, so it keeps no log.")
    arrived = _Arrivals()
    running = asyncio.create_task(link.run(arrived.take))
    try:
        await _until_ready(running, arrived, source)
        if not link.capabilities.log:
            raise BadSourceError(source, "this sensor keeps no log.")
        session = LogSession(source, LogReader(link, clock), arrived.known(), clock, arrived.now, link.simulated)
        arrived.session = session
        yield session
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


class _Arrivals:
    """What the link emits, of which a fetch needs the channel and the newest comparison of clocks."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.session: LogSession | None = None
        self.now: ClockNow | None = None
        self._channel: SensorChannel | None = None

    def take(self, items: Sequence[Item]) -> None:
        for item in items:
            if isinstance(item, SensorChannel):
                self._channel = item
            elif isinstance(item, Block):
                self._block(item)

    def _block(self, block: Block) -> None:
        self.begun.set()
        if block.device_ticks is not None:
            self.now = ClockNow(block.device_ticks, float(block.t_s[0]))
            if self.session is not None:
                self.session.now = self.now

    def known(self) -> SensorChannel:
        if self._channel is None:
            raise LogError("The sensor did not say what it is.")
        return self._channel


async def _until_ready(running: asyncio.Task[None], arrived: _Arrivals, source: str) -> None:
    waiting = asyncio.create_task(arrived.begun.wait())
    await asyncio.wait({running, waiting}, timeout=CONNECT_S, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if running.done():
        running.result()
    if not arrived.begun.is_set():
        raise DeviceSilentError(f"The sensor at {source} does not answer: is it switched on and near?")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A recording that was made of a file of the log; pages that did not come, or belong nowhere in it, are damaged."""

    path: Path
    file: LogFile
    samples: int
    damaged_pages: int
    times: Placed


async def fetch(session: LogSession, file: LogFile, target: Path | None, progress: Progress) -> Fetched:
    """Fetch one file and make a recording of it; what was fetched before is not fetched again.

    Args:
        session: a connected sensor.
        file: one of its list.
        target: wished name of the recording; None names it by its time in the data folder.
        progress: told the share of the work that is done.

    Raises:
        BridgeError: when the sensor stays away or the disk refuses; the next call goes on where this one stopped.
    """
    with closing(session.pages(file)) as pages:
        await session.reader.download(file, pages, lambda share: progress(FETCHING * share))
        if not pages.safe():
            raise LogError(f"What was fetched cannot be kept in {pages.path}: is the disk full or failing?")
        samples = decode_pages(pages.read())
    if not len(samples):
        raise LogError(f"File {file.id} of the log holds nothing that can be read.")
    times = placed(file, samples, session.now, session.clock.now_s())
    path = await asyncio.to_thread(
        _write, session, file, samples, times, target, lambda share: progress(FETCHING + (1 - FETCHING) * share)
    )
    pages.mark_recorded()
    return Fetched(path, file, len(samples), max(file.pages - len(samples.first), 0), times)


async def erase(session: LogSession, file: LogFile, *, unfetched: bool) -> None:
    """Erase a file of the sensor's log, and the pages of it that are kept here.

    Args:
        session: a connected sensor.
        file: one of its list.
        unfetched: erase it even when not all of it was fetched to this computer.

    Raises:
        LogError: when it was not fetched or no recording was made of it, and that was not accepted.
    """
    with closing(session.pages(file)) as pages:
        if not (unfetched or pages.is_recorded):
            raise LogError(f"File {file.id} is not erased: no recording was made of it yet.")
        await session.reader.erase(file, None if unfetched else pages)
        pages.remove()


def _write(
    session: LogSession, file: LogFile, samples: LogSamples, times: Placed, target: Path | None, on_disk: Progress
) -> Path:
    start = datetime.fromtimestamp(float(times.first_s[0]), UTC)
    offset_s = utc_offset_s()
    path = target or open_folders().recordings / f"{recording_name(start, offset_s)}.mcap"
    told = {
        "fetched_from": "the log of the sensor",
        "log": {"file": file.id, "session": file.session, "pages": file.pages, "times": times.by.value},
    }
    facts = {**session_facts(f"log of {session.source}", start, offset_s, simulated=session.simulated), **told}
    length_s = max(float(times.first_s[-1] - times.first_s[0]), 1e-9)
    channel = log_channel(session.channel, file, samples)
    items = _with_note(channel.sensor.id, samples, times)
    return write_recording(path, facts, [channel], items, lambda seconds: on_disk(min(1.0, seconds / length_s)))


def log_channel(channel: SensorChannel, file: LogFile, samples: LogSamples) -> SensorChannel:
    """The sensor as it was when it wrote the file.

    Scale sets 0 to 3 mean the same everywhere; of the others a sensor has one, the one it runs with now.
    """
    scale = FIXED_SCALES.get(samples.scale_set)
    acc = channel.acc_m_s2_per_count if scale is None else scale.acc_m_s2_per_count
    gyr = channel.gyr_rad_s_per_count if scale is None else scale.gyr_rad_s_per_count
    has_gyr = samples.counts.shape[1] == COLUMNS[Kind.ACC_GYR]  # what the pages say counts, whatever the list said
    sensor = replace(channel.sensor, nominal_rate_hz=file.rate_hz, has_gyr=has_gyr)
    return replace(
        channel, sensor=sensor, acc_m_s2_per_count=acc, gyr_rad_s_per_count=gyr if has_gyr else None,
    )  # fmt: skip


def _with_note(sensor: str, samples: LogSamples, times: Placed) -> Iterator[Item]:
    text = f"fetched from the sensor's log; times: {times.by.value}"
    yield Event("note", float(times.first_s[0]), sensor, {"text": text})
    yield from log_items(sensor, samples, times)
