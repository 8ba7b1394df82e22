"""Causal orientation of one sensor: segments, gross gyro bias and vqf, for live data and replay.

Rules 1 to 3 of the pipeline. The same result for any chunking, and after the tracker was copied half way.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from spinewatch_signal.accelerometer_tilt import AccelerometerTilt
from spinewatch_signal.causal_filter import CausalFilter
from spinewatch_signal.gyro_bias import Rest, RestFinder, exceeds, unconfirmed_rad_s
from spinewatch_signal.offline_orientation import OfflineOrientation, orient_offline
from spinewatch_signal.orientation_params import OrientationParams
from spinewatch_signal.samples import Floats, ImuBatch, SensorInfo
from spinewatch_signal.segments import (
    GAP_PERIODS,
    LOOK_SAMPLES,
    GapSpan,
    Run,
    Splitter,
    choose_period,
    filter_input,
    gap_spans,
    join_runs,
    still_window_ends,
)
from spinewatch_signal.uncertainty import UncertaintyModel
from spinewatch_signal.up_vectors import UpBatch, concatenate_ups, empty_ups, norms, up_from_quat

__all__ = ["GapSpan", "OfflineOrientation", "OrientationParams", "OrientationTracker", "UpBatch", "orient_offline"]

IMPLAUSIBLE = "the gyroscope reports turning that the accelerometer does not confirm; hold still for two seconds"


@dataclass(slots=True)
class _Segment:
    """The segment under way: waiting for stillness until `filter` is set."""

    began_s: float
    waiting: Run | None = None
    looked: int = 0
    period_s: float | None = None
    filter: CausalFilter | None = None
    rest: RestFinder | None = None
    uncertainty: UncertaintyModel | None = None
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
        return self.state.warnings

    @property
    def gyro_bias_rad_s(self) -> Floats:
        """(3,) the offset as it is known now, gross and fine."""
        segment = self.state.segment
        fine = segment.filter.bias_rad_s if segment and segment.filter else np.zeros(3)
        return self.state.bias_rad_s + fine

    @property
    def rate_hz(self) -> float:
        """The rate the filter runs at, or will start at."""
        segment = self.state.segment
        return 1 / (segment.period_s if segment and segment.period_s else self.state.expected_period_s)

    def update(self, batch: ImuBatch) -> UpBatch:
        """The valid verticals among the samples of `batch`, and of samples held back until a segment could start."""
        if batch.gyr is None:
            return self._tilt.update(batch)
        if len(batch) == 0:
            return empty_ups(batch.sensor)
        parts = []
        for begins, run in self._splitter.split(batch):
            if begins:
                self._begin(float(run.t_s[0]))
            parts.append(self._take(run))
        return concatenate_ups(batch.sensor, parts)

    def _begin(self, now_s: float) -> None:
        old = self.state.segment
        if old and old.steps_s >= self._params.segments.measure_s:
            self.state.expected_period_s = old.steps_s / old.steps
        self.state.segment = _Segment(began_s=now_s)
        self.state.number += 1

    def _take(self, run: Run) -> UpBatch:
        segment = self.state.segment
        if segment is None:
            raise RuntimeError("a run before any segment began")
        self.state.gaps += gap_spans(run, segment.period_s or self.state.expected_period_s, self._params.segments)
        if segment.filter is None:
            return self._wait(segment, run)
        return self._feed(segment, run)

    def _wait(self, segment: _Segment, run: Run) -> UpBatch:
        """Hold samples back until half a second of stillness, or until waiting has lasted too long."""
        params = self._params.segments
        held = segment.waiting = run if segment.waiting is None else join_runs(segment.waiting, run)
        if len(held) < LOOK_SAMPLES:
            return empty_ups(self._info.id)
        if segment.period_s is None:
            segment.period_s = choose_period(self.state.expected_period_s, held.dt_s[1:LOOK_SAMPLES], params)
        while (found := self._find_start(segment, held)) is not None:
            begin, end, still = found
            if self._may_start(held[begin : end + 1], still):
                return self._start(segment, held[begin:], end - begin, still)
            segment.began_s, segment.looked = float(held.t_s[end]), 0
            held = segment.waiting = held[end + 1 :]
        return empty_ups(self._info.id)

    def _find_start(self, segment: _Segment, held: Run) -> tuple[int, int, bool] | None:
        """First and last sample of what a filter may open with, and whether that is still."""
        params, looked = self._params.segments, segment.looked
        n_window = max(2, round(params.still_s * self.rate_hz))
        first = max(0, looked - n_window + 1)
        still = still_window_ends(held.acc[first:], held.gyr[first:], n_window, params)[looked - first :]
        late = held.t_s[looked:] - segment.began_s >= params.start_anyway_s
        ready = np.flatnonzero(still | late)
        segment.looked = len(held)
        if len(ready) == 0:
            return None
        i = int(ready[0])
        return (looked + i - n_window + 1 if still[i] else 0), looked + i, bool(still[i])

    def _may_start(self, opening: Run, still: bool) -> bool:
        """Seed the gross bias from the opening; False when its rates cannot be true and no rest tells the offset."""
        state, bias = self.state, self._params.bias
        if state.bias_known:
            return True
        lasted_s = float(opening.t_s[-1] - opening.t_s[0])
        unconfirmed = unconfirmed_rad_s(opening.gyr, opening.acc, lasted_s)
        if still and exceeds(unconfirmed, bias.follow_deg_s):
            state.bias_rad_s = opening.gyr.mean(axis=0)
        elif not still and float(np.linalg.norm(unconfirmed)) > np.radians(bias.implausible_deg_s):
            if IMPLAUSIBLE not in state.warnings:
                state.warnings.append(IMPLAUSIBLE)
            return False
        return True

    def _start(self, segment: _Segment, opening: Run, emit_from: int, still: bool) -> UpBatch:
        period_s = segment.period_s or self.state.expected_period_s
        terms = self._params.uncertainty
        start_deg = terms.still_start_deg if still else terms.moving_start_deg
        # The model fades it from the first row on; what is meant is the first angle that comes out.
        start_deg *= float(np.exp((opening.t_s[emit_from] - opening.t_s[0]) / terms.memory_s))
        segment.filter = self._make_filter(period_s, self._bias_sigma_deg_s())
        segment.rest = RestFinder(period_s, self._params.bias)
        segment.uncertainty = UncertaintyModel(period_s, terms, start_deg)
        segment.waiting = None
        return self._feed(segment, opening)[emit_from:]

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
        for rest in segment.rest.push(run.gyr, run.acc) if segment.rest else []:
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
        if segment.filter is None or segment.period_s is None:
            return
        if exceeds(residual, self._params.bias.follow_deg_s):
            self.state.number += 1
            segment.filter = self._make_filter(segment.period_s, self._params.bias.sigma_deg_s)
            segment.filter.update(rest.gyr - self.state.bias_rad_s, rest.acc)
            terms = self._params.uncertainty
            segment.uncertainty = UncertaintyModel(segment.period_s, terms, terms.still_start_deg)
        else:
            segment.filter.shift_bias(residual)

    def _filter(self, segment: _Segment, run: Run) -> UpBatch:
        if len(run) == 0 or segment.filter is None or segment.period_s is None or segment.uncertainty is None:
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
        return UpBatch(self._info.id, run.t_s.copy(), up, acc_norm, gyr_norm, unsure_deg, number)
