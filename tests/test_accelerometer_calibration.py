"""An accelerometer calibrated by gravity: errors put in on purpose come out again, or nothing is claimed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spinewatch_signal.accelerometer_calibration import (
    AccelerometerCalibration,
    calibrate_accelerometer,
)
from spinewatch_signal.gyro_bias import BiasParams, judge_blocks
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2 as G
from spinewatch_signal.still_windows import still_windows

SCALE = np.array([1.02, 0.97, 1.01])
OFFSET = np.array([0.20, -0.30, 0.15])


def directions(n: int, seed: int = 1) -> np.ndarray:
    """Random unit vectors all round the sphere."""
    rows = np.random.default_rng(seed).standard_normal((n, 3))
    return rows / np.linalg.norm(rows, axis=1)[:, None]


def on_a_back(n: int, most_deg: float = 20.0) -> np.ndarray:
    """Upright with up to 20° of lean: what a day at a desk shows."""
    lean = np.radians(np.random.default_rng(2).uniform(-most_deg, most_deg, (n, 2)))
    rows = np.column_stack((np.cos(lean[:, 0]), np.sin(lean[:, 0]), np.sin(lean[:, 1])))
    return rows / np.linalg.norm(rows, axis=1)[:, None]


def readings(truth: np.ndarray, noise: float = 0.005) -> np.ndarray:
    """What a sensor with these errors reads of 1 g."""
    noisy = G * truth + noise * np.random.default_rng(3).standard_normal(truth.shape)
    return (noisy - OFFSET) / SCALE


def tilt_error_deg(found: AccelerometerCalibration | None, truth: np.ndarray) -> np.ndarray:
    told = readings(truth, 0.0) if found is None else found.apply(readings(truth, 0.0))
    cosine = np.einsum("ij,ij->i", told, truth) / np.linalg.norm(told, axis=1)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def test_windows_all_round_give_scale_and_offset_of_each_axis():
    found = calibrate_accelerometer(readings(directions(60)))
    assert found is not None
    assert max(found.offset_sd_m_s2) < 0.02
    np.testing.assert_allclose(found.scale, SCALE, atol=1e-3)
    np.testing.assert_allclose(found.offset_m_s2, OFFSET, atol=0.01)
    assert found.error_after_g < 0.001 < 0.015 < found.error_before_g
    assert tilt_error_deg(None, directions(200, 5)).mean() > 1.5
    assert tilt_error_deg(found, directions(200, 5)).max() < 0.1


def test_a_day_at_the_desk_outvotes_nothing():
    many = np.concatenate([directions(40), np.repeat(on_a_back(4), 500, axis=0)])
    found = calibrate_accelerometer(readings(many))
    assert found is not None
    np.testing.assert_allclose(found.scale, SCALE, atol=3e-3)


def test_upright_alone_sets_the_length_right_and_says_that_no_offset_is_known():
    truth = on_a_back(200, most_deg=2.0)
    found = calibrate_accelerometer(readings(truth))
    assert found is not None
    assert np.linalg.norm(found.apply(readings(truth)), axis=1) == pytest.approx(G, rel=4e-3)
    assert min(found.offset_sd_m_s2[1:]) > 0.1
    assert tilt_error_deg(found, truth).mean() <= tilt_error_deg(None, truth).mean() + 0.1


def test_upright_and_lying_set_right_what_they_show():
    """Upright, on the back, on both sides: a waking and sleeping day."""
    truth = np.concatenate([on_a_back(50), on_a_back(50)[:, [1, 2, 0]], on_a_back(50)[:, [2, 0, 1]] * [1, -1, 1]])
    found = calibrate_accelerometer(readings(truth))
    assert found is not None
    assert tilt_error_deg(found, truth).mean() < 0.5 * tilt_error_deg(None, truth).mean()


def test_a_few_slow_turns_that_passed_as_still_do_not_spoil_it():
    windows = readings(directions(60))
    windows[:4] *= 1.05
    found = calibrate_accelerometer(windows)
    assert found is not None
    np.testing.assert_allclose(found.scale, SCALE, atol=4e-3)


@pytest.mark.parametrize(
    "windows",
    [np.empty((0, 3)), readings(directions(2)), 0.3 * readings(directions(50)), 9.81 * readings(directions(50))],
    ids=["none", "two", "no gravity", "wrong unit"],
)
def test_nothing_is_claimed(windows: np.ndarray):
    assert calibrate_accelerometer(windows) is None


def test_a_perfect_sensor_is_left_alone():
    found = calibrate_accelerometer(G * on_a_back(50))
    assert found is None or tilt_error_deg(found, on_a_back(50)).mean() == pytest.approx(
        tilt_error_deg(None, on_a_back(50)).mean(), abs=1e-3
    )


def test_windows_are_those_that_are_still():
    rate_hz, rng = 50, np.random.default_rng(4)
    still = np.tile([0.0, 0.0, G], (25 * rate_hz, 1)) + 0.02 * rng.standard_normal((25 * rate_hz, 3))
    angle = np.linspace(0, 0.5, 20 * rate_hz)
    turning = G * np.column_stack((np.sin(angle), 0 * angle, np.cos(angle)))
    acc = np.concatenate([still, turning])
    blocks = judge_blocks(np.zeros_like(acc), acc, rate_hz // 2, BiasParams())
    windows = still_windows(blocks, 0.5)
    np.testing.assert_allclose(windows, [[0, 0, G]] * 2, atol=0.01)


def test_phones_on_real_people_come_to_one_g(real_data: Path):
    before, after = [], []
    for path in sorted((real_data / "hapt" / "RawData").glob("acc_exp*.txt.gz")):
        acc = G * np.loadtxt(path)
        windows = still_windows(judge_blocks(np.zeros_like(acc), acc, 25, BiasParams()), 0.5)
        found = calibrate_accelerometer(windows)
        if found is not None:
            before.append(found.error_before_g)
            after.append(found.error_after_g)
    assert len(after) >= 14  # the others stood or lay still for 10 s less than three times
    assert 1000 * np.mean(before) == pytest.approx(20, abs=3)
    assert 1000 * max(after) < 2
