"""The guided calibration as a state machine over data time: stand still, bend three times. No Qt, no clock.

It only finds the two windows; whether what happened in them makes a calibration is for `signal` to say. Angles help
(they count bends and see unrest), but on a first calibration there are none yet: then time alone leads.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from spinewatch_monitor.views.actions import Window
from spinewatch_signal.posture import Activity, PostureFrames

STILL_S = 5.0
"""Length of the still stand (a reference needs seconds, not a moment)."""
SETTLE_S = 1.5
"""Left out after a step begins: reading the words and moving into place."""
RESTLESS_DEG = 3.0
"""More than this between two frames a second apart is not standing still."""
BENDS = 3
DOWN_DEG, UP_DEG = 20.0, 10.0
"""A bend is counted when the angle passed the first and came back below the second."""
BENDS_WITHOUT_ANGLE_S = 21.0
"""Three bends of three seconds down and up, with a breath between, where no angle counts them."""
BENDS_AT_MOST_S = 45.0
"""Then what was seen is tried as it is; the samples are kept for two minutes only."""
LEAST_BENDS_S = 4.0


class Step(StrEnum):
    """Where the wearer is."""

    READY = "ready"
    STAND = "stand"
    BEND = "bend"
    RESULT = "result"


@dataclass(slots=True)
class FlowState:
    """All that changes."""

    step: Step = Step.READY
    step_start_s: float | None = None
    still_start_s: float | None = None
    still: Window | None = None
    bends: Window | None = None
    upright_deg: float | None = None
    angle_deg: float | None = None
    is_down: bool = False
    peak_deg: float = 0.0
    peaks_deg: tuple[float, ...] = ()
    now_s: float | None = None
    """Newest moment of the data."""


class CalibrationFlow:
    """Feed it frames; ask `state` what to show."""

    def __init__(self) -> None:
        self.state = FlowState()

    def begin(self) -> None:
        """Start, or start again, at the next frame."""
        self.state = FlowState(step=Step.STAND)

    def stop(self) -> None:
        """Leave; nothing was set."""
        self.state = FlowState()

    def update(self, frames: PostureFrames) -> None:
        """Take new frames, in order."""
        for i in range(len(frames)):
            flexion = float(frames.flexion_deg[i])
            self._frame(float(frames.t_s[i]), None if np.isnan(flexion) else flexion, int(frames.activity[i]))

    def finish_bends(self) -> None:
        """The wearer says the bends are done."""
        state = self.state
        if state.step is not Step.BEND or state.step_start_s is None or state.now_s is None:
            return
        if state.now_s - state.step_start_s >= LEAST_BENDS_S:
            self._to_result(state.step_start_s, state.now_s)

    def still_s(self) -> float:
        """Seconds stood still so far, at most `STILL_S`."""
        state = self.state
        if state.still_start_s is None or state.now_s is None:
            return 0.0
        return max(0.0, min(STILL_S, state.now_s - state.still_start_s))

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

    def _frame(self, t_s: float, angle_deg: float | None, activity: int) -> None:
        state = self.state
        if state.step is Step.STAND:
            self._stand(t_s, angle_deg, activity)
        elif state.step is Step.BEND:
            self._bend(t_s, angle_deg)
        state.angle_deg, state.now_s = angle_deg, t_s

    def _stand(self, t_s: float, angle_deg: float | None, activity: int) -> None:
        state = self.state
        if state.step_start_s is None:
            state.step_start_s = t_s
        restless = activity in (Activity.MOVING, Activity.WALKING)
        if angle_deg is not None and state.upright_deg is not None:
            restless |= abs(angle_deg - state.upright_deg) > RESTLESS_DEG
        settled_s = state.step_start_s + SETTLE_S
        if restless or t_s < settled_s:
            state.still_start_s, state.upright_deg = None, angle_deg
            return
        if state.still_start_s is None:
            state.still_start_s, state.upright_deg = t_s, angle_deg
        if t_s - state.still_start_s >= STILL_S:
            state.still = (state.still_start_s, t_s)
            state.step, state.step_start_s = Step.BEND, t_s

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
        self.state.bends = (start_s, end_s)
        self.state.step = Step.RESULT
