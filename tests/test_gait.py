"""Walking and steps: made walkers whose steps are known, what is no walking, holes, and real people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_walk import START_S, made_rows, times
from score import sets_hapt, sets_ipol, sets_trunkyxl
from score.worn import Worn
from spinewatch_signal.gait import GaitDetector
from spinewatch_signal.grid import GridRows, Resampler
from spinewatch_signal.marks import WalkingBout
from spinewatch_signal.orientation import OrientationTracker, orient_offline
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Floats
from spinewatch_signal.up_vectors import UpBatch

TURNING = 0.4
"""rad/s: what a walking trunk turns with, 23 °/s."""


def walked(k: np.ndarray, acc_up: Floats, turning: float | None = TURNING) -> tuple[GaitDetector, np.ndarray]:
    """The detector after all rows, and what it knew at each."""
    detector = GaitDetector()
    known = detector.update(k, acc_up, None if turning is None else np.full(len(k), turning))
    detector.finish()
    return detector, known


def rows_of(ups: UpBatch) -> GridRows:
    return Resampler().update(ups)


def gait_of(sensor: Worn, *, offline: bool = False) -> GaitDetector:
    ups = orient_offline(sensor.samples, sensor.info).up if offline else _causal(sensor)
    return gait_of_rows(rows_of(ups))


def gait_of_rows(rows: GridRows) -> GaitDetector:
    detector = GaitDetector()
    detector.update(rows.k, rows.acc_up, rows.turn_rate_rad_s)
    detector.finish()
    return detector


def _causal(sensor: Worn) -> UpBatch:
    return OrientationTracker(sensor.info).update(sensor.samples)


@pytest.mark.parametrize("steps_per_s", [0.95, 1.2, 1.5, 1.9, 2.3, 2.9])
@pytest.mark.parametrize("uneven", [0.0, 0.4])
def test_steps_of_a_made_walker_are_counted(steps_per_s: float, uneven: float):
    k, acc_up = made_rows(60, [(10, 40, steps_per_s)], uneven=uneven, noise_m_s2=0.1)
    detector, _ = walked(k, acc_up)
    (bout,) = detector.bouts
    assert bout.steps == pytest.approx(30 * steps_per_s, abs=1)
    assert bout.cadence_per_min == pytest.approx(60 * steps_per_s, rel=0.02)
    assert bout.start_s - START_S == pytest.approx(10, abs=0.3)
    assert bout.end_s - START_S == pytest.approx(40, abs=0.6)
    assert len(detector.step_times_s) == bout.steps
    assert bout.steps_bridged == 0


def test_a_walk_is_known_within_five_seconds_and_over_within_three():
    for phase_s in np.arange(0, 0.4, 0.1):
        k, acc_up = made_rows(60, [(10 + phase_s, 40, 1.1)])
        _, known = walked(k, acc_up)
        on = np.flatnonzero(known) / 10 - phase_s
        assert 13 <= on[0] <= 15
        assert 40 <= on[-1] <= 43


def test_cadence_of_now():
    k, acc_up = made_rows(30, [(5, 30, 1.8)])
    detector = GaitDetector()
    detector.update(k[:60], acc_up[:60], np.full(60, TURNING))
    assert detector.current_cadence_per_min is None
    detector.update(k[60:], acc_up[60:], np.full(len(k) - 60, TURNING))
    assert detector.current_cadence_per_min == pytest.approx(108, rel=0.02)
    assert detector.bouts == []


@pytest.mark.parametrize("seconds", [1.5, 2.0])
def test_a_few_steps_are_no_walk(seconds: float):
    detector, known = walked(*made_rows(30, [(10, 10 + seconds, 1.9)]))
    assert detector.bouts == []
    assert not known.any()


def repeating(per_s: float, size_m_s2: float, *overtones: float) -> tuple[np.ndarray, Floats]:
    """A minute of force that repeats, with overtones as shares."""
    k, t_s = times(60)
    force = np.sin(2 * np.pi * per_s * t_s)
    for n, share in enumerate(overtones, 2):
        force += share * np.sin(2 * np.pi * n * per_s * t_s + n)
    return k, STANDARD_GRAVITY_M_S2 + size_m_s2 * force


@pytest.mark.parametrize("per_s", [0.3, 0.45, 0.6])
@pytest.mark.parametrize("overtones", [(), (0.4,), (0.5, 0.3)])
def test_repetitions_of_an_exercise_are_no_walk(per_s: float, overtones: tuple[float, ...]):
    """Squats and bends turn the trunk too."""
    detector, _ = walked(*repeating(per_s, 3.0, *overtones), turning=1.0)
    assert detector.bouts == []


def test_typing_is_no_walk():
    detector, _ = walked(*repeating(2.0, 0.15))
    assert detector.bouts == []


@pytest.mark.parametrize(("hz", "damping"), [(1.2, 0.2), (1.4, 0.3), (2.0, 0.3)])
def test_a_seat_in_a_vehicle_is_no_walk(hz: float, damping: float):
    """A seat on springs over a random road, 0.5 m/s² RMS: it shakes like walking, and does not turn."""
    detector, known = walked(*shaken(hz, damping, 0.5), turning=np.radians(4.0))
    assert detector.bouts == []
    assert not known.any()


def test_without_gyroscope_a_gently_shaken_seat_is_seldom_a_walk():
    """Regularity alone is weaker evidence: a harder shaken one may well be taken for walking."""
    _, known = walked(*shaken(1.4, 0.3, 0.2), turning=None)
    assert known.mean() < 0.01


def shaken(hz: float, damping: float, rms_m_s2: float) -> tuple[np.ndarray, Floats]:
    """Ten minutes on a sprung seat: the response of a damped oscillator to white noise of the road's velocity."""
    k, t_s = times(600)
    noise = np.random.default_rng(3).standard_normal(t_s.size)
    frequency = np.fft.rfftfreq(t_s.size, 0.02)
    ratio = frequency / hz
    response = frequency * (1 + 2j * damping * ratio) / (1 - ratio**2 + 2j * damping * ratio)
    response /= 1 + (frequency / 6) ** 4
    force = np.fft.irfft(np.fft.rfft(noise) * response, t_s.size)
    return k, STANDARD_GRAVITY_M_S2 + (rms_m_s2 / force.std() * force).reshape(t_s.shape)


