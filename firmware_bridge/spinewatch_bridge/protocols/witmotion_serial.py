"""WitMotion's serial protocol: 11-byte frames ``55 TYPE D0..D7 SUM``, one frame per quantity and sampling instant.

Sources: WitMotion "Wit standard communication protocol" and its open C and Python kits; two independent drivers agree.
The family sends no counter and no time, so a lost sample shows only where part of its cycle arrived. Pure.
"""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from math import pi

import numpy as np

from spinewatch_bridge.clock_sync import EnvelopeClock
from spinewatch_bridge.protocols.base import (
    Capabilities,
    ProtocolCounters,
    ProtocolEvent,
    Ready,
    Refusal,
    Refused,
    Request,
    SampleGroup,
)
from spinewatch_bridge.protocols.family import Family
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, SampleFlag

HEADER = 0x55
FRAME_BYTES = 11
ACC, GYR = 0x51, 0x52
TYPES = frozenset((*range(0x50, 0x5B), 0x5F))
REGISTER_REPLY = 0x5F  # comes when asked, not as part of a cycle

ACC_M_S2_PER_COUNT = 16 * STANDARD_GRAVITY_M_S2 / 32768  # the scale stays ±16 g whatever range the chip is in
GYR_RAD_S_PER_COUNT = 2000 / 32768 * pi / 180
FULL_SCALE = 32767

RATE_CODES = {10: 0x06, 20: 0x07, 50: 0x08, 100: 0x09, 200: 0x0B}
BAUD_CODES = {9600: 0x02, 19200: 0x03, 38400: 0x04, 57600: 0x05, 115200: 0x06, 230400: 0x07}
OUTPUT_ACC_GYR = 0x0006
REG_SAVE, REG_OUTPUT, REG_RATE, REG_BAUD, REG_READ, REG_KEY = 0x00, 0x02, 0x03, 0x04, 0x27, 0x69

STEP_GAP_S = 0.1  # the sensor needs about 100 ms between the steps of a setting
GIVE_UP_S = 3.0
MAX_CYCLES_UNSURE = 2  # cycles that must end with the same TYPE before samples complete on it
MEASURE_S = 1.5  # the family does not tell its rate: samples are counted for so long before the first is passed on
RATES_HZ = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0)
RATE_SNAP = 0.25  # relative; a line too slow for its rate gives another figure, which is then taken as it is


def write_register(register: int, value: int) -> bytes:
    """``FF AA REG LO HI``; takes effect only within 10 s of `unlock`."""
    return struct.pack("<BBBH", 0xFF, 0xAA, register, value)


def unlock() -> bytes:
    """Allow writing for the next 10 s."""
    return write_register(REG_KEY, 0xB588)


def save() -> bytes:
    """Keep the settings over power-off."""
    return write_register(REG_SAVE, 0)


def restart() -> bytes:
    """Start the sensor anew."""
    return write_register(REG_SAVE, 0x00FF)


def read_register(register: int) -> bytes:
    """Ask for four registers from `register` on; the reply (TYPE 5F) does not name them."""
    return write_register(REG_READ, register)


def set_rate(rate_hz: int) -> bytes:
    """Output rate.

    Raises:
        ValueError: for a rate that the family does not have.
    """
    if rate_hz not in RATE_CODES:
        raise ValueError(f"WitMotion sensors send at {', '.join(map(str, RATE_CODES))} Hz, not at {rate_hz}")
    return write_register(REG_RATE, RATE_CODES[rate_hz])


def set_baud(baud: int) -> bytes:
    """Line speed from the next save on.

    Raises:
        ValueError: for a speed that the family does not have.
    """
    if baud not in BAUD_CODES:
        raise ValueError(f"WitMotion sensors talk at {', '.join(map(str, BAUD_CODES))} baud, not at {baud}")
    return write_register(REG_BAUD, BAUD_CODES[baud])


@dataclass(frozen=True, slots=True)
class WitFrame:
    """One checked frame: TYPE and its eight data bytes."""

    type: int
    data: bytes


