"""The three cards of the calibration page: steps, live figure, quality."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QWidget

from spinewatch_monitor.calibration_desk import Offer
from spinewatch_monitor.views import calibration_words as said
from spinewatch_monitor.views.bend_trace import BendTrace
from spinewatch_monitor.views.calibration_flow import BENDS, STILL_S, STILL_STEPS, CalibrationFlow, Step
from spinewatch_monitor.views.calibration_rows import QualityRow, quality_rows, repeat_line, settings_rows
from spinewatch_monitor.views.meters import Meter, Ring, StepDot
from spinewatch_monitor.views.right_now import signed_deg
from spinewatch_monitor.views.spine_figure import SpineFigure
from spinewatch_monitor.views.spine_state import FigureState
from spinewatch_monitor.views.widgets import (
    Button,
    Card,
    IconLabel,
    Tag,
    column,
    line,
    row,
    set_property,
    set_text,
    text_label,
)

DIAL_DEG = (0, 75)
OVERLAP_FROM_PX = 40
"""How far below the top the figure begins, beside number and ring."""
OUTLINE_STANDING = FigureState(outline=True, tone="stale", standing=True, dial_deg=DIAL_DEG)


class StepsCard(Card):
    """The steps, which one is on, and a hint."""

    def __init__(self) -> None:
        super().__init__(margins=(12, 12, 12, 14))
        self._rows: list[tuple[QFrame, StepDot, QLabel]] = []
        for number, (_, title) in enumerate(said.STEPS, start=1):
            frame, dot, note = QFrame(), StepDot(number), text_label("", "note", "2", wrap=True)
            frame.setProperty("role", "step")
            layout = row(dot, spacing=14)
            layout.setContentsMargins(12, 12, 12, 12)
            layout.addLayout(column(text_label(title, "body_strong"), note), 1)
            layout.setAlignment(dot, Qt.AlignmentFlag.AlignTop)
            frame.setLayout(layout)
            self.body.addWidget(frame)
            self._rows.append((frame, dot, note))
        self.body.addStretch(1)
        self._hint_words = text_label("", "note", "2", wrap=True)
        self._offer_words = text_label("", "note", "2", wrap=True)
        self.rezero = Button("Re-zero (5 s)", "undo-2", small=True)
        self.rezero_sitting = Button("The same, sitting", kind="ghost", small=True)
        self._offer = self._inset("Five seconds are enough", self._offer_words, 8, self.rezero, self.rezero_sitting)
        self.body.addWidget(self._offer)
        self.body.addSpacing(12)
        self.body.addWidget(self._inset("To make it better", self._hint_words))
        self.body.addSpacing(12)
        self.body.addWidget(line())
        self.body.addSpacing(12)
        words = "The sensors may sit at any angle. These steps teach Spinewatch how they are worn today."
        info = row(spacing=8)
        info.addWidget(IconLabel("info", "ink3", 16), alignment=Qt.AlignmentFlag.AlignTop)
        info.addWidget(text_label(words, "note", "3", wrap=True), 1)
        info.setContentsMargins(8, 0, 8, 0)
        self.body.addLayout(info)

    def _inset(self, title: str, *parts: QWidget | int) -> QFrame:
        box = QFrame()
        box.setProperty("role", "inset")
        layout = column(text_label(title, "label_strong"), 2, *parts)
        layout.setContentsMargins(14, 12, 14, 12)
        box.setLayout(layout)
        return box

    def show_hint(self, words: str) -> None:
        """What would make the calibration better."""
        set_text(self._hint_words, words)

    def show_offer(self, words: tuple[str, str] | None, offer: Offer | None) -> None:
        """What seconds of stillness can set anew: the words of the button, and a sentence; None hides it."""
        self._offer.setVisible(words is not None)
        if words is None or offer is None:
            return
        if self.rezero.accessibleName() != words[0]:
            self.rezero.setText(f" {words[0]}")
            self.rezero.setAccessibleName(words[0])
        set_text(self._offer_words, words[1])
        self.rezero_sitting.setVisible(offer.knows_sitting)

    def show_flow(self, flow: CalibrationFlow, calibration: Mapping[str, object], *, refused: bool) -> None:
        """Which steps are done, which one is on."""
        place_on = None if flow.state.rezero else said.place_of(flow.state.step)
        on, last = -1 if place_on is None else place_on, len(self._rows) - 1
        for place, (frame, dot, _) in enumerate(self._rows):
            done = place < on or (place == on == last and not refused)
            dot.show_state("done" if done else "on" if place == on else "")
            set_property(frame, "state", "on" if place == on else "")
        for (_, _, note), words in zip(self._rows, said.step_notes(flow, calibration), strict=True):
            set_text(note, words)


class LiveCard(Card):
    """The figure that follows, the angle, the ring, and the bends over time."""

    def __init__(self) -> None:
        super().__init__()
        self._number = text_label("–", "hero_number")
        self._words = text_label("", "label", "2")
        self.ring, self._ring_words = Ring(), text_label("", "note", "3")
        self.figure = SpineFigure()
        self.trace = BendTrace()
        self.primary = Button("Begin", kind="primary")
        self.skip = Button("No chair here")
        self.body.addLayout(self._over_figure(), 1)
        self.body.addLayout(row(None, self.primary, self.skip, None))
        self.body.addSpacing(14)
        self.body.addWidget(line())
        self.body.addSpacing(10)
        self.body.addWidget(self.trace)

    def _over_figure(self) -> QGridLayout:
        """Number at the left and ring at the right reach down beside the figure's head."""
        top = QHBoxLayout()
        top.addLayout(column(self._number, self._words, None))
        top.addStretch(1)
        ring = column(self.ring, 4, self._ring_words, None)
        ring.setAlignment(self._ring_words, Qt.AlignmentFlag.AlignHCenter)
        top.addLayout(ring)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setRowMinimumHeight(0, OVERLAP_FROM_PX)
        grid.addWidget(self.figure, 1, 0)
        grid.setRowStretch(1, 1)
        grid.addLayout(top, 0, 0, 2, 1)
        return grid

    def show_flow(self, flow: CalibrationFlow, *, refused: bool, grade: str = "", limit_deg: float = 15.0) -> None:
        """Number, words, ring, figure and button of the step."""
        state, bend = flow.state, flow.bend_deg()
        running = flow.running
        set_here = bool(grade) and state.step is Step.RESULT and not refused
        number = signed_deg(bend) if running and bend is not None else signed_deg(limit_deg) if set_here else ""
        set_text(self._number, number or "–")
        set_property(self._number, "ink", "1" if number else "3")
        set_text(self._words, said.live_words(flow) if number or running else "")
        self._show_ring(flow)
        self.figure.show_state(_figure(flow, limit_deg if grade and not refused else None))
        words = said.button(flow, refused=refused)
        if self.primary.text() != words:
            self.primary.setText(words)
            self.primary.setAccessibleName(words)
        self.primary.setEnabled(state.step not in (*STILL_STEPS, Step.RISE))

    def show_skip(self, words: str) -> None:
        """The second button: what it does, or empty for none."""
        self.skip.setVisible(bool(words))
        if words and self.skip.accessibleName() != words:
            self.skip.setText(words)
            self.skip.setAccessibleName(words)

    def _show_ring(self, flow: CalibrationFlow) -> None:
        step = flow.state.step
        for part in (self.ring, self._ring_words):
            part.setVisible(step in (*STILL_STEPS, Step.BEND))
        if step in STILL_STEPS:
            still_s = flow.still_s()
            self.ring.show_share(still_s / STILL_S, f"{max(0, STILL_S - still_s):.0f} s")
            set_text(self._ring_words, "still to go")
        elif step is Step.BEND:
            counted = flow.bend_deg() is not None
            seen = len(flow.state.peaks_deg)
            self.ring.show_share(flow.bend_share(), f"{min(seen, BENDS)}/{BENDS}" if counted else "…")
            set_text(self._ring_words, "bends seen" if counted else "bend three times")


