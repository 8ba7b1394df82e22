"""Sitting down and getting up, from one sensor on the trunk or the pelvis.

Who gets up lifts the hip by the height of a lap, and it stays there; who picks something up comes back, who climbs
stairs goes on. So the measure is the lasting change of the height of the hip around each moment: the vertical
acceleration, without the part that comes from the trunk's own leaning, against a kernel that is blind to a constant
acceleration (scale and offset of the sensor) and to a constant speed (stairs, lifts). The direction is its sign.

After the ideas, not the code, of Atrsaei et al. 2020 (doi 10.1186/s12984-020-00692-4: height and tilt from one waist
sensor) and Pham et al. 2018 (doi 10.3389/fneur.2018.00652).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.grid import FRAMES_PER_S
from spinewatch_signal.marks import Direction, Transition
from spinewatch_signal.samples import Floats, Site

LEVER_M = {Site.UPPER_BACK: 0.40, Site.T12: 0.25, Site.PELVIS: 0.10}
"""Height of a sensor above the hip axis when upright: about 0.24, 0.15 and 0.06 of a stature of 1.7 m."""


@dataclass(frozen=True)
class TransitionParams:
    """What counts as sitting down or getting up.

    Args:
        inner_s: the change of height is taken over this long on either side of the moment: half of the 2-3.4 s that a
            transition takes.
        outer_s: and from there on the kernel falls to nothing over this long, which is what it knows of a steady speed.
        least_m: smallest lasting change of the hip's height: half of that from a usual chair (0.4 m).
        apart_s: two transitions are at least this far apart: nearer ones are the side lobes of the kernel.
        upright_deg: before and after, the trunk is within this of the vertical: who lies does neither.
        lasts_s: how long a transition is said to take: the median of published lengths.
    """

    inner_s: float = 1.2
    outer_s: float = 1.0
    least_m: float = 0.2
    apart_s: float = 2.2
    upright_deg: float = 55.0
    lasts_s: float = 2.4


@dataclass(frozen=True, slots=True)
class SeenTransition:
    """A transition, and the grid index of the row that completed it: live, nothing knew of it before."""

    known_k: int
    transition: Transition


class TransitionDetector:
    """Grid rows of one sensor in, transitions out, at most 3 s after they are over; the same for any chunking.

    Args:
        params: rules.
        site: where the sensor sits whose rows are given.

    Attributes:
        found: all transitions so far, backdated, in time order.
    """

    def __init__(self, params: TransitionParams | None = None, site: Site = Site.UPPER_BACK) -> None:
        self.params = params or TransitionParams()
        self.site = site
        self.found: list[Transition] = []
        self._kernel = _kernel(self.params)
        self._k = np.empty(0, np.int64)
        self._rows = np.empty((0, 3))

    def update(
        self, k: NDArray[np.int64], flexion_deg: Floats, inclination_deg: Floats, acc_up: Floats
    ) -> list[SeenTransition]:
        """Transitions that these rows complete.

        Args:
            k: (m,) grid index, later than all before.
            flexion_deg: (m,) of the sensor's own segment, NaN where blank.
            inclination_deg: (m,) of the same.
            acc_up: (m, 5) specific force along the vertical at 50 Hz, m/s², of the same sensor.
        """
        if len(k) == 0:
            return []
        new = np.column_stack((acc_up.mean(axis=1), np.cos(np.radians(flexion_deg)), inclination_deg))
        if len(self._k) == 0:
            # Before the first row nothing is known: so every later row has as much behind it as the others.
            self._k = k[0] + np.arange(-self._behind, 0)
            self._rows = np.full((self._behind, 3), np.nan)
        rows, ks = np.concatenate((self._rows, new)), np.concatenate((self._k, k))
        seen = self._search(ks, rows)
        self._k, self._rows = ks[-self._behind :].copy(), rows[-self._behind :].copy()
        self.found += [s.transition for s in seen]
        return seen

    @property
    def _reach(self) -> int:
        """Rows on either side of a moment that its change of height is computed from."""
        return len(self._kernel) // 2 + 1

    @property
    def _apart(self) -> int:
        return round(self.params.apart_s * FRAMES_PER_S)

    @property
    def _behind(self) -> int:
        """Rows that a new row looks back on."""
        return 2 * (self._reach + self._apart)

    def _search(self, k: NDArray[np.int64], rows: Floats) -> list[SeenTransition]:
        change_m = self._height_change(k, rows)
        apart, size = self._apart, np.abs(change_m)
        windows = np.lib.stride_tricks.sliding_window_view(size, 2 * apart + 1)
        middle = size[apart:-apart]
        highest = (middle >= self.params.least_m) & (np.argmax(windows, axis=1) == apart)
        delay = self._reach + apart
        centres = apart + np.flatnonzero(highest)
        centres = centres[(centres + delay >= self._behind) & (centres + delay < len(k))]
        return [self._seen(k, c + delay, c, float(change_m[c])) for c in centres.tolist() if self._upright(rows, c)]

    def _height_change(self, k: NDArray[np.int64], rows: Floats) -> Floats:
        """(n,) lasting change of the hip's height around each row, m; 0 where a gap or a blank lies within reach."""
        force, cosine = rows[:, 0], rows[:, 1]
        own = np.zeros(len(k))
        own[1:-1] = LEVER_M[self.site] * FRAMES_PER_S**2 * (cosine[2:] - 2 * cosine[1:-1] + cosine[:-2])
        hip = force - own
        hip[1:][np.diff(k) > 1] = np.nan
        return np.nan_to_num(np.convolve(hip, self._kernel[::-1], mode="same"), nan=0.0)

    def _upright(self, rows: Floats, centre: int) -> bool:
        reach = len(self._kernel) // 2
        ends = rows[[centre - reach, centre + reach], 2]
        return bool((ends < self.params.upright_deg).all())

    def _seen(self, k: NDArray[np.int64], known: int, centre: int, change_m: float) -> SeenTransition:
        middle_s, half_s = float(k[centre]) / FRAMES_PER_S, self.params.lasts_s / 2
        direction = Direction.SIT_TO_STAND if change_m > 0 else Direction.STAND_TO_SIT
        probability = 1 / (1 + math.exp(-(abs(change_m) - self.params.least_m) / 0.05))
        return SeenTransition(
            int(k[known]), Transition(middle_s - half_s, middle_s + half_s, direction, max(0.5, probability))
        )


def _kernel(params: TransitionParams) -> Floats:
    """(odd,) weights of accelerations on the grid whose sum is the lasting change of height.

    Of a movement that begins and ends at rest within ±h the change of height is ``-∫ t a dt``; falling to nothing
    over the outer seconds, instead of at once, cancels a constant speed and quiets steps.
    """
    inner, outer = params.inner_s, params.outer_s
    n = round((inner + outer) * FRAMES_PER_S)
    t_s = np.arange(-n, n + 1) / FRAMES_PER_S
    size = np.minimum(np.abs(t_s), inner * (inner + outer - np.abs(t_s)) / outer)
    kernel: Floats = -np.sign(t_s) * size / FRAMES_PER_S
    return kernel
