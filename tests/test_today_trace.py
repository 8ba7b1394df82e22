"""What Today draws over time: the day's log of states, and the trace of the last minutes."""

from __future__ import annotations

import numpy as np
import pytest

from made_today import NOON, frames
from spinewatch_monitor.views.day_log import DayLog
from spinewatch_monitor.views.live_trace import axis_range, finite_runs, grid_values
from spinewatch_monitor.views.runs import RibbonState, Runs
from spinewatch_monitor.views.trace_buffer import AWAY, NEAR, STEP_S, TraceBuffer
from spinewatch_signal.posture import Away, Episode

# -- the day's log --------------------------------------------------------------------------


def test_day_log_backdates_an_episode_and_shows_what_is_missing():
    log = DayLog()
    log.update(frames(NOON + np.arange(0, 60, 0.1)), None)
    later = frames(NOON + np.arange(90, 120, 0.1), away=Away.AWAY)
    log.update(later, Episode(NOON + 50.0, None, 20.0, 18.0))
    runs = log.runs()
    assert runs.state.tolist() == [RibbonState.NEAR, RibbonState.AWAY, RibbonState.GAP, RibbonState.AWAY]
    assert runs.start_s.tolist() == [NOON, NOON + 50, NOON + 60, NOON + 90]
    assert runs.end_s[-1] == NOON + 120


def test_day_log_begins_anew_at_local_midnight():
    log = DayLog(utc_offset_s=11 * 3600.0)  # noon UTC is 23:00 there
    log.update(frames(NOON + np.arange(0, 10, 0.1)), None)
    log.update(frames(NOON + 3600 + np.arange(0, 10, 0.1)), None)
    assert log.runs().start_s.tolist() == [NOON + 3600]


def test_day_log_continues_what_was_known():
    log = DayLog()
    log.add_runs(Runs(np.array([NOON]), np.array([NOON + 60]), np.array([RibbonState.MOVING], np.uint8)))
    log.update(frames(NOON + 60 + np.arange(0, 5, 0.1)), None)
    assert log.runs().state.tolist() == [RibbonState.MOVING, RibbonState.NEAR]


# -- the trace --------------------------------------------------------------------------


def test_trace_has_at_most_600_points_and_a_gap_is_a_gap():
    buffer = TraceBuffer()
    t_s = NOON + np.arange(0, 400, 0.1)
    kept = t_s[(t_s < NOON + 300) | (t_s >= NOON + 312)]
    buffer.update(frames(kept), np.full(len(kept), 9.0))
    trace = buffer.trace(NOON + 400)
    assert len(trace.ago_s) == 600
    assert len(trace.gaps) == 1
    start_s, end_s = trace.gaps[0]
    assert end_s - start_s == pytest.approx(12, abs=2 * STEP_S)
    inside = (trace.ago_s > start_s + STEP_S) & (trace.ago_s < end_s - STEP_S)
    assert np.isnan(trace.line(NEAR)[inside]).all()


def test_trace_lines_of_neighbouring_states_join():
    buffer = TraceBuffer()
    for first, away in ((0, Away.NEAR), (10, Away.AWAY)):
        piece = frames(NOON + first + np.arange(0, 10, 0.1), away=away)
        buffer.update(piece, piece.flexion_deg)
    trace = buffer.trace(NOON + 19.9)
    both = np.isfinite(trace.line(NEAR)) & np.isfinite(trace.line(AWAY))
    assert both.sum() == 1


def test_trace_does_not_depend_on_how_frames_come():
    t_s = NOON + np.arange(0, 60, 0.1)
    angle = 10 * np.sin(t_s)
    whole, pieces = TraceBuffer(), TraceBuffer()
    whole.update(frames(t_s), angle)
    for part in np.array_split(np.arange(len(t_s)), 97):
        pieces.update(frames(t_s[part]), angle[part])
    for name in ("ago_s", "angle_deg", "half_width_deg", "state"):
        a, b = (getattr(buffer.trace(NOON + 60), name) for buffer in (whole, pieces))
        np.testing.assert_array_equal(a, b)


def test_a_replay_that_jumps_back_empties_the_trace():
    buffer = TraceBuffer()
    buffer.update(frames(NOON + 100), np.array([9.0]))
    buffer.update(frames(NOON), np.array([5.0]))
    assert np.nansum(buffer.trace(NOON).angle_deg) == 5


def test_scale_widens_in_round_steps():
    buffer = TraceBuffer()
    buffer.update(frames(NOON), np.array([52.0]))
    assert axis_range(buffer.trace(NOON)) == (-10.0, 60.0)
    assert axis_range(None) == (-10.0, 28.0)
    assert axis_range(None, 35.0) == (-10.0, 45.0)
    assert grid_values(-10.0, 28.0, 15.0) == [-10.0, 0.0, 15.0, 25.0]
    assert finite_runs(np.array([np.nan, 1, 2, np.nan, 3, np.nan, 4, 5])) == [slice(1, 3), slice(6, 8)]
