"""Accelerometers that are off, on their way through the estimators: set right, remembered, and told."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from made_imu import START_S, error_deg, made_imu, true_up, turned
from spinewatch_signal.accelerometer_calibration import AccelerometerCalibration, vertical_by, with_earlier
from spinewatch_signal.calibration_result import Calibration
from spinewatch_signal.flexion import BodyFrame
from spinewatch_signal.gyro_bias import BiasParams, Blocks, judge_blocks
from spinewatch_signal.offline_analysis import analyze_offline
from spinewatch_signal.orientation import OrientationParams, OrientationTracker, orient_offline
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2 as G
from spinewatch_signal.samples import Floats, ImuBatch, SensorInfo
from spinewatch_signal.sensor_prior import SensorPrior
from spinewatch_signal.still_windows import WindowFinder, still_windows

RATE_HZ = 25
INFO = SensorInfo("made", "test", nominal_rate_hz=RATE_HZ)
SCALE, OFFSET = np.array([1.02, 0.98, 1.01]), G * np.array([0.03, -0.02, 0.025])
POSES = [(0, 0), (25, 0), (-30, 5), (60, 0), (-85, 0), (0, 85), (0, -85), (10, 10), (0, 0)]


def day(poses: list[tuple[float, float]] = POSES) -> tuple[ImuBatch, Floats]:
    """Forty seconds in each pose, as a sensor reads it that is off; and the true verticals."""
    ease = np.concatenate([np.zeros(1), (1 - np.cos(np.linspace(0, np.pi, 50))) / 2, np.ones(949)])
    walk = [b * ease[:, None] + a * (1 - ease[:, None]) for a, b in pairwise(np.array(poses, float))]
    flexion, lateral = np.concatenate([np.tile(np.array(poses[0]), (1000, 1)), *walk]).T
    body = turned(flexion, lateral)
    made = made_imu(np.arange(len(flexion)) / RATE_HZ, body, noise=1.0)
    return replace(made, acc=(made.acc - OFFSET) / SCALE), true_up(body)


@cache
def told() -> AccelerometerCalibration:
    found = orient_offline(day()[0], INFO).accelerometer
    assert found is not None
    return found


def test_a_recording_sets_its_own_accelerometer_right() -> None:
    samples, truth = day()
    raw = orient_offline(samples, INFO, OrientationParams(calibrate_accelerometer=False))
    right = orient_offline(samples, INFO)
    assert raw.accelerometer is None
    assert right.accelerometer is not None
    assert error_deg(raw.up.up, truth).mean() > 1.2
    assert error_deg(right.up.up, truth).mean() < 0.3
    assert right.up.acc_norm[:500].mean() == pytest.approx(G, rel=2e-3)
    assert np.median(right.up.sensor_uncertainty_deg) < np.median(raw.up.sensor_uncertainty_deg)


def test_a_desk_sets_the_length_right_and_promises_nothing_across() -> None:
    """Three still minutes upright: gravity then measures 1 g, but the band does not shrink with that."""
    samples, truth = day([(0, 0)] * 4)
    raw = orient_offline(samples, INFO, OrientationParams(calibrate_accelerometer=False))
    right = orient_offline(samples, INFO)
    assert right.accelerometer is not None
    assert right.up.acc_norm.mean() == pytest.approx(G, rel=1e-3)
    assert error_deg(right.up.up, truth).mean() < error_deg(raw.up.up, truth).mean() + 0.05
    band_deg = right.up.sensor_uncertainty_deg
    assert np.median(band_deg) > 0.9 * np.median(raw.up.sensor_uncertainty_deg)


def test_what_earlier_recordings_told_serves_as_samples_come() -> None:
    samples, truth = day()
    known = told()
    raw, right = (OrientationTracker(INFO, accelerometer=a).update(samples) for a in (None, known))
    assert error_deg(raw.up, truth[-len(raw) :]).mean() > 1.2
    assert error_deg(right.up, truth[-len(right) :]).mean() < 0.4


@pytest.mark.parametrize("chunk", [7, 333])
def test_a_tracker_tells_later_ones_the_same_for_any_chunks(chunk: int) -> None:
    samples, _ = day()
    whole, pieces = OrientationTracker(INFO), OrientationTracker(INFO)
    whole.update(samples)
    for first in range(0, len(samples), chunk):
        pieces.update(samples[first : first + chunk])
    assert whole.told_accelerometer() == pieces.told_accelerometer()
    learned = whole.told_accelerometer()
    assert learned is not None
    np.testing.assert_allclose(learned.scale, told().scale, atol=2e-3)
    again = OrientationTracker(INFO, accelerometer=learned)  # what was read is learned from, not what was made of it
    again.update(samples)
    np.testing.assert_allclose(np.array(again.told_accelerometer().scale), learned.scale, atol=2e-3)  # type: ignore[union-attr]


def test_two_days_know_more_than_one() -> None:
    upright, lying = ((np.array(up) * G - OFFSET) / SCALE for up in (UPRIGHT_UPS, LYING_UPS))
    one = with_earlier(None, upright)
    both = with_earlier(one, lying)
    assert one is not None
    assert both is not None
    assert max(both.offset_sd_m_s2) < 0.8 * max(one.offset_sd_m_s2)
    assert both.error_across_g < one.error_across_g


UPRIGHT_UPS = [(np.sin(a), 0.0, np.cos(a)) for a in (-0.3, -0.1, 0.1, 0.3)]
LYING_UPS = [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, -1.0, 0.0), (0.6, 0.8, 0.0)]


def test_what_a_recording_contradicts_is_forgotten() -> None:
    """The sensor was calibrated in its own memory meanwhile: now it is right."""
    earlier, windows = told(), np.array([*UPRIGHT_UPS, *LYING_UPS]) * G
    assert with_earlier(earlier, windows) is None


def test_a_prior_goes_to_a_file_and_back() -> None:
    prior = SensorPrior(START_S, None, told())
    again = SensorPrior.from_json(prior.to_json())
    assert again.accelerometer == prior.accelerometer
    assert SensorPrior.from_json({"learned_s": 1.0, "gyro_bias_rad_s": None}).accelerometer is None
    broken = prior.to_json()
    broken["accelerometer"]["scale"] = [1.0, 0.0, 1.0]
    with pytest.raises(ValueError, match="positive"):
        SensorPrior.from_json(broken)


def test_the_wearers_calibration_turns_with_the_accelerometer() -> None:
    """Made live with readings as they were; upright stays upright where the recording is set right afterwards."""
    samples, _ = day()
    seen = vertical_by(np.array([0.0, 0.0, 1.0]), told(), None)
    left = np.cross(seen, np.cross([0.0, 1.0, 0.0], seen))
    left /= np.linalg.norm(left)
    frames = {"made": BodyFrame(np.array([np.cross(left, seen), left, seen]))}
    live = Calibration(frames, "guided", "good", made_at_s=START_S + 20)
    analysis = analyze_offline({"made": samples}, [INFO], calibrations=[(START_S + 20, live)])
    upright = analysis.frames.flexion_deg[50:350]
    assert np.abs(upright).max() < 0.4
    assert analysis.orientation["made"].accelerometer == told()


def test_windows_are_the_same_for_any_chunks_and_a_desk_needs_no_memory() -> None:
    acc = day([(0, 0)] * 8)[0].acc
    blocks = judge_blocks(np.zeros_like(acc), acc, 12, BiasParams())
    whole, pieces = WindowFinder(0.5), WindowFinder(0.5)
    whole.push(blocks)
    for i in range(0, len(blocks.still), 3):
        part = slice(i, i + 3)
        pieces.push(Blocks(blocks.gyr_mean[part], blocks.acc_mean[part], blocks.still[part]))
    np.testing.assert_array_equal(whole.windows, pieces.windows)
    assert len(whole.windows) == 8 < len(still_windows(blocks, 0.5))
