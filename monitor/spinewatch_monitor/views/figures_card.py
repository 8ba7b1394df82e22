"""The main figures of a recording as a table beside the charts: groups with their time, one row a figure."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QTableWidgetItem, QWidget

from spinewatch_monitor.views.chart_table import Table
from spinewatch_monitor.views.number_table import NumberTable
from spinewatch_monitor.views.review_figures import Figure, Section
from spinewatch_monitor.views.theme import font
from spinewatch_monitor.views.widgets import column, line, set_text, text_label

CHOOSE = "Up and down choose a figure; what it means is said here."
NOT_KEPT = "This recording was analysed before these figures were kept."
_MEANING_LINES_PX = 58
_ROW_PX = 25


class FiguresTable(NumberTable):
    """Groups and their figures; the row that is chosen says what it means.

    A group that is blank says why, once, in place of its figures.
    """

    def __init__(self) -> None:
        super().__init__(("Figure", "Value"), "Figures of the recording")
        self.horizontalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.verticalHeader().setDefaultSectionSize(_ROW_PX)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrap(True)
        self.meanings: list[str] = []
        self._reasons: list[int] = []

    def show_sections(self, sections: Sequence[Section]) -> None:
        """Show other figures."""
        self.blockSignals(True)
        self.clearSelection()
        self.clearSpans()
        self.setRowCount(0)
        self.meanings, self._reasons = [], []
        for section in sections:
            self._add_head(section)
            for figure in section.figures:
                self._add(figure.name, figure.value, f"{figure.name}: {figure.value}. {figure.meaning}")
        self.blockSignals(False)
        self._fit_reasons()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A reason takes as many lines as it needs."""
        super().resizeEvent(event)
        self._fit_reasons()

    def _fit_reasons(self) -> None:
        for row in self._reasons:
            self.resizeRowToContents(row)

    def _add_head(self, section: Section) -> None:
        told = section.reason and f"Blank: {section.reason}."
        meaning = " ".join(part for part in (f"{section.title}.", section.note and f"{section.note}.", told) if part)
        self._add(f"{section.title} · {section.note}" if section.note else section.title, "", meaning, "label_strong")
        self.setSpan(self.rowCount() - 1, 0, 1, 2)
        if section.reason:
            self._add(told, "", meaning)
            self.setSpan(self.rowCount() - 1, 0, 1, 2)
            self._reasons.append(self.rowCount() - 1)

    def _add(self, name: str, value: str, meaning: str, style: str = "label") -> None:
        row = self.rowCount()
        self.insertRow(row)
        self.meanings.append(meaning)
        sides = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight)
        fonts: tuple[QFont, QFont] = (font(style), font("label" if style == "label" else "note"))
        for place, text in enumerate((name, value)):
            item = QTableWidgetItem(text)
            item.setFont(fonts[place])
            item.setTextAlignment(sides[place] | Qt.AlignmentFlag.AlignVCenter)
            item.setToolTip(meaning)
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, meaning)
            self.setItem(row, place, item)


class FiguresPanel(QWidget):
    """The table, and below it what the chosen figure means."""

    def __init__(self) -> None:
        super().__init__()
        self.table = FiguresTable()
        self.meaning = text_label(CHOOSE, "note", "3", wrap=True)
        self.meaning.setMinimumHeight(_MEANING_LINES_PX)
        self.meaning.setAlignment(Qt.AlignmentFlag.AlignTop)
        layout = column(spacing=6)
        layout.addWidget(self.table, 1)
        layout.addWidget(line())
        layout.addWidget(self.meaning)
        self.setLayout(layout)
        self._sections: tuple[Section, ...] = ()
        self.table.itemSelectionChanged.connect(self._say)

    def show_sections(self, sections: Sequence[Section]) -> None:
        """Show another recording's figures."""
        self._sections = tuple(sections) or (Section("Figures", "", NOT_KEPT.rstrip("."), ()),)
        self.table.show_sections(self._sections)
        set_text(self.meaning, CHOOSE)

    def numbers(self) -> Table:
        """The same as rows for the table of the page, each with its time, meaning or reason."""
        rows = [row for section in self._sections for row in _rows(section)]
        return Table("Figures", ("Group", "Figure", "Value", "Meaning"), tuple(rows))

    def _say(self) -> None:
        row = self.table.currentRow()
        chosen = bool(self.table.selectionModel().selectedRows())
        set_text(self.meaning, self.table.meanings[row] if chosen else CHOOSE)


def _rows(section: Section) -> list[tuple[str, str, str, str]]:
    title = f"{section.title}, {section.note}" if section.note else section.title
    blank = [Figure("–", "–", section.reason)] if section.reason else []
    return [(title, figure.name, figure.value, figure.meaning) for figure in (*blank, *section.figures)]
