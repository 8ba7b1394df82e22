"""Body frames from guided steps and from recordings without them, on wearers made on paper."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_imu import START_S, bends, error_deg, true_up, turned
from spinewatch_signal.calibration import (
    BodyFrame,
    Calibration,
    CalibrationRefusedError,
    GuidedSteps,
    calibrate,
    find_reference,
)
from spinewatch_signal.flexion import angles_deg, body_up, lumbar_deg
from spinewatch_signal.found_reference import doubts
from spinewatch_signal.samples import Floats, Site
from spinewatch_signal.up_vectors import UpBatch

RATE_HZ = 20.0
STILL, BENDS = (START_S, START_S + 5.0), (START_S + 5.0, START_S + 25.0)
STEPS = GuidedSteps(STILL, BENDS)
UPPER = {"a": Site.UPPER_BACK}
PAIR = {"a": Site.UPPER_BACK, "b": Site.PELVIS}
GUIDED_S = np.arange(0, 26, 1 / RATE_HZ)
MOUNT = turned(np.array([-100.0]), 160.0, 70.0).as_matrix()[0]


def ups_of(
    flexion: Floats,
    lateral: Floats | float = 0.0,
    *,
    mount: Floats = MOUNT,
    sensor: str = "a",
    noise_deg: float = 0.05,
    shake: Floats | float = 0.0,
) -> UpBatch:
    """Verticals of a wearer at `RATE_HZ` from `START_S`; `shake` is the SD of the specific force's length, m/s²."""
    n = len(flexion)
    rng = np.random.default_rng(7)
    up = true_up(turned(flexion, lateral), mount) + np.radians(noise_deg) * rng.standard_normal((n, 3))
    up /= np.linalg.norm(up, axis=1)[:, None]
    turning = np.abs(np.gradient(flexion, 1 / RATE_HZ))
    force = 9.8 + shake * rng.standard_normal(n)
    return UpBatch(
        sensor,
        START_S + np.arange(n) / RATE_HZ,
        up,
        force,
        force,
        np.radians(turning),
        np.ones(n),
        np.zeros(n, np.int64),
    )


def axes_error_deg(frame: BodyFrame, mount: Floats = MOUNT) -> float:
    """Largest angle between an axis of the frame and where it truly is."""
    return float(error_deg(frame.axes, mount.T).max())


@pytest.mark.parametrize("lean", [0.0, 25.0])
def test_guided_steps_find_the_body_frame_however_the_sensor_sits(lean: float) -> None:
    mount = MOUNT @ turned(np.array([lean]), lean / 2).as_matrix()[0]
    calibration = calibrate({"a": ups_of(bends(GUIDED_S, 6.0), mount=mount)}, STEPS, UPPER)
    assert axes_error_deg(calibration.frames["a"], mount) < 0.3
    assert (calibration.method, calibration.grade) == ("guided", "good")
    assert calibration.quality["bend_deg"] == pytest.approx(60.0, abs=0.5)
    assert [calibration.quality[f"bend_{i}_deg"] for i in (1, 2, 3)] == pytest.approx([60.0] * 3, abs=0.5)
    assert calibration.quality["plane_percent"] > 99
    assert calibration.expected_repeat_deg == pytest.approx(1.5, abs=0.3)
    assert (calibration.reference_deg, calibration.lumbar_reference_deg, calibration.lumbar_range_deg) == (0, 0, None)


@given(st.floats(-180, 180), st.floats(-85, 85), st.floats(-180, 180), st.floats(35, 110))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_any_mounting_and_bend_size_give_the_same_flexion(a: float, b: float, c: float, size: float) -> None:
    mount = turned(np.array([b]), a, c).as_matrix()[0]
    ups = ups_of(bends(GUIDED_S, 6.0, size_deg=size), mount=mount)
    frame = calibrate({"a": ups}, STEPS, UPPER).frames["a"]
    flexion, _, _ = angles_deg(body_up(ups.up, frame))
    assert flexion.max() == pytest.approx(size, abs=1.0)


