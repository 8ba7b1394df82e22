"""Sensor time to host time where the sensor answers TIME and stamps its packets.

Two kinds of bound hold the map. No question is heard before it was asked, so the host's time of a reading is not before
the question left; nothing is received before it was sent, so it is not after the answer, or a packet of samples, came.
The line midway between both, over the last two minutes, is the map. The midpoint of the quickest exchange (as in NTP)
would be off by half of what the two directions differ, which over Bluetooth is half a connection interval: an answer
always waits for the next one, a question only sometimes. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from spinewatch_bridge.clock_bounds import BoundParams, ClockBounds
from spinewatch_bridge.clock_stamper import BlockStamper, SampleClock, StampParams
from spinewatch_bridge.protocols.base import SampleGroup, TimeProbe
from spinewatch_signal.samples import Floats


@dataclass(frozen=True, slots=True)
class TimeClockParams:
    """Of the TIME map."""

    tick_s: float = 1 / 32768
    bounds: BoundParams = field(default_factory=BoundParams)
    jump_s: float = 0.1  # what drift may add to a round trip before a clock is said to have jumped
    learning_s: float = 30.0  # so long each packet may correct the line; then what each burst finds
    doubt_s: float = 0.006  # more than this: the first packets are heard before they are stamped
    settle_s: float = 1.0  # ten packets at 100 Hz: one of them hardly waited


class TimeExchangeClock(SampleClock):
    """For sensors that answer TIME and stamp their packets.

    Args:
        rate_hz: stated rate, until ticks and index have told the real one.
        after_s: newest time that was given out before.
    """

    def __init__(self, rate_hz: float, after_s: float = -np.inf, params: TimeClockParams | None = None) -> None:
        self.params = params or TimeClockParams()
        self.tick_s = self.params.tick_s
        self._bounds = ClockBounds(self.params.bounds)
        self._burst: int | None = None
        self._first_s: float | None = None  # device time of the first packet
        self._ticks_per_sample = 1 / (rate_hz * self.params.tick_s)
        self._last: tuple[int, int] | None = None
        self._measured_s = 0.0
        self._newest: float | None = None  # the newest measurement, ticks per sample
        self._stamper = BlockStamper(StampParams(), after_s)

    @property
    def drift(self) -> float:
        """How much faster host time runs than device time, relative."""
        return self._bounds.slope

    @property
    def ppm(self) -> float | None:
        """How much faster the device clock runs, parts per million; None before it was measured for a while."""
        return -1e6 * self._bounds.slope if self._bounds.span_s >= self.params.learning_s else None

    @property
    def error_s(self) -> float | None:
        """Half of what the bounds leave open: nothing can tell where between them the truth lies."""
        return self._bounds.half_width_s

    @property
    def period_s(self) -> float:
        """Measured sampling period."""
        return self._ticks_per_sample * self.params.tick_s * (1 + self._bounds.slope)

    def probe(self, probe: TimeProbe) -> None:
        """Take one exchange: two bounds; a burst of them corrects the line."""
        asked_s, answered_s = probe.rx_ticks * self.tick_s, probe.tx_ticks * self.tick_s
        if self._jumped(probe, (asked_s + answered_s) / 2):
            self._bounds, self._first_s = ClockBounds(self.params.bounds), None
        self._bounds.not_before(asked_s, probe.sent_s)
        self._bounds.not_after(answered_s, probe.received_s)
        if probe.burst != self._burst or self._learning(asked_s):
            self._burst = probe.burst
            self._fit()

    def listen(self, group: SampleGroup) -> None:
        """A packet is a bound, too: its last sample was not taken after it came."""
        if group.ticks is None or not self._bounds.known:
            return
        self._measure_period(group.first_index, group.ticks)
        if len(group) > 1 and not self._measured_s:
            return  # where its last sample lies is only stated
        first_s = group.ticks * self.tick_s
        self._first_s = first_s if self._first_s is None else self._first_s
        last_s = first_s + (len(group) - 1) * self._ticks_per_sample * self.tick_s
        if self._bounds.host_s(last_s) - group.arrival_s > self.params.jump_s:
            return  # its clock jumped; the next exchange tells where to
        if self._bounds.not_after(last_s, group.arrival_s) and self._learning(first_s):
            self._fit()

    def stamp(self, group: SampleGroup) -> Floats:
        """Times of the group by its ticks; by its arrival while no exchange has succeeded yet."""
        latest_s = group.arrival_s - (len(group) - 1) * self.period_s
        if group.ticks is None or not self._bounds.known:
            wished_s = latest_s
        else:
            self.listen(group)
            wished_s = min(self.to_host_s(group.ticks), latest_s + FUTURE_S)
        return self._stamper.stamp(group.first_index, len(group), wished_s, self.period_s)

    def resume(self, away_s: float) -> bool:
        """Its clock went on meanwhile, and so does the line; new bounds may correct it at once."""
        del away_s
        self._burst = self._first_s = None
        return True

    def to_host_s(self, ticks: float) -> float:
        """Host time of a device clock reading; only after an exchange."""
        return self._bounds.host_s(ticks * self.tick_s)

    def _fit(self) -> None:
        """Where exchanges are slow, as over Bluetooth, the first packets tell more than answers do."""
        self._bounds.fit()
        error_s = self._bounds.half_width_s
        self.settle_s = self.params.settle_s if error_s is not None and error_s > self.params.doubt_s else 0.0

    def _learning(self, device_s: float) -> bool:
        return self._first_s is None or device_s - self._first_s < self.params.learning_s

    def _jumped(self, probe: TimeProbe, device_s: float) -> bool:
        """Whether one of the clocks jumped: no exchange can lie outside its own round trip."""
        if not self._bounds.known:
            return False
        error_s = abs((probe.sent_s + probe.received_s) / 2 - self._bounds.host_s(device_s))
        return error_s > (probe.received_s - probe.sent_s) / 2 + self.params.jump_s

    def _measure_period(self, index: int, ticks: int) -> None:
        if self._last is None:
            self._last = (index, ticks)
            return
        samples, passed = index - self._last[0], ticks - self._last[1]
        if samples <= 0:
            return
        self._last = (index, ticks)
        if passed <= 0:  # the clock stands still, or jumped back
            return
        measured = passed / samples
        if self._newest is not None and _alike(measured, self._newest) and not _alike(measured, self._ticks_per_sample):
            self._ticks_per_sample, self._measured_s = measured, 0.0  # twice the same: the stated rate is wrong
        self._newest = measured
        if _alike(measured, self._ticks_per_sample):  # else the clock jumped
            self._measured_s += samples * self.period_s
            gain = min(samples * self.period_s / min(self._measured_s, PERIOD_MEMORY_S), 1.0)
            self._ticks_per_sample += gain * (measured - self._ticks_per_sample)


def _alike(one: float, other: float) -> bool:
    """Whether two periods can be of one oscillator."""
    return abs(one / other - 1) < 0.1


FUTURE_S = 0.1  # a sample cannot be later than its arrival by more than the map may be off
PERIOD_MEMORY_S = 5.0  # one tick of rounding in 5 s is 6 ppm; an oscillator does not change faster
