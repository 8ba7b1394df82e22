"""The window: sidebar, pages, keys, and the dashed frame with its word around anything simulated or replayed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from spinewatch_bridge.transports.serial_port import port_names
from spinewatch_monitor.calibration_desk import Offer
from spinewatch_monitor.updates import Reminder, SessionUpdate
from spinewatch_monitor.views.actions import Actions
from spinewatch_monitor.views.banner import Banner
from spinewatch_monitor.views.calibrate import CalibratePage
from spinewatch_monitor.views.chart_table import show_tables
from spinewatch_monitor.views.empty import EmptyPage
from spinewatch_monitor.views.first_run import FirstRunPage
from spinewatch_monitor.views.notify import tray_icon
from spinewatch_monitor.views.page import Scrolled
from spinewatch_monitor.views.runs import Runs
from spinewatch_monitor.views.sensors_page import SensorsPage
from spinewatch_monitor.views.sidebar import ENTRIES, Sidebar, foot_of
from spinewatch_monitor.views.spine_figure import SpineFigure
from spinewatch_monitor.views.theme import apply_theme
from spinewatch_monitor.views.today import TodayPage
from spinewatch_monitor.views.tokens import COMPACT_BELOW_PX, THEMES, WINDOW_MIN_PX, ThemeName
from spinewatch_monitor.views.widgets import row
from spinewatch_monitor.views.window_parts import DashedFrame, Notice, SourceStrip, source_words
from spinewatch_signal.samples import Floats

WITHOUT_SIDEBAR = ("first_run",)
BANNER_MARGINS = (32, 14, 32, 0)


class MainWindow(QMainWindow):
    """All pages; `apply` feeds those that show the session.

    Args:
        actions: what a person's clicks and keys ask for.
        theme_name: ``light``, ``dark`` or ``high_contrast``.
        reduced_motion: nothing slides or follows; the figure changes twice a second.
    """

    page_changed = Signal(str)

    def __init__(self, actions: Actions, theme_name: ThemeName = "light", *, reduced_motion: bool = False) -> None:
        super().__init__()
        self.setWindowTitle("Spinewatch")
        self.setWindowIcon(tray_icon(THEMES["light"].accent))
        self.setMinimumSize(*WINDOW_MIN_PX)
        self.resize(1440, 900)
        self._actions, self._theme = actions, THEMES[theme_name]
        self._update: SessionUpdate | None = None
        self._muted = False
        self.sidebar = Sidebar()
        self.sidebar.page_asked.connect(self.show_page)
        self.today = TodayPage(actions, reduced_motion=reduced_motion)
        self.calibrate = CalibratePage(actions)
        self.first_run, self.sensors = FirstRunPage(actions), SensorsPage(port_names)
        self._pages: dict[str, QWidget] = {}
        self._stack = QStackedWidget()
        self._strip = SourceStrip()
        self._banner = Banner(reduced_motion=reduced_motion)
        self._frame, self._notice = DashedFrame(), Notice()
        self._lay_out()
        self._add_own_pages()
        self._connect()
        self._bind_keys()
        self.set_theme(theme_name)
        self.show_page("today")

    # -- what the app calls -----------------------------------------------------------------------------------------

    def apply(self, update: SessionUpdate) -> None:
        """Show what changed; call it at most ten times a second."""
        self._update = update
        self.today.apply(update)
        self.calibrate.apply(update)
        self.sensors.apply(update)
        self.sidebar.foot.show_foot(foot_of(update))
        words = source_words(update)
        self._strip.say(words)
        self._frame.set_dashed(bool(words))
        for reminder in update.reminders:
            self.show_banner(reminder)

    def show_page(self, name: str) -> None:
        """Go to a page by its name; an unknown name is refused.

        Raises:
            KeyError: when there is no such page.
        """
        self._stack.setCurrentWidget(self._pages[name])
        self.sidebar.setVisible(name not in WITHOUT_SIDEBAR)
        self.sidebar.show_current(name)
        if name == "today":
            self._banner.put_away()
        self.page_changed.emit(name)

    def current_page(self) -> str:
        """Name of the page shown."""
        current = self._stack.currentWidget()
        return next(name for name, page in self._pages.items() if page is current)

    def add_page(self, name: str, page: QWidget, *, scrolls: bool = True) -> None:
        """Put a page in the place of the empty one of that name; ``scrolls`` gives it a scroll bar when it is high."""
        old = self._pages.pop(name, None)
        shown = Scrolled(page) if scrolls else page
        place = self._stack.count() if old is None else self._stack.indexOf(old)
        self._stack.insertWidget(place, shown)
        self._pages[name] = shown
        if old is not None:
            was_current = self._stack.currentWidget() is old
            self._stack.removeWidget(old)
            old.deleteLater()
            if was_current:
                self.show_page(name)
        apply_theme(self, self._theme)

    def show_banner(self, reminder: Reminder) -> None:
        """Show a reminder, or that the wearer is back; on Today in its place, on other pages above them."""
        if self.current_page() == "today":
            self.today.banner.show_reminder(reminder)
        else:
            self._banner.show_reminder(reminder)
            self._make_room_for_banner()

    def set_day(self, runs: Runs, changes_s: Sequence[float] | Floats = ()) -> None:
        """What is known of today already, UNIX seconds; updates continue it."""
        self.today.set_day(runs, changes_s)

    def begin_session(self, utc_offset_s: float) -> None:
        """A session begins, at this offset of local time from UTC, s; of the recording's in a replay."""
        self.today.begin_session(utc_offset_s)
        self.calibrate.begin_session(utc_offset_s)

    def show_offer(self, offer: Offer | None) -> None:
        """A calibration that seconds of stillness can set anew, or none."""
        self.calibrate.show_offer(offer)
        self.today.show_rezero(offered=offer is not None)

    def begin_rezero(self) -> None:
        """Go to the calibration page and begin the seconds of stillness there."""
        self.show_page("calibrate")
        self.calibrate.begin_rezero(sitting=self.today.sits)

    def set_reminders(self, text: str, snoozed_until_s: float | None = None) -> None:
        """What is set for reminders, in words, and until when they are paused, UNIX seconds."""
        self.today.set_reminders(text, snoozed_until_s)

    def tell(self, text: str) -> None:
        """One line at the foot of the window for some seconds: what went wrong, or what is being done."""
        self._notice.tell(text)

    def set_reduced_motion(self, reduced: bool) -> None:
        """Nothing slides or follows any more, or again."""
        for figure in self.findChildren(SpineFigure):
            figure.set_reduced_motion(reduced)
        for banner in self.findChildren(Banner):
            banner.set_reduced_motion(reduced)

    def set_theme(self, name: ThemeName) -> None:
        """Change the look of everything at once."""
        self._theme = THEMES[name]
        apply_theme(self, self._theme)

    # -- inside -----------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        holder = QWidget()
        holder.setProperty("role", "window")
        inner = QVBoxLayout(self._frame)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        self._banner_row = row(self._banner)
        inner.addWidget(self._strip)
        inner.addLayout(self._banner_row)
        inner.addWidget(self._stack, 1)
        inner.addWidget(self._notice)
        layout = QHBoxLayout(holder)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.sidebar)
        layout.addWidget(self._frame, 1)
        self.setCentralWidget(holder)

    def _make_room_for_banner(self) -> None:
        """Margins around the banner only while it is there: an empty row would keep them."""
        self._banner_row.setContentsMargins(*((0,) * 4 if self._banner.isHidden() else BANNER_MARGINS))

    def _add_own_pages(self) -> None:
        for entry in ENTRIES:
            self._place(entry.name, EmptyPage(entry.name))
        own = {"today": self.today, "sensors": self.sensors, "calibrate": self.calibrate, "first_run": self.first_run}
        for name, page in own.items():
            self._place(name, page)

    def _place(self, name: str, page: QWidget) -> None:
        old = self._pages.get(name)
        if old is not None:
            self._stack.removeWidget(old)
            old.deleteLater()
        self._pages[name] = Scrolled(page)
        self._stack.addWidget(self._pages[name])

    def _connect(self) -> None:
        self.today.calibrate_asked.connect(lambda: self.show_page("calibrate"))
        self.today.rezero_asked.connect(self.begin_rezero)
        self.today.mute_asked.connect(self.toggle_mute)
        self.calibrate.left.connect(lambda: self.show_page("today"))
        self._banner.snoozed.connect(self._actions.snooze)
        self._banner.muted.connect(self.toggle_mute)
        self._banner.gone.connect(self._make_room_for_banner)
        self.page_changed.connect(self.calibrate.page_shown)

    def _bind_keys(self) -> None:
        for keys, call in (
            ("Ctrl+Shift+M", self.toggle_mute),
            ("Ctrl+T", self._show_tables),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(call)

    def toggle_mute(self) -> None:
        """Reminders off until told otherwise, or on again."""
        self._muted = not self._muted
        self._actions.mute(self._muted)
        self.today.show_muted(self._muted)

    def _play_or_pause(self) -> None:
        replay = None if self._update is None else self._update.replay
        if replay is not None:
            self._actions.replay_play(not replay.playing)

    def _show_tables(self) -> None:
        show_tables(self._pages[self.current_page()], self._theme)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys without a modifier, when nothing that has the focus took them (buttons keep Space, fields keep M)."""
        if event.modifiers() == Qt.KeyboardModifier.NoModifier and event.key() == Qt.Key.Key_M:
            self.today.mark()
        elif event.modifiers() == Qt.KeyboardModifier.NoModifier and event.key() == Qt.Key.Key_Space:
            self._play_or_pause()
        elif event.key() == Qt.Key.Key_Escape and self.current_page() == "calibrate":
            self.calibrate.cancel()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The sidebar shrinks to icons in a narrow window."""
        self.sidebar.set_compact(event.size().width() < COMPACT_BELOW_PX)
        super().resizeEvent(event)
