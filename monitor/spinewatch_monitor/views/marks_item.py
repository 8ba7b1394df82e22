"""Words in a lane: signs along its top (reminders, marks, calibrations), and why a gap is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPolygonF

from spinewatch_monitor.views.pixel_item import PixelItem, Pixels
from spinewatch_signal.samples import Floats

_GROUND_OPACITY = 0.8
_LEAST_SPAN_PX = 8.0


@dataclass(frozen=True, slots=True)
class Mark:
    """One moment worth a sign: ``t_s`` in s of the axis, a shape ``triangle``, ``diamond`` or ``flag``, a text."""

    t_s: float
    shape: str
    text: str
    colour: QColor


class MarksItem(PixelItem):
    """Signs along the top of a lane, with a thin line down and their words where these have room.

    Args:
        marks: in any order.
        ink, ground: colours of the words and of what lies behind them.
        font: of the words.
        y_range, x_range: where it may paint.
        words: False leaves only the signs (the whole day is too narrow for words).
    """

    def __init__(
        self,
        marks: Sequence[Mark],
        ink: QColor,
        ground: QColor,
        font: QFont,
        y_range: tuple[float, float],
        x_range: tuple[float, float],
        words: bool = True,
    ) -> None:
        super().__init__(x_range, y_range)
        self._marks = sorted(marks, key=lambda mark: mark.t_s)
        self._times = np.array([mark.t_s for mark in self._marks])
        self._ink, self._ground, self._font, self._words = ink, ground, font, words

    def draw(self, painter: QPainter, pixels: Pixels) -> None:
        """Paint the signs that are seen."""
        first, last = np.searchsorted(self._times, (pixels.seen.left(), pixels.seen.right()))
        top, bottom = pixels.rows(*self.y_range)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font)
        taken = [-np.inf, -np.inf]
        for mark in self._marks[first:last]:
            x = float(pixels.x(mark.t_s))
            width = painter.fontMetrics().horizontalAdvance(mark.text) + 22
            row = next((k for k, edge in enumerate(taken) if x - 8 > edge), None)
            words = self._words and row is not None
            if row is not None:
                taken[row] = x + (width if words else 6)
            self._sign(painter, mark, x, top + 8 + 20 * (row or 0), bottom, words)

    def _sign(self, painter: QPainter, mark: Mark, x: float, y: float, bottom: float, words: bool) -> None:
        if self._words:
            faint = QColor(mark.colour)
            faint.setAlphaF(0.55)
            painter.setPen(QPen(faint, 1))
            painter.drawLine(QLineF(x, y, x, bottom))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(mark.colour)
        painter.drawPolygon(sign_polygon(mark.shape, x, y))
        if words:
            draw_on_ground(painter, QPointF(x + 10, y + 4), mark.text, self._ink, self._ground)


def sign_polygon(shape: str, x: float, y: float) -> QPolygonF:
    """Outline of a sign about ``(x, y)``, px: a triangle that points down, a diamond, or a flag."""
    corners = {
        "triangle": [(-5, -4), (5, -4), (0, 5)],
        "diamond": [(0, -5), (5, 0), (0, 5), (-5, 0)],
        "flag": [(-1, -6), (7, -3), (-1, 1)],
    }[shape]
    return QPolygonF([QPointF(x + dx, y + dy) for dx, dy in corners])


def draw_on_ground(painter: QPainter, at: QPointF, text: str, ink: QColor, ground: QColor) -> None:
    """Text with the colour behind it laid over the lines it crosses; a stroked rim would cost twenty times as much."""
    metrics = painter.fontMetrics()
    box = QRectF(at.x() - 3, at.y() - metrics.ascent(), metrics.horizontalAdvance(text) + 6, metrics.height())
    soft = QColor(ground)
    soft.setAlphaF(_GROUND_OPACITY)
    painter.fillRect(box, soft)
    painter.setPen(ink)
    painter.drawText(at, text)


class SpanWordsItem(PixelItem):
    """Words in the middle of stretches, where they have room: over a gap, why it is one.

    Args:
        start_s, end_s: (n,) stretches in time order, s.
        texts: (n,) what to say.
        ink, ground: colours of the words and of what lies behind them.
        font: of the words.
        y_range, x_range: where it may paint.
    """

    def __init__(
        self,
        start_s: Floats,
        end_s: Floats,
        texts: Sequence[str],
        ink: QColor,
        ground: QColor,
        font: QFont,
        y_range: tuple[float, float],
        x_range: tuple[float, float],
    ) -> None:
        super().__init__(x_range, y_range)
        self._start_s, self._end_s, self._texts = start_s, end_s, texts
        self._ink, self._ground, self._font = ink, ground, font

    def draw(self, painter: QPainter, pixels: Pixels) -> None:
        """Paint the words of stretches wide enough to be seen, from the left, none over another."""
        shown = np.flatnonzero((self._end_s > pixels.seen.left()) & (self._start_s < pixels.seen.right()))
        wide = shown[pixels.x(self._end_s[shown]) - pixels.x(self._start_s[shown]) >= _LEAST_SPAN_PX]
        _, bottom = pixels.rows(*self.y_range)
        painter.setFont(self._font)
        free_from = -np.inf
        for k in wide.tolist():
            start, end = max(self._start_s[k], pixels.seen.left()), min(self._end_s[k], pixels.seen.right())
            width = painter.fontMetrics().horizontalAdvance(self._texts[k])
            left = float(pixels.x((start + end) / 2)) - width / 2
            left = min(max(left, pixels.left + 4), pixels.left + pixels.width - width - 4)
            if left < free_from:
                continue
            free_from = left + width + 12
            draw_on_ground(painter, QPointF(left, bottom - 8), self._texts[k], self._ink, self._ground)
