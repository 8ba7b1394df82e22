"""Simulated stretches with all their samples, the causal run over them, and what true angles give."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from spinewatch_bridge.blocks import Block, Event, to_batch
from spinewatch_bridge.simulator.simulate import SimulatedRecording, simulate
from spinewatch_bridge.simulator.variety import KIND, Variety
from spinewatch_signal.calibration import GuidedSteps
from spinewatch_signal.pipeline import Pipeline
from spinewatch_signal.posture import PostureFrames, join_frames
from spinewatch_signal.samples import ImuBatch, SensorInfo, concatenate
from spinewatch_signal.slouch import SlouchMachine, SlouchParams, threshold


@dataclass(frozen=True)
class Desk:
    """One simulated stretch: its truth, its samples, and when the wearer calibrated."""

    recording: SimulatedRecording
    samples: dict[str, ImuBatch]
    steps: GuidedSteps

    def sensors(self, count: int) -> list[SensorInfo]:
        """The upper sensor, or both."""
        return [channel.sensor for channel in self.recording.channels][:count]

    @property
    def length_s(self) -> float:
        """A second more than it lasts: all samples lie within."""
        return self.recording.end_s - self.recording.start_s + 1


def simulated_desk(
    seed: int, hours: float | None = None, scenario: str = "office-day", variety: Variety = KIND
) -> Desk:
    """A stretch of a scenario, as `simulate` takes it."""
    recording = simulate(scenario, seed=seed, hours=hours, variety=variety)
    channels = {channel.sensor.id: channel for channel in recording.channels}
    batches: dict[str, list[ImuBatch]] = {sensor: [] for sensor in channels}
    for item in recording.items():
        if isinstance(item, Block):
            batches[item.sensor].append(to_batch(item, channels[item.sensor]))
    (event,) = (item for item in recording.events if isinstance(item, Event) and item.kind == "calibration_steps")
    steps = GuidedSteps.from_json(event.data)
    return Desk(recording, {sensor: concatenate(parts) for sensor, parts in batches.items()}, steps)


def live(
    desk: Desk, sensors: list[SensorInfo], size_s: float, length_s: float | None = None
) -> tuple[Pipeline, PostureFrames]:
    """The causal run over the first `length_s` (all without), in pieces of `size_s`, calibrated right after the bends.

    Raises:
        CalibrationRefusedError: when what the wearer did is no calibration.
    """
    pipeline, parts = Pipeline(sensors), []
    length_s = desk.length_s if length_s is None else length_s
    calibrated_s = desk.steps.bends[1]
    edges = desk.recording.start_s + np.append(np.arange(0.0, length_s, size_s), length_s)
    edges = np.unique(np.append(edges, calibrated_s))
    for start_s, end_s in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if start_s == calibrated_s:
            pipeline.calibrate_now(desk.steps)
        parts += [pipeline.update(desk.samples[info.id].between(start_s, end_s)) for info in sensors]
    parts.append(pipeline.finish())
    return pipeline, join_frames([part for part in parts if len(part)], two_sensors=len(sensors) == 2)


def true_machine(desk: Desk, sensors: int, shift_deg: float = 0.0) -> SlouchMachine:
    """The machine on true angles and activities, its thresholds moved by `shift_deg`."""
    truth = desk.recording.truth
    limits = threshold(SlouchParams(), truth.lumbar_range_deg if sensors == 2 else None)
    limits = replace(limits, on_deg=limits.on_deg + shift_deg, off_deg=limits.off_deg + shift_deg)
    machine = SlouchMachine(SlouchParams(), limits)
    deviation = truth.flexion_deg if sensors == 1 else truth.lumbar_deg
    assert deviation is not None
    machine.update(
        truth.t_s[truth.valid], deviation[truth.valid], truth.activity[truth.valid], truth.valid[truth.valid]
    )
    machine.interrupt()
    return machine
