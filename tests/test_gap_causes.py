"""A gap is told with the cause that an event gives, and only with one that fits in time."""

from __future__ import annotations

import pytest

from spinewatch_bridge.blocks import Event
from spinewatch_monitor.gap_causes import PAUSE, UNKNOWN, GapCauses
from spinewatch_signal.segments import GapSpan

EVENTS = [
    Event("gap", 100.0, "a", {"start_s": 100.0, "end_s": 110.0, "cause": "out of range"}),
    Event("disconnected", 203.0, "a", {"cause": "battery empty"}),
    Event("gap", 201.0, "a", {"start_s": 201.0, "end_s": 260.0, "cause": "link lost"}),
    Event("pause", 300.0, None, {"end_s": 400.0}),
    Event("pause", 500.0, None, {"end_s": None}),
    Event("gap", 600.0, "b", {"start_s": 600.0, "end_s": 610.0}),
]


@pytest.mark.parametrize(
    ("sensor", "start_s", "end_s", "cause"),
    [
        ("a", 100.0, 110.0, "out of range"),
        ("b", 100.0, 110.0, UNKNOWN),
        ("a", 201.0, 260.0, "battery empty"),
        ("a", 300.0, 400.0, PAUSE),
        ("b", 350.0, 399.0, PAUSE),
        ("a", 500.5, 550.0, PAUSE),
        ("b", 600.0, 610.0, UNKNOWN),
        ("a", 700.0, 701.0, UNKNOWN),  # long after the lost link
        ("a", 50.0, 51.0, UNKNOWN),
    ],
)
def test_the_event_that_fits_in_time_explains_a_gap(sensor: str, start_s: float, end_s: float, cause: str) -> None:
    assert GapCauses(EVENTS).of(sensor, GapSpan(start_s, end_s, None)) == cause


def test_thousands_of_gaps_each_find_their_event() -> None:
    spans = [(10.0 * k, 10.0 * k + 1.0) for k in range(3000)]
    events = [Event("gap", a, "a", {"start_s": a, "end_s": b, "cause": str(a)}) for a, b in spans]
    causes = GapCauses(events)
    assert [causes.of("a", GapSpan(a, b, 1)) for a, b in spans] == [str(a) for a, _ in spans]


@pytest.mark.parametrize("value", ["soon", float("nan"), 10**400, [1]])
def test_times_that_cannot_be_meant_are_those_of_the_event(value: object) -> None:
    causes = GapCauses([Event("gap", 10.0, "a", {"start_s": value, "end_s": value, "cause": "out of range"})])
    assert causes.of("a", GapSpan(10.0, 12.0, None)) == "out of range"
