"""Offline (acausal) orientation of a whole recording: vqf run both ways, in blocks, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from itertools import pairwise

import numpy as np
from vqf import offlineVQF

from spinewatch_signal.accelerometer_calibration import AccelerometerCalibration
from spinewatch_signal.accelerometer_tilt import AccelerometerTilt
from spinewatch_signal.gap_filling import Feed, bridged
from spinewatch_signal.hole_repair import repaired
from spinewatch_signal.orientation_params import NO_TURN_RATE, OrientationParams
from spinewatch_signal.recording_survey import SegmentSpan, Survey, survey
from spinewatch_signal.sample_source import SampleSource, SampleWindow, as_source
from spinewatch_signal.samples import Floats, ImuBatch, SensorInfo
from spinewatch_signal.segments import GapSpan, Run, Splitter, still_window_ends
from spinewatch_signal.uncertainty import Motion, UncertaintyModel, UncertaintyParams
from spinewatch_signal.up_vectors import UpBatch, along, concatenate_ups, empty_ups, norms, up_from_quat


@dataclass(frozen=True, eq=False, slots=True)
class SensorFacts:
    """What is known of one sensor once its whole recording was oriented.

    Args:
        samples: how many it gave.
        gaps: gaps between samples.
        gyro_bias_rad_s: (3,) the offset, gross plus the mean of what the filter found on top of it.
        rate_hz: measured rate.
        warnings: what the wearer should know about the sensor, one line each.
        accelerometer: what its readings were set right by; None where they were taken as they are.
    """

    samples: int
    gaps: list[GapSpan]
    gyro_bias_rad_s: Floats
    rate_hz: float
    warnings: list[str]
    accelerometer: AccelerometerCalibration | None


@dataclass(frozen=True, eq=False, slots=True)
class OfflineOrientation(SensorFacts):
    """The verticals of a whole recording of one sensor, and what is known of it.

    Args:
        up: the verticals, as `UpBatch` says.
    """

    up: UpBatch


class CancelledError(Exception):
    """The caller asked to stop."""


def orient_offline(
    samples: ImuBatch | SampleSource,
    info: SensorInfo,
    params: OrientationParams | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    gyro_bias_prior_rad_s: Floats | None = None,
    accelerometer: AccelerometerCalibration | None = None,
) -> OfflineOrientation:
    """Orientation of a whole recording, sample by sample, all of it in memory; `OfflineTracker` gives it in blocks.

    Args:
        samples: all samples of one sensor.
        info: the sensor.
        params: rules; the defaults carry their reasons.
        progress: told the share done, 0 to 1.
        cancelled: asked before each block.
        gyro_bias_prior_rad_s: (3,) a gross offset known from before, used where the recording holds no rest.
        accelerometer: what earlier recordings told of it.

    Raises:
        CancelledError: `cancelled` said so.
    """
    tracker = OfflineTracker(samples, info, params, cancelled, gyro_bias_prior_rad_s, accelerometer)
    parts = []
    for part in tracker.blocks():
        parts.append(part)
        if progress:
            progress(tracker.done)
    ups, facts = concatenate_ups(info.id, parts), tracker.facts
    return OfflineOrientation(**{part.name: getattr(facts, part.name) for part in fields(facts)}, up=ups)


class OfflineTracker:
    """Offline orientation of one sensor in bounded memory: one look over the recording, then block after block.

    Args:
        samples: all samples of the sensor; a source is read twice.
        info: the sensor.
        params: rules; the defaults carry their reasons.
        cancelled: asked before each block.
        gyro_bias_prior_rad_s: (3,) a gross offset known from before, used where the recording holds no rest.
        accelerometer: what earlier recordings told of it.

    Attributes:
        done: share of the verticals that came out, 0 to 1.
    """

    def __init__(
        self,
        samples: ImuBatch | SampleSource,
        info: SensorInfo,
        params: OrientationParams | None = None,
        cancelled: Callable[[], bool] | None = None,
        gyro_bias_prior_rad_s: Floats | None = None,
        accelerometer: AccelerometerCalibration | None = None,
    ) -> None:
        self._source, self._info, self._params = as_source(samples), info, params or OrientationParams()
        self._cancelled, self._prior, self._accelerometer = cancelled, gyro_bias_prior_rad_s, accelerometer
        self._facts: SensorFacts | None = None
        self.done = 0.0

    @property
    def facts(self) -> SensorFacts:
        """What is known of the sensor, once all blocks came out."""
        if self._facts is None:
            raise RuntimeError("the recording was not read to its end")
        return self._facts

    def blocks(self) -> Iterator[UpBatch]:
        """The verticals, in time order.

        Raises:
            CancelledError: `cancelled` said so.
        """
        opening = SampleWindow(self._source, self._info.id).read(0, 1)
        yield from self._at_rest() if len(opening) == 0 or opening.gyr is None else self._filtered()
        self.done = 1.0

    def _at_rest(self) -> Iterator[UpBatch]:
        """Of a sensor without gyroscope; also of no sensor at all."""
        tilt, n, warnings = AccelerometerTilt(self._info, self._params.segments, self._accelerometer), 0, []
        for piece in self._source.pieces():
            self._go_on()
            n, warnings = n + len(piece), [NO_TURN_RATE] if piece.gyr is None else []
            yield tilt.update(piece)
        rate_hz = self._info.nominal_rate_hz
        self._facts = SensorFacts(n, tilt.gaps, np.zeros(3), rate_hz, warnings, self._accelerometer)

    def _filtered(self) -> Iterator[UpBatch]:
        found = survey(self._source, self._info, self._params, self._prior, self._go_on, self._accelerometer)
        window = SampleWindow(self._source, self._info.id)
        fine, n_fine = np.zeros(3), max(1, sum(span.last - span.first for span in found.segments))
        for block in _blocks(found, self._params) if found.has_gravity else ():
            self._go_on()
            ups, bias_rad_s = block.orient(window.read(block.lead, block.tail), found, self._params)
            fine += bias_rad_s * (block.last - block.first) / n_fine
            self.done = block.last / found.samples
            yield ups
        bias_rad_s, rate_hz = found.bias_rad_s + fine, 1 / found.period_s
        self._facts = SensorFacts(found.samples, found.gaps, bias_rad_s, rate_hz, found.warnings, found.accelerometer)

    def _go_on(self) -> None:
        if self._cancelled and self._cancelled():
            raise CancelledError


@dataclass(frozen=True, slots=True)
class _Block:
    """Samples ``[first, last)`` of the recording, filtered together with ``[lead, tail)`` around them."""

    span: SegmentSpan
    lead: int
    first: int
    last: int
    tail: int

    def orient(self, samples: ImuBatch, found: Survey, params: OrientationParams) -> tuple[UpBatch, Floats]:
        """Filter the block.

        Args:
            samples: those of ``[lead, tail)``.
            found: of the whole recording.
            params: rules of orientation.

        Returns:
            The verticals of ``[first, last)``, and the filter's mean bias (3,).
        """
        pieces = Splitter(params.segments, found.nominal_s).split(samples)
        if not pieces:
            return empty_ups(samples.sensor), np.zeros(3)
        run, period_s, terms = pieces[0][1], self.span.period_s, _terms(found, params)
        if found.accelerometer is not None:  # not before: the survey told segments apart by what was read
            run = replace(run, acc=found.accelerometer.apply(run.acc))
        feed = bridged(run, [], period_s, params.bridge, round(params.bridge.learn_s / period_s))
        feed, result = _filtered(feed, period_s, found, params)
        acc = feed.acc
        valid_from_s, start_deg = self._start(run, params)
        begin_s = max(valid_from_s, float(samples.t_s[self.first - self.lead]))
        first = int(np.searchsorted(feed.t_s, begin_s))
        last = int(np.searchsorted(feed.t_s, samples.t_s[self.last - 1 - self.lead], "right"))
        # The error model forgets, so it needs no more of the samples around than a few times its memory.
        warm = round(10 * terms.memory_s / period_s)
        part = slice(max(0, first - warm), last + warm)
        up = up_from_quat(result["quat6D"][part])
        turning = feed.gyr[part] - result["bias"][part]
        turning -= found.bias_rad_s
        motion = Motion(
            norms(turning),
            along(acc[part], up),
            result["biasSigma"][part],
            found.gravity.error_g(terms.unseen_accelerometer_g),
            feed[part].disturbed_deg(terms.disturbed_deg),
        )
        unsure_deg = UncertaintyModel(period_s, terms, start_deg).told_afterwards(motion)
        number = np.full(len(up), self.span.number, np.int64)
        norm = norms(acc[part])
        ups = UpBatch(samples.sensor, feed.t_s[part], up, norm, motion.acc_up, motion.gyr_norm, unsure_deg, number)
        own = slice(first - part.start, last - part.start)
        mean: Floats = result["bias"][part].mean(axis=0) if len(up) else np.zeros(3)
        return ups[own] if feed.made is None else ups[own][~feed.made[first:last]], mean

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


def _filtered(feed: Feed, period_s: float, found: Survey, params: OrientationParams) -> tuple[Feed, dict[str, Floats]]:
    """The samples, their holes repaired where that matters, and what vqf makes of them."""
    acc, turning = np.ascontiguousarray(feed.acc), feed.turning(found.bias_rad_s, period_s)
    rules = {"biasSigmaInit": found.bias_sigma_deg_s}
    result = offlineVQF(turning, acc, None, period_s, rules)
    again = repaired(feed, turning, result["bias"], period_s, params.repair)
    if again is None:
        return feed, result
    return again.feed, offlineVQF(again.turning, acc, None, period_s, rules)


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
