"""The host's clock as links see it: UNIX seconds that never jump back, anchored once to a steady clock.

Clocks are handed to links and transports; nothing below reads the time for itself, so tests and faster-than-life
simulations bring their own.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """Host time, and how to wait in it."""

    def now_s(self) -> float:
        """UNIX seconds; never decreases."""

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds` of this clock."""

    def wall_s(self) -> float | None:
        """UNIX seconds of the host's wall clock, which may be set at any time; None where time is made."""

    def wait_s(self, seconds: float) -> float:
        """How long the event loop must wait for `seconds` of this clock to pass."""


def steady_s() -> float:
    """Seconds that only go forward, *also while the computer sleeps*: a sensor's clock does not stop meanwhile.

    Python's own monotonic clock stands still in sleep on Linux and macOS, but not on Windows.
    """
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.monotonic()


class HostClock:
    """UNIX time anchored once to a steady clock, so that a corrected wall clock moves no sample.

    It starts when it is first read. `wall_s` is what the wall clock says meanwhile, to notice that it was corrected.

    Args:
        start_s: UNIX seconds at the anchor; None for the wall clock's.
        speed: seconds of this clock per second of life (more than 1 only for simulated sources).
        steady: seconds that only go forward.
        wall: the wall clock, UNIX seconds.
    """

    def __init__(
        self,
        start_s: float | None = None,
        speed: float = 1.0,
        steady: Callable[[], float] = steady_s,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.speed, self._steady, self._wall = speed, steady, wall
        self.made = start_s is not None or speed != 1.0
        self.start_s = wall() if start_s is None else start_s
        self._anchor_s: float | None = None

    def now_s(self) -> float:
        """UNIX seconds on this clock; may be called from any thread."""
        if self._anchor_s is None:
            self._anchor_s = self._steady()
        return self.start_s + (self._steady() - self._anchor_s) * self.speed

    def wall_s(self) -> float | None:
        """UNIX seconds of the wall clock; None where this clock's time is made."""
        return None if self.made else self._wall()

    def wait_s(self, seconds: float) -> float:
        """Seconds of life in `seconds` of this clock."""
        return seconds / self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds` of this clock."""
        await asyncio.sleep(self.wait_s(seconds))
