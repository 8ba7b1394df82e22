"""Movements worth a word, apart from any held posture: a fast deep bend, and bends that come too often.

Both are told from the flexion of one sensor at 10 Hz, not from any load: a bend to tie a shoe and one under a heavy box
look the same. A held posture is the matter of `slouch`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from spinewatch_signal.grid import FRAMES_PER_S
from spinewatch_signal.marks import RiskKind, RiskyMovement
from spinewatch_signal.samples import Floats
from spinewatch_signal.tallies import Mask, Whole, run_starts


@dataclass(frozen=True)
class RiskyParams:
    """What is told.

    Args:
        deep_deg: a bend that reaches this is deep: the limit of the red zone of EN 1005-4, of RULA and of REBA.
        fast_deg_s: and fast, when flexion changes at this speed on the way down or up. In jobs with a high risk of back
            disorders the lumbar spine peaked at 55 °/s in the sagittal plane, in those with a low risk at 39 °/s
            (Marras et al. 1993, provisional); the lumbar share of a bend is about 51 %, so the trunk peaks at 107 °/s.
        back_deg: a deep bend is over, and the wearer back in range, below this.
        bend_deg, bend_back_deg: bends are counted from the first and are over below the second; the yellow zone of
            EN 1005-4 begins at 20°.
        bend_min_s: shorter ones are no bends.
        often_per_min, window_s: so many bends a minute over this long are frequent (frequency split of EN 1005-4,
            provisional). The standard names no window; over five minutes a single reach into a drawer does not count.
    """

    deep_deg: float = 60.0
    fast_deg_s: float = 107.0
    back_deg: float = 20.0
    bend_deg: float = 20.0
    bend_back_deg: float = 15.0
    bend_min_s: float = 1.0
    often_per_min: float = 2.0
    window_s: float = 300.0

    @property
    def often(self) -> int:
        """Bends in the window that are frequent."""
        return math.ceil(self.often_per_min * self.window_s / 60)


@dataclass(slots=True)
class _Bend:
    """One bend, maybe one that goes on: grid indices, largest flexion and speed."""

    start_k: int
    last_k: int
    peak_deg: float
    peak_deg_s: float
    beyond_since_k: int | None = None

    def risk(self, kind: RiskKind, count: int = 1) -> RiskyMovement:
        start_s, end_s = self.start_k / FRAMES_PER_S, self.last_k / FRAMES_PER_S
        return RiskyMovement(kind, start_s, end_s, self.peak_deg, self.peak_deg_s, count)


class _Follower:
    """Bends that go from below `back_deg` beyond `limit_deg` and back again, for long enough.

    Attributes:
        bend: the one that goes on, from where it left `back_deg`; None also where its beginning was not seen.
    """

    def __init__(self, limit_deg: float, back_deg: float, min_s: float) -> None:
        self._limit_deg, self._back_deg, self._min_frames = limit_deg, back_deg, round(min_s * FRAMES_PER_S)
        self._ready = False
        self.bend: _Bend | None = None

    def update(self, k: Whole, flexion_deg: Floats, speed_deg_s: Floats, after_gap: Mask) -> list[_Bend]:
        """Bends that are over; `last_k` of each is the first frame back."""
        zone = (flexion_deg >= self._back_deg).astype(np.int8)
        zone[np.isnan(flexion_deg)] = -1
        starts = run_starts(zone, after_gap)
        over = []
        for lo, hi in zip(starts.tolist(), [*starts[1:].tolist(), len(k)], strict=True):
            if after_gap[lo] or zone[lo] < 0:
                self._ready, self.bend = False, None
            if zone[lo] == 0:
                done = self._back(int(k[lo]))
                over += [] if done is None else [done]
            elif zone[lo] == 1 and (self._ready or self.bend is not None):
                self._follow(k[lo:hi], flexion_deg[lo:hi], speed_deg_s[lo:hi])
        return over

    def _follow(self, k: Whole, flexion_deg: Floats, speed_deg_s: Floats) -> None:
        if self.bend is None:
            self.bend, self._ready = _Bend(int(k[0]), int(k[0]), 0.0, 0.0), False
        bend = self.bend
        bend.last_k = int(k[-1])
        bend.peak_deg = max(bend.peak_deg, float(flexion_deg.max()))
        bend.peak_deg_s = max(bend.peak_deg_s, float(speed_deg_s.max()))
        if bend.beyond_since_k is None and bend.peak_deg >= self._limit_deg:
            bend.beyond_since_k = int(k[np.argmax(flexion_deg >= self._limit_deg)])

    def _back(self, k: int) -> _Bend | None:
        bend, self.bend, self._ready = self.bend, None, True
        if bend is None or bend.beyond_since_k is None or k - bend.beyond_since_k < self._min_frames:
            return None
        bend.last_k = k
        return bend


class RiskyMovementDetector:
    """Flexion in, movements out; causal, the same for any pieces.

    Attributes:
        found: those that are over, in the order in which that was known; read only.
    """

    def __init__(self, params: RiskyParams | None = None) -> None:
        self.params = p = params or RiskyParams()
        self.found: list[RiskyMovement] = []
        self._deep = _Follower(p.deep_deg, p.back_deg, p.bend_min_s)
        self._any = _Follower(p.bend_deg, p.bend_back_deg, p.bend_min_s)
        self._newest: deque[_Bend] = deque(maxlen=p.often)
        self._series: tuple[_Bend, int] | None = None
        self._last: tuple[int, float] | None = None

    @property
    def going_on(self) -> tuple[RiskyMovement, ...]:
        """At the newest frame: a fast deep bend until back in range, and frequent bends until they ease."""
        found = []
        if self._deep.bend is not None and self._is_risky(self._deep.bend):
            found.append(self._deep.bend.risk(RiskKind.FAST_DEEP_BEND))
        if self._series is not None:
            found.append(self._series[0].risk(RiskKind.FREQUENT_BENDS, self._series[1]))
        return tuple(found)

    def update(self, k: Whole, flexion_deg: Floats) -> None:
        """Take frames later than all before: grid index and flexion (NaN where blank or lying), both (m,)."""
        if len(k) == 0:
            return
        last_k, last_deg = self._last or (int(k[0]) - 1, float("nan"))
        after_gap = np.diff(k, prepend=last_k) > 1
        after_gap[0] |= self._last is None
        speed = np.abs(np.diff(flexion_deg, prepend=last_deg)) * FRAMES_PER_S
        speed[after_gap | np.isnan(speed)] = 0.0
        self._last = (int(k[-1]), float(flexion_deg[-1]))
        deep = [(bend.last_k, bend, True) for bend in self._deep.update(k, flexion_deg, speed, after_gap)]
        counted = [(bend.last_k, bend, False) for bend in self._any.update(k, flexion_deg, speed, after_gap)]
        for over_k, bend, is_deep in sorted(deep + counted, key=lambda entry: entry[0]):
            self._ease(over_k)
            if not is_deep:
                self._count(bend)
            elif self._is_risky(bend):
                self.found.append(bend.risk(RiskKind.FAST_DEEP_BEND))
        self._ease(int(k[-1]))

    def interrupt(self) -> None:
        """The reference changes here: no bend spans that."""
        self._last = None

    def finish(self) -> None:
        """The recording ends here: so does a time of frequent bends."""
        self._ease(2**62)

    def _is_risky(self, bend: _Bend) -> bool:
        return bend.peak_deg >= self.params.deep_deg and bend.peak_deg_s >= self.params.fast_deg_s

    def _are_frequent(self, k: int) -> bool:
        """Whether the newest bends all began within the window before `k`."""
        bends = self._newest
        return len(bends) == bends.maxlen and k - bends[0].start_k < self.params.window_s * FRAMES_PER_S

    def _count(self, bend: _Bend) -> None:
        self._newest.append(bend)
        if self._series is not None:
            series, count = self._series
            self._series = _joined([series, bend]), count + 1
        elif self._are_frequent(bend.last_k):
            self._series = _joined(self._newest), len(self._newest)

    def _ease(self, k: int) -> None:
        """Frequent bends are over once there are too few in the window before `k`; each belongs to one time only."""
        if self._series is not None and not self._are_frequent(k):
            self.found.append(self._series[0].risk(RiskKind.FREQUENT_BENDS, self._series[1]))
            self._series = None
            self._newest.clear()


def _joined(bends: Iterable[_Bend]) -> _Bend:
    all_of = list(bends)
    return _Bend(
        all_of[0].start_k,
        all_of[-1].last_k,
        max(bend.peak_deg for bend in all_of),
        max(bend.peak_deg_s for bend in all_of),
    )
