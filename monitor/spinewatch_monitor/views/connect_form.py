"""The form that connects one or two sensors by cable: which port, what it speaks. Says at once what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy

from spinewatch_bridge.errors import BadSourceError
from spinewatch_bridge.protocols.table import FAMILIES
from spinewatch_bridge.sources import parse_sources
from spinewatch_monitor.views.controls import Switch
from spinewatch_monitor.views.pick import CalmBox
from spinewatch_monitor.views.sensor_words import BLUETOOTH
from spinewatch_monitor.views.widgets import Button, Card, row, set_text, text_label

PORT_MIN_PX = 150
BUSY_NOTE = "Connecting ends the session that runs now; its recording is finished and kept."


class ConnectForm(Card):
    """Ports, kinds, an optional second sensor; ``connect_asked`` carries source texts that can be parsed.

    Args:
        ports: names of the serial ports that are there now.
    """

    connect_asked = Signal(list)

    def __init__(self, ports: Callable[[], Sequence[str]]) -> None:
        super().__init__("Connect a sensor")
        self._ports = ports
        self.upper_port, self.lower_port = port_box("upper back"), port_box("lower back")
        self.upper_kind, self.lower_kind = kind_box("upper back"), kind_box("lower back")
        self.second = Switch("A second sensor, on the lower back")
        self.again, self.not_now = Button("Look again", "rotate-ccw"), Button("Not now")
        self.connect_button = Button("Connect", "plus", "primary")
        self._found = text_label("", "note", "2", wrap=True)
        self._problem = text_label("", "body_medium", "away", wrap=True)
        self._busy = text_label(BUSY_NOTE, "note", "2", wrap=True)
        self._lower_name = text_label("Lower back", "body_medium")
        self._lay_out()
        self._connect()
        self.show_busy(False)
        self._show_second(False)

    def look(self) -> None:
        """Read the ports anew; what was typed or chosen stays."""
        ports = list(self._ports())
        for box in (self.upper_port, self.lower_port):
            text = box.currentText()
            box.clear()
            box.addItems(ports)
            box.setCurrentText(text)
        if not self.upper_port.currentText() and ports:
            self.upper_port.setCurrentText(ports[0])
        set_text(self._found, found_words(ports))

    def show_busy(self, busy: bool) -> None:
        """Say what happens to the session that runs, if there is one; only then the form can be left."""
        self._busy.setVisible(busy)
        self.not_now.setVisible(busy)

    def sources(self) -> list[str]:
        """What is chosen, as source texts."""
        chosen = [("upper", self.upper_port, self.upper_kind)]
        if self.second.isChecked():
            chosen.append(("lower", self.lower_port, self.lower_kind))
        texts = ((role, box.currentText().strip(), kind.currentData()) for role, box, kind in chosen)
        return [f"{role}=serial:{port}?protocol={kind}" for role, port, kind in texts if port]

    def problem(self) -> str:
        """Why this cannot be connected, in one line; empty when it can."""
        boxes = [self.upper_port, self.lower_port] if self.second.isChecked() else [self.upper_port]
        if not all(box.currentText().strip() for box in boxes):
            return "Choose a port for each sensor, or type its name."
        try:
            parse_sources(self.sources())
        except BadSourceError as error:
            return f"This cannot be connected: {error.reason}"
        return ""

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        for place, words in enumerate(("Worn on", "Serial port", "Kind of sensor")):
            grid.addWidget(text_label(words, "label", "2"), 0, place)
        for line, parts in enumerate(
            (
                (text_label("Upper back", "body_medium"), self.upper_port, self.upper_kind),
                (self._lower_name, self.lower_port, self.lower_kind),
            ),
            start=1,
        ):
            for place, part in enumerate(parts):
                grid.addWidget(part, line, place)
        grid.setColumnStretch(1, 1)
        self.body.addSpacing(10)
        self.body.addLayout(grid)
        self.body.addSpacing(6)
        self.body.addWidget(self._found)
        self.body.addSpacing(6)
        self.body.addWidget(self.second, alignment=Qt.AlignmentFlag.AlignLeft)
        for label in (self._problem, self._busy):
            self.body.addWidget(label)
        self.body.addSpacing(10)
        self.body.addLayout(row(self.connect_button, self.again, self.not_now, None))
        self.body.addSpacing(14)
        self.body.addWidget(text_label(BLUETOOTH, "note", "2", wrap=True))

    def _connect(self) -> None:
        self.second.toggled.connect(self._show_second)
        self.again.clicked.connect(self.look)
        self.connect_button.clicked.connect(self._ask)
        for box in (self.upper_port, self.lower_port):
            box.editTextChanged.connect(lambda _: self._say(""))

    def _show_second(self, shown: bool) -> None:
        for part in (self._lower_name, self.lower_port, self.lower_kind):
            part.setVisible(shown)
        self._say("")

    def _ask(self) -> None:
        problem = self.problem()
        self._say(problem)
        if not problem:
            self.connect_asked.emit(self.sources())

    def _say(self, problem: str) -> None:
        set_text(self._problem, problem)
        self._problem.setVisible(bool(problem))

    def showEvent(self, event: QShowEvent) -> None:
        """The ports as they are when the form is seen."""
        self.look()
        super().showEvent(event)


def found_words(ports: Sequence[str]) -> str:
    """How many ports there are, and what to do when there is none."""
    if not ports:
        return "No serial port is there. Plug the sensor in and look again, or type the port's name."
    return "One serial port is there." if len(ports) == 1 else f"{len(ports)} serial ports are there."


def port_box(place: str) -> CalmBox:
    """A box of ports; any other name may be typed."""
    box = CalmBox(f"Port of the {place} sensor")
    box.setEditable(True)
    box.setInsertPolicy(CalmBox.InsertPolicy.NoInsert)
    box.setMinimumWidth(PORT_MIN_PX)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return box


def kind_box(place: str) -> CalmBox:
    """A box of the sensor families."""
    box = CalmBox(f"Kind of the {place} sensor")
    for name, family in FAMILIES.items():
        box.addItem(family.title, name)
    return box
