"""A plain table of figures: what every chart has as its other form."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from spinewatch_monitor.views.theme import font
from spinewatch_monitor.views.tokens import HIT_TARGET_DENSE_PX

_ROW_KEYS = (
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
    Qt.Key.Key_Tab,
    Qt.Key.Key_Backtab,
)


class NumberTable(QTableWidget):
    """A plain table of texts, right-aligned figures, whole rows selectable by keyboard.

    Args:
        columns: heads of the columns; the first is left-aligned.
        name: for screen readers.
    """

    def __init__(self, columns: Sequence[str], name: str) -> None:
        super().__init__(0, len(columns))
        self.setAccessibleName(name)
        self.setHorizontalHeaderLabels(list(columns))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setFont(font("label"))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(HIT_TARGET_DENSE_PX)
        header = self.horizontalHeader()
        header.setFont(font("axis"))
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if (first := self.horizontalHeaderItem(0)) is not None:
            first.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

    def sizeHint(self) -> QSize:
        """Four rows; the layout around gives it what room there is."""
        return QSize(240, 5 * HIT_TARGET_DENSE_PX)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Rows are chosen with up and down; every other key belongs to the page around."""
        if event.key() in _ROW_KEYS:
            super().keyPressEvent(event)
        else:
            event.ignore()

    def fill(self, rows: Sequence[Sequence[str]], tips: Sequence[str] = ()) -> None:
        """Show other rows.

        Args:
            rows: texts, one per column.
            tips: tooltip per row, or none at all.
        """
        self.blockSignals(True)
        self.clearSelection()
        self.setRowCount(len(rows))
        for i, texts in enumerate(rows):
            for j, text in enumerate(texts):
                item = QTableWidgetItem(text)
                side = Qt.AlignmentFlag.AlignLeft if j == 0 else Qt.AlignmentFlag.AlignRight
                item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
                if tips:
                    item.setToolTip(tips[i])
                self.setItem(i, j, item)
        self.blockSignals(False)
