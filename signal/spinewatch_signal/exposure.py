"""How long the trunk was how far forward: time beyond 20/30/45/60/90°, longest spells, bends.

Everything accumulates in whole numbers of frames, so that a live day, a replay and a whole file give the same figures
with constant memory. The limits are those of the common ergonomic tables (ISO 11226, EN 1005-4, RULA,
REBA); they were made for work design in healthy adults and are shown as provisional.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinewatch_signal.posture import FRAME_PERIOD_S
from spinewatch_signal.samples import Floats
from spinewatch_signal.tallies import Mask, Spells, run_starts


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
        starts = run_starts(zone, after_gap)
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
