"""Steps against people who counted them, walking against its labels, and repetitions against a protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from score import sets_hapt, sets_ipol, sets_mobgap, sets_sfu, sets_sts, sets_trunkyxl
from score.peer_steps import mobgap_steps, skdh_steps
from score.peers import is_installed
from score.row import NOT_INSTALLED, Row, at_least, at_most, blank
from score.sets_hapt import Label
from score.worn import Worn
from spinewatch_signal.gait import GaitDetector
from spinewatch_signal.grid import Resampler
from spinewatch_signal.offline_analysis import analyze_offline
from spinewatch_signal.orientation import OrientationTracker, orient_offline
from spinewatch_signal.repetitions import by_direction, count_repetitions
from spinewatch_signal.samples import Floats, ImuBatch

IPOL = "real: ipol (29 walks of 5 people, 6 % of samples lost)"
MOBGAP = "real: mobgap (6 tests of 2 people, one with MS)"
HAPT = "real: hapt (20 people)"
STILL_SETS = "real: trunkyxl, sts, sfu (tasks without walking)"
TRUNK = "real: trunkyxl (16 trials of 6 people)"
STEPS = at_most(3)
WALKING = (Label.WALKING, Label.WALKING_UPSTAIRS, Label.WALKING_DOWNSTAIRS)
STILL = (Label.SITTING, Label.STANDING, Label.LYING)
NO_WALK_TASKS = ("SQ", "POG", "DSS", "RSS", "DSL")
PEERS: dict[str, Callable[[Worn], int]] = {"mobgap": mobgap_steps, "skdh": skdh_steps}
SLACK_S = 0.4
"""A contact is seen up to this much later than it is told."""


@dataclass(frozen=True, eq=False, slots=True)
class Gait:
    """What the detector says of one recording.

    Args:
        detector: after all rows.
        t_s: (m,) times of the rows.
        known: (m,) whether walking was known there.
    """

    detector: GaitDetector
    t_s: Floats
    known: np.ndarray

    @property
    def step_times_s(self) -> Floats:
        """Of all counted steps."""
        return np.array(self.detector.step_times_s)

    def covers(self, start_s: float, end_s: float) -> float:
        """Seconds of the span that lie in bouts."""
        return sum(max(0.0, min(b.end_s, end_s) - max(b.start_s, start_s)) for b in self.detector.bouts)


def gait(sensor: Worn, *, offline: bool = False) -> Gait:
    """Walking of a whole recording."""
    if offline:
        ups = orient_offline(sensor.samples, sensor.info).up
    else:
        ups = OrientationTracker(sensor.info).update(sensor.samples)
    rows = Resampler().update(ups)
    detector = GaitDetector()
    known = detector.update(rows.k, rows.acc_up, rows.turn_rate_rad_s)
    detector.finish()
    return Gait(detector, rows.t_s, known)


def rows(data: Path | None) -> list[Row]:
    """The scoreboard of walking, steps and repetitions."""
    if data is None:
        return [
            blank("steps: error of the total", IPOL, "%", STEPS),
            blank("steps: error of the total", MOBGAP, "%", STEPS),
            blank("repetitions: recordings within one of twelve", TRUNK, "%", at_least(93)),
        ]
    return [*_ipol(data), *_mobgap(data), *_hapt(data), _false_steps(data), *_repetitions(data)]


@dataclass(frozen=True, slots=True)
class _Counts:
    """Steps counted and true, one pair per recording."""

    found: Sequence[float]
    true: Sequence[float]

    @property
    def total(self) -> float:
        """Signed error of the total, percent."""
        return 100 * (sum(self.found) / sum(self.true) - 1)

    @property
    def mean(self) -> float:
        """Mean absolute error of a recording, percent."""
        return 100 * float(np.mean(np.abs(np.divide(self.found, self.true) - 1)))

    def rows(self, what: str, data: str, note: str, sensors: Sequence[Worn], *, asks: bool) -> list[Row]:
        """The error of the total and the mean error of a recording, with peers where `asks`."""
        told = f"{self.total:+.1f} %: {sum(self.found):g} of {sum(self.true):g}; {note}"
        others = dict.fromkeys(("total", "mean"), "")
        if asks:
            counts = {name: _asked(name, sensors, self.true) for name in PEERS}
            others = {of: ", ".join(_text(name, counts[name], of) for name in PEERS) for of in others}
        return [
            Row(f"{what}: error of the total", data, abs(self.total), "%", STEPS, others["total"], told),
            Row(f"{what}: mean error of a recording", data, self.mean, "%", STEPS, others["mean"], note),
        ]


def _asked(name: str, sensors: Sequence[Worn], true: Sequence[float]) -> _Counts | None:
    """What a peer counts; None where it is not installed."""
    return _Counts([PEERS[name](sensor) for sensor in sensors], true) if is_installed(name) else None


def _text(name: str, counts: _Counts | None, of: str) -> str:
    if counts is None:
        return f"{name}: {NOT_INSTALLED}"
    return f"{name} {counts.total:+.1f}" if of == "total" else f"{name} {counts.mean:.1f}"


def _ipol(data: Path) -> list[Row]:
    walks = list(sets_ipol.walks(data))
    causal, offline = ([gait(walk.sensor, offline=how) for walk in walks] for how in (False, True))
    bounded = [sum(end_s <= walk.walking[1] + 0.05 for _, end_s in walk.steps) for walk in walks]
    within = _Counts([_until(g, w.walking[1] + SLACK_S) for g, w in zip(causal, walks, strict=True)], bounded)
    whole = _Counts([len(g.step_times_s) for g in causal], [len(walk.steps) for walk in walks])
    same = _Counts([len(g.step_times_s) for g in offline], [len(walk.steps) for walk in walks])
    bridged = sum(bout.steps_bridged for g in causal for bout in g.detector.bouts)
    sensors = [walk.sensor for walk in walks]
    blind = [gait(without_gyr(sensor)) for sensor in sensors]
    alone = _Counts([_until(g, w.walking[1] + SLACK_S) for g, w in zip(blind, walks, strict=True)], bounded)
    stray = "every listed step, also single ones after the walk"
    return [
        *within.rows("steps of the walk there and back", IPOL, f"{bridged} of them bridged", sensors, asks=False),
        *whole.rows("steps of the whole recording", IPOL, stray, sensors, asks=True),
        *same.rows("steps of the whole recording, offline", IPOL, stray, sensors, asks=False),
        *alone.rows("steps of the walk, accelerometer alone", IPOL, "causal", sensors, asks=False),
        _late(walks, causal),
    ]


def _until(found: Gait, end_s: float) -> int:
    return int(np.sum(found.step_times_s <= end_s))


def without_gyr(sensor: Worn) -> Worn:
    """The same sensor without its gyroscope."""
    s = sensor.samples
    return Worn(replace(sensor.info, has_gyr=False), ImuBatch(s.sensor, s.t_s, s.acc, None, s.flags))


def _late(walks: Sequence[sets_ipol.Walk], found: Sequence[Gait]) -> Row:
    """How long after the first foot left the ground walking is known."""
    delays = [_first_s(g) - walk.steps[0][0] for g, walk in zip(found, walks, strict=True)]
    note = f"median {np.median(delays):.1f} s, counted from the first foot off the ground"
    return Row("walking known after its beginning, 95 % within", IPOL, _p95(delays), "s", at_most(5), note=note)


def _first_s(found: Gait) -> float:
    return float(found.t_s[found.known][0]) if found.known.any() else float("inf")


def _p95(values: Sequence[float]) -> float:
    return float(np.percentile(values, 95))


def _mobgap(data: Path) -> list[Row]:
    tests = list(sets_mobgap.tests(data))
    found = [gait(test.sensor) for test in tests]
    true = [len(test.insoles.contacts_s) + test.insoles.untimed for test in tests]
    inside = [sum(_between(g, *bout) for bout in t.insoles.bouts) for g, t in zip(found, tests, strict=True)]
    short = "insoles leave out strides below 15 cm and short bouts, so closing steps and shuffling count against us"
    sensors = [test.sensor for test in tests]
    whole = _Counts([len(g.step_times_s) for g in found], true)
    within = _Counts(inside, true)
    return [
        *whole.rows("steps of the whole recording", MOBGAP, short, sensors, asks=True),
        *within.rows("steps within the bouts of the insoles", MOBGAP, "±0.4 s", sensors, asks=False),
    ]


def _between(found: Gait, start_s: float, end_s: float) -> int:
    return int(np.sum((found.step_times_s >= start_s - SLACK_S) & (found.step_times_s <= end_s + SLACK_S)))


def _hapt(data: Path) -> list[Row]:
    shares: dict[Label, list[tuple[float, float]]] = {label: [] for label in Label}
    for experiment in sets_hapt.experiments(data):
        found = gait(experiment.sensor)
        for segment in experiment.segments:
            shares[segment.label].append(
                (found.covers(segment.start_s, segment.end_s), segment.end_s - segment.start_s)
            )
    walking, still = _share(shares, WALKING), 1 - _share(shares, STILL)
    note = "share of labelled time, bouts backdated; stairs are walking"
    return [
        Row("walking called walking", HAPT, walking, "", at_least(0.95), note=note),
        Row("sitting, standing, lying not called walking", HAPT, still, "", at_least(0.99), note=note),
    ]


def _share(shares: Mapping[Label, Sequence[tuple[float, float]]], labels: Iterable[Label]) -> float:
    covered = np.concatenate([shares[label] for label in labels])
    return float(covered[:, 0].sum() / covered[:, 1].sum())


def _false_steps(data: Path) -> Row:
    """Steps counted where nobody walks, per hour."""
    sensors = [sensor for session in sets_trunkyxl.sessions(data) for sensor in session.sensors.values()]
    sensors += [sensor for trial in sets_sfu.trials(data, *NO_WALK_TASKS) for sensor in trial.sensors.values()]
    sensors += [rises.sensors[name] for rises in sets_sts.rises(data) for name in ("pelvis", "trunk")]
    steps = [len(gait(sensor).step_times_s) for sensor in sensors]
    hours = sum(float(np.ptp(sensor.samples.t_s)) for sensor in sensors) / 3600
    note = f"{sum(steps)} steps in {sum(n > 0 for n in steps)} of {len(sensors)} recordings, {hours:.2f} h"
    return Row("steps where nobody walks, per hour", STILL_SETS, sum(steps) / hours, "", None, note=note)


def _repetitions(data: Path) -> list[Row]:
    """Bends of the upper back in four directions, three each; turns do not show in gravity."""
    sessions = [s for s in sets_trunkyxl.sessions(data, only_trials=True) if "dropped" not in s.role]
    counts, t10, low = (np.array([_bends(session.sensors[unit]) for session in sessions]) for unit in (1, 2, 3))
    each = sets_trunkyxl.REPETITIONS
    total = np.abs(counts.sum(axis=1) - 4 * each) <= 1
    exact = (counts == each).all(axis=1).mean()
    forward = np.abs(counts[:, 0] - each) <= 1
    all_four = (np.abs(counts - each) <= 1).all(axis=1)
    note = "without the two trials that the authors dropped (gimbal lock in their filter; 29 % of samples missing)"
    return [
        Row("repetitions: all twelve bends within one", TRUNK, 100 * total.mean(), "%", at_least(93), note=note),
        Row("repetitions: bends forward within one of three", TRUNK, 100 * forward.mean(), "%", at_least(93)),
        Row(
            "repetitions: every direction within one of three",
            TRUNK,
            100 * all_four.mean(),
            "%",
            at_least(93),
            note=f"{100 * exact:.0f} % exact in every direction",
        ),
        *(_lower_down(name, found, each) for name, found in (("T10", t10), ("L4/5", low))),
    ]


def _lower_down(name: str, counts: np.ndarray, each: int) -> Row:
    """The same bends at sensors that move less and whose forward direction is found, not calibrated."""
    total = 100 * float(np.mean(np.abs(counts.sum(axis=1) - 4 * each) <= 1))
    forward = 100 * float(np.mean(np.abs(counts[:, 0] - each) <= 1))
    what = f"repetitions at {name}: bends forward within one of three"
    return Row(what, TRUNK, forward, "%", None, note=f"all twelve bends within one: {total:.0f} %")


def _bends(sensor: Worn) -> list[int]:
    """Bends forward, back, right and left, as the whole program sees them, without calibration steps."""
    frames = analyze_offline({sensor.info.id: sensor.samples}, [sensor.info]).frames
    forward, right = by_direction(frames.flexion_deg, frames.lateral_deg)
    pairs = ((forward, right), (-forward, right), (right, forward), (-right, forward))
    return [len(count_repetitions(frames.t_s, angle, across_deg=across)) for angle, across in pairs]
