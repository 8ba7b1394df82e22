"""Thresholds, delays and references per context: stories with an answer on paper, and random ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinewatch_signal.calibration import Calibration
from spinewatch_signal.judge import limits
from spinewatch_signal.matched_rows import SensorPair
from spinewatch_signal.posture import Activity, Away, Context
from spinewatch_signal.samples import Role, SensorInfo, Site
from spinewatch_signal.slouch import (
    ContextParams,
    Level,
    SlouchMachine,
    SlouchParams,
    Threshold,
    Unit,
    threshold,
    told_afterwards,
)
from spinewatch_signal.slouch_context import CONTEXTS, ContextTracker

START_K = 17_000_000_000
SIT, STAND, UP, MOVE, WALK, LIE = (
    Activity.SITTING,
    Activity.STANDING,
    Activity.UPRIGHT,
    Activity.MOVING,
    Activity.WALKING,
    Activity.LYING,
)


def run(
    *stretches: tuple[float, float, Activity], params: SlouchParams | None = None, limits: Threshold | None = None
) -> tuple[SlouchMachine, np.ndarray]:
    """Stretches of seconds, deviation and activity; times in the result count from the first frame."""
    counts = [round(seconds * 10) for seconds, _, _ in stretches]
    deviation = np.repeat([float(degrees) for _, degrees, _ in stretches], counts)
    activity = np.repeat([int(kind) for _, _, kind in stretches], counts).astype(np.uint8)
    params = params or SlouchParams()
    machine = SlouchMachine(params, limits or threshold(params, None))
    t_s = (START_K + np.arange(len(deviation))) / 10
    codes = machine.update(t_s, deviation, activity, np.ones(len(deviation), bool))
    machine.interrupt()
    return machine, codes


def told(machine: SlouchMachine) -> list[tuple[float, float | None, Context]]:
    first = START_K / 10
    return [
        (round(e.start_s - first, 1), None if e.end_s is None else round(e.end_s - first, 1), e.context)
        for e in machine.episodes
    ]


def test_without_own_values_no_context_differs():
    assert threshold(SlouchParams(), None) == Threshold(15, 10, "trunk")
    assert threshold(SlouchParams(), 50.0) == Threshold(35, 30, "lumbar")
    assert threshold(SlouchParams(), None, trunk_range_deg=90.0) == Threshold(15, 10, "trunk")


def test_degrees_or_percent_of_the_own_range_per_context():
    sitting, standing = ContextParams(on_deg=20, on_range_percent=80), ContextParams(on_deg=8, off_below_on_deg=2)
    in_degrees = SlouchParams(unit=Unit.DEGREES, sitting=sitting, standing=standing)
    found = threshold(in_degrees, 50.0, sitting_deg=(3.0, 12.0))
    assert found == Threshold(15, 10, "lumbar", Level(20, 15, 12.0), Level(8, 6))
    in_percent = SlouchParams(unit=Unit.PERCENT, sitting=sitting, standing=standing)
    found = threshold(in_percent, None, trunk_range_deg=100.0, sitting_deg=(3.0, 12.0))
    assert found == Threshold(70, 60, "trunk", Level(80, 70), None)


def test_percent_of_a_range_that_is_not_known_are_degrees():
    assert threshold(SlouchParams(unit=Unit.PERCENT), None) == Threshold(15, 10, "trunk")


def test_at_a_small_tolerance_the_reference_itself_is_a_return():
    assert threshold(SlouchParams(on_deg=2), None).off_deg == 1
    in_percent = SlouchParams(unit=Unit.PERCENT, on_range_percent=10)
    assert threshold(in_percent, None, trunk_range_deg=80.0) == Threshold(8, 4, "trunk")


def test_a_pelvis_is_never_judged_by_the_range_of_the_bends_because_it_slouches_the_other_way():
    made = Calibration({}, "guided", "good", trunk_range_deg=40.0)
    pair = {site: SensorPair.of([SensorInfo("one", "made", site, Role.UPPER, 100.0)]) for site in Site}
    found = {site: limits(SlouchParams(unit=Unit.PERCENT), pair[site], made) for site in Site}
    assert found[Site.UPPER_BACK] == found[Site.T12] == Threshold(28, 24, "trunk")
    assert found[Site.PELVIS] == Threshold(15, 10, "trunk")


@pytest.mark.parametrize(
    "values", [{"on_deg": 0.5}, {"on_deg": 46}, {"delay_s": 601}, {"sitting": ContextParams(delay_s=-1)}]
)
def test_what_cannot_be_meant_is_refused(values: dict[str, object]):
    with pytest.raises(ValueError, match="must be"):
        SlouchParams(**values)  # type: ignore[arg-type]


def test_an_episode_is_judged_by_its_context_and_named_after_it():
    params = SlouchParams(sitting=ContextParams(on_deg=25), standing=ContextParams(on_deg=8))
    stretches = ((60.0, 0.0), (60.0, 20.0), (60.0, 0.0))
    seated, _ = run(*((s, d, SIT) for s, d in stretches), params=params)
    upright, _ = run(*((s, d, UP) for s, d in stretches), params=params)
    standing, _ = run(*((s, d, STAND) for s, d in stretches), params=params)
    assert told(seated) == []
    assert told(upright) == [(60.0, 120.0, Context.UPRIGHT)]
    assert told(standing) == [(59.9, 120.0, Context.STANDING)]


def test_while_sitting_the_deviation_counts_from_the_sitting_reference():
    limits = threshold(SlouchParams(), None, sitting_deg=(12.0, 0.0))
    held, _ = run((60, 12, SIT), (120, 20, SIT), (60, 12, SIT), limits=limits)
    assert held.episodes == []  # 8° from the own upright sit
    bent, _ = run((60, 12, SIT), (120, 30, SIT), (60, 12, SIT), limits=limits)
    (episode,) = bent.episodes
    assert (episode.peak_deg, episode.mean_deg) == (18, pytest.approx(18))


def test_a_moment_of_doubt_changes_nothing():
    limits = threshold(SlouchParams(), None, sitting_deg=(12.0, 0.0))
    machine, codes = run((60, 20, SIT), (300, 20, UP), (60, 20, SIT), (5, 40, MOVE), (60, 20, UP), limits=limits)
    assert machine.episodes == []
    assert not (codes == Away.CANDIDATE).any()


def test_sitting_down_beyond_the_threshold_of_standing_is_no_episode():
    # Upright sit of this wearer: 20° from standing. It is known 3 s after it happened.
    limits = threshold(SlouchParams(), None, sitting_deg=(20.0, 0.0))
    machine, codes = run((60, 0, STAND), (2.5, 10, MOVE), (3, 20, STAND), (120, 20, SIT), limits=limits)
    assert machine.episodes == []
    assert (codes[660:] == Away.NEAR).sum() > 1100


def test_a_change_of_context_neither_ends_nor_begins_an_episode():
    params = SlouchParams(sitting=ContextParams(on_deg=12), standing=ContextParams(on_deg=18))
    machine, _ = run((60, 0, SIT), (60, 25, SIT), (3, 25, MOVE), (60, 25, STAND), (60, 0, STAND), params=params)
    assert told(machine) == [(59.9, 182.9, Context.SITTING)]


def test_who_is_near_in_the_new_context_has_returned_there():
    params = SlouchParams(sitting=ContextParams(on_deg=12), standing=ContextParams(on_deg=40))
    machine, _ = run((60, 0, SIT), (60, 25, SIT), (120, 25, STAND), params=params)
    (episode,) = told(machine)
    assert episode[1:] == (120.0, Context.SITTING)


def test_who_is_away_in_the_new_context_is_a_candidate_from_there():
    params = SlouchParams(sitting=ContextParams(on_deg=12), standing=ContextParams(on_deg=40))
    machine, _ = run((120, 25, STAND), (60, 25, SIT), (60, 0, SIT), params=params)
    (episode,) = told(machine)
    assert episode[0] == 120.0
    assert episode[2] is Context.SITTING


def test_an_episode_is_named_by_the_first_context_that_becomes_known():
    machine, _ = run((10, 0, UP), (60, 25, UP), (60, 25, SIT), (60, 25, UP), (60, 0, UP))
    assert [context for _, _, context in told(machine)] == [Context.SITTING]


def test_a_delay_of_a_context_shortens_its_dwell():
    params = SlouchParams(sitting=ContextParams(delay_s=10))
    seated, _ = run((10, 0, SIT), (15, 25, SIT), (20, 0, SIT), params=params)
    standing, _ = run((10, 0, STAND), (15, 25, STAND), (20, 0, STAND), params=params)
    assert (len(seated.episodes), len(standing.episodes)) == (1, 0)


@pytest.mark.parametrize(
    ("between", "context"),
    [
        ((5.0, UP), Context.SITTING),
        ((10.0, WALK), Context.SITTING),
        ((10.1, WALK), Context.UPRIGHT),
        ((0.1, LIE), Context.UPRIGHT),
        ((0.1, STAND), Context.STANDING),
    ],
)
def test_how_long_a_context_stays_in_force(between: tuple[float, Activity], context: Context):
    seconds, kind = between
    activity = np.repeat([SIT, kind, UP], [10, round(seconds * 10), 1]).astype(np.uint8)
    codes = ContextTracker(10.0).update(activity, np.zeros(len(activity), bool))
    assert CONTEXTS[codes[-1]] is context


def test_a_gap_makes_the_context_unknown():
    codes = ContextTracker(10.0).update(np.array([SIT, UP], np.uint8), np.array([False, True]))
    assert [CONTEXTS[code] for code in codes] == [Context.SITTING, Context.UPRIGHT]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1))
def test_random_contexts_in_any_pieces(seed: int):
    rng = np.random.default_rng(seed)
    kinds = rng.choice([SIT, STAND, UP, MOVE, WALK, LIE], 60, p=[0.3, 0.2, 0.3, 0.1, 0.07, 0.03])
    activity = np.repeat(kinds, rng.integers(1, 130, 60)).astype(np.uint8)
    n = len(activity)
    deviation = 15 + 12 * np.sin(np.arange(n) / rng.uniform(20, 120)) + rng.normal(0, 0.3, n)
    keep = np.ones(n, bool)
    keep[(gap := int(rng.integers(n))) : gap + 4] = False
    t_s, deviation, activity = ((START_K + np.arange(n)) / 10)[keep], deviation[keep], activity[keep]
    valid = np.ones(len(t_s), bool)
    params = SlouchParams(dwell_s=6, sitting=ContextParams(on_deg=20, delay_s=4), standing=ContextParams(on_deg=9))
    limits = threshold(params, None, sitting_deg=(7.0, 0.0))
    whole, pieces = SlouchMachine(params, limits), SlouchMachine(params, limits)
    codes = whole.update(t_s, deviation, activity, valid)
    cuts = np.sort(rng.integers(0, len(t_s), 30))
    parts = zip(*(np.split(a, cuts) for a in (t_s, deviation, activity, valid)), strict=True)
    joined = np.concatenate([pieces.update(*part) for part in parts])
    assert (joined == codes).all()
    assert (pieces.episodes, pieces.current) == (whole.episodes, whole.current)
    whole.interrupt()
    counted = told_afterwards(t_s, codes, whole.counted_spans)
    assert (counted == Away.AWAY).sum() == round(whole.away_s * 10)
    starts, ends = [e.start_s for e in whole.episodes], [e.end_s or np.inf for e in whole.episodes]
    assert all(end <= start for end, start in zip(ends[:-1], starts[1:], strict=True))
