"""A scenario's sensor as a device that can be talked to."""

from __future__ import annotations

from spinewatch_bridge.blocks import Emit
from spinewatch_bridge.host_clock import Clock
from spinewatch_bridge.simulator.device import VirtualDevice
from spinewatch_bridge.simulator.device_log import DeviceLog
from spinewatch_bridge.simulator.device_owner import OwnerLock
from spinewatch_bridge.simulator.faults import Faults
from spinewatch_bridge.simulator.simulate import simulate
from spinewatch_signal.samples import Site

SAMPLES_COME_S = 2.0
"""By then the samples of a moment have come, on a calm link."""


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
    serial = f"SIM{seed}-{site.value}"[:16]
    return VirtualDevice(
        recording.stream(site), serial=serial, lost=recording.never_arrives(site), log=DeviceLog(), owner=OwnerLock()
    )


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
