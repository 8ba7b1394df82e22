"""What stands beside the charts of Trends: the comparison with the first week, the day that is chosen, the key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from spinewatch_monitor.views.clock import duration_text
from spinewatch_monitor.views.plot_items import hatch_brush
from spinewatch_monitor.views.theme import colour, font
from spinewatch_monitor.views.tokens import LIGHT, Theme
from spinewatch_monitor.views.trends_words import (
    COMPARED,
    EARLY,
    REAL,
    SITTING,
    WALKING,
    Comparison,
    Measure,
    TrendsDay,
    date_text,
    day_reason,
    steps_text,
)
from spinewatch_monitor.views.widgets import Button, Card, Tag, column, line, row, set_text, text_label

_WIDEST_SIGN_PX = 28
_DAY_MEASURES = (*COMPARED, WALKING, SITTING)


class _ComparisonRow(QWidget):
    def __init__(self, measure: Measure) -> None:
        super().__init__()
        self._measure = measure
        self._figures, self._verdict = text_label("–", "value"), Tag(EARLY, "gap")
        self._note = text_label("", "note", "3", wrap=True)
        unit = text_label(measure.unit, "note", "3")
        layout = column(line(), 8, text_label(measure.title, "label", "2"))
        layout.addLayout(row(self._figures, unit, None, self._verdict, spacing=6))
        layout.addWidget(self._note)
        layout.addSpacing(8)
        self.setLayout(layout)

    def show_comparison(self, comparison: Comparison) -> None:
        text = self._measure.text
        set_text(self._figures, f"{text(comparison.first)} → {text(comparison.now)}")
        self._verdict.set_tag(comparison.verdict, "moving" if comparison.verdict == REAL else "gap")
        spread = comparison.spread
        note = "" if spread is None or comparison.verdict == REAL else f"Days vary by ± {text(spread)}."
        set_text(self._note, note)
        self._note.setVisible(bool(note))
        self.setAccessibleName(f"{self._measure.title}: {self._figures.text()}, {comparison.verdict}. {note}".strip())


class ComparisonCard(Card):
    """The first week against the last seven days shown, each with its verdict."""

    def __init__(self) -> None:
        super().__init__("First week and this week", margins=(20, 14, 20, 6))
        self.header.addWidget(text_label("medians", "note", "3"))
        self.body.addSpacing(8)
        self._rows = [_ComparisonRow(measure) for measure in COMPARED]
        for part in self._rows:
            self.body.addWidget(part)

    def show_comparisons(self, comparisons: Sequence[Comparison]) -> None:
        """Show one comparison per compared measure, in order."""
        for part, comparison in zip(self._rows, comparisons, strict=True):
            part.show_comparison(comparison)


class DayCard(Card):
    """The day that is chosen: its figures, and the way to its recording."""

    opened = Signal()

    def __init__(self) -> None:
        super().__init__(margins=(20, 14, 20, 16))
        self._date, self._simulated = text_label("", "title"), Tag("Simulated", "moving")
        self._reason = text_label("", "note", "3", wrap=True)
        self.button = Button("Open in Review", "chart-gantt", key="Enter")
        self.button.clicked.connect(self.opened)
        self.body.addLayout(row(self._date, None, self._simulated))
        self.body.addSpacing(8)
        grid = QGridLayout()
        grid.setColumnStretch(0, 1)
        grid.setVerticalSpacing(6)
        self._figures = []
        for k, name in enumerate([*(_named(measure) for measure in _DAY_MEASURES), "Steps", "Worn"]):
            figure = text_label("–", "body_strong")
            grid.addWidget(text_label(name, "label", "2"), k, 0)
            grid.addWidget(figure, k, 1, Qt.AlignmentFlag.AlignRight)
            self._figures.append(figure)
        self.body.addLayout(grid)
        self.body.addWidget(self._reason)
        self.body.addSpacing(12)
        self.body.addWidget(self.button)
        self.body.addStretch(1)

    def show_day(self, when: date | None, day: TrendsDay | None) -> None:
        """Show a day; without a row it was not worn."""
        set_text(self._date, "" if when is None else f"{when:%A} {date_text(when)}")
        self._simulated.setVisible(day is not None and day.simulated)
        values = ["–" if day is None else measure.text(measure.shown(day)) for measure in _DAY_MEASURES]
        steps = "–" if day is None else steps_text(day)
        for label, value in zip(self._figures, [*values, steps, _worn(day)], strict=True):
            set_text(label, value)
        reason = "Not worn." if day is None else _sentence(day_reason(day, COMPARED[0]))
        set_text(self._reason, reason)
        self._reason.setVisible(bool(reason))
        self.button.setEnabled(day is not None and day.path is not None)


class TrendsLegend(QWidget):
    """The key to the charts: hatched, not worn, dotted."""

    _ITEMS = ("under 4 h worn: no figure", "not worn", "first week, median")

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Key: hatched, " + ", ".join(self._ITEMS))

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(120, 22)

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._theme = theme
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Sign, words, sign, words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font("note"))
        metrics, x = QFontMetricsF(font("note")), 0.0
        for draw, words in zip((self._hatched, self._unworn, self._dotted), self._ITEMS, strict=True):
            if x + _WIDEST_SIGN_PX + metrics.horizontalAdvance(words) > self.width():
                break
            x = draw(painter, x) + 6
            painter.setPen(colour(self._theme.ink3))
            painter.drawText(QPointF(x, 16), words)
            x += metrics.horizontalAdvance(words) + 18

    def _hatched(self, painter: QPainter, x: float) -> float:
        painter.fillRect(QRectF(x, 4, 16, 14), hatch_brush(colour(self._theme.gap), colour(self._theme.gap_soft)))
        return x + 16

    def _unworn(self, painter: QPainter, x: float) -> float:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(self._theme.gap, 0.6))
        painter.drawRoundedRect(QRectF(x, 10, 8, 3), 1.5, 1.5)
        return x + 8

    def _dotted(self, painter: QPainter, x: float) -> float:
        pen = QPen(colour(self._theme.ink2), 1.5, Qt.PenStyle.CustomDashLine, Qt.PenCapStyle.RoundCap)
        pen.setDashPattern([0.1, 3.5])
        painter.setPen(pen)
        painter.drawLine(QPointF(x + 1, 11), QPointF(x + 21, 11))
        return x + 22


def _named(measure: Measure) -> str:
    unit = measure.unit.partition(" ")[0]
    return f"{measure.title}, {unit}" if unit else measure.title


def _worn(day: TrendsDay | None) -> str:
    return "–" if day is None else duration_text(day.worn_s)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""
