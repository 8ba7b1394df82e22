"""Around the pages: the word and the dashed frame for anything not live and real, and one line of news."""

from __future__ import annotations

from math import isinf

from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QWidget

from spinewatch_monitor.updates import SessionUpdate
from spinewatch_monitor.views.theme import colour
from spinewatch_monitor.views.tokens import LIGHT, Theme
from spinewatch_monitor.views.widgets import Button, IconLabel, Tag, row, set_text, text_label

NOTICE_MS = 15_000


def source_words(update: SessionUpdate) -> str:
    """The word that goes with the dashed frame: empty for a real sensor, live."""
    parts = []
    if update.simulated:
        parts.append("Simulated, no real person")
    if update.replay is not None:
        speed = update.replay.speed
        pace = "as fast as it goes" if isinf(speed) else f"{speed:g} × speed"
        parts.append(f"Replay, {pace}" if update.replay.playing else "Replay, paused")
    return " · ".join(parts)


class Notice(QFrame):
    """One line of news; it goes by itself, or with its button."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "notice")
        self._text = text_label("", "label", wrap=True)
        close = Button("Close", small=True)
        close.clicked.connect(self.hide)
        layout = row(IconLabel("info", "ink2", 18), spacing=12)
        layout.addWidget(self._text, 1)
        layout.addWidget(close)
        layout.setContentsMargins(32, 8, 32, 8)
        self.setLayout(layout)
        self._timer = QTimer(self, singleShot=True, interval=NOTICE_MS)
        self._timer.timeout.connect(self.hide)
        self.hide()

    def tell(self, text: str) -> None:
        """Show other words, or hide with none."""
        set_text(self._text, text)
        self.setAccessibleName(text)
        self.setVisible(bool(text))
        self._timer.start()


class SourceStrip(QWidget):
    """The word above everything simulated or replayed."""

    def __init__(self) -> None:
        super().__init__()
        self._tag = Tag("", "moving")
        self._note = text_label("Never counted in your days, trends or reports.", "axis", "3")
        layout = row(self._tag, self._note, None, spacing=10)
        layout.setContentsMargins(32, 12, 32, 0)
        self.setLayout(layout)
        self.hide()

    def say(self, words: str) -> None:
        """Show the word, or nothing."""
        if self._tag.text() != words:
            set_text(self._tag, words)
            self.setAccessibleName(words)
            self.setVisible(bool(words))


class DashedFrame(QWidget):
    """Holds the pages; draws the dashed frame around them."""

    def __init__(self) -> None:
        super().__init__()
        self._dashed, self._theme = False, LIGHT

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colour."""
        self._theme = theme
        self.update()

    def set_dashed(self, dashed: bool) -> None:
        """Draw the frame or not."""
        if dashed != self._dashed:
            self._dashed = dashed
            self.layout().setContentsMargins(*([5] * 4 if dashed else [0] * 4))  # type: ignore[union-attr]
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Ground, and the frame while it is asked for."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour(self._theme.bg))
        if self._dashed:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(colour(self._theme.moving), 1.5, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(2.5, 2.5, -2.5, -2.5), 8, 8)
