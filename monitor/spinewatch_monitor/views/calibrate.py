"""Calibrate: one instruction, a live figure, one ring, a grade for each criterion, and what will be set."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Signal

from spinewatch_monitor.calibration_desk import Offer
from spinewatch_monitor.updates import SessionUpdate
from spinewatch_monitor.views import calibration_words as said
from spinewatch_monitor.views.actions import Actions
from spinewatch_monitor.views.calibrate_cards import LiveCard, QualityCard, StepsCard
from spinewatch_monitor.views.calibration_flow import CalibrationFlow, Step
from spinewatch_monitor.views.page import Columns, Page, PageHeader
from spinewatch_monitor.views.right_now import reference_of
from spinewatch_monitor.views.widgets import Button
from spinewatch_signal.rezero import Pose

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
        self._offer: Offer | None = None
        self._utc_offset_s = 0.0
        self._again = Button("Start again", "undo-2")
        self._cancel = Button("Cancel", key="Esc")
        self._again.clicked.connect(self._start_again)
        self._cancel.clicked.connect(self.cancel)
        self.header.add(self._again, self._cancel)
        self.steps, self.live, self.quality = StepsCard(), LiveCard(), QualityCard()
        self.live.primary.clicked.connect(self._primary)
        self.live.skip.clicked.connect(self._skip)
        self.steps.rezero.clicked.connect(lambda: self.begin_rezero())
        self.steps.rezero_sitting.clicked.connect(lambda: self.begin_rezero(sitting=True))
        columns = Columns(STACK_BELOW_PX)
        self.steps.setFixedWidth(270)
        self.quality.setMinimumWidth(300)
        for card, stretch in ((self.steps, 0), (self.live, 5), (self.quality, 3)):
            columns.flow.addWidget(card, stretch)
        self.content.addWidget(columns, 1)
        self._show()

    # -- what comes in ----------------------------------------------------------------------------------------------

    def begin_session(self, utc_offset_s: float) -> None:
        """A session begins, at this offset of local time from UTC, s."""
        self._utc_offset_s = utc_offset_s

    def page_shown(self, name: str) -> None:
        """The window shows another page: a calibration that is left half way is dropped."""
        if name != "calibrate" and self.flow.running:
            self.flow.stop()
            self._show()

    def show_offer(self, offer: Offer | None) -> None:
        """A calibration that seconds of stillness can set anew, or none."""
        same = (offer is None) == (self._offer is None)
        self._offer = offer
        if not same or (offer is not None and self.isVisible() and not self.flow.running):
            self._show()

    def begin(self) -> None:
        """Start all the steps, or start them again."""
        self._begin(self.flow.begin)

    def begin_rezero(self, *, sitting: bool = False) -> None:
        """Start the five seconds that set a calibration anew; without one, all the steps are needed.

        Args:
            sitting: in the upright sit, where the calibration knows it; else standing.
        """
        if self._offer is None:
            self._show()
            return
        in_seat = sitting and self._offer.knows_sitting
        self._begin(lambda: self.flow.begin_rezero(sitting=in_seat))

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
        if not self.flow.running:
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

    def _begin(self, start: Callable[[], None]) -> None:
        self._refusal, self._asked = "", False
        start()
        self.live.trace.clear()
        self._actions.start_calibration()
        self._show()
        self.live.primary.setFocus()

    def _start_again(self) -> None:
        state = self.flow.state
        if state.rezero:
            self.begin_rezero(sitting=self._pose() == "sitting")
        else:
            self.begin()

    def _pose(self) -> Pose:
        state = self.flow.state
        return "sitting" if state.step is Step.SIT or Step.SIT in state.windows else "standing"

    def _trace(self, update: SessionUpdate) -> None:
        state = self.flow.state
        if update.frames is None or state.step is not Step.BEND or state.upright_deg is None:
            return
        for t_s, angle in zip(update.frames.t_s.tolist(), update.frames.flexion_deg.tolist(), strict=True):
            self.live.trace.add(t_s - (state.step_start_s or t_s), angle - state.upright_deg)

    def _ask(self) -> None:
        state, steps = self.flow.state, self.flow.steps()
        self._asked = True
        try:
            if state.too_long:
                self._refusal = said.TOO_LONG
            elif state.rezero:
                self._actions.re_zero(next(iter(state.windows.values())), self._pose())
            elif steps is not None:
                self._actions.calibration_steps(steps)
        except ValueError as refusal:
            self._refusal = str(refusal)

    def _primary(self) -> None:
        step = self.flow.state.step
        if step is Step.READY:
            self.begin()
        elif step is Step.RESULT and self._refusal:
            self._start_again()
        elif step is Step.BEND:
            self.flow.finish_bends()
            if self.flow.state.step is Step.RESULT and not self._asked:
                self._ask()
            self._show()
        elif step is Step.RESULT:
            self.cancel()

    def _skip(self) -> None:
        if self.flow.state.rezero:
            self.begin_rezero(sitting=self._pose() == "standing")
            return
        self.flow.skip_sitting()
        self._show()
        self.live.primary.setFocus()

    def _show(self) -> None:
        step = self.flow.state.step
        headline, under = said.instruction(self.flow)
        if self._refusal:
            headline, under = "That was not enough to go by", self._refusal
        self.header.say(said.eyebrow(self.flow), headline, under)
        self._again.setVisible(step is not Step.READY)
        done = step is Step.RESULT and not self._refusal
        known = self._calibration if done or step is Step.READY else {}
        offer = self._offer if step is Step.READY else None
        self.steps.show_flow(self.flow, known if done else {}, refused=bool(self._refusal))
        self.steps.show_hint(said.to_improve(known))
        self.steps.show_offer(None if offer is None else said.offer_words(offer, self._utc_offset_s), offer)
        grade, limit = str(known.get("grade", "")), reference_of(known).limit_deg
        self.live.show_flow(self.flow, refused=bool(self._refusal), grade=grade, limit_deg=limit)
        self.live.show_skip(
            said.second_button(self.flow, knows_sitting=bool(self._offer and self._offer.knows_sitting))
        )
        self.quality.show_calibration(known)
