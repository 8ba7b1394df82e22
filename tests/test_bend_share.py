"""The lumbar share of a bend, on days whose bends stand on paper."""

from __future__ import annotations

import numpy as np
import pytest

from spinewatch_signal.bend_share import BendShare, BendShareCounter


def bends(shares: list[float], peak_deg: float = 60.0) -> tuple[np.ndarray, np.ndarray]:
    """Bends of 4 s, each with this share of the lumbar spine at its deepest; less than that on the way."""
    wave = np.sin(np.pi * np.arange(40) / 40)
    flexion = np.tile(np.concatenate([np.zeros(20), peak_deg * wave]), len(shares))
    lumbar = np.concatenate([np.concatenate([np.zeros(20), s * peak_deg * wave**2]) for s in shares])
    return np.append(flexion, np.zeros(20)), np.append(lumbar, np.zeros(20))


def told(flexion: np.ndarray, lumbar: np.ndarray, size: int = 10_000, gap_at: int | None = None) -> BendShare:
    counter, gaps = BendShareCounter(), np.zeros(len(flexion), bool)
    if gap_at is not None:
        gaps[gap_at] = True
    for part in (slice(i, i + size) for i in range(0, len(flexion), size)):
        counter.add(flexion[part], lumbar[part], gaps[part])
    return counter.result


@pytest.mark.parametrize("size", [1, 7, 50, 333])
def test_the_median_share_at_the_deepest_point(size: int):
    flexion, lumbar = bends([0.4, 0.5, 0.6])
    assert told(flexion, lumbar, size) == BendShare(3, pytest.approx(50, abs=0.5))


def test_a_lumbar_spine_that_arches_back_counts_below_zero():
    assert told(*bends([-0.1])).median_percent == pytest.approx(-10, abs=0.5)


def test_what_is_no_bend_or_not_known_gives_no_share():
    assert told(*bends([0.5], peak_deg=25.0)) == BendShare(0, None)
    flexion, lumbar = bends([0.5])
    assert told(flexion, np.full(len(lumbar), np.nan)) == BendShare(0, None)
    assert told(flexion, lumbar, gap_at=40) == BendShare(0, None)
