"""WitMotion by cable, and by classic Bluetooth, which is a serial line too.

Sources: see `witmotion_frames` and `witmotion_registers`. The family sends no counter; its frame 50 carries the time of
day of a clock that nobody sets, so it is not used; nor is the fourth word of frame 52, a voltage in one document and a
temperature in another: the battery is asked by register 5C, and believed where that is what a lithium cell can have.
A lost sample shows only where part of its cycle arrived, or by the time that passed. Pure.
"""

from __future__ import annotations

from spinewatch_bridge.protocols import witmotion_registers as reg
from spinewatch_bridge.protocols.base import (
    Battery,
    ChangeSpeed,
    ProtocolCounters,
    ProtocolEvent,
    Ready,
    Refusal,
    Refused,
    Request,
)
from spinewatch_bridge.protocols.witmotion_frames import (
    FRAME_BYTES,
    REGISTER_REPLY,
    CycleAssembler,
    FrameRun,
    WitFrameDecoder,
)
from spinewatch_bridge.protocols.witmotion_registers import Reg
from spinewatch_bridge.protocols.witmotion_samples import RateMeasure, groups, joined
from spinewatch_bridge.protocols.witmotion_talk import ANSWER_S, FELL_SILENT, Ask, WitTalk

GIVE_UP_S = 3.0
FAST_BAUD = 115200
RATE_WITHIN = 0.08  # a line that is too slow for its rate gives a figure between, which is taken as it is
FULLEST = 0.9  # of a line: clocks of both ends differ, and answers must get through
BITS_PER_SAMPLE = 2 * FRAME_BYTES * 10  # acc and gyr, ten bits a byte
BAUD_OF_CODE = {code: baud for baud, code in reg.BAUD_CODES.items()}


def carries(baud: int, rate_hz: float) -> bool:
    """Whether a line of this speed takes acc and gyr at a rate: 9600 baud does up to 39 Hz, 115200 up to 471 Hz."""
    return rate_hz * BITS_PER_SAMPLE <= FULLEST * baud


