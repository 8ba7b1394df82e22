"""The truth beside a simulated recording: angles, activities, and episodes found by a way of its own."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from vqf import offlineVQF

from spinewatch_bridge.blocks import Block, to_batch
from spinewatch_bridge.simulator.body import mounting_matrix
from spinewatch_bridge.simulator.derive_truth import is_clear
from spinewatch_bridge.simulator.faults import Faults
from spinewatch_bridge.simulator.simulate import SimulatedRecording, simulate
from spinewatch_bridge.simulator.true_episodes import EpisodeRule, is_robust, lumbar_rule, true_episodes
from spinewatch_bridge.simulator.truth import GRID_S, TrueActivity, TrueEpisode
from spinewatch_signal.posture import FRAME_PERIOD_S, Activity
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, ImuBatch, concatenate
from spinewatch_signal.slouch import SlouchMachine, SlouchParams, threshold

SEEDS = range(1, 11)
SITTING, MOVING, LYING = TrueActivity.SITTING, TrueActivity.MOVING, TrueActivity.LYING


@cache
def office_day(seed: int) -> SimulatedRecording:
    return simulate("office-day", seed)


def episodes_of(*parts: tuple[float, float, TrueActivity]) -> list[TrueEpisode]:
    """Episodes of a deviation given as (seconds, degrees, activity) one after the other."""
    deviation = np.concatenate([np.full(round(s / GRID_S), deg) for s, deg, _ in parts])
    activity = np.concatenate([np.full(round(s / GRID_S), a, np.uint8) for s, _, a in parts])
    t_s = np.arange(len(deviation)) * GRID_S
    return true_episodes(t_s, deviation, activity, np.ones(len(t_s), bool), EpisodeRule())


def samples_of(recording: SimulatedRecording, sensor: str) -> ImuBatch:
    channel = next(c for c in recording.channels if c.sensor.id == sensor)
    return concatenate([to_batch(i, channel) for i in recording.items() if isinstance(i, Block) and i.sensor == sensor])


def test_the_tables_are_those_of_the_analysis() -> None:
    assert {a.name: int(a) for a in TrueActivity} == {a.name: int(a) for a in Activity}
    assert GRID_S == FRAME_PERIOD_S


def test_an_episode_runs_from_crossing_to_crossing() -> None:
    (episode,) = episodes_of((20, 2, SITTING), (40, 20, SITTING), (20, 2, SITTING))
    # From 2° to 20° within one grid step: 15° lies 13/18 of the way, 10° on the way back 10/18.
    assert episode.start_s == pytest.approx(19.9 + 0.1 * 13 / 18)
    assert episode.end_s == pytest.approx(59.9 + 0.1 * 10 / 18)
    assert episode.peak_deg == 20.0


@pytest.mark.parametrize(
    ("parts", "count"),
    [
        pytest.param([(29, 20, SITTING), (20, 2, SITTING)], 0, id="too short"),
        pytest.param([(31, 20, SITTING), (20, 2, SITTING)], 1, id="long enough"),
        pytest.param([(31, 14.9, SITTING), (20, 2, SITTING)], 0, id="not beyond the threshold"),
        pytest.param([(1, 16, SITTING), (40, 12, SITTING), (20, 2, SITTING)], 1, id="held by hysteresis"),
        pytest.param([(20, 20, SITTING), (4, 2, SITTING), (20, 20, SITTING), (9, 2, SITTING)], 1, id="short return"),
        pytest.param([(20, 20, SITTING), (6, 2, SITTING), (20, 20, SITTING), (9, 2, SITTING)], 0, id="real return"),
        pytest.param([(20, 20, SITTING), (8, 20, MOVING), (9, 20, SITTING), (9, 2, SITTING)], 0, id="clock stopped"),
        pytest.param([(20, 20, SITTING), (8, 20, MOVING), (11, 20, SITTING), (9, 2, SITTING)], 1, id="and went on"),
        pytest.param([(20, 20, SITTING), (12, 20, MOVING), (20, 20, SITTING), (9, 2, SITTING)], 0, id="long movement"),
        pytest.param([(20, 20, SITTING), (1, 20, LYING), (20, 20, SITTING), (9, 2, SITTING)], 0, id="lying"),
        pytest.param([(90, 20, MOVING), (9, 2, SITTING)], 0, id="movement alone"),
        pytest.param([(90, -25, SITTING)], 0, id="recline"),
    ],
)
def test_rule_7(parts: list[tuple[float, float, TrueActivity]], count: int) -> None:
    assert len(episodes_of((10, 2, SITTING), *parts)) == count


def test_long_movement_ends_an_episode_where_it_begins() -> None:
    (episode,) = episodes_of((10, 2, SITTING), (50, 20, SITTING), (15, 40, MOVING), (30, 2, SITTING))
    assert episode.end_s == pytest.approx(60.0)
    assert episode.peak_deg == 20.0


def test_missing_data_end_an_episode() -> None:
    deviation = np.full(1200, 20.0)
    valid = np.ones(1200, bool)
    valid[600:650] = False
    t_s = np.arange(1200) * GRID_S
    found = true_episodes(t_s, deviation, np.full(1200, SITTING, np.uint8), valid, EpisodeRule())
    assert [(e.start_s, e.end_s) for e in found] == [pytest.approx((0.0, 60.0)), pytest.approx((65.0, 119.9))]


def test_nothing_gives_nothing() -> None:
    none = np.empty(0)
    assert true_episodes(none, none, none.astype(np.uint8), none.astype(bool), EpisodeRule()) == []


def test_a_hair_is_noticed() -> None:
    deviation = np.concatenate([np.full(100, 2.0), np.full(400, 15.2), np.full(100, 2.0)])
    sitting, valid = np.full(600, SITTING, np.uint8), np.ones(600, bool)
    t_s = np.arange(600) * GRID_S
    assert not is_robust(t_s, deviation, sitting, valid, EpisodeRule())
    assert is_robust(t_s, deviation + 3.0, sitting, valid, EpisodeRule())


@pytest.mark.parametrize("seed", SEEDS)
def test_an_office_day_is_plausible(seed: int) -> None:
    day = office_day(seed)
    truth, script = day.truth, day.script
    assert is_clear(script, 2)
    assert 15 <= len(truth.episodes) <= 60
    assert 15 <= len(truth.trunk_episodes) <= 60
    still_s = np.isin(truth.activity, (TrueActivity.SITTING, TrueActivity.STANDING)).sum() * GRID_S
    assert 0.15 < truth.slouch_s / still_s < 0.33
    assert np.mean([s.creeping for s in script.slouches]) >= 0.6
    assert all(s.rise_s >= 30.0 for s in script.slouches if s.creeping)
    walking_s = (truth.activity == TrueActivity.WALKING).sum() * GRID_S
    assert 0.02 < walking_s / (8 * 3600) < 0.2
    assert np.abs(truth.flexion_deg[truth.activity == TrueActivity.WALKING]).max() < 12.0


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("two_sensors", [False, True])
def test_the_state_machine_finds_the_true_episodes(seed: int, two_sensors: bool) -> None:
    truth = office_day(seed).truth
    deviation = truth.lumbar_deg if two_sensors else truth.flexion_deg
    expected = truth.episodes if two_sensors else truth.trunk_episodes
    assert deviation is not None
    machine = SlouchMachine(SlouchParams(), threshold(SlouchParams(), truth.lumbar_range_deg if two_sensors else None))
    machine.update(truth.t_s, deviation, truth.activity, truth.valid)
    found = [(e.start_s, e.end_s) for e in machine.episodes]
    assert len(found) == len(expected)
    np.testing.assert_allclose(found, [(e.start_s, e.end_s) for e in expected], rtol=0, atol=2e-3)


def test_most_slouches_creep_as_seen_in_the_angles() -> None:
    """Not the script's word for it: from 8° below the threshold to the threshold takes over 15 s."""
    creeping, total = 0, 0
    for seed in SEEDS:
        truth = office_day(seed).truth
        for episode in truth.trunk_episodes:
            at = int(np.searchsorted(truth.t_s, episode.start_s))
            low = np.flatnonzero(truth.flexion_deg[:at] < 7.0)[-1]
            creeping += (at - low) * GRID_S > 15.0
            total += 1
    assert creeping / total >= 0.6


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6])
def test_a_quarter_of_an_hour_still_holds_all_it_promises(seed: int) -> None:
    short = simulate("office-day", seed, hours=0.25)
    assert short.script.duration_s == 900.0
    assert len(short.truth.episodes) >= 2
    assert len(short.truth.trunk_episodes) >= 2
    assert {TrueActivity.WALKING, TrueActivity.SITTING, TrueActivity.STANDING} <= set(short.truth.activity.tolist())
    assert any(e.kind == "calibration_steps" for e in short.events)


