"""Source texts, taken apart and checked: ``ble:SW-3F2A``, ``serial:COM3?protocol=witmotion``, ``replay:FILE?speed=10``.

Two sensors are two texts, ``upper=…`` and ``lower=…``. Pure: nothing is opened.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from spinewatch_bridge.errors import BadSourceError
from spinewatch_bridge.protocols.base import clean_text
from spinewatch_bridge.protocols.table import ble_families, family_of_advert, serial_families
from spinewatch_signal.samples import Role, Site

MAX_SOURCES = 2
ADDRESS = re.compile("[0-9A-Fa-f]{2}([:-]?[0-9A-Fa-f]{2}){5,15}")  # six bytes; on a Mac the sixteen of a UUID
DEFAULT_SITES = {Role.UPPER: Site.UPPER_BACK, Role.LOWER: Site.PELVIS}
KINDS_HELP = "A source looks like ble:NAME, serial:PORT?protocol=spinewatch, replay:FILE or sim:office-day"
FASTEST = 1000.0  # times life; a simulated packet must still be made, sent and decoded


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """One source text, taken apart and checked.

    Args:
        text: as given.
        kind: ble, serial, replay or sim.
        target: name that the sensor advertises, port, file or scenario.
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
    if first.kind == second.kind == "ble":
        _check_ble_pair(first, second)


def _check_ble_pair(first: SourceSpec, second: SourceSpec) -> None:
    addresses = [spec.options.get("address", "").lower() for spec in (first, second)]
    if all(addresses):
        if addresses[0] == addresses[1]:
            raise BadSourceError(second.text, "both sources name the same sensor.")
    elif first.target == second.target:
        raise BadSourceError(second.text, "both sensors have the same name: tell them apart with ?address=…")


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
    if kind not in OPTIONS:
        raise BadSourceError(text, f"'{kind}' is no kind of source. {KINDS_HELP}.")
    target, _, query = rest.partition("?") if kind != "replay" else _split_file(rest)
    if kind == "ble":
        target = clean_text(_name_in(target))
    if not target and not (kind == "ble" and query):
        raise BadSourceError(text, f"nothing follows '{kind}:'. {KINDS_HELP}.")
    options = _options(text, kind, query)
    if kind == "ble":
        _check_ble(text, target, options)
    site = Site(options["site"]) if "site" in options else DEFAULT_SITES[role]
    return SourceSpec(text, kind, target, options, role, site)


def _check_ble(text: str, name: str, options: Mapping[str, str]) -> None:
    """A sensor over Bluetooth must be told apart from others, and its family known."""
    if not name and "address" not in options:
        raise BadSourceError(text, "say which sensor: ble:NAME or ble:?address=…")
    if "protocol" not in options and ble_family_by_name(name) is None:
        families = " or ".join(f"?protocol={family}" for family in ble_families())
        raise BadSourceError(text, f"its name does not tell what kind of sensor it is. Add {families}.")


def ble_name(name: str) -> str:
    """A sensor's name as it stands in a source text: all but what ends it there stays as people read and type it."""
    return name.replace("%", "%25").replace("?", "%3F")


def _name_in(text: str) -> str:
    return re.sub("%25|%3[Ff]", lambda found: "%" if found[0] == "%25" else "?", text)


def ble_family_by_name(name: str) -> str | None:
    """The family of a sensor over Bluetooth, where its name tells it."""
    family = family_of_advert(name)
    return family if family in ble_families() else None


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

_RATE = _whole(1, 1000, "a rate in Hz that the sensor offers, like 100")

OPTIONS: Mapping[str, Mapping[str, Check]] = {
    "ble": {
        "protocol": _one_of(*ble_families()),
        "address": lambda value: "" if ADDRESS.fullmatch(value) else "an address like C0:12:34:56:78:9A",
        "rate": _RATE,
        "site": _SITE,
    },
    "serial": {
        "protocol": _one_of(*serial_families()),
        "baud": _whole(1200, 4_000_000, "a line speed like 115200"),
        "rate": _RATE,
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
