"""The last five minutes of the angle: line coloured by the slouch machine, 95 % band, dashed limit, hatched gaps."""

from __future__ import annotations

from math import ceil, floor

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPolygonF, QTransform

from spinewatch_monitor.views.chart_table import Table
from spinewatch_monitor.views.lanes import ChartView
from spinewatch_monitor.views.pixel_item import PixelItem, Pixels
from spinewatch_monitor.views.plot_items import hatch_brush
from spinewatch_monitor.views.right_now import age_words, signed_deg
from spinewatch_monitor.views.theme import colour, font
from spinewatch_monitor.views.tokens import LIGHT, SIGNAL_LINE_PX, THRESHOLD_LINE_PX, TRACE_BAND_OPACITY, Theme
from spinewatch_monitor.views.trace_buffer import AWAY, MOVING, NEAR, SPAN_S, Trace
from spinewatch_signal.samples import Floats

LOW_DEG, HIGH_DEG = -10.0, 28.0
STATE_TONES = {NEAR: "near", AWAY: "away", MOVING: "moving"}
HEADROOM = 1.1
"""The view reaches this much higher than the scale: room for the words over a gap."""
LABEL_ROOM = 0.2
"""Share of the scale that the lower end must be away from the reference to have a label of its own."""
WORDS_ROOM_PX = 34
"""A gap gets its words only where the next one is not nearer than this."""


class TraceGround(PixelItem):
    """Everything behind the line: near zone, grid, reference, limit, gaps, uncertainty band."""

    def __init__(self) -> None:
        super().__init__((-SPAN_S, 0.0), (LOW_DEG, HIGH_DEG))
        self._bounds = _room(LOW_DEG, HIGH_DEG)
        self.theme: Theme = LIGHT
        self.limit_deg = 15.0
        self.trace: Trace | None = None
        self._kept: tuple[tuple[int, QTransform], list[tuple[str, list[QPolygonF]]]] | None = None

    def show_trace(self, trace: Trace | None, limit_deg: float, y_range: tuple[float, float]) -> None:
        """Paint around another trace."""
        if y_range != self.y_range:
            self.prepareGeometryChange()
            self.y_range = y_range
            self._bounds = _room(*y_range)
        self.trace, self.limit_deg, self._kept = trace, limit_deg, None
        self.update()

    def draw(self, painter: QPainter, pixels: Pixels) -> None:
        """Zone, lines, gaps, band."""
        left, right = pixels.left, pixels.left + pixels.width
        low, high = self.y_range
        top, bottom = pixels.rows(max(low, -self.limit_deg), min(high, self.limit_deg))
        painter.fillRect(QRectF(left, top, right - left, bottom - top), colour(self.theme.near_soft, 0.55))
        for value in grid_values(low, high, self.limit_deg):
            self._level(painter, float(pixels.y(value)), left, right, value)
        if self.trace is not None:
            self._gaps(painter, pixels, self.trace)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)  # a soft edge costs ten times as much
            painter.setPen(Qt.PenStyle.NoPen)
            for tone, outlines in self._bands(pixels, self.trace):
                painter.setBrush(colour(getattr(self.theme, tone), TRACE_BAND_OPACITY))
                for outline in outlines:
                    painter.drawPolygon(outline)

    def _level(self, painter: QPainter, y: float, left: float, right: float, value: float) -> None:
        theme = self.theme
        if value == 0:
            pen = QPen(QColor(theme.ghost), 1.5, Qt.PenStyle.CustomDashLine, Qt.PenCapStyle.RoundCap)
            pen.setDashPattern([0.1, 3.4])
        elif value == self.limit_deg:
            pen = QPen(QColor(theme.near), THRESHOLD_LINE_PX, Qt.PenStyle.CustomDashLine)
            pen.setDashPattern([3.2, 3.2])
        else:
            pen = QPen(QColor(theme.grid), 1)
        painter.setPen(pen)
        painter.drawLine(QLineF(left, y, right, y))

    def _gaps(self, painter: QPainter, pixels: Pixels, trace: Trace) -> None:
        top, bottom = pixels.rows(*self.y_range)
        painter.setFont(font("axis"))
        taken = -np.inf
        for start_s, end_s in trace.gaps:
            x0, x1 = float(pixels.x(start_s)), float(pixels.x(end_s))
            painter.setBrushOrigin(QPointF(0, bottom))
            painter.fillRect(QRectF(x0, top, max(x1 - x0, 2), bottom - top), self._hatch())
            words = f"no data, {age_words(end_s - start_s)}" if end_s - start_s >= 10 else ""
            width = painter.fontMetrics().horizontalAdvance(words)
            at = min(max((x0 + x1 - width) / 2, pixels.left), pixels.left + pixels.width - width)
            if words and at > taken:
                painter.setPen(QColor(self.theme.ink2))
                highest = float(pixels.y(self._bounds.bottom())) + painter.fontMetrics().ascent()
                painter.drawText(QPointF(at, max(top - 5, highest)), words)
                taken = at + width + WORDS_ROOM_PX

    def _hatch(self) -> QBrush:
        return hatch_brush(colour(self.theme.gap, 0.75), QColor(self.theme.gap_soft))

    def _bands(self, pixels: Pixels, trace: Trace) -> list[tuple[str, list[QPolygonF]]]:
        """The band's outlines by tone; made anew only for another trace or another size."""
        key = (id(trace), pixels.transform)
        if self._kept is None or self._kept[0] != key:
            outlines = [(tone, band_outlines(trace, state, pixels)) for state, tone in STATE_TONES.items()]
            self._kept = (key, outlines)
        return self._kept[1]


