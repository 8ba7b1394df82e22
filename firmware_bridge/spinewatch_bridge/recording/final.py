"""The second phase: the compact form, with index and overview, written in one go under a hidden name.

Samples of one channel are merged to messages of 30 s; chunks hold one channel each, so that reading a sensor touches
nothing else. Order numbers keep blocks and events in the order in which they were seen.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from mcap.writer import CompressionType, Writer

from spinewatch_bridge.blocks import SensorChannel
from spinewatch_bridge.recording import files
from spinewatch_bridge.recording.codec import BlockGroup, encode, join, seen_at_s
from spinewatch_bridge.recording.format import (
    BLOCKS_ENCODING,
    BLOCKS_SCHEMA,
    EVENT_SCHEMA,
    EVENT_TOPIC,
    FORMAT_VERSION,
    MAX_EVENTS,
    MAX_SAMPLES,
    OVERVIEW_TOPIC,
    POSTURE_OVERVIEW_TOPIC,
    POSTURE_SCHEMA,
    POSTURE_TOPIC,
    PROFILE,
    RESULT_METADATA,
    SENSOR_TOPIC,
    SESSION_METADATA,
    TABLE_ENCODING,
    TABLE_SCHEMA,
    BadMessageError,
    channel_to_metadata,
    from_json,
    seal,
    to_ns,
)
from spinewatch_bridge.recording.overview import (
    POSTURE_COLUMNS,
    SENSOR_COLUMNS,
    PostureSeconds,
    SensorSeconds,
    Table,
    encode_table,
)

MESSAGE_S = 30.0
_CHUNK_BYTES = 1 << 18  # about 3 min of one sensor at 100 Hz: a window of minutes reads one or two chunks


def digest(group: BlockGroup, running: int) -> int:
    """A checksum over times, values and flags; equal before writing and after reading back."""
    for part in (group.t_s, group.values, group.flags):
        running = zlib.crc32(np.ascontiguousarray(part).tobytes(), running)
    return running


@dataclass(slots=True)
class _Lane:
    """What waits to be written on one channel."""

    channel_id: int
    groups: list[BlockGroup] = field(default_factory=list)
    samples: int = 0
    messages: list[tuple[int, int, bytes, int]] = field(default_factory=list)
    """log time, publish time, data, order"""
    bytes: int = 0


@dataclass(slots=True)
class Written:
    """What went into a file: proved by reading it back."""

    samples: dict[str, int] = field(default_factory=dict)
    digests: dict[int, int] = field(default_factory=dict)
    """By channel of the file, in file order."""
    events: int = 0
    frames: int = 0
    start_s: float = float("inf")
    end_s: float = float("-inf")

    @property
    def empty(self) -> bool:
        """Whether there is neither sample nor event."""
        return not self.samples and not self.events


class FinalWriter:
    """Writes the compact form to a temporary file; `finish` returns it closed, `cancel` leaves nothing behind.

    Args:
        path: name it will get; only its folder and stem are used.
        posture_details: metadata of the posture channel.
    """

    def __init__(self, path: Path, posture_details: Mapping[str, str] | None = None) -> None:
        self.temporary, self._file = files.create_temporary(path)
        self.written = Written()
        self._mcap = Writer(self._file, 1 << 30, CompressionType.ZSTD, use_summary_offsets=False)
        self._mcap.start(PROFILE, "spinewatch")
        self._blocks_schema = self._mcap.register_schema(BLOCKS_ENCODING, "text", BLOCKS_SCHEMA)
        event = self._mcap.register_schema("spinewatch.event", "jsonschema", EVENT_SCHEMA)
        posture = self._mcap.register_schema("spinewatch.posture", "jsonschema", POSTURE_SCHEMA)
        self._events = _Lane(self._mcap.register_channel(EVENT_TOPIC, "json", event, {}))
        details = dict(posture_details or {})
        self._posture = _Lane(self._mcap.register_channel(POSTURE_TOPIC, "json", posture, details))
        self._lanes: dict[int, _Lane] = {}
        self._channels: dict[int, SensorChannel] = {}
        self._seconds: dict[str, SensorSeconds] = {}
        self._posture_seconds = PostureSeconds()

    def add_channel(self, key: int, channel: SensorChannel, order: int) -> None:
        """Register a sensor under the caller's `key`."""
        topic = SENSOR_TOPIC + channel.sensor.id
        metadata = channel_to_metadata(channel, order)
        self._lanes[key] = _Lane(self._mcap.register_channel(topic, BLOCKS_ENCODING, self._blocks_schema, metadata))
        self._channels[key] = channel

    def add_group(self, key: int, group: BlockGroup) -> None:
        """Append blocks of the sensor registered under `key`."""
        lane = self._lanes[key]
        if group.values.shape[0] != self._channels[key].columns:
            raise BadMessageError(f"a block of {self._channels[key].sensor.id} has a wrong number of columns")
        changed = lane.groups and lane.groups[0].values.dtype != group.values.dtype
        if changed or lane.samples + len(group) > MAX_SAMPLES:
            self._merge(key)
        lane.groups.append(group)
        lane.samples += len(group)
        if not 0 <= float(group.t_s[-1] - lane.groups[0].t_s[0]) < MESSAGE_S:
            self._merge(key)

    def add_event(self, t_s: float, data: bytes, order: int) -> None:
        """Append one event, as its JSON."""
        if self.written.events == MAX_EVENTS:
            raise BadMessageError(f"more than {MAX_EVENTS} events")
        self.written.events += 1
        self._queue(self._events, to_ns(t_s), to_ns(t_s), data, order)

    def add_posture(self, time_ns: int, data: bytes, order: int) -> None:
        """Append one frame of derived posture, as its JSON."""
        self.written.frames += 1
        self._queue(self._posture, time_ns, time_ns, data, order)
        frame = from_json(data)
        if isinstance(frame, dict):
            self._posture_seconds.add(frame)

    def settle(self) -> Written:
        """Take in the blocks that wait for company; the counts are true then."""
        for key in self._lanes:
            self._merge(key)
        return self.written

    def finish(self, session: Mapping[str, Any], result: Mapping[str, Any]) -> Path:
        """Write what waits, overview, metadata and index; close and sync.

        Args:
            session: as given when recording began.
            result: what finalising found out; start, end and counts are added.
        """
        self.settle()
        for lane in (*self._lanes.values(), self._events, self._posture):
            self._flush(lane)
        self._write_overview()
        written = self.written
        counts = {"samples": written.samples, "events": written.events, "frames": written.frames}
        span = {"start_s": written.start_s, "end_s": written.end_s} if written.samples else {}
        self._mcap.add_metadata(SESSION_METADATA, seal({"format_version": FORMAT_VERSION, "session": dict(session)}))
        self._mcap.add_metadata(RESULT_METADATA, seal({**result, **counts, **span}))
        self._mcap.finish()  # type: ignore[no-untyped-call]
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self.temporary

    def cancel(self) -> None:
        """Remove the temporary file."""
        try:
            self._file.close()
        finally:
            self.temporary.unlink(missing_ok=True)

    def _merge(self, key: int) -> None:
        lane, channel = self._lanes[key], self._channels[key]
        if not lane.groups:
            return
        group = join(lane.groups)
        lane.groups, lane.samples = [], 0
        name, written = channel.sensor.id, self.written
        written.samples[name] = written.samples.get(name, 0) + len(group)
        written.digests[lane.channel_id] = digest(group, written.digests.get(lane.channel_id, 0))
        written.start_s = min(written.start_s, float(group.t_s.min()))
        written.end_s = max(written.end_s, float(group.t_s.max()))
        acc = group.values[:3].astype(np.float64) * channel.acc_m_s2_per_count
        self._seconds.setdefault(name, SensorSeconds()).add(group.t_s, acc)
        order = int(group.rows["order"][0])
        self._queue(lane, to_ns(seen_at_s(group)), to_ns(float(group.t_s[0])), encode(group), order)

    def _queue(self, lane: _Lane, log_ns: int, publish_ns: int, data: bytes, order: int) -> None:
        lane.messages.append((log_ns, publish_ns, data, order))
        lane.bytes += len(data)
        if lane.bytes >= _CHUNK_BYTES:
            self._flush(lane)

    def _flush(self, lane: _Lane) -> None:
        for log_ns, publish_ns, data, order in lane.messages:
            self._mcap.add_message(lane.channel_id, log_ns, data, publish_ns, order)
        self._mcap.flush()  # type: ignore[no-untyped-call]
        lane.messages, lane.bytes = [], 0

    def _write_overview(self) -> None:
        schema = self._mcap.register_schema(TABLE_ENCODING, "text", TABLE_SCHEMA)
        for name, seconds in self._seconds.items():
            self._write_table(OVERVIEW_TOPIC + name, schema, seconds.table(), SENSOR_COLUMNS)
        posture = self._posture_seconds.table()
        if posture is not None:
            self._write_table(POSTURE_OVERVIEW_TOPIC, schema, posture, POSTURE_COLUMNS)

    def _write_table(self, topic: str, schema: int, table: Table, names: tuple[str, ...]) -> None:
        channel_id = self._mcap.register_channel(topic, TABLE_ENCODING, schema, {"columns": " ".join(names)})
        lane = _Lane(channel_id)
        for data in encode_table(table, names):
            self._queue(lane, to_ns(float(table.t_s[0])), to_ns(float(table.t_s[0])), data, 0)
        self._flush(lane)
