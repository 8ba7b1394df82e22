"""The angle between two back sensors of a full-body suit, against the suit's own segments (QMT)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation
from vqf import offlineVQF

from score.peers import peer
from score.row import Row, at_most, blank
from score.sets_qmt import STANDING, Suit, suit
from score.worn import Worn
from spinewatch_signal.flexion import BodyFrame, angles_deg, body_up
from spinewatch_signal.orientation import OrientationTracker, orient_offline
from spinewatch_signal.pipeline import analyze_offline
from spinewatch_signal.samples import Floats
from spinewatch_signal.up_vectors import up_from_quat

DATA = "real: qmt (1 person, 100 s, standing, sitting, walking)"
TARGET_DEG = at_most(3.0)
PAIRS = {"pelvis to lower back": ("hip", "lower_back"), "pelvis to upper back": ("hip", "upper_back")}
SEGMENT_TO_BODY = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""The suit's segment (x forward, y up, z right) in our body axes (x forward, y left, z up)."""

Ups = Callable[[Worn], Floats]
"""(n, 3) verticals in the sensor frame, a row per sample."""


def rows(data: Path | None) -> list[Row]:
    """Flexion of one segment against the other, by the offline and the causal filter and as the whole program does."""
    what = "flexion between two back sensors, RMSE"
    if data is None:
        return [blank(f"{what}, {pair}", DATA, "°", TARGET_DEG) for pair in PAIRS]
    worn = suit(data)
    found = []
    for pair, names in PAIRS.items():
        note = "one constant turn per sensor removed (best fit of verticals)"
        others = ", ".join((_vqf(worn, names), _imufusion(worn, names)))
        found.append(Row(f"{what}, {pair}, offline", DATA, _rmse(worn, names, _offline), "°", TARGET_DEG, others, note))
        found.append(Row(f"{what}, {pair}, causal", DATA, _rmse(worn, names, _causal), "°", TARGET_DEG, note=note))
        found.append(_whole_program(worn, pair, names, what))
    return found


def true_flexion_deg(quat: Floats) -> Floats:
    """(n,) flexion of a segment against gravity."""
    flexion, _, _ = angles_deg(up_from_quat(quat) @ SEGMENT_TO_BODY.T)
    return flexion


def aligned_flexion_deg(up: Floats, quat: Floats) -> Floats:
    """(n,) flexion told by a sensor's verticals, after the one turn that fits them best to those of the segment."""
    body = up_from_quat(quat) @ SEGMENT_TO_BODY.T
    seen = np.isfinite(up).all(axis=1)
    turn, _ = Rotation.align_vectors(body[seen], up[seen])
    flexion, _, _ = angles_deg(body_up(up, BodyFrame(turn.as_matrix())))
    return flexion


def _rmse(worn: Suit, names: tuple[str, str], ups: Ups) -> float:
    lower, upper = names
    told = {name: aligned_flexion_deg(ups(worn.sensors[name]), worn.segments[name]) for name in names}
    error = told[upper] - told[lower] - _truth_deg(worn, names)
    return float(np.sqrt(np.nanmean(error**2)))


def _truth_deg(worn: Suit, names: tuple[str, str]) -> Floats:
    lower, upper = (true_flexion_deg(worn.segments[name]) for name in names)
    return upper - lower


def _offline(sensor: Worn) -> Floats:
    return _on_samples(sensor, orient_offline(sensor.samples, sensor.info).up)


def _causal(sensor: Worn) -> Floats:
    return _on_samples(sensor, OrientationTracker(sensor.info).update(sensor.samples))


def _on_samples(sensor: Worn, ups: object) -> Floats:
    """Verticals on the rows of the samples, NaN where there is none."""
    rows_up = np.full((len(sensor.samples), 3), np.nan)
    rows_up[np.searchsorted(sensor.samples.t_s, ups.t_s)] = ups.up  # type: ignore[attr-defined]
    return rows_up


def _vqf(worn: Suit, names: tuple[str, str]) -> str:
    def bare(sensor: Worn) -> Floats:
        batch = sensor.samples
        return up_from_quat(offlineVQF(batch.gyr, batch.acc, None, 1 / sensor.info.nominal_rate_hz)["quat6D"])

    return peer("vqf", lambda: _rmse(worn, names, bare), "offlineVQF")


def _imufusion(worn: Suit, names: tuple[str, str]) -> str:
    def fused(sensor: Worn) -> Floats:
        import imufusion

        batch, filter_ = sensor.samples, imufusion.Ahrs()
        filter_.set_sample_period(1 / sensor.info.nominal_rate_hz)
        quat = np.empty((len(batch), 4))
        for k, (rate, force) in enumerate(zip(np.degrees(batch.gyr), batch.acc / 9.80665, strict=True)):
            filter_.update_no_magnetometer(rate, force)
            quat[k] = filter_.get_quaternion()
        return up_from_quat(quat)

    return peer("imufusion", lambda: _rmse(worn, names, fused))


def _whole_program(worn: Suit, pair: str, names: tuple[str, str], what: str) -> Row:
    """Lumbar flexion as an analysis of the recording tells it: a found reference, its own frames."""
    lower, upper = names
    infos = [worn.sensors[name].info for name in (upper, lower)]
    analysis = analyze_offline({name: worn.sensors[name].samples for name in names}, infos)
    name = f"{what}, {pair}, as analysed"
    if analysis.calibration is None or analysis.frames.lumbar_deg is None:
        return blank(name, DATA, "°", TARGET_DEG, "; ".join(analysis.warnings) or "no reference was found")
    frames, t_s = analysis.frames, worn.sensors[lower].samples.t_s
    error = frames.lumbar_deg - np.interp(frames.t_s, t_s, _truth_deg(worn, names))
    standing = (frames.t_s >= STANDING[0]) & (frames.t_s < STANDING[1])
    error = error - np.nanmedian(error[standing])
    note = f"reference found without guided steps (grade {analysis.calibration.grade}); zero in standing"
    return Row(name, DATA, float(np.sqrt(np.nanmean(error**2))), "°", TARGET_DEG, note=note)
