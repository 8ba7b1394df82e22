"""The figure's geometry against truths worked out on paper; no screen."""

from __future__ import annotations

from itertools import pairwise
from math import cos, radians, sin

import numpy as np
import pytest

from spinewatch_monitor.views import spine_body as b
from spinewatch_monitor.views import spine_geometry as g

REFERENCE = g.Pose(0.0, 0.0)
POSES = [g.Pose(radians(a), radians(b)) for a, b in ((0, 0), (5, 9), (18, 44), (-20, -35), (60, 120), (95, 95))]


@pytest.mark.parametrize("pose", POSES)
def test_spine_keeps_its_length_and_stands_on_the_pelvis(pose):
    xy = g.curve(pose).xy
    lengths = np.hypot(*np.diff(xy, axis=0).T)
    assert xy[0] == pytest.approx([0, 0])
    assert lengths == pytest.approx(np.full(g.STEPS, 1 / g.STEPS))


def test_straight_spine_without_sway_points_where_it_leans():
    """Below the neck a pose without sway and with equal tilts is a straight line at that tilt."""
    lean = radians(30)
    point, phi = g.curve(g.Pose(lean, lean, sway=0.0)).at(g.NECK_FROM_S)
    assert point == pytest.approx([g.NECK_FROM_S * sin(lean), -g.NECK_FROM_S * cos(lean)], abs=1e-3)
    assert phi == pytest.approx(lean, abs=0.01)


def test_gaze_stays_level():
    leaned = g.Pose(radians(40), radians(40), sway=0.0)
    assert g.curve(leaned).phi[-1] == pytest.approx(radians(40) * (1 - g.GAZE_LEVEL))


def test_steps_are_fine_enough():
    """The end differs from a far finer sum by less than a tenth of a pixel at 240 px."""
    pose = g.Pose(radians(18), radians(44))
    s = (np.arange(20_000) + 0.5) / 20_000
    phi = g.tilt(s, pose)
    fine = np.array([np.sin(phi).mean(), -np.cos(phi).mean()])
    assert np.abs(g.end_of(pose) - fine).max() < 0.1 / 240


def test_smoothstep_is_flat_outside_and_half_in_the_middle():
    assert g.smoothstep([-1, 0, 0.5, 1, 2]) == pytest.approx([0, 0, 0.5, 1, 1])


def test_tilt_passes_from_lower_to_upper():
    pose = g.Pose(radians(10), radians(50), sway=0.0)
    assert g.tilt(np.array([0.0, 0.06, 0.40, 0.74, 0.86]), pose) == pytest.approx(np.radians([10, 10, 30, 50, 50]))


def test_wedge_starts_at_the_pelvis_and_its_edge_is_the_limit():
    area = g.wedge(REFERENCE, radians(-15), radians(15))
    assert len(area) == 26
    assert area[0] == pytest.approx([0, 0])
    assert area[-1] == pytest.approx(g.WEDGE_REACH * g.end_of(REFERENCE.flexed(radians(15))))


def test_needle_crosses_the_wedge_edge_exactly_at_the_limit():
    """Seen from the pelvis, needle and edge lie in one direction when flexion equals the limit."""
    at_limit = g.needle(REFERENCE, radians(15))
    edge = g.wedge(REFERENCE, radians(-15), radians(15))[-1]
    assert at_limit[0] * edge[1] - at_limit[1] * edge[0] == pytest.approx(0, abs=1e-12)


def test_two_sensor_limit_moves_with_the_pelvis():
    """Own range 40°, limit 70 % of it: at a pelvis tilted 10° the trunk may go to 10 + 28 = 38°, 35° from 3°."""
    limit = g.limit_angle(g.Pose(0.0, radians(3)), lower=radians(10), range_limit=radians(28))
    assert limit == pytest.approx(radians(35))


def test_dial_has_a_tick_every_5_and_a_long_one_every_15_degrees():
    ticks = g.dial_ticks(REFERENCE, -20, 45)
    assert [t.angle_deg for t in ticks] == list(range(-20, 50, 5))
    assert [t.angle_deg for t in ticks if t.long] == [-15, 0, 15, 30, 45]
    assert len(g.dial_arc(REFERENCE, -20, 45)) == 66


