"""What every step promises, checked for all of them in one way.

Fed whole, in pieces of 1, 7, 50 and 333 samples, or stopped, copied and continued, a step says the same to 1e-9. It
takes an empty batch, a single sample and a gap; it refuses NaN; it leaves its parameters alone, and documents them.
A new step is one more row in `CASES`.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from made_motion import BENDS, LOWER, START_S, STILL, UPPER, desk_hour, made_samples, without
from spinewatch_signal.activity import ActivityClassifier, ActivityInput, ActivityParams
from spinewatch_signal.calibration import Calibration
from spinewatch_signal.day_summary import SummaryParams
from spinewatch_signal.exposure import AngleHistogram, ExposureCounter, ExposureParams
from spinewatch_signal.grid import GridParams, Resampler
from spinewatch_signal.orientation import OrientationTracker
from spinewatch_signal.orientation_params import OrientationParams
from spinewatch_signal.pipeline import Pipeline, PipelineParams
from spinewatch_signal.position import PositionParams, PositionTracker
from spinewatch_signal.posture import PostureFrames
from spinewatch_signal.samples import BadSamplesError, ImuBatch
from spinewatch_signal.segments import SegmentParams
from spinewatch_signal.slouch import SlouchMachine, SlouchParams
from spinewatch_signal.up_vectors import UpBatch

SIZES = (1, 7, 50, 333)
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
    return pipeline.calibrate_now(STILL, BENDS)


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


@pytest.fixture(scope="module")
def inputs() -> dict[str, Any]:
    return {name: case.data() for name, case in CASES.items()}


@pytest.fixture(scope="module")
def whole(inputs: dict[str, Any]) -> dict[str, tuple[list[Arrays], Any]]:
    return {name: run(CASES[name], inputs[name], [slice(0, None)]) for name in CASES}


def run(case: Case, data: Any, parts: list[slice]) -> tuple[list[Arrays], Any]:
    step = case.make()
    outputs = [case.feed(step, data, part) for part in parts]
    return outputs, case.result(step)


MOST_PIECES = 2000


def pieces(n: int, size: int) -> list[slice]:
    """Pieces of `size` up to the end; before the last `MOST_PIECES` of them (the gap lies in these) one large one."""
    first = max(0, n - MOST_PIECES * size)
    return [slice(0, first), *(slice(i, i + size) for i in range(first, n, size))]


def length(data: Any) -> int:
    return len(next(iter(arrays_of(data).values())))


def check_same(some: tuple[list[Arrays], Any], others: tuple[list[Arrays], Any]) -> None:
    a, b = joined(some[0]), joined(others[0])
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_allclose(a[name], b[name], rtol=0, atol=1e-9, err_msg=name)
    assert some[1] == others[1]


def joined(outputs: list[Arrays]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([out[name] for out in outputs]) for name in outputs[0]}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", CASES)
def test_pieces_do_not_matter(name: str, size: int, inputs: dict[str, Any], whole: dict[str, Any]):
    data = inputs[name]
    check_same(run(CASES[name], data, pieces(length(data), size)), whole[name])


@pytest.mark.parametrize("name", CASES)
def test_copied_half_way_and_continued(name: str, inputs: dict[str, Any], whole: dict[str, Any]):
    case, data = CASES[name], inputs[name]
    half = length(data) // 2 + 3
    step = case.make()
    first = case.feed(step, data, slice(0, half))
    kept = copy.deepcopy(step)
    case.feed(step, data, slice(half, None))  # the original goes on: the copy must not notice
    second = case.feed(kept, data, slice(half, None))
    check_same(([first, second], case.result(kept)), whole[name])


@pytest.mark.parametrize("name", CASES)
def test_empty_batches_change_nothing(name: str, inputs: dict[str, Any], whole: dict[str, Any]):
    n = length(inputs[name])
    parts = [slice(0, 0), slice(0, n // 3), slice(0, 0), slice(n // 3, None), slice(n, None)]
    check_same(run(CASES[name], inputs[name], parts), whole[name])


@pytest.mark.parametrize("name", CASES)
def test_one_sample(name: str, inputs: dict[str, Any]):
    outputs, _ = run(CASES[name], inputs[name], [slice(0, 1)])
    assert all(len(values) <= 1 for values in outputs[0].values())


@pytest.mark.parametrize("name", CASES)
def test_parameters_are_left_alone(name: str, inputs: dict[str, Any]):
    case = CASES[name]
    if case.params is None:
        return
    step = case.make()
    case.feed(step, inputs[name], slice(0, None))
    assert case.read(step) == case.params()


@pytest.mark.parametrize("axis", ["acc", "gyr", "t_s"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_refused_before_any_step(axis: str, value: float):
    batch = imu()
    columns = {"t_s": batch.t_s, "acc": batch.acc, "gyr": batch.gyr}
    columns[axis] = columns[axis].copy()
    columns[axis][5] = value
    with pytest.raises(BadSamplesError):
        ImuBatch("upper", flags=batch.flags, **columns)


def params_classes() -> Iterator[type]:
    """All classes of parameters, also those that lie inside others."""
    todo: list[type] = [case.params for case in CASES.values() if case.params] + [SummaryParams, SegmentParams]
    seen = set()
    while todo:
        cls = todo.pop()
        if cls in seen:
            continue
        seen.add(cls)
        yield cls
        todo += [type(value) for f in fields(cls) if is_dataclass(value := getattr(cls(), f.name))]


@pytest.mark.parametrize("cls", sorted(params_classes(), key=lambda c: c.__name__), ids=lambda c: c.__name__)
def test_parameters_are_frozen_and_documented(cls: type):
    assert cls.__dataclass_params__.frozen
    for field in fields(cls):
        assert re.search(rf"\b{field.name}\b[^\n]*:", cls.__doc__ or ""), f"{field.name} is not documented"


def test_two_sensors_in_any_interleaving():
    upper, lower = imu(), without(made_samples("lower", 160, lambda t_s: 0.4 * desk_hour(t_s)), (50.0, 52.0))
    results = []
    for size in (33, 500, 5000, len(upper)):
        pipeline = Pipeline([UPPER, LOWER], calibration=calibration())
        outputs = []
        edges = np.arange(START_S, START_S + 160 + size / 100, size / 100)
        for start_s, end_s in pairwise(edges):
            outputs += [arrays_of(pipeline.update(batch.between(start_s, end_s))) for batch in (upper, lower)]
        outputs.append(arrays_of(pipeline.finish()))
        results.append((outputs, (pipeline.episodes, pipeline.summary(START_S + 200))))
    for result in results[1:]:
        check_same(result, results[0])
