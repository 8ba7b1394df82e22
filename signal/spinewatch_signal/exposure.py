"""How long the trunk was how far forward: percentiles, time beyond 20/30/45/60/90°, longest spells, bends.

Everything accumulates in whole numbers of frames, so that a live day, a replay and a whole file give the same figures
with constant memory. The limits are those of the common ergonomic tables (ISO 11226, EN 1005-4, RULA,
REBA); they were made for work design in healthy adults and are shown as provisional.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.posture import FRAME_PERIOD_S
from spinewatch_signal.samples import Floats

Mask = NDArray[np.bool_]
Whole = NDArray[np.int64]

_BIN_PER_DEG = 10
_BINS = 360 * _BIN_PER_DEG
PERCENTS = (5, 10, 50, 90, 95)


@dataclass(frozen=True)
class ExposureParams:
    """What is counted.

    Args:
        zones_deg: time with flexion beyond each of these is counted.
        bends_deg: bends beyond each of these are counted.
        bend_return_deg: a bend is over when flexion is back below this.
        bend_min_s: shorter ones are no bends.
    """

    zones_deg: tuple[float, ...] = (20.0, 30.0, 45.0, 60.0, 90.0)
    bends_deg: tuple[float, ...] = (30.0, 60.0)
    bend_return_deg: float = 20.0
    bend_min_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Distribution of an angle, degrees."""

    p5: float
    p10: float
    p50: float
    p90: float
    p95: float
    max: float


class AngleHistogram:
    """Distribution of an angle in bins of 0.1°: percentiles of a day of any length in 3600 numbers."""

    def __init__(self) -> None:
        self.counts: Whole = np.zeros(_BINS, np.int64)
        self._max = float("-inf")

    @property
    def frames(self) -> int:
        """How many angles were taken."""
        return int(self.counts.sum())

    def add(self, angles_deg: Floats) -> None:
        """Take angles within ±180°; none may be NaN."""
        if len(angles_deg) == 0:
            return
        bins = np.floor((angles_deg + 180.0) * _BIN_PER_DEG).astype(np.int64)
        self.counts += np.bincount(np.clip(bins, 0, _BINS - 1), minlength=_BINS)
        self._max = max(self._max, float(angles_deg.max()))

    def percentiles(self) -> Percentiles | None:
        """Centre of the bin in which each percentile lies (so right to 0.05°); None while empty."""
        total = np.cumsum(self.counts)
        if total[-1] == 0:
            return None
        ranks = np.array(PERCENTS) / 100 * (total[-1] - 1)
        centres = (np.searchsorted(total, ranks, side="right") + 0.5) / _BIN_PER_DEG - 180.0
        p5, p10, p50, p90, p95 = (round(float(c), 2) for c in centres)
        return Percentiles(p5, p10, p50, p90, p95, self._max)


@dataclass(slots=True)
class Spells:
    """Frames beyond one limit: how many, in how many spells, and the longest; a spell ends at a gap."""

    frames: int = 0
    count: int = 0
    longest_frames: int = 0
    _open_frames: int = field(default=0, repr=False)

    def add(self, beyond: Mask, after_gap: Mask) -> None:
        """Take frames: `beyond` the limit or not, and the first `after_gap` or not; both (m,), m > 0."""
        starts = np.flatnonzero(np.concatenate(([True], (beyond[1:] != beyond[:-1]) | after_gap[1:])))
        lengths = np.diff(np.append(starts, len(beyond)))
        is_spell = beyond[starts]
        goes_on = bool(is_spell[0]) and self._open_frames > 0 and not after_gap[0]
        self.count += int(is_spell.sum()) - goes_on
        self.frames += int(lengths[is_spell].sum())
        lengths[0] += self._open_frames if goes_on else 0
        self.longest_frames = max(self.longest_frames, int(lengths[is_spell].max(initial=0)))
        self._open_frames = int(lengths[-1]) if is_spell[-1] else 0


class BendCounter:
    """Counts bends: flexion rises through `limit_deg`, comes back below the return limit, and lasts long enough."""

    def __init__(self, limit_deg: float, params: ExposureParams) -> None:
        self.limit_deg = limit_deg
        self.params = params
        self.count = 0
        self._beyond_frames = 0
        self._ready = False

    def add(self, flexion_deg: Floats, after_gap: Mask) -> None:
        """Take frames; NaN where blank, which ends a bend uncounted like a gap does."""
        zone = np.ones(len(flexion_deg), np.int8)
        zone[flexion_deg >= self.limit_deg] = 2
        zone[flexion_deg < self.params.bend_return_deg] = 0
        zone[np.isnan(flexion_deg)] = -1
        starts = np.flatnonzero(np.concatenate(([True], (zone[1:] != zone[:-1]) | after_gap[1:])))
        lengths = np.diff(np.append(starts, len(zone)))
        for at, length in zip(starts.tolist(), lengths.tolist(), strict=True):
            self._take(int(zone[at]), length, bool(after_gap[at]))

    def _take(self, zone: int, frames: int, after_gap: bool) -> None:
        if after_gap or zone < 0:
            self._ready, self._beyond_frames = False, 0
        if zone == 0:
            self.count += self._beyond_frames >= round(self.params.bend_min_s / FRAME_PERIOD_S)
            self._ready, self._beyond_frames = True, 0
        elif self._ready and (zone == 2 or self._beyond_frames > 0):
            self._beyond_frames += frames


class ExposureCounter:
    """All exposure figures of one trunk angle, accumulating."""

    def __init__(self, params: ExposureParams | None = None) -> None:
        self.params = params or ExposureParams()
        self.zones = {limit: Spells() for limit in self.params.zones_deg}
        self.bends = {limit: BendCounter(limit, self.params) for limit in self.params.bends_deg}

    def add(self, flexion_deg: Floats, after_gap: Mask) -> None:
        """Take frames, (m,): flexion with NaN where blank or lying, and where a gap lies before the frame."""
        if len(flexion_deg) == 0:
            return
        for limit, spells in self.zones.items():
            spells.add(flexion_deg > limit, after_gap)
        for counter in self.bends.values():
            counter.add(flexion_deg, after_gap)
