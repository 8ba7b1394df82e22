"""Trends: day by day; movement first, time away last, and one sentence that says what it amounts to.

Keys: ← → choose a day, Enter opens it in Review, Ctrl+T shows the same as a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from spinewatch_monitor.views import trends_words as words
from spinewatch_monitor.views.actions import Actions
from spinewatch_monitor.views.clock import duration_text
from spinewatch_monitor.views.number_table import NumberTable
from spinewatch_monitor.views.page import Page, PageHeader
from spinewatch_monitor.views.review_states import Notice
from spinewatch_monitor.views.side_columns import ICON_BUTTON_PX, SideColumns
from spinewatch_monitor.views.trends_charts import DaysChart
from spinewatch_monitor.views.trends_panels import ComparisonCard, DayCard, TrendsLegend
from spinewatch_monitor.views.trends_small import SmallCharts
from spinewatch_monitor.views.trends_words import AWAY, CHANGES, COMPARED, SITTING, STILL, WALKING, WORN, TrendsDay
from spinewatch_monitor.views.widgets import Button, Card, Segmented, Tag, column, text_label

_RANGES = {"week": 7, "month": 28}
_SIDE_COLUMN_PX = 348
_STACK_BELOW_PX = 780
_TABLE_HEADS = (
    "Day", "Changes an hour", "Longest still, min", "Time away, %", "Walking, min", "Steps", "Sitting, %",
    "Worn", "Note",
)  # fmt: skip


class TrendsPage(Page):
    """The days of the library.

    Args:
        actions: the empty state's one thing to do is to look round with a simulated day.
    """

    day_activated = Signal(object)
    """A day to open in Review, a `TrendsDay`."""

    def __init__(self, actions: Actions) -> None:
        super().__init__(PageHeader())
        self.setAccessibleName("Trends")
        self._actions = actions
        self._days: dict[date, TrendsDay] = {}
        self._today = self._last = date(2000, 1, 1)
        self._make_parts()
        self._lay_out()
        self._connect()
        self.show_days((), self._today)

    def shown_range(self) -> tuple[date, date]:
        """First and last day shown."""
        return self._last - timedelta(_RANGES[self.range.current()] - 1), self._last

    def show_days(self, days: Sequence[TrendsDay], today: date) -> None:
        """Show what the library holds; simulated days only while there are no others, for they count as nobody's.

        Args:
            days: one row a day, in any order.
            today: the last day that can be shown.
        """
        worn = [day for day in days if not day.simulated]
        self._days = {day.day: day for day in worn or days}
        self._today = max([today, *self._days])
        self._last = max([*self._days, self._today - timedelta(10_000)]) if self._days else self._today
        self._stack.setCurrentWidget(self._columns if days else self.empty)
        for part in (self._table_button, self.range, self.before, self.after):
            part.setVisible(bool(days))
        self._choose(max(self._days) if self._days else None)
        self._refresh()

    def toggle_table(self) -> None:
        """Ctrl+T: the charts as a table, and back."""
        shown = self._views.currentWidget() is self._table_card
        self._views.setCurrentWidget(self._charts if shown else self._table_card)
        (self.charts[0] if shown else self.table).setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._table_button.setText("Table" if shown else "Charts")
        self._table_button.set_icon("table" if shown else "chart-column")

    def showEvent(self, event: QShowEvent) -> None:
        """The keyboard is at the days at once."""
        super().showEvent(event)
        self.charts[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def event(self, event: QEvent) -> bool:
        """Keep Ctrl+T from the window: this page has its table in its own place."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _is_table_key(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+T, and Enter on a row of the table."""
        if _is_table_key(event):
            self.toggle_table()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.table.hasFocus():
            self._open_row(self.table.currentRow())
        else:
            event.ignore()

    def _make_parts(self) -> None:
        self._simulated = Tag("Simulated", "moving")
        self.range = Segmented([("week", "Week"), ("month", "Month")], "Days shown")
        self.range.choose("month")
        self.before, self.after = Button("", "chevron-left"), Button("", "chevron-right")
        for button, name in ((self.before, "Days before these"), (self.after, "Days after these")):
            button.setAccessibleName(name)
            button.setToolTip(name)
            button.setFixedWidth(ICON_BUTTON_PX)
        self._table_button = Button("Table", "table", key="Ctrl+T")
        self.charts = [DaysChart(m, dates=m is CHANGES) for m in (CHANGES, STILL, WALKING, AWAY, SITTING, WORN)]
        self.table = NumberTable(_TABLE_HEADS, "Days and their figures")
        self.comparison, self.day_card = ComparisonCard(), DayCard()
        self.empty = Notice("chart-column", "accent", "Try a simulated day")
        self.empty.say(
            "No days yet", "Each day you wear a sensor adds a column here. Or look round with a simulated day."
        )
        self._stack, self._views = QStackedWidget(), QStackedWidget()

    def _lay_out(self) -> None:
        main = Card(CHANGES.title)
        main.header.addWidget(text_label("bars: days · dotted: your first week", "note", "3"))
        main.body.addSpacing(6)
        main.body.addWidget(self.charts[0], 1)
        others = Card(margins=(20, 14, 20, 12))
        others.body.addWidget(SmallCharts(self.charts[1:]), 1)
        others.body.addSpacing(6)
        others.body.addWidget(TrendsLegend())
        self._charts = QWidget()
        charts = column(spacing=18)
        charts.addWidget(main, 5)
        charts.addWidget(others, 7)
        self._charts.setLayout(charts)
        self._table_card = Card("Day by day")
        self._table_card.body.addSpacing(6)
        self._table_card.body.addWidget(self.table, 1)
        self._views.addWidget(self._charts)
        self._views.addWidget(self._table_card)
        side = QWidget()
        side.setLayout(column(self.comparison, self.day_card, None, spacing=14))
        self._columns = SideColumns(side, _SIDE_COLUMN_PX, _STACK_BELOW_PX)
        self._columns.flow.addWidget(self._views, 1)
        self._columns.flow.addWidget(side)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._columns)
        self.content.addWidget(self._stack, 1)
        self.header.add(self._simulated, self._table_button, self.range, self.before, self.after)

    def _connect(self) -> None:
        self.empty.asked.connect(self._actions.try_simulated)
        self.range.chosen.connect(lambda _key: self._refresh())
        self.before.clicked.connect(lambda: self._move(-1))
        self.after.clicked.connect(lambda: self._move(1))
        self._table_button.clicked.connect(self.toggle_table)
        self.table.cellDoubleClicked.connect(lambda r, _column: self._open_row(r))
        self.table.itemSelectionChanged.connect(lambda: self._choose(self._row_day(self.table.currentRow())))
        self.day_card.opened.connect(lambda: self._open(self.charts[0].chosen))
        for chart in self.charts:
            chart.day_chosen.connect(self._choose)
            chart.day_activated.connect(self._open)

    def _refresh(self) -> None:
        days = list(self._days.values())
        first, last = self.shown_range()
        if not days:
            self._simulated.hide()
            self.header.say("", "Trends grow with your days", "After a few days worn, this page compares them.")
            return
        self.header.say(words.eyebrow(days, first, last), *words.headline(days, last))
        shown = [day for day in days if first <= day.day <= last]
        self._simulated.setVisible(any(day.simulated for day in shown))
        comparisons = {m: words.compare(days, m, last) for m in COMPARED}
        self.comparison.show_comparisons(list(comparisons.values()))
        week = words.first_week(days)
        if week is not None and max(self._days) < week[1]:
            week = None  # until there is something to compare it with, the first week is simply the days there are
        for chart in self.charts:
            found = comparisons.get(chart.measure)
            chart.show_days(
                shown, first, (last - first).days + 1, week, None if found is None or week is None else found.first
            )
        self.table.fill([_table_row(day) for day in self._newest_first()])
        self.before.setEnabled(any(day < first for day in self._days))
        self.after.setEnabled(last < self._today)

    def _newest_first(self) -> list[TrendsDay]:
        first, last = self.shown_range()
        return sorted((d for d in self._days.values() if first <= d.day <= last), key=lambda d: d.day, reverse=True)

    def _move(self, direction: int) -> None:
        self._last = min(self._last + timedelta(direction * _RANGES[self.range.current()]), self._today)
        self._refresh()

    def _choose(self, day: date | None) -> None:
        for chart in self.charts:
            chart.choose(day)
        self.day_card.show_day(day, None if day is None else self._days.get(day))

    def _row_day(self, number: int) -> date | None:
        days = self._newest_first()
        return days[number].day if 0 <= number < len(days) else None

    def _open_row(self, number: int) -> None:
        self._open(self._row_day(number))

    def _open(self, day: date | None) -> None:
        if day is not None and day in self._days:
            self.day_activated.emit(self._days[day])


def _table_row(day: TrendsDay) -> tuple[str, ...]:
    figures = [measure.text(measure.shown(day)) for measure in (CHANGES, STILL, AWAY, WALKING)]
    figures += [words.steps_text(day), SITTING.text(SITTING.shown(day)), duration_text(day.worn_s)]
    note = "under 4 h worn" if not day.counted else day.reason or ("simulated" if day.simulated else "")
    return (f"{day.day:%a} {words.date_text(day.day)}", *figures, note)


def _is_table_key(event: QKeyEvent) -> bool:
    return event.key() == Qt.Key.Key_T and bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