class WitFrameDecoder:
    """Finds frames in any bytes. ``55`` occurs inside frames, so after a mismatch one byte is dropped, not eleven."""

    def __init__(self) -> None:
        self.dropped_bytes = 0
        self._rest = b""

    @property
    def held_bytes(self) -> int:
        """Bytes of a frame that is not complete yet; always fewer than `FRAME_BYTES`."""
        return len(self._rest)

    def feed(self, data: bytes) -> list[WitFrame]:
        """The frames that `data` completes, in order."""
        buffer, at, frames = self._rest + data, 0, []
        last_start = len(buffer) - FRAME_BYTES
        while at <= last_start:
            if is_frame(buffer, at):
                frames.append(WitFrame(buffer[at + 1], buffer[at + 2 : at + 10]))
                at += FRAME_BYTES
                continue
            following = buffer.find(HEADER, at + 1)
            skip_to = len(buffer) if following < 0 else following
            self.dropped_bytes += skip_to - at
            at = skip_to
        self._rest = buffer[at:]
        return frames


def is_frame(buffer: bytes, at: int) -> bool:
    """Whether a frame with a known TYPE and the right sum starts at `at`; eleven bytes must be there."""
    if buffer[at] != HEADER or buffer[at + 1] not in TYPES:
        return False
    return sum(buffer[at : at + FRAME_BYTES - 1]) & 0xFF == buffer[at + FRAME_BYTES - 1]


class CycleAssembler:
    """Puts the frames of one sampling instant together.

    TYPEs rise within a cycle. A sample is complete when the highest TYPE of the cycle has come, as learned from the
    cycles before; until that is learned, when the next cycle begins. A cycle with a part missing is one lost sample.
    """

    def __init__(self) -> None:
        self.lost = 0
        self._parts: dict[int, bytes] = {}
        self._highest = 0
        self._candidate, self._seen = 0, 0
        self._done = False

    def add(self, frame: WitFrame) -> bytes | None:
        """The 12 bytes (acc xyz, gyr xyz) of the sample that this frame completes, if any."""
        if frame.type == REGISTER_REPLY:
            return None
        sample = None
        if self._parts and frame.type <= max(self._parts):
            sample = self._end_cycle()
        self._parts[frame.type] = frame.data[:6]
        if frame.type == self._highest and not self._done and sample is None:
            sample, self._done = self._take(), True
        return sample

    def _end_cycle(self) -> bytes | None:
        self._learn(max(self._parts))
        sample = None if self._done else self._take()
        self._parts, self._done = {}, False
        return sample

    def _take(self) -> bytes | None:
        acc, gyr = self._parts.get(ACC), self._parts.get(GYR)
        if acc is not None and gyr is not None:
            return acc + gyr
        self.lost += 1
        return None

    def _learn(self, last_type: int) -> None:
        self._seen = self._seen + 1 if last_type == self._candidate else 1
        self._candidate = last_type
        if self._seen >= MAX_CYCLES_UNSURE:
            self._highest = last_type


