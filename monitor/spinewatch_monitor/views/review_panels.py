"""What stands beside the charts of Review: the posture at the cursor, the figures, and the list of episodes."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from spinewatch_monitor.views.clock import clock_text, duration_text
from spinewatch_monitor.views.figures_card import FiguresPanel
from spinewatch_monitor.views.number_table import NumberTable
from spinewatch_monitor.views.review_data import ReviewData
from spinewatch_monitor.views.review_figures import sections
from spinewatch_monitor.views.review_words import AtCursor, angle_text, side_text
from spinewatch_monitor.views.runs import RibbonState
from spinewatch_monitor.views.widgets import Card, Segmented, Tag, column, row, set_text, text_label

_TONES = {
    RibbonState.NEAR: "near",
    RibbonState.AWAY: "away",
    RibbonState.MOVING: "moving",
    RibbonState.LYING: "lying",
    RibbonState.DEEP: "deep",
}


class Value(QWidget):
    """One angle with its error: label, number, ±."""

    def __init__(self, label: str) -> None:
        super().__init__()
        self._name = label
        self._number, self._error = text_label("–", "value"), text_label("", "note", "3")
        numbers = row(self._number, self._error, None, spacing=4)
        numbers.setAlignment(self._error, Qt.AlignmentFlag.AlignBottom)
        self._error.setContentsMargins(0, 0, 0, 3)
        layout = column(text_label(label, "label", "2"))
        layout.addLayout(numbers)
        self.setLayout(layout)

    def show_value(self, text: str, uncertainty_deg: float | None) -> None:
        """Show a value and its 95 % half-width."""
        error = "" if uncertainty_deg is None or text == "–" else f"± {max(round(uncertainty_deg), 1)}"
        set_text(self._number, text)
        set_text(self._error, error)
        self.setAccessibleName(f"{self._name}: {text} {error}".strip())


class CursorCard(Card):
    """The posture at the cursor: figure, state, angles with their error.

    Args:
        figure: draws an `AtCursor`; None leaves its place out.
    """

    def __init__(self, figure: QWidget | None = None) -> None:
        super().__init__("At the cursor", margins=(16, 12, 16, 12))
        self.tag = Tag("no data", "gap")
        self.header.addWidget(self.tag)
        self.trunk, self.lumbar, self.side = Value("Trunk"), Value("Lumbar"), Value("Side")
        self.doing = text_label("", "note", "2", wrap=True)
        self.reason = text_label("", "note", "3", wrap=True)
        if figure is not None:
            self.body.addWidget(figure, 1)
        self.body.addLayout(row(self.trunk, self.lumbar, self.side, None, spacing=18))
        self.body.addWidget(self.doing)
        self.body.addWidget(self.reason)

    def show_moment(self, moment: AtCursor, sensors: int) -> None:
        """Show one moment.

        Args:
            moment: what is known there.
            sensors: how many sensors were worn; with one there is no lumbar angle.
        """
        tone = "gap" if moment.state is None else _TONES.get(moment.state, "gap")
        self.tag.set_tag(moment.words, tone)
        self.trunk.show_value(angle_text(moment.flexion_deg), moment.uncertainty_deg)
        self.lumbar.setVisible(sensors > 1)
        self.lumbar.show_value(angle_text(moment.lumbar_deg), moment.uncertainty_deg)
        self.side.show_value(side_text(moment.lateral_deg), moment.uncertainty_deg)
        set_text(self.doing, f"{moment.doing[:1].upper()}{moment.doing[1:]}")
        self.doing.setVisible(bool(moment.doing))
        doubt = f"{moment.doubt[:1].upper()}{moment.doubt[1:]}." if moment.doubt else ""
        set_text(self.reason, f"No angle here: {moment.reason}." if moment.reason else doubt)
        self.reason.setVisible(bool(self.reason.text()))


class SideCard(Card):
    """One place for the figures of the recording and, a key press away, its episodes."""

    def __init__(self) -> None:
        super().__init__(margins=(16, 12, 12, 8))
        self.figures, self.episodes = FiguresPanel(), EpisodeList()
        self.choice = Segmented([("figures", "Figures"), ("episodes", "Episodes")], "What is listed")
        self._stack = QStackedWidget()
        for part in (self.figures, self.episodes):
            self._stack.addWidget(part)
        self.body.addWidget(self.choice)
        self.body.addSpacing(8)
        self.body.addWidget(self._stack, 1)
        self.choice.chosen.connect(self.show_list)
        self.setAccessibleName("Figures and episodes")

    def show_recording(self, data: ReviewData) -> None:
        """List another recording."""
        self.episodes.show_episodes(data)
        self.figures.show_sections(sections(data.figures, data.start_s, data.utc_offset_s))

    def show_list(self, key: str) -> None:
        """Show the ``figures`` or the ``episodes``."""
        self.choice.choose(key)
        self._stack.setCurrentWidget(self.figures if key == "figures" else self.episodes)


class EpisodeList(QWidget):
    """The episodes of the recording; choosing one emits ``chosen`` with its number."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.body = column()
        self.setLayout(self.body)
        self.setAccessibleName("Away from the reference")
        self.table = NumberTable(("Start", "Lasted", "Mean", "Peak"), "Episodes away from the reference")
        self.table.setToolTip("Mean and peak are degrees from the reference.")
        self.none = text_label("No stretch away from the reference in this recording.", "note", "2", wrap=True)
        self.judged = text_label("", "note", "3")
        self.body.addWidget(self.judged)
        self.body.addWidget(self.table, 1)
        self.body.addWidget(self.none)
        self.body.addStretch(0)
        self.table.itemSelectionChanged.connect(self._on_selection)

    def show_episodes(self, data: ReviewData) -> None:
        """List the episodes of a recording."""
        rows = [
            (
                clock_text(e.start_s, data.utc_offset_s, seconds=True),
                duration_text(e.duration_s(data.end_s)),
                angle_text(e.mean_deg),
                angle_text(e.peak_deg),
            )
            for e in data.episodes
        ]
        self.table.fill(rows)
        self.table.setVisible(bool(rows))
        self.none.setVisible(not rows)
        judged = "" if data.limit is None else f", judged by the {data.limit.measure} angle"
        set_text(self.judged, f"{len(rows)} away from the reference{judged}")
        self.judged.setVisible(bool(rows))

    def choose(self, number: int | None) -> None:
        """Show one episode as chosen, without telling."""
        self.table.blockSignals(True)
        if number is None:
            self.table.clearSelection()
        else:
            self.table.selectRow(number)
        self.table.blockSignals(False)

    def _on_selection(self) -> None:
        rows = self.table.selectionModel().selectedRows()
        if rows:
            self.chosen.emit(rows[0].row())
