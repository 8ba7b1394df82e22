"""MCAP records read with limits: the one place that trusts nothing a file says about sizes.

The library's own readers take lengths inside a record at their word, and decompress without a ceiling (a file of 37 kB
asked for 1.25 GB). Here a record's length is checked before its body is read, and its fields are then parsed from that
body alone.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import BinaryIO, NamedTuple, TypeVar

import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Chunk, ChunkIndex, Footer, Header, Metadata, MetadataIndex

from spinewatch_bridge.recording.format import MAX_CHUNK_BYTES, MAX_RECORD_BYTES, MAX_SUMMARY_BYTES, BadMessageError

MCAP_MAGIC = b"\x89MCAP0\r\n"
_FRAME = struct.Struct("<BQ")
_MESSAGE = struct.Struct("<HIQQ")
FOOTER_BODY_BYTES = 20
_FOOTER_BYTES = _FRAME.size + FOOTER_BODY_BYTES
FRAME_BYTES = _FRAME.size
CHUNK_HEAD_BYTES = 44  # all fields of a chunk before its data, with the longest compression name we know
_KNOWN_OPCODES = frozenset(int(code) for code in Opcode)

RecordT = TypeVar("RecordT")


class RawMessage(NamedTuple):
    """One message of a chunk; ``data`` is a view of the chunk."""

    channel_id: int
    sequence: int
    log_time: int
    publish_time: int
    data: memoryview


@dataclass(slots=True)
class Summary:
    """What stands at the end of a finished file, its checksum proved."""

    channels: dict[int, Channel] = field(default_factory=dict)
    chunks: list[ChunkIndex] = field(default_factory=list)
    metadata: list[MetadataIndex] = field(default_factory=list)


def read_frame(stream: BinaryIO, end: int) -> tuple[int, int]:
    """The next record's opcode and the length of its body, at which `stream` then stands.

    Args:
        stream: positioned at a record.
        end: size of the file; no body may reach beyond it.

    Raises:
        BadMessageError: when there is no whole record of a sensible size.
    """
    frame = stream.read(_FRAME.size)
    if len(frame) < _FRAME.size:
        raise BadMessageError("the file ends within a record")
    opcode, length = _FRAME.unpack(frame)
    if opcode not in _KNOWN_OPCODES:
        raise BadMessageError("bytes that are no record")
    if length > MAX_RECORD_BYTES:
        raise BadMessageError(f"a record of {length} bytes; at most {MAX_RECORD_BYTES} are allowed")
    if stream.tell() + length > end:
        raise BadMessageError("the file ends within a record")
    return int(opcode), int(length)


def read_record(stream: BinaryIO, end: int) -> tuple[int, bytes]:
    """The next record's opcode and body; for arguments and errors see `read_frame`."""
    opcode, length = read_frame(stream, end)
    return opcode, stream.read(length)


def parse(kind: type[RecordT], body: bytes) -> RecordT:
    """A record of the library's class `kind` from its body alone.

    Raises:
        BadMessageError: when the body is not such a record.
    """
    try:
        record: RecordT = kind.read(ReadDataStream(BytesIO(body)))  # type: ignore[attr-defined]
    except (McapError, struct.error, ValueError, OverflowError, MemoryError) as error:
        raise BadMessageError(f"a damaged {kind.__name__} record") from error
    return record


def open_chunk(body: bytes) -> bytes:
    """The records inside a chunk, decompressed within `MAX_CHUNK_BYTES` and checked against their CRC.

    Raises:
        BadMessageError: when size, compression or checksum do not fit.
    """
    chunk = parse(Chunk, body)
    if chunk.uncompressed_size > MAX_CHUNK_BYTES:
        raise BadMessageError(
            f"a chunk asks for {chunk.uncompressed_size} bytes of memory; at most {MAX_CHUNK_BYTES} are allowed"
        )
    payload = _decompress(chunk)
    if len(payload) != chunk.uncompressed_size or zlib.crc32(payload) != chunk.uncompressed_crc:
        raise BadMessageError("a chunk does not fit its checksum")
    return payload


def _decompress(chunk: Chunk) -> bytes:
    if chunk.compression == "":
        return chunk.data
    if chunk.compression != "zstd":
        raise BadMessageError(f"compression '{chunk.compression[:20]}' is not used by Spinewatch")
    try:
        claimed = zstandard.get_frame_parameters(chunk.data).content_size
        if claimed != chunk.uncompressed_size:  # the library allocates what the frame claims, whatever its limit says
            raise BadMessageError("a chunk claims two different sizes")
        data: bytes = zstandard.ZstdDecompressor(max_window_size=MAX_CHUNK_BYTES).decompress(chunk.data)
    except zstandard.ZstdError as error:
        raise BadMessageError("a chunk cannot be decompressed") from error
    return data


