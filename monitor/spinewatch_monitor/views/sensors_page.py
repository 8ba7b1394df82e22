"""Sensors: how each one is doing, in words first; what is recorded; and the ways to connect one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QScrollArea

from spinewatch_monitor.updates import SessionUpdate
from spinewatch_monitor.views import sensor_words as words
from spinewatch_monitor.views.connect_form import ConnectForm
from spinewatch_monitor.views.page import Columns, Page, PageHeader
from spinewatch_monitor.views.sensor_card import SensorCard
from spinewatch_monitor.views.widgets import Button, Card, column, row, set_text, text_label

STACK_BELOW_PX = 760
REDRAW_S = 0.5
"""Figures change twice a second at most: faster, nobody reads them."""


class SensorsPage(Page):
    """All sensors of the session; feed it with `apply`; `show_starting` and `show_ended` are for the time around it.

    ``connect_asked`` carries one or two source texts, ``stop_asked`` and ``simulated_asked`` nothing.

    Args:
        ports: names of the serial ports that are there now; called when the form is seen, and for "Look again".
    """

    connect_asked = Signal(list)
    stop_asked = Signal()
    simulated_asked = Signal()

    def __init__(self, ports: Callable[[], Sequence[str]]) -> None:
        super().__init__(PageHeader("Sensors", *words.EMPTY))
        self.add, self.simulated = Button("Connect a sensor", "plus", "primary"), Button("Try a simulated day", "play")
        self.header.add(self.simulated, self.add)
        self.cards = (SensorCard(), SensorCard())
        self.form, self.recording = ConnectForm(ports), RecordingCard()
        self._sensors, self._joining = Columns(STACK_BELOW_PX), Columns(STACK_BELOW_PX)
        self._update: SessionUpdate | None = None
        self._drawn: SessionUpdate | None = None
        self._lay_out()
        self._connect()
        self.show_ended()

    def apply(self, update: SessionUpdate) -> None:
        """Show what changed; costs next to nothing while the page is not seen."""
        self._update = update
        if self.isVisible() and self._is_due(update):
            self._draw(update)

    def show_starting(self) -> None:
        """A session was asked for and nothing of it has arrived yet, which may take seconds."""
        self._update = self._drawn = None
        self.header.say("Sensors", *words.STARTING)
        self.recording.show_words(*words.GETTING_READY, replay=False)
        self._show_cards(0, running=True)
        self._joining.hide()

    def show_ended(self) -> None:
        """The session is over: the empty state, with the form."""
        self._update = self._drawn = None
        self.header.say("Sensors", *words.EMPTY)
        self._show_cards(0, running=False)
        self._joining.show()

    def begin_connecting(self) -> None:
        """Open the form and put the keyboard into it."""
        self._joining.show()
        self.form.upper_port.setFocus(Qt.FocusReason.ShortcutFocusReason)
        QTimer.singleShot(0, self, self._scroll_to_form)

    def _scroll_to_form(self) -> None:
        """After the layout has made room for it."""
        above = self.parentWidget()
        while above is not None and not isinstance(above, QScrollArea):
            above = above.parentWidget()
        if above is not None:
            above.ensureWidgetVisible(self._joining)

    def _lay_out(self) -> None:
        for card in self.cards:
            self._sensors.flow.addWidget(card, 1)
        self._joining.flow.addWidget(self.form, 3)
        self._joining.flow.addWidget(help_card(), 2)
        for part in (self._sensors, self.recording, self._joining):
            self.content.addWidget(part)
        self.content.addStretch(1)

    def _connect(self) -> None:
        self.add.clicked.connect(self.begin_connecting)
        self.simulated.clicked.connect(self.simulated_asked)
        self.form.connect_asked.connect(self.connect_asked)
        self.form.not_now.clicked.connect(self._put_form_away)
        self.recording.stop.clicked.connect(self.stop_asked)

    def _put_form_away(self) -> None:
        self._joining.hide()
        self.add.setFocus()

    def _is_due(self, update: SessionUpdate) -> bool:
        drawn = self._drawn
        if drawn is None or abs(update.now_s - drawn.now_s) >= REDRAW_S:
            return True
        return [s.link for s in update.sensors] != [s.link for s in drawn.sensors]

    def _draw(self, update: SessionUpdate) -> None:
        if self._drawn is None:
            self._joining.hide()
        self._drawn = update
        replay = update.replay is not None
        self.header.say("Sensors", *words.headline(update))
        for card, sensor in zip(self.cards, update.sensors, strict=False):
            card.show_sensor(sensor, replay=replay)
        self._show_cards(len(update.sensors), running=True)
        self.recording.show_words(*words.recording_words(update), replay=replay)

    def _show_cards(self, count: int, *, running: bool) -> None:
        for place, card in enumerate(self.cards):
            card.setVisible(place < count)
        self._sensors.setVisible(count > 0)
        for part in (self.recording, self.add):
            part.setVisible(running)
        self.form.show_busy(running)

    def showEvent(self, event: QShowEvent) -> None:
        """The state as it is when the page is seen."""
        if self._update is not None:
            self._draw(self._update)
        super().showEvent(event)


class RecordingCard(Card):
    """What is being written, and the button that ends it."""

    def __init__(self) -> None:
        super().__init__(margins=(20, 14, 20, 14))
        self._label, self._name = text_label("Recording", "label", "2"), text_label("", "title", wrap=True)
        self._note = text_label("", "note", "2", wrap=True)
        self.stop = Button("Stop", "x")
        layout = row(spacing=20)
        layout.addLayout(column(self._label, self._name, 2, self._note), 1)
        layout.addWidget(self.stop)
        self.body.addLayout(layout)

    def show_words(self, name: str, note: str, *, replay: bool) -> None:
        """Show another file, or that nothing is written."""
        set_text(self._label, "Replay" if replay else "Recording")
        set_text(self._name, name)
        set_text(self._note, note)
        self.setAccessibleName(f"{self._label.text()}: {name}. {note}")


def help_card() -> Card:
    """What to do when a sensor is not in the list, and where one is worn."""
    card = Card("Not in the list?")
    card.body.addSpacing(6)
    card.body.addWidget(text_label(words.NOT_FOUND, "note", "2", wrap=True))
    card.body.addSpacing(16)
    card.body.addWidget(text_label("Where it is worn", "title"))
    card.body.addSpacing(6)
    card.body.addWidget(text_label(words.PLACES, "note", "2", wrap=True))
    card.body.addStretch(1)
    return card