@pytest.mark.parametrize("hole_s", [0.3, 0.6, 1.0, 3.5])
@pytest.mark.parametrize("at_s", [20.0, 20.13, 20.4])
def test_steps_in_a_short_hole_are_bridged_and_told(hole_s: float, at_s: float):
    k, acc_up = made_rows(60, [(10, 40, 1.8)])
    _, t_s = times(60)
    acc_up[(t_s >= at_s) & (t_s < at_s + hole_s)] = np.nan
    (bout,) = walked(k, acc_up)[0].bouts
    assert bout.steps == pytest.approx(54, abs=1)
    assert bout.steps_bridged == pytest.approx(1.8 * hole_s, abs=1.3)


def test_a_long_hole_parts_two_walks():
    k, acc_up = made_rows(60, [(10, 50, 1.8)])
    _, t_s = times(60)
    acc_up[(t_s >= 25) & (t_s < 31)] = np.nan
    bouts = walked(k, acc_up)[0].bouts
    assert [b.steps for b in bouts] == [pytest.approx(27, abs=1), pytest.approx(34, abs=1)]
    assert all(b.steps_bridged == 0 for b in bouts)


def test_a_walk_that_ends_in_a_hole_has_no_step_behind_it():
    k, acc_up = made_rows(60, [(10, 30, 1.8)])
    _, t_s = times(60)
    acc_up[(t_s >= 29.6) & (t_s < 31.5)] = np.nan
    (bout,) = walked(k, acc_up)[0].bouts
    assert bout.steps_bridged == 0
    assert bout.end_s - START_S < 30.2


