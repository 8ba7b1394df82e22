"""What the charts of a recording are made of: the view that holds lanes, and the ground a lane is painted on."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen

from spinewatch_monitor.views.focus import by_keyboard
from spinewatch_monitor.views.marks_item import draw_on_ground
from spinewatch_monitor.views.pixel_item import PixelItem, Pixels
from spinewatch_monitor.views.review_data import Lane, Limit
from spinewatch_monitor.views.review_words import angle_text
from spinewatch_monitor.views.theme import colour, font
from spinewatch_monitor.views.tokens import FOCUS_RING_PX, LIGHT, THRESHOLD_LINE_PX, Theme

_TICK_STEPS_DEG = (10, 15, 20, 30, 60, 90)
_EDGE = 0.07
_BETWEEN_PX = 8
AXIS_WIDTH_PX = 48
"""Room for ``−30°`` left of every lane; the same everywhere, so that all lanes share one time axis."""


class ChartView(pg.GraphicsLayoutWidget):  # type: ignore[misc]  # pyqtgraph carries no types
    """Holds lanes; shows a focus ring and leaves every key to the page around it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.theme: Theme = LIGHT
        self._ring = False
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(pg.GraphicsLayoutWidget.Shape.NoFrame)
        self.ci.layout.setContentsMargins(0, 0, 0, 0)
        self.ci.layout.setSpacing(_BETWEEN_PX)
        self.setAntialiasing(False)

    def lane(self, row: int, axis: pg.AxisItem | None = None) -> pg.PlotItem:
        """A new empty lane; pan and zoom go along time only."""
        plot = self.addPlot(row=row, col=0, axisItems={} if axis is None else {"bottom": axis})
        plot.hideButtons()
        plot.setMenuEnabled(False)
        plot.setMouseEnabled(x=True, y=False)
        plot.vb.setDefaultPadding(0)
        plot.vb.disableAutoRange()
        # At once: a view that moves its contents while it is painted is painted twice.
        plot.sigXRangeChanged.connect(lambda *_: plot.vb.updateMatrix())
        left = plot.getAxis("left")
        left.setWidth(AXIS_WIDTH_PX)
        left.setPen(None)
        left.setTickPen(colour(self.theme.surface))
        left.setTextPen(colour(self.theme.ink3))
        left.setTickFont(font("axis"))
        left.setStyle(tickLength=0, tickTextOffset=8)
        if axis is None:
            plot.hideAxis("bottom")
        return plot

    def sizeHint(self) -> QSize:
        """Small: the layout around gives it what room there is."""
        return QSize(320, max(80, self.minimumHeight()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The page around knows what keys do."""
        event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Ignored as well, so that a press and its release go to the same place."""
        event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring where the keyboard led here."""
        super().focusInEvent(event)
        self._ring = by_keyboard(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the ring."""
        super().focusOutEvent(event)
        self._ring = False
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The lanes, and the ring while the keyboard is here."""
        super().paintEvent(event)
        if not self._ring:
            return
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour(self.theme.focus), FOCUS_RING_PX))
        edge = FOCUS_RING_PX / 2
        painter.drawRoundedRect(QRectF(self.viewport().rect()).adjusted(edge, edge, -edge, -edge), 6, 6)


def mixed(upper: str, lower: str, share: float) -> QColor:
    """The opaque colour that ``upper`` over ``lower`` gives: large areas are filled far faster without blending."""
    a, b = QColor(upper), QColor(lower)
    red, green, blue = (
        round(share * x + (1 - share) * y)
        for x, y in zip((a.red(), a.green(), a.blue()), (b.red(), b.green(), b.blue()), strict=True)
    )
    return QColor(red, green, blue)


class LaneGround(PixelItem):
    """Behind a lane: value lines, the dotted reference, the band near it up to the dashed limit, the lane's name.

    Args:
        lane: title and range.
        theme: colours.
        span_s: how long the time axis is, s.
        values: where value lines are drawn, degrees.
        limit: where the slouch machine starts counting, on this lane's angle; None leaves band and limit out.
    """

    def __init__(
        self, lane: Lane, theme: Theme, span_s: float, values: list[float], limit: Limit | None = None
    ) -> None:
        super().__init__((0.0, span_s), (lane.low, lane.high))
        self._lane, self._theme, self._values, self._limit = lane, theme, values, limit

    def draw(self, painter: QPainter, pixels: Pixels) -> None:
        """Paint band, lines and name."""
        left, right = pixels.left, pixels.left + pixels.width
        theme = self._theme
        if self._limit is not None:
            edges = sorted((self._limit.edge_deg, self._lane.low if self._limit.direction > 0 else self._lane.high))
            top, bottom = pixels.rows(*edges)
            painter.fillRect(QRectF(left, top, right - left, bottom - top), mixed(theme.near_soft, theme.surface, 0.6))
        for value in self._values:
            self._line(painter, pixels, value, QPen(colour(theme.grid), 1))
        dots = QPen(colour(theme.ghost), 1.25, Qt.PenStyle.CustomDashLine, Qt.PenCapStyle.RoundCap)
        dots.setDashPattern([0.1, 4])
        self._line(painter, pixels, 0.0 if self._limit is None else self._limit.reference_deg, dots)
        if self._limit is not None:
            dashes = QPen(colour(theme.near), THRESHOLD_LINE_PX, Qt.PenStyle.CustomDashLine)
            dashes.setDashPattern([3.2, 3.2])
            self._line(painter, pixels, self._limit.edge_deg, dashes)

    def _line(self, painter: QPainter, pixels: Pixels, value: float, pen: QPen) -> None:
        y = round(float(pixels.y(value))) + 0.5
        painter.setPen(pen)
        painter.drawLine(QLineF(pixels.left, y, pixels.left + pixels.width, y))


class LaneName(PixelItem):
    """The name of a lane at its right end, over the lines.

    Args:
        title: the name.
        theme: colours.
        span_s: how long the time axis is, s.
        y_range: range of the lane's values.
    """

    def __init__(self, title: str, theme: Theme, span_s: float, y_range: tuple[float, float]) -> None:
        super().__init__((0.0, span_s), y_range)
        self._title, self._theme = title, theme

    def draw(self, painter: QPainter, pixels: Pixels) -> None:
        """Paint the name at the upper right corner of what is seen."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font("axis_strong"))
        width = painter.fontMetrics().horizontalAdvance(self._title)
        top, _ = pixels.rows(*self.y_range)
        at = QPointF(pixels.left + pixels.width - width - 4, top + 14)
        draw_on_ground(painter, at, self._title, colour(self._theme.ink2), colour(self._theme.surface))


def round_ticks(low: float, high: float, most: int) -> list[float]:
    """At most ``most`` round values in a range of degrees, off its edges so that the labels of lanes keep apart."""
    inside = [
        [
            value
            for value in range(-180, 181, step)
            if low + _EDGE * (high - low) <= value <= high - _EDGE * (high - low)
        ]
        for step in _TICK_STEPS_DEG
    ]
    return next(([float(v) for v in values] for values in inside if 0 < len(values) <= most), [0.0])


def label_values(plot: pg.PlotItem, values: list[float]) -> None:
    """Label the value axis of a lane, with real minus signs."""
    plot.getAxis("left").setTicks([[(value, angle_text(value)) for value in values]])
