"""Orientation of made samples: truth, offsets, chunks, copies, starts; and offline blocks."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from vqf import VQF, offlineVQF

from made_imu import START_S, bends, error_deg, flagged, made_imu, true_up, turned, without
from spinewatch_signal.gyro_bias import BiasParams, RestFinder, judge_blocks, rest_windows, unconfirmed_rad_s
from spinewatch_signal.offline_orientation import CancelledError
from spinewatch_signal.orientation import IMPLAUSIBLE, OrientationParams, OrientationTracker, orient_offline
from spinewatch_signal.orientation_params import NO_GRAVITY
from spinewatch_signal.recording_survey import NO_REST
from spinewatch_signal.samples import Floats, ImuBatch, SampleFlag, SensorInfo, empty_batch
from spinewatch_signal.up_vectors import UpBatch, concatenate_ups

RATE_HZ = 50.0
INFO = SensorInfo("made", "test", nominal_rate_hz=RATE_HZ)
MOUNT = turned(np.array([20.0]), 100.0, -50.0).as_matrix()[0]
OFFSET_DEG_S = (65.0, -8.0, 12.0)


def desk_hour(duration_s: float, seed: int = 3) -> Floats:
    """(n,) flexion that creeps, bends and rests, at `RATE_HZ`."""
    rng = np.random.default_rng(seed)
    t_s = np.arange(0, duration_s, 1 / RATE_HZ)
    flexion = 8 * np.sin(np.maximum(t_s - 6.0, 0.0) / 40)
    for begin_s in rng.uniform(8, duration_s - 12, max(1, int(duration_s / 25))):
        flexion += bends(t_s, begin_s, n=1, size_deg=rng.uniform(10, 70), each_s=rng.uniform(2, 8))
    return flexion


def sway(t_s: Floats) -> tuple[Floats, Floats]:
    """Lateral bend and heading of somebody who is lively after six still seconds."""
    since = np.maximum(t_s - 6.0, 0.0)
    return 3 * np.sin(3 * since), 20 * np.sin(2 * since)


def awkward_recording() -> tuple[ImuBatch, Floats]:
    """60 s, the first 6 still, and the truth: offset, noise, jittery clock, short and long gaps, motor, saturation."""
    t_s = np.arange(0, 60, 1 / RATE_HZ)
    t_s = t_s + np.random.default_rng(5).uniform(-2e-3, 2e-3, len(t_s))
    body = turned(np.interp(t_s, np.arange(0, 60, 1 / RATE_HZ), desk_hour(60)), *sway(t_s))
    batch = made_imu(t_s, body, mount=MOUNT, bias_deg_s=OFFSET_DEG_S, noise=1.0)
    batch = flagged(batch, SampleFlag.MOTOR_ON, 25.0, 25.4)
    batch = flagged(batch, SampleFlag.SATURATED, 40.0, 40.1)
    for start_s, end_s in ((12.0, 12.1), (20.0, 20.2), (33.0, 36.0), (50.0, 50.3)):
        batch = without(batch, start_s, end_s)
    return batch, true_up(body, MOUNT)[np.searchsorted(t_s, batch.t_s - START_S - 1e-5)]


def fed(tracker: OrientationTracker, batch: ImuBatch, size: int) -> UpBatch:
    parts = [tracker.update(batch[i : i + size]) for i in range(0, len(batch), size)]
    return concatenate_ups(batch.sensor, parts)


def assert_same(first: UpBatch, second: UpBatch, tolerance: float = 1e-9) -> None:
    assert first.t_s.tolist() == second.t_s.tolist()
    assert first.segment.tolist() == second.segment.tolist()
    for name in ("up", "acc_norm", "gyr_norm", "sensor_uncertainty_deg"):
        np.testing.assert_allclose(getattr(first, name), getattr(second, name), rtol=0, atol=tolerance, err_msg=name)


def test_bends_come_out_as_they_were_made() -> None:
    t_s = np.arange(0, 60, 1 / RATE_HZ)
    body = turned(desk_hour(60), *sway(t_s))
    batch, truth = made_imu(t_s, body, mount=MOUNT, noise=1.0), true_up(body, MOUNT)
    causal = OrientationTracker(INFO).update(batch)
    offline = orient_offline(batch, INFO).up
    assert len(causal) == len(batch) - 24
    assert len(offline) == len(batch)
    assert error_deg(causal.up, truth[24:]).max() < 1.0
    assert error_deg(offline.up, truth).max() < 0.6


@pytest.mark.parametrize("size", [1, 7, 50, 333])
def test_chunks_do_not_matter(size: int) -> None:
    batch, _ = awkward_recording()
    whole, pieces = OrientationTracker(INFO), OrientationTracker(INFO)
    assert_same(fed(pieces, batch, size), whole.update(batch))
    assert pieces.gaps == whole.gaps
    np.testing.assert_allclose(pieces.gyro_bias_rad_s, whole.gyro_bias_rad_s, atol=1e-9)


@pytest.mark.parametrize("stop", [3, 20, 30, 45, 400, 1100, 1265, 1700, 2010])
def test_a_copy_made_half_way_continues_alone(stop: int) -> None:
    batch, _ = awkward_recording()
    copier = copy.deepcopy if stop % 2 else lambda tracker: pickle.loads(pickle.dumps(tracker))
    tracker = OrientationTracker(INFO)
    before = tracker.update(batch[:stop])
    copied = copier(tracker)
    after = tracker.update(batch[stop:])
    assert_same(copied.update(batch[stop:]), after)
    assert_same(concatenate_ups("made", [before, after]), OrientationTracker(INFO).update(batch))


def test_an_awkward_recording_still_gives_true_angles() -> None:
    batch, truth = awkward_recording()
    tracker = OrientationTracker(INFO)
    ups = tracker.update(batch)
    error = error_deg(ups.up, truth[np.searchsorted(batch.t_s, ups.t_s)])
    assert np.sqrt(np.mean(error**2)) < 1.0
    assert np.mean(error < ups.sensor_uncertainty_deg) > 0.95
    assert np.unique(ups.segment).tolist() == [0, 1, 2]
    assert [gap.lost_samples for gap in tracker.gaps] == pytest.approx([5, 10, 150, 15], abs=1)  # the clock jitters
    held = (ups.t_s > START_S + 25.01) & (ups.t_s < START_S + 25.55)
    assert not held.any()


@pytest.mark.parametrize("offset", [OFFSET_DEG_S, (0.3, -0.4, 0.2), (3.0, 0.0, -1.5)])
def test_an_offset_is_taken_away_whatever_its_size(offset: tuple[float, float, float]) -> None:
    t_s = np.arange(0, 60, 1 / RATE_HZ)
    body = turned(desk_hour(60))
    batch = made_imu(t_s, body, bias_deg_s=offset, noise=1.0)
    tracker = OrientationTracker(INFO)
    ups = tracker.update(batch)
    offline = orient_offline(batch, INFO)
    assert np.degrees(tracker.gyro_bias_rad_s) == pytest.approx(offset, abs=0.3)
    assert np.degrees(offline.gyro_bias_rad_s) == pytest.approx(offset, abs=0.3)
    assert error_deg(ups.up, true_up(body)[-len(ups) :]).max() < 1.5
    assert error_deg(offline.up.up, true_up(body)).max() < 0.8


def test_rates_that_cannot_be_true_wait_for_rest() -> None:
    t_s = np.arange(0, 40, 1 / RATE_HZ)
    restless = np.where(t_s < 15, 12 * np.sin(2.5 * t_s), 0.0)
    body = turned(restless, 10 * np.sin(np.minimum(t_s, 15) * 2 * np.pi / 5))
    batch = made_imu(t_s, body, bias_deg_s=OFFSET_DEG_S, noise=1.0)
    tracker = OrientationTracker(INFO)
    ups = tracker.update(batch)
    assert tracker.warnings == [IMPLAUSIBLE]
    assert 15.0 < ups.t_s[0] - START_S < 16.0
    assert error_deg(ups.up, true_up(body)[-len(ups) :]).max() < 2.0


def test_a_prior_offset_serves_where_there_is_no_rest() -> None:
    t_s = np.arange(0, 15, 1 / RATE_HZ)
    body = turned(12 * np.sin(2.5 * t_s), 10 * np.sin(2.1 * t_s))
    batch = made_imu(t_s, body, bias_deg_s=OFFSET_DEG_S, noise=1.0)
    ups = OrientationTracker(INFO, gyro_bias_prior_rad_s=np.radians(OFFSET_DEG_S)).update(batch)
    assert ups.t_s[0] - START_S == pytest.approx(3.0, abs=0.03)
    assert ups.sensor_uncertainty_deg[0] > 10.0
    assert error_deg(ups.up, true_up(body)[-len(ups) :]).max() < 1.0
    offline = orient_offline(batch, INFO, gyro_bias_prior_rad_s=np.radians(OFFSET_DEG_S))
    assert error_deg(offline.up.up, true_up(body)).max() < 1.0
    assert offline.warnings == []


def test_without_rest_or_prior_the_offline_offset_is_a_warned_guess() -> None:
    t_s = np.arange(0, 15, 1 / RATE_HZ)
    body = turned(12 * np.sin(2.5 * t_s), 10 * np.sin(2.1 * t_s))
    offline = orient_offline(made_imu(t_s, body, bias_deg_s=OFFSET_DEG_S, noise=1.0), INFO)
    assert offline.warnings == [NO_REST]
    error = error_deg(offline.up.up, true_up(body))
    assert np.mean(error < offline.up.sensor_uncertainty_deg) > 0.95
    assert offline.up.sensor_uncertainty_deg.min() >= 8.0


def test_motion_from_the_first_sample_starts_after_three_seconds_and_says_so() -> None:
    t_s = np.arange(0, 15, 1 / RATE_HZ)
    body = turned(12 * np.sin(2.5 * t_s))
    ups = OrientationTracker(INFO).update(made_imu(t_s, body, noise=1.0))
    assert ups.t_s[0] - START_S == pytest.approx(3.0, abs=0.03)
    assert ups.sensor_uncertainty_deg[0] > 10.0
    assert ups.sensor_uncertainty_deg[-1] < 5.0


def test_a_swivel_is_no_offset_once_the_offset_is_known() -> None:
    t_s = np.arange(0, 40, 1 / RATE_HZ)
    swivel = np.clip(t_s - 20, 0, 2.5) * 30.0
    body = turned(bends(t_s, 25.0, n=2), 0.0, swivel)
    ups = OrientationTracker(INFO).update(made_imu(t_s, body, noise=1.0))
    assert error_deg(ups.up, true_up(body)[-len(ups) :]).max() < 1.0


def test_an_offset_that_appears_later_is_corrected_at_the_next_long_rest() -> None:
    t_s = np.arange(0, 40, 1 / RATE_HZ)
    body = turned(bends(t_s, 26.0, n=2))
    batch = made_imu(t_s, body, noise=1.0)
    assert batch.gyr is not None
    late = batch.gyr + np.radians([0.0, 20.0, 0.0]) * (t_s > 12)[:, None]
    tracker = OrientationTracker(INFO)
    ups = tracker.update(ImuBatch("made", batch.t_s, batch.acc, late, batch.flags))
    assert ups.segment[-1] == 1
    settled = ups.t_s - START_S > 16.0
    assert error_deg(ups.up[settled], true_up(body)[-settled.sum() :]).max() < 1.5


def test_a_sensor_without_gyroscope_tells_tilt_only_while_still() -> None:
    t_s = np.arange(0, 40, 1 / RATE_HZ)
    made = made_imu(t_s, turned(np.where(t_s < 20, 0.0, 30.0) + bends(t_s, 8.0, n=1, each_s=4.0)), noise=1.0)
    batch = ImuBatch("made", made.t_s, made.acc, None, made.flags)
    info = SensorInfo("made", "test", nominal_rate_hz=RATE_HZ, has_gyr=False)
    whole, pieces = OrientationTracker(info), OrientationTracker(info)
    ups = whole.update(batch)
    since = ups.known().t_s - START_S
    assert not ((since > 8.7) & (since < 9.5)).any()
    assert not ((since > 10.7) & (since < 11.3)).any()
    assert len(ups) == len(batch) - round(0.5 * RATE_HZ) + 1
    assert ups.up[-1] == pytest.approx([-0.5, 0.0, np.sqrt(0.75)], abs=0.01)
    assert (ups.gyr_norm == 0).all()
    assert_same(fed(pieces, batch, 7), ups)
    assert_same(orient_offline(batch, info).up, ups)


@pytest.mark.parametrize("speed_deg_s", [1.0, 3.0, 6.0])
def test_without_gyroscope_a_slow_turn_passes_as_stillness_but_its_band_says_so(speed_deg_s: float) -> None:
    t_s = np.arange(0, 30, 1 / RATE_HZ)
    body = turned(speed_deg_s * np.clip(t_s - 10, 0, 40 / speed_deg_s) * (t_s < 22))
    made = made_imu(t_s, body, noise=1.0)
    info = SensorInfo("made", "test", nominal_rate_hz=RATE_HZ, has_gyr=False)
    ups = OrientationTracker(info).update(ImuBatch("made", made.t_s, made.acc, None, made.flags)).known()
    error = error_deg(ups.up, true_up(body)[np.searchsorted(made.t_s, ups.t_s)])
    turning = (ups.t_s > START_S + 10.5) & (ups.t_s < START_S + 15)
    assert turning.any()
    assert (error < ups.sensor_uncertainty_deg)[turning].all()
    assert (ups.sensor_uncertainty_deg[ups.t_s < START_S + 10] < 1.6).all()


def test_saturation_and_the_motor_widen_the_band_and_three_seconds_later_half_of_that_is_left() -> None:
    t_s = np.arange(0, 40, 1 / RATE_HZ)
    plain = made_imu(t_s, turned(np.zeros(len(t_s))), noise=0.3)
    saturated = flagged(plain, SampleFlag.SATURATED, 20.0, 20.1)
    held = flagged(plain, SampleFlag.MOTOR_ON, 20.0, 20.4)
    for batch, after_s, added_deg in ((saturated, 20.1, 25.0), (held, 20.62, 5.0)):
        for ups in (OrientationTracker(INFO).update(batch), orient_offline(batch, INFO).up):
            since, band = ups.t_s - START_S, ups.sensor_uncertainty_deg
            at_once = band[np.searchsorted(since, after_s)]
            later = band[np.searchsorted(since, after_s + 3.0)]
            assert at_once > 0.45 * added_deg  # offline half of it stands before
            assert 0.4 * at_once < later < 0.75 * at_once
            assert band[since > 36].max() < 1.0
    silent = (since > 20.01) & (since < 20.59)
    assert not silent.any()


def test_a_filled_gap_in_motion_widens_the_band_for_as_long_as_its_error_may_last() -> None:
    t_s = np.arange(0, 30, 1 / RATE_HZ)
    lively = np.minimum(np.maximum(t_s - 5, 0), 1)
    wander = np.cumsum(np.random.default_rng(2).standard_normal(len(t_s))) / RATE_HZ**0.5
    phase = np.cumsum(9 + 3 * np.tanh(wander)) / RATE_HZ
    body = turned(40 * np.sin(phase) * lively, 20 * np.sin(0.7 * phase) * lively, 40 * np.sin(0.5 * phase) * lively)
    whole = made_imu(t_s, body, noise=1.0)
    batch = without(whole, 20.0, 20.2)
    truth = true_up(body)[np.searchsorted(whole.t_s, batch.t_s)]
    tracked = (OrientationTracker(INFO).update(batch), OrientationTracker(INFO).update(whole))
    for ups, unharmed in (tracked, (orient_offline(batch, INFO).up, orient_offline(whole, INFO).up)):
        since, band = ups.t_s - START_S, ups.sensor_uncertainty_deg
        wider = band - unharmed.sensor_uncertainty_deg[np.isin(unharmed.t_s, ups.t_s)]
        assert wider[(since > 20.1) & (since < 20.6)].min() > 0.01
        assert wider[since > 28].max() < 0.01
        error = error_deg(ups.up, truth[np.searchsorted(batch.t_s, ups.t_s)])
        assert (error < band)[since > 8].mean() > 0.95
        assert error[since > 8].max() < 2.0


def test_the_accelerometers_own_error_is_in_the_band() -> None:
    """20 mg too much at rest: 2.3° of tilt may hide there."""
    t_s = np.arange(0, 20, 1 / RATE_HZ)
    made = made_imu(t_s, turned(np.zeros(len(t_s))), noise=0.3)
    batch = ImuBatch("made", made.t_s, made.acc * 1.02, made.gyr, made.flags)
    for ups in (OrientationTracker(INFO).update(batch), orient_offline(batch, INFO).up):
        assert ups.sensor_uncertainty_deg[-1] == pytest.approx(2.35, abs=0.15)


def test_empty_and_single_samples_give_nothing() -> None:
    tracker = OrientationTracker(INFO)
    assert len(tracker.update(empty_batch("made"))) == 0
    one = made_imu(np.array([0.0, 0.02]), turned(np.zeros(2)))[:1]
    assert len(tracker.update(one)) == 0
    assert len(orient_offline(empty_batch("made"), INFO).up) == 0
    assert len(orient_offline(one, INFO).up) == 1


def test_uncertainty_grows_with_motion_and_shrinks_at_rest() -> None:
    t_s = np.arange(0, 60, 1 / RATE_HZ)
    ups = OrientationTracker(INFO).update(
        made_imu(t_s, turned(bends(t_s, 30.0, n=4, size_deg=120, each_s=2.0)), noise=1.0)
    )
    since, unsure = ups.t_s - START_S, ups.sensor_uncertainty_deg
    rest, motion = unsure[(since > 25) & (since < 30)], unsure[(since > 33) & (since < 38)]
    assert unsure[0] > rest.max()
    assert motion.min() > rest.max()
    assert unsure[-1] < motion.min()
    assert (unsure >= 0.5).all()


def test_a_slow_slouch_is_no_gyro_bias() -> None:
    """20° in a minute: vqf's own trust in rest takes it for an offset and lags behind."""
    t_s = np.arange(0, 180, 1 / RATE_HZ)
    body = turned(10 * (1 - np.cos(np.pi * np.clip((t_s - 90) / 60, 0, 1))))
    batch, truth = made_imu(t_s, body, noise=1.0), true_up(body)

    def largest_deg(bias: BiasParams) -> float:
        ups = OrientationTracker(INFO, OrientationParams(bias=bias)).update(batch)
        return float(error_deg(ups.up, truth[-len(ups) :])[ups.t_s > START_S + 80].max())

    assert largest_deg(BiasParams()) < 0.7 < 1.0 < largest_deg(BiasParams(known_sigma_deg_s=0.0))


