"""Settings: reminders, look, sound; each choice is kept at once."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout

from spinewatch_monitor.settings import Settings
from spinewatch_monitor.views.controls import Stepper, Switch
from spinewatch_monitor.views.page import Page, PageHeader
from spinewatch_monitor.views.sidebar import keys_help
from spinewatch_monitor.views.widgets import Card, Segmented, text_label

THEME_CHOICES = (("system", "As the desktop"), ("light", "Light"), ("dark", "Dark"), ("high_contrast", "High contrast"))


class SettingsPage(Page):
    """Shows `Settings`; ``changed`` carries new ones after each choice."""

    changed = Signal(object)

    def __init__(self, settings: Settings) -> None:
        super().__init__(PageHeader("Settings", "How Spinewatch looks and when it speaks", "Choices are kept at once."))
        self.settings = settings
        self.theme = Segmented(THEME_CHOICES, "Look")
        self.delay = Stepper("Minutes away before a reminder", 0, 10, " min")
        self.per_hour = Stepper("Reminders in an hour, at most", 0, 20)
        self.limit = Stepper("Degrees from the reference that count as away", 5, 45, "°")
        self.sound, self.notifications = Switch("A soft tone"), Switch("A message on the desktop")
        self.motion = Switch("Reduced motion")
        self._show()
        self._lay_out()
        self._connect()

    def _show(self) -> None:
        settings = self.settings
        self.theme.choose(settings.theme)
        self.delay.set_value(round(settings.reminder_delay_s / 60))
        self.per_hour.set_value(settings.reminders_per_h)
        self.limit.set_value(round(settings.threshold_on_deg))
        self.sound.setChecked(settings.sound)
        self.notifications.setChecked(settings.notifications)
        self.motion.setChecked(settings.reduced_motion)

    def _lay_out(self) -> None:
        look = Card("Look")
        look.body.addSpacing(10)
        look.body.addWidget(self.theme, alignment=Qt.AlignmentFlag.AlignLeft)
        look.body.addSpacing(6)
        look.body.addWidget(self.motion, alignment=Qt.AlignmentFlag.AlignLeft)
        reminders = Card("Reminders")
        reminders.body.addSpacing(10)
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(10)
        grid.setColumnStretch(2, 1)
        for place, box in enumerate((self.delay, self.per_hour, self.limit)):
            grid.addWidget(text_label(box.accessibleName().partition(":")[0], "body"), place, 0)
            grid.addWidget(box, place, 1)
        reminders.body.addLayout(grid)
        reminders.body.addSpacing(6)
        reminders.body.addWidget(text_label("A new limit counts from the next session on.", "note", "3"))
        reminders.body.addSpacing(10)
        for switch in (self.notifications, self.sound):
            reminders.body.addWidget(switch, alignment=Qt.AlignmentFlag.AlignLeft)
        keys = Card("Keys")
        keys.body.addSpacing(6)
        keys.body.addWidget(text_label(keys_help(), "note", "2", wrap=True))
        for card in (look, reminders, keys):
            self.content.addWidget(card)
        self.content.addStretch(1)

    def _connect(self) -> None:
        for switch in (self.sound, self.notifications, self.motion):
            switch.toggled.connect(self._changed)
        for box in (self.delay, self.per_hour, self.limit):
            box.changed.connect(self._changed)
        self.theme.chosen.connect(self._changed)

    def _changed(self, _value: object) -> None:
        self.settings = replace(
            self.settings,
            theme=self.theme.current(),
            reminder_delay_s=self.delay.value * 60.0,
            reminders_per_h=self.per_hour.value,
            threshold_on_deg=float(self.limit.value),
            sound=self.sound.isChecked(),
            notifications=self.notifications.isChecked(),
            reduced_motion=self.motion.isChecked(),
        )
        self.changed.emit(self.settings)
