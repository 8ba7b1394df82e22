"""Slips and creeps on simulated days, false alarms on simulated and real recordings, and who seems not to be worn."""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from score import sets_hapt, sets_ipol, sets_mobgap, sets_qmt, sets_sfu, sets_sts
from score.row import Row, at_least, at_most, blank
from score.slips import LATE_S, Turn, WornDay, late_s, marks_of, one_sensor, told, unworn, worn_day
from score.worn import Worn, worn
from spinewatch_bridge.simulator.variety import HARD, KIND, Variety
from spinewatch_signal.calibration import CalibrationRefusedError
from spinewatch_signal.samples import SensorInfo
from spinewatch_signal.sensor_health import MOVED

HOURS = 3.0
GROUPS: dict[str, tuple[Variety, range]] = {
    "usual people and sensors": (KIND, range(1, 21)),
    "hard people and sensors": (HARD, range(11, 21)),
}
STEP_DEG, STEP_S = 5.0, 0.5
CREEP_DEG_H = 10.0
STEP_TOLD = f"{STEP_DEG:g}° slip told within {LATE_S:g} s of the next walk"
CREEP_TOLD = f"creep of {CREEP_DEG_H:g}°/h {{}}told within {LATE_S:g} s of the first walk with {STEP_DEG:g}° of it"
AXES = ((1, 1.0), (1, -1.0), (2, 1.0))
"""A slip tips a sensor forward, backward or sideways; about the vertical no accelerometer sees it."""


@dataclass(frozen=True, slots=True)
class Found:
    """One day: lateness after the next walk of each slip and creep (s), and false alarms without any.

    Args:
        steps: of slips in the middle.
        creeps: of those that begin after the first walk.
        early_creeps: of those that begin with the calibration: a part of them lies before the first walk.
        false: told of unslipped sensors, with one and with two.
    """

    steps: tuple[float, ...]
    creeps: tuple[float, ...]
    early_creeps: tuple[float, ...]
    false: tuple[int, int]


def rows(data: Path | None) -> list[Row]:
    """Simulated days first, then real recordings."""
    return [*_simulated(), *_real(data)]


def _simulated() -> list[Row]:
    jobs = [(variety, seed) for variety, seeds in GROUPS.values() for seed in seeds]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        days = dict(zip(jobs, pool.map(_day, jobs), strict=True))
    found: list[Row] = []
    for people, (variety, seeds) in GROUPS.items():
        done = [day for seed in seeds if (day := days[variety, seed]) is not None]
        left = f"; {len(seeds) - len(done)} with a refused calibration left out" if len(done) < len(seeds) else ""
        text = f"simulated: {len(done)} stretches of {HOURS:g} h, {people}{left}"
        found += [
            _told_in_time(STEP_TOLD, text, [d.steps for d in done]),
            _told_in_time(CREEP_TOLD.format(""), text, [d.creeps for d in done]),
            _told_in_time(CREEP_TOLD.format("that begins before any walk "), text, [d.early_creeps for d in done]),
            Row("unslipped sensors told as moved, one sensor", text, _sum(done, 0), "", at_most(0)),
            Row("unslipped sensors told as moved, two sensors", text, _sum(done, 1), "", at_most(0)),
        ]
    return found


def _day(job: tuple[Variety, int]) -> Found | None:
    """One day; None where its calibration is refused."""
    variety, seed = job
    try:
        both = worn_day(seed, HOURS, variety)
    except CalibrationRefusedError:
        return None
    one = one_sensor(both)
    steps, creeps, early = [], [], []
    for day, upper in ((one, True), (both, True), (both, False)):
        for axis, sign in AXES:
            steps += _late(day, _step(day, upper, axis, sign))
            creeps += _late(day, _creep(day, upper, axis, sign, day.walks[0][1] if day.walks else day.from_s))
            early += _late(day, _creep(day, upper, axis, sign, day.from_s))
    return Found(tuple(steps), tuple(creeps), tuple(early), (len(told(one, None)), len(told(both, None))))


