"""The sidebar: two workspaces, the pages of each, and the status light at its foot, on every page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QButtonGroup, QFrame, QVBoxLayout, QWidget

from spinewatch_monitor.updates import Link, SensorStatus, SessionUpdate
from spinewatch_monitor.views.meters import BatteryGlyph, Logo, StatusDot
from spinewatch_monitor.views.sensor_words import hours_words
from spinewatch_monitor.views.tokens import SIDEBAR_COMPACT_PX, SIDEBAR_PX
from spinewatch_monitor.views.widgets import NavButton, Segmented, column, line, row, set_text, text_label


@dataclass(frozen=True, slots=True)
class Entry:
    """One page of the sidebar; ``spaces`` names the workspaces it is in."""

    name: str
    title: str
    icon: str
    spaces: tuple[str, ...]
    tool: bool = False


COMPACT_MARGIN_PX = 8
BACK, CLINIC = "back", "clinic"
ENTRIES = (
    Entry("today", "Today", "sun", (BACK,)),
    Entry("trends", "Trends", "chart-column", (BACK,)),
    Entry("review", "Review", "chart-gantt", (BACK, CLINIC)),
    Entry("sensors", "Sensors", "radio", (BACK, CLINIC), tool=True),
    Entry("calibrate", "Calibrate", "target", (BACK, CLINIC), tool=True),
    Entry("settings", "Settings", "settings-2", (BACK, CLINIC), tool=True),
)
"""In the order of their keys, Ctrl+1 first."""


@dataclass(frozen=True, slots=True)
class Foot:
    """What the status light says: shape, name, and one or two lines."""

    shape: str
    name: str
    battery_share: float | None
    battery: str
    line: str


def foot_of(update: SessionUpdate) -> Foot:
    """The status in shape and words, from the least well of the sensors."""
    sensors = update.sensors
    if not sensors:
        return Foot("wait", "No sensor", None, "", "Nothing is recorded")
    shape, state = _worst(sensors)
    name = state or ("Both sensors" if len(sensors) > 1 else "One sensor")
    if update.replay is not None:
        shape, name = "replay", "Replay"
    elif update.simulated and shape == "flow":
        shape, name = "replay", "Simulated"
    known = [s for s in sensors if s.battery_percent is not None or s.battery_hours is not None]
    share, battery = _battery(known)
    return Foot(shape, name, share, battery, " · ".join(filter(None, (_kept(update), _loss(sensors)))))


def _kept(update: SessionUpdate) -> str:
    if any(s.link is Link.PAUSED for s in update.sensors):
        return "Nothing is recorded"
    return "Recording" if update.recording_path else "Not recorded"


def _loss(sensors: Sequence[SensorStatus]) -> str:
    """Of the worst that has sent anything; nothing is lost of what was never there."""
    sent = [s.loss_percent for s in sensors if s.data_age_s is not None]
    return f"loss {max(sent):.1f} %" if sent else ""


def _worst(sensors: Sequence[SensorStatus]) -> tuple[str, str]:
    links = {s.link for s in sensors}
    for link, shape, words in (
        (Link.PAUSED, "pause", "Private pause"),
        (Link.LOST, "lost", "No data"),
        (Link.LATE, "wait", "Data late"),
        (Link.CONNECTING, "wait", "Connecting"),
        (Link.NONE, "wait", "No sensor"),
    ):
        if link in links:
            return shape, words
    return "flow", ""


def _battery(known: Sequence[SensorStatus]) -> tuple[float | None, str]:
    if not known:
        return None, ""
    lowest = min(known, key=lambda s: (s.battery_percent is None, s.battery_percent or 0.0))
    share = None if lowest.battery_percent is None else lowest.battery_percent / 100
    hours = [s.battery_hours for s in known if s.battery_hours is not None]
    if hours:
        return share, f"{hours_words(min(hours), 'h', 'min')} left"
    return share, f"{lowest.battery_percent:.0f} %"


class StatusFoot(QFrame):
    """The status light; in the narrow sidebar only its shape."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "foot")
        self._dot, self._glyph = StatusDot(), BatteryGlyph()
        self._name = text_label("No sensor", "label_strong")
        self._battery = text_label("", "axis", "2")
        self._line = text_label("Nothing is recorded", "axis", "2")
        self._battery_row = QWidget()
        battery = row(self._glyph, self._battery, None, spacing=6)
        self._battery_row.setLayout(battery)
        layout = self._layout = column(spacing=2)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.addLayout(row(self._dot, self._name, None, spacing=7))
        layout.addWidget(self._battery_row)
        layout.addWidget(self._line)
        self.setLayout(layout)
        self._compact = False

    def show_foot(self, foot: Foot) -> None:
        """Show another status."""
        self._dot.show_shape(foot.shape)
        self._glyph.show_share(foot.battery_share)
        set_text(self._name, foot.name)
        set_text(self._battery, foot.battery)
        set_text(self._line, foot.line)
        self._battery_row.setVisible(bool(foot.battery) and not self._compact)
        words = f"Status: {foot.name}. {foot.battery}. {foot.line}"
        if words != self.accessibleName():
            self.setAccessibleName(words)
            self.setToolTip(words)

    def set_compact(self, compact: bool) -> None:
        """Show the shape alone."""
        self._compact = compact
        edge = (SIDEBAR_COMPACT_PX - 2 * COMPACT_MARGIN_PX - self._dot.width()) // 2 if compact else 12
        self._layout.setContentsMargins(edge, 12 if compact else 10, 0 if compact else 12, 12 if compact else 10)
        for part in (self._name, self._line, self._battery_row):
            part.setVisible(not compact and (part is not self._battery_row or bool(self._battery.text())))


