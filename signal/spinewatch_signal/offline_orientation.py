"""Offline (acausal) orientation of a whole recording: vqf run both ways, in blocks, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from vqf import offlineVQF

from spinewatch_signal.accelerometer_tilt import AccelerometerTilt
from spinewatch_signal.orientation_params import NO_TURN_RATE, OrientationParams
from spinewatch_signal.recording_survey import SegmentSpan, Survey, survey
from spinewatch_signal.samples import Floats, ImuBatch, SensorInfo
from spinewatch_signal.segments import GapSpan, Run, Splitter, filter_input, still_window_ends
from spinewatch_signal.uncertainty import UncertaintyModel, UncertaintyParams
from spinewatch_signal.up_vectors import UpBatch, along, norms, up_from_quat


@dataclass(frozen=True, eq=False, slots=True)
class OfflineOrientation:
    """The verticals of a whole recording of one sensor.

    Args:
        up: the verticals, as `UpBatch` says.
        gaps: gaps between samples.
        gyro_bias_rad_s: (3,) the offset, gross plus the mean of what the filter found on top of it.
        rate_hz: measured rate.
        warnings: what the wearer should know about the sensor, one line each.
    """

    up: UpBatch
    gaps: list[GapSpan]
    gyro_bias_rad_s: Floats
    rate_hz: float
    warnings: list[str] = field(default_factory=list)


class CancelledError(Exception):
    """The caller asked to stop."""


def orient_offline(
    batch: ImuBatch,
    info: SensorInfo,
    params: OrientationParams | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    gyro_bias_prior_rad_s: Floats | None = None,
) -> OfflineOrientation:
    """Orientation of a whole recording.

    Args:
        batch: all samples of one sensor.
        info: the sensor.
        params: rules; the defaults carry their reasons.
        progress: told the share done, 0 to 1.
        cancelled: asked before each block.
        gyro_bias_prior_rad_s: (3,) a gross offset known from before, used where the recording holds no rest.

    Raises:
        CancelledError: `cancelled` said so.
    """
    params = params or OrientationParams()
    if batch.gyr is None or len(batch) == 0:
        tilt = AccelerometerTilt(info, params.segments)
        warnings = [NO_TURN_RATE] if batch.gyr is None else []
        return OfflineOrientation(tilt.update(batch), tilt.gaps, np.zeros(3), info.nominal_rate_hz, warnings)
    found = survey(batch, info, params, gyro_bias_prior_rad_s)
    out = _Collector(info.id, len(batch))
    fine = np.zeros(3)
    for block in _blocks(found, params) if found.has_gravity else ():
        if cancelled and cancelled():
            raise CancelledError
        fine += block.orient(batch, found, params, out) * (block.last - block.first)
        if progress:
            progress(block.last / len(batch))
    fine /= max(1, sum(span.last - span.first for span in found.segments))
    return OfflineOrientation(out.ups(), found.gaps, found.bias_rad_s + fine, 1 / found.period_s, found.warnings)


@dataclass(frozen=True, slots=True)
class _Block:
    """Samples ``[first, last)`` of the recording, filtered together with ``[lead, tail)`` around them."""

    span: SegmentSpan
    lead: int
    first: int
    last: int
    tail: int

    def orient(self, batch: ImuBatch, found: Survey, params: OrientationParams, out: _Collector) -> Floats:
        """Filter the block, put its own verticals into `out`, give the filter's mean bias (3,)."""
        pieces = Splitter(params.segments, found.nominal_s).split(batch[self.lead : self.tail])
        if not pieces:
            return np.zeros(3)
        run = pieces[0][1]
        feed = filter_input(run, None, found.bias_rad_s, self.span.period_s)
        result = offlineVQF(feed.gyr, feed.acc, None, self.span.period_s, {"biasSigmaInit": found.bias_sigma_deg_s})
        valid_from_s, start_deg = self._start(run, params)
        begin_s = max(valid_from_s, float(batch.t_s[self.first]))
        first = int(np.searchsorted(run.t_s, begin_s))
        last = int(np.searchsorted(run.t_s, batch.t_s[self.last - 1], "right"))
        # The error model forgets, so it needs no more of the samples before than a few times its memory.
        warm = max(0, first - round(10 * params.offline_uncertainty.memory_s / self.span.period_s))
        part, rows = run[warm:last], feed.rows(warm, last)
        bias = result["bias"][rows]
        turning = part.gyr - bias
        turning -= found.bias_rad_s
        gyr_norm, acc_norm = norms(turning), norms(part.acc)
        model = UncertaintyModel(self.span.period_s, _terms(found, params), start_deg)
        disturbed = part.saturated.astype(float) + part.resumed
        unsure_deg = model.update(gyr_norm, acc_norm, result["biasSigma"][rows], disturbed)
        up = up_from_quat(result["quat6D"][feed.rows(first, last)])
        number = np.full(len(up), self.span.number, np.int64)
        own = slice(first - warm, None)
        acc_up = along(part.acc[own], up)
        out.add(UpBatch(batch.sensor, part.t_s[own], up, acc_norm[own], acc_up, gyr_norm[own], unsure_deg[own], number))
        mean: Floats = bias.mean(axis=0) if len(bias) else np.zeros(3)
        return mean

    def _start(self, run: Run, params: OrientationParams) -> tuple[float, float]:
        """When the block's angles become valid, and how unsure the first one is.

        The beginning of a recording needs no wait, because the future is known. After a gap the rule is that of the
        causal filter, but from the start of the stillness on.
        """
        if self.first > self.span.first:
            return -np.inf, 0.0
        rules, terms = params.segments, params.offline_uncertainty
        n_window = max(2, round(rules.still_s / self.span.period_s))
        opening = run[: int(np.searchsorted(run.t_s, run.t_s[0] + rules.start_anyway_s)) + 1]
        ends = np.flatnonzero(still_window_ends(opening.acc, opening.gyr, n_window, rules))
        still_s = float(run.t_s[ends[0] - n_window + 1]) if len(ends) else np.inf
        start_deg = terms.still_start_deg if still_s == run.t_s[0] else terms.moving_start_deg
        if self.span.number == 0:
            return -np.inf, start_deg
        return min(still_s, float(run.t_s[0]) + rules.start_anyway_s), start_deg


