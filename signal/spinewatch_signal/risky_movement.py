"""Movements worth a word, apart from any held posture: a fast deep bend, and bends that come too often.

Both are told from the flexion of one sensor at 10 Hz, not from any load: a bend to tie a shoe and one under a heavy box
look the same. A held posture is the matter of `slouch`.
"""

from __future__ import annotations

from dataclasses import dataclass

from spinewatch_signal.marks import RiskyMovement
from spinewatch_signal.samples import Floats
from spinewatch_signal.tallies import Whole


@dataclass(frozen=True)
class RiskyParams:
    """What is told.

    Args:
        deep_deg: a bend that reaches this is deep: the limit of the red zone of EN 1005-4, of RULA and of REBA.
        fast_deg_s: and fast, when flexion changes at this speed on the way down or up. In jobs with a high risk of back
            disorders the lumbar spine peaked at 55 °/s in the sagittal plane, in those with a low risk at 39 °/s
            (Marras et al. 1993, provisional); the lumbar share of a bend is about 51 %, so the trunk peaks at 107 °/s.
        back_deg: a deep bend is over, and the wearer back in range, below this.
        bend_deg, bend_back_deg: bends are counted from the first and are over below the second; the yellow zone of
            EN 1005-4 begins at 20°.
        bend_min_s: shorter ones are no bends.
        often_per_min, window_s: so many bends a minute over this long are frequent (frequency split of EN 1005-4,
            provisional). The standard names no window; over five minutes a single reach into a drawer does not count.
    """

    deep_deg: float = 60.0
    fast_deg_s: float = 107.0
    back_deg: float = 20.0
    bend_deg: float = 20.0
    bend_back_deg: float = 15.0
    bend_min_s: float = 1.0
    often_per_min: float = 2.0
    window_s: float = 300.0


class RiskyMovementDetector:
    """Flexion in, movements out; causal, the same for any pieces.

    Attributes:
        found: those that are over, in the order in which they ended; read only.
    """

    def __init__(self, params: RiskyParams | None = None) -> None:
        self.params = params or RiskyParams()
        self.found: list[RiskyMovement] = []

    @property
    def current(self) -> RiskyMovement | None:
        """What goes on at the newest frame: a fast deep bend until back in range, frequent bends until they ease."""
        return None

    def update(self, k: Whole, flexion_deg: Floats) -> None:
        """Take frames later than all before: grid index and flexion (NaN where blank or lying), both (m,)."""
