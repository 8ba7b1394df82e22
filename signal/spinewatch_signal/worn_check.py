"""Whether the sensors sit where they are said to sit: two that were swapped, one that hangs upside down.

Both are seen in the angles alone, once there is a calibration. Nobody stays head down for ten seconds (who lies on the
side, the body a little head down, has such a flexion and is left out); and in a forward bend the upper back turns
further than the pelvis, because the lumbar spine adds its own flexion to that of the hips. Nothing is corrected here:
the wearer is asked to look.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.flexion import wrap_deg
from spinewatch_signal.posture import FRAME_PERIOD_S, PostureFrames
from spinewatch_signal.samples import Floats


class WornWrong(StrEnum):
    """What does not fit."""

    UPPER_UPSIDE_DOWN = "upper_upside_down"
    LOWER_UPSIDE_DOWN = "lower_upside_down"
    SWAPPED = "swapped"


@dataclass(frozen=True, slots=True)
class WornCheckParams:
    """Limits.

    Args:
        head_down_deg: flexion beyond which a trunk would hang head down (a deep bend ends at about 120°).
        head_down_s: for so long, without a break, before it is said.
        side_deg: lateral bend beyond this, either way, is lying on the side, as in `activity`; it is not head down.
        bend_deg: a bend begins where either sensor is flexed by this much, and ends 10° below.
        lead_deg: by how much the lower sensor must be ahead at the deepest point of a bend (uncertainty of both: ±8°).
        bends, of_bends: so many of the last bends must say so.
    """

    head_down_deg: float = 135.0
    head_down_s: float = 10.0
    side_deg: float = 55.0
    bend_deg: float = 40.0
    lead_deg: float = 12.0
    bends: int = 3
    of_bends: int = 4


@dataclass
class WornCheckState:
    """All that changes; copy it to stop and go on."""

    down_frames: list[int] = field(default_factory=lambda: [0, 0])
    deepest_deg: float | None = None
    lumbar_at_deepest_deg: float = 0.0
    lower_led: deque[bool] = field(default_factory=deque)
    told: set[WornWrong] = field(default_factory=set)


class WornCheck:
    """Feed it frames with `update`; each thing is told once."""

    def __init__(self, params: WornCheckParams | None = None) -> None:
        self.params = params or WornCheckParams()
        self.state = WornCheckState(lower_led=deque(maxlen=self.params.of_bends))

    def update(self, frames: PostureFrames) -> list[WornWrong]:
        """What these frames show that was not told before, in the order in which it was seen."""
        return [wrong for _, wrong in self.look(frames.flexion_deg, frames.lumbar_deg, frames.lateral_deg)]

    def look(
        self, flexion_deg: Floats, lumbar_deg: Floats | None, lateral_deg: Floats | None = None
    ) -> list[tuple[int, WornWrong]]:
        """As `update`, from angles alone.

        Args:
            flexion_deg: (m,) of the upper (or only) sensor, later than all before; NaN where blank.
            lumbar_deg: (m,) upper less lower; None with one sensor.
            lateral_deg: (m,) of the sensor that is bent most to a side; None counts as none.

        Returns:
            Number of the frame, and what it shows.
        """
        lumbar = np.full(len(flexion_deg), np.nan) if lumbar_deg is None else lumbar_deg
        lower = wrap_deg(flexion_deg - lumbar)
        on_side = np.zeros(len(lower), np.bool_) if lateral_deg is None else np.abs(lateral_deg) > self.params.side_deg
        at = np.flatnonzero(self._of_interest(flexion_deg, lower))
        found = []
        angles = (angle[at].tolist() for angle in (flexion_deg, lower, lumbar, on_side))
        for i, up_deg, low_deg, bent_deg, side in zip(at.tolist(), *angles, strict=True):
            found += [(i, wrong) for wrong in self._head_down(up_deg, low_deg, on_side=side)]
            found += [(i, wrong) for wrong in self._bend(max(up_deg, low_deg), bent_deg)]
        first = {wrong: i for i, wrong in reversed(found) if wrong not in self.state.told}
        self.state.told.update(first)
        return sorted((i, wrong) for wrong, i in first.items())

    def _of_interest(self, *flexions_deg: Floats) -> NDArray[np.bool_]:
        """(m,) frames that can change anything: bent ones, and the first after each. A day has few."""
        bent = np.zeros(len(flexions_deg[0]), np.bool_)
        for flexion_deg in flexions_deg:
            bent |= np.abs(flexion_deg) > self.params.bend_deg - 10.0  # False for NaN
        last = self.state.deepest_deg is not None or any(self.state.down_frames)
        after: NDArray[np.bool_] = np.append(last, bent)[:-1]
        return bent | after

    def _head_down(self, *flexions_deg: float, on_side: bool) -> list[WornWrong]:
        found, names = [], (WornWrong.UPPER_UPSIDE_DOWN, WornWrong.LOWER_UPSIDE_DOWN)
        for which, (name, flexion_deg) in enumerate(zip(names, flexions_deg, strict=True)):
            down = not on_side and abs(flexion_deg) > self.params.head_down_deg  # False for NaN
            self.state.down_frames[which] = self.state.down_frames[which] + 1 if down else 0
            if self.state.down_frames[which] * FRAME_PERIOD_S >= self.params.head_down_s:
                found.append(name)
        return found

    def _bend(self, deeper_deg: float, lumbar_deg: float) -> list[WornWrong]:
        """Follow one bend after the other; NaN, where one of the two is blank, ends a bend uncounted."""
        state, limit_deg = self.state, self.params.bend_deg
        if np.isnan(deeper_deg) or np.isnan(lumbar_deg) or deeper_deg > self.params.head_down_deg:
            state.deepest_deg = None
        elif state.deepest_deg is None:
            if deeper_deg > limit_deg:
                state.deepest_deg, state.lumbar_at_deepest_deg = deeper_deg, lumbar_deg
        elif deeper_deg > state.deepest_deg:
            state.deepest_deg, state.lumbar_at_deepest_deg = deeper_deg, lumbar_deg
        elif deeper_deg < limit_deg - 10.0:
            state.deepest_deg = None
            state.lower_led.append(state.lumbar_at_deepest_deg < -self.params.lead_deg)
        return [WornWrong.SWAPPED] if sum(state.lower_led) >= self.params.bends else []
