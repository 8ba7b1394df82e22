"""The chance of sitting from transitions, walking, lying and tilt whose answer can be reasoned out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinewatch_signal.marks import Direction, Transition
from spinewatch_signal.pelvis_tilt import PelvisTilt
from spinewatch_signal.posture import Activity
from spinewatch_signal.sit_stand import SitStand, SitStandInput, SitStandParams, smoothed
from spinewatch_signal.transitions import SeenTransition

FIRST_K = 17_000_000_000
UP, DOWN = Direction.SIT_TO_STAND, Direction.STAND_TO_SIT


def rows(minutes: float, *spans: tuple[float, float, Activity], pelvis_deg: np.ndarray | None = None) -> SitStandInput:
    """Still and upright but for the spans (minutes)."""
    activity = np.full(round(minutes * 600), Activity.UPRIGHT, np.uint8)
    for start, end, code in spans:
        activity[round(start * 600) : round(end * 600)] = code
    return SitStandInput(FIRST_K + np.arange(len(activity)), activity, pelvis_deg)


def seen(minute: float, direction: Direction, probability: float = 0.97) -> SeenTransition:
    middle_s = FIRST_K / 10 + 60 * minute
    return SeenTransition(round(10 * middle_s) + 30, Transition(middle_s - 1, middle_s + 1, direction, probability))


def at(told: np.ndarray, minute: float) -> float:
    return float(told[round(minute * 600)])


def test_without_evidence_nothing_is_told():
    assert np.isnan(SitStand().update(rows(5), [])).all()
    assert np.isnan(smoothed(rows(5), [])).all()


def test_who_walked_stands_and_who_walks_next_stood():
    walk = rows(4, (1, 2, Activity.WALKING))
    live, after = SitStand().update(walk, []), smoothed(walk, [])
    assert np.isnan(at(live, 0.9))
    assert np.isnan(at(live, 1.5))
    assert at(live, 2.1) < 0.05
    assert at(after, 0.9) < 0.05
    assert at(after, 2.1) < 0.05


def test_after_walking_it_fades_to_undecided_within_a_quarter_of_an_hour():
    live = SitStand().update(rows(30, (0, 1, Activity.WALKING)), [])
    assert at(live, 8) < 0.2 < at(live, 18) < 0.8


def test_no_news_for_hours_makes_nobody_sit():
    day = rows(302, (0, 1, Activity.WALKING), (301, 302, Activity.WALKING))
    for told in (SitStand().update(day, []), smoothed(day, [])):
        assert np.nanmax(told) < 0.7, "who stands at a desk for a morning is not told to sit"


def test_sitting_down_and_getting_up():
    day = rows(40, (0, 1, Activity.WALKING))
    changes = [seen(2, DOWN), seen(30, UP)]
    for told in (SitStand().update(day, changes), smoothed(day, changes)):
        assert at(told, 1.5) < 0.1
        assert at(told, 2.5) > 0.9
        assert at(told, 29) > 0.8
        assert at(told, 31) < 0.2
    assert at(smoothed(day, changes), 29) > at(SitStand().update(day, changes), 29)


def test_a_missed_rise_leaves_doubt_before_the_walk_and_none_after_it():
    day = rows(30, (20, 21, Activity.WALKING))
    live, after = (f(day, [seen(2, DOWN)]) for f in (SitStand().update, smoothed))
    assert at(live, 19.5) > 0.8
    assert at(live, 21.5) < 0.2
    assert 0.2 < at(after, 19.5) < at(after, 4) < 0.8
    assert at(after, 21.5) < 0.2


def test_some_steps_on_the_seat_make_nobody_stand():
    day = rows(20, (10, 10 + 3.5 / 60, Activity.WALKING))
    assert at(SitStand().update(day, [seen(2, DOWN)]), 11) > 0.8


def test_a_doubtful_transition_against_certainty_leaves_doubt():
    day = rows(10, (0, 1, Activity.WALKING))
    sure, unsure = (at(SitStand().update(day, [seen(3, DOWN, p)]), 4) for p in (0.97, 0.6))
    assert sure > 0.9
    assert 0.5 < unsure < 0.7


@pytest.mark.parametrize("gap", [Activity.LYING, None])
def test_lying_and_a_long_gap_make_it_unknown(gap: Activity | None):
    day = rows(10, (0, 1, Activity.WALKING), *([] if gap is None else [(3, 5, gap)]))
    if gap is None:
        keep = (np.arange(len(day.k)) < 1800) | (np.arange(len(day.k)) >= 3000)
        day = SitStandInput(day.k[keep], day.activity[keep])
    told = SitStand().update(day, [])
    assert told[1799] < 0.2
    assert np.isnan(told[-1])


def test_a_short_gap_is_forgiven():
    day = rows(4, (0, 1, Activity.WALKING))
    keep = (np.arange(len(day.k)) < 1200) | (np.arange(len(day.k)) >= 1500)
    assert SitStand().update(SitStandInput(day.k[keep], day.activity[keep]), [])[-1] < 0.2


def test_the_pelvis_rolls_back_on_a_chair():
    tilt = np.where(np.arange(6000) < 3000, 2.0, -23.0)
    day = rows(10, (0, 1, Activity.WALKING), (6, 6.1, Activity.LYING), pelvis_deg=tilt)
    told = SitStand().update(day, [])
    assert at(told, 2) < 0.05
    assert at(told, 7) > 0.8
    upright = rows(10, (0, 1, Activity.WALKING), (6, 6.1, Activity.LYING), pelvis_deg=np.full(6000, 2.0))
    assert 0.2 < at(SitStand().update(upright, []), 7) < 0.5


def test_tilt_counts_once_however_long_it_is_held():
    told = SitStand().update(rows(60, (0, 1, Activity.WALKING), pelvis_deg=np.full(36000, -23.0)), [])
    assert at(told, 2) < 0.2


def test_the_own_sit_serves_where_it_is_known():
    weight = PelvisTilt().update(np.array([0.0, -8.0, -16.0, -40.0, np.nan]), np.zeros(5, bool), seated_deg=-16.0)
    assert weight[:4] == pytest.approx(np.log(5) * np.array([-1, 0, 1, 1]))
    assert np.isnan(weight[4])


def test_no_walking_no_own_sit_no_word_of_the_pelvis():
    assert np.isnan(PelvisTilt().update(np.zeros(5), np.zeros(5, bool), None)).all()
    assert np.isnan(PelvisTilt().of_recording(np.zeros(5), np.zeros(5, bool), None)).all()


def simulated(
    rng: np.random.Generator, hours: float, params: SitStandParams
) -> tuple[np.ndarray, list[SeenTransition]]:
    """Who sits when (per row), and what a detector that misses some sees, drawn as the chain believes."""
    sits, t_s, truth, changes = True, 0.0, [], []
    while t_s < 3600 * hours:
        lasts_s = float(rng.exponential(params.sit_s if sits else params.stand_s))
        truth.append(np.full(round(10 * lasts_s), sits))
        t_s = sum(map(len, truth)) / 10
        if rng.random() > params.missed:
            changes.append(seen(t_s / 60, UP if sits else DOWN))
        sits = not sits
    return np.concatenate(truth), changes


@pytest.mark.parametrize("forward", [True, False])
def test_probabilities_mean_what_they_say(forward: bool):
    rng, params = np.random.default_rng(3), SitStandParams(walks_off=0.0)
    told, true = [], []
    for _ in range(12):
        truth, changes = simulated(rng, 8.0, params)
        day = SitStandInput(FIRST_K + np.arange(len(truth)), np.full(len(truth), Activity.UPRIGHT, np.uint8))
        told.append(SitStand(params).update(day, changes) if forward else smoothed(day, changes, params))
        true.append(truth)
    p, sits = np.concatenate(told), np.concatenate(true)
    for low, high in ((0.0, 0.2), (0.8, 0.95), (0.95, 1.0)):
        inside = (p >= low) & (p < high)
        assert sits[inside].mean() == pytest.approx(p[inside].mean(), abs=0.06)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=6))
def test_any_chunks_say_the_same(sizes: list[int]):
    tilt = 20 * np.sin(np.arange(6000) / 300)
    day = rows(10, (1, 1.4, Activity.WALKING), (5, 6, Activity.LYING), (8, 8.2, Activity.WALKING), pelvis_deg=tilt)
    changes = [seen(2, DOWN), seen(4, UP), seen(7, DOWN, 0.7)]
    expected = SitStand().update(day, changes)
    step, told, at_row = SitStand(), [], 0
    while at_row < len(day.k):
        for size in sizes:
            part = slice(at_row, at_row + size)
            new = SitStandInput(day.k[part], day.activity[part], tilt[part])
            due = [s for s in changes if len(new.k) and new.k[0] <= s.known_k <= new.k[-1]]
            told.append(step.update(new, due))
            at_row += size
    np.testing.assert_allclose(np.concatenate(told), expected, rtol=0, atol=1e-9)
