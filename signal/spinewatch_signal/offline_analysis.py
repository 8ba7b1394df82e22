"""A whole recording at once, with the acausal estimator: what reports, trends and `analyze` stand on.

First everything is described, then what was done is told again in hindsight, and only then judged. A recording is read
in pieces and kept as grid rows, so that three days need hardly more memory than one hour.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from spinewatch_signal.accelerometer_calibration import vertical_by
from spinewatch_signal.calibration import Calibration, CalibrationRefusedError, GuidedSteps, calibrate
from spinewatch_signal.day_summary import DaySummary
from spinewatch_signal.describe import Describer, seated_deg
from spinewatch_signal.flexion import frame_from
from spinewatch_signal.found_reference import doubts, find_reference
from spinewatch_signal.frame_store import FrameStore
from spinewatch_signal.grid import FRAMES_PER_S, GridParams, Resampler
from spinewatch_signal.hindsight import retell_health, retell_sitting, retell_walking
from spinewatch_signal.judge import Judge
from spinewatch_signal.marks import HealthMark, Transition, WalkingBout
from spinewatch_signal.matched_rows import MatchedRows, SensorPair, match
from spinewatch_signal.movement_summary import Marks
from spinewatch_signal.offline_orientation import CancelledError, OfflineTracker, SensorFacts
from spinewatch_signal.pipeline_params import PipelineParams
from spinewatch_signal.posture import Episode, Estimator, PostureFrames
from spinewatch_signal.row_queue import CompactRowQueue
from spinewatch_signal.sample_source import SampleSource, Watched, as_source
from spinewatch_signal.samples import Floats, ImuBatch, SensorInfo
from spinewatch_signal.segments import GapSpan
from spinewatch_signal.sensor_prior import SensorPrior, prior_accelerometer, prior_bias_rad_s
from spinewatch_signal.slouch import Threshold, told_afterwards
from spinewatch_signal.up_vectors import UpBatch

_ORIENTATION_SHARE, _DESCRIPTION_SHARE = 0.8, 0.15
"""Parts of the whole time that these stages take."""
_SLICE = 2**16
"""Samples that go to the grid at a time: small enough to stay in the cache."""
_FRAMES_AT_ONCE = 2**13
"""Frames that are judged at a time, for the same reason."""
_REFERENCE_ROWS = 12 * 3600 * FRAMES_PER_S
"""A reference is looked for in the first twelve hours with data: nobody is upright for the first time after that."""

Samples = ImuBatch | SampleSource
Priors = Mapping[str, SensorPrior] | None
Scheduled = Sequence[tuple[float, Calibration]]
"""From when each holds (UNIX seconds), and the calibration; in time order."""


@dataclass(frozen=True, eq=False, slots=True)
class Analysis:
    """All that is known about one recording.

    Args:
        frames: posture on the grid; `activity` as told in hindsight, `away` as it turned out: its `AWAY` frames are
            what the figures count.
        episodes: away from the reference, all closed.
        summary: the figures.
        calibration: the last one in force; None when none could be had.
        threshold: what the slouch machine compared with, under that calibration.
        orientation: what is known of each sensor, by id.
        warnings: one line each, for people.
        walking, step_times_s, transitions, health: what happened when; steps in UNIX seconds.
        estimator: always the offline one.
    """

    frames: PostureFrames
    episodes: tuple[Episode, ...]
    summary: DaySummary
    calibration: Calibration | None
    threshold: Threshold
    orientation: Mapping[str, SensorFacts]
    warnings: tuple[str, ...]
    walking: tuple[WalkingBout, ...]
    step_times_s: Floats
    transitions: tuple[Transition, ...]
    health: tuple[HealthMark, ...]
    estimator: Estimator = Estimator.OFFLINE

    @property
    def gaps(self) -> dict[str, Sequence[GapSpan]]:
        """Gaps in the samples, by sensor."""
        return {sensor: facts.gaps for sensor, facts in self.orientation.items()}


def analyze_offline(
    samples: Mapping[str, Samples],
    sensors: Sequence[SensorInfo],
    params: PipelineParams | None = None,
    calibrations: Scheduled | None = None,
    calibration_steps: GuidedSteps | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    priors: Mapping[str, SensorPrior] | None = None,
) -> Analysis:
    """Analyse a whole recording.

    Args:
        samples: all samples of each sensor, by id; a source is read twice, in pieces.
        sensors: one, or an upper and a lower one.
        params: of all steps.
        calibrations: (from_t_s, calibration), in time order; the first holds from the start of the recording.
        calibration_steps: when the wearer did what; used where `calibrations` has none.
        progress: told the share done, 0 to 1.
        cancelled: asked now and then.
        priors: what earlier recordings told of a sensor, by its id.

    Raises:
        CancelledError: `cancelled` said so.
        ValueError: the sensors are no possible set.
    """
    work = _Work(SensorPair.of(sensors), params or PipelineParams(), progress or _ignore, cancelled)
    for info in work.pair.all:
        work.orient(samples[info.id], info, priors)
    schedule = work.calibrate(calibrations, calibration_steps, priors)
    return work.judge(work.describe(schedule), schedule)


class _Work:
    """One recording on its way through the stages, each of which lets go of what the next one does not need."""

    def __init__(
        self,
        pair: SensorPair,
        params: PipelineParams,
        progress: Callable[[float], None],
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self.pair = pair
        self._params, self._tell, self._cancelled = params, progress, cancelled
        self._rows = {info.id: CompactRowQueue() for info in pair.all}
        self._facts: dict[str, SensorFacts] = {}
        self._refusals: list[str] = []
        self._marks = Marks()
        self._describer = Describer(pair, params, live=False)

    def orient(self, samples: Samples, info: SensorInfo, priors: Priors) -> None:
        """Samples of one sensor to rows."""
        health = self._describer.health
        source = Watched(as_source(samples), health.take)
        known = prior_bias_rad_s(priors, info.id), prior_accelerometer(priors, info.id)
        tracker = OfflineTracker(source, info, self._params.orientation, self._cancelled, *known)
        grid = _ToGrid(self._params.grid, self._rows[info.id])
        for ups in tracker.blocks():
            grid.push(ups)
            self._tell(_ORIENTATION_SHARE * (len(self._facts) + tracker.done) / len(self.pair.all))
        self._facts[info.id] = tracker.facts
        health.gyro_offset(info.id, source.start_s, tracker.facts.gyro_bias_rad_s)

    def calibrate(self, given: Scheduled | None, steps: GuidedSteps | None, priors: Priors) -> Scheduled:
        """Which calibration holds from when: given ones, else the steps, else a found reference, else none."""
        always = float("-inf")
        if given:
            given = [(from_t_s, self._as_seen_now(calibration, priors)) for from_t_s, calibration in given]
            return [(always, given[0][1]), *given[1:]]
        ups = {sensor: rows.ups(sensor, _REFERENCE_ROWS) for sensor, rows in self._rows.items()}
        attempts: dict[str, Callable[[], Calibration]] = {}
        if steps is not None:
            attempts["The calibration steps cannot be used"] = lambda: calibrate(ups, steps, self.pair.sites)
        attempts["No reference found"] = lambda: find_reference(ups, self.pair.sites)
        for otherwise, attempt in attempts.items():
            try:
                calibration = attempt()
                self._refusals += doubts(calibration)
                return [(always, calibration)]
            except CalibrationRefusedError as refused:
                self._refusals.append(f"{otherwise}: {refused}")
        return []

    def _as_seen_now(self, calibration: Calibration, priors: Priors) -> Calibration:
        """The calibration as it had come out with the accelerometers that this recording was oriented with.

        It was made with what was known of them when the recording began; else the reference would be off by as much as
        that tilts.
        """
        frames = dict(calibration.frames)
        for sensor, facts in self._facts.items():
            was = prior_accelerometer(priors, sensor)
            if sensor in frames and facts.accelerometer != was:
                _, y, z = frames[sensor].axes
                frames[sensor] = frame_from(vertical_by(z, was, facts.accelerometer), y)
        same = all(frames[sensor] is calibration.frames[sensor] for sensor in frames)
        return calibration if same else replace(calibration, frames=frames)

    def describe(self, schedule: Scheduled) -> PostureFrames:
        """Rows to frames, told in hindsight."""
        describer = self._describer
        for from_t_s, calibration in schedule:
            describer.set_calibration(calibration, from_t_s)
        upper = self._rows[self.pair.upper.id]
        n = len(upper)
        store = FrameStore(n, two_sensors=self.pair.lower is not None)
        while len(upper):
            if self._cancelled and self._cancelled():
                raise CancelledError
            store.add(describer.update(self._next_rows(upper)))
            self._tell(_ORIENTATION_SHARE + _DESCRIPTION_SHARE * (1 - len(upper) / n))
        describer.finish()
        frames = store.frames
        self._marks = replace(describer.marks, health=describer.health.in_hindsight())
        retell_walking(frames, describer.gait.bouts)
        seated = seated_deg(describer.calibration, self.pair)
        p = self._params
        retell_sitting(frames, describer.seen, self.pair, seated, (p.sit_stand, p.activity))
        retell_health(frames, self._marks.health, self.pair)
        return frames

    def _next_rows(self, upper: CompactRowQueue) -> MatchedRows:
        rows = upper.pop()
        lower = None if self.pair.lower is None else self._rows[self.pair.lower.id].up_to(int(rows.k[-1]))
        return match(rows, lower)

    def judge(self, frames: PostureFrames, schedule: Scheduled) -> Analysis:
        """Frames to figures."""
        judge, marks = Judge(self.pair, self._params), self._marks
        for from_t_s, calibration in schedule:
            judge.set_calibration(calibration, from_t_s)
        for first in range(0, len(frames), _FRAMES_AT_ONCE):
            part = frames[first : first + _FRAMES_AT_ONCE]
            part.away[:] = judge.update(part).away
        judge.finish()
        frames.away[:] = told_afterwards(frames.t_s, frames.away, judge.slouch.counted_spans)
        self._tell(1.0)
        return Analysis(
            frames,
            tuple(judge.slouch.episodes),
            judge.summary(float(frames.t_s[-1]) if len(frames) else 0.0, marks),
            judge.calibration,
            judge.slouch.limits,
            self._facts,
            (*self._refusals, *(line for facts in self._facts.values() for line in facts.warnings)),
            tuple(marks.walking or ()),
            np.array(marks.step_times_s),
            tuple(marks.transitions or ()),
            tuple(marks.health),
        )


class _ToGrid:
    """Verticals of one sensor onto the grid, a slice at a time."""

    def __init__(self, params: GridParams, rows: CompactRowQueue) -> None:
        self._resampler, self._rows = Resampler(params), rows

    def push(self, ups: UpBatch) -> None:
        """Verticals later than all before."""
        for first in range(0, len(ups), _SLICE):
            self._rows.push(self._resampler.update(ups[first : first + _SLICE]))


def _ignore(_done: float) -> None:
    """Nobody asked for progress."""
