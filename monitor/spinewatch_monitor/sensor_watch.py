"""How each sensor is doing, from the items it sends: rate, loss, battery, and a data watchdog.

"Connected" is not "data flow": the light turns late one second after the newest sample, whatever the link says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from spinewatch_bridge.blocks import Block, Event, SensorChannel
from spinewatch_bridge.causes import Cause, CauseKey
from spinewatch_bridge.protocols.base import CAPABILITY_NAMES
from spinewatch_bridge.protocols.table import FAMILIES
from spinewatch_monitor.battery_estimate import BatteryEstimate
from spinewatch_monitor.event_numbers import number, time_s
from spinewatch_monitor.updates import Absence, Link, SensorStatus
from spinewatch_signal.samples import Role, SensorInfo, Site

LATE_AFTER_S = 1.0
RATE_WINDOW_S = 5.0
ABSENT_AFTER_S = 10.0
"""A longer gap is a sensor that was away or off, not a link that loses samples."""
MOST_LOST = 10_000 * ABSENT_AFTER_S
"""In one gap, at the highest rate there is."""
SHORTEST_ABSENCE_S = 1.0
"""A shorter one is loss, which the percentage tells."""
MAX_ABSENCES = 48
"""Shown on one strip; more could not be told apart."""
MOST_PPM, MOST_ERROR_MS, LOUDEST_DBM, FAINTEST_DBM = 1e5, 1e5, 20.0, -130.0
"""Figures beyond are none."""


NO_CAUSE = Cause("")


@dataclass(slots=True)
class _Watched:
    channel: SensorChannel
    link: Link = Link.CONNECTING
    cause: Cause = NO_CAUSE
    newest_s: float | None = None
    received: int = 0
    lost: int = 0
    recent: deque[tuple[float, int]] = field(default_factory=deque)
    battery_percent: float | None = None
    battery: BatteryEstimate = field(default_factory=BatteryEstimate)
    signal_dbm: float | None = None
    cable: bool = False
    can: frozenset[str] = frozenset()
    since_s: float | None = None
    absences: deque[Absence] = field(default_factory=lambda: deque(maxlen=MAX_ABSENCES))
    clock_ppm: float | None = None
    clock_error_ms: float | None = None


class SensorWatch:
    """Status of all sensors of a session, fed with the items as they come.

    Args:
        names: what their wearer calls them, by id.
        families: of those that are asked for, by id: a sensor that never comes cannot tell its own.
    """

    def __init__(self, names: Mapping[str, str] | None = None, families: Mapping[str, str] | None = None) -> None:
        self.names, self._families = dict(names or {}), dict(families or {})
        self._sensors: dict[str, _Watched] = {}

    def announce(self, channel: SensorChannel) -> None:
        """A sensor said who it is, for the first time or again."""
        known = self._sensors.get(channel.sensor.id)
        if known is None:
            known = self._sensors[channel.sensor.id] = _Watched(channel)
        if known.channel.sensor.family != channel.sensor.family or known.battery_percent is None:
            family = FAMILIES.get(channel.sensor.family)
            known.battery = BatteryEstimate(None if family is None else family.battery_life_h)
        known.channel = channel

    def block(self, block: Block) -> None:
        """Count the samples of a block."""
        watched = self._sensors.get(block.sensor)
        if watched is None or not len(block):
            return
        watched.link, watched.cause = Link.STREAMING, NO_CAUSE
        watched.newest_s = float(block.t_s[-1])
        if watched.since_s is None:
            watched.since_s = float(block.t_s[0])
        watched.received += len(block)
        watched.recent.append((watched.newest_s, len(block)))
        while watched.recent and watched.recent[0][0] < watched.newest_s - RATE_WINDOW_S:
            watched.recent.popleft()

    def event(self, event: Event) -> None:
        """Take over what an event says about a sensor."""
        if event.sensor is not None and event.kind == "disconnected" and event.sensor not in self._sensors:
            self._sensors[event.sensor] = _Watched(_never_connected(event.sensor, self._families.get(event.sensor, "")))
        targets = [w for key, w in self._sensors.items() if event.sensor in (None, key)]
        for watched in targets:
            _apply(watched, event)

    def statuses(self, now_s: float, *, paused: bool) -> tuple[SensorStatus, ...]:
        """One status a sensor, upper first."""
        ordered = sorted(self._sensors.values(), key=lambda w: w.channel.sensor.role, reverse=True)
        return tuple(_status(w, now_s, self.names.get(w.channel.sensor.id, ""), paused=paused) for w in ordered)


def _never_connected(sensor: str, family: str) -> SensorChannel:
    """Stands for a sensor that has not said who it is: its id is the site it was asked for at."""
    site = Site(sensor) if sensor in set(Site) else Site.UPPER_BACK
    return SensorChannel(SensorInfo(sensor, family, site, Role.LOWER if site is Site.PELVIS else Role.UPPER), 1.0, None)


def _apply(watched: _Watched, event: Event) -> None:
    data: dict[str, Any] = dict(event.data)
    if event.kind == "disconnected":
        watched.link, watched.cause = Link.LOST, _cause(data)
    elif event.kind == "connected":
        _connected(watched, data)
    elif event.kind == "gap":
        _gap(watched, data)
    elif event.kind == "battery":
        _battery(watched, event.t_s, number(data, "percent", 100.0))
    elif event.kind == "status":
        watched.clock_ppm = number(data, "clock_ppm", MOST_PPM, -MOST_PPM)
        watched.clock_error_ms = number(data, "clock_error_ms", MOST_ERROR_MS)


def _connected(watched: _Watched, data: Mapping[str, Any]) -> None:
    watched.link, watched.cause = Link.CONNECTING, NO_CAUSE
    watched.signal_dbm = number(data, "signal_dbm", LOUDEST_DBM, FAINTEST_DBM)
    watched.cable = "port" in data
    can = data.get("can")
    watched.can = frozenset(name for name in CAPABILITY_NAMES if isinstance(can, list | tuple) and name in can)


def _gap(watched: _Watched, data: Mapping[str, Any]) -> None:
    if _length_s(data) <= ABSENT_AFTER_S:
        watched.lost += int(number(data, "lost_samples", MOST_LOST) or 0)
    start_s, end_s = time_s(data, "start_s"), time_s(data, "end_s")
    if start_s is not None and end_s is not None and end_s - start_s >= SHORTEST_ABSENCE_S:
        watched.absences.append(Absence(start_s, end_s, *_cause(data)))


def _cause(data: Mapping[str, Any]) -> Cause:
    return Cause(str(data.get("cause", "")), CauseKey.told_by(data.get("cause_key")))


def _battery(watched: _Watched, at_s: float, percent: float | None) -> None:
    watched.battery_percent = percent
    if percent is not None:
        watched.battery.told(at_s, percent)


def _length_s(gap: Mapping[str, Any]) -> float:
    start_s, end_s = time_s(gap, "start_s"), time_s(gap, "end_s")
    return 0.0 if start_s is None or end_s is None else end_s - start_s


def _status(watched: _Watched, now_s: float, name: str, *, paused: bool) -> SensorStatus:
    sensor, details = watched.channel.sensor, watched.channel.details
    age_s = None if watched.newest_s is None else max(0.0, now_s - watched.newest_s)
    expected = watched.received + watched.lost
    return SensorStatus(
        id=sensor.id,
        family=sensor.family,
        site=sensor.site,
        role=sensor.role,
        link=_link(watched.link, age_s, paused=paused),
        cause=watched.cause.words,
        cause_key=watched.cause.key,
        data_age_s=age_s,
        battery_percent=watched.battery_percent,
        battery_hours=watched.battery.hours,
        rate_hz=_rate_hz(watched.recent),
        loss_percent=100.0 * watched.lost / expected if expected else 0.0,
        simulated=watched.channel.simulated,
        name=name or details.get("name", ""),
        serial=details.get("serial", ""),
        firmware=details.get("firmware", ""),
        signal_dbm=watched.signal_dbm,
        cable=watched.cable,
        rate_asked_hz=sensor.nominal_rate_hz or None,
        lost_samples=watched.lost,
        can=watched.can,
        since_s=watched.since_s,
        absences=tuple(watched.absences),
        clock_ppm=watched.clock_ppm,
        clock_error_ms=watched.clock_error_ms,
    )


def _link(link: Link, age_s: float | None, *, paused: bool) -> Link:
    if paused:
        return Link.PAUSED
    if link is Link.STREAMING and age_s is not None and age_s > LATE_AFTER_S:
        return Link.LATE
    return link


def _rate_hz(recent: deque[tuple[float, int]]) -> float | None:
    if len(recent) < 2 or recent[-1][0] <= recent[0][0]:
        return None
    return sum(n for _, n in list(recent)[1:]) / (recent[-1][0] - recent[0][0])
