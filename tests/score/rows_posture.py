"""Lying, moving, sitting and standing on real and simulated people, by the whole program without a calibration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from score import sets_hapt, sets_qmt, sets_sfu
from score.row import Row, at_least, blank
from score.sets_hapt import Label
from score.worn import Worn
from simulated_desk import Desk, simulated_desk
from spinewatch_bridge.simulator.truth import TrueActivity
from spinewatch_bridge.simulator.variety import HARD, KIND
from spinewatch_signal.pipeline import analyze_offline
from spinewatch_signal.posture import Activity, PostureFrames
from spinewatch_signal.samples import Floats
from spinewatch_signal.sensor_prior import SensorPrior

HAPT = "real: hapt (20 people, waist, 276 labelled segments)"
SFU = "real: sfu (2 people, sternum and waist, 36 stretches)"
QMT = "real: qmt (1 person, pelvis, lower and upper back)"
OFFICE = "simulated: office days of 2 h, 4 people, each sensor alone"
TARGET = at_least(0.99)

SCALES: dict[str, tuple[tuple[float, float, float], ...]] = {
    "as recorded": ((1.0, 1.0, 1.0),),
    "all axes 5 % off": ((1.05, 1.05, 1.05), (0.95, 0.95, 0.95)),
    "axes 5 % off each way": ((1.05, 0.95, 1.05), (0.95, 1.05, 0.95)),
}
"""Errors that are put on the accelerometer; of several the worst counts."""

MOVES = (Activity.MOVING, Activity.WALKING)
QUESTIONS: dict[str, tuple[str, Callable[[Activity], bool]]] = {
    "lying called lying": ("lying", lambda told: told is Activity.LYING),
    "upright or moving called not lying": ("upright moving", lambda told: told is not Activity.LYING),
    "moving called moving": ("moving", lambda told: told in MOVES),
    "still called not moving": ("upright lying", lambda told: told not in MOVES),
}
KINDS = {
    Label.WALKING: "moving",
    Label.WALKING_UPSTAIRS: "moving",
    Label.WALKING_DOWNSTAIRS: "moving",
    Label.SITTING: "upright",
    Label.STANDING: "upright",
    Label.LYING: "lying",
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """What somebody truly did for a while, and what most of its frames say."""

    kind: str
    told: Activity


def rows(data: Path | None) -> list[Row]:
    """Sensitivity and specificity of lying and moving; how right sitting and standing are, and how often decided."""
    found = [*_simulated_sitting()]
    if data is None:
        questions = [blank(what, name, "", TARGET) for name in (HAPT, SFU) for what in QUESTIONS]
        return [*questions, blank("sitting or standing, right where decided", HAPT, ""), *found]
    hapt, sfu = (_questions(HAPT, lambda scale: _hapt(data, scale)), _questions(SFU, lambda scale: _sfu(data, scale)))
    return [*hapt, *sfu, *_real_sitting(data), *found]


def _questions(name: str, stretches: Callable[[Floats], Iterator[Stretch]]) -> Iterator[Row]:
    for words, scales in SCALES.items():
        tried = [list(stretches(np.array(scale))) for scale in scales]
        for what, (kinds, is_right) in QUESTIONS.items():
            shares = [_share(stretch_list, kinds, is_right) for stretch_list in tried]
            right, of_them = min(shares, key=lambda share: share[0] / share[1])
            note = f"{right} of {of_them} stretches" + ("" if len(scales) == 1 else f", worst of {len(scales)}")
            yield Row(f"{what}, {words}", name, right / of_them, "", TARGET, note=note)


def _share(stretches: Iterable[Stretch], kinds: str, is_right: Callable[[Activity], bool]) -> tuple[int, int]:
    asked = [is_right(stretch.told) for stretch in stretches if stretch.kind in kinds.split()]
    return sum(asked), len(asked)


def _hapt(data: Path, scale: Floats) -> Iterator[Stretch]:
    for experiment in sets_hapt.experiments(data):
        frames = _analysed(experiment.sensor, scale)
        for segment in experiment.segments:
            if segment.label in KINDS:
                yield Stretch(KINDS[segment.label], _most(frames, segment.start_s + 1, segment.end_s))


def _sfu(data: Path, scale: Floats) -> Iterator[Stretch]:
    """Quiet standing, the end of lying down, and the middle of walks and stairs."""
    trials = list(sets_sfu.trials(data))
    wanted = {"SQ": ("upright", 2.0, 14.0), "DSL": ("lying", 12.5, 15.0), "NW": ("moving", 5.0, 8.0)}
    for trial in trials:
        if trial.task not in wanted:
            continue
        kind, first_s, last_s = wanted[trial.task]
        for name, sensor in trial.sensors.items():
            quiet = [t.sensors[name].samples.gyr for t in trials if t.person == trial.person and t.task == "SQ"]
            bias = np.median(np.concatenate([gyr for gyr in quiet if gyr is not None]), axis=0)
            start_s = float(sensor.samples.t_s[0])
            yield Stretch(kind, _most(_analysed(sensor, scale, bias), start_s + first_s, start_s + last_s))


def _analysed(sensor: Worn, scale: Floats, bias_rad_s: Floats | None = None) -> PostureFrames:
    info, samples = sensor.info, replace(sensor.samples, acc=sensor.samples.acc * scale)
    priors = None if bias_rad_s is None else {info.id: SensorPrior(float(samples.t_s[0]), bias_rad_s)}
    return analyze_offline({info.id: samples}, [info], priors=priors).frames


def _most(frames: PostureFrames, start_s: float, end_s: float) -> Activity:
    inside = (frames.t_s >= start_s) & (frames.t_s < end_s)
    return (
        Activity(int(np.bincount(frames.activity[inside], minlength=1).argmax())) if inside.any() else Activity.UNKNOWN
    )


@dataclass(slots=True)
class Seated:
    """Seconds of still sitting and standing: the chance of sitting that was told, and what was true."""

    told: list[Floats]
    sits: list[Floats]

    def add(self, frames: PostureFrames, start_s: float, end_s: float, *, sits: bool) -> None:
        """Take the frames of a stretch in."""
        inside = (frames.t_s >= start_s) & (frames.t_s < end_s)
        self.told.append(frames.sitting_probability[inside])
        self.sits.append(np.full(int(inside.sum()), float(sits)))

    def rows(self, name: str, note: str = "") -> Iterator[Row]:
        """Right where decided, share decided, and how well the probabilities mean what they say."""
        told, sits = np.concatenate(self.told), np.concatenate(self.sits) > 0.5
        decided = (told >= 0.8) | (told <= 0.2)
        right = np.where(sits, told >= 0.8, told <= 0.2)[decided]
        share = float(right.mean()) if decided.any() else None
        yield Row(
            "sitting or standing, right where decided", name, share, "", None, note=note or "told from both sides"
        )
        yield Row("sitting or standing, share decided", name, float(decided.mean()), "", None, note="at 0.8 and 0.2")
        off = _expected_error(told[~np.isnan(told)], sits[~np.isnan(told)])
        yield Row("chance of sitting, mean distance from what is so", name, off, "", None, note="in ten classes")


def _expected_error(told: Floats, sits: Floats) -> float | None:
    if len(told) == 0:
        return None
    classes = np.minimum(9, (10 * told).astype(int))
    members = [classes == c for c in np.unique(classes)]
    return float(np.sum([abs(told[m].mean() - sits[m].mean()) * m.mean() for m in members]))


def _real_sitting(data: Path) -> Iterator[Row]:
    seated = Seated([], [])
    for experiment in sets_hapt.experiments(data):
        frames = _analysed(experiment.sensor, np.ones(3))
        for segment in experiment.segments:
            if segment.label in (Label.SITTING, Label.STANDING):
                seated.add(frames, segment.start_s, segment.end_s, sits=segment.label == Label.SITTING)
    yield from seated.rows(HAPT, "told from both sides; little walking between, so it stands on transitions and tilt")
    seated = Seated([], [])
    for sensor in sets_qmt.suit(data).sensors.values():
        frames = _analysed(sensor, np.ones(3))
        seated.add(frames, *sets_qmt.STANDING, sits=False)
        seated.add(frames, *sets_qmt.SITTING, sits=True)
    yield from seated.rows(QMT)


def _simulated_sitting() -> Iterator[Row]:
    for words, variety, seeds in (("usual", KIND, (1, 2)), ("hard", HARD, (11, 12))):
        yield from _office(f"{OFFICE}, {words}", [simulated_desk(seed, 2.0, variety=variety) for seed in seeds])


def _office(name: str, desks: Sequence[Desk]) -> Iterator[Row]:
    seated = Seated([], [])
    for desk in desks:
        truth = desk.recording.truth
        for info in desk.sensors(2):
            frames = analyze_offline({info.id: desk.samples[info.id]}, [info], calibration_steps=desk.steps).frames
            at = np.minimum(np.searchsorted(truth.t_s, frames.t_s - 0.01), len(truth.t_s) - 1)
            known = np.isin(truth.activity[at], (TrueActivity.SITTING, TrueActivity.STANDING))
            known &= np.isin(frames.activity, (Activity.UPRIGHT, Activity.SITTING, Activity.STANDING))
            seated.told.append(frames.sitting_probability[known])
            seated.sits.append((truth.activity[at][known] == TrueActivity.SITTING).astype(float))
    yield from seated.rows(name)
