"""Sources by name: ``ble:SW-3F2A``, ``serial:/dev/ttyACM0?protocol=witmotion``, ``sim:office-day``, ``replay:FILE``.

Two sensors are two texts, ``upper=…`` and ``lower=…``. What a kind of source needs is imported when it is opened, so
that replay works on a machine that cannot talk to sensors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from spinewatch_bridge.blocks import Emit
from spinewatch_bridge.errors import BadSourceError
from spinewatch_bridge.host_clock import HostClock
from spinewatch_bridge.link import Link
from spinewatch_bridge.protocols.base import OwnerKeys
from spinewatch_bridge.protocols.family import Family, Wish
from spinewatch_bridge.protocols.table import FAMILIES
from spinewatch_bridge.source_text import DEFAULT_SITES, SourceSpec, ble_family_by_name, parse_source, parse_sources
from spinewatch_signal.samples import Role, SensorInfo, Site

if TYPE_CHECKING:
    from spinewatch_bridge.transports.ble_radio import Radio

__all__ = ["OpenOptions", "Source", "SourceSpec", "open_source", "open_sources", "parse_source", "parse_sources"]


class Source(Protocol):
    """Whatever gives samples: a link, a replay, a simulation."""

    @property
    def name(self) -> str:
        """For people."""

    @property
    def simulated(self) -> bool:
        """True for anything the simulator made."""

    async def run(self, emit: Emit) -> None:
        """Emit items until cancelled or ended: on connect a `SensorChannel` per sensor, then blocks and events."""


@dataclass(frozen=True, slots=True)
class OpenOptions:
    """How a program wants its sources.

    Args:
        clock: host time, shared by all links of the program; None makes one.
        fail_fast: let the first failure to connect out of `run` instead of trying on.
        hold_at_end: a replay stays at its end instead of ending, so that one can go back.
        sim_start_s: UNIX seconds at which a simulated day begins; None for now. The clock then starts there, too.
        owner_keys: keys of the sensors that this computer owns; None claims nothing.
        radio: the computer's Bluetooth, shared by all that use it; None makes one when it is needed.
    """

    clock: HostClock | None = None
    fail_fast: bool = False
    hold_at_end: bool = False
    sim_start_s: float | None = None
    owner_keys: OwnerKeys | None = None
    radio: Radio | None = None


def open_source(
    source: str | SourceSpec,
    *,
    role: Role | None = None,
    site: Site | None = None,
    options: OpenOptions | None = None,
) -> Source:
    """Make the source that a text names; nothing is connected before `run`.

    A simulated day is written here, which takes a moment; its clock starts with `run`.

    Args:
        source: a text, or one that `parse_sources` took apart.
        role: which end of the back its sensor is at; over that of the text.
        site: where its sensor is worn; over that of the text.
        options: see `OpenOptions`.

    Raises:
        BadSourceError: in one line.
        RecordingError: when a file to replay cannot be read.
    """
    spec = source if isinstance(source, SourceSpec) else parse_sources([source])[0]
    role = role or spec.role
    site = site or (spec.site if role is spec.role else DEFAULT_SITES[role])
    options = options or OpenOptions()
    if options.clock is None:
        speed = _speed(spec) if spec.kind == "sim" else 1.0
        options = replace(options, clock=HostClock(options.sim_start_s, speed))
    return OPENERS[spec.kind](spec, SensorInfo(site.value, "", site, role), options)


def open_sources(specs: Sequence[SourceSpec], options: OpenOptions | None = None) -> list[Source]:
    """Make the sources of one wearer on one clock: simulated sensors then show the same moment of the same day.

    A simulated wearer also tells when they did the steps of a calibration: one more source.

    Raises:
        BadSourceError: as `open_source`, and when the sources would run at different speeds.
    """
    options = options or OpenOptions()
    speeds = {_speed(spec) if spec.kind == "sim" else 1.0 for spec in specs}
    if len(speeds) > 1:
        raise BadSourceError(" ".join(spec.text for spec in specs), "both sources must run at one speed.")
    if options.clock is None:
        options = replace(options, clock=HostClock(options.sim_start_s, speeds.pop()))
    if options.radio is None and (ble := next((spec for spec in specs if spec.kind == "ble"), None)) is not None:
        options = replace(options, radio=_new_radio(ble, _clock(options)))
    sources = [open_source(spec, options=options) for spec in specs]
    return [*sources, *(_wearer_steps(spec, _clock(options)) for spec in specs[:1] if spec.kind == "sim")]


def _wearer_steps(spec: SourceSpec, clock: HostClock) -> Source:
    from spinewatch_bridge.simulator.play import WearerSteps

    hours = float(spec.options["hours"]) if "hours" in spec.options else None
    return WearerSteps(spec.target, int(spec.options.get("seed", "1")), clock.start_s, hours, clock)


def _clock(options: OpenOptions) -> HostClock:
    return options.clock or HostClock()


def _open_ble(spec: SourceSpec, sensor: SensorInfo, options: OpenOptions) -> Source:
    clock = _clock(options)
    clock.now_s()  # a real sensor's day does not wait for its program to be ready
    radio = options.radio or _new_radio(spec, clock)
    from spinewatch_bridge.transports.ble import BleTarget, BleTransport

    family = FAMILIES[spec.options.get("protocol") or ble_family_by_name(spec.target) or ""]
    if family.ble is None:
        raise BadSourceError(spec.text, f"a {family.title} sensor has no Bluetooth.")
    protocol = family.ble(Wish(_rate_hz(spec, family), options.owner_keys, name=spec.target))
    transport = BleTransport(BleTarget(spec.target, spec.options.get("address", "")), family.gatt, radio, clock)
    return Link(sensor, transport, protocol, clock, simulated=radio.simulated, fail_fast=options.fail_fast)


def _new_radio(spec: SourceSpec, clock: HostClock) -> Radio:
    try:
        from spinewatch_bridge.transports.ble_radio import Radio
    except ImportError as error:
        reason = "Bluetooth cannot be used here, because 'bleak' is not installed or not for this system"
        raise BadSourceError(spec.text, f"{reason}: run pip install bleak, or connect the sensor by cable.") from error
    return Radio(clock)


def _open_serial(spec: SourceSpec, sensor: SensorInfo, options: OpenOptions) -> Source:
    from spinewatch_bridge.transports.serial_port import SerialTransport

    clock = _clock(options)
    clock.now_s()  # a real sensor's day does not wait for its program to be ready
    family = FAMILIES[spec.options.get("protocol", "spinewatch")]
    bauds = (int(spec.options["baud"]),) if "baud" in spec.options else family.bauds
    if family.serial is None:
        raise BadSourceError(spec.text, f"a {family.title} sensor has no cable.")
    protocol = family.serial(Wish(_rate_hz(spec, family), options.owner_keys))
    return Link(sensor, SerialTransport(spec.target, bauds, clock), protocol, clock, fail_fast=options.fail_fast)


def _rate_hz(spec: SourceSpec, family: Family) -> float | None:
    """The rate that the text asks for; None when it leaves it to the sensor."""
    if "rate" not in spec.options:
        return None
    rate_hz, offered_hz = float(spec.options["rate"]), family.capabilities.rates_hz
    if rate_hz not in offered_hz:
        offered = ", ".join(f"{rate:g}" for rate in offered_hz)
        raise BadSourceError(spec.text, f"a {family.title} sensor offers {offered} Hz, not {rate_hz:g}.")
    return rate_hz


def _open_replay(spec: SourceSpec, _sensor: SensorInfo, options: OpenOptions) -> Source:
    from spinewatch_bridge.transports.replay import ReplaySource

    clock = _clock(options)
    speed = math.inf if spec.options.get("speed") == "max" else _speed(spec)
    return ReplaySource.open(spec.target, speed, clock=clock.now_s, hold_at_end=options.hold_at_end)


def _open_simulation(spec: SourceSpec, sensor: SensorInfo, options: OpenOptions) -> Source:
    from spinewatch_bridge.protocols.spinewatch import SpinewatchProtocol
    from spinewatch_bridge.simulator.play import scenario_device
    from spinewatch_bridge.simulator.scenarios import SCENARIOS
    from spinewatch_bridge.transports.simulated import SimulatedTransport

    if spec.target not in SCENARIOS:
        raise BadSourceError(spec.text, f"there is no scenario '{spec.target}'. There are {', '.join(SCENARIOS)}.")
    clock = _clock(options)
    device = scenario_device(
        spec.target,
        int(spec.options.get("seed", "1")),
        sensor.site,
        clock.start_s,
        hours=float(spec.options["hours"]) if "hours" in spec.options else None,
        packet_loss=float(spec.options.get("loss", "0")) / 100,
    )
    transport = SimulatedTransport(f"sim:{spec.target}", device, clock)
    protocol = SpinewatchProtocol()
    return Link(sensor, transport, protocol, clock, simulated=True, fail_fast=options.fail_fast)


def _speed(spec: SourceSpec) -> float:
    return float(spec.options.get("speed", "1"))


OPENERS: Mapping[str, Callable[[SourceSpec, SensorInfo, OpenOptions], Source]] = {
    "ble": _open_ble,
    "serial": _open_serial,
    "replay": _open_replay,
    "sim": _open_simulation,
}
