"""Source texts with a person's wishes in them, and the sources of a session that one more sensor joins. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from spinewatch_bridge.errors import BadSourceError
from spinewatch_bridge.source_text import DEFAULT_SITES, SourceSpec, parse_sources
from spinewatch_monitor.sensor_texts import text_of
from spinewatch_monitor.views.sensor_places import ORDER, lone_role
from spinewatch_signal.samples import Role, Site


def with_wishes(source: str, site: Site, protocol: str | None, rate_hz: float | None) -> str:
    """A source text with its role, and with what was chosen where it differs from what goes without saying.

    Args:
        source: without a role, such as ``ble:NAME?protocol=…``.
        site: where it is worn.
        protocol: None where the text or the sensor's name says it.
        rate_hz: None for the sensor's own choice.
    """
    role = lone_role(site)
    wishes = {
        "protocol": protocol,
        "rate": None if rate_hz is None else f"{rate_hz:g}",
        "site": None if site is DEFAULT_SITES[role] else site.value,
    }
    said = {part.partition("=")[0] for part in source.partition("?")[2].split("&")}
    query = "&".join(f"{key}={value}" for key, value in wishes.items() if value is not None and key not in said)
    glue = "" if not query else "&" if "?" in source else "?"
    return f"{role.value}={source}{glue}{query}"


def joined(running: Sequence[str], source: str) -> list[str]:
    """The sources of the next session: the new one, and of those that run the one that is worn elsewhere.

    The higher of the two becomes the upper one.
    """
    new = _spec(source)
    if new is None:
        return [source]
    others = [spec for spec in map(_spec, running) if spec is not None and not _same(spec, new)]
    kept = [spec for spec in others if spec.site is not new.site]
    if not kept:
        return [source]
    pair = sorted((kept[-1], new), key=lambda spec: ORDER.index(spec.site))
    return [
        text_of(replace(spec, role=role), site=spec.site.value)
        for spec, role in zip(pair, (Role.UPPER, Role.LOWER), strict=True)
    ]


def taken_sites(running: Sequence[str]) -> list[str]:
    """Where the sensors of some sources are worn."""
    return [spec.site.value for spec in map(_spec, running) if spec is not None]


def in_use(running: Sequence[str], source: str) -> bool:
    """Whether a source text, without a role, names a sensor of a session that runs, or its port."""
    found = _spec(source)
    return found is not None and any(spec is not None and _same(spec, found) for spec in map(_spec, running))


def _same(one: SourceSpec, other: SourceSpec) -> bool:
    addresses = {spec.options["address"].lower() for spec in (one, other) if "address" in spec.options}
    return (one.kind, one.target) == (other.kind, other.target) and len(addresses) < 2


def _spec(text: str) -> SourceSpec | None:
    try:
        spec = parse_sources([text])[0]
    except BadSourceError:
        return None
    return spec if spec.kind not in ("replay", "sim") else None
