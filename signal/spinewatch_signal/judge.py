"""What described frames mean for the wearer: how far from the reference, for how long, and the figures of the day."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spinewatch_signal.calibration import Calibration
from spinewatch_signal.calibration_schedule import CalibrationSchedule
from spinewatch_signal.day_summary import DayCounter, DaySummary
from spinewatch_signal.grid import FRAMES_PER_S
from spinewatch_signal.matched_rows import SensorPair
from spinewatch_signal.movement_summary import Marks
from spinewatch_signal.pipeline_params import PipelineParams
from spinewatch_signal.posture import Activity, PostureFrames, join_frames
from spinewatch_signal.risky_movement import RiskyMovementDetector
from spinewatch_signal.samples import Floats, Site
from spinewatch_signal.slouch import SlouchMachine, SlouchParams, Threshold, threshold


class Judge:
    """Described frames in, the same with `Away` out; the same for any chunking.

    Attributes:
        slouch: the machine; its episodes are the session's episodes.
        risky: movements worth a word.
        day: what adds up to the day's figures.
    """

    def __init__(self, sensors: SensorPair, params: PipelineParams) -> None:
        self._sensors = sensors
        self._params = params
        self._schedule = CalibrationSchedule()
        self.slouch = SlouchMachine(params.slouch)
        self.risky = RiskyMovementDetector(params.risky)
        self.day = DayCounter(
            two_sensors=sensors.lower is not None,
            sees_motion=sensors.upper.has_gyr,
            params=params.summary,
            exposure=params.exposure,
            position=params.position,
        )

    @property
    def calibration(self) -> Calibration | None:
        """In force at the newest frame."""
        return self._schedule.current

    def set_calibration(self, calibration: Calibration, from_t_s: float) -> None:
        """Use `calibration` for all frames from `from_t_s` (UNIX seconds) on that were not judged yet."""
        self._schedule.add(calibration, from_t_s)

    def update(self, frames: PostureFrames) -> PostureFrames:
        """The frames with `away` as known at each of them; they are later than all before."""
        parts = []
        for part, changed in self._schedule.stretches(frames.t_s):
            if changed:
                self._enter(self._schedule.current)
            parts.append(self._judged(frames[part]))
        return join_frames(parts, two_sensors=self._sensors.lower is not None)

    def finish(self) -> None:
        """The recording ends here: so does what goes on."""
        self.slouch.interrupt()
        self.risky.finish()

    def summary(self, now_s: float, marks: Marks) -> DaySummary:
        """The figures at `now_s`, UNIX seconds, with what the describing steps found."""
        return self.day.summary(self.slouch, now_s, replace(marks, risky=self.risky.found))

    def _enter(self, calibration: Calibration | None) -> None:
        """Nothing spans a change of the reference."""
        self.slouch.interrupt()
        self.slouch.limits = limits(self._params.slouch, self._sensors, calibration)
        self.risky.interrupt()
        self.day.interrupt()

    def _judged(self, frames: PostureFrames) -> PostureFrames:
        deviation = self._deviation_deg(frames)
        away = self.slouch.update(frames.t_s, deviation, frames.activity, ~np.isnan(deviation))
        k = np.rint(frames.t_s * FRAMES_PER_S).astype(np.int64)
        self.risky.update(k, np.where(frames.activity == Activity.LYING, np.nan, frames.flexion_deg))
        judged = replace(frames, away=away)
        self.day.add(judged, deviation)
        return judged

    def _deviation_deg(self, frames: PostureFrames) -> Floats:
        """(m,) deviation from the reference in the direction of the site; NaN where unknown."""
        calibration = self.calibration
        if calibration is None:
            return np.full(len(frames), np.nan)
        trunk = _away_sign(self._sensors) * (frames.flexion_deg - calibration.reference_deg)
        if frames.lumbar_deg is None or self.slouch.limits.measure != "lumbar":
            return trunk
        lumbar = frames.lumbar_deg - calibration.lumbar_reference_deg
        reclines = trunk < -self._params.slouch.recline_deg
        return np.where(reclines, np.minimum(lumbar, 0.0), lumbar)


def limits(params: SlouchParams, sensors: SensorPair, calibration: Calibration | None) -> Threshold:
    """The slouch thresholds in force: lumbar with two sensors and a known range, else trunk; sitting has its own.

    The bends give a range forward, which says nothing of how far a pelvis rolls back: it is judged in degrees.
    """
    if calibration is None:
        return threshold(params, None)
    return threshold(
        params,
        None if sensors.lower is None else calibration.lumbar_range_deg,
        trunk_range_deg=None if sensors.upper.site is Site.PELVIS else calibration.trunk_range_deg,
        sitting_deg=_sitting_deg(sensors, calibration),
    )


def _sitting_deg(sensors: SensorPair, calibration: Calibration) -> tuple[float, float]:
    """Trunk and lumbar deviation of the wearer's own upright sit, from the reference of standing."""
    sits = calibration.sitting_reference
    if sits is None:
        return 0.0, 0.0
    trunk_deg = _away_sign(sensors) * (sits.trunk_deg - calibration.reference_deg)
    return trunk_deg, sits.lumbar_deg - calibration.lumbar_reference_deg


def _away_sign(sensors: SensorPair) -> float:
    """A pelvis slouches by rolling back, everything above it by going forward."""
    return -1.0 if sensors.upper.site is Site.PELVIS else 1.0
