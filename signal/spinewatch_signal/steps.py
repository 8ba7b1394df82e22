"""From verticals on the grid to posture frames: the steps after orientation, in their order.

The causal pipeline and the offline analysis differ in how the verticals came about, and in nothing here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.activity import ActivityClassifier, ActivityInput, ActivityParams
from spinewatch_signal.calibration import Calibration
from spinewatch_signal.day_summary import DayCounter, DaySummary, SummaryParams
from spinewatch_signal.exposure import ExposureParams
from spinewatch_signal.flexion import angles_deg, body_uncertainty_deg, body_up, flexion_uncertainty_deg, lumbar_deg
from spinewatch_signal.grid import GridParams, GridRows
from spinewatch_signal.orientation_params import OrientationParams
from spinewatch_signal.position import PositionParams
from spinewatch_signal.posture import Blank, PostureFrames, join_frames
from spinewatch_signal.samples import Floats, Role, SensorInfo, Site
from spinewatch_signal.slouch import SlouchMachine, SlouchParams, Threshold, threshold


@dataclass(frozen=True)
class PipelineParams:
    """The parameters of all steps.

    Args:
        orientation, grid, activity, slouch, exposure, position, summary: of the step of that name.
        wait_s: two sensors, live: how far one may be behind the other before frames go on without it.
        keep_s: samples of the last so many seconds are kept for a calibration.
    """

    orientation: OrientationParams = field(default_factory=OrientationParams)
    grid: GridParams = field(default_factory=GridParams)
    activity: ActivityParams = field(default_factory=ActivityParams)
    slouch: SlouchParams = field(default_factory=SlouchParams)
    exposure: ExposureParams = field(default_factory=ExposureParams)
    position: PositionParams = field(default_factory=PositionParams)
    summary: SummaryParams = field(default_factory=SummaryParams)
    wait_s: float = 0.5
    keep_s: float = 120.0


@dataclass(frozen=True, slots=True)
class SensorPair:
    """The sensors of a session by what they are for: `upper` gives the trunk angles, `lower` only lumbar flexion."""

    upper: SensorInfo
    lower: SensorInfo | None

    @classmethod
    def of(cls, sensors: Sequence[SensorInfo]) -> SensorPair:
        """Sort one or two sensors by their roles.

        Raises:
            ValueError: other than one sensor, or one upper and one lower.
        """
        if len(sensors) == 1:
            return cls(sensors[0], None)
        by_role = {sensor.role: sensor for sensor in sensors}
        if len(sensors) != 2 or len(by_role) != 2:
            raise ValueError("one sensor is needed, or one upper and one lower sensor")
        return cls(by_role[Role.UPPER], by_role[Role.LOWER])

    @property
    def all(self) -> tuple[SensorInfo, ...]:
        """Upper first."""
        return (self.upper,) if self.lower is None else (self.upper, self.lower)


@dataclass(frozen=True, eq=False, slots=True)
class MatchedRows:
    """Rows of the upper sensor, each with the vertical of the lower at the same grid point.

    Args:
        upper: (m,) rows.
        lower_up: (m, 3) vertical in the lower sensor's frame, NaN where it has none; None with one sensor.
    """

    upper: GridRows
    lower_up: Floats | None

    def __len__(self) -> int:
        return len(self.upper)

    def __getitem__(self, part: slice) -> MatchedRows:
        return MatchedRows(self.upper[part], None if self.lower_up is None else self.lower_up[part])


def match(upper: GridRows, lower: GridRows | None) -> MatchedRows:
    """Put the rows of the lower sensor beside those of the upper."""
    if lower is None:
        return MatchedRows(upper, None)
    lower_up = np.full((len(upper), 3), np.nan)
    if len(lower):
        at = np.minimum(np.searchsorted(lower.k, upper.k), len(lower) - 1)
        there = lower.k[at] == upper.k
        lower_up[there] = lower.up[at[there]]
    return MatchedRows(upper, lower_up)


@dataclass(frozen=True, eq=False, slots=True)
class _Angles:
    """Angles of some rows under one calibration."""

    flexion_deg: Floats
    lateral_deg: Floats
    inclination_deg: Floats
    lumbar_deg: Floats | None
    sensor_uncertainty_deg: Floats
    body_uncertainty_deg: Floats
    deviation_deg: Floats
    blank: NDArray[np.uint8]


class PostureSteps:
    """Angles, activity, slouch and the day's figures, for any chunking.

    Attributes:
        slouch: the machine; its episodes are the session's episodes.
        day: what adds up to the day's figures.
    """

    def __init__(self, sensors: SensorPair, params: PipelineParams | None = None) -> None:
        self.sensors = sensors
        self.params = params or PipelineParams()
        self.slouch = SlouchMachine(self.params.slouch)
        self.day = DayCounter(
            two_sensors=sensors.lower is not None,
            sees_motion=sensors.upper.has_gyr,
            params=self.params.summary,
            exposure=self.params.exposure,
            position=self.params.position,
        )
        self._activity = ActivityClassifier(self.params.activity)
        self._calibration: Calibration | None = None
        self._schedule: list[tuple[float, Calibration]] = []

    @property
    def calibration(self) -> Calibration | None:
        """The calibration in force at the newest frame."""
        return self._calibration

    def set_calibration(self, calibration: Calibration, from_t_s: float) -> None:
        """Use `calibration` for all frames from `from_t_s` (UNIX seconds) on that were not made yet."""
        self._schedule = [entry for entry in self._schedule if entry[0] < from_t_s]
        self._schedule.append((from_t_s, calibration))

    def update(self, rows: MatchedRows) -> PostureFrames:
        """Frames for rows later than all before."""
        parts = []
        while len(rows):
            self._enter_schedule(float(rows.upper.t_s[0]))
            n = len(rows) if not self._schedule else int(np.searchsorted(rows.upper.t_s, self._schedule[0][0]))
            parts.append(self._frames(rows[:n]))
            rows = rows[n:]
        return join_frames(parts, two_sensors=self.sensors.lower is not None)

    def finish(self) -> None:
        """The recording ends here: so does an episode that goes on."""
        self.slouch.interrupt()

    def summary(self, now_s: float) -> DaySummary:
        """The figures at `now_s`, UNIX seconds."""
        return self.day.summary(self.slouch, now_s)

    def _enter_schedule(self, t_s: float) -> None:
        """Take up the calibration that begins at or before `t_s`; nothing spans a change of the reference."""
        while self._schedule and self._schedule[0][0] <= t_s:
            _, self._calibration = self._schedule.pop(0)
            self.slouch.interrupt()
            self.slouch.limits = limits(self.params.slouch, self.sensors, self._calibration)
            self.day.interrupt()

    def _frames(self, rows: MatchedRows) -> PostureFrames:
        upper = rows.upper
        angles = self._angles(rows)
        activity = self._activity.update(
            ActivityInput(
                upper.k,
                angles.flexion_deg,
                angles.lateral_deg,
                upper.acc_n,
                upper.acc_sum,
                upper.acc_squares,
                angles.blank == Blank.MOVING,
            )
        )
        is_known = ~np.isnan(angles.deviation_deg)
        frames = PostureFrames(
            upper.t_s,
            angles.flexion_deg,
            angles.lateral_deg,
            angles.inclination_deg,
            angles.lumbar_deg,
            angles.sensor_uncertainty_deg,
            angles.body_uncertainty_deg,
            activity,
            self.slouch.update(upper.t_s, angles.deviation_deg, activity, is_known),
            angles.blank,
            np.full(len(upper), np.nan),
            np.zeros(len(upper), np.uint8),
        )
        self.day.add(frames, angles.deviation_deg)
        return frames

    def _angles(self, rows: MatchedRows) -> _Angles:
        calibration, info = self._calibration, self.sensors.upper
        if calibration is None:
            return _blank_angles(rows)
        flexion, lateral, inclination = angles_deg(body_up(rows.upper.up, calibration.frames[info.id]))
        lumbar = self._lumbar(rows, calibration, flexion)
        unsure_deg = flexion_uncertainty_deg(rows.upper.sensor_uncertainty_deg, lateral)
        trunk = (-1.0 if info.site is Site.PELVIS else 1.0) * (flexion - calibration.reference_deg)
        deviation = trunk
        if lumbar is not None and self.slouch.limits.measure == "lumbar":
            lumbar_deviation = lumbar - calibration.lumbar_reference_deg
            reclines = trunk < -self.params.slouch.recline_deg
            deviation = np.where(reclines, np.minimum(lumbar_deviation, 0.0), lumbar_deviation)
        return _Angles(
            flexion,
            lateral,
            inclination,
            lumbar,
            unsure_deg,
            body_uncertainty_deg(unsure_deg, calibration.grade),
            deviation,
            _why_blank(rows.upper.up, flexion),
        )

    def _lumbar(self, rows: MatchedRows, calibration: Calibration, upper_flexion_deg: Floats) -> Floats | None:
        lower = self.sensors.lower
        if lower is None or rows.lower_up is None:
            return None
        lower_flexion, _, _ = angles_deg(body_up(rows.lower_up, calibration.frames[lower.id]))
        return lumbar_deg(upper_flexion_deg, lower_flexion)


def limits(params: SlouchParams, sensors: SensorPair, calibration: Calibration | None) -> Threshold:
    """The slouch thresholds in force: lumbar with two sensors and a known range, else trunk."""
    if sensors.lower is None or calibration is None:
        return threshold(params, None)
    return threshold(params, calibration.lumbar_range_deg)


def _why_blank(up: Floats, flexion_deg: Floats) -> NDArray[np.uint8]:
    """Codes of `Blank`, (m,), under a calibration."""
    codes = np.where(np.isnan(flexion_deg), Blank.SIDE_LYING, Blank.NONE)
    codes[np.isnan(up[:, 0])] = Blank.MOVING
    return codes.astype(np.uint8)


def _blank_angles(rows: MatchedRows) -> _Angles:
    """Without a calibration no angle means anything."""
    n = len(rows)
    nan = np.full(n, np.nan)
    blank = np.full(n, Blank.NO_CALIBRATION, np.uint8)
    lumbar = None if rows.lower_up is None else nan
    return _Angles(nan, nan, nan, lumbar, rows.upper.sensor_uncertainty_deg, nan, nan, blank)
