"""Trends: what it says about days, and what it draws and opens."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from made_review import Asked
from spinewatch_monitor.views.theme import apply_theme
from spinewatch_monitor.views.tokens import SIDEBAR_COMPACT_PX, THEMES, WINDOW_MIN_PX
from spinewatch_monitor.views.trends import TrendsPage
from spinewatch_monitor.views.trends_charts import DaysChart, round_top
from spinewatch_monitor.views.trends_small import SmallCharts
from spinewatch_monitor.views.trends_words import (
    AWAY,
    CHANGES,
    EARLY,
    REAL,
    SITTING,
    STILL,
    WALKING,
    WITHIN,
    TrendsDay,
    compare,
    day_reason,
    day_words,
    eyebrow,
    first_week,
    headline,
    steps_text,
)

FIRST = date(2026, 10, 23)


def days(rates: list[float | None], worn_h: float = 7.5) -> list[TrendsDay]:
    """One day after another; None is a day that was not worn."""
    return [
        TrendsDay(FIRST + timedelta(k), worn_h * 3600, 30.0, 35 * 60.0, rate, path=f"{k}.mcap")
        for k, rate in enumerate(rates)
        if rate is not None
    ]


def last(rows: list[TrendsDay]) -> date:
    return rows[-1].day


# -- words, without a screen -------------------------------------------------------------------------------------------


def test_a_change_beyond_the_error_is_real() -> None:
    rows = days([8.0, 8.4, 8.6, 8.2, 8.5, 8.3, 8.4, 10.4, 10.8, 10.6, 10.5, 10.2, 10.7, 10.6])
    found = compare(rows, CHANGES, last(rows))
    assert (found.first, found.now, found.verdict) == (8.4, 10.6, REAL)
    title, line = headline(rows, last(rows))
    assert title == "You change position more often than in your first week"
    assert line.startswith("8.4 times an hour then, 10.6 now.")


def test_a_change_within_the_error_is_none() -> None:
    rows = days([6.0, 11.0, 8.0, 10.0, 7.0, 9.0, 8.0, 7.0, 12.0, 8.0, 11.0, 9.0, 8.0, 10.0])
    found = compare(rows, CHANGES, last(rows))
    assert found.verdict == WITHIN
    assert found.spread == pytest.approx(1.96 * 1.75, abs=0.05)
    assert headline(rows, last(rows))[0] == "No clear change from your first week"


def test_days_that_do_not_vary_and_do_not_change_are_no_change() -> None:
    rows = days([8.0] * 14)
    assert compare(rows, CHANGES, last(rows)).verdict == WITHIN


@pytest.mark.parametrize("rates", [[8.0] * 7, [8.0, 8.5] + [None] * 5 + [12.0] * 7, [8.0] * 7 + [12.0, 12.0]])
def test_too_few_days_on_either_side_say_nothing(rates: list[float | None]) -> None:
    rows = days(rates)
    assert compare(rows, CHANGES, last(rows)).verdict == EARLY
    title, line = headline(rows, last(rows))
    assert title == "Too early to say where this is going"
    assert "3 days of at least 4 h" in line


def test_a_short_day_has_no_figure_and_says_why() -> None:
    [short] = days([9.0], worn_h=2.0)
    assert CHANGES.shown(short) is None
    assert day_words(short, short.day) == "Friday 23 October: worn 2 h 00 min: under 4 h, no figure"
    assert first_week([short]) is None
    assert compare([short], AWAY, short.day).verdict == EARLY


def test_a_day_in_words() -> None:
    [day] = days([9.25])
    said = "Friday 23 October: 9.2 changes an hour, 35 minutes still at longest, 30 % away, worn 7 h 30 min"
    assert day_words(day, day.day) == said
    assert day_words(None, date(2026, 10, 24)) == "Saturday 24 October: not worn"


def test_a_day_tells_walking_and_sitting_where_these_are_known() -> None:
    [day] = days([9.25])
    known = replace(day, steps=3973, walking_s=35 * 60.0, sitting_percent=71.6)
    assert "35 minutes walking, 3,973 steps, 72 % sitting, worn" in day_words(known, day.day)
    assert (WALKING.shown(known), SITTING.shown(known), steps_text(known)) == (35.0, 71.6, "3,973")


def test_a_day_analysed_before_these_were_kept_shows_none() -> None:
    [old] = days([9.25])
    assert (WALKING.shown(old), SITTING.shown(old), steps_text(old)) == (None, None, "–")
    assert day_reason(old, SITTING) == "sitting and standing not known apart"


def test_the_line_above_counts_days_with_enough_wear() -> None:
    rows = days([9.0, None, 9.0]) + days([9.0], worn_h=1.0)
    assert eyebrow(rows[:2], FIRST, FIRST + timedelta(6)) == "23 October to 29 October · 2 days with enough wear"


@pytest.mark.parametrize(
    ("largest", "bars", "top", "step"),
    [(11.2, True, 15, 5), (46, False, 50, 50), (8.3, True, 10, 5), (0.5, True, 0.6, 0.2)],
)
def test_axes_end_at_round_values(largest: float, bars: bool, top: float, step: float) -> None:
    assert round_top(largest, bars) == (pytest.approx(top), pytest.approx(step))


# -- the page ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def page(qtbot: QtBot, asked: Asked) -> TrendsPage:
    page = TrendsPage(asked)
    qtbot.addWidget(page)
    page.resize(1224, 900)
    apply_theme(page, THEMES["light"])
    page.show()
    return page


def test_without_days_there_is_one_thing_to_do(page: TrendsPage, asked: Asked) -> None:
    page.empty.button.click()
    assert asked.asked == [("try_simulated",)]
    assert page.header.headline() == "Trends grow with your days"


def test_enter_and_click_open_the_day(qtbot: QtBot, page: TrendsPage) -> None:
    rows = days([8.0, None, 9.0])
    page.show_days(rows, last(rows))
    chart = page.charts[0]
    with qtbot.waitSignal(page.day_activated) as opened:
        qtbot.keyClick(chart, Qt.Key.Key_Return)
    assert opened.args == [rows[1]]
    x = next(x for x in range(chart.width()) if chart.day_at(x) == FIRST)
    with qtbot.waitSignal(page.day_activated) as opened:
        qtbot.mouseClick(chart, Qt.MouseButton.LeftButton, pos=QPoint(x + 4, chart.height() // 2))
    assert opened.args == [rows[0]]


def test_a_day_that_was_not_worn_opens_nothing(qtbot: QtBot, page: TrendsPage) -> None:
    rows = days([8.0, None, 9.0])
    page.show_days(rows, last(rows))
    opened: list[object] = []
    page.day_activated.connect(opened.append)
    qtbot.keyClick(page.charts[0], Qt.Key.Key_Left)
    qtbot.keyClick(page.charts[0], Qt.Key.Key_Return)
    assert opened == []
    assert page.charts[0].accessibleDescription() == "Saturday 24 October: not worn"
    assert not page.day_card.button.isEnabled()


def test_walking_and_sitting_have_their_charts(page: TrendsPage) -> None:
    rows = [replace(day, steps=4000, walking_s=2400.0, sitting_percent=75.0) for day in days([8.0, 9.0])]
    page.show_days([*rows, *days([None, None, 7.0])], last(rows) + timedelta(1))
    names = [chart.accessibleName() for chart in page.charts]
    assert names[2] == "Walking (minutes): 2 days, 40 to 40"
    assert names[4] == "Sitting (% of sitting and standing): 2 days, 75 to 75"


def test_the_page_needs_no_more_width_than_the_smallest_window_has(page: TrendsPage) -> None:
    rows = days([8.0] * 9)
    page.show_days(rows, last(rows))
    assert page.minimumSizeHint().width() <= WINDOW_MIN_PX[0] - SIDEBAR_COMPACT_PX


@pytest.mark.parametrize(("width", "columns"), [(700, 2), (420, 1)])
def test_small_charts_stand_below_each_other_where_it_is_narrow(qtbot: QtBot, width: int, columns: int) -> None:
    part = SmallCharts([DaysChart(measure, dates=False) for measure in (STILL, WALKING, AWAY)])
    qtbot.addWidget(part)
    part.resize(width, 400)
    part.show()
    assert part.columns == columns
    assert part.minimumSizeHint().width() <= width


def test_simulated_days_show_only_while_there_are_no_others(page: TrendsPage) -> None:
    real = days([8.0, 9.0])
    made = [replace(day, day=day.day + timedelta(5), simulated=True) for day in real]
    page.show_days(made, last(made))
    assert len(page.charts[0].numbers().rows) == 2
    page.show_days([*real, *made], last(made))
    assert [row[0] for row in page.charts[0].numbers().rows] == ["Fri 23 October", "Sat 24 October"]


def test_week_and_month_and_the_days_before(page: TrendsPage) -> None:
    rows = days([8.0] * 40)
    page.show_days(rows, last(rows))
    assert page.shown_range() == (last(rows) - timedelta(27), last(rows))
    assert not page.after.isEnabled()
    page.before.click()
    assert page.shown_range()[1] == last(rows) - timedelta(28)
    assert not page.before.isEnabled()
    page.after.click()
    page.range.choose("week")
    page.range.chosen.emit("week")
    assert page.shown_range() == (last(rows) - timedelta(6), last(rows))


def test_the_table_says_the_same_and_opens_days(qtbot: QtBot, page: TrendsPage) -> None:
    rows = [*days([8.0, 9.5]), TrendsDay(FIRST + timedelta(2), 3600.0)]
    page.show_days(rows, last(rows))
    qtbot.keyClick(page.charts[0], Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    texts = [[page.table.item(r, c).text() for c in range(9)] for r in range(3)]
    assert texts[0] == ["Sun 25 October", "–", "–", "–", "–", "–", "–", "1 h 00 min", "under 4 h worn"]
    assert texts[1] == ["Sat 24 October", "9.5", "35", "30", "–", "–", "–", "7 h 30 min", ""]
    page.table.selectRow(1)
    with qtbot.waitSignal(page.day_activated) as opened:
        qtbot.keyClick(page.table, Qt.Key.Key_Return)
    assert opened.args == [rows[1]]


@pytest.mark.parametrize("theme", ["light", "dark", "high_contrast"])
def test_every_theme_draws(page: TrendsPage, theme: str) -> None:
    rows = days([8.0] * 5 + [None, None] + [9.0] * 6)
    page.show_days(rows, last(rows))
    apply_theme(page, THEMES[theme])
    picture = page.charts[0].grab().toImage()
    seen = {picture.pixelColor(x, picture.height() // 2).name().upper() for x in range(picture.width())}
    assert THEMES[theme].moving.upper() in seen


def test_charts_have_names_that_say_their_range(page: TrendsPage) -> None:
    rows = days([8.0, 9.5, 9.0])
    page.show_days(rows, last(rows))
    assert page.charts[0].accessibleName() == "Position changes an hour: 3 days, 8.0 to 9.5"
    assert page.charts[1].measure is STILL
    assert page.charts[0].numbers().rows[1] == ("Sat 24 October", "9.5")
