"""How far the inclination may be off: what disturbs an orientation filter, term by term, as a 95 % half-width.

The filter's vertical is the low-passed accelerometer, carried from sample to sample by the gyroscope. So an error of
either counts for about one time constant: that is the memory below. The terms add as squares.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter, lfilter_zi

from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Floats


@dataclass(frozen=True, slots=True)
class UncertaintyParams:
    """Terms of the 95 % half-width.

    `floor_deg`, `lag_s` and `per_rate_s` were chosen in coarse steps on ten optically tracked recordings. Chosen on
    nine and tried on the tenth, the causal band held in 88 % and more of each but one (fast turning: 63 %; `per_rate_s`
    was then set so that it holds there too), the offline band in 95 % and more of each.

    Args:
        floor_deg: what is left of a well calibrated accelerometer (3 mg after calibration, van Hees 2014: 0.35° for
            2 SD), and sway taken for rest.
        accelerometer_sd: SDs of the accelerometer's own error, as rest shows it, that make the tilt's half-width
            (20 mg moved the tilt by 1.7° on average and 2.6° at most in 61 recordings: 2 SD are 2.3°).
        unseen_accelerometer_g: that error while no rest was seen: 16.6 mg on average before calibration
            (van Hees 2014).
        memory_s: for how long an error stays in the estimate: vqf's accelerometer time constant.
        lag_s: time by which the angle may be late or early: half a sample and the gyroscope's own low-pass.
        per_rate_s: degrees for each °/s of RMS angular rate over the memory: scale and alignment of the gyroscope's
            axes (data sheets: up to 1 %), coning.
        per_slow_acceleration_deg, slow_s: degrees for each m/s² of RMS over the memory of the vertical force's slow
            changes (low-passed twice with `slow_s`); fast ones average out, slow ones tilt the vertical.
        still_start_deg: first angle after a still start; half a second of sway.
        moving_start_deg: first angle after a start in motion, from an accelerometer that also felt the motion.
        disturbed_deg: added by each saturated sample, and by a hold under the motor; fades with the memory.
    """

    floor_deg: float = 0.5
    accelerometer_sd: float = 2.0
    unseen_accelerometer_g: float = 0.0166
    memory_s: float = 3.0
    lag_s: float = 0.002
    per_rate_s: float = 0.0055
    per_slow_acceleration_deg: float = 0.5
    slow_s: float = 0.5
    still_start_deg: float = 1.0
    moving_start_deg: float = 12.0
    disturbed_deg: float = 5.0


OFFLINE_PARAMS = UncertaintyParams(floor_deg=0.4, per_rate_s=0.003, moving_start_deg=8.0)
"""The acausal estimate knows the future too: errors of the gyroscope cancel in part, and a start in motion is mended
from behind."""

FORGOTTEN_DEG = 1e-11
"""A start or disturbance that has faded to this is nothing, even beside a new one of some degrees."""
TREND_S = 10.0
"""Changes of the vertical force slower than this are the accelerometer's scale, not motion."""


@dataclass(frozen=True, eq=False, slots=True)
class Motion:
    """What the error model looks at, row by row of a filter.

    Args:
        gyr_norm: (n,) rad/s, bias taken away.
        acc_up: (n,) specific force along the vertical, m/s².
        bias_sigma_rad_s: (n,) SD of the filter's own bias estimate; it grows with the time since rest.
        accelerometer_error_g: (n,) or one number: RMS of what rest shows to be wrong with the accelerometer, g.
        disturbed_deg: (n,) what happened to the estimate at each row (saturation, a hold, a filled gap), degrees.
    """

    gyr_norm: Floats
    acc_up: Floats
    bias_sigma_rad_s: Floats
    accelerometer_error_g: Floats | float
    disturbed_deg: Floats


