"""What can be changed at a sensor, each in a small panel on its card: name, place, rate. Nothing counts before Save."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QWidget

from spinewatch_bridge.protocols.base import MAX_DEVICE_TEXT
from spinewatch_monitor.updates import SensorStatus
from spinewatch_monitor.views.pick import CalmBox
from spinewatch_monitor.views.placement_picture import PlaceChooser
from spinewatch_monitor.views.right_now import site_words
from spinewatch_monitor.views.sensor_places import Place, moves, site_of
from spinewatch_monitor.views.sensor_words import rates_hz
from spinewatch_monitor.views.theme import font
from spinewatch_monitor.views.widgets import Button, column, row, text_label

NAME_NOTE = "The name is kept on this computer; the sensor itself stays as it is."
PLACE_SAME = "It is worn there now."
PLACE_NOTE = (
    "The session ends, its recording is kept, and a new one begins. Calibrate then: the reference belongs to the place."
)
RATE_NOTE = "The session ends, its recording is kept, and a new one begins with the other rate."


class EditPanel(QFrame):
    """A panel with one thing to change; ``closed`` when it is put away, saved or not."""

    closed = Signal()

    def __init__(self, title: str, content: QWidget, note: str) -> None:
        super().__init__()
        self.setProperty("role", "inset")
        self.setAccessibleName(title)
        self.save, self.cancel = Button("Save", "check", "primary", small=True), Button("Cancel", small=True)
        self._content = content
        self._note = text_label(note, "note", "2", wrap=True)
        layout = column(text_label(title, "body_strong"), 8, content, 8, self._note, 10)
        layout.addLayout(row(self.save, self.cancel, None))
        layout.setContentsMargins(14, 12, 14, 12)
        self.setLayout(layout)
        self.save.clicked.connect(self._saved)
        self.cancel.clicked.connect(self.closed)

    def open(self, sensor: SensorStatus, sensors: Sequence[SensorStatus]) -> None:
        """Begin with what is."""
        self.fill(sensor, sensors)
        self.show()
        self._content.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def fill(self, sensor: SensorStatus, _sensors: Sequence[SensorStatus]) -> None:
        """Show what is."""
        raise NotImplementedError

    def keep(self) -> None:
        """Ask for what was chosen."""
        raise NotImplementedError

    def _saved(self) -> None:
        self.keep()
        self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape puts the panel away."""
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)


class NamePanel(EditPanel):
    """A name of one's own; ``kept`` carries it."""

    kept = Signal(str)

    def __init__(self) -> None:
        self.field = name_field()
        super().__init__("Rename", self.field, NAME_NOTE)
        self.field.returnPressed.connect(self._saved)
        self.field.textChanged.connect(lambda text: self.save.setEnabled(bool(text.strip())))

    def fill(self, sensor: SensorStatus, _sensors: Sequence[SensorStatus]) -> None:
        """The name it has."""
        self.field.setText(sensor.name)
        self.field.selectAll()
        self.save.setEnabled(bool(sensor.name))

    def keep(self) -> None:
        """Ask for the name."""
        self.kept.emit(self.field.text().strip())


class PlacePanel(EditPanel):
    """Another place on the back; ``kept`` carries a `Place` for every sensor that changes."""

    kept = Signal(list)

    def __init__(self) -> None:
        self.chooser = PlaceChooser()
        self._sensor: SensorStatus | None = None
        self._sensors: tuple[SensorStatus, ...] = ()
        super().__init__("Change role", self.chooser, PLACE_NOTE)
        self.chooser.changed.connect(self._chosen)
        self.setFocusProxy(self.chooser.places)

    def fill(self, sensor: SensorStatus, _sensors: Sequence[SensorStatus]) -> None:
        """The place it has."""
        self._sensor, self._sensors = sensor, tuple(_sensors)
        self.chooser.choose(site_of(sensor.site))
        self._chosen()

    def places(self) -> list[Place]:
        """What would change for whom."""
        return [] if self._sensor is None else moves(self._sensor.id, self.chooser.site(), self._sensors)

    def keep(self) -> None:
        """Ask for the places."""
        self.kept.emit(self.places())

    def _chosen(self) -> None:
        places = self.places()
        self.save.setEnabled(bool(places))
        self.chooser.say(change_words(places, self._sensor.id if self._sensor else ""))


class RatePanel(EditPanel):
    """Another rate; ``kept`` carries it, Hz."""

    kept = Signal(float)

    def __init__(self) -> None:
        self.box = CalmBox("Samples a second")
        super().__init__("Change rate", self.box, RATE_NOTE)

    def fill(self, sensor: SensorStatus, _sensors: Sequence[SensorStatus]) -> None:
        """The rates there are."""
        self.box.clear()
        rates = rates_hz(sensor)
        for rate_hz in rates:
            self.box.addItem(f"{rate_hz:g} Hz", rate_hz)
        if sensor.rate_asked_hz in rates:
            self.box.setCurrentIndex(rates.index(sensor.rate_asked_hz))

    def keep(self) -> None:
        """Ask for the rate."""
        self.kept.emit(float(self.box.currentData()))


def name_field() -> QLineEdit:
    """A field for a sensor's name."""
    field = QLineEdit()
    field.setFont(font("body"))
    field.setMaxLength(MAX_DEVICE_TEXT)
    field.setPlaceholderText("Back one")
    field.setAccessibleName("Name of the sensor")
    return field


def change_words(places: Sequence[Place], sensor: str) -> str:
    """What a change of place does, to this sensor and to the other one."""
    if not places:
        return PLACE_SAME
    other = next((place for place in places if place.sensor != sensor), None)
    own = next((place for place in places if place.sensor == sensor), None)
    if other is not None and own is not None:
        return f"Both change: the other sensor becomes the {other.role} one, on the {site_words(other.site)}."
    if other is not None:
        return f"The other sensor becomes the {other.role} one."
    return f"It becomes the {places[0].role} sensor, on the {site_words(places[0].site)}."
