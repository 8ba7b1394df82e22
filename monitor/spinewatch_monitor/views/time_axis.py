"""A time axis in the time zone the recording was made in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from spinewatch_monitor.views.clock import clock_text
from spinewatch_monitor.views.theme import colour, font
from spinewatch_monitor.views.tokens import LIGHT, Theme

_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
_LABEL_PX = 84
"""Least distance between two labels: ``14:08:22`` at 12 px and a gap that keeps them apart."""
_AXIS_PX = 24
_HALF_PILL_PX = 33
"""Half the width of the cursor's pill, about that of a label: ticks closer to it than two of these give way."""


def tick_step_s(span_s: float, width_px: float) -> int:
    """Shortest round step whose labels have room.

    Args:
        span_s: what the axis shows, s.
        width_px: its width, px.
    """
    least = span_s * _LABEL_PX / max(width_px, 1.0)
    return next((step for step in _STEPS_S if step >= least), math.ceil(least / 86400) * 86400)


class TimeAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph carries no types
    """Bottom axis over seconds since ``origin_s``, labelled with local time; the cursor's time stands on it as a pill.

    Args:
        origin_s: UNIX seconds at which the axis is zero; small numbers keep the painting exact.
        utc_offset_s: offset of the recording's local time from UTC, s.
        theme: colours of labels and pill.
    """

    def __init__(self, origin_s: float = 0.0, utc_offset_s: float = 0.0, theme: Theme = LIGHT) -> None:
        super().__init__("bottom")
        self.origin_s, self.utc_offset_s, self._theme = origin_s, utc_offset_s, theme
        self.cursor_s: float | None = None
        self.enableAutoSIPrefix(False)
        # A fixed height: an axis that grows with its labels lays all plots out anew while panning.
        self.setHeight(_AXIS_PX)
        self.setStyle(tickLength=0, tickTextOffset=6)
        self.setTickFont(font("axis"))
        self.setPen(None)
        self.setTickPen(colour(theme.surface))
        self.setTextPen(colour(theme.ink3))

    def set_cursor(self, t_s: float | None) -> None:
        """Show the time of the cursor, s since the origin; None hides it."""
        self.cursor_s = t_s
        self.picture = None
        self.update()

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:  # noqa: N803
        """Ticks at round local times, but none under the cursor's pill."""
        step = tick_step_s(maxVal - minVal, size)
        shift = self.origin_s + self.utc_offset_s
        first = math.ceil((minVal + shift) / step)
        last = math.floor((maxVal + shift) / step)
        ticks = [k * step - shift for k in range(first, last + 1)]
        if self.cursor_s is not None:
            px_s = (maxVal - minVal) / max(size, 1.0)
            pill_s = min(max(self.cursor_s, minVal + _HALF_PILL_PX * px_s), maxVal - _HALF_PILL_PX * px_s)
            ticks = [tick for tick in ticks if abs(tick - pill_s) > 2 * _HALF_PILL_PX * px_s]
        return [(float(step), ticks)]

    def tickStrings(self, values: Sequence[float], _scale: float, spacing: float) -> list[str]:
        """Local times, with seconds where the ticks are closer than a minute."""
        return [self._text(value, spacing < 60) for value in values]

    def paint(self, painter: QPainter, option: Any, widget: Any) -> None:
        """The labels, and the pill over them."""
        super().paint(painter, option, widget)
        low, high = self.range
        if self.cursor_s is None or not low <= self.cursor_s <= high:
            return
        area = self.mapRectFromParent(self.geometry())
        text = self._text(self.cursor_s, seconds=True)
        width = QFontMetricsF(font("axis_strong")).horizontalAdvance(text) + 14
        x = area.left() + (self.cursor_s - low) / (high - low) * area.width()
        x = min(max(x, area.left() + width / 2), area.right() - width / 2)
        pill = QRectF(x - width / 2, area.top() + 3, width, 19)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(self._theme.ink))
        painter.drawRoundedRect(pill, 5, 5)
        painter.setFont(font("axis_strong"))
        painter.setPen(colour(self._theme.bg))
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)

    def _text(self, t_s: float, seconds: bool) -> str:
        # A millisecond more keeps a tick that is a hair below its second from naming the one before.
        return clock_text(self.origin_s + t_s + 1e-3, self.utc_offset_s, seconds)
