"""Motion and bodies of the simulator: physics that is known on paper."""

from __future__ import annotations

import numpy as np
import pytest

from spinewatch_bridge.simulator.body import RIGID, SensorSite, attitude, ideal_imu, mounting_matrix, sensor_attitude
from spinewatch_bridge.simulator.motion import Breath, Burst, Channel, Motion, Move, Track, Wander, smooth_step
from spinewatch_bridge.simulator.scenarios import clear_script, wearer_of
from spinewatch_bridge.simulator.wearer import Mounting, Wearer
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Site

PERIOD_S = 0.01
STRAIGHT = Mounting(0.0, 0.0, 0.0)
CALM = Breath(0.25, 0.0)


def motion_of(**tracks: Track) -> Motion:
    return Motion({Channel[name.upper()]: [track] for name, track in tracks.items()}, [], [], CALM)


def place(site: Site, mounting: Mounting = STRAIGHT, wearer: Wearer | None = None) -> SensorSite:
    return SensorSite(wearer or wearer_of(1), site, mounting, RIGID)


def up_in_body(flexion_deg: float, lateral_deg: float, heading_deg: float = 0.0) -> np.ndarray:
    angles = (np.array([a]) for a in (flexion_deg, lateral_deg, heading_deg))
    zero, one = np.zeros(1), np.ones(1)
    return np.stack(attitude(*angles).to_body(zero, zero, one))[:, 0]


