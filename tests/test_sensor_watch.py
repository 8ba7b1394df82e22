"""The status light: data decide, not the connection; rate and loss are counted, not guessed."""

from __future__ import annotations

import numpy as np
import pytest

from spinewatch_bridge.blocks import Block, Event, SensorChannel
from spinewatch_bridge.causes import OUT_OF_REACH, CauseKey
from spinewatch_monitor.sensor_watch import SensorWatch
from spinewatch_monitor.updates import Absence, Link
from spinewatch_signal.samples import Role, SensorInfo, Site

UPPER = SensorChannel(SensorInfo("u", "spinewatch"), 1.0, 1.0)
LOWER = SensorChannel(SensorInfo("l", "spinewatch", Site.PELVIS, Role.LOWER), 1.0, 1.0)


def block(sensor: str, start_s: float, n: int = 10) -> Block:
    return Block(sensor, np.zeros((n, 6), np.int16), np.zeros(n, np.uint8), start_s + np.arange(n) / 100)


def watch_with_data(until_s: float) -> SensorWatch:
    watch = SensorWatch()
    watch.announce(LOWER)
    watch.announce(UPPER)
    for k in range(round(until_s * 10)):
        watch.block(block("u", k / 10))
    return watch


def test_the_upper_sensor_comes_first_and_streams() -> None:
    upper, lower = watch_with_data(10).statuses(10.0, paused=False)
    assert (upper.id, upper.link, lower.link) == ("u", Link.STREAMING, Link.CONNECTING)
    assert upper.rate_hz == pytest.approx(100.0)


def test_the_light_turns_late_a_second_after_the_newest_sample() -> None:
    watch = watch_with_data(10)
    assert watch.statuses(10.9, paused=False)[0].link is Link.STREAMING
    late = watch.statuses(11.1, paused=False)[0]
    assert (late.link, late.data_age_s) == (Link.LATE, pytest.approx(1.11))


def test_a_lost_link_says_why_until_data_flow_again() -> None:
    watch = watch_with_data(1)
    watch.event(Event("disconnected", 1.0, "u", {"cause": "out of range", "cause_key": "out_of_range"}))
    lost = watch.statuses(1.5, paused=False)[0]
    assert (lost.link, lost.cause, lost.cause_key) == (Link.LOST, "out of range", CauseKey.OUT_OF_RANGE)
    watch.block(block("u", 5.0))
    assert watch.statuses(5.1, paused=False)[0].cause == ""


def test_loss_is_counted_from_gaps() -> None:
    watch = watch_with_data(1)
    watch.event(Event("gap", 1.0, "u", {"lost_samples": 25}))
    watch.event(Event("gap", 1.0, "u", {"lost_samples": None}))
    watch.event(Event("gap", 99.0, "u", {"lost_samples": 9000, "start_s": 1.0, "end_s": 91.0}))  # taken off at lunch
    assert watch.statuses(1.0, paused=False)[0].loss_percent == pytest.approx(100 * 25 / 125)


def test_paused_is_paused_whatever_the_data() -> None:
    assert {s.link for s in watch_with_data(1).statuses(99.0, paused=True)} == {Link.PAUSED}


def test_a_sensor_that_never_connected_is_shown_with_its_cause() -> None:
    watch = SensorWatch()
    watch.event(Event("disconnected", 0.0, "pelvis", {"cause": "the port does not exist"}))
    status = watch.statuses(0.0, paused=False)[0]
    assert (status.role, status.link, status.cause) == ("lower", Link.LOST, "the port does not exist")
    assert status.cause_key is CauseKey.UNKNOWN, "as in a recording of before there were keys"


@pytest.mark.parametrize("value", ["many", float("nan"), float("inf"), -5, 10**400, 1e300, True, [1], {}])
def test_figures_that_cannot_be_meant_are_left_out(value: object) -> None:
    watch = watch_with_data(1)
    watch.event(Event("gap", 1.0, "u", {"lost_samples": value, "start_s": value, "end_s": value}))
    watch.event(Event("battery", 1.0, "u", {"percent": value, "hours": value}))
    upper = watch.statuses(1.0, paused=False)[0]
    assert (upper.loss_percent, upper.battery_percent, upper.battery_hours) == (0.0, None, None)


def test_what_the_link_tells_about_the_sensor_is_kept() -> None:
    watch = SensorWatch({"u": "Back one"})
    watch.announce(SensorChannel(SensorInfo("u", "spinewatch"), 1.0, 1.0, details={"firmware": "3.1.4", "name": "WT9"}))
    watch.event(Event("connected", 0.0, "u", {"can": ["gyro", "haptic", "flying"], "signal_dbm": -58}))
    watch.event(Event("battery", 0.0, "u", {"percent": 75.0}))
    watch.event(Event("status", 1.0, "u", {"clock_ppm": 18.0, "clock_error_ms": 3.0}))
    status = watch.statuses(1.0, paused=False)[0]
    assert (status.name, status.firmware, status.signal_dbm) == ("Back one", "3.1.4", -58.0)
    assert status.can == {"gyro", "haptic"}
    assert status.battery_hours == pytest.approx(22.5)  # three quarters of the 30 h its maker says
    assert (status.clock_ppm, status.clock_error_ms) == (18.0, 3.0)


def test_absences_carry_their_cause_and_short_ones_are_loss_only() -> None:
    watch = watch_with_data(1)
    watch.event(Event("gap", 9.0, "u", {"lost_samples": 800, "start_s": 1.0, "end_s": 9.0, **OUT_OF_REACH.told()}))
    watch.event(Event("gap", 9.5, "u", {"lost_samples": 10, "start_s": 9.4, "end_s": 9.5, "cause": "packets lost"}))
    status = watch.statuses(10.0, paused=False)[0]
    assert status.absences == (Absence(1.0, 9.0, *OUT_OF_REACH),)
    assert (status.lost_samples, status.since_s) == (810, 0.0)


def test_a_sensor_that_never_came_has_the_family_it_was_asked_for_as() -> None:
    watch = SensorWatch(families={"pelvis": "witmotion"})
    watch.event(Event("disconnected", 1.0, "pelvis", {"cause": "it does not offer the setting"}))
    (status,) = watch.statuses(2.0, paused=False)
    assert (status.family, status.role, status.link) == ("witmotion", Role.LOWER, Link.LOST)
