"""Whether somebody who is still and upright sits or stands: a probability, from what happened around.

A chain of two states. Sitting down and getting up change it, as far as they are believed; walking makes standing
certain; in between it forgets slowly, because transitions are missed. A sensor on the pelvis adds its tilt, which rolls
back on a chair; the chest has nothing to add, since people sit as upright as they stand (their own difference on a
measured chest was 5-34°).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.grid import FRAMES_PER_S
from spinewatch_signal.marks import Direction
from spinewatch_signal.posture import Activity
from spinewatch_signal.samples import Floats
from spinewatch_signal.transitions import SeenTransition

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class SitStandParams:
    """What is believed.

    Args:
        sit_s, stand_s: usual length of sitting and of standing or walking about in office life.
        missed: share of transitions that are not seen.
        walking_sits: probability of sitting while walking is said.
        other_way: weight of a transition having gone the other way.
        forget_s: after a gap as long as this, nothing is known.
        unsure_share: what is told is blank while it is nearer to what would be said knowing nothing than this.
    """

    sit_s: float = 900.0
    stand_s: float = 300.0
    missed: float = 0.15
    walking_sits: float = 0.005
    other_way: float = 0.03
    forget_s: float = 60.0
    unsure_share: float = 0.02


@dataclass(frozen=True, eq=False, slots=True)
class SitStandInput:
    """Grid rows as the chain takes them.

    Args:
        k: (m,) grid index.
        activity: (m,) codes of `Activity` with still and upright as `UPRIGHT`.
        pelvis_deg: (m,) flexion of a sensor on the pelvis, NaN where blank; None without one.
    """

    k: NDArray[np.int64]
    activity: NDArray[np.uint8]
    pelvis_deg: Floats | None = None


class SitStand:
    """Grid rows and transitions in, probability of sitting out; causal, and the same for any chunking.

    Args:
        params: what is believed.
        seated_deg: flexion of the pelvis in the wearer's own upright sit, where the calibration knows it.
    """

    def __init__(self, params: SitStandParams | None = None, seated_deg: float | None = None) -> None:
        self.params = params or SitStandParams()
        self.seated_deg = seated_deg
        self._anchor: tuple[int, float] | None = None
        self._last_k: int | None = None

    def update(self, rows: SitStandInput, seen: Sequence[SeenTransition]) -> Floats:
        """Probability of sitting, (m,), NaN where not still and upright and where nothing tells.

        Args:
            rows: later than all before.
            seen: transitions that became known at these rows.
        """
        told = np.full(len(rows.k), np.nan)
        stops = sorted({0, len(rows.k), *np.searchsorted(rows.k, [s.known_k for s in seen]).tolist(), *_edges(rows)})
        by_k = {s.known_k: s for s in seen}
        for first, end in pairwise(stops):
            self._enter(rows, first, by_k.get(int(rows.k[first])))
            if self._anchor is not None:
                since_s = (rows.k[first:end] - self._anchor[0]) / FRAMES_PER_S
                told[first:end] = self._after(self._anchor[1], since_s)
            self._leave(rows, end - 1)
        told[rows.activity != Activity.UPRIGHT] = np.nan
        return told

    def _enter(self, rows: SitStandInput, i: int, seen: SeenTransition | None) -> None:
        k = int(rows.k[i])
        if self._last_k is not None and k - self._last_k > self.params.forget_s * FRAMES_PER_S:
            self._anchor = None
        if rows.activity[i] == Activity.LYING:
            self._anchor = None
        elif seen is not None:
            self._anchor = (k, self._changed(k, seen))

    def _leave(self, rows: SitStandInput, i: int) -> None:
        self._last_k = int(rows.k[i])
        if rows.activity[i] == Activity.WALKING:
            self._anchor = (self._last_k, self.params.walking_sits)

    def _changed(self, k: int, seen: SeenTransition) -> float:
        before = self._rest
        if self._anchor is not None:
            before = float(self._after(self._anchor[1], np.array((k - self._anchor[0]) / FRAMES_PER_S)))
        p, likely = self.params, seen.transition.probability
        sat_down = seen.transition.direction is Direction.STAND_TO_SIT
        comes, goes = (likely, p.other_way) if sat_down else (p.other_way, likely)
        sits = before * (1 - likely) + (1 - before) * comes
        stands = (1 - before) * (1 - likely) + before * goes
        return sits / (sits + stands)

    @property
    def _rest(self) -> float:
        return self.params.sit_s / (self.params.sit_s + self.params.stand_s)

    def _after(self, probability: float, since_s: Floats) -> Floats:
        """What becomes of a probability while nothing is seen."""
        p = self.params
        rate_hz = p.missed * (1 / p.sit_s + 1 / p.stand_s)
        left: Floats = np.exp(-rate_hz * since_s)
        return self._rest + (probability - self._rest) * left


def smoothed(
    rows: SitStandInput,
    seen: Sequence[SeenTransition],
    params: SitStandParams | None = None,
    seated_deg: float | None = None,
) -> Floats:
    """The same for a whole recording, each moment told from before and after.

    Args:
        rows: of the whole recording, walking from its true beginning.
        seen: all transitions; each counts at the middle of its time.
        params: what is believed.
        seated_deg: as for `SitStand`.
    """
    at_time = [SeenTransition(round(s.transition.middle_s * FRAMES_PER_S), s.transition) for s in seen]
    return SitStand(params, seated_deg).update(rows, at_time)


def _edges(rows: SitStandInput) -> list[int]:
    """Rows at which walking, lying or a stretch without gap begins or ends."""
    special = np.where(np.isin(rows.activity, (Activity.WALKING, Activity.LYING)), rows.activity, 0)
    edges: list[int] = (np.flatnonzero((np.diff(special.astype(np.int16)) != 0) | (np.diff(rows.k) > 1)) + 1).tolist()
    return edges
