"""What the tilt of the pelvis says about sitting: on a chair it rolls back, and walking shows how it stands.

Weak evidence: in free life a cut at 11.6° from the walking direction told sitting from standing in nine of ten cases
(Vähä-Ypyä et al. 2018). It is the same tilt as long as a posture is held, so it counts once and not once a frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from spinewatch_signal.flexion import wrap_deg
from spinewatch_signal.grid import FRAMES_PER_S
from spinewatch_signal.samples import Floats

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class TiltParams:
    """How much tilt says.

    Args:
        cut_deg: a pelvis that leans from its walking direction by this sits as likely as it stands (Vähä-Ypyä 2018).
        clear_deg: further away from the cut than this, either way, it says all it can.
        clear_odds: and that is so many to one: five in six are right; free life gave nine in ten, and people differ.
        own_deg: where the wearer's own sit is known it serves instead of the cut, if it differs from standing by this.
        walked_s: so much walking shows the walking direction.
        mean_s: over so much walking it is averaged.
    """

    cut_deg: float = 11.6
    clear_deg: float = 8.0
    clear_odds: float = 5.0
    own_deg: float = 8.0
    walked_s: float = 5.0
    mean_s: float = 60.0


class PelvisTilt:
    """Flexion of the pelvis in, how much it speaks for sitting out; causal, and the same for any chunking."""

    def __init__(self, params: TiltParams | None = None) -> None:
        self.params = params or TiltParams()
        self._share = 1 / (self.params.mean_s * FRAMES_PER_S)
        self._sum, self._count = np.zeros(1), np.zeros(1)
        self._walked = 0
        self._walking_deg = np.nan

    def update(self, pelvis_deg: Floats, walking: Mask, seated_deg: float | None) -> Floats:
        """Logarithm of the odds of sitting that the tilt gives, (m,); NaN where it tells nothing.

        Args:
            pelvis_deg: (m,) flexion, NaN where blank.
            walking: (m,) rows of walking.
            seated_deg: flexion in the wearer's own upright sit, where it is known.
        """
        rows = np.flatnonzero(walking & ~np.isnan(pelvis_deg))
        means = np.full(len(pelvis_deg), np.nan)
        if len(rows):
            means[rows] = self._means(pelvis_deg[rows])
        latest = np.maximum.accumulate(np.where(np.isnan(means), -1, np.arange(len(means))))
        walking_deg = np.where(latest >= 0, means[latest], self._walking_deg)
        if len(walking_deg):
            self._walking_deg = float(walking_deg[-1])
        return self._weight(pelvis_deg, walking_deg, seated_deg)

    def of_recording(self, pelvis_deg: Floats, walking: Mask, seated_deg: float | None) -> Floats:
        """The same for a whole recording, with the walking direction of all of it."""
        walked = pelvis_deg[walking & ~np.isnan(pelvis_deg)]
        enough = len(walked) >= self.params.walked_s * FRAMES_PER_S
        walking_deg = float(np.median(walked)) if enough else np.nan
        return self._weight(pelvis_deg, np.full(len(pelvis_deg), walking_deg), seated_deg)

    def _means(self, walked_deg: Floats) -> Floats:
        """(n,) fading mean over the walking so far; NaN while that is too short."""
        keep = [1.0, self._share - 1]
        total, self._sum = lfilter([self._share], keep, walked_deg, zi=self._sum)
        count, self._count = lfilter([self._share], keep, np.ones(len(walked_deg)), zi=self._count)
        nth = self._walked + 1 + np.arange(len(walked_deg))
        self._walked = int(nth[-1])
        means: Floats = np.where(nth >= self.params.walked_s * FRAMES_PER_S, total / count, np.nan)
        return means

    def _weight(self, pelvis_deg: Floats, walking_deg: Floats, seated_deg: float | None) -> Floats:
        p = self.params
        if seated_deg is not None and abs(seated_deg) >= p.own_deg:
            # 0 is the still upright of the same calibration.
            beyond = np.sign(seated_deg) * pelvis_deg - abs(seated_deg) / 2
            clear_deg = abs(seated_deg) / 2
        else:
            beyond, clear_deg = np.abs(wrap_deg(pelvis_deg - walking_deg)) - p.cut_deg, p.clear_deg
        weight: Floats = np.log(p.clear_odds) * np.clip(beyond / clear_deg, -1.0, 1.0)
        return weight
