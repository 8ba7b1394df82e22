"""Causal orientation of one sensor: segments, gross gyro bias and vqf, for live data and replay.

The same result for any chunking, and after the tracker was copied half way.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from spinewatch_signal.accelerometer_calibration import AccelerometerCalibration, with_earlier
from spinewatch_signal.accelerometer_tilt import AccelerometerTilt
from spinewatch_signal.causal_filter import CausalFilter
from spinewatch_signal.gap_filling import Bridge, Feed
from spinewatch_signal.gyro_bias import RestFinder, Rests, exceeds, unconfirmed_rad_s
from spinewatch_signal.offline_orientation import OfflineOrientation, orient_offline
from spinewatch_signal.orientation_params import NO_GRAVITY, NO_TURN_RATE, OrientationParams
from spinewatch_signal.samples import Floats, ImuBatch, SensorInfo
from spinewatch_signal.segment_start import Opening, WaitingRoom
from spinewatch_signal.segments import (
    GAP_PERIODS,
    GapSpan,
    Run,
    Splitter,
    gap_spans,
    measured_period,
)
from spinewatch_signal.still_windows import WindowFinder
from spinewatch_signal.uncertainty import GravityCheck, Motion, UncertaintyModel, left_after
from spinewatch_signal.up_vectors import UpBatch, along, concatenate_ups, empty_ups, norms, up_from_quat

__all__ = ["GapSpan", "OfflineOrientation", "OrientationParams", "OrientationTracker", "UpBatch", "orient_offline"]

IMPLAUSIBLE = "the gyroscope reports turning that the accelerometer does not confirm; hold still for two seconds"


PIECE_ROWS = 65_536
"""Long batches are taken in pieces of this: memory stays bounded, and the cost of a piece does not count."""


@dataclass(slots=True)
class _Segment:
    """A segment whose filter runs; nothing comes out before `valid_from_s`."""

    period_s: float
    valid_from_s: float
    bridge: Bridge
    filter: CausalFilter
    rest: RestFinder
    uncertainty: UncertaintyModel
    steps_s: float = 0.0
    steps: int = 0


@dataclass(slots=True)
class _State:
    """All that changes."""

    expected_period_s: float
    bias_rad_s: Floats
    bias_known: bool
    is_prior: bool
    windows: WindowFinder
    number: int = -1
    waiting: WaitingRoom | None = None
    segment: _Segment | None = None
    gravity: GravityCheck = field(default_factory=GravityCheck)
    gaps: list[GapSpan] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class OrientationTracker:
    """Turns samples of one sensor into valid verticals as they arrive.

    Nothing comes out while a segment waits for its start, under the vibration motor, and in gaps.

    Args:
        info: the sensor.
        params: rules; the defaults carry their reasons.
        gyro_bias_prior_rad_s: (3,) a gross offset known from before, for the time until a rest tells it; dropped where
            the first opening contradicts it.
    """

    def __init__(
        self,
        info: SensorInfo,
        params: OrientationParams | None = None,
        gyro_bias_prior_rad_s: Floats | None = None,
        accelerometer: AccelerometerCalibration | None = None,
    ) -> None:
        self._info, self.accelerometer = info, accelerometer
        self._params = params or OrientationParams()
        is_prior = gyro_bias_prior_rad_s is not None
        prior = np.zeros(3) if gyro_bias_prior_rad_s is None else np.array(gyro_bias_prior_rad_s, float)
        self._splitter = Splitter(self._params.segments, 1 / info.nominal_rate_hz)
        self._tilt = AccelerometerTilt(info, self._params.segments, accelerometer)
        windows = WindowFinder(self._params.bias.block_s)
        self.state = _State(1 / info.nominal_rate_hz, prior, is_prior, is_prior, windows)
        self.state.gravity.across_g = 0.0 if accelerometer is None else accelerometer.error_across_g

    @property
    def gaps(self) -> list[GapSpan]:
        """The gaps so far, in time order."""
        return self._tilt.gaps if not self._info.has_gyr else self.state.gaps

    @property
    def warnings(self) -> list[str]:
        """What the wearer should know about the sensor, one line each."""
        return self.state.warnings if self._info.has_gyr else [NO_TURN_RATE]

    @property
    def gyro_bias_rad_s(self) -> Floats:
        """(3,) the offset as it is known now, gross and fine."""
        segment = self.state.segment
        return self.state.bias_rad_s + (segment.filter.bias_rad_s if segment else 0.0)

    @property
    def rest_told_bias(self) -> bool:
        """Whether a rest of a second and a half has told the offset, so that it may serve later recordings."""
        return self.state.bias_known and not self.state.is_prior

    def told_accelerometer(self) -> AccelerometerCalibration | None:
        """What may serve later recordings of this accelerometer: by this one's still moments and by earlier ones."""
        earlier, windows = self.accelerometer, self.state.windows.windows
        windows = windows if earlier is None else earlier.undo(windows)
        return with_earlier(earlier, windows)

    @property
    def rate_hz(self) -> float:
        """The rate the filter runs at, or will start at."""
        segment = self.state.segment
        return 1 / (segment.period_s if segment else self.state.expected_period_s)

    def update(self, batch: ImuBatch) -> UpBatch:
        """The valid verticals among the samples of `batch`, and of samples held back until a segment could start."""
        if batch.gyr is None:
            return self._tilt.update(batch)
        if len(batch) == 0:
            return empty_ups(batch.sensor)
        parts = []
        for begins, run in self._splitter.split(batch):
            if begins:
                parts += self._begin()
            self.state.gaps += gap_spans(run, 1 / self.rate_hz, self._params.segments)
            if self.accelerometer is not None:
                run = replace(run, acc=self.accelerometer.apply(run.acc))
            parts += self._feed(self.state.segment, run) if self.state.segment else self._wait(run)
        return concatenate_ups(batch.sensor, parts)

    def _begin(self) -> list[UpBatch]:
        """Begin a segment; what the old one still held comes out."""
        old, state, rules = self.state.segment, self.state, self._params.segments
        rest = old.bridge.flush() if old else None
        last = self._correct_and_filter(old, rest) if old and rest else []
        if old and old.steps_s >= rules.measure_s:
            state.expected_period_s = measured_period(old.steps_s, old.steps, state.expected_period_s)
        state.segment, state.waiting = None, WaitingRoom(rules, state.expected_period_s)
        state.number += 1
        return last

    def _wait(self, run: Run) -> list[UpBatch]:
        """Hold samples back until a filter may start with them."""
        room = self.state.waiting
        if room is None:
            raise RuntimeError("samples before any segment began")
        room.push(run)
        while (opening := room.find()) is not None:
            if self._may_start(opening):
                return self._start(opening)
            room.refuse(opening)
        return []

    def _may_start(self, opening: Opening) -> bool:
        """Seed the gross bias from the opening; False when its samples cannot be true, or no rest tells the offset."""
        state, bias, seen = self.state, self._params.bias, opening.decided_on
        if np.linalg.norm(seen.acc.mean(axis=0)) < self._params.least_gravity:
            self._warn(NO_GRAVITY)
            return False
        if state.bias_known and not state.is_prior:
            return True
        unconfirmed = unconfirmed_rad_s(seen.gyr - state.bias_rad_s, seen.acc, opening.lasted_s)
        if opening.is_still:
            if exceeds(unconfirmed, bias.follow_deg_s):
                state.bias_rad_s, state.bias_known, state.is_prior = seen.gyr.mean(axis=0), False, False
            return True
        is_plausible = bool(np.linalg.norm(unconfirmed) <= np.radians(bias.implausible_deg_s))
        if not is_plausible:
            self._warn(IMPLAUSIBLE)
        return is_plausible

    def _warn(self, line: str) -> None:
        if line not in self.state.warnings:
            self.state.warnings.append(line)

    def _start(self, opening: Opening) -> list[UpBatch]:
        terms, period_s = self._params.uncertainty, opening.period_s
        start_deg = terms.still_start_deg if opening.is_still else terms.moving_start_deg
        # The model fades it from the first row on; what is meant is the first angle that comes out.
        start_deg /= left_after(opening.lasted_s, terms.memory_s)
        if opening.is_still:
            self.state.gravity.update(norms(opening.decided_on.acc.mean(axis=0)[None]))
        segment = _Segment(
            period_s,
            float(opening.run.t_s[opening.emit_from]),
            Bridge(period_s, self._params.bridge),
            self._make_filter(period_s, self._bias_sigma_deg_s()),
            RestFinder(period_s, self._params.bias),
            UncertaintyModel(period_s, terms, start_deg),
        )
        self.state.segment, self.state.waiting = segment, None
        return self._feed(segment, opening.run)

    def _make_filter(self, period_s: float, bias_sigma_deg_s: float) -> CausalFilter:
        return CausalFilter(period_s, bias_sigma_deg_s, self._params.bias)

    def _bias_sigma_deg_s(self) -> float:
        """What the filter shall believe of its offset: an offset from half a second is less sure than a small one."""
        state, bias = self.state, self._params.bias
        seeded = not state.bias_known and bool(np.any(state.bias_rad_s))
        return bias.seeded_sigma_deg_s if seeded else bias.sigma_deg_s

    def _feed(self, segment: _Segment, run: Run) -> list[UpBatch]:
        """Fill gaps, and filter what is ready."""
        usual = run.dt_s <= GAP_PERIODS * segment.period_s
        segment.steps_s += float(run.dt_s[usual].sum())
        segment.steps += int(usual.sum())
        parts = []
        for first in range(0, len(run), PIECE_ROWS):
            feed = segment.bridge.push(run[first : first + PIECE_ROWS])
            parts += self._correct_and_filter(segment, feed) if feed else []
        return parts

    def _correct_and_filter(self, segment: _Segment, feed: Feed) -> list[UpBatch]:
        """Filter `feed`, correcting the gross bias where a rest within it asks for that."""
        rests, parts, done, seen = segment.rest.push(feed.gyr, feed.acc), [], 0, 0
        self.state.windows.push(segment.rest.newest)
        unseen_g = self._params.uncertainty.unseen_accelerometer_g
        doubt_g = self.state.gravity.row_errors_g(len(feed), rests.ends, rests.acc_norm, unseen_g)
        while (i := self._first_to_correct(rests, seen)) is not None:
            end, seen = int(rests.ends[i]), i + 1
            parts.append(self._filter(segment, feed[done:end], _part(doubt_g, done, end)))
            self._correct(segment, rests, i)
            done = end
        parts.append(self._filter(segment, feed[done:], _part(doubt_g, done, None)))
        return [part for part in parts if len(part)]

    def _first_to_correct(self, rests: Rests, first: int) -> int | None:
        """Which rest, from `first` on, tells an offset that must be taken over; notes those that confirm the one known.

        The first rest tells it at once; later ones must last, for a steady swivel of the chair looks like an offset.
        """
        if first >= len(rests):
            return None
        state, rules = self.state, self._params.bias
        state.is_prior = False  # from now on rest decides
        off = np.abs(rests.rate_rad_s[first:] - state.bias_rad_s).max(axis=1) > np.radians(rules.leave_deg_s)
        known = np.concatenate([[state.bias_known], state.bias_known | np.logical_or.accumulate(~off)])
        must = np.flatnonzero(off & (~known[:-1] | (rests.lasted_s[first:] >= rules.again_s)))
        state.bias_known = bool(known[must[0]] if len(must) else known[-1])
        return first + int(must[0]) if len(must) else None

    def _correct(self, segment: _Segment, rests: Rests, i: int) -> None:
        """Take the rest's rate as the offset; where the old one was beyond vqf's reach, start the filter anew."""
        rate_rad_s = rests.rate_rad_s[i]
        residual = rate_rad_s - self.state.bias_rad_s
        self.state.bias_rad_s, self.state.bias_known = rate_rad_s, True
        if exceeds(residual, self._params.bias.follow_deg_s):
            self.state.number += 1
            segment.filter = self._make_filter(segment.period_s, self._params.bias.sigma_deg_s)
            gyr, acc = rests.block(i)
            segment.filter.update(gyr - rate_rad_s, acc)
            terms = self._params.uncertainty
            segment.uncertainty = UncertaintyModel(segment.period_s, terms, terms.still_start_deg)
        else:
            segment.filter.shift_bias(residual)

    def _filter(self, segment: _Segment, feed: Feed, doubt_g: Floats | float) -> UpBatch:
        if len(feed) == 0:
            return empty_ups(self._info.id)
        turning = feed.turning(self.state.bias_rad_s, segment.period_s)
        result = segment.filter.update(turning, np.ascontiguousarray(feed.acc))
        rate = np.subtract(feed.gyr, result["bias"], out=turning)
        rate -= self.state.bias_rad_s
        up, gyr_norm = up_from_quat(result["quat6D"]), norms(rate)
        acc_up = along(feed.acc, up)
        disturbed = feed.disturbed_deg(self._params.uncertainty.disturbed_deg)
        unsure_deg = segment.uncertainty.update(Motion(gyr_norm, acc_up, result["biasSigma"], doubt_g, disturbed))
        number = np.full(len(feed), self.state.number, np.int64)
        ups = UpBatch(self._info.id, feed.t_s.copy(), up, norms(feed.acc), acc_up, gyr_norm, unsure_deg, number)
        is_out = feed.t_s >= segment.valid_from_s
        if feed.made is not None:
            is_out &= ~feed.made
        return ups if bool(is_out.all()) else ups[is_out]


def _part(values: Floats | float, first: int, last: int | None) -> Floats | float:
    return values if isinstance(values, float) else values[first:last]
