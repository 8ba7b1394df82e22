"""What every map from sensor time to host time shares: what is asked of it, and times that never run back. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from spinewatch_bridge.protocols.base import SampleGroup, TimeProbe
from spinewatch_signal.samples import Floats


@dataclass(frozen=True, slots=True)
class UnseenLoss:
    """Samples that no index missed, but the clock did; their place is ``[start_s, end_s)``."""

    samples: int
    start_s: float
    end_s: float


class SampleClock(Protocol):
    """Gives every sample of a stream its host time. A clock that inherits from it needs only what it does otherwise.

    Attributes:
        tick_s: seconds per tick of `SampleGroup.ticks`.
        settle_s: how long the first groups should be held back, each shown to `listen`, before they are stamped.
    """

    tick_s: float = 1 / 32768
    settle_s: float = 0.0

    def resume(self, away_s: float) -> bool:
        """The session goes on after `away_s` without data: whether what was learned of the clock still holds."""
        del away_s
        return False

    def probe(self, probe: TimeProbe) -> None:
        """An exchange of clock readings; ignored where the family has none."""

    def listen(self, group: SampleGroup) -> None:
        """A group that is held back came; it is stamped later."""

    def stamp(self, group: SampleGroup) -> Floats:
        """(n,) UNIX seconds, affine within the group, strictly increasing over groups fed in order of index."""
        raise NotImplementedError

    def unseen_losses(self) -> list[UnseenLoss]:
        """Losses without a trace in the index that became certain since the last call; none where the sensor counts."""
        return []

    def ended(self) -> None:
        """Its stream ended: losses that only seem so now count as certain."""

    @property
    def period_s(self) -> float:
        """Measured sampling period."""
        raise NotImplementedError

    @property
    def ppm(self) -> float | None:
        """How much faster the sensor's clock runs than the host's; None while unknown, or where it tells no time."""
        return None

    @property
    def error_s(self) -> float | None:
        """How far off its times may be, by all it knows itself; None while it knows nothing."""
        return None


@dataclass(frozen=True, slots=True)
class StampParams:
    """How fast given times may move towards better knowledge, relative to time passed."""

    slew: float = 0.01
    jump_s: float = 1.0  # further off than this: the clock itself jumped, and following slowly would mislead


class BlockStamper:
    """Turns wished-for block times into times that never run back and never jump without a gap.

    Args:
        after_s: all times come after this one, the newest that was given out before.
    """

    def __init__(self, params: StampParams, after_s: float = -np.inf) -> None:
        self._params = params
        self._next_index: int | None = None
        self._next_s = 0.0
        self._last_s = after_s

    @property
    def next_s(self) -> float:
        """Where the next sample of an unbroken run would lie."""
        return self._next_s

    def stamp(self, index: int, n: int, wished_s: float, period_s: float) -> Floats:
        """Times of samples `index` to `index` + n - 1, the first of which should lie at `wished_s`.

        In an unbroken run the first lies one step after the last before, and the steps are stretched a little.
        """
        error_s = wished_s - self._next_s
        if index != self._next_index or error_s > self._params.jump_s:
            start_s = wished_s
        else:
            start_s, limit_s = self._next_s, self._params.slew * period_s
            period_s += min(max(error_s / n, -limit_s), limit_s)
        start_s = max(start_s, self._last_s + period_s / 2)
        times: Floats = start_s + period_s * np.arange(n, dtype=np.float64)
        self._last_s = float(times[-1])
        self._next_index, self._next_s = index + n, self._last_s + period_s
        return times
