"""What the host's own clocks did: its wall clock was set, the computer slept, or the time was wrong from the start.

A link looks whenever it reads. Pure: both times are arguments.
"""

from __future__ import annotations

from dataclasses import dataclass

HOST_WRONG, HOST_STEPPED, HOST_SLEPT = "host_wrong", "host_stepped", "host_slept"


@dataclass(frozen=True, slots=True)
class HostWatchParams:
    """Limits, seconds."""

    step_s: float = 0.5  # a wall clock that is kept by network time is slewed by far less between two looks
    slept_s: float = 10.0  # links look several times a second; a busy computer may miss a few
    earliest_s: float = (
        1_704_067_200.0  # 2024-01-01: before this program; clocks without a battery begin in 1970 or 2001
    )


@dataclass(frozen=True, slots=True)
class HostNews:
    """`what` happened to a clock of the host; `by_s` seconds, positive forward; None where it cannot be known."""

    what: str
    by_s: float | None = None


class HostWatch:
    """Compares the two clocks of a host from look to look."""

    def __init__(self, params: HostWatchParams | None = None) -> None:
        self._params = params or HostWatchParams()
        self._last: tuple[float, float | None] | None = None

    def look(self, steady_s: float, wall_s: float | None, *, waited: bool = False) -> list[HostNews]:
        """What happened since the last look.

        Args:
            steady_s: seconds that only go forward, also in sleep.
            wall_s: UNIX seconds of the wall clock; None where time is made, as in a simulation.
            waited: the link itself waited since, for a sensor or before a new attempt: it may have been for long, and
                says nothing of sleep.
        """
        last, self._last = self._last, (steady_s, wall_s)
        if last is None:
            return [HostNews(HOST_WRONG)] if wall_s is not None and wall_s < self._params.earliest_s else []
        passed_s, news = steady_s - last[0], []
        if passed_s > self._params.slept_s and not waited:
            news.append(HostNews(HOST_SLEPT, passed_s))
        if wall_s is not None and last[1] is not None:
            stepped_s = wall_s - last[1] - passed_s
            if abs(stepped_s) > self._params.step_s:
                news.append(HostNews(HOST_STEPPED, stepped_s))
        return news
