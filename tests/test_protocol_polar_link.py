"""A Polar sensor over a link in virtual time: losses to the sample, sessions, leftover streams, what is no silence."""

from __future__ import annotations

import numpy as np
import pytest

from bridge_helpers import START_S, Collector, VirtualClock, run_virtually
from polar_helpers import PureTransport, arm, lost_frames, strap
from spinewatch_bridge.link import Link
from spinewatch_bridge.protocols import polar_ctrl as ctrl
from spinewatch_bridge.protocols.polar import PolarProtocol
from spinewatch_bridge.simulator.polar_device import PolarDevice
from spinewatch_signal.samples import SensorInfo


def linked(
    device: PolarDevice, seconds: float, down: tuple[tuple[float, float], ...] = (), **more: object
) -> Collector:
    seen = Collector()

    async def main(clock: VirtualClock) -> None:
        spans = [(START_S + a, START_S + b) for a, b in down]
        transport = PureTransport(device, clock, spans)
        await Link(SensorInfo("back", ""), transport, PolarProtocol(**more), clock).run(seen)

    run_virtually(main, seconds, ends=False)
    return seen


def test_a_strap_over_a_link_has_no_turn_rate_anywhere():
    seen = linked(strap(), 30.0)
    (channel,) = seen.channels
    assert (channel.gyr_rad_s_per_count, channel.columns, channel.sensor.has_gyr) == (None, 3, False)
    assert channel.sensor.family == "polar"
    assert all(block.values.shape[1] == 3 for block in seen.blocks)
    true_s = START_S + first_numbers_of_blocks(seen) / 100
    late_s = seen.t_s - true_s
    assert late_s.min() > 0
    assert late_s.max() < 0.05  # the way takes 20 ms
    (connected,) = seen.events("connected")
    assert connected.data["can"] == ["counter"]
    assert seen.events("gap") == []


def first_numbers_of_blocks(seen: Collector) -> np.ndarray:
    low = np.concatenate([block.values[:, 0].astype(int) for block in seen.blocks])
    return low + 1000 * np.concatenate([[0], np.cumsum(np.diff(low) < 0)])


@pytest.mark.parametrize("make", [strap, arm])
def test_three_losses_of_the_link_are_counted_to_the_sample(make):
    device = make(lost=lost_frames(0.05, 9))
    seen = linked(device, 120.0, ((20, 24), (50, 58), (80, 81)))
    gaps = seen.events("gap")
    lost = sum(gap.data["lost_samples"] for gap in gaps)
    spans = np.concatenate([block.counter + np.arange(len(block)) for block in seen.blocks])
    assert len(spans) + lost == spans[-1] - spans[0] + 1
    numbers = first_numbers_of_blocks(seen) if make is arm else None
    if numbers is not None:
        assert np.all(np.diff(spans) == np.diff(numbers))
    leaves = "; a chest strap switches itself off 45 s after it is taken off" if make is strap else ""
    assert len([gap for gap in gaps if gap.data["cause"] == f"out of reach{leaves}"]) == 3
    assert len(seen.channels) == 1
    assert np.all(np.diff(seen.t_s) > 0)
    true_gap_s = np.diff(spans) / (100 if make is strap else 52)
    assert np.diff(seen.t_s) == pytest.approx(true_gap_s, abs=0.02)


def test_a_sensor_that_was_off_meanwhile_begins_a_new_session():
    device = strap(clock_set_s=START_S)
    seen = Collector()

    async def main(clock: VirtualClock) -> None:
        transport = PureTransport(device, clock, [(START_S + 20, START_S + 30)])
        close = transport.close

        async def close_and_die() -> None:
            await close()
            device.reset_clock(clock.now_s())

        transport.close = close_and_die
        await Link(SensorInfo("back", ""), transport, PolarProtocol(), clock).run(seen)

    run_virtually(main, 60.0, ends=False)
    (gap,) = seen.events("gap")
    assert gap.data["lost_samples"] is None
    assert gap.data["end_s"] - gap.data["start_s"] == pytest.approx(10, abs=2)


def test_leftover_streams_are_stopped_at_the_next_connect():
    device = strap()
    linked(device, 40.0, ((20, 24),))
    ops = [command[0] for command in device.commands]
    assert ops == [ctrl.Op.SETTINGS, ctrl.Op.STOP, ctrl.Op.START] * 2


def test_a_slow_stream_is_not_taken_for_silence():
    """At 25 Hz a notification lasts 1.4 s."""
    seen = linked(strap(), 60.0, rate_hz=25.0)
    assert [event for event in seen.events("status") if event.data["rate_hz"] == 0] == []