def band_outlines(trace: Trace, state: int, pixels: Pixels) -> list[QPolygonF]:
    """The uncertainty band of one state, a polygon for each stretch without a gap, px."""
    angle = trace.line(state)
    x, high, low = (
        pixels.x(trace.ago_s),
        pixels.y(angle + trace.half_width_deg),
        pixels.y(angle - trace.half_width_deg),
    )
    return [
        pg.functions.arrayToQPolygonF(
            np.concatenate([x[run], x[run][::-1]]), np.concatenate([high[run], low[run][::-1]])
        )
        for run in finite_runs(high)
    ]


class LiveTrace(ChartView):
    """The plot: `show_trace` when a step is complete, `show_newest` with every update."""

    def __init__(self) -> None:
        super().__init__("Last 5 minutes: no data yet")
        bottom = pg.AxisItem("bottom")
        bottom.setTicks([[(-60.0 * m, "now" if m == 0 else f"−{m} min") for m in range(6)]])
        bottom.setStyle(tickLength=0, tickTextOffset=6, hideOverlappingLabels=False)
        bottom.setHeight(22)
        self.plot = self.lane(0, bottom)
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.vb.setXRange(-SPAN_S - 6, 8, padding=0)
        self.ground = TraceGround()
        self.plot.addItem(self.ground)
        self.lines = {state: self._line() for state in STATE_TONES}
        self.dot = pg.ScatterPlotItem(size=11, pxMode=True)
        self.plot.addItem(self.dot)
        self._limits: tuple[float, float, float] | None = None
        self._scale(LOW_DEG, HIGH_DEG, 15.0)
        self.setMinimumHeight(100)

    def sizeHint(self) -> QSize:
        """Content with little; takes what room there is."""
        return QSize(400, 104)

    def _line(self) -> pg.PlotDataItem:
        item = pg.PlotDataItem(connect="finite", antialias=True)
        self.plot.addItem(item)
        # Only on an item that is already in a plot: given to `plot()`, pyqtgraph 0.14 raises.
        item.setClipToView(True)
        item.setDownsampling(auto=True, method="peak")
        return item

    def set_theme(self, theme: Theme) -> None:
        """Colours of lines, axes and ground."""
        self.theme = self.ground.theme = theme
        self.setBackground(theme.surface)
        for state, tone in STATE_TONES.items():
            self.lines[state].setPen(pg.mkPen(getattr(theme, tone), width=SIGNAL_LINE_PX))
        for name in ("left", "bottom"):
            axis = self.plot.getAxis(name)
            axis.setPen(pg.mkPen(None))  # None alone would be the default pen, seen as dots
            axis.setTextPen(theme.ink3)
            axis.setTickFont(font("axis"))
        self.ground.update()

    def show_trace(self, trace: Trace | None, limit_deg: float) -> None:
        """Show the last minutes; None empties the plot.

        Args:
            trace: what to draw.
            limit_deg: where away begins on this angle.
        """
        low, high = axis_range(trace, limit_deg)
        self._scale(low, high, limit_deg)
        self.ground.show_trace(trace, limit_deg, (low, high))
        for state, line in self.lines.items():
            angle = None if trace is None else trace.line(state)
            seen = trace is not None and angle is not None and bool(np.isfinite(angle).any())
            line.setVisible(seen)
            if seen and trace is not None:
                line.setData(trace.ago_s, angle)

    def show_newest(self, angle_deg: float, tone: str) -> None:
        """The dot at the newest point, at every update; ``stale`` or NaN hides it."""
        shown = bool(np.isfinite(angle_deg)) and tone != "stale"
        self.dot.setVisible(shown)
        if shown:
            brush, rim = pg.mkBrush(getattr(self.theme, tone)), pg.mkPen(self.theme.surface, width=2)
            self.dot.setData([0.0], [angle_deg], brush=brush, pen=rim)

    def numbers(self) -> Table:
        """Ten seconds a row: angle and its band."""
        trace = self.ground.trace
        columns = ("Seconds ago", "Angle from reference", "95 % band")
        if trace is None:
            return Table("Last 5 minutes", columns, ())
        every_10_s = slice(None, None, -20)
        values = (trace.ago_s[every_10_s], trace.angle_deg[every_10_s], trace.half_width_deg[every_10_s])
        rows = [_told(*row) for row in zip(*(v.tolist() for v in values), strict=True)]
        return Table("Last 5 minutes", columns, tuple(rows))

    def _scale(self, low: float, high: float, limit_deg: float) -> None:
        if self._limits == (low, high, limit_deg):
            return
        self._limits = (low, high, limit_deg)
        self.plot.vb.setYRange(low, low + HEADROOM * (high - low), padding=0)
        ticks = [(value, signed_deg(value)) for value in grid_values(low, high, limit_deg)]
        self.plot.getAxis("left").setTicks([ticks])