def test_clean_data_give_what_bare_vqf_gives() -> None:
    t_s = np.arange(0, 120, 1 / RATE_HZ)
    batch = made_imu(t_s, turned(desk_hour(120)), noise=1.0)
    quat = VQF(1 / RATE_HZ).updateBatch(batch.gyr, batch.acc)["quat6D"]
    from spinewatch_signal.up_vectors import up_from_quat

    as_vqf = OrientationParams(bias=BiasParams(known_sigma_deg_s=0.0))
    ups = OrientationTracker(INFO, as_vqf).update(batch)
    assert error_deg(ups.up, up_from_quat(quat)[-len(ups) :]).max() < 0.01
    bare = up_from_quat(offlineVQF(batch.gyr, batch.acc, None, 1 / RATE_HZ)["quat6D"])
    assert error_deg(orient_offline(batch, INFO).up.up, bare).max() < 0.01


def test_blocks_give_what_the_whole_gives() -> None:
    t_s = np.arange(0, 1200, 1 / RATE_HZ)
    lively = t_s % 120 > 20  # people rest now and then, which tells the offset to every block
    body = turned(desk_hour(1200), 4 * np.sin(t_s) * lively, 30 * np.sin(t_s / 60))
    batch = made_imu(t_s, body, bias_deg_s=(1.2, -0.5, 0.3), noise=1.0)
    whole = orient_offline(batch, INFO).up
    told: list[float] = []
    blocks = orient_offline(batch, INFO, OrientationParams(block_s=300.0), progress=told.append).up
    assert blocks.t_s.tolist() == whole.t_s.tolist()
    apart = error_deg(blocks.up, whole.up)
    inner = np.abs(t_s % 300 - 150) < 90
    assert np.median(apart) < 1e-4
    assert apart[inner].max() < 2e-3
    assert apart.max() < 0.02
    assert told == sorted(told)
    assert (len(told), told[-1]) == (4, 1.0)


