"""The bends of a calibration over time, painted."""

from __future__ import annotations

from collections import deque
from math import isfinite

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from spinewatch_monitor.views.theme import colour, font
from spinewatch_monitor.views.tokens import LIGHT, Theme


class BendTrace(QWidget):
    """The bends over time, from the stand; painted, at most a few hundred points."""

    def __init__(self) -> None:
        super().__init__()
        self._theme: Theme = LIGHT
        self._points: deque[tuple[float, float]] = deque(maxlen=600)
        self.setFixedHeight(120)
        self.setAccessibleName("Bends over time")

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._theme = theme
        self.update()

    def clear(self) -> None:
        """Begin anew."""
        self._points.clear()
        self.update()

    def add(self, t_s: float, bend_deg: float) -> None:
        """One more point; NaN is left out."""
        if isfinite(bend_deg):
            self._points.append((t_s, bend_deg))
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Grid, filled line, dot."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font("axis"))
        span_s = max(20.0, self._points[-1][0] if self._points else 0.0)
        area = QRectF(34, 8, self.width() - 44, self.height() - 32)
        self._grid(painter, area, span_s)
        if len(self._points) > 1:
            self._line(painter, area, span_s)

    def _grid(self, painter: QPainter, area: QRectF, span_s: float) -> None:
        for angle in (0, 30, 60):
            y = area.bottom() - angle / 75 * area.height()
            painter.setPen(QPen(QColor(self._theme.grid), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(QColor(self._theme.ink3))
            box = QRectF(0, y - 8, 26, 16)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{angle}°")
        for share, flag in ((0.0, "AlignLeft"), (0.5, "AlignHCenter"), (1.0, "AlignRight")):
            box = QRectF(area.left(), area.bottom() + 6, area.width(), 16)
            painter.drawText(box, getattr(Qt.AlignmentFlag, flag), f"{share * span_s:.0f} s")

    def _line(self, painter: QPainter, area: QRectF, span_s: float) -> None:
        points = [
            QPointF(
                area.left() + t_s / span_s * area.width(),
                area.bottom() - max(-5.0, min(75.0, bend)) / 75 * area.height(),
            )
            for t_s, bend in self._points
        ]
        ground = [QPointF(points[-1].x(), area.bottom()), QPointF(points[0].x(), area.bottom())]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(self._theme.near, 0.12))
        painter.drawPolygon(QPolygonF([*points, *ground]))
        painter.setPen(QPen(QColor(self._theme.near), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points))
        painter.setPen(QPen(QColor(self._theme.surface), 2))
        painter.setBrush(QColor(self._theme.near))
        painter.drawEllipse(points[-1], 5, 5)
