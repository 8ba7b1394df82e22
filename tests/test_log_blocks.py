"""Pages of a sensor's log in time: the same power-on, a former one, a clock that was never set or set amid a file."""

from __future__ import annotations

import numpy as np
import pytest

from bridge_helpers import START_S
from own_log_helpers import file_of, page_of
from spinewatch_bridge.blocks import Block, Event
from spinewatch_bridge.log_blocks import ClockNow, PlacedBy, log_items, placed
from spinewatch_bridge.protocols import spinewatch_log as log
from spinewatch_signal.samples import SampleFlag


def times_of(file: log.LogFile, samples: log.LogSamples, now: ClockNow | None) -> tuple[np.ndarray, PlacedBy]:
    found = placed(file, samples, now, START_S)
    blocks = [i for i in log_items("a", samples, found) if isinstance(i, Block)]
    return np.concatenate([b.t_s for b in blocks]), found.by


def test_times_of_the_same_start_come_from_a_comparison_of_clocks():
    samples = log.decode_pages(b"".join(page_of(n * 339) for n in range(20)))
    now = ClockNow(5 * 2**32 + 32768 * 100, START_S)
    for start_utc_s in (None, 0.5, 978_307_200.0, START_S - 5e6):  # its own day: unset, 1970, 2001, wrong
        t_s, by = times_of(file_of(20, start_utc_s=start_utc_s), samples, now)
        if start_utc_s != START_S - 5e6:
            assert np.abs(t_s - (START_S - 100 + np.arange(20 * 339) / 100)).max() < 1e-4
        was_set = start_utc_s is not None and start_utc_s > 1e9  # else it may have been 36.4 h earlier
        assert by is (PlacedBy.COMPARED if was_set else PlacedBy.GUESSED)


