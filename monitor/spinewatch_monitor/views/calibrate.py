"""Calibrate: one instruction, a live figure, one ring, a grade for each criterion, and what will be set."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal

from spinewatch_monitor.updates import SessionUpdate
from spinewatch_monitor.views import calibration_words as said
from spinewatch_monitor.views.actions import Actions
from spinewatch_monitor.views.calibrate_cards import LiveCard, QualityCard, StepsCard
from spinewatch_monitor.views.calibration_flow import CalibrationFlow, Step
from spinewatch_monitor.views.page import Columns, Page, PageHeader
from spinewatch_monitor.views.right_now import reference_of
from spinewatch_monitor.views.widgets import Button

STACK_BELOW_PX = 900


class CalibratePage(Page):
    """The page; `apply` feeds it, ``left`` says that the wearer is done or gave up."""

    left = Signal()

    def __init__(self, actions: Actions) -> None:
        super().__init__(PageHeader("Calibration"))
        self._actions = actions
        self.flow = CalibrationFlow()
        self._refusal = ""
        self._asked = False
        self._calibration: Mapping[str, object] = {}
        self._again = Button("Start again", "undo-2")
        self._cancel = Button("Cancel", key="Esc")
        self._again.clicked.connect(self.begin)
        self._cancel.clicked.connect(self.cancel)
        self.header.add(self._again, self._cancel)
        self.steps, self.live, self.quality = StepsCard(), LiveCard(), QualityCard()
        self.live.primary.clicked.connect(self._primary)
        columns = Columns(STACK_BELOW_PX)
        self.steps.setFixedWidth(270)
        self.quality.setMinimumWidth(300)
        for card, stretch in ((self.steps, 0), (self.live, 5), (self.quality, 3)):
            columns.flow.addWidget(card, stretch)
        self.content.addWidget(columns, 1)
        self._show()

    # -- what comes in ----------------------------------------------------------------------------------------------

    def page_shown(self, name: str) -> None:
        """The window shows another page: a calibration that is left half way is dropped."""
        if name != "calibrate" and self.flow.state.step in (Step.STAND, Step.BEND):
            self.flow.stop()
            self._show()

    def begin(self) -> None:
        """Start, or start again."""
        self._refusal, self._asked = "", False
        self.flow.begin()
        self.live.trace.clear()
        self._actions.start_calibration()
        self._show()
        self.live.primary.setFocus()

    def cancel(self) -> None:
        """Leave without setting anything."""
        self.flow.stop()
        self._refusal = ""
        self._show()
        self.left.emit()

    def apply(self, update: SessionUpdate) -> None:
        """New frames, and the calibration once it is there."""
        fresh = update.calibration != self._calibration
        self._calibration = update.calibration
        running = self.flow.state.step in (Step.STAND, Step.BEND)
        if not running:
            if fresh and self.isVisible():
                self._show()
            return
        if update.frames is not None:
            self.flow.update(update.frames)
            self._trace(update)
        if self.flow.state.step is Step.RESULT and not self._asked:
            self._ask()
        self._show()

    # -- inside -----------------------------------------------------------------------------------------------------

    def _trace(self, update: SessionUpdate) -> None:
        state = self.flow.state
        if update.frames is None or state.step is not Step.BEND or state.upright_deg is None:
            return
        for t_s, angle in zip(update.frames.t_s.tolist(), update.frames.flexion_deg.tolist(), strict=True):
            self.live.trace.add(t_s - (state.step_start_s or t_s), angle - state.upright_deg)

    def _ask(self) -> None:
        state = self.flow.state
        self._asked = True
        if state.still is None or state.bends is None:
            return
        try:
            self._actions.calibration_steps(state.still, state.bends)
        except ValueError as refusal:
            self._refusal = str(refusal)

    def _primary(self) -> None:
        step = self.flow.state.step
        if step is Step.READY or (step is Step.RESULT and self._refusal):
            self.begin()
        elif step is Step.BEND:
            self.flow.finish_bends()
            if self.flow.state.step is Step.RESULT and not self._asked:
                self._ask()
            self._show()
        elif step is Step.RESULT:
            self.cancel()

    def _show(self) -> None:
        step = self.flow.state.step
        headline, under = said.INSTRUCTIONS[step]
        if self._refusal:
            headline, under = "That was not enough to go by", self._refusal
        place = {Step.STAND: 1, Step.BEND: 2, Step.RESULT: 3}.get(step)
        eyebrow = "Calibration · under a minute in all" if place is None else f"Calibration · step {place} of 3"
        self.header.say(eyebrow, headline, under)
        self._again.setVisible(step is not Step.READY)
        done = step is Step.RESULT and not self._refusal
        self.steps.show_flow(self.flow, refused=bool(self._refusal))
        known = self._calibration if done or step is Step.READY else {}
        grade, limit = str(known.get("grade", "")), reference_of(known).limit_deg
        self.live.show_flow(self.flow, refused=bool(self._refusal), grade=grade, limit_deg=limit)
        self.quality.show_calibration(known)