def test_offline_work_can_be_cancelled() -> None:
    batch = made_imu(np.arange(0, 10, 1 / RATE_HZ), turned(np.zeros(500)))
    with pytest.raises(CancelledError):
        orient_offline(batch, INFO, cancelled=lambda: True)


def test_offline_obeys_gaps_and_holds_as_the_causal_estimate_does() -> None:
    batch, truth = awkward_recording()
    tracker = OrientationTracker(INFO)
    causal, offline = tracker.update(batch), orient_offline(batch, INFO)
    assert [gap.lost_samples for gap in offline.gaps] == [gap.lost_samples for gap in tracker.gaps]
    assert [gap.end_s for gap in offline.gaps] == [gap.end_s for gap in tracker.gaps]
    assert set(causal.t_s) <= set(offline.up.t_s)
    assert np.unique(offline.up.segment).tolist() == [0, 1, 2]
    error = error_deg(offline.up.up, truth[np.searchsorted(batch.t_s, offline.up.t_s)])
    assert np.sqrt(np.mean(error**2)) < 0.6
    assert offline.rate_hz == pytest.approx(RATE_HZ, rel=1e-3)


def test_rest_needs_agreement_and_no_turning() -> None:
    params = BiasParams()
    t_s = np.arange(0, 6, 1 / RATE_HZ)
    for flexion, found in ((np.zeros(len(t_s)), True), (2.5 * t_s, False)):
        batch = made_imu(t_s, turned(flexion), noise=0.3)
        assert batch.gyr is not None
        blocks = judge_blocks(batch.gyr, batch.acc, 25, params)
        assert blocks.still.all()
        assert bool(len(rest_windows(blocks, 3, params))) is found
        finder = RestFinder(1 / RATE_HZ, params)
        rests = finder.push(batch.gyr, batch.acc)
        assert rests.ends.tolist() == (list(range(75, 301, 25)) if found else [])


