"""Sitting down and getting up on real people, by the whole program as it analyses a recording without calibration."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from score import sets_hapt, sets_sfu, sets_sts
from score.matched_transitions import Event, Tally, matched
from score.peers import is_installed
from score.row import NOT_INSTALLED, Row, Target, at_least, at_most, blank
from score.sets_hapt import Label
from score.worn import Worn
from spinewatch_signal.marks import Direction
from spinewatch_signal.pipeline import analyze_offline
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Floats
from spinewatch_signal.sensor_prior import SensorPrior

UP, DOWN = Direction.SIT_TO_STAND, Direction.STAND_TO_SIT
HAPT, STS, SFU = "hapt, waist", "sts, five rapid rises", "sfu, sternum and waist"
DATA = {
    HAPT: "real: hapt (20 people, waist, 41 transitions)",
    STS: "real: sts (2 people, pelvis and trunk, 40 rapid ones)",
    SFU: "real: sfu (2 people, sternum and waist, 24 in 96 trials of 8 tasks)",
}
NAMED = {Label.SIT_TO_STAND: UP, Label.STAND_TO_SIT: DOWN}
ONE_OF_EACH = {"DSS": [Event(None, DOWN)], "RSS": [Event(None, UP)]}
F1, WAY, TIME = "transitions, F1", "transitions, direction right", "transitions, time error, 90 % within"
TARGETS: dict[str, tuple[Target, str]] = {F1: (at_least(0.85), ""), WAY: (at_least(0.85), ""), TIME: (at_most(1), "s")}
RULE = "told and true middle within 1 s"


@dataclass(frozen=True, slots=True)
class Watched:
    """One recording: whose, what is true, and what was told between the first and the last truth."""

    person: str
    true: list[Event]
    told: list[Event]


def rows(data: Path | None) -> list[Row]:
    """F1, direction and time of each set and of all."""
    if data is None:
        return [blank(what, DATA[name], unit, target) for name in DATA for what, (target, unit) in TARGETS.items()]
    watched = {HAPT: list(_hapt(data)), STS: list(_sts(data)), SFU: list(_sfu(data))}
    found = []
    for name, recordings in watched.items():
        found += _rows(DATA[name], recordings)
    everything = [recording for recordings in watched.values() for recording in recordings]
    return [*found, *_rows("real: hapt, sts and sfu together", everything), _rises_alone(watched[HAPT], data)]


def _rows(data: str, recordings: list[Watched]) -> Iterator[Row]:
    strict, loose = _tally(recordings, 1.0), _tally(recordings, 2.0)
    people = {
        name: _tally([r for r in recordings if r.person == name], 1.0).f1 for name in {r.person for r in recordings}
    }
    worst = min(people.values())
    told = f"{strict.hits} hits, {strict.false} false, {strict.missed} missed"
    yield Row(
        F1, data, strict.f1, "", TARGETS[F1][0],
        note=f"{RULE}: {told}; within 2 s {loose.f1:.2f}; by person {worst:.2f} to {max(people.values()):.2f}",
    )  # fmt: skip
    yield Row(WAY, data, strict.direction, "", TARGETS[WAY][0], note=f"of the {strict.hits} hits")
    if not strict.errors_s:
        yield Row(TIME, data, None, "s", TARGETS[TIME][0], note="the set does not tell when")
        return
    size_s = np.abs(strict.errors_s)
    loose_s = np.percentile(np.abs(loose.errors_s), 90)
    note = f"of the hits; median {np.median(size_s):.2f} s; 90 % of those within 2 s: {loose_s:.2f} s"
    yield Row(TIME, data, float(np.percentile(size_s, 90)), "s", TARGETS[TIME][0], note=note)


def _tally(recordings: list[Watched], within_s: float) -> Tally:
    total = Tally()
    for recording in recordings:
        total.add(matched(recording.told, recording.true, within_s))
    return total


def told_by_program(sensor: Worn, bias_rad_s: Floats | None = None) -> list[Event]:
    """Transitions of one recording of one sensor, analysed alone."""
    info, priors = sensor.info, None
    if bias_rad_s is not None:
        priors = {info.id: SensorPrior(float(sensor.samples.t_s[0]), bias_rad_s)}
    found = analyze_offline({info.id: sensor.samples}, [info], priors=priors)
    return [Event(transition.middle_s, transition.direction) for transition in found.transitions]


def _hapt(data: Path) -> Iterator[Watched]:
    """What is told before the first or after the last label is not counted: the phone is in a hand."""
    for experiment in sets_hapt.experiments(data):
        first_s, last_s = experiment.segments[0].start_s, experiment.segments[-1].end_s
        told = [e for e in told_by_program(experiment.sensor) if first_s <= (e.middle_s or 0) < last_s]
        true = [Event((s.start_s + s.end_s) / 2, NAMED[s.label]) for s in experiment.segments if s.label in NAMED]
        yield Watched(str(experiment.person), true, told)


def _sts(data: Path) -> Iterator[Watched]:
    for rises in sets_sts.rises(data):
        true = [Event(t, UP) for t in rises.seat_off_s.tolist()] + [Event(t, DOWN) for t in rises.seat_on_s.tolist()]
        for sensor in rises.sensors.values():
            yield Watched(rises.person, true, told_by_program(sensor))


def _sfu(data: Path) -> Iterator[Watched]:
    trials = list(sets_sfu.trials(data))
    for trial in trials:
        for name, sensor in trial.sensors.items():
            quiet = [t.sensors[name].samples.gyr for t in trials if t.person == trial.person and t.task == "SQ"]
            bias = np.median(np.concatenate([gyr for gyr in quiet if gyr is not None]), axis=0)
            yield Watched(trial.person, ONE_OF_EACH.get(trial.task, []), told_by_program(sensor, bias))


def _rises_alone(recordings: list[Watched], data: Path) -> Row:
    """What others look for too."""
    ups = [_only_up(recording) for recording in recordings]
    note = f"{RULE}; skdh knows no other direction; its rises are timed by their middle as well"
    return Row("rising alone (sit to stand), F1", DATA[HAPT], _tally(ups, 1.0).f1, "", None, _skdh_rises(data), note)


def _only_up(recording: Watched) -> Watched:
    true, told = ([e for e in events if e.direction is UP] for events in (recording.true, recording.told))
    return Watched(recording.person, true, told)


def _skdh_rises(data: Path) -> str:
    """F1 of scikit-digital-health's sit-to-stand detector, which takes the accelerometer of the lower back alone."""
    if not is_installed("skdh"):
        return f"skdh: {NOT_INSTALLED}"
    from skdh.sit2stand import Sit2Stand

    total = Tally()
    for experiment in sets_hapt.experiments(data):
        samples = experiment.sensor.samples
        first_s, last_s = experiment.segments[0].start_s, experiment.segments[-1].end_s
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # where it finds nothing it takes the mean of nothing
            said = Sit2Stand().predict(time=samples.t_s, accel=samples.acc / STANDARD_GRAVITY_M_S2)
        middles = (np.asarray(said["STS Start"], float) + np.asarray(said["STS End"], float)) / 2
        told = [Event(float(t), UP) for t in middles if first_s <= t < last_s]
        true = [Event((s.start_s + s.end_s) / 2, UP) for s in experiment.segments if s.label == Label.SIT_TO_STAND]
        total.add(matched(told, true, 1.0))
    return f"skdh {total.f1:.2f} ({total.hits} hits, {total.false} false, {total.missed} missed)"
