"""Endless indices and ticks from counters that wrap: each helps the other across its own wraps. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from spinewatch_bridge.protocols.spinewatch_wire import INDEX_SPAN, TICK_SPAN, TICKS_PER_S

RATE_ERROR = 0.05  # an inertial sensor's own oscillator is off by 1 % or so (WitMotion measured: 0.74 %)
JUMP_S = 2.0  # index and ticks may disagree by this much more before the clock is said to have jumped


@dataclass(frozen=True, slots=True)
class Position:
    """Where a packet lies in its session; `jumped` when its clock does not fit its index."""

    index: int
    ticks: int
    jumped: bool = False


class Unwrapper:
    """Follows one stream.

    Ticks (wrap 36.4 h) tell how many times the sample index (wrap 11 min at 100 Hz) went round, so a gap of hours still
    gives the exact number of missing samples. Packets up to 18 h older than the newest are placed, too.

    Args:
        next_index, ticks: index and device clock at the beginning, as the START reply tells.
        rate_hz: stated rate of the sensor.
    """

    def __init__(self, next_index: int, ticks: int, rate_hz: float) -> None:
        self._index, self._ticks = next_index, ticks
        self._ticks_per_sample = TICKS_PER_S / rate_hz

    def ticks(self, ticks: int) -> int:
        """The unwrapped value of a 32-bit clock reading near the newest packet."""
        ahead = (ticks - self._ticks) % TICK_SPAN
        return self._ticks + (ahead - TICK_SPAN if ahead >= TICK_SPAN // 2 else ahead)

    def place(self, index: int, ticks: int, *, stepped: bool = False) -> Position:
        """The place of a packet whose header carries the 16-bit `index` and the 32-bit `ticks`.

        Where the clock `stepped`, by the device's word or because it does not fit, the index alone counts.
        """
        long_ticks = self.ticks(ticks)
        by_clock = (long_ticks - self._ticks) / self._ticks_per_sample
        ahead = (index - self._index) % INDEX_SPAN
        turned = ahead + INDEX_SPAN * round((by_clock - ahead) / INDEX_SPAN)
        allowed = RATE_ERROR * abs(turned) + JUMP_S * TICKS_PER_S / self._ticks_per_sample
        jumped = stepped or abs(by_clock - turned) > allowed
        found = Position(self._index + (ahead if jumped else turned), long_ticks, jumped)
        if found.index >= self._index:
            self._index, self._ticks = found.index, found.ticks
        return found
