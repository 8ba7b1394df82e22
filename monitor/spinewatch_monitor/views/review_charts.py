"""The two charts of Review: the whole recording with a window to move, and that window down to a second."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPen

from spinewatch_monitor.views.activity_lane import DoingItem, TransitionsItem
from spinewatch_monitor.views.chart_table import Table
from spinewatch_monitor.views.doubts import DoubtStrip
from spinewatch_monitor.views.envelope_item import EnvelopeItem, Trace
from spinewatch_monitor.views.lanes import ChartView, LaneGround, LaneName, label_values, mixed, round_ticks
from spinewatch_monitor.views.marks_item import Mark, MarksItem, SpanWordsItem
from spinewatch_monitor.views.plot_items import RibbonColours, RibbonItem, SpansItem, hatch_brush
from spinewatch_monitor.views.review_data import MARK_SHAPES, Lane, Limit, ReviewData, ReviewSeries
from spinewatch_monitor.views.review_rows import COLUMNS, rows_of
from spinewatch_monitor.views.review_words import gap_words
from spinewatch_monitor.views.runs import RibbonState
from spinewatch_monitor.views.theme import colour, font
from spinewatch_monitor.views.time_axis import TimeAxis
from spinewatch_monitor.views.tokens import Theme

SHORTEST_WINDOW_S = 1.0
FIRST_WINDOW_S = 720.0
"""The window a recording opens with: twelve minutes show single episodes in their surroundings."""

_RIBBON_ROW_PX, _DOING_ROW_PX, _AXIS_ROW_PX = 22, 34, 24
_DOING_Y, _TRANSITIONS_Y = (0.0, 0.6), (0.65, 1.1)
_DOUBT_SHARE = 0.05
"""Height of the strip that marks what is doubtful, as a share of its lane."""
_DAY_RIBBON_SHARE, _DAY_DOING_SHARE = 0.38, 0.30
"""Heights of the two strips below the day's angles, ribbon and what the wearer did, as shares of theirs."""

_STATE_INKS = {
    RibbonState.NEAR: "near",
    RibbonState.AWAY: "away",
    RibbonState.MOVING: "moving_text",
    RibbonState.LYING: "lying_text",
    RibbonState.DEEP: "deep_text",
    RibbonState.GAP: "ink3",
}
_MARK_INKS = {"reminder": "away", "withheld": "gap", "mark": "deep_text", "note": "ink2", "calibration": "near"}


