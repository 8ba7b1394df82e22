"""Simulated sensors: errors as asked, the same counts however they are read, losses that can be counted."""

from __future__ import annotations

import numpy as np
import pytest

from spinewatch_bridge.blocks import Block
from spinewatch_bridge.simulator.faults import PACKET_SAMPLES, Faults, PacketLoss, inside
from spinewatch_bridge.simulator.sensor_model import ACC_M_S2_PER_COUNT, GYR_RAD_S_PER_COUNT, TICKS_PER_S, SensorStream
from spinewatch_bridge.simulator.simulate import simulate
from spinewatch_bridge.simulator.wearer import Mounting
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, SampleFlag, Site

STILL = slice(250, 850)
"""Samples of the guided calibration in which the wearer stands still."""


def stream(site: str = "upper_back", scenario: str = "rom-test", seed: int = 3, **faults: object) -> SensorStream:
    return simulate(scenario, seed, faults=Faults(**faults)).stream(site)  # type: ignore[arg-type]


def si(samples_stream: SensorStream, part: slice) -> tuple[np.ndarray, np.ndarray]:
    counts = samples_stream.between(part.start, part.stop).counts
    return counts[:, :3] * ACC_M_S2_PER_COUNT, counts[:, 3:] * GYR_RAD_S_PER_COUNT


def missing_in(blocks: list[Block], total: int) -> np.ndarray:
    """Numbers of the samples that no block holds."""
    seen = np.zeros(total, bool)
    for block in blocks:
        assert block.counter is not None
        assert not seen[block.counter : block.counter + len(block)].any()
        seen[block.counter : block.counter + len(block)] = True
    return np.flatnonzero(~seen)


def blocks_of(site: str, **faults: object) -> tuple[list[Block], int]:
    recording = simulate("lifting", 2, hours=0.05, faults=Faults(**faults))  # type: ignore[arg-type]
    blocks = [i for i in recording.items() if isinstance(i, Block) and i.sensor == site]
    return blocks, recording.stream(site).samples


def test_scale_set_0_of_the_protocol() -> None:
    assert pytest.approx(STANDARD_GRAVITY_M_S2) == ACC_M_S2_PER_COUNT * 8192
    assert np.degrees(GYR_RAD_S_PER_COUNT) * 65.536 == pytest.approx(1.0)


@pytest.mark.parametrize("site", [Site.UPPER_BACK, Site.PELVIS])
def test_still_and_ideal_it_reads_one_g(site: Site) -> None:
    acc, gyr = si(stream(site, ideal_sensors=True), STILL)
    assert np.linalg.norm(acc, axis=1) == pytest.approx(STANDARD_GRAVITY_M_S2, abs=0.005)
    assert np.degrees(np.abs(gyr)).max() < 0.1


def test_noise_is_that_of_the_data_sheet() -> None:
    for factor in (1.0, 10.0):
        # Differences of neighbours leave the sway of the wearer out.
        acc, gyr = (np.diff(x, axis=0).std(axis=0) / np.sqrt(2) for x in si(stream(noise_factor=factor), STILL))
        assert acc == pytest.approx(factor * 150e-6 * np.sqrt(50) * STANDARD_GRAVITY_M_S2, rel=0.12)
        assert np.degrees(gyr) == pytest.approx(factor * 0.007 * np.sqrt(50), rel=0.12)


def test_gross_gyro_bias_and_scale_error_on_request() -> None:
    usual_acc, usual_gyr = si(stream(), STILL)
    assert np.degrees(np.abs(usual_gyr.mean(axis=0))).max() < 1.2
    acc, gyr = si(stream(gyro_bias_deg_s=(12.0, -69.0, 3.0), acc_scale_error=0.03), STILL)
    assert np.degrees(gyr.mean(axis=0)) == pytest.approx([12.0, -69.0, 3.0], abs=0.1)
    assert np.linalg.norm(acc.mean(axis=0)) == pytest.approx(1.03 * STANDARD_GRAVITY_M_S2, rel=0.01)
    assert np.linalg.norm(usual_acc.mean(axis=0)) == pytest.approx(STANDARD_GRAVITY_M_S2, rel=0.012)


def test_what_does_not_fit_is_clipped_and_flagged() -> None:
    samples = stream(gyro_bias_deg_s=(0.0, 600.0, 0.0)).between(0, 300)
    assert (samples.counts[:, 4] == 32767).all()
    assert (samples.flags & SampleFlag.SATURATED).all()
    assert not stream().between(0, 300).flags.any()


def test_motor_shakes_and_is_flagged() -> None:
    samples = stream(motor_on=((3.0, 4.0),)).between(0, 800)
    on = (samples.flags & SampleFlag.MOTOR_ON) > 0
    assert on.sum() == pytest.approx(100, abs=3)
    assert samples.counts[on, :3].std(axis=0).min() > 20 * samples.counts[~on, :3].std(axis=0).min()


@pytest.mark.parametrize("step", [1, 7, 50, 333, 6001])
def test_read_in_pieces_it_is_the_same(step: int) -> None:
    whole = stream("pelvis").between(5800, 6400)
    pieces = stream("pelvis")
    parts = [pieces.between(k, min(k + step, 6400)) for k in range(5800, 6400, step)]
    np.testing.assert_array_equal(np.concatenate([p.counts for p in parts]), whole.counts)
    np.testing.assert_array_equal(np.concatenate([p.ticks for p in parts]), whole.ticks)
    np.testing.assert_array_equal(np.concatenate([p.true_t_s for p in parts]), whole.true_t_s)
    assert [p.first_index for p in parts] == list(range(5800, 6400, step))