@pytest.mark.parametrize("scenario", ["rom-test", "lifting"])
def test_exercise_is_never_a_slouch(scenario: str) -> None:
    for seed in range(5):
        assert simulate(scenario, seed).truth.episodes == ()


def test_rom_test_has_the_movements_it_promises() -> None:
    recording = simulate("rom-test", 2)
    truth = recording.truth
    assert recording.script.bends is not None
    after = truth.t_s > recording.start_s + recording.script.bends[1]
    forward, right = truth.flexion_deg[after], truth.lateral_deg[after]
    rises = [np.count_nonzero(np.diff((sign * x > limit).astype(int)) == 1) for x, sign, limit in (
        (forward, 1, 40.0), (forward, -1, 10.0), (right, 1, 15.0), (right, -1, 15.0))]  # fmt: skip
    assert rises == [3, 3, 3, 3]


def test_truth_is_what_an_ideal_sensor_feels_at_rest() -> None:
    recording = simulate("office-day", 5, hours=0.3, faults=Faults(ideal_sensors=True))
    truth = recording.truth
    assert truth.lumbar_deg is not None
    flexion = {}
    for sensor in recording.sensors:
        batch = samples_of(recording, sensor.id)
        up = batch.acc @ mounting_matrix(sensor.place.mounting).T
        angle = np.degrees(np.arctan2(-up[:, 0], up[:, 2]))
        flexion[sensor.id] = np.interp(truth.t_s, batch.t_s, angle)
    quiet = (truth.activity == SITTING) & (np.abs(np.gradient(truth.flexion_deg, GRID_S)) < 0.5)
    quiet[:5] = quiet[-5:] = False
    lumbar = flexion["upper_back"] - flexion["pelvis"]
    for felt, true in ((flexion["upper_back"], truth.flexion_deg), (lumbar, truth.lumbar_deg)):
        error = np.abs(felt - true)[quiet]
        assert np.percentile(error, 99) < 0.1  # what is left are fidgets about the other axes
        assert error.max() < 1.0


