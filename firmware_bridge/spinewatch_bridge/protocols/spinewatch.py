"""Our own protocol, host side: finds packets, holds the conversation (INFO, owner key, TIME, START), touches no port.

``PROTOCOL.md`` is the norm. Pure: time is an argument; any bytes are welcome.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto

from spinewatch_bridge.clock_sync import TimeExchangeClock
from spinewatch_bridge.framing import FrameDecoder, encode_frame
from spinewatch_bridge.protocols import spinewatch_ctrl as ctrl
from spinewatch_bridge.protocols import spinewatch_log as log
from spinewatch_bridge.protocols import spinewatch_wire as wire
from spinewatch_bridge.protocols.base import (
    Notice,
    OwnerKeys,
    ProtocolCounters,
    ProtocolEvent,
    Ready,
    Refusal,
    Refused,
    Reply,
    Request,
    TimeProbe,
)
from spinewatch_bridge.protocols.family import Family, Wish
from spinewatch_bridge.protocols.gatt import BULK, CTRL, DATA, STANDARD_READS, GattProfile
from spinewatch_bridge.protocols.spinewatch_abilities import (
    CAPABILITIES,
    capabilities_of,
    details_of,
    encode_request,
)
from spinewatch_bridge.protocols.spinewatch_owner import Ask, Foreign, OwnerStep, OwnerTalk
from spinewatch_bridge.protocols.spinewatch_probes import (
    BURST_GAP_S,
    FIRST_PROBE_GAP_S,
    PROBE_GAP_S,
    PROBES_PER_BURST,
    ClockProbes,
)
from spinewatch_bridge.protocols.spinewatch_stream import Stream, battery_of, event_told, status_told

REPLY_TIMEOUT_S = 0.5
TRIES = 5
UTC_TRIES = 3
MAX_WAITING = 8  # commands of people that were not answered yet: a sensor need not keep more
COMMAND_LASTS_S = 2.0  # then its answer was lost
TOO_MANY = "too many commands wait for its answer already"


class _Phase(Enum):
    ASKING_INFO = auto()
    OWNING = auto()
    COMPARING_CLOCKS = auto()
    STARTING = auto()
    STREAMING = auto()
    REFUSED = auto()


WAITING = (_Phase.ASKING_INFO, _Phase.OWNING, _Phase.COMPARING_CLOCKS, _Phase.STARTING)
NEVER_S = float("inf")


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """What a link asks of the sensor; sent again at every connect."""

    rate_hz: float = 100.0
    scale_set: int = 0
    utc_offset_min: int = 0


@dataclass(slots=True)
class _Command:
    """A command of people that waits: to be written, or since `sent_s` for its answer."""

    op: ctrl.Op
    packet: bytes
    sent_s: float | None = None


class SpinewatchProtocol:
    """The host's end of one link.

    Args:
        settings: what to ask for.
        framed: True on serial lines (COBS and CRC), False where the transport keeps packets whole.
        keys: where the owner keys are kept; None claims nothing and owns nothing.
    """

    family = "spinewatch"

    def __init__(
        self, settings: StreamSettings | None = None, *, framed: bool = True, keys: OwnerKeys | None = None
    ) -> None:
        self.settings = settings or StreamSettings()
        self.counters = ProtocolCounters()
        self._framed, self._keys = framed, keys
        self._frames = FrameDecoder()
        self._token = 0
        self._commands: dict[int, _Command] = {}
        self._refused: deque[Reply] = deque(maxlen=MAX_WAITING)
        self._probes, self._stream = ClockProbes(), Stream(summed=framed)  # both outlive a link
        self._begin(0.0)

    def opened(self, now_s: float) -> None:
        """A transport was opened: begin the conversation anew."""
        self.counters = ProtocolCounters()
        self._frames = FrameDecoder()
        self._commands.clear()
        self._refused.clear()
        self._begin(now_s)

    def _begin(self, now_s: float) -> None:
        self._enter(_Phase.ASKING_INFO, now_s)
        self._clear_line = True
        self._info: ctrl.Info | None = None
        self._owner: OwnerTalk | None = None
        self._ask_owner = Ask(ctrl.Op.CHALLENGE)
        self._utc_left, self._utc_due_s = 0, NEVER_S
        self._probes.restart()
        self._stream.pause()

    def _enter(self, phase: _Phase, due_s: float) -> None:
        self._phase, self._tries, self._due_s = phase, 0, due_s

    # --- host to sensor -------------------------------------------------------------------------------------------

    def request(self, request: Request) -> int | None:
        """Queue a request; see `SensorProtocol.request`."""
        needs, op, body = encode_request(request)
        if self._info is not None and needs and not self._info.capabilities & needs:
            return None
        return self.command(op, body)

    def command(self, op: ctrl.Op, body: bytes = b"") -> int:
        """Queue a command; the `Reply` event with the returned token answers it, also where too many wait."""
        self._token = self._token % 255 + 1
        if len(self._commands) >= MAX_WAITING:
            self._refused.append(Reply(self._token, TOO_MANY))
        else:
            self._commands[self._token] = _Command(op, ctrl.pack_command(op, self._token, body))
        return self._token

    def outgoing(self, now_s: float) -> list[bytes]:
        """What is to be written now."""
        out = self._write_commands(now_s)
        if now_s >= self._utc_due_s:
            out.append(self._tell_utc(now_s))
        if now_s >= self._due_s:
            out += self._step(now_s)
        return out

    def _write_commands(self, now_s: float) -> list[bytes]:
        out: list[bytes] = []
        for token, command in list(self._commands.items()):
            if command.sent_s is None:
                command.sent_s = now_s
                out.append(self._frame(command.packet))
            elif now_s - command.sent_s > COMMAND_LASTS_S:
                del self._commands[token]
        return out

    def next_due_s(self) -> float:
        """When `outgoing` wants to be asked again."""
        return min(self._due_s, self._utc_due_s)

    def _frame(self, packet: bytes) -> bytes:
        if not self._framed:
            return packet
        lead, self._clear_line = (b"\x00" if self._clear_line else b""), False
        return lead + encode_frame(packet)

    def _step(self, now_s: float) -> list[bytes]:
        if self._phase in WAITING and self._tries >= TRIES:
            return []  # `receive` says so
        if self._phase is _Phase.ASKING_INFO:
            return [self._ask(now_s, ctrl.Op.INFO)]
        if self._phase is _Phase.OWNING:
            return [self._ask(now_s, self._ask_owner.op, self._ask_owner.body)]
        if self._phase is _Phase.STARTING:
            return [self._ask(now_s, ctrl.Op.START, ctrl.pack_start(self._wished()))]
        if self._phase is _Phase.REFUSED:
            self._due_s = NEVER_S
            return []
        return [self._probe(now_s)]

    def _wished(self) -> ctrl.Start:
        no_gyr = self._info is not None and self._info.capabilities & ctrl.Capability.NO_GYR
        kind = wire.Kind.ACC if no_gyr else wire.Kind.ACC_GYR
        return ctrl.Start(self.settings.rate_hz, self.settings.scale_set, 0, kind)

    def _ask(self, now_s: float, op: ctrl.Op, body: bytes = b"") -> bytes:
        self._tries += 1
        self._due_s = now_s + REPLY_TIMEOUT_S
        return self._frame(ctrl.pack_command(op, 0, body))

    def _probe(self, now_s: float) -> bytes:
        body, last_of_burst = self._probes.ask(now_s)
        if self._phase is _Phase.COMPARING_CLOCKS:
            self._due_s = now_s + (REPLY_TIMEOUT_S if last_of_burst else FIRST_PROBE_GAP_S)
            self._tries += last_of_burst
        else:
            self._due_s = now_s + (BURST_GAP_S if last_of_burst else PROBE_GAP_S)
        return self._frame(ctrl.pack_command(ctrl.Op.TIME, 0, body))

    def _tell_utc(self, now_s: float) -> bytes:
        self._utc_left -= 1
        self._utc_due_s = now_s + REPLY_TIMEOUT_S if self._utc_left else NEVER_S
        body = ctrl.pack_utc(round(now_s * 1e6), self.settings.utc_offset_min)
        return self._frame(ctrl.pack_command(ctrl.Op.SET_UTC, 0, body))

    # --- sensor to host -------------------------------------------------------------------------------------------

    def receive(self, data: bytes, host_time_s: float, channel: str = "") -> list[ProtocolEvent]:
        """What `data` completes; never raises, never grows."""
        if channel in STANDARD_READS:
            return self._given_up(host_time_s)  # INFO and status tell the same, and keep telling it
        self.counters.received_bytes += len(data)
        events: list[ProtocolEvent] = list(self._refused)
        self._refused.clear()
        for packet in self._packets(data):
            found = _piece(packet) if channel == BULK else self._packet(packet, host_time_s)
            self.counters.good_packets += found is not None
            self.counters.malformed += found is None
            events += found or ()
        self.counters.malformed += self._frames.counters.bad_frames + self._frames.counters.too_long
        self._frames.counters.bad_frames = self._frames.counters.too_long = 0
        return events + self._given_up(host_time_s)

    def _packets(self, data: bytes) -> list[bytes]:
        if self._framed:
            return self._frames.feed(data)
        return [data] if data else []

    def _given_up(self, now_s: float) -> list[ProtocolEvent]:
        if self._phase not in WAITING or self._tries < TRIES or now_s < self._due_s:
            return []
        if self.counters.good_packets == 0 and self.counters.received_bytes > 0:
            return [self._refuse("it sends data, but not in the spinewatch protocol", Refusal.FOREIGN)]
        return [self._refuse("it does not answer: is it switched on, and is this its port?", Refusal.SILENT)]

    def _refuse(self, reason: str, kind: Refusal = Refusal.UNSUITABLE) -> Refused:
        self._phase = _Phase.REFUSED
        return Refused(reason, kind)

    def _packet(self, packet: bytes, host_time_s: float) -> list[ProtocolEvent] | None:
        if packet[0] & ctrl.REPLY_BIT:
            return self._reply(packet, host_time_s)
        if packet[0] == wire.VERSION << 4 | wire.Kind.LOG_PIECE:
            return _piece(packet[1:])
        header = wire.unpack_header(packet)
        if header is None:
            return None
        if header.kind in wire.COLUMNS:
            return self._samples(header, packet, host_time_s)
        if header.kind == wire.Kind.STATUS:
            return self._status(header, packet, host_time_s)
        if header.kind == wire.Kind.EVENT:
            return event_told(packet)
        return []  # kinds of later versions are skipped

    def _samples(self, header: wire.Header, packet: bytes, host_time_s: float) -> list[ProtocolEvent] | None:
        disbelieved = self._stream.disbelieved
        found = self._stream.samples(header, packet, host_time_s)
        self.counters.malformed += self._stream.disbelieved - disbelieved
        if found and isinstance(found[0], Notice):
            self._due_s = host_time_s  # its clock jumped: compare at once
        return found

    def _status(self, header: wire.Header, packet: bytes, host_time_s: float) -> list[ProtocolEvent] | None:
        status = wire.unpack_status(packet[wire.HEADER.size :])
        if status is None:
            return None
        if self._phase is _Phase.STREAMING and status.session != self._stream.session:
            self._begin(host_time_s)  # it restarted: everything we set is gone
            return [Notice("restarted")]
        return status_told(header, status)

    def _reply(self, packet: bytes, host_time_s: float) -> list[ProtocolEvent] | None:
        if len(packet) < 3:
            return None
        op, token, status, body = packet[0] & 0x7F, packet[1], packet[2], packet[3:]
        if token:
            asked = self._commands.get(token)
            if asked is None or asked.op != op:
                return []  # the answer to a command of before
            del self._commands[token]
            return [Reply(token, "" if status == ctrl.Status.OK else ctrl.status_words(status), body)]
        if op == ctrl.Op.INFO:
            return self._info_came(status, body, host_time_s)
        if op == ctrl.Op.TIME:
            return self._time_came(status, body, host_time_s)
        if op == ctrl.Op.START:
            return self._start_came(status, body, host_time_s)
        if op == ctrl.Op.SET_UTC:
            self._utc_due_s = NEVER_S
        elif op == self._ask_owner.op and self._phase is _Phase.OWNING and self._owner is not None:
            step = self._owner.answered(op, status, body, repeated=self._tries > 1)
            return self._owner_said(step, host_time_s)
        return []

    def _info_came(self, status: int, body: bytes, host_time_s: float) -> list[ProtocolEvent] | None:
        info = ctrl.unpack_info(body)
        if status != ctrl.Status.OK or info is None:
            return None
        if self._phase is not _Phase.ASKING_INFO:
            return []  # the answer to a question that was repeated
        self._info, self._owner = info, OwnerTalk(info, self._keys, by_radio=not self._framed)
        self._stream.meet(info.session)
        told = battery_of(info.battery_mv, info.battery_percent)
        return [told, *self._owner_said(self._owner.begin(), host_time_s)]

    def _owner_said(self, step: OwnerStep, host_time_s: float) -> list[ProtocolEvent]:
        if isinstance(step, Foreign):
            return [self._refuse(step.reason)]
        if isinstance(step, Ask):
            self._ask_owner = step
            self._enter(_Phase.OWNING, host_time_s)
            return []
        self._enter(_Phase.COMPARING_CLOCKS, host_time_s)
        return [Notice("owner_key", {"text": step.remark})] if step.remark else []

    def _time_came(self, status: int, body: bytes, host_time_s: float) -> list[ProtocolEvent] | None:
        reply = ctrl.unpack_time_reply(body)
        if status != ctrl.Status.OK or reply is None:
            return None
        number, rx, tx = reply
        asked = self._probes.answer(number)
        if asked is None:
            return []
        if self._phase is _Phase.STREAMING and self._stream.rebooted(rx, host_time_s):
            self._begin(host_time_s)
            return []
        rx_ticks, tx_ticks = (self._stream.ticks(t, host_time_s, self.settings.rate_hz) for t in (rx, tx))
        if self._phase is _Phase.COMPARING_CLOCKS and self._probes.answered >= PROBES_PER_BURST:
            self._enter(_Phase.STARTING, host_time_s)
        return [TimeProbe(asked[0], host_time_s, rx_ticks, tx_ticks, asked[1])]

    def _start_came(self, status: int, body: bytes, host_time_s: float) -> list[ProtocolEvent] | None:
        started = ctrl.unpack_started(body)
        if self._phase is not _Phase.STARTING:
            return []
        if status != ctrl.Status.OK:
            return [self._refuse(f"it does not start: {ctrl.status_words(status)}")]
        scale = None if started is None or self._info is None else self._info.scales.get(started.scale_set)
        if started is None or scale is None or self._info is None or started.kind not in wire.COLUMNS:
            return None
        self._stream.start(started, host_time_s)
        self._phase, self._due_s = _Phase.STREAMING, host_time_s + BURST_GAP_S
        self._utc_left, self._utc_due_s = UTC_TRIES, host_time_s
        gyr = scale.gyr_rad_s_per_count if started.kind == wire.Kind.ACC_GYR else None
        return [
            Ready(
                started.rate_hz, scale.acc_m_s2_per_count, gyr, started.session, started.next_index,
                details_of(self._info), capabilities_of(self._info),
            )
        ]  # fmt: skip


def _piece(body: bytes) -> list[ProtocolEvent] | None:
    piece = log.unpack_piece(body)
    return None if piece is None else [piece]


def _make(wish: Wish, *, framed: bool) -> SpinewatchProtocol:
    settings = StreamSettings() if wish.rate_hz is None else StreamSettings(wish.rate_hz)
    return SpinewatchProtocol(settings, framed=framed, keys=wish.keys)


GATT = GattProfile(
    wire.SERVICE_UUID,
    {CTRL: wire.CTRL_UUID, DATA: wire.DATA_UUID, BULK: wire.BULK_UUID},
    wire.CTRL_UUID,
)

FAMILY = Family(
    title="Spinewatch",
    capabilities=CAPABILITIES,
    clock=TimeExchangeClock,
    serial=lambda wish: _make(wish, framed=True),
    bauds=(115200,),
    usb=((0x2886, 0x8045),),  # Seeed's XIAO nRF52840 Sense
    frames_in=lambda data: len(FrameDecoder().feed(data)),
    ble=lambda wish: _make(wish, framed=False),
    gatt=(GATT,),
    ble_names=("SW-",),
    battery_life_h=30.0,
)
