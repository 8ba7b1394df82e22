"""The causal pipeline: samples in as they come, posture frames out. Live data and replay both go through here."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from spinewatch_signal.calibration import Calibration, CalibrationRefusedError, GuidedSteps, calibrate
from spinewatch_signal.day_summary import DaySummary
from spinewatch_signal.gait import GaitDetector
from spinewatch_signal.grid import Resampler, grid_index
from spinewatch_signal.movement_summary import Marks
from spinewatch_signal.offline_analysis import Analysis, analyze_offline
from spinewatch_signal.orientation import OrientationTracker, orient_offline
from spinewatch_signal.orientation_params import OrientationParams
from spinewatch_signal.posture import Episode, Estimator, PostureFrames
from spinewatch_signal.rezero import Pose, re_zero
from spinewatch_signal.risky_movement import RiskyMovementDetector
from spinewatch_signal.row_queue import RowQueue
from spinewatch_signal.samples import BadSamplesError, Floats, ImuBatch, SensorInfo, Site, concatenate
from spinewatch_signal.segments import GapSpan
from spinewatch_signal.sensor_health import HealthWatch
from spinewatch_signal.sensor_prior import SensorPrior, prior_accelerometer, prior_bias_rad_s
from spinewatch_signal.slouch import SlouchMachine
from spinewatch_signal.steps import PipelineParams, PostureSteps, SensorPair, match
from spinewatch_signal.up_vectors import UpBatch, empty_ups

__all__ = ["Analysis", "Pipeline", "PipelineParams", "analyze_offline"]

_SETTLE_S = 0.5
"""A sensor whose filter is starting may still give verticals for samples this old."""


_BEFORE_CALIBRATION_S = 10.0
"""A calibration's orientation starts this long before its first step, where there are samples."""


@dataclass
class _Channel:
    """One sensor on its way to the grid.

    Args:
        info: the sensor.
        tracker: its orientation.
        resampler: its way to the grid.
        waiting: rows that were not made into frames yet.
        kept: its newest samples, for a calibration.
        passed_k: no row at or before this grid index will still come.
        first_s: time of its first sample, UNIX seconds.
        told_offset: (3,) the gyroscope's offset that the watch over the sensors was told of last.
    """

    info: SensorInfo
    tracker: OrientationTracker
    resampler: Resampler
    waiting: RowQueue = field(default_factory=RowQueue)
    kept: deque[ImuBatch] = field(default_factory=deque)
    passed_k: int = -(2**62)
    first_s: float = math.inf
    told_offset: Floats | None = None

    def take(self, batch: ImuBatch, keep_s: float) -> None:
        """Orient the samples and put them on the grid."""
        ups = self.tracker.update(batch)
        self.waiting.push(self.resampler.update(ups))
        self.kept.append(batch)
        while self.kept[0].t_s[-1] < batch.t_s[-1] - keep_s:
            self.kept.popleft()
        passed_s = float(batch.t_s[-1]) - _SETTLE_S
        if len(ups):
            passed_s = max(passed_s, float(ups.t_s[-1]))
        self.passed_k = max(self.passed_k, grid_index(passed_s))

    def ups_between(self, start_s: float, end_s: float, params: OrientationParams) -> UpBatch:
        """Verticals of kept samples, looking back: better than those that came out while the filter was starting."""
        if not self.kept:
            return empty_ups(self.info.id)
        samples = concatenate(self.kept).between(start_s, end_s)
        prior = self.tracker.gyro_bias_rad_s if self.info.has_gyr else None
        # Seen with the same accelerometer as the frames that are compared with it.
        params, accelerometer = replace(params, calibrate_accelerometer=False), self.tracker.accelerometer
        return orient_offline(
            samples, self.info, params, gyro_bias_prior_rad_s=prior, accelerometer=accelerometer
        ).up.known()


