"""From WitMotion's samples to groups: what is clipped, what is missing, and how fast they come. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from spinewatch_bridge.protocols.base import ProtocolEvent, SampleGroup
from spinewatch_bridge.protocols.witmotion_registers import FULL_SCALE, nearest_rate_hz
from spinewatch_signal.samples import SampleFlag

LEAST_HZ = 1.0  # fewer than that is a line that stalled while they were counted, unless it is so time and again
MOST_ANEW = 3
MEASURE_S = 1.5  # the family does not tell its rate: samples are counted for so long before the first is passed on


@dataclass(frozen=True, eq=False, slots=True)
class Samples:
    """Samples in the order of their numbers.

    Args:
        numbers: (n,) running count; a number that is missing is a sample that was broken.
        counts: (n, 6) acc xyz, gyr xyz.
    """

    numbers: NDArray[np.int64]
    counts: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.numbers)


def joined(parts: list[Samples]) -> Samples:
    """Several in a row as one."""
    parts = [part for part in parts if len(part)]
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Samples(np.empty(0, np.int64), np.empty((0, 6), np.int16))
    return Samples(np.concatenate([p.numbers for p in parts]), np.concatenate([p.counts for p in parts]))


def groups(samples: Samples, arrival_s: float) -> list[ProtocolEvent]:
    """One group per run of samples without a break."""
    if not len(samples):
        return []
    numbers, counts = samples.numbers, samples.counts
    clipped = ((counts >= FULL_SCALE) | (counts <= -FULL_SCALE)).any(axis=1)
    flags = np.where(clipped, np.uint8(SampleFlag.SATURATED), np.uint8(0))
    breaks: list[int] = []
    if numbers[-1] - numbers[0] != len(numbers) - 1:
        breaks = (np.flatnonzero(np.diff(numbers) != 1) + 1).tolist()
    return [
        SampleGroup(int(numbers[a]), None, counts[a:b], flags[a:b], arrival_s, counted=False)
        for a, b in pairwise([0, *breaks, len(samples)])
    ]


class RateMeasure:
    """Counts samples against their arrival; what was measured once as set is believed at the next connection.

    Args:
        set_hz: the rate that is set at every connection; None where the sensor is left as it is.
        within: how far off the count may be for a rate of the family's table to be meant, relative.
    """

    def __init__(self, set_hz: float | None, within: float) -> None:
        self._set_hz, self._within = set_hz, within
        self._proved = False
        self._first: tuple[float, int] | None = None
        self._anew = 0

    def restart(self) -> None:
        """Forget what was counted: the rate may be another now."""
        self._first, self._anew = None, 0

    def add(self, at_s: float, number: int) -> float | None:
        """The rate, once it is known.

        Args:
            at_s: when samples arrived.
            number: how many there were up to then, lost ones included.
        """
        if self._proved:
            return self._set_hz
        if self._first is None:
            self._first = (at_s, number)
        since_s = at_s - self._first[0]
        if since_s < MEASURE_S:
            return None
        counted_hz = (number - self._first[1]) / since_s
        if counted_hz < LEAST_HZ and self._anew < MOST_ANEW:
            self._first, self._anew = (at_s, number), self._anew + 1
            return None
        rate_hz = nearest_rate_hz(counted_hz, self._within)
        self._proved = rate_hz == self._set_hz
        return rate_hz
