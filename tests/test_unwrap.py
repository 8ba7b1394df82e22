"""Endless indices and ticks: wraps, long gaps, rates that are not as stated, clocks that are set or start anew."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge_helpers import START_S
from spinewatch_bridge.protocols.unwrap import Position, Unwrapper

SPAN = 1 << 32


def followed(true_rate_hz: float, stated_hz: float, seconds: float, packet: int = 10) -> tuple[Unwrapper, int]:
    """One that has followed a stream for so long, and the next index."""
    place, index = Unwrapper(0, 0, stated_hz), 0
    while index < seconds * true_rate_hz:
        place.place(index % 65536, round(index / true_rate_hz * 32768) % SPAN)
        index += packet
    return place, index


def test_every_gap_below_the_wrap_of_the_clock_is_exact():
    """Index and ticks of a 99.3 Hz device that is stated as 100 Hz, over gaps from one sample to twelve hours."""
    true_rate_hz = 99.3
    for missing in (0, 1, 9, 65_525, 65_526, 65_527, 131_072, 1_000_003, 4_290_000):
        place = Unwrapper(0, 0, 100.0)
        place.place(0, 0)
        index = 10 + missing
        ticks = round(index / true_rate_hz * 32768)
        found = place.place(index % 65536, ticks % 2**32)
        assert (found.index, found.ticks, found.jumped) == (index, ticks, False)


def test_a_late_packet_is_placed_before_the_newest():
    place = Unwrapper(65_530, 2**32 - 1000, 100.0)
    assert place.place(65_540 % 65536, (2**32 + 2277) % 2**32).index == 65_540
    assert place.place(65_530, 2**32 - 1000).index == 65_530
    assert place.place(65_550 % 65536, (2**32 + 5554) % 2**32).index == 65_550


def test_a_clock_that_does_not_fit_the_index_is_noticed():
    place = Unwrapper(0, 0, 100.0)
    assert not place.place(100, 32768).jumped
    assert place.place(110, 32768 * 60) == Position(110, 32768 * 60, jumped=True)
    assert not place.place(120, 32768 * 60 + 3277).jumped
    assert place.place(130, 32768 * 7000, stepped=True) == Position(130, 32768 * 7000, jumped=True)
    assert place.place(140, 5, stepped=True).index == 140


@pytest.mark.parametrize("true_rate_hz", [99.0, 101.0, 196.0])
def test_with_the_measured_rate_gaps_are_exact_up_to_the_wrap_of_the_clock(true_rate_hz: float):
    """1 or 2 % off the stated rate, over gaps for which the stated rate would miscount: 36 h less some minutes."""
    place, index = followed(true_rate_hz, round(true_rate_hz / 50) * 50.0, 30)
    for hours in (10, 20, 36):
        index += round(hours * 3600 * true_rate_hz)
        found = place.place(index % 65536, round(index / true_rate_hz * 32768) % SPAN)
        assert (found.index, found.jumped) == (index, False)


def test_the_stated_rate_alone_reaches_nine_hours_at_one_percent():
    for hours, exact in ((9.0, True), (9.3, False)):
        place, index = Unwrapper(0, 0, 100.0), round(hours * 3600 * 99.0)
        found = place.place(index % 65536, round(index / 99.0 * 32768) % SPAN)
        assert (found.index == index) is exact


def test_an_oscillator_that_wanders_with_temperature_stays_exact():
    place, index = followed(99.5, 100.0, 120)
    ticks = round(index / 99.5 * 32768)
    index, ticks = index + 3_000_000, ticks + round(3_000_000 / 99.4 * 32768)
    assert place.place(index % 65536, ticks % SPAN) == Position(index, ticks)


def test_host_time_tells_how_often_the_clock_went_round():
    place = Unwrapper(0, 1000, 100.0)
    place.place(0, 1000, at_s=START_S)
    for days in (1, 2, 5):
        ticks = 1000 + days * 86_400 * 32768
        assert place.ticks(ticks % SPAN, START_S + days * 86_400) == ticks
    asleep = 1000 + 20 * 3600 * 32768
    assert place.ticks(asleep % SPAN, START_S + 1) == asleep  # the computer slept and does not know how long


def test_a_session_that_went_on_unseen_keeps_the_measured_rate():
    place, _ = followed(99.0, 100.0, 30)
    ticks = 9_900_000 * 32768 // 99
    place.resume(9_900_000, ticks)
    index = 9_900_000 + 5_000_000
    found = place.place(index % 65536, (ticks + round(5_000_000 / 99.0 * 32768)) % SPAN)
    assert (found.index, found.jumped) == (index, False)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 65535), st.integers(0, SPAN - 1), st.booleans()), max_size=30))
def test_any_headers_are_placed_and_the_newest_never_falls(headers: list[tuple[int, int, bool]]):
    place, newest = Unwrapper(0, 0, 100.0), 0
    for index, ticks, stepped in headers:
        found = place.place(index, ticks, stepped=stepped)
        assert found.index % 65536 == index
        assert found.ticks % SPAN == ticks
        newest = max(newest, found.index)
        assert place._index == newest
