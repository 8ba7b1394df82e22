"""Review: any recording, from the whole day down to a second; everything by keyboard too.

Keys: ← → a second (Shift: ten), [ ] previous and next episode or sign, + − zoom, Home End, Space play or pause.
"""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from spinewatch_monitor.updates import ReplayPosition
from spinewatch_monitor.views import review_words as words
from spinewatch_monitor.views.actions import Actions
from spinewatch_monitor.views.playback import Playback
from spinewatch_monitor.views.replay_bar import ReplayBar
from spinewatch_monitor.views.review_charts import FIRST_WINDOW_S, SHORTEST_WINDOW_S, DayChart, ZoomChart
from spinewatch_monitor.views.review_data import ReviewData, ReviewSeries, build_series
from spinewatch_monitor.views.review_panels import CursorCard, EpisodeCard
from spinewatch_monitor.views.review_states import Notice, Progress
from spinewatch_monitor.views.ribbon_legend import RibbonLegend
from spinewatch_monitor.views.runs import RibbonState
from spinewatch_monitor.views.side_columns import SideColumns
from spinewatch_monitor.views.spine_figure import SpineFigure
from spinewatch_monitor.views.spine_state import OUTLINE, FigureState
from spinewatch_monitor.views.tokens import LIGHT, Theme
from spinewatch_monitor.views.widgets import Button, Card, Tag, column, row, set_text, text_label

_ZOOM = 1.6
"""One press of + or − makes the window this much shorter or longer."""
_PLAY_STEP_MS = 50
_SIDE_COLUMN_PX = 296
_STACK_BELOW_PX = 800
_LEGEND = (RibbonState.NEAR, RibbonState.AWAY, RibbonState.MOVING, RibbonState.LYING, RibbonState.GAP)
_FIGURE_LOWER_SHARE = 0.45
"""With one sensor the lower end is drawn to follow with this share of the flexion (mock-ups, the spine figure)."""
_TONES = {RibbonState.NEAR: "near", RibbonState.AWAY: "away", RibbonState.DEEP: "away"}


class CursorFigure(SpineFigure):
    """The figure, content with little room."""

    def sizeHint(self) -> QSize:
        """Small: the card gives it what room there is."""
        return QSize(240, 200)


