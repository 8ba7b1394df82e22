"""Simulated sensors that slip, creep, lie on a table, stick or clip: what they measure, and that they are found out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from spinewatch_bridge.blocks import Block, to_batch
from spinewatch_bridge.simulator.faults import Faults, OnTable, Shift, Stuck
from spinewatch_bridge.simulator.simulate import simulate
from spinewatch_signal.calibration import GuidedSteps
from spinewatch_signal.marks import HealthKind
from spinewatch_signal.pipeline import Analysis, analyze_offline
from spinewatch_signal.posture import Blank, Doubt
from spinewatch_signal.samples import ImuBatch, SampleFlag, Site, concatenate

HOURS = 0.5


def samples(faults: Faults, hours: float = HOURS) -> Mapping[str, ImuBatch]:
    recording = simulate("office-day", seed=1, hours=hours, faults=faults)
    channels = {channel.sensor.id: channel for channel in recording.channels}
    batches: dict[str, list[ImuBatch]] = {sensor: [] for sensor in channels}
    for item in recording.items():
        if isinstance(item, Block):
            batches[item.sensor].append(to_batch(item, channels[item.sensor]))
    return {sensor: concatenate(parts) for sensor, parts in batches.items()}


def analysed(faults: Faults) -> Analysis:
    recording = simulate("office-day", seed=1, hours=HOURS, faults=faults)
    sensors = [channel.sensor for channel in recording.channels][:1]
    (event,) = (e for e in recording.events if e.kind == "calibration_steps")
    found = samples(faults)
    return analyze_offline(
        {sensors[0].id: found[sensors[0].id]}, sensors, calibration_steps=GuidedSteps.from_json(event.data)
    )


def test_a_shift_turns_both_what_is_felt_and_what_is_turned() -> None:
    usual = samples(Faults(ideal_sensors=True), 0.2)["upper_back"]
    turned = samples(Faults(ideal_sensors=True, shifts=(Shift(100.0, 100.5, z_deg=90.0),)), 0.2)["upper_back"]
    since_s = usual.t_s - usual.t_s[0]
    before, after = since_s < 99, since_s > 102
    assert np.array_equal(usual.acc[before], turned.acc[before])
    count = 0.003
    assert usual.acc[after, 1] == pytest.approx(turned.acc[after, 0], abs=count)
    assert usual.acc[after, 0] == pytest.approx(-turned.acc[after, 1], abs=count)
    assert usual.gyr is not None
    assert turned.gyr is not None
    during = (since_s >= 100) & (since_s < 100.5)
    rate = np.degrees(np.mean(turned.gyr[during, 2] - usual.gyr[during, 2]))
    assert rate == pytest.approx(180.0, abs=5.0)


def test_a_channel_sticks_and_a_small_range_clips() -> None:
    found = samples(Faults(stuck=(Stuck(4, 50.0, 80.0),), range_g=1.02, sites=(Site.UPPER_BACK,)), 0.2)
    upper, pelvis = found["upper_back"], found["pelvis"]
    since_s = upper.t_s - upper.t_s[0]
    assert upper.gyr is not None
    assert np.ptp(upper.gyr[(since_s > 51) & (since_s < 79), 1]) == 0
    assert (upper.flags & SampleFlag.SATURATED).any()
    assert not (pelvis.flags & SampleFlag.SATURATED).any()


def test_a_sensor_that_slips_is_found_out_by_the_whole_analysis() -> None:
    found = analysed(Faults(shifts=(Shift(1000.0, 1000.5, y_deg=-8.0),), sites=(Site.UPPER_BACK,)))
    (mark,) = [mark for mark in found.health if mark.kind is HealthKind.SLIPPED]
    told_s, start_s = (t_s - found.frames.t_s[0] for t_s in (mark.told_s, mark.start_s))
    next_walk = min(bout.end_s for bout in found.walking if bout.start_s > mark.start_s + 300) - found.frames.t_s[0]
    assert start_s < 1000 < told_s < next_walk + 60
    assert mark.size == pytest.approx(8.0, abs=1.5)
    doubted = (found.frames.doubt & Doubt.REFERENCE) != 0
    assert doubted[-1]
    assert found.frames.t_s[doubted][0] == pytest.approx(mark.start_s, abs=0.1)


def test_a_sensor_that_stays_where_it_is_raises_no_doubt() -> None:
    assert analysed(Faults()).health == ()


def test_a_sensor_on_a_table_is_found_out_by_the_whole_analysis() -> None:
    found = analysed(Faults(on_table=(OnTable(900.0, 1400.0),), sites=(Site.UPPER_BACK,)))
    since_s = found.frames.t_s - found.frames.t_s[0]
    blank = found.frames.blank == Blank.NOT_WORN
    assert blank[(since_s > 930) & (since_s < 1385)].all()
    assert not blank[(since_s < 895) | (since_s > 1410)].any()
    kinds = {mark.kind for mark in found.health}
    assert kinds == {HealthKind.NOT_WORN, HealthKind.PUT_ON_AGAIN}, "and not that it hangs upside down"
    assert ((found.frames.doubt & Doubt.REFERENCE) != 0)[-1]
