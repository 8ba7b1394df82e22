"""What each grid row shows, before anybody judges it: angles, walking, transitions, activity, sitting.

Live, every frame says what is known at that moment. For a whole recording, `hindsight` tells the activity again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.activity import ActivityClassifier, ActivityInput, told_apart
from spinewatch_signal.calibration import Calibration
from spinewatch_signal.calibration_schedule import CalibrationSchedule
from spinewatch_signal.flexion import angles_deg, body_uncertainty_deg, body_up, flexion_uncertainty_deg, lumbar_deg
from spinewatch_signal.gait import GaitDetector
from spinewatch_signal.grid import GridRows
from spinewatch_signal.health_seconds import rows_at
from spinewatch_signal.matched_rows import MatchedRows, SensorPair
from spinewatch_signal.movement_summary import Marks
from spinewatch_signal.pipeline_params import PipelineParams
from spinewatch_signal.posture import Away, Blank, PostureFrames, join_frames
from spinewatch_signal.samples import Floats, SensorInfo, Site
from spinewatch_signal.sensor_health import Health, HealthInput, HealthWatch
from spinewatch_signal.sit_stand import SitStand, SitStandInput
from spinewatch_signal.transitions import SeenTransition, TransitionDetector
from spinewatch_signal.unworn import blank_unworn

Mask = NDArray[np.bool_]
Codes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False, slots=True)
class _Angles:
    """Angles of some rows of one sensor under one calibration, degrees; NaN without one."""

    flexion: Floats
    lateral: Floats
    inclination: Floats


class Describer:
    """Matched rows in, frames out of which nothing was judged yet; the same for any chunking.

    Args:
        sensors: whose rows these are.
        params: of all steps.
        live: frames say what is known as they come; False leaves walking and sitting to `hindsight`.

    Attributes:
        gait: finds walking; it knows the cadence of now.
        health: the watch over the sensors; it may be given samples too, before the rows that they complete.
        seen: all transitions so far, each with when it became known.
    """

    def __init__(self, sensors: SensorPair, params: PipelineParams, *, live: bool = True) -> None:
        self._sensors = sensors
        self._params = params
        self._live = live
        self._schedule = CalibrationSchedule()
        self.gait = GaitDetector(params.gait)
        self.health = HealthWatch(sensors.all, params.health)
        self._activity = ActivityClassifier(params.activity, sensors.upper.site)
        self._transitions = {info.id: TransitionDetector(params.transitions, info.site) for info in sensors.all}
        self._sit_stand = SitStand(params.sit_stand)
        self.seen: list[SeenTransition] = []

    @property
    def calibration(self) -> Calibration | None:
        """In force at the newest frame."""
        return self._schedule.current

    @property
    def marks(self) -> Marks:
        """What happened so far: closed walks and their steps, sitting down and getting up, doubts."""
        transitions = [seen.transition for seen in self.seen]
        return Marks(self.gait.bouts, self.gait.step_times_s, transitions, health=self.health.all_marks)

    def set_calibration(self, calibration: Calibration, from_t_s: float) -> None:
        """Use `calibration` for all frames from `from_t_s` (UNIX seconds) on that were not made yet."""
        self._schedule.add(calibration, from_t_s)

    def update(self, rows: MatchedRows) -> PostureFrames:
        """Frames for rows later than all before; `away` is blank in all of them."""
        parts = []
        for part, changed in self._schedule.stretches(rows.upper.t_s):
            if changed:
                self.health.re_zeroed(float(rows.upper.t_s[part.start]), self.calibration)
                self._sit_stand.seated_deg = seated_deg(self.calibration, self._sensors)
            parts.append(self._frames(rows[part]))
        return join_frames(parts, two_sensors=self._sensors.lower is not None)

    def finish(self) -> None:
        """The recording ends here: so does what goes on."""
        self.gait.finish()
        body = self._sensors.lower or self._sensors.upper
        self.seen += self._transitions[body.id].finish()
        self.health.finish()

    def _frames(self, rows: MatchedRows) -> PostureFrames:
        upper, calibration = rows.upper, self.calibration
        angles = _angles(upper, self._sensors.upper, calibration)
        lower = None if rows.lower is None else _angles(rows.lower, self._sensors.lower, calibration)
        lumbar = None if lower is None else lumbar_deg(angles.flexion, lower.flexion)
        blank = _why_blank(upper.up, angles.flexion, calibration)
        walking = self.gait.update(upper.k, rows.body_acc_up, rows.body_turn_rate_rad_s)
        activity, sitting = self._told(rows, angles, lower, walking, blank == Blank.MOVING)
        health = self._health(rows, walking, angles, lower, lumbar)
        unsure_deg, body_deg = _uncertainty(upper, angles, calibration)
        frames = PostureFrames(
            upper.t_s,
            angles.flexion,
            angles.lateral,
            angles.inclination,
            lumbar,
            unsure_deg,
            body_deg,
            activity,
            np.full(len(upper), Away.BLANK, np.uint8),
            blank,
            sitting,
            health.doubt,
        )
        if self._live:
            blank_unworn(frames, health.unworn)
        return frames

    def _told(
        self, rows: MatchedRows, angles: _Angles, lower: _Angles | None, walking: Mask, hidden: Mask
    ) -> tuple[Codes, Floats]:
        """Codes of `Activity` and the chance of sitting, (m,) each; live as known, else without walking and sitting."""
        seen = self._watch(rows, angles, lower)
        activity = self._activity.update(_activity_input(rows.upper, angles, walking if self._live else None, hidden))
        if not self._live:
            return activity, np.full(len(rows), np.nan)
        pelvis = self._sensors.pelvis_deg(angles.flexion, None if lower is None else lower.flexion)
        sitting = self._sit_stand.update(SitStandInput(rows.upper.k, activity, pelvis), seen)
        return told_apart(activity, sitting, self._params.activity), sitting

    def _health(
        self, rows: MatchedRows, walking: Mask, angles: _Angles, lower: _Angles | None, lumbar: Floats | None
    ) -> Health:
        k = rows.upper.k
        sensors = tuple(rows_at(k, own) for own in (rows.upper, rows.lower) if own is not None)
        lateral = np.abs(angles.lateral) if lower is None else np.fmax(np.abs(angles.lateral), np.abs(lower.lateral))
        return self.health.update(HealthInput(k, walking, angles.flexion, lumbar, sensors, lateral))

    def _watch(self, rows: MatchedRows, upper: _Angles, lower: _Angles | None) -> list[SeenTransition]:
        """Transitions that these rows complete: seen by the lower sensor, or by the upper where that one is silent."""
        seen = self._seen_by(self._sensors.upper, rows.upper, upper)
        if self._sensors.lower is not None and rows.lower is not None and lower is not None:
            if seen:
                silent = set(rows.upper.k[np.isnan(rows.lower.up[:, 0])].tolist())
                seen = [one for one in seen if one.known_k in silent]
            seen += self._seen_by(self._sensors.lower, rows.lower, lower)
            seen.sort(key=lambda one: one.known_k)
        self.seen += seen
        return seen

    def _seen_by(self, info: SensorInfo, rows: GridRows, angles: _Angles) -> list[SeenTransition]:
        detector = self._transitions[info.id]
        return detector.update(rows.k, angles.flexion, angles.inclination, rows.acc_up)


def seated_deg(calibration: Calibration | None, sensors: SensorPair) -> float | None:
    """Flexion of the pelvis in the wearer's own upright sit, where the calibration knows it."""
    if calibration is None or calibration.seated_deg is None:
        return None
    on_pelvis = [info.id for info in sensors.all if info.site is Site.PELVIS]
    return calibration.seated_deg.get(on_pelvis[0]) if on_pelvis else None