def test_a_file_of_this_start_that_is_longer_than_its_ticks_tell_is_older_by_a_turn_of_the_clock():
    """Forty hours of it, fetched at once, by a sensor that does not know the day."""
    hours, rate_hz = 40, 0.1
    pages = [page_of(n * 339, ticks=round(n * 3390 * 32768) % 2**32) for n in range(hours * 3600 // 3390)]
    samples = log.decode_pages(b"".join(pages))
    length_s = len(pages) * 3390.0
    now = ClockNow(round(length_s * 32768) % 2**32, START_S)
    t_s, by = times_of(file_of(len(pages), rate_hz=rate_hz), samples, now)
    assert t_s[0] == pytest.approx(START_S - length_s, abs=1.0)
    assert by is PlacedBy.GUESSED


@pytest.mark.parametrize("this_boot", [True, False])
def test_a_day_in_the_future_is_not_believed(this_boot: bool):
    samples = log.decode_pages(page_of(0) + page_of(339))
    file = file_of(2, this_boot=this_boot, start_utc_s=START_S + 3600)
    t_s, by = times_of(file, samples, ClockNow(round(6.78 * 32768), START_S))
    assert t_s[-1] == pytest.approx(START_S - 0.01, abs=1e-3)
    assert by is PlacedBy.GUESSED


def test_a_day_that_is_a_little_ahead_is_held_back_to_now():
    samples = log.decode_pages(page_of(0) + page_of(339))
    t_s, by = times_of(file_of(2, this_boot=False, start_utc_s=START_S - 4), samples, None)
    assert t_s[-1] == pytest.approx(START_S - 0.01, abs=1e-3)
    assert by is PlacedBy.OWN_CLOCK


@pytest.mark.parametrize(
    ("firsts", "kept"),
    [
        ([0, 339, 5000, 1017, 1356], [0, 339, 1017, 1356]),  # far ahead
        ([678, 1017, 1356, 10, 2034], [678, 1017, 1356, 2034]),  # back
        ([0, 339, 778, 1017], [0, 339, 1017]),  # over the next one
        ([0, 339, 339, 678], [0, 339, 678]),  # one twice
        ([4000, 339, 678, 1017], [339, 678, 1017]),  # the first
        ([0, 339, 678, 100_000], [0, 339, 678]),  # the last
        ([2**32 - 339, 0, 339], [2**32 - 339, 2**32, 2**32 + 339]),  # none
    ],
)
def test_a_sound_page_that_belongs_nowhere_is_left_out(firsts: list[int], kept: list[int]):
    samples = log.decode_pages(b"".join(page_of(first, ticks=n * 111_084) for n, first in enumerate(firsts)))
    assert samples.index.tolist() == kept
    assert samples.bad_pages == len(firsts) - len(kept)
    items = list(log_items("a", samples, placed(file_of(len(firsts)), samples, None, START_S)))
    gaps = [i for i in items if isinstance(i, Event)]
    blocks = [i for i in items if isinstance(i, Block)]
    assert sum(gap.data["lost_samples"] for gap in gaps) <= 1017
    ends = [b.t_s[-1] for b in blocks]
    assert all(b.t_s[0] > end for b, end in zip(blocks[1:], ends, strict=False))


def test_drift_between_then_and_now_is_taken_out():
    """A crystal 80 ppm fast; its day was told when the file began, three hours ago."""
    fast = 1 + 80e-6
    samples = log.decode_pages(
        b"".join(page_of(n * 339, ticks=round(n * 3.39 * 32768 * fast)) for n in range(1000)), check=False
    )
    now = ClockNow(round(10_800 * 32768 * fast), START_S)
    t_s, _ = times_of(file_of(1000, start_utc_s=START_S - 10_800), samples, now)
    assert np.abs(t_s - (START_S - 10_800 + np.arange(339_000) / 100)).max() < 1e-3
    assert np.all(np.diff(t_s) > 0)


def test_a_file_older_than_the_wrap_of_the_clock_is_placed_by_its_day():
    samples = log.decode_pages(page_of(0) + page_of(339))
    t_s, _ = times_of(file_of(2, start_utc_s=START_S - 200_000), samples, ClockNow(200_000 * 32768 % 2**32, START_S))
    assert t_s[0] == pytest.approx(START_S - 200_000, abs=1e-3)


def test_times_of_a_former_start_are_its_own_or_a_guess_that_is_said():
    samples = log.decode_pages(page_of(0) + page_of(339))
    t_s, by = times_of(file_of(2, this_boot=False, start_utc_s=1.6e9), samples, ClockNow(0, START_S))
    assert (t_s[0], by) == (1.6e9, PlacedBy.OWN_CLOCK)
    for never_set in (None, 978_307_200.0):
        t_s, by = times_of(file_of(2, this_boot=False, start_utc_s=never_set), samples, ClockNow(0, START_S))
        assert by is PlacedBy.GUESSED
        assert t_s[-1] == pytest.approx(START_S - 0.01, abs=1e-3)


def test_damaged_pages_at_the_beginning_do_not_shift_a_file_that_its_own_day_places():
    samples = log.decode_pages(bytes(2 * 4096) + page_of(678) + page_of(1017))
    assert (samples.pages_before, samples.bad_pages) == (2, 2)
    t_s, by = times_of(file_of(4, this_boot=False, start_utc_s=1.6e9), samples, None)
    assert (t_s[0], by) == (pytest.approx(1.6e9 + 6.78, abs=1e-3), PlacedBy.OWN_CLOCK)
    slow = 1 - 80e-6  # where the clocks are compared too, two pages would pass for drift
    t_s, _ = times_of(
        file_of(4, start_utc_s=START_S - 40_000), samples, ClockNow(round(40_000 * 32768 * slow), START_S)
    )
    assert t_s[0] == pytest.approx(START_S - 40_000 + 6.78, abs=1e-2)


def test_a_clock_that_was_set_amid_a_file_does_not_tear_it():
    readings = [0, 111_084, 2 * 111_084 + 32768 * 3600, 3 * 111_084 + 32768 * 3600]
    samples = log.decode_pages(b"".join(page_of(n * 339, ticks=t) for n, t in enumerate(readings)))
    t_s, _ = times_of(file_of(4, this_boot=False, start_utc_s=1.6e9), samples, None)
    assert np.diff(t_s).max() < 0.011


def test_a_damaged_page_is_a_gap_of_so_many_samples():
    samples = log.decode_pages(page_of(0, flags=6) + bytes(4096) + page_of(678))
    items = list(log_items("a", samples, placed(file_of(3), samples, None, START_S)))
    (gap,) = [i for i in items if isinstance(i, Event)]
    assert (gap.data["lost_samples"], gap.data["cause_key"]) == (339, "damaged")
    assert gap.data["end_s"] - gap.data["start_s"] == pytest.approx(3.39, abs=1e-3)
    assert items[0].flags.tolist() == [SampleFlag.SATURATED | SampleFlag.MOTOR_ON] * 339
    assert items[0].counter == 0
