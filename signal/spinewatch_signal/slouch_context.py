"""Which context is in force at each frame: sitting, standing, or upright where neither is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.posture import FRAME_PERIOD_S, Activity, Context
from spinewatch_signal.tallies import Mask

Codes = NDArray[np.uint8]

CONTEXTS = (Context.UPRIGHT, Context.SITTING, Context.STANDING)
"""By code."""
FREEZES = np.zeros(len(Activity), bool)
FREEZES[[Activity.MOVING, Activity.WALKING, Activity.STOOPED]] = True
"""Activities in which the wearer moves, or bends so deep that it is exposure and no slouch."""

_STAYS, _UNKNOWN, _SITS, _STANDS = -1, 0, 1, 2
_SAYS = np.full(len(Activity), _STAYS, np.int8)
_SAYS[Activity.SITTING], _SAYS[Activity.STANDING], _SAYS[Activity.LYING] = _SITS, _STANDS, _UNKNOWN


class ContextTracker:
    """A context stays in force until the other one is known, or a gap, lying or long movement makes it unknown.

    Args:
        freeze_s: movement longer than this makes the context unknown.
    """

    def __init__(self, freeze_s: float) -> None:
        self._freeze_frames = round(freeze_s / FRAME_PERIOD_S)
        self._code = _UNKNOWN
        self._frozen_frames = 0

    def update(self, activity: Codes, after_gap: Mask) -> Codes:
        """Codes, indices into `CONTEXTS`, (m,).

        Args:
            activity: (m,) codes of `Activity`; m > 0.
            after_gap: (m,) whether a gap lies before the frame.
        """
        at = np.arange(len(activity))
        frozen = FREEZES[activity]
        before = at - np.maximum.accumulate(np.where(~frozen | after_gap, at - frozen, -1 - self._frozen_frames))
        says = _SAYS[activity]
        says[after_gap & (says == _STAYS)] = _UNKNOWN
        says[frozen & (before > self._freeze_frames)] = _UNKNOWN
        told = np.maximum.accumulate(np.where(says != _STAYS, at, -1))
        codes = np.where(told >= 0, says[told], self._code).astype(np.uint8)
        self._code = int(codes[-1])
        self._frozen_frames = int(before[-1]) if frozen[-1] else 0
        return codes
