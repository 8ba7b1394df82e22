"""How the day was spent, on Today: small figures, each with what it means or why it is blank."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from made_review import Asked
from made_today import FIGURES, NOON, frames, update
from spinewatch_monitor.day_so_far import with_earlier
from spinewatch_monitor.storage.trend_days import TrendDay
from spinewatch_monitor.today_figures import today_figures
from spinewatch_monitor.updates import DayMovement
from spinewatch_monitor.views import today_words
from spinewatch_monitor.views.theme import apply_theme
from spinewatch_monitor.views.today import TodayPage
from spinewatch_monitor.views.today_cards import DayFacts, Stats
from spinewatch_monitor.views.today_facts import LABELS, facts
from spinewatch_monitor.views.tokens import THEMES
from spinewatch_signal.day_summary import DayCounter
from spinewatch_signal.posture import Doubt, Metric
from spinewatch_signal.slouch import SlouchMachine
from spinewatch_signal.summary_params import SITTING_UNDECIDED

VALID_S = 4 * 3600.0
MOVED = DayMovement(
    steps=Metric(3120.0, VALID_S),
    walking_s=Metric(34 * 60.0, VALID_S),
    sitting_s=Metric(130 * 60.0, VALID_S),
    standing_s=Metric(40 * 60.0, VALID_S),
    undecided_s=22 * 60.0,
    breaks=Metric(6.0, VALID_S),
    longest_sitting_s=Metric(48 * 60.0, VALID_S),
    shifts_per_15min=Metric(4.2, VALID_S),
)
UNDECIDED = Metric(None, VALID_S, SITTING_UNDECIDED)
EARLIER = TrendDay(
    day="2026-11-19", worn_s=7200.0, valid_s=7200.0, away_s=None, away_percent=None, longest_still_s=None,
    longest_still_span=None, position_changes_per_h=None, episodes=0, recordings=(), simulated=False, reason=None,
)  # fmt: skip


def said(movement):
    return {label: (fact.value, fact.note) for label, fact in zip(LABELS, facts(movement), strict=True)}


def test_five_small_figures():
    assert said(MOVED) == {
        "Walking": ("34 min", "3,120 steps"),
        "Sitting": ("2 h 10", "longest 48 min"),
        "Standing": ("40 min", "22 min unsure"),
        "Breaks": ("6", "from sitting"),
        "Small shifts": ("4", "in 15 minutes"),
    }


def test_where_sitting_is_not_known_the_time_upright_is_told():
    blank = replace(MOVED, sitting_s=UNDECIDED, standing_s=UNDECIDED, breaks=UNDECIDED, undecided_s=3 * 3600.0)
    assert said(blank)["Sitting"] == ("–", "not sure which")
    assert said(blank)["Standing"] == ("–", "3 h 00 upright")
    standing = facts(blank)[2].meaning
    assert standing.startswith("Sitting and standing cannot be told apart")
    assert "not known whether sitting or standing" in standing


@pytest.mark.parametrize("reason", ["no data yet", "no calibration: angles have no meaning yet"])
def test_blank_figures_say_why(reason):
    for fact in facts(DayMovement.blank(reason)):
        assert fact.value == "–"
        assert fact.meaning == f"{reason.capitalize()}."


def test_without_frames_nothing_is_claimed():
    figures = today_figures(DayCounter().summary(SlouchMachine(), NOON))
    assert figures.movement.walking_s.value is None
    assert figures.movement.sitting_s.reason
    assert figures.movement.breaks.value is None


def test_the_morning_is_added_and_told_as_final():
    now = replace(FIGURES, movement=MOVED)
    morning = replace(
        EARLIER, steps=880, walking_s=600.0, sitting_s=3000.0, standing_s=600.0, breaks=2, longest_sitting_s=3600.0
    )
    day = with_earlier(now, morning)
    assert (day.movement.steps.value, day.movement.walking_s.value) == (4000.0, 44 * 60.0)
    assert (day.movement.sitting_s.value, day.movement.breaks.value) == (180 * 60.0, 8.0)
    assert day.movement.longest_sitting_s.value == 3600.0
    assert day.final_s == 7200.0
    assert today_words.eyebrow(NOON, day.worn_s, 0.0, day.final_s).endswith("worn 6 h 00 · 2 h 00 final, the rest live")


def test_a_morning_analysed_by_an_older_version_takes_nothing_away():
    assert with_earlier(replace(FIGURES, movement=MOVED), EARLIER).movement == MOVED
    assert not today_words.eyebrow(NOON, 3600.0, 0.0).endswith("live")


def test_the_morning_alone_is_told_before_the_session_knows_anything():
    young = replace(FIGURES, movement=DayMovement.blank("no data yet"))
    assert with_earlier(young, replace(EARLIER, steps=880)).movement.steps == Metric(880.0, 7200.0)


def test_the_card_says_each_with_its_meaning(qtbot):
    card = Stats()
    qtbot.addWidget(card)
    apply_theme(card, THEMES["light"])
    card.show_figures(replace(FIGURES, movement=replace(MOVED, sitting_s=UNDECIDED)), 0.0)
    walking, sitting = card.facts.cells["Walking"], card.facts.cells["Sitting"]
    assert walking.accessibleName().startswith("Walking: 34 min 3,120 steps. Time that was walking")
    assert sitting.toolTip() == "Sitting and standing cannot be told apart for too much of the time."
    assert sitting.toolTip() in sitting.accessibleName()
    assert card.facts.numbers().rows[3][:3] == ("Breaks", "6", "from sitting")


@pytest.mark.parametrize(("columns", "last"), [(5, (0, 4)), (3, (1, 1))])
def test_narrow_cards_break_the_row(qtbot, columns, last):
    row = DayFacts()
    qtbot.addWidget(row)
    row.place(columns)
    grid = row.layout()
    assert grid.getItemPosition(grid.indexOf(row.cells["Small shifts"]))[:2] == last


def test_changes_of_position_are_seen_below_the_day(qtbot):
    widget = TodayPage(Asked(), reduced_motion=True)
    qtbot.addWidget(widget)
    widget.show()
    moments = (NOON - 900.0, NOON - 60.0)
    widget.apply(update(today=replace(FIGURES, position_changes_s=moments)))
    assert np.diff(widget.chart.rug._t_s).tolist() == [840.0]


def test_what_is_uncertain_has_its_key_only_while_there_is_any(qtbot):
    widget = TodayPage(Asked(), reduced_motion=True)
    qtbot.addWidget(widget)
    widget.show()
    widget.apply(update())
    assert not widget.legend.accessibleName().startswith("Key: uncertain")
    told = frames(NOON + np.arange(0.0, 30.0, 0.1))
    widget.begin_session(0.0)
    widget._day_clock.invalidate()
    widget.apply(update(frames=replace(told, doubt=np.full(len(told), Doubt.REFERENCE, np.uint8))))
    assert widget.legend.accessibleName().startswith("Key: uncertain, near your reference")


def test_an_update_brings_them(qtbot):
    card = Stats()
    qtbot.addWidget(card)
    card.show_figures(update().today, 0.0)
    assert card.facts.cells["Walking"].accessibleName() == "Walking: – not known yet. No data yet."
