"""Sensors: how each one is doing, in words first; and the ways to connect one."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QWidget

from spinewatch_monitor.updates import Link, SensorStatus, SessionUpdate
from spinewatch_monitor.views.actions import Actions
from spinewatch_monitor.views.meters import BatteryGlyph
from spinewatch_monitor.views.page import Columns, Page, PageHeader
from spinewatch_monitor.views.right_now import age_words, site_words
from spinewatch_monitor.views.widgets import Button, Card, Tag, column, line, row, set_text, text_label

STACK_BELOW_PX = 760
LINK_WORDS = {
    Link.NONE: ("not connected", "gap"),
    Link.CONNECTING: ("connecting", "accent"),
    Link.STREAMING: ("streaming", "near"),
    Link.LATE: ("data late", "gap"),
    Link.LOST: ("no data", "away"),
    Link.PAUSED: ("private pause", "gap"),
}
FACTS = ("Battery", "Rate", "Lost", "Newest data")


def headline(sensors: tuple[SensorStatus, ...]) -> tuple[str, str]:
    """Will it last, and is all well: the headline and the line below it."""
    if not sensors:
        return "No sensor yet", "Connect one, or look round with a simulated office day."
    lost = [s for s in sensors if s.link in (Link.LOST, Link.LATE)]
    if lost:
        cause = f"{lost[0].cause.rstrip('.')}. " if lost[0].cause else ""
        return f"The {site_words(lost[0].site)} sensor sends no data", f"{cause}Trying again by itself."
    hours = [s.battery_hours for s in sensors if s.battery_hours is not None]
    under = f"{min(hours):.1f} hours of battery left. " if hours else ""
    name = "Both sensors are" if len(sensors) > 1 else "The sensor is"
    state = "connecting" if any(s.link is Link.CONNECTING for s in sensors) else "sending"
    return f"{name} {state}", f"{under}Nothing leaves this computer."


def facts(sensor: SensorStatus) -> tuple[tuple[str, str], ...]:
    """Value and note for each of `FACTS`; a dash where it is not known."""
    hours, percent = sensor.battery_hours, sensor.battery_percent
    share = "" if percent is None else f"{percent:.0f} %"
    battery = (f"{hours:.1f} h", share) if hours is not None else (share or "–", "" if share else "not told")
    rate = ("–", "") if sensor.rate_hz is None else (f"{sensor.rate_hz:.1f} Hz", "over 5 s")
    age = ("–", "") if sensor.data_age_s is None else (age_words(sensor.data_age_s), "ago")
    return battery, rate, (f"{sensor.loss_percent:.1f} %", "so far"), age


class SensorCard(Card):
    """One sensor."""

    def __init__(self) -> None:
        super().__init__()
        self._site, self._family = text_label("", "value"), text_label("", "note", "3")
        self._tag, self._battery = Tag(), BatteryGlyph()
        self._tag_cause = text_label("", "note", "2", wrap=True)
        head = row(spacing=12)
        head.addLayout(column(self._site, self._family), 1)
        head.addWidget(self._tag)
        self.body.addLayout(head)
        self.body.addSpacing(14)
        self.body.addWidget(line())
        self.body.addSpacing(12)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        self._values = []
        for place, name in enumerate(FACTS):
            value, note = text_label("–", "value"), text_label("", "note", "3")
            grid.addWidget(text_label(name, "label", "2"), 0, place)
            grid.addWidget(value, 1, place)
            notes = row(self._battery, note, None, spacing=6) if place == 0 else row(note, None)
            grid.addLayout(notes, 2, place)
            grid.setColumnStretch(place, 1)
            self._values.append((value, note))
        self.body.addLayout(grid)
        self.body.addSpacing(10)
        self.body.addWidget(self._tag_cause)
        self.body.addStretch(1)

    def show_sensor(self, sensor: SensorStatus) -> None:
        """Show how it is doing."""
        where = site_words(sensor.site).capitalize()
        set_text(self._site, where)
        set_text(self._family, f"{sensor.family} · {sensor.id}" + (" · simulated" if sensor.simulated else ""))
        words, tone = LINK_WORDS[sensor.link]
        self._tag.set_tag(words, tone)
        self._battery.show_share(None if sensor.battery_percent is None else sensor.battery_percent / 100)
        for (value, note), (text, under) in zip(self._values, facts(sensor), strict=True):
            set_text(value, text)
            set_text(note, under)
        set_text(self._tag_cause, sensor.cause)
        self.setAccessibleName(f"{where}: {words}")


class SensorsPage(Page):
    """All sensors of the session; feed it with `apply`."""

    def __init__(self, actions: Actions) -> None:
        super().__init__(PageHeader("Sensors", *headline(())))
        find, simulated = Button("Find a sensor", "plus", "primary"), Button("Try simulated", "play")
        find.clicked.connect(actions.find_sensor)
        simulated.clicked.connect(actions.try_simulated)
        self.header.add(simulated, find)
        self._cards = [SensorCard(), SensorCard()]
        columns = Columns(STACK_BELOW_PX)
        for card in self._cards:
            columns.flow.addWidget(card, 1)
            card.hide()
        self.content.addWidget(columns)
        self.content.addWidget(self._hint())
        self.content.addStretch(1)

    def _hint(self) -> QWidget:
        card = Card("Not found?")
        words = (
            "Charge the sensor, switch it on and plug it in. Some sensors sleep until they are moved. "
            "“Find a sensor” lists the serial ports of this computer."
        )
        card.body.addSpacing(4)
        card.body.addWidget(text_label(words, "note", "2", wrap=True))
        return card

    def apply(self, update: SessionUpdate) -> None:
        """Show what changed."""
        self.header.say("Sensors", *headline(update.sensors))
        for place, card in enumerate(self._cards):
            card.setVisible(place < len(update.sensors))
            if place < len(update.sensors):
                card.show_sensor(update.sensors[place])
