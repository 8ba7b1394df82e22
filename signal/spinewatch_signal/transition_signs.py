"""The signs of sitting down and getting up.

Who gets up lifts the hip by the height of a lap and stays there, at rest on the seat before, and leans forward in
between. Who picks something up comes back; who climbs stairs steps; who lies down is not upright. A transition is as
probable as all of these signs together. In a rapid series, as in a test of five rises, nobody rests on the seat: there
the single rise, and a lean that comes back on both sides of it, have to do.

After the ideas, not the code, of Atrsaei et al. 2020 (doi 10.1186/s12984-020-00692-4: height and tilt from one sensor
at the waist) and Pham et al. 2018 (doi 10.3389/fneur.2018.00652).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from spinewatch_signal.grid import FRAMES_PER_S
from spinewatch_signal.hip_height import HeightChange, MotionRows, Swing, height_change, swing_at
from spinewatch_signal.marks import Direction, Transition
from spinewatch_signal.samples import Floats, Site

LEVER_M = {Site.UPPER_BACK: 0.40, Site.T12: 0.25, Site.PELVIS: 0.10}
"""Height of a sensor above the hip axis when upright: about 0.24, 0.15 and 0.06 of a stature of 1.7 m."""
LONGEST_HALF_S = 1.5
"""Published transitions take up to 3 s; quiet rows further away are not part of it."""
_SCALES = (1.0, 2 / 3, 4 / 3)
_RAPID_SCALES = (1 / 2, 2 / 3, 1.0)
_NEAR_ROWS = 4
"""The one rise or fall is best compared within this of its highest speed."""


@dataclass(frozen=True)
class TransitionParams:
    """What counts as sitting down or getting up.

    A sign is half believed at its limit and to 95 % three widths beyond it; a transition is as probable as the product
    of its signs. The limits lie between what physics and the literature give and what other movements do; on the
    labelled recordings at hand no limit moved by a tenth changes F1 by more than 0.02.

    Args:
        half_s: half of the time that the one rise or fall takes which is looked for; others are compared with 2/3 and
            4/3 of it. Published transitions take 1.5 to 3.5 s with the lean before.
        speed_m_s: it is looked at from this vertical speed on: 0.2 m in 2.5 s at the fastest moment.
        before_s: a rest is looked for as far back as this from the middle.
        after_s: and as far forward; so long it takes until a transition is known.
        alike: share (square root of the share of the variance) of the vertical force around it that the one rise or
            fall explains; a single step is not much of a climb.
        height_m: lasting change of the hip's height: half of that of a usual chair (0.4 m).
        height_most_m: no chair is as high as this.
        direct: the change as a share of the whole way up and down.
        direct_walking: the same where the wearer comes from, or goes on, walking.
        lean_deg: how far the trunk leans beyond both sides, or the pelvis tilts between them. Rising from a chair
            without arms takes 20° and more.
        upright_deg: before and after, the trunk is within this of the vertical: who lies does neither. 64.9° told
            lying from sitting without an error at the hip (Vähä-Ypyä et al. 2018).
        series_alike: in a rapid series, where nobody rests on the seat, instead of `alike`.
        series_even: in a series, rises and falls are as fast as each other: no less than this of the fastest around.
        width: of the signs, as a share of the limit.
        least: probability from which on it is told.
        apart_s: two of one direction are at least this far apart.
        series_apart_s: and one up and one down this far.
    """

    half_s: float = 1.2
    speed_m_s: float = 0.15
    before_s: float = 4.0
    after_s: float = 3.0
    alike: float = 0.26
    height_m: float = 0.2
    height_most_m: float = 0.9
    direct: float = 0.35
    direct_walking: float = 0.5
    lean_deg: float = 6.0
    upright_deg: float = 65.0
    series_alike: float = 0.3
    series_even: float = 0.5
    width: float = 0.15
    least: float = 0.5
    apart_s: float = 1.5
    series_apart_s: float = 0.7


@cache
def kernel(half_s: float) -> Floats:
    """(odd,) weights on grid rows whose product with vertical accelerations is the speed of one rise, m/s; read only.

    It is a period of a sine: matched to a speed that comes and goes as 1 + cos, and blind to a constant acceleration.
    """
    n = round(half_s * FRAMES_PER_S)
    t_s = np.arange(-n, n + 1) / FRAMES_PER_S
    weights: Floats = -2 / np.pi * np.sin(np.pi * t_s / half_s) / FRAMES_PER_S
    weights.flags.writeable = False
    return weights


def judged(rows: MotionRows, centre: int, first_k: int, site: Site, params: TransitionParams) -> Transition | None:
    """The transition in the middle of which a row lies; None where it is none.

    Args:
        rows: some seconds on either side.
        centre: the row.
        first_k: grid index of the first row.
        site: where the sensor sits.
        params: rules.
    """
    alike = float(_alike(rows.hip, range(centre, centre + 1), params, _RAPID_SCALES)[0])
    ends_deg = rows.inclination_deg[[0, -1]]
    if abs(alike) < 0.5 * params.alike or ends_deg.max() > params.upright_deg:
        return None
    change = height_change(rows, centre, LEVER_M[site])
    lone = 0.0 if change is None else _lone(change, rows.hip, params)
    swing = None if _rests_on_both_sides(change) else swing_at(rows, centre, up=alike > 0)
    serial = 0.0 if swing is None else _serial(swing, abs(alike), params)
    if max(lone, serial) < params.least:
        return None
    if change is not None and serial < params.least:
        return _told(_around(change.fastest, change.before.row, change.after.row), first_k, change.change_m > 0, lone)
    return None if swing is None else _told((swing.first, swing.last), first_k, alike > 0, serial)


def _told(rows: tuple[int, int], first_k: int, up: bool, probability: float) -> Transition:
    start_s, end_s = ((first_k + row) / FRAMES_PER_S for row in rows)
    return Transition(start_s, end_s, Direction.SIT_TO_STAND if up else Direction.STAND_TO_SIT, probability)


def _rests_on_both_sides(change: HeightChange | None) -> bool:
    return change is not None and change.before.rests and change.after.rests


def _around(row: int, first: int, last: int) -> tuple[int, int]:
    reach = round(LONGEST_HALF_S * FRAMES_PER_S)
    return max(first, row - reach), min(last, row + reach)


def _alike(hip: Floats, rows: range, params: TransitionParams, scales: tuple[float, ...] = _SCALES) -> Floats:
    """(m,) how much of the force around each of `rows` one rise (to 1) or fall (to -1) explains."""
    best = np.zeros(len(rows))
    for scale in scales:
        weights = kernel(scale * params.half_s)
        reach = len(weights) // 2
        first, last = max(rows.start, reach), min(rows.stop, len(hip) - reach)
        if first >= last:
            continue
        parts = hip[np.add.outer(np.arange(first, last), np.arange(-reach, reach + 1))]
        parts -= parts.mean(axis=1, keepdims=True)
        size = np.sqrt(np.einsum("ij,ij->i", parts, parts) * (weights @ weights))
        alike = (parts @ weights) / np.where(size > 0, size, np.inf)
        here = slice(first - rows.start, last - rows.start)
        best[here] = np.where(np.abs(alike) > np.abs(best[here]), alike, best[here])
    return best


def _lone(change: HeightChange, hip: Floats, params: TransitionParams) -> float:
    """Probability of a transition between rests, or between a rest on the seat and walking."""
    seat = change.before if change.change_m > 0 else change.after
    upright = max(change.before.inclination_deg, change.after.inclination_deg) < params.upright_deg
    height_m, sign = abs(change.change_m), math.copysign(1.0, change.change_m)
    if not (seat.rests and upright and height_m < params.height_most_m):
        return 0.0
    near = range(change.fastest - _NEAR_ROWS, change.fastest + _NEAR_ROWS + 1)
    alike = float((sign * _alike(hip, near, params)).max())
    direct = params.direct if _rests_on_both_sides(change) else params.direct_walking
    tilted = abs(change.after.flexion_deg - change.before.flexion_deg)
    return (
        _sign(height_m, params.height_m, params.width)
        * _sign(alike, params.alike, params.width)
        * _sign(height_m / max(change.way_m, 1e-9), direct, params.width)
        * _sign(max(change.lean_deg, tilted), params.lean_deg, params.width)
    )


def _serial(swing: Swing, alike: float, params: TransitionParams) -> float:
    """Probability of a transition in a rapid series."""
    if swing.change_m > params.height_most_m or swing.low_inclination_deg > params.upright_deg:
        return 0.0
    return (
        _sign(swing.change_m, params.height_m, params.width)
        * _sign(alike, params.series_alike, params.width)
        * _sign(swing.even, params.series_even, params.width)
        * _sign(swing.comes_back_deg, params.lean_deg, params.width)
    )


def _sign(value: float, limit: float, width: float) -> float:
    """A half at the limit, and to 0 and 1 within some widths of it."""
    return 1 / (1 + math.exp(-max(-50.0, (value - limit) / (width * limit))))
