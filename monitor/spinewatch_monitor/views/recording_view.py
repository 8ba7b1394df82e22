"""One recording on the screen: charts, figure at the cursor, episodes, and how cursor and window move over them."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from spinewatch_monitor.views import review_words as words
from spinewatch_monitor.views.legend import Legend
from spinewatch_monitor.views.review_charts import FIRST_WINDOW_S, SHORTEST_WINDOW_S, DayChart, ZoomChart
from spinewatch_monitor.views.review_data import ReviewData, ReviewSeries, build_series
from spinewatch_monitor.views.review_figure import figure_state
from spinewatch_monitor.views.review_legend import keys_of
from spinewatch_monitor.views.review_panels import CursorCard, SideCard
from spinewatch_monitor.views.ribbon_legend import RibbonLegend
from spinewatch_monitor.views.runs import RibbonState
from spinewatch_monitor.views.side_columns import SideColumns
from spinewatch_monitor.views.spine_figure import SpineFigure
from spinewatch_monitor.views.tokens import LIGHT, Theme
from spinewatch_monitor.views.widgets import Card, column, row, set_text, text_label
from spinewatch_signal.posture import FRAME_PERIOD_S

_SIDE_COLUMN_PX = 296
_STACK_BELOW_PX = 800
_SURROUNDINGS_S = 120.0
"""An episode is shown with as much again around it, and at least in a window this long."""
_ALWAYS_EXPLAINED = (RibbonState.NEAR, RibbonState.AWAY, RibbonState.MOVING)
_KEYS = "← → second   [ ] event   + − zoom"


class CursorFigure(SpineFigure):
    """The figure, content with little room."""

    def sizeHint(self) -> QSize:
        """Small: the card gives it what room there is."""
        return QSize(240, 176)


class RecordingView(SideColumns):
    """Shows one recording; all times are s since its start.

    Every move of the cursor, by whatever means, is told by ``cursor_moved``; those that a person made also by
    ``sought``.
    """

    cursor_moved = Signal(float)
    sought = Signal(float)

    def __init__(self) -> None:
        side = QWidget()
        super().__init__(side, _SIDE_COLUMN_PX, _STACK_BELOW_PX, spacing=14)
        self._theme = LIGHT
        self._data: ReviewData | None = None
        self._series: ReviewSeries | None = None
        self.cursor_s = 0.0
        self.day, self.zoom = DayChart(), ZoomChart()
        self.legend, self.doing_legend = RibbonLegend(_ALWAYS_EXPLAINED), Legend()
        self.figure = CursorFigure()
        self.figure.setMinimumSize(180, 172)
        self.cursor_card, self.side = CursorCard(self.figure), SideCard()
        self.episodes = self.side.episodes
        self._window_title, self._window_note = text_label("", "title"), text_label("", "note", "3")
        cards = column(spacing=12)
        cards.addWidget(self.cursor_card, 3)
        cards.addWidget(self.side, 5)
        side.setLayout(cards)
        self.flow.addLayout(self._charts(), 1)
        self.flow.addWidget(side)
        self._connect()

    def show_recording(self, data: ReviewData) -> None:
        """Open a recording on its first episode, or on its beginning."""
        self._data, self._series = data, build_series(data)
        self._draw()
        self.side.show_recording(data)
        self.doing_legend.show_keys(keys_of(self._series))
        shown = {*_ALWAYS_EXPLAINED, *(RibbonState(int(code)) for code in np.unique(self._series.runs.state))}
        self.legend.show_states(sorted(shown))
        self.day.setAccessibleName(f"{words.headline(data)}. {words.eyebrow(data)}")
        # A frame later: an episode starts at its crossing, which lies between two frames.
        first = data.episodes[0].start_s - data.start_s + FRAME_PERIOD_S if data.episodes else 0.0
        self.zoom.show_window(*self._around(first + FIRST_WINDOW_S / 3, FIRST_WINDOW_S))
        self.set_cursor(first)

    def set_theme(self, theme: Theme) -> None:
        """Draw with another theme's colours."""
        self._theme = theme
        if self._data is not None:
            window = self.zoom.window()
            self._draw()
            self.zoom.show_window(*window)
            self.set_cursor(self.cursor_s)

    def set_cursor(self, t_s: float) -> None:
        """Move the cursor, and the window where the cursor would leave it."""
        if self._data is None or self._series is None:
            return
        self.cursor_s = min(max(t_s, 0.0), self._series.span_s)
        start, end = self.zoom.window()
        if not start <= self.cursor_s <= end:
            self.zoom.show_window(*self._around(self.cursor_s, end - start))
        self.day.show_cursor(self.cursor_s)
        self.zoom.show_cursor(self.cursor_s)
        moment = words.at_cursor(self._data, self._series, self.cursor_s)
        self.zoom.setAccessibleDescription(words.moment_words(self._data, moment))
        self.cursor_card.show_moment(moment, self._data.sensors)
        self.figure.show_state(figure_state(self._data, moment))
        self.episodes.choose(words.episode_number_at(self._data, self.cursor_s + self._data.start_s))
        self.cursor_moved.emit(self.cursor_s)

    def seek(self, t_s: float) -> None:
        """Move the cursor as a person does: a replay follows."""
        self.set_cursor(t_s)
        self.sought.emit(self.cursor_s)

    def go_to_episode(self, number: int) -> None:
        """Show one episode whole, with its surroundings."""
        if self._data is None:
            return
        episode = self._data.episodes[number]
        start, length = episode.start_s - self._data.start_s, episode.duration_s(self._data.end_s)
        self.zoom.show_window(*self._around(start + length / 2, max(2 * length, _SURROUNDINGS_S)))
        self.seek(start + FRAME_PERIOD_S)

    def step_event(self, direction: int) -> None:
        """Go to the previous (−1) or next (+1) start of an episode or sign."""
        if self._data is None:
            return
        starts = [episode.start_s + FRAME_PERIOD_S for episode in self._data.episodes]
        moments = sorted(starts + [mark.t_s for mark in self._data.marks])
        now = self.cursor_s + self._data.start_s
        later = [t for t in moments if (t - now) * direction > 1e-3]
        if later:
            self.seek((later[0] if direction > 0 else later[-1]) - self._data.start_s)

    def step_episode(self, direction: int) -> None:
        """Go to the previous (−1) or next (+1) episode."""
        if self._data is None:
            return
        now = self.cursor_s + self._data.start_s
        away = [(episode.start_s + FRAME_PERIOD_S - now) * direction for episode in self._data.episodes]
        numbers = [k for k, distance in enumerate(away) if distance > 1e-3]
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

    def _charts(self) -> QVBoxLayout:
        day_card, zoom_card = Card("Whole recording", margins=(16, 12, 16, 6)), Card(margins=(16, 12, 16, 6))
        day_card.header.addWidget(self.legend)
        day_card.body.addSpacing(6)
        day_card.body.addWidget(self.day, 1)
        self.day.setMinimumHeight(104)
        zoom_card.body.addLayout(row(self._window_title, self._window_note, None, text_label(_KEYS, "note", "3")))
        zoom_card.body.addSpacing(6)
        zoom_card.body.addWidget(self.zoom, 1)
        zoom_card.body.addSpacing(4)
        zoom_card.body.addWidget(self.doing_legend)
        self.zoom.setMinimumHeight(240)
        charts = column(spacing=12)
        charts.addWidget(day_card, 3)
        charts.addWidget(zoom_card, 7)
        return charts

    def _connect(self) -> None:
        self.day.window_moved.connect(self.zoom.show_window)
        self.day.picked.connect(self._pick_in_day)
        self.zoom.window_moved.connect(self._on_window)
        self.zoom.picked.connect(self.seek)
        self.episodes.chosen.connect(self.go_to_episode)

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
            set_text(self._window_note, length)

    def _pick_in_day(self, t_s: float) -> None:
        start, end = self.zoom.window()
        self.zoom.show_window(*self._around(t_s, end - start))
        self.seek(t_s)

    def _around(self, middle: float, length: float) -> tuple[float, float]:
        return self._within(middle - length / 2, length)

    def _within(self, start: float, length: float) -> tuple[float, float]:
        span = 0.0 if self._series is None else self._series.span_s
        length = min(length, span)
        start = min(max(start, 0.0), span - length)
        return start, start + length
