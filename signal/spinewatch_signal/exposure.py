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
        self._deepest = (float("-inf"), float("nan"))

    def add(self, flexion_deg: Floats, after_gap: Mask, beside: Floats | None = None) -> list[tuple[float, float]]:
        """Take frames, (m,).

        Args:
            flexion_deg: NaN where blank, which ends a bend uncounted like a gap does.
            after_gap: whether a gap lies before the frame.
            beside: another value of each frame.

        Returns:
            Of each bend that is over: its deepest flexion, degrees, and the value beside it there.
        """
        zone = np.ones(len(flexion_deg), np.int8)
        zone[flexion_deg >= self.limit_deg] = 2
        zone[flexion_deg < self.params.bend_return_deg] = 0
        zone[np.isnan(flexion_deg)] = -1
        starts = run_starts(zone, after_gap)
        over = []
        for at, end in zip(starts.tolist(), [*starts[1:].tolist(), len(zone)], strict=True):
            over += self._take(int(zone[at]), end - at, bool(after_gap[at]))
            if zone[at] == 2:
                deepest = at + int(np.argmax(flexion_deg[at:end]))
                value = float("nan") if beside is None else float(beside[deepest])
                self._deepest = max(self._deepest, (float(flexion_deg[deepest]), value), key=lambda pair: pair[0])
        return over

    def _take(self, zone: int, frames: int, after_gap: bool) -> list[tuple[float, float]]:
        over = []
        if after_gap or zone < 0:
            self._begin(ready=False)
        if zone == 0:
            if self._beyond_frames >= round(self.params.bend_min_s / FRAME_PERIOD_S):
                self.count += 1
                over.append(self._deepest)
            self._begin(ready=True)
        elif self._ready and (zone == 2 or self._beyond_frames > 0):
            self._beyond_frames += frames
        return over

    def _begin(self, *, ready: bool) -> None:
        """Forget the bend that went on; a new one counts if it begins below the return limit."""
        self._ready, self._beyond_frames, self._deepest = ready, 0, (float("-inf"), float("nan"))


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
