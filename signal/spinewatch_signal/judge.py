"""What described frames mean for the wearer: how far from the reference, for how long, and the figures of the day."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spinewatch_signal.calibration import Calibration
from spinewatch_signal.calibration_schedule import CalibrationSchedule
from spinewatch_signal.day_summary import DayCounter, DaySummary
from spinewatch_signal.describe import Found
from spinewatch_signal.matched_rows import SensorPair
from spinewatch_signal.pipeline_params import PipelineParams
from spinewatch_signal.posture import PostureFrames, join_frames
from spinewatch_signal.samples import Floats, Site
from spinewatch_signal.slouch import SlouchMachine, SlouchParams, Threshold, threshold


class Judge:
    """Described frames in, the same with `Away` out; the same for any chunking.

    Attributes:
        slouch: the machine; its episodes are the session's episodes.
        day: what adds up to the day's figures.
    """

    def __init__(self, sensors: SensorPair, params: PipelineParams) -> None:
        self._sensors = sensors
        self._params = params
        self._schedule = CalibrationSchedule()
        self.slouch = SlouchMachine(params.slouch)
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
        """The recording ends here: so does an episode that goes on."""
        self.slouch.interrupt()

    def summary(self, now_s: float, found: Found) -> DaySummary:
        """The figures at `now_s`, UNIX seconds, with what the describing steps found."""
        return self.day.summary(self.slouch, now_s)

    def _enter(self, calibration: Calibration | None) -> None:
        """Nothing spans a change of the reference."""
        self.slouch.interrupt()
        self.slouch.limits = limits(self._params.slouch, self._sensors, calibration)
        self.day.interrupt()

    def _judged(self, frames: PostureFrames) -> PostureFrames:
        deviation = self._deviation_deg(frames)
        away = self.slouch.update(frames.t_s, deviation, frames.activity, ~np.isnan(deviation))
        judged = replace(frames, away=away)
        self.day.add(judged, deviation)
        return judged

    def _deviation_deg(self, frames: PostureFrames) -> Floats:
        """(m,) deviation from the reference in the direction of the site; NaN where unknown."""
        calibration = self.calibration
        if calibration is None:
            return np.full(len(frames), np.nan)
        away_is_back = self._sensors.upper.site is Site.PELVIS
        trunk = (-1.0 if away_is_back else 1.0) * (frames.flexion_deg - calibration.reference_deg)
        if frames.lumbar_deg is None or self.slouch.limits.measure != "lumbar":
            return trunk
        lumbar = frames.lumbar_deg - calibration.lumbar_reference_deg
        reclines = trunk < -self._params.slouch.recline_deg
        return np.where(reclines, np.minimum(lumbar, 0.0), lumbar)


def limits(params: SlouchParams, sensors: SensorPair, calibration: Calibration | None) -> Threshold:
    """The slouch thresholds in force: lumbar with two sensors and a known range, else trunk."""
    if sensors.lower is None or calibration is None:
        return threshold(params, None)
    return threshold(params, calibration.lumbar_range_deg)
