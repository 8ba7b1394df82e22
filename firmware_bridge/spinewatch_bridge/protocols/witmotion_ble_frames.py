"""Frames of WitMotion's Bluetooth sensors: ``55 61`` and nine words, without counter, time or checksum.

Sources: WitMotion "WT901BLECL datasheet v23-0420" and its open Android kit; WT901SDCL-BT50 as an open driver
(zhuyetuo/witmotion_imu) reads it; a real recording of a WT901BLE67 (RGu0/WT901).

Nothing in a frame proves it, and ``55 61`` may stand in a payload, even in the same place of each: a roll that stays at
136.9° is such a pair. So the header must recur at the stride of a frame, and what stands between must be what a sensor
on a body can measure: from a wrong place, the true header is read as a word that is far beyond that. Pure.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.int16]

DATA_HEADER, REPLY_HEADER = b"\x55\x61", b"\x55\x71"
WORDS = struct.Struct("<9h")
USUAL_BYTES, TIMED_BYTES = 20, 28  # the longer ones add the time of day, which nobody sets
REPLY_BYTES = 20
FIRST_FRAMES = 5  # headers in a row that settle where frames begin and how long they are
AGAIN_FRAMES = 2  # when the length is known already
WINDOW_FRAMES = 4096  # checked at once: a run that breaks soon should not have cost the check of megabytes

LIKELY_COUNTS = 0x5500  # 10.6 g and 1328 °/s: the least that a header read as a word gives, and no back gets there
MOST_PITCH = 16384 + 91  # the middle angle is between ±90°, with half a degree of rounding
ACC_AND_GYR, PITCH = slice(0, 6), 7


@dataclass(frozen=True, slots=True)
class RegisterReply:
    """Registers that were asked for, from `first` on."""

    first: int
    values: tuple[int, ...]


@dataclass(eq=False, slots=True)
class Found:
    """What lies in some bytes.

    Args:
        runs: (bytes dropped just before, (n, 9) words) of frames that follow each other.
        replies: answers among them.
    """

    runs: list[tuple[int, Words]] = field(default_factory=list)
    replies: list[RegisterReply] = field(default_factory=list)


class WitBleFrames:
    """Finds frames in the bytes of the characteristic, however they are cut into notifications.

    Once aligned it steps by the length of a frame and searches anew only where no header stands. A frame passes when
    the header of the next follows it, or when it ends a notification that holds all of it, or when nothing more comes:
    half of one frame and half of another, with a lost notification between, must not look like one.

    Args:
        likely_bytes: the length that the sensor's model suggests.
    """

    def __init__(self, likely_bytes: int = USUAL_BYTES) -> None:
        self.dropped_bytes = 0
        self.frame_bytes: int | None = None  # once it is certain
        self.aligned = False
        self._likely = likely_bytes
        self._rest = b""
        self._dropped = 0  # since the last frame that passed

    @property
    def held_bytes(self) -> int:
        """Bytes that are not decided yet: fewer than `FIRST_FRAMES` long frames."""
        return len(self._rest)

    def suggest(self, likely_bytes: int) -> None:
        """The model became known: its length is tried first."""
        self._likely = likely_bytes

    def feed(self, notification: bytes) -> Found:
        """The frames that a notification completes, in order; an empty one says that nothing comes for now."""
        found = Found()
        if not self.aligned and len(notification) == REPLY_BYTES and notification.startswith(REPLY_HEADER):
            _reply(notification, 0, found)  # who asked knows whether it is an answer
            return found
        buffer = self._rest + notification
        whole_from = len(self._rest) if notification else 0
        at, undecided = 0, False
        while not undecided:
            at, undecided = self._walk(buffer, at, whole_from, found) if self.aligned else self._search(buffer, at)
        self._rest = buffer[at:]
        return found

    def _walk(self, buffer: bytes, at: int, whole_from: int, found: Found) -> tuple[int, bool]:
        """Pass frames on; how far that went, and whether more bytes are needed to go on."""
        if buffer.startswith(REPLY_HEADER, at):
            return _reply(buffer, at, found)
        size = self.frame_bytes or USUAL_BYTES
        frames = _leading_frames(buffer, at, size)
        end = at + len(frames) * size
        follows = _is_header(buffer, end)
        ends_notification = end == len(buffer) and end - size >= whole_from
        passed = frames if follows or ends_notification else frames[:-1]
        if len(passed):
            found.runs.append((self._dropped, passed[:, 2 : 2 + WORDS.size].copy().view("<i2")))
            self._dropped = 0
            return at + len(passed) * size, False
        self.aligned = follows is not False
        return at, self.aligned

    def _search(self, buffer: bytes, at: int) -> tuple[int, bool]:
        """Go to where frames begin; how far that was, and whether more bytes are needed to be certain."""
        begin, verdict = at, None
        while (at := buffer.find(DATA_HEADER, at)) >= 0:
            verdict = self._begin(buffer, at)
            if verdict is not False:
                break
            at += 1
        if at < 0:
            at, verdict = len(buffer) - buffer.endswith(DATA_HEADER[:1]), None
        self._dropped += at - begin
        self.dropped_bytes += at - begin
        self.aligned = verdict is True
        return at, not self.aligned

    def _begin(self, buffer: bytes, at: int) -> bool | None:
        """Whether frames begin here; None when more bytes will tell."""
        if self.frame_bytes is not None:
            return _recurs(buffer, at, self.frame_bytes, AGAIN_FRAMES)
        sizes = sorted((USUAL_BYTES, TIMED_BYTES), key=lambda size: size != self._likely)
        verdicts = {size: _recurs(buffer, at, size, FIRST_FRAMES) for size in sizes}
        self.frame_bytes = next((size for size, verdict in verdicts.items() if verdict), None)
        return True if self.frame_bytes else None if None in verdicts.values() else False


def _leading_frames(buffer: bytes, at: int, size: int) -> NDArray[np.uint8]:
    """(n, size) the frames from `at` on, up to the first without the header."""
    n = min((len(buffer) - at) // size, WINDOW_FRAMES)
    rows = np.frombuffer(buffer, np.uint8, n * size, at).reshape(-1, size)
    sound = (rows[:, 0] == DATA_HEADER[0]) & (rows[:, 1] == DATA_HEADER[1])
    return rows if sound.all() else rows[: int(sound.argmin())]


def _is_header(buffer: bytes, at: int) -> bool | None:
    """Whether a frame or an answer begins here; None while its two bytes are not there."""
    seen = buffer[at : at + 2]
    if len(seen) < 2:
        return None if DATA_HEADER.startswith(seen) else False
    return seen in (DATA_HEADER, REPLY_HEADER)


def _recurs(buffer: bytes, at: int, size: int, times: int) -> bool | None:
    """Whether so many likely frames of this length follow each other from here; None when more bytes will tell."""
    starts = range(at, at + times * size, size)
    if not all(DATA_HEADER.startswith(buffer[start : start + 2]) for start in starts):
        return False
    if len(buffer) < starts.stop:
        return None
    return all(_is_likely(buffer, start) for start in starts)


def _is_likely(buffer: bytes, at: int) -> bool:
    words = WORDS.unpack_from(buffer, at + 2)
    return all(-LIKELY_COUNTS < word < LIKELY_COUNTS for word in words[ACC_AND_GYR]) and abs(words[PITCH]) <= MOST_PITCH


def _reply(buffer: bytes, at: int, found: Found) -> tuple[int, bool]:
    """Take an answer out; as `WitBleFrames._walk`."""
    if len(buffer) - at < REPLY_BYTES:
        return at, True
    first, *values = np.frombuffer(buffer, "<u2", REPLY_BYTES // 2 - 1, at + 2).tolist()
    found.replies.append(RegisterReply(first, tuple(values)))
    return at + REPLY_BYTES, False
