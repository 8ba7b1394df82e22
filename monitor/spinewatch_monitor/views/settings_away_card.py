"""The card for those who want more: what counts as away in which unit, and what differs while sitting or standing."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal

from spinewatch_monitor.settings import Settings
from spinewatch_monitor.views import settings_words as words
from spinewatch_monitor.views.controls import Stepper, Switch
from spinewatch_monitor.views.pick import Pick
from spinewatch_monitor.views.settings_cards import choice, rule
from spinewatch_monitor.views.widgets import Card, Segmented, row, text_label

CONTEXTS = ("sitting", "standing")


class AwayCard(Card):
    """Units, contexts, movements; ``chosen`` carries the changed fields of `Settings`."""

    chosen = Signal(dict)

    def __init__(self) -> None:
        super().__init__("In more detail")
        self.unit = Segmented(words.UNIT_CHOICES, "Away is measured in")
        self.percent = Stepper("Percent of your own range that counts as away", 10, 100, " %", 5)
        self.hysteresis = Stepper("How much nearer is back again", 1, 20, "°")
        self.degrees = {
            name: Pick(f"Angle that counts as away while {name}", words.CONTEXT_DEGREES, words.context_degrees_words)
            for name in CONTEXTS
        }
        self.percents = {
            name: Pick(f"Percent that counts as away while {name}", words.CONTEXT_PERCENTS, words.context_percent_words)
            for name in CONTEXTS
        }
        self.delays = {
            name: Pick(f"Time away before a reminder while {name}", words.CONTEXT_DELAYS_S, words.context_delay_words)
            for name in CONTEXTS
        }
        self.risky = Switch("Tell me of fast, deep bends and of frequent bends")
        self.risky_per_hour = Stepper("Most of these in an hour", 0, 60)
        self._lay_out()
        self._connect()

    def show_settings(self, settings: Settings) -> None:
        """Show these, without a signal."""
        self.unit.choose(settings.threshold_unit)
        self.percent.set_value(round(settings.threshold_on_percent))
        self.hysteresis.set_value(round(settings.hysteresis_deg))
        for name in CONTEXTS:
            for part, field in ((self.degrees, "threshold_deg"), (self.percents, "threshold_percent")):
                part[name].show_value(words.shown(getattr(settings, f"{name}_{field}")))
            self.delays[name].show_value(words.shown(getattr(settings, f"{name}_delay_s")))
        self.risky.setChecked(settings.risky_reminders)
        self.risky_per_hour.set_value(settings.risky_reminders_per_h)

    def _lay_out(self) -> None:
        body = self.body
        body.addSpacing(12)
        body.addWidget(text_label("Away is measured in", "body_medium"))
        body.addSpacing(6)
        body.addWidget(self.unit)
        body.addSpacing(6)
        body.addWidget(text_label(words.UNIT_NOTE, "note", "2", wrap=True))
        rule(body)
        body.addLayout(choice("In percent", self.percent, text_label(words.PERCENT_NOTE, "note", "2", wrap=True)))
        rule(body)
        body.addLayout(choice("Back again", self.hysteresis, text_label(words.BACK_NOTE, "note", "2", wrap=True)))
        for name in CONTEXTS:
            rule(body)
            body.addWidget(text_label(f"While {name}, where that is known", "body_medium"))
            for title, part in (("Angle", self.degrees), ("Percent", self.percents), ("Remind after", self.delays)):
                body.addSpacing(6)
                body.addLayout(row(text_label(title, "body", "2"), None, part[name]))
        rule(body)
        body.addWidget(self.risky, alignment=Qt.AlignmentFlag.AlignLeft)
        body.addSpacing(6)
        note = text_label(words.RISKY_NOTE, "note", "2", wrap=True)
        body.addLayout(choice("At most in an hour", self.risky_per_hour, note))
        rule(body)
        body.addWidget(text_label("Angles and percent count from the next session.", "note", "2", wrap=True))

    def _connect(self) -> None:
        self.unit.chosen.connect(lambda key: self.chosen.emit({"threshold_unit": key}))
        self.percent.changed.connect(lambda value: self.chosen.emit({"threshold_on_percent": float(value)}))
        self.hysteresis.changed.connect(lambda value: self.chosen.emit({"hysteresis_deg": float(value)}))
        for name in CONTEXTS:
            self._tell(self.degrees[name], f"{name}_threshold_deg")
            self._tell(self.percents[name], f"{name}_threshold_percent")
            self._tell(self.delays[name], f"{name}_delay_s")
        self.risky.clicked.connect(lambda on: self.chosen.emit({"risky_reminders": on}))
        self.risky_per_hour.changed.connect(lambda value: self.chosen.emit({"risky_reminders_per_h": value}))

    def _tell(self, pick: Pick, field: str) -> None:
        pick.picked.connect(lambda value: self.chosen.emit({field: words.meant(value)}))
