"""Whether somebody who is still and upright sits or stands: a probability, from what happened before, and after.

A chain of two states. Sitting down and getting up change it, as far as they are believed; walking makes standing
certain before and after it; lying and long gaps make it unknown. In between, not having seen a transition speaks
against one, but some are missed, so that certainty fades. A sensor on the pelvis adds its tilt, which rolls back on a
chair; the chest has nothing to add, since people sit as upright as they stand.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.grid import FRAMES_PER_S
from spinewatch_signal.marks import Direction, Transition
from spinewatch_signal.pelvis_tilt import PelvisTilt, TiltParams
from spinewatch_signal.posture import Activity
from spinewatch_signal.samples import Floats
from spinewatch_signal.transitions import SeenTransition

Mask = NDArray[np.bool_]
Weights = tuple[float, float]
"""Of sitting and of standing; only their ratio counts."""


@dataclass(frozen=True)
class SitStandParams:
    """What is believed.

    Args:
        sit_s: usual length of sitting in office life; with `stand_s` that is 2.4 rises an hour (provisional: office
            workers rise 2 to 4 times an hour and sit for 60 to 75 % of it).
        stand_s: the same of being on one's feet, desks to stand at included.
        missed: share of transitions that are not seen; at home 15 % were missed with one sensor on the lower back (Pham
            et al. 2018, doi 10.3389/fneur.2018.00652).
        walks_off: share of rises that are followed by a walk, and so not missed for long (provisional).
        walk_every_s: who stands walks off about this often (provisional).
        rhythm_s: shifting about on a seat may look like a few steps; how much less likely it is that a rhythm of some
            length was that falls to a third with each of these.
        surest: and no evidence of walking counts for more than this, to one.
        other_way: weight of a transition having gone the other way: none of a hundred labelled ones did.
        forget_s: after a gap as long as this, nothing is known.
        tilt: of the pelvis.
    """

    sit_s: float = 900.0
    stand_s: float = 600.0
    missed: float = 0.15
    walks_off: float = 0.8
    walk_every_s: float = 180.0
    rhythm_s: float = 3.0
    surest: float = 200.0
    other_way: float = 0.01
    forget_s: float = 60.0
    tilt: TiltParams = field(default_factory=TiltParams)


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
        seated_deg: flexion of the pelvis in the wearer's own upright sit, where the calibration knows it; may be set
            anew at any time.
    """

    def __init__(self, params: SitStandParams | None = None, seated_deg: float | None = None) -> None:
        self.params = params or SitStandParams()
        self.seated_deg = seated_deg
        self._chain = _Chain(self.params)
        self._tilt = PelvisTilt(self.params.tilt)

    def update(self, rows: SitStandInput, seen: Sequence[SeenTransition]) -> Floats:
        """Probability of sitting, (m,), NaN where not still and upright and where nothing tells.

        Args:
            rows: later than all before.
            seen: transitions that became known at these rows.
        """
        known, log_odds = self._chain.run(rows, [(s.known_k, s.transition) for s in seen])
        if rows.pelvis_deg is not None:
            walking = rows.activity == Activity.WALKING
            weight = self._tilt.update(rows.pelvis_deg, walking, self.seated_deg)
            known, log_odds = _with_tilt(known, log_odds, weight, self.params)
        return _told(rows, known, log_odds)


def smoothed(
    rows: SitStandInput,
    seen: Sequence[SeenTransition],
    params: SitStandParams | None = None,
    seated_deg: float | None = None,
) -> Floats:
    """The same for a whole recording, each moment told from before and after.

    Args:
        rows: of the whole recording, walking from its true beginning.
        seen: all transitions; each is over at its end, and has not begun before its start.
        params: what is believed.
        seated_deg: as for `SitStand`.
    """
    p = params or SitStandParams()
    begun = [(round(s.transition.start_s * FRAMES_PER_S), s.transition) for s in seen]
    over = [(round(s.transition.end_s * FRAMES_PER_S), s.transition) for s in seen]
    before, log_before = _Chain(p).run(rows, over)
    backward = SitStandInput(-rows.k[::-1], rows.activity[::-1])
    after, log_after = _Chain(p, backward=True).run(backward, [(-k, t) for k, t in reversed(begun)])
    known = before | after[::-1]
    log_odds = np.where(before, log_before, _usual_log_odds(p)) + log_after[::-1]
    if rows.pelvis_deg is not None:
        tilt = PelvisTilt(p.tilt)
        weight = tilt.of_recording(rows.pelvis_deg, rows.activity == Activity.WALKING, seated_deg)
        known, log_odds = _with_tilt(known, log_odds, weight, p)
    return _told(rows, known, log_odds)


