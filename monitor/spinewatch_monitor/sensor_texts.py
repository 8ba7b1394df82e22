"""Source texts of the sensors of a session: which one is whose, and the same text with another place or rate. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spinewatch_bridge.sources import DEFAULT_SITES, SourceSpec, parse_sources
from spinewatch_signal.samples import Role, Site

ASKED_EACH_TIME = ("rate", "site", "speed")
"""Options that say how a sensor is used, not which one it is."""


def text_of(spec: SourceSpec, **changed: str) -> str:
    """The text of a source with its role, other options put in; an empty value takes the option out."""
    options = {name: value for name, value in {**spec.options, **changed}.items() if value}
    if options.get("site") == DEFAULT_SITES[spec.role].value:
        del options["site"]
    query = "&".join(f"{name}={value}" for name, value in options.items())
    return f"{spec.role.value}={spec.kind}:{spec.target}{'?' + query if query else ''}"


def sensor_key(spec: SourceSpec) -> str:
    """What a sensor is remembered by: its source text without what is chosen anew each time."""
    options = {name: value for name, value in spec.options.items() if name not in ASKED_EACH_TIME}
    query = "&".join(f"{name}={value}" for name, value in sorted(options.items()))
    return f"{spec.kind}:{spec.target}{'?' + query if query else ''}"


def spec_of(texts: Sequence[str], sensor: str) -> SourceSpec | None:
    """The source of the sensor with this id; ids of live sensors are their sites."""
    return next((spec for spec in parse_sources(texts) if spec.site.value == sensor), None)


def with_rate(texts: Sequence[str], sensor: str, rate_hz: float) -> list[str]:
    """The same sources, one of them at another rate."""
    specs = parse_sources(texts)
    return [text_of(s, rate=f"{rate_hz:g}") if s.site.value == sensor else text_of(s) for s in specs]


def with_place(texts: Sequence[str], sensor: str, role: Role, site: Site) -> list[str]:
    """The same sources, one of them worn elsewhere; a second sensor that is in the way changes places with it."""
    specs = parse_sources(texts)
    moved = next((spec for spec in specs if spec.site.value == sensor), None)
    if moved is None:
        return list(texts)
    places: Mapping[str, tuple[Role, Site]] = {
        spec.site.value: (role, site) if spec is moved else _beside(spec, moved, role, site) for spec in specs
    }
    return sorted((_placed(spec, *places[spec.site.value]) for spec in specs), reverse=True)


def _beside(other: SourceSpec, moved: SourceSpec, role: Role, site: Site) -> tuple[Role, Site]:
    free = moved.role if other.role is role else other.role
    if other.site is not site and (other.role is free or other.site is DEFAULT_SITES[free]):
        return free, other.site
    return free, DEFAULT_SITES[free] if DEFAULT_SITES[free] is not site else moved.site


def _placed(spec: SourceSpec, role: Role, site: Site) -> str:
    placed = SourceSpec(spec.text, spec.kind, spec.target, spec.options, role, site)
    return text_of(placed, site=site.value)
