"""Review: any recording, from the whole day down to a second; everything by keyboard too.

Keys: ← → a second (Shift: ten), [ ] previous and next episode or sign, + − zoom, Home End, Space play or pause.
"""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from spinewatch_monitor.updates import ReplayPosition
from spinewatch_monitor.views import review_words as words
from spinewatch_monitor.views.actions import Actions
from spinewatch_monitor.views.playback import Playback
from spinewatch_monitor.views.recording_view import RecordingView
from spinewatch_monitor.views.replay_bar import ReplayBar
from spinewatch_monitor.views.review_data import ReviewData
from spinewatch_monitor.views.review_states import Notice, Progress
from spinewatch_monitor.views.side_columns import ICON_BUTTON_PX
from spinewatch_monitor.views.theme import colour
from spinewatch_monitor.views.tokens import LIGHT, Theme
from spinewatch_monitor.views.widgets import Button, Tag, column, row, set_text, text_label

_ZOOM = 1.6
"""One press of + or − makes the window this much shorter or longer."""
_PLAY_STEP_MS = 50
_SAME_S = 5.0


class ReviewPage(QWidget):
    """One recording, or why there is none to see.

    Args:
        actions: opens recordings and takes replay commands.
    """

    cancel_asked = Signal()
    """The analysis under way is no longer wanted."""
    step_asked = Signal(int)
    """−1 the recording before this one, +1 the one after."""

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Review")
        self._actions, self._theme = actions, LIGHT
        self._data: ReviewData | None = None
        self._replay: ReplayPosition | None = None
        self._playback: Playback | None = None
        self._clock, self._timer = QElapsedTimer(), QTimer(self, interval=_PLAY_STEP_MS)
        self._eyebrow, self._headline = text_label("", "label", "2", wrap=True), text_label("", "headline", wrap=True)
        self._warning, self._simulated = text_label("", "note", "away", wrap=True), Tag("Simulated", "moving")
        self.view, self.bar = RecordingView(), ReplayBar(self)
        self.empty = Notice("folder-open", "accent", "Open a recording")
        self.error = Notice("triangle-alert", "away", "Open another recording")
        self.progress = Progress()
        self._stack, self._content = QStackedWidget(), QWidget()
        self._lay_out()
        self._connect()
        self.show_empty()

    @property
    def data(self) -> ReviewData | None:
        """The recording shown."""
        return self._data

    def show_recording(self, data: ReviewData) -> None:
        """Open a recording on its first episode, or on its beginning."""
        self._timer.stop()
        self._data, self._replay = data, None
        self._playback = Playback.of(data.start_s, data.end_s)
        self._stack.setCurrentWidget(self._content)
        set_text(self._eyebrow, words.eyebrow(data))
        set_text(self._headline, words.headline(data))
        set_text(self._warning, " ".join(f"{text[:1].upper()}{text[1:].rstrip('.')}." for text in data.warnings))
        self._warning.setVisible(bool(data.warnings))
        self._simulated.setVisible(data.simulated)
        self.view.show_recording(data)

    def show_progress(self, title: str, fraction: float | None) -> None:
        """Show that a recording is being analysed; ``fraction`` 0 to 1, None while it is not known."""
        self.progress.show_fraction(title, fraction)
        self._stack.setCurrentWidget(self.progress)

    def show_error(self, line: str) -> None:
        """Show why a recording could not be opened: one clear line."""
        self.error.say("This recording could not be opened", line)
        self._stack.setCurrentWidget(self.error)

    def show_empty(self) -> None:
        """Show that nothing was opened yet."""
        self.empty.say("No recording open", "Open one to see the day, its episodes and every second of it.")
        self._stack.setCurrentWidget(self.empty)

    def show_replay(self, position: ReplayPosition | None) -> None:
        """Show where the session's replay stands; the cursor goes with it, if it is this recording that is replayed.

        Without such a replay the page plays by itself, which only moves the cursor.
        """
        replay = position if self._is_of(position) else None
        if replay == self._replay:
            return
        self._replay = replay
        if replay is not None and self._data is not None:
            self._timer.stop()
            self.view.set_cursor(replay.now_s - self._data.start_s)
        self._show_bar()

    def replay_play(self, playing: bool) -> None:
        """Play or pause: the session's replay where there is one, else this page's own."""
        if self._replay is not None:
            self._actions.replay_play(playing)
        elif self._playback is not None:
            self._playback = self._playback.play(playing)
            self._clock.start()
            self._timer.start() if playing else self._timer.stop()
            self._show_bar()

    def replay_seek(self, t_s: float) -> None:
        """Go to a moment, UNIX seconds."""
        if self._data is not None:
            self.view.seek(t_s - self._data.start_s)

    def replay_speed(self, speed: float) -> None:
        """Play at a factor of real time."""
        if self._replay is not None:
            self._actions.replay_speed(speed)
        elif self._playback is not None:
            self._playback = self._playback.at_speed(speed)
            self._show_bar()

    def set_theme(self, theme: Theme) -> None:
        """Take the colour of the dashed frame; the parts are told themselves."""
        self._theme = theme
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The keys of the page; see the module."""
        step = 10.0 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
        view = self.view
        moves = {
            Qt.Key.Key_Left: lambda: view.seek(view.cursor_s - step),
            Qt.Key.Key_Right: lambda: view.seek(view.cursor_s + step),
            Qt.Key.Key_BracketLeft: lambda: view.step_event(-1),
            Qt.Key.Key_BracketRight: lambda: view.step_event(1),
            Qt.Key.Key_Plus: lambda: view.zoom_by(1 / _ZOOM),
            Qt.Key.Key_Equal: lambda: view.zoom_by(1 / _ZOOM),
            Qt.Key.Key_Minus: lambda: view.zoom_by(_ZOOM),
            Qt.Key.Key_Home: lambda: view.seek(0.0),
            Qt.Key.Key_End: lambda: view.seek(float("inf")),
            Qt.Key.Key_Space: self.bar.toggle,
        }
        action = moves.get(Qt.Key(event.key()))
        if self._stack.currentWidget() is not self._content or action is None:
            event.ignore()
            return
        action()

    def showEvent(self, event: QShowEvent) -> None:
        """The keyboard is at the charts at once."""
        super().showEvent(event)
        self.view.zoom.setFocus(Qt.FocusReason.OtherFocusReason)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing plays on a page that is not shown."""
        if self._timer.isActive():
            self.replay_play(False)
        super().hideEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The dashed frame around anything simulated."""
        if self._data is None or not self._data.simulated or self._stack.currentWidget() is not self._content:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour(self._theme.moving), 1.5, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(5.5, 5.5, -5.5, -5.5), 8, 8)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self._content)
        layout.setContentsMargins(22, 18, 22, 14)
        layout.setSpacing(12)
        layout.addLayout(self._header())
        layout.addWidget(self.view, 1)
        layout.addWidget(self.bar)
        for part in (self.empty, self.progress, self.error, self._content):
            self._stack.addWidget(part)
        self.setLayout(column(self._stack))

    def _header(self) -> QHBoxLayout:
        above = row(self._simulated)
        above.insertWidget(0, self._eyebrow, 1)
        texts = column(spacing=2)
        texts.addLayout(above)
        for part in (self._headline, self._warning):
            texts.addWidget(part)
        again, another = Button("Replay as worn", "rotate-ccw"), Button("Open another", "folder-open")
        again.setToolTip("Runs this recording through Today as if it were worn now")
        again.clicked.connect(lambda: self._actions.replay_play(True))
        another.clicked.connect(self._open_another)
        before, after = Button("", "chevron-left"), Button("", "chevron-right")
        for button, name, step in ((before, "Recording before this one", -1), (after, "Recording after this one", 1)):
            button.setAccessibleName(name)
            button.setToolTip(name)
            button.setFixedWidth(ICON_BUTTON_PX)
            button.clicked.connect(lambda _=False, step=step: self.step_asked.emit(step))
        buttons = row(again, another, before, after)
        header = QHBoxLayout()
        header.setSpacing(14)
        header.addLayout(texts, 1)
        header.addLayout(buttons)
        header.setAlignment(buttons, Qt.AlignmentFlag.AlignTop)
        return header

    def _connect(self) -> None:
        self.empty.asked.connect(self._open_another)
        self.error.asked.connect(self._open_another)
        self.progress.asked.connect(self.cancel_asked)
        self.view.cursor_moved.connect(self._on_cursor)
        self.view.sought.connect(self._on_sought)
        self._timer.timeout.connect(self._play_on)
        self.bar.previous_asked.connect(lambda: self.view.step_episode(-1))
        self.bar.next_asked.connect(lambda: self.view.step_episode(1))

    def _is_of(self, position: ReplayPosition | None) -> bool:
        """Whether a replay is of the recording shown: it begins and ends with it, but for the edges of its samples."""
        if position is None or self._data is None:
            return False
        starts, ends = position.start_s - self._data.start_s, position.end_s - self._data.end_s
        return max(abs(starts), abs(ends)) < _SAME_S

    def _open_another(self) -> None:
        self._actions.open_recording(None)

    def _on_cursor(self, t_s: float) -> None:
        if self._playback is not None:
            self._playback = self._playback.seek(self._playback.position.start_s + t_s)
        self._show_bar()

    def _on_sought(self, t_s: float) -> None:
        if self._replay is not None and self._data is not None:
            self._actions.replay_seek(self._data.start_s + t_s)

    def _play_on(self) -> None:
        if self._playback is None or self._data is None:
            return
        self._playback = self._playback.after(self._clock.restart() / 1000)
        if not self._playback.position.playing:
            self._timer.stop()
        self.view.set_cursor(self._playback.position.now_s - self._data.start_s)

    def _show_bar(self) -> None:
        own = None if self._playback is None else self._playback.position
        self.bar.show_position(self._replay or own, 0.0 if self._data is None else self._data.utc_offset_s)