def test_turning_that_the_accelerometer_confirms_is_believed() -> None:
    t_s = np.arange(0, 3, 1 / RATE_HZ)
    bending = made_imu(t_s, turned(20 * t_s))
    still = made_imu(t_s, turned(0 * t_s), bias_deg_s=(0.0, 20.0, 0.0))
    assert bending.gyr is not None
    assert still.gyr is not None
    assert unconfirmed_rad_s(bending.gyr, bending.acc, 3.0) == pytest.approx(np.zeros(3))
    assert np.degrees(unconfirmed_rad_s(still.gyr, still.acc, 3.0)) == pytest.approx([0.0, 20.0, 0.0], abs=1e-6)


def still_samples(acc: tuple[float, float, float], *, flags: int = 0, has_gyr: bool = True) -> ImuBatch:
    """Ten seconds of the same specific force, without turning."""
    n = round(10 * RATE_HZ)
    gyr = np.zeros((n, 3)) if has_gyr else None
    return ImuBatch("made", START_S + np.arange(n) / RATE_HZ, np.tile(acc, (n, 1)), gyr, np.full(n, flags, np.uint8))


def test_a_recording_all_under_the_motor_has_no_angles() -> None:
    samples = still_samples((0.0, 0.0, 9.8), flags=SampleFlag.MOTOR_ON)
    assert len(orient_offline(samples, INFO).up) == 0
    assert len(OrientationTracker(INFO).update(samples)) == 0


@pytest.mark.parametrize("level", [0.0, 1.0])  # dead, or g taken for m/s²
def test_an_accelerometer_without_gravity_gives_no_angles_and_says_so(level: float) -> None:
    samples = still_samples((0.0, 0.0, level))
    offline, tracker = orient_offline(samples, INFO), OrientationTracker(INFO)
    assert len(offline.up) == len(tracker.update(samples)) == 0
    assert offline.warnings == tracker.warnings == [NO_GRAVITY]
    alone = SensorInfo("made", "test", nominal_rate_hz=RATE_HZ, has_gyr=False)
    assert len(OrientationTracker(alone).update(still_samples((0.0, 0.0, level), has_gyr=False))) == 0


@pytest.mark.parametrize("rate_hz", [0.0, -50.0, float("nan"), float("inf"), 1e300])
def test_a_sensor_of_an_impossible_rate_is_refused(rate_hz: float) -> None:
    with pytest.raises(ValueError, match="cannot run at"):
        SensorInfo("made", "test", nominal_rate_hz=rate_hz)