class ReviewPage(QWidget):
    """One recording, or why there is none to see.

    Args:
        actions: opens recordings and takes replay commands.
    """

    cancel_asked = Signal()
    step_asked = Signal(int)
    """−1 the recording before this one, +1 the one after."""

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Review")
        self._actions, self._theme = actions, LIGHT
        self._data: ReviewData | None = None
        self._series: ReviewSeries | None = None
        self._replay: ReplayPosition | None = None
        self._playback: Playback | None = None
        self._clock, self._timer = QElapsedTimer(), QTimer(self, interval=_PLAY_STEP_MS)
        self.cursor_s = 0.0
        """Where the cursor is, s since the start of the recording."""
        self._make_parts()
        self._lay_out()
        self._connect()
        self.show_empty()

    @property
    def data(self) -> ReviewData | None:
        """The recording shown."""
        return self._data

    def show_recording(self, data: ReviewData) -> None:
        """Open a recording on its first episode, or on its beginning."""
        self._data, self._series = data, build_series(data)
        self._draw()
        self._stack.setCurrentWidget(self._content)
        set_text(self._eyebrow, words.eyebrow(data))
        set_text(self._headline, words.headline(data))
        set_text(self._warning, " ".join(data.warnings))
        self._warning.setVisible(bool(data.warnings))
        self._simulated.setVisible(data.simulated)
        self.episodes.show_episodes(data)
        self.day.setAccessibleName(f"{words.headline(data)}. {words.eyebrow(data)}")
        first = data.episodes[0].start_s - data.start_s if data.episodes else 0.0
        self.zoom.show_window(*self._around(first + FIRST_WINDOW_S / 3, FIRST_WINDOW_S))
        self._playback = Playback.of(data.start_s, data.end_s)
        self._timer.stop()
        self.set_cursor(first)

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
        """Show where the session's replay of this recording stands; the cursor goes with it.

        None: the page plays by itself, which only moves the cursor.
        """
        self._replay = position
        self._timer.stop()
        if position is not None and self._data is not None:
            self.set_cursor(position.now_s - self._data.start_s)
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
            self._seek(t_s - self._data.start_s)

    def replay_speed(self, speed: float) -> None:
        """Play at a factor of real time."""
        if self._replay is not None:
            self._actions.replay_speed(speed)
        elif self._playback is not None:
            self._playback = self._playback.at_speed(speed)
            self._show_bar()

    def set_theme(self, theme: Theme) -> None:
        """Draw with another theme's colours."""
        self._theme = theme
        if self._data is not None:
            window = self.zoom.window()
            self._draw()
            self.zoom.show_window(*window)
            self.set_cursor(self.cursor_s)

    def set_cursor(self, t_s: float) -> None:
        """Move the cursor, s since the start of the recording, and the window where it would leave it."""
        if self._data is None or self._series is None:
            return
        self.cursor_s = min(max(t_s, 0.0), self._series.span_s)
        start, end = self.zoom.window()
        if not start <= self.cursor_s <= end:
            self.zoom.show_window(*self._around(self.cursor_s, end - start))
        self.day.show_cursor(self.cursor_s)
        self.zoom.show_cursor(self.cursor_s)
        moment = words.at_cursor(self._data, self._series, self.cursor_s)
        self.cursor_card.show_moment(moment, self._data.sensors)
        self.figure.show_state(figure_state(self._data, moment))
        episode = words.episode_at(self._data, self.cursor_s + self._data.start_s)
        self.episodes.choose(None if episode is None else list(self._data.episodes).index(episode))
        if self._playback is not None:
            self._playback = self._playback.seek(self.cursor_s + self._data.start_s)
        self._show_bar()

    def go_to_episode(self, number: int) -> None:
        """Show one episode whole, with its surroundings."""
        if self._data is None:
            return
        episode = self._data.episodes[number]
        start, length = episode.start_s - self._data.start_s, episode.duration_s(self._data.end_s)
        self.zoom.show_window(*self._around(start + length / 2, max(2 * length, 120.0)))
        self.set_cursor(start)

    def step_event(self, direction: int) -> None:
        """Go to the previous (−1) or next (+1) start of an episode or sign."""
        if self._data is None:
            return
        moments = sorted([e.start_s for e in self._data.episodes] + [m.t_s for m in self._data.marks])
        now = self.cursor_s + self._data.start_s
        later = [t for t in moments if (t - now) * direction > 1e-3]
        if later:
            self.set_cursor((later[0] if direction > 0 else later[-1]) - self._data.start_s)

    def step_episode(self, direction: int) -> None:
        """Go to the previous or next episode."""
        if self._data is None:
            return
        now = self.cursor_s + self._data.start_s
        numbers = [k for k, e in enumerate(self._data.episodes) if (e.start_s - now) * direction > 1e-3]
        if numbers:
            self.go_to_episode(numbers[0] if direction > 0 else numbers[-1])

    def zoom_by(self, factor: float) -> None:
        """Make the window ``factor`` times as long, about the cursor."""
        if self._series is None:
            return
        start, end = self.zoom.window()
        length = min(max((end - start) * factor, SHORTEST_WINDOW_S), self._series.span_s)
        share = (self.cursor_s - start) / (end - start)
        self.zoom.show_window(*self._within(self.cursor_s - share * length, length))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The keys of the page; see the module."""
        step = 10.0 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
        moves = {
            Qt.Key.Key_Left: lambda: self._seek(self.cursor_s - step),
            Qt.Key.Key_Right: lambda: self._seek(self.cursor_s + step),
            Qt.Key.Key_BracketLeft: lambda: self.step_event(-1),
            Qt.Key.Key_BracketRight: lambda: self.step_event(1),
            Qt.Key.Key_Plus: lambda: self.zoom_by(1 / _ZOOM),
            Qt.Key.Key_Equal: lambda: self.zoom_by(1 / _ZOOM),
            Qt.Key.Key_Minus: lambda: self.zoom_by(_ZOOM),
            Qt.Key.Key_Home: lambda: self._seek(0.0),
            Qt.Key.Key_End: lambda: self._seek(float("inf")),
            Qt.Key.Key_Space: self.bar.toggle,
        }
        action = moves.get(Qt.Key(event.key()))
        if self._data is None or action is None:
            event.ignore()
            return
        action()

    def showEvent(self, event: QShowEvent) -> None:
        """The keyboard is at the charts at once."""
        super().showEvent(event)
        if self._data is not None:
            self.zoom.setFocus(Qt.FocusReason.OtherFocusReason)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing plays on a page that is not shown."""
        if self._timer.isActive():
            self.replay_play(False)
        super().hideEvent(event)

    def _make_parts(self) -> None:
        self._eyebrow = text_label("", "label", "2")
        self._headline = text_label("", "headline", wrap=True)
        self._warning = text_label("", "note", "away", wrap=True)
        self._simulated = Tag("Simulated", "moving")
        self.day, self.zoom = DayChart(), ZoomChart()
        self.figure = CursorFigure()
        self.figure.setMinimumSize(180, 190)
        self.cursor_card, self.episodes = CursorCard(self.figure), EpisodeCard()
        self.bar = ReplayBar(self)
        self._window_title, self._window_note = text_label("", "title"), text_label("", "note", "3")
        self.empty = Notice("folder-open", "accent", "Open a recording")
        self.error = Notice("triangle-alert", "away", "Open another recording")
        self.progress = Progress()
        self._stack = QStackedWidget()

    def _lay_out(self) -> None:
        day_card, zoom_card = Card("Whole recording", margins=(16, 12, 16, 6)), Card(margins=(16, 12, 16, 6))
        day_card.header.addWidget(RibbonLegend(_LEGEND))
        day_card.body.addSpacing(6)
        day_card.body.addWidget(self.day, 1)
        self.day.setMinimumHeight(104)
        zoom_card.body.addLayout(row(self._window_title, self._window_note, None, text_label(_KEYS, "note", "3")))
        zoom_card.body.addSpacing(6)
        zoom_card.body.addWidget(self.zoom, 1)
        self.zoom.setMinimumHeight(210)
        charts = QVBoxLayout()
        charts.setSpacing(12)
        charts.addWidget(day_card, 3)
        charts.addWidget(zoom_card, 7)
        side = QWidget()
        cards = column(spacing=12)
        cards.addWidget(self.cursor_card, 5)
        cards.addWidget(self.episodes, 4)
        side.setLayout(cards)
        columns = SideColumns(side, _SIDE_COLUMN_PX, _STACK_BELOW_PX, spacing=14)
        columns.flow.addLayout(charts, 1)
        columns.flow.addWidget(side)
        self._content = QWidget()
        layout = QVBoxLayout(self._content)
        layout.setContentsMargins(22, 18, 22, 14)
        layout.setSpacing(12)
        layout.addLayout(self._header())
        layout.addWidget(columns, 1)
        layout.addWidget(self.bar)
        for part in (self.empty, self.progress, self.error, self._content):
            self._stack.addWidget(part)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)

    def _header(self) -> QHBoxLayout:
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addLayout(row(self._eyebrow, self._simulated, None))
        texts.addWidget(self._headline)
        texts.addWidget(self._warning)
        before, after = Button("", "chevron-left"), Button("", "chevron-right")
        for button, name, step in ((before, "Recording before this one", -1), (after, "Recording after this one", 1)):
            button.setAccessibleName(name)
            button.setToolTip(name)
            button.clicked.connect(lambda _=False, step=step: self.step_asked.emit(step))
        another = Button("Open another", "folder-open")
        another.clicked.connect(self._open_another)
        header = QHBoxLayout()
        header.addLayout(texts, 1)
        buttons = row(another, before, after)
        header.addLayout(buttons)
        header.setAlignment(buttons, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        return header

    def _connect(self) -> None:
        self.empty.asked.connect(self._open_another)
        self.error.asked.connect(self._open_another)
        self.progress.asked.connect(self.cancel_asked)
        self.day.window_moved.connect(self.zoom.show_window)
        self.day.picked.connect(self._pick_in_day)
        self.zoom.window_moved.connect(self._on_window)
        self.zoom.picked.connect(self._seek)
        self.episodes.chosen.connect(self.go_to_episode)
        self._timer.timeout.connect(self._play_on)
        self.bar.previous_asked.connect(lambda: self.step_episode(-1))
        self.bar.next_asked.connect(lambda: self.step_episode(1))

    def _open_another(self) -> None:
        self._actions.open_recording(None)

    def _draw(self) -> None:
        if self._data is not None and self._series is not None:
            self.day.show_recording(self._data, self._series, self._theme)
            self.zoom.show_recording(self._data, self._series, self._theme)

    def _on_window(self, start: float, end: float) -> None:
        self.day.show_window(start, end)
        if self._data is not None:
            origin = self._data.start_s
            title, length = words.window_words(origin + start, origin + end, self._data.utc_offset_s)
            set_text(self._window_title, title)
            set_text(self._window_note, f"{length} · {self._data.estimator} estimate")

    def _pick_in_day(self, t_s: float) -> None:
        start, end = self.zoom.window()
        self.zoom.show_window(*self._around(t_s, end - start))
        self._seek(t_s)

    def _seek(self, t_s: float) -> None:
        self.set_cursor(t_s)
        if self._replay is not None and self._data is not None:
            self._actions.replay_seek(self.cursor_s + self._data.start_s)

    def _play_on(self) -> None:
        if self._playback is None or self._data is None:
            return
        self._playback = self._playback.after(self._clock.restart() / 1000)
        if not self._playback.position.playing:
            self._timer.stop()
        self.set_cursor(self._playback.position.now_s - self._data.start_s)

    def _show_bar(self) -> None:
        own = None if self._playback is None else self._playback.position
        offset = 0.0 if self._data is None else self._data.utc_offset_s
        self.bar.show_position(self._replay or own, offset)

    def _around(self, middle: float, length: float) -> tuple[float, float]:
        return self._within(middle - length / 2, length)

    def _within(self, start: float, length: float) -> tuple[float, float]:
        span = 0.0 if self._series is None else self._series.span_s
        length = min(length, span)
        start = min(max(start, 0.0), span - length)
        return start, start + length


_KEYS = "← → second   [ ] event   + − zoom"


def figure_state(data: ReviewData, moment: words.AtCursor) -> FigureState:
    """What the figure shows at the cursor: nothing known is an outline, never an upright figure."""
    if moment.flexion_deg is None or moment.uncertainty_deg is None or moment.state is None:
        return OUTLINE
    two = moment.lumbar_deg is not None
    lower = (
        moment.flexion_deg - moment.lumbar_deg
        if moment.lumbar_deg is not None
        else data.reference_deg + _FIGURE_LOWER_SHARE * (moment.flexion_deg - data.reference_deg)
    )
    return FigureState(
        upper_deg=moment.flexion_deg,
        lower_deg=lower,
        reference_upper_deg=data.reference_deg,
        reference_lower_deg=data.reference_deg if not two else 0.0,
        limit_deg=15.0 if data.limit is None else data.limit.on_deg,
        uncertainty_deg=moment.uncertainty_deg,
        tone=_TONES.get(moment.state, "moving"),
        two_sensors=two,
        lying=moment.state is RibbonState.LYING,
    )
