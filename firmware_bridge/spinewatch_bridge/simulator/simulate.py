"""A whole simulated recording: sensors, blocks, events and truth, streamed a few seconds at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from spinewatch_bridge.blocks import Block, Event, SensorChannel
from spinewatch_bridge.errors import BadSourceError
from spinewatch_bridge.simulator.body import SensorSite
from spinewatch_bridge.simulator.derive_truth import truth_of
from spinewatch_bridge.simulator.faults import Faults, PacketLoss, Spans
from spinewatch_bridge.simulator.scenarios import clear_script
from spinewatch_bridge.simulator.script import Script
from spinewatch_bridge.simulator.sensor_model import ACC_M_S2_PER_COUNT, GYR_RAD_S_PER_COUNT, SensorStream
from spinewatch_bridge.simulator.simulated_sensor import BlockReader, SimulatedSensor
from spinewatch_bridge.simulator.truth import Truth
from spinewatch_signal.samples import Role, SensorInfo, Site

DEFAULT_START_S = dt.datetime(2026, 3, 2, 7, 30, tzinfo=dt.UTC).timestamp()
"""A Monday, 08:30 local time at the default offset."""

DEFAULT_UTC_OFFSET_S = 3600
DEFAULT_SENSORS: tuple[str, ...] = (Site.UPPER_BACK, Site.PELVIS)
NO_FAULTS = Faults()

FAMILY = "spinewatch"
NOMINAL_RATE_HZ = 100.0

_WINDOW_S = 5.0
_LATEST_BLOCK_S = 1.0
"""A block may end this much before the window it is read in, so items wait as long before they are given out."""


class SimulatedRecording:
    """A scenario as its sensors would have recorded it, with the truth beside it.

    Made by `simulate`; samples are computed when they are asked for, and again when they are asked for again.
    """

    def __init__(
        self, script: Script, session: Mapping[str, Any], sensors: Sequence[SimulatedSensor], truth: Truth
    ) -> None:
        self.script, self.session, self.truth = script, session, truth
        self.sensors = tuple(sensors)
        self.channels: tuple[SensorChannel, ...] = tuple(s.channel for s in sensors)
        self.start_s = sensors[0].start_s
        self.end_s = self.start_s + script.duration_s
        self.events = tuple(self._events())

    def stream(self, sensor_id: str) -> SensorStream:
        """A fresh stream of one sensor, from its first sample on; KeyError when there is no such sensor."""
        return self._sensor(sensor_id).stream()

    def packet_loss(self, sensor_id: str) -> PacketLoss:
        """Which packets of a sensor are lost at random; link drops come on top."""
        return self._sensor(sensor_id).packet_loss()

    def link_down(self, sensor_id: str) -> Spans:
        """Spans (UNIX seconds) in which nothing of this sensor arrives."""
        return self._sensor(sensor_id).link_down()

    def never_arrives(self, sensor_id: str) -> Callable[[int], bool]:
        """Whether the packet that begins with a sample number is lost, at random or for want of a link."""
        return self._sensor(sensor_id).never_arrives()

    def items(self, progress: Callable[[float], None] | None = None) -> Iterator[Block | Event]:
        """Blocks (half a second of one sensor each) and events in time order.

        Args:
            progress: told the finished share, 0 to 1, after every few seconds of recording.
        """
        readers = [BlockReader(s) for s in self.sensors]
        pending: list[tuple[float, Block | Event]] = [(e.t_s, e) for e in self.events]
        ends_s = np.append(np.arange(self.start_s + _WINDOW_S, self.end_s, _WINDOW_S), np.inf)
        for until_s in ends_s.tolist():
            for reader in readers:
                pending += [(float(b.t_s[-1]), b) for b in reader.read(until_s)]
            pending.sort(key=lambda pair: pair[0])
            ready = sum(time_s < until_s - _LATEST_BLOCK_S for time_s, _ in pending)
            yield from (item for _, item in pending[:ready])
            del pending[:ready]
            if progress is not None:
                progress(min(1.0, (until_s - self.start_s) / self.script.duration_s))

    def _sensor(self, sensor_id: str) -> SimulatedSensor:
        return {s.id: s for s in self.sensors}[sensor_id]

    def _events(self) -> list[Event]:
        events = [event for sensor in self.sensors for event in sensor.events()]
        if self.script.still is not None and self.script.bends is not None:
            still, bends = ([self.start_s + t for t in span] for span in (self.script.still, self.script.bends))
            events.append(Event("calibration_steps", bends[1] + 0.5, None, {"still": still, "bends": bends}))
        return sorted(events, key=lambda e: e.t_s)


def simulate(
    scenario: str,
    seed: int = 1,
    start_s: float = DEFAULT_START_S,
    hours: float | None = None,
    sensors: Sequence[str] = DEFAULT_SENSORS,
    faults: Faults = NO_FAULTS,
    utc_offset_s: int = DEFAULT_UTC_OFFSET_S,
) -> SimulatedRecording:
    """Simulate a scenario.

    The same arguments give the same recording, bit for bit, however it is read. What the wearer does depends on the
    scenario, the seed and the length alone: sensors and faults only change what is seen of it.

    Args:
        scenario: a name in `scenarios.SCENARIOS`.
        seed: the wearer and what happens; 0 or more.
        start_s: UNIX seconds of the start.
        hours: length; None for the scenario's own.
        sensors: sites that carry a sensor, from `Site`; one or two.
        faults: what is to go wrong.
        utc_offset_s: local time of the wearer, kept in the session.

    Raises:
        BadSourceError: on an unknown scenario or site, or a length that does not fit.
    """
    sites = _sites(scenario, sensors)
    script = clear_script(scenario, seed, hours)
    placed = [_place(script, site, faults, start_s, seed) for site in sites]
    session = {
        "source": f"sim:{scenario}?seed={seed}",
        "start_utc": dt.datetime.fromtimestamp(start_s, dt.UTC).isoformat(),
        "utc_offset_s": utc_offset_s,
        "simulated": True,
        "scenario": scenario,
        "seed": seed,
    }
    return SimulatedRecording(script, session, placed, truth_of(script, sites, start_s, faults))


def _sites(scenario: str, sensors: Sequence[str]) -> list[Site]:
    """The sites, from the top down."""
    known = [s.value for s in Site]
    if not 1 <= len(sensors) <= 2 or len(set(sensors)) < len(sensors) or any(s not in known for s in sensors):
        raise BadSourceError(f"sim:{scenario}", f"sensors must be one or two different sites of {', '.join(known)}.")
    return sorted((Site(s) for s in sensors), key=list(Site).index)


def _place(script: Script, site: Site, faults: Faults, start_s: float, seed: int) -> SimulatedSensor:
    own = faults.for_site(site)
    mounting = own.mountings.get(site, script.wearer.mountings[site])
    place = SensorSite(script.wearer, site, mounting, skin=0.0 if own.ideal_sensors else 1.0)
    role = Role.LOWER if site is Site.PELVIS else Role.UPPER
    info = SensorInfo(site.value, FAMILY, site, role, NOMINAL_RATE_HZ)
    details = {"name": f"Simulated {site.value.replace('_', ' ')}", "firmware": "simulated", "ranges": "±4 g, ±500 °/s"}
    channel = SensorChannel(info, ACC_M_S2_PER_COUNT, GYR_RAD_S_PER_COUNT, simulated=True, details=details)
    return SimulatedSensor(channel, place, own, script, start_s, (seed, 16 + list(Site).index(site)))
