"""A finished recording, opened without reading its samples, and each part read when asked for."""

from __future__ import annotations

import contextlib
import datetime as dt
import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from mcap.opcode import Opcode

from spinewatch_bridge.blocks import Event, Item, SensorChannel
from spinewatch_bridge.errors import RecordingError, RecordingWriteError
from spinewatch_bridge.recording.batches import BatchMaker
from spinewatch_bridge.recording.codec import BlockGroup, decode, split
from spinewatch_bridge.recording.container import (
    RawMessage,
    Summary,
    has_footer,
    open_chunk,
    read_at,
    read_header,
    read_metadata,
    read_summary,
    walk_chunk,
)
from spinewatch_bridge.recording.files import reason
from spinewatch_bridge.recording.final import Written, digest
from spinewatch_bridge.recording.format import (
    BLOCKS_ENCODING,
    EVENT_TOPIC,
    FORMAT_VERSION,
    MAX_EVENTS,
    MAX_EVENTS_BYTES,
    OVERVIEW_TOPIC,
    POSTURE_OVERVIEW_TOPIC,
    POSTURE_TOPIC,
    PROFILE,
    RESULT_METADATA,
    SESSION_METADATA,
    BadMessageError,
    channel_from_metadata,
    event_from_json,
    from_json,
    seal,
    to_ns,
    unseal,
)
from spinewatch_bridge.recording.overview import POSTURE_COLUMNS, SENSOR_COLUMNS, Overview, Table, decode_table
from spinewatch_bridge.recording.posture_columns import Columns, number_of
from spinewatch_signal.samples import BadSamplesError, Floats, ImuBatch, empty_batch

MAX_UTC_OFFSET_S = 14 * 3600
"""No place on Earth is further ahead."""


@dataclass(frozen=True, slots=True)
class _Sensor:
    """One channel of the file that carries samples."""

    channel_id: int
    channel: SensorChannel
    order: int