class _Chain:
    """What the events before each row say, or, run backward over reversed rows, those after it.

    Args:
        params: what is believed.
        backward: rows come in reverse, with negative indices. What is told then are not probabilities but how much
            more likely all that comes later is if the wearer sits here, so nothing is assumed beforehand.
    """

    def __init__(self, params: SitStandParams, *, backward: bool = False) -> None:
        self._params, self._backward = params, backward
        self._from: tuple[int, Weights] | None = None
        self._walk: tuple[int, Weights] | None = None
        self._last_k: int | None = None
        self._faster_hz, self._modes = _modes(params, backward)
        self._shares = np.linalg.inv(self._modes)
        # Who sat before a walk has risen unseen: how often that is, compared with walking off from standing.
        self._rose = params.missed * params.walks_off * params.walk_every_s / params.sit_s

    def run(self, rows: SitStandInput, changes: Sequence[tuple[int, Transition]]) -> tuple[Mask, Floats]:
        """Where something is known, (m,), and the logarithm of the odds of sitting there, (m,), else 0."""
        n = len(rows.k)
        known, log_odds = np.zeros(n, np.bool_), np.zeros(n)
        at = np.searchsorted(rows.k, [k for k, _ in changes])
        stops = sorted({0, n, *at.tolist(), *_edges(rows, self._params.forget_s)})
        todo = list(zip(at.tolist(), changes, strict=True))
        for first, end in pairwise(stops):
            self._enter(rows, first)
            while todo and todo[0][0] <= first:
                _, (k, transition) = todo.pop(0)
                self._change(k, transition)
            if self._from is not None:
                known[first:end] = True
                log_odds[first:end] = self._log_odds(rows.k[first:end])
            self._leave(rows, end - 1)
        return known, log_odds

    def _enter(self, rows: SitStandInput, i: int) -> None:
        k = int(rows.k[i])
        gap = self._last_k is not None and k - self._last_k > self._params.forget_s * FRAMES_PER_S
        if gap or rows.activity[i] == Activity.LYING:
            self._from = self._walk = None
        if rows.activity[i] != Activity.WALKING:
            self._walk = None
        elif self._walk is None:
            self._walk = (k, self._weights(k))

    def _leave(self, rows: SitStandInput, i: int) -> None:
        self._last_k = int(rows.k[i])
        if self._walk is not None:
            since_k, (sits, stands) = self._walk
            lasted_s = (self._last_k + 1 - since_k) / FRAMES_PER_S
            seated = max(1 / self._params.surest, math.exp(-lasted_s / self._params.rhythm_s))
            rose = self._rose * (1 - seated)
            weights = (
                (sits * seated + stands * rose, stands) if self._backward else (sits * seated, stands + sits * rose)
            )
            self._from = (self._last_k, weights)

    def _change(self, k: int, transition: Transition) -> None:
        p, likely = self._params, transition.probability
        sits, stands = self._weights(k)
        sits_down = (transition.direction is Direction.STAND_TO_SIT) is not self._backward
        to_sit, to_stand = (likely, p.other_way) if sits_down else (p.other_way, likely)
        stay = 1 - likely
        self._from = (k, (sits * stay + stands * to_sit, stands * stay + sits * to_stand))
        if self._walk is not None:
            self._walk = self._from

    def _weights(self, k: int) -> Weights:
        if self._from is None:
            return (1.0, 1.0) if self._backward else (self._params.sit_s, self._params.stand_s)
        return float(np.exp(self._log_odds(np.array([k]))[0])), 1.0

    def _log_odds(self, k: NDArray[np.int64]) -> Floats:
        """What becomes of the weights while nothing is seen.

        They fade to what is usual and no further: chairs are left less often than desks to stand at, so that hours
        without news would speak for sitting, though nothing was seen of it.
        """
        if self._from is None:
            raise RuntimeError("nothing is known")
        since_k, weights = self._from
        shares = self._shares @ weights
        fading = np.exp(-self._faster_hz / FRAMES_PER_S * np.maximum(0, k - since_k))
        sits, stands = (m[0] * shares[0] + m[1] * shares[1] * fading for m in self._modes)
        log_odds: Floats = np.log(np.maximum(sits, 1e-12)) - np.log(np.maximum(stands, 1e-12))
        begun = math.log(max(weights[0], 1e-12)) - math.log(max(weights[1], 1e-12))
        return np.minimum(log_odds, max(begun, 0.0 if self._backward else _usual_log_odds(self._params)))


def _modes(p: SitStandParams, backward: bool) -> tuple[float, Floats]:
    """How the weights of sitting and standing change while no transition is seen: the slow and the fast mode.

    Who sits gets up at a rate, most of which would be seen: the weight of sitting falls by all of it and that of
    standing gains the rest.

    Returns:
        How much faster the second mode fades than the first, 1/s; the modes (2, 2) as columns.
    """
    up, down = 1 / p.sit_s, 1 / p.stand_s
    rates = np.array([[-up, p.missed * down], [p.missed * (1 - p.walks_off) * up, -down]])
    values, vectors = np.linalg.eig(rates.T if backward else rates)
    order = np.argsort(-values)
    return float(values[order[0]] - values[order[1]]), vectors[:, order]


def _usual_log_odds(p: SitStandParams) -> float:
    return float(np.log(p.sit_s / p.stand_s))


def _with_tilt(known: Mask, log_odds: Floats, weight: Floats, p: SitStandParams) -> tuple[Mask, Floats]:
    """Where the tilt of the pelvis tells (weight not NaN), it is known, and counts beside what was known."""
    tells = ~np.isnan(weight)
    both = np.where(known, log_odds, _usual_log_odds(p)) + np.where(tells, weight, 0.0)
    return known | tells, both


def _told(rows: SitStandInput, known: Mask, log_odds: Floats) -> Floats:
    probability = 1 / (1 + np.exp(-np.clip(log_odds, -20.0, 20.0)))
    told: Floats = np.where(known & (rows.activity == Activity.UPRIGHT), probability, np.nan)
    return told


def _edges(rows: SitStandInput, forget_s: float) -> list[int]:
    """Rows at which walking, lying or a stretch without a long gap begins or ends."""
    if len(rows.k) < 2:
        return []
    walks, lies = rows.activity == Activity.WALKING, rows.activity == Activity.LYING
    changes = (walks[1:] != walks[:-1]) | (lies[1:] != lies[:-1])
    changes |= np.diff(rows.k) > forget_s * FRAMES_PER_S
    edges: list[int] = (np.flatnonzero(changes) + 1).tolist()
    return edges
