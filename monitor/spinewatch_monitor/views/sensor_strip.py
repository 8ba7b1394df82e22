"""Today's connection of one sensor as a strip over the hours: solid where data came, hatched where none did."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy

from spinewatch_monitor.updates import Link, SensorStatus
from spinewatch_monitor.views.chart_table import Table
from spinewatch_monitor.views.clock import clock_text
from spinewatch_monitor.views.focus import RingedWidget
from spinewatch_monitor.views.meters import NO_BRUSH, NO_PEN
from spinewatch_monitor.views.plot_items import hatch_brush
from spinewatch_monitor.views.sensor_gaps import Axis, axis, newest_s, rows, spoken
from spinewatch_monitor.views.theme import font
from spinewatch_monitor.views.tokens import FOCUS_RING_PX, LIGHT, Theme

TOP_PX, BAR_PX, LABEL_PX = 6, 10, 16
GAP_MIN_PX = 4.0
LABEL_ROOM_PX = 56


class ConnectionStrip(RingedWidget):
    """The strip with its hours; its accessible name tells every gap with its time, Ctrl+T as a table."""

    def __init__(self) -> None:
        super().__init__()
        self._theme: Theme = LIGHT
        self._sensor: SensorStatus | None = None
        self._now_s = self._offset_s = 0.0
        self._key: tuple[object, ...] = ()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(TOP_PX + BAR_PX + 6 + LABEL_PX + 2)

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(240, self.height())

    def show_sensor(self, sensor: SensorStatus, now_s: float, utc_offset_s: float) -> None:
        """Show another state; painted again only where that moves a pixel."""
        self._sensor, self._now_s, self._offset_s = sensor, now_s, utc_offset_s
        key = (sensor.since_s, sensor.absences, sensor.link, int(newest_s(sensor, now_s) // 10), utc_offset_s)
        if key != self._key:
            self._key = key
            self.setAccessibleName(spoken(sensor, now_s, utc_offset_s))
            self.setToolTip(self.accessibleName())
            self.update()

    def numbers(self) -> Table:
        """Every gap: from, length, why."""
        told = () if self._sensor is None else rows(self._sensor, self._offset_s)
        return Table("Gaps today", ("From", "Length", "Why"), told)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Track, what came, gaps, hours."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRectF(2, TOP_PX, self.width() - 4, BAR_PX)
        painter.setPen(NO_PEN)
        painter.setBrush(QColor(self._theme.gap_soft))
        painter.drawRoundedRect(bar, 4, 4)
        sensor = self._sensor
        if sensor is not None and sensor.since_s is not None:
            span = axis(sensor.since_s, self._now_s, self._offset_s)
            self._runs(painter, bar, span, sensor)
            self._hours(painter, bar, span)
        if self.ringed:
            painter.setBrush(NO_BRUSH)
            painter.setPen(QPen(QColor(self._theme.focus), FOCUS_RING_PX))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)

    def _runs(self, painter: QPainter, bar: QRectF, span: Axis, sensor: SensorStatus) -> None:
        since_s, until_s = sensor.since_s or 0.0, newest_s(sensor, self._now_s)
        came = self._part(bar, span, since_s, until_s)
        painter.setBrush(QColor(self._theme.near))
        painter.drawRoundedRect(came, 4, 4)
        for gap in sensor.absences:
            self._gap(painter, self._part(bar, span, gap.start_s, gap.end_s))
        if sensor.link is Link.LOST and self._now_s > until_s:
            self._gap(painter, self._part(bar, span, until_s, self._now_s))

    def _part(self, bar: QRectF, span: Axis, start_s: float, end_s: float) -> QRectF:
        left, right = (bar.left() + bar.width() * span.share(t_s) for t_s in (start_s, end_s))
        if right - left < GAP_MIN_PX:
            middle = min(max((left + right) / 2, bar.left() + GAP_MIN_PX / 2), bar.right() - GAP_MIN_PX / 2)
            left, right = middle - GAP_MIN_PX / 2, middle + GAP_MIN_PX / 2
        return QRectF(left, bar.top(), right - left, bar.height())

    def _gap(self, painter: QPainter, part: QRectF) -> None:
        """Hatched, with an outline that stands out from the bar above and below."""
        theme, tall = self._theme, part.adjusted(0, -4, 0, 4)
        shape = QPainterPath()
        shape.addRoundedRect(tall, 2, 2)
        painter.fillPath(shape, QColor(theme.surface))
        if part.width() >= 8:
            painter.fillPath(shape, hatch_brush(QColor(theme.gap), QColor(theme.gap_soft)))
        painter.setBrush(NO_BRUSH)
        painter.setPen(QPen(QColor(theme.ink3), 1.2))
        painter.drawPath(shape)
        painter.setPen(NO_PEN)

    def _hours(self, painter: QPainter, bar: QRectF, span: Axis) -> None:
        painter.setPen(QColor(self._theme.ink3))
        painter.setFont(font("axis"))
        baseline = bar.bottom() + 6 + painter.fontMetrics().ascent()
        every = max(1, round(LABEL_ROOM_PX * len(span.labels_s) / max(bar.width(), 1.0) + 0.5))
        for t_s in span.labels_s[::every]:
            text = clock_text(t_s, self._offset_s)
            width = painter.fontMetrics().horizontalAdvance(text)
            x = bar.left() + bar.width() * span.share(t_s) - width / 2
            painter.drawText(QPointF(min(max(x, bar.left()), bar.right() - width), baseline), text)