class Recording:
    """A finished recording; open it with `Recording.open`.

    Reading is on demand and never changes the file. Nothing stays open between calls.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._size = 0
        self._summary = Summary()
        self._sensors: list[_Sensor] = []
        self.session: Mapping[str, Any] = {}
        """source, start_utc, utc_offset_s, app_version, simulated, as given when recording began."""
        self.result: Mapping[str, Any] = {}
        """What finalising found: clean, note, counts."""
        self.sample_counts: Mapping[str, int] = {}
        """Samples per sensor, without reading them."""

    @classmethod
    def open(cls, path: Path | str) -> Recording:
        """Open a finished recording; reads the index only.

        Raises:
            RecordingError: one line: what is wrong with the file, and what to do.
        """
        recording = cls(Path(path))
        with recording._reading(), recording.path.open("rb") as stream:
            recording._open(stream)
        return recording

    def _open(self, stream: BinaryIO) -> None:
        name = self.path.name
        self._size = stream.seek(0, 2)
        if self._size == 0:
            raise RecordingError(f"{name} is empty.")
        try:
            header = read_header(stream, self._size)
        except BadMessageError as error:
            raise RecordingError(f"{name} is not a recording: it does not begin as an MCAP file.") from error
        if header.profile != PROFILE:
            raise RecordingError(
                f"{name} is an MCAP file, but not a recording of Spinewatch; see 'spinewatch import' for other formats."
            )
        if not has_footer(stream, self._size):
            raise RecordingError(
                f"{name} has no end: it is cut off or still being recorded. Try 'spinewatch recover {name}'."
            )
        self._summary = read_summary(stream, self._size)
        self._take_metadata(read_metadata(stream, self._summary, self._size))
        for channel_id, record in self._summary.channels.items():
            if record.message_encoding == BLOCKS_ENCODING:
                self._sensors.append(_Sensor(channel_id, *channel_from_metadata(record.metadata)))
        self._sensors.sort(key=lambda sensor: sensor.order)

    def _take_metadata(self, metadata: Mapping[str, Mapping[str, str]]) -> None:
        unfinished = RecordingError(
            f"{self.path.name} is not finished yet. Run 'spinewatch recover {self.path.name}' to finish it."
        )
        if SESSION_METADATA not in metadata:  # a .part that was closed in good order: it has no index
            raise unfinished
        head = unseal(metadata[SESSION_METADATA])
        try:
            version, self.session = int(head["format_version"]), dict(head["session"])
            self.result = dict(unseal(metadata.get(RESULT_METADATA, seal({}))))
            self.sample_counts = {str(k): int(v) for k, v in dict(self.result.get("samples", {})).items()}
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise BadMessageError("the session is not described") from error
        if version > FORMAT_VERSION:
            raise RecordingError(
                f"{self.path.name} has format {version}, made by a newer Spinewatch; this one reads format "
                f"{FORMAT_VERSION}. Update Spinewatch to open it."
            )
        if RESULT_METADATA not in metadata:
            raise unfinished

    @property
    def utc_offset_s(self) -> int:
        """Of the place where it was made, s; 0 when the recording does not say, or says what cannot be."""
        value = self.session.get("utc_offset_s")
        return int(value) if isinstance(value, int | float) and abs(value) <= MAX_UTC_OFFSET_S else 0

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """Whatever the file or the disk do, the caller sees one kind of error with one line."""
        try:
            yield
        except FileNotFoundError as error:
            raise RecordingError(f"{self.path} does not exist.") from error
        except OSError as error:
            what = "it is a folder" if self.path.is_dir() else reason(error)
            raise RecordingError(f"{self.path} cannot be read: {what}.") from error
        except (BadMessageError, BadSamplesError) as error:
            raise RecordingError(
                f"{self.path.name} is damaged: {error}. "
                f"Run 'spinewatch recover {self.path.name}' to save what is whole."
            ) from error

    @property
    def channels(self) -> dict[str, SensorChannel]:
        """The sensors by id, as they were described last."""
        return {sensor.channel.sensor.id: sensor.channel for sensor in self._sensors}

    @property
    def start_s(self) -> float:
        """UNIX seconds of the first sample; without samples, when recording began."""
        value = number_of(self.result.get("start_s"))
        return value if np.isfinite(value) else self._session_start_s

    @property
    def end_s(self) -> float:
        """UNIX seconds of the last sample; without samples, `start_s`."""
        value = number_of(self.result.get("end_s"))
        return value if np.isfinite(value) else self.start_s

    @property
    def duration_s(self) -> float:
        """From the first to the last sample, s."""
        return self.end_s - self.start_s

    @property
    def simulated(self) -> bool:
        """Whether any of it was made by the simulator."""
        return bool(self.session.get("simulated")) or any(s.channel.simulated for s in self._sensors)

    @property
    def _session_start_s(self) -> float:
        try:
            return dt.datetime.fromisoformat(str(self.session.get("start_utc"))).timestamp()
        except ValueError:
            return self.events[0].t_s if self.events else 0.0

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """All events, in the order in which they were seen."""
        with self._reading():
            return tuple(event for _, event in self._ordered_events())

    @cached_property
    def overview(self) -> Overview:
        """The recording at a glance, one row per second."""
        with self._reading():
            sensors = {name: self._table(OVERVIEW_TOPIC + name, SENSOR_COLUMNS) for name in self.channels}
            posture = self._table(POSTURE_OVERVIEW_TOPIC, POSTURE_COLUMNS)
        return Overview(sensors, posture if len(posture) else None)

    @property
    def posture_details(self) -> Mapping[str, str]:
        """Algorithm and parameters of the posture channel."""
        found = (c.metadata for c in self._summary.channels.values() if c.topic == POSTURE_TOPIC)
        return next(found, {})

    def posture(self) -> dict[str, Floats]:
        """Posture as it was derived live, one array per name that any frame has, among them ``t_s``; NaN is blank."""
        columns = Columns()
        with self._reading():
            for frame in self._frames():
                columns.add(frame)
        return columns.arrays()

    def _frames(self) -> Iterator[Mapping[str, Any]]:
        for message in self._messages(self._ids(POSTURE_TOPIC)):
            frame = from_json(message.data)
            if isinstance(frame, dict):
                yield frame

    def count_frames(self) -> int:
        """Posture frames in the file, counted by reading every chunk of them."""
        with self._reading():
            return sum(1 for _ in self._messages(self._ids(POSTURE_TOPIC)))

    def samples(self, sensor: str, start_s: float | None = None, end_s: float | None = None) -> ImuBatch:
        """All samples of a sensor in SI units, with the very values that `to_batch` gives block by block.

        Args:
            sensor: id, see `channels`.
            start_s: only samples from this time on; None is the beginning.
            end_s: only samples before this time; None is the end.

        Raises:
            RecordingError: when there is no such sensor, or the file is damaged.
        """
        mine = self._of(sensor)
        with self._reading():
            parts = [(s.channel, decode(m.data)) for s in mine for m in self._messages([s.channel_id], start_s, end_s)]
            parts.sort(key=lambda part: int(part[1].rows["order"][0]))
            has_gyr = all(channel.gyr_rad_s_per_count is not None for channel, _ in parts)
            maker = BatchMaker(sensor, has_gyr=has_gyr)
            batch = maker.batch(parts) if parts else empty_batch(sensor, has_gyr=mine[-1].channel.columns == 6)
        if start_s is None and end_s is None:
            return batch
        return batch.between(-np.inf if start_s is None else start_s, np.inf if end_s is None else end_s)

    def pieces(self, sensor: str) -> Iterator[ImuBatch]:
        """All samples of a sensor as `samples` gives them, but in pieces of about ten minutes, read as they are taken.

        Raises:
            RecordingError: when there is no such sensor, or the file is damaged.
        """
        mine = [s for s in self._of(sensor) if self._has_samples(s)]
        with self._reading():
            groups = heapq.merge(*(self._ordered_groups(s) for s in mine), key=lambda part: part[0])
            maker = BatchMaker(sensor, has_gyr=all(s.channel.gyr_rad_s_per_count is not None for s in mine))
            yield from maker.pieces((channel, group) for _, channel, group in groups)

    def _of(self, sensor: str) -> list[_Sensor]:
        mine = [s for s in self._sensors if s.channel.sensor.id == sensor]
        if not mine:
            there = ", ".join(self.channels) or "none"
            raise RecordingError(f"{self.path.name} has no sensor '{sensor}'; it has: {there}.")
        return mine

    def _has_samples(self, sensor: _Sensor) -> bool:
        return any(sensor.channel_id in chunk.message_index_offsets for chunk in self._summary.chunks)

    def _ordered_groups(self, sensor: _Sensor) -> Iterator[tuple[int, SensorChannel, BlockGroup]]:
        for message in self._messages([sensor.channel_id]):
            group = decode(message.data)
            yield int(group.rows["order"][0]), sensor.channel, group

    def items(self, from_s: float | None = None) -> Iterator[Item]:
        """Channels, blocks and events in the order in which they were seen, blocks as they were recorded.

        Args:
            from_s: blocks and events from this time on; channels always come. None is the beginning.
        """
        with self._reading():
            lanes: list[Iterable[tuple[int, Item]]] = [self._blocks(sensor, from_s) for sensor in self._sensors]
            lanes.append([(sensor.order, sensor.channel) for sensor in self._sensors])
            lanes.append([pair for pair in self._ordered_events() if from_s is None or pair[1].t_s >= from_s])
            for _, item in heapq.merge(*lanes, key=lambda pair: pair[0]):
                yield item

    def groups(self) -> Iterator[tuple[int, BlockGroup]]:
        """All sample messages as they lie in the file, with the number of their channel."""
        with self._reading():
            for sensor in self._sensors:
                for message in self._messages([sensor.channel_id]):
                    yield sensor.channel_id, decode(message.data)

    def check(self) -> None:
        """Read everything once.

        Raises:
            RecordingError: when any part is damaged.
        """
        for _ in self.groups():
            pass
        _ = self.events, self.overview
        with self._reading():
            for _frame in self._frames():
                pass

    def _ordered_events(self) -> list[tuple[int, Event]]:
        found: list[tuple[int, Event]] = []
        size = 0
        for message in self._messages(self._ids(EVENT_TOPIC)):
            size += len(message.data)
            if len(found) == MAX_EVENTS or size > MAX_EVENTS_BYTES:
                raise BadMessageError("it holds more events than any recording can")
            found.append((message.sequence, event_from_json(message.data)))
        return sorted(found, key=lambda pair: pair[0])

    def _blocks(self, sensor: _Sensor, from_s: float | None) -> Iterator[tuple[int, Item]]:
        for message in self._messages([sensor.channel_id], from_s):
            for order, block in split(decode(message.data), sensor.channel.sensor.id):
                if from_s is None or block.t_s[-1] >= from_s:
                    yield order, block

    def _table(self, topic: str, names: tuple[str, ...]) -> Table:
        return decode_table([m.data for m in self._messages(self._ids(topic))], names)

    def _ids(self, topic: str) -> list[int]:
        return [channel_id for channel_id, record in self._summary.channels.items() if record.topic == topic]

    def _messages(
        self, channel_ids: list[int], from_s: float | None = None, end_s: float | None = None
    ) -> Iterator[RawMessage]:
        """Messages of some channels in file order, from those of `from_s` on; reads no chunk of others."""
        chunks = [c for c in self._summary.chunks if any(i in c.message_index_offsets for i in channel_ids)]
        if from_s is not None:
            # Chunks and messages bear the time of their first block: the last that starts before `from_s` may reach it.
            before = [i for i, c in enumerate(chunks) if c.message_start_time <= to_ns(from_s)]
            chunks = chunks[max(before[-1] - 1, 0) :] if before else chunks
        with self.path.open("rb") as stream:
            for chunk in chunks:
                if end_s is not None and chunk.message_start_time > to_ns(end_s + _LATE_S):
                    continue
                payload = open_chunk(read_at(stream, chunk.chunk_start_offset, self._size, Opcode.CHUNK))
                for record in walk_chunk(payload):
                    if isinstance(record, RawMessage) and record.channel_id in channel_ids:
                        yield record


_LATE_S = 60.0
"""Chunks bear arrival times; no sample that counts arrives later than this."""


def verify(path: Path, written: Written) -> None:
    """Read a file back and compare it with what went into it.

    Raises:
        RecordingError: when anything differs; the disk or the memory is at fault.
    """
    recording = Recording.open(path)
    digests: dict[int, int] = {}
    for channel_id, group in recording.groups():
        digests[channel_id] = digest(group, digests.get(channel_id, 0))
    _ = recording.overview  # raises where it cannot be read
    if (digests, len(recording.events), recording.count_frames()) != (written.digests, written.events, written.frames):
        raise RecordingWriteError(
            f"{path.name} does not read back as it was written; the original is kept. Check the disk."
        )
