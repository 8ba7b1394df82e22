"""Small parts of the simulated sensor: what its motor may be asked for."""

from __future__ import annotations

import pytest

from spinewatch_bridge.protocols.base import Haptic
from spinewatch_bridge.protocols.spinewatch_ctrl import Status
from spinewatch_bridge.simulator.device_parts import Motor

TEN_S = Haptic(255, 10_000, 0, 1)


def test_a_motor_runs_a_third_of_any_minute_whoever_asks():
    motor = Motor()
    answers = [motor.run(TEN_S, at_s) for at_s in (0.0, 10.0, 20.0, 59.0, 60.0, 70.0, 80.0)]
    assert answers == [
        Status.OK, Status.OK, Status.NOT_NOW, Status.NOT_NOW, Status.OK, Status.OK, Status.NOT_NOW,
    ]  # fmt: skip


def test_pauses_and_what_was_stopped_do_not_count():
    motor = Motor()
    half = Haptic(255, 500, 500, 10)
    assert [motor.run(half, 10.0 * k) for k in range(5)] == [Status.OK] * 4 + [Status.NOT_NOW]
    stopped = Motor()
    for k in range(5):
        assert stopped.run(TEN_S, 4.0 * k) == Status.OK
        stopped.stop(4.0 * k + 2.0)
    assert stopped.run(TEN_S, 30.0) == Status.OK
    assert stopped.run(TEN_S, 40.0) == Status.NOT_NOW


@pytest.mark.parametrize("ran_s", [0.0, 1.0])
def test_a_motor_can_always_be_stopped(ran_s: float):
    motor = Motor()
    assert motor.run(TEN_S, 0.0) == motor.run(TEN_S, 10.0) == Status.OK
    assert motor.run(TEN_S, 20.0) == Status.NOT_NOW
    assert motor.run(Haptic(0), 20.0 + ran_s) == Status.OK
    assert not motor.felt(21.3)


def test_one_command_is_no_longer_than_ten_seconds():
    assert Motor().run(Haptic(255, 1000, 1, 10), 0.0) == Status.BAD_VALUE