def test_missing_rows_are_as_a_hole():
    k, acc_up = made_rows(60, [(10, 40, 1.8)])
    there = (np.arange(600) < 205) | (np.arange(600) >= 213)
    hidden = acc_up.copy()
    hidden[~there] = np.nan
    assert walked(k[there], acc_up[there])[0].bouts == walked(k, hidden)[0].bouts


def test_nothing_spans_a_long_gap():
    k, acc_up = made_rows(120, [(10, 40, 1.8), (70, 100, 1.8)])
    detector, _ = walked(np.concatenate((k[:300], k[800:] + 10**6)), np.concatenate((acc_up[:300], acc_up[800:])))
    first, second = detector.bouts
    assert first.end_s - START_S < 30.5
    assert second.start_s - first.end_s > 1e5 - 60


@settings(max_examples=8, deadline=None, derandomize=True)
@given(st.lists(st.integers(1, 90), min_size=1, max_size=20), st.integers(0, 3))
def test_no_chunk_matters(sizes: list[int], seed: int):
    rng = np.random.default_rng(seed)
    k, acc_up = made_rows(60, [(5, 20, 1.7), (28, 50, 1.05)], noise_m_s2=0.2, uneven=0.3, seed=seed)
    acc_up[rng.integers(0, 600, 20)] = np.nan
    rate = np.full(600, TURNING)
    whole, known = walked(k, acc_up)
    pieces, parts, at = GaitDetector(), [], 0
    while at < 600:
        size = sizes[len(parts) % len(sizes)]
        part = slice(at, at + size)
        parts.append(pieces.update(k[part], acc_up[part], rate[part]))
        at += size
    pieces.finish()
    assert (np.concatenate(parts) == known).all()
    assert pieces.bouts == whole.bouts
    assert pieces.step_times_s == whole.step_times_s


def steps_until(detector: GaitDetector, end_s: float) -> int:
    return int(np.sum(np.array(detector.step_times_s) <= end_s))


@pytest.mark.parametrize("offline", [False, True], ids=["causal", "offline"])
def test_real_walks_with_real_losses(real_data: Path, offline: bool):
    """People who walk, turn and walk back: every step of every tenth of a second is in the reference."""
    walks = [walk for walk in sets_ipol.walks(real_data) if walk.name.endswith(("-1", "-3"))]
    found = [steps_until(gait_of(walk.sensor, offline=offline), walk.walking[1] + 0.4) for walk in walks]
    true = [sum(end_s <= walk.walking[1] + 0.05 for _, end_s in walk.steps) for walk in walks]
    assert sum(found) == pytest.approx(sum(true), rel=0.03)
    assert np.mean(np.abs(np.divide(found, true) - 1)) < 0.04


def test_real_walking_and_real_stillness(real_data: Path):
    labels = sets_hapt.Label
    for experiment in (e for e in sets_hapt.experiments(real_data) if e.number in (4, 16, 28)):
        bouts = gait_of(experiment.sensor).bouts
        shares = {s: covered(bouts, s.start_s, s.end_s) for s in experiment.segments}
        for segment, share in shares.items():
            if segment.label in (labels.WALKING, labels.WALKING_UPSTAIRS, labels.WALKING_DOWNSTAIRS):
                assert share > 0.9, (experiment.number, segment)
            if segment.label in (labels.SITTING, labels.STANDING, labels.LYING):
                assert share < 0.1, (experiment.number, segment)


def covered(bouts: list[WalkingBout], start_s: float, end_s: float) -> float:
    return sum(max(0.0, min(b.end_s, end_s) - max(b.start_s, start_s)) for b in bouts) / (end_s - start_s)


def test_people_who_bend_and_turn_on_a_stool_do_not_walk(real_data: Path):
    sessions = [s for s in sets_trunkyxl.sessions(real_data, only_trials=True) if s.person == "807_pp12"]
    for session in sessions[:2]:
        for unit, sensor in session.sensors.items():
            assert gait_of(sensor).bouts == [], (session.folder, unit)
