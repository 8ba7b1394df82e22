"""Long series as plot items: per pixel column the smallest and the largest value, from the pyramid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QTransform

from spinewatch_monitor.views.envelope import EnvelopeView, Pyramid
from spinewatch_monitor.views.pixel_item import PixelItem, Pixels
from spinewatch_monitor.views.tokens import TRACE_BAND_OPACITY


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
