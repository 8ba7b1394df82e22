"""Stretches of a time line in which something is doubtful: a cross-hatched strip, and its words where it is pointed at.

Cross-hatched, because a single hatch means "no data": here there are data, and what they stand on is uncertain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPixmap

from spinewatch_monitor.views.clock import clock_text
from spinewatch_monitor.views.pixel_item import PixelItem, Pixels
from spinewatch_monitor.views.runs import GAP_STEP_S
from spinewatch_monitor.views.tokens import Theme
from spinewatch_signal.posture import FRAME_PERIOD_S, Doubt
from spinewatch_signal.samples import Floats

DOUBT_WORDS = {
    Doubt.REFERENCE: "reference uncertain",
    Doubt.WORN_WRONG: "sensors seem swapped or upside down",
    Doubt.SENSOR: "sensor at its limits",
}
_SHORTEST_S = {Doubt.REFERENCE: 0.0, Doubt.WORN_WRONG: 0.0, Doubt.SENSOR: 5.0}
"""A knock that fills the range for a moment is no news on a time line."""
_TILE_PX = 6


@dataclass(frozen=True, slots=True)
class DoubtSpan:
    """Something doubtful in ``[start_s, end_s)``, in the times that it was made from; `words` say what."""

    start_s: float
    end_s: float
    words: str

    def told(self, utc_offset_s: float, origin_s: float = 0.0) -> str:
        """``Reference uncertain from 10:14 to 11:02``."""
        start, end = (clock_text(origin_s + t_s, utc_offset_s) for t_s in (self.start_s, self.end_s))
        return f"{self.words[:1].upper()}{self.words[1:]} from {start} to {end}"


def doubts_of(t_s: Floats, doubt: NDArray[np.uint8], period_s: float = FRAME_PERIOD_S) -> list[DoubtSpan]:
    """Stretches of each doubt, by their beginning; a gap in the data does not end one.

    Args:
        t_s: (m,) increasing times, s.
        doubt: (m,) bits of `Doubt`.
        period_s: how long the last moment of a stretch lasts.
    """
    spans = []
    for bit, words in DOUBT_WORDS.items():
        edges = np.flatnonzero(np.diff((doubt & bit) != 0, prepend=False, append=False))
        for first, end in edges.reshape(-1, 2).tolist():
            start_s, end_s = float(t_s[first]), float(t_s[end - 1]) + period_s
            if end_s - start_s > _SHORTEST_S[bit]:
                spans.append(DoubtSpan(start_s, end_s, words))
    return sorted(spans, key=lambda span: span.start_s)


def doubt_at(spans: Sequence[DoubtSpan], t_s: float) -> str:
    """What is doubtful at a moment; empty when nothing."""
    return " and ".join(dict.fromkeys(s.words for s in spans if s.start_s - GAP_STEP_S < t_s < s.end_s))


class DoubtStrip(PixelItem):
    """One stretch as a strip; its words come up where it is pointed at.

    Args:
        span: in seconds of the axis.
        theme: colours.
        y_range: where the strip lies.
        words: for who points at it.
    """

    def __init__(self, span: DoubtSpan, theme: Theme, y_range: tuple[float, float], words: str) -> None:
        super().__init__((span.start_s, span.end_s), y_range)
        self._theme = theme
        self.setToolTip(words)

    def draw(self, painter: QPainter, pixels: Pixels) -> None:
        """The strip, at least two pixels wide, with an edge at its beginning."""
        top, bottom = pixels.rows(*self.y_range)
        painter.setBrushOrigin(QPointF(0, bottom))
        box = QRectF(pixels.left, top, max(pixels.width, 2.0), bottom - top)
        painter.fillRect(box, doubt_brush(self._theme))
        painter.setPen(QPen(QColor(self._theme.ink2), 1))
        painter.drawLine(QLineF(box.left(), top, box.left(), bottom))
        painter.drawLine(QLineF(box.left(), top, box.right(), top))


def doubt_brush(theme: Theme) -> QBrush:
    """The cross-hatch of fixed pixel size."""
    return _crossed(QColor(theme.ink3).name(), QColor(theme.surface).name())


@lru_cache(maxsize=8)
def _crossed(line: str, ground: str) -> QBrush:
    tile = QPixmap(_TILE_PX, _TILE_PX)
    tile.fill(ground)
    painter = QPainter(tile)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(line), 1.0, Qt.PenStyle.SolidLine))
    painter.drawLine(QLineF(-1, -1, _TILE_PX + 1, _TILE_PX + 1))
    painter.drawLine(QLineF(-1, _TILE_PX + 1, _TILE_PX + 1, -1))
    painter.end()
    return QBrush(tile)
