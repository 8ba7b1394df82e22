"""Reminders: due exactly after the delay, few, backing off, and every withheld one with its reason."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinewatch_monitor.alerts import (
    AlertParams,
    AlertRules,
    Decision,
    Held,
    Risky,
    RiskyParams,
    RiskyRules,
    in_quiet_hours,
)


def run(rules: AlertRules, start_s: float, length_s: float, *, minute: int = 600) -> list[Decision]:
    """One episode at 10 Hz, then back near the reference."""
    decisions: list[Decision] = []
    for k in range(round(length_s * 10) + 1):
        decisions += rules.step(start_s + k / 10, Held(start_s, k / 10), minute)
    return decisions + rules.step(start_s + length_s + 0.1, None, minute)


def test_a_reminder_comes_at_the_delay_and_never_before() -> None:
    kinds = [(d.kind, round(d.t_s, 1)) for d in run(AlertRules(AlertParams(delay_s=120)), 0.0, 130)]
    assert kinds == [("held", 120.0), ("back", 130.1)]


def test_a_short_lean_says_nothing_at_all() -> None:
    assert run(AlertRules(AlertParams(delay_s=120)), 0.0, 119.9) == []


def test_repeats_back_off() -> None:
    times = [d.t_s for d in run(AlertRules(AlertParams(delay_s=60)), 0.0, 1000) if d.kind == "held"]
    assert times == pytest.approx([60, 180, 540])


@pytest.mark.parametrize("what", [{"reference_uncertain": True}, {"reference_uncertain": False, "worn_wrong": True}])
def test_what_a_doubt_held_back_earns_no_back_off(what: dict[str, bool]) -> None:
    rules, decisions = AlertRules(AlertParams(delay_s=60)), []
    for k in range(10_000):
        rules.doubt(**(what if k < 2000 else {"reference_uncertain": False}))
        if k >= 600:  # a held back one may be told at any time, so nothing may be skipped
            assert rules.quiet_s(Held(0.0, k / 10)) <= 60.0
        decisions += rules.step(k / 10, Held(0.0, k / 10), 600)
    told = [(d.kind, d.t_s) for d in decisions]
    assert told == [("withheld", 60), ("withheld", 180), ("held", 260), ("held", 380), ("held", 740)]


def test_the_doubt_of_one_episode_is_none_of_the_next() -> None:
    rules = AlertRules(AlertParams(delay_s=60))
    rules.doubt(True)
    assert [d.kind for d in run(rules, 0.0, 70)] == ["withheld"]
    rules.doubt(False)
    assert rules.quiet_s(None) == 60.0
    assert next((d.kind, d.t_s) for d in run(rules, 100.0, 70)) == ("held", 160.0)


def test_who_mutes_backs_off_as_if_told() -> None:
    rules = AlertRules(AlertParams(delay_s=60))
    rules.mute(True)
    assert [d.kind for d in rules.step(60.0, Held(0.0, 60.0), 600)] == ["withheld"]
    rules.mute(False)
    assert rules.step(179.9, Held(0.0, 179.9), 600) == []
    assert [d.kind for d in rules.step(180.0, Held(0.0, 180.0), 600)] == ["held"]


def test_frozen_time_does_not_count() -> None:
    rules = AlertRules(AlertParams(delay_s=60))
    assert rules.step(100.0, Held(0.0, 59.9), 600) == []
    assert [d.kind for d in rules.step(100.1, Held(0.0, 60.0), 600)] == ["held"]


@pytest.mark.parametrize(
    ("prepare", "minute", "reason"),
    [
        (lambda r: r.mute(True), 600, "muted"),
        (lambda r: r.snooze(1e9), 600, "paused"),
        (lambda r: None, 23 * 60, "quiet hours"),
    ],
)
def test_a_withheld_reminder_keeps_its_reason_and_no_thanks_follow(prepare, minute: int, reason: str) -> None:
    rules = AlertRules(AlertParams(delay_s=60, quiet_start_min=22 * 60, quiet_end_min=6 * 60))
    prepare(rules)
    assert [(d.kind, d.reason) for d in run(rules, 0.0, 70, minute=minute)] == [("withheld", reason)]


def test_snooze_ends_by_itself() -> None:
    rules = AlertRules(AlertParams(delay_s=60))
    rules.snooze(500.0)
    assert [d.kind for d in run(rules, 0.0, 70)] == ["withheld"]
    assert [d.kind for d in run(rules, 500.0, 70)] == ["held", "back"]


def test_never_more_than_allowed_in_any_hour() -> None:
    rules = AlertRules(AlertParams(delay_s=30, per_hour=3))
    shown = [d.t_s for k in range(60) for d in run(rules, k * 100.0, 50) if d.kind == "held"]
    assert max(sum(t <= u < t + 3600 for u in shown) for t in shown) == 3
    assert len(shown) == 6


def test_quiet_hours_may_pass_midnight_and_equal_bounds_mean_never() -> None:
    assert [in_quiet_hours(m, 1320, 360) for m in (1319, 1320, 0, 359, 360)] == [False, True, True, True, False]
    assert not in_quiet_hours(0, 480, 480)


@given(st.lists(st.tuples(st.booleans(), st.floats(0.1, 400)), max_size=12), st.integers(0, 11))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_stopped_copied_and_continued_decides_the_same(plan: list[tuple[bool, float]], stop: int) -> None:
    whole, parts = AlertRules(), AlertRules()
    t_s = 0.0
    for k, (away, length_s) in enumerate(plan):
        held = Held(t_s, length_s) if away else None
        if k == stop:
            continued = AlertRules(parts.params)
            continued.state = copy.deepcopy(parts.state)
            parts = continued
        t_s += length_s
        assert whole.step(t_s, held, 600) == parts.step(t_s, held, 600)


def test_a_context_may_have_its_own_delay() -> None:
    rules = AlertRules(AlertParams(delay_s=120, context_delays_s={"sitting": 30}))
    assert rules.quiet_s(None) == 30
    assert rules.step(20.0, Held(0.0, 20.0), 600) == []
    assert rules.step(29.9, Held(0.0, 29.9, "sitting"), 600) == []  # the context may become known only later
    assert [d.kind for d in rules.step(30.0, Held(0.0, 30.0, "sitting"), 600)] == ["held"]
    assert rules.step(89.9, Held(0.0, 89.9, "upright"), 600) == []
    assert [d.kind for d in rules.step(90.0, Held(0.0, 90.0, "upright"), 600)] == ["held"]


def test_a_new_episode_is_waited_for_also_after_one_whose_reminder_was_withheld() -> None:
    rules = AlertRules(AlertParams(delay_s=60))
    rules.mute(True)
    assert [d.kind for d in rules.step(60.0, Held(0.0, 60.0), 600)] == ["withheld"]  # it is due again at 180 s
    rules.mute(False)
    assert rules.quiet_s(Held(0.0, 70.0)) <= 60.0  # a new one may begin at once
    assert rules.quiet_s(Held(75.0, 50.0)) == 10.0


BEND = Risky("fast_deep_bend", 100.0)
OFTEN = Risky("frequent_bends", 50.0)


def risky_rules(*, on: bool = True, per_hour: int = 4, manners: AlertRules | None = None) -> RiskyRules:
    return RiskyRules(RiskyParams(on=on, per_hour=per_hour), manners or AlertRules())


def test_movements_are_told_only_by_choice() -> None:
    rules = risky_rules(on=False)
    assert rules.step(101.0, [BEND], 600) + rules.step(102.0, [], 600) == []


def test_a_movement_is_told_once_and_that_it_is_over() -> None:
    rules, plan = risky_rules(), ((101.0, [BEND]), (101.1, [BEND]), (101.2, []), (101.3, []))
    assert [d for t_s, going_on in plan for d in rules.step(t_s, going_on, 0)] == [
        Decision(101.0, "risky", 100.0, "", "fast_deep_bend"),
        Decision(101.2, "back", 100.0, "", "fast_deep_bend"),
    ]


def test_frequent_bends_are_neither_over_nor_told_anew_when_a_fast_one_is_among_them() -> None:
    rules, plan = risky_rules(), ((99.0, [OFTEN]), (101.0, [BEND, OFTEN]), (102.0, [OFTEN]), (400.0, []))
    told = [(d.kind, d.movement) for t_s, going_on in plan for d in rules.step(t_s, going_on, 0)]
    assert told == [
        ("risky", "frequent_bends"),
        ("risky", "fast_deep_bend"),
        ("back", "fast_deep_bend"),
        ("back", "frequent_bends"),
    ]


@pytest.mark.parametrize(
    ("prepare", "minute", "reason"),
    [
        (lambda m: m.mute(True), 600, "muted"),
        (lambda m: m.snooze(1e9), 600, "paused"),
        (lambda m: None, 23 * 60, "quiet hours"),
    ],
)
def test_who_silences_reminders_silences_these_too(prepare, minute: int, reason: str) -> None:
    manners = AlertRules(AlertParams(quiet_start_min=22 * 60, quiet_end_min=6 * 60))
    prepare(manners)
    rules = risky_rules(manners=manners)
    told = rules.step(101.0, [BEND], minute) + rules.step(102.0, [], minute)
    assert told == [Decision(101.0, "withheld", 100.0, reason, "fast_deep_bend")]


def test_movements_have_a_limit_of_their_own() -> None:
    manners = AlertRules(AlertParams(per_hour=0))
    rules = risky_rules(per_hour=2, manners=manners)
    told = []
    for k in range(3):
        told += rules.step(100.0 + 10 * k, [Risky("fast_deep_bend", 100.0 + 10 * k)], 0)
        told += rules.step(105.0 + 10 * k, [], 0)
    assert [(d.kind, d.reason) for d in told][-1] == ("withheld", "enough for this hour")
    assert [d.kind for d in told] == ["risky", "back", "risky", "back", "withheld"]
    assert [d.kind for d in rules.step(3710.0, [Risky("fast_deep_bend", 3710.0)], 0)] == ["risky"]
