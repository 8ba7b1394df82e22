"""Serial framing of our own protocol: every packet is ``COBS(payload ‖ CRC-16/CCITT-FALSE, low byte first) 00``.

``PROTOCOL.md`` section 3 is the norm. Pure; never raises on any bytes; holds at most one frame.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass

from cobs import cobs

DELIMITER = b"\x00"
CRC_BYTES = 2
MAX_PAYLOAD = 512  # bytes; PROTOCOL.md section 3: no packet of version 1 is longer
MAX_FRAME = MAX_PAYLOAD + CRC_BYTES + (MAX_PAYLOAD + CRC_BYTES) // 254 + 1  # stuffed; the delimiter comes on top


def crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE: polynomial 1021, start FFFF, not reflected ("123456789" gives 29B1)."""
    return binascii.crc_hqx(data, 0xFFFF)


def encode_frame(payload: bytes) -> bytes:
    """One serial frame with its closing delimiter.

    Raises:
        ValueError: when the payload is empty or longer than `MAX_PAYLOAD`.
    """
    if not 0 < len(payload) <= MAX_PAYLOAD:
        raise ValueError(f"a payload has 1 to {MAX_PAYLOAD} bytes, not {len(payload)}")
    stuffed: bytes = cobs.encode(payload + crc16(payload).to_bytes(CRC_BYTES, "little"))
    return stuffed + DELIMITER


@dataclass(slots=True)
class FrameCounters:
    """What became of the bytes so far."""

    frames: int = 0
    bad_frames: int = 0
    too_long: int = 0


class FrameDecoder:
    """Finds frames in a stream of bytes; after damage it is in step again at the next delimiter.

    What comes before the first delimiter is usually the tail of a frame: it is tried, and not counted when it fails.
    """

    def __init__(self) -> None:
        self.counters = FrameCounters()
        self._rest = b""
        self._overlong = False
        self._seen_delimiter = False

    @property
    def held_bytes(self) -> int:
        """Bytes of a frame that is not complete yet; never more than `MAX_FRAME`."""
        return len(self._rest)

    def reset(self) -> None:
        """Forget the frame in progress (the counters stay)."""
        self._rest, self._overlong, self._seen_delimiter = b"", False, False

    def feed(self, data: bytes) -> list[bytes]:
        """The payloads that `data` completes, in order."""
        *closed, rest = (self._rest + data).split(DELIMITER)
        payloads = [payload for frame in closed if (payload := self._close(frame)) is not None]
        if len(rest) > MAX_FRAME:
            self._overlong, rest = True, b""
        self._rest = rest
        return payloads

    def _close(self, frame: bytes) -> bytes | None:
        first, self._seen_delimiter = not self._seen_delimiter, True
        overlong, self._overlong = self._overlong or len(frame) > MAX_FRAME, False
        if overlong:
            self.counters.too_long += 1
            return None
        if not frame:  # two delimiters in a row are allowed: a sender may clear the line
            return None
        payload = decode_frame(frame)
        if payload is not None:
            self.counters.frames += 1
        elif not first:
            self.counters.bad_frames += 1
        return payload


def decode_frame(frame: bytes) -> bytes | None:
    """The payload of one frame without its delimiter, or None when it is damaged."""
    try:
        block: bytes = cobs.decode(frame)
    except cobs.DecodeError:
        return None
    payload, check = block[:-CRC_BYTES], block[-CRC_BYTES:]
    if not payload or crc16(payload) != int.from_bytes(check, "little"):
        return None
    return payload