class WitMotionSerial:
    """The host's end of a line to a WitMotion sensor.

    Args:
        rate_hz: set this rate, the filter that suits it and the output of acc and gyr alone at every connect; None
            takes the sensor as it is. These settings are not saved: at its next power-on it is as its owner left it.
            A line that is too slow for the rate is made faster first. Documents and drivers differ on whether a speed
            holds from its command or from the save after it, so both are sent, before anything else was written.
    """

    family = "witmotion"

    def __init__(self, rate_hz: int | None = None) -> None:
        self.rate_hz = rate_hz
        self.counters = ProtocolCounters()
        self._settings = _settings(rate_hz)
        self._talk, self._measure = WitTalk(Reg.BATTERY_SERIAL), RateMeasure(rate_hz, RATE_WITHIN)
        self._raised = False  # and not seen to have worked
        self.opened(0.0)

    def opened(self, now_s: float) -> None:
        """A transport was opened: begin the conversation anew."""
        self.counters = ProtocolCounters()
        self._frames, self._cycle = WitFrameDecoder(), CycleAssembler()
        self._measure.restart()
        self._talk.opened(now_s)
        self._talk.say(Ask(Reg.OUTPUT if self._settings else Reg.VERSION))
        self._to_set, self._unanswered_s = bool(self._settings), now_s + ANSWER_S
        self._raising = self._ready = self._refused = self._sampled = False
        self._give_up_s = now_s + GIVE_UP_S

    def outgoing(self, now_s: float) -> list[bytes]:
        """What is to be written now: one command or question at a time."""
        if self._to_set and now_s >= self._unanswered_s:
            self._set_up(None)
        return [] if self._raising and self._talk.idle else self._talk.outgoing(now_s)

    def next_due_s(self) -> float:
        """When `outgoing` wants to be asked again, or nothing was understood for too long."""
        waiting = self._ready or self._refused
        return min(self._talk.next_due_s(), float("inf") if waiting else self._give_up_s)

    def request(self, request: Request) -> int | None:
        """Nothing can be asked of this family."""
        del request
        return None

    def receive(self, data: bytes, host_time_s: float, channel: str = "") -> list[ProtocolEvent]:
        """What `data` completes; never raises, never grows."""
        del channel  # one line
        runs = self._frames.feed(data)
        self.counters.received_bytes += len(data)
        self.counters.good_packets += sum(len(run.frames) for run in runs)
        self.counters.malformed = self._frames.dropped_bytes
        samples = joined([self._cycle.add(run) for run in runs])
        self._sampled |= len(samples) > 0
        events = self._answers(runs, host_time_s)
        if self._raising and self._talk.settled(host_time_s):
            return [*events, ChangeSpeed(FAST_BAUD)]
        if len(samples):
            self._give_up_s = host_time_s + GIVE_UP_S
        if not self._ready:
            events += self._measured(host_time_s) if len(samples) else self._given_up(host_time_s)
        return [*events, *groups(samples, host_time_s)] if self._ready else events

    def _answers(self, runs: list[FrameRun], now_s: float) -> list[ProtocolEvent]:
        events: list[ProtocolEvent] = []
        for run in runs:
            for frame in run.frames[run.frames[:, 1] == REGISTER_REPLY]:
                events += self._answer(frame[2:10].view("<u2").tolist(), now_s)
        return events

    def _answer(self, values: list[int], now_s: float) -> list[ProtocolEvent]:
        """What an answer tells; it does not say to which question, but there is only one."""
        asked = self._talk.answered(now_s)
        if asked == Reg.OUTPUT and self._to_set:
            self._set_up(BAUD_OF_CODE.get(values[Reg.BAUD - Reg.OUTPUT]))
        elif asked == Reg.BATTERY_SERIAL:
            percent = reg.battery_percent(values[0])
            if percent is not None:
                self._talk.battery_known(now_s)
                return [Battery(percent, values[0] / 100)]
        return []

    def _set_up(self, baud: int | None) -> None:
        """Make a slow line faster, else set what is wished. What was tried once in vain is not tried again."""
        self._to_set = False
        if baud is not None and self.rate_hz is not None:
            slow = not carries(baud, self.rate_hz)
            self._raising, self._raised = slow and not self._raised, slow
        self._talk.clear()
        if self._raising:
            self._talk.say(reg.unlock(), reg.set_baud(FAST_BAUD), reg.save())
        else:
            self._talk.say(*self._settings, Ask(Reg.VERSION))

    def _measured(self, now_s: float) -> list[ProtocolEvent]:
        if self._to_set or self._talk.setting(now_s):
            self._measure.restart()
            return []
        rate_hz = self._measure.add(now_s, self._cycle.cycles)
        if rate_hz is None:
            return []
        self._ready = True
        return [Ready(rate_hz, reg.ACC_M_S2_PER_COUNT, reg.GYR_RAD_S_PER_COUNT)]

    def _given_up(self, now_s: float) -> list[ProtocolEvent]:
        if self._ready or self._refused or now_s < self._give_up_s:
            return []
        self._refused = True
        if self._sampled:
            return [Refused(FELL_SILENT, Refusal.SILENT)]
        if self.counters.good_packets:
            return [Refused("it sends no angular rate; add rate=100 to the source to switch it on")]
        if self.counters.received_bytes:
            return [Refused("it sends data, but not in the witmotion protocol", Refusal.FOREIGN)]
        return [Refused("it sends nothing: is it switched on, and is this its port?", Refusal.SILENT)]


def _settings(rate_hz: int | None) -> tuple[bytes, ...]:
    if rate_hz is None:
        return ()
    output = reg.write_register(Reg.OUTPUT, reg.OUTPUT_ACC_GYR)
    return reg.unlock(), output, reg.set_rate(rate_hz), reg.set_bandwidth(rate_hz)
