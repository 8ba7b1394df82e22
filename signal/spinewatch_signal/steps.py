"""From verticals on the grid to posture frames, as they come: every row is described, then judged."""

from __future__ import annotations

from dataclasses import replace

from spinewatch_signal.calibration import Calibration
from spinewatch_signal.day_summary import DayCounter, DaySummary
from spinewatch_signal.describe import Describer
from spinewatch_signal.gait import GaitDetector
from spinewatch_signal.judge import Judge, limits
from spinewatch_signal.matched_rows import MatchedRows, SensorPair, match
from spinewatch_signal.movement_summary import Marks
from spinewatch_signal.pipeline_params import PipelineParams
from spinewatch_signal.posture import PostureFrames, join_frames
from spinewatch_signal.risky_movement import RiskyMovementDetector
from spinewatch_signal.sensor_health import HealthWatch
from spinewatch_signal.slouch import SlouchMachine

__all__ = ["MatchedRows", "PipelineParams", "PostureSteps", "SensorPair", "limits", "match"]


class PostureSteps:
    """All steps after orientation in their order, causal, for any chunking."""

    def __init__(self, sensors: SensorPair, params: PipelineParams | None = None) -> None:
        self.sensors = sensors
        self.params = params or PipelineParams()
        self._describe = Describer(sensors, self.params)
        self._judge = Judge(sensors, self.params)

    @property
    def calibration(self) -> Calibration | None:
        """The calibration in force at the newest frame."""
        return self._describe.calibration

    @property
    def slouch(self) -> SlouchMachine:
        """The machine; its episodes are the session's episodes."""
        return self._judge.slouch

    @property
    def day(self) -> DayCounter:
        """What adds up to the day's figures."""
        return self._judge.day

    @property
    def gait(self) -> GaitDetector:
        """Walking: its bouts, steps, and the cadence of now."""
        return self._describe.gait

    @property
    def health(self) -> HealthWatch:
        """The watch over the sensors; give it samples before the rows that they complete."""
        return self._describe.health

    @property
    def risky(self) -> RiskyMovementDetector:
        """Movements worth a word: those that are over, and what goes on."""
        return self._judge.risky

    @property
    def marks(self) -> Marks:
        """What happened so far: walks, transitions, risky movements, doubts."""
        return replace(self._describe.marks, risky=self._judge.risky.found)

    def set_calibration(self, calibration: Calibration, from_t_s: float) -> None:
        """Use `calibration` for all frames from `from_t_s` (UNIX seconds) on that were not made yet."""
        for part in (self._describe, self._judge):
            part.set_calibration(calibration, from_t_s)

    def update(self, rows: MatchedRows) -> PostureFrames:
        """Frames for rows later than all before."""
        if len(rows) == 0:
            return join_frames([], two_sensors=self.sensors.lower is not None)
        return self._judge.update(self._describe.update(rows))

    def finish(self) -> None:
        """The recording ends here: so does what goes on."""
        self._describe.finish()
        self._judge.finish()

    def summary(self, now_s: float) -> DaySummary:
        """The figures at `now_s`, UNIX seconds."""
        return self._judge.summary(now_s, self._describe.marks)