def walk_chunk(payload: bytes) -> Iterator[RawMessage | Channel]:
    """Messages and channels of a chunk in file order; other records are passed over.

    Raises:
        BadMessageError: when a record reaches beyond the chunk.
    """
    view = memoryview(payload)
    at, end = 0, len(payload)
    while at < end:
        if end - at < _FRAME.size:
            raise BadMessageError("a chunk ends within a record")
        opcode, length = _FRAME.unpack_from(payload, at)
        at += _FRAME.size
        if length > end - at:
            raise BadMessageError("a chunk ends within a record")
        if opcode == Opcode.MESSAGE and length >= _MESSAGE.size:
            channel_id, sequence, log_time, publish_time = _MESSAGE.unpack_from(payload, at)
            yield RawMessage(channel_id, sequence, log_time, publish_time, view[at + _MESSAGE.size : at + length])
        elif opcode == Opcode.CHANNEL:
            yield parse(Channel, payload[at : at + length])
        at += length


def read_header(stream: BinaryIO, size: int) -> Header:
    """Magic and header of a file.

    Raises:
        BadMessageError: when it is no MCAP file.
    """
    stream.seek(0)
    if stream.read(len(MCAP_MAGIC)) != MCAP_MAGIC:
        raise BadMessageError("no MCAP file")
    opcode, body = read_record(stream, size)
    if opcode != Opcode.HEADER:
        raise BadMessageError("no header")
    return parse(Header, body)


def has_footer(stream: BinaryIO, size: int) -> bool:
    """Whether the file ends as a finished MCAP file does."""
    if size < 2 * len(MCAP_MAGIC) + _FOOTER_BYTES:
        return False
    stream.seek(size - len(MCAP_MAGIC) - _FOOTER_BYTES)
    tail = stream.read(_FOOTER_BYTES + len(MCAP_MAGIC))
    return tail.endswith(MCAP_MAGIC) and tail[0] == Opcode.FOOTER


def read_summary(stream: BinaryIO, size: int) -> Summary:
    """The index at the end of a finished file.

    Raises:
        BadMessageError: when it is missing, too large, or does not fit its checksum.
    """
    if not has_footer(stream, size):
        raise BadMessageError("no footer")
    footer_at = size - len(MCAP_MAGIC) - _FOOTER_BYTES
    stream.seek(footer_at)
    footer_record = stream.read(_FOOTER_BYTES)
    footer = parse(Footer, footer_record[_FRAME.size :])
    length = footer_at - footer.summary_start
    if footer.summary_start == 0 or not 0 < length <= MAX_SUMMARY_BYTES:
        raise BadMessageError("the index is missing or too large")
    stream.seek(footer.summary_start)
    data = stream.read(length)
    if zlib.crc32(footer_record[:-4], zlib.crc32(data)) != footer.summary_crc:
        raise BadMessageError("the index does not fit its checksum")
    return _parse_summary(data)


def _parse_summary(data: bytes) -> Summary:
    summary, stream = Summary(), BytesIO(data)
    while stream.tell() < len(data):
        opcode, body = read_record(stream, len(data))
        if opcode == Opcode.CHANNEL:
            channel = parse(Channel, body)
            summary.channels[channel.id] = channel
        elif opcode == Opcode.CHUNK_INDEX:
            summary.chunks.append(parse(ChunkIndex, body))
        elif opcode == Opcode.METADATA_INDEX:
            summary.metadata.append(parse(MetadataIndex, body))
    return summary


def read_at(stream: BinaryIO, offset: int, size: int, opcode: Opcode) -> bytes:
    """The body of the record at `offset`, which must be of kind `opcode`.

    Raises:
        BadMessageError: when it is not there.
    """
    if not 0 <= offset < size:
        raise BadMessageError("the index points beyond the file")
    stream.seek(offset)
    found, body = read_record(stream, size)
    if found != opcode:
        raise BadMessageError("the index points at another record")
    return body


def read_metadata(stream: BinaryIO, summary: Summary, size: int) -> dict[str, dict[str, str]]:
    """All metadata of a finished file by name; the last of one name holds."""
    found: dict[str, dict[str, str]] = {}
    for index in summary.metadata:
        record = parse(Metadata, read_at(stream, index.offset, size, Opcode.METADATA))
        found[record.name] = record.metadata
    return found


def chunk_head_fits(head: bytes, length: int) -> bool:
    """Whether the start of a would-be chunk of `length` bytes is consistent with itself; used to find lost chunks."""
    if len(head) < CHUNK_HEAD_BYTES:
        return False
    size, _, name_length = struct.unpack_from("<QII", head, 16)
    if name_length not in (0, 4) or size > MAX_CHUNK_BYTES:
        return False
    name = head[32 : 32 + name_length]
    (data_length,) = struct.unpack_from("<Q", head, 32 + name_length)
    fits = bool(length == 40 + name_length + data_length)
    return fits and (name == b"zstd" or (name == b"" and size == data_length))


def frame_of(data: bytes, at: int) -> tuple[int, int] | None:
    """Opcode and length of the record frame at `at`, or None where the bytes end."""
    if len(data) - at < _FRAME.size:
        return None
    opcode, length = _FRAME.unpack_from(data, at)
    return int(opcode), int(length)
