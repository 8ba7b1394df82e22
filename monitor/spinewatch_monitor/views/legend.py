"""The key to a chart's lower strips: each sign as it is drawn, with its word, in as many lines as it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from spinewatch_monitor.views.theme import colour, font
from spinewatch_monitor.views.tokens import LIGHT, Theme

_KEY_PX, _GAP_PX, _BETWEEN_PX, _LINE_PX = 16, 6, 16, 20


@dataclass(frozen=True, slots=True)
class Key:
    """One sign: its words, and how it is drawn into a box of 16 by 14 px."""

    words: str
    draw: Callable[[QPainter, QRectF, Theme], None]


class Legend(QWidget):
    """Keys from left to right; they go on in the next line where there is no room."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: tuple[Key, ...] = ()
        self._theme = LIGHT
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_keys(self, keys: Sequence[Key]) -> None:
        """Explain these."""
        self._keys = tuple(keys)
        self.setAccessibleName("Key: " + ", ".join(key.words for key in keys))
        self.updateGeometry()
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._theme = theme
        self.update()

    def hasHeightForWidth(self) -> bool:
        """Narrow, it has more lines."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Height of all lines, px."""
        places = self._places(width)
        return round(places[-1].y()) + _LINE_PX if places else 0

    def sizeHint(self) -> QSize:
        """All keys in the width there is."""
        return QSize(240, self.heightForWidth(max(self.width(), 240)))

    def minimumSizeHint(self) -> QSize:
        """As high as the keys need in the width there is."""
        return QSize(120, self.heightForWidth(max(self.width(), 120)))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Key, word, key, word."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font("note"))
        for key, at in zip(self._keys, self._places(self.width()), strict=True):
            painter.save()
            key.draw(painter, QRectF(at.x(), at.y() + 3, _KEY_PX, 14), self._theme)
            painter.restore()
            painter.setPen(colour(self._theme.ink3))
            painter.drawText(QPointF(at.x() + _KEY_PX + _GAP_PX, at.y() + 15), key.words)

    def _places(self, width: int) -> list[QPointF]:
        metrics, x, y = QFontMetricsF(font("note")), 0.0, 0.0
        places = []
        for key in self._keys:
            needed = _KEY_PX + _GAP_PX + metrics.horizontalAdvance(key.words)
            if x > 0 and x + needed > width:
                x, y = 0.0, y + _LINE_PX
            places.append(QPointF(x, y))
            x += needed + _BETWEEN_PX
        return places
