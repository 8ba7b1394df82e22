"""How many hours a sensor's battery will last: from how it fell, and before that from what its maker says. Pure."""

from __future__ import annotations

from collections import deque

import numpy as np

MEMORY_S = 3 * 3600.0
"""Radio and cold change what a sensor takes; older readings say little about the next hours."""
MIN_SPAN_S = 900.0
MIN_FALL_PERCENT = 3.0
"""Below this the steps of the gauge (1 % at best, 5-10 % on some) are the larger part of what is seen."""
MAX_READINGS = 400
STEP_S = MEMORY_S / MAX_READINGS
"""A gauge that wavers tells something else every second: the newest of a step stands for all."""
CHARGED_PERCENT = 1.0
"""A rise by more than this is a charger, not the gauge's noise."""


class BatteryEstimate:
    """Follows the charge of one sensor.

    Args:
        life_h: how long a full battery lasts, as its maker says; None where that is not known.
    """

    def __init__(self, life_h: float | None = None) -> None:
        self._life_h = life_h
        self._readings: deque[tuple[float, float]] = deque(maxlen=MAX_READINGS)

    def told(self, t_s: float, percent: float) -> None:
        """A reading of the gauge at UNIX time `t_s`; the time of a reading that says the same again counts, too."""
        if self._readings and percent > self._readings[-1][1] + CHARGED_PERCENT:
            self._readings.clear()
        if len(self._readings) > 1 and t_s - self._readings[-2][0] < STEP_S:
            self._readings.pop()
        self._readings.append((t_s, percent))
        while self._readings[0][0] < t_s - MEMORY_S:
            self._readings.popleft()

    @property
    def hours(self) -> float | None:
        """Hours left from the newest reading on; None when nothing is known to tell it from."""
        if not self._readings:
            return None
        percent = self._readings[-1][1]
        fall_per_h = self._fall_percent_per_h()
        if fall_per_h is not None:
            return percent / fall_per_h
        return None if self._life_h is None else self._life_h * percent / 100.0

    def _fall_percent_per_h(self) -> float | None:
        readings = np.array(self._readings)
        t_h, percent = (readings[:, 0] - readings[0, 0]) / 3600.0, readings[:, 1]
        if t_h[-1] * 3600.0 < MIN_SPAN_S or percent[0] - percent[-1] < MIN_FALL_PERCENT:
            return None
        slope = float(np.polyfit(t_h, percent, 1)[0])
        return -slope if slope < 0.0 else None
