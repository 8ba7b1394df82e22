"""Plot items that paint thousands of samples as one item each: ribbon, rug, spans and the hatch that means no data.

All of them paint in device pixels over a time axis (x, s): hatches keep their size when the view is zoomed, lines are
one pixel wide, and what is painted is bounded by the width of the view, never by the length of the recording. Colours
are arguments; a page gives them again when the theme changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPixmap

from spinewatch_monitor.views.pixel_item import PixelItem, Pixels
from spinewatch_monitor.views.runs import Occupancy, RibbonState, Runs, column_runs
from spinewatch_monitor.views.tokens import RIBBON_HEIGHT, Theme
from spinewatch_signal.samples import Floats

__all__ = [
    "PixelItem",
    "Pixels",
    "RibbonColours",
    "RibbonItem",
    "RugItem",
    "RunsItem",
    "SpansItem",
    "draw_state",
    "hatch_brush",
    "lined_brush",
]

_HATCH_PX = 6
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


def hatch_brush(line: QColor, ground: QColor) -> QBrush:
    """Diagonal hatch of fixed pixel size, the sign for "no data" everywhere.

    Args:
        line: colour of the strokes.
        ground: colour behind them.
    """
    return _hatched(line.name(), ground.name())


def lined_brush(colour: QColor, ground: QColor) -> QBrush:
    """Horizontal lines of fixed pixel size, the sign for lying."""
    return _lined(colour.name(), ground.name())


@lru_cache(maxsize=8)
def _hatched(line: str, ground: str) -> QBrush:
    tile = QPixmap(_HATCH_PX, _HATCH_PX)
    tile.fill(ground)
    painter = QPainter(tile)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(line), 1.4))
    for shift in (-_HATCH_PX, 0, _HATCH_PX):
        painter.drawLine(QLineF(shift - 1, _HATCH_PX + 1, shift + _HATCH_PX + 1, -1))
    painter.end()
    return QBrush(tile)


@lru_cache(maxsize=8)
def _lined(colour: str, ground: str) -> QBrush:
    tile = QPixmap(4, 4)
    tile.fill(colour)
    painter = QPainter(tile)
    painter.fillRect(QRectF(0, 1, 4, 1), QColor(ground))
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


class RunsItem(PixelItem):
    """Runs of equal code. Each pixel column shows the code that fills most of it; what draws it is a subclass's.

    Args:
        runs: stretches in time order, s.
        y_range: lowest and highest value of the strip on the value axis.
        x_range: where it may paint, s; the extent of the runs by default.
    """

    def __init__(
        self, runs: Runs, y_range: tuple[float, float] = (0.0, 1.0), x_range: tuple[float, float] | None = None
    ) -> None:
        super().__init__(x_range or _extent(runs), y_range)
        self._occupancy = Occupancy(runs)

    def draw(self, painter: QPainter, pixels: Pixels) -> None:
        """Paint at most one rectangle per pixel column."""
        top, bottom = pixels.rows(*self.y_range)
        first = np.floor(pixels.left)
        edges = first + np.arange(int(np.ceil(pixels.width)) + 2)
        painter.setBrushOrigin(QPointF(0, bottom))
        for start, end, code in column_runs(self._occupancy.columns(pixels.t(edges))):
            self.draw_run(painter, QRectF(first + start, top, end - start, bottom - top), code)

    def draw_run(self, painter: QPainter, rect: QRectF, code: int) -> None:
        """Paint one stretch, over the full height of the strip, px."""
        raise NotImplementedError


class RibbonItem(RunsItem):
    """Runs of equal state; states differ in height.

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
        super().__init__(runs, y_range, x_range)
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

    def draw_run(self, painter: QPainter, rect: QRectF, code: int) -> None:
        """Paint one stretch."""
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
