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

_SMOOTHED_PER_COLUMN = 24
_OUTLINED_UP_TO = 8
"""Up to this many samples per bucket a band is filled by its outline. The outline of a band that jumps from bucket to
bucket takes a hundred times as long to fill as its columns."""


@dataclass(slots=True)
class Trace:
    """One line of an `EnvelopeItem`: the pyramid of its values, its colour, and the pyramid of its error band."""

    line: Pyramid
    colour: QColor
    band: Pyramid | None = None


@dataclass(frozen=True, slots=True)
class _Parts:
    """What one trace is painted from: its line, and its band as an outline or as columns."""

    line: QPainterPath
    outline: QPainterPath
    columns: list[QRectF]


class EnvelopeItem(PixelItem):
    """Long series as lines: per pixel column the smallest and largest value, from the pyramid.

    Args:
        traces: painted in order; several over one axis give one colour per state.
        y_range, x_range: where it may paint.
        band_opacity: of the error bands; from the design tokens.
        always_smooth: smooth dense views as well; for one that is painted once and kept.
    """

    def __init__(
        self,
        traces: Sequence[Trace],
        y_range: tuple[float, float],
        x_range: tuple[float, float],
        band_opacity: float = TRACE_BAND_OPACITY,
        *,
        always_smooth: bool = False,
    ) -> None:
        super().__init__(x_range, y_range)
        self.traces = list(traces)
        self._band_opacity, self._always_smooth = band_opacity, always_smooth
        self._cached_for: QTransform | None = None
        self._parts: list[_Parts] = []

    def points(self) -> int:
        """How many points the last painting took, over all traces and bands."""
        return sum(
            part.line.elementCount() + part.outline.elementCount() + 4 * len(part.columns) for part in self._parts
        )

    def draw(self, painter: QPainter, pixels: Pixels) -> None:
        """Paint bands, then lines; a moved cursor repaints what the last view left."""
        if self._cached_for != pixels.transform:
            self._parts = [_parts(trace, pixels) for trace in self.traces]
            self._cached_for = QTransform(pixels.transform)
        top, bottom = pixels.rows(*self.y_range)
        painter.setClipRect(QRectF(pixels.left, top, pixels.width, bottom - top), Qt.ClipOperation.IntersectClip)
        painter.setPen(Qt.PenStyle.NoPen)
        for trace, part in zip(self.traces, self._parts, strict=True):
            fill = QColor(trace.colour)
            fill.setAlphaF(self._band_opacity)
            painter.fillPath(part.outline, fill)
            painter.setBrush(fill)
            painter.drawRects(part.columns)
        smooth = self._always_smooth or _is_smooth(self.traces, pixels)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, smooth)
        for trace, part in zip(self.traces, self._parts, strict=True):
            painter.strokePath(part.line, QPen(trace.colour, 1))


def _is_smooth(traces: Sequence[Trace], pixels: Pixels) -> bool:
    """Whether lines are worth smoothing: among many samples per column they are upright bars, sharp without it."""
    period_s = min((trace.line.period_s for trace in traces), default=1.0)
    return pixels.seen.width() / period_s <= _SMOOTHED_PER_COLUMN * pixels.width


def _parts(trace: Trace, pixels: Pixels) -> _Parts:
    start, end, columns = pixels.seen.left(), pixels.seen.right(), max(int(pixels.width), 2)
    x, y = trace.line.view(start, end, columns).polyline()
    line = pg.functions.arrayToQPath(pixels.x(x), pixels.y(y), connect="finite") if len(x) else QPainterPath()
    if trace.band is None:
        return _Parts(line, QPainterPath(), [])
    band = trace.band.view(start, end, columns // 2)
    # The outline of a band that jumps from bucket to bucket takes a hundred times as long to fill as its columns.
    return (
        _Parts(line, _outline(band, pixels), []) if band.raw else _Parts(line, QPainterPath(), _columns(band, pixels))
    )


def _outline(view: EnvelopeView, pixels: Pixels) -> QPainterPath:
    path = QPainterPath()
    x, low, high = pixels.x(view.t_s), pixels.y(view.low), pixels.y(view.high)
    for run in view.runs():
        outline_x = np.concatenate([x[run], x[run][::-1]])
        outline_y = np.concatenate([high[run], low[run][::-1]])
        path.addPolygon(pg.functions.arrayToQPolygonF(outline_x, outline_y))
    return path


def _columns(view: EnvelopeView, pixels: Pixels) -> list[QRectF]:
    """One upright bar per bucket, on whole pixels so that neighbours neither overlap nor leave a slit."""
    left = np.round(pixels.x(view.t_s - view.bucket_s / 2))
    right = np.round(pixels.x(view.t_s + view.bucket_s / 2))
    top, bottom = pixels.y(view.high), pixels.y(view.low)
    return list(map(QRectF, left.tolist(), top.tolist(), (right - left).tolist(), (bottom - top).tolist()))
