"""Places on the back and the roles that follow from them: the higher of two sensors is the upper one. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from spinewatch_monitor.updates import SensorStatus
from spinewatch_signal.samples import Role, Site

ORDER = (Site.UPPER_BACK, Site.T12, Site.PELVIS)
"""From above."""
PLACE_HINTS = {
    Site.UPPER_BACK: "Between the shoulder blades: shows how far the trunk leans.",
    Site.T12: "Where the ribs end, over the spine: shows how far the middle of the back leans.",
    Site.PELVIS: "Over the sacrum, below the belt: shows how the pelvis tilts. "
    "With a sensor above it, also how far the lower back bends.",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sensor goes."""

    sensor: str
    role: Role
    site: Site


def site_of(text: str) -> Site:
    """The site of that name, the upper back for one that is not known."""
    return Site(text) if text in set(Site) else Site.UPPER_BACK


def moves(sensor: str, site: Site, sensors: Iterable[SensorStatus]) -> list[Place]:
    """What changes for whom when a sensor goes to a place; one that is there already takes the place left free."""
    before = {s.id: (s.role, site_of(s.site)) for s in sensors}
    sites = {name: place for name, (_, place) in before.items()}
    other = next((name for name, place in sites.items() if name != sensor and place is site), None)
    if other is not None and sensor in sites:
        sites[other] = sites[sensor]
    sites[sensor] = site
    return [
        Place(name, role, place) for name, role, place in _with_roles(sites) if before.get(name) != (role.value, place)
    ]


def _with_roles(sites: dict[str, Site]) -> list[tuple[str, Role, Site]]:
    ordered = sorted(sites.items(), key=lambda item: ORDER.index(item[1]))
    if len(ordered) == 1:
        name, site = ordered[0]
        return [(name, lone_role(site), site)]
    roles = [Role.UPPER] + [Role.LOWER] * (len(ordered) - 1)
    return [(name, role, site) for (name, site), role in zip(ordered, roles, strict=True)]


def lone_role(site: Site) -> Role:
    """The role of a sensor that is alone."""
    return Role.LOWER if site is Site.PELVIS else Role.UPPER


def proposed(taken: Iterable[str]) -> Site:
    """Where one more sensor goes: the end that is free."""
    places = {site_of(site) for site in taken}
    return Site.PELVIS if Site.UPPER_BACK in places or Site.T12 in places else Site.UPPER_BACK