class DayChart(ChartView):
    """The whole recording: its angle as an envelope, its states as a ribbon, signs, and the window that is zoomed."""

    window_moved = Signal(float, float)
    picked = Signal(float)

    def __init__(self) -> None:
        super().__init__("The whole recording")
        self._pressed_at = QPointF()
        self._shown: tuple[ReviewData, ReviewSeries] | None = None
        self._region: pg.LinearRegionItem | None = None
        self._cursor: pg.InfiniteLine | None = None

    def show_recording(self, data: ReviewData, series: ReviewSeries, theme: Theme) -> None:
        """Draw one recording anew."""
        self.clear()
        self.theme, self._shown = theme, (data, series)
        self.setBackground(colour(theme.surface))
        axis = TimeAxis(data.start_s, data.utc_offset_s, theme)
        plot = self.lane(0, axis)
        plot.setMouseEnabled(x=False, y=False)
        lane, span = series.trunk, series.span_s
        height = lane.high - lane.low
        floor = lane.low - (_DAY_RIBBON_SHARE + _DAY_DOING_SHARE) * height
        values = round_ticks(lane.low, lane.high, 3)
        label_values(plot, values)
        plot.setRange(xRange=(0.0, span), yRange=(floor, lane.high), padding=0)
        limit = _limit(data, "trunk")
        ribbon = (lane.low - (_DAY_RIBBON_SHARE - 0.02) * height, lane.low - 0.08 * height)
        doing = (floor + 0.02 * height, ribbon[0] - 0.06 * height)
        inside = (lane.low, lane.high)
        for item in (
            LaneGround(lane, theme, span, values, limit),
            EnvelopeItem(_traces(lane, theme, bands=False), inside, (0.0, span), always_smooth=True),
            RibbonItem(series.runs, RibbonColours.of(theme), ribbon, (0.0, span)),
            DoingItem(series.doing, theme, doing, (0.0, span)),
            _marks(data, theme, inside, span, words=False),
            *_doubts(data, series, theme, (ribbon[1], lane.low)),
        ):
            # Nothing of it moves while the window does.
            item.setCacheMode(item.CacheMode.DeviceCoordinateCache)
            plot.addItem(item, ignoreBounds=True)
        self._cursor = _cursor_line(theme)
        plot.addItem(self._cursor, ignoreBounds=True)
        self._region = self._window(theme, span)
        plot.addItem(self._region, ignoreBounds=True)

    def show_window(self, start_s: float, end_s: float) -> None:
        """Move the window without telling that it moved."""
        if self._region is not None:
            self._region.blockSignals(True)
            self._region.setRegion((start_s, end_s))
            self._region.blockSignals(False)

    def window(self) -> tuple[float, float]:
        """The window shown, s since the start of the recording."""
        low, high = self._region.getRegion() if self._region is not None else (0.0, 0.0)
        return float(low), float(high)

    def show_cursor(self, t_s: float) -> None:
        """Move the cursor."""
        if self._cursor is not None:
            self._cursor.setValue(t_s)

    def numbers(self) -> Table:
        """The whole recording as rows."""
        rows = () if self._shown is None else rows_of(*self._shown, 0.0, self._shown[1].span_s)
        return Table("Whole recording", COLUMNS, rows)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click beside the window moves it there."""
        super().mouseReleaseEvent(event)
        if event.button() is Qt.MouseButton.LeftButton and self._clicked(event.position()):
            plot = self.ci.getItem(0, 0)
            self.picked.emit(float(plot.vb.mapSceneToView(self.mapToScene(event.position().toPoint())).x()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Remember where, to tell a click from a drag."""
        self._pressed_at = event.position()
        super().mousePressEvent(event)

    def _clicked(self, at: QPointF) -> bool:
        return (at - self._pressed_at).manhattanLength() < 4

    def _window(self, theme: Theme, span: float) -> pg.LinearRegionItem:
        region = pg.LinearRegionItem(
            bounds=(0.0, span),
            brush=colour(theme.accent, 0.12),
            hoverBrush=colour(theme.accent, 0.18),
            pen=QPen(colour(theme.accent), 0),
            hoverPen=QPen(colour(theme.ink), 0),
        )
        region.sigRegionChanged.connect(lambda: self.window_moved.emit(*region.getRegion()))
        return region


