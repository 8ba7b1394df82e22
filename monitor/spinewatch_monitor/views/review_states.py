"""What Review shows instead of a recording: nothing open yet, an analysis under way, or why opening did not work."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from spinewatch_monitor.views.tokens import Theme
from spinewatch_monitor.views.widgets import Button, Card, IconLabel, set_text, text_label

_WIDTH_PX = 460
_BAR_PX = 8


class Notice(QWidget):
    """A card in the middle of the page: what is so, one line of why, one thing to do."""

    asked = Signal()

    def __init__(self, icon_name: str, ink: str, button: str, kind: str = "primary") -> None:
        super().__init__()
        self.title = text_label("", "title", wrap=True)
        self.line = text_label("", "body", "2", wrap=True)
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(_BAR_PX)
        self.bar.hide()
        self.button = Button(button, "", kind)
        self.button.clicked.connect(self.asked)
        card = Card(margins=(28, 26, 28, 26))
        card.setFixedWidth(_WIDTH_PX)
        card.body.setSpacing(12)
        for part in (IconLabel(icon_name, ink, 28), self.title, self.line, self.bar, self.button):
            card.body.addWidget(part)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(card)
        middle.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addStretch(2)
        layout.addLayout(middle)
        layout.addStretch(3)

    def say(self, title: str, line: str = "") -> None:
        """Show other words; both are plain text."""
        set_text(self.title, title)
        set_text(self.line, line)
        self.line.setVisible(bool(line))
        self.setAccessibleName(f"{title}. {line}" if line else title)

    def set_theme(self, theme: Theme) -> None:
        """A flat bar in the theme's colours."""
        self.bar.setStyleSheet(
            f"QProgressBar {{ background: {theme.gap_soft}; border: 0; border-radius: 4px; }}"
            f"QProgressBar::chunk {{ background: {theme.accent}; border-radius: 4px; }}"
        )


class Progress(Notice):
    """An analysis under way; the button asks to stop it."""

    def __init__(self) -> None:
        super().__init__("chart-gantt", "accent", "Cancel", "plain")
        self.bar.setAccessibleName("Progress of the analysis")
        self.bar.show()

    def show_fraction(self, title: str, fraction: float | None) -> None:
        """Show how far it is, 0 to 1; None while that is not known."""
        if fraction is None:
            self.bar.setRange(0, 0)
            self.say(title, "Reading the recording.")
            return
        self.bar.setRange(0, 1000)
        self.bar.setValue(round(1000 * min(max(fraction, 0.0), 1.0)))
        self.say(title, f"Working out the posture: {round(100 * fraction)} %")
