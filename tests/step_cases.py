"""The steps that `test_step_contract.py` holds to their promises: how each is made, fed and read.

A new step is one more row: here, or in a file ``step_cases_*.py`` that `ALL` in `test_step_contract.py` names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from made_motion import BENDS, LOWER, START_S, STILL, UPPER, desk_hour, made_samples, without
from spinewatch_signal.activity import ActivityClassifier, ActivityInput, ActivityParams
from spinewatch_signal.calibration import Calibration, GuidedSteps
from spinewatch_signal.exposure import ExposureCounter, ExposureParams
from spinewatch_signal.grid import GridParams, Resampler
from spinewatch_signal.orientation import OrientationTracker
from spinewatch_signal.orientation_params import OrientationParams
from spinewatch_signal.pipeline import Pipeline, PipelineParams
from spinewatch_signal.position import PositionParams, PositionTracker
from spinewatch_signal.posture import PostureFrames
from spinewatch_signal.samples import ImuBatch
from spinewatch_signal.slouch import SlouchMachine, SlouchParams
from spinewatch_signal.tallies import AngleHistogram
from spinewatch_signal.up_vectors import UpBatch

Arrays = Mapping[str, np.ndarray]


def arrays_of(batch: Any) -> dict[str, np.ndarray]:
    """The arrays of a dataclass, by field name."""
    named = {f.name: getattr(batch, f.name) for f in fields(batch)}
    return {name: value for name, value in named.items() if isinstance(value, np.ndarray)}


@dataclass(frozen=True)
class Case:
    """One step.

    Args:
        make: a fresh step.
        data: all of its input.
        feed: gives one slice of the input to the step and returns what comes out.
        result: what the step holds at the end, as plain values.
        params: the class of its parameters.
        read: the parameters of a step that was used, None where it has none of its own.
    """

    make: Callable[[], Any]
    data: Callable[[], Any]
    feed: Callable[[Any, Any, slice], Arrays]
    result: Callable[[Any], Any]
    params: type | None
    read: Callable[[Any], Any]


def imu() -> ImuBatch:
    """Two minutes and a half with movement, an episode, a bridged gap and a long one."""
    return without(made_samples("upper", 160, desk_hour, shakes=(80, 85)), (44.0, 44.12), (140.0, 143.0))


def ups() -> UpBatch:
    return OrientationTracker(UPPER).update(imu())


def frames() -> PostureFrames:
    return Pipeline([UPPER], calibration=calibration()).update(imu())


def calibration() -> Calibration:
    pipeline = Pipeline([UPPER, LOWER])
    pipeline.update(made_samples("upper", 40, desk_hour))
    pipeline.update(made_samples("lower", 40, lambda t_s: 0.4 * desk_hour(t_s)))
    return pipeline.calibrate_now(GuidedSteps(STILL, BENDS))


def activity_input() -> ActivityInput:
    rows, angles = Resampler().update(ups()), frames()
    return ActivityInput(rows.k, angles.flexion_deg, angles.lateral_deg, rows.acc_n, rows.acc_sum, rows.acc_squares)


def part_of(batch: Any, part: slice) -> Any:
    return type(batch)(**{name: value[part] for name, value in arrays_of(batch).items()})


def feed_slouch(machine: SlouchMachine, f: PostureFrames, part: slice) -> Arrays:
    deviation = f.flexion_deg[part]
    return {"away": machine.update(f.t_s[part], deviation, f.activity[part], ~np.isnan(deviation))}


def feed_position(tracker: PositionTracker, f: PostureFrames, part: slice) -> Arrays:
    k = np.rint(f.t_s[part] * 10).astype(np.int64)
    tracker.update(k, f.flexion_deg[part], f.lateral_deg[part], f.activity[part])
    return {}


def feed_exposure(counter: ExposureCounter, f: PostureFrames, part: slice) -> Arrays:
    after_gap = np.diff(f.t_s, prepend=f.t_s[0]) > 0.15
    counter.add(f.flexion_deg[part], after_gap[part])
    return {}


def feed_histogram(histogram: AngleHistogram, f: PostureFrames, part: slice) -> Arrays:
    histogram.add(f.flexion_deg[part])
    return {}


def pipeline_result(pipeline: Pipeline) -> Any:
    pipeline.finish()
    return pipeline.episodes, pipeline.summary(START_S + 200)


def one_sensor() -> Pipeline:
    return Pipeline([UPPER], calibration=calibration())


CASES = {
    "orientation": Case(
        lambda: OrientationTracker(UPPER),
        imu,
        lambda step, data, part: arrays_of(step.update(data[part])),
        lambda step: [(g.start_s, g.end_s, g.lost_samples) for g in step.gaps],
        OrientationParams,
        lambda step: step._params,
    ),
    "orientation without gyroscope": Case(
        lambda: OrientationTracker(replace(UPPER, has_gyr=False)),
        lambda: replace(imu(), gyr=None),
        lambda step, data, part: arrays_of(step.update(data[part])),
        lambda step: [(g.start_s, g.end_s, g.lost_samples) for g in step.gaps],
        OrientationParams,
        lambda step: step._params,
    ),
    "grid": Case(
        Resampler,
        ups,
        lambda step, data, part: arrays_of(step.update(data[part])),
        lambda step: None,
        GridParams,
        lambda step: step.params,
    ),
    "activity": Case(
        ActivityClassifier,
        activity_input,
        lambda step, data, part: {"activity": step.update(part_of(data, part))},
        lambda step: None,
        ActivityParams,
        lambda step: step.params,
    ),
    "slouch": Case(
        SlouchMachine,
        frames,
        feed_slouch,
        lambda step: (step.episodes, step.current, step.crossing_s, step.held_s, step.away_s),
        SlouchParams,
        lambda step: step.params,
    ),
    "position": Case(
        PositionTracker,
        frames,
        feed_position,
        lambda step: (step.changes_s, step.longest_still, step.still_now_s),
        PositionParams,
        lambda step: step.params,
    ),
    "exposure": Case(
        ExposureCounter,
        frames,
        feed_exposure,
        lambda step: (
            [(s.frames, s.count, s.longest_frames) for s in step.zones.values()],
            [bend.count for bend in step.bends.values()],
        ),
        ExposureParams,
        lambda step: step.params,
    ),
    "histogram": Case(AngleHistogram, frames, feed_histogram, lambda step: step.percentiles(), None, lambda step: None),
    "pipeline": Case(
        one_sensor,
        imu,
        lambda step, data, part: arrays_of(step.update(data[part])),
        pipeline_result,
        PipelineParams,
        lambda step: step.params,
    ),
}
