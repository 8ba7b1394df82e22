"""The min/max pyramid and the runs of a ribbon: truth on paper, then properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinewatch_monitor.views.envelope import Pyramid
from spinewatch_monitor.views.runs import Occupancy, RibbonState, Runs, column_runs, frame_states, runs_of
from spinewatch_signal.posture import Activity, Away, Episode, PostureFrames


def test_a_narrow_view_gives_the_samples_themselves() -> None:
    t_s = np.arange(20) / 10
    view = Pyramid(t_s, np.arange(20.0)).view(0.5, 1.0, 100)
    assert view.raw
    np.testing.assert_allclose(view.t_s, [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1])
    np.testing.assert_allclose(view.low, view.high)


def test_a_wide_view_gives_buckets_whose_extremes_are_the_samples() -> None:
    values = np.array([3.0, 1.0, 4.0, 1.5, 9.0, 2.0, 6.0, 5.0])
    view = Pyramid(np.arange(8) / 10, values).view(0.0, 0.8, 2)
    np.testing.assert_allclose(view.t_s, [0.15, 0.55])
    np.testing.assert_allclose(view.low, [1.0, 2.0])
    np.testing.assert_allclose(view.high, [4.0, 9.0])
    x, y = view.polyline()
    np.testing.assert_allclose(x, [0.15, 0.15, 0.55, 0.55])
    np.testing.assert_allclose(y, [1.0, 4.0, 9.0, 2.0])


def test_a_gap_and_a_blank_break_the_line() -> None:
    t_s = np.array([0.0, 0.1, 0.2, 5.0, 5.1, 5.2])
    view = Pyramid(t_s, np.array([1.0, 2.0, 3.0, 4.0, np.nan, 6.0])).view(0.0, 6.0, 1000)
    assert [part.stop - part.start for part in view.runs()] == [3, 1, 1]
    _, y = view.polyline()
    np.testing.assert_allclose(y, [1, 2, 3, np.nan, 4, np.nan, 6])


def test_a_gap_stays_open_in_coarse_buckets() -> None:
    t_s = np.concatenate([np.arange(0, 100), np.arange(500, 600)]) / 10
    view = Pyramid(t_s, np.zeros(200)).view(0.0, 60.0, 40)
    assert not view.raw
    assert len(view.runs()) == 2


def test_a_band_takes_the_outermost_of_both_edges() -> None:
    middle = np.array([0.0, 5.0, 5.0, 5.0])
    view = Pyramid(np.arange(4) / 10, middle - 2, middle + 3).view(0, 0.4, 1)
    assert (view.low.tolist(), view.high.tolist()) == ([-2.0], [8.0])


def test_nothing_and_nothing_but_blanks_give_empty_views() -> None:
    for values in (np.empty(0), np.full(4, np.nan)):
        pyramid = Pyramid(np.arange(len(values)) / 10, values)
        view = pyramid.view(0, 1, 100)
        assert (len(pyramid), len(view), view.runs(), pyramid.extremes()) == (0, 0, [], None)
        assert len(view.polyline()[0]) == 0


@given(
    steps=st.lists(st.integers(1, 40), min_size=1, max_size=300),
    start=st.floats(-5, 300),
    span=st.floats(0.01, 400),
    buckets=st.integers(1, 300),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_every_view_keeps_the_extremes_and_its_bound(steps: list[int], start: float, span: float, buckets: int) -> None:
    ids = np.cumsum(steps)
    values = np.sin(ids * 1.7) * ids
    view = Pyramid(ids / 10, values).view(start, start + span, buckets)
    inside = (ids / 10 >= start) & (ids / 10 <= start + span)
    assert len(view) <= buckets + 4
    if inside.any():
        assert view.low.min() <= values[inside].min()
        assert view.high.max() >= values[inside].max()
    assert np.isin(view.low, values).all()


@given(shift=st.floats(0, 30), buckets=st.integers(5, 60))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_panning_moves_the_same_buckets(shift: float, buckets: int) -> None:
    values = np.sin(np.arange(2000) / 3)
    pyramid = Pyramid(np.arange(2000) / 10, values)
    before, after = pyramid.view(20, 80, buckets), pyramid.view(20 + shift, 80 + shift, buckets)
    at = dict(zip(before.t_s.tolist(), before.high.tolist(), strict=True))
    common = [k for k, t in enumerate(after.t_s.tolist()) if t in at]
    assert len(common) >= len(after) - shift / 60 * buckets * 2 - 4
    assert all(at[after.t_s[k]] == after.high[k] for k in common)


def _frames(t_s: np.ndarray, **codes: object) -> PostureFrames:
    n = len(t_s)
    fields = {
        "flexion_deg": np.zeros(n),
        "lateral_deg": np.zeros(n),
        "inclination_deg": np.zeros(n),
        "lumbar_deg": None,
        "sensor_uncertainty_deg": np.ones(n),
        "body_uncertainty_deg": np.ones(n),
        "activity": np.full(n, Activity.UPRIGHT, np.uint8),
        "away": np.full(n, Away.NEAR, np.uint8),
        "blank": np.zeros(n, np.uint8),
        "sitting_probability": np.full(n, np.nan),
        "doubt": np.zeros(n, np.uint8),
    } | codes
    return PostureFrames(t_s=t_s, **fields)  # type: ignore[arg-type]


def test_states_follow_the_episodes_and_movement_comes_first() -> None:
    activity = np.full(10, Activity.UPRIGHT, np.uint8)
    activity[4], activity[8], activity[9] = Activity.WALKING, Activity.LYING, Activity.STOOPED
    flexion = np.zeros(10)
    flexion[7] = np.nan
    frames = _frames(np.arange(10) / 10, activity=activity, flexion_deg=flexion)
    states = frame_states(frames, [Episode(0.2, 0.6, 20.0, 18.0)])
    names = [RibbonState(code).name for code in states]
    assert names == ["NEAR", "NEAR", "AWAY", "AWAY", "MOVING", "AWAY", "NEAR", "GAP", "LYING", "DEEP"]


def test_the_machine_s_last_word_on_an_episode_comes_before_what_was_known_then() -> None:
    away = np.array([0, 0, 0, Away.AWAY, Away.AWAY, Away.AWAY, Away.AWAY, 0], np.uint8)
    frames = _frames(np.arange(8) / 10, away=away)
    assert (frame_states(frames) == RibbonState.AWAY).tolist() == (away == Away.AWAY).tolist()
    told = frame_states(frames, [Episode(0.1, 0.5, 20.0, 18.0)]) == RibbonState.AWAY
    assert told.tolist() == [False, True, True, True, True, False, False, False]


def test_runs_join_equal_neighbours_and_name_the_gaps() -> None:
    runs = runs_of(np.array([0.0, 0.1, 0.2, 3.0, 3.1]), np.array([0, 0, 1, 1, 1], np.uint8))
    np.testing.assert_allclose(runs.start_s, [0.0, 0.2, 0.3, 3.0])
    np.testing.assert_allclose(runs.end_s, [0.2, 0.3, 3.0, 3.2])
    assert runs.state.tolist() == [0, 1, RibbonState.GAP, 1]
    assert len(runs_of(np.empty(0), np.empty(0, np.uint8))) == 0


def test_a_column_shows_what_fills_most_of_it() -> None:
    runs = Runs(np.array([0.0, 4.0, 10.0]), np.array([4.0, 6.0, 12.0]), np.array([0, 1, 2], np.uint8))
    columns = Occupancy(runs).columns(np.array([-2.0, 0.0, 5.0, 6.0, 9.0, 12.0]))
    assert columns.tolist() == [-1, 0, 1, -1, 2]
    assert column_runs(np.array([-1, 0, 0, 2, -1], np.int16)) == [(1, 3, 0), (3, 4, 2)]


@given(data=st.lists(st.tuples(st.integers(1, 9), st.integers(0, 3)), min_size=1, max_size=60))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_runs_last_as_long_as_their_samples(data: list[tuple[int, int]]) -> None:
    t_s = np.cumsum([step for step, _ in data]) / 10
    states = np.array([state for _, state in data], np.uint8)
    runs = runs_of(t_s, states)
    assert (runs.end_s > runs.start_s).all()
    np.testing.assert_allclose(runs.start_s[1:], runs.end_s[:-1])
    for t, state in zip(t_s, states, strict=True):
        at = np.searchsorted(runs.start_s, t + 1e-6) - 1
        assert runs.state[at] == state


def test_building_bounds_the_points_of_eight_hours() -> None:
    n = 8 * 36000
    pyramid = Pyramid(np.arange(n) / 10, np.sin(np.arange(n) / 50))
    assert len(pyramid.view(0, n / 10, 1000).polyline()[0]) == pytest.approx(2000, rel=0.5)
