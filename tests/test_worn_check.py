"""Sensors that were swapped or hang upside down are noticed; ordinary days are not."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from spinewatch_signal.flexion import angles_deg
from spinewatch_signal.posture import PostureFrames
from spinewatch_signal.worn_check import WornCheck, WornWrong


def frames(upper_deg: np.ndarray, lower_deg: np.ndarray | None = None, side_deg: float = 0.0) -> PostureFrames:
    n = len(upper_deg)
    real, code = np.zeros(n), np.zeros(n, np.uint8)
    lumbar = None if lower_deg is None else (upper_deg - lower_deg + 180.0) % 360.0 - 180.0
    return PostureFrames(
        np.arange(n) * 0.1,
        upper_deg,
        real + side_deg,
        np.abs(upper_deg),
        lumbar,
        real,
        real,
        code,
        code,
        code,
        real,
        code,
    )


def bends(count: int, deep_deg: float) -> np.ndarray:
    """Each three seconds down and up, two seconds of rest between."""
    one = np.concatenate([deep_deg * np.sin(np.linspace(0, np.pi, 30)), np.zeros(20)])
    return np.tile(one, count)


def test_an_ordinary_bend_says_nothing() -> None:
    check = WornCheck()
    assert check.update(frames(bends(10, 90.0), bends(10, 45.0))) == []


def test_swapped_sensors_are_noticed_at_the_third_bend_and_told_once() -> None:
    check = WornCheck()
    assert check.update(frames(bends(2, 45.0), bends(2, 90.0))) == []
    assert check.update(frames(bends(4, 45.0), bends(4, 90.0))) == [WornWrong.SWAPPED]
    assert check.update(frames(bends(4, 45.0), bends(4, 90.0))) == []


def test_bending_from_the_hips_with_a_straight_back_is_no_swap() -> None:
    check = WornCheck()
    assert check.update(frames(bends(10, 60.0), bends(10, 66.0))) == []


def test_one_sensor_cannot_be_swapped() -> None:
    assert WornCheck().update(frames(bends(10, 90.0))) == []


@pytest.mark.parametrize(("which", "name"), [(0, WornWrong.UPPER_UPSIDE_DOWN), (1, WornWrong.LOWER_UPSIDE_DOWN)])
def test_ten_seconds_head_down_is_a_sensor_upside_down(which: int, name: WornWrong) -> None:
    calm, down = np.zeros(200), np.full(200, 178.0)
    pair = (down, calm) if which == 0 else (calm, down)
    assert WornCheck().update(frames(*pair)) == [name]


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_who_lies_on_the_side_a_little_head_down_does_not_hang_upside_down(side: float) -> None:
    up = np.array([[-0.23, side * 0.93, -0.29]])
    (flexion_deg,), (lateral_deg,), _ = angles_deg(up / np.linalg.norm(up))
    assert (flexion_deg, abs(lateral_deg)) == pytest.approx((141.6, 68.3), abs=0.1)
    lain = np.full(1200, flexion_deg)
    assert WornCheck().update(frames(lain, side_deg=lateral_deg)) == []
    assert WornCheck().update(frames(lain, lain, side_deg=lateral_deg)) == []
    assert WornCheck().update(frames(lain, side_deg=40.0)) == [WornWrong.UPPER_UPSIDE_DOWN]


def test_a_short_dip_or_a_blank_is_not() -> None:
    dip = np.concatenate([np.full(90, 170.0), np.zeros(1), np.full(90, 170.0), np.full(500, np.nan)])
    assert WornCheck().update(frames(dip)) == []


@pytest.mark.parametrize("piece", [1, 7, 50, 333])
def test_pieces_do_not_matter(piece: int) -> None:
    upper, lower = bends(8, 45.0), bends(8, 90.0)
    check, found = WornCheck(), []
    for start in range(0, len(upper), piece):
        check = copy.deepcopy(check)
        found += check.update(frames(upper[start : start + piece], lower[start : start + piece]))
    assert found == [WornWrong.SWAPPED]
