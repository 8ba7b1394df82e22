"""Endless indices and ticks from counters that wrap: each helps the other across its own wraps. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from spinewatch_bridge.protocols.spinewatch_wire import INDEX_SPAN, TICK_SPAN, TICKS_PER_S

STATED_RATE_ERROR = 0.05  # an inertial sensor's own oscillator is off by 1 % or so (WitMotion measured: 0.74 %)
MEASURED_RATE_ERROR = 0.01  # how far it may wander with temperature
JUMP_S = 2.0  # index and ticks may disagree by this much more before the clock is said to have jumped
OLDEST_TICKS = 600 * TICKS_PER_S  # a packet can be late by this much; all else lies ahead
MEASURED_AFTER_S = 2.0
MEMORY_S = 60.0  # of the measured rate: one tick of rounding in a minute is 0.5 ppm


@dataclass(frozen=True, slots=True)
class Position:
    """Where a packet lies in its session; `jumped` when its clock does not fit its index."""

    index: int
    ticks: int
    jumped: bool = False


class Unwrapper:
    """Follows one stream.

    Ticks (wrap 36.4 h) tell how many times the sample index (wrap 11 min at 100 Hz) went round. The count is exact as
    long as rate error × samples missed stays below half an index span, 32768 samples: with the stated rate, which may
    be 1 % off, for gaps up to 9 h at 100 Hz; with the measured one, which wanders by less than 0.1 %, up to the wrap of
    the clock. Beyond a lost link no arithmetic is needed: the START reply tells the index in 32 bits.

    Args:
        next_index, ticks: index and device clock at the beginning, as the START reply tells.
        rate_hz: stated rate of the sensor.
    """

    def __init__(self, next_index: int, ticks: int, rate_hz: float) -> None:
        self._index, self._ticks = next_index, ticks
        self._heard_s: float | None = None
        self._stated = self._ticks_per_sample = TICKS_PER_S / rate_hz
        self._anchor = (next_index, ticks)
        self._measured = False

    @property
    def newest_ticks(self) -> int:
        """Device clock of the newest packet."""
        return self._ticks

    def resume(self, next_index: int, ticks: int) -> None:
        """The stream went on unseen: where it is now, as the START reply tells. The measured rate stays."""
        self._index, self._ticks = next_index, ticks
        self._anchor, self._heard_s = (next_index, ticks), None

    def ticks(self, ticks: int, at_s: float | None = None) -> int:
        """The unwrapped value of a 32-bit clock reading.

        Args:
            ticks: the reading; at most 10 minutes older than the newest packet, else newer.
            at_s: host time of the reading, where it is known: tells how often the clock went round while nothing came.
        """
        ahead = (ticks - self._ticks) % TICK_SPAN
        if ahead >= TICK_SPAN - OLDEST_TICKS:
            ahead -= TICK_SPAN
        if at_s is not None and self._heard_s is not None:
            # A computer sleeps, so its clock may tell too little, never too much: it only adds turns.
            passed = (at_s - self._heard_s) * TICKS_PER_S
            ahead += TICK_SPAN * max(round((passed - ahead) / TICK_SPAN), 0)
        return self._ticks + ahead

    def place(self, index: int, ticks: int, *, stepped: bool = False, at_s: float | None = None) -> Position:
        """The place of a packet whose header carries the 16-bit `index` and the 32-bit `ticks`; the stream goes there.

        Where the clock `stepped`, by the device's word or because it does not fit, the index alone counts.
        """
        found = self._found(index, ticks, stepped=stepped, at_s=at_s)
        if found.index >= self._index:
            self._measure(found)
            self._index, self._ticks, self._heard_s = found.index, found.ticks, at_s
        return found

    def believes(self, index: int, ticks: int, at_s: float) -> bool:
        """Whether a packet goes on from those before; one that does not is damaged, or its clock jumped."""
        found = self._found(index, ticks, stepped=False, at_s=at_s)
        return not found.jumped and not _is_early(found.ticks - self._ticks, at_s, self._heard_s)

    def agree(self, first: tuple[int, int, float], second: tuple[int, int, float]) -> bool:
        """Whether the second (index, ticks, host time) goes on from the first, wherever that lies."""
        ahead, passed = (second[0] - first[0]) % INDEX_SPAN, (second[1] - first[1]) % TICK_SPAN
        turned, fits = self._turned(ahead, passed)
        return turned > 0 and fits and not _is_early(passed, second[2], first[2])

    def _found(self, index: int, ticks: int, *, stepped: bool, at_s: float | None) -> Position:
        long_ticks = self.ticks(ticks, at_s)
        ahead = (index - self._index) % INDEX_SPAN
        turned, fits = self._turned(ahead, long_ticks - self._ticks)
        jumped = stepped or not fits or (turned != ahead and self._clock_alone_is_ahead(ahead, long_ticks, at_s))
        return Position(self._index + (ahead if jumped else turned), long_ticks, jumped)

    def _clock_alone_is_ahead(self, ahead: int, ticks: int, at_s: float | None) -> bool:
        """Whether the index went on as long as the host's clock, and the device's by more: that jumped."""
        if at_s is None or self._heard_s is None or not _is_early(ticks - self._ticks, at_s, self._heard_s):
            return False
        by_host = (at_s - self._heard_s) * TICKS_PER_S / self._ticks_per_sample
        return abs(ahead - by_host) <= self._allowed(ahead)

    def _turned(self, ahead: int, passed: int) -> tuple[int, bool]:
        """(samples ahead, with the turns of the index that the ticks which passed tell; whether both fit)."""
        by_clock = passed / self._ticks_per_sample
        turned = ahead + INDEX_SPAN * round((by_clock - ahead) / INDEX_SPAN)
        return turned, abs(by_clock - turned) <= self._allowed(turned)

    def _allowed(self, samples: int) -> float:
        error = MEASURED_RATE_ERROR if self._measured else STATED_RATE_ERROR
        return error * abs(samples) + JUMP_S * TICKS_PER_S / self._ticks_per_sample

    def _measure(self, newest: Position) -> None:
        """Ticks per sample over the last minute; a clock that jumped begins anew, the stated rate stays a bound."""
        samples, passed = newest.index - self._anchor[0], newest.ticks - self._anchor[1]
        if newest.jumped:
            self._anchor = (newest.index, newest.ticks)
            return
        if samples <= 0 or passed < MEASURED_AFTER_S * TICKS_PER_S:
            return
        measured = passed / samples
        if abs(measured / self._stated - 1) < STATED_RATE_ERROR:
            self._ticks_per_sample, self._measured = measured, True
        if passed > MEMORY_S * TICKS_PER_S:
            self._anchor = (self._index, self._ticks)


def _is_early(passed: int, at_s: float, before_s: float | None) -> bool:
    """Whether a packet came before it can have been sent: its clock went on by more than the host's."""
    return before_s is not None and passed / TICKS_PER_S > at_s - before_s + JUMP_S
