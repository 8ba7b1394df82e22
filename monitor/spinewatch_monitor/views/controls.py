"""Controls for choices that are numbers or yes and no: a stepper and a switch. Large targets, all by keyboard."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QWidget

from spinewatch_monitor.views.theme import colour, font
from spinewatch_monitor.views.tokens import FOCUS_RING_PX, HIT_TARGET_PX, LIGHT, Theme
from spinewatch_monitor.views.widgets import Button, row, text_label

TRACK_WIDTH_PX, TRACK_HEIGHT_PX = 40, 22


class Stepper(QWidget):
    """A whole number with a button to either side; the arrow keys step as well.

    Args:
        name: what is chosen, for screen readers.
        low, high: allowed range.
        unit: written after the number.
        step: how far one press goes.
    """

    changed = Signal(int)

    def __init__(self, name: str, low: int, high: int, unit: str = "", step: int = 1) -> None:
        super().__init__()
        self._name, self._unit = name, unit
        self._low, self._high, self._step = low, high, step
        self._value = low
        self._words = text_label("", "body_strong")
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._words.setFixedWidth(72)
        self._less, self._more = Button("", "minus"), Button("", "plus")
        for button, word, by in ((self._less, "less", -step), (self._more, "more", step)):
            button.setAccessibleName(f"{name}: {word}")
            button.setFixedSize(HIT_TARGET_PX + 6, HIT_TARGET_PX)
            button.clicked.connect(lambda _=False, by=by: self._go(self._value + by))
        self.setLayout(row(self._less, self._words, self._more, spacing=4))
        self.set_value(low)

    @property
    def value(self) -> int:
        """The number shown."""
        return self._value

    def set_value(self, value: int) -> None:
        """Show a number, brought into the range, without a signal."""
        self._value = max(self._low, min(self._high, value))
        self._words.setText(f"{self._value}{self._unit}")
        self._less.setEnabled(self._value > self._low)
        self._more.setEnabled(self._value < self._high)
        self.setAccessibleName(f"{self._name}: {self._words.text()}")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys step, from either button."""
        steps = {Qt.Key.Key_Up: 1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_Left: -1}
        by = steps.get(Qt.Key(event.key()))
        if by is None:
            super().keyPressEvent(event)
        else:
            self._go(self._value + by * self._step)

    def _go(self, value: int) -> None:
        before = self._value
        self.set_value(value)
        if self._value != before:
            self.changed.emit(self._value)


class Switch(QCheckBox):
    """Yes or no as a switch: the knob's side and the filled track say which."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._theme: Theme = LIGHT
        self.setFont(font("body"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(text)

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """Track, gap, words."""
        words = QFontMetricsF(self.font()).horizontalAdvance(self.text())
        return QSize(round(TRACK_WIDTH_PX + 14 + words + 4), HIT_TARGET_PX)

    def hitButton(self, pos: QPoint) -> bool:
        """The words count as well."""
        return self.rect().contains(pos)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Track, knob, words, and the ring while the keyboard is here."""
        theme, on = self._theme, self.isChecked()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top = (self.height() - TRACK_HEIGHT_PX) / 2
        track = QRectF(2, top, TRACK_WIDTH_PX - 2, TRACK_HEIGHT_PX)
        painter.setPen(QPen(QColor(theme.accent if on else theme.control), 1.5))
        painter.setBrush(QColor(theme.accent if on else theme.surface))
        painter.drawRoundedRect(track.adjusted(0.75, 0.75, -0.75, -0.75), 10, 10)
        knob = QPointF(track.right() - 11 if on else track.left() + 11, track.center().y())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.on_accent if on else theme.control))
        painter.drawEllipse(knob, 7, 7)
        painter.setPen(colour(theme.ink))
        painter.setFont(self.font())
        box = QRectF(self.rect()).adjusted(TRACK_WIDTH_PX + 12, 0, 0, 0)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, self.text())
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.focus), FOCUS_RING_PX))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 8, 8)
