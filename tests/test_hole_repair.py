"""Holes whose filling missed a known turn: how much of it the force on both sides gives back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from vqf import VQF

from made_imu import error_deg, made_imu, true_up, turned
from spinewatch_signal.gap_filling import Feed
from spinewatch_signal.hole_repair import Repaired, RepairParams, repaired
from spinewatch_signal.orientation import OrientationParams, orient_offline
from spinewatch_signal.samples import Floats, ImuBatch, SensorInfo

PERIOD_S = 0.01
HOLES = ((1200, 1210), (1700, 1710), (2300, 2310))
MISSED_RAD = np.radians([[3.0, -2.0, 0.0], [-1.0, 2.5, 1.0], [2.0, 2.0, -2.0]])
IN_PLACE = RepairParams(speed_m_s=0.5, speed_memory_s=0.3)
NO_REPAIR = OrientationParams(repair=RepairParams(least_deg=np.inf))


def moved() -> ImuBatch:
    """A hand that swings, and moves to and fro with 0.4 m/s."""
    t_s = np.arange(0, 40, PERIOD_S)
    body = turned(30 * np.sin(4 * t_s), 20 * np.sin(3 * t_s), 40 * np.sin(2 * t_s))
    samples = made_imu(t_s, body, noise=1.0)
    w = 2 * np.pi
    shoved = 0.4 * w * np.stack([np.cos(w * t_s), np.cos(0.8 * w * t_s + 1), 0.3 * np.cos(1.2 * w * t_s)], axis=1)
    return replace(samples, acc=samples.acc + body.inv().apply(shoved))


def missing_turns(missed_deg: float = 3.5) -> tuple[Feed, Floats]:
    """Samples of three holes whose filling missed `MISSED_RAD`; and the true turning."""
    samples = moved()
    assert samples.gyr is not None
    n, truth = len(samples), np.array(samples.gyr)
    gyr, made, missed = truth.copy(), np.zeros(n, bool), np.zeros(n)
    for (first, end), turn in zip(HOLES, MISSED_RAD, strict=True):
        gyr[first:end] -= turn / ((end - first) * PERIOD_S)
        made[first:end], missed[end] = True, missed_deg
    no = np.zeros(n, bool)
    dt_s = np.full(n, PERIOD_S)
    return Feed(samples.t_s, samples.acc, gyr, dt_s, no, no, made, missed, 0.01 * missed), truth


def apart_deg(turning: Floats, truth: Floats) -> Floats:
    """(n,) tilt of what the rates carry along, apart from the truth."""
    filter_ = {"restBiasEstEnabled": False, "motionBiasEstEnabled": False}
    quats = [VQF(PERIOD_S, **filter_).updateBatch(rates, np.zeros_like(rates))["quat6D"] for rates in (turning, truth)]
    ups = []
    for w, x, y, z in (quat.T for quat in quats):
        ups.append(np.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], axis=1))
    apart: Floats = error_deg(*ups)
    return apart


def repair(feed: Feed, params: RepairParams | None = None) -> Repaired:
    found = repaired(feed, feed.gyr, np.zeros(3), PERIOD_S, params or RepairParams())
    assert found is not None
    return found


def test_most_of_a_missed_tilt_is_given_back() -> None:
    feed, truth = missing_turns()
    assert apart_deg(feed.gyr, truth)[1220:].max() > 3.0
    assert apart_deg(repair(feed).turning, truth)[1220:].max() < 1.5


def test_who_is_known_to_stay_in_place_gets_nearly_all_of_it_back() -> None:
    feed, truth = missing_turns()
    assert apart_deg(repair(feed, IN_PLACE).turning, truth)[1220:].max() < 0.5


def test_only_the_rates_of_holes_change_and_the_input_stays() -> None:
    feed, _ = missing_turns()
    before, found = feed.gyr.copy(), repair(feed)
    assert feed.made is not None
    changed = (found.turning != feed.gyr).any(axis=1)
    assert np.flatnonzero(changed).tolist() == np.flatnonzero(feed.made).tolist()
    np.testing.assert_array_equal(feed.gyr, before)


def test_what_may_still_be_missed_is_told_and_true() -> None:
    feed, truth = missing_turns()
    found = repair(feed)
    assert found.feed.missed_deg is not None
    left = found.feed.missed_deg[[end for _, end in HOLES]]
    assert (left < 2.1).all()
    assert (apart_deg(found.turning, truth)[[1220, 1720, 2320]] < 2 * left).all()


def test_a_hole_that_was_filled_well_stays_as_it_is() -> None:
    feed, truth = missing_turns()
    feed = replace(feed, gyr=truth)
    assert apart_deg(repair(feed).turning, truth).max() < 0.7
    sure = replace(feed, missed_deg=np.full(len(feed), 0.1))
    assert repaired(sure, feed.gyr, np.zeros(3), PERIOD_S, RepairParams()) is None


def test_a_walker_who_turns_round_in_a_hole_is_no_tilt() -> None:
    """1.2 m/s to and 1.2 m/s fro within a second and a half, in the middle of which a hole that was filled well."""
    t_s = np.arange(0, 30, PERIOD_S)
    walked = 1.2 * np.interp(t_s, [3, 4.5, 11.25, 12.75, 20, 21.5, 24, 25], [0, 1, 1, -1, -1, 1, 1, 0])
    feed = missing_turns(1.0)[0][: len(t_s)]
    samples = made_imu(t_s, turned(5 * np.sin(11 * t_s), 3 * np.sin(5.5 * t_s)), noise=1.0)
    assert samples.gyr is not None
    acc = samples.acc + np.outer(np.gradient(walked, PERIOD_S), [1.0, 0.0, 0.0])
    feed = replace(feed, acc=acc, gyr=np.array(samples.gyr))
    assert apart_deg(repair(feed).turning, feed.gyr).max() < 1.0


def test_without_holes_there_is_nothing_to_repair() -> None:
    feed, _ = missing_turns()
    whole = replace(feed, made=None, missed_deg=None, missed_m_s=None)
    assert repaired(whole, feed.gyr, np.zeros(3), PERIOD_S, RepairParams()) is None


def test_the_offset_that_the_filter_found_is_not_taken_for_a_hole() -> None:
    feed, truth = missing_turns()
    bias = np.radians([2.0, -1.0, 1.0])
    found = repaired(feed, feed.gyr + bias, np.tile(bias, (len(feed), 1)), PERIOD_S, RepairParams())
    assert found is not None
    assert apart_deg(found.turning - bias, truth).max() < 1.5


def test_what_lies_beyond_a_hold_is_not_looked_at() -> None:
    feed, _ = missing_turns()
    dt_s = feed.dt_s.copy()
    dt_s[1600] = np.nan
    held, beyond = replace(feed, dt_s=dt_s), feed.acc.copy()
    beyond[1600:] = beyond[1600:, [1, 2, 0]]
    some, others = repair(held), repair(replace(held, acc=beyond))
    np.testing.assert_allclose(some.turning[:1600], others.turning[:1600], atol=1e-12)
    assert not np.allclose(some.turning[1600:], others.turning[1600:])


def test_a_hole_at_the_very_end_leans_on_what_was_before() -> None:
    feed, truth = missing_turns()
    short = feed[:1213]
    found = repair(short)
    assert np.isfinite(found.turning).all()
    assert apart_deg(found.turning, truth[:1213])[-1] < 5.0


def test_packets_lost_in_motion_cost_less_offline() -> None:
    """Swings whose speed wanders, so that no rhythm tells what a hole held."""
    t_s, rng = np.arange(0, 60, PERIOD_S), np.random.default_rng(4)
    phase = np.cumsum(7 + 2 * np.cumsum(rng.standard_normal(len(t_s))) * np.sqrt(PERIOD_S)) * PERIOD_S
    body = turned(35 * np.sin(phase), 25 * np.sin(0.8 * phase), 30 * np.sin(0.7 * phase))
    samples, truth = made_imu(t_s, body, noise=1.0), true_up(body)
    kept = rng.random(600)[np.arange(len(t_s)) // 10] >= 0.04
    kept[:200] = True
    assert samples.gyr is not None
    lost = ImuBatch("made", samples.t_s[kept], samples.acc[kept], samples.gyr[kept], samples.flags[kept])
    info = SensorInfo("made", "made", nominal_rate_hz=100.0)
    mended, plain = orient_offline(lost, info).up, orient_offline(lost, info, NO_REPAIR).up
    rms = [float(np.sqrt(np.mean(error_deg(up.up, truth[kept]) ** 2))) for up in (mended, plain)]
    assert rms[0] < 0.9 * rms[1]
    assert np.mean(error_deg(mended.up, truth[kept]) < mended.sensor_uncertainty_deg) > 0.95


@pytest.mark.parametrize("rate_hz", [50.0, 200.0])
def test_the_rate_does_not_matter(rate_hz: float) -> None:
    feed, truth = missing_turns()
    period_s = 1 / rate_hz
    # The same rows as if taken faster or slower: a motion that is as much quicker.
    scale = PERIOD_S / period_s
    faster = replace(feed, gyr=feed.gyr * scale, dt_s=np.full(len(feed), period_s))
    found = repaired(faster, faster.gyr, np.zeros(3), period_s, IN_PLACE)
    assert found is not None
    assert apart_deg(found.turning / scale, truth)[1220:].max() < 1.5
