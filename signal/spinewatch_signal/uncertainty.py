"""How far the inclination may be off: a simple model of what disturbs an orientation filter."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.signal import lfilter

from spinewatch_signal.samples import Floats


@dataclass(frozen=True, slots=True)
class UncertaintyParams:
    """Terms of the 95 % half-width of the inclination; they add as squares.

    The two slopes were set so that the band holds in each of ten optically tracked trials (99 % and more inside, where
    the sensor itself was calibrated; a sensor with a scale error needs the margin). A first, simple model.

    Args:
        floor_deg: what no term below sees: accelerometer offset (10 mg are 0.57°), slow sway taken for rest.
        memory_s: for how long a disturbance stays in the estimate: vqf's accelerometer time constant.
        per_rate_s: degrees for each °/s of RMS angular rate over the memory: scale errors, alignment of the axes.
        per_acceleration_deg: degrees for each m/s² of RMS change of the specific force's length over the memory.
        still_start_deg: first angle after a still start; half a second of sway.
        moving_start_deg: first angle after a start in motion, from an accelerometer that also felt the motion.
        disturbed_deg: added by each saturated sample, and by a hold under the motor; fades with the memory.
    """

    floor_deg: float = 1.0
    memory_s: float = 3.0
    per_rate_s: float = 0.006
    per_acceleration_deg: float = 0.15
    still_start_deg: float = 1.0
    moving_start_deg: float = 12.0
    disturbed_deg: float = 5.0


FORGOTTEN_DEG = 1e-6
"""A start or disturbance that has faded to this adds less than 1e-12 to a band of a degree."""

OFFLINE_PARAMS = UncertaintyParams(per_rate_s=0.005, per_acceleration_deg=0.12, moving_start_deg=8.0)
"""The acausal estimate knows the future too: less lag, and a start in motion is mended from behind."""


@dataclass(slots=True)
class UncertaintyModel:
    """The model with its memory, sample by sample; one for each filter run."""

    period_s: float
    params: UncertaintyParams
    start_deg: float = 0.0
    _rate: Floats = field(default_factory=lambda: np.zeros(1))
    _length: Floats | None = None
    _change: Floats = field(default_factory=lambda: np.zeros(1))
    _fading: Floats | None = None

    def update(self, gyr_norm: Floats, acc_norm: Floats, bias_sigma_rad_s: Floats, disturbed: Floats) -> Floats:
        """The 95 % half-widths.

        Args:
            gyr_norm: (n,) rad/s, bias taken away.
            acc_norm: (n,) m/s².
            bias_sigma_rad_s: (n,) SD of the filter's own bias estimate; it grows with the time since rest.
            disturbed: (n,) how many disturbances (saturated, resumed after a hold) happened at each sample.

        Returns:
            (n,) degrees, at most 180.
        """
        p = self.params
        keep = float(np.exp(-self.period_s / p.memory_s))
        mean_square_rate, self._rate = _smooth(gyr_norm**2, keep, self._rate)
        length_zi = keep * acc_norm[:1] if self._length is None else self._length
        length, self._length = _smooth(acc_norm, keep, length_zi)
        mean_square_change, self._change = _smooth((acc_norm - length) ** 2, keep, self._change)
        total = p.floor_deg**2 + (p.per_rate_s * 180 / np.pi) ** 2 * mean_square_rate
        total += p.per_acceleration_deg**2 * mean_square_change
        # A constant offset tilts the estimate by about offset × time constant; 2 SD for 95 %.
        total += (2 * p.memory_s * 180 / np.pi) ** 2 * bias_sigma_rad_s**2
        fading_zi = np.array([keep * self.start_deg]) if self._fading is None else self._fading
        if fading_zi[0] > FORGOTTEN_DEG or disturbed.any():
            fading, self._fading = lfilter([1.0], [1.0, -keep], p.disturbed_deg * disturbed, zi=fading_zi)
            total += fading**2
        else:
            self._fading = np.zeros(1)
        return np.minimum(np.sqrt(total), 180.0)


def _smooth(values: Floats, keep: float, state: Floats) -> tuple[Floats, Floats]:
    smooth, state = lfilter([1 - keep], [1.0, -keep], values, zi=state)
    return smooth, state
