"""A simulated half hour at a desk against its truth: episodes, minutes, what is never counted, and live = replay."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from simulated_desk import Desk, live, simulated_desk, true_machine
from spinewatch_signal.pipeline import Analysis, Pipeline, analyze_offline
from spinewatch_signal.posture import Activity, Away, PostureFrames
from spinewatch_signal.slouch import told_afterwards

HOURS = 0.5
SEEDS = (1, 2)
NOT_SLOUCHING = (Activity.LYING, Activity.MOVING, Activity.WALKING)


@dataclass(frozen=True)
class Results:
    """One stretch as all estimators tell it."""

    desk: Desk
    sensors: int
    offline: Analysis
    causal: Pipeline
    causal_frames: PostureFrames


@pytest.fixture(scope="module", params=SEEDS)
def desk(request: pytest.FixtureRequest) -> Desk:
    return simulated_desk(request.param, HOURS)


@pytest.fixture(scope="module", params=(1, 2), ids=("one", "two"))
def results(request: pytest.FixtureRequest, desk: Desk) -> Results:
    sensors = desk.sensors(request.param)
    samples = {info.id: desk.samples[info.id] for info in sensors}
    offline = analyze_offline(samples, sensors, calibration_steps=desk.steps)
    return Results(desk, request.param, offline, *live(desk, sensors, 20.0))


def test_true_angles_give_exactly_the_true_episodes(results: Results):
    truth = results.desk.recording.truth
    expected = truth.trunk_episodes if results.sensors == 1 else truth.episodes
    found = true_machine(results.desk, results.sensors).episodes
    assert len(found) == len(expected) >= 2
    for episode, true in zip(found, expected, strict=True):
        assert episode.start_s == pytest.approx(true.start_s, abs=0.2)
        assert episode.end_s == pytest.approx(true.end_s, abs=0.2)


@pytest.mark.parametrize("estimator", ["offline", "causal"])
def test_minutes_lie_within_a_degree(results: Results, estimator: str):
    fewest, most = (true_machine(results.desk, results.sensors, shift).away_s for shift in (1.0, -1.0))
    summary = results.offline.summary if estimator == "offline" else results.causal.summary(0.0)
    assert fewest <= summary.slouch.total_s <= most


@pytest.mark.parametrize("estimator", ["offline", "causal"])
def test_every_true_episode_is_found(results: Results, estimator: str):
    truth = results.desk.recording.truth
    expected = truth.trunk_episodes if results.sensors == 1 else truth.episodes
    found = results.offline.episodes if estimator == "offline" else results.causal.episodes
    assert len(found) == len(expected)
    for episode, true in zip(found, expected, strict=True):
        assert episode.start_s < true.end_s
        assert true.start_s < (episode.end_s or np.inf)


@pytest.mark.parametrize("estimator", ["offline", "causal"])
def test_moving_walking_and_lying_are_never_counted(results: Results, estimator: str):
    truth, machine = results.desk.recording.truth, results.causal.slouch
    frames, total_s = results.offline.frames, results.offline.summary.slouch.total_s
    if estimator == "causal":
        frames, total_s = results.causal_frames, machine.away_s
        frames = replace(frames, away=told_afterwards(frames.t_s, frames.away, machine.counted_spans))
    at = np.searchsorted(truth.t_s, frames.t_s - 0.01)
    active = np.isin(truth.activity, NOT_SLOUCHING)[np.minimum(at, len(truth.t_s) - 1)]
    counted = frames.away == Away.AWAY
    assert counted.sum() / 10 == pytest.approx(total_s)
    assert active.sum() > 1000
    assert not (counted & active).any()


@pytest.mark.parametrize("estimator", ["offline", "causal"])
def test_movement_is_called_by_its_name_within_a_second(results: Results, estimator: str):
    """What is shown live is `AWAY` at most for the second in which a movement is recognised."""
    truth = results.desk.recording.truth
    frames = results.offline.frames if estimator == "offline" else results.causal_frames
    walking = truth.activity == Activity.WALKING
    for back in range(1, 11):
        walking[back:] &= truth.activity[:-back] == Activity.WALKING
    at = np.searchsorted(truth.t_s, frames.t_s - 0.01)
    recognised = walking[np.minimum(at, len(walking) - 1)]
    assert recognised.sum() > 500
    assert np.isin(frames.activity[recognised], (Activity.MOVING, Activity.WALKING)).mean() > 0.98
    assert not (frames.away[recognised] == Away.AWAY).any()


def test_live_and_replay_tell_the_same_episodes():
    """In pieces as a link sends them, and in pieces as a fast replay reads them."""
    desk = simulated_desk(1, HOURS)
    runs = [live(desk, desk.sensors(2), size_s, 420.0) for size_s in (0.3, 3.0, 60.0, 420.0)]
    first, frames = runs[0]
    assert len(first.episodes) >= 1
    for other, other_frames in runs[1:]:
        assert other.episodes == first.episodes
        assert other.summary(0.0) == first.summary(0.0)
        np.testing.assert_array_equal(other_frames.flexion_deg, frames.flexion_deg)
        np.testing.assert_array_equal(other_frames.away, frames.away)
