"""From ``NAME.mcap.part`` to a finished recording, whatever the end of the program looked like.

Every chunk that fits its checksum is kept, in order; what lies between is left out and marked by a gap event. Nothing
is deleted before the new file has been read back.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from mcap.opcode import Opcode
from mcap.records import Channel, Metadata

from spinewatch_bridge.blocks import Event
from spinewatch_bridge.causes import DAMAGED_FILE
from spinewatch_bridge.errors import RecordingError
from spinewatch_bridge.recording import files
from spinewatch_bridge.recording.codec import BlockGroup, decode_all
from spinewatch_bridge.recording.container import RawMessage, parse, read_header, walk_chunk
from spinewatch_bridge.recording.final import FinalWriter, Written
from spinewatch_bridge.recording.format import (
    BLOCKS_ENCODING,
    CHANNEL_METADATA,
    EVENT_TOPIC,
    FORMAT_VERSION,
    MAX_CHANNELS,
    MAX_EVENTS,
    PART_SUFFIX,
    POSTURE_TOPIC,
    PROFILE,
    SESSION_METADATA,
    BadMessageError,
    channel_from_metadata,
    event_from_json,
    event_to_json,
    unseal,
)
from spinewatch_bridge.recording.reader import Recording, verify
from spinewatch_bridge.recording.scan import Scan
from spinewatch_bridge.recording.writer import FLUSH_S

_LOSS_S = FLUSH_S + 0.1
"""What a kill may take: half a second, and what waited for the next look at the clock."""

Progress = Callable[[float], None]
Cancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Finalised:
    """What became of a recording.

    Args:
        path: the finished recording, or None when there was nothing to keep.
        recovered_s: seconds from the first to the last sample.
        clean: True when the recording had ended in good order and all of it was kept.
        lost_s: upper estimate of what is missing at the end, s; 0 when clean.
        damaged: stretches within that were left out.
        note: one sentence for people; it names the file only where `path` is None.
    """

    path: Path | None
    recovered_s: float
    clean: bool
    lost_s: float
    damaged: int
    note: str


class CancelledError(RecordingError):
    """The user stopped the work; nothing was left behind."""


def finalise(
    part: Path, *, progress: Progress | None = None, cancelled: Cancelled | None = None, keep_part: bool = False
) -> Finalised:
    """Turn a recording that was closed, killed, cut or damaged into a finished one.

    Args:
        part: ``NAME.mcap.part``, or a finished ``.mcap`` that is damaged (which is always kept; the result then is
            called ``NAME-recovered.mcap``).
        progress: told the share that is done, 0 to 1.
        cancelled: asked now and then; True stops, and leaves everything as it was.
        keep_part: True keeps the ``.part``.

    Returns:
        What was recovered, with one sentence for people.

    Raises:
        RecordingError: when `part` is no recording of ours, is still being written, or the disk refuses.
    """
    part = Path(part)
    is_part = part.name.endswith(PART_SUFFIX)
    wished = files.final_path_of(part)
    if not is_part:
        if _is_whole(part):
            return Finalised(
                part, Recording.open(part).duration_s, True, 0.0, 0, "It is whole; nothing had to be recovered."
            )
        wished = wished.with_name(f"{files.stem_of(part)}-recovered.mcap")
    try:
        with part.open("rb+" if is_part else "rb") as stream:
            if is_part and not files.lock(stream):
                raise RecordingError(f"{part.name} is still being recorded.")
            size = stream.seek(0, 2)
            salvage = _Salvage(stream, size, wished, progress or (lambda _: None), cancelled or (lambda: False))
            done = salvage.run(part)
        if is_part and not keep_part:
            part.unlink(missing_ok=True)
    except FileNotFoundError as error:
        raise RecordingError(f"{part} does not exist.") from error
    except OSError as error:
        text = f"{part.name} could not be finished: {files.reason(error)}. It is kept as it is."
        raise files.refused(text, error) from error
    return done


def _is_whole(path: Path) -> bool:
    try:
        Recording.open(path).check()
    except RecordingError:
        return False
    return True


@dataclass(slots=True)
class _Head:
    """What stands between the chunks."""

    session: Mapping[str, Any] = field(default_factory=dict)
    channels: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    version: int = FORMAT_VERSION


class _Salvage:
    """The work on one file: a quick walk for session and sensors, then one that rewrites all that is whole."""

    def __init__(self, stream: BinaryIO, size: int, wished: Path, progress: Progress, cancelled: Cancelled) -> None:
        self._stream, self._size, self._wished = stream, size, wished
        self._progress, self._cancelled = progress, cancelled
        self._head = _Head()
        self._scan = Scan(stream, size, chunks=True, on_hole=self._on_hole)
        self._kinds: dict[int, str] = {}
        self._sensors: dict[int, str] = {}
        self._last_s: dict[str, float] = {}
        self._hole: set[str] = set()
        self._final: FinalWriter | None = None

    def run(self, part: Path) -> Finalised:
        self._check_ours(part)
        self._find_head()
        try:
            return self._rewrite(part)
        except BaseException:
            if self._final is not None:
                self._final.cancel()
            raise

    def _check_ours(self, part: Path) -> None:
        try:
            header = read_header(self._stream, self._size)
        except BadMessageError as error:
            if self._size == 0:
                raise RecordingError(f"{part.name} is empty: nothing was recorded.") from error
            raise RecordingError(f"{part.name} is not a recording: it does not begin as an MCAP file.") from error
        if header.profile != PROFILE:
            raise RecordingError(f"{part.name} is an MCAP file, but not a recording of Spinewatch.")

    def _find_head(self) -> None:
        """Session and sensors may be known only from a later copy."""
        for opcode, body in Scan(self._stream, self._size, chunks=False):
            if opcode == Opcode.METADATA:
                self._take_metadata(body)
        if self._head.version > FORMAT_VERSION:
            raise RecordingError(
                f"This recording has format {self._head.version}, made by a newer Spinewatch; this one knows "
                f"format {FORMAT_VERSION}. Update Spinewatch to recover it."
            )

    def _take_metadata(self, body: bytes) -> None:
        try:
            record = parse(Metadata, body)
            value = unseal(record.metadata)
            if record.name == SESSION_METADATA:
                self._head.version, self._head.session = int(value["format_version"]), dict(value["session"])
            elif record.name == CHANNEL_METADATA and len(self._head.channels) < MAX_CHANNELS:
                texts = {str(name): str(text) for name, text in value["metadata"].items()}
                described = {"topic": str(value["topic"]), "encoding": str(value["encoding"]), "metadata": texts}
                self._head.channels[int(value["id"])] = described
        except (AttributeError, BadMessageError, KeyError, TypeError, ValueError):
            return  # a copy comes within the minute

    def _rewrite(self, part: Path) -> Finalised:
        posture = next((c for c in self._head.channels.values() if c.get("topic") == POSTURE_TOPIC), {})
        final = self._final = FinalWriter(self._wished, posture.get("metadata"))
        for opcode, body in self._scan:
            if self._cancelled():
                raise CancelledError("Stopped; the recording is as it was.")
            if opcode == Opcode.CHUNK:
                self._take_chunk(body)
            self._progress(min(0.9, 0.9 * self._scan.position / self._size))
        written = final.settle()
        if written.empty:
            return self._nothing(part)
        report = self._report(written)
        result = {"clean": report.clean, "note": report.note, "damaged": report.damaged, "lost_s": report.lost_s}
        temporary = final.finish(self._head.session, result)
        verify(temporary, written)
        path = self._published_before(written)
        if path is None:
            path = files.publish(temporary, self._wished)
        else:
            temporary.unlink()
        self._progress(1.0)
        return Finalised(path, report.recovered_s, report.clean, report.lost_s, report.damaged, report.note)

    def _published_before(self, written: Written) -> Path | None:
        """The same recording, finished by a run that was ended before it could remove the part."""
        for path in files.taken(self._wished):
            try:
                verify(path, written)
                if Recording.open(path).session == self._head.session:
                    return path
            except RecordingError:
                continue  # another recording, or none
        return None

    def _nothing(self, part: Path) -> Finalised:
        """No sample and no event: say so, and set unreadable bytes aside rather than delete them."""
        if self._final is not None:
            self._final.cancel()
        if not self._scan.damaged and not self._scan.unreadable_tail:
            return Finalised(None, 0.0, True, 0.0, 0, f"{part.name} held nothing yet and was removed.")
        if not part.name.endswith(PART_SUFFIX):  # never deleted, so nothing has to be set aside
            note = f"Nothing could be read from {part.name}; it is kept as it is."
            return Finalised(None, 0.0, False, 0.0, self._scan.damaged, note)
        aside = part.with_name(part.name + ".unreadable")
        shutil.copyfile(part, aside)
        aside.chmod(0o600)
        note = f"Nothing could be read from {part.name}; its bytes are kept in {aside.name}."
        return Finalised(None, 0.0, False, 0.0, self._scan.damaged, note)

    def _take_chunk(self, payload: bytes) -> None:
        blocks: dict[int, list[memoryview]] = {}
        try:
            for record in walk_chunk(payload):
                if isinstance(record, Channel):
                    self._take_channel(record)
                elif self._kind_of(record.channel_id) == BLOCKS_ENCODING:
                    blocks.setdefault(record.channel_id, []).append(record.data)
                else:
                    self._take_message(record)
            for channel_id, messages in blocks.items():
                self._take_blocks(channel_id, messages)
        except BadMessageError:
            self._scan.damaged += 1
            self._on_hole()

    def _take_channel(self, channel: Channel) -> None:
        sealed = {"topic": channel.topic, "encoding": channel.message_encoding, "metadata": channel.metadata}
        self._describe(channel.id, sealed)

    def _describe(self, channel_id: int, sealed: Mapping[str, Any]) -> None:
        if channel_id in self._kinds or self._final is None or len(self._kinds) >= MAX_CHANNELS:
            return
        self._kinds[channel_id] = kind = BLOCKS_ENCODING if sealed["encoding"] == BLOCKS_ENCODING else sealed["topic"]
        if kind == BLOCKS_ENCODING:
            try:
                channel, order = channel_from_metadata(sealed["metadata"])
            except BadMessageError as error:  # whole, but not ours to leave out: to go on would lose its samples
                raise RecordingError(
                    f"The recording cannot be finished: {error}. It is kept as it is; try a newer Spinewatch."
                ) from error
            self._final.add_channel(channel_id, channel, order)
            self._sensors[channel_id] = channel.sensor.id

    def _kind_of(self, channel_id: int) -> str | None:
        """What a channel carries; one whose description was lost may be known from a copy."""
        if channel_id not in self._kinds and channel_id in self._head.channels:
            self._describe(channel_id, self._head.channels[channel_id])
        return self._kinds.get(channel_id)

    def _take_blocks(self, channel_id: int, messages: list[memoryview]) -> None:
        group = decode_all(messages)
        self._mark_hole(self._sensors[channel_id], group)
        if self._final is not None:
            self._final.add_group(channel_id, group)

    def _take_message(self, message: RawMessage) -> None:
        final, kind = self._final, self._kind_of(message.channel_id)
        if final is None:
            return
        if kind == EVENT_TOPIC:
            self._add_event(event_from_json(message.data).t_s, bytes(message.data), message.sequence)
        elif kind == POSTURE_TOPIC:
            final.add_posture(message.log_time, bytes(message.data), message.sequence)

    def _add_event(self, t_s: float, data: bytes, order: int) -> None:
        """Beyond what a recording may hold events are left out: they must not cost the samples."""
        if self._final is not None and self._final.written.events < MAX_EVENTS:
            self._final.add_event(t_s, data, order)

    def _on_hole(self) -> None:
        self._hole = set(self._last_s)

    def _mark_hole(self, sensor: str, group: BlockGroup) -> None:
        """Where bytes were damaged, say so in the recording: one gap per sensor that was there before."""
        if sensor in self._hole and self._final is not None:
            self._hole.discard(sensor)
            start_s, end_s = self._last_s[sensor], float(group.t_s[0])
            data = {"start_s": start_s, "end_s": end_s, "lost_samples": None, **DAMAGED_FILE.told()}
            gap = Event("gap", start_s, sensor, data)
            self._add_event(start_s, event_to_json(gap), max(0, int(group.rows["order"][0]) - 1))
        self._last_s[sensor] = float(group.t_s[-1])

    def _report(self, written: Written) -> Finalised:
        found = self._scan
        span_s = max(0.0, written.end_s - written.start_s) if written.samples else 0.0
        clean = found.finished and not found.damaged
        lost_s = 0.0
        if not found.finished:
            lost_s = _LOSS_S + found.unreadable_tail / max(1.0, self._size - found.unreadable_tail) * span_s
        note = f"Saved {duration_text(span_s)}." if clean else f"Recovered {duration_text(span_s)}"
        if not clean and lost_s:
            note += f"; up to {lost_s:.1f} s at the end were not on disk"
        if found.damaged:
            stretches = "1 stretch was" if found.damaged == 1 else f"{found.damaged} stretches were"
            note += f"; {stretches} damaged on disk and left out"
        return Finalised(None, span_s, clean, lost_s, found.damaged, note.rstrip(".") + ".")


def duration_text(seconds: float) -> str:
    """A duration as people say it: ``4 s``, ``12 min 30 s``, ``1 h 02 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
