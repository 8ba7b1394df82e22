"""The key to a ribbon: each state as it is drawn, with its word."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from spinewatch_monitor.views.doubts import doubt_brush
from spinewatch_monitor.views.plot_items import RibbonColours, draw_state
from spinewatch_monitor.views.runs import RibbonState
from spinewatch_monitor.views.theme import colour, font
from spinewatch_monitor.views.tokens import LIGHT, Theme

STATE_WORDS = {
    RibbonState.NEAR: "near your reference",
    RibbonState.AWAY: "away from it",
    RibbonState.MOVING: "moving",
    RibbonState.LYING: "lying",
    RibbonState.DEEP: "bent far forward",
    RibbonState.GAP: "no data",
    RibbonState.UNWORN: "not worn",
}
DOUBTFUL = "uncertain"
_KEY_PX, _GAP_PX, _BETWEEN_PX, _HEIGHT_PX = 16, 6, 16, 20


class RibbonLegend(QWidget):
    """Keys in one line; those that have no room are left out from the end.

    Args:
        states: which to explain.
    """

    def __init__(self, states: Sequence[RibbonState]) -> None:
        super().__init__()
        self._states: tuple[RibbonState, ...] = ()
        self._doubtful = False
        self._theme = LIGHT
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(60)
        self.show_states(states)

    def show_states(self, states: Sequence[RibbonState]) -> None:
        """Explain these states."""
        self._states = tuple(states)
        self._say()

    def show_doubt(self, doubtful: bool) -> None:
        """Explain the strip of what is uncertain as well, first of all, or no longer."""
        if doubtful != self._doubtful:
            self._doubtful = doubtful
            self._say()

    def _say(self) -> None:
        self.setAccessibleName("Key: " + ", ".join(self._words()))
        self.updateGeometry()
        self.update()

    def _words(self) -> list[str]:
        return [*([DOUBTFUL] if self._doubtful else []), *(STATE_WORDS[state] for state in self._states)]

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """All keys in one line."""
        return QSize(round(sum(self._widths()) + _BETWEEN_PX * (len(self._words()) - 1)) + 1, _HEIGHT_PX)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Key, word, key, word."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font("note"))
        colours, x = RibbonColours.of(self._theme), 0.0
        drawn = [*([None] if self._doubtful else []), *self._states]
        for state, words, width in zip(drawn, self._words(), self._widths(), strict=True):
            if x + width > self.width() + 1:
                break
            if state is None:
                painter.fillRect(QRectF(x, 7, _KEY_PX, 7), doubt_brush(self._theme))
            else:
                draw_state(painter, QRectF(x, 3, _KEY_PX, 14), state, colours)
            painter.setPen(colour(self._theme.ink3))
            painter.drawText(QPointF(x + _KEY_PX + _GAP_PX, 15), words)
            x += width + _BETWEEN_PX

    def _widths(self) -> list[float]:
        metrics = QFontMetricsF(font("note"))
        return [_KEY_PX + _GAP_PX + metrics.horizontalAdvance(words) for words in self._words()]
