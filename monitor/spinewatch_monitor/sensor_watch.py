"""How each sensor is doing, from the items it sends: rate, loss, battery, and a data watchdog.

"Connected" is not "data flow": the light turns late one second after the newest sample, whatever the link says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from spinewatch_bridge.blocks import Block, Event, SensorChannel
from spinewatch_monitor.event_numbers import number, time_s
from spinewatch_monitor.updates import Link, SensorStatus
from spinewatch_signal.samples import Role, SensorInfo, Site

LATE_AFTER_S = 1.0
RATE_WINDOW_S = 5.0
ABSENT_AFTER_S = 10.0
"""A longer gap is a sensor that was away or off, not a link that loses samples."""
MOST_LOST = 10_000 * ABSENT_AFTER_S
"""In one gap, at the highest rate there is."""
MOST_HOURS = 10_000.0
"""A year of battery; a figure beyond is none."""


@dataclass(slots=True)
class _Watched:
    channel: SensorChannel
    link: Link = Link.CONNECTING
    cause: str = ""
    newest_s: float | None = None
    received: int = 0
    lost: int = 0
    recent: deque[tuple[float, int]] = field(default_factory=deque)
    battery_percent: float | None = None
    battery_hours: float | None = None


class SensorWatch:
    """Status of all sensors of a session, fed with the items as they come."""

    def __init__(self) -> None:
        self._sensors: dict[str, _Watched] = {}

    def announce(self, channel: SensorChannel) -> None:
        """A sensor said who it is, for the first time or again."""
        known = self._sensors.get(channel.sensor.id)
        if known is None:
            self._sensors[channel.sensor.id] = _Watched(channel)
        else:
            known.channel = channel

    def block(self, block: Block) -> None:
        """Count the samples of a block."""
        watched = self._sensors.get(block.sensor)
        if watched is None or not len(block):
            return
        watched.link, watched.cause = Link.STREAMING, ""
        watched.newest_s = float(block.t_s[-1])
        watched.received += len(block)
        watched.recent.append((watched.newest_s, len(block)))
        while watched.recent and watched.recent[0][0] < watched.newest_s - RATE_WINDOW_S:
            watched.recent.popleft()

    def event(self, event: Event) -> None:
        """Take over what an event says about a sensor."""
        if event.sensor is not None and event.kind == "disconnected" and event.sensor not in self._sensors:
            self._sensors[event.sensor] = _Watched(_never_connected(event.sensor))
        targets = [w for key, w in self._sensors.items() if event.sensor in (None, key)]
        for watched in targets:
            _apply(watched, event)

    def statuses(self, now_s: float, *, paused: bool) -> tuple[SensorStatus, ...]:
        """One status a sensor, upper first."""
        ordered = sorted(self._sensors.values(), key=lambda w: w.channel.sensor.role, reverse=True)
        return tuple(_status(watched, now_s, paused=paused) for watched in ordered)


def _never_connected(sensor: str) -> SensorChannel:
    """Stands for a sensor that has not said who it is: its id is the site it was asked for at."""
    site = Site(sensor) if sensor in set(Site) else Site.UPPER_BACK
    return SensorChannel(SensorInfo(sensor, "", site, Role.LOWER if site is Site.PELVIS else Role.UPPER), 1.0, None)


def _apply(watched: _Watched, event: Event) -> None:
    data: dict[str, Any] = dict(event.data)
    if event.kind == "disconnected":
        watched.link, watched.cause = Link.LOST, str(data.get("cause", ""))
    elif event.kind == "connected":
        watched.link, watched.cause = Link.CONNECTING, ""
    elif event.kind == "gap":
        if _length_s(data) <= ABSENT_AFTER_S:
            watched.lost += int(number(data, "lost_samples", MOST_LOST) or 0)
    elif event.kind == "battery":
        watched.battery_percent = number(data, "percent", 100.0)
        watched.battery_hours = number(data, "hours", MOST_HOURS)


def _length_s(gap: Mapping[str, Any]) -> float:
    start_s, end_s = time_s(gap, "start_s"), time_s(gap, "end_s")
    return 0.0 if start_s is None or end_s is None else end_s - start_s


def _status(watched: _Watched, now_s: float, *, paused: bool) -> SensorStatus:
    sensor = watched.channel.sensor
    age_s = None if watched.newest_s is None else max(0.0, now_s - watched.newest_s)
    expected = watched.received + watched.lost
    return SensorStatus(
        id=sensor.id,
        family=sensor.family,
        site=sensor.site,
        role=sensor.role,
        link=_link(watched.link, age_s, paused=paused),
        cause=watched.cause,
        data_age_s=age_s,
        battery_percent=watched.battery_percent,
        battery_hours=watched.battery_hours,
        rate_hz=_rate_hz(watched.recent),
        loss_percent=100.0 * watched.lost / expected if expected else 0.0,
        simulated=watched.channel.simulated,
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
