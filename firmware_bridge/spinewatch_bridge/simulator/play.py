"""A scenario's sensor as a device that can be talked to."""

from __future__ import annotations

import numpy as np

from spinewatch_bridge.blocks import Emit
from spinewatch_bridge.host_clock import Clock
from spinewatch_bridge.simulator.device import VirtualDevice
from spinewatch_bridge.simulator.faults import Faults
from spinewatch_bridge.simulator.sensor_model import TICKS_PER_S, DeviceSamples, SensorStream
from spinewatch_bridge.simulator.simulate import simulate
from spinewatch_signal.samples import Site

SAMPLES_COME_S = 2.0
"""By then the samples of a moment have come, on a calm link."""


class ScenarioStream:
    """A `SensorStream` with the readings of its clock between samples."""

    def __init__(self, stream: SensorStream) -> None:
        self._stream = stream
        self.start_s, self.period_s, self.samples = stream.start_s, stream.period_s, stream.samples
        self._tick_rate_hz = TICKS_PER_S * (1.0 + stream.errors.clock_ppm * 1e-6)

    def between(self, first: int, end: int) -> DeviceSamples:
        """Samples `first` to `end` (not included)."""
        return self._stream.between(first, end)

    def taken_s(self, index: int) -> float:
        """True UNIX time of a sample."""
        return self.start_s + self._stream.errors.first_s + index * self.period_s

    def ticks_at(self, true_s: float) -> int:
        """Reading of the device clock at a true UNIX time."""
        return int((true_s - self.start_s + self._stream.errors.boot_s) * self._tick_rate_hz)


def scenario_device(
    scenario: str, seed: int, site: Site, start_s: float, *, hours: float | None = None, packet_loss: float = 0.0
) -> VirtualDevice:
    """The sensor at `site` of one wearer on one day.

    Sensors of the same scenario, seed and start belong to the same wearer, however they are asked for.

    Args:
        scenario: its name.
        seed: the wearer and what happens.
        site: where the sensor is worn.
        start_s: UNIX seconds at which the day begins.
        hours: length; None for the scenario's own.
        packet_loss: share of packets that never arrive.

    Raises:
        BadSourceError: on an unknown scenario.
    """
    both = (Site.UPPER_BACK if site is Site.PELVIS else site, Site.PELVIS)  # one script, whichever is read
    recording = simulate(scenario, seed, start_s, hours, both, Faults(packet_loss=packet_loss))
    loss = recording.packet_loss(site)

    def lost(first: int) -> bool:
        return bool(loss.lost(np.array([first // 10]))[0])

    stream = ScenarioStream(recording.stream(site))
    return VirtualDevice(stream, serial=f"SIM{seed}-{site.value}"[:16], lost=lost if packet_loss else None)


class WearerSteps:
    """A source that tells when the simulated wearer stood still and bent, as a guided calibration would.

    Args:
        scenario, seed, hours: as for the sensors of the same wearer.
        start_s: UNIX seconds at which the day begins.
        clock: that of the sensors.
    """

    simulated = True

    def __init__(self, scenario: str, seed: int, start_s: float, hours: float | None, clock: Clock) -> None:
        self.name = f"sim:{scenario} steps"
        self._clock = clock
        events = simulate(scenario, seed, start_s, hours).events
        self._steps = [event for event in events if event.kind == "calibration_steps"]

    async def run(self, emit: Emit) -> None:
        """Emit each step once its samples have come."""
        for event in self._steps:
            await self._clock.sleep(max(0.0, event.t_s + SAMPLES_COME_S - self._clock.now_s()))
            emit([event])
