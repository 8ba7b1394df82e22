"""Hours of battery left: the maker's figure first, the real fall as soon as it can be seen."""

from __future__ import annotations

import pytest

from spinewatch_monitor.battery_estimate import BatteryEstimate


def falling(percent_per_h: float, hours: float, *, start: float = 90.0, life_h: float | None = 10.0) -> BatteryEstimate:
    estimate = BatteryEstimate(life_h)
    for minute in range(round(hours * 60) + 1):
        estimate.told(minute * 60.0, float(round(start - percent_per_h * minute / 60)))
    return estimate


def test_nothing_is_known_before_the_first_reading_or_without_the_makers_figure() -> None:
    assert BatteryEstimate(10.0).hours is None
    unknown = BatteryEstimate(None)
    unknown.told(0.0, 80.0)
    assert unknown.hours is None


def test_the_makers_figure_counts_until_the_fall_can_be_seen() -> None:
    assert falling(10.0, 0.2).hours == pytest.approx(0.88 * 10, abs=0.11)


@pytest.mark.parametrize("percent_per_h", [5.0, 12.5, 30.0])
def test_then_the_fall_counts(percent_per_h: float) -> None:
    left = 90.0 - percent_per_h * 1.5
    assert falling(percent_per_h, 1.5).hours == pytest.approx(left / percent_per_h, rel=0.08)


def test_a_coarse_gauge_is_believed_only_after_enough_of_its_steps() -> None:
    estimate = BatteryEstimate(8.0)
    for minute in range(61):
        estimate.told(minute * 60.0, 90.0 if minute < 30 else 75.0)
    assert estimate.hours is not None
    assert 2.0 < estimate.hours < 6.0


def test_a_charger_begins_anew() -> None:
    estimate = falling(20.0, 1.0)
    estimate.told(3700.0, 100.0)
    assert estimate.hours == pytest.approx(10.0)


def test_what_is_hours_old_says_little_about_the_next_ones() -> None:
    estimate = falling(20.0, 1.0)
    for minute in range(60, 60 + 4 * 60):
        estimate.told(minute * 60.0, 70.0 - round((minute - 60) * 5 / 60))
    assert estimate.hours == pytest.approx(50.0 / 5.0, rel=0.1)


def test_a_gauge_that_wavers_every_second_does_not_push_out_the_hours_before() -> None:
    estimate = BatteryEstimate(30.0)
    for second in range(7200):
        estimate.told(float(second), 90.0 - 10.0 * second / 3600 + 0.4 * (second % 2))
    assert estimate.hours == pytest.approx(7.0, rel=0.05)
