"""Our own protocol, host side: finds packets, holds the conversation (INFO, TIME, START, STATUS), never touches a port.

``PROTOCOL.md`` is the norm. Pure: time is an argument; any bytes are welcome.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from spinewatch_bridge.clock_sync import TimeExchangeClock
from spinewatch_bridge.framing import FrameDecoder, encode_frame
from spinewatch_bridge.protocols import spinewatch_ctrl as ctrl
from spinewatch_bridge.protocols import spinewatch_wire as wire
from spinewatch_bridge.protocols.base import (
    Battery,
    Capabilities,
    Haptic,
    Identify,
    Notice,
    ProtocolCounters,
    ProtocolEvent,
    Ready,
    Refusal,
    Refused,
    Reply,
    Request,
    SampleGroup,
    SetUtc,
    TimeProbe,
    clean_text,
)
from spinewatch_bridge.protocols.family import Family, Wish
from spinewatch_bridge.protocols.gatt import BULK, CTRL, DATA, GattProfile
from spinewatch_bridge.protocols.unwrap import Unwrapper
from spinewatch_signal.samples import SampleFlag

REPLY_TIMEOUT_S = 0.5
TRIES = 5
PROBES_PER_BURST = 8  # as liblsl: the quickest of eight exchanges carries the least waiting
FIRST_PROBE_GAP_S = 0.016  # the first burst holds up the start
PROBE_GAP_S = 0.064
BURST_GAP_S = 4.0
MAX_WAITING = 32  # commands without a reply yet, ours and those of people

SAMPLE_FLAGS = {
    wire.PacketFlag.SATURATED: SampleFlag.SATURATED,
    wire.PacketFlag.MOTOR_ON: SampleFlag.MOTOR_ON,
}
FIRST_SAMPLE_FLAGS = {
    wire.PacketFlag.DROPPED_BEFORE: SampleFlag.DROPPED_BEFORE,
    wire.PacketFlag.CLOCK_STEPPED: SampleFlag.CLOCK_STEPPED,
}


class _Phase(Enum):
    ASKING_INFO = auto()
    COMPARING_CLOCKS = auto()
    STARTING = auto()
    STREAMING = auto()
    REFUSED = auto()


WAITING = (_Phase.ASKING_INFO, _Phase.COMPARING_CLOCKS, _Phase.STARTING)


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """What a link asks of the sensor; sent again at every connect."""

    rate_hz: float = 100.0
    scale_set: int = 0


class SpinewatchProtocol:
    """The host's end of one link.

    Args:
        settings: what to ask for.
        framed: True on serial lines (COBS and CRC), False where the transport keeps packets whole.
    """

    family = "spinewatch"

    def __init__(self, settings: StreamSettings | None = None, *, framed: bool = True) -> None:
        self.settings = settings or StreamSettings()
        self.counters = ProtocolCounters()
        self._framed = framed
        self._frames = FrameDecoder()
        self._token = 0
        self._commands: deque[bytes] = deque(maxlen=MAX_WAITING)
        # Both outlive a link: a session that goes on keeps one line of ticks.
        self._unwrapper: Unwrapper | None = None
        self._session: int | None = None
        self._begin(0.0)

    def opened(self, now_s: float) -> None:
        """A transport was opened: begin the conversation anew."""
        self.counters = ProtocolCounters()
        self._frames = FrameDecoder()
        self._commands.clear()
        self._begin(now_s)

    def _begin(self, now_s: float) -> None:
        self._phase = _Phase.ASKING_INFO
        self._tries = 0
        self._due_s = now_s
        self._clear_line = True
        self._info: ctrl.Info | None = None
        self._scale_set = -1
        self._probes: OrderedDict[int, float] = OrderedDict()
        self._probe_number = 0
        self._answered_in_burst = 0

    # --- host to sensor -------------------------------------------------------------------------------------------

    def request(self, request: Request) -> int | None:
        """Queue a request; see `SensorProtocol.request`."""
        if isinstance(request, Haptic):
            return self.command(ctrl.Op.HAPTIC, ctrl.pack_haptic(request))
        if isinstance(request, Identify):
            return self.command(ctrl.Op.IDENTIFY, bytes((min(max(request.seconds, 0), 255),)))
        if isinstance(request, SetUtc):
            return self.command(ctrl.Op.SET_UTC, ctrl.pack_utc(round(request.utc_s * 1e6), request.offset_min))
        return None

    def command(self, op: ctrl.Op, body: bytes = b"") -> int:
        """Queue a command; the `Reply` event with the returned token answers it."""
        self._token = self._token % 255 + 1
        self._commands.append(ctrl.pack_command(op, self._token, body))
        return self._token

    def outgoing(self, now_s: float) -> list[bytes]:
        """What is to be written now."""
        out = [self._frame(c) for c in self._commands]
        self._commands.clear()
        if now_s >= self._due_s:
            out += self._step(now_s)
        return out

    def next_due_s(self) -> float:
        """When `outgoing` wants to be asked again."""
        return self._due_s

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
        if self._phase is _Phase.STARTING:
            start = ctrl.Start(self.settings.rate_hz, self.settings.scale_set)
            return [self._ask(now_s, ctrl.Op.START, ctrl.pack_start(start))]
        if self._phase is _Phase.REFUSED:
            self._due_s = float("inf")
            return []
        return [self._probe(now_s)]

    def _ask(self, now_s: float, op: ctrl.Op, body: bytes = b"") -> bytes:
        self._tries += 1
        self._due_s = now_s + REPLY_TIMEOUT_S
        return self._frame(ctrl.pack_command(op, 0, body))

    def _probe(self, now_s: float) -> bytes:
        number, self._probe_number = self._probe_number, self._probe_number + 1
        last_of_burst = self._probe_number % PROBES_PER_BURST == 0
        if self._phase is _Phase.COMPARING_CLOCKS:
            self._due_s = now_s + (REPLY_TIMEOUT_S if last_of_burst else FIRST_PROBE_GAP_S)
            self._tries += last_of_burst
        else:
            self._due_s = now_s + (BURST_GAP_S if last_of_burst else PROBE_GAP_S)
        self._probes[number] = now_s
        if len(self._probes) > MAX_WAITING:
            self._probes.popitem(last=False)
        return self._frame(ctrl.pack_command(ctrl.Op.TIME, 0, number.to_bytes(8, "little")))

    # --- sensor to host -------------------------------------------------------------------------------------------

    def receive(self, data: bytes, host_time_s: float, channel: str = "") -> list[ProtocolEvent]:
        """What `data` completes; never raises, never grows."""
        del channel  # packets tell themselves apart
        self.counters.received_bytes += len(data)
        events: list[ProtocolEvent] = []
        for packet in self._packets(data):
            found = self._packet(packet, host_time_s)
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
        header = wire.unpack_header(packet)
        if header is None:
            return None
        if header.kind == wire.Kind.ACC_GYR:
            return self._samples(header, packet, host_time_s)
        if header.kind == wire.Kind.STATUS:
            return self._status(header, packet, host_time_s)
        if header.kind == wire.Kind.EVENT:
            return _event(packet)
        return []  # kinds of later versions are skipped

    def _samples(self, header: wire.Header, packet: bytes, host_time_s: float) -> list[ProtocolEvent] | None:
        counts = wire.unpack_samples(packet)
        if counts is None:
            return None
        if self._phase is not _Phase.STREAMING or self._unwrapper is None:
            return []  # the rest of a stream that ran before we came: its scale and place are not known yet
        if header.scale_set != self._scale_set:
            return None
        stepped = bool(header.flags & wire.PacketFlag.CLOCK_STEPPED)
        place = self._unwrapper.place(header.index, header.ticks, stepped=stepped)
        if place.jumped:
            self._due_s = host_time_s  # compare clocks at once
        flags = _sample_flags(header.flags, len(counts))
        events: list[ProtocolEvent] = [Notice("clock_jump")] if place.jumped else []
        events.append(SampleGroup(place.index, place.ticks, counts, flags, host_time_s))
        return events

    def _status(self, header: wire.Header, packet: bytes, host_time_s: float) -> list[ProtocolEvent] | None:
        status = wire.unpack_status(packet[wire.HEADER.size :])
        if status is None:
            return None
        if self._phase is _Phase.STREAMING and status.session != self._session:
            self._begin(host_time_s)  # it restarted: everything we set is gone
            return [Notice("restarted")]
        charging = bool(header.flags & wire.PacketFlag.CHARGING)
        values = {"temperature_c": status.temperature_c, "dropped": status.dropped, "charging": int(charging)}
        return [_battery(status.battery_mv, status.battery_percent), Notice("status", values)]

    def _reply(self, packet: bytes, host_time_s: float) -> list[ProtocolEvent] | None:
        if len(packet) < 3:
            return None
        op, token, status, body = packet[0] & 0x7F, packet[1], packet[2], packet[3:]
        if token:
            return [Reply(token, "" if status == ctrl.Status.OK else status_words(status), body)]
        if op == ctrl.Op.INFO:
            return self._info_came(status, body, host_time_s)
        if op == ctrl.Op.TIME:
            return self._time_came(status, body, host_time_s)
        if op == ctrl.Op.START:
            return self._start_came(status, body, host_time_s)
        return []

    def _info_came(self, status: int, body: bytes, host_time_s: float) -> list[ProtocolEvent] | None:
        info = ctrl.unpack_info(body)
        if status != ctrl.Status.OK or info is None:
            return None
        if self._phase is not _Phase.ASKING_INFO:
            return []  # the answer to a question that was repeated
        if info.capabilities & ctrl.Capability.NO_GYR:
            return [self._refuse("it has no gyroscope, and this version needs one")]
        if info.session != self._session:
            self._unwrapper = None
        self._info, self._phase, self._tries, self._due_s = info, _Phase.COMPARING_CLOCKS, 0, host_time_s
        return [_battery(info.battery_mv, info.battery_percent)]

    def _time_came(self, status: int, body: bytes, host_time_s: float) -> list[ProtocolEvent] | None:
        reply = ctrl.unpack_time_reply(body)
        if status != ctrl.Status.OK or reply is None:
            return None
        number, rx, tx = reply
        sent_s = self._probes.pop(number, None)
        if sent_s is None:
            return []
        if self._unwrapper is None:
            self._unwrapper = Unwrapper(0, rx, self.settings.rate_hz)
        probe = TimeProbe(
            sent_s, host_time_s, self._unwrapper.ticks(rx), self._unwrapper.ticks(tx), number // PROBES_PER_BURST
        )
        self._answered_in_burst += 1
        if self._phase is _Phase.COMPARING_CLOCKS and self._answered_in_burst >= PROBES_PER_BURST:
            self._phase, self._tries, self._due_s = _Phase.STARTING, 0, host_time_s
        return [probe]

    def _start_came(self, status: int, body: bytes, host_time_s: float) -> list[ProtocolEvent] | None:
        started = ctrl.unpack_started(body)
        if self._phase is not _Phase.STARTING:
            return []
        if status != ctrl.Status.OK:
            return [self._refuse(f"it does not start: {status_words(status)}")]
        scale = None if started is None or self._info is None else self._info.scales.get(started.scale_set)
        if started is None or scale is None or self._unwrapper is None:
            return None
        self._session, self._scale_set = started.session, started.scale_set
        ticks = self._unwrapper.ticks(started.ticks)
        self._unwrapper = Unwrapper(started.next_index, ticks, started.rate_hz)
        self._phase, self._due_s = _Phase.STREAMING, host_time_s + BURST_GAP_S
        return [
            Ready(
                started.rate_hz, scale.acc_m_s2_per_count, scale.gyr_rad_s_per_count, started.session,
                started.next_index, self._details(),
            )
        ]  # fmt: skip

    def _details(self) -> dict[str, str]:
        if self._info is None:
            return {}
        return {
            "serial": clean_text(self._info.serial),
            "firmware": ".".join(str(part) for part in self._info.firmware),
            "hardware": str(self._info.hardware),
        }


def status_words(status: int) -> str:
    """A status code in words; unknown codes keep their number."""
    known = status in ctrl.Status.__members__.values()
    return ctrl.STATUS_WORDS[ctrl.Status(status)] if known else f"its status is {status}"


def _event(packet: bytes) -> list[ProtocolEvent] | None:
    event = wire.unpack_event(packet[wire.HEADER.size :])
    return None if event is None else [Notice(event[0], event[1])]


def _battery(millivolt: int, percent: int | None) -> Battery:
    return Battery(percent, millivolt / 1000 if millivolt else None)


def _sample_flags(packet_flags: wire.PacketFlag, n: int) -> np.ndarray:
    flags = np.zeros(n, np.uint8)
    if not packet_flags:
        return flags
    for theirs, ours in SAMPLE_FLAGS.items():
        if packet_flags & theirs:
            flags |= np.uint8(ours)
    for theirs, ours in FIRST_SAMPLE_FLAGS.items():
        if packet_flags & theirs:
            flags[0] |= np.uint8(ours)
    return flags


def _make(wish: Wish, *, framed: bool) -> SpinewatchProtocol:
    settings = StreamSettings() if wish.rate_hz is None else StreamSettings(wish.rate_hz)
    return SpinewatchProtocol(settings, framed=framed)


GATT = GattProfile(
    wire.SERVICE_UUID,
    {CTRL: wire.CTRL_UUID, DATA: wire.DATA_UUID, BULK: wire.BULK_UUID},
    wire.CTRL_UUID,
)

FAMILY = Family(
    title="Spinewatch",
    capabilities=Capabilities(
        (25.0, 50.0, 100.0, 200.0), counter=True, clock=True, haptic=True, identify=True, log=True, owner_key=True
    ),
    clock=TimeExchangeClock,
    serial=lambda wish: _make(wish, framed=True),
    bauds=(115200,),
    frames_in=lambda data: len(FrameDecoder().feed(data)),
    ble=lambda wish: _make(wish, framed=False),
    gatt=(GATT,),
    ble_names=("SW-",),
    battery_life_h=30.0,
)