def _terms(found: Survey, params: OrientationParams) -> UncertaintyParams:
    """The error model; where an offset was only guessed from the motion, no angle is better than a rough one."""
    terms = params.offline_uncertainty
    return replace(terms, floor_deg=terms.moving_start_deg) if found.warnings else terms


def _blocks(found: Survey, params: OrientationParams) -> Iterator[_Block]:
    for span in found.segments:
        size = max(1, round(params.block_s / span.period_s))
        margin = round(params.overlap_s / 2 / span.period_s)
        # A last block shorter than the overlap would be mostly margin: it joins the one before.
        count = max(1, round((span.last - span.first) / size))
        edges = np.linspace(span.first, span.last, count + 1).astype(int).tolist()
        for first, last in pairwise(edges):
            yield _Block(span, max(span.first, first - margin), first, last, min(span.last, last + margin))


class _Collector:
    """Fills arrays of the recording's length: joining parts at the end would hold everything twice."""

    def __init__(self, sensor: str, n: int) -> None:
        columns = [np.empty(n) for _ in range(5)]
        t_s, acc_norm, acc_up, gyr_norm, unsure_deg = columns
        number = np.empty(n, np.int64)
        self._all = UpBatch(sensor, t_s, np.empty((n, 3)), acc_norm, acc_up, gyr_norm, unsure_deg, number)
        self._n = 0

    def add(self, part: UpBatch) -> None:
        """Append a part."""
        own = self._all[self._n : self._n + len(part)]
        own.t_s[:] = part.t_s
        own.up[:] = part.up
        own.acc_norm[:] = part.acc_norm
        own.acc_up[:] = part.acc_up
        own.gyr_norm[:] = part.gyr_norm
        own.sensor_uncertainty_deg[:] = part.sensor_uncertainty_deg
        own.segment[:] = part.segment
        self._n += len(part)

    def ups(self) -> UpBatch:
        """What was added, as views."""
        return self._all[: self._n]
