"""Lifting on the simulator: the errors of lumbar flexion, lift by lift, against the segments of the body."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from simulated_desk import Desk, live, simulated_desk
from spinewatch_bridge.simulator.motion import Channel
from spinewatch_bridge.simulator.truth import TrueActivity
from spinewatch_bridge.simulator.variety import Variety
from spinewatch_signal.pipeline import analyze_offline
from spinewatch_signal.posture import PostureFrames
from spinewatch_signal.samples import Floats

ASYMMETRIC_ABOVE_DEG = 5.0
"""Symmetric lifts of the simulator have no lateral bend but sway, asymmetric ones 8 to 18°."""

PIECE_S = 60.0


@dataclass(frozen=True, eq=False, slots=True)
class Lift:
    """One lift on the frames of 10 Hz.

    Args:
        asymmetric: to one side, and twisted.
        told_deg: (m,) lumbar flexion told: the difference of two sagittal inclinations.
        true_deg: (m,) the same of the two segments.
        joint_deg: (m,) flexion of the joint: the first angle of pelvis to trunk, flexion first.
    """

    asymmetric: bool
    told_deg: Floats
    true_deg: Floats
    joint_deg: Floats

    @property
    def peak_error_deg(self) -> float:
        """Deepest told less deepest true."""
        return float(self.told_deg.max() - self.true_deg.max())


def lifts(variety: Variety, seeds: Iterable[int], *, causal: bool) -> Iterator[Lift]:
    """The lifts of these people, calibrated by their own guided steps, by one of the two estimators."""
    for seed in seeds:
        desk = simulated_desk(seed, scenario="lifting", variety=variety)
        sensors = desk.sensors(2)
        if causal:
            _, frames = live(desk, sensors, PIECE_S)
        else:
            frames = analyze_offline(desk.samples, sensors, calibration_steps=desk.steps).frames
        yield from _lifts_of(desk, frames)


def rmse_deg(found: Iterable[Lift], *, joint: bool = False) -> float:
    """Of all frames of these lifts together."""
    errors = [lift.told_deg - (lift.joint_deg if joint else lift.true_deg) for lift in found]
    return float(np.sqrt(np.mean(np.concatenate(errors) ** 2)))


def agreement_deg(found: Iterable[Lift]) -> tuple[float, float]:
    """Limits of agreement of the peaks: mean ± 1.96 standard deviations (Bland & Altman 1986)."""
    errors = np.array([lift.peak_error_deg for lift in found])
    mean, half = float(errors.mean()), 1.96 * float(errors.std(ddof=1))
    return mean - half, mean + half


def _lifts_of(desk: Desk, frames: PostureFrames) -> Iterator[Lift]:
    truth = desk.recording.truth
    assert frames.lumbar_deg is not None
    assert truth.lumbar_deg is not None
    told_at = np.searchsorted(truth.t_s, frames.t_s - 0.01)
    joint_deg = _joint_deg(desk, truth.t_s)
    for start_s, end_s in _spans(desk):
        inside = (frames.t_s >= start_s) & (frames.t_s < end_s) & np.isfinite(frames.lumbar_deg)
        at = told_at[inside]
        if len(at):
            asymmetric = bool(np.abs(truth.lateral_deg[at]).max() > ASYMMETRIC_ABOVE_DEG)
            yield Lift(asymmetric, frames.lumbar_deg[inside], truth.lumbar_deg[at], joint_deg[at])


def _spans(desk: Desk) -> list[tuple[float, float]]:
    """When the wearer lifts: all that moves after the bends of the calibration and is no walk."""
    script, start_s = desk.recording.script, desk.recording.start_s
    assert script.bends is not None
    times = [t_s for t_s, _ in script.activities] + [script.duration_s]
    return [
        (start_s + times[k], start_s + times[k + 1])
        for k, (t_s, activity) in enumerate(script.activities)
        if activity is TrueActivity.MOVING and t_s > script.bends[1]
    ]


def _joint_deg(desk: Desk, t_s: Floats) -> Floats:
    """(m,) flexion of trunk in pelvis, the first of the angles flexion, lateral bend, twist."""
    curves = desk.recording.script.motion.values(t_s - desk.recording.start_s)
    upper, pelvis = (
        Rotation.from_euler("ZXY", curves[[first + 2, first + 1, first]].T, degrees=True)
        for first in (Channel.UPPER_FLEXION, Channel.PELVIS_FLEXION)
    )
    joint: Floats = (pelvis.inv() * upper).as_euler("YXZ", degrees=True)[:, 0]
    return joint