class WitMotionSerial:
    """The host's end of a line to a WitMotion sensor.

    Args:
        rate_hz: set this rate (and the output of acc and gyr alone) at every connect; None takes the sensor as it is.
            The setting is not saved: at its next power-on the sensor is as its owner left it.
    """

    family = "witmotion"

    def __init__(self, rate_hz: int | None = None) -> None:
        self.rate_hz = rate_hz
        self.counters = ProtocolCounters()
        self._setting = (
            () if rate_hz is None else (unlock(), write_register(REG_OUTPUT, OUTPUT_ACC_GYR), set_rate(rate_hz))
        )
        self.opened(0.0)

    def opened(self, now_s: float) -> None:
        """A transport was opened: begin the conversation anew."""
        self.counters = ProtocolCounters()
        self._frames, self._cycle = WitFrameDecoder(), CycleAssembler()
        self._to_send = deque(self._setting)
        self._due_s = now_s
        self._index = 0
        self._ready = self._refused = False
        self._first_s: float | None = None
        self._give_up_s = now_s + GIVE_UP_S

    def outgoing(self, now_s: float) -> list[bytes]:
        """What is to be written now: one step of the setting every 100 ms."""
        if not self._to_send or now_s < self._due_s:
            return []
        self._due_s = now_s + STEP_GAP_S
        return [self._to_send.popleft()]

    def next_due_s(self) -> float:
        """When `outgoing` wants to be asked again."""
        if self._to_send:
            return self._due_s
        return float("inf") if self._ready or self._refused else self._give_up_s

    def request(self, request: Request) -> int | None:
        """Nothing can be asked of this family."""
        del request
        return None

    def receive(self, data: bytes, host_time_s: float, channel: str = "") -> list[ProtocolEvent]:
        """What `data` completes; never raises, never grows."""
        del channel  # one line
        frames = self._frames.feed(data)
        self.counters.received_bytes += len(data)
        self.counters.good_packets += len(frames)
        self.counters.malformed = self._frames.dropped_bytes
        placed = self._assemble(frames)
        if not placed:
            return self._given_up(host_time_s)
        events = [] if self._ready else self._measure(host_time_s)
        return [*events, *_groups(placed, host_time_s)] if self._ready else []

    def _assemble(self, frames: list[WitFrame]) -> list[tuple[int, bytes]]:
        """(running index, 12 bytes) of the samples that the frames complete; a broken cycle leaves its index out."""
        placed = []
        for frame in frames:
            lost_before = self._cycle.lost
            sample = self._cycle.add(frame)
            self._index += self._cycle.lost - lost_before
            if sample is not None:
                placed.append((self._index, sample))
                self._index += 1
        return placed

    def _measure(self, host_time_s: float) -> list[ProtocolEvent]:
        if self._first_s is None or self._to_send:
            self._first_s, self._index = host_time_s, 0
        if host_time_s - self._first_s < MEASURE_S:
            return []
        self._ready = True
        rate_hz = nearest_rate_hz(self._index / (host_time_s - self._first_s))
        return [Ready(rate_hz, ACC_M_S2_PER_COUNT, GYR_RAD_S_PER_COUNT)]

    def _given_up(self, now_s: float) -> list[ProtocolEvent]:
        if self._ready or self._refused or now_s < self._give_up_s:
            return []
        self._refused = True
        if self.counters.good_packets:
            return [Refused("it sends no angular rate; add rate=100 to the source to switch it on")]
        if self.counters.received_bytes:
            return [Refused("it sends data, but not in the witmotion protocol", Refusal.FOREIGN)]
        return [Refused("it sends nothing: is it switched on, and is this its port?", Refusal.SILENT)]


def _groups(placed: list[tuple[int, bytes]], arrival_s: float) -> list[ProtocolEvent]:
    """One group per run of samples without a break."""
    indices = np.array([index for index, _ in placed])
    edges = [0, *(np.flatnonzero(np.diff(indices) != 1) + 1).tolist(), len(placed)]
    return [_group(placed[start:end], arrival_s) for start, end in pairwise(edges)]


def _group(placed: list[tuple[int, bytes]], arrival_s: float) -> SampleGroup:
    counts = np.frombuffer(b"".join(sample for _, sample in placed), "<i2").reshape(-1, 6)
    clipped = (np.abs(counts.astype(np.int32)) >= FULL_SCALE).any(axis=1)
    flags = np.where(clipped, np.uint8(SampleFlag.SATURATED), np.uint8(0))
    return SampleGroup(placed[0][0], None, counts, flags, arrival_s, counted=False)


def nearest_rate_hz(measured_hz: float) -> float:
    """The rate of the family's table that a rough count means, or the count itself when none is near."""
    nearest = min(RATES_HZ, key=lambda rate: abs(rate - measured_hz) / rate)
    return nearest if abs(nearest - measured_hz) <= RATE_SNAP * nearest else measured_hz


FAMILY = Family(
    title="WitMotion",
    capabilities=Capabilities(tuple(float(rate) for rate in RATE_CODES)),
    clock=EnvelopeClock,
    serial=lambda wish: WitMotionSerial(None if wish.rate_hz is None else round(wish.rate_hz)),
    bauds=(115200, 9600),  # models in a case ship with the first, open modules with the second (29 Hz at best)
    frames_in=lambda data: len(WitFrameDecoder().feed(data)),
)
