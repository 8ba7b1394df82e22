"""Two cards of Today: the figures of the day, and the next gentle goal."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from spinewatch_monitor.updates import DayMovement, TodayFigures
from spinewatch_monitor.views import today_facts, today_words
from spinewatch_monitor.views.chart_table import Table
from spinewatch_monitor.views.meters import IconBox, Pips
from spinewatch_monitor.views.widgets import Card, Stat, column, line, row, set_text, text_label

TWO_ROWS_BELOW_PX = 560
FACTS_IN_A_ROW, FACTS_WHEN_NARROW = 5, 3


class FactCell(QWidget):
    """One small figure: label, value, note; what it means, or why it is blank, where it is pointed at."""

    def __init__(self, label: str) -> None:
        super().__init__()
        self._name = label
        self._value, self._note = text_label("–", "value"), text_label("", "note", "3")
        self.setLayout(column(text_label(label, "label", "2"), self._value, self._note))

    def show_fact(self, fact: today_facts.Fact) -> None:
        """Show another value."""
        set_text(self._value, fact.value)
        set_text(self._note, fact.note)
        name = f"{self._name}: {fact.value} {fact.note}. {fact.meaning}"
        if self.accessibleName() != name:
            self.setAccessibleName(name)
            self.setToolTip(fact.meaning)


class DayFacts(QWidget):
    """How the day was spent, in five small figures."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("How the day was spent")
        self.cells = {label: FactCell(label) for label in today_facts.LABELS}
        self._facts: tuple[today_facts.Fact, ...] = ()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(10)
        self._columns = 0
        self.place(FACTS_IN_A_ROW)

    def place(self, columns: int) -> None:
        """So many side by side."""
        if columns == self._columns:
            return
        self._columns = columns
        for place, cell in enumerate(self.cells.values()):
            at = divmod(place, columns)
            self._grid.addWidget(cell, *at, Qt.AlignmentFlag.AlignTop)
        for place in range(FACTS_IN_A_ROW):
            self._grid.setColumnStretch(place, 1 if place < columns else 0)

    def show_movement(self, movement: DayMovement) -> None:
        """Show the day so far."""
        self._facts = today_facts.facts(movement)
        for cell, fact in zip(self.cells.values(), self._facts, strict=True):
            cell.show_fact(fact)

    def numbers(self) -> Table:
        """The same as rows, each with its meaning or the reason why it is blank."""
        rows = zip(today_facts.LABELS, self._facts, strict=False)
        return Table("How the day was spent", ("", "", "", ""), tuple((n, f.value, f.note, f.meaning) for n, f in rows))


class Stats(Card):
    """The four figures in order of importance, and five small ones below; fewer side by side when narrow."""

    def __init__(self) -> None:
        super().__init__(margins=(20, 16, 20, 14))
        self.changes, self.longest = Stat("Position changes"), Stat("Longest still stretch")
        self.still_now, self.away = Stat("Still now"), Stat("Time away")
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(18)
        self._grid.setVerticalSpacing(14)
        self._lines = [line(vertical=True) for _ in range(3)]
        self.body.addLayout(self._grid)
        self.facts = DayFacts()
        self.body.addSpacing(12)
        self.body.addWidget(line())
        self.body.addSpacing(10)
        self.body.addWidget(self.facts)
        self._columns = 0
        self._place(4)
        self.setAccessibleName("The day in figures")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Two rows where four have no room."""
        self._place(2 if self.width() < TWO_ROWS_BELOW_PX else 4)
        super().resizeEvent(event)

    def _place(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        self.facts.place(FACTS_WHEN_NARROW if columns < 4 else FACTS_IN_A_ROW)
        for place, stat in enumerate((self.changes, self.longest, self.still_now, self.away)):
            self._grid.addWidget(stat, place // columns, 2 * (place % columns))
        for place, hairline in enumerate(self._lines):
            hairline.setVisible(place + 1 < columns)
            self._grid.addWidget(hairline, 0, 2 * place + 1, -1, 1)
        for place in range(4):
            self._grid.setColumnStretch(2 * place, 1 if place < columns else 0)

    def show_figures(self, figures: TodayFigures, utc_offset_s: float) -> None:
        """Each figure with its note, or blank with its reason."""
        for stat, told in (
            (self.changes, today_words.position_changes(figures)),
            (self.longest, today_words.longest_still(figures, utc_offset_s)),
            (self.still_now, today_words.still_now(figures)),
            (self.away, today_words.time_away(figures)),
        ):
            stat.show_value(*told)
        self.facts.show_movement(figures.movement)


class Goal(Card):
    """One gentle thing next: when to move, from how long the wearer has been still."""

    def __init__(self) -> None:
        super().__init__(margins=(18, 13, 18, 13))
        self._words = text_label("–", "title")
        self._pips = Pips()
        layout = row(IconBox("footprints", "moving"), spacing=14)
        layout.addLayout(column(text_label("Next gentle goal", "label", "2"), self._words), 1)
        layout.addWidget(self._pips)
        self.body.addLayout(layout)

    def show_goal(self, text: str, share: float) -> None:
        """Words, and how much of the still time has passed."""
        set_text(self._words, text)
        self._pips.show_share(share)
        self.setAccessibleName(f"Next gentle goal: {text}")
