"""How much of a bend the lumbar spine does itself: lumbar flexion over trunk flexion at the deepest point.

People without back pain bend with 51 % from the lumbar spine, people with pain with 46 % (Laird et al. 2016, doi
10.1186/s12891-016-1250-1; standing flexion, upper sensor at T12). Between two tests of one person it varies by 8-15 %.
With the upper sensor higher up the thoracic spine takes a part of the trunk's angle, and shares are not comparable.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinewatch_signal.exposure import BendCounter, ExposureParams
from spinewatch_signal.samples import Floats
from spinewatch_signal.tallies import Histogram, Mask


@dataclass(frozen=True, slots=True)
class BendShare:
    """The lumbar share of the bends of a day.

    Args:
        bends: how many it stands on: beyond 30° and back, both sensors known at the deepest point.
        median_percent: the median of their shares, right to 0.5 %; None without a bend.
    """

    bends: int
    median_percent: float | None


class BendShareCounter:
    """Distribution of the shares, accumulating in constant memory."""

    def __init__(self, params: ExposureParams | None = None) -> None:
        self.params = params or ExposureParams()
        self._bends = BendCounter(min(self.params.bends_deg), self.params)
        self._shares = Histogram(-100.0, 1, 300)

    def add(self, flexion_deg: Floats, lumbar_deg: Floats, after_gap: Mask) -> None:
        """Take frames, (m,): trunk and lumbar flexion, NaN where blank or lying, and where a gap lies before."""
        if len(flexion_deg) == 0:
            return
        over = self._bends.add(flexion_deg, after_gap, lumbar_deg)
        known = [100.0 * lumbar / trunk for trunk, lumbar in over if lumbar == lumbar]
        self._shares.add(np.array(known))

    @property
    def result(self) -> BendShare:
        """The figure so far."""
        found = self._shares.percentiles()
        return BendShare(self._shares.frames, None if found is None else found.p50)
