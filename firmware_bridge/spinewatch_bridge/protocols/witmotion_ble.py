"""WitMotion over Bluetooth Low Energy.

Sources: see `witmotion_ble_frames` and `witmotion_registers`. Frames carry neither counter nor time, so a lost
notification leaves no trace here: only the clock, which knows when samples are due, can tell. Pure.
"""

from __future__ import annotations

import numpy as np

from spinewatch_bridge.protocols import witmotion_registers as reg
from spinewatch_bridge.protocols.base import (
    Battery,
    ProtocolCounters,
    ProtocolEvent,
    Ready,
    Refusal,
    Refused,
    Request,
    clean_text,
)
from spinewatch_bridge.protocols.gatt import BATTERY, DATA, FIRMWARE, MODEL, SERIAL, GattProfile
from spinewatch_bridge.protocols.witmotion_ble_frames import TIMED_BYTES, USUAL_BYTES, Found, WitBleFrames, Words
from spinewatch_bridge.protocols.witmotion_registers import Reg
from spinewatch_bridge.protocols.witmotion_samples import RateMeasure, Samples, groups, joined
from spinewatch_bridge.protocols.witmotion_talk import FELL_SILENT, Ask, WitTalk

GATT = (
    GattProfile(  # its own base: it ends in 9a34fb where the Bluetooth SIG's ends in 9b34fb
        service="0000ffe5-0000-1000-8000-00805f9a34fb",
        notify={DATA: "0000ffe4-0000-1000-8000-00805f9a34fb"},
        write="0000ffe9-0000-1000-8000-00805f9a34fb",
    ),
    GattProfile(  # older units that also speak classic Bluetooth
        service="49535343-fe7d-4ae5-8fa9-9fafd205e455",
        notify={DATA: "49535343-1e4d-4bd9-ba61-23c647249616"},
        write="49535343-8841-43f4-a8d4-ecbe34729bb3",
    ),
)

USUAL_RATE_HZ = 100  # sensors come set to 10 Hz, which is too slow for an orientation filter
GIVE_UP_S = 5.0
RATE_WITHIN = 0.25  # notifications were seen 0.24 s late, of the 1.5 s that are measured; nothing lies between
TIMED_MODELS = ("WT901SDCL",)  # frames of 28 bytes
VIBRATION_MODELS = ("WTVB",)  # the same header over velocity, displacement and frequency
WEIGHTLESS_COUNTS = 0.3 * 2048  # a sensor that measures less acceleration most of the time does not measure it
IS_VIBRATION = "it measures vibration, not acceleration and angular rate, so it cannot tell how you sit or stand"


