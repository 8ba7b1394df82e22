"""A sensor as its data sheet fears it: noise, bias, scale error, its own clock, rounding to int16 and clipping.

Every sample is a function of its number alone (noise is drawn per page of samples from a generator seeded by the page),
so that a stream read in any pieces, or twice, gives the same counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spinewatch_bridge.simulator.body import SensorSite, ideal_imu
from spinewatch_bridge.simulator.faults import Faults, inside
from spinewatch_bridge.simulator.motion import Motion
from spinewatch_bridge.simulator.wear_faults import as_worn, channel_limits, stick
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Flags, Floats, SampleFlag

TICKS_PER_S = 32768
"""The device clock of our protocol."""

ACC_M_S2_PER_COUNT = STANDARD_GRAVITY_M_S2 / 8192
GYR_RAD_S_PER_COUNT = float(np.radians(1.0 / 65.536))
"""Scale set 0 of our protocol: ±4 g and ±500 °/s."""

PAGE_SAMPLES = 6000
"""Samples computed at a time; a minute at 100 Hz, a few MB."""

Three = tuple[float, float, float]
Axes = tuple[Three, Three, Three]
"""Rows of a 3 x 3 matrix."""

_BIAS_KNOT_S = 10.0
_MOTOR_ACC_M_S2 = 3.0
_MOTOR_GYR_RAD_S = 0.5


@dataclass(frozen=True, slots=True)
class SensorErrors:
    """The errors of one unit.

    Args:
        acc_noise_m_s2, gyr_noise_rad_s: standard deviation per sample.
        acc_bias_m_s2, gyr_bias_rad_s: constant offsets, sensor axes.
        gyr_walk_rad_s: standard deviation of the bias walk after one hour.
        acc_gain, gyr_gain: per axis, 1 is right.
        clock_ppm: device clock against true time.
        rate_error: true sampling rate over the stated one, less 1.
        boot_s: device uptime when the scenario begins.
        first_s: when sample 0 is taken, seconds from the start.
        acc_axes, gyr_axes: what each axis measures of the true three; None for axes that are square.
        acc_warmth_m_s2, gyr_warmth_rad_s: what the offsets change by as the unit warms up on the skin.
        warming_s: time constant of that.
        stamped_late_s: how much later than taken the host believes the samples.
    """

    acc_noise_m_s2: float = 0.0
    gyr_noise_rad_s: float = 0.0
    acc_bias_m_s2: Three = (0.0, 0.0, 0.0)
    gyr_bias_rad_s: Three = (0.0, 0.0, 0.0)
    gyr_walk_rad_s: float = 0.0
    acc_gain: Three = (1.0, 1.0, 1.0)
    gyr_gain: Three = (1.0, 1.0, 1.0)
    clock_ppm: float = 0.0
    rate_error: float = 0.0
    boot_s: float = 0.0
    first_s: float = 0.0
    acc_axes: Axes | None = None
    gyr_axes: Axes | None = None
    acc_warmth_m_s2: Three = (0.0, 0.0, 0.0)
    gyr_warmth_rad_s: Three = (0.0, 0.0, 0.0)
    warming_s: float = 600.0
    stamped_late_s: float = 0.0


def draw_errors(rng: np.random.Generator, faults: Faults) -> SensorErrors:
    """Errors of a usual consumer IMU, with what `faults` asks for on top."""
    if faults.ideal_sensors:
        return SensorErrors()
    errors = SensorErrors(
        # 150 µg/√Hz and 0.007 °/s/√Hz over a band of 50 Hz: data sheets of current 6-axis parts.
        acc_noise_m_s2=150e-6 * STANDARD_GRAVITY_M_S2 * np.sqrt(50.0) * faults.noise_factor,
        gyr_noise_rad_s=float(np.radians(0.007 * np.sqrt(50.0))) * faults.noise_factor,
        acc_bias_m_s2=three(rng.normal(0.0, 0.003 * STANDARD_GRAVITY_M_S2, 3)),
        gyr_bias_rad_s=three(np.radians(rng.normal(0.0, 0.25, 3))),
        gyr_walk_rad_s=float(np.radians(0.03)),
        acc_gain=three(1.0 + rng.normal(0.0, 0.002, 3)),
        gyr_gain=three(1.0 + rng.normal(0.0, 0.003, 3)),
        clock_ppm=float(rng.uniform(-40.0, 40.0)),
        rate_error=float(rng.uniform(-0.012, 0.012)),
        boot_s=float(rng.uniform(5.0, 600.0)),
        first_s=float(rng.uniform(0.0, 0.009)),
    )
    return with_requests(errors, faults)


def with_requests(errors: SensorErrors, faults: Faults) -> SensorErrors:
    """The same with what `faults` asks for instead."""
    if faults.gyro_bias_deg_s is not None:
        errors = replace(errors, gyr_bias_rad_s=three(np.radians(faults.gyro_bias_deg_s)))
    if faults.acc_scale_error is not None:
        errors = replace(errors, acc_gain=three(np.full(3, 1.0 + faults.acc_scale_error)))
    if faults.clock_ppm is not None:
        errors = replace(errors, clock_ppm=faults.clock_ppm)
    if faults.rate_error is not None:
        errors = replace(errors, rate_error=faults.rate_error)
    return errors


def three(values: NDArray[np.float64]) -> Three:
    """Three numbers of an array."""
    x, y, z = values.tolist()
    return x, y, z


@dataclass(frozen=True, eq=False, slots=True)
class DeviceSamples:
    """Consecutive samples as the device took them.

    Args:
        first_index: number of the first sample since the device started.
        ticks: (n,) device clock, 1/32768 s, unwrapped.
        counts: (n, 6) int16, acc xyz then gyr xyz, scale set 0.
        flags: (n,) bits of `SampleFlag`.
        true_t_s: (n,) UNIX seconds at which each sample was really taken.
    """

    first_index: int
    ticks: NDArray[np.int64]
    counts: NDArray[np.int16]
    flags: Flags
    true_t_s: Floats

    def __len__(self) -> int:
        return len(self.ticks)

    def __getitem__(self, part: slice) -> DeviceSamples:
        """The samples of `part`, as views."""
        first = self.first_index + part.indices(len(self))[0]
        return DeviceSamples(first, self.ticks[part], self.counts[part], self.flags[part], self.true_t_s[part])


class SensorStream:
    """The samples of one sensor on one wearer, read forward or asked for by number.

    Args:
        motion: curves of the wearer.
        place: where the sensor sits.
        errors: its errors.
        faults: motor spans; the rest is in `errors` already.
        start_s: UNIX seconds of the start of the scenario.
        duration_s: length of the scenario.
        seed: seeds of the noise.
        nominal_rate_hz: what the device says its rate is.
    """

    def __init__(
        self,
        motion: Motion,
        place: SensorSite,
        errors: SensorErrors,
        faults: Faults,
        start_s: float,
        duration_s: float,
        seed: tuple[int, ...],
        nominal_rate_hz: float = 100.0,
    ) -> None:
        self._motion, self._place, self._faults, self._seed = motion, place, faults, seed
        self.errors, self.start_s = errors, start_s
        self.period_s = 1.0 / (nominal_rate_hz * (1.0 + errors.rate_error))
        self.samples = max(0, int(np.ceil((duration_s - errors.first_s) / self.period_s)))
        self._walk = self._draw_walk(duration_s)
        self._next = 0
        self._page: DeviceSamples | None = None

    def read(self, until_true_s: float) -> DeviceSamples:
        """The samples taken before ``until_true_s`` (UNIX seconds) that were not read yet."""
        end = max(self._next, self.taken_before(until_true_s))
        taken = self.between(self._next, end)
        self._next = end
        return taken

    def between(self, first: int, end: int) -> DeviceSamples:
        """Samples ``first`` to ``end`` (not included) by number."""
        pages = range(first // PAGE_SAMPLES, max(first, end - 1) // PAGE_SAMPLES + 1)
        parts = []
        for number in pages:
            base = number * PAGE_SAMPLES
            parts.append(self._get_page(number)[max(0, first - base) : max(0, end - base)])
        return parts[0] if len(parts) == 1 else _join(first, parts)

    def taken_before(self, true_s: float) -> int:
        """How many samples are taken before ``true_s`` (UNIX seconds)."""
        elapsed = (true_s - self.start_s - self.errors.first_s) / self.period_s
        return int(np.ceil(np.clip(elapsed, 0.0, self.samples)))

    def taken_s(self, index: int) -> float:
        """UNIX seconds at which sample `index` is really taken."""
        return self.start_s + self.errors.first_s + index * self.period_s

    def ticks_at(self, true_s: float) -> int:
        """What the device clock shows at ``true_s`` (UNIX seconds)."""
        return int((true_s - self.start_s + self.errors.boot_s) * self._ticks_per_s)

    @property
    def _ticks_per_s(self) -> float:
        return TICKS_PER_S * (1.0 + self.errors.clock_ppm * 1e-6)

    def _get_page(self, number: int) -> DeviceSamples:
        if self._page is None or self._page.first_index != number * PAGE_SAMPLES:
            self._page = self._make_page(number)
        return self._page

    def _make_page(self, number: int) -> DeviceSamples:
        index = number * PAGE_SAMPLES
        count = max(0, min(PAGE_SAMPLES, self.samples - index))
        since_s = self.errors.first_s + np.arange(index, index + count, dtype=np.float64) * self.period_s
        counts, saturated = self._counts(number, index, since_s)
        flags = np.where(saturated, np.uint8(SampleFlag.SATURATED), np.uint8(0))
        flags |= np.where(inside(since_s, self._faults.motor_on), np.uint8(SampleFlag.MOTOR_ON), np.uint8(0))
        clock = (since_s + self.errors.boot_s) * self._ticks_per_s
        return DeviceSamples(index, clock.astype(np.int64), counts, flags, self.start_s + since_s)

    def _counts(self, number: int, index: int, since_s: Floats) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
        """Counts of one page, and which samples were clipped."""
        errors, count = self.errors, len(since_s)
        true = ideal_imu(self._motion, self._place, errors.first_s, self.period_s, index, count)
        true = as_worn(true, since_s, self.period_s, self._faults)
        noise = np.random.default_rng((*self._seed, number)).standard_normal((PAGE_SAMPLES, 6), np.float32)[:count]
        motor = inside(since_s, self._faults.motor_on)[:, None]
        acc = _seen_by(errors.acc_axes, true.acc) * errors.acc_gain + errors.acc_bias_m_s2
        acc += noise[:, :3] * np.where(motor, _MOTOR_ACC_M_S2, errors.acc_noise_m_s2)
        gyr = _seen_by(errors.gyr_axes, true.gyr) * errors.gyr_gain + errors.gyr_bias_rad_s + self._walk_at(since_s)
        if any(errors.acc_warmth_m_s2) or any(errors.gyr_warmth_rad_s):
            warm = -np.expm1(-since_s / errors.warming_s)[:, None]
            acc += warm * errors.acc_warmth_m_s2
            gyr += warm * errors.gyr_warmth_rad_s
        gyr += noise[:, 3:] * np.where(motor, _MOTOR_GYR_RAD_S, errors.gyr_noise_rad_s)
        scaled = np.rint(np.hstack([acc / ACC_M_S2_PER_COUNT, gyr / GYR_RAD_S_PER_COUNT]))
        largest = channel_limits(self._faults, ACC_M_S2_PER_COUNT, GYR_RAD_S_PER_COUNT)
        clipped = np.clip(scaled, -1 - largest, largest)
        saturated = np.any(clipped != scaled, axis=1)
        stick(clipped, since_s, self._faults)
        return clipped.astype(np.int16), saturated

    def _draw_walk(self, duration_s: float) -> NDArray[np.float64]:
        """(knots, 3) the bias walk at its knots."""
        knots = int(duration_s / _BIAS_KNOT_S) + 3
        step = self.errors.gyr_walk_rad_s * np.sqrt(_BIAS_KNOT_S / 3600.0)
        steps = np.random.default_rng((*self._seed, 2**31)).standard_normal((knots, 3)) * step
        walk: NDArray[np.float64] = np.cumsum(steps, axis=0)
        return walk

    def _walk_at(self, since_s: Floats) -> NDArray[np.float64]:
        knots_s = np.arange(len(self._walk)) * _BIAS_KNOT_S
        return np.stack([np.interp(since_s, knots_s, self._walk[:, axis]) for axis in range(3)], axis=1)


def _seen_by(axes: Axes | None, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 3) as axes out of square measure it."""
    if axes is None:
        return vectors
    seen: NDArray[np.float64] = vectors @ np.array(axes).T
    return seen


def _join(first: int, parts: list[DeviceSamples]) -> DeviceSamples:
    return DeviceSamples(
        first,
        np.concatenate([p.ticks for p in parts]),
        np.concatenate([p.counts for p in parts]),
        np.concatenate([p.flags for p in parts]),
        np.concatenate([p.true_t_s for p in parts]),
    )
