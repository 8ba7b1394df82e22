"""One sensor on a card: where it is, state by shape and word, four figures, its day, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from spinewatch_monitor.updates import Link, SensorStatus
from spinewatch_monitor.views import sensor_words as words
from spinewatch_monitor.views.meters import BatteryGlyph, StatusDot
from spinewatch_monitor.views.placement_picture import PlacementPicture
from spinewatch_monitor.views.sensor_edit import EditPanel, NamePanel, PlacePanel, RatePanel
from spinewatch_monitor.views.sensor_gaps import gap_words
from spinewatch_monitor.views.sensor_parts import FlowRow, SignalBars, breakable
from spinewatch_monitor.views.sensor_places import Place, site_of
from spinewatch_monitor.views.sensor_strip import ConnectionStrip
from spinewatch_monitor.views.widgets import Button, Card, IconLabel, Tag, column, line, row, set_text, text_label

TODAY, THAT_DAY = "Today’s connection", "Connection in the recording"


class SensorCard(Card):
    """How one sensor is doing; its signals carry the sensor's id first, as those of the page do."""

    identify_asked = Signal(str)
    rename_asked = Signal(str, str)
    role_asked = Signal(str, str, str)
    rate_asked = Signal(str, float)

    def __init__(self) -> None:
        super().__init__()
        self._sensor: SensorStatus | None = None
        self._sensors: tuple[SensorStatus, ...] = ()
        self.picture = PlacementPicture()
        self._place, self._family = text_label("", "value"), text_label("", "note", "2", wrap=True)
        self._dot, self._tag, self._battery, self._bars = StatusDot(), Tag(), BatteryGlyph(), SignalBars()
        self._values: list[tuple[QLabel, QLabel]] = []
        self._no_gyro = text_label(words.NO_GYRO, "note", "2", wrap=True)
        self._no_gyro.setContentsMargins(0, 8, 0, 0)
        self._trouble, self._trouble_text = QWidget(), text_label("", "body", "1", wrap=True)
        self._day = text_label(TODAY, "label", "2")
        self._gaps, self.strip = text_label("", "note", "2", wrap=True), ConnectionStrip()
        self.find_it, self.rename = Button("Find by buzzing", small=True), Button("Rename", small=True)
        self.change_role, self.change_rate = Button("Change role", small=True), Button("Change rate", small=True)
        self._firmware, self._buttons = text_label("", "note", "2"), QWidget()
        self.name_panel, self.place_panel, self.rate_panel = NamePanel(), PlacePanel(), RatePanel()
        self._panel_column = column()
        self._lay_out()
        self._connect()

    @property
    def editing(self) -> bool:
        """Whether one of its panels is open."""
        return any(not panel.isHidden() for panel in self._panels)

    def show_sensor(
        self, sensor: SensorStatus, sensors: Sequence[SensorStatus], now_s: float, utc_offset_s: float, *, replay: bool
    ) -> None:
        """Show its state; only what differs is painted again.

        Args:
            sensor: the one of this card.
            sensors: all of the session.
            now_s: the session's time, UNIX seconds.
            utc_offset_s: its local time's offset from UTC, s.
            replay: nothing can be asked of a sensor in a recording.
        """
        if self._sensor is not None and self._sensor.id != sensor.id:
            self.close_panels()
        self._sensor, self._sensors = sensor, tuple(sensors)
        self._show_state(sensor, replay=replay)
        facts = words.facts(sensor, replay=replay)
        for (value, note), (text, under) in zip(self._values, facts, strict=True):
            set_text(value, text)
            set_text(note, under)
        self._no_gyro.setVisible(not words.has_gyro(sensor))
        set_text(self._day, THAT_DAY if replay else TODAY)
        gaps = "no data yet" if sensor.since_s is None else gap_words(sensor.absences)
        set_text(self._gaps, gaps)
        self.strip.show_sensor(sensor, now_s, utc_offset_s)
        self._show_trouble("" if replay else words.trouble(sensor))
        self._show_buttons(sensor, replay=replay)
        self._tell(facts, replay=replay)

    def close_panels(self) -> None:
        """Put away whatever is open, unsaved."""
        for panel in self._panels:
            panel.hide()
        self._make_room()

    def _make_room(self) -> None:
        """Space above a panel only while one is open."""
        self._panel_column.setContentsMargins(0, 12 if self.editing else 0, 0, 0)

    # -- inside -----------------------------------------------------------------------------------------------------

    def _show_state(self, sensor: SensorStatus, *, replay: bool) -> None:
        link = words.link_words(sensor, replay=replay)
        set_text(self._place, words.place_words(sensor))
        set_text(self._family, breakable(words.family_words(sensor)))
        self.picture.show_sites(site_of(sensor.site))
        self._dot.show_shape(link.shape)
        self._tag.set_tag(link.words, link.tone)
        self._battery.show_share(None if sensor.battery_percent is None else sensor.battery_percent / 100)
        self._bars.show_bars(words.signal_bars(sensor))

    def _show_trouble(self, trouble: str) -> None:
        set_text(self._trouble_text, trouble)
        self._trouble.setVisible(bool(trouble))

    def _show_buttons(self, sensor: SensorStatus, *, replay: bool) -> None:
        buzzes, shows = "haptic" in sensor.can, "identify" in sensor.can
        set_text_of(self.find_it, "Find by buzzing" if buzzes else "Find by light")
        there = sensor.link in (Link.STREAMING, Link.LATE)
        self.find_it.setVisible((buzzes or shows) and not replay)
        self.change_rate.setVisible(bool(words.rates_hz(sensor)) and not replay)
        for button in (self.find_it, self.change_rate):
            button.setEnabled(there)
            button.setToolTip("" if there else "Only while the sensor is connected")
        for button in (self.rename, self.change_role):
            button.setVisible(not replay)
        self._buttons.setVisible(not replay)
        set_text(self._firmware, f"Firmware {sensor.firmware}" if sensor.firmware else "")

    def _tell(self, facts: Sequence[tuple[str, str]], *, replay: bool) -> None:
        """All of it for ears, in one go."""
        sensor = self._sensor
        if sensor is None:
            return
        told = ", ".join(" ".join((name, *fact)).strip() for name, fact in zip(words.FACTS, facts, strict=True))
        state = f"{words.place_words(sensor)}: {words.link_words(sensor, replay=replay).words}."
        no_gyro = "" if words.has_gyro(sensor) else words.NO_GYRO
        name = " ".join(filter(None, (state, f"{told}.", no_gyro, self._trouble_text.text())))
        if name != self.accessibleName():
            self.setAccessibleName(name)

    @property
    def _panels(self) -> tuple[EditPanel, ...]:
        return self.name_panel, self.place_panel, self.rate_panel

    def _open(self, panel: EditPanel) -> None:
        was_open = not panel.isHidden()
        self.close_panels()
        if self._sensor is not None and not was_open:
            panel.open(self._sensor, self._sensors)
        self._make_room()

    def _connect(self) -> None:
        openers = (self.rename, self.change_role, self.change_rate)
        for button, panel in zip(openers, self._panels, strict=True):
            button.clicked.connect(lambda _=False, panel=panel: self._open(panel))
            panel.closed.connect(lambda panel=panel, button=button: self._closed(panel, button))
        self.find_it.clicked.connect(lambda: self.identify_asked.emit(self._id()))
        self.name_panel.kept.connect(lambda name: self.rename_asked.emit(self._id(), name))
        self.place_panel.kept.connect(self._ask_places)
        self.rate_panel.kept.connect(lambda rate_hz: self.rate_asked.emit(self._id(), rate_hz))

    def _closed(self, panel: EditPanel, button: Button) -> None:
        panel.hide()
        self._make_room()
        button.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _ask_places(self, places: list[Place]) -> None:
        for place in places:
            self.role_asked.emit(place.sensor, place.role.value, place.site.value)

    def _id(self) -> str:
        return "" if self._sensor is None else self._sensor.id

    def _lay_out(self) -> None:
        names = column(self._place, 1, self._family)
        names.addStretch(1)
        head = row(self.picture, spacing=14)
        head.addLayout(names, 1)
        head.addLayout(self._state_column())
        self.body.addLayout(head)
        self.body.addSpacing(12)
        self.body.addLayout(self._figures())
        self.body.addWidget(self._no_gyro)
        self.body.addSpacing(12)
        self.body.addWidget(line())
        self.body.addSpacing(10)
        day = row(self._day, None, spacing=12)
        self._gaps.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        day.addWidget(self._gaps, 4)
        self.body.addLayout(day)
        self.body.addWidget(self.strip)
        trouble = row(spacing=10)
        trouble.addWidget(IconLabel("triangle-alert", "away_text", 18), alignment=Qt.AlignmentFlag.AlignTop)
        trouble.addWidget(self._trouble_text, 1)
        trouble.setContentsMargins(0, 8, 0, 0)
        self._trouble.setLayout(trouble)
        self.body.addWidget(self._trouble)
        self.body.addSpacing(10)
        self._lay_out_buttons()
        self.body.addStretch(1)

    def _state_column(self) -> QVBoxLayout:
        """Shape and word of the state at the top right, the firmware below."""
        state = column(spacing=4)
        state.addLayout(row(None, self._dot, self._tag))
        state.addWidget(self._firmware, alignment=Qt.AlignmentFlag.AlignRight)
        state.addStretch(1)
        return state

    def _lay_out_buttons(self) -> None:
        self._buttons.setLayout(FlowRow(self.find_it, self.rename, self.change_role, self.change_rate))
        self.body.addWidget(self._buttons)
        for panel in self._panels:
            panel.hide()
            self._panel_column.addWidget(panel)
        self.body.addLayout(self._panel_column)

    def _figures(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        glyphs: dict[int, QWidget] = {0: self._battery, 1: self._bars}
        for place, name in enumerate(words.FACTS):
            value, note = text_label("–", "value"), text_label("", "note", "2", wrap=place not in glyphs)
            grid.addWidget(text_label(name, "label", "2"), 0, place)
            grid.addWidget(value, 1, place)
            if place in glyphs:
                grid.addLayout(row(glyphs[place], note, None, spacing=6), 2, place, Qt.AlignmentFlag.AlignTop)
            else:
                grid.addWidget(note, 2, place, Qt.AlignmentFlag.AlignTop)
            grid.setColumnStretch(place, 1)
            self._values.append((value, note))
        return grid


def set_text_of(button: Button, text: str) -> None:
    """Change what a button says, for eyes and ears."""
    if button.text() != text:
        button.setText(text)
        button.setAccessibleName(text)
