"""Two panes over the last ten seconds, acceleration and turn rate: a line per axis, its letter at the right end."""

from __future__ import annotations

from itertools import pairwise
from math import ceil, floor

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy

from spinewatch_monitor.live_signals import SPAN_S, LiveSignals
from spinewatch_monitor.views.chart_table import Table
from spinewatch_monitor.views.focus import RingedWidget
from spinewatch_monitor.views.theme import font
from spinewatch_monitor.views.tokens import FOCUS_RING_PX, LIGHT, SIGNAL_LINE_PX, Theme
from spinewatch_signal.samples import Floats

ACC_TITLE, GYR_TITLE = "acceleration, m/s²", "turn rate, °/s"
LEFT_PX, RIGHT_PX, TITLE_PX, FOOT_PX = 44, 26, 26, 20
BETWEEN_PX = 16
"""The lowest label of one pane reaches into it, and the title of the next begins below it."""
PANE_MIN_PX = 76
BREAK_S = 0.25
"""Samples further apart are not joined: nothing came between them."""
LETTERS = ("x", "y", "z")
LETTER_PX = 14.0
_TURN_STEPS = (5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0)


class SignalPlot(RingedWidget):
    """Painted by hand: six short lines, ten times a second, for a few hundredths of a core."""

    def __init__(self) -> None:
        super().__init__()
        self._theme: Theme = LIGHT
        self._signals: LiveSignals | None = None
        self._end_s = 0.0
        self._gyro = True
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # else the card behind is painted with it
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(2 * (TITLE_PX + PANE_MIN_PX) + BETWEEN_PX + FOOT_PX)

    def sizeHint(self) -> QSize:
        """Content with little."""
        return QSize(360, self.minimumHeight())

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._theme = theme
        self.update()

    def show_signals(self, signals: LiveSignals | None, end_s: float, *, gyro: bool) -> None:
        """Show the seconds before ``end_s``; ``gyro``: whether there is a pane for turn rate."""
        if signals is None and self._signals is None and gyro == self._gyro:
            return
        self._signals, self._end_s, self._gyro = signals, end_s, gyro
        self.update()

    def numbers(self) -> Table:
        """A row a second, newest first."""
        signals = self._signals
        columns = ("Seconds ago", *(f"a {c}, m/s²" for c in LETTERS), *(f"ω {c}, °/s" for c in LETTERS))
        if signals is None or not len(signals.t_s):
            return Table("Live signals", columns, ())
        wanted = self._end_s - np.arange(0.0, SPAN_S + 0.5)
        at = np.unique(np.clip(np.searchsorted(signals.t_s, wanted), 0, len(signals.t_s) - 1))[::-1]
        return Table("Live signals", columns, tuple(self._told(signals, i) for i in at.tolist()))

    def _told(self, signals: LiveSignals, i: int) -> tuple[str, ...]:
        acc = [f"{v:.2f}".replace("-", "−") for v in signals.acc_m_s2[i].tolist()]
        gyr = ["–"] * 3 if signals.gyr_deg_s is None else [f"{v:.1f}" for v in signals.gyr_deg_s[i].tolist()]
        return (f"{self._end_s - signals.t_s[i]:.1f}", *acc, *(text.replace("-", "−") for text in gyr))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Both panes, the times below them, the ring."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.surface))
        painter.setFont(font("axis"))
        count = 2 if self._gyro else 1
        signals = self._signals
        for place, pane in enumerate(panes(self.width(), self.height(), count)):
            values = None if signals is None else signals.gyr_deg_s if place else signals.acc_m_s2
            span = turn_span(values) if place else acc_span(values)
            self._scale(painter, pane, GYR_TITLE if place else ACC_TITLE, span)
            if signals is not None and values is not None and len(values):
                self._lines(painter, pane, span, signals.t_s, values)
        self._times(painter)
        if self.ringed:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(self._theme.focus), FOCUS_RING_PX))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)

    def _scale(self, painter: QPainter, pane: QRectF, title: str, span: tuple[float, float]) -> None:
        theme, low, high = self._theme, *span
        metrics = painter.fontMetrics()
        painter.setPen(QColor(theme.ink2))
        painter.drawText(QPointF(0, pane.top() - TITLE_PX + metrics.ascent()), title)
        for value in (low, 0.0, high):
            y = round(_row(pane, span, value)) + 0.5
            painter.setPen(QPen(QColor(theme.grid), 1))
            painter.drawLine(QLineF(pane.left(), y, pane.right(), y))
            text = f"{value:g}".replace("-", "−")
            painter.setPen(QColor(theme.ink3))
            x = LEFT_PX - 8 - metrics.horizontalAdvance(text)
            painter.drawText(QPointF(x, y + metrics.capHeight() / 2), text)

    def _lines(self, painter: QPainter, pane: QRectF, span: tuple[float, float], t_s: Floats, values: Floats) -> None:
        inks = (self._theme.signal_a, self._theme.signal_b, self._theme.signal_c)
        x = pane.right() + (t_s - self._end_s) * pane.width() / SPAN_S
        rows = pane.bottom() - (values - span[0]) * pane.height() / (span[1] - span[0])
        parts = joined_parts(t_s)
        painter.save()
        painter.setClipRect(pane.adjusted(0, -2, 1, 2))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for axis, ink in enumerate(inks):
            painter.setPen(QPen(QColor(ink), SIGNAL_LINE_PX))
            painter.drawLines([line for part in parts for line in segments(x[part], rows[part, axis])])
        painter.restore()
        if self._end_s - t_s[-1] < 1.0:
            self._letters(painter, pane, rows[-1], inks)

    def _letters(self, painter: QPainter, pane: QRectF, ends: Floats, inks: tuple[str, ...]) -> None:
        """The letter of each line where it ends, kept apart from its neighbours."""
        painter.setFont(font("axis_strong"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        half = painter.fontMetrics().xHeight() / 2
        for axis, y in enumerate(apart(ends.tolist(), pane.top(), pane.bottom())):
            painter.setPen(QPen(QColor(inks[axis]), SIGNAL_LINE_PX))
            end = min(max(float(ends[axis]), pane.top()), pane.bottom())
            painter.drawLine(QLineF(pane.right() + 1, end, pane.right() + 9, y))
            painter.setPen(QColor(self._theme.ink))
            painter.drawText(QPointF(pane.right() + 13, y + half), LETTERS[axis])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setFont(font("axis"))

    def _times(self, painter: QPainter) -> None:
        painter.setPen(QColor(self._theme.ink3))
        y, right = self.height() - 4.0, self.width() - RIGHT_PX
        painter.drawText(QPointF(LEFT_PX, y), f"−{SPAN_S:g} s")
        painter.drawText(QPointF(right - painter.fontMetrics().horizontalAdvance("now"), y), "now")


def panes(width: float, height: float, count: int) -> list[QRectF]:
    """Where the lines are drawn, one pane below the other, each with its title above it."""
    room = height - FOOT_PX - (count - 1) * BETWEEN_PX
    tops = [place * (room / count + BETWEEN_PX) + TITLE_PX for place in range(count)]
    return [QRectF(LEFT_PX, top, width - LEFT_PX - RIGHT_PX, room / count - TITLE_PX) for top in tops]


def _row(pane: QRectF, span: tuple[float, float], value: float) -> float:
    return pane.bottom() - (value - span[0]) * pane.height() / (span[1] - span[0])


def acc_span(values: Floats | None) -> tuple[float, float]:
    """Lowest and highest acceleration shown: gravity always fits, more in steps of 5 m/s²."""
    if values is None or not len(values):
        return -5.0, 10.0
    return min(-5.0, 5.0 * floor((float(values.min()) - 0.5) / 5)), max(10.0, 5.0 * ceil(float(values.max() - 0.5) / 5))


def turn_span(values: Floats | None) -> tuple[float, float]:
    """Lowest and highest turn rate shown: the same to both sides, in round steps."""
    most = 0.0 if values is None or not len(values) else float(np.abs(values).max())
    high = next((step for step in _TURN_STEPS if step >= most), most)
    return -high, high


def segments(x: Floats, y: Floats) -> list[QLineF]:
    """The pieces of a line, px: painted one by one they take a tenth of what one smooth polyline takes."""
    xs, ys = x.tolist(), y.tolist()
    return [QLineF(*ends) for ends in zip(xs[:-1], ys[:-1], xs[1:], ys[1:], strict=True)]


def joined_parts(t_s: Floats) -> list[slice]:
    """Slices of neighbouring samples without a break between them, each of at least two."""
    breaks = np.flatnonzero(np.diff(t_s) > BREAK_S) + 1
    edges = [0, *breaks.tolist(), len(t_s)]
    return [slice(a, b) for a, b in pairwise(edges) if b - a > 1]


def apart(rows: list[float], top: float, bottom: float) -> list[float]:
    """Rows for labels near ``rows``, a letter's height from each other and, where that fits, inside the pane."""
    order = sorted(range(len(rows)), key=rows.__getitem__)
    placed = list(rows)
    for above, below in pairwise(order):
        placed[below] = max(placed[below], placed[above] + LETTER_PX)
    shift = sum(placed) / len(rows) - sum(rows) / len(rows)  # as far up as down
    limit = bottom
    for place in reversed(order):
        placed[place] = min(placed[place] - shift, limit)
        limit = placed[place] - LETTER_PX
    limit = top
    for place in order:
        placed[place] = max(placed[place], limit)
        limit = placed[place] + LETTER_PX
    return placed
