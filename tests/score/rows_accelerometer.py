"""Accelerometers set right by gravity: on still windows that had no part in it, and what that makes of the tilt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from made_imu import error_deg, made_imu, true_up, turned
from score import sets_hapt
from score.row import Row, at_most, blank
from spinewatch_signal.accelerometer_calibration import AccelerometerCalibration, calibrate_accelerometer
from spinewatch_signal.gyro_bias import BiasParams, judge_blocks
from spinewatch_signal.orientation import OrientationParams, orient_offline
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Floats, SensorInfo
from spinewatch_signal.still_windows import still_windows
from spinewatch_signal.up_vectors import norms

HAPT = "real: hapt (20 people, phone at the waist)"
DAYS = "simulated: 20 sensors, axes off by up to 3 % and 40 mg, upright and lying"
PUBLISHED_MG = 8.0
"""What was left of the worse of two published sets (van Hees 2014: 76.7 mg to 8.0 mg)."""
SEEDS = range(20)
RATE_HZ = 25.0
UPRIGHT, LYING = 24, 8
"""Poses of a day, a minute each."""
DRIFT_G = 0.003
"""What the axes are off by anew in each pose: warmth, and axes that are not quite straight or square."""
OFF = OrientationParams(calibrate_accelerometer=False)


def rows(data: Path | None) -> list[Row]:
    """The scoreboard of accelerometers."""
    found = [blank("Gravity in still windows left out", HAPT, "mg", at_most(PUBLISHED_MG))]
    if data is not None:
        found = list(_left_out([_windows(experiment) for experiment in sets_hapt.experiments(data)]))
    return [*found, *_days()]


def _windows(experiment: sets_hapt.Experiment) -> Floats:
    samples, rules = experiment.sensor.samples, BiasParams()
    if samples.gyr is None:
        raise ValueError("the set has rates")
    n_block = round(rules.block_s * sets_hapt.RATE_HZ)
    return still_windows(judge_blocks(samples.gyr, samples.acc, n_block, rules), rules.block_s)


def _left_out(windows: Sequence[Floats]) -> Iterator[Row]:
    """Every second window of a recording by the others; and all of a recording by the other people's."""
    halves = [(mine[i::2], mine[1 - i :: 2]) for mine in windows for i in (0, 1)]
    known = [(calibrate_accelerometer(fit), left) for fit, left in halves]
    told = [(calibration, left) for calibration, left in known if calibration is not None and len(left)]
    yield _row("by the other half of the same recording", told, f"{len(told)} of {len(halves)} halves hold enough")
    others = [
        (calibrate_accelerometer(np.concatenate([*windows[:i], *windows[i + 1 :]])), mine)
        for i, mine in enumerate(windows)
        if len(mine)
    ]
    yield _row("by other people's recordings", others, "as if one phone; one recording in twenty looks like another's")


def _row(by: str, judged: Sequence[tuple[AccelerometerCalibration | None, Floats]], note: str) -> Row:
    before = [_off_mg(left) for _, left in judged]
    after = [_off_mg(left if calibration is None else calibration.apply(left)) for calibration, left in judged]
    what = f"Gravity in still windows left out, set right {by}: mean distance from 1 g"
    note = f"{np.mean(before):.1f} mg before; {note}"
    return Row(what, HAPT, float(np.mean(after)), "mg", at_most(PUBLISHED_MG), note=note)


def _off_mg(windows: Floats) -> float:
    return float(np.abs(norms(windows) / STANDARD_GRAVITY_M_S2 - 1).mean() * 1000)


def _days() -> Iterator[Row]:
    """Tilt of sensors that are off on purpose, over days with lying and days without."""
    for lying, name in ((LYING, "upright and lying"), (0, "upright only")):
        errors = np.array([_tilt_deg(seed, lying) for seed in SEEDS])
        (before, after), worse = errors.mean(axis=0), int(np.sum(errors[:, 1] > errors[:, 0] + 0.05))
        note = f"{before:.2f}° without; {worse} of {len(errors)} sensors worse by more than 0.05°"
        what = f"Tilt of a sensor that is off, day {name}: mean error"
        yield Row(what, DAYS, float(after), "°", at_most(round(0.5 * before if lying else before, 3)), note=note)


def _tilt_deg(seed: int, lying: int) -> tuple[float, float]:
    """Mean error of the vertical: readings as they are, and set right."""
    rng = np.random.default_rng(seed)
    flexion, lateral = _poses(rng, lying)
    body = turned(flexion, lateral)
    made = made_imu(np.arange(len(flexion)) / RATE_HZ, body, noise=1.0)
    scale, offset = 1 + rng.uniform(-0.03, 0.03, 3), STANDARD_GRAVITY_M_S2 * rng.uniform(-0.04, 0.04, 3)
    drift = np.repeat(STANDARD_GRAVITY_M_S2 * rng.normal(0, DRIFT_G, (UPRIGHT + lying, 3)), round(60 * RATE_HZ), axis=0)
    samples = replace(made, acc=(made.acc + drift - offset) / scale)
    info, truth = SensorInfo(made.sensor, "made", nominal_rate_hz=RATE_HZ), true_up(body)
    raw, right = (orient_offline(samples, info, params).up for params in (OFF, OrientationParams()))
    return float(error_deg(raw.up, truth).mean()), float(error_deg(right.up, truth).mean())


def _poses(rng: np.random.Generator, lying: int) -> tuple[Floats, Floats]:
    """Flexion and lateral bend of a day, degrees: upright with some lean, then on the back and on both sides."""
    flexion = np.concatenate([rng.normal(10, 12, UPRIGHT), np.resize([-85.0, 0.0, 0.0], lying)])
    lateral = np.concatenate([rng.normal(0, 4, UPRIGHT), np.resize([0.0, 85.0, -85.0], lying)])
    return _held(flexion), _held(lateral)


def _held(poses: Floats) -> Floats:
    """Each pose for a minute, four seconds from one to the next."""
    n, turn = round(60 * RATE_HZ), round(4 * RATE_HZ)
    ease = (1 - np.cos(np.pi * np.arange(turn) / turn)) / 2
    rows = np.repeat(poses[:, None], n, axis=1)
    rows[1:, :turn] = poses[:-1, None] + (poses[1:] - poses[:-1])[:, None] * ease
    return rows.ravel()
