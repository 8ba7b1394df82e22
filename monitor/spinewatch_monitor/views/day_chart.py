"""The day as a ribbon over a rug of position changes: rhythm is seen, not counted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from spinewatch_monitor.views.chart_table import Table
from spinewatch_monitor.views.clock import clock_text
from spinewatch_monitor.views.doubts import DoubtSpan, DoubtStrip, doubt_at
from spinewatch_monitor.views.lanes import ChartView
from spinewatch_monitor.views.pixel_item import PixelItem, Pixels
from spinewatch_monitor.views.plot_items import RibbonColours, RibbonItem, RugItem
from spinewatch_monitor.views.ribbon_legend import STATE_WORDS
from spinewatch_monitor.views.runs import NO_RUNS, RibbonState, Runs
from spinewatch_monitor.views.theme import colour, font
from spinewatch_monitor.views.tokens import LIGHT, Theme
from spinewatch_signal.samples import Floats

HOUR_S = 3600.0
USUAL_HOURS = (8, 18)
"""The axis shows at least these hours of the day, so that it does not grow from minute to minute."""
RIBBON_Y, RUG_Y, SPAN_Y = (0.0, 1.0), (-0.52, -0.18), (-0.62, 1.62)
DOUBT_Y = (1.03, 1.17)
"""Between the ribbon and the bracket over it."""


class DayMarks(PixelItem):
    """Hour lines behind; over them, now, and the bracket over the longest still stretch."""

    def __init__(self, *, over: bool) -> None:
        super().__init__((0.0, HOUR_S), SPAN_Y)
        self._over = over
        self.theme: Theme = LIGHT
        self.now_s: float | None = None
        self.now_words = ""
        self.still: tuple[float, float] | None = None
        self.still_words = ""

    def show_span(self, seconds: float) -> None:
        """Paint over another length of the axis."""
        self.prepareGeometryChange()
        self._bounds = QRectF(0.0, SPAN_Y[0], seconds, SPAN_Y[1] - SPAN_Y[0])
        self.update()

    def draw(self, painter: QPainter, pixels: Pixels) -> None:
        """The one layer or the other."""
        if self._over:
            self._still(painter, pixels)
            self._now(painter, pixels)
        else:
            self._hours(painter, pixels)

    def _hours(self, painter: QPainter, pixels: Pixels) -> None:
        top, bottom = pixels.rows(RUG_Y[0] - 0.08, RIBBON_Y[1] + 0.12)
        painter.setPen(QPen(QColor(self.theme.grid), 1))
        for hour in range(round(self._bounds.width() / HOUR_S) + 1):
            x = round(float(pixels.x(hour * HOUR_S))) + 0.5
            painter.drawLine(QLineF(x, top, x, bottom))
        y = round(float(pixels.y(0.0))) + 0.5
        painter.setPen(QPen(QColor(self.theme.border), 1))
        painter.drawLine(QLineF(pixels.left, y, pixels.left + pixels.width, y))

    def _now(self, painter: QPainter, pixels: Pixels) -> None:
        if self.now_s is None:
            return
        top, bottom = pixels.rows(RUG_Y[0] - 0.08, RIBBON_Y[1] + 0.16)
        x = float(pixels.x(self.now_s))
        painter.setPen(QPen(QColor(self.theme.ink), 1.5))
        painter.drawLine(QLineF(x, top, x, bottom))
        painter.setFont(font("axis_strong"))
        width = QFontMetricsF(painter.font()).horizontalAdvance(self.now_words)
        fits = x + 6 + width < pixels.left + pixels.width
        painter.drawText(QPointF(x + 6 if fits else x - 6 - width, top + 7), self.now_words)

    def _still(self, painter: QPainter, pixels: Pixels) -> None:
        if self.still is None:
            return
        x0, x1 = (float(v) for v in pixels.x(np.array(self.still)))
        y = float(pixels.y(RIBBON_Y[1] + 0.20))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self.theme.ink2), 1.25))
        painter.drawPolyline([QPointF(x0, y + 6), QPointF(x0, y), QPointF(x1, y), QPointF(x1, y + 6)])
        painter.setFont(font("axis"))
        width = QFontMetricsF(painter.font()).horizontalAdvance(self.still_words)
        least, most = pixels.left, pixels.left + pixels.width - width
        painter.setPen(QColor(self.theme.ink))
        painter.drawText(QPointF(min(max((x0 + x1 - width) / 2, least), most), y - 5), self.still_words)


class DayChart(ChartView):
    """The chart; give it the day's runs when they changed."""

    def __init__(self) -> None:
        super().__init__("Your day: nothing yet")
        bottom = pg.AxisItem("bottom")
        bottom.setStyle(tickLength=0, tickTextOffset=6, hideOverlappingLabels=False)
        bottom.setHeight(22)
        self.plot = self.lane(0, bottom)
        self.plot.hideAxis("left")
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.vb.setYRange(*SPAN_Y, padding=0)
        self.behind, self.over = DayMarks(over=False), DayMarks(over=True)
        colours = RibbonColours.of(LIGHT)
        self.ribbon = RibbonItem(NO_RUNS, colours, RIBBON_Y, (0.0, HOUR_S))
        self.rug = RugItem(np.empty(0), colour(LIGHT.ink2, 0.75), RUG_Y, (0.0, 24 * HOUR_S))
        for item in (self.behind, self.ribbon, self.rug, self.over):
            self.plot.addItem(item)
        self.setFixedHeight(138)
        self._axis: tuple[float, float, float] | None = None
        self._shown: tuple[Runs, float, Sequence[DoubtSpan]] = (NO_RUNS, 0.0, ())
        self._strips: list[DoubtStrip] = []
        self._rescale(USUAL_HOURS[0] * HOUR_S, USUAL_HOURS[1] * HOUR_S, 0.0)

    def set_theme(self, theme: Theme) -> None:
        """Colours of all items."""
        self.theme = theme
        self.setBackground(theme.surface)
        axis = self.plot.getAxis("bottom")
        axis.setPen(pg.mkPen(None))  # None alone would be the default pen, seen as dots
        axis.setTextPen(theme.ink3)
        axis.setTickFont(font("axis"))
        self.ribbon.set_colours(RibbonColours.of(theme))
        self.rug.colour = colour(theme.ink2, 0.75)
        for marks in (self.behind, self.over):
            marks.theme = theme
            marks.update()

    def show_day(
        self,
        runs: Runs,
        changes_s: Floats,
        now_s: float,
        utc_offset_s: float,
        still: tuple[tuple[float, float], str] | None = None,
        doubts: Sequence[DoubtSpan] = (),
    ) -> None:
        """Show the day up to now.

        Args:
            runs: states in UNIX seconds.
            changes_s: (n,) moments of position changes.
            now_s: UNIX seconds.
            utc_offset_s: of the wearer's local time.
            still: the longest still stretch and its words.
            doubts: what is doubtful when, UNIX seconds.
        """
        self._shown = (runs, utc_offset_s, doubts)
        first_s = float(runs.start_s[0]) if len(runs) else now_s
        origin_s, end_s = self._span(first_s, now_s, utc_offset_s)
        self.ribbon.set_runs(Runs(runs.start_s - origin_s, runs.end_s - origin_s, runs.state))
        self.rug.set_times(np.asarray(changes_s, np.float64) - origin_s)
        self.over.now_s, self.over.now_words = now_s - origin_s, clock_text(now_s, utc_offset_s)
        self.over.still = None if still is None else (still[0][0] - origin_s, still[0][1] - origin_s)
        self.over.still_words = "" if still is None else still[1]
        self._rescale(origin_s, end_s, utc_offset_s)
        self._show_doubts(origin_s, utc_offset_s, doubts)
        self.over.update()

    def numbers(self) -> Table:
        """One row a stretch: from, to, what it was."""
        runs, offset, doubts = self._shown
        starts, ends = ([clock_text(t_s, offset, seconds=True) for t_s in v] for v in (runs.start_s, runs.end_s))
        middles = ((runs.start_s + runs.end_s) / 2).tolist()
        told = [
            "; ".join(filter(None, (STATE_WORDS[RibbonState(code)], doubt_at(doubts, t_s))))
            for code, t_s in zip(runs.state, middles, strict=True)
        ]
        rows = zip(starts, ends, told, strict=True)
        return Table("Your day", ("From", "To", "State"), tuple(rows))

    def _span(self, first_s: float, now_s: float, utc_offset_s: float) -> tuple[float, float]:
        midnight_s = np.floor((now_s + utc_offset_s) / 86_400) * 86_400 - utc_offset_s
        start_s = min(
            midnight_s + USUAL_HOURS[0] * HOUR_S, np.floor((first_s - midnight_s) / HOUR_S) * HOUR_S + midnight_s
        )
        latest_s = np.ceil((now_s - midnight_s) / HOUR_S + 0.2) * HOUR_S + midnight_s
        return float(start_s), float(max(midnight_s + USUAL_HOURS[1] * HOUR_S, latest_s))

    def _show_doubts(self, origin_s: float, utc_offset_s: float, doubts: Sequence[DoubtSpan]) -> None:
        """Strips over the ribbon; there are seldom any."""
        for strip in self._strips:
            self.plot.removeItem(strip)
        self._strips = []
        for span in doubts:
            words = span.told(utc_offset_s)
            on_axis = DoubtSpan(span.start_s - origin_s, span.end_s - origin_s, span.words)
            self._strips.append(DoubtStrip(on_axis, self.theme, DOUBT_Y, words))
            self.plot.addItem(self._strips[-1], ignoreBounds=True)

    def _rescale(self, origin_s: float, end_s: float, utc_offset_s: float) -> None:
        if self._axis == (origin_s, end_s, utc_offset_s):
            return
        self._axis = (origin_s, end_s, utc_offset_s)
        hours = round((end_s - origin_s) / HOUR_S)
        step = 1 if hours <= 12 else 2
        margin_s = 0.03 * hours * HOUR_S
        self.plot.vb.setXRange(-margin_s, hours * HOUR_S + margin_s, padding=0)
        ticks = [(h * HOUR_S, clock_text(origin_s + h * HOUR_S, utc_offset_s)) for h in range(0, hours + 1, step)]
        self.plot.getAxis("bottom").setTicks([ticks])
        for marks in (self.behind, self.over):
            marks.show_span(hours * HOUR_S)
