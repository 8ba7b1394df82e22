"""Source texts of the sensors of a session: which one is whose, and the same text with another place or rate. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from spinewatch_bridge.source_text import DEFAULT_SITES, SourceSpec, ble_name, parse_sources
from spinewatch_signal.samples import Role, Site

ASKED_EACH_TIME = ("rate", "site", "speed")
"""Options that say how a sensor is used, not which one it is."""


def text_of(spec: SourceSpec, **changed: str) -> str:
    """The text of a source with its role, other options put in; an empty value takes the option out."""
    options = {name: value for name, value in {**spec.options, **changed}.items() if value}
    if options.get("site") == DEFAULT_SITES[spec.role].value:
        del options["site"]
    query = "&".join(f"{name}={value}" for name, value in options.items())
    return f"{spec.role.value}={_body(spec, query)}"


def sensor_key(spec: SourceSpec) -> str:
    """What a sensor is remembered by: its source text without what is chosen anew each time."""
    options = {name: value for name, value in spec.options.items() if name not in ASKED_EACH_TIME}
    if spec.kind == "sim":  # of one simulated wearer's sensors nothing else tells which it is
        options["site"] = spec.site.value
    query = "&".join(f"{name}={value}" for name, value in sorted(options.items()))
    return _body(spec, query)


def _body(spec: SourceSpec, query: str) -> str:
    target = ble_name(spec.target) if spec.kind == "ble" else spec.target
    return f"{spec.kind}:{target}{'?' + query if query else ''}"


def spec_of(texts: Sequence[str], sensor: str) -> SourceSpec | None:
    """The source of the sensor with this id; ids of live sensors are their sites."""
    return next((spec for spec in parse_sources(texts) if spec.site.value == sensor), None)


def of_a_simulated_day(texts: Sequence[str]) -> bool:
    """Whether sources are made up as they run; sensors in a simulated air are found and asked as real ones."""
    return any(spec.kind == "sim" for spec in parse_sources(texts))


def with_rate(texts: Sequence[str], sensor: str, rate_hz: float) -> list[str]:
    """The same sources, one of them at another rate."""
    specs = parse_sources(texts)
    return [text_of(s, rate=f"{rate_hz:g}") if s.site.value == sensor else text_of(s) for s in specs]


def with_places(texts: Sequence[str], places: Mapping[str, tuple[Role, Site]]) -> list[str]:
    """The same sources, the upper one first, with those in `places` (by id) worn where these say."""
    specs = [replace(s, role=role, site=site) for s, (role, site) in _placed(parse_sources(texts), places)]
    return [text_of(s, site=s.site.value) for s in sorted(specs, key=lambda s: s.role, reverse=True)]


def _placed(
    specs: Sequence[SourceSpec], places: Mapping[str, tuple[Role, Site]]
) -> list[tuple[SourceSpec, tuple[Role, Site]]]:
    return [(spec, places.get(spec.site.value, (spec.role, spec.site))) for spec in specs]