def rotate(quaternions: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Rotate one vector by quaternions (4, n), scalar first, by the textbook formula."""
    w, v = quaternions[0], quaternions[1:].T
    t = 2.0 * np.cross(v, vector)
    return vector + w[:, None] * t + np.cross(v, t)


def integrate(gyr: np.ndarray, period_s: float) -> np.ndarray:
    """(4, n + 1) attitudes from increments, starting at no rotation."""
    q = np.array([1.0, 0.0, 0.0, 0.0])
    out = [q]
    for rate in gyr:
        angle = np.linalg.norm(rate) * period_s
        axis = rate / np.linalg.norm(rate) if angle else np.zeros(3)
        w, (x, y, z) = np.cos(angle / 2), axis * np.sin(angle / 2)
        a, b, c, d = q
        q = np.array(
            [a * w - b * x - c * y - d * z, a * x + b * w + c * z - d * y,
             a * y - b * z + c * w + d * x, a * z + b * y - c * x + d * w]
        )  # fmt: skip
        out.append(q)
    return np.array(out).T


def test_smooth_step_is_minimum_jerk() -> None:
    u = np.linspace(-0.5, 1.5, 4001)
    step = smooth_step(u)
    assert step[u <= 0].max() == 0.0
    assert step[u >= 1].min() == 1.0
    assert step[2000] == pytest.approx(0.5)
    speed, acceleration = np.gradient(step, u), np.gradient(np.gradient(step, u), u)
    assert speed.max() == pytest.approx(1.875, abs=1e-4)
    assert np.abs(np.diff(acceleration)).max() < 0.1  # no jump where it begins and ends


def test_track_holds_moves_and_adds_up() -> None:
    track = Track([Move(1.0, 2.0, 10.0), Move(5.0, 1.0, -4.0)], initial=3.0)
    values = track.values(np.array([0.0, 1.0, 2.0, 3.0, 4.9, 5.5, 6.0, 9.0]))
    np.testing.assert_allclose(values, [3, 3, 8, 13, 13, 11, 9, 9], atol=1e-12)


def test_track_refuses_moves_that_overlap() -> None:
    with pytest.raises(ValueError, match="overlap"):
        Track([Move(1.0, 2.0, 1.0), Move(2.5, 1.0, 1.0)])


def test_burst_is_silent_outside_its_span() -> None:
    burst = Burst(Channel.HIP_UP, 2.0, 3.0, 0.5, 2.0, 0.02)
    t_s = np.linspace(0.0, 7.0, 701)
    values = burst.values(t_s)
    assert not values[(t_s <= 2.0) | (t_s >= 5.0)].any()
    assert np.abs(values).max() == pytest.approx(0.02, rel=0.01)


def test_wander_has_the_asked_spread_and_no_kinks() -> None:
    wander = Wander(np.random.default_rng(3), 20_000.0, 6.0, 0.4)
    t_s = np.arange(0.0, 20_000.0, 0.5)
    values = wander.values(t_s)
    assert values.std() == pytest.approx(0.4, rel=0.1)
    step_s = 0.01
    fine = np.diff(wander.values(np.arange(0.0, 60.0, step_s)), n=2) / step_s**2
    assert np.abs(np.diff(fine)).max() < 0.02 * np.abs(fine).max()  # its acceleration is continuous
    assert np.isfinite(wander.values(np.array([-0.02, 20_000.01]))).all()


@pytest.mark.parametrize(("flexion", "lateral"), [(0, 0), (30, 0), (90, 10), (130, -20), (-60, 40), (-88, 70)])
def test_angles_of_the_script_are_the_angles_of_the_design(flexion: float, lateral: float) -> None:
    x, y, z = up_in_body(flexion, lateral, heading_deg=77.0)
    assert np.degrees(np.arctan2(-x, z)) == pytest.approx(flexion)
    assert np.degrees(np.arcsin(y)) == pytest.approx(lateral)


def test_quaternion_and_vectors_agree() -> None:
    rng = np.random.default_rng(5)
    turned = attitude(*rng.uniform(-80, 80, (3, 20)))
    world = np.stack(turned.to_world(0.1, -0.2, 0.3)).T
    np.testing.assert_allclose(rotate(turned.quaternion(), np.array([0.1, -0.2, 0.3])), world, atol=1e-12)
    np.testing.assert_allclose(np.stack(turned.to_body(*world.T)), np.tile([[0.1], [-0.2], [0.3]], 20), atol=1e-12)


def test_quarter_turn_forward_is_scalar_first() -> None:
    bow = attitude(np.array([90.0]), np.zeros(1), np.zeros(1)).quaternion()[:, 0]
    np.testing.assert_allclose(bow, [np.sqrt(0.5), 0.0, np.sqrt(0.5), 0.0], atol=1e-12)


def test_printed_place_has_x_up_and_z_out_of_the_back() -> None:
    matrix = mounting_matrix(STRAIGHT)
    np.testing.assert_array_equal(matrix @ [1, 0, 0], [0, 0, 1])
    np.testing.assert_array_equal(matrix @ [0, 0, 1], [-1, 0, 0])
    turned = mounting_matrix(Mounting(20.0, -35.0, 50.0))
    np.testing.assert_allclose(turned @ turned.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(turned) == pytest.approx(1.0)


@pytest.mark.parametrize("site", list(Site))
def test_at_rest_it_feels_gravity_alone(site: Site) -> None:
    signals = ideal_imu(motion_of(), place(site, Mounting(10.0, -15.0, 5.0)), 0.003, PERIOD_S, 0, 500)
    np.testing.assert_allclose(np.linalg.norm(signals.acc, axis=1), STANDARD_GRAVITY_M_S2, atol=1e-9)
    assert not signals.gyr.any()


def test_upright_and_straight_it_reads_one_g_on_x() -> None:
    signals = ideal_imu(motion_of(), place(Site.UPPER_BACK), 0.0, PERIOD_S, 0, 3)
    np.testing.assert_allclose(signals.acc, np.tile([STANDARD_GRAVITY_M_S2, 0, 0], (3, 1)), atol=1e-9)


def test_turning_on_the_spot_gives_the_centripetal_acceleration() -> None:
    # A move this slow turns at a constant 90 °/s near its middle, within 1 part in 1000 for 1 % of its length.
    rate, long_s = np.radians(90.0), 400.0
    heading = Track([Move(-long_s / 2, long_s, 90.0 * long_s / 1.875)])
    where = place(Site.PELVIS)
    signals = ideal_imu(motion_of(pelvis_heading=heading, upper_heading=heading), where, 0.0, PERIOD_S, 0, 200)
    radius_m = abs(where.wearer.lever_m(Site.PELVIS)[0])
    # Printed place: z out of the back, so the pull towards the middle is along -z; the turn is about x (up).
    np.testing.assert_allclose(signals.acc[:, 2], -(rate**2) * radius_m, rtol=2e-3)
    np.testing.assert_allclose(signals.gyr, np.tile([rate, 0, 0], (200, 1)), rtol=1e-3, atol=1e-6)


def test_bowing_forward_turns_about_the_left_axis() -> None:
    bow = Track([Move(0.0, 2.0, 60.0)])
    signals = ideal_imu(motion_of(upper_flexion=bow), place(Site.UPPER_BACK), 0.0, PERIOD_S, 0, 201)
    assert signals.gyr[:, 1].min() >= -1e-9  # y points left, and forward is a positive turn about it
    assert np.degrees(signals.gyr[:, 1].sum() * PERIOD_S) == pytest.approx(60.0, abs=1e-9)
    peak = np.degrees(signals.gyr[:, 1].max())
    assert peak == pytest.approx(1.875 * 60.0 / 2.0, rel=1e-3)


def test_a_falling_hip_takes_weight_off() -> None:
    drop = Track([Move(0.0, 1.0, -0.5)])
    signals = ideal_imu(motion_of(hip_up=drop), place(Site.PELVIS), 0.0, PERIOD_S, 0, 100)
    # Minimum jerk: the largest acceleration is 5.7735 times way over time squared.
    assert signals.acc[:, 0].min() == pytest.approx(STANDARD_GRAVITY_M_S2 - 5.7735 * 0.5, rel=2e-3)


def test_walking_off_pushes_from_behind() -> None:
    go = Track([Move(0.0, 1.0, 1.2)])
    signals = ideal_imu(motion_of(speed=go), place(Site.PELVIS), 0.0, PERIOD_S, 0, 100)
    forward = -signals.acc[:, 2]
    assert forward.sum() * PERIOD_S == pytest.approx(1.2, rel=1e-3)


@pytest.mark.parametrize("site", [Site.UPPER_BACK, Site.PELVIS])
@pytest.mark.parametrize("scenario", ["rom-test", "lifting"])
def test_integrated_gyro_gives_the_attitude_back(scenario: str, site: Site) -> None:
    script = clear_script(scenario, 4)
    where = SensorSite(script.wearer, site, Mounting(12.0, -20.0, 7.0))
    first, count = 3000, 6000
    signals = ideal_imu(script.motion, where, 0.0, PERIOD_S, first, count)
    t_s = np.arange(first - 1, first + count) * PERIOD_S
    worn = sensor_attitude(script.motion.values(t_s), where)
    turned = integrate(signals.gyr, PERIOD_S)
    # The vertical in the sensor frame, from the attitude and from the integrated gyro.
    ones, zeros = np.ones(len(t_s)), np.zeros(len(t_s))
    expected = (mounting_matrix(where.mounting).T @ np.stack(worn.to_body(zeros, zeros, ones))).T
    conjugate = turned * np.array([[1.0], [-1.0], [-1.0], [-1.0]])
    error = np.linalg.norm(rotate(conjugate, expected[0]) - expected, axis=1)
    assert np.degrees(error.max()) < 0.001


def test_twice_integrated_acceleration_gives_the_way_back() -> None:
    motion = motion_of(
        upper_flexion=Track([Move(0.2, 2.0, 70.0), Move(3.0, 1.2, -60.0)]),
        upper_lateral=Track([Move(1.0, 2.0, 15.0)]),
        pelvis_flexion=Track([Move(0.3, 2.0, 30.0)]),
        pelvis_heading=Track([Move(0.0, 4.0, 80.0)]),
        hip_up=Track([Move(0.5, 1.5, -0.3), Move(2.5, 1.5, 0.3)]),
    )
    where = place(Site.UPPER_BACK, Mounting(5.0, 9.0, -14.0))
    t_s = np.arange(1, 500) * PERIOD_S
    signals = ideal_imu(motion, where, 0.0, PERIOD_S, 1, len(t_s))
    curves = motion.values(t_s)
    felt = np.stack(sensor_attitude(curves, where).to_world(*(mounting_matrix(where.mounting) @ signals.acc.T)))
    felt[2] -= STANDARD_GRAVITY_M_S2
    pelvis = attitude(*curves[Channel.PELVIS_FLEXION : Channel.PELVIS_HEADING + 1])
    upper = attitude(*curves[Channel.UPPER_FLEXION : Channel.UPPER_HEADING + 1])
    at = np.stack(pelvis.to_world(*where.wearer.pivot_m)) + np.stack(upper.to_world(*where.wearer.lever_m(where.site)))
    at[2] += curves[Channel.HIP_UP]
    speed = (at[:, 1:2] - at[:, :1]) / PERIOD_S + np.cumsum(felt[:, 1:-1], axis=1) * PERIOD_S
    way = at[:, 1:2] + np.cumsum(speed, axis=1) * PERIOD_S
    np.testing.assert_allclose(way, at[:, 2:], atol=1e-9)


def test_skin_moves_a_sensor_by_a_fraction_of_a_degree_at_rest() -> None:
    bow = Track([Move(0.0, 1.0, 80.0)])
    curves = motion_of(upper_flexion=bow).values(np.array([0.0, 5.0]))
    loose = sensor_attitude(curves, SensorSite(wearer_of(1), Site.UPPER_BACK, STRAIGHT))
    up = np.stack(loose.to_body(np.zeros(2), np.zeros(2), np.ones(2)))
    flexion = np.degrees(np.arctan2(-up[0], up[2]))
    assert flexion[0] == 0.0
    assert 0.05 < flexion[1] - 80.0 < 0.3


def test_people_differ() -> None:
    people = [wearer_of(seed) for seed in range(40)]
    for name in ("height_m", "lumbar_range_deg", "cadence_hz", "slouch_flexion_deg", "fidgets_per_h", "lordosis_deg"):
        values = [getattr(p, name) for p in people]
        assert len(set(values)) == 40
        assert np.std(values) > 0.05 * np.mean(values)
    assert people[7] == wearer_of(7)
    pitches = [abs(p.mountings[Site.UPPER_BACK].pitch_deg) for p in people]
    assert max(pitches) < 20.0
