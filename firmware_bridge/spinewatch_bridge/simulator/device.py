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

from spinewatch_bridge.framing import MAX_PAYLOAD, FrameDecoder, encode_frame
from spinewatch_bridge.protocols import spinewatch_ctrl as ctrl
from spinewatch_bridge.protocols import spinewatch_wire as wire
from spinewatch_bridge.protocols.base import LogPiece
from spinewatch_bridge.protocols.gatt import BATTERY, BULK, CTRL, DATA, FIRMWARE, MAKER, MODEL, SERIAL
from spinewatch_bridge.protocols.spinewatch import GATT
from spinewatch_bridge.simulator.device_log import DeviceLog
from spinewatch_bridge.simulator.device_log_desk import LogDesk
from spinewatch_bridge.simulator.device_owner import Answer, OwnerLock
from spinewatch_bridge.simulator.device_parts import Cell, Motor, TimeOfDay
from spinewatch_bridge.simulator.sensor_model import DeviceSamples
from spinewatch_signal.samples import SampleFlag

STATUS_PERIOD_S = 1.0
DEFAULT_MTU = 247  # what phones and desktops agree on
NOTIFY_OVERHEAD = 3  # bytes of an MTU that a notification does not carry
MAX_PER_PACKET = 20
HOST_GONE_S = 10.0  # PROTOCOL.md section 3: without a command for so long, a serial line has no host
KEEP_SAMPLES = 6000  # a minute at 100 Hz goes to the log at a time
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

    On a serial line it sends once it was started. Over radio it sends nothing on a new connection before START. What it
    measures while no host takes it goes to its log, where it has one; the index goes on.

    Args:
        stream: what it measures.
        serial: its serial number.
        framed: True for a serial line.
        session: as it would be drawn at boot.
        lost: whether the packet that begins with this sample never arrives.
        mtu: of the radio link; packets fit into it.
        gyro: False for one that measures acceleration alone.
        log: its memory, which outlives it; None for one without.
        owner: its lock, which outlives it; None for one that obeys everybody.
        lost_piece: whether this piece of the log never arrives.
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
        gyro: bool = True,
        log: DeviceLog | None = None,
        owner: OwnerLock | None = None,
        lost_piece: Callable[[LogPiece], bool] | None = None,
    ) -> None:
        self._stream, self._serial, self._framed, self._lost = stream, serial, framed, lost
        self._kind = wire.Kind.ACC_GYR if gyro else wire.Kind.ACC
        self._log, self._owner = log, owner
        self._desk = None if log is None else LogDesk(log, framed=framed, room=lambda: self._room, lost=lost_piece)
        self.mtu = mtu
        self.sent_samples = 0
        """Samples that were handed to the link."""
        self.commands: list[int] = []
        """The last operations that were asked for."""
        self._cell, self._motor, self._time_of_day = Cell(stream.start_s), Motor(), TimeOfDay()
        self._frames = FrameDecoder()
        self._listening = framed  # whether a host takes what is measured
        self._known_s = self._heard_s = stream.start_s
        self._session = session
        self._running: ctrl.Start | None = None
        self._base = self._next = 0  # stream numbers: of index 0, and of the first sample not sent yet
        self._kept = 0  # stream number up to which samples are in the log
        self._status_s = 0.0
        self._dropped = 0
        self._dropped_before = False
        self._switched_on()

    def _switched_on(self) -> None:
        if self._log is not None:
            self._log.booted()
        if self._owner is not None:
            self._owner.link_ended()

    @property
    def advertised_name(self) -> str:
        """As PROTOCOL.md section 2 has it."""
        return "SW-" + self._serial[-4:]

    def reads(self) -> Mapping[str, bytes]:
        """The characteristics of the standard services, as they read now."""
        return {
            BATTERY: bytes((self._cell.percent(self._known_s),)),
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
        self._host_gone(true_s)

    def _host_gone(self, true_s: float) -> None:
        self._motor.stop(true_s)
        if self._desk is not None:
            self._desk.stop()
        if self._owner is not None:
            self._owner.link_ended()

    @property
    def finished(self) -> bool:
        """True when the wearer's day is over."""
        return self._next >= self._stream.samples

    def next_due_s(self) -> float:
        """True time at which the next packet is complete; infinity while nothing is to be sent."""
        return min(self._packet_due_s(), float("inf") if self._desk is None else self._desk.due_s)

    def _packet_due_s(self) -> float:
        if self._running is None or self.finished or not self._listening:
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
        self.commands = [*self.commands[-63:], op]
        self._heard(true_s)
        if self._framed and op == ctrl.Op.INFO and token == 0:
            self._host_gone(true_s)  # a host that begins anew, perhaps another one
        status, reply = self._obey(op, body, true_s)
        return ctrl.pack_reply(op, token, status, reply)

    def _heard(self, true_s: float) -> None:
        """A command came; on a serial line that is all that shows a host."""
        if self._framed and self._log is not None and true_s - self._heard_s > HOST_GONE_S:
            self._log.end()
        self._heard_s = true_s

    def _obey(self, op: int, body: bytes, true_s: float) -> Answer:
        if self._owner is not None:
            locked = self._owner.answer(op, body, true_s, self._serial.encode("ascii"))
            if locked is not None:
                return locked
        answers: dict[int, Callable[[bytes, float], Answer]] = {
            ctrl.Op.INFO: self._info, ctrl.Op.START: self._start, ctrl.Op.STOP: self._stop, ctrl.Op.TIME: self._time,
            ctrl.Op.HAPTIC: self._haptic, ctrl.Op.SET_UTC: self._set_utc, ctrl.Op.IDENTIFY: self._identify,
        }  # fmt: skip
        if op in answers:
            return answers[op](body, true_s)
        kept = None if self._desk is None else self._desk.answer(op, body, true_s)
        return (ctrl.Status.UNSUPPORTED, b"") if kept is None else kept

    def _info(self, _body: bytes, true_s: float) -> Answer:
        caps = ctrl.Capability.HAPTIC | ctrl.Capability.LIGHT
        caps |= ctrl.Capability.NONE if self._log is None else ctrl.Capability.LOG
        caps |= ctrl.Capability.NONE if self._owner is None else ctrl.Capability.OWNER_KEY
        caps |= ctrl.Capability.NO_GYR if self._kind is wire.Kind.ACC else ctrl.Capability.NONE
        info = ctrl.Info(
            firmware=FIRMWARE_VERSION, hardware=1, session=self._session, capabilities=caps,
            battery_mv=self._cell.millivolt(true_s), battery_percent=self._cell.percent(true_s),
            streaming=self._running is not None, serial=self._serial.encode("ascii"), scales={0: wire.FIXED_SCALES[0]},
            key_set=self._owner is not None and self._owner.key_set,
            authorised=self._owner is not None and self._owner.authorised,
        )  # fmt: skip
        return ctrl.Status.OK, ctrl.pack_info(info)

    def _start(self, body: bytes, true_s: float) -> Answer:
        start = ctrl.unpack_start(body)
        if start is None:
            return ctrl.Status.BAD_LENGTH, b""
        if start.rate_hz != self._nominal_hz or start.scale_set != 0 or start.kind != self._kind:
            return ctrl.Status.BAD_VALUE, b""
        self._pass_over(true_s)
        if self._log is not None:
            self._log.end()
        resumed, self._listening = start == self._running, True
        if not resumed:
            self._session = (self._session + 1) % (1 << 32)
            self._running = start
            self._base = self._next = self._kept = self._first_after(true_s)
            self._status_s = true_s
        return ctrl.Status.OK, ctrl.pack_started(
            ctrl.Started(
                self._session, start.rate_hz, 0, self._per_packet(), self._kind, resumed, self._next - self._base,
                self._stream.ticks_at(self._stream.taken_s(self._next)) % wire.TICK_SPAN,
            )
        )  # fmt: skip

    @property
    def _nominal_hz(self) -> float:
        return round(1 / self._stream.period_s / 5) * 5.0

    def _stop(self, _body: bytes, _true_s: float) -> Answer:
        self._running = None
        return ctrl.Status.OK, ctrl.pack_stopped(self._session, self._next - self._base)

    def _time(self, body: bytes, true_s: float) -> Answer:
        if len(body) < 8:
            return ctrl.Status.BAD_LENGTH, b""
        ticks = self._stream.ticks_at(true_s)
        return ctrl.Status.OK, ctrl.pack_time_reply(body[:8], ticks, ticks)

    def _haptic(self, body: bytes, true_s: float) -> Answer:
        haptic = ctrl.unpack_haptic(body)
        if haptic is None:
            return ctrl.Status.BAD_LENGTH, b""
        return self._motor.run(haptic, true_s), b""

    def _set_utc(self, body: bytes, true_s: float) -> Answer:
        utc = ctrl.unpack_utc(body)
        if utc is None:
            return ctrl.Status.BAD_LENGTH, b""
        self._time_of_day.set(utc[0] / 1e6, self._stream.ticks_at(true_s))
        return ctrl.Status.OK, b""

    def _identify(self, body: bytes, _true_s: float) -> Answer:
        return (ctrl.Status.OK if body else ctrl.Status.BAD_LENGTH), b""

    # --- log ------------------------------------------------------------------------------------------------------

    @property
    def _room(self) -> int:
        """The longest packet that its link carries."""
        return MAX_PAYLOAD if self._framed else self.mtu - NOTIFY_OVERHEAD

    def _keep(self, end: int) -> None:
        """Samples up to the stream number `end` go to the log."""
        if self._log is None or self._running is None or end <= self._kept:
            return
        if not self._log.writing:
            start_utc_s = self._time_of_day.utc_s(self._stream.ticks_at(self._stream.taken_s(self._kept)))
            self._log.begin(self._session, self._nominal_hz, start_utc_s, self._kind)
        for first in range(self._kept, end, KEEP_SAMPLES):
            self._log.add(first - self._base, self._stream.between(first, min(first + KEEP_SAMPLES, end)))
        self._kept = end

    # --- data -----------------------------------------------------------------------------------------------------

    def take(self, until_true_s: float) -> list[Sent]:
        """The packets that are complete by then, in order."""
        self._known_s = max(until_true_s, self._known_s)
        self._pass_over(until_true_s)
        sent: list[Sent] = []
        while (due_s := self.next_due_s()) <= until_true_s:
            sent += self._samples_at(due_s) if due_s == self._packet_due_s() else self._piece()
        return sent

    def _samples_at(self, due_s: float) -> list[Sent]:
        sent = []
        if due_s >= self._status_s:
            sent.append(Sent(self._send(self._status(due_s)), due_s, 0, self._channel(DATA)))
            self._status_s += STATUS_PERIOD_S
        first, self._next = self._next, self._packet_end()
        if self._lost is None or not self._lost(first):
            n = self._next - first
            self.sent_samples += n
            sent.append(Sent(self._send(self._packet(first, due_s)), due_s, n, self._channel(DATA)))
        self._mind_the_host(due_s)
        return sent

    def _piece(self) -> list[Sent]:
        taken = None if self._desk is None else self._desk.take()
        return [] if taken is None else [Sent(self._send(taken[0]), taken[1], 0, self._channel(BULK))]

    def _mind_the_host(self, true_s: float) -> None:
        """On a line that does not show it, a host that asks nothing is gone; the log begins with its last word."""
        if not self._framed:
            self._kept = self._next
        elif true_s - self._heard_s > HOST_GONE_S:
            if self._log is not None and not self._log.writing:
                self._kept = max(self._kept, self._first_after(self._heard_s))
            self._host_gone(true_s)
            self._keep(self._next)

    def _pass_over(self, until_true_s: float) -> None:
        """What was measured while nobody took it is kept, not sent later."""
        if self._listening or self._running is None:
            return
        self._next = max(self._next, self._first_after(until_true_s))
        self._keep(self._next)
        self._status_s = max(self._status_s, until_true_s)

    def _per_packet(self) -> int:
        asked = 0 if self._running is None else self._running.samples_per_packet
        wished = min(asked, MAX_PER_PACKET) or max(1, math.ceil(round(0.1 / self._stream.period_s, 6)))
        if self._framed:
            return wished
        return max(1, min(wished, (self._room - wire.HEADER.size) // (2 * wire.COLUMNS[self._kind])))

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
        if seen & SampleFlag.MOTOR_ON or self._motor.felt(true_s):
            flags |= wire.PacketFlag.MOTOR_ON
        if self._dropped_before:
            flags |= wire.PacketFlag.DROPPED_BEFORE
            self._dropped_before = False
        header = wire.Header(self._kind, flags, 0, first - self._base, int(samples.ticks[0]))
        return wire.pack_samples(header, samples.counts[:, : wire.COLUMNS[self._kind]])

    def _status(self, true_s: float) -> bytes:
        header = wire.Header(
            wire.Kind.STATUS, wire.PacketFlag.NONE, 0, self._next - self._base, self._stream.ticks_at(true_s)
        )
        status = wire.DeviceStatus(
            self._cell.millivolt(true_s), self._cell.percent(true_s), 31.0, 0, self._session, self._next - self._base,
            self._dropped, 0 if self._log is None else self._log.free_pages,
        )  # fmt: skip
        return wire.pack_header(header) + wire.pack_status(status)
