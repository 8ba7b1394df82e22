"""The small charts of Trends: two side by side, or below each other where it is narrow."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from spinewatch_monitor.views.trends_charts import DaysChart
from spinewatch_monitor.views.widgets import column, row, text_label

ONE_COLUMN_BELOW_PX = 560
_MOST_COLUMNS = 2


class SmallCharts(QWidget):
    """Charts with their titles; the last one alone in its row is as wide as both.

    Args:
        charts: in order of importance.
    """

    def __init__(self, charts: Sequence[DaysChart]) -> None:
        super().__init__()
        self._parts = [_titled(chart) for chart in charts]
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(18)
        self._grid.setVerticalSpacing(6)
        self.columns = 0
        self._place(_MOST_COLUMNS)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """One below the other where two have no room."""
        self._place(1 if self.width() < ONE_COLUMN_BELOW_PX else _MOST_COLUMNS)
        super().resizeEvent(event)

    def _place(self, columns: int) -> None:
        if columns == self.columns:
            return
        self.columns = columns
        for place, part in enumerate(self._parts):
            alone = place == len(self._parts) - 1 and place % columns == 0
            self._grid.addWidget(part, *divmod(place, columns), 1, columns if alone else 1)
        for place in range(_MOST_COLUMNS):
            self._grid.setColumnStretch(place, 1 if place < columns else 0)


def _titled(chart: DaysChart) -> QWidget:
    title, unit = text_label(chart.measure.title, "body_strong"), text_label(chart.measure.unit, "note", "3")
    unit.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    heading = row(title)
    heading.addWidget(unit, 1)
    part, layout = QWidget(), column()
    layout.addLayout(heading)
    layout.addWidget(chart, 1)
    part.setLayout(layout)
    return part
