"""What samples show of a sensor's health: stuck axes, full ranges, another rate; nothing on sound ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_motion import START_S, UPPER, desk_hour, made_samples
from spinewatch_signal.marks import HealthKind, HealthMark
from spinewatch_signal.sample_watch import SampleWatch
from spinewatch_signal.samples import ImuBatch, SampleFlag


def moving(seconds: float = 120, rate_hz: float = 100.0) -> ImuBatch:
    """Somebody who never rests."""
    batch = made_samples("upper", seconds, desk_hour)
    since_s = batch.t_s - START_S
    sway = 2.0 * np.sin(since_s[:, None] * (1.1, 1.3, 1.7))
    return ImuBatch("upper", START_S + since_s * 100.0 / rate_hz, batch.acc + sway, batch.gyr + 0.2 * sway, batch.flags)


def marks(batch: ImuBatch) -> list[HealthMark]:
    watch = SampleWatch(UPPER)
    watch.update(batch)
    return watch.marks


def test_a_sound_sensor_has_no_marks() -> None:
    assert marks(moving()) == []
    assert marks(made_samples("upper", 120, desk_hour)) == []


@pytest.mark.parametrize("channel", range(6))
def test_an_axis_that_sticks_while_others_move(channel: int) -> None:
    batch = moving()
    source = batch.acc if channel < 3 else batch.gyr
    assert source is not None
    source[(batch.t_s >= START_S + 30) & (batch.t_s < START_S + 60), channel % 3] = 0.125
    (mark,) = marks(batch)
    assert mark.kind is HealthKind.STUCK_AXIS
    assert (mark.start_s - START_S, mark.told_s - START_S) == (30, 40)
    assert mark.end_s == START_S + 61


def test_a_sensor_that_lies_still_is_not_stuck() -> None:
    batch = moving(60)
    still = ImuBatch("upper", batch.t_s, np.zeros_like(batch.acc) + 5.0, np.zeros_like(batch.acc), batch.flags)
    assert marks(still) == []


def test_a_range_that_is_full_with_a_flag_and_without() -> None:
    batch = moving()
    part = (batch.t_s >= START_S + 20) & (batch.t_s < START_S + 22.5)
    flags = np.where(part, np.uint8(SampleFlag.SATURATED), batch.flags)
    (mark,) = marks(ImuBatch("upper", batch.t_s, batch.acc, batch.gyr, flags))
    assert (mark.kind, mark.start_s - START_S, mark.end_s) == (HealthKind.CLIPPING, 20, START_S + 23)
    assert mark.size == pytest.approx(100.0)
    batch.acc[part, 1] = 19.6133
    assert [mark.kind for mark in marks(batch)] == [HealthKind.CLIPPING]


@pytest.mark.parametrize(("apart_s", "count"), [(2, 1), (9, 1), (10, 2), (30, 2)])
def test_clipped_seconds_near_each_other_are_one_mark(apart_s: int, count: int) -> None:
    batch = moving()
    second = batch.t_s // 1 - START_S
    part = (second == 20) | (second == 21 + apart_s)
    watch = SampleWatch(UPPER)
    watch.update(ImuBatch("upper", batch.t_s, batch.acc, batch.gyr, np.where(part, np.uint8(SampleFlag.SATURATED), 0)))
    assert len(watch.marks) == count
    assert (watch.marks[0].start_s, watch.marks[-1].end_s) == (START_S + 20, START_S + 22 + apart_s)
    t_s = START_S + np.arange(10, 100)
    assert (t_s[watch.doubtful(t_s)] - START_S).tolist() == [22, 23 + apart_s], "between them all is sound"


def test_a_knock_is_no_clipping() -> None:
    batch = moving()
    batch.acc[4000:4002, 0] = 39.2
    assert marks(batch) == []


@pytest.mark.parametrize(("percent", "told"), [(0.5, False), (-2.0, True), (3.0, True)])
def test_another_rate_than_at_the_beginning(percent: float, told: bool) -> None:
    first, then = moving(90), moving(90, 100.0 * (1 + percent / 100))
    t_s = np.concatenate((first.t_s, first.t_s[-1] + 0.01 + then.t_s - START_S))
    flags = np.concatenate((first.flags, then.flags))
    found = marks(ImuBatch("upper", t_s, np.vstack((first.acc, then.acc)), np.vstack((first.gyr, then.gyr)), flags))
    assert [mark.kind for mark in found] == ([HealthKind.RATE_CHANGED] if told else [])
    if told:
        assert found[0].size == pytest.approx(100 + percent, abs=0.1)
        assert 90 < found[0].told_s - START_S < 115


def test_lost_samples_are_no_other_rate() -> None:
    batch = moving(200)
    kept = np.random.default_rng(5).random(len(batch)) > 0.06
    kept[: len(kept) // 2] = True
    assert marks(ImuBatch("upper", batch.t_s[kept], batch.acc[kept], batch.gyr[kept], batch.flags[kept])) == []


def test_what_is_doubtful_is_known_from_when_it_was_told() -> None:
    batch = moving()
    batch.acc[(batch.t_s >= START_S + 30) & (batch.t_s < START_S + 60), 0] = 1.0
    watch = SampleWatch(UPPER)
    watch.update(batch)
    t_s = START_S + np.arange(100)
    assert (t_s[watch.doubtful(t_s)] - START_S).tolist() == list(range(41, 62))


class Looked(list[HealthMark]):
    """Marks that count how often one of them was looked at."""

    looks = 0

    def __iter__(self) -> Iterator[HealthMark]:
        self.looks += len(self)
        return super().__iter__()

    def __getitem__(self, at):  # type: ignore[no-untyped-def, override]
        found = super().__getitem__(at)
        self.looks += len(found) if isinstance(at, slice) else 1
        return found


def test_a_day_of_knocks_costs_no_more_at_its_end() -> None:
    watch = SampleWatch(UPPER)
    times_s = START_S + 10.0 * np.arange(1000)
    watch.marks = Looked(HealthMark(HealthKind.CLIPPING, "upper", t, t + 1, t + 1, 9.0) for t in times_s.tolist())
    watch.doubtful(times_s[-1:] + 60)
    first, watch.marks.looks = watch.marks.looks, 0
    for _ in range(10):
        assert not watch.doubtful(times_s[-1:] + 61).any()
    assert watch.marks.looks <= 10 < first


@pytest.mark.parametrize("size", [5, 50, 333])
def test_what_is_doubtful_live_is_doubtful_when_replayed_at_once(size: int) -> None:
    batch = moving(60)
    part = (batch.t_s >= START_S + 20) & (batch.t_s < START_S + 22.5) | (batch.t_s // 1 == START_S + 40)
    batch = ImuBatch("upper", batch.t_s, batch.acc, batch.gyr, np.where(part, np.uint8(SampleFlag.SATURATED), 0))
    whole, live, grid_s, known = SampleWatch(UPPER), SampleWatch(UPPER), START_S + np.arange(590) / 10, []
    whole.update(batch)
    for first in range(0, len(batch), size):
        piece = batch[first : first + size]
        live.update(piece)
        passed = grid_s <= piece.t_s[-1]
        known += live.doubtful(grid_s[passed]).tolist() if passed.any() else []
        grid_s = grid_s[~passed]
    assert known == whole.doubtful(START_S + np.arange(590) / 10).tolist()
    assert np.flatnonzero(known).tolist() == [*range(211, 241), *range(411, 421)]


def test_a_gap_of_years_costs_no_memory() -> None:
    batch = moving(60)
    t_s = np.where(batch.t_s < START_S + 30, batch.t_s - START_S, batch.t_s)
    assert marks(ImuBatch("upper", t_s, batch.acc, batch.gyr, batch.flags)) == []


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.lists(st.integers(1, 4000), max_size=12))
def test_pieces_do_not_matter(sizes: list[int]) -> None:
    batch = moving(60)
    batch.acc[1500:4500, 2] = 0.5
    batch.gyr[5000:5100, 0] = 8.0
    whole, parts, at = SampleWatch(UPPER), SampleWatch(UPPER), 0
    whole.update(batch)
    for size in [*sizes, len(batch)]:
        parts.update(batch[at : at + size])
        at += size
    assert parts.marks == whole.marks
    assert {mark.kind for mark in whole.marks} == {HealthKind.STUCK_AXIS, HealthKind.CLIPPING}
