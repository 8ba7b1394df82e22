"""Check this computer: each thing looked at has a tick, or the one thing to do."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from spinewatch_monitor.check import Check
from spinewatch_monitor.views.sensor_parts import set_theme_below
from spinewatch_monitor.views.tokens import LIGHT, Theme
from spinewatch_monitor.views.widgets import Button, Card, IconLabel, column, set_text, text_label

LOOKING = "Looking…"
NAME_PX = 132


class ChecksCard(Card):
    """The checks, those with something to do first; ``closed`` when it is put away."""

    closed = Signal()

    def __init__(self) -> None:
        super().__init__("Check this computer")
        self._theme: Theme = LIGHT
        self._summary = text_label(LOOKING, "body", "2", wrap=True)
        self.close_button = Button("Close", "x", small=True)
        self.header.addWidget(self.close_button)
        self._rows = QWidget()
        self.body.addSpacing(2)
        self.body.addWidget(self._summary)
        self.body.addSpacing(8)
        self.body.addWidget(self._rows)
        self.close_button.clicked.connect(self.closed)

    def set_theme(self, theme: Theme) -> None:
        """For rows that are yet to come."""
        self._theme = theme

    def show_looking(self) -> None:
        """The checks run."""
        self._replace(())
        self._say(LOOKING)

    def show_checks(self, checks: Sequence[Check]) -> None:
        """Show what was found."""
        ordered = sorted(checks, key=lambda check: not check.todo)
        self._replace(ordered)
        self._say(summary(checks))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape puts it away."""
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _say(self, text: str) -> None:
        set_text(self._summary, text)
        self.setAccessibleName(f"Check this computer. {text}")

    def _replace(self, checks: Sequence[Check]) -> None:
        rows = QWidget()
        grid = QGridLayout(rows)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnMinimumWidth(1, NAME_PX)
        grid.setColumnStretch(2, 1)
        for place, check in enumerate(checks):
            self._row(grid, place, check)
        set_theme_below(rows, self._theme)
        self.body.replaceWidget(self._rows, rows)
        rows.show()
        self._rows.hide()
        self._rows.deleteLater()
        self._rows = rows

    def _row(self, grid: QGridLayout, place: int, check: Check) -> None:
        top = Qt.AlignmentFlag.AlignTop
        icon = IconLabel("triangle-alert", "away_text", 18) if check.todo else IconLabel("check", "near_text", 18)
        icon.setAccessibleName("To do" if check.todo else "Fine")
        grid.addWidget(icon, place, 0, top)
        grid.addWidget(text_label(check.name, "body_medium"), place, 1, top)
        words = column(text_label(check.found, "body", "2", wrap=True))
        if check.todo:
            todo = text_label(check.todo, "body_medium", "1", wrap=True)
            todo.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            words.addWidget(todo)
        grid.addLayout(words, place, 2)


def summary(checks: Sequence[Check]) -> str:
    """All in one sentence."""
    todo = sum(bool(check.todo) for check in checks)
    if not checks:
        return "Nothing was looked at."
    if not todo:
        return "All is well: nothing to do."
    return f"{'One thing' if todo == 1 else f'{todo} things'} to do; all else is well."
