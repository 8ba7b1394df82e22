"""The simulated parts of the scoreboard: what they judge by is right on paper, and a small run of each works."""

from __future__ import annotations

import numpy as np
import pytest

from score import ramps, rows_office, rows_simulator
from score.lifts import Lift, agreement_deg, lifts, rmse_deg
from score.ramps import THRESHOLD_DEG, Crossing, Ramp
from score.rows_office import Day
from spinewatch_bridge.simulator.variety import HARD, KIND


def lift(told: float, joint: float = 30.0, *, asymmetric: bool = False) -> Lift:
    return Lift(asymmetric, np.array([10.0, told]), np.array([10.0, 40.0]), np.array([10.0, joint]))


@pytest.mark.parametrize("speed_deg_s", [1.0, 20.0, 150.0])
def test_a_ramp_has_its_speed_where_it_crosses_and_no_jumps(speed_deg_s: float) -> None:
    ramp = Ramp(speed_deg_s, 5.0, 2.0 + 0.12 * speed_deg_s)
    t_s = np.arange(4.9, ramp.ends_s + 0.5, 0.0005)
    angle = ramp.values(t_s)
    assert ramp.values(np.array([ramp.crosses_s]))[0] == pytest.approx(THRESHOLD_DEG)
    speed = np.gradient(angle, t_s)
    near = np.abs(angle - THRESHOLD_DEG) < min(2.0, 0.02 * speed_deg_s)
    np.testing.assert_allclose(speed[near], speed_deg_s, rtol=1e-6)
    assert angle[0] == 0.0
    assert np.ptp(angle[t_s > ramp.ends_s]) == 0.0
    assert speed.min() >= -1e-9
    assert np.abs(np.diff(speed)).max() < 0.02 * speed_deg_s


def test_a_slow_ramp_is_told_where_it_crosses_and_a_run_repeats() -> None:
    crossing = next(c for c in map(ramps.run, range(0, 40, 2)) if 5.0 < c.speed_deg_s < 50.0)
    assert abs(crossing.crossing_error_deg) < 0.5
    assert 0.0 < crossing.alert_after_told_s <= 0.1 + 1e-6
    assert crossing.delivered_late_s >= crossing.alert_late_s
    assert ramps.run(crossing.seed) == crossing


def test_errors_of_lifts_are_added_up_as_they_are_published() -> None:
    some = [lift(43.0), lift(39.0)]
    assert rmse_deg(some) == pytest.approx(np.sqrt((9 + 1) / 4))
    assert rmse_deg(some, joint=True) == pytest.approx(np.sqrt((13**2 + 9**2) / 4))
    low, high = agreement_deg(some)
    assert (low + high) / 2 == pytest.approx(1.0)
    assert high - low == pytest.approx(2 * 1.96 * np.std([3.0, -1.0], ddof=1))


def test_symmetric_lifts_have_no_joint_angle_of_their_own() -> None:
    """In the sagittal plane the joint's flexion is the difference of the two inclinations; twist tears them apart."""
    some = list(lifts(KIND, [3], causal=False))
    assert len(some) > 40
    gap = {
        side: max(np.abs(x.joint_deg - x.true_deg).max() for x in some if x.asymmetric is side)
        for side in (True, False)
    }
    assert gap[False] < 0.2
    assert gap[True] > 1.0
    assert rmse_deg(some) < 1.5


def test_a_ramp_that_nobody_told_is_missed() -> None:
    nan = float("nan")
    told = Crossing(0, 20.0, 0.2, 0.2, 0.05, 0.04, 1.0, 0.08)
    missed = Crossing(2, 20.0, nan, nan, nan, nan, nan, nan)
    rows = {row.what: row for row in rows_simulator.alert_rows([told, missed])}
    assert rows["threshold, missed ramps"].figure == 1.0
    assert rows["threshold, missed ramps"].reached is False
    (slow,) = (row for row in rows.values() if "up to" in row.what)
    assert slow.figure == pytest.approx(0.4)
    (fast,) = (row for row in rows.values() if "above" in row.what)
    assert (fast.figure, fast.note) == (None, "none was told")


def test_days_are_judged_by_overlap_and_by_two_thresholds() -> None:
    assert rows_office.overlapping([(0, 10), (20, 30)], [(9, 12), (40, 50)]) == 1
    good = Day(10, 10, 11, 1, 600.0, (590.0, 610.0))
    bad = Day(10, 8, 10, 2, 700.0, (590.0, 610.0))
    false, caught, minutes = rows_office.rows_of([good, bad], 3, "simulated: made")
    assert (false.figure, false.reached) == (2.0, False)
    assert "1 calibrations refused" in false.note
    assert (caught.figure, caught.reached) == (90.0, False)
    assert (minutes.figure, minutes.reached) == (50.0, False)
    assert all(row.reached for row in rows_office.rows_of([good], 1, "simulated: made"))
    assert all(row.figure is None for row in rows_office.rows_of([], 2, "simulated: made"))


@pytest.mark.parametrize("variety", [KIND, HARD])
def test_a_short_day_gives_both_numbers_of_sensors(monkeypatch: pytest.MonkeyPatch, variety: object) -> None:
    monkeypatch.setattr(rows_office, "HOURS", 0.3)
    days = rows_office.days_of((variety, 3))  # type: ignore[arg-type]
    for day in days.values():
        assert day.true_bouts >= 2
        assert day.caught <= day.true_bouts
        assert day.between_s[0] <= day.between_s[1]
