"""Small parts of the page Sensors: signal bars, and a row that breaks where it has no room."""

from __future__ import annotations

import re

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget

from spinewatch_monitor.views.meters import NO_BRUSH, NO_PEN, Painted
from spinewatch_monitor.views.sensor_words import BARS
from spinewatch_monitor.views.theme import Themed
from spinewatch_monitor.views.tokens import SPACE_S_PX, Theme

BREAK = "\u200b"
_LONG = re.compile(r"[^/_.:-]{1,14}[/_.:-]?|[/_.:-]")
"""What stays together: up to fourteen characters, or up to the next mark that separates."""


class SignalBars(Painted):
    """Rising bars, as many filled as the radio signal deserves."""

    def __init__(self) -> None:
        super().__init__(22, 14)
        self._filled: int | None = None

    def show_bars(self, filled: int | None) -> None:
        """Fill so many of the bars; None leaves them out: a cable, or nothing known."""
        self.setVisible(filled is not None)
        if filled != self._filled:
            self._filled = filled
            self.update()

    def draw(self, painter: QPainter) -> None:
        """Filled bars, then outlines."""
        for place in range(BARS):
            height = 4.0 + 3.0 * place
            bar = QRectF(0.7 + 5.4 * place, 13.3 - height, 3.6, height)
            filled = place < (self._filled or 0)
            painter.setPen(NO_PEN if filled else QPen(QColor(self._theme.control), 1))
            painter.setBrush(QColor(self._theme.ink2) if filled else NO_BRUSH)
            painter.drawRoundedRect(bar, 1.2, 1.2)


class FlowRow(QLayout):
    """Widgets side by side, the next line where the width ends; hidden ones take no room."""

    def __init__(self, *widgets: QWidget, spacing: int = SPACE_S_PX) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)
        for widget in widgets:
            self.addWidget(widget)

    def addItem(self, item: QLayoutItem) -> None:
        """Take one more."""
        self._items.append(item)

    def count(self) -> int:
        """How many there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """One of them, None beyond the end."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Give one away."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """None."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """Narrower is higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """How high the lines are at a width, px."""
        return self._arrange(QRect(0, 0, width, 0), place=False)

    def sizeHint(self) -> QSize:
        """All in one line."""
        sizes = [item.sizeHint() for item in self._items if not item.isEmpty()]
        width = sum(size.width() for size in sizes) + self.spacing() * max(0, len(sizes) - 1)
        return QSize(width, max((size.height() for size in sizes), default=0))

    def minimumSize(self) -> QSize:
        """The widest alone."""
        sizes = [item.minimumSize() for item in self._items if not item.isEmpty()]
        return QSize(max((s.width() for s in sizes), default=0), max((s.height() for s in sizes), default=0))

    def setGeometry(self, rect: QRect) -> None:
        """Put all in their places."""
        super().setGeometry(rect)
        self._arrange(rect, place=True)

    def _arrange(self, rect: QRect, *, place: bool) -> int:
        x, y, line_height = rect.left(), rect.top(), 0
        for item in self._items:
            if item.isEmpty():
                continue
            size = item.sizeHint()
            if x > rect.left() and x + size.width() > rect.right() + 1:
                x, y, line_height = rect.left(), y + line_height + SPACE_S_PX, 0
            if place:
                item.setGeometry(QRect(QPoint(x, y), size))
            x += size.width() + self.spacing()
            line_height = max(line_height, size.height())
        return y + line_height - rect.top()


def breakable(text: str) -> str:
    """The same text for eyes, with places where a long word may go on in the next line."""
    parts = (_LONG.sub(lambda found: f"{found[0]}{BREAK}", word) for word in text.split(" "))
    return " ".join(part.removesuffix(BREAK) for part in parts)


def set_theme_below(root: QWidget, theme: Theme) -> None:
    """Dress what was made after the window was."""
    for part in root.findChildren(QWidget):
        if isinstance(part, Themed):
            part.set_theme(theme)
