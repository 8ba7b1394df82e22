"""One sensor on a card: state by shape and word, four figures, and, when data stay away, why and what to do."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from spinewatch_monitor.updates import SensorStatus
from spinewatch_monitor.views import sensor_words as words
from spinewatch_monitor.views.meters import BatteryGlyph, StatusDot
from spinewatch_monitor.views.right_now import site_words
from spinewatch_monitor.views.widgets import Card, IconLabel, Tag, column, line, row, set_text, text_label


class SensorCard(Card):
    """How one sensor is doing."""

    def __init__(self) -> None:
        super().__init__()
        self._site, self._family = text_label("", "value"), text_label("", "note", "3", wrap=True)
        self._dot, self._tag, self._battery = StatusDot(), Tag(), BatteryGlyph()
        self._values: list[tuple[QLabel, QLabel]] = []
        self._trouble, self._trouble_text = QWidget(), text_label("", "body", "1", wrap=True)
        self._lay_out()

    def show_sensor(self, sensor: SensorStatus, *, replay: bool) -> None:
        """Show its state; only what differs is painted again."""
        where, link = site_words(sensor.site).capitalize(), words.link_words(sensor, replay=replay)
        set_text(self._site, where)
        set_text(self._family, words.family_words(sensor))
        self._dot.show_shape(link.shape)
        self._tag.set_tag(link.words, link.tone)
        self._battery.show_share(None if sensor.battery_percent is None else sensor.battery_percent / 100)
        facts = words.facts(sensor)
        for (value, note), (text, under) in zip(self._values, facts, strict=True):
            set_text(value, text)
            set_text(note, under)
        trouble = words.trouble(sensor)
        set_text(self._trouble_text, trouble)
        self._trouble.setVisible(bool(trouble))
        told = ", ".join(" ".join((name, *fact)).strip() for name, fact in zip(words.FACTS, facts, strict=True))
        name = " ".join(filter(None, (f"{where}: {link.words}.", f"{told}.", trouble)))
        if name != self.accessibleName():
            self.setAccessibleName(name)

    def _lay_out(self) -> None:
        names = column()
        names.addLayout(row(self._dot, self._site, None))
        names.addWidget(self._family)
        head = row(spacing=10)
        head.addLayout(names, 1)
        head.addWidget(self._tag, alignment=Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(head)
        self.body.addSpacing(14)
        self.body.addWidget(line())
        self.body.addSpacing(12)
        self.body.addLayout(self._figures())
        trouble = row(spacing=10)
        trouble.addWidget(IconLabel("triangle-alert", "away_text", 18), alignment=Qt.AlignmentFlag.AlignTop)
        trouble.addWidget(self._trouble_text, 1)
        trouble.setContentsMargins(0, 14, 0, 0)
        self._trouble.setLayout(trouble)
        self.body.addWidget(self._trouble)
        self.body.addStretch(1)

    def _figures(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        for place, name in enumerate(words.FACTS):
            value, note = text_label("–", "value"), text_label("", "note", "3", wrap=place > 0)
            grid.addWidget(text_label(name, "label", "2"), 0, place)
            grid.addWidget(value, 1, place)
            if place == 0:
                grid.addLayout(row(self._battery, note, None, spacing=6), 2, place, Qt.AlignmentFlag.AlignTop)
            else:
                grid.addWidget(note, 2, place, Qt.AlignmentFlag.AlignTop)
            grid.setColumnStretch(place, 1)
            self._values.append((value, note))
        return grid
