"""Segments, bridging and holds, on paper and through the tracker."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_imu import START_S, bends, error_deg, flagged, made_imu, true_up, turned, without
from spinewatch_signal.offline_orientation import orient_offline
from spinewatch_signal.orientation import OrientationTracker
from spinewatch_signal.samples import BadSamplesError, ImuBatch, SampleFlag, SensorInfo
from spinewatch_signal.segments import (
    GapSpan,
    Run,
    SegmentParams,
    Splitter,
    choose_period,
    missing_before,
    still_window_ends,
)

PARAMS = SegmentParams()
INFO = SensorInfo("made", "test", nominal_rate_hz=100.0)


def batch_at(times_s: list[float], flags: list[int] | None = None) -> ImuBatch:
    n = len(times_s)
    marks = np.zeros(n, np.uint8) if flags is None else np.array(flags, np.uint8)
    return ImuBatch("made", START_S + np.array(times_s), np.tile([0.0, 0.0, 9.8], (n, 1)), np.zeros((n, 3)), marks)


def shape(pieces: list[tuple[bool, Run]]) -> list[tuple[bool, list[float]]]:
    return [(begins, (run.t_s - START_S).round(3).tolist()) for begins, run in pieces]


def test_only_a_long_gap_begins_a_segment() -> None:
    """Up to 25 samples of 10 ms, 0.25 s, may be missing: a step of 0.26 s."""
    batch = moved_after(batch_at([0.0, 0.01, 0.27, 0.28, 0.55, 0.56]), 0.3)
    assert shape(Splitter(PARAMS, 0.01).split(batch)) == [(True, [0.0, 0.01, 0.27, 0.28]), (True, [0.55, 0.56])]


def moved_after(batch: ImuBatch, after_s: float) -> ImuBatch:
    """The sensor reads 1 m/s² more forward from then on."""
    acc = batch.acc + np.where(batch.t_s > START_S + after_s, 1.0, 0.0)[:, None] * [1.0, 0.0, 0.0]
    return replace(batch, acc=acc)


@pytest.mark.parametrize(("gap_s", "segments"), [(0.9, 1), (1.1, 2)])
def test_a_gap_of_up_to_a_second_begins_none_where_the_sensor_is_as_before(gap_s: float, segments: int) -> None:
    batch = without(batch_at(np.arange(0, 4, 0.01).tolist()), 1.0, 1.0 + gap_s)
    assert len(Splitter(PARAMS, 0.01).split(batch)) == segments
    assert len(Splitter(PARAMS, 0.01).split(moved_after(batch, 1.5))) == 2


@pytest.mark.parametrize(("samples", "segments"), [(2, 60), (8, 60), (10, 1), (50, 1)])
def test_no_gap_is_bridged_by_the_pose_where_hardly_any_samples_come(samples: int, segments: int) -> None:
    """Bursts at 100 Hz, one each second: what is bridged between them would be nearly all made up."""
    still = batch_at((np.arange(60)[:, None] + np.arange(samples) * 0.01).ravel().tolist())
    whole = Splitter(PARAMS, 0.01).split(still)
    in_pieces = Splitter(PARAMS, 0.01)
    assert abs(len(whole) - segments) <= 10 / samples  # the first gaps are judged by few samples
    assert _by_segment([p for i in range(len(still)) for p in in_pieces.split(still[i : i + 1])]) == _by_segment(whole)


def test_a_still_sensor_of_two_samples_a_second_is_refused_by_neither_analysis() -> None:
    times_s = np.concatenate([np.arange(0, 5, 0.01), (5 + np.arange(600)[:, None] + [0.0, 0.01]).ravel()])
    batch = batch_at(times_s.tolist())
    tracker = OrientationTracker(INFO)
    live = [tracker.update(batch[i : i + 5]) for i in range(0, len(batch), 5)]
    assert sum(len(ups) for ups in live) > 300
    assert len(orient_offline(batch, INFO).up) > 300


def test_the_motor_holds_its_samples_and_two_hundred_milliseconds_more() -> None:
    times = [0.0, 0.1, 0.2, 0.28, 0.4, 0.5]
    (begins, run), *rest = Splitter(PARAMS, 0.01).split(batch_at(times, [0, SampleFlag.MOTOR_ON, 0, 0, 0, 0]))
    assert (begins, rest) == (True, [])
    assert (run.t_s - START_S).round(3).tolist() == [0.0, 0.4, 0.5]
    assert run.resumed.tolist() == [False, True, False]
    assert np.isnan(run.dt_s).tolist() == [True, True, False]


@pytest.mark.parametrize(("motor_s", "segments"), [(0.7, 1), (0.9, 2)])
def test_a_hold_of_more_than_a_second_ends_the_segment(motor_s: float, segments: int) -> None:
    batch = flagged(batch_at(np.arange(0, 3, 0.01).tolist()), SampleFlag.MOTOR_ON, 1.0, 1.0 + motor_s)
    assert len(Splitter(PARAMS, 0.01).split(batch)) == segments


def test_nothing_spans_a_gap_inside_a_hold() -> None:
    batch = flagged(batch_at(np.arange(0, 2, 0.01).tolist()), SampleFlag.MOTOR_ON, 0.5, 0.55)
    assert len(Splitter(PARAMS, 0.01).split(batch)) == 1
    assert len(Splitter(PARAMS, 0.01).split(without(batch, 0.56, 0.85))) == 2


def test_samples_that_go_back_in_time_are_refused() -> None:
    splitter = Splitter(PARAMS, 0.01)
    splitter.split(batch_at([1.0, 1.01]))
    with pytest.raises(BadSamplesError, match=r"go back by 0\.510 s"):
        splitter.split(batch_at([0.5, 1.02]))


def test_a_stepped_clock_gives_no_time_step() -> None:
    ((_, run),) = Splitter(PARAMS, 0.01).split(batch_at([0.0, 0.01, 0.09, 0.10], [0, 0, SampleFlag.CLOCK_STEPPED, 0]))
    assert np.isnan(run.dt_s).tolist() == [True, False, True, False]


@given(
    st.lists(
        st.tuples(st.sampled_from([0.01, 0.011, 0.03, 0.2, 0.27, 0.6, 1.01, 1.5]), st.sampled_from([0, 0, 0, 1, 2, 8])),
        min_size=1,
        max_size=60,
    ),
    st.integers(1, 9),
)
@settings(max_examples=50, deadline=None, derandomize=True)
def test_splitting_does_not_depend_on_chunks(rows: list[tuple[float, int]], size: int) -> None:
    batch = batch_at(np.cumsum([step for step, _ in rows]).tolist(), [flag for _, flag in rows])
    whole = Splitter(PARAMS, 0.01)
    in_pieces = Splitter(PARAMS, 0.01)
    expected = _by_segment(whole.split(batch))
    parts = [in_pieces.split(batch[i : i + size]) for i in range(0, len(batch), size)]
    assert _by_segment([piece for part in parts for piece in part]) == expected
    assert in_pieces.state == whole.state


def _by_segment(pieces: list[tuple[bool, Run]]) -> list[list[tuple[float, str, bool]]]:
    segments: list[list[tuple[float, str, bool]]] = []
    for begins, run in pieces:
        if begins:
            segments.append([])
        segments[-1] += [(t, str(dt), bool(r)) for t, dt, r in zip(run.t_s, run.dt_s, run.resumed, strict=True)]
    return segments


def test_missing_samples_are_counted_by_the_clock() -> None:
    dt_s = np.array([np.nan, 0.01, 0.0149, 0.0151, 0.02, 0.031, 0.25])
    assert missing_before(dt_s, 0.01).tolist() == [0, 0, 0, 1, 1, 2, 24]


@pytest.mark.parametrize("burst", [10, 3000])
def test_times_in_bursts_ask_for_no_more_rows_than_the_stated_rate(burst: int) -> None:
    """Steps of a microsecond with holes of 40 ms: by a period of a microsecond, 40,000 rows a hole."""
    t_s = np.concatenate([k * 0.04 + np.arange(burst) * 1e-6 for k in range(12_000 // burst)])
    batch = made_imu(t_s, turned(np.zeros(len(t_s))), noise=1.0)
    tracker = OrientationTracker(INFO)
    assert len(tracker.update(batch)) <= len(t_s)
    assert tracker.rate_hz == 100.0
    assert len(orient_offline(batch, INFO).up) == len(t_s)


@pytest.mark.parametrize(
    ("steps_s", "period_s"),
    [([0.0101] * 9, 0.01), ([0.02] * 9, 0.02), ([], 0.01), ([1e-6] * 9, 0.01), ([1000.0] * 9, 0.01)],
)
def test_a_nominal_rate_holds_unless_it_is_plainly_wrong(steps_s: list[float], period_s: float) -> None:
    assert choose_period(0.01, np.array(steps_s), PARAMS) == pytest.approx(period_s)


def test_stillness_is_told_by_variation_not_by_size() -> None:
    rng = np.random.default_rng(1)
    acc = np.array([9.8, 0.0, 0.0]) + 0.02 * rng.standard_normal((200, 3))
    gyr = np.radians([8.0, 65.0, 0.0]) + np.radians(0.2) * rng.standard_normal((200, 3))
    still = still_window_ends(acc, gyr, 50, PARAMS)
    assert not still[:49].any()
    assert still[49:].all()
    gyr[100:] += np.radians(20) * np.sin(np.arange(100) / 5)[:, None]
    assert not still_window_ends(acc, gyr, 50, PARAMS)[110:].any()


def test_a_bridged_gap_gives_no_output_and_keeps_the_angle() -> None:
    t_s = np.arange(0, 20, 0.01)
    body = turned(bends(t_s, 5.0, n=2))
    batch = without(made_imu(t_s, body, noise=1.0), 6.0, 6.2)
    tracker = OrientationTracker(INFO)
    ups = tracker.update(batch)
    since = ups.t_s - START_S
    assert not ((since > 5.995) & (since < 6.195)).any()
    assert np.unique(ups.segment).tolist() == [0]
    (gap,) = tracker.gaps
    assert gap == GapSpan(pytest.approx(START_S + 6.0), pytest.approx(START_S + 6.2), 20)
    assert error_deg(ups.up, true_up(body)[np.rint(since * 100).astype(int)]).max() < 0.8


def test_after_a_long_gap_the_filter_waits_for_half_a_second_of_stillness() -> None:
    t_s = np.arange(0, 30, 0.01)
    body = turned(bends(t_s, 5.0, n=2, each_s=7.0))
    tracker = OrientationTracker(INFO)
    ups = tracker.update(without(made_imu(t_s, body, noise=1.0), 17.0, 18.5))
    since = ups.t_s - START_S
    resumed = since[since > 17.0][0]
    assert 19.0 < resumed < 20.0
    assert ups.segment[-1] == 1
    assert error_deg(ups.up, true_up(body)[np.rint(since * 100).astype(int)]).max() < 1.0


def test_a_period_off_by_a_percent_does_not_turn_the_angle() -> None:
    t_s = np.arange(0, 30, 0.01 * 1.0074)
    body = turned(bends(t_s, 5.0, n=3, size_deg=80.0))
    ups = OrientationTracker(INFO).update(made_imu(t_s, body))
    truth = true_up(body)[np.rint((ups.t_s - START_S) / 0.010074).astype(int)]
    assert error_deg(ups.up, truth).max() < 0.3


def test_the_measured_rate_starts_the_next_segment() -> None:
    t_s = np.arange(0, 30, 0.01 * 1.0074)
    tracker = OrientationTracker(INFO)
    tracker.update(without(made_imu(t_s, turned(np.zeros(len(t_s))), noise=1.0), 20.0, 21.5))
    assert tracker.rate_hz == pytest.approx(100 / 1.0074, rel=1e-4)
