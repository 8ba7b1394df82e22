"""A whole recording at once, with the acausal estimator: what reports, trends and `analyze` stand on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from spinewatch_signal.calibration import Calibration, CalibrationRefusedError, GuidedSteps, calibrate
from spinewatch_signal.day_summary import DaySummary
from spinewatch_signal.found_reference import find_reference
from spinewatch_signal.grid import GridParams, GridRows, Resampler, empty_rows, join_rows
from spinewatch_signal.orientation import OfflineOrientation, orient_offline
from spinewatch_signal.posture import Episode, Estimator, PostureFrames
from spinewatch_signal.samples import ImuBatch, SensorInfo
from spinewatch_signal.segments import GapSpan
from spinewatch_signal.sensor_prior import SensorPrior, prior_bias_rad_s
from spinewatch_signal.slouch import Threshold, told_afterwards
from spinewatch_signal.steps import PipelineParams, PostureSteps, SensorPair, match
from spinewatch_signal.up_vectors import UpBatch

_ORIENTATION_SHARE = 0.9
"""Part of the whole time that orientation takes."""
_SLICE = 2**16
"""Samples that go to the grid at a time: small enough to stay in the cache."""


@dataclass(frozen=True, eq=False, slots=True)
class Analysis:
    """All that is known about one recording.

    Args:
        frames: posture on the grid; `away` as it turned out: its `AWAY` frames are what the figures count.
        episodes: away from the reference, all closed.
        summary: the figures.
        calibration: the last one in force; None when none could be had.
        threshold: what the slouch machine compared with, under that calibration.
        orientation: per sensor, sample by sample.
        gaps: per sensor.
        warnings: one line each, for people.
        estimator: always the offline one.
    """

    frames: PostureFrames
    episodes: tuple[Episode, ...]
    summary: DaySummary
    calibration: Calibration | None
    threshold: Threshold
    orientation: Mapping[str, OfflineOrientation]
    gaps: Mapping[str, Sequence[GapSpan]]
    warnings: tuple[str, ...]
    estimator: Estimator = Estimator.OFFLINE


def analyze_offline(
    samples: Mapping[str, ImuBatch],
    sensors: Sequence[SensorInfo],
    params: PipelineParams | None = None,
    calibrations: Sequence[tuple[float, Calibration]] | None = None,
    calibration_steps: GuidedSteps | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    priors: Mapping[str, SensorPrior] | None = None,
) -> Analysis:
    """Analyse a whole recording.

    Args:
        samples: all samples of each sensor, by id.
        sensors: one, or an upper and a lower one.
        params: of all steps.
        calibrations: (from_t_s, calibration), in time order; the first holds from the start of the recording.
        calibration_steps: when the wearer did what; used where `calibrations` has none.
        progress: told the share done, 0 to 1.
        cancelled: asked now and then.
        priors: what earlier recordings told of a sensor, by its id.

    Raises:
        CancelledError: `cancelled` said so.
        ValueError: the sensors are no possible set.
    """
    params, pair = params or PipelineParams(), SensorPair.of(sensors)
    tell = progress or _ignore
    oriented = _orient(samples, pair, params, tell, cancelled, priors)
    ups = {sensor: found.up for sensor, found in oriented.items()}
    known = {sensor: up.known() for sensor, up in ups.items()}
    schedule, warnings = _calibrations(known, pair, calibrations, calibration_steps)
    steps = PostureSteps(pair, params)
    for from_t_s, calibration in schedule:
        steps.set_calibration(calibration, from_t_s)
    lower = None if pair.lower is None else to_grid(ups[pair.lower.id], params.grid)
    frames = steps.update(match(to_grid(ups[pair.upper.id], params.grid), lower))
    steps.finish()
    frames = replace(frames, away=told_afterwards(frames.t_s, frames.away, steps.slouch.counted_spans))
    tell(1.0)
    warnings += [line for found in oriented.values() for line in found.warnings]
    return Analysis(
        frames,
        tuple(steps.slouch.episodes),
        steps.summary(float(frames.t_s[-1]) if len(frames) else 0.0),
        steps.calibration,
        steps.slouch.limits,
        oriented,
        {sensor: found.gaps for sensor, found in oriented.items()},
        tuple(warnings),
    )


def to_grid(up: UpBatch, params: GridParams) -> GridRows:
    """All verticals of one sensor on the grid, a slice at a time."""
    resampler = Resampler(params)
    parts = [resampler.update(up[i : i + _SLICE]) for i in range(0, len(up), _SLICE)]
    return join_rows(parts) if parts else empty_rows()


def _orient(
    samples: Mapping[str, ImuBatch],
    pair: SensorPair,
    params: PipelineParams,
    tell: Callable[[float], None],
    cancelled: Callable[[], bool] | None,
    priors: Mapping[str, SensorPrior] | None,
) -> dict[str, OfflineOrientation]:
    share = _ORIENTATION_SHARE / len(pair.all)
    oriented: dict[str, OfflineOrientation] = {}

    def tell_one(done: float) -> None:
        tell((len(oriented) + done) * share)

    for info in pair.all:
        prior = prior_bias_rad_s(priors, info.id)
        oriented[info.id] = orient_offline(samples[info.id], info, params.orientation, tell_one, cancelled, prior)
    return oriented


def _calibrations(
    ups: Mapping[str, UpBatch],
    pair: SensorPair,
    given: Sequence[tuple[float, Calibration]] | None,
    steps: GuidedSteps | None,
) -> tuple[list[tuple[float, Calibration]], list[str]]:
    """Which calibration holds from when, and what to warn of: given ones, else the steps, else a found reference."""
    always = float("-inf")
    sites = {info.id: info.site for info in pair.all}
    if given:
        return [(always, given[0][1]), *given[1:]], []
    warnings = []
    if steps is not None:
        try:
            return [(always, calibrate(ups, steps, sites))], []
        except CalibrationRefusedError as refused:
            warnings.append(f"The calibration steps cannot be used: {refused}")
    try:
        return [(always, find_reference(ups, sites))], warnings
    except CalibrationRefusedError as refused:
        return [], [*warnings, f"No reference found: {refused}"]


def _ignore(_done: float) -> None:
    """Nobody asked for progress."""
