"""Which calibration is in force at which frame."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spinewatch_signal.calibration import Calibration
from spinewatch_signal.samples import Floats


class CalibrationSchedule:
    """Calibrations and from when each holds; followed frame by frame, forward.

    Attributes:
        current: in force at the newest frame, or None.
    """

    def __init__(self) -> None:
        self.current: Calibration | None = None
        self._coming: list[tuple[float, Calibration]] = []

    def add(self, calibration: Calibration, from_t_s: float) -> None:
        """`calibration` holds from `from_t_s` (UNIX seconds) on; what was to come after that is dropped."""
        self._coming = [entry for entry in self._coming if entry[0] < from_t_s]
        self._coming.append((from_t_s, calibration))

    def stretches(self, t_s: Floats) -> Iterator[tuple[slice, bool]]:
        """Cut frames later than all before where the calibration changes.

        Args:
            t_s: (m,) their times, UNIX seconds.

        Yields:
            One stretch after the other, with whether `current` is a new one from there on.
        """
        first = 0
        while first < len(t_s):
            changed = False
            while self._coming and self._coming[0][0] <= t_s[first]:
                _, self.current = self._coming.pop(0)
                changed = True
            end = int(np.searchsorted(t_s, self._coming[0][0])) if self._coming else len(t_s)
            yield slice(first, end), changed
            first = end
