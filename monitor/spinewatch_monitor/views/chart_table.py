"""Every chart's numbers as a table, on Ctrl+T: for screen readers, and for whoever wants the numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QTabWidget, QVBoxLayout, QWidget

from spinewatch_monitor.views.number_table import NumberTable
from spinewatch_monitor.views.theme import apply_theme
from spinewatch_monitor.views.tokens import Theme
from spinewatch_monitor.views.widgets import Button, row, text_label

ROWS_AT_MOST = 2000


@dataclass(frozen=True, slots=True)
class Table:
    """A chart in numbers: what it shows, its columns, its rows as they are read."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@runtime_checkable
class HasTable(Protocol):
    """A chart that can say its numbers."""

    def numbers(self) -> Table:
        """What is shown now, as a table."""


def tables_of(page: QWidget) -> list[Table]:
    """Tables of all charts that are seen on a page, in their order, without empty ones."""
    charts = [part for part in page.findChildren(QWidget) if part.isVisibleTo(page) and isinstance(part, HasTable)]
    return [table for table in (chart.numbers() for chart in charts) if table.rows]


def show_tables(page: QWidget, theme: Theme) -> QDialog:
    """Open the tables of a page in a window of their own; it does not stop what runs behind."""
    dialog = QDialog(page.window())
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle("Numbers behind the charts")
    dialog.setProperty("role", "page")
    dialog.resize(560, 520)
    layout = QVBoxLayout(dialog)
    tables = tables_of(page)
    if tables:
        tabs = QTabWidget()
        for table in tables:
            tabs.addTab(_widget(table), table.title)
        layout.addWidget(tabs)
    else:
        layout.addWidget(text_label("Nothing is drawn on this page yet.", "body", "2"))
        layout.addStretch(1)
    close = Button("Close", key="Esc")
    close.clicked.connect(dialog.close)
    layout.addLayout(row(None, close))
    apply_theme(dialog, theme)
    dialog.show()
    return dialog


def _widget(table: Table) -> NumberTable:
    widget = NumberTable(table.columns, table.title)
    widget.fill(table.rows[:ROWS_AT_MOST])
    return widget