def _figure(flow: CalibrationFlow, limit_deg: float | None) -> FigureState:
    bend = flow.bend_deg()
    if flow.state.step in (Step.READY, Step.RESULT):
        if limit_deg is None:
            return OUTLINE_STANDING
        return FigureState(limit_deg=limit_deg, back_limit_deg=0.0, standing=True, dial_deg=DIAL_DEG)
    if bend is None:
        return OUTLINE_STANDING
    upper = max(-10.0, bend)
    return FigureState(
        upper_deg=upper,
        lower_deg=0.45 * upper,
        limit_deg=60.0,
        back_limit_deg=0.0,
        standing=flow.state.step not in (Step.SIT, Step.SLOUCH),
        dial_deg=DIAL_DEG,
    )


class QualityCard(Card):
    """A row with a meter for each criterion, and what the calibration sets."""

    def __init__(self) -> None:
        super().__init__("Quality")
        self._grade = Tag("", "gap")
        self.header.addWidget(self._grade)
        self._repeat = text_label("", "note", "3")
        self.body.addSpacing(2)
        self.body.addWidget(self._repeat)
        self.body.addSpacing(10)
        self._rows = [self._add_row(r) for r in quality_rows({})]
        self.body.addStretch(1)
        self.body.addWidget(line())
        self.body.addSpacing(12)
        self.body.addWidget(text_label("What this sets", "label_strong"))
        self._values = self._table()

    def _add_row(self, shown: QualityRow) -> tuple[QLabel, Meter]:
        value, meter = text_label("–", "body_strong"), Meter()
        self.body.addWidget(line())
        self.body.addSpacing(10)
        self.body.addLayout(row(text_label(shown.title, "label"), None, value))
        self.body.addSpacing(5)
        self.body.addWidget(meter)
        self.body.addSpacing(3)
        self.body.addWidget(text_label(shown.note, "note", "3"))
        self.body.addSpacing(10)
        return value, meter

    def _table(self) -> list[QLabel]:
        grid = QGridLayout()
        grid.setContentsMargins(0, 6, 0, 0)
        grid.setVerticalSpacing(6)
        values = []
        for place, (title, _) in enumerate(settings_rows({})):
            value = text_label("–", "label_strong")
            grid.addWidget(text_label(title, "note", "2"), place, 0)
            grid.addWidget(value, place, 1, Qt.AlignmentFlag.AlignRight)
            values.append(value)
        self.body.addLayout(grid)
        return values

    def show_calibration(self, calibration: Mapping[str, object]) -> None:
        """The figures of a calibration; an empty mapping shows what will be judged."""
        grade = str(calibration.get("grade", ""))
        self._grade.setVisible(bool(grade))
        self._grade.set_tag(grade.capitalize(), said.GRADE_TONES.get(grade, "gap"))
        set_text(self._repeat, repeat_line(calibration))
        for (value, meter), shown in zip(self._rows, quality_rows(calibration), strict=True):
            set_text(value, shown.value)
            meter.show_value(shown.share, shown.good)
            meter.setAccessibleName(f"{shown.title}: {shown.value}. {shown.note}")
        for value, (_, words) in zip(self._values, settings_rows(calibration), strict=True):
            set_text(value, words)
