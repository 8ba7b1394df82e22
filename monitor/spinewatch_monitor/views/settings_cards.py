"""The cards of the settings page; each tells which fields of `Settings` a person changed, and to what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from spinewatch_monitor.settings import Settings
from spinewatch_monitor.views import settings_words as words
from spinewatch_monitor.views.controls import Stepper, Switch
from spinewatch_monitor.views.pick import Pick
from spinewatch_monitor.views.widgets import Button, Card, Segmented, column, line, row, set_text, text_label

BREAKABLE = "\u200b"
"""A place where a long path may go on in the next line."""


class RemindersCard(Card):
    """What counts as away, and when that is said; ``chosen`` carries the changed fields of `Settings`."""

    chosen = Signal(dict)

    def __init__(self) -> None:
        super().__init__("Reminders")
        self.limit = Stepper("Angle from the reference that counts as away", 1, 45, "°")
        self.delay = Pick("Time away before a reminder", words.DELAYS_S, words.delay_words)
        self.per_hour = Stepper("Most reminders in an hour", 0, 60)
        self.notifications, self.sound = Switch("A message on the desktop"), Switch("A soft tone")
        self.vibrate = Switch("A short buzz of the sensor, where it has a motor")
        self.quiet = Switch("Quiet hours")
        self.quiet_start = Pick("Quiet hours from", words.QUIET_MINUTES, words.minute_words)
        self.quiet_end = Pick("Quiet hours to", words.QUIET_MINUTES, words.minute_words)
        self._per_hour_note = text_label("", "note", "2", wrap=True)
        self._quiet_note = text_label("", "note", "2", wrap=True)
        self._lay_out()
        self._connect()

    def show_settings(self, settings: Settings) -> None:
        """Show these, without a signal."""
        self.limit.set_value(round(settings.threshold_on_deg))
        self.delay.show_value(settings.reminder_delay_s)
        self.per_hour.set_value(settings.reminders_per_h)
        self.notifications.setChecked(settings.notifications)
        self.sound.setChecked(settings.sound)
        self.vibrate.setChecked(settings.vibrate)
        self._show_quiet(settings)
        set_text(self._per_hour_note, words.per_hour_note(settings.reminders_per_h))

    def _show_quiet(self, settings: Settings) -> None:
        on = words.has_quiet_hours(settings)
        if on:
            self.quiet_start.show_value(settings.quiet_start_min)
            self.quiet_end.show_value(settings.quiet_end_min)
            set_text(self._quiet_note, words.quiet_note(settings.quiet_start_min, settings.quiet_end_min))
        self.quiet.setChecked(on)
        for part in (self._quiet_row, self._quiet_note):
            part.setVisible(on)

    def _lay_out(self) -> None:
        body = self.body
        body.addSpacing(12)
        body.addLayout(choice("Away begins at", self.limit, text_label(words.THRESHOLD_NOTE, "note", "2", wrap=True)))
        rule(body)
        body.addLayout(choice("Remind after", self.delay, text_label("Time away in one stretch.", "note", "2")))
        rule(body)
        body.addLayout(choice("At most in an hour", self.per_hour, self._per_hour_note))
        rule(body)
        body.addWidget(text_label("A reminder shows in this window, and with", "body_medium"))
        for switch in (self.notifications, self.sound, self.vibrate):
            body.addWidget(switch, alignment=Qt.AlignmentFlag.AlignLeft)
        rule(body)
        body.addWidget(self.quiet, alignment=Qt.AlignmentFlag.AlignLeft)
        self._quiet_row = QWidget()
        times = (text_label("from", "body", "2"), self.quiet_start, text_label("to", "body", "2"), self.quiet_end)
        line_of_times = row(*times, None, spacing=10)
        line_of_times.setContentsMargins(0, 2, 0, 6)
        self._quiet_row.setLayout(line_of_times)
        body.addWidget(self._quiet_row)
        body.addWidget(self._quiet_note)
        rule(body)
        body.addWidget(text_label("All but the angle counts from now on.", "note", "2", wrap=True))

    def _connect(self) -> None:
        self.limit.changed.connect(lambda value: self.chosen.emit({"threshold_on_deg": float(value)}))
        self.delay.picked.connect(lambda value: self.chosen.emit({"reminder_delay_s": value}))
        self.per_hour.changed.connect(lambda value: self.chosen.emit({"reminders_per_h": value}))
        self.notifications.clicked.connect(lambda on: self.chosen.emit({"notifications": on}))
        self.sound.clicked.connect(lambda on: self.chosen.emit({"sound": on}))
        self.vibrate.clicked.connect(lambda on: self.chosen.emit({"vibrate": on}))
        self.quiet.clicked.connect(self._switch_quiet)
        self.quiet_start.picked.connect(self._choose_quiet)
        self.quiet_end.picked.connect(self._choose_quiet)

    def _switch_quiet(self, on: bool) -> None:
        """The times chosen last come back when quiet hours are switched on again."""
        start, end = int(self.quiet_start.value), int(self.quiet_end.value)
        if start == end:
            start, end = words.QUIET_START_MIN, words.QUIET_END_MIN
        self.chosen.emit({"quiet_start_min": start if on else 0, "quiet_end_min": end if on else 0})

    def _choose_quiet(self, _minute: float) -> None:
        """Equal times would mean none: they are kept only once they differ."""
        start, end = int(self.quiet_start.value), int(self.quiet_end.value)
        if start == end:
            set_text(self._quiet_note, words.SAME_TIMES)
        else:
            self.chosen.emit({"quiet_start_min": start, "quiet_end_min": end})


class LookCard(Card):
    """Theme and motion; ``chosen`` carries the changed fields of `Settings`."""

    chosen = Signal(dict)

    def __init__(self) -> None:
        super().__init__("Look")
        self.theme = Segmented(words.THEME_CHOICES, "Theme")
        self.motion = Switch("Reduced motion: nothing slides, the figure moves twice a second")
        self.body.addSpacing(10)
        self.body.addWidget(self.theme)
        self.body.addSpacing(6)
        self.body.addWidget(self.motion)
        self.theme.chosen.connect(lambda key: self.chosen.emit({"theme": key}))
        self.motion.clicked.connect(lambda on: self.chosen.emit({"reduced_motion": on}))

    def show_settings(self, settings: Settings) -> None:
        """Show these, without a signal."""
        self.theme.choose(settings.theme)
        self.motion.setChecked(settings.reduced_motion)


class DataCard(Card):
    """Where the recordings lie, and that they stay there."""

    def __init__(self, folder: Path, show_folder: Callable[[Path], bool]) -> None:
        super().__init__("Your data")
        self._folder, self._show_folder = folder, show_folder
        self._note = text_label(words.PRIVACY, "note", "2", wrap=True)
        path = text_label(breakable(str(folder)), "body", wrap=True)
        path.setAccessibleName(f"Data folder: {folder}")
        self.show_button = Button("Show the folder", "folder-open")
        self.show_button.clicked.connect(self._show)
        self.body.addLayout(column(8, path, 4, self._note, 12))
        self.body.addWidget(self.show_button, alignment=Qt.AlignmentFlag.AlignLeft)

    def _show(self) -> None:
        shown = self._show_folder(self._folder)
        set_text(self._note, words.PRIVACY if shown else "No file manager answered. The path above is where they lie.")


class DefaultsCard(Card):
    """The way back to how Spinewatch came; asks first, in its place."""

    confirmed = Signal()

    def __init__(self) -> None:
        super().__init__("Begin afresh")
        self.back = Button("Back to the defaults", "rotate-ccw")
        self.back.clicked.connect(self._ask)
        self.keep, self.yes = Button("Keep my choices"), Button("Use the defaults", kind="primary")
        self.keep.clicked.connect(self._put_away)
        self.yes.clicked.connect(self._confirm)
        self._question = QFrame()
        question = column(text_label(words.RESET_QUESTION, "body", "2", wrap=True), 10)
        question.addLayout(row(self.keep, self.yes, None))
        self._question.setLayout(question)
        self._question.hide()
        self.body.addSpacing(10)
        self.body.addWidget(self.back, alignment=Qt.AlignmentFlag.AlignLeft)
        self.body.addWidget(self._question)

    def _ask(self) -> None:
        self._question.show()
        self.back.hide()
        self.keep.setFocus()

    def _put_away(self) -> None:
        self._question.hide()
        self.back.show()
        self.back.setFocus()

    def _confirm(self) -> None:
        self._put_away()
        self.confirmed.emit()


def choice(title: str, control: QWidget, note: QWidget) -> QHBoxLayout:
    """One choice: what it is and what that means at the left, its control at the right."""
    result = row(spacing=20)
    result.addLayout(column(text_label(title, "body_medium"), 2, note), 1)
    result.addWidget(control, alignment=Qt.AlignmentFlag.AlignTop)
    return result


def rule(body: QVBoxLayout) -> None:
    """A hairline with room around it."""
    body.addSpacing(12)
    body.addWidget(line())
    body.addSpacing(12)


def breakable(path: str) -> str:
    """A path that a label can break after each separator."""
    return path.replace("/", f"/{BREAKABLE}").replace("\\", f"\\{BREAKABLE}")