def test_bends_that_are_not_straight_still_give_the_frame_but_a_lower_grade() -> None:
    forward = bends(GUIDED_S, 6.0)
    sideways = 0.25 * forward * np.sin(GUIDED_S * 1.7)
    calibration = calibrate({"a": ups_of(forward, sideways)}, STEPS, UPPER)
    assert calibration.grade in ("fair", "low")
    assert axes_error_deg(calibration.frames["a"]) < 6.0


def test_bends_in_different_directions_still_give_the_frame_but_a_lower_grade() -> None:
    forward = bends(GUIDED_S, 6.0)
    aside = np.select([GUIDED_S < 12.0, GUIDED_S < 18.0], [0.2, -0.2], 0.05)
    calibration = calibrate({"a": ups_of(forward, aside * forward)}, STEPS, UPPER)
    assert calibration.grade == "low"
    assert axes_error_deg(calibration.frames["a"]) < 6.0


def test_bending_back_after_each_bend_does_not_turn_forward_about() -> None:
    back = -bends(GUIDED_S, 11.0, n=1, size_deg=35.0, each_s=4.0) - bends(
        GUIDED_S, 19.0, n=1, size_deg=35.0, each_s=4.0
    )
    forward = bends(GUIDED_S, 6.0, n=1, each_s=4.0) + bends(GUIDED_S, 15.0, n=1, each_s=4.0)
    calibration = calibrate({"a": ups_of(forward + back)}, STEPS, UPPER)
    assert axes_error_deg(calibration.frames["a"]) < 0.5


@pytest.mark.parametrize(
    ("flexion", "reason"),
    [
        (np.zeros(len(GUIDED_S)), "too close to standing"),
        (bends(GUIDED_S, 6.0, size_deg=12.0), "too close to standing"),
        (bends(GUIDED_S, 6.0, n=1), "Only one bend"),
        (bends(GUIDED_S, 6.0) + 6 * np.sin(3 * GUIDED_S), "You moved while you stood"),
    ],
)
def test_useless_steps_are_refused_with_what_to_do(flexion: Floats, reason: str) -> None:
    with pytest.raises(CalibrationRefusedError, match=reason) as refusal:
        calibrate({"a": ups_of(flexion)}, STEPS, UPPER)
    text = str(refusal.value)
    assert "\n" not in text
    assert ";" in text
    assert len(text) < 140


def test_bends_all_over_the_place_are_refused() -> None:
    ups = ups_of(bends(GUIDED_S, 6.0, n=2, each_s=5), bends(GUIDED_S, 16.0, n=2, each_s=4))
    with pytest.raises(CalibrationRefusedError, match="different directions"):
        calibrate({"a": ups}, STEPS, UPPER)


def test_missing_angles_are_refused() -> None:
    with pytest.raises(CalibrationRefusedError, match="No sensor"):
        calibrate({}, STEPS, UPPER)
    with pytest.raises(CalibrationRefusedError, match="upper back sensor gave no angles"):
        calibrate({"a": ups_of(bends(GUIDED_S, 6.0))}, GuidedSteps((0.0, 5.0), BENDS), UPPER)


def test_two_sensors_each_have_a_frame_and_the_lumbar_range_is_theirs() -> None:
    trunk = bends(GUIDED_S, 6.0, size_deg=90.0)
    other = turned(np.array([50.0]), -30.0, 10.0).as_matrix()[0]
    pair = {"b": ups_of(0.4 * trunk, sensor="b", mount=other), "a": ups_of(trunk)}
    calibration = calibrate(pair, STEPS, PAIR)
    assert axes_error_deg(calibration.frames["a"]) < 0.3
    assert axes_error_deg(calibration.frames["b"], other) < 0.5
    assert calibration.lumbar_range_deg == pytest.approx(54.0, abs=1.0)
    assert calibration.grade == "good"
    lumbar = lumbar_deg(*(angles_deg(body_up(pair[s].up, calibration.frames[s]))[0] for s in ("a", "b")))
    assert lumbar == pytest.approx(0.6 * trunk, abs=1.0)


