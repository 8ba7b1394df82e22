"""Angles against answers on paper."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_imu import error_deg, true_up, turned
from spinewatch_signal.flexion import (
    BodyFrame,
    angles_deg,
    body_uncertainty_deg,
    body_up,
    flexion_uncertainty_deg,
    frame_from,
    lumbar_deg,
    wrap_deg,
)
from spinewatch_signal.up_vectors import up_from_quat

S = np.sqrt(0.5)


def angles_of(up: tuple[float, float, float]) -> tuple[float, float, float]:
    flexion, lateral, inclination = angles_deg(np.array([up]))
    return flexion[0], lateral[0], inclination[0]


@pytest.mark.parametrize(
    ("up", "expected"),
    [
        ((0.0, 0.0, 1.0), (0.0, 0.0, 0.0)),  # upright
        ((-0.5, 0.0, np.sqrt(0.75)), (30.0, 0.0, 30.0)),  # bent forward
        ((0.5, 0.0, np.sqrt(0.75)), (-30.0, 0.0, 30.0)),  # leaning back
        ((-1.0, 0.0, 0.0), (90.0, 0.0, 90.0)),  # trunk level
        ((-S, 0.0, -S), (135.0, 0.0, 135.0)),  # hands on the floor, beyond level
        ((1.0, 0.0, 0.0), (-90.0, 0.0, 90.0)),  # on the back
        ((0.0, 0.5, np.sqrt(0.75)), (0.0, 30.0, 30.0)),  # to the right
        ((0.0, -0.5, np.sqrt(0.75)), (0.0, -30.0, 30.0)),  # to the left
        ((-0.5, S, 0.5), (45.0, 45.0, 60.0)),  # forward and right
        ((0.0, 0.0, -1.0), (180.0, 0.0, 180.0)),  # head down
    ],
)
def test_angles_on_paper(up: tuple[float, float, float], expected: tuple[float, float, float]) -> None:
    flexion, lateral, inclination = angles_of(up)
    assert (abs(flexion), lateral, inclination) == pytest.approx((abs(expected[0]), *expected[1:]), abs=1e-6)
    assert wrap_deg(np.array([flexion - expected[0]])) == pytest.approx([0.0], abs=1e-6)


@pytest.mark.parametrize(("lateral", "blank"), [(75.0, False), (77.0, True), (-77.0, True), (90.0, True)])
def test_side_lying_blanks_flexion_alone(lateral: float, blank: bool) -> None:
    flexion, bend, inclination = angles_of((0.0, np.sin(np.radians(lateral)), np.cos(np.radians(lateral))))
    assert bool(np.isnan(flexion)) is blank
    assert (bend, inclination) == pytest.approx((lateral, abs(lateral)))


@pytest.mark.parametrize(
    ("quat", "up"),
    [
        ((1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
        ((S, S, 0.0, 0.0), (0.0, 1.0, 0.0)),  # 90° about x: the sensor's y points up
        ((S, 0.0, S, 0.0), (-1.0, 0.0, 0.0)),  # 90° about y: x points down, which is bending forward
        ((S, 0.0, 0.0, S), (0.0, 0.0, 1.0)),  # a heading does not show
    ],
)
def test_quaternions_are_scalar_first(quat: tuple[float, ...], up: tuple[float, ...]) -> None:
    assert up_from_quat(np.array([quat]))[0] == pytest.approx(up, abs=1e-12)


def test_a_turn_forward_is_positive_flexion_and_to_the_right_positive_lateral() -> None:
    flexion, lateral, _ = angles_deg(true_up(turned(np.array([40.0, 0.0, 120.0]), np.array([0.0, 20.0, 0.0]), 33.0)))
    assert flexion == pytest.approx([40.0, 0.0, 120.0])
    assert lateral == pytest.approx([0.0, 20.0, 0.0])


@pytest.mark.parametrize(
    ("upper", "lower", "lumbar"),
    [(60.0, 25.0, 35.0), (-20.0, 10.0, -30.0), (170.0, -170.0, -20.0), (-170.0, 170.0, 20.0), (90.0, -90.0, -180.0)],
)
def test_lumbar_flexion_wraps(upper: float, lower: float, lumbar: float) -> None:
    assert lumbar_deg(np.array([upper]), np.array([lower])) == pytest.approx([lumbar])


def test_lumbar_flexion_is_blank_where_one_segment_is() -> None:
    assert np.isnan(lumbar_deg(np.array([np.nan, 1.0]), np.array([1.0, np.nan]))).all()


@given(st.floats(-179, 179), st.floats(-70, 70), st.floats(0, 360))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_a_mounting_does_not_change_an_angle(flexion: float, lateral: float, spin: float) -> None:
    mount = turned(np.array([spin]), 31.0, 2 * spin).as_matrix()[0]
    frame = frame_from(mount @ [0.0, 0.0, 1.0], mount @ [0.0, 1.0, 0.0])
    body = turned(np.array([flexion]), lateral)
    plain, through = true_up(body), body_up(true_up(body, mount), frame)
    assert error_deg(plain, through) == pytest.approx([0.0], abs=1e-6)


def test_flexion_uncertainty_grows_as_one_over_cosine() -> None:
    grown = flexion_uncertainty_deg(np.full(4, 2.0), np.array([0.0, 60.0, -60.0, 90.0]))
    assert grown == pytest.approx([2.0, 4.0, 4.0, 180.0])


def test_body_uncertainty_is_wider_and_follows_the_grade() -> None:
    good, fair, low = (float(body_uncertainty_deg(np.array([1.0]), grade)[0]) for grade in ("good", "fair", "low"))
    assert 6.0 < good < fair < low < 11.0
    assert good == pytest.approx(np.sqrt(1 + 36 + 4))


@pytest.mark.parametrize("axes", [np.eye(3) * 2, np.diag([1.0, 1.0, -1.0]), np.eye(2)])
def test_a_frame_is_right_handed_and_at_right_angles(axes: np.ndarray) -> None:
    with pytest.raises(ValueError, match="body frame must be"):
        BodyFrame(axes)
