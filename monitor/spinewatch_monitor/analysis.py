"""From a recording file to its analysis: which sensors, which calibration, the figures, the JSON object."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from spinewatch_bridge.blocks import Event
from spinewatch_bridge.recording.reader import Recording
from spinewatch_monitor.analysis_json import SCHEMA_NAME, Json, RecordingFacts, analysis_object
from spinewatch_monitor.judged_by import as_recorded, pipeline_params
from spinewatch_monitor.problems import BadInputError
from spinewatch_monitor.sensor_priors import priors_in
from spinewatch_monitor.settings import Settings
from spinewatch_signal.calibration import Calibration, GuidedSteps
from spinewatch_signal.offline_orientation import CancelledError as AnalysisCancelledError
from spinewatch_signal.offline_orientation import OfflineTracker
from spinewatch_signal.pipeline import Analysis, PipelineParams, analyze_offline
from spinewatch_signal.samples import BadSamplesError, ImuBatch, Role, SensorInfo, Site
from spinewatch_signal.sensor_prior import prior_accelerometer, prior_bias_rad_s
from spinewatch_signal.up_vectors import UpBatch

__all__ = ["SCHEMA_NAME", "Analysis", "AnalysisCancelledError", "Span", "analyse_file", "analyse_recording"]

Progress = Callable[[float], None]
Cancelled = Callable[[], bool]
Span = tuple[float, float]

_BEST_SITES = {
    Role.UPPER: (Site.UPPER_BACK, Site.T12, Site.PELVIS),
    Role.LOWER: (Site.PELVIS, Site.T12, Site.UPPER_BACK),
}


def analyse_file(
    path: Path, progress: Progress | None = None, cancelled: Cancelled | None = None
) -> tuple[Analysis, Json]:
    """Analyse a recording with the offline estimator.

    Args:
        path: a finished recording.
        progress: told the share done, 0 to 1.
        cancelled: asked now and then.

    Returns:
        The analysis and the JSON object of `analyze --json`.

    Raises:
        RecordingError: when it is no finished recording.
        BadInputError: when it holds nothing to analyse, or times that cannot be a sensor's.
        AnalysisCancelledError: when `cancelled` said so.
    """
    return analyse_recording(Recording.open(path), progress=progress, cancelled=cancelled)


def analyse_recording(
    recording: Recording,
    params: PipelineParams | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> tuple[Analysis, Json]:
    """As `analyse_file`, of an open recording; judged by the choices under which it was made."""
    params = params or pipeline_params(as_recorded(Settings(), recording.session))
    sensors, warnings = choose_sensors([channel.sensor for channel in recording.channels.values()], recording)
    samples = {info.id: RecordedSamples(recording, info.id) for info in sensors}
    events = recording.events
    calibrations, doubts = _calibrations(events, sensors)
    try:
        analysis = analyze_offline(
            samples, sensors, params, calibrations, _steps(events), progress, cancelled, priors_in(events)
        )
    except BadSamplesError as error:
        raise BadInputError(f"{recording.path.name} cannot be analysed: {error}.") from error
    facts = RecordingFacts(
        file=recording.path.name,
        source=recording.session.get("source"),
        utc_offset_s=recording.utc_offset_s,
        start_s=recording.start_s,
        end_s=recording.end_s,
        simulated=recording.simulated,
        sensors=sensors,
        samples={sensor: known.samples for sensor, known in analysis.orientation.items()},
        events=events,
        params=params,
        warnings=(*_notes(recording), *warnings, *doubts),
    )
    return analysis, analysis_object(facts, analysis)


@dataclass(frozen=True, slots=True)
class RecordedSamples:
    """The samples of one sensor, read in pieces each time they are asked for: a day of one sensor is 160 MB."""

    recording: Recording
    sensor: str

    def pieces(self) -> Iterator[ImuBatch]:
        """All of them, in time order."""
        return self.recording.pieces(self.sensor)


def verticals(recording: Recording, sensor: str) -> Iterator[UpBatch]:
    """The verticals of one sensor that an analysis stands on, sample by sample; they are made anew, not kept.

    Args:
        recording: that was analysed.
        sensor: id of one of its sensors.
    """
    params = pipeline_params(as_recorded(Settings(), recording.session))
    info = recording.channels[sensor].sensor
    priors = priors_in(recording.events)
    known = prior_bias_rad_s(priors, sensor), prior_accelerometer(priors, sensor)
    return OfflineTracker(RecordedSamples(recording, sensor), info, params.orientation, None, *known).blocks()


def choose_sensors(all_sensors: Sequence[SensorInfo], recording: Recording) -> tuple[tuple[SensorInfo, ...], list[str]]:
    """The upper and the lower sensor to analyse, upper first, and what must be said about the choice.

    Raises:
        BadInputError: when no sensor has samples.
    """
    counts = recording.sample_counts
    filled = [info for info in all_sensors if counts.get(info.id, 0) > 1]
    if not filled:
        raise BadInputError(f"{recording.path.name} holds no samples; there is nothing to analyse.")
    chosen = []
    for role in Role:
        mine = [info for info in filled if info.role == role]
        chosen += sorted(mine, key=lambda info: _BEST_SITES[info.role].index(info.site))[:1]
    left_out = [info.id for info in all_sensors if info not in chosen]
    warnings = [f"not analysed: {', '.join(left_out)} (one upper and one lower sensor are used)"] if left_out else []
    return tuple(chosen), warnings


def _calibrations(
    events: Sequence[Event], sensors: Sequence[SensorInfo]
) -> tuple[list[tuple[float, Calibration]], list[str]]:
    """The calibrations that were in force, from the recording's events."""
    found, warnings = [], []
    for event in events:
        if event.kind != "calibration":
            continue
        try:
            calibration = Calibration.from_json(event.data)
        except ValueError:
            warnings.append("a calibration in the recording cannot be read and was left out")
            continue
        if all(info.id in calibration.frames for info in sensors):
            found.append((event.t_s, calibration))
        else:
            warnings.append("a calibration in the recording is not of all its sensors and was left out")
    return found, warnings


def _steps(events: Sequence[Event]) -> GuidedSteps | None:
    """The last calibration steps that the wearer did."""
    for event in reversed(events):
        if event.kind == "calibration_steps":
            try:
                return GuidedSteps.from_json(event.data)
            except ValueError:
                continue
    return None


def _notes(recording: Recording) -> list[str]:
    """Doubts that are kept in the recording itself: from its import, and from its salvage."""
    notes = [
        str(e.data.get("text", "")) for e in recording.events if e.kind == "note" and e.data.get("from") == "import"
    ]
    return notes if recording.result.get("clean", True) else [*notes, str(recording.result.get("note", ""))]
