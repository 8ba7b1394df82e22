"""A first look over a whole recording: its segments, gaps, measured rate and gross gyro bias, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from spinewatch_signal.accelerometer_calibration import AccelerometerCalibration, with_earlier
from spinewatch_signal.gyro_bias import Blocks, exceeds, judge_blocks, rest_windows, unconfirmed_rad_s
from spinewatch_signal.orientation_params import NO_GRAVITY, OrientationParams
from spinewatch_signal.sample_source import SampleSource, SampleWindow
from spinewatch_signal.samples import Floats, ImuBatch, SensorInfo
from spinewatch_signal.segments import GAP_PERIODS, GapSpan, Run, Splitter, choose_period, gap_spans, measured_period
from spinewatch_signal.still_windows import still_windows
from spinewatch_signal.uncertainty import GravityCheck
from spinewatch_signal.up_vectors import norms

NO_REST = "no rest in the recording: the gyroscope's offset was taken from its mean over the motion; angles are rough"
LOOK_STEPS = 1000
"""Steps whose median decides whether the nominal rate is plainly wrong."""


@dataclass(slots=True)
class SegmentSpan:
    """Samples ``[first, last)`` that one filter may run through, and its period."""

    number: int
    first: int
    last: int
    period_s: float
    steps_s: float = 0.0
    steps: int = 0


@dataclass(slots=True)
class Survey:
    """What is known of a recording before it is filtered.

    Args:
        samples: how many there are.
        segments, gaps: in time order.
        nominal_s: the sensor's stated period.
        period_s: measured over the whole recording.
        bias_rad_s: (3,) gross gyro bias; zero where vqf can follow it alone.
        bias_sigma_deg_s: how sure vqf shall be that nothing is left of the offset.
        accelerometer: what sets it right; None where nothing tells.
        gravity: how wrong the accelerometer then still is at rest.
        has_gravity: False where the accelerometer shows none, so that no vertical can be told.
        warnings: one line each.
    """

    nominal_s: float
    period_s: float
    bias_rad_s: Floats
    bias_sigma_deg_s: float = 0.5
    accelerometer: AccelerometerCalibration | None = None
    gravity: GravityCheck = field(default_factory=GravityCheck)
    has_gravity: bool = True
    samples: int = 0
    segments: list[SegmentSpan] = field(default_factory=list)
    gaps: list[GapSpan] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def survey(
    source: SampleSource,
    info: SensorInfo,
    params: OrientationParams,
    prior_rad_s: Floats | None,
    between_pieces: Callable[[], None] | None = None,
    accelerometer: AccelerometerCalibration | None = None,
) -> Survey:
    """Look over a recording with rates, in pieces of one block.

    Args:
        source: all samples of one sensor, at least one.
        info: the sensor.
        params: rules of orientation.
        prior_rad_s: (3,) a gross offset known from before, used where no rest tells it and nothing refutes it.
        between_pieces: called before each piece; what it raises stops the survey.
        accelerometer: what earlier recordings told of it.
    """
    window = SampleWindow(source, info.id)
    opening = window.read(0, LOOK_STEPS + 1)
    expected_s = choose_period(1 / info.nominal_rate_hz, np.diff(opening.t_s), params.segments)
    found = Survey(1 / info.nominal_rate_hz, expected_s, np.zeros(3))
    splitter = Splitter(params.segments, found.nominal_s)
    n_piece = max(1, round(params.block_s / expected_s))
    blocks, end_s = [], float(opening.t_s[0])
    while len(piece := window.read(found.samples, found.samples + n_piece)):
        if between_pieces:
            between_pieces()
        for begins, run in splitter.split(piece):
            _note_run(found, begins, run, found.samples + int(np.searchsorted(piece.t_s, run.t_s[0])), params)
        blocks.append(_judge(piece, expected_s, params))
        found.samples, end_s = found.samples + len(piece), float(piece.t_s[-1])
    _close_segments(found, params)
    _set_bias(found, blocks, end_s - float(opening.t_s[0]), params, prior_rad_s)
    _set_accelerometer(found, blocks, params, accelerometer)
    felt = norms(np.concatenate([piece.acc_mean for piece in blocks]))
    if len(felt) and np.median(felt) < params.least_gravity:
        found.has_gravity = False
        found.warnings.append(NO_GRAVITY)
    return found


def _note_run(found: Survey, begins: bool, run: Run, first: int, params: OrientationParams) -> None:
    if begins:
        found.segments.append(SegmentSpan(len(found.segments), first, first, found.period_s))
    span = found.segments[-1]
    usual = run.dt_s[run.dt_s <= GAP_PERIODS * found.period_s]
    span.steps_s += float(usual.sum())
    span.steps += len(usual)
    found.gaps += gap_spans(run, found.period_s, params.segments)


def _close_segments(found: Survey, params: OrientationParams) -> None:
    """Set each segment's end and its period: its own measured rate, or the recording's where it is short."""
    if not found.segments:  # all of it under the vibration motor
        return
    ends = [span.first for span in found.segments[1:]] + [found.samples]
    steps_s, steps = sum(span.steps_s for span in found.segments), sum(span.steps for span in found.segments)
    found.period_s = measured_period(steps_s, steps, found.period_s)
    for span, last in zip(found.segments, ends, strict=True):
        span.last = last
        long = span.steps_s >= params.segments.measure_s
        span.period_s = measured_period(span.steps_s, span.steps if long else 0, found.period_s)


def _judge(piece: ImuBatch, period_s: float, params: OrientationParams) -> Blocks:
    if piece.gyr is None:
        raise ValueError(f"sensor {piece.sensor} has no gyroscope")
    return judge_blocks(piece.gyr, piece.acc, max(2, round(params.bias.block_s / period_s)), params.bias)


def _set_accelerometer(
    found: Survey, blocks: list[Blocks], params: OrientationParams, earlier: AccelerometerCalibration | None
) -> None:
    """What sets the accelerometer right, and how wrong it still is then."""
    still = np.concatenate([piece.acc_mean[piece.still] for piece in blocks])
    if params.calibrate_accelerometer:
        windows = np.concatenate([still_windows(piece, params.bias.block_s) for piece in blocks])
        earlier = with_earlier(earlier, windows)
    found.accelerometer = earlier
    if earlier is not None:
        still, found.gravity.across_g = earlier.apply(still), earlier.error_across_g
    found.gravity.update(norms(still))


def _set_bias(
    found: Survey, blocks: list[Blocks], lasted_s: float, params: OrientationParams, prior_rad_s: Floats | None
) -> None:
    """Gross offset: median over rests, else the caller's, else from half-seconds of rest, else from the mean rate."""
    rules = params.bias
    sigma_deg_s = rules.sigma_deg_s
    offset = _median_rest(blocks, round(rules.window_s / rules.block_s), params)
    if offset is None:
        shortly = _median_rest(blocks, 1, params)
        is_refuted = (
            shortly is not None and prior_rad_s is not None and exceeds(shortly - prior_rad_s, rules.follow_deg_s)
        )
        offset = None if is_refuted else prior_rad_s
        if offset is None:
            offset, sigma_deg_s = shortly, rules.seeded_sigma_deg_s
    if offset is None:
        offset = _mean_rate(blocks, lasted_s, params)
        found.warnings += [] if offset is None else [NO_REST]
    if offset is not None and exceeds(offset, rules.leave_deg_s):
        found.bias_rad_s, found.bias_sigma_deg_s = offset, sigma_deg_s


def _mean_rate(blocks: list[Blocks], lasted_s: float, params: OrientationParams) -> Floats | None:
    """The mean rate, where the accelerometer does not confirm that the sensor turned so."""
    gyr, acc = (np.concatenate([getattr(piece, name) for piece in blocks]) for name in ("gyr_mean", "acc_mean"))
    if len(gyr) == 0:
        return None
    unconfirmed = float(np.linalg.norm(unconfirmed_rad_s(gyr, acc, lasted_s)))
    mean: Floats = gyr.mean(axis=0)
    return mean if unconfirmed > np.radians(params.bias.implausible_deg_s) else None


def _median_rest(blocks: list[Blocks], n_window: int, params: OrientationParams) -> Floats | None:
    rates = np.concatenate([rest_windows(piece, n_window, params.bias) for piece in blocks])
    return np.median(rates, axis=0) if len(rates) else None
