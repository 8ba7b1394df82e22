"""Polar's sensor time made an index: what is missing, what was told twice, where the clock jumped; and two streams
made one. Pure.

A frame says only when its last sample was taken. Where the next frame's time has gone on by more than its own samples
need, the rest is missing: as many as fit, by the period that the frames before have shown.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spinewatch_bridge.protocols.base import SampleGroup
from spinewatch_bridge.protocols.polar_frames import Counts
from spinewatch_signal.samples import Flags, SampleFlag

RATE_TOLERANCE = 0.05  # of the stated rate; inertial sensors were measured up to 1.1 % off
PERIOD_MEMORY_S = 20.0  # the period is a mean over so long: its temperature changes it no faster
HELD_UP_S = 2.0  # a frame may have been held up for so long; sensor time ahead of host time by more has jumped
RESET_S = 3600.0  # a clock that goes back by more began anew: people set clocks by less
WAIT_S = 4.0  # of samples that wait for their other half; a frame of either kind lasts up to 1.5 s


@dataclass(frozen=True, eq=False, slots=True)
class Run:
    """The samples of one frame with their place.

    Args:
        first: index of the first.
        first_ns: sensor time of the first, as if its clock had never jumped.
        counts: (n, 3) as sent.
        arrival_s: host time at which the frame came.
    """

    first: int
    first_ns: int
    counts: Counts
    arrival_s: float

    def __len__(self) -> int:
        return len(self.counts)


class Timeline:
    """The index of one stream; it goes on over reconnections as long as the sensor's clock does.

    Frames carry no checksum, so one that the clock cannot have stamped is held until the next agrees with it (the clock
    jumped), or does not (the frame was damaged, and is dropped).

    Args:
        rate_hz: stated rate, until the frames show the real one.
    """

    def __init__(self, rate_hz: float) -> None:
        self.rate_hz, self.period_ns = rate_hz, 1e9 / rate_hz
        self._measured_ns = 0.0
        self.offset_ns = 0
        """What jumps have taken off the sensor's clock, negated; the streams of one sensor have one clock."""
        self._next = 0
        self._last: tuple[int, float] | None = None  # unjumped time of the newest sample, arrival of its frame
        self._suspect: tuple[int, Counts, float] | None = None
        self.dropped = 0
        """Frames that no other agreed with."""
        self.jumped_s = 0.0
        """By how much the clock was off at the newest frame; 0 where it went on as it should."""

    @property
    def is_used(self) -> bool:
        """Whether any frame was placed."""
        return self._last is not None

    def continues(self, last_ns: int, arrival_s: float) -> bool:
        """Whether a frame that came after a break was stamped by a clock that went on meanwhile."""
        if self._last is None:
            return False
        device_s = (last_ns + self.offset_ns - self._last[0]) / 1e9
        return device_s > 0 and abs(device_s - (arrival_s - self._last[1])) < HELD_UP_S

    def place(self, last_ns: int, counts: Counts, arrival_s: float, *, known_ns: int | None = None) -> list[Run]:
        """Place the samples of the next frame, and of the one before it if that was held.

        Args:
            last_ns: sensor time of its last sample.
            counts: (n, 3) as sent.
            arrival_s: host time at which it came.
            known_ns: offset of the sensor's other stream: where the clock jumped, both are at the same.
        """
        self.jumped_s = 0.0
        suspect, self._suspect = self._suspect, None
        n = len(counts)
        if self._last is None or not self._is_jump(last_ns + self.offset_ns, n, arrival_s, *self._last):
            self.dropped += suspect is not None
            return [self._placed(last_ns, counts, arrival_s)]
        if suspect is not None and not self._is_jump(last_ns, n, arrival_s, suspect[0], suspect[2]):
            self._jump(*suspect, known_ns)
            return [self._placed(*suspect), self._placed(last_ns, counts, arrival_s)]
        self.dropped += suspect is not None
        self._suspect = (last_ns, counts, arrival_s)
        return []

    def _placed(self, last_ns: int, counts: Counts, arrival_s: float) -> Run:
        n, unjumped_ns = len(counts), last_ns + self.offset_ns
        first = self._next + (0 if self._last is None else self._missing(unjumped_ns - self._last[0], n))
        self._next, self._last = first + n, (unjumped_ns, arrival_s)
        return Run(first, unjumped_ns - round((n - 1) * self.period_ns), counts, arrival_s)

    def _jump(self, last_ns: int, counts: Counts, arrival_s: float, known_ns: int | None) -> None:
        """Take the clock for jumped at this frame: to where the other stream has it, else as the frames came."""
        before, n = self._last or (last_ns, arrival_s), len(counts)
        if known_ns is None or self._is_jump(last_ns + known_ns, n, arrival_s, *before):
            known_ns = self._expected_ns(n, arrival_s, *before) - last_ns
        self.jumped_s = (self.offset_ns - known_ns) / 1e9
        self.offset_ns = known_ns

    def _expected_ns(self, n: int, arrival_s: float, before_ns: int, before_s: float) -> int:
        """When the frame was taken by a clock that went on as the frames came."""
        host_s = arrival_s - before_s
        missing = max(round(host_s * 1e9 / self.period_ns) - n, 0) if host_s > HELD_UP_S else 0
        return before_ns + round((n + missing) * self.period_ns)

    def _is_jump(self, now_ns: int, n: int, now_s: float, before_ns: int, before_s: float) -> bool:
        """Whether the sensor's clock cannot have gone on so: back, or ahead of the host's by more than a hold-up."""
        passed_ns, needed_ns = now_ns - before_ns, n * self.period_ns
        is_back = passed_ns < needed_ns * (1 - RATE_TOLERANCE)
        return is_back or (passed_ns - needed_ns) / 1e9 > HELD_UP_S + max(now_s - before_s - needed_ns / 1e9, 0.0)

    def _missing(self, passed_ns: int, n: int) -> int:
        """Samples that are missing before the `n` that came, now that so much time has passed."""
        steps = passed_ns / self.period_ns
        if abs(steps - n) < RATE_TOLERANCE * n:
            self._measure(passed_ns, n)
            return 0
        if self._measured_ns == 0:  # by the stated rate only whole frames can be told
            return max(round(steps / n) - 1, 0) * n
        return max(round(steps) - n, 0)

    def _measure(self, passed_ns: int, n: int) -> None:
        self._measured_ns = min(self._measured_ns + passed_ns, PERIOD_MEMORY_S * 1e9)
        self.period_ns += passed_ns / self._measured_ns * (passed_ns / n - self.period_ns)


