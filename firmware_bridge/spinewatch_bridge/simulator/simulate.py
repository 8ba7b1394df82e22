"""A whole simulated recording: sensors, blocks, events and truth, streamed a few seconds at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from spinewatch_bridge.blocks import Block, Event, SensorChannel
from spinewatch_bridge.errors import BadSourceError
from spinewatch_bridge.simulator.body import RIGID, TAPED, SensorSite, SoftTissue
from spinewatch_bridge.simulator.derive_truth import truth_of
from spinewatch_bridge.simulator.faults import PACKET_SAMPLES, Faults, PacketLoss, Spans
from spinewatch_bridge.simulator.hard_sensors import draw_hard_mounting, draw_soft_tissue, draw_unit
from spinewatch_bridge.simulator.scenarios import clear_script
from spinewatch_bridge.simulator.script import Script
from spinewatch_bridge.simulator.sensor_model import ACC_M_S2_PER_COUNT, GYR_RAD_S_PER_COUNT, SensorStream
from spinewatch_bridge.simulator.simulated_sensor import BLOCK_PACKETS, BlockReader, SimulatedSensor
from spinewatch_bridge.simulator.truth import Truth
from spinewatch_bridge.simulator.variety import KIND, Tissue, Variety
from spinewatch_bridge.simulator.wearer import Mounting
from spinewatch_signal.samples import Role, SensorInfo, Site

DEFAULT_START_S = dt.datetime(2026, 3, 2, 7, 30, tzinfo=dt.UTC).timestamp()
"""A Monday, 08:30 local time at the default offset."""

DEFAULT_UTC_OFFSET_S = 3600
DEFAULT_SENSORS: tuple[str, ...] = (Site.UPPER_BACK, Site.PELVIS)
NO_FAULTS = Faults()

FAMILY = "spinewatch"
NOMINAL_RATE_HZ = 100.0

_WINDOW_S = 5.0
_LATEST_BLOCKS = 2.0
"""A block may end so many lengths before the window it is read in, so items wait as long before they are given out."""


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
        slowest_hz = min(c.sensor.nominal_rate_hz for c in self.channels)
        latest_s = _LATEST_BLOCKS * BLOCK_PACKETS * PACKET_SAMPLES / slowest_hz
        ends_s = np.append(np.arange(self.start_s + _WINDOW_S, self.end_s, _WINDOW_S), np.inf)
        for until_s in ends_s.tolist():
            for reader in readers:
                pending += [(float(b.t_s[-1]), b) for b in reader.read(until_s)]
            pending.sort(key=lambda pair: pair[0])
            ready = sum(time_s < until_s - latest_s for time_s, _ in pending)
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
    variety: Variety = KIND,
) -> SimulatedRecording:
    """Simulate a scenario.

    The same arguments give the same recording, bit for bit, however it is read. What the wearer does depends on the
    scenario, the seed, the length and the people of `variety` alone: the rest only changes what is seen of it.

    Args:
        scenario: a name in `scenarios.SCENARIOS`.
        seed: the wearer and what happens; 0 or more.
        start_s: UNIX seconds of the start.
        hours: length; None for the scenario's own.
        sensors: sites that carry a sensor, from `Site`; one or two.
        faults: what is to go wrong.
        utc_offset_s: local time of the wearer, kept in the session.
        variety: how kind: the usual people and sensors, or what literature and data sheets tell of them.

    Raises:
        BadSourceError: on an unknown scenario or site, or a length that does not fit.
    """
    sites = _sites(scenario, sensors)
    script = clear_script(scenario, seed, hours, variety)
    placed = [_place(script, site, faults, start_s, seed, variety) for site in sites]
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


def _place(script: Script, site: Site, faults: Faults, start_s: float, seed: int, variety: Variety) -> SimulatedSensor:
    own, number = faults.for_site(site), list(Site).index(site)
    dice = (seed, 16 + number)
    mounting, up_m = _mounting(script, site, np.random.default_rng((*dice, 4)), variety)
    tissue = _tissue(np.random.default_rng((*dice, 5)), variety, rigid=own.ideal_sensors)
    place = SensorSite(script.wearer, site, own.mountings.get(site, mounting), tissue, up_m)
    role, rate_hz = Role.LOWER if site is Site.PELVIS else Role.UPPER, NOMINAL_RATE_HZ
    if variety.sensors and not own.ideal_sensors:
        unit = draw_unit(np.random.default_rng((*dice, 6)))
        rate_hz, own = unit.rate_hz, replace(own, packet_loss=max(own.packet_loss, unit.packet_loss))
    info = SensorInfo(site.value, FAMILY, site, role, rate_hz)
    details = {"name": f"Simulated {site.value.replace('_', ' ')}", "firmware": "simulated", "ranges": "±4 g, ±500 °/s"}
    channel = SensorChannel(info, ACC_M_S2_PER_COUNT, GYR_RAD_S_PER_COUNT, simulated=True, details=details)
    return SimulatedSensor(channel, place, own, script, start_s, dice, variety)


def _mounting(script: Script, site: Site, rng: np.random.Generator, variety: Variety) -> tuple[Mounting, float]:
    """How the sensor is turned, and how much higher than usual it sits, m."""
    return draw_hard_mounting(rng, site) if variety.mounting else (script.wearer.mountings[site], 0.0)


def _tissue(rng: np.random.Generator, variety: Variety, *, rigid: bool) -> SoftTissue:
    if rigid or variety.tissue is Tissue.RIGID:
        return RIGID
    return draw_soft_tissue(rng) if variety.tissue is Tissue.LOOSE else TAPED
