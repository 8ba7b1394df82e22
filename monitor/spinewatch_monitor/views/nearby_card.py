"""Nearby: what is around, how well it is heard, and why something cannot be used."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from spinewatch_bridge.bluetooth_state import BluetoothState
from spinewatch_bridge.nearby import Nearby
from spinewatch_monitor.views import nearby_words as words
from spinewatch_monitor.views.sensor_parts import breakable, set_theme_below
from spinewatch_monitor.views.tokens import LIGHT, Theme
from spinewatch_monitor.views.widgets import Button, Card, IconLabel, column, line, row, set_text, text_label

MOST_ROWS = 12
KIND_ICONS = {"ble": "radio", "serial": "unplug"}
SIGNAL_PX, BUTTON_PX = 48, 78


class NearbyCard(Card):
    """The list; ``connect_asked`` carries the `Nearby` that a person chose.

    ``type_asked`` is for a port that is not in the list, ``look_asked`` for looking although that may disturb.
    """

    connect_asked = Signal(object)
    type_asked = Signal()
    look_asked = Signal()

    def __init__(self) -> None:
        super().__init__("Nearby")
        self._looking = text_label("", "note", "2")
        self.header.addWidget(self._looking)
        self._shown: tuple[Nearby, ...] | None = None
        self._state, self._state_text = QWidget(), text_label("", "body", "1", wrap=True)
        self._nothing = text_label(words.NOTHING_YET, "note", "2", wrap=True)
        self._waits, self.look = text_label("", "note", "2", wrap=True), Button("Look anyway", small=True)
        self._waiting = QWidget()
        self.rows: list[RowWidget] = []
        self._theme: Theme = LIGHT
        self._list = QVBoxLayout()
        self.type_port = Button("Type a port’s name", kind="ghost", small=True)
        self._lay_out()
        self.look.clicked.connect(self.look_asked)
        self.type_port.clicked.connect(self.type_asked)
        self.show_waiting("")
        self.show_rows((), None, None)

    def set_theme(self, theme: Theme) -> None:
        """For rows that are yet to come."""
        self._theme = theme

    def show_rows(self, rows: Sequence[Nearby], state: BluetoothState | None, looking_s: float | None) -> None:
        """Show what is around now.

        Args:
            rows: the nearest first, as they come; those beyond the twelfth are left out.
            state: of Bluetooth; None where nobody has asked.
            looking_s: since when it looks, s; None while it does not.
        """
        set_text(self._looking, words.looking_words(looking_s))
        trouble = words.radio_trouble(state)
        set_text(self._state_text, trouble)
        self._state.setVisible(bool(trouble))
        shown = tuple(rows[:MOST_ROWS])
        if shown != self._shown:
            self._shown = shown
            self._make_rows(shown)
        self._nothing.setVisible(not shown and not trouble)
        self.setAccessibleName(" ".join(filter(None, (f"Nearby: {len(shown)} found.", trouble))))

    def show_waiting(self, why: str) -> None:
        """Say why nothing is looked for; empty while it is."""
        set_text(self._waits, why)
        self._waiting.setVisible(bool(why))

    def focus_first(self) -> None:
        """Put the keyboard on the first row that can be connected, else on the port's name."""
        first = next((r.button for r in self.rows if r.button is not None), self.type_port)
        first.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _make_rows(self, shown: Sequence[Nearby]) -> None:
        """Keep the widgets that fit: a list that jumps under the mouse is worse than one that is late."""
        while len(self.rows) > len(shown):
            gone = self.rows.pop()
            self._list.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        while len(self.rows) < len(shown):
            made = RowWidget()
            made.connect_asked.connect(self.connect_asked)
            self.rows.append(made)
            self._list.addWidget(made)
            set_theme_below(made, self._theme)
        for place, (widget, found) in enumerate(zip(self.rows, shown, strict=True)):
            widget.show_row(found, last=place == len(shown) - 1)
        stops = [*(widget.stop for widget in self.rows), self.type_port]
        for before, after in pairwise(stops):
            QWidget.setTabOrder(before, after)

    def _lay_out(self) -> None:
        self._state_text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)  # it may be a command
        state = row(spacing=10)
        state.addWidget(IconLabel("triangle-alert", "away_text", 18), alignment=Qt.AlignmentFlag.AlignTop)
        state.addWidget(self._state_text, 1)
        state.setContentsMargins(0, 8, 0, 8)
        self._state.setLayout(state)
        waiting = row(spacing=10)
        waiting.addWidget(self._waits, 1)
        waiting.addWidget(self.look)
        waiting.setContentsMargins(0, 4, 0, 8)
        self._waiting.setLayout(waiting)
        self._list.setContentsMargins(0, 4, 0, 0)
        self._list.setSpacing(0)
        self.body.addWidget(self._state)
        self.body.addWidget(self._waiting)
        self.body.addLayout(self._list)
        self.body.addWidget(self._nothing)
        self.body.addSpacing(12)
        self.body.addStretch(1)
        self.body.addWidget(line())
        self.body.addSpacing(10)
        self.body.addLayout(row(text_label("Not in the list?", "label_strong"), None, self.type_port))
        self.body.addWidget(text_label(f"{words.NOT_FOUND} {words.NO_CABLE}", "note", "2", wrap=True))


class RowWidget(QWidget):
    """One thing that was found."""

    connect_asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._found: Nearby | None = None
        self._icon = IconLabel("radio", "ink2", 18)
        self._title, self._note = text_label("", "body_medium", wrap=True), text_label("", "note", "2", wrap=True)
        self._signal = text_label("", "note", "2")
        self._signal.setMinimumWidth(SIGNAL_PX)
        self._signal.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._button, self._line = Button("Connect", small=True), line()
        self._button.setMinimumWidth(BUTTON_PX)
        self._button.clicked.connect(lambda: self.connect_asked.emit(self._found))
        content = row(self._icon, spacing=12)
        content.addLayout(column(self._title, self._note), 1)
        content.addWidget(self._signal)
        content.addWidget(self._button)
        content.setContentsMargins(0, 7, 0, 7)
        layout = column()
        layout.addLayout(content)
        layout.addWidget(self._line)
        self.setLayout(layout)

    @property
    def stop(self) -> Button:
        """Where the Tab key stops, while it is shown."""
        return self._button

    @property
    def button(self) -> Button | None:
        """Its button; None where it cannot be connected."""
        return self._button if self._found is not None and words.can_connect(self._found) else None

    def show_row(self, found: Nearby, *, last: bool) -> None:
        """Show another find, in the same place."""
        self._found = found
        self._icon.set_icon(KIND_ICONS.get(found.kind, "radio"), "ink2")
        set_text(self._title, breakable(found.title))
        set_text(self._note, words.row_note(found))
        set_text(self._signal, words.signal_words(found))
        details = bool(words.remark(found))
        self._button.setText("Details" if details else "Connect")
        self._button.setAccessibleName(f"{self._button.text()}: {words.spoken(found)}")
        self._button.setVisible(words.can_connect(found))
        self._line.setVisible(not last)
        self.setAccessibleName(words.spoken(found))
