"""How long to wait: a table."""

from __future__ import annotations

import pytest

from spinewatch_bridge.backoff import next_delay_s
from spinewatch_bridge.errors import (
    BridgeError,
    DeviceRefusedError,
    DeviceSilentError,
    LinkLostError,
    PortBusyError,
    PortNotFoundError,
    PortPermissionError,
)


@pytest.mark.parametrize(
    ("error", "delays"),
    [
        (None, [0.5, 1, 2, 2, 2, 2]),
        (LinkLostError("unplugged"), [0.5, 1, 2, 2, 2, 2]),
        (DeviceSilentError("no answer"), [0.5, 1, 2, 2, 2, 2]),
        (PortNotFoundError("COM3"), [0.5, 1, 2, 2, 2, 2]),
        (PortBusyError("COM3"), [2, 4, 8, 8, 8, 8]),
        (PortPermissionError("COM3"), [10, 10, 10, 10, 10, 10]),
        (DeviceRefusedError("no"), [15, 30, 30, 30, 30, 30]),
    ],
)
def test_delays(error: BridgeError | None, delays: list[float]):
    assert [next_delay_s(attempt, error) for attempt in range(1, 7)] == delays


def test_a_refusing_device_waits_longest():
    others = [LinkLostError("x"), PortNotFoundError("x"), PortBusyError("x"), PortPermissionError("x")]
    assert all(next_delay_s(n, DeviceRefusedError("no")) > next_delay_s(n, e) for e in others for n in (1, 5, 50))


@pytest.mark.parametrize("attempt", [-1, 0, 1])
def test_there_is_no_attempt_before_the_first(attempt: int):
    assert next_delay_s(attempt) == 0.5


@pytest.mark.parametrize("error", [None, LinkLostError("x"), DeviceRefusedError("no"), PortPermissionError("COM3")])
def test_a_sensor_that_streamed_before_is_looked_for_every_two_seconds(error: BridgeError | None):
    assert all(next_delay_s(n, error, returning=True) <= 2.0 for n in (1, 2, 5, 500))
