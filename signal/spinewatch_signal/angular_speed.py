"""How fast the trunk turns, by two named definitions; figures by different definitions must not be compared.

* *Generalised inclination velocity*: the angle between two successive verticals of the 10 Hz grid over 0.1 s, so a turn
  in any direction but about the vertical counts, and it is never negative.
* *Flexion speed*: the change of the flexion angle alone over the same 0.1 s, as a magnitude.

Neither is filtered beyond the grid. Published figures by inclination and by generalised velocity differ about twofold,
and those of accelerometers from those of gyroscopes again by as much (Fan et al. 2021).
"""

from __future__ import annotations

import numpy as np

from spinewatch_signal.flexion import wrap_deg
from spinewatch_signal.grid import FRAMES_PER_S
from spinewatch_signal.samples import Floats
from spinewatch_signal.tallies import Mask, SpeedHistogram

DEFINITION = "angle between successive verticals on a 10 Hz grid over 0.1 s, not filtered"
FLEXION_DEFINITION = "change of flexion on a 10 Hz grid over 0.1 s, as a magnitude, not filtered"


class SpeedCounter:
    """Distributions of both speeds, accumulating.

    Attributes:
        generalised, flexion: their histograms, °/s; read only.
    """

    def __init__(self) -> None:
        self.generalised = SpeedHistogram()
        self.flexion = SpeedHistogram()
        self._last = (float("nan"), float("nan"))

    def add(self, flexion_deg: Floats, lateral_deg: Floats, after_gap: Mask) -> None:
        """Take frames, (m,): angles with NaN where blank or lying, and where a gap lies before the frame."""
        if len(flexion_deg) == 0:
            return
        flexion = np.concatenate(([self._last[0]], flexion_deg))
        lateral = np.concatenate(([self._last[1]], lateral_deg))
        self._last = (float(flexion[-1]), float(lateral[-1]))
        turned = wrap_deg(np.diff(flexion))
        known = ~np.isnan(turned) & ~after_gap
        self.flexion.add(np.abs(turned[known]) * FRAMES_PER_S)
        self.generalised.add(angle_between_deg(flexion, lateral)[known] * FRAMES_PER_S)


def angle_between_deg(flexion_deg: Floats, lateral_deg: Floats) -> Floats:
    """Angle between each vertical and the next, degrees, (m - 1,).

    The vertical in the body frame is ``(-sin F cos L, sin L, cos F cos L)``; half the chord between two of them is the
    sine of half the angle, which stays exact where the angle is small (by the haversine formula).

    Args:
        flexion_deg: (m,) NaN gives NaN.
        lateral_deg: (m,) of the same verticals.
    """
    flexion, lateral = np.radians(flexion_deg), np.radians(lateral_deg)
    cos_lateral = np.cos(lateral)
    half_f, half_l = np.sin(np.diff(flexion) / 2), np.sin(np.diff(lateral) / 2)
    square = half_l * half_l + cos_lateral[1:] * cos_lateral[:-1] * half_f * half_f
    angle: Floats = np.degrees(2 * np.arcsin(np.sqrt(np.minimum(square, 1.0))))
    return angle