@dataclass(slots=True)
class UncertaintyModel:
    """The model with its memory, row by row; one for each filter run."""

    period_s: float
    params: UncertaintyParams
    start_deg: float = 0.0
    _slow: Floats | None = None
    _trend: Floats | None = None
    _memory: Floats = field(default_factory=lambda: np.zeros(1))
    _fading: Floats | None = None

    def update(self, motion: Motion) -> Floats:
        """The 95 % half-widths (n,), degrees, at most 180."""
        squares = self._steady(motion)
        if self._fading is None:
            self._fading = _start_of_fading(self.start_deg, self.period_s, self.params.memory_s)
        if np.abs(self._fading).max() > FORGOTTEN_DEG or motion.disturbed_deg.any():
            fading, self._fading = _faded(motion.disturbed_deg, self._fading, self.period_s, self.params.memory_s)
            squares += fading**2
        else:
            self._fading = np.zeros(2)
        return np.minimum(np.sqrt(squares), 180.0)

    def told_afterwards(self, motion: Motion) -> Floats:
        """The half-widths (n,) of an estimate that knows the future: half of a disturbance stands before it."""
        squares = self._steady(motion)
        start = _start_of_fading(self.start_deg, self.period_s, self.params.memory_s)
        half_deg = motion.disturbed_deg / 2
        if self.start_deg > 0 or half_deg.any():
            after, _ = _faded(half_deg, start, self.period_s, self.params.memory_s)
            before, _ = _faded(half_deg[::-1], np.zeros(2), self.period_s, self.params.memory_s)
            squares += after**2 + before[::-1] ** 2
        return np.minimum(np.sqrt(squares), 180.0)

    def _steady(self, motion: Motion) -> Floats:
        """(n,) squares of all terms but disturbances."""
        p = self.params
        slow = self._slow_changes(motion.acc_up)
        rate_square = motion.gyr_norm**2
        rate_square *= (180 / np.pi) ** 2
        remembered = p.per_rate_s**2 * rate_square
        remembered += np.square(p.per_slow_acceleration_deg * slow)
        keep = float(np.exp(-self.period_s / p.memory_s))
        squares, self._memory = lfilter([1 - keep], [1.0, -keep], remembered, zi=self._memory)
        squares += p.lag_s**2 * rate_square
        # A constant offset tilts the estimate by offset × time constant. One SD and not two: what vqf says of its
        # offset in motion is cautious (0.1 °/s after two minutes; the offset itself had moved by 0.03 °/s).
        squares += (p.memory_s * 180 / np.pi) ** 2 * motion.bias_sigma_rad_s**2
        squares += p.floor_deg**2 + np.square(np.degrees(p.accelerometer_sd * motion.accelerometer_error_g))
        return np.asarray(squares)

    def _slow_changes(self, acc_up: Floats) -> Floats:
        """(n,) low-passed twice with `slow_s`, less what changes more slowly than `TREND_S`; m/s²."""
        low, trend = np.exp(-self.period_s / self.params.slow_s), np.exp(-self.period_s / TREND_S)
        # Two filters, and not their product: rounding errors grow with the third power of the time constants there.
        twice = ([(1 - low) ** 2], [1.0, -2 * low, low**2])
        if self._slow is None:
            self._slow, self._trend = lfilter_zi(*twice) * acc_up[0], np.array([-acc_up[0]])
        slow, self._slow = lfilter(*twice, acc_up, zi=self._slow)
        changes, self._trend = lfilter([1.0, -1.0], [1.0, -trend], slow, zi=self._trend)
        return np.asarray(changes)


def left_after(since_s: float, memory_s: float) -> float:
    """What share of a step of the orientation is left in the estimate, for up to one memory."""
    turn = min(since_s / memory_s, 1.0)
    return float(np.exp(-turn) * (np.cos(turn) + np.sin(turn)))


def _fading_poles(period_s: float, memory_s: float) -> tuple[float, float]:
    turn = period_s / memory_s
    return float(np.exp(-turn) * np.cos(turn)), float(np.exp(-turn) * np.sin(turn))


def _faded(events_deg: Floats, state: Floats, period_s: float, memory_s: float) -> tuple[Floats, Floats]:
    """How a step of the orientation leaves the estimate: exp(-t/τ) (cos t/τ + sin t/τ), vqf's second-order low-pass."""
    real, imaginary = _fading_poles(period_s, memory_s)
    denominator = [1.0, -2 * real, real**2 + imaginary**2]
    faded, state = lfilter([1.0, imaginary - real], denominator, events_deg, zi=state)
    return faded, state


def _start_of_fading(start_deg: float, period_s: float, memory_s: float) -> Floats:
    """The filter state in which the first row sees a disturbance of one row ago."""
    real, imaginary = _fading_poles(period_s, memory_s)
    first = real + imaginary
    return start_deg * np.array([first, -(real**2 + imaginary**2)])


@dataclass(slots=True)
class GravityCheck:
    """How wrong an accelerometer is, by the length of gravity at rest.

    Only the error along gravity can be seen; the one across, which tilts, is taken to be of the same size. Of an
    accelerometer that was calibrated that would say too little: what may be left across is then known.

    Args:
        across_g: what may be left across gravity after a calibration; zero without one.
    """

    squares_g2: float = 0.0
    rests: int = 0
    across_g: float = 0.0

    def update(self, acc_norm: Floats) -> None:
        """Take the mean specific force's length (k,), m/s², of still blocks."""
        self.squares_g2 += float(np.sum(np.square(acc_norm / STANDARD_GRAVITY_M_S2 - 1.0)))
        self.rests += len(acc_norm)

    def error_g(self, unseen_g: float) -> float:
        """RMS over the rests so far, g; `unseen_g` before the first."""
        seen_g = float(np.sqrt(self.squares_g2 / self.rests)) if self.rests else unseen_g
        return float(np.hypot(seen_g, self.across_g))

    def row_errors_g(self, n: int, ends: NDArray[np.int64], acc_norm: Floats, unseen_g: float) -> Floats | float:
        """Take still blocks that end before the rows `ends` (k,) of `n`; (n,) errors as known at each row."""
        if len(ends) == 0:
            return self.error_g(unseen_g)
        first = self.error_g(unseen_g)
        squares = self.squares_g2 + np.cumsum(np.square(acc_norm / STANDARD_GRAVITY_M_S2 - 1.0))
        known = np.sqrt(squares / (self.rests + np.arange(1, len(ends) + 1)) + self.across_g**2)
        self.squares_g2, self.rests = float(squares[-1]), self.rests + len(ends)
        return np.repeat(np.concatenate([[first], known]), np.diff(np.concatenate([[0], ends, [n]])))
