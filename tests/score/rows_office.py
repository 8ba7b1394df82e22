"""Whole simulated office days, as they are told live, against the true angles of the wearer."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from score.row import Row, at_least, at_most, blank
from simulated_desk import Desk, live, simulated_desk, true_machine
from spinewatch_bridge.simulator.variety import HARD, KIND, Tissue, Variety
from spinewatch_signal.calibration import CalibrationRefusedError

HOURS = 8.0
PIECE_S = 120.0
"""Samples come in such pieces: no chunk changes a result, and large ones are quicker."""

GROUPS: dict[str, tuple[Variety, range]] = {
    "usual people and sensors": (KIND, range(1, 11)),
    "hard people and sensors": (HARD, range(11, 21)),
    "hard people and sensors, but fixed to the bone": (replace(HARD, tissue=Tissue.RIGID), range(11, 14)),
}
"""Twenty days, and some of the hard ones again to see what soft tissue costs."""

SENSORS = {1: "one sensor", 2: "two sensors"}


@dataclass(frozen=True, slots=True)
class Day:
    """One day with one number of sensors.

    Args:
        true_bouts, caught: bouts of the true angles, and how many of them overlap with one that was told.
        told, false: bouts told, and how many of them overlap with no true one.
        away_s: told; None when the calibration was refused.
        between_s: what true angles give with the threshold 1° higher, and 1° lower.
    """

    true_bouts: int
    caught: int
    told: int
    false: int
    away_s: float | None
    between_s: tuple[float, float]

    @property
    def minutes_fit(self) -> bool:
        """Whether what was told lies between the two."""
        fewest, most = self.between_s
        return self.away_s is not None and fewest <= self.away_s <= most


def rows(data: Path | None) -> list[Row]:
    """False bouts, bouts caught, and minutes, by kind of people and number of sensors."""
    del data
    jobs = [(variety, seed) for variety, seeds in GROUPS.values() for seed in seeds]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        days = dict(zip(jobs, pool.map(days_of, jobs), strict=True))
    found = []
    for people, (variety, seeds) in GROUPS.items():
        for count, sensors in SENSORS.items():
            some = [days[variety, seed][count] for seed in seeds]
            data_text = f"simulated: {len(some)} days of {HOURS:g} h, causal, {people}, {sensors}"
            found += rows_of([day for day in some if day.away_s is not None], len(some), data_text)
    return found


def days_of(job: tuple[Variety, int]) -> dict[int, Day]:
    """One day with one sensor and with two."""
    variety, seed = job
    desk = simulated_desk(seed, HOURS, variety=variety)
    return {count: _day(desk, count) for count in SENSORS}


def _day(desk: Desk, count: int) -> Day:
    truth = desk.recording.truth
    true = [(e.start_s, e.end_s) for e in (truth.trunk_episodes if count == 1 else truth.episodes)]
    more_s, less_s = (true_machine(desk, count, shift_deg).away_s for shift_deg in (-1.0, 1.0))
    try:
        pipeline, _ = live(desk, desk.sensors(count), PIECE_S)
    except CalibrationRefusedError:
        return Day(len(true), 0, 0, 0, None, (less_s, more_s))
    told = [(e.start_s, e.end_s or desk.recording.end_s) for e in pipeline.episodes]
    caught, false = (overlapping(some, others) for some, others in ((true, told), (told, true)))
    return Day(len(true), caught, len(told), len(told) - false, pipeline.slouch.away_s, (less_s, more_s))


def overlapping(some: Sequence[tuple[float, float]], others: Sequence[tuple[float, float]]) -> int:
    """How many of `some` have a moment in common with any of `others`."""
    return sum(any(a < d and c < b for c, d in others) for a, b in some)


def rows_of(days: Sequence[Day], of: int, data: str) -> list[Row]:
    targets = {
        "office day, false bouts away from the reference, worst day": ("", at_most(1.0)),
        "office day, true bouts caught": ("%", at_least(95.0)),
        "office day, days whose minutes lie between those of true angles with the threshold 1° higher and lower": (
            "%",
            at_least(100.0),
        ),
    }
    if not days:
        return [
            blank(what, data, unit, target, "every calibration was refused") for what, (unit, target) in targets.items()
        ]
    false = [day.false for day in days]
    bouts, caught = sum(day.true_bouts for day in days), sum(day.caught for day in days)
    off = sum((day.away_s or 0.0) - sum(day.between_s) / 2 for day in days) / sum(
        sum(day.between_s) / 2 for day in days
    )
    figures = (float(max(false)), 100.0 * caught / bouts, 100.0 * sum(day.minutes_fit for day in days) / len(days))
    refused = f"; {of - len(days)} calibrations refused, their days left out" if of > len(days) else ""
    notes = (
        f"every bout of 30 s counts, reminders come later; {sum(false) / len(days):.1f} a day on average{refused}",
        f"{caught} of {bouts}",
        f"all minutes together {off:+.1%}",
    )
    return [
        Row(what, data, figure, unit, target, note=note)
        for (what, (unit, target)), figure, note in zip(targets.items(), figures, notes, strict=True)
    ]