def test_a_pelvis_that_leans_back_between_the_bends_goes_forward_with_the_trunk() -> None:
    """Measured in a seated person: 18° forward in each bend, 12° back after it, 20° back at the end."""
    trunk = bends(GUIDED_S, 6.0) - bends(GUIDED_S, 24.1, n=1, size_deg=20.0, each_s=1.8)
    pelvis = 0.3 * bends(GUIDED_S, 6.0) - bends(GUIDED_S, 23.0, n=1, size_deg=35.0, each_s=3.0)
    other = turned(np.array([50.0]), -30.0, 10.0).as_matrix()[0]
    pair = {"a": ups_of(trunk), "b": ups_of(pelvis, sensor="b", mount=other)}
    calibration = calibrate(pair, GuidedSteps(STILL, (BENDS[0], BENDS[1] + 1.0)), PAIR)
    assert axes_error_deg(calibration.frames["b"], other) < 1.0


def test_a_calibration_survives_json() -> None:
    made = calibrate({"a": ups_of(bends(GUIDED_S, 6.0))}, STEPS, UPPER)
    read = Calibration.from_json(json.loads(json.dumps(made.to_json(), allow_nan=False)))
    assert read.to_json() == made.to_json()
    assert read.frames["a"].axes.tolist() == made.frames["a"].axes.tolist()


@pytest.mark.parametrize(
    "damage",
    [
        {"method": "wished"},
        {"grade": "best"},
        {"frames": {"a": [[1, 0], [0, 1]]}},
        {"frames": None},
        {"quality": 3},
        {"reference_deg": float("nan")},
        {"lumbar_range_deg": float("inf")},
        {"lumbar_range_deg": -40.0},
    ],
)
def test_damaged_json_is_refused(damage: Mapping[str, object]) -> None:
    made = calibrate({"a": ups_of(bends(GUIDED_S, 6.0))}, STEPS, UPPER)
    with pytest.raises(ValueError, match=r".+"):
        Calibration.from_json({**made.to_json(), **damage})
    with pytest.raises(ValueError, match="not a calibration"):
        Calibration.from_json({})


def day(duration_s: float, *spells: tuple[float, float, float]) -> Floats:
    """(n,) flexion at `RATE_HZ`: held values (start_s, end_s, degrees) over 0, with second-long passages."""
    t_s = np.arange(0, duration_s, 1 / RATE_HZ)
    held = np.zeros(len(t_s))
    for start_s, end_s, value in spells:
        held = np.where((t_s >= start_s) & (t_s < end_s), value, held)
    width = int(RATE_HZ)
    return np.convolve(np.pad(held, width, mode="edge"), np.ones(width) / width, "same")[width:-width]


def test_a_recording_without_steps_gets_its_first_still_upright_minute() -> None:
    flexion = day(900, (0, 100, 0.0), (300, 500, 15.0), (600, 604, 70.0), (700, 703, 60.0), (760, 800, -20.0))
    calibration = find_reference({"a": ups_of(flexion)}, UPPER)
    assert axes_error_deg(calibration.frames["a"]) < 1.0
    assert (calibration.method, calibration.grade) == ("found", "low")
    assert calibration.made_at_s == pytest.approx(START_S + 60, abs=1.0)


def test_leaning_far_to_both_sides_does_not_hide_forward() -> None:
    forward = day(180, (20, 23, 60.0), (30, 33, 62.0), (40, 43, -25.0))
    sideways = day(180, *((60 + 20 * i, 63 + 20 * i, 50.0 if i % 2 else -50.0) for i in range(6)))
    calibration = find_reference({"a": ups_of(forward, sideways)}, UPPER)
    assert axes_error_deg(calibration.frames["a"]) < 5.0


