"""Boxes to choose from a list; a wheel that passes over them on its way down the page changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QListView

from spinewatch_monitor.views.icons import pixmap
from spinewatch_monitor.views.theme import font
from spinewatch_monitor.views.tokens import HIT_TARGET_DENSE_PX, LIGHT, Theme

ARROW_PX, ARROW_ROOM_PX = 16, 28
_SHEET = f"""
QComboBox::drop-down {{ border: 0; background: transparent; width: {ARROW_ROOM_PX}px; }}
QComboBox::down-arrow {{ image: none; }}
QComboBoxPrivateContainer {{ border: 0; }}
QComboBox QAbstractItemView::item {{ min-height: {HIT_TARGET_DENSE_PX}px; padding: 0 10px; }}
"""


class CalmBox(QComboBox):
    """A combo box that leaves the wheel to the page until it was clicked or reached by the keyboard.

    Args:
        name: what is chosen, for screen readers.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self._theme: Theme = LIGHT
        self.setAccessibleName(name)
        self.setFont(font("body"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setView(QListView())  # the one Qt makes takes no height from a style sheet
        self.setStyleSheet(_SHEET)

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colour for the arrow."""
        self._theme = theme
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The box as Qt draws it, with an arrow like our other icons."""
        super().paintEvent(event)
        painter = QPainter(self)
        left = self.width() - (ARROW_ROOM_PX + ARROW_PX) // 2 - 2
        painter.drawPixmap(left, (self.height() - ARROW_PX) // 2, pixmap("chevron-down", self._theme.ink2, ARROW_PX))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll the page, unless the box has the focus."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class Pick(CalmBox):
    """One of a list of numbers, shown in words; ``picked`` carries the number when a person chose another.

    Args:
        name: what is chosen, for screen readers.
        values: what is offered, rising.
        say: a value in words.
    """

    picked = Signal(float)

    def __init__(self, name: str, values: Sequence[float], say: Callable[[float], str]) -> None:
        super().__init__(name)
        self._offered, self._say = tuple(values), say
        self._shown: float | None = None
        self.activated.connect(self._chosen)
        self.show_value(self._offered[0])

    @property
    def value(self) -> float:
        """The number shown."""
        return float(self.currentData())

    def show_value(self, value: float) -> None:
        """Show a number without a signal; one that is not offered joins the list, so that what is shown is true."""
        if value == self._shown:
            return
        values = sorted({*self._offered, value})
        self.clear()
        for offered in values:
            self.addItem(self._say(offered), offered)
        self.setCurrentIndex(values.index(value))
        self._shown = value

    def _chosen(self, _index: int) -> None:
        if self.value != self._shown:
            self._shown = self.value
            self.picked.emit(self.value)