class Pairing:
    """Two streams of one sensor as one of six columns.

    Each acceleration goes with the turn rate that was taken nearest to it, at most half a period away (`skew_s`);
    neither is changed. An acceleration without its turn rate is left out, and the index shows it.

    Args:
        rate_hz: stated rate of both.
    """

    def __init__(self, rate_hz: float) -> None:
        self._room = round(WAIT_S * rate_hz)
        self._acc: deque[Run] = deque()
        self._gyr: deque[Run] = deque()
        self._shift: int | None = None  # index of the turn rate less that of the acceleration it goes with
        self.skew_s: float | None = None
        """How much later the turn rate was taken; None before both came."""

    def add_acc(self, run: Run, period_ns: float) -> list[Run]:
        """The six-column runs that this run completes."""
        self._acc.append(run)
        return self._paired(period_ns)

    def add_gyr(self, run: Run, period_ns: float) -> list[Run]:
        """The six-column runs that this run completes."""
        self._gyr.append(run)
        return self._paired(period_ns)

    def _paired(self, period_ns: float) -> list[Run]:
        self._align(period_ns)
        done: list[Run] = []
        while self._acc and self._gyr and self._shift is not None:
            acc, newest = self._acc[0], self._gyr[-1]
            known = min(newest.first + len(newest) - (acc.first + self._shift), len(acc))
            if known <= 0:
                break
            self._acc.popleft()
            if known < len(acc):
                self._acc.appendleft(_part(acc, known, len(acc), period_ns))
            done += self._join(_part(acc, 0, known, period_ns), period_ns)
            self._forget_gyr(acc.first + known + self._shift)
        while sum(map(len, self._acc)) > self._room:
            self._acc.popleft()
        while sum(map(len, self._gyr)) > self._room:
            self._gyr.popleft()
        return done

    def _align(self, period_ns: float) -> None:
        """Which turn rate is nearest; kept until it is clearly another, so that no sample is used twice by chance."""
        if not self._acc or not self._gyr:
            return
        acc, gyr = self._acc[-1], self._gyr[-1]
        exact = gyr.first - acc.first + (acc.first_ns - gyr.first_ns) / period_ns
        if self._shift is None or abs(exact - self._shift) > 0.75:
            self._shift = round(exact)
        self.skew_s = (self._shift - exact) * period_ns / 1e9

    def _join(self, acc: Run, period_ns: float) -> list[Run]:
        """The accelerations whose turn rate came, in runs without a break."""
        done: list[Run] = []
        for start, end, rates in self._rates_of(acc):
            done.append(replace(_part(acc, start, end, period_ns), counts=_joined(acc.counts[start:end], rates, 1)))
        return done

    def _rates_of(self, acc: Run) -> list[tuple[int, int, Counts]]:
        """(start, end, turn rates) of each unbroken part of the accelerations whose turn rates came."""
        found: list[tuple[int, int, Counts]] = []
        ahead = acc.first + (self._shift or 0)
        for run in self._gyr:
            start, end = max(run.first - ahead, 0), min(run.first + len(run) - ahead, len(acc))
            if start >= end:
                continue
            rates = run.counts[start + ahead - run.first : end + ahead - run.first]
            if found and found[-1][1] == start:
                begun, _, before = found.pop()
                start, rates = begun, _joined(before, rates, 0)
            found.append((start, end, rates))
        return found

    def _forget_gyr(self, before: int) -> None:
        while self._gyr and self._gyr[0].first + len(self._gyr[0]) <= before and len(self._gyr) > 1:
            self._gyr.popleft()


def _joined(one: Counts, other: Counts, axis: int) -> Counts:
    """Floats where one of them is."""
    if one.dtype == other.dtype == np.int16:
        whole: NDArray[np.int16] = np.concatenate((one, other), axis=axis, dtype=np.int16)
        return whole
    floats: NDArray[np.float32] = np.concatenate((one, other), axis=axis, dtype=np.float32)
    return floats


def _part(run: Run, start: int, end: int, period_ns: float) -> Run:
    return Run(run.first + start, run.first_ns + round(start * period_ns), run.counts[start:end], run.arrival_s)


def to_group(run: Run, flags: Flags) -> SampleGroup:
    """The run as a link takes it; ticks are nanoseconds."""
    return SampleGroup(run.first, run.first_ns, run.counts, flags, run.arrival_s)


def saturated(counts: Counts, full: NDArray[np.float64]) -> Flags:
    """(n,) flags of the samples that reach the end of a range, given as (columns,) counts."""
    nearest = full.min()
    if counts.max() < nearest and counts.min() > -nearest:  # the usual case, at a tenth of the cost
        return np.zeros(len(counts), np.uint8)
    reached = np.any(np.abs(counts.astype(np.float64)) >= full, axis=1)
    return np.where(reached, np.uint8(SampleFlag.SATURATED), np.uint8(0))
