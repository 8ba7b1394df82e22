"""A simulated sensor as its link sees it: the other end of our wire protocol, fed by a simulated wearer.

`VirtualDevice` is pure: true time is an argument, bytes go in and out. `transports/simulated.py` plays it inside the
process, `simulator/pty_device.py` on a pseudo-terminal, a virtual Bluetooth peripheral over the air.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from spinewatch_bridge.framing import FrameDecoder, encode_frame
from spinewatch_bridge.protocols import spinewatch_ctrl as ctrl
from spinewatch_bridge.protocols import spinewatch_wire as wire
from spinewatch_bridge.protocols.gatt import BATTERY, CTRL, DATA, FIRMWARE, MAKER, MODEL, SERIAL
from spinewatch_bridge.protocols.spinewatch import GATT
from spinewatch_bridge.simulator.sensor_model import DeviceSamples
from spinewatch_signal.samples import SampleFlag

STATUS_PERIOD_S = 1.0
FULL_MV, EMPTY_MV = 4150.0, 3500.0
BATTERY_LIFE_S = 30 * 3600.0
MAX_MOTOR_S = 10.0  # PROTOCOL.md section 6: no command may run the motor longer
MOTOR_RINGS_S = 0.2  # PROTOCOL.md section 4: the flag stays so long after the motor stopped
DEFAULT_MTU = 247  # what phones and desktops agree on
NOTIFY_OVERHEAD = 3  # bytes of an MTU that a notification does not carry
MAX_PER_PACKET = 20
FIRMWARE_VERSION = (1, 0, 0)


class Stream(Protocol):
    """The samples of one sensor by number; see `simulator.sensor_model.SensorStream`."""

    start_s: float
    period_s: float
    samples: int

    def between(self, first: int, end: int) -> DeviceSamples:
        """Samples `first` to `end` (not included)."""

    def taken_s(self, index: int) -> float:
        """True UNIX time of a sample."""

    def ticks_at(self, true_s: float) -> int:
        """Reading of the device clock at a true UNIX time."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Bytes that the device sends, the true time at which it could send them, and where (`protocols.gatt`)."""

    data: bytes
    true_s: float
    samples: int = 0
    channel: str = ""


