"""The dashboard: wires window, sessions and library together. The window first, everything heavy after it."""

from __future__ import annotations

import datetime as dt
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from spinewatch_bridge.sources import parse_sources
from spinewatch_monitor.problems import NoScreenError
from spinewatch_monitor.screen_libraries import has_screen, why_no_window
from spinewatch_monitor.settings import load_settings
from spinewatch_monitor.storage.folders import Folders, open_folders
from spinewatch_monitor.views.desktop_theme import theme_of

if TYPE_CHECKING:
    from spinewatch_monitor.dashboard import Dashboard

SIGNAL_PERIOD_MS = 250
FRAME_PX = (4, 40)
"""About what a window's frame takes; its real size is known only once it is shown."""


def run_dashboard(
    sources: list[str] | None,
    *,
    demo: bool = False,
    replay: Path | None = None,
    speed: float = 1.0,
    page: str | None = None,
) -> int:
    """Open the window and run until it is closed.

    Args:
        sources: sensors to connect; None shows how to begin, or connects those of the last time.
        demo: use the data folder of the demo.
        replay: recording to play.
        speed: of the replay; infinity for as fast as it goes.
        page: page to begin with.
    """
    from spinewatch_monitor.demo_day import demo_folders

    if sources:
        parse_sources(sources)  # what cannot be meant is said before a window opens
    if reason := why_no_window():
        raise NoScreenError(reason)
    application = make_application()
    folders = demo_folders() if demo else open_folders()
    ending = EndRequest()
    dashboard = open_dashboard(folders, simulated=demo)
    return run_until_closed(application, dashboard, ending, lambda: dashboard.begin(sources, replay, speed, page))


def run_demo(*, seed: int = 1, speed: float = 60.0, out: Path | None = None) -> int:
    """The simulated office day: in a window, or without a screen as text and pictures."""
    from spinewatch_monitor import demo_day
    from spinewatch_monitor.new_recording import utc_offset_s

    offset_s = utc_offset_s()
    day = demo_day.last_working_day(dt.datetime.now(dt.UTC).astimezone().date())
    start_s = demo_day.demo_start_s(day, offset_s)
    if not has_screen():
        from spinewatch_monitor.demo_pictures import show_without_screen

        return show_without_screen(seed, start_s, offset_s, out or Path("demo-output"))
    application = make_application()
    folders, ending = demo_day.demo_folders(), EndRequest()
    dashboard = open_dashboard(folders, simulated=True)
    return run_until_closed(
        application, dashboard, ending, lambda: dashboard.begin_demo(seed, start_s, offset_s, speed)
    )


def run_ble_demo(*, seed: int = 1) -> int:
    """Simulated sensors over simulated Bluetooth, in a window."""
    from spinewatch_monitor.demo_day import demo_folders

    application = make_application()
    folders, ending = demo_folders(), EndRequest()
    dashboard = open_dashboard(folders, simulated=True)
    return run_until_closed(application, dashboard, ending, lambda: dashboard.begin_ble_demo(seed))


class EndRequest:
    """Ctrl-C and SIGTERM, noted from now on and no longer raised: an error in the middle of painting breaks Qt."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True

    def obey(self) -> None:
        """End Qt's loop if that was asked."""
        if self.asked:
            QGuiApplication.quit()


def run_until_closed(
    application: QApplication, dashboard: Dashboard, ending: EndRequest, begin: Callable[[], None]
) -> int:
    """Run the window; closing it, Ctrl-C and a request to end all finish the recording first."""
    awake = QTimer()
    awake.timeout.connect(ending.obey)  # Qt's loop runs no Python while nothing happens, and so no signal handler
    awake.start(SIGNAL_PERIOD_MS)
    QTimer.singleShot(0, begin)
    try:
        return 0 if ending.asked else application.exec()
    finally:
        dashboard.close()


def make_application() -> QApplication:
    """The one Qt application of this process."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    QGuiApplication.setApplicationName("Spinewatch")
    QGuiApplication.setDesktopFileName("spinewatch")
    return QApplication(sys.argv[:1])


def open_dashboard(folders: Folders, *, simulated: bool) -> Dashboard:
    """The window, on the screen before anything else is done."""
    from spinewatch_monitor.dashboard import Dashboard

    settings, warning = load_settings(folders.settings)
    dashboard = Dashboard(folders, settings, theme_of(settings.theme), simulated=simulated)
    fit_to_screen(dashboard.window)
    dashboard.window.show()
    QApplication.processEvents()
    if warning:
        dashboard.tell(warning)
    return dashboard


def fit_to_screen(window: QWidget) -> None:
    """Make the window no larger than the desktop leaves room for, its frame included."""
    screen = window.screen()
    if screen is not None:
        room = screen.availableGeometry().size() - QSize(*FRAME_PX)
        window.resize(window.size().boundedTo(room))
