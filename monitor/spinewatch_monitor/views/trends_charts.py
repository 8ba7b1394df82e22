"""A chart of one figure a day: bars or points, hatched where there is no figure, by mouse and keyboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import ceil, log10

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip

from spinewatch_monitor.views.chart_table import Table
from spinewatch_monitor.views.focus import RingedWidget
from spinewatch_monitor.views.marks_item import draw_on_ground
from spinewatch_monitor.views.plot_items import hatch_brush
from spinewatch_monitor.views.theme import colour, font
from spinewatch_monitor.views.tokens import FOCUS_RING_PX, LIGHT, SIGNAL_LINE_PX, THRESHOLD_LINE_PX, Theme
from spinewatch_monitor.views.trends_words import Measure, TrendsDay, date_text, day_words

_AXIS_PX, _TOP_PX, _DATES_PX, _RIGHT_PX = 44, 8, 24, 4
_BAR_SHARE, _BAR_MOST_PX, _BAR_RADIUS_PX = 0.66, 44.0, 4
_POINT_PX = 3.5
_EDGE_PX = 6
"""Room beside a bar or point in which a click still means its day."""


def round_top(largest: float, bars: bool) -> tuple[float, float]:
    """End of a value axis that holds ``largest``, and the step of its labels: 1, 2 or 5 times a power of ten."""
    largest = max(largest, 1e-9)
    rough = largest / (3 if bars else 2)
    power = 10.0 ** ceil(log10(rough) - 1)
    step = next(k * power for k in (1, 2, 5, 10) if k * power >= rough * (1 - 1e-9))
    return ceil(largest / step - 1e-9) * step, step


class DaysChart(RingedWidget):
    """One measure, a column a day.

    Args:
        measure: what is shown.
        dates: label the days below.
    """

    day_chosen = Signal(object)
    """The day under the keyboard's or the mouse's eye, a `date`."""
    day_activated = Signal(object)
    """A click or Enter on a day, a `date`."""

    def __init__(self, measure: Measure, *, dates: bool) -> None:
        super().__init__()
        self.measure, self._dates, self._theme = measure, dates, LIGHT
        self._first, self._columns = date(2000, 1, 1), 7
        self._days: Mapping[date, TrendsDay] = {}
        self._week: tuple[date, date] | None = None
        self._baseline: float | None = None
        self.chosen: date | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(120 if dates else 56)

    def sizeHint(self) -> QSize:
        """Small: the card gives it what room there is."""
        return QSize(320, self.minimumHeight())

    def show_days(
        self,
        days: Sequence[TrendsDay],
        first: date,
        columns: int,
        week: tuple[date, date] | None,
        baseline: float | None,
    ) -> None:
        """Show a range of days.

        Args:
            days: those with a recording, in any order.
            first: the leftmost day.
            columns: how many days.
            week: ``[start, end)`` of the first week, shaded where it is in view.
            baseline: median of the first week, dotted.
        """
        self._days = {day.day: day for day in days}
        self._first, self._columns, self._week, self._baseline = first, columns, week, baseline
        self.setAccessibleName(self._name())
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._theme = theme
        self.update()

    def numbers(self) -> Table:
        """The days shown, newest last."""
        days = [self._days[day] for day in self._range() if day in self._days]
        rows = tuple((f"{d.day:%a} {date_text(d.day)}", self.measure.text(self.measure.shown(d))) for d in days)
        return Table(self.measure.title, ("Day", self.measure.unit or self.measure.title), rows)

    def choose(self, day: date | None) -> None:
        """Mark one day, without telling."""
        self.chosen = day
        if day is not None:
            self.setAccessibleDescription(day_words(self._days.get(day), day))
        self.update()

    def day_at(self, x: float) -> date | None:
        """The day whose column holds a pixel column."""
        column = int((x - _AXIS_PX) // self._step())
        return self._first + timedelta(column) if 0 <= column < self._columns and x >= _AXIS_PX else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right choose a day, Enter opens it."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        last = self._first + timedelta(self._columns - 1)
        if event.key() in steps:
            at = last if self.chosen is None else self.chosen + timedelta(steps[Qt.Key(event.key())])
            self.day_chosen.emit(min(max(at, self._first), last))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.chosen is not None:
            self.day_activated.emit(self.chosen)
        else:
            event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The day under the pointer is chosen; the hand says that a click opens it."""
        day = self.day_at(event.position().x())
        opens = day in self._days
        self.setCursor(Qt.CursorShape.PointingHandCursor if opens else Qt.CursorShape.ArrowCursor)
        if day is not None and day != self.chosen:
            self.day_chosen.emit(day)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click opens a day."""
        day = self.day_at(event.position().x())
        if day in self._days and event.button() == Qt.MouseButton.LeftButton:
            self.day_activated.emit(day)

    def event(self, event: QEvent) -> bool:
        """Tooltips: the day in one sentence, with the reason where a figure is blank."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            day = self.day_at(event.pos().x())
            if day is not None:
                QToolTip.showText(event.globalPos(), day_words(self._days.get(day), day), self)
            return True
        return super().event(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Ground, days, first week's median, dates, focus ring."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font("axis"))
        plot = self._plot()
        top, step = self._scale()
        self._paint_ground(painter, plot, top, step)
        if self.measure.bars:
            self._paint_bars(painter, plot, top)
        else:
            self._paint_points(painter, plot, top)
        if self._baseline is not None:
            self._paint_baseline(painter, plot, top)
        if self._dates:
            self._paint_dates(painter, plot)
            self._paint_week_words(painter, plot)
        if self.ringed:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour(self._theme.focus), FOCUS_RING_PX))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)

    def _plot(self) -> QRectF:
        below = _DATES_PX if self._dates else _TOP_PX
        return QRectF(_AXIS_PX, _TOP_PX, self.width() - _AXIS_PX - _RIGHT_PX, self.height() - _TOP_PX - below)

    def _step(self) -> float:
        return self._plot().width() / self._columns

    def _range(self) -> list[date]:
        return [self._first + timedelta(k) for k in range(self._columns)]

    def _values(self) -> dict[date, float]:
        shown = {day: self.measure.shown(self._days[day]) for day in self._range() if day in self._days}
        return {day: value for day, value in shown.items() if value is not None}

    def _scale(self) -> tuple[float, float]:
        return round_top(max([*self._values().values(), self._baseline or 0.0, 1.0]), self.measure.bars)

    def _x(self, day: date, plot: QRectF) -> float:
        return plot.left() + ((day - self._first).days + 0.5) * self._step()

    def _paint_ground(self, painter: QPainter, plot: QRectF, top: float, step: float) -> None:
        theme = self._theme
        if self._week is not None:
            start = max(self._week[0], self._first)
            end = min(self._week[1], self._first + timedelta(self._columns))
            if end > start:
                left = self._x(start, plot) - self._step() / 2
                shade = QRectF(left, plot.top(), (end - start).days * self._step(), plot.height())
                painter.fillRect(shade, colour(theme.gap_soft, 0.55))
        for k in range(round(top / step) + 1):
            y = _y(k * step, plot, top)
            painter.setPen(QPen(colour(theme.grid), 1))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(colour(theme.ink3))
            box = QRectF(0, y - 8, _AXIS_PX - 10, 16)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{k * step:g}")
        if self.chosen is not None and self.chosen in self._range():
            middle = self._x(self.chosen, plot)
            half = max(self._bar_px() / 2 + _EDGE_PX / 2, 8.0)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(theme.accent_soft))
            painter.drawRoundedRect(QRectF(middle - half, plot.top(), 2 * half, plot.height()), 4, 4)

    def _paint_week_words(self, painter: QPainter, plot: QRectF) -> None:
        """The name of the first week over its bars, where it is in view."""
        if self._week is None:
            return
        start = max(self._week[0], self._first)
        if start < min(self._week[1], self._first + timedelta(self._columns)):
            painter.setFont(font("axis"))
            at = QPointF(self._x(start, plot) - self._step() / 2 + 8, plot.top() + 14)
            draw_on_ground(painter, at, "First week", colour(self._theme.ink2), colour(self._theme.gap_soft))

    def _paint_bars(self, painter: QPainter, plot: QRectF, top: float) -> None:
        values, width = self._values(), self._bar_px()
        painter.setPen(Qt.PenStyle.NoPen)
        for day in self._range():
            x, value = self._x(day, plot), values.get(day)
            if value is None:
                self._paint_blank(painter, day, plot, x, width)
                continue
            bar = QRectF(x - width / 2, _y(value, plot, top), width, 0)
            bar.setBottom(plot.bottom())
            in_week = self._week is not None and self._week[0] <= day < self._week[1]
            painter.setBrush(colour(self._theme.gap if in_week else getattr(self._theme, self.measure.zone)))
            radius = min(_BAR_RADIUS_PX, bar.height() / 2)
            painter.drawRoundedRect(bar, radius, radius)

    def _paint_points(self, painter: QPainter, plot: QRectF, top: float) -> None:
        values, zone = self._values(), getattr(self._theme, self.measure.zone)
        run: list[QPointF] = []
        for day in [*self._range(), None]:
            if day is not None and day in values:
                run.append(QPointF(self._x(day, plot), _y(values[day], plot, top)))
                continue
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour(zone, 0.6), SIGNAL_LINE_PX))
            painter.drawPolyline(QPolygonF(run))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(zone))
            for point in run:
                painter.drawEllipse(point, _POINT_PX, _POINT_PX)
            run = []
            if day is not None:
                self._paint_blank(painter, day, plot, self._x(day, plot), self._bar_px())

    def _paint_blank(self, painter: QPainter, day: date, plot: QRectF, x: float, width: float) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        if day in self._days:
            height = plot.height() * (0.6 if self.measure.bars else 1.0)
            painter.setBrush(hatch_brush(colour(self._theme.gap), colour(self._theme.gap_soft)))
            painter.drawRoundedRect(QRectF(x - width / 2, plot.bottom() - height, width, height), 4, 4)
        elif self.measure.bars:
            painter.setBrush(colour(self._theme.gap, 0.55))
            painter.drawRoundedRect(QRectF(x - 3, plot.bottom() - 5, 6, 3), 1.5, 1.5)

    def _paint_baseline(self, painter: QPainter, plot: QRectF, top: float) -> None:
        pen = QPen(colour(self._theme.ink2), THRESHOLD_LINE_PX, Qt.PenStyle.CustomDashLine, Qt.PenCapStyle.RoundCap)
        pen.setDashPattern([0.1, 4])
        painter.setPen(pen)
        y = _y(self._baseline or 0.0, plot, top)
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))

    def _paint_dates(self, painter: QPainter, plot: QRectF) -> None:
        last = self._first + timedelta(self._columns - 1)
        for day in self._range():
            back = (last - day).days
            if self._columns > 7 and back % 7 != 0:
                continue
            painter.setFont(font("axis_strong" if back == 0 else "axis"))
            painter.setPen(colour(self._theme.ink if back == 0 else self._theme.ink3))
            text = f"{day:%a} {date_text(day, short=True)}" if self._columns <= 7 else date_text(day, short=True)
            box = QRectF(self._x(day, plot) - 50, plot.bottom() + 4, 100, 18)
            if box.right() > self.width():
                box.moveRight(self.width())
                painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
            else:
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _bar_px(self) -> float:
        return min(self._step() * _BAR_SHARE, _BAR_MOST_PX)

    def _name(self) -> str:
        values = list(self._values().values())
        unit = f" ({self.measure.unit})" if self.measure.unit else ""
        if not values:
            return f"{self.measure.title}{unit}: no day with a figure"
        ends = f"{self.measure.text(min(values))} to {self.measure.text(max(values))}"
        return f"{self.measure.title}{unit}: {len(values)} days, {ends}"


def _y(value: float, plot: QRectF, top: float) -> float:
    return plot.bottom() - value / top * plot.height()
