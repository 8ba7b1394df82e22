"""The packets that a sensor of our own protocol sends of itself: where their samples lie, and what they tell. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinewatch_bridge.protocols import spinewatch_ctrl as ctrl
from spinewatch_bridge.protocols import spinewatch_wire as wire
from spinewatch_bridge.protocols.base import Battery, Notice, ProtocolEvent, SampleGroup
from spinewatch_bridge.protocols.unwrap import Unwrapper
from spinewatch_signal.samples import Flags, SampleFlag

SAMPLE_FLAGS = {
    wire.PacketFlag.SATURATED: SampleFlag.SATURATED,
    wire.PacketFlag.MOTOR_ON: SampleFlag.MOTOR_ON,
}
FIRST_SAMPLE_FLAGS = {
    wire.PacketFlag.DROPPED_BEFORE: SampleFlag.DROPPED_BEFORE,
    wire.PacketFlag.CLOCK_STEPPED: SampleFlag.CLOCK_STEPPED,
}
SILENT_S = 1.0  # data that came so lately tell of a reboot themselves
REBOOT_S = 5.0  # a clock reading that is off by more is no longer that of the same boot, or the computer slept


@dataclass(frozen=True, eq=False, slots=True)
class _Packet:
    """Samples as they came."""

    header: wire.Header
    counts: NDArray[np.int16]
    at_s: float

    @property
    def stamp(self) -> tuple[int, int, float]:
        return self.header.index, self.header.ticks, self.at_s


class Stream:
    """What is known of the running stream. It outlives a link: a session that goes on keeps one line of ticks.

    One frame of damaged bytes in 65,536 has the right checksum on a serial line. So a packet that does not go on from
    those before is held until the next one comes, 0.1 s at 100 Hz: either that agrees with it, and the clock jumped, or
    it was damaged and is dropped. Where the sensor says that its clock was stepped, nothing is held, if the packet has
    a sum of its own: one bit says it, and by radio every second packet of wrong bytes would.

    Args:
        summed: whether packets come in frames with a checksum.
    """

    def __init__(self, *, summed: bool = True) -> None:
        self._summed = summed
        self.session: int | None = None
        self._unwrapper: Unwrapper | None = None
        self._running: ctrl.Started | None = None
        self._heard_s = 0.0
        self._doubtful: _Packet | None = None
        self.disbelieved = 0
        """Packets that no other agreed with."""

    def meet(self, session: int) -> None:
        """INFO told which session runs; another one has other ticks."""
        if session != self.session:
            self._unwrapper = None

    def pause(self) -> None:
        """What comes until `start` is the rest of a stream whose scale and place are not known yet."""
        self._running = self._doubtful = None

    def start(self, started: ctrl.Started, at_s: float) -> None:
        """The sensor told what runs now, and where it is."""
        known = self._unwrapper or Unwrapper(0, started.ticks, started.rate_hz)
        ticks = known.ticks(started.ticks, at_s)
        if started.resumed and started.session == self.session:
            known.resume(started.next_index, ticks)
            self._unwrapper = known
        else:
            self._unwrapper = Unwrapper(started.next_index, ticks, started.rate_hz)
        self.session, self._running, self._heard_s = started.session, started, at_s

    def ticks(self, ticks: int, at_s: float, rate_hz: float) -> int:
        """A clock reading, unwrapped on the line of the samples."""
        if self._unwrapper is None:
            self._unwrapper = Unwrapper(0, ticks, rate_hz)
        return self._unwrapper.ticks(ticks, at_s)

    def rebooted(self, ticks: int, at_s: float) -> bool:
        """Whether a clock reading shows, in the absence of samples, that the sensor was switched off in between."""
        silent_s = at_s - self._heard_s
        if self._running is None or self._unwrapper is None or silent_s < SILENT_S:
            return False
        passed_s = (ticks - self._unwrapper.newest_ticks) % wire.TICK_SPAN / wire.TICKS_PER_S
        return abs(passed_s - silent_s) > REBOOT_S

    def samples(self, header: wire.Header, packet: bytes, at_s: float) -> list[ProtocolEvent] | None:
        """The samples that can be placed now, after a `Notice` where their clock does not fit; None when unfit."""
        counts = wire.unpack_samples(packet, header.kind)
        if counts is None:
            return None
        if self._running is None or self._unwrapper is None:
            return []
        if (header.scale_set, header.kind) != (self._running.scale_set, self._running.kind):
            return None
        self._heard_s = at_s
        events: list[ProtocolEvent] = []
        for one in self._believed(_Packet(header, counts, at_s), self._unwrapper):
            events += _placed(one, self._unwrapper)
        return events

    def _believed(self, packet: _Packet, line: Unwrapper) -> list[_Packet]:
        """The packet, after the one that was held where it agrees with that; none where it is held itself."""
        held, self._doubtful = self._doubtful, None
        if held is not None and line.agree(held.stamp, packet.stamp):
            return [held, packet]
        self.disbelieved += held is not None
        told = self._summed and packet.header.flags & wire.PacketFlag.CLOCK_STEPPED
        if told or line.believes(*packet.stamp):
            return [packet]
        self._doubtful = packet
        return []


def _placed(packet: _Packet, line: Unwrapper) -> list[ProtocolEvent]:
    """The samples in their place, after a `Notice` when the clock does not fit."""
    header, counts = packet.header, packet.counts
    stepped = bool(header.flags & wire.PacketFlag.CLOCK_STEPPED)
    place = line.place(header.index, header.ticks, stepped=stepped, at_s=packet.at_s)
    group = SampleGroup(place.index, place.ticks, counts, sample_flags(header.flags, len(counts)), packet.at_s)
    return [Notice("clock_jump"), group] if place.jumped else [group]


def status_told(header: wire.Header, status: wire.DeviceStatus) -> list[ProtocolEvent]:
    """What a status packet says to people."""
    charging = bool(header.flags & wire.PacketFlag.CHARGING)
    values = {"temperature_c": status.temperature_c, "dropped": status.dropped, "charging": int(charging)}
    return [battery_of(status.battery_mv, status.battery_percent), Notice("status", values)]


def event_told(packet: bytes) -> list[ProtocolEvent] | None:
    """What an event packet says; None when it is unfit."""
    event = wire.unpack_event(packet[wire.HEADER.size :])
    return None if event is None else [Notice(event[0], event[1])]


def battery_of(millivolt: int, percent: int | None) -> Battery:
    """The charge that INFO or a status tells."""
    return Battery(percent, millivolt / 1000 if millivolt else None)


def sample_flags(packet_flags: wire.PacketFlag, n: int) -> Flags:
    """(n,) flags of the samples of a packet: some concern all of them, some what came before the first."""
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
