"""The form that connects one more sensor: where it is worn, its name, its rate; for a cable also port and kind.

It says at once what does not fit, and before anything happens what becomes of the session that runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from spinewatch_bridge.errors import BadSourceError
from spinewatch_bridge.nearby import Nearby
from spinewatch_bridge.protocols.table import FAMILIES, serial_families
from spinewatch_bridge.source_text import parse_sources
from spinewatch_monitor.views.nearby_words import port_of, remark
from spinewatch_monitor.views.pick import CalmBox
from spinewatch_monitor.views.placement_picture import PlaceChooser
from spinewatch_monitor.views.sensor_edit import NAME_NOTE, name_field
from spinewatch_monitor.views.sensor_places import proposed
from spinewatch_monitor.views.sensor_sources import joined, taken_sites, with_wishes
from spinewatch_monitor.views.widgets import Button, Card, row, set_text, text_label
from spinewatch_signal.samples import Site

PORT_MIN_PX, FIELDS_MAX_PX = 150, 560
GOOD_RATE_HZ = 100.0
"""Proposed on a cable, where sensors come as slow as 10 Hz and the angle of a movement is then off by degrees."""
BUSY = "Connecting ends the session that runs now; its recording is finished and kept. "
BOTH = "A new session begins with both sensors."
REPLACED = "A new session begins; this sensor takes the place of the one that is worn there now."
ALONE = "A new session begins with this sensor."


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be connected; without a source a port's name is asked for.

    Args:
        title: for people.
        source: source text without a role, or None.
        family: key of its family; None asks for it.
        note: what to know before.
    """

    title: str = "a sensor on a cable"
    source: str | None = None
    family: str | None = None
    note: str = ""

    @classmethod
    def of(cls, found: Nearby) -> Target:
        """A row of the list Nearby."""
        port = port_of(found)
        if port is not None:
            return cls(found.title, f"serial:{port}")
        note = ". ".join(part.rstrip(".") for part in (found.family_title, remark(found)) if part)
        return cls(found.title, found.source, found.family, f"{note}." if note else "")


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of a sensor: the name it was given, which may be empty, and where it was worn."""

    name: str
    site: Site


class ConnectForm(Card):
    """One sensor to connect; ``connect_asked`` carries source texts that can be parsed, of all sensors from then on.

    ``named`` comes before it when a name was typed, with the sensor's source text and the name.

    Args:
        ports: names of the serial ports that are there now.
    """

    connect_asked = Signal(list)
    named = Signal(str, str)
    left = Signal()

    def __init__(self, ports: Callable[[], Sequence[str]]) -> None:
        super().__init__("Connect a sensor")
        self._ports = ports
        self._target = Target()
        self._running: tuple[str, ...] = ()
        self._busy = False
        self._note = text_label("", "note", "2", wrap=True)
        self.chooser = PlaceChooser()
        self.port, self.kind, self.rate = port_box(), kind_box(), CalmBox("Samples a second")
        self.name = name_field()
        self.name.setToolTip(NAME_NOTE)
        self.connect_button, self.not_now = Button("Connect", "check", "primary"), Button("Not now")
        self._problem = text_label("", "body_medium", "away", wrap=True)
        self._consequence = text_label("", "note", "2", wrap=True)
        self._labels: dict[QWidget, QLabel] = {}
        self._lay_out()
        self._connect()
        self.open(Target())

    def open(self, target: Target, taken: Sequence[str] = (), known: Known | None = None) -> None:
        """Begin with something to connect.

        Args:
            target: what a person chose.
            taken: sites of the sensors that are there; the other end is proposed.
            known: what is remembered of this sensor; its place is proposed where it is free.
        """
        self._target = target
        set_text(self.title, f"Connect {target.title}")
        self.setAccessibleName(self.title.text())
        set_text(self._note, target.note)
        self._note.setVisible(bool(target.note))
        free = known is not None and known.site.value not in taken
        self.chooser.choose(known.site if known is not None and free else proposed(taken))
        self.name.setText("" if known is None else known.name)
        self._look()
        self._show_field(self.port, target.source is None)
        self._show_field(self.kind, target.family is None)
        self._fill_rates()
        self._changed()

    def show_running(self, sources: Sequence[str], *, busy: bool) -> None:
        """Which sources the session that runs has, and whether there is one at all."""
        self._running, self._busy = tuple(sources), busy
        self._say_consequence()

    def source(self) -> str:
        """The sensor chosen, as a source text with its role; empty while there is no port."""
        base = self._target.source
        if base is None:
            port = self.port.currentText().strip()
            base = f"serial:{port}" if port else ""
        protocol = self.kind.currentData() if self._target.family is None else None
        return with_wishes(base, self.chooser.site(), protocol, self.rate.currentData()) if base else ""

    def sources(self) -> list[str]:
        """All sensors of the session that would begin."""
        source = self.source()
        return joined(self._running, source) if source else []

    def problem(self) -> str:
        """Why this cannot be connected, in one line; empty when it can."""
        if not self.source():
            return "Choose a port, or type its name."
        try:
            parse_sources(self.sources())
        except BadSourceError as error:
            return f"This cannot be connected: {error.reason}"
        return ""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape puts the form away."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    # -- inside -----------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Read the ports anew."""
        ports = list(self._ports()) if self._target.source is None else []
        self.port.clear()
        self.port.addItems(ports)
        self.port.setCurrentText(ports[0] if ports else "")

    def _fill_rates(self) -> None:
        family = FAMILIES.get(self._target.family or self.kind.currentData() or "")
        rates = family.capabilities.rates_hz if family is not None else ()
        self.rate.clear()
        self.rate.addItem("As the sensor likes it", None)
        for rate_hz in rates:
            self.rate.addItem(f"{rate_hz:g} Hz", rate_hz)
        if GOOD_RATE_HZ in rates and not (self._target.source or "").startswith("ble:"):
            self.rate.setCurrentIndex(1 + rates.index(GOOD_RATE_HZ))
        self._show_field(self.rate, len(rates) > 1)

    def _show_field(self, field: QWidget, shown: bool) -> None:
        field.setVisible(shown)
        self._labels[field].setVisible(shown)

    def _lay_out(self) -> None:
        holder = QWidget()
        holder.setMaximumWidth(FIELDS_MAX_PX)
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        fields: tuple[tuple[str, QWidget], ...] = (
            ("Serial port", self.port),
            ("Kind of sensor", self.kind),
            ("Name", self.name),
            ("Rate", self.rate),
        )
        for line, (words, field) in enumerate(fields):
            label = self._labels[field] = text_label(words, "label", "2")
            label.setBuddy(field)
            grid.addWidget(label, line, 0)
            grid.addWidget(field, line, 1)
        grid.setColumnStretch(1, 1)
        for part, space in ((self._note, 10), (self.chooser, 14)):
            self.body.addWidget(part)
            self.body.addSpacing(space)
        self.body.addWidget(holder)
        self.body.addSpacing(8)
        for label in (self._problem, self._consequence):
            self.body.addWidget(label)
        self.body.addSpacing(10)
        self.body.addLayout(row(self.connect_button, self.not_now, None))
        self.body.addStretch(1)

    def _connect(self) -> None:
        self.chooser.changed.connect(self._changed)
        self.kind.currentIndexChanged.connect(self._fill_rates)
        self.port.editTextChanged.connect(self._changed)
        self.connect_button.clicked.connect(self._ask)
        self.not_now.clicked.connect(self.left)

    def _changed(self) -> None:
        self._say("")
        self._say_consequence()

    def _say_consequence(self) -> None:
        if len(self.sources()) > 1:
            what = BOTH
        else:
            what = REPLACED if self.chooser.site().value in taken_sites(self._running) else ALONE
        set_text(self._consequence, f"{BUSY}{what}" if self._busy else "")
        self._consequence.setVisible(self._busy)

    def _ask(self) -> None:
        problem = self.problem()
        self._say(problem)
        if problem:
            return
        if self.name.text().strip():
            self.named.emit(self.source(), self.name.text().strip())
        self.connect_asked.emit(self.sources())

    def _say(self, problem: str) -> None:
        set_text(self._problem, problem)
        self._problem.setVisible(bool(problem))


def port_box() -> CalmBox:
    """A box of ports; any other name may be typed."""
    box = CalmBox("Serial port of the sensor")
    box.setEditable(True)
    box.setInsertPolicy(CalmBox.InsertPolicy.NoInsert)
    box.setMinimumWidth(PORT_MIN_PX)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return box


def kind_box() -> CalmBox:
    """A box of the families that speak over a cable."""
    box = CalmBox("Kind of sensor")
    for name in serial_families():
        box.addItem(FAMILIES[name].title, name)
    return box
