"""Causal orientation of one sensor: segments, gross gyro bias and vqf, for live data and replay.

The same result for any chunking, and after the tracker was copied half way.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from spinewatch_signal.accelerometer_tilt import AccelerometerTilt
from spinewatch_signal.causal_filter import CausalFilter
from spinewatch_signal.gyro_bias import Rest, RestFinder, exceeds, unconfirmed_rad_s
from spinewatch_signal.offline_orientation import OfflineOrientation, orient_offline
from spinewatch_signal.orientation_params import NO_GRAVITY, NO_TURN_RATE, OrientationParams
from spinewatch_signal.samples import Floats, ImuBatch, SensorInfo
from spinewatch_signal.segment_start import Opening, WaitingRoom
from spinewatch_signal.segments import (
    GAP_PERIODS,
    GapSpan,
    Run,
    Splitter,
    filter_input,
    gap_spans,
    measured_period,
)
from spinewatch_signal.uncertainty import UncertaintyModel
from spinewatch_signal.up_vectors import UpBatch, along, concatenate_ups, empty_ups, norms, up_from_quat

__all__ = ["GapSpan", "OfflineOrientation", "OrientationParams", "OrientationTracker", "UpBatch", "orient_offline"]

IMPLAUSIBLE = "the gyroscope reports turning that the accelerometer does not confirm; hold still for two seconds"


@dataclass(slots=True)
class _Segment:
    """A segment whose filter runs."""

    period_s: float
    filter: CausalFilter
    rest: RestFinder
    uncertainty: UncertaintyModel
    before: Run | None = None
    steps_s: float = 0.0
    steps: int = 0


@dataclass(slots=True)
class _State:
    """All that changes."""

    expected_period_s: float
    bias_rad_s: Floats
    bias_known: bool
    number: int = -1
    waiting: WaitingRoom | None = None
    segment: _Segment | None = None
    gaps: list[GapSpan] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class OrientationTracker:
    """Turns samples of one sensor into valid verticals as they arrive.

    Nothing comes out while a segment waits for its start, under the vibration motor, and in gaps.

    Args:
        info: the sensor.
        params: rules; the defaults carry their reasons.
        gyro_bias_prior_rad_s: (3,) a gross offset known from before, for recordings that hold no rest.
    """

    def __init__(
        self,
        info: SensorInfo,
        params: OrientationParams | None = None,
        gyro_bias_prior_rad_s: Floats | None = None,
    ) -> None:
        self._info = info
        self._params = params or OrientationParams()
        prior = np.zeros(3) if gyro_bias_prior_rad_s is None else np.array(gyro_bias_prior_rad_s, float)
        self._splitter = Splitter(self._params.segments, 1 / info.nominal_rate_hz)
        self._tilt = AccelerometerTilt(info, self._params.segments)
        self.state = _State(1 / info.nominal_rate_hz, prior, gyro_bias_prior_rad_s is not None)

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
                self._begin()
            self.state.gaps += gap_spans(run, 1 / self.rate_hz, self._params.segments)
            parts.append(self._feed(self.state.segment, run) if self.state.segment else self._wait(run))
        return concatenate_ups(batch.sensor, parts)

    def _begin(self) -> None:
        old, state, rules = self.state.segment, self.state, self._params.segments
        if old and old.steps_s >= rules.measure_s:
            state.expected_period_s = measured_period(old.steps_s, old.steps, state.expected_period_s)
        state.segment, state.waiting = None, WaitingRoom(rules, state.expected_period_s)
        state.number += 1

    def _wait(self, run: Run) -> UpBatch:
        """Hold samples back until a filter may start with them."""
        room = self.state.waiting
        if room is None:
            raise RuntimeError("samples before any segment began")
        room.push(run)
        while (opening := room.find()) is not None:
            if self._may_start(opening):
                return self._start(opening)
            room.refuse(opening)
        return empty_ups(self._info.id)

    def _may_start(self, opening: Opening) -> bool:
        """Seed the gross bias from the opening; False when its samples cannot be true, or no rest tells the offset."""
        state, bias, seen = self.state, self._params.bias, opening.decided_on
        if np.linalg.norm(seen.acc.mean(axis=0)) < self._params.least_gravity:
            self._warn(NO_GRAVITY)
            return False
        if state.bias_known:
            return True
        unconfirmed = unconfirmed_rad_s(seen.gyr, seen.acc, opening.lasted_s)
        if opening.is_still:
            if exceeds(unconfirmed, bias.follow_deg_s):
                state.bias_rad_s = seen.gyr.mean(axis=0)
            return True
        is_plausible = bool(np.linalg.norm(unconfirmed) <= np.radians(bias.implausible_deg_s))
        if not is_plausible:
            self._warn(IMPLAUSIBLE)
        return is_plausible

    def _warn(self, line: str) -> None:
        if line not in self.state.warnings:
            self.state.warnings.append(line)

    def _start(self, opening: Opening) -> UpBatch:
        terms, period_s = self._params.uncertainty, opening.period_s
        start_deg = terms.still_start_deg if opening.is_still else terms.moving_start_deg
        # The model fades it from the first row on; what is meant is the first angle that comes out.
        start_deg *= float(np.exp(opening.lasted_s / terms.memory_s))
        segment = _Segment(
            period_s,
            self._make_filter(period_s, self._bias_sigma_deg_s()),
            RestFinder(period_s, self._params.bias),
            UncertaintyModel(period_s, terms, start_deg),
        )
        self.state.segment, self.state.waiting = segment, None
        return self._feed(segment, opening.run)[opening.emit_from :]

    def _make_filter(self, period_s: float, bias_sigma_deg_s: float) -> CausalFilter:
        return CausalFilter(period_s, bias_sigma_deg_s, self._params.bias)

    def _bias_sigma_deg_s(self) -> float:
        """What the filter shall believe of its offset: an offset from half a second is less sure than a small one."""
        state, bias = self.state, self._params.bias
        seeded = not state.bias_known and bool(np.any(state.bias_rad_s))
        return bias.seeded_sigma_deg_s if seeded else bias.sigma_deg_s

    def _feed(self, segment: _Segment, run: Run) -> UpBatch:
        """Filter `run`, correcting the gross bias where a rest within it asks for that."""
        parts, done = [], 0
        for rest in segment.rest.push(run.gyr, run.acc):
            if self._must_correct(rest):
                parts.append(self._filter(segment, run[done : rest.end]))
                self._correct(segment, rest)
                done = rest.end
        parts.append(self._filter(segment, run[done:]))
        return concatenate_ups(self._info.id, parts)

    def _must_correct(self, rest: Rest) -> bool:
        residual = rest.rate_rad_s - self.state.bias_rad_s
        if not exceeds(residual, self._params.bias.leave_deg_s):
            self.state.bias_known = True
            return False
        return not self.state.bias_known or rest.lasted_s >= self._params.bias.again_s

    def _correct(self, segment: _Segment, rest: Rest) -> None:
        """Take the rest's rate as the offset; where the old one was beyond vqf's reach, start the filter anew."""
        residual = rest.rate_rad_s - self.state.bias_rad_s
        self.state.bias_rad_s, self.state.bias_known = rest.rate_rad_s, True
        if exceeds(residual, self._params.bias.follow_deg_s):
            self.state.number += 1
            segment.filter = self._make_filter(segment.period_s, self._params.bias.sigma_deg_s)
            segment.filter.update(rest.gyr - self.state.bias_rad_s, rest.acc)
            terms = self._params.uncertainty
            segment.uncertainty = UncertaintyModel(segment.period_s, terms, terms.still_start_deg)
        else:
            segment.filter.shift_bias(residual)

    def _filter(self, segment: _Segment, run: Run) -> UpBatch:
        if len(run) == 0:
            return empty_ups(self._info.id)
        feed = filter_input(run, segment.before, self.state.bias_rad_s, segment.period_s)
        result = segment.filter.update(feed.gyr, feed.acc)
        rows = feed.rows()
        segment.before = run[-1:]
        usual = run.dt_s <= GAP_PERIODS * segment.period_s
        segment.steps_s += float(run.dt_s[usual].sum())
        segment.steps += int(usual.sum())
        gyr_norm = norms(run.gyr - self.state.bias_rad_s - result["bias"][rows])
        acc_norm = norms(run.acc)
        disturbed = run.saturated.astype(float) + run.resumed
        unsure_deg = segment.uncertainty.update(gyr_norm, acc_norm, result["biasSigma"][rows], disturbed)
        number = np.full(len(run), self.state.number, np.int64)
        up = up_from_quat(result["quat6D"][rows])
        acc_up = along(run.acc, up)
        return UpBatch(self._info.id, run.t_s.copy(), up, acc_norm, acc_up, gyr_norm, unsure_deg, number)