def _activity_input(rows: GridRows, angles: _Angles, walking: Mask | None, hidden: Mask) -> ActivityInput:
    return ActivityInput(
        rows.k, angles.flexion, angles.lateral, rows.acc_n, rows.acc_sum, rows.acc_squares, hidden, walking
    )


def _angles(rows: GridRows, info: SensorInfo | None, calibration: Calibration | None) -> _Angles:
    """Without a calibration no angle means anything."""
    if calibration is None or info is None:
        nan = np.full(len(rows), np.nan)
        return _Angles(nan, nan, nan)
    return _Angles(*angles_deg(body_up(rows.up, calibration.frames[info.id])))


def _uncertainty(rows: GridRows, angles: _Angles, calibration: Calibration | None) -> tuple[Floats, Floats]:
    """95 % half-widths of flexion, (m,) each: what the sensor adds, and what it means for the body."""
    if calibration is None:
        return rows.sensor_uncertainty_deg, np.full(len(rows), np.nan)
    unsure_deg = flexion_uncertainty_deg(rows.sensor_uncertainty_deg, angles.lateral)
    return unsure_deg, body_uncertainty_deg(unsure_deg, calibration.grade)


def _why_blank(up: Floats, flexion_deg: Floats, calibration: Calibration | None) -> Codes:
    """Codes of `Blank`, (m,)."""
    if calibration is None:
        return np.full(len(up), Blank.NO_CALIBRATION, np.uint8)
    codes = np.where(np.isnan(flexion_deg), Blank.SIDE_LYING, Blank.NONE)
    codes[np.isnan(up[:, 0])] = Blank.MOVING
    return codes.astype(np.uint8)
