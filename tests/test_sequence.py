"""Which samples are new, missing, late or sent twice."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinewatch_bridge.sequence import Placement, Sequencer


@pytest.mark.parametrize(
    ("groups", "last", "counters"),
    [
        ([(0, 10), (10, 10)], Placement(0, 0), (20, 0, 0, 0)),
        ([(7, 10), (17, 10)], Placement(0, 0), (20, 0, 0, 0)),
        ([(0, 10), (25, 10)], Placement(0, 15), (20, 15, 0, 0)),
        ([(0, 10), (0, 10)], Placement(10, 0), (10, 0, 0, 10)),
        ([(0, 10), (5, 10)], Placement(5, 0), (15, 0, 0, 5)),
        ([(0, 10), (20, 10), (10, 10)], Placement(10, 0), (20, 10, 10, 0)),
        ([(0, 10), (20, 10), (10, 10), (30, 10)], Placement(0, 0), (30, 10, 10, 0)),
    ],
)
def test_placements(groups: list[tuple[int, int]], last: Placement, counters: tuple[int, int, int, int]):
    sequencer = Sequencer()
    placements = [sequencer.place(first, n) for first, n in groups]
    c = sequencer.counters
    assert placements[-1] == last
    assert (c.received, c.lost, c.late, c.duplicate) == counters


def test_what_is_missed_after_a_start_is_known_from_the_announced_index():
    sequencer = Sequencer()
    sequencer.restart(0)
    assert sequencer.place(30, 10).lost == 30
    sequencer.restart(None)
    assert sequencer.place(7, 10).lost == 0


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), min_size=1, max_size=30))
def test_received_and_lost_fill_the_span(groups: list[tuple[int, int]]):
    """Whatever comes in whatever order: nothing twice, nothing forgotten."""
    sequencer, seen = Sequencer(), []
    for first, n in groups:
        place = sequencer.place(first, n)
        seen += range(first + place.skip, first + n)
    assert seen == sorted(set(seen))
    if seen:
        assert sequencer.counters.received == len(seen)
        assert sequencer.counters.received + sequencer.counters.lost == seen[-1] - groups[0][0] + 1