def test_vqf_on_ideal_data_gives_the_true_inclination() -> None:
    recording = simulate("lifting", 3, faults=Faults(ideal_sensors=True))
    sensor, truth = recording.sensors[0], recording.truth
    batch = samples_of(recording, sensor.id)
    out = offlineVQF(np.ascontiguousarray(batch.gyr), np.ascontiguousarray(batch.acc), None, 0.01)
    w, x, y, z = out["quat6D"].T
    up_sensor = np.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], axis=1)
    up = up_sensor @ mounting_matrix(sensor.place.mounting).T
    inclination = np.interp(truth.t_s, batch.t_s, np.degrees(np.arccos(np.clip(up[:, 2], -1, 1))))
    error = np.abs(inclination - truth.inclination_deg)
    quiet = (truth.activity == TrueActivity.STANDING) & (truth.inclination_deg < 8.0)
    assert np.sqrt(np.mean(error[quiet] ** 2)) < 0.3
    assert error.max() < 3.0


def test_what_is_called_movement_moves_and_what_is_called_still_does_not() -> None:
    """The usual rule, RMS over 1 s of |a| - 1 g against 0.05 g, tells the true classes apart."""
    recording = simulate("office-day", 2, hours=0.5, faults=Faults(ideal_sensors=True))
    truth, batch = recording.truth, samples_of(recording, "upper_back")
    excess_g = np.linalg.norm(batch.acc, axis=1) / STANDARD_GRAVITY_M_S2 - 1.0
    rms = np.sqrt(np.convolve(excess_g**2, np.ones(100) / 100, "same"))
    at_grid = np.interp(truth.t_s, batch.t_s, rms)
    walking, sitting = (at_grid[truth.activity == a] for a in (TrueActivity.WALKING, SITTING))
    assert np.percentile(walking, 5) > 0.1
    assert np.percentile(sitting, 99.5) < 0.05
    assert np.median(at_grid[truth.activity == MOVING]) > 0.05
    walk = truth.t_s[truth.activity == TrueActivity.WALKING][:150]
    steps = excess_g[(batch.t_s >= walk[0]) & (batch.t_s < walk[-1])]
    spectrum = np.abs(np.fft.rfft(steps * np.hanning(len(steps))))
    assert 1.4 < np.argmax(spectrum) / (len(steps) * 0.01) < 2.3


def test_lunch_is_taken_lying_down_by_some_and_without_sensors_by_others() -> None:
    days = [office_day(seed) for seed in SEEDS]
    assert any((d.truth.activity == LYING).any() for d in days)
    assert any(d.script.off_body for d in days)
    for day in days:
        assert day.truth.valid.all() == (not day.script.off_body)
        lying = day.truth.flexion_deg[day.truth.activity == LYING]
        assert (lying < -55.0).all()


def test_two_sensors_count_by_the_wearers_own_lumbar_range() -> None:
    truth = office_day(3).truth
    assert truth.lumbar_deg is not None
    rule = lumbar_rule(truth.lumbar_range_deg)
    assert truth.lumbar_deg.max() <= truth.lumbar_range_deg + 2.5
    at = [float(np.interp(e.start_s, truth.t_s, truth.lumbar_deg)) for e in truth.episodes]
    np.testing.assert_allclose(at, rule.on_deg, atol=0.05)
    one = simulate("office-day", 3, hours=1.0, sensors=("upper_back",)).truth
    assert one.lumbar_deg is None
    assert one.episodes == one.trunk_episodes