class Pipeline:
    """Samples of one or two sensors in, frames out; a plain object that `copy.deepcopy` can save half way.

    With two sensors a frame comes out once both have passed its grid point. When one is more than `wait_s` behind the
    start of the newest batch, frames go on without it, and lumbar flexion is blank.

    Args:
        sensors: one, or an upper and a lower one.
        params: of all steps.
        calibration: in force from the first frame on; without one frames carry no angles.
        priors: what earlier recordings told of a sensor, by its id.
    """

    estimator = Estimator.CAUSAL

    def __init__(
        self,
        sensors: Sequence[SensorInfo],
        params: PipelineParams | None = None,
        calibration: Calibration | None = None,
        priors: Mapping[str, SensorPrior] | None = None,
    ) -> None:
        self.params = params or PipelineParams()
        self.sensors = SensorPair.of(sensors)
        self._steps = PostureSteps(self.sensors, self.params)
        self._channels = {
            info.id: _Channel(
                info,
                OrientationTracker(
                    info,
                    self.params.orientation,
                    prior_bias_rad_s(priors, info.id),
                    prior_accelerometer(priors, info.id),
                ),
                Resampler(self.params.grid),
            )
            for info in self.sensors.all
        }
        self._newest_start_s = float("-inf")
        if calibration is not None:
            self.set_calibration(calibration, float("-inf"))

    def update(self, batch: ImuBatch) -> PostureFrames:
        """The frames that these samples complete.

        Raises:
            BadSamplesError: samples of a sensor that this pipeline does not know.
        """
        channel = self._channels.get(batch.sensor)
        if channel is None:
            raise BadSamplesError(f"samples of an unknown sensor: {batch.sensor}")
        if len(batch) == 0:
            return self._advance(-(2**62))
        channel.take(batch, self.params.keep_s)  # before all else: it refuses samples that go back
        self._steps.health.take(batch)
        self._tell_offset(channel, float(batch.t_s[0]))
        self._newest_start_s = max(self._newest_start_s, float(batch.t_s[0]))
        passed = min(c.passed_k for c in self._channels.values())
        return self._advance(max(passed, grid_index(self._newest_start_s - self.params.wait_s)))

    def finish(self) -> PostureFrames:
        """The last frames; an episode that goes on ends with them."""
        frames = self._advance(2**62)
        self._steps.finish()
        return frames

    def set_calibration(self, calibration: Calibration, from_t_s: float) -> None:
        """Use `calibration` for all frames from `from_t_s` (UNIX seconds) on that did not come out yet."""
        self._steps.set_calibration(calibration, from_t_s)

    def calibrate_now(self, steps: GuidedSteps) -> Calibration:
        """Calibrate from what the wearer just did, and use it from the end of the steps on.

        Args:
            steps: when the wearer did what, within the last `keep_s`.

        Raises:
            CalibrationRefusedError: with one line that says why.
        """
        calibration = calibrate(self._ups_of(*steps.all), steps, self._sites)
        self.set_calibration(calibration, steps.all[1])
        return calibration

    def re_zero_now(
        self, still: tuple[float, float], pose: Pose = "standing", calibration: Calibration | None = None
    ) -> Calibration:
        """Set a calibration anew from seconds of stillness, and use it from their end on.

        Args:
            still: when the wearer held still, UNIX seconds, within the last `keep_s`.
            pose: the upright stand, or the upright sit of the calibration.
            calibration: of the same sensors; None for the one in force.

        Raises:
            CalibrationRefusedError: with one line that says why.
        """
        before = calibration or self.calibration
        if before is None:
            raise CalibrationRefusedError("There is no calibration to set anew; calibrate with all the steps.")
        ups = {sensor: up.between(*still) for sensor, up in self._ups_of(*still).items()}
        anew = re_zero(before, ups, self._sites, pose=pose)
        self.set_calibration(anew, still[1])
        return anew

    def summary(self, now_s: float) -> DaySummary:
        """The figures at `now_s`, UNIX seconds."""
        return self._steps.summary(now_s)

    @property
    def calibration(self) -> Calibration | None:
        """The calibration in force at the newest frame."""
        return self._steps.calibration

    @property
    def episodes(self) -> list[Episode]:
        """Closed episodes, in order."""
        return self._steps.slouch.episodes

    @property
    def current_episode(self) -> Episode | None:
        """The episode that goes on, once it is confirmed."""
        return self._steps.slouch.current

    @property
    def slouch(self) -> SlouchMachine:
        """The machine: it tells reminders since when, how long, and against which limits the wearer is away."""
        return self._steps.slouch

    @property
    def risky(self) -> RiskyMovementDetector:
        """Movements worth a word; it tells reminders what goes on."""
        return self._steps.risky

    @property
    def marks(self) -> Marks:
        """What happened so far: walks and their steps, transitions, risky movements, doubts about sensors."""
        return self._steps.marks

    @property
    def gait(self) -> GaitDetector:
        """Walking; it knows the cadence of now."""
        return self._steps.gait

    @property
    def health(self) -> HealthWatch:
        """The watch over the sensors; it knows whether the reference is uncertain."""
        return self._steps.health

    @property
    def upper(self) -> SensorInfo:
        """The sensor that the trunk angles are of."""
        return self.sensors.upper

    def gaps(self, sensor: str) -> list[GapSpan]:
        """Gaps in the samples of one sensor."""
        return self._channels[sensor].tracker.gaps

    def tracker(self, sensor: str) -> OrientationTracker:
        """Orientation of one sensor: its measured rate, gyro bias, warnings."""
        return self._channels[sensor].tracker

    @property
    def _sites(self) -> dict[str, Site]:
        return {info.id: info.site for info in self.sensors.all}

    def _ups_of(self, start_s: float, end_s: float) -> dict[str, UpBatch]:
        """Verticals of what the wearer just did, by sensor."""
        return {
            sensor: channel.ups_between(start_s - _BEFORE_CALIBRATION_S, end_s, self.params.orientation)
            for sensor, channel in self._channels.items()
        }

    def _tell_offset(self, channel: _Channel, t_s: float) -> None:
        """Tell the watch over the sensors about a gross offset, dated to the sensor's first sample: it had it then."""
        channel.first_s = min(channel.first_s, t_s)
        offset = channel.tracker.state.bias_rad_s
        if offset is not channel.told_offset:
            channel.told_offset = offset
            self._steps.health.gyro_offset(channel.info.id, channel.first_s, offset)

    def _advance(self, k: int) -> PostureFrames:
        upper = self._channels[self.sensors.upper.id].waiting.up_to(k)
        lower = None if self.sensors.lower is None else self._channels[self.sensors.lower.id].waiting.up_to(k)
        return self._steps.update(match(upper, lower))
