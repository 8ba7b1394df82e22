"""The dashboard's middle: clicks to sessions, sessions to pages, recordings to Review, days to Trends.

Holds no rules: what counts is decided by the session and the signal pipeline, what is shown by the pages.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from spinewatch_bridge.errors import BridgeError
from spinewatch_bridge.recording.salvage import Finalised
from spinewatch_bridge.transports.replay import Player
from spinewatch_monitor.calibration_desk import CalibrationDesk, asked_of
from spinewatch_monitor.day_so_far import with_earlier
from spinewatch_monitor.demo_show import DemoShow
from spinewatch_monitor.librarian import Opened
from spinewatch_monitor.live_run import Remembered, Run, live_run, replay_run
from spinewatch_monitor.problems import BadInputError
from spinewatch_monitor.qt_loop import LinkJob, LinkLoop, Main
from spinewatch_monitor.recordings_desk import RecordingsDesk
from spinewatch_monitor.reminding import Reminding
from spinewatch_monitor.sensor_desk import SensorDesk
from spinewatch_monitor.sensor_texts import of_a_simulated_day
from spinewatch_monitor.session import Session
from spinewatch_monitor.session_turns import SessionTurns
from spinewatch_monitor.settings import Settings, save_settings
from spinewatch_monitor.storage.folders import Folders
from spinewatch_monitor.storage.known_calibrations import KnownCalibrations
from spinewatch_monitor.storage.library_rows import local_day
from spinewatch_monitor.storage.owner_keys import OwnerKeyFile
from spinewatch_monitor.storage.sensor_memory import SensorMemory
from spinewatch_monitor.storage.trend_days import TrendDay
from spinewatch_monitor.this_radio import OneRadio
from spinewatch_monitor.today_figures import today_figures
from spinewatch_monitor.updates import SessionUpdate
from spinewatch_monitor.views.actions import Window
from spinewatch_monitor.views.desktop_theme import theme_of
from spinewatch_monitor.views.main_window import MainWindow
from spinewatch_monitor.views.review import ReviewPage
from spinewatch_monitor.views.settings_page import SettingsPage
from spinewatch_monitor.views.tokens import ThemeName
from spinewatch_monitor.views.trends import TrendsPage
from spinewatch_signal.calibration import Calibration, GuidedSteps
from spinewatch_signal.rezero import Pose

log = logging.getLogger(__name__)

CALIBRATE_QUIET_S = 120.0
"""No reminder comes in the middle of the steps, which take under a minute."""


class Dashboard(QObject):
    """Implements `Actions` for the pages; one run (live or replay) at a time, and the library beside it.

    Args:
        folders: the data folder.
        settings: the wearer's choices.
        theme: to begin with.
        simulated: whether days of simulated recordings are shown, or those of real ones.
    """

    _recorder_said = Signal(str)

    def __init__(self, folders: Folders, settings: Settings, theme: ThemeName, *, simulated: bool) -> None:
        super().__init__()
        self.folders, self.settings = folders, settings
        self.window = MainWindow(self, theme, reduced_motion=settings.reduced_motion)
        self.review, self.trends = ReviewPage(self), TrendsPage(self)
        self.window.add_page("review", self.review)
        self.window.add_page("trends", self.trends)
        self.choices = SettingsPage(settings, folders.root)
        self.window.add_page("settings", self.choices)
        self.links, self.bluetooth = LinkLoop(), OneRadio()
        self._turns = SessionTurns(self.links, self)
        self._leaves: str | None = None
        pages = (self.review, self.trends)
        self._recordings = RecordingsDesk(folders, pages, self, simulated=simulated, parent=self)
        self._muted = False
        self._demo = DemoShow(self, self)
        self._sensors = SensorDesk(self.window.sensors, folders, self, self)
        self._calibrations = CalibrationDesk(KnownCalibrations(folders.calibrations))
        self._reminding = Reminding(self.window, self.tell, self._sensors.buzz)
        self._connect()

    # -- beginning and end ------------------------------------------------------------------------------------------

    def begin(self, sources: list[str] | None, replay: Path | None, speed: float, page: str | None) -> None:
        """After the window is on the screen: the library, then what was asked for."""
        self._recordings.start()
        if replay is not None:
            self._recordings.play_when_opened(speed)
            self.open_recording(str(replay))
        elif sources or self.settings.sources:
            self.start_live(list(sources or self.settings.sources))
        elif page is None:
            self.window.show_page("first_run")
        if page is not None:
            self.window.show_page(page)

    def begin_demo(self, seed: int, start_s: float, offset_s: float, speed: float) -> None:
        """The simulated day: make it beside the window, then play it; the week before it fills in behind."""
        self._recordings.start()
        self._demo.begin_day(seed, start_s, offset_s, speed)

    def begin_ble_demo(self, seed: int) -> None:
        """Simulated sensors over simulated Bluetooth, live."""
        self._recordings.start()
        self._demo.begin_sensors(seed)

    def close(self) -> None:
        """Put the window away, finish the recording, stop everything."""
        self.window.hide()
        self._sensors.stop()
        self._turns.close()
        self._recordings.stop()

    def start_live(self, texts: list[str]) -> None:
        """Connect sensors and record, once the session before has ended; what cannot be opened is told in one line."""
        self._follow(partial(self._begin, partial(self._live_run, texts)))

    def start_replay(self, path: Path, speed: float, calibration: Calibration | None, *, playing: bool = True) -> None:
        """Play a recording through the session."""
        if self.run is not None and self.run.recorder is not None:
            self.tell("The live session has ended and its recording is kept. Connect again on the page Sensors.")
        make = partial(replay_run, path, self.settings, speed, calibration, playing=playing)
        self._follow(partial(self._begin, make))

    def start_made(self, main: Main) -> None:
        """See `DemoHost`."""
        self._follow(partial(self._begin_made, main))

    def stop_run(self) -> None:
        """End the session without waiting; what was shown of it goes with it."""
        now_s = self.run.now_s() if self.run is not None else 0.0
        self._turns.end()
        self.window.apply(SessionUpdate(now_s, None, (), today_figures(None), None))
        self._calibrations.begin_session()
        self.window.show_offer(None)
        self._show_no_session()

    def _follow(self, begin: Callable[[], None]) -> None:
        """End the session, then begin another; who asks for it on the page Sensors stays there and sees it begin."""
        page = self.window.current_page()
        self._leaves = None if page == "sensors" else page
        if self._turns.job is not None:
            self.stop_run()
        self._turns.follow(begin)

    def _show_no_session(self) -> None:
        """None runs: the last one is being ended, or there is none."""
        if self._turns.ending:
            self.window.sensors.show_ending()
        else:
            self.window.sensors.show_ended()
        self._sensors.session_changes()

    def _live_run(self, texts: list[str]) -> Run:
        keys, memory = OwnerKeyFile(self.folders.owner_keys), SensorMemory(self.folders.sensor_memory)
        remembered = Remembered(self._sensors.names(texts), keys, memory)
        folder, settings = self.folders.recordings, self.settings
        return live_run(texts, settings, folder, self.recorder_says, self.recorded, remembered, self.bluetooth)

    def _begin(self, make: Callable[[], Run]) -> None:
        try:
            run = make()
        except BridgeError as error:
            self.tell(str(error))
            self.stop_run()
            return
        run.session.mute(self._muted)
        self._turns.begin(run.to_the_end, run)
        self._show_run(run)

    def _begin_made(self, main: Main) -> None:
        self._turns.begin(main)
        self.window.sensors.show_starting()

    def _show_run(self, run: Run) -> None:
        self._calibrations.begin_session()
        self.window.begin_session(run.utc_offset_s)
        usual_end_s = self._recordings.usual_end_s(local_day(run.start_s, run.utc_offset_s), run.utc_offset_s)
        self.window.sensors.begin_session(run.utc_offset_s, run.texts, usual_end_s)
        self.window.sensors.show_starting()
        self._sensors.session_changes()
        if self.window.current_page() == self._leaves:
            self.window.show_page("today")

    @property
    def run(self) -> Run | None:
        """The session that runs; one that is being ended is none."""
        return self._turns.run

    @property
    def live(self) -> tuple[Run, LinkJob] | None:
        """The session on sensors that runs, with its place on the links' loop; None while there is none."""
        run, job = self._turns.run, self._turns.job
        return None if run is None or job is None or run.recorder is None else (run, job)

    # -- Actions: the session ---------------------------------------------------------------------------------------

    def mark(self, label: str) -> None:
        """See `Actions`."""
        self._ask(lambda run: run.session.mark(label, run.now_s()))

    def pause_private(self, seconds: float | None) -> None:
        """See `Actions`."""
        self._ask(lambda run: run.session.pause(seconds, run.now_s()))

    def resume(self) -> None:
        """See `Actions`."""
        self._ask(lambda run: run.session.resume(run.now_s()))

    def snooze(self, seconds: float) -> None:
        """See `Actions`."""
        self._ask(lambda run: run.session.snooze(seconds, run.now_s()))

    def mute(self, muted: bool) -> None:
        """See `Actions`."""
        self._muted = muted
        self._ask(lambda run: run.session.mute(muted))

    def start_calibration(self) -> None:
        """See `Actions`."""
        self._ask(lambda run: run.session.hold_reminders(CALIBRATE_QUIET_S, run.now_s()))

    def calibration_steps(self, steps: GuidedSteps) -> None:
        """See `Actions`."""
        self._calibrate(lambda session, now_s: session.calibrate(steps, now_s))

    def re_zero(self, still: Window, pose: Pose) -> None:
        """See `Actions`."""
        offer = self._calibrations.offer
        remembered = None if offer is None else offer.calibration
        self._calibrate(lambda session, now_s: session.re_zero(still, pose, now_s, remembered))

    def _calibrate(self, what: Callable[[Session, float], None]) -> None:
        run = self.run
        asked_of(self._turns.job, None if run is None else lambda: what(run.session, run.now_s()))

    # -- Actions: replay --------------------------------------------------------------------------------------------

    def replay_play(self, playing: bool) -> None:
        """See `Actions`; on Review it begins the replay of the recording shown."""
        if not (playing and self._recordings.replay_opened(self._plays)):
            self._ask_player(lambda player: player.play() if playing else player.pause())

    def replay_seek(self, t_s: float) -> None:
        """See `Actions`."""
        self._ask_player(lambda player: player.seek(t_s))

    def replay_speed(self, speed: float) -> None:
        """See `Actions`."""
        self._ask_player(lambda player: player.set_speed(speed))

    # -- Actions: what to open --------------------------------------------------------------------------------------

    def open_recording(self, path: str | None) -> None:
        """See `Actions`."""
        if path is None:
            found, _ = QFileDialog.getOpenFileName(
                self.window, "Open a recording", str(self.folders.recordings), "Recordings (*.mcap)"
            )
            if not found:
                return
            path = found
        self.window.show_page("review")
        self._recordings.open(Path(path))

    def find_sensor(self) -> None:
        """See `Actions`."""
        self.window.show_page("sensors")
        self.window.sensors.begin_connecting()

    def try_simulated(self) -> None:
        """See `Actions`."""
        self.window.show_page("today")
        self.start_live(["upper=sim:office-day?speed=10", "lower=sim:office-day?speed=10"])

    # -- what arrives -----------------------------------------------------------------------------------------------

    def tell(self, text: str) -> None:
        """One sentence for the person at the window; it goes by itself."""
        self.window.tell(text)

    def _apply(self, value: object) -> None:
        if isinstance(value, Run):
            self.tell("")  # it is made: nothing is waited for any more
            value.session.mute(self._muted)
            self._turns.take(value)
            self._show_run(value)
        if not isinstance(value, SessionUpdate):
            return
        if value.replay is None and not value.simulated:
            value = replace(value, today=with_earlier(value.today, self._earlier))
        if problem := self._calibrations.see(value):
            self.tell(problem)
        self.window.show_offer(self._calibrations.offer)
        self.window.apply(value)
        self.review.show_replay(value.replay)
        self._reminding.show(value, self.settings)

    def _run_failed(self, error: object, present: bool) -> None:
        if isinstance(error, BridgeError | BadInputError):
            self.tell(str(error))
        elif isinstance(error, BaseException):
            log.error("a session ended with an error", exc_info=error)
            self.tell(f"The session ended by a fault in Spinewatch ({type(error).__name__}). The recording is kept.")
        if present:
            self.stop_run()

    # -- inside -----------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        self._recorder_said.connect(self.tell)
        self.window.sensors.connect_asked.connect(self.connect_sensors)
        self.window.sensors.stop_asked.connect(self.stop_run)
        self._turns.arrived.connect(self._apply)
        self._turns.failed.connect(self._run_failed)
        self._turns.freed.connect(self._show_no_session)
        self.window.sensors.simulated_asked.connect(self.try_simulated)
        self.choices.changed.connect(self._change_settings)

    def _ask(self, what: Callable[[Run], object]) -> None:
        if self._turns.job is not None and self.run is not None:
            self._turns.job.call(what, self.run)

    def _plays(self, opened: Opened) -> bool:
        """Whether the recording shown is the one that is being replayed; on other pages any replay is."""
        if self.run is None or self.run.player is None:
            return False
        return self.window.current_page() != "review" or abs(self.run.player.start_s - opened.start_s) < 1.0

    def _ask_player(self, what: Callable[[Player], object]) -> None:
        if self._turns.job is not None and self.run is not None and self.run.player is not None:
            self._turns.job.call(what, self.run.player)

    def recorded(self, finished: Finalised) -> None:
        """On the recorder's thread: a recording is complete, or there was nothing to record."""
        if finished.path is None:
            self.recorder_says(finished.note)
        self.library_changed()

    def library_changed(self) -> None:
        """See `DemoHost`."""
        self._recordings.rescan()

    def recorder_says(self, text: str) -> None:
        """A line of the recorder, from its thread."""
        self._recorder_said.emit(text)

    def connect_sensors(self, texts: list[str]) -> None:
        """Connect sensors that a person chose, and remember them; a simulated day is nothing to begin with again."""
        if not of_a_simulated_day(texts):
            self._sensors.remember(texts)
            self._change_settings(replace(self.settings, sources=tuple(texts)))
        if self.run is not None and self.run.radio is not None and self.run.radio.simulated:
            self._demo.begin_sensors_anew(texts, self._sensors.names(texts))  # no other radio hears these sensors
        else:
            self.start_live(texts)

    def _change_settings(self, settings: Settings) -> None:
        """Keep the choices and let them count from now on."""
        self.settings = settings
        self.choices.show_settings(settings)  # the next choice there is made of these
        try:
            save_settings(self.folders.settings, settings)
        except OSError as error:
            self.tell(f"The choice could not be kept: {(error.strerror or str(error)).lower()}.")
        self.window.set_theme(theme_of(settings.theme))
        self.window.set_reduced_motion(settings.reduced_motion)
        self._ask(lambda run: run.session.change_settings(settings))

    @property
    def _earlier(self) -> TrendDay | None:
        """What the library knows of the local day on which the run began."""
        if self.run is None:
            return None
        return self._recordings.known(local_day(self.run.start_s, self.run.utc_offset_s))
