"""Simulated days on which a sensor slips or creeps, and recordings as the watch over the sensors sees them.

A slip is a turn of the sensor on the body, so all that a filter gives in the sensor's own axes turns with it: the
verticals of a day are worked out once, and turned for each slip. (That a sensor which really turns in the simulator
gives the same is a test.)
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from score.worn import Worn
from simulated_desk import simulated_desk
from spinewatch_bridge.simulator.truth import TrueActivity
from spinewatch_bridge.simulator.variety import Variety
from spinewatch_signal.calibration import Calibration, calibrate
from spinewatch_signal.gait import GaitDetector
from spinewatch_signal.grid import GridRows, Resampler, join_rows
from spinewatch_signal.health_seconds import Mask, rows_at
from spinewatch_signal.marks import HealthKind, HealthMark
from spinewatch_signal.matched_rows import MatchedRows, SensorPair, match
from spinewatch_signal.orientation import OrientationTracker, orient_offline
from spinewatch_signal.samples import Floats
from spinewatch_signal.sensor_health import MOVED, HealthInput, HealthWatch
from spinewatch_signal.up_vectors import concatenate_ups

PIECE = 65_536
"""Samples oriented at a time: small enough for the cache."""
FIRST_WALK_S = 25.0
"""Walking is known 5 s after it began, and 15 s of it make a mean; what is shorter is not compared."""
LATE_S = 60.0
"""After the end of the next walk."""


@dataclass(frozen=True, eq=False, slots=True)
class WornDay:
    """One simulated stretch, oriented, with its truth.

    Args:
        pair: the sensors.
        rows: of both, unslipped.
        walking: (m,) as told live.
        calibration, from_s: of the wearer's steps, and since when.
        walks: true walks of `FIRST_WALK_S` and more, UNIX seconds.
        hours: length.
    """

    pair: SensorPair
    rows: MatchedRows
    walking: Mask
    calibration: Calibration
    from_s: float
    walks: tuple[tuple[float, float], ...]
    hours: float


@dataclass(frozen=True, slots=True)
class Turn:
    """A sensor turns about one of its axes (0 up, 1 left, 2 out of the back) in ``[start_s, end_s)``, UNIX seconds."""

    upper: bool
    axis: int
    deg: float
    start_s: float
    end_s: float


def worn_day(seed: int, hours: float, variety: Variety) -> WornDay:
    """A part of an office day with two sensors.

    Raises:
        CalibrationRefusedError: when what the wearer did is no calibration.
    """
    desk = simulated_desk(seed, hours, variety=variety)
    pair, steps = SensorPair.of(desk.sensors(2)), desk.steps
    end_s = max(end for _, end in [steps.still, steps.bends])
    ups, rows = {}, {}
    for info in pair.all:
        tracker, resampler, samples = OrientationTracker(info), Resampler(), desk.samples[info.id]
        pieces = [tracker.update(samples[i : i + PIECE]) for i in range(0, len(samples), PIECE)]
        rows[info.id] = join_rows([resampler.update(piece) for piece in pieces])
        ups[info.id] = concatenate_ups(info.id, pieces).between(0.0, end_s + 1).known()
    calibration = calibrate(ups, steps, pair.sites)
    matched = match(rows[pair.upper.id], None if pair.lower is None else rows[pair.lower.id])
    truth = desk.recording.truth
    return WornDay(pair, matched, walking_of(matched), calibration, end_s, _walks(truth.t_s, truth.activity), hours)


def one_sensor(day: WornDay) -> WornDay:
    """The same day with the upper sensor alone."""
    rows = MatchedRows(day.rows.upper, None)
    return replace(day, pair=SensorPair(day.pair.upper, None), rows=rows, walking=walking_of(rows))


def walking_of(rows: MatchedRows) -> Mask:
    """(m,) walking as told live."""
    return GaitDetector().update(rows.upper.k, rows.body_acc_up, rows.body_turn_rate_rad_s)


def told(day: WornDay, turn: Turn | None) -> list[HealthMark]:
    """What the watch told of that day once it was over, of moved sensors."""
    watch = HealthWatch(day.pair.all)
    k = day.rows.upper.k
    sensors = [rows_at(k, rows) for rows in (day.rows.upper, day.rows.lower) if rows is not None]
    if turn is not None:
        number = 0 if turn.upper else 1
        sensors[number] = replace(sensors[number], up=turned(sensors[number].up, k / 10, turn))
    angle = np.zeros(len(k))
    frames = HealthInput(k, day.walking, angle, angle if len(sensors) == 2 else None, tuple(sensors))
    at = int(np.searchsorted(k / 10, day.from_s))
    watch.update(frames[:at])
    watch.re_zeroed(day.from_s, day.calibration)
    watch.update(frames[at:])
    watch.finish()
    return [mark for mark in watch.in_hindsight() if mark.kind in MOVED]


def turned(up: Floats, t_s: Floats, turn: Turn) -> Floats:
    """(m, 3) the verticals in a sensor that turns."""
    angle = np.radians(turn.deg) * np.clip((t_s - turn.start_s) / (turn.end_s - turn.start_s), 0.0, 1.0)[:, None]
    axis = np.eye(3)[turn.axis]
    along = (up @ axis)[:, None] * axis
    result: Floats = along + np.cos(angle) * (up - along) - np.sin(angle) * np.cross(axis, up)
    return result


def late_s(day: WornDay, turn: Turn, from_deg: float) -> float | None:
    """How long after the next walk that begins with the sensor off by `from_deg` it was told, s; infinite when never.

    None where no such walk follows.
    """
    off_s = turn.start_s + (turn.end_s - turn.start_s) * from_deg / turn.deg
    following = [end_s for start_s, end_s in day.walks if start_s >= off_s]
    if not following:
        return None
    found = [mark.told_s for mark in told(day, turn) if mark.told_s >= turn.start_s]
    return max(0.0, found[0] - following[0]) if found else float("inf")


def marks_of(sensor: Worn, *, offline: bool = False) -> list[HealthMark]:
    """What the watch finds in a real recording of one sensor without a calibration, once it is over."""
    tracker = OrientationTracker(sensor.info)
    ups = orient_offline(sensor.samples, sensor.info).up if offline else tracker.update(sensor.samples)
    rows: GridRows = Resampler().update(ups)
    watch = HealthWatch([sensor.info])
    watch.take(sensor.samples)
    angle = np.full(len(rows), np.nan)
    watch.update(HealthInput(rows.k, walking_of(MatchedRows(rows, None)), angle, None, (rows_at(rows.k, rows),)))
    watch.finish()
    return watch.in_hindsight()


def unworn(marks: list[HealthMark]) -> bool:
    """Whether any part is told as on no body."""
    return any(mark.kind is HealthKind.NOT_WORN for mark in marks)


def _walks(t_s: Floats, activity: np.ndarray) -> tuple[tuple[float, float], ...]:
    edges = np.flatnonzero(np.diff(activity == TrueActivity.WALKING, prepend=False, append=False)).reshape(-1, 2)
    spans = [(float(t_s[first]), float(t_s[end - 1])) for first, end in edges.tolist()]
    return tuple(span for span in spans if span[1] - span[0] >= FIRST_WALK_S)