def test_what_leans_too_little_to_show_forward_is_called_a_guess() -> None:
    bent, walked = (find_reference({"a": ups_of(day(60, (20, 24, size)))}, UPPER) for size in (50.0, 12.0))
    assert bent.quality["forward_deg"] == pytest.approx(50.0, abs=1.0)
    assert doubts(bent) == []
    (line,) = doubts(walked)
    assert "forward is a guess" in line
    assert "12°" in line
    assert doubts(calibrate({"a": ups_of(bends(GUIDED_S, 6.0))}, STEPS, UPPER)) == []


def test_a_nap_before_the_day_is_neither_upright_nor_forward() -> None:
    flexion = day(1200, (0, 300, -85.0), (700, 704, 60.0), (900, 903, 45.0))
    calibration = find_reference({"a": ups_of(flexion)}, UPPER)
    assert axes_error_deg(calibration.frames["a"]) < 1.5


def test_walking_shows_upright_even_to_those_who_lie_most_of_the_day() -> None:
    flexion = day(1200, (0, 900, -88.0), (1100, 1103, 50.0))
    t_s = np.arange(len(flexion)) / RATE_HZ
    walks = (t_s > 950) & (t_s < 990)
    calibration = find_reference({"a": ups_of(flexion + walks * 4 * np.sin(12 * t_s), shake=2.5 * walks)}, UPPER)
    assert axes_error_deg(calibration.frames["a"]) < 2.0


def test_a_short_recording_begins_upright() -> None:
    calibration = find_reference({"a": ups_of(day(15, (5, 7, 80.0), (9, 15, -85.0)))}, UPPER)
    assert axes_error_deg(calibration.frames["a"]) < 1.0


def test_a_pelvis_that_rolls_back_in_sitting_is_not_bending_forward() -> None:
    flexion = day(900, (100, 500, -22.0), (600, 900, -20.0))
    t_s = np.arange(len(flexion)) / RATE_HZ
    walks = (t_s > 20) & (t_s < 60)
    ups = ups_of(flexion + walks * 3 * np.sin(12 * t_s), sensor="b", shake=2.5 * walks)
    frame = find_reference({"b": ups}, {"b": Site.PELVIS}).frames["b"]
    leant, _, _ = angles_deg(body_up(ups.up, frame))
    assert leant[-1] - leant[0] == pytest.approx(-20.0, abs=1.0)


def test_two_sensors_share_the_stretch_and_the_way_forward() -> None:
    trunk = day(900, (300, 500, 15.0), (600, 604, 70.0), (700, 703, 60.0))
    # The pelvis goes back while sitting, further than it goes forward in the bends.
    pelvis = day(900, (300, 500, -30.0), (600, 604, 20.0), (700, 703, 15.0))
    other = turned(np.array([50.0]), -30.0, 10.0).as_matrix()[0]
    calibration = find_reference({"a": ups_of(trunk), "b": ups_of(pelvis, sensor="b", mount=other)}, PAIR)
    assert axes_error_deg(calibration.frames["a"]) < 1.0
    assert axes_error_deg(calibration.frames["b"], other) < 2.0


def test_a_restless_test_of_movements_has_its_calmest_second_as_reference() -> None:
    """One second upright, then three bends without a pause: the reference is that second, forward the bends."""
    t_s = np.arange(0, 20, 1 / RATE_HZ)
    bending = np.clip(t_s - 1.2, 0.0, None)
    ups = ups_of(35 * (1 - np.cos(2 * np.pi * bending / 6)))
    calibration = find_reference({"a": ups}, UPPER)
    assert calibration.grade == "low"
    assert axes_error_deg(calibration.frames["a"]) < 2.0


def test_a_recording_that_is_never_still_has_no_reference() -> None:
    t_s = np.arange(0, 60, 1 / RATE_HZ)
    with pytest.raises(CalibrationRefusedError, match="never still"):
        find_reference({"a": ups_of(20 * np.sin(3 * t_s))}, UPPER)
    with pytest.raises(CalibrationRefusedError, match="holds no angles"):
        find_reference({}, UPPER)
    with pytest.raises(CalibrationRefusedError, match="never still"):
        find_reference({"a": ups_of(np.zeros(9))[:0]}, UPPER)
