"""Sources by name: ``serial:/dev/ttyACM0?protocol=witmotion``, ``sim:office-day?seed=1``, ``replay:FILE?speed=10``.

Two sensors are two texts, ``upper=…`` and ``lower=…``. What a kind of source needs is imported when it is opened, so
that replay works on a machine that cannot talk to sensors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from spinewatch_bridge.blocks import Emit
from spinewatch_bridge.errors import BadSourceError
from spinewatch_bridge.host_clock import HostClock
from spinewatch_bridge.link import Link
from spinewatch_bridge.protocols.base import OwnerKeys
from spinewatch_bridge.protocols.family import Family, Wish
from spinewatch_bridge.protocols.table import FAMILIES, serial_families
from spinewatch_signal.samples import Role, SensorInfo, Site

MAX_SOURCES = 2
DEFAULT_SITES = {Role.UPPER: Site.UPPER_BACK, Role.LOWER: Site.PELVIS}
KINDS_HELP = "A source looks like serial:PORT?protocol=spinewatch, replay:FILE or sim:office-day"
NO_BLUETOOTH = "Bluetooth comes with the next version; connect the sensor by cable or use sim:"
FASTEST = 1000.0  # times life; a simulated packet must still be made, sent and decoded


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
class SourceSpec:
    """One source text, taken apart and checked.

    Args:
        text: as given.
        kind: serial, replay or sim.
        target: port, file or scenario.
        options: the checked query.
        role, site: of its sensor; a replay brings its own.
    """

    text: str
    kind: str
    target: str
    options: Mapping[str, str] = field(default_factory=dict)
    role: Role = Role.UPPER
    site: Site = Site.UPPER_BACK


def parse_sources(texts: Sequence[str]) -> list[SourceSpec]:
    """Take one or two source texts apart; the second sensor is the lower one unless its text says so.

    Raises:
        BadSourceError: on anything that cannot be opened, in one line.
    """
    if not 1 <= len(texts) <= MAX_SOURCES:
        raise BadSourceError(" ".join(texts), f"give one or two sources. {KINDS_HELP}.")
    split = [_split_role(text) for text in texts]
    specs = []
    for number, (role, text) in enumerate(split):
        taken = {other for i, (other, _) in enumerate(split) if i != number}
        free = Role.LOWER if number == 1 or Role.UPPER in taken else Role.UPPER
        specs.append(parse_source(text, role or (Role.UPPER if Role.LOWER in taken else free)))
    if len(specs) == MAX_SOURCES:
        _check_pair(specs)
    return specs


def _check_pair(specs: Sequence[SourceSpec]) -> None:
    first, second = specs
    if "replay" in (first.kind, second.kind):
        raise BadSourceError(second.text, "a replay brings all its sensors and must stand alone.")
    if first.role is second.role or first.site is second.site:
        raise BadSourceError(second.text, "two sensors need two places: write upper=… and lower=….")
    if (first.kind, first.target) == (second.kind, second.target) and first.kind == "serial":
        raise BadSourceError(second.text, "both sensors name the same port.")


def _split_role(text: str) -> tuple[Role | None, str]:
    head, equals, rest = text.partition("=")
    if equals and head in {role.value for role in Role}:
        return Role(head), rest
    return None, text


def parse_source(text: str, role: Role = Role.UPPER) -> SourceSpec:
    """Take one text without role apart and check every part of it.

    Raises:
        BadSourceError: in one line.
    """
    kind, colon, rest = text.partition(":")
    if not colon or not kind:
        raise BadSourceError(text, f"it does not say what it is. {KINDS_HELP}.")
    if kind == "ble":
        raise BadSourceError(text, f"{NO_BLUETOOTH}.")
    if kind not in OPTIONS:
        raise BadSourceError(text, f"'{kind}' is no kind of source. {KINDS_HELP}.")
    target, _, query = rest.partition("?") if kind != "replay" else _split_file(rest)
    if not target:
        raise BadSourceError(text, f"nothing follows '{kind}:'. {KINDS_HELP}.")
    options = _options(text, kind, query)
    site = Site(options["site"]) if "site" in options else DEFAULT_SITES[role]
    return SourceSpec(text, kind, target, options, role, site)


def _split_file(rest: str) -> tuple[str, str, str]:
    """A file's name may hold a question mark; only ``?speed=…`` at its end is a query."""
    target, mark, query = rest.rpartition("?")
    return (target, mark, query) if mark and "=" in query else (rest, "", "")


