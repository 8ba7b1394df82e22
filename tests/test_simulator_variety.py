"""The hard kind of simulation: as drawn as it says, the same every time, and with a truth that no sensor changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinewatch_bridge.blocks import Block
from spinewatch_bridge.simulator.body import RIGID, TAPED, SensorSite, sensor_attitude
from spinewatch_bridge.simulator.faults import Faults
from spinewatch_bridge.simulator.hard_sensors import RATES_HZ, draw_hard_errors, draw_hard_mounting, draw_soft_tissue
from spinewatch_bridge.simulator.scenarios import HABITS, wearer_of
from spinewatch_bridge.simulator.simulate import SimulatedRecording, simulate
from spinewatch_bridge.simulator.truth import Truth
from spinewatch_bridge.simulator.variety import HARD, KIND, Tissue, Variety
from spinewatch_bridge.simulator.wearer import USUAL, Manner
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Site


def blocks(recording: SimulatedRecording) -> list[Block]:
    return [item for item in recording.items() if isinstance(item, Block)]


def assert_same_truth(one: Truth, other: Truth) -> None:
    np.testing.assert_array_equal(one.flexion_deg, other.flexion_deg)
    np.testing.assert_array_equal(one.lumbar_deg, other.lumbar_deg)
    np.testing.assert_array_equal(one.activity, other.activity)
    assert one.episodes == other.episodes


def test_unasked_nothing_is_hard() -> None:
    usual = simulate("lifting", 3, hours=0.06)
    assert usual.script.wearer == simulate("lifting", 3, hours=0.06, variety=KIND).script.wearer
    assert all(sensor.place.tissue == TAPED and sensor.place.up_m == 0.0 for sensor in usual.sensors)
    assert all(sensor.channel.sensor.nominal_rate_hz == 100.0 for sensor in usual.sensors)
    wearer = usual.script.wearer
    assert (wearer.pace, wearer.sway, wearer.limp, wearer.gait_turns, wearer.sloppy_deg) == (1, 1, 1, 1, 0)
    assert (wearer.tremor, wearer.manner) == ((0.0, 0.0), USUAL)
    assert len(USUAL.habit_shares) < len(HABITS) == Manner.HABITS


def test_hard_is_the_same_every_time() -> None:
    one, other = (blocks(simulate("lifting", 7, hours=0.06, variety=HARD)) for _ in range(2))
    assert len(one) == len(other) > 100
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a.values, b.values)
        np.testing.assert_array_equal(a.t_s, b.t_s)


@pytest.mark.parametrize(
    "variety",
    [Variety(mounting=True), Variety(sensors=True), Variety(tissue=Tissue.LOOSE), Variety(tissue=Tissue.RIGID)],
)
def test_the_truth_is_that_of_the_body_whatever_measures_it(variety: Variety) -> None:
    usual, other = simulate("lifting", 5, hours=0.06), simulate("lifting", 5, hours=0.06, variety=variety)
    assert_same_truth(usual.truth, other.truth)
    first, second = (recording.stream("upper_back").between(0, 900).counts for recording in (usual, other))
    assert (first != second).any()


def test_each_part_has_dice_of_its_own() -> None:
    whole, without = (simulate("lifting", 5, hours=0.06, variety=v) for v in (HARD, replace(HARD, tissue=Tissue.RIGID)))
    assert_same_truth(whole.truth, without.truth)
    for a, b in zip(whole.sensors, without.sensors, strict=True):
        assert (a.place.mounting, a.place.up_m, a.channel) == (b.place.mounting, b.place.up_m, b.channel)
        assert a.stream().errors == b.stream().errors
        assert a.place.tissue != b.place.tissue == RIGID


def test_other_people_do_other_things() -> None:
    usual, hard = (simulate("office-day", 2, hours=0.5, variety=v) for v in (KIND, Variety(people=True)))
    assert usual.truth.episodes != hard.truth.episodes
    assert len(hard.truth.episodes) >= 2


def test_scripts_of_hard_people_fit_their_time() -> None:
    for seed in range(1, 16):
        for scenario, hours in (("office-day", 0.5), ("lifting", 0.2), ("rom-test", None)):
            simulate(scenario, seed, hours=hours, variety=HARD)


def test_hard_people_are_as_different_as_they_are_said_to_be() -> None:
    people = [wearer_of(seed, HARD) for seed in range(60)]
    for name, low, high in (
        ("height_m", 1.48, 2.0), ("lumbar_range_deg", 30.0, 72.0), ("pace", 0.7, 1.8),
        ("cadence_hz", 1.25, 2.3), ("fidgets_per_h", 4.0, 150.0), ("sway", 0.6, 2.2),
    ):  # fmt: skip
        values = np.array([getattr(person, name) for person in people])
        assert low <= values.min() < low + 0.2 * (high - low), name
        assert high - 0.35 * (high - low) < values.max() <= high, name
    assert all(50.0 <= person.bend_deg <= 115.0 for person in people)
    trembling = [person.tremor for person in people if person.tremor[1]]
    assert 8 <= len(trembling) <= 30
    shakes_m_s2 = [np.radians(size_deg) * (2 * np.pi * hz) ** 2 * 0.5 for hz, size_deg in trembling]
    assert 0.019 < min(shakes_m_s2) < max(shakes_m_s2) < 0.41
    assert all(4 <= hz <= 12 for hz, _ in trembling)
    assert all(sum(person.manner.habit_shares) == pytest.approx(1.0) for person in people)


def test_hard_sensors_are_as_bad_as_they_are_said_to_be() -> None:
    rng = np.random.default_rng(1)
    units = [draw_hard_errors(rng, 50.0) for _ in range(80)]
    offsets = np.degrees([np.linalg.norm(unit.gyr_bias_rad_s) for unit in units])
    assert 0.5 <= offsets.min() < 0.8
    assert 3.5 < offsets.max() <= 5.0
    assert np.abs([unit.acc_bias_m_s2 for unit in units]).max() <= 0.0401 * STANDARD_GRAVITY_M_S2
    assert 0.02 < np.abs(np.array([unit.acc_gain for unit in units]) - 1).max() < 0.045
    drift = np.degrees(np.abs([unit.gyr_warmth_rad_s for unit in units]).max())
    assert 0.4 < drift <= 0.6
    for unit in units:
        assert unit.acc_axes is not None
        assert np.degrees(np.abs(np.array(unit.acc_axes) - np.eye(3)).max()) < 4.0
    for site in Site:
        mounting, up_m = draw_hard_mounting(rng, site)
        assert abs(mounting.pitch_deg) <= 50
        assert max(abs(mounting.roll_deg), abs(mounting.yaw_deg)) <= 20
        assert abs(up_m) <= 0.05
    turns = np.array(
        [[tissue.stretch_deg + tissue.curve_deg, tissue.swing] for tissue in map(draw_soft_tissue, [rng] * 80)]
    )
    assert 1.5 < np.median(np.abs(turns[:, 0])) < 4.0
    assert np.abs(turns[:, 0]).max() < 8.5
    assert (turns[:, 1] >= 1.0).all()


def test_hard_units_run_at_common_rates_and_lose_packets() -> None:
    recording = simulate("office-day", 3, hours=0.3, variety=HARD)
    received = {sensor.id: 0 for sensor in recording.sensors}
    times: list[float] = []
    for block in blocks(recording):
        received[block.sensor] += len(block)
        times.append(float(block.t_s[-1]))
    assert times == sorted(times)
    for sensor in recording.sensors:
        stream = sensor.stream()
        assert sensor.channel.sensor.nominal_rate_hz in RATES_HZ
        lost = 1 - received[sensor.id] / stream.samples
        assert 0.002 < lost < 0.035
        assert 1 / stream.period_s == pytest.approx(sensor.channel.sensor.nominal_rate_hz, rel=0.031)


def test_requests_come_before_what_is_drawn() -> None:
    faults = Faults(gyro_bias_deg_s=(10.0, 0.0, -20.0), packet_loss=0.3)
    (upper,) = simulate("lifting", 4, hours=0.06, sensors=("upper_back",), faults=faults, variety=HARD).sensors
    np.testing.assert_allclose(np.degrees(upper.stream().errors.gyr_bias_rad_s), (10.0, 0.0, -20.0))
    assert upper.faults.packet_loss == 0.3
    (ideal,) = simulate(
        "lifting", 4, hours=0.06, sensors=("upper_back",), faults=Faults(ideal_sensors=True), variety=HARD
    ).sensors
    assert ideal.place.tissue == RIGID
    assert not any(ideal.stream().errors.gyr_bias_rad_s)


def test_skin_turns_a_sensor_by_degrees_in_a_deep_bend_and_not_upright() -> None:
    recording = simulate("rom-test", 2, variety=HARD)
    script, sensor = recording.script, recording.sensors[1]
    t_s = np.arange(0.0, script.duration_s, 0.1)
    curves = script.motion.values(t_s)
    bone, skin = (
        np.degrees(np.arctan2(sensor_attitude(curves, place).sin[0], sensor_attitude(curves, place).cos[0]))
        for place in (SensorSite(script.wearer, sensor.place.site, sensor.place.mounting, RIGID), sensor.place)
    )
    turned = skin - bone
    assert np.abs(turned[(t_s > 4) & (t_s < 9)]).max() < 0.5
    assert 0.5 < np.abs(turned).max() < 12.0
