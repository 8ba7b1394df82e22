"""How the height of the hip changed in one movement, from the vertical force on a sensor of the trunk or the pelvis.

Twice integrated, an accelerometer is lost within seconds: its scale and offset, seen from another tilt, are a constant
acceleration. So a movement is integrated from rest to rest: the level at rest is known on both sides, the speed there
is zero, and what speed is left over is laid where the sensor leaned furthest from both rests, since that is where its
errors were not seen. Walking is a rest for this purpose: its mean speed upwards is zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.grid import FINE_PER_FRAME, FRAMES_PER_S
from spinewatch_signal.samples import Floats

Mask = NDArray[np.bool_]

STEP_S = 1 / FRAMES_PER_S
QUIET_M_S2 = 0.3
"""SD of the vertical force within half a second of rest: below 0.15 in who sits or stands still, above 2 in steps."""
QUIET_DEG = 4.0
"""And the most that the trunk turns within those 0.4 s."""
REST_ROWS = 4
"""So many quiet rows on end are a rest."""
WALK_ROWS = 10
"""Where there is no rest, the mean over a second (two steps) stands for one."""
EDGE_ROWS = 3
"""A rest is looked for from here on, either side of the moment of highest speed."""
TILTED_DEG = 8.0
"""Rests that differ less than this in tilt tell nothing about errors that grow with it."""
SWINGS_ROWS = 25
"""In a series without rest the mean over 5 s stands for the speed at rest, which is zero: two rises and falls."""
SIDE_ROWS = 15
"""And a side of one of them is within this."""
SWING_ROWS = 10
"""A swing takes no longer than this, either side of its highest speed."""
LEVER_MOST_M = 0.5
"""No sensor on the back is higher above the hip axis."""


@dataclass(frozen=True, eq=False, slots=True)
class MotionRows:
    """Consecutive grid rows of one sensor.

    Args:
        force: (n,) mean vertical force of the row, m/s².
        hip: (n,) the same without what leaning alone gives a sensor so far above the hip as its site is.
        flexion_deg: (n,) of the segment the sensor is on.
        inclination_deg: (n,) of the same.
        quiet: (n,) rows that are quiet, see `quiet_rows`.
    """

    force: Floats
    hip: Floats
    flexion_deg: Floats
    inclination_deg: Floats
    quiet: Mask

    def __getitem__(self, part: slice) -> MotionRows:
        """The rows of `part`, as views."""
        return MotionRows(
            self.force[part], self.hip[part], self.flexion_deg[part], self.inclination_deg[part], self.quiet[part]
        )


@dataclass(frozen=True, slots=True)
class Side:
    """What is before or after a movement.

    Args:
        row: its row next to the movement.
        rests: whether it is quiet, or else the rows there are walking or something unknown.
        level: mean vertical force, m/s².
        flexion_deg, inclination_deg: mean angles.
    """

    row: int
    rests: bool
    level: float
    flexion_deg: float
    inclination_deg: float


@dataclass(frozen=True, slots=True)
class HeightChange:
    """One movement.

    Args:
        before, after: the sides.
        change_m: height after less height before.
        way_m: the whole way up and down, with the part taken out that the trunk's own leaning explains.
        fastest: row of the highest speed in the direction of the change.
        lean_deg: how far the trunk leaned beyond both sides, forward or (in frames found the wrong way round) backward.
    """

    before: Side
    after: Side
    change_m: float
    way_m: float
    fastest: int
    lean_deg: float


@dataclass(frozen=True, slots=True)
class Swing:
    """One rise or fall within others.

    Args:
        change_m: how far, as a positive length.
        even: its highest speed over that of what goes the other way around it.
        first, last: its rows.
        comes_back_deg: how far the trunk comes back from its lean on the low side: to rest, or before the lean of the
            next swing.
        low_inclination_deg: how far it is from upright there.
    """

    change_m: float
    even: float
    first: int
    last: int
    comes_back_deg: float
    low_inclination_deg: float


def hip_force(force: Floats, flexion_deg: Floats, lever_m: float) -> Floats:
    """(n,) vertical force of the hip, m/s²; the first and last row keep that of the sensor.

    Args:
        force: (n,) of the sensor.
        flexion_deg: (n,) of its segment.
        lever_m: how high it sits above the hip axis.
    """
    cosine = np.cos(np.radians(flexion_deg))
    hip = force.copy()
    hip[1:-1] -= lever_m * FRAMES_PER_S**2 * (cosine[2:] - 2 * cosine[1:-1] + cosine[:-2])
    return hip


def quiet_rows(acc_up: Floats, inclination_deg: Floats) -> Mask:
    """(n,) rows in whose half second the sensor neither shakes nor turns; False next to a blank.

    Args:
        acc_up: (n, 5) vertical force at 50 Hz, m/s².
        inclination_deg: (n,).
    """
    mean, squares = acc_up.mean(axis=1), (acc_up * acc_up).mean(axis=1)
    window = np.full(FINE_PER_FRAME, 1 / FINE_PER_FRAME)
    middle = np.convolve(mean, window, "same")
    variance = np.convolve(squares, window, "same") - middle * middle
    turned = np.full(len(mean), np.nan)
    turned[2:-2] = np.abs(inclination_deg[4:] - inclination_deg[:-4])
    quiet: Mask = (variance < QUIET_M_S2**2) & (turned < QUIET_DEG)
    return quiet


def height_change(rows: MotionRows, centre: int, usual_lever_m: float) -> HeightChange | None:
    """The movement around a row, from rest to rest; None when it has no rest on either side.

    Args:
        rows: some seconds on either side.
        centre: the row.
        usual_lever_m: height of the sensor above the hip axis, as its site has it.
    """
    before, after = _before(rows, centre), _after(rows, centre)
    if not (before.rests or after.rests) or after.row - before.row < 2 * EDGE_ROWS:
        return None
    before, after = _with_level_of(before, after), _with_level_of(after, before)
    part = rows[before.row : after.row + 1]
    speed = _speed(part, before, after)
    cosine_rate = np.gradient(np.cos(np.radians(part.flexion_deg)), STEP_S)
    hip = speed - _lever_m(speed, cosine_rate, usual_lever_m) * cosine_rate
    change_m = float(hip.sum() * STEP_S)
    return HeightChange(
        before,
        after,
        change_m,
        float(np.abs(hip).sum() * STEP_S),
        before.row + int(np.argmax(hip * np.sign(change_m))),
        _lean_deg(part.flexion_deg, before, after),
    )


def swing_at(rows: MotionRows, centre: int, *, up: bool) -> Swing | None:
    """The rise or fall around a row without a rest on both sides: speed is measured from its mean over some seconds.

    Args:
        rows: some seconds on either side.
        centre: the row.
        up: whether an ascent or a descent is looked at.
    """
    first, end = max(0, centre - SWINGS_ROWS), min(len(rows.force), centre + SWINGS_ROWS + 1)
    if min(centre - first, end - 1 - centre) < SIDE_ROWS:
        return None
    part = rows[first:end]
    speed = np.cumsum(part.hip - part.hip.mean()) * STEP_S
    speed = (speed - speed.mean()) * (1.0 if up else -1.0)
    near = slice(centre - first - EDGE_ROWS, centre - first + EDGE_ROWS + 1)
    fastest = near.start + int(np.argmax(speed[near]))
    still = np.flatnonzero(speed < 0.1 * speed[fastest])
    start = max(fastest - SWING_ROWS, int(still[still < fastest].max(initial=-1)) + 1)
    stop = min(fastest + SWING_ROWS, int(still[still > fastest].min(initial=len(speed))) - 1)
    other = max(1e-9, float(-speed.min()))
    side = slice(fastest, None, -1) if up else slice(fastest, None)
    return Swing(
        float(speed[start : stop + 1].sum() * STEP_S),
        float(speed[fastest]) / other,
        first + start,
        first + stop,
        _comes_back_deg(part.inclination_deg[side], part.quiet[side], speed[side]),
        float(part.inclination_deg[side][min(SIDE_ROWS, len(speed[side]) - 1)]),
    )


def _comes_back_deg(inclination_deg: Floats, quiet: Mask, speed: Floats) -> float:
    """How far the trunk comes back from its lean between the fastest row (the first) and a rest or the next swing."""
    resting = np.flatnonzero(quiet[:SIDE_ROWS])
    if len(resting):
        return float(inclination_deg[: SIDE_ROWS // 3].max() - inclination_deg[resting[0]])
    part = inclination_deg[: int(np.argmin(speed[:SIDE_ROWS])) + EDGE_ROWS]
    own, next_one = np.maximum.accumulate(part), np.maximum.accumulate(part[::-1])[::-1]
    return float((np.minimum(own, next_one) - part).max())


def _before(rows: MotionRows, centre: int) -> Side:
    run = 0
    for i in range(centre - EDGE_ROWS, -1, -1):
        run = run + 1 if rows.quiet[i] else 0
        if run == REST_ROWS:
            return _side(rows, i, i + REST_ROWS, i + REST_ROWS - 1, rests=True)
    first = max(0, centre - 25)
    return _side(rows, first, first + WALK_ROWS, first, rests=False)


def _after(rows: MotionRows, centre: int) -> Side:
    n, run = len(rows.force), 0
    for i in range(centre + EDGE_ROWS, n):
        run = run + 1 if rows.quiet[i] else 0
        if run == REST_ROWS:
            return _side(rows, i - REST_ROWS + 1, i + 1, i - REST_ROWS + 1, rests=True)
    last = min(n - 1, centre + 25)
    return _side(rows, last + 1 - WALK_ROWS, last + 1, last, rests=False)


def _side(rows: MotionRows, first: int, end: int, row: int, *, rests: bool) -> Side:
    part = slice(max(0, first), end)
    level, flexion, inclination = (
        float(column[part].mean()) for column in (rows.force, rows.flexion_deg, rows.inclination_deg)
    )
    return Side(row, rests, level, flexion, inclination)


def _with_level_of(side: Side, other: Side) -> Side:
    """A side without rest has the level of the other."""
    if side.rests:
        return side
    return Side(
        side.row, rests=False, level=other.level, flexion_deg=side.flexion_deg, inclination_deg=side.inclination_deg
    )


def _speed(part: MotionRows, before: Side, after: Side) -> Floats:
    """(n,) vertical speed, m/s, zero at both ends."""
    n = len(part.force)
    share = np.arange(n) / (n - 1)
    tilt = after.inclination_deg - before.inclination_deg
    if abs(tilt) > TILTED_DEG:
        share = np.clip((part.inclination_deg - before.inclination_deg) / tilt, 0.0, 1.0)
    speed = np.cumsum(part.force - before.level - (after.level - before.level) * share) * STEP_S
    first = speed[0] if before.rests else speed[:WALK_ROWS].mean()
    last = speed[-1] if after.rests else speed[-WALK_ROWS:].mean()
    sine = np.sin(np.radians(part.flexion_deg))
    begins, ends = np.sin(np.radians((before.flexion_deg, after.flexion_deg)))
    unseen = 0.02 + np.abs(sine - (begins + (ends - begins) * share))
    laid = np.concatenate(([0.0], np.cumsum(unseen[1:] + unseen[:-1])))
    corrected: Floats = speed - first - (last - first) * laid / laid[-1]
    return corrected


def _lever_m(speed: Floats, cosine_rate: Floats, usual_m: float) -> float:
    """Height above the hip axis that explains most of the speed by leaning: units are worn higher or lower."""
    size = float(cosine_rate @ cosine_rate)
    if size < 1e-9:
        return usual_m
    return float(np.clip(speed @ cosine_rate / size, usual_m, LEVER_MOST_M))


def _lean_deg(flexion_deg: Floats, before: Side, after: Side) -> float:
    ends = (before.flexion_deg, after.flexion_deg)
    return float(max(flexion_deg.max() - max(ends), min(ends) - flexion_deg.min()))