def _options(text: str, kind: str, query: str) -> dict[str, str]:
    pairs = [part.partition("=")[::2] for part in query.split("&")] if query else []
    if not all(name and value for name, value in pairs):
        raise BadSourceError(text, f"'?{query}' is not of the form ?name=value&name=value.")
    checks, options = OPTIONS[kind], dict(pairs)
    for name, value in pairs:
        if name not in checks:
            raise BadSourceError(text, f"'{name}' is no option of {kind}:. There are {', '.join(sorted(checks))}.")
        wanted = checks[name](value)
        if wanted:
            raise BadSourceError(text, f"{name}={value} does not fit; {name} is {wanted}.")
    return options


# A check returns nothing when the value fits, else what would fit.
Check = Callable[[str], str]


def _one_of(*allowed: str) -> Check:
    return lambda value: "" if value in allowed else f"one of {', '.join(allowed)}"


def _number(low: float, high: float, words: str) -> Check:
    def check(value: str) -> str:
        try:
            number = float(value)
        except ValueError:
            return words
        return "" if math.isfinite(number) and low <= number <= high else words

    return check


def _whole(low: int, high: int, words: str) -> Check:
    return lambda value: "" if value.isascii() and value.isdigit() and low <= int(value[:12]) <= high else words


_SPEED = _number(0.01, FASTEST, "a factor from 0.01 to 1000, like 10")
_SITE = _one_of(*(site.value for site in Site))

OPTIONS: Mapping[str, Mapping[str, Check]] = {
    "serial": {
        "protocol": _one_of(*serial_families()),
        "baud": _whole(1200, 4_000_000, "a line speed like 115200"),
        "rate": _whole(1, 1000, "a rate in Hz that the sensor offers, like 100"),
        "site": _SITE,
    },
    "replay": {"speed": lambda value: "" if value == "max" else _SPEED(value)},
    "sim": {
        "seed": _whole(0, 2**31, "a whole number from 0 on"),
        "speed": _SPEED,
        "hours": _number(0.01, 24.0, "a length in hours up to 24"),
        "loss": _number(0.0, 100.0, "the percentage of packets that are lost"),
        "site": _SITE,
    },
}


@dataclass(frozen=True, slots=True)
class OpenOptions:
    """How a program wants its sources.

    Args:
        clock: host time, shared by all links of the program; None makes one.
        fail_fast: let the first failure to connect out of `run` instead of trying on.
        hold_at_end: a replay stays at its end instead of ending, so that one can go back.
        sim_start_s: UNIX seconds at which a simulated day begins; None for now. The clock then starts there, too.
        owner_keys: keys of the sensors that this computer owns; None claims nothing.
    """

    clock: HostClock | None = None
    fail_fast: bool = False
    hold_at_end: bool = False
    sim_start_s: float | None = None
    owner_keys: OwnerKeys | None = None


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
    sources = [open_source(spec, options=options) for spec in specs]
    return [*sources, *(_wearer_steps(spec, _clock(options)) for spec in specs[:1] if spec.kind == "sim")]


def _wearer_steps(spec: SourceSpec, clock: HostClock) -> Source:
    from spinewatch_bridge.simulator.play import WearerSteps

    hours = float(spec.options["hours"]) if "hours" in spec.options else None
    return WearerSteps(spec.target, int(spec.options.get("seed", "1")), clock.start_s, hours, clock)


def _clock(options: OpenOptions) -> HostClock:
    return options.clock or HostClock()


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
    "serial": _open_serial,
    "replay": _open_replay,
    "sim": _open_simulation,
}
