"""Plot items that paint thousands of samples as one item each: ribbon, rug, hatch, spans, marks, envelope.

All of them paint in device pixels over a time axis (x, s): hatches keep their size when the view is zoomed, lines are
one pixel wide, and what is painted is bounded by the width of the view, never by the length of the recording. Colours
are arguments; a page gives them again when the theme changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QPainter, QPainterPath, QPen, QPixmap, QPolygonF, QTransform
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from spinewatch_monitor.views.envelope import EnvelopeView, Pyramid
from spinewatch_monitor.views.runs import Occupancy, RibbonState, Runs, column_runs
from spinewatch_monitor.views.tokens import RIBBON_HEIGHT, TRACE_BAND_OPACITY, Theme
from spinewatch_signal.samples import Floats

_HATCH_PX = 6
_GROUND_OPACITY = 0.8
_DEEP_CAP = 0.22
"""Share of a deep bar that is its dark cap."""


@dataclass(frozen=True, slots=True)
class RibbonColours:
    """Colours of a ribbon: one per state, the surface behind it and the soft ground of the hatch."""

    state: Mapping[RibbonState, QColor]
    surface: QColor
    gap_soft: QColor
    cap: QColor

    @classmethod
    def of(cls, theme: Theme) -> RibbonColours:
        """The ribbon in a theme's colours."""
        zones = {
            state: QColor(theme.gap if state >= RibbonState.GAP else getattr(theme, state.name.lower()))
            for state in RibbonState
        }
        return cls(zones, QColor(theme.surface), QColor(theme.gap_soft), QColor(theme.ink))


@dataclass(frozen=True, slots=True)
class Pixels:
    """How item coordinates map to device pixels, and which part is seen."""

    transform: QTransform
    seen: QRectF

    def x(self, t_s: Floats | float) -> Floats:
        """Pixel columns of times."""
        return np.asarray(t_s, np.float64) * self.transform.m11() + self.transform.dx()

    def y(self, value: Floats | float) -> Floats:
        """Pixel rows of values."""
        return np.asarray(value, np.float64) * self.transform.m22() + self.transform.dy()

    def t(self, column: Floats | float) -> Floats:
        """Times at pixel columns, s."""
        return (np.asarray(column, np.float64) - self.transform.dx()) / self.transform.m11()

    @property
    def left(self) -> float:
        """First pixel column that is seen."""
        return float(self.x(self.seen.left()))

    @property
    def width(self) -> float:
        """Width of what is seen, px."""
        return self.seen.width() * self.transform.m11()

    def rows(self, low: float, high: float) -> tuple[float, float]:
        """Top and bottom pixel row of a range of values."""
        return float(self.y(high)), float(self.y(low))


class PixelItem(pg.GraphicsObject):  # type: ignore[misc]  # pyqtgraph carries no types
    """A plot item that paints in device pixels.

    Args:
        x_range: first and last time it may paint at, s.
        y_range: lowest and highest value it may paint at.
    """

    def __init__(self, x_range: tuple[float, float], y_range: tuple[float, float]) -> None:
        super().__init__()
        self._bounds = QRectF(x_range[0], y_range[0], x_range[1] - x_range[0], y_range[1] - y_range[0])
        self.y_range = y_range

    def boundingRect(self) -> QRectF:  # Qt's name
        """Where it paints, in item coordinates."""
        return self._bounds

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Paint the part that is seen, in device pixels."""
        view = self.getViewBox()
        seen = self._bounds if view is None else view.viewRect().intersected(self._bounds)
        if seen.width() <= 0:
            return
        pixels = Pixels(painter.worldTransform(), seen)
        painter.save()
        painter.setWorldTransform(QTransform())
        self.draw(painter, pixels)
        painter.restore()

    def draw(self, painter: QPainter, pixels: Pixels) -> None:
        """Paint with ``pixels``' mapping; each item says how."""
        raise NotImplementedError


def hatch_brush(line: QColor, ground: QColor) -> QBrush:
    """Diagonal hatch of fixed pixel size, the sign for "no data" everywhere.

    Args:
        line: colour of the strokes.
        ground: colour behind them.
    """
    tile = QPixmap(_HATCH_PX, _HATCH_PX)
    tile.fill(ground)
    painter = QPainter(tile)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(line, 1.4))
    for shift in (-_HATCH_PX, 0, _HATCH_PX):
        painter.drawLine(QLineF(shift - 1, _HATCH_PX + 1, shift + _HATCH_PX + 1, -1))
    painter.end()
    return QBrush(tile)