class ZoomChart(ChartView):
    """The window: one lane per angle with its error, episodes, gaps, signs, and the ribbon; pan and zoom by mouse."""

    window_moved = Signal(float, float)
    picked = Signal(float)

    def __init__(self) -> None:
        super().__init__("Angles in the window")
        self._shown: tuple[ReviewData, ReviewSeries] | None = None
        self._lanes: list[pg.PlotItem] = []
        self._cursors: list[pg.InfiniteLine] = []
        self._axis: TimeAxis | None = None
        self._following = False
        self.envelopes: list[EnvelopeItem] = []
        self.scene().sigMouseClicked.connect(self._on_click)

    def show_recording(self, data: ReviewData, series: ReviewSeries, theme: Theme) -> None:
        """Draw one recording anew."""
        self.clear()
        self.theme, self._shown = theme, (data, series)
        self.setBackground(colour(theme.surface))
        self._lanes, self._cursors, self.envelopes = [], [], []
        span = series.span_s
        self._axis = TimeAxis(data.start_s, data.utc_offset_s, theme)
        self._angle_lane(0, series.trunk, 5, data, series, _limit(data, "trunk"))
        self._lanes[0].addItem(_marks(data, theme, (series.trunk.low, series.trunk.high), span), ignoreBounds=True)
        self._lanes[0].addItem(_gap_words(data, series, theme), ignoreBounds=True)
        for strip in _doubts(data, series, theme, _strip_of(series.trunk)):
            self._lanes[0].addItem(strip, ignoreBounds=True)
        self._lanes[0].addItem(_doubt_words(series, theme), ignoreBounds=True)
        if series.lumbar is not None:
            self._angle_lane(1, series.lumbar, 3, data, series, _limit(data, "lumbar"))
        self._angle_lane(2, series.side, 2, data, series, None)
        self._strips(series)
        for plot in self._lanes:
            plot.setLimits(xMin=0.0, xMax=span, minXRange=min(SHORTEST_WINDOW_S, span), maxXRange=span)
            self._cursors.append(_cursor_line(theme))
            plot.addItem(self._cursors[-1], ignoreBounds=True)
            # Not pyqtgraph's links: those shift a range by what the views differ in place while they are laid out.
            plot.sigXRangeChanged.connect(self._follow)

    def _strips(self, series: ReviewSeries) -> None:
        """The ribbon, and below it what the wearer did, with the changes between sitting and standing."""
        span = (0.0, series.span_s)
        ribbon = self._add_lane(3, None)
        ribbon.setYRange(0, 1.15, padding=0)
        label_values(ribbon, [])
        ribbon.addItem(RibbonItem(series.runs, RibbonColours.of(self.theme), (0.0, 1.0), span), ignoreBounds=True)
        self.ci.layout.setRowFixedHeight(3, _RIBBON_ROW_PX)
        doing = self._add_lane(4, self._axis)
        doing.setYRange(0, _TRANSITIONS_Y[1], padding=0)
        label_values(doing, [])
        doing.addItem(DoingItem(series.doing, self.theme, _DOING_Y, span), ignoreBounds=True)
        doing.addItem(TransitionsItem(series.transitions, self.theme, _TRANSITIONS_Y, span), ignoreBounds=True)
        self.ci.layout.setRowFixedHeight(4, _DOING_ROW_PX + _AXIS_ROW_PX)

    def show_window(self, start_s: float, end_s: float) -> None:
        """Show a window, s since the start of the recording."""
        if self._lanes:
            self._lanes[-1].setXRange(start_s, end_s, padding=0)

    def window(self) -> tuple[float, float]:
        """The window shown, s since the start of the recording."""
        low, high = self._lanes[-1].viewRange()[0] if self._lanes else (0.0, 0.0)
        return float(low), float(high)

    def show_cursor(self, t_s: float) -> None:
        """Move the cursor in all lanes and on the axis."""
        for cursor in self._cursors:
            cursor.setValue(t_s)
        if self._axis is not None:
            self._axis.set_cursor(t_s)

    def numbers(self) -> Table:
        """The window as rows."""
        return Table("Window", COLUMNS, () if self._shown is None else rows_of(*self._shown, *self.window()))

    def _angle_lane(
        self, row: int, lane: Lane, stretch: int, data: ReviewData, series: ReviewSeries, limit: Limit | None
    ) -> None:
        span, values = (0.0, series.span_s), (lane.low, lane.high)
        plot = self._add_lane(row, None)
        self.ci.layout.setRowStretchFactor(row, stretch)
        plot.setYRange(*values, padding=0)
        labels = round_ticks(lane.low, lane.high, stretch)
        label_values(plot, labels)
        envelope = EnvelopeItem(_traces(lane, self.theme), values, span)
        self.envelopes.append(envelope)
        items = [
            *([_episodes(data, self.theme, values, span)] if row == 0 or limit is not None else []),
            LaneGround(lane, self.theme, series.span_s, labels, limit),
            envelope,
            _gaps(data, series, self.theme, values, span),
            LaneName(lane.title, self.theme, series.span_s, values),
        ]
        for item in items:
            plot.addItem(item, ignoreBounds=True)

    def _add_lane(self, row: int, axis: TimeAxis | None) -> pg.PlotItem:
        self._lanes.append(self.lane(row, axis))
        return self._lanes[-1]

    def _follow(self, _moved: object, window: tuple[float, float]) -> None:
        """Show the window of the lane that moved in all lanes, and tell it once."""
        if self._following:
            return
        self._following = True
        for plot in self._lanes:
            plot.setXRange(*window, padding=0)
        self._following = False
        self.window_moved.emit(*window)

    def _on_click(self, event: object) -> None:
        at = event.scenePos()  # type: ignore[attr-defined]
        if self._lanes:
            self.picked.emit(float(self._lanes[-1].vb.mapSceneToView(at).x()))


