"""A simulated WitMotion sensor as its link sees it, by cable or by radio, fed by a simulated wearer or a recording.

Pure: true time is an argument. It obeys as a real one does: nothing is written while it is locked, and a command that
follows another at once is lost.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from spinewatch_bridge.protocols import witmotion_registers as reg
from spinewatch_bridge.protocols.gatt import DATA, GattProfile
from spinewatch_bridge.protocols.witmotion_ble import GATT
from spinewatch_bridge.protocols.witmotion_registers import Reg
from spinewatch_bridge.simulator.device import Sent, Stream
from spinewatch_bridge.simulator.wit_registers import WitRegisters

Counts = NDArray[np.int16]

RATE_OF_CODE = {code: rate for rate, code in reg.RATE_CODES.items()}
BAUD_OF_CODE = {code: baud for baud, code in reg.BAUD_CODES.items()}
NOTIFY_S = 0.04  # a WT901BLE67 at 100 Hz sends four frames per notification
USUAL_MTU = 247
BATTERY_BLIND_S = 0.3  # the battery register reads 0 for so long after a save
STILL_COUNTS = 0.3 / 2000 * 32768  # slower than 0.3 °/s for so long, and the sensor says 0
STILL_S = 0.5
SCALE_SET_0_PER_COUNT = 4  # 8192 to 2048 per g, 65.536 to 16.384 per °/s
FULL_CENTIVOLTS, EMPTY_CENTIVOLTS, BATTERY_LIFE_S = 412, 340, 8 * 3600.0
VERSION = 0x2710
MAX_TYPED_BYTES = 64
FRAME_BYTES = 11
TRUE_RATE_FACTOR = 0.9926  # a WT901BLE67 set to 100 Hz sends 99.26 Hz: for streams made to feed this device


class WitSensor:
    """What it does whatever it measures: it is connected to, obeys and answers.

    Args:
        start_s: true time at which it is switched on, with a full battery.
        ble: by radio; else on a serial line.
        name: what it advertises.
        frame_bytes: 20, or 28 for the models that add the time of day (by radio only).
        settings: registers as its owner saved them.
    """

    gatt: GattProfile = GATT[0]

    def __init__(
        self, start_s: float, *, ble: bool, name: str, frame_bytes: int, settings: Mapping[int, int] | None
    ) -> None:
        self.advertised_name = name
        self.registers = WitRegisters(settings or {})
        self.sent_samples = self.lost_samples = 0
        self._ble, self._frame_bytes = ble, frame_bytes
        self._channel = DATA if ble else ""
        self._connected, self._room = not ble, USUAL_MTU - 3
        self._typed = b""
        self._start_s = start_s

    @property
    def baud(self) -> int:
        """Speed at which its line runs now: at any other, host and sensor understand nothing."""
        return BAUD_OF_CODE.get(self.registers.values[Reg.BAUD], 9600)

    @property
    def rate_hz(self) -> int:
        """The rate it is set to; 0 for codes that send nothing."""
        return RATE_OF_CODE.get(self.registers.values[Reg.RATE], 0)

    def reads(self) -> Mapping[str, bytes]:
        """Standard values that can be read: it has none."""
        return {}

    def connected(self, true_s: float, mtu: int | None = None) -> None:
        """A central subscribed: frames follow, as many together as its MTU holds."""
        del true_s
        self._connected = True
        self._room = max((mtu or USUAL_MTU) - 3, self._frame_bytes)

    def disconnected(self, true_s: float) -> None:
        """The central went away. Its settings stay until it is switched off."""
        del true_s
        self._connected = not self._ble

    def reboot(self, true_s: float) -> None:
        """Switched off and on again: what was not saved is forgotten."""
        self.registers.restart()
        self.disconnected(true_s)

    def receive(self, data: bytes, true_s: float, channel: str = "") -> list[tuple[str, bytes]]:
        """Its answers to the commands that `data` completes."""
        del channel  # it has one
        self._typed = (self._typed + data)[-MAX_TYPED_BYTES:]
        answers = []
        while len(self._typed) >= reg.COMMAND_BYTES:
            command, self._typed = self._typed[: reg.COMMAND_BYTES], self._typed[reg.COMMAND_BYTES :]
            asked = self.registers.hear(command, true_s)
            if asked is not None:
                answers.append((self._channel, self._told(asked, true_s)))
        return answers

    def _told(self, first: int, true_s: float) -> bytes:
        values = [self._value(number, true_s) for number in range(first, first + (8 if self._ble else 4))]
        if self._ble:
            return struct.pack("<2sH8H", b"\x55\x71", first, *values)
        return serial_frame(0x5F, struct.pack("<4H", *values))

    def _value(self, register: int, true_s: float) -> int:
        if register == (Reg.BATTERY_BLE if self._ble else Reg.BATTERY_SERIAL):
            return 0 if true_s - self.registers.saved_s < BATTERY_BLIND_S else self._centivolts(true_s)
        return VERSION if register == Reg.VERSION else self.registers.values.get(register, 0)

    def _centivolts(self, true_s: float) -> int:
        left = max(1 - (true_s - self._start_s) / BATTERY_LIFE_S, 0.0)
        return round(EMPTY_CENTIVOLTS + (FULL_CENTIVOLTS - EMPTY_CENTIVOLTS) * left)


class WitDevice(WitSensor):
    """A sensor on a simulated wearer. A Bluetooth one sends while `connected`, a serial one always.

    Args:
        stream: what it measures, at the fastest rate it is asked for: slower ones take every so many samples of it,
            faster ones come at the stream's own.
        lost: whether the packet that begins with this sample of the stream never arrives.
        counts_per_count: counts of the stream for one of its own; 4 for scale set 0, 1 to pass numbers on unchanged.
    """

    def __init__(
        self,
        stream: Stream,
        *,
        ble: bool = True,
        name: str = "WT901BLE67",
        frame_bytes: int = 20,
        settings: Mapping[int, int] | None = None,
        lost: Callable[[int], bool] | None = None,
        counts_per_count: int = SCALE_SET_0_PER_COUNT,
    ) -> None:
        super().__init__(stream.start_s, ble=ble, name=name, frame_bytes=frame_bytes, settings=settings)
        self._stream, self._lost, self._per_count = stream, lost, counts_per_count
        self._next = self._still = 0
        self._line_free_s = -np.inf

    @property
    def finished(self) -> bool:
        """True when the wearer's day is over."""
        return self._next >= self._stream.samples

    def connected(self, true_s: float, mtu: int | None = None) -> None:
        """A central subscribed: frames follow from the next sample on."""
        super().connected(true_s, mtu)
        self._skip_to(true_s)

    def reboot(self, true_s: float) -> None:
        """Switched off and on again: what was not saved is forgotten, what was measured meanwhile never taken."""
        super().reboot(true_s)
        self._skip_to(true_s)

    def next_due_s(self) -> float:
        """True time at which the next packet is complete; infinity while it sends nothing."""
        if self.finished or not self._connected or not self.rate_hz:
            return float("inf")
        return max(self._stream.taken_s(self._numbers()[-1]), self._line_free_s) + self._on_the_line_s()

    def take(self, until_true_s: float) -> list[Sent]:
        """The packets that are complete by then, in order."""
        sent: list[Sent] = []
        while (due_s := self.next_due_s()) <= until_true_s:
            numbers = self._numbers()
            data = self._packet(self._measured(numbers))
            self._next = numbers[-1] + self._step()
            if not self._ble:
                self._wait_for_the_line(due_s)
            if self._lost is not None and self._lost(numbers[0]):
                self.lost_samples += len(numbers)
            else:
                self.sent_samples += len(numbers)
                sent.append(Sent(data, due_s, len(numbers), self._channel))
        return sent

    def _step(self) -> int:
        return max(1, round(1 / (self._stream.period_s * max(self.rate_hz, 1))))

    def _numbers(self) -> range:
        """Numbers of the samples that the next packet holds."""
        step, per_packet = self._step(), 1
        if self._ble:
            per_packet = min(max(1, round(self.rate_hz * NOTIFY_S)), self._room // self._frame_bytes)
        return range(self._next, min(self._next + per_packet * step, self._stream.samples), step)

    def _on_the_line_s(self) -> float:
        """How long a cycle takes on a serial line: ten bits a byte."""
        return 0.0 if self._ble else 10 * FRAME_BYTES * max(len(self._types()), 1) / self.baud

    def _wait_for_the_line(self, free_s: float) -> None:
        """One sample can wait for a busy line; those before it are never sent."""
        self._line_free_s = free_s
        while not self.finished and self._stream.taken_s(self._next + self._step()) <= free_s:
            self._next += self._step()

    def _skip_to(self, true_s: float) -> None:
        """Go on with the first sample taken at or after a true time."""
        low, high = self._next, self._stream.samples
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._stream.taken_s(middle) < true_s else (low, middle)
        self._next = low

    def _measured(self, numbers: range) -> Counts:
        """(n, 6) counts in its own scale, angular rate set to 0 while it takes itself for still."""
        taken = self._stream.between(numbers[0], numbers[-1] + 1).counts[:: numbers.step]
        counts: Counts = np.rint(taken / self._per_count).astype(np.int16)
        for row in counts:
            self._still = self._still + 1 if (np.abs(row[3:].astype(int)) < STILL_COUNTS).all() else 0
            if self._still > STILL_S * self.rate_hz:
                row[3:] = 0
        return counts

    def _packet(self, counts: Counts) -> bytes:
        words = np.hstack([counts, angles(counts)])
        if self._ble:
            clock = bytes((26, 1, 1, 0, 0, 0, 0, 0))[: self._frame_bytes - 20]
            return b"".join(b"\x55\x61" + row.tobytes() + clock for row in words.astype("<i2"))
        return b"".join(self._cycle(row) for row in words)

    def _types(self) -> list[int]:
        return [0x50 + bit for bit in range(11) if self.registers.values[Reg.OUTPUT] >> bit & 1]

    def _cycle(self, row: Counts) -> bytes:
        bodies = {0x51: (*row[:3], 2500), 0x52: (*row[3:6], 0), 0x53: (*row[6:], 1)}
        return b"".join(serial_frame(t, struct.pack("<4h", *bodies.get(t, (0, 0, 0, 0)))) for t in self._types())


class WitReplay(WitSensor):
    """A sensor that repeats notifications which a real one sent, at their times, from each connection on.

    Args:
        notifications: (seconds since the first, bytes).
        start_s: true time at which it is switched on.
        rate_hz: what the recorded sensor really sent: the next round begins when its last sample is over.
        rounds: how often it repeats them; then its day is over.
        name: what it advertises.
    """

    def __init__(
        self,
        notifications: Sequence[tuple[float, bytes]],
        start_s: float,
        *,
        rate_hz: float = 100 * TRUE_RATE_FACTOR,
        rounds: int = 1,
        name: str = "WT901BLE67",
        frame_bytes: int = 20,
    ) -> None:
        super().__init__(start_s, ble=True, name=name, frame_bytes=frame_bytes, settings=None)
        self._notifications, self._rounds = tuple(notifications), rounds
        self._round_s = sum(len(data) for _, data in notifications) / frame_bytes / rate_hz
        self._played, self._begin_s = 0, start_s

    @property
    def finished(self) -> bool:
        """True when all rounds were played."""
        return self._played >= self._rounds * len(self._notifications)

    def connected(self, true_s: float, mtu: int | None = None) -> None:
        """A central subscribed: the recording goes on where it was, from now."""
        super().connected(true_s, mtu)
        self._begin_s = true_s - self._due_after_s()

    def next_due_s(self) -> float:
        """True time of the next notification."""
        return float("inf") if self.finished or not self._connected else self._begin_s + self._due_after_s()

    def take(self, until_true_s: float) -> list[Sent]:
        """The notifications that are due by then."""
        sent: list[Sent] = []
        while (due_s := self.next_due_s()) <= until_true_s:
            data = self._notifications[self._played % len(self._notifications)][1]
            self._played += 1
            samples = len(data) // self._frame_bytes
            self.sent_samples += samples
            sent.append(Sent(data, due_s, samples, self._channel))
        return sent

    def _due_after_s(self) -> float:
        rounds, at = divmod(self._played, len(self._notifications))
        return rounds * self._round_s + self._notifications[at][0]


def angles(counts: Counts) -> Counts:
    """(n, 3) roll, pitch and yaw words as gravity has them; yaw stays 0."""
    x, y, z = counts[:, :3].T.astype(float)
    roll, pitch = np.arctan2(y, z), np.arctan2(-x, np.hypot(y, z))
    words = np.stack([roll, pitch, np.zeros_like(roll)], axis=1) / np.pi * 32768
    clipped: Counts = np.clip(np.rint(words), -32768, 32767).astype(np.int16)
    return clipped


def serial_frame(kind: int, body: bytes) -> bytes:
    """``55 TYPE D0..D7 SUM``."""
    frame = bytes((0x55, kind)) + body
    return frame + bytes((sum(frame) & 0xFF,))
