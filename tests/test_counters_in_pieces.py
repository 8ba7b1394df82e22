"""The counters of a day on random days: any pieces, the same figures; and what must hold whatever the day was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinewatch_signal.day_counts import DayCounts
from spinewatch_signal.posture import Activity, Blank, Doubt, PostureFrames
from spinewatch_signal.risky_movement import RiskyMovementDetector

START_K = 17_000_000_000
KINDS = (Activity.UPRIGHT, Activity.SITTING, Activity.STANDING, Activity.WALKING, Activity.MOVING, Activity.LYING)


def random_day(rng: np.random.Generator) -> PostureFrames:
    """A few minutes of stretches at random levels, with bends, holes, blank, doubtful and unworn frames."""
    lengths = rng.integers(3, 120, 40)
    flexion = np.repeat(rng.uniform(-20, 75, 40), lengths) + rng.normal(0, 0.5, int(lengths.sum()))
    activity = np.repeat(rng.choice(KINDS, 40), lengths).astype(np.uint8)
    n = len(flexion)
    keep = rng.random(n) > 0.002
    code = np.zeros(n, np.uint8)
    flexion[rng.random(n) < 0.003] = np.nan
    two = np.full(n, 2.0)
    frames = PostureFrames(
        (START_K + np.arange(n)) / 10,
        flexion,
        np.where(np.isnan(flexion), np.nan, rng.uniform(-30, 30, n).round()),
        np.abs(flexion),
        None,
        two,
        two,
        activity,
        code,
        np.where(rng.random(n) < 0.001, Blank.NOT_WORN, Blank.NONE).astype(np.uint8),
        np.full(n, np.nan),
        np.where(np.arange(n) > n // 2, Doubt.REFERENCE, Doubt.NONE).astype(np.uint8),
    )
    return frames[keep]


def counted(frames: PostureFrames, cuts: list[int]) -> tuple[DayCounts, RiskyMovementDetector]:
    counts, risky = DayCounts(), RiskyMovementDetector()
    for first, last in zip([0, *cuts], [*cuts, len(frames)], strict=True):
        part = frames[slice(first, last)]
        counts.add(part, part.flexion_deg)
        risky.update(np.rint(part.t_s * 10).astype(np.int64), part.flexion_deg)
    return counts, risky


def figures(counts: DayCounts) -> tuple[object, ...]:
    return (
        counts.holding.result,
        counts.zones.result,
        counts.eva.result,
        counts.speed.generalised.percentiles(),
        counts.bouts.all_bouts,
        counts.bouts.all_breaks,
        counts.position.fidgets,
        counts.position.shifts,
        [bend.count for bend in counts.exposure.bends.values()],
        counts.up,
    )


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1))
def test_any_pieces_give_the_same_figures(seed: int):
    rng = np.random.default_rng(seed)
    frames = random_day(rng)
    whole, pieces = counted(frames, []), counted(frames, np.sort(rng.integers(0, len(frames), 25)).tolist())
    assert figures(pieces[0]) == figures(whole[0])
    assert (pieces[1].found, pieces[1].going_on) == (whole[1].found, whole[1].going_on)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1))
def test_what_holds_on_every_day(seed: int):
    frames = random_day(np.random.default_rng(seed))
    counts, risky = counted(frames, [])
    worn = frames[frames.blank != Blank.NOT_WORN]
    assert counts.classes.sum() == len(worn)
    known = int((~np.isnan(worn.flexion_deg) & (worn.activity != Activity.LYING)).sum())
    zones = counts.zones.result
    assert sum(zones.forward_s.values()) == pytest.approx(sum(zones.lateral_s.values())) == pytest.approx(known / 10)
    assert sum(map(sum, counts.eva.result.percent)) == pytest.approx(100, abs=0.01)
    holding = counts.holding.result
    assert 0 <= holding.largest <= holding.use
    assert holding.beyond_s <= holding.static_s <= counts.exposure.zones[20.0].frames / 10
    spans = [span for found in (counts.bouts.all_bouts, counts.bouts.all_breaks) for span in found]
    assert all(start_s < end_s for start_s, end_s in spans)
    assert all(m.start_s < m.end_s and m.peak_deg >= 20 for m in risky.found)
    assert counts.up.doubtful <= counts.up.frames


def test_a_day_without_doubt_has_no_doubtful_frame():
    frames = random_day(np.random.default_rng(1))
    counts, _ = counted(replace(frames, doubt=np.zeros_like(frames.doubt)), [])
    assert counts.known.doubtful == counts.up.doubtful == 0