class WitMotionBle:
    """The host's end of a radio link to a WitMotion sensor.

    Args:
        rate_hz: set at every connect with the filter that suits it and the usual content of frames; never saved, so
            that at its next power-on the sensor is as its owner left it. None for 100 Hz.
        name: what it advertises, where that is known.
    """

    family = "witmotion"

    def __init__(self, rate_hz: int | None = None, name: str = "") -> None:
        self.rate_hz = rate_hz or USUAL_RATE_HZ
        self.counters = ProtocolCounters()
        self._details: dict[str, str] = {}  # it stays the same sensor
        self._name = name
        self._settings = (
            reg.unlock(),
            reg.write_register(Reg.BLE_CONTENT, reg.BLE_CONTENT_IMU),
            reg.set_rate(self.rate_hz),
            reg.set_bandwidth(self.rate_hz),
        )
        self._talk, self._measure = WitTalk(Reg.BATTERY_BLE), RateMeasure(self.rate_hz, RATE_WITHIN)
        self.opened(0.0)

    def opened(self, now_s: float) -> None:
        """A transport was opened: begin the conversation anew."""
        self.counters = ProtocolCounters()
        self._frames = WitBleFrames(_frame_bytes(self._name))
        self._measure.restart()
        self._talk.opened(now_s)
        self._talk.say(*self._settings, Ask(Reg.VERSION))
        self._number = self._seen = self._weightless = 0
        self._ready = self._refused = self._cell_known = False
        self._vibration = self._name.startswith(VIBRATION_MODELS)
        self._give_up_s = now_s + GIVE_UP_S

    def outgoing(self, now_s: float) -> list[bytes]:
        """What is to be written now: one command or question at a time."""
        return self._talk.outgoing(now_s)

    def next_due_s(self) -> float:
        """When `outgoing` wants to be asked again, or nothing was understood for too long."""
        return min(self._talk.next_due_s(), float("inf") if self._ready or self._refused else self._give_up_s)

    def request(self, request: Request) -> int | None:
        """Nothing can be asked of this family."""
        del request
        return None

    def receive(self, data: bytes, host_time_s: float, channel: str = "") -> list[ProtocolEvent]:
        """What a notification, or a value that was read, completes; never raises, never grows."""
        self.counters.received_bytes += len(data)
        if channel not in ("", DATA):
            return self._value(data, channel)
        if self._talk.setting(host_time_s):
            return []  # frames as its owner had them set, which must not be taken for those that follow
        found = self._frames.feed(data)
        self.counters.good_packets += sum(len(words) for _, words in found.runs) + len(found.replies)
        self.counters.malformed = self._frames.dropped_bytes
        events = self._answers(found, host_time_s)
        samples = joined([self._numbered(dropped, words) for dropped, words in found.runs])
        if self._vibration or not self._number:
            return [*events, *self._given_up(host_time_s)]
        if len(samples):
            self._give_up_s = host_time_s + GIVE_UP_S
        if not self._ready:
            events += self._measured(host_time_s) if len(samples) else self._given_up(host_time_s)
        return [*events, *groups(samples, host_time_s)] if self._ready else events

    def _numbered(self, dropped: int, words: Words) -> Samples:
        """Samples with their running numbers: every frame that thrown-away bytes may have been part of is missing."""
        if self._number:
            self._number += -(-dropped // (self._frames.frame_bytes or USUAL_BYTES))
        first, self._number = self._number, self._number + len(words)
        if not self._ready:
            self._weigh(words)
        return Samples(np.arange(first, self._number), words[:, :6])

    def _weigh(self, words: Words) -> None:
        self._seen += len(words)
        acc_counts = np.sqrt((words[:, :3].astype(float) ** 2).sum(axis=1))
        self._weightless += int(np.count_nonzero(acc_counts < WEIGHTLESS_COUNTS))

    def _answers(self, found: Found, now_s: float) -> list[ProtocolEvent]:
        events: list[ProtocolEvent] = []
        for reply in found.replies:
            asked = self._talk.answered(now_s, reply.first)
            if asked == Reg.BATTERY_BLE:
                percent = reg.battery_percent(reply.values[0])
                if percent is not None:
                    self._talk.battery_known(now_s)
                    self._cell_known = True
                    events.append(Battery(percent, reply.values[0] / 100))
        return events

    def _value(self, data: bytes, channel: str) -> list[ProtocolEvent]:
        """A standard value, of models that have it."""
        if channel == BATTERY:
            return [Battery(min(data[0], 100), None)] if data and not self._cell_known else []
        if channel in (MODEL, SERIAL, FIRMWARE):
            self._details[channel] = clean_text(data)
        if channel == MODEL and not self._name:
            self._frames.suggest(_frame_bytes(self._details[MODEL]))
            self._vibration |= self._details[MODEL].startswith(VIBRATION_MODELS)
        return []

    def _measured(self, now_s: float) -> list[ProtocolEvent]:
        rate_hz = self._measure.add(now_s, self._number)
        if rate_hz is None:
            return []
        if self._frames.frame_bytes == TIMED_BYTES and 2 * self._weightless > self._seen:
            self._vibration = True  # the vibration models' frames are 28 bytes long too, and nothing weighs in them
            return self._given_up(now_s)
        self._ready = True
        return [Ready(rate_hz, reg.ACC_M_S2_PER_COUNT, reg.GYR_RAD_S_PER_COUNT, details=dict(self._details))]

    def _given_up(self, now_s: float) -> list[ProtocolEvent]:
        if self._refused or (now_s < self._give_up_s and not self._vibration):
            return []
        self._refused = True
        if self._vibration:
            return [Refused(IS_VIBRATION)]
        if self._number:
            return [Refused(FELL_SILENT, Refusal.SILENT)]
        if self.counters.received_bytes:
            return [Refused("it sends data, but not the frames of a WitMotion motion sensor")]
        return [Refused("it sends nothing; switch it off and on again", Refusal.SILENT)]


def _frame_bytes(model: str) -> int:
    return TIMED_BYTES if model.startswith(TIMED_MODELS) else USUAL_BYTES