def _told(ago_s: float, angle_deg: float, half_deg: float) -> tuple[str, str, str]:
    if np.isnan(angle_deg):
        return f"{-ago_s:.0f}", "no data", ""
    return f"{-ago_s:.0f}", signed_deg(angle_deg, 1), f"± {half_deg:.1f}°"


def _room(low: float, high: float) -> QRectF:
    """Where the ground paints: the scale, and above it the words over gaps."""
    return QRectF(-SPAN_S, low, SPAN_S, HEADROOM * (high - low))


def grid_values(low: float, high: float, limit_deg: float) -> list[float]:
    """Values with a line and a label: the reference, the limit, the lower end and round ones above."""
    step = 10.0 if high < 40 else 30.0
    above = [v for v in np.arange(step * ceil((limit_deg + 6) / step), high + 0.1, step).tolist() if v <= high]
    upper = above or ([25.0] if high >= 26 and limit_deg < 20 else [])
    below = [low] if -low > LABEL_ROOM * (high - low) else []
    return [*below, 0.0, limit_deg, *upper]


def axis_range(trace: Trace | None, limit_deg: float = 0.0) -> tuple[float, float]:
    """The usual range, widened in round steps where the angle leaves it; the limit is always seen."""
    least = most = limit_deg
    if trace is not None and np.isfinite(trace.angle_deg).any():
        least = float(np.nanmin(trace.angle_deg))
        most = max(limit_deg, float(np.nanmax(trace.angle_deg)))
    low = LOW_DEG if least > LOW_DEG else 10.0 * floor((least - 2) / 10)
    high = HIGH_DEG if most < HIGH_DEG - 2 else 15.0 * ceil((most + 3) / 15)
    return low, high


def finite_runs(values: Floats) -> list[slice]:
    """Slices of at least two neighbouring finite values."""
    finite = np.concatenate([[False], np.isfinite(values), [False]])
    edges = np.flatnonzero(finite[1:] != finite[:-1])
    return [slice(a, b) for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True) if b - a > 1]