class VirtualDevice:
    """One sensor, switched on.

    On a serial line it sends once it was started. Over radio it sends nothing on a new connection before START, and
    what it measures meanwhile is not handed to the link; the index goes on.

    Args:
        stream: what it measures.
        serial: its serial number.
        framed: True for a serial line.
        session: as it would be drawn at boot.
        lost: whether the packet that begins with this sample never arrives.
        mtu: of the radio link; packets fit into it.
    """

    gatt = GATT

    def __init__(
        self,
        stream: Stream,
        *,
        serial: str = "SIM1",
        framed: bool = True,
        session: int = 0x5EED0000,
        lost: Callable[[int], bool] | None = None,
        mtu: int = DEFAULT_MTU,
    ) -> None:
        self._stream, self._serial, self._framed, self._lost = stream, serial, framed, lost
        self.mtu = mtu
        self.sent_samples = 0
        """Samples that were handed to the link."""
        self._listening = framed  # whether a host takes what is measured
        self._known_s = stream.start_s
        self._frames = FrameDecoder()
        self._session = session
        self._running: ctrl.Start | None = None
        self._base = self._next = 0  # stream numbers: of index 0, and of the first sample not sent yet
        self._status_s = 0.0
        self._motor_until_s = 0.0
        self._dropped = 0
        self._dropped_before = False
        self.commands: list[int] = []

    @property
    def advertised_name(self) -> str:
        """As PROTOCOL.md section 2 has it."""
        return "SW-" + self._serial[-4:]

    def reads(self) -> Mapping[str, bytes]:
        """The characteristics of the standard services, as they read now."""
        return {
            BATTERY: bytes((self._battery_percent(self._known_s),)),
            MODEL: b"Spinewatch",
            SERIAL: self._serial.encode("ascii"),
            FIRMWARE: ".".join(map(str, FIRMWARE_VERSION)).encode("ascii"),
            MAKER: b"Spinewatch simulator",
        }

    def connected(self, true_s: float, mtu: int | None = None) -> None:
        """A host connected; nothing is sent before its START."""
        self.mtu = self.mtu if mtu is None else mtu
        self._pass_over(true_s)

    def disconnected(self, true_s: float) -> None:
        """The host is gone: the motor stops, the measuring goes on."""
        self._pass_over(true_s)
        self._listening = self._framed
        self._motor_until_s = min(self._motor_until_s, true_s)

    @property
    def finished(self) -> bool:
        """True when the wearer's day is over."""
        return self._next >= self._stream.samples

    def next_due_s(self) -> float:
        """True time at which the next packet is complete; infinity while nothing is to be sent."""
        if not self._listening:
            return float("inf")
        return self._packet_due_s()

    def _packet_due_s(self) -> float:
        if self._running is None or self.finished:
            return float("inf")
        return self._stream.taken_s(self._packet_end() - 1)

    def dropped(self, samples: int) -> None:
        """Its line did not take a packet: the next one says so."""
        self._dropped += samples
        self._dropped_before |= samples > 0

    # --- commands -------------------------------------------------------------------------------------------------

    def receive(self, data: bytes, true_s: float, channel: str = "") -> bytes:
        """Its answers to the commands that `data` completes, in one piece."""
        return b"".join(answer for _, answer in self.answers(data, true_s, channel))

    def answers(self, data: bytes, true_s: float, channel: str = "") -> list[tuple[str, bytes]]:
        """(channel, bytes) of each answer to the commands that `data` completes."""
        del channel  # there is one that takes commands
        self._known_s = max(true_s, self._known_s)
        packets = self._frames.feed(data) if self._framed else [data]
        return [(self._channel(CTRL), self._send(self._answer(p, true_s))) for p in packets if len(p) >= 2]

    def _channel(self, name: str) -> str:
        return "" if self._framed else name

    def _send(self, packet: bytes) -> bytes:
        return encode_frame(packet) if self._framed else packet

    def _answer(self, command: bytes, true_s: float) -> bytes:
        op, token, body = command[0], command[1], command[2:]
        answers = {
            ctrl.Op.INFO: self._info, ctrl.Op.START: self._start, ctrl.Op.STOP: self._stop, ctrl.Op.TIME: self._time,
            ctrl.Op.HAPTIC: self._haptic, ctrl.Op.SET_UTC: self._set_utc, ctrl.Op.IDENTIFY: self._identify,
        }  # fmt: skip
        self.commands = [*self.commands[-63:], op]
        answer = next((a for known, a in answers.items() if known == op), None)
        if answer is None:
            return ctrl.pack_reply(op, token, ctrl.Status.UNSUPPORTED)
        status, reply = answer(body, true_s)
        return ctrl.pack_reply(op, token, status, reply)

    def _info(self, _body: bytes, true_s: float) -> tuple[ctrl.Status, bytes]:
        caps = ctrl.Capability.HAPTIC | ctrl.Capability.LIGHT
        info = ctrl.Info(
            firmware=FIRMWARE_VERSION, hardware=1, session=self._session, capabilities=caps,
            battery_mv=self._battery_mv(true_s), battery_percent=self._battery_percent(true_s),
            streaming=self._running is not None, serial=self._serial.encode("ascii"), scales={0: wire.FIXED_SCALES[0]},
        )  # fmt: skip
        return ctrl.Status.OK, ctrl.pack_info(info)

    def _start(self, body: bytes, true_s: float) -> tuple[ctrl.Status, bytes]:
        start = ctrl.unpack_start(body)
        if start is None:
            return ctrl.Status.BAD_LENGTH, b""
        nominal_hz = round(1 / self._stream.period_s / 10) * 10.0
        if start.rate_hz != nominal_hz or start.scale_set != 0 or start.kind != wire.Kind.ACC_GYR:
            return ctrl.Status.BAD_VALUE, b""
        self._pass_over(true_s)
        resumed, self._listening = start == self._running, True
        if not resumed:
            self._session = (self._session + 1) % (1 << 32)
            self._running = start
            self._base = self._next = self._first_after(true_s)
            self._status_s = true_s
        return ctrl.Status.OK, ctrl.pack_started(
            ctrl.Started(
                self._session, start.rate_hz, 0, self._per_packet(), wire.Kind.ACC_GYR, resumed,
                self._next - self._base, self._stream.ticks_at(self._stream.taken_s(self._next)) % wire.TICK_SPAN,
            )
        )  # fmt: skip

    def _stop(self, _body: bytes, _true_s: float) -> tuple[ctrl.Status, bytes]:
        self._running = None
        return ctrl.Status.OK, ctrl.pack_stopped(self._session, self._next - self._base)

    def _time(self, body: bytes, true_s: float) -> tuple[ctrl.Status, bytes]:
        if len(body) < 8:
            return ctrl.Status.BAD_LENGTH, b""
        ticks = self._stream.ticks_at(true_s)
        return ctrl.Status.OK, ctrl.pack_time_reply(body[:8], ticks, ticks)

    def _haptic(self, body: bytes, true_s: float) -> tuple[ctrl.Status, bytes]:
        haptic = ctrl.unpack_haptic(body)
        if haptic is None:
            return ctrl.Status.BAD_LENGTH, b""
        if (haptic.on_ms + haptic.off_ms) * haptic.repeats / 1000 > MAX_MOTOR_S:
            return ctrl.Status.BAD_VALUE, b""
        on = haptic.amplitude > 0
        self._motor_until_s = true_s + on * (haptic.on_ms + haptic.off_ms) * haptic.repeats / 1000
        return ctrl.Status.OK, b""

    def _set_utc(self, body: bytes, _true_s: float) -> tuple[ctrl.Status, bytes]:
        return (ctrl.Status.BAD_LENGTH if ctrl.unpack_utc(body) is None else ctrl.Status.OK), b""

    def _identify(self, body: bytes, _true_s: float) -> tuple[ctrl.Status, bytes]:
        return (ctrl.Status.OK if body else ctrl.Status.BAD_LENGTH), b""

    # --- data -----------------------------------------------------------------------------------------------------

    def take(self, until_true_s: float) -> list[Sent]:
        """The packets that are complete by then, in order."""
        self._known_s = max(until_true_s, self._known_s)
        self._pass_over(until_true_s)
        sent: list[Sent] = []
        while (due_s := self.next_due_s()) <= until_true_s:
            if due_s >= self._status_s:
                sent.append(Sent(self._send(self._status(due_s)), due_s, 0, self._channel(DATA)))
                self._status_s += STATUS_PERIOD_S
            first, self._next = self._next, self._packet_end()
            if self._lost is None or not self._lost(first):
                n = self._next - first
                self.sent_samples += n
                sent.append(Sent(self._send(self._packet(first, due_s)), due_s, n, self._channel(DATA)))
        return sent

    def _pass_over(self, until_true_s: float) -> None:
        """What was measured while nobody took it is not sent later."""
        if self._listening or self._running is None:
            return
        self._next = max(self._next, self._first_after(until_true_s))
        self._status_s = max(self._status_s, until_true_s)

    def _per_packet(self) -> int:
        asked = 0 if self._running is None else self._running.samples_per_packet
        wished = min(asked, MAX_PER_PACKET) or max(1, math.ceil(round(0.1 / self._stream.period_s, 6)))
        if self._framed:
            return wished
        return max(1, min(wished, (self.mtu - NOTIFY_OVERHEAD - wire.HEADER.size) // wire.SAMPLE_BYTES))

    def _packet_end(self) -> int:
        return min(self._next + self._per_packet(), self._stream.samples)

    def _first_after(self, true_s: float) -> int:
        """Number of the first sample taken at or after a true time, by bisection."""
        low, high = 0, self._stream.samples
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._stream.taken_s(middle) < true_s else (low, middle)
        return low

    def _packet(self, first: int, true_s: float) -> bytes:
        samples = self._stream.between(first, self._next)
        seen = int(np.bitwise_or.reduce(samples.flags))
        flags = wire.PacketFlag.NONE
        if seen & SampleFlag.SATURATED:
            flags |= wire.PacketFlag.SATURATED
        if seen & SampleFlag.MOTOR_ON or true_s < self._motor_until_s + MOTOR_RINGS_S:
            flags |= wire.PacketFlag.MOTOR_ON
        if self._dropped_before:
            flags |= wire.PacketFlag.DROPPED_BEFORE
            self._dropped_before = False
        header = wire.Header(wire.Kind.ACC_GYR, flags, 0, first - self._base, int(samples.ticks[0]))
        return wire.pack_samples(header, samples.counts)

    def _status(self, true_s: float) -> bytes:
        header = wire.Header(
            wire.Kind.STATUS, wire.PacketFlag.NONE, 0, self._next - self._base, self._stream.ticks_at(true_s)
        )
        status = wire.DeviceStatus(
            self._battery_mv(true_s), self._battery_percent(true_s), 31.0, 0, self._session, self._next - self._base,
            self._dropped, 0,
        )  # fmt: skip
        return wire.pack_header(header) + wire.pack_status(status)

    def _battery_percent(self, true_s: float) -> int:
        return round(100 * max(1 - (true_s - self._stream.start_s) / BATTERY_LIFE_S, 0.0))

    def _battery_mv(self, true_s: float) -> int:
        return round(EMPTY_MV + (FULL_MV - EMPTY_MV) * self._battery_percent(true_s) / 100)
