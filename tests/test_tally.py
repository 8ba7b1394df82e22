"""What the status line of a recording counts."""

from __future__ import annotations

import numpy as np
import pytest

from spinewatch_bridge.blocks import Block, Event
from spinewatch_monitor.tally import Tally


def block(samples: int, sensor: str = "a") -> Block:
    values = np.zeros((samples, 6), np.int16)
    return Block(sensor, values, np.zeros(samples, np.uint8), np.arange(samples, dtype=np.float64))


def test_before_the_first_samples() -> None:
    tally = Tally()
    tally.take([Event("connected", 0.0, "a")], 5.0)
    assert tally.started_s is None
    assert tally.status(6.0) == "waiting for samples"


def test_rate_is_per_sensor_over_the_last_seconds() -> None:
    tally = Tally()
    for k in range(101):
        tally.take([block(10), block(10, "b")], 0.1 * k)
    assert tally.rate_hz(10.0) == pytest.approx(100.0, rel=0.05)
    assert tally.status(10.0) == "10 s, 102 Hz, nothing lost"
    assert tally.rate_hz(60.0) == 0.0
    assert tally.status(60.0) == "1 min 0 s, no data, nothing lost"


def test_loss_counts_samples_of_gaps_that_are_known() -> None:
    tally = Tally()
    tally.take([block(90)], 1.0)
    tally.take([Event("gap", 1.0, "a", {"lost_samples": 10}), Event("gap", 1.0, "a", {"lost_samples": None})], 2.0)
    assert tally.loss_percent == pytest.approx(10.0)
    assert tally.loss_text() == "10.0 % lost"