class Sidebar(QFrame):
    """Navigation; ``page_asked`` carries the name of a page."""

    page_asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "sidebar")
        self.setAccessibleName("Pages")
        self._brand = text_label("Spinewatch", "brand")
        self._spaces = Segmented([(BACK, "My back"), (CLINIC, "Clinic")], "Workspace")
        self._spaces.chosen.connect(self._show_space)
        self.foot = StatusFoot()
        self.buttons: dict[str, NavButton] = {}
        self._group = QButtonGroup(self)
        self._layout = column(spacing=2)
        self._layout.setContentsMargins(12, 20, 12, 16)
        brand = row(Logo(30), self._brand, None, spacing=10)
        brand.setContentsMargins(8, 0, 8, 14)
        self._layout.addLayout(brand)
        self._layout.addWidget(self._spaces)
        self._layout.addSpacing(14)
        self._fill(self._layout)
        self._layout.addStretch(1)
        self._layout.addWidget(self.foot)
        self.setLayout(self._layout)
        self._compact: bool | None = None
        self._show_space(BACK)
        self.set_compact(False)

    def _fill(self, layout: QVBoxLayout) -> None:
        for place, entry in enumerate(ENTRIES, start=1):
            if entry.tool and not ENTRIES[place - 2].tool:
                layout.addSpacing(8)
                layout.addWidget(line())
                layout.addSpacing(8)
            button = NavButton(entry.title, entry.icon)
            button.clicked.connect(lambda _=False, name=entry.name: self.page_asked.emit(name))
            keys = QShortcut(QKeySequence(f"Ctrl+{place}"), self)  # a button's own is lost with each new text
            keys.activated.connect(button.click)
            self._group.addButton(button)
            self.buttons[entry.name] = button
            layout.addWidget(button)

    def show_current(self, name: str) -> None:
        """Show which page is on; a page that is not in the sidebar leaves none checked."""
        entry = next((e for e in ENTRIES if e.name == name), None)
        self._group.setExclusive(entry is not None)
        for key, button in self.buttons.items():
            button.setChecked(key == name)
        if entry is not None and self._spaces.current() not in entry.spaces:
            self._spaces.choose(entry.spaces[0])
            self._show_space(entry.spaces[0])

    def set_compact(self, compact: bool) -> None:
        """Icons only, when the window is narrow."""
        if compact == self._compact:
            return
        self._compact = compact
        self.setFixedWidth(SIDEBAR_COMPACT_PX if compact else SIDEBAR_PX)
        margin = COMPACT_MARGIN_PX if compact else 12
        self._layout.setContentsMargins(margin, 20, margin, 16)
        self._brand.setVisible(not compact)
        self._spaces.setVisible(not compact)
        for button in self.buttons.values():
            button.set_compact(compact)
        self.foot.set_compact(compact)

    def _show_space(self, space: str) -> None:
        for entry in ENTRIES:
            self.buttons[entry.name].setVisible(space in entry.spaces)


def keys_help() -> str:
    """The keys that work on every page, for tooltips and the settings page."""
    pages = ", ".join(f"Ctrl+{place} {entry.title}" for place, entry in enumerate(ENTRIES, start=1))
    return f"{pages}; M mark, Space pause or play, Ctrl+Shift+M mute, Ctrl+T table of numbers"
