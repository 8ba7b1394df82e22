"""A simulated recording on disk, with its truth beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from spinewatch_bridge.recording.files import reason, refused
from spinewatch_bridge.recording.whole import write_recording
from spinewatch_bridge.simulator.faults import Faults
from spinewatch_bridge.simulator.simulate import (
    DEFAULT_SENSORS,
    DEFAULT_START_S,
    DEFAULT_UTC_OFFSET_S,
    NO_FAULTS,
    SimulatedRecording,
    simulate,
)


@dataclass(frozen=True, eq=False, slots=True)
class SimulatedFiles:
    """What was written, and what it was written from."""

    recording: Path
    truth: Path
    simulated: SimulatedRecording


def simulate_to_file(
    scenario: str,
    path: Path,
    seed: int = 1,
    start_s: float = DEFAULT_START_S,
    hours: float | None = None,
    sensors: Sequence[str] = DEFAULT_SENSORS,
    faults: Faults = NO_FAULTS,
    utc_offset_s: int = DEFAULT_UTC_OFFSET_S,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    *,
    app_version: str = "",
    replace: bool = False,
) -> SimulatedFiles:
    """Simulate a scenario into ``NAME.mcap`` and its truth into ``NAME_truth.csv``.

    Args:
        scenario: as in `simulate`, like all that is not explained here.
        path: wished name of the recording.
        seed: the wearer and what happens.
        start_s: UNIX seconds of the start.
        hours: length; None for the scenario's own.
        sensors: sites that carry a sensor.
        faults: what is to go wrong.
        utc_offset_s: local time of the wearer.
        progress: told the finished share, 0 to 1.
        cancelled: asked often; True stops, and nothing is left behind.
        app_version: kept in the session.
        replace: True to take the place of existing files.

    Raises:
        BadSourceError: on a request that names no scenario.
        RecordingError: when the disk refuses, or the user stopped it.
    """
    simulated = simulate(scenario, seed, start_s, hours, sensors, faults, utc_offset_s)
    session = {**simulated.session, "app_version": app_version}
    items = simulated.items(progress)
    recording = write_recording(path, session, simulated.channels, items, None, cancelled, replace=replace)
    truth = recording.with_name(f"{recording.stem}_truth.csv")
    try:
        simulated.truth.write_csv(truth)
    except OSError as error:
        raise refused(f"{truth} was not written: {reason(error)}.", error) from error
    return SimulatedFiles(recording, truth, simulated)