def test_forward_is_right():
    assert g.end_of(REFERENCE.flexed(radians(20)))[0] > g.end_of(REFERENCE)[0]
    assert g.end_of(REFERENCE)[1] < -0.9


def test_band_encloses_the_curve_and_grows_with_uncertainty():
    pose = g.Pose(radians(5), radians(9))
    narrow, wide = (g.band(pose, radians(u), radians(u)) for u in (2, 6))
    tip = g.curve(pose).tip
    assert narrow[:, 0].min() <= tip[0] <= narrow[:, 0].max()
    assert _area(wide) == pytest.approx(3 * _area(narrow), rel=0.02)


def test_without_uncertainty_the_band_is_empty():
    assert _area(g.band(g.Pose(0.1, 0.2), 0.0, 0.0)) == pytest.approx(0, abs=1e-12)


def test_vertebrae_lie_in_order_on_the_curve_and_shrink_upwards():
    bones = b.vertebrae(g.curve(REFERENCE))
    assert [sum(bone.region == r for bone in bones) for r in ("lumbar", "thoracic", "neck")] == [5, 12, 6]
    heights_up = [-bone.plate.y for bone in bones]
    assert heights_up == sorted(heights_up)
    assert bones[0].plate.width == pytest.approx(0.092)
    assert bones[4].plate.width == pytest.approx(0.084)
    assert bones[-1].plate.width == pytest.approx(0.045)
    assert all(bone.plate.radius == pytest.approx(0.36 * bone.plate.height) for bone in bones)


def test_vertebrae_do_not_touch_in_a_straight_spine():
    plates = [bone.plate for bone in b.vertebrae(g.curve(g.Pose(0, 0, sway=0)))]
    gaps = [(low.y - high.y) - (low.height + high.height) / 2 for low, high in pairwise(plates)]
    assert min(gaps) > 0


def test_sacrum_hangs_below_and_turns_back():
    plates = b.sacrum(g.curve(REFERENCE))
    assert [p.turn for p in plates] == pytest.approx(
        [g.curve(REFERENCE).phi[0] - radians(13 * k) for k in (1, 2, 3, 4)]
    )
    assert all(p.y > 0 for p in plates)


@pytest.mark.parametrize(("s", "width"), [(0.0, 0.125), (0.16, 0.085), (1.0, 0.062), (0.25, (0.085 + 0.066) / 2)])
def test_body_widths_meet_the_table_and_are_smooth_between(s, width):
    """At the table's places its values, half-way between two rows their mean."""
    assert b.width_at(b._BACK, s) == pytest.approx(width)


def test_torso_has_the_tables_width_at_the_pelvis():
    outline = b.torso(g.curve(g.Pose(0, 0, sway=0)))
    assert outline[0] == pytest.approx([-0.125, 0])
    assert outline[-1] == pytest.approx([0.15, 0])


def test_sensor_sits_behind_the_back():
    place, turn = b.on_skin(g.curve(g.Pose(0, 0, sway=0)), b.UPPER_SENSOR_S)
    assert place[0] < -0.08
    assert turn == pytest.approx(0)


def test_one_sensor_pose_shares_the_flexion():
    pose = g.Pose(0.1, 0.2).flexed(1.0)
    assert (pose.lower, pose.upper) == pytest.approx((0.1 + g.LOWER_SHARE, 1.2))


def test_head_and_arms_follow_the_trunk():
    upright, bent = (g.curve(REFERENCE.flexed(radians(a))) for a in (0, 40))
    assert b.head_place(bent)[0][0] > b.head_place(upright)[0][0]
    assert b.arms(bent, radians(40), standing=True)[1].start[0] > b.arms(upright, 0, standing=True)[1].start[0]
    assert len(b.legs(standing=True)) == len(b.legs(standing=False)) == 3


def _area(polygon):
    x, y = polygon.T
    return abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2
