"""When a focus ring is shown: where the keyboard led, not where a mouse clicked."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QWidget

_BY_KEYBOARD = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)


def by_keyboard(event: QFocusEvent) -> bool:
    """Whether the keyboard brought the focus."""
    return event.reason() in _BY_KEYBOARD


class RingedWidget(QWidget):
    """A painted widget that knows whether to draw a ring: ``ringed``."""

    def __init__(self) -> None:
        super().__init__()
        self.ringed = False

    def focusInEvent(self, event: QFocusEvent) -> None:
        """A ring where the keyboard led."""
        self.ringed = by_keyboard(event)
        self.update()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """No ring."""
        self.ringed = False
        self.update()
        super().focusOutEvent(event)
