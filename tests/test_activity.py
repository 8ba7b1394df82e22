"""Classes of activity from angles and accelerations whose answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinewatch_signal.activity import ActivityClassifier, ActivityInput, told_apart
from spinewatch_signal.posture import Activity
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2 as G
from spinewatch_signal.samples import Site

PER_BIN = 10


def still_acc(seconds: float, scale: float = 1.0, noise: float = 0.02) -> np.ndarray:
    rng = np.random.default_rng(1)
    return G * scale + rng.normal(0, noise, round(seconds * 100))


def gait_acc(seconds: float, rms_g: float = 0.2, scale: float = 1.0) -> np.ndarray:
    t_s = np.arange(round(seconds * 100)) / 100
    return (1 + np.sqrt(2) * rms_g * np.sin(2 * np.pi * 1.8 * t_s)) * G * scale


def rows(acc_norm: np.ndarray, flexion_deg: float | np.ndarray = 0.0, lateral_deg: float = 0.0) -> ActivityInput:
    bins = acc_norm.reshape(-1, PER_BIN)
    n = len(bins)
    return ActivityInput(
        17_000_000_001 + np.arange(n),
        np.broadcast_to(np.asarray(flexion_deg, float), n),
        np.full(n, lateral_deg),
        np.full(n, PER_BIN),
        bins.sum(axis=1),
        (bins**2).sum(axis=1),
    )


def classify(acc_norm: np.ndarray, flexion_deg: float | np.ndarray = 0.0, lateral_deg: float = 0.0) -> np.ndarray:
    return ActivityClassifier().update(rows(acc_norm, flexion_deg, lateral_deg))


@pytest.mark.parametrize(
    ("flexion_deg", "lateral_deg", "expected"),
    [
        (0, 0, Activity.UPRIGHT),
        (40, 20, Activity.UPRIGHT),
        (-54, 0, Activity.UPRIGHT),
        (-56, 0, Activity.LYING),
        (-90, 10, Activity.LYING),
        (0, 56, Activity.LYING),
        (0, -56, Activity.LYING),
        (np.nan, 85, Activity.LYING),
        (170, 80, Activity.LYING),
        (54, 0, Activity.UPRIGHT),
        (56, 0, Activity.STOOPED),
        (120, 0, Activity.STOOPED),
        (np.nan, np.nan, Activity.UNKNOWN),
    ],
)
def test_still_postures(flexion_deg: float, lateral_deg: float, expected: Activity):
    assert (classify(still_acc(10), flexion_deg, lateral_deg) == expected).all()


@pytest.mark.parametrize("scale", [0.97, 1.0, 1.03])
def test_a_scale_error_is_no_movement(scale: float):
    assert (classify(still_acc(120, scale)) == Activity.UPRIGHT).all()


@pytest.mark.parametrize("scale", [0.97, 1.0, 1.03])
def test_gait_is_movement_within_a_second(scale: float):
    codes = classify(np.concatenate((still_acc(60, scale), gait_acc(60, 0.2, scale), still_acc(60, scale))))
    assert (codes[:600] == Activity.UPRIGHT).all()
    assert (codes[605:1200] == Activity.MOVING).all()
    assert (codes[1211:] == Activity.UPRIGHT).all()


def test_gait_from_the_first_moment_is_movement():
    assert (classify(gait_acc(180))[5:] == Activity.MOVING).all()


def test_the_limit_is_a_twentieth_of_g():
    quiet, lively = (classify(np.concatenate((still_acc(60, noise=0), gait_acc(20, rms)))) for rms in (0.045, 0.055))
    assert (quiet[610:] == Activity.MOVING).mean() < 0.1
    assert (lively[610:] == Activity.MOVING).mean() > 0.9


def test_turning_over_in_bed_is_movement_not_a_stoop():
    codes = classify(np.concatenate((still_acc(30), gait_acc(20))), 100.0, 70.0)
    assert (codes[:300] == Activity.LYING).all()
    assert (codes[305:] == Activity.MOVING).all()


def test_face_down_is_lying_after_two_minutes():
    flexion = np.concatenate((np.full(100, 85.0), np.full(10, 0.0), np.full(1500, 85.0), np.full(10, 70.0)))
    codes = classify(still_acc(len(flexion) / 10), flexion)
    assert (codes[:100] == Activity.STOOPED).all()
    assert (codes[110 : 110 + 1200] == Activity.STOOPED).all()
    assert (codes[110 + 1200 : 1610] == Activity.LYING).all()
    assert (codes[1610:] == Activity.STOOPED).all()


def test_face_down_does_not_add_up_over_a_gap():
    first, second = rows(still_acc(100), 85.0), rows(still_acc(100), 85.0)
    second.k[:] += 1000 + 5
    classifier = ActivityClassifier()
    codes = np.concatenate((classifier.update(first), classifier.update(second)))
    assert (codes == Activity.STOOPED).all()


def test_the_second_before_a_gap_is_not_looked_at():
    first, second = rows(gait_acc(10)), rows(still_acc(10))
    second.k[:] += 100 + 20
    classifier = ActivityClassifier()
    classifier.update(rows(still_acc(0)))
    classifier.update(first)
    assert (classifier.update(second)[:3] == Activity.UPRIGHT).all()


@pytest.mark.parametrize("scale", [0.9, 1.1])
def test_another_level_in_another_posture_is_no_movement(scale: float):
    # Axes that are off by different scales feel another gravity once the wearer lies.
    acc, flexion = np.concatenate((still_acc(60), still_acc(60, scale))), np.repeat([0.0, -85.0], 600)
    codes = classify(acc, flexion)
    assert (codes[:600] == Activity.UPRIGHT).all()
    assert (codes[610:] == Activity.LYING).all()


def test_a_pelvis_far_forward_lies_after_five_seconds():
    codes = ActivityClassifier(site=Site.PELVIS).update(rows(still_acc(20), 85.0))
    assert (codes[:50] == Activity.STOOPED).all()
    assert (codes[50:] == Activity.LYING).all()


def test_walking_is_what_the_gait_step_says_unless_one_lies_still():
    walking = np.zeros(300, bool)
    walking[100:200] = True
    for flexion_deg, acc, expected in (
        (0.0, gait_acc(30), Activity.WALKING),
        (60.0, gait_acc(30), Activity.WALKING),
        (np.nan, gait_acc(30), Activity.WALKING),
        (-80.0, still_acc(30), Activity.LYING),
    ):
        codes = ActivityClassifier().update(replace(rows(acc, flexion_deg), walking=walking))
        assert (codes[100:200] == expected).all()
        assert not (codes[:100] == Activity.WALKING).any()


def test_sitting_and_standing_are_told_apart_only_where_it_is_clear():
    codes = np.array([Activity.UPRIGHT] * 5 + [Activity.MOVING, Activity.LYING], np.uint8)
    told = told_apart(codes, np.array([0.8, 0.79, np.nan, 0.21, 0.2, 0.9, 0.1]))
    expected = [Activity.SITTING, *[Activity.UPRIGHT] * 3, Activity.STANDING, Activity.MOVING, Activity.LYING]
    assert told.tolist() == expected
    assert (codes[:5] == Activity.UPRIGHT).all()
