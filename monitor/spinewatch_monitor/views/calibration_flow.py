"""The guided calibration as a state machine over data time: stand, sit, sink, stand up again, bend three times; and the
re-zero, which is one of the still steps alone. No Qt, no clock.

It only finds the windows; whether what happened in them makes a calibration is for `signal` to say. Angles help
(they count bends and see unrest), but on a first calibration there are none yet: then time alone leads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from spinewatch_monitor.views.actions import Window
from spinewatch_signal.calibration import GuidedSteps
from spinewatch_signal.posture import Activity, PostureFrames

STILL_S = 5.0
"""Length of a still step (a reference needs seconds, not a moment)."""
RESTLESS_DEG = 3.0
"""More than this from where the stillness began is not keeping still."""
BENDS = 3
DOWN_DEG, UP_DEG = 20.0, 10.0
"""A bend is counted when the angle passed the first and came back below the second."""
BENDS_WITHOUT_ANGLE_S = 21.0
"""Three bends of three seconds down and up, with a breath between, where no angle counts them."""
BENDS_AT_MOST_S = 45.0
"""Then what was seen is tried as it is; the samples are kept for two minutes only."""
LEAST_BENDS_S = 4.0
RISE_S, RISE_AT_MOST_S = 4.0, 8.0
"""Getting up from the chair: at least so long, and until the angle is upright again or so long."""
STEADY_S = 1.0
"""Standing has to last so long after rising before the bends begin: the rise must not count as one."""
ALL_AT_MOST_S = 110.0
"""Longer than this in all, and the first samples are no longer kept."""


class Step(StrEnum):
    """Where the wearer is."""

    READY = "ready"
    STAND = "stand"
    SIT = "sit"
    SLOUCH = "slouch"
    RISE = "rise"
    BEND = "bend"
    RESULT = "result"


SETTLE_S: Mapping[Step, float] = {Step.STAND: 1.5, Step.SIT: 4.0, Step.SLOUCH: 2.5}
"""Left out after a still step begins: reading the words, and moving into place."""
STILL_STEPS = (Step.STAND, Step.SIT, Step.SLOUCH)


@dataclass(slots=True)
class FlowState:
    """All that changes."""

    step: Step = Step.READY
    rezero: bool = False
    """One still step alone, to set an earlier calibration anew."""
    begin_s: float | None = None
    step_start_s: float | None = None
    still_start_s: float | None = None
    still_deg: float | None = None
    """The angle where the stillness began."""
    windows: dict[Step, Window] = field(default_factory=dict)
    """Of the still steps and the bends that are done."""
    upright_deg: float | None = None
    """The angle of the stand."""
    angle_deg: float | None = None
    steady_since_s: float | None = None
    is_down: bool = False
    peak_deg: float = 0.0
    peaks_deg: tuple[float, ...] = ()
    now_s: float | None = None
    """Newest moment of the data."""
    too_long: bool = False


class CalibrationFlow:
    """Feed it frames; ask `state` what to show."""

    def __init__(self) -> None:
        self.state = FlowState()

    def begin(self) -> None:
        """Start all the steps, or start again, at the next frame."""
        self.state = FlowState(step=Step.STAND)

    def begin_rezero(self, *, sitting: bool = False) -> None:
        """Start a re-zero: five seconds of standing, or of sitting upright."""
        self.state = FlowState(step=Step.SIT if sitting else Step.STAND, rezero=True)

    def stop(self) -> None:
        """Leave; nothing was set."""
        self.state = FlowState()

    @property
    def running(self) -> bool:
        """Whether the wearer is in the middle of it."""
        return self.state.step not in (Step.READY, Step.RESULT)

    def update(self, frames: PostureFrames) -> None:
        """Take new frames, in order."""
        for i in range(len(frames)):
            flexion = float(frames.flexion_deg[i])
            self._frame(float(frames.t_s[i]), None if np.isnan(flexion) else flexion, int(frames.activity[i]))

    def skip_sitting(self) -> None:
        """No chair here: from the sit straight to the bends; from the slouch too, and the sit is kept."""
        state = self.state
        if state.rezero or state.now_s is None or state.step not in (Step.SIT, Step.SLOUCH):
            return
        self._next(Step.RISE if state.step is Step.SLOUCH else Step.BEND, state.now_s)

    def finish_bends(self) -> None:
        """The wearer says the bends are done."""
        state = self.state
        if state.step is not Step.BEND or state.step_start_s is None or state.now_s is None:
            return
        if state.now_s - state.step_start_s >= LEAST_BENDS_S:
            self._to_result(state.step_start_s, state.now_s)

    def steps(self) -> GuidedSteps | None:
        """What the wearer did, once it is all done; None after a re-zero, or where it took too long."""
        done = self.state.windows
        if Step.STAND not in done or Step.BEND not in done:
            return None
        return GuidedSteps(done[Step.STAND], done[Step.BEND], done.get(Step.SIT), done.get(Step.SLOUCH))

    def still_s(self) -> float:
        """Seconds kept still so far, at most `STILL_S`."""
        state = self.state
        if state.still_start_s is None or state.now_s is None:
            return 0.0
        return max(0.0, min(STILL_S, state.now_s - state.still_start_s))

    def spent_s(self) -> float:
        """Seconds since the beginning."""
        state = self.state
        return 0.0 if state.begin_s is None or state.now_s is None else state.now_s - state.begin_s

    def bend_share(self) -> float:
        """How much of the bends is done, 0-1: counted ones, or time where there is no angle."""
        state = self.state
        if state.peaks_deg or state.upright_deg is not None:
            return min(1.0, len(state.peaks_deg) / BENDS)
        if state.step_start_s is None or state.now_s is None:
            return 0.0
        return min(1.0, (state.now_s - state.step_start_s) / BENDS_WITHOUT_ANGLE_S)

    def bend_deg(self) -> float | None:
        """The angle now from the stand, degrees; None without angles."""
        if self.state.angle_deg is None:
            return None
        return self.state.angle_deg - (self.state.upright_deg or 0.0)

    # -- one frame --------------------------------------------------------------------------------------------------

    def _frame(self, t_s: float, angle_deg: float | None, activity: int) -> None:
        state = self.state
        if not self.running:
            return
        state.angle_deg, state.now_s = angle_deg, t_s
        if state.begin_s is None:
            state.begin_s = t_s
        if state.step_start_s is None:
            state.step_start_s = t_s
        if t_s - state.begin_s > ALL_AT_MOST_S:
            state.too_long, state.step = True, Step.RESULT
        elif state.step in STILL_STEPS:
            self._keep_still(t_s, angle_deg, activity)
        elif state.step is Step.RISE:
            self._rise(t_s, angle_deg, activity)
        else:
            self._bend(t_s, angle_deg)

    def _next(self, step: Step, t_s: float) -> None:
        state = self.state
        state.step, state.step_start_s = step, t_s
        state.still_start_s, state.still_deg, state.steady_since_s = None, None, None

    def _keep_still(self, t_s: float, angle_deg: float | None, activity: int) -> None:
        state = self.state
        restless = activity in (Activity.MOVING, Activity.WALKING)
        if angle_deg is not None and state.still_deg is not None:
            restless |= abs(angle_deg - state.still_deg) > RESTLESS_DEG
        settled_s = (state.step_start_s or t_s) + SETTLE_S[state.step]
        if restless or t_s < settled_s:
            state.still_start_s, state.still_deg = None, angle_deg
            return
        if state.still_start_s is None:
            state.still_start_s, state.still_deg = t_s, angle_deg
        if t_s - state.still_start_s >= STILL_S:
            self._kept_still(state.still_start_s, t_s)

    def _kept_still(self, start_s: float, end_s: float) -> None:
        state = self.state
        state.windows[state.step] = (start_s, end_s)
        if state.step is Step.STAND:
            state.upright_deg = state.still_deg
        follows = {Step.STAND: Step.SIT, Step.SIT: Step.SLOUCH, Step.SLOUCH: Step.RISE}[state.step]
        self._next(Step.RESULT if state.rezero else follows, end_s)

    def _rise(self, t_s: float, angle_deg: float | None, activity: int) -> None:
        """Wait until the wearer stands again."""
        state = self.state
        upright = activity not in (Activity.MOVING, Activity.WALKING)
        if angle_deg is not None and state.upright_deg is not None:
            upright &= abs(angle_deg - state.upright_deg) < UP_DEG
        if not upright:
            state.steady_since_s = None
        elif state.steady_since_s is None:
            state.steady_since_s = t_s
        begun_s = t_s - (state.step_start_s or t_s)
        steady = state.steady_since_s is not None and t_s - state.steady_since_s >= STEADY_S
        if (steady and begun_s >= RISE_S) or begun_s >= RISE_AT_MOST_S:
            self._next(Step.BEND, t_s)

    def _bend(self, t_s: float, angle_deg: float | None) -> None:
        state = self.state
        start_s = state.step_start_s if state.step_start_s is not None else t_s
        if angle_deg is not None and state.upright_deg is not None:
            self._count(angle_deg - state.upright_deg)
            done = len(state.peaks_deg) >= BENDS and not state.is_down
        else:
            done = t_s - start_s >= BENDS_WITHOUT_ANGLE_S
        if done or t_s - start_s >= BENDS_AT_MOST_S:
            self._to_result(start_s, t_s)

    def _count(self, bend_deg: float) -> None:
        state = self.state
        if bend_deg > DOWN_DEG:
            state.peak_deg = max(state.peak_deg, bend_deg) if state.is_down else bend_deg
            state.is_down = True
        elif bend_deg < UP_DEG and state.is_down:
            state.is_down = False
            state.peaks_deg = (*state.peaks_deg, state.peak_deg)

    def _to_result(self, start_s: float, end_s: float) -> None:
        self.state.windows[Step.BEND] = (start_s, end_s)
        self.state.step = Step.RESULT
