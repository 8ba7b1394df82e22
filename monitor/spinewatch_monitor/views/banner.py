"""The reminder on the page: calm words, three ways to answer; it goes by itself when the wearer moves."""

from __future__ import annotations

from PySide6.QtCore import QEasingCurve, QPropertyAnimation, QTimer, Signal
from PySide6.QtWidgets import QFrame

from spinewatch_monitor.updates import Reminder
from spinewatch_monitor.views.tokens import REMINDER_IN_MS
from spinewatch_monitor.views.widgets import Button, IconLabel, column, row, set_property, set_text, text_label

BACK_SHOWN_MS = 5000
HEIGHT_PX = 68


class Banner(QFrame):
    """Shows a `Reminder`; ``snoozed`` carries seconds, ``muted`` asks for silence, ``gone`` tells that it is hidden."""

    snoozed = Signal(float)
    muted = Signal()
    gone = Signal()

    def __init__(self, *, reduced_motion: bool = False) -> None:
        super().__init__()
        self.setProperty("role", "banner")
        self._reduced = reduced_motion
        self._icon = IconLabel("bell", "away_text", 22)
        self._title = text_label("", "title")
        self._line = text_label("", "label", wrap=True)
        self._fine = Button("Fine for this task", small=True)
        self._snooze = Button("Snooze 30 min", small=True)
        self._mute = Button("Mute", small=True, key="Ctrl Shift M")
        layout = row(self._icon, spacing=16)
        layout.setContentsMargins(20, 14, 18, 14)
        layout.addLayout(column(self._title, 1, self._line), 1)
        for button in (self._fine, self._snooze, self._mute):
            layout.addWidget(button)
        self.setLayout(layout)
        self._fine.clicked.connect(self.put_away)
        self._snooze.clicked.connect(self._snooze_now)
        self._mute.clicked.connect(self._mute_now)
        self._slide = QPropertyAnimation(self, b"maximumHeight", self)
        self._slide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._back = QTimer(self, singleShot=True, interval=BACK_SHOWN_MS)
        self._back.timeout.connect(self.put_away)
        self.setMaximumHeight(0)
        self.hide()

    def set_reduced_motion(self, reduced: bool) -> None:
        """Switch the slide off or on."""
        self._reduced = reduced

    def show_reminder(self, reminder: Reminder) -> None:
        """``held`` or ``risky`` shows it, ``back`` says so for a moment; what was withheld is not shown."""
        if reminder.kind in ("held", "risky"):
            self._say(reminder.text, "away")
            self._back.stop()
        elif reminder.kind == "back" and not self.isHidden():
            self._say(reminder.text, "near")
            self._back.start()

    def put_away(self) -> None:
        """Hide; the reminder was seen or is no longer true."""
        self._slide.stop()
        self._back.stop()
        self.setMaximumHeight(0)
        self.hide()
        self.gone.emit()

    def _say(self, text: str, tone: str) -> None:
        title, _, rest = text.partition(". ")
        set_text(self._title, title.rstrip("."))
        set_text(self._line, f"{rest} This goes away by itself when you move." if tone == "away" else rest)
        self._line.setVisible(bool(self._line.text()))
        set_property(self, "tone", tone)
        self._icon.set_icon("bell" if tone == "away" else "check", f"{tone}_text")
        for button in (self._fine, self._snooze, self._mute):
            button.setVisible(tone == "away")
        self.setAccessibleName(text)
        self._slide_in()

    def _slide_in(self) -> None:
        if self.isVisible() and self.maximumHeight() >= HEIGHT_PX:
            return
        self.show()
        if self._reduced:
            self.setMaximumHeight(HEIGHT_PX)
            return
        self._slide.setDuration(REMINDER_IN_MS)
        self._slide.setStartValue(0)
        self._slide.setEndValue(HEIGHT_PX)
        self._slide.start()

    def _snooze_now(self) -> None:
        self.put_away()
        self.snoozed.emit(1800.0)

    def _mute_now(self) -> None:
        self.put_away()
        self.muted.emit()