def _step(day: WornDay, upper: bool, axis: int, sign: float) -> Turn | None:
    """In the middle of the time between the first walk and the last."""
    if len(day.walks) < 2:
        return None
    at_s = (day.walks[0][1] + day.walks[-1][0]) / 2
    return Turn(upper, axis, sign * STEP_DEG, at_s, at_s + STEP_S)


def _creep(day: WornDay, upper: bool, axis: int, sign: float, start_s: float) -> Turn:
    """From then on, for as long as the day."""
    return Turn(upper, axis, sign * CREEP_DEG_H * day.hours, start_s, start_s + day.hours * 3600.0)


def _late(day: WornDay, turn: Turn | None) -> list[float]:
    late = None if turn is None else late_s(day, turn, np.sign(turn.deg) * STEP_DEG)
    return [] if late is None else [late]


def _told_in_time(what: str, text: str, days: list[tuple[float, ...]]) -> Row:
    late = np.array([each for day in days for each in day])
    if not len(late):
        return blank(what, text, "%", at_least(100), "no walk followed")
    never = int(np.isinf(late).sum())
    latest = float(late[np.isfinite(late)].max(initial=0.0))
    note = f"{len(late)} of them, three directions, upper and lower sensor; latest {latest:.0f} s, never {never}"
    return Row(what, text, 100.0 * float(np.mean(late <= LATE_S)), "%", at_least(100), note=note)


def _sum(days: list[Found], which: int) -> float:
    return float(sum(day.false[which] for day in days))


# -- real recordings -------------------------------------------------------------------------------------------------


def _real(data: Path | None) -> list[Row]:
    moved, still = "unslipped sensors told as moved", "still people told as not worn"
    if data is None:
        return [blank(what, "real: hapt, ipol, mobgap, sfu, qmt, sts", "", at_most(0)) for what in (moved, still)]
    found = []
    for name, sensors in (
        ("hapt", [e.sensor for e in sets_hapt.experiments(data)]),
        ("ipol", [w.sensor for w in sets_ipol.walks(data)]),
        ("mobgap", [t.sensor for t in sets_mobgap.tests(data)]),
        ("sfu, quiet standing", [s for t in sets_sfu.trials(data, "SQ") for s in t.sensors.values()]),
        ("qmt", list(sets_qmt.suit(data).sensors.values())),
        ("sts", [s for r in sets_sts.rises(data) for s in r.sensors.values()]),
    ):
        marks = [[*marks_of(sensor), *marks_of(sensor, offline=True)] for sensor in sensors]
        text = f"real: {name} ({len(sensors)} recordings of a sensor, causal and offline)"
        alarms = sum(any(mark.kind in MOVED for mark in own) for own in marks)
        found.append(Row(moved, text, float(alarms), "", at_most(0)))
        found.append(Row(still, text, float(sum(map(unworn, marks))), "", at_most(0)))
    lying = sum(unworn(marks_of(sensor, offline=True)) for sensor in _left_on_the_table(data))
    note = "19 s and 14 s long: told afterwards only, since all of it is as still as a table"
    text = "real: sts, unit 6 (2 recordings, offline)"
    return [*found, Row("unworn sensors told as not worn", text, float(lying), "", at_least(2), note=note)]


def _left_on_the_table(data: Path) -> Iterator[Worn]:
    """Unit 6 of the chair rises: it was on nobody and carried the trigger."""
    for person in sets_sts.PEOPLE:
        with gzip.open(data / "sts" / f"{person}_5sts_chair_raw_01.csv.gz", "rt") as file:
            head, *lines = csv.reader(file)
        table = np.array(lines[1:], np.float64)
        at = [head.index(f"{kind}{axis}6") for kind in "AG" for axis in "xyz"]
        info = SensorInfo("unit 6", "shimmer", nominal_rate_hz=sets_sts.RATE_HZ)
        t_s = table[:, head.index("time")] - table[0, head.index("time")]
        yield worn(info, t_s, table[:, at[:3]], np.radians(table[:, at[3:]]))
