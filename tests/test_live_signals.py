"""The last seconds for the eye: thinned, bounded, the same however the samples are cut."""

from __future__ import annotations

import numpy as np
import pytest

from spinewatch_monitor.live_signals import MOST_HZ, MOST_SENSORS, SPAN_S, SignalTails
from spinewatch_signal.samples import ImuBatch

START_S = 1_795_089_600.0


def batch(n, sensor="upper_back", start_s=START_S, rate_hz=100.0, gyro=True):
    t_s = start_s + np.arange(n) / rate_hz
    acc = np.stack([np.arange(n, dtype=float)] * 3, axis=1)
    return ImuBatch(sensor, t_s, acc, np.radians(acc) if gyro else None, np.zeros(n, np.uint8))


def test_ten_seconds_at_no_more_than_25_hz_in_degrees():
    tails = SignalTails()
    tails.update(batch(3000))
    shown = tails.signals()["upper_back"]
    assert shown.t_s[-1] - shown.t_s[0] <= SPAN_S
    assert 249 <= len(shown.t_s) <= SPAN_S * MOST_HZ + 1
    assert np.diff(shown.t_s).min() > 0.02
    np.testing.assert_allclose(shown.gyr_deg_s, shown.acc_m_s2)


@pytest.mark.parametrize("piece", [1, 7, 50, 333])
def test_pieces_give_the_same(piece):
    whole, cut, samples = SignalTails(), SignalTails(), batch(1500)
    whole.update(samples)
    for first in range(0, len(samples), piece):
        cut.update(samples[first : first + piece])
    np.testing.assert_array_equal(cut.signals()["upper_back"].t_s, whole.signals()["upper_back"].t_s)


def test_a_slow_sensor_keeps_every_sample_and_a_gap_stays_one():
    tails = SignalTails()
    tails.update(batch(40, rate_hz=10.0))
    tails.update(batch(10, start_s=START_S + 6.0, rate_hz=10.0))
    t_s = tails.signals()["upper_back"].t_s
    assert len(t_s) == 50
    assert np.diff(t_s).max() == pytest.approx(2.1)


def test_without_gyroscope_there_is_no_turn_rate():
    tails = SignalTails()
    tails.update(batch(100, gyro=False))
    assert tails.signals()["upper_back"].gyr_deg_s is None


def test_a_clock_that_goes_back_begins_anew():
    tails = SignalTails()
    tails.update(batch(500))
    tails.update(batch(100, start_s=START_S - 60))
    assert tails.signals()["upper_back"].t_s[-1] < START_S


def test_sensors_stay_apart_and_few():
    tails = SignalTails()
    for name in "abcdefgh":
        tails.update(batch(10, sensor=name))
    tails.update(batch(0, sensor="a"))
    assert len(tails.signals()) == MOST_SENSORS
    tails.clear()
    assert tails.signals() == {}
