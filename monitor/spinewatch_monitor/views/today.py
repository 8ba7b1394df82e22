"""Today: posture now, the day as rhythm, four figures in order of importance, the last five minutes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import QElapsedTimer, QTimer, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from spinewatch_monitor import words
from spinewatch_monitor.updates import SessionUpdate, TodayFigures
from spinewatch_monitor.views import today_words
from spinewatch_monitor.views.actions import Actions
from spinewatch_monitor.views.banner import Banner
from spinewatch_monitor.views.clock import clock_text
from spinewatch_monitor.views.day_chart import DayChart
from spinewatch_monitor.views.day_log import DayLog
from spinewatch_monitor.views.live_trace import LiveTrace
from spinewatch_monitor.views.page import Columns, Page, PageHeader
from spinewatch_monitor.views.ribbon_legend import RibbonLegend
from spinewatch_monitor.views.right_now import (
    LastFrame,
    Reference,
    RightNow,
    last_of,
    no_sensor,
    reference_of,
    right_now,
    sat_before,
)
from spinewatch_monitor.views.right_now_card import RightNowCard
from spinewatch_monitor.views.runs import RibbonState, Runs
from spinewatch_monitor.views.today_cards import Goal, Stats
from spinewatch_monitor.views.trace_buffer import TraceBuffer, step_at
from spinewatch_monitor.views.widgets import Button, Card, row, set_text, text_label
from spinewatch_signal.posture import Activity, Metric, PostureFrames
from spinewatch_signal.samples import Floats

SNOOZE_S = 1800.0
DAY_PERIOD_MS = 2000
"""The day moves a pixel a minute."""
MARK_SHOWN_MS = 2500
STACK_BELOW_PX = 880
NOT_YET = Metric(None, 0.0, "no data yet")
NO_FIGURES = TodayFigures(0.0, NOT_YET, 0.0, NOT_YET, None, NOT_YET, 0.0, 0)
BRACKET_FROM_S = 300.0
"""A shorter still stretch would be a bracket narrower than its own line."""
FIGURE_PX, STACKED_FIGURE_PX = 220, 400
LEGEND = (RibbonState.NEAR, RibbonState.AWAY, RibbonState.MOVING, RibbonState.GAP, RibbonState.UNWORN)
"""The states of a usual day; others explain themselves by the tag."""


class TodayPage(Page):
    """The page; feed it with `apply`."""

    calibrate_asked = Signal()
    rezero_asked = Signal()
    mute_asked = Signal()

    def __init__(self, actions: Actions, *, reduced_motion: bool = False) -> None:
        super().__init__(
            PageHeader("Today", "Your day is just starting", "Its figures come with the first minutes worn.")
        )
        self._actions = actions
        self._utc_offset_s = 0.0
        self._last: LastFrame | None = None
        self._update: SessionUpdate | None = None
        self._snoozed_until_s: float | None = None
        self._changes_s: Floats = np.empty(0)
        self._muted, self._reminder_words = False, "None yet"
        self.trace_data, self.day = TraceBuffer(), DayLog()
        self._day_clock = QElapsedTimer()
        self._drawn: tuple[int, float] | None = None
        self._make_buttons()
        self.banner = Banner(reduced_motion=reduced_motion)
        self.banner.snoozed.connect(self._snooze)
        self.banner.muted.connect(self.mute_asked)
        self.now_card = RightNowCard(reduced_motion=reduced_motion)
        self.now_card.action.connect(self._do)
        self.day_card, self.chart = self._day_part()
        self.stats, self.goal = Stats(), Goal()
        self.trace_card, self.trace = self._trace_part()
        self.reminders_card, self._reminders = self._reminders_part()
        self.columns = Columns(STACK_BELOW_PX)
        self.columns.flow.addWidget(self.now_card, 40)
        self.columns.flow.addWidget(self._right_part(), 61)
        self.columns.stacks.connect(
            lambda stacked: self.now_card.figure.setMinimumHeight(STACKED_FIGURE_PX if stacked else FIGURE_PX)
        )
        self.content.addWidget(self.banner)
        self.content.addWidget(self.columns, 1)
        self.now_card.show_now(no_sensor())
        self.stats.show_figures(NO_FIGURES, 0.0)
        self.goal.show_goal(*today_words.goal(0.0, NO_FIGURES, 0.0))
        self._say_reminders()

    # -- building ---------------------------------------------------------------------------------------------------

    def _make_buttons(self) -> None:
        self.pause_button = Button("Pause reminders", "pause")
        self.pause_button.setToolTip("No reminders for 30 minutes; recording goes on")
        self.private_button = Button("Private pause", "eye-off")
        self.private_button.setToolTip("Nothing is recorded until you go on")
        self.mark_button = Button("Mark now", "flag", "primary", key="M")
        self.pause_button.clicked.connect(self.toggle_snooze)
        self.private_button.clicked.connect(self._toggle_private)
        self.mark_button.clicked.connect(self.mark)
        self.header.add(self.pause_button, self.private_button, self.mark_button)
        self._unmark = QTimer(self, singleShot=True, interval=MARK_SHOWN_MS)
        self._unmark.timeout.connect(lambda: self._label_button(self.mark_button, "Mark now"))

    def _right_part(self) -> QWidget:
        part = QWidget()
        foot = row(self.goal, self.reminders_card, spacing=18)
        foot.setStretch(0, 150)
        foot.setStretch(1, 100)
        layout = QVBoxLayout(part)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(18)
        layout.addWidget(self.day_card)
        layout.addWidget(self.stats)
        layout.addWidget(self.trace_card, 1)
        layout.addLayout(foot)
        return part

    def _day_part(self) -> tuple[Card, DayChart]:
        card, chart = Card("Your day"), DayChart()
        self.legend = RibbonLegend(LEGEND)
        card.header.addWidget(self.legend)
        card.body.addSpacing(6)
        card.body.addWidget(chart)
        card.body.setContentsMargins(20, 16, 20, 8)
        return card, chart

    def _trace_part(self) -> tuple[Card, LiveTrace]:
        card, trace = Card("Last 5 minutes"), LiveTrace()
        self._trace_note = text_label("shaded: 95 % band around the angle", "note", "3")
        card.header.addWidget(self._trace_note)
        card.body.addSpacing(6)
        card.body.addWidget(trace, 1)
        card.body.setContentsMargins(20, 16, 20, 8)
        card.setMinimumHeight(156)
        return card, trace

    def _reminders_part(self) -> tuple[Card, QLabel]:
        card = Card(margins=(18, 13, 18, 13))
        words_label = text_label("–", "title")
        card.body.addWidget(text_label("Reminders", "label", "2"))
        words_label.setWordWrap(True)
        card.body.addWidget(words_label)
        return card, words_label

    # -- what comes in ----------------------------------------------------------------------------------------------

    def begin_session(self, utc_offset_s: float) -> None:
        """A session begins, live or replayed: nothing of the last one stays, it may be of another wearer and day.

        Args:
            utc_offset_s: of the wearer's local time.
        """
        self._utc_offset_s, self._last, self._drawn = utc_offset_s, None, None
        self._changes_s = np.empty(0)
        self.day.reset(utc_offset_s)
        self.trace_data.clear()

    def set_day(self, runs: Runs, changes_s: Sequence[float] | Floats = ()) -> None:
        """What is known of the day already, UNIX seconds; updates go on from there."""
        self.day.add_runs(runs)
        self._changes_s = np.asarray(changes_s, np.float64)
        self._day_clock.invalidate()
        self._draw_day()

    def set_reminders(self, text: str, snoozed_until_s: float | None = None) -> None:
        """What is set and how many came (``After 2 min · none this hour``), and until when they are paused."""
        self._reminder_words = text
        self._say_reminders()
        self._snoozed_until_s = snoozed_until_s
        self._label_button(self.pause_button, "Resume reminders" if snoozed_until_s else "Pause reminders")

    def show_muted(self, muted: bool) -> None:
        """Say at the reminders' place that they are muted; the words of `set_reminders` come back after it."""
        self._muted = muted
        self._say_reminders()

    @property
    def sits(self) -> bool:
        """Whether the wearer sat when that was last known."""
        return self._last is not None and self._last.sitting

    def show_rezero(self, *, offered: bool) -> None:
        """Whether a few seconds of stillness could set a calibration anew."""
        self.now_card.rezero.setVisible(offered)

    def apply(self, update: SessionUpdate) -> None:
        """Draw what changed."""
        self._update = update
        if update.frames is not None and len(update.frames):
            self.trace_data.update(update.frames, shown_angle(update.frames, update.calibration, self._last))
            self._last = last_of(update.frames, self._last)
            self.day.update(update.frames, update.current_episode)
        if self._snoozed_until_s is not None and update.now_s >= self._snoozed_until_s:
            self._snoozed_until_s = None
            self._label_button(self.pause_button, "Pause reminders")
        reference = reference_of(update.calibration, sitting=self.sits)
        now = right_now(update, self._last, snoozed_until=self._snoozed_words())
        self.now_card.show_now(now)
        made = "" if reference.made_at_s is None else clock_text(reference.made_at_s, self._utc_offset_s)
        self.now_card.calibration.show_grade(reference.grade, made)
        self._show_words(update)
        if self.isVisible():
            self._draw(update, now, reference)

    def _show_words(self, update: SessionUpdate) -> None:
        figures = update.today
        headline, under = words.headline(figures.worn_s, figures.position_changes_per_h.value, figures.still_now_s)
        eyebrow = today_words.eyebrow(update.now_s, figures.worn_s, self._utc_offset_s, figures.final_s)
        self.header.say(eyebrow, headline, under)
        self.stats.show_figures(figures, self._utc_offset_s)
        self.goal.show_goal(*today_words.goal(update.now_s, figures, self._utc_offset_s))
        paused = any(sensor.link == "paused" for sensor in update.sensors)
        self._label_button(self.private_button, "Go on" if paused else "Private pause")

    # -- drawing ----------------------------------------------------------------------------------------------------

    def _draw(self, update: SessionUpdate, now: RightNow, reference: Reference) -> None:
        newest_s = self._last.t_s if self._last is not None else update.now_s
        now_s = max(newest_s, update.now_s) if update.replay is None else newest_s
        drawn = (step_at(now_s), reference.limit_deg)
        if drawn != self._drawn:
            self._drawn = drawn
            set_text(self._trace_note, trace_words(reference))
            trace = self.trace_data.trace(now_s) if self.trace_data.newest_s is not None else None
            self.trace.show_trace(trace, reference.limit_deg)
            self.trace.setAccessibleName(f"Last 5 minutes. Now {now.number} {now.words}, {now.tag}")
        self.trace.show_newest(self.trace_data.newest_deg, now.figure.tone)
        if not self._day_clock.isValid() or self._day_clock.elapsed() >= DAY_PERIOD_MS:
            self._draw_day()

    def _draw_day(self) -> None:
        if self._update is None:
            return
        self._day_clock.start()
        figures, offset = self._update.today, self._utc_offset_s
        span = figures.longest_still_span
        if span is not None and span[1] - span[0] < BRACKET_FROM_S:
            span = None
        still = None if span is None else (span, today_words.still_bracket(figures.longest_still_s.value))
        now_s = self._last.t_s if self._last is not None else self._update.now_s
        doubts = self.day.doubts()
        self.legend.show_doubt(bool(doubts))
        changes_s = np.concatenate([self._changes_s, figures.position_changes_s])
        self.chart.show_day(self.day.runs(), changes_s, now_s, offset, still, doubts)
        told = [span.told(offset) for span in doubts[-3:]]
        self.chart.setAccessibleName(". ".join([today_words.day_sentence(figures).rstrip("."), *told]) + ".")

    # -- what a person does -----------------------------------------------------------------------------------------

    def mark(self) -> None:
        """Keep this moment, and say so."""
        self._actions.mark("")
        now_s = self._update.now_s if self._update is not None else None
        self._label_button(
            self.mark_button, "Marked" if now_s is None else f"Marked {clock_text(now_s, self._utc_offset_s)}"
        )
        self._unmark.start()

    def toggle_snooze(self) -> None:
        """Pause reminders for half an hour, or bring them back."""
        self._snooze(0.0 if self._snoozed_until_s is not None else SNOOZE_S)

    def _snooze(self, seconds: float) -> None:
        self._actions.snooze(seconds)
        now_s = self._update.now_s if self._update is not None else 0.0
        self._snoozed_until_s = now_s + seconds if seconds else None
        self._label_button(self.pause_button, "Resume reminders" if seconds else "Pause reminders")

    def _toggle_private(self) -> None:
        paused = self._update is not None and any(sensor.link == "paused" for sensor in self._update.sensors)
        if paused:
            self._actions.resume()
        else:
            self._actions.pause_private(None)

    def _do(self, action: str) -> None:
        if action == "calibrate":
            self.calibrate_asked.emit()
        elif action == "rezero":
            self.rezero_asked.emit()
        elif action == "find":
            self._actions.find_sensor()
        elif action == "resume":
            self._actions.resume()

    def _say_reminders(self) -> None:
        text = "Muted until you say so" if self._muted else self._reminder_words
        set_text(self._reminders, text)
        self.reminders_card.setAccessibleName(f"Reminders: {text}")

    def _snoozed_words(self) -> str:
        return "" if self._snoozed_until_s is None else clock_text(self._snoozed_until_s, self._utc_offset_s)

    def _label_button(self, button: Button, text: str) -> None:
        if button.accessibleName() != text:
            button.setText(f" {text}")
            button.setAccessibleName(text)


def trace_words(reference: Reference) -> str:
    """Which angle the trace shows, and what the shade is."""
    angle = "lower back bend" if reference.judged_lumbar else "trunk"
    return f"{angle} · shaded: 95 % band"


def shown_angle(frames: PostureFrames, calibration: Mapping[str, object], last: LastFrame | None = None) -> Floats:
    """The angle of the trace, degrees from the reference in force: the one that is compared with the limit.

    Blank while lying, where an angle from the upright says nothing.

    Args:
        frames: new ones, (m,).
        calibration: the mapping of the update.
        last: the frame before them.
    """
    references = [reference_of(calibration, sitting=sitting) for sitting in (False, True)]
    sits = sat_before(frames, last)
    if references[0].judged_lumbar and frames.lumbar_deg is not None:
        angle_deg = frames.lumbar_deg - np.where(sits, references[1].lumbar_deg, references[0].lumbar_deg)
    else:
        angle_deg = frames.flexion_deg - np.where(sits, references[1].upper_deg, references[0].upper_deg)
    return np.where(frames.activity == Activity.LYING, np.nan, angle_deg)
