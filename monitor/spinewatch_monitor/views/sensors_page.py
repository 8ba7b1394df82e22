"""Sensors: how each one is doing, in words first; its live signals; what is nearby, and how to connect it.

What the page needs from the program, all in this place:

* `SensorsPage.apply` with every update, at most ten times a second; `SessionUpdate.signals` filled while
  ``signals_wanted`` last said so.
* `begin_session` when a session begins (offset of local time, source texts, when the day usually ends),
  `show_starting` right after it, `show_ending` while it is being ended, `show_ended` when it is over.
* `show_nearby` about once a second while ``scan_wanted`` last said so. Until it is first called the page lists the
  serial ports by itself.
* `show_checks` as the answer to ``check_asked``.
* ``connect_asked`` carries all sources of the next session, one or two; ``named`` comes just before it, with the
  source text of the new sensor and the name a person gave it.
* `remembered` tells what is known of a sensor by its source text, if anything.
* ``recognised`` carries a sensor's id, family and serial number, once a live session, seen or not.
* ``identify_asked``, ``rename_asked``, ``role_asked``, ``rate_asked`` carry the sensor's id first. When two sensors
  swap places, ``role_asked`` comes once for each.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from spinewatch_bridge.bluetooth_state import BluetoothState
from spinewatch_bridge.nearby import Nearby
from spinewatch_monitor.check import Check
from spinewatch_monitor.updates import SessionUpdate
from spinewatch_monitor.views import sensor_words as words
from spinewatch_monitor.views.connect_form import ConnectForm, Known, Target
from spinewatch_monitor.views.live_signals_card import LiveSignalsCard
from spinewatch_monitor.views.nearby_card import NearbyCard
from spinewatch_monitor.views.nearby_words import port_rows, source_of, waits_for
from spinewatch_monitor.views.page import Columns, Page, PageHeader
from spinewatch_monitor.views.sensor_begin import BeginCard, RecordingCard
from spinewatch_monitor.views.sensor_card import SensorCard
from spinewatch_monitor.views.sensor_checks import ChecksCard
from spinewatch_monitor.views.sensor_sources import in_use, taken_sites
from spinewatch_monitor.views.side_columns import SideColumns
from spinewatch_monitor.views.widgets import Button

CARDS_STACK_BELOW_PX, NEARBY_STACK_BELOW_PX = 1000, 880
NEARBY_PX = 400
ENDING = "Ending…", "What was recorded is being finished, and kept. This takes a moment."
REDRAW_S, SIGNALS_S = 0.5, 0.095
"""Figures change twice a second at most: faster, nobody reads them. Signals ten times."""


class SensorsPage(Page):
    """All sensors of the session, and the ways to more of them; see the module for what it needs.

    Args:
        ports: names of the serial ports that are there now.
        clock: monotonic seconds; limits how often the page is painted.
    """

    connect_asked = Signal(list)
    named = Signal(str, str)
    stop_asked = Signal()
    simulated_asked = Signal()
    check_asked = Signal()
    scan_wanted = Signal(bool)
    signals_wanted = Signal(bool)
    identify_asked = Signal(str)
    rename_asked = Signal(str, str)
    role_asked = Signal(str, str, str)
    rate_asked = Signal(str, float)
    recognised = Signal(str, str, str)

    def __init__(self, ports: Callable[[], Sequence[str]], clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(PageHeader("Sensors", *words.EMPTY))
        self._ports, self._clock = ports, clock
        self.remembered: Callable[[str], Known | None] = lambda _source: None
        self.simulated = Button("Try a simulated day", "play")
        self.check, self.add = Button("Check this computer", "list-checks"), Button("Add a sensor", "plus", "primary")
        self.header.add(self.simulated, self.check, self.add)
        self.cards = (SensorCard(), SensorCard())
        self.form, self.recording, self.begin = ConnectForm(ports), RecordingCard(), BeginCard()
        self.live, self.nearby, self.checks = LiveSignalsCard(), NearbyCard(), ChecksCard()
        self._sensors = Columns(CARDS_STACK_BELOW_PX)
        self._left = QWidget()
        self._lower = SideColumns(self.nearby, NEARBY_PX, NEARBY_STACK_BELOW_PX)
        self._update: SessionUpdate | None = None
        self._drawn: SessionUpdate | None = None
        self._drawn_s = self._signals_s = float("-inf")
        self._sources: tuple[str, ...] = ()
        self._utc_offset_s: float | None = None
        self._day_end_s: float | None = None
        self._running = self._seen = self._scans = self._look_anyway = self._told_nearby = False
        self._lay_out()
        self._connect()
        self.show_ended()

    # -- what the program calls -------------------------------------------------------------------------------------

    def apply(self, update: SessionUpdate) -> None:
        """Show what changed; costs next to nothing while the page is not seen."""
        self._update = update
        if update.replay is None:
            self._recognise(update)
        if not self._seen:
            return
        now_s = self._clock()
        if self._is_due(update, now_s):
            self._draw(update, now_s)
        if self.live.isVisible() and now_s - self._signals_s >= SIGNALS_S:
            self._signals_s = now_s
            self.live.show_signals(update)

    def begin_session(self, utc_offset_s: float, sources: Sequence[str] = (), day_end_s: float | None = None) -> None:
        """A session begins.

        Args:
            utc_offset_s: offset of local time from UTC, s; of the recording's in a replay.
            sources: its source texts with their roles; a sensor that is added joins them.
            day_end_s: when the wearer's day usually ends, UNIX seconds; None where that is not known.
        """
        self._utc_offset_s, self._day_end_s, self._sources = utc_offset_s, day_end_s, tuple(sources)

    def show_starting(self) -> None:
        """A session was asked for and nothing of it has arrived yet, which may take seconds."""
        self._forget()
        self.header.say("Sensors", *words.STARTING)
        self.recording.show_words(*words.GETTING_READY, replay=False)
        self._running, self._look_anyway = True, False
        self._show_parts(0)

    def show_ending(self) -> None:
        """The session is being ended, which may take seconds; another may be asked for already."""
        self._show_empty(ENDING)

    def show_ended(self) -> None:
        """The session is over: the empty state."""
        self._show_empty(words.EMPTY)

    def _show_empty(self, headline: tuple[str, str]) -> None:
        self._forget()
        self.header.say("Sensors", *headline)
        self._running, self._look_anyway = False, False
        self._show_parts(0)

    def show_nearby(
        self, rows: Sequence[Nearby], state: BluetoothState | None = None, looking_s: float | None = None
    ) -> None:
        """Show what is around.

        Args:
            rows: the likeliest first.
            state: of the computer's Bluetooth.
            looking_s: since when it looks, s; None while it does not.
        """
        self._told_nearby = True
        self._show_nearby(rows, state, looking_s if self._scans else None)

    def show_checks(self, checks: Sequence[Check]) -> None:
        """Show what was found at this computer."""
        self.checks.show_checks(checks)
        self.checks.show()

    def begin_connecting(self) -> None:
        """Look for sensors and put the keyboard into the list."""
        self._look_anyway = True
        self._list_ports()
        self._ask_for_scan()
        self.nearby.focus_first()
        QTimer.singleShot(0, self, lambda: self._scroll_to(self.nearby))

    # -- inside: what is drawn --------------------------------------------------------------------------------------

    def _forget(self) -> None:
        self._update = self._drawn = None
        self._recognised: set[tuple[str, str, str]] = set()
        self._drawn_s = self._signals_s = float("-inf")
        self.form.hide()
        for card in self.cards:
            card.close_panels()

    def _recognise(self, update: SessionUpdate) -> None:
        """Tell each sensor that said who it is, once."""
        for sensor in update.sensors:
            told = (sensor.id, sensor.family, sensor.serial)
            if sensor.serial and told not in self._recognised:
                self._recognised.add(told)
                self.recognised.emit(*told)

    def _is_due(self, update: SessionUpdate, now_s: float) -> bool:
        drawn = self._drawn
        if drawn is None or now_s - self._drawn_s >= REDRAW_S:
            return True
        return [s.link for s in update.sensors] != [s.link for s in drawn.sensors]

    def _draw(self, update: SessionUpdate, now_s: float) -> None:
        self._drawn, self._drawn_s, self._running = update, now_s, True
        replay, offset_s = update.replay is not None, self._offset_s(update.now_s)
        self.header.say("Sensors", *words.headline(update, self._day_end_s, offset_s))
        for card, sensor in zip(self.cards, update.sensors, strict=False):
            card.show_sensor(sensor, update.sensors, update.now_s, offset_s, replay=replay)
        self.recording.show_words(*words.recording_words(update), replay=replay)
        self.live.show_facts(update)
        self._show_parts(len(update.sensors))

    def _offset_s(self, now_s: float) -> float:
        """The session's, else this computer's at that time."""
        if self._utc_offset_s is not None:
            return self._utc_offset_s
        offset = datetime.fromtimestamp(now_s).astimezone().utcoffset()
        return 0.0 if offset is None else offset.total_seconds()

    def _show_parts(self, count: int) -> None:
        """Only what has something to say."""
        for place, card in enumerate(self.cards):
            card.setVisible(place < count)
        self._sensors.setVisible(count > 0)
        self.recording.setVisible(self._running)
        self.simulated.setVisible(not self._running)
        self._show_left()
        self.form.show_running(self._joinable(), busy=self._running)
        self._ask_for_scan()

    def _show_left(self) -> None:
        """The form while it is open, else the signals of a session, else how to begin."""
        form = not self.form.isHidden()
        has_sensors = self._drawn is not None and bool(self._drawn.sensors)
        self.live.setVisible(not form and has_sensors)
        self.begin.setVisible(not form and not has_sensors)
        # With signals to show they take what room there is; else the cards stay as high as their words.
        place = self.content.indexOf(self._lower)
        self.content.setStretch(place, 1 if has_sensors else 0)
        self.content.setStretch(place + 1, 0 if has_sensors else 1)

    # -- inside: connecting -----------------------------------------------------------------------------------------

    def _joinable(self) -> tuple[str, ...]:
        """Sources of the session that runs, which a further sensor can join."""
        update = self._update
        made = update is not None and (update.simulated or update.replay is not None)
        return self._sources if self._running and not made else ()

    def _open_form(self, target: Target) -> None:
        there = [] if self._update is None else [s.site for s in self._update.sensors]
        joinable = self._joinable()
        known = None if target.source is None else self.remembered(target.source)
        self.form.open(target, taken_sites(joinable) or (there if self._live() else ()), known)
        self.form.show_running(joinable, busy=self._running)
        self.form.show()
        self._show_left()
        self.form.connect_button.setFocus()
        QTimer.singleShot(0, self, lambda: self._scroll_to(self.form))

    def _close_form(self) -> None:
        self.form.hide()
        self._show_left()
        self.add.setFocus()

    def _live(self) -> bool:
        update = self._update
        return update is not None and update.replay is None and not update.simulated

    def _remember(self, sources: list[str]) -> None:
        """Until `begin_session` says which sources run, those that were asked for."""
        self._sources = tuple(sources)

    def _look_now(self) -> None:
        self._look_anyway = True
        self._ask_for_scan()

    def _needs_radio(self) -> str:
        """Why the session needs this computer's Bluetooth for itself; empty when it does not."""
        if not self._running or (self._update is not None and not self._live()):
            return ""
        return waits_for(() if self._update is None else self._update.sensors, self._sources)

    def _ask_for_scan(self) -> None:
        """Look while somebody looks at the page and no sensor needs the radio, or when asked to all the same."""
        busy = self._needs_radio()
        self.nearby.show_waiting("" if self._look_anyway else busy)
        wanted = self._seen and (self._look_anyway or not busy)
        if wanted != self._scans:
            self._scans = wanted
            self.scan_wanted.emit(wanted)
            if not wanted:
                self._forget_nearby()

    def _forget_nearby(self) -> None:
        """Nobody looks any more: only ports can be told."""
        self._told_nearby = False
        if self._seen:
            self._list_ports()

    def _list_ports(self) -> None:
        """The serial ports, until somebody looks round properly."""
        if not self._told_nearby:
            self._show_nearby(port_rows(self._ports()), None, None)

    def _show_nearby(self, rows: Sequence[Nearby], state: BluetoothState | None, looking_s: float | None) -> None:
        """What is around, without the sensors that stand on a card already."""
        running = self._joinable()
        others = [found for found in rows if not in_use(running, source_of(found))]
        self.nearby.show_rows(others, state, looking_s)

    def _scroll_to(self, part: QWidget) -> None:
        """After the layout has made room for it."""
        above = self.parentWidget()
        while above is not None and not isinstance(above, QScrollArea):
            above = above.parentWidget()
        if above is not None:
            above.ensureWidgetVisible(part)

    def _check(self) -> None:
        self.checks.show_looking()
        self.checks.show()
        self.check_asked.emit()

    def _close_checks(self) -> None:
        self.checks.hide()
        self.check.setFocus()

    # -- inside: once -----------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        for card in self.cards:
            self._sensors.flow.addWidget(card, 1)
        left = QVBoxLayout(self._left)
        left.setContentsMargins(0, 0, 0, 0)
        for shown in (self.form, self.live, self.begin):
            left.addWidget(shown, 1)
        self._lower.flow.addWidget(self._left, 1)
        self._lower.flow.addWidget(self.nearby)
        self.form.hide()
        self.checks.hide()
        for part in (self.checks, self._sensors, self.recording):
            self.content.addWidget(part)
        self.content.addWidget(self._lower, 1)
        self.content.addStretch(0)

    def _connect(self) -> None:
        self._lower.stacks.connect(self._lower.stacked_changed)
        self.add.clicked.connect(self.begin_connecting)
        self.simulated.clicked.connect(self.simulated_asked)
        self.check.clicked.connect(self._check)
        self.checks.closed.connect(self._close_checks)
        self.recording.stop.clicked.connect(self.stop_asked)
        self.nearby.connect_asked.connect(lambda found: self._open_form(Target.of(found)))
        self.nearby.type_asked.connect(lambda: self._open_form(Target()))
        self.nearby.look_asked.connect(self._look_now)
        self.form.left.connect(self._close_form)
        self.form.named.connect(self.named)
        self.form.connect_asked.connect(self._remember)
        self.form.connect_asked.connect(self.connect_asked)
        for card in self.cards:
            for name in ("identify_asked", "rename_asked", "role_asked", "rate_asked"):
                getattr(card, name).connect(getattr(self, name))

    def showEvent(self, event: QShowEvent) -> None:
        """The state as it is when the page is seen."""
        self._seen = True
        self.signals_wanted.emit(True)
        self._list_ports()
        if self._update is not None:
            self._draw(self._update, self._clock())
        self._ask_for_scan()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Not seen: nothing is looked for, nothing is drawn."""
        self._seen = self._look_anyway = False
        self.signals_wanted.emit(False)
        self._ask_for_scan()
        super().hideEvent(event)