def test_read_gives_every_sample_once_and_in_time() -> None:
    reader = stream()
    at, taken = 0, []
    for until_s in reader.start_s + np.array([0.0, 0.05, 0.05, 3.0, 90.0, 1e6]):
        part = reader.read(float(until_s))
        assert len(part) == 0 or part.first_index == at
        assert not (part.true_t_s >= until_s).any()
        at += len(part)
        taken.append(part.counts)
    np.testing.assert_array_equal(np.concatenate(taken), stream().between(0, reader.samples).counts)


def test_device_clock_drifts_and_runs_in_whole_ticks() -> None:
    drifting = stream(clock_ppm=200.0)
    samples = drifting.between(0, drifting.samples)
    span_s = samples.true_t_s[-1] - samples.true_t_s[0]
    assert (samples.ticks[-1] - samples.ticks[0]) / TICKS_PER_S == pytest.approx(span_s * 1.0002, abs=1e-4)
    assert samples.ticks.dtype == np.int64
    assert drifting.ticks_at(float(samples.true_t_s[100])) == pytest.approx(int(samples.ticks[100]), abs=1)
    assert drifting.taken_s(100) == pytest.approx(float(samples.true_t_s[100]), abs=1e-6)
    assert drifting.taken_before(float(samples.true_t_s[100]) + 1e-4) == 101


def test_it_samples_faster_or_slower_than_it_says() -> None:
    fast = stream(rate_error=0.01)
    assert 1.0 / fast.period_s == pytest.approx(101.0)
    assert fast.samples == pytest.approx(156.0 * 101.0, abs=2)
    rates = {1.0 / stream(seed=seed).period_s for seed in range(8)}
    assert len(rates) == 8
    assert all(98.7 < rate < 101.3 for rate in rates)


def test_mounting_can_be_given() -> None:
    straight = {Site.UPPER_BACK: Mounting(0.0, 0.0, 0.0)}
    acc, _ = si(stream(ideal_sensors=True, mountings=straight), STILL)
    np.testing.assert_allclose(acc.mean(axis=0), [STANDARD_GRAVITY_M_S2, 0.0, 0.0], atol=0.02)
    upside_down = {Site.UPPER_BACK: Mounting(180.0, 0.0, 0.0)}
    acc, _ = si(stream(ideal_sensors=True, mountings=upside_down), STILL)
    np.testing.assert_allclose(acc.mean(axis=0), [-STANDARD_GRAVITY_M_S2, 0.0, 0.0], atol=0.02)


def test_without_loss_nothing_is_missing() -> None:
    blocks, total = blocks_of("pelvis")
    assert len(missing_in(blocks, total)) == 0
    assert max(len(b) for b in blocks) == 50


def test_lost_packets_are_lost_whole_and_counted_exactly() -> None:
    blocks, total = blocks_of("upper_back", packet_loss=0.05)
    missing = missing_in(blocks, total)
    loss = simulate("lifting", 2, hours=0.05, faults=Faults(packet_loss=0.05)).packet_loss("upper_back")
    lost = [k for k in range(total) if loss.is_lost(k // PACKET_SAMPLES)]
    np.testing.assert_array_equal(missing, lost)
    assert 0.03 < len(missing) / total < 0.07


def test_bursts_lose_neighbours() -> None:
    rng = np.random.default_rng(1)
    loss = PacketLoss(Faults(loss_bursts_per_h=60.0, loss_burst_s=3.0), rng, 36_000, 0.1)
    lost = loss.lost(np.arange(36_000))
    bursts = np.count_nonzero(np.diff(lost.astype(int)) == 1)
    assert 35 < bursts < 90
    assert 15 < lost.sum() / bursts < 50


def test_link_drop_takes_away_exactly_its_span() -> None:
    recording = simulate("lifting", 2, hours=0.05, faults=Faults(link_drops=((60.0, 75.0),), sites=(Site.PELVIS,)))
    items = list(recording.items())
    low, high = recording.start_s + 60.0, recording.start_s + 75.0
    for site, empty in (("pelvis", True), ("upper_back", False)):
        t_s = np.concatenate([i.t_s for i in items if isinstance(i, Block) and i.sensor == site])
        assert ((t_s < low) | (t_s >= high)).all() == empty
    kinds = [(i.kind, i.t_s) for i in items if not isinstance(i, Block) and i.sensor == "pelvis"]
    assert ("disconnected", low) in kinds
    assert ("gap", high) in kinds
    assert ("connected", high) in kinds
    gap = next(i for i in items if not isinstance(i, Block) and i.kind == "gap")
    assert gap.data["lost_samples"] == pytest.approx(1500, rel=0.015)
    truth = recording.truth
    np.testing.assert_array_equal(truth.valid, ~inside(truth.t_s, ((low, high),)))


def test_the_fate_of_a_packet_holds_for_a_live_device_too() -> None:
    recording = simulate("lifting", 2, hours=0.05, faults=Faults(packet_loss=0.1, link_drops=((30.0, 32.0),)))
    never, loss, reader = (
        recording.never_arrives("pelvis"),
        recording.packet_loss("pelvis"),
        recording.stream("pelvis"),
    )
    for first in range(0, 9000, PACKET_SAMPLES):
        since_s = reader.taken_s(first) - recording.start_s
        assert never(first) == (loss.is_lost(first // PACKET_SAMPLES) or 30.0 <= since_s < 32.0)