def lined_brush(colour: QColor, ground: QColor) -> QBrush:
    """Horizontal lines of fixed pixel size, the sign for lying."""
    tile = QPixmap(4, 4)
    tile.fill(colour)
    painter = QPainter(tile)
    painter.fillRect(QRectF(0, 1, 4, 1), ground)
    painter.end()
    return QBrush(tile)


def draw_state(painter: QPainter, rect: QRectF, state: RibbonState, colours: RibbonColours) -> None:
    """One stretch of a ribbon, also used for the keys of legends.

    Args:
        painter: in pixel coordinates.
        rect: full height of the ribbon over the stretch, px.
        state: what to paint.
        colours: with what.
    """
    height = rect.height() * RIBBON_HEIGHT[state.name.lower()]
    bar = QRectF(rect.left(), rect.bottom() - height, rect.width(), height)
    colour = colours.state[state]
    if state is RibbonState.GAP:
        painter.fillRect(bar, hatch_brush(colour, colours.gap_soft))
    elif state is RibbonState.UNWORN:
        painter.setPen(QPen(colour, 1, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(bar.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
    elif state is RibbonState.LYING:
        painter.fillRect(bar, lined_brush(colour, colours.surface))
    else:
        painter.fillRect(bar, colour)
        if state is RibbonState.DEEP:
            painter.fillRect(QRectF(bar.left(), bar.top(), bar.width(), bar.height() * _DEEP_CAP), colours.cap)


class RibbonItem(PixelItem):
    """Runs of equal state; states differ in height. Each pixel column shows the state that fills most of it.

    Args:
        runs: stretches in time order, s.
        colours: see `RibbonColours`.
        y_range: lowest and highest value of the ribbon on the value axis.
        x_range: where it may paint, s; the extent of the runs by default.
    """

    def __init__(
        self,
        runs: Runs,
        colours: RibbonColours,
        y_range: tuple[float, float] = (0.0, 1.0),
        x_range: tuple[float, float] | None = None,
    ) -> None:
        super().__init__(x_range or _extent(runs), y_range)
        self._occupancy = Occupancy(runs)
        self.colours = colours

    def set_runs(self, runs: Runs) -> None:
        """Show other runs, for a day that still grows."""
        self.prepareGeometryChange()
        first, last = _extent(runs)
        self._bounds = QRectF(first, self.y_range[0], last - first, self.y_range[1] - self.y_range[0])
        self._occupancy = Occupancy(runs)
        self.update()

    def set_colours(self, colours: RibbonColours) -> None:
        """Repaint with another theme's colours."""
        self.colours = colours
        self.update()

    def draw(self, painter: QPainter, pixels: Pixels) -> None:
        """Paint at most one rectangle per pixel column."""
        top, bottom = pixels.rows(*self.y_range)
        first = np.floor(pixels.left)
        edges = first + np.arange(int(np.ceil(pixels.width)) + 2)
        painter.setBrushOrigin(QPointF(0, bottom))
        for start, end, code in column_runs(self._occupancy.columns(pixels.t(edges))):
            rect = QRectF(first + start, top, end - start, bottom - top)
            draw_state(painter, rect, RibbonState(code), self.colours)


class RugItem(PixelItem):
    """A short stroke at each moment: position changes, whose rhythm is seen rather than counted.

    Args:
        t_s: (n,) moments, s.
        colour: of the strokes.
        y_range: lower and upper end of a stroke.
        x_range: where it may paint, s.
    """

    def __init__(self, t_s: Floats, colour: QColor, y_range: tuple[float, float], x_range: tuple[float, float]) -> None:
        super().__init__(x_range, y_range)
        self._t_s = np.asarray(t_s, np.float64)
        self.colour = colour

    def set_times(self, t_s: Floats) -> None:
        """Show other moments."""
        self._t_s = np.asarray(t_s, np.float64)
        self.update()

    def draw(self, painter: QPainter, pixels: Pixels) -> None:
        """Paint at most one stroke per pixel column."""
        first, last = np.searchsorted(self._t_s, (pixels.seen.left(), pixels.seen.right()))
        top, bottom = pixels.rows(*self.y_range)
        painter.setPen(QPen(self.colour, 1))
        columns = np.unique(np.floor(pixels.x(self._t_s[first:last]))) + 0.5
        painter.drawLines([QLineF(x, top, x, bottom) for x in columns.tolist()])


class SpansItem(PixelItem):
    """Shaded stretches over the whole lane (episodes), or hatched ones (gaps), as one item.

    Args:
        start_s, end_s: (n,) stretches, s.
        brush: fill; a hatch keeps its size in pixels.
        y_range, x_range: where it may paint.
    """

    def __init__(
        self,
        start_s: Floats,
        end_s: Floats,
        brush: QBrush,
        y_range: tuple[float, float],
        x_range: tuple[float, float],
    ) -> None:
        super().__init__(x_range, y_range)
        self._start_s, self._end_s = np.asarray(start_s, np.float64), np.asarray(end_s, np.float64)
        self.brush = brush

    def draw(self, painter: QPainter, pixels: Pixels) -> None:
        """Paint the stretches that are seen, each at least one pixel wide; those that touch are joined."""
        shown = (self._end_s > pixels.seen.left()) & (self._start_s < pixels.seen.right())
        top, bottom = pixels.rows(*self.y_range)
        painter.setBrushOrigin(QPointF(0, bottom))
        for left, right in _joined(pixels.x(self._start_s[shown]), pixels.x(self._end_s[shown])):
            painter.fillRect(QRectF(left, top, max(right - left, 1.0), bottom - top), self.brush)


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


@dataclass(slots=True)
class Trace:
    """One line of an `EnvelopeItem`: the pyramid of its values, its colour, and the pyramid of its error band."""

    line: Pyramid
    colour: QColor
    band: Pyramid | None = None


class EnvelopeItem(PixelItem):
    """Long series as lines: per pixel column the smallest and largest value, from the pyramid.

    Args:
        traces: painted in order; several over one axis give one colour per state.
        y_range, x_range: where it may paint.
        band_opacity: of the error bands; from the design tokens.
    """

    def __init__(
        self,
        traces: Sequence[Trace],
        y_range: tuple[float, float],
        x_range: tuple[float, float],
        band_opacity: float = TRACE_BAND_OPACITY,
    ) -> None:
        super().__init__(x_range, y_range)
        self.traces = list(traces)
        self._band_opacity = band_opacity
        self._cached_for: QTransform | None = None
        self._paths: list[tuple[QPainterPath, QPainterPath]] = []

    def points(self) -> int:
        """How many points the last painting took, over all traces and bands."""
        return sum(line.elementCount() + band.elementCount() for line, band in self._paths)

    def draw(self, painter: QPainter, pixels: Pixels) -> None:
        """Paint bands, then lines; a moved cursor repaints the paths of the last view."""
        if self._cached_for != pixels.transform:
            self._paths = [_paths(trace, pixels) for trace in self.traces]
            self._cached_for = QTransform(pixels.transform)
        top, bottom = pixels.rows(*self.y_range)
        painter.setClipRect(QRectF(pixels.left, top, pixels.width, bottom - top), Qt.ClipOperation.IntersectClip)
        for trace, (_, band) in zip(self.traces, self._paths, strict=True):
            fill = QColor(trace.colour)
            fill.setAlphaF(self._band_opacity)
            painter.fillPath(band, fill)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for trace, (line, _) in zip(self.traces, self._paths, strict=True):
            painter.strokePath(line, QPen(trace.colour, 1))


def _paths(trace: Trace, pixels: Pixels) -> tuple[QPainterPath, QPainterPath]:
    start, end, columns = pixels.seen.left(), pixels.seen.right(), max(int(pixels.width), 2)
    x, y = trace.line.view(start, end, columns).polyline()
    line = pg.functions.arrayToQPath(pixels.x(x), pixels.y(y), connect="finite") if len(x) else QPainterPath()
    return line, QPainterPath() if trace.band is None else _band_path(trace.band.view(start, end, columns // 2), pixels)


def _band_path(view: EnvelopeView, pixels: Pixels) -> QPainterPath:
    path = QPainterPath()
    x, low, high = pixels.x(view.t_s), pixels.y(view.low), pixels.y(view.high)
    for run in view.runs():
        outline_x = np.concatenate([x[run], x[run][::-1]])
        outline_y = np.concatenate([high[run], low[run][::-1]])
        path.addPolygon(pg.functions.arrayToQPolygonF(outline_x, outline_y))
    return path


def _joined(left: Floats, right: Floats) -> list[tuple[float, float]]:
    """Intervals in order of their left edge, joined where less than a pixel lies between them."""
    spans: list[tuple[float, float]] = []
    for start, end in zip(left.tolist(), right.tolist(), strict=True):
        if spans and start - spans[-1][1] < 1:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def _extent(runs: Runs) -> tuple[float, float]:
    return (float(runs.start_s[0]), float(runs.end_s[-1])) if len(runs) else (0.0, 0.0)
