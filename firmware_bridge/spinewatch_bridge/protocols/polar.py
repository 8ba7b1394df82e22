"""Polar's sensors over Bluetooth: the chest strap H10 (no gyroscope) and the arm sensors, host side.

Nothing is asked of the sensor while an answer is outstanding, for it takes one command at a time. Sources as for the
data frames (`polar_frames`); that a start answers with the factor, and that leftover streams are to be stopped, its
maker says. Pure: time is an argument; any bytes are welcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import isfinite

import numpy as np

from spinewatch_bridge.clock_sync import StampedClock
from spinewatch_bridge.protocols import polar_ctrl as ctrl
from spinewatch_bridge.protocols.base import (
    Battery,
    Capabilities,
    Notice,
    ProtocolCounters,
    ProtocolEvent,
    Ready,
    Refusal,
    Refused,
    Request,
    clean_text,
)
from spinewatch_bridge.protocols.family import Family
from spinewatch_bridge.protocols.gatt import (
    BATTERY,
    CTRL,
    DATA,
    FEATURES,
    FIRMWARE,
    MAKER,
    MODEL,
    SERIAL,
    GattProfile,
)
from spinewatch_bridge.protocols.polar_frames import Frame, Kind, Unit, decode_frame
from spinewatch_bridge.protocols.polar_setup import USUAL_RATE_HZ, SetUp, Started, Talk, set_up
from spinewatch_bridge.protocols.polar_streams import RESET_S, Pairing, Run, Timeline, saturated, to_group

REPLY_TIMEOUT_S = 1.0
TRIES = 5
FEATURES_WAIT_S = 5.0
DATA_WAIT_S = 5.0  # the slowest frame lasts 1.5 s
APART_S = 4.0  # in which the second stream shows the jump that the first did: two frames of the slowest, and some
FRUITLESS_S = 2.0  # frames without one sample for longer: their places are wrong
NEVER_S = float("inf")
STRAP = "H10"
STRAP_LEAVES = "a chest strap switches itself off 45 s after it is taken off"

CAN: Mapping[bool, Capabilities] = {
    False: Capabilities((25.0, 50.0, 100.0, 200.0), gyro=False, counter=True),
    True: Capabilities((52.0,), gyro=True, counter=True),
}
"""With and without gyroscope, where it does not tell its rates itself."""

TEXTS: Mapping[str, str] = {MODEL: "name", SERIAL: "serial", FIRMWARE: "firmware", MAKER: "maker"}


class PolarProtocol:
    """The host's end of one link.

    Args:
        rate_hz: wished rate; the nearest that the sensor offers is taken. None: the nearest to 100 Hz.
    """

    family = "polar"

    def __init__(self, rate_hz: float | None = None) -> None:
        self._wished_hz = rate_hz or USUAL_RATE_HZ
        self.counters = ProtocolCounters()
        self._session = 0
        self._timelines: dict[Kind, Timeline] = {}  # outlive a link
        self._begin(0.0)

    def opened(self, now_s: float) -> None:
        """A transport was opened: begin the conversation anew."""
        self.counters = ProtocolCounters()
        if self._heard_s - self._given_s > FRUITLESS_S:
            self._timelines = {}  # a new session: what the old one took for sensor time was damaged
        self._begin(now_s)

    def _begin(self, now_s: float) -> None:
        self._talk: Talk | None = None
        self._asked = b""
        self._tries, self._due_s = 0, NEVER_S
        self._give_up_s = now_s + FEATURES_WAIT_S
        self._offered_hz: tuple[float, ...] = ()
        self._started: Mapping[Kind, Started] = {}
        self._units: dict[Kind, Unit] = {}
        self._newest: dict[Kind, bytes] = {}
        self._repeatable: list[ProtocolEvent] = []
        self._heard_s = self._given_s = -NEVER_S  # the newest frame; the newest samples, or the first frame
        self._begin_samples()

    def _begin_samples(self) -> None:
        self._pairing: Pairing | None = None
        self._ready: Ready | None = None
        self._together_s = -NEVER_S  # when the streams agreed last on what their clock shows
        self._resumed = self._skew_told = False
        self._full = np.empty(0)
        self._details: dict[str, str] = {}
        self._refused = False

    # --- host to sensor -------------------------------------------------------------------------------------------

    def request(self, request: Request) -> int | None:
        """Nothing can be asked of this family."""
        del request
        return None

    def outgoing(self, now_s: float) -> list[bytes]:
        """The command that is to be answered next, again when its answer stays away."""
        if self._talk is None or now_s < self._due_s or self._tries >= TRIES:
            return []
        self._tries += 1
        self._due_s = now_s + REPLY_TIMEOUT_S
        return [self._asked]

    def next_due_s(self) -> float:
        """When `outgoing` wants to be asked again."""
        if self._refused:
            return NEVER_S
        return self._due_s if self._talk is not None else self._give_up_s

    # --- sensor to host -------------------------------------------------------------------------------------------

    def receive(self, data: bytes, host_time_s: float, channel: str = "") -> list[ProtocolEvent]:
        """What `data` completes; never raises, never grows."""
        self.counters.received_bytes += len(data)
        if not data or self._refused:
            return self._given_up(host_time_s)
        if channel == DATA:
            return self._frame(data, host_time_s)
        if channel == CTRL:
            return self._answered(data, host_time_s)
        if channel == FEATURES:
            return self._features(data, host_time_s)
        if channel == BATTERY:
            return [Battery(float(data[0]), None)] if data[0] <= 100 else []
        if channel in TEXTS:
            self._details[TEXTS[channel]] = clean_text(data.rstrip(b"\0"))
        return []

    def _given_up(self, now_s: float) -> list[ProtocolEvent]:
        if self._refused:
            return []
        if self._talk is not None:
            is_silent = self._tries >= TRIES and now_s >= self._due_s
            return self._refuse("it does not answer", Refusal.SILENT) if is_silent else []
        if now_s < self._give_up_s:
            return []
        if self._started:
            return self._refuse("it was started and sends nothing: is it worn?", Refusal.SILENT)
        return self._refuse("it does not say what it can measure", Refusal.SILENT)

    def _refuse(self, reason: str, kind: Refusal = Refusal.UNSUITABLE) -> list[ProtocolEvent]:
        self._refused, self._talk = True, None
        return [Refused(reason, kind)]

    # --- the conversation -----------------------------------------------------------------------------------------

    def _features(self, data: bytes, now_s: float) -> list[ProtocolEvent]:
        kinds = ctrl.unpack_features(data)
        if kinds is None:
            self.counters.malformed += 1
            return []
        self.counters.good_packets += 1
        if self._talk is not None or self._started:
            return []  # read again; the conversation goes on
        if Kind.ACC not in kinds:
            return self._refuse("it measures no acceleration")
        self._talk = set_up(kinds, self._wished_hz)
        return self._ask(None, now_s)

    def _answered(self, data: bytes, now_s: float) -> list[ProtocolEvent]:
        if stopped := ctrl.stopped_kinds(data):
            self.counters.good_packets += 1
            is_ours = any(kind in self._started for kind in stopped)
            return self._refuse("it stopped measuring by itself; is it in its charger?") if is_ours else []
        reply = ctrl.unpack_reply(data)
        if reply is None:
            self.counters.malformed += 1
            return []
        self.counters.good_packets += 1
        if self._talk is None or not self._tries or (reply.op, reply.kind) != (self._asked[0], self._asked[1]):
            return []  # to a command that was given up, or another program's
        return self._ask(reply, now_s)

    def _ask(self, reply: ctrl.CtrlReply | None, now_s: float) -> list[ProtocolEvent]:
        """Give the conversation its answer, and take its next command."""
        if self._talk is None:
            return []
        try:
            self._asked = next(self._talk) if reply is None else self._talk.send(reply)
        except StopIteration as end:
            return self._talked(end.value, now_s)
        self._tries, self._due_s = 0, now_s
        return []

    def _talked(self, outcome: SetUp | Refused, now_s: float) -> list[ProtocolEvent]:
        self._talk = None
        if isinstance(outcome, Refused):
            return self._refuse(outcome.reason, outcome.kind)
        self._started, self._offered_hz = outcome.started, outcome.rates_hz
        self._give_up_s = now_s + DATA_WAIT_S
        return []

    # --- samples --------------------------------------------------------------------------------------------------

    def _frame(self, data: bytes, arrival_s: float) -> list[ProtocolEvent]:
        frame = decode_frame(data)
        if frame is None:
            self.counters.malformed += 1
            return []
        self.counters.good_packets += 1
        if self._talk is not None or frame.kind not in self._started:
            return []  # of a stream that was left over
        if self._newest.get(frame.kind) == data:  # some Bluetooth stacks hand a notification over twice
            return self._repeatable if frame.kind is Kind.ACC else []
        self._newest[frame.kind] = data
        if self._units.setdefault(frame.kind, frame.unit) is not frame.unit:
            self.counters.malformed += 1
            return []
        return self._samples(frame, arrival_s)

    def _samples(self, frame: Frame, arrival_s: float) -> list[ProtocolEvent]:
        if self._are_apart(arrival_s):
            self._timelines = {}
            self._begin_samples()
        if not self._resumed:
            self._resume(frame, arrival_s)
        timeline = self._timelines[frame.kind]
        dropped, others = timeline.dropped, [t for t in self._timelines.values() if t is not timeline and t.is_used]
        known_ns = others[0].offset_ns if others else None
        runs = timeline.place(frame.last_ns, frame.counts, arrival_s, known_ns=known_ns)
        self.counters.malformed += timeline.dropped - dropped
        events = [*self._readiness(frame), *_jumped(frame.kind, timeline.jumped_s)]
        if self._refused:
            return events
        groups: list[ProtocolEvent] = [
            to_group(whole, saturated(whole.counts, self._full))
            for run in runs
            for whole in self._whole(frame.kind, run)
        ]
        self._heard_s = arrival_s
        self._given_s = arrival_s if groups else self._given_s
        self._repeatable = groups if self._pairing is None else []
        return [*events, *self._pairing_told(), *groups]

    def _are_apart(self, now_s: float) -> bool:
        """Whether one stream has taken damaged frames for a jump of the clock that the other does not show."""
        if not self._resumed:
            return False
        offsets = [timeline.offset_ns for timeline in self._timelines.values() if timeline.is_used]
        if not offsets or max(offsets) - min(offsets) < self._timelines[Kind.ACC].period_ns:
            self._together_s = now_s
        return now_s - self._together_s > APART_S

    def _pairing_told(self) -> list[ProtocolEvent]:
        """How far apart the halves of a sample were taken, once per link."""
        if self._pairing is None or self._pairing.skew_s is None or self._skew_told:
            return []
        self._skew_told = True
        return [Notice("pairing", {"skew_ms": round(1000 * self._pairing.skew_s, 1)})]

    def _resume(self, frame: Frame, arrival_s: float) -> None:
        """The first frame of a link: the index goes on where the sensor's clock did, else a new session begins."""
        self._resumed = True
        self._given_s = self._together_s = arrival_s
        rates_hz = {kind: started.rate_hz for kind, started in self._started.items()}
        if len(rates_hz) > 1:
            self._pairing = Pairing(min(rates_hz.values()))
        known = {kind: timeline.rate_hz for kind, timeline in self._timelines.items() if timeline.is_used}
        if known != rates_hz or not self._timelines[frame.kind].continues(frame.last_ns, arrival_s):
            self._session += 1
            self._timelines = {kind: Timeline(rate_hz) for kind, rate_hz in rates_hz.items()}

    def _readiness(self, frame: Frame) -> list[ProtocolEvent]:
        """Ready, once a frame of each kind has told what its counts mean."""
        if self._ready is not None or self._units.keys() != self._started.keys():
            return []
        scales = {kind: self._started[kind].si_per_count(unit) for kind, unit in self._units.items()}
        if not all(isfinite(scale) and scale > 0 for scale in scales.values()):
            return self._refuse("it does not tell the scale of its numbers")
        full = {kind: self._started[kind].full_counts(unit) for kind, unit in self._units.items()}
        self._full = np.repeat([full[kind] for kind in sorted(full)], 3)
        rate_hz, has_gyr = self._started[Kind.ACC].rate_hz, Kind.GYR in scales
        self._ready = Ready(
            rate_hz, scales[Kind.ACC], scales.get(Kind.GYR), session=self._session, details=dict(self._details),
            capabilities=replace(CAN[has_gyr], rates_hz=self._offered_hz or CAN[has_gyr].rates_hz),
            leaves_when=STRAP_LEAVES if self._details.get("name", "").startswith(STRAP) else "",
            packet_s=len(frame.counts) / rate_hz * len(scales),
        )  # fmt: skip
        self._give_up_s = NEVER_S
        return [self._ready]

    def _whole(self, kind: Kind, run: Run) -> list[Run]:
        """Runs with all their columns."""
        if self._pairing is None:
            return [run]
        period_ns = self._timelines[Kind.ACC].period_ns
        return (self._pairing.add_acc if kind is Kind.ACC else self._pairing.add_gyr)(run, period_ns)


def _jumped(kind: Kind, by_s: float) -> list[ProtocolEvent]:
    """News of its clock, told once though both streams show it."""
    if by_s == 0.0 or kind is not Kind.ACC:
        return []
    return [Notice("clock_reset" if by_s < -RESET_S else "clock_jump", {"by_s": by_s})]


def _uuid(number: int) -> str:
    return f"fb005c{number:02x}-02e7-f387-1cad-8acd2d8df0c8"


PROFILE = GattProfile(
    service=_uuid(0x80),
    notify={CTRL: _uuid(0x81), DATA: _uuid(0x82)},
    write=_uuid(0x81),
    read={FEATURES: _uuid(0x81)},
)

FAMILY = Family(
    title="Polar",
    capabilities=Capabilities((25.0, 50.0, 52.0, 100.0, 200.0), gyro=True, counter=True),
    clock=StampedClock,
    ble=lambda wish: PolarProtocol(wish.rate_hz),
    gatt=(PROFILE,),
    ble_names=("Polar H10", "Polar Sense", "Polar Verity", "Polar OH1"),
    remarks={
        "Polar H10": "Heart strap, no turn-rate sensor: angles only while still",
        "Polar OH1": "Arm sensor, no turn-rate sensor: angles only while still",
    },
)