def _traces(lane: Lane, theme: Theme, bands: bool = True) -> list[Trace]:
    plain = {"Lumbar": theme.signal_a, "Side": theme.signal_c}
    return [
        Trace(
            pyramid,
            colour(plain.get(lane.title, theme.ink2) if state is None else getattr(theme, _STATE_INKS[state])),
            lane.bands[state] if bands else None,
        )
        for state, pyramid in lane.lines.items()
    ]


def _limit(data: ReviewData, measure: str) -> Limit | None:
    return data.limit if data.limit is not None and data.limit.measure == measure else None


def _marks(data: ReviewData, theme: Theme, values: tuple[float, float], span: float, words: bool = True) -> MarksItem:
    marks = [
        Mark(m.t_s - data.start_s, MARK_SHAPES[m.kind], m.text, colour(getattr(theme, _MARK_INKS[m.kind])))
        for m in data.marks
    ]
    ink, ground = colour(theme.ink), colour(theme.surface)
    return MarksItem(marks, ink, ground, font("axis"), values, (0.0, span), words)


def _episodes(data: ReviewData, theme: Theme, values: tuple[float, float], span: tuple[float, float]) -> SpansItem:
    start = np.array([e.start_s - data.start_s for e in data.episodes])
    end = start + np.array([e.duration_s(data.end_s) for e in data.episodes])
    return SpansItem(start, end, pg.mkBrush(mixed(theme.away_soft, theme.surface, 0.5)), values, span)


def _gaps(
    data: ReviewData, series: ReviewSeries, theme: Theme, values: tuple[float, float], span: tuple[float, float]
) -> SpansItem:
    gaps = series.gaps_of_data(np.isfinite(data.frames.flexion_deg))
    brush = hatch_brush(colour(theme.gap), colour(theme.gap_soft))
    return SpansItem(gaps.start_s, gaps.end_s, brush, values, span)


def _doubts(data: ReviewData, series: ReviewSeries, theme: Theme, values: tuple[float, float]) -> list[DoubtStrip]:
    """What is doubtful, as strips in a range of values."""
    return [DoubtStrip(s, theme, values, s.told(data.utc_offset_s, data.start_s)) for s in series.doubts]


def _doubt_words(series: ReviewSeries, theme: Theme) -> SpanWordsItem:
    start_s = np.array([span.start_s for span in series.doubts])
    end_s = np.array([span.end_s for span in series.doubts])
    texts = [span.words for span in series.doubts]
    where = _strip_of(series.trunk), (0.0, series.span_s)
    return SpanWordsItem(start_s, end_s, texts, colour(theme.ink2), colour(theme.surface), font("axis"), *where)


def _strip_of(lane: Lane) -> tuple[float, float]:
    """The foot of a lane."""
    return lane.low, lane.low + _DOUBT_SHARE * (lane.high - lane.low)


def _gap_words(data: ReviewData, series: ReviewSeries, theme: Theme) -> SpanWordsItem:
    gaps, lane = series.gaps(), series.trunk
    ink, ground, texts = colour(theme.ink2), colour(theme.surface), gap_words(data, series)
    where = (lane.low, lane.high), (0.0, series.span_s)
    return SpanWordsItem(gaps.start_s, gaps.end_s, texts, ink, ground, font("axis"), *where)


def _cursor_line(theme: Theme) -> pg.InfiniteLine:
    line = pg.InfiniteLine(0.0, angle=90, movable=False, pen=QPen(colour(theme.ink), 0))
    line.setZValue(20)
    return line
