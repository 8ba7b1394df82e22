"""What every step promises, checked for all of them in one way.

Fed whole, in pieces of 1, 7, 50 and 333 samples, or stopped, copied and continued, a step says the same to 1e-9. It
takes an empty batch, a single sample and a gap; it refuses NaN; it leaves its parameters alone, and documents them.
A new step is one more row in `step_cases.py` or a file beside it.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import step_cases
import step_cases_exposure
import step_cases_gait
import step_cases_health
import step_cases_posture
from made_motion import LOWER, START_S, UPPER, desk_hour, made_samples, without
from spinewatch_signal.pipeline import Pipeline
from spinewatch_signal.samples import BadSamplesError, ImuBatch
from spinewatch_signal.segments import SegmentParams
from spinewatch_signal.summary_params import SummaryParams
from step_cases import Arrays, Case, arrays_of, calibration, imu

SIZES = (1, 7, 50, 333)
ALL = (step_cases, step_cases_exposure, step_cases_gait, step_cases_health, step_cases_posture)
"""Modules with rows."""
CASES: dict[str, Case] = {name: case for module in ALL for name, case in module.CASES.items()}


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
