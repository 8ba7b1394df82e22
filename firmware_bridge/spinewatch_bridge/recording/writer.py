"""The first phase: a recording that grows, of which a killed program loses half a second.

Uncompressed chunks with a CRC each, handed to the system every 0.5 s and to the disk every 2 s. What stands between
chunks (session, channels) carries its own checksum and is repeated every minute, so that a damaged head costs nothing.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mcap.writer import CompressionType, IndexType, Writer

from spinewatch_bridge.blocks import Block, Event, SensorChannel
from spinewatch_bridge.errors import RecordingError, RecordingWriteError
from spinewatch_bridge.recording import files
from spinewatch_bridge.recording.codec import encode, group_of, seen_at_s
from spinewatch_bridge.recording.format import (
    BLOCKS_ENCODING,
    BLOCKS_SCHEMA,
    CHANNEL_METADATA,
    EVENT_SCHEMA,
    EVENT_TOPIC,
    FORMAT_VERSION,
    MAX_CHANNELS,
    MAX_EVENTS,
    POSTURE_SCHEMA,
    POSTURE_TOPIC,
    PROFILE,
    SENSOR_TOPIC,
    SESSION_METADATA,
    BadMessageError,
    channel_to_metadata,
    event_to_json,
    seal,
    to_json,
    to_ns,
)

FLUSH_S = 0.5
SYNC_S = 2.0
HEAD_S = 60.0
_CHUNK_BYTES = 1 << 18  # a ceiling only: `tick` closes chunks by time long before


class RecordingWriter:
    """Writes ``NAME.mcap.part``; `finalise` makes it a recording, whether or not `close` was reached.

    Args:
        path: wished name, with or without ``.part``; NAME-2, NAME-3, … is taken where the name is in use (see `path`).
        session: source, start_utc, utc_offset_s, app_version, simulated.
        posture_details: what viewers and readers should know of the posture channel (algorithm, parameters, codes).

    Raises:
        RecordingError: when the file cannot be created. Every method raises it when the disk refuses; what was written
            before is kept.
    """

    def __init__(
        self, path: Path, session: Mapping[str, Any], *, posture_details: Mapping[str, str] | None = None
    ) -> None:
        self.path, self._file = files.create_part(Path(path))
        self.samples = 0
        """Samples written so far, all sensors."""
        self._session = {"format_version": FORMAT_VERSION, "session": dict(session)}
        self._posture_details = dict(posture_details or {})
        self._channels: dict[str, tuple[int, SensorChannel]] = {}
        self._sealed: dict[int, dict[str, Any]] = {}
        self._topics: dict[str, int] = {}
        self._order = self._events = 0
        self._flushed_s = self._synced_s = self._head_s = float("-inf")
        self._closed = False
        # Nobody looks anything up in a .part, so its chunks go without an index.
        self._mcap = Writer(self._file, _CHUNK_BYTES, CompressionType.NONE, IndexType.NONE, use_summary_offsets=False)
        self._guard(self._start)

    @property
    def closed(self) -> bool:
        """Whether nothing more can be written: after `close`, or after the disk refused."""
        return self._closed

    def add_channel(self, channel: SensorChannel) -> None:
        """Register a sensor; again with other factors after a reconnection, blocks that follow use those."""
        known = self._channels.get(channel.sensor.id)
        if known is not None and known[1] == channel:
            return
        if len(self._sealed) >= MAX_CHANNELS:
            raise RecordingError(f"More than {MAX_CHANNELS} sensors cannot be written to one recording.")
        self._guard(lambda: self._register(channel))

    def write(self, block: Block) -> None:
        """Append one block of a registered sensor."""
        known = self._channels.get(block.sensor)
        if known is None:
            raise RecordingError(f"Sensor '{block.sensor}' sent samples before it was described.")
        channel_id, channel = known
        if block.values.ndim == 2 and block.values.shape[1] != channel.columns:
            raise RecordingError(
                f"Sensor '{block.sensor}' sends {block.values.shape[1]} columns, not {channel.columns}."
            )

        def add() -> None:
            group = group_of(block, self._next_order())
            seen, first = to_ns(seen_at_s(group)), to_ns(float(block.t_s[0]))
            self._mcap.add_message(channel_id, seen, encode(group), first, self._order)

        self._guard(add)
        self.samples += len(block)

    def event(self, event: Event) -> None:
        """Append one event."""
        if self._events == MAX_EVENTS:
            raise RecordingError(f"More than {MAX_EVENTS} events cannot be written to one recording.")
        self._events += 1
        self._guard(lambda: self._json(EVENT_TOPIC, event.t_s, event_to_json(event)))

    def posture(self, t_s: float, frame: Mapping[str, Any]) -> None:
        """Append one 10 Hz frame of derived posture: flexion_deg, activity, away, … as plain numbers; NaN is blank."""
        self._guard(lambda: self._json(POSTURE_TOPIC, t_s, to_json({"t_s": t_s, **frame})))

    def tick(self, now_s: float) -> None:
        """Hand over to the system and to the disk what is due; call it some ten times a second.

        Args:
            now_s: any clock that only goes forward.
        """
        if now_s - self._flushed_s < FLUSH_S:
            return
        self._flushed_s = now_s
        self._guard(self._mcap.flush)
        if now_s - self._head_s >= HEAD_S:
            self._head_s = now_s
            self._guard(self._repeat_head)
        if now_s - self._synced_s >= SYNC_S:
            self._synced_s = now_s
            self._guard(lambda: os.fsync(self._file.fileno()))

    def close(self) -> None:
        """End the file in good order. Safe to call twice, and after an error."""
        if self._closed:
            return
        try:
            self._guard(self._mcap.finish)
            self._guard(self._file.flush)
            self._guard(lambda: os.fsync(self._file.fileno()))
        finally:
            self._abandon()

    def _start(self) -> None:
        self._mcap.start(PROFILE, "spinewatch")
        event = self._mcap.register_schema("spinewatch.event", "jsonschema", EVENT_SCHEMA)
        posture = self._mcap.register_schema("spinewatch.posture", "jsonschema", POSTURE_SCHEMA)
        self._blocks_schema = self._mcap.register_schema(BLOCKS_ENCODING, "text", BLOCKS_SCHEMA)
        for topic, schema, details in ((EVENT_TOPIC, event, {}), (POSTURE_TOPIC, posture, self._posture_details)):
            self._topics[topic] = self._remember(topic, "json", schema, details)
        self._repeat_head()
        self._file.flush()

    def _register(self, channel: SensorChannel) -> None:
        metadata = channel_to_metadata(channel, self._next_order())
        topic = SENSOR_TOPIC + channel.sensor.id
        channel_id = self._remember(topic, BLOCKS_ENCODING, self._blocks_schema, metadata)
        self._channels[channel.sensor.id] = channel_id, channel
        self._mcap.add_metadata(CHANNEL_METADATA, seal(self._sealed[channel_id]))

    def _remember(self, topic: str, encoding: str, schema: int, metadata: Mapping[str, str]) -> int:
        channel_id = self._mcap.register_channel(topic, encoding, schema, dict(metadata))
        self._sealed[channel_id] = {"id": channel_id, "topic": topic, "encoding": encoding, "metadata": dict(metadata)}
        return channel_id

    def _repeat_head(self) -> None:
        self._mcap.add_metadata(SESSION_METADATA, seal(self._session))
        for sealed in self._sealed.values():
            self._mcap.add_metadata(CHANNEL_METADATA, seal(sealed))

    def _json(self, topic: str, t_s: float, data: bytes) -> None:
        time_ns = to_ns(t_s)
        self._mcap.add_message(self._topics[topic], time_ns, data, time_ns, self._next_order())

    def _next_order(self) -> int:
        self._order += 1
        return self._order

    def _guard(self, step: Callable[[], object]) -> None:
        if self._closed:
            raise RecordingError(f"{self.path.name} is closed; nothing more can be written to it.")
        try:
            step()
        except BadMessageError as error:
            raise RecordingError(f"Not recorded: {error}.") from error
        except OSError as error:
            self._abandon()
            raise RecordingWriteError(
                f"Recording stopped: {files.reason(error)}. What was recorded until then is kept in {self.path}."
            ) from error

    def _abandon(self) -> None:
        self._closed = True
        with contextlib.suppress(OSError):  # a full disk refuses the rest of the buffer once more
            self._file.close()
