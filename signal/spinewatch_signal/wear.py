"""Whether a sensor is on a body at all: nobody keeps as still as a table.

Sitting or lying still, a body turns a sensor on it by more than 0.05° in a usual second (breathing, sway; 120 labelled
still segments of 20 people), a sensor on a table by its own noise only, 0.01° to 0.03°. So it is not worn where it
turns that little for minutes, and stays within 0.2°; that also holds for a sensor that lies as a sleeper would.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from spinewatch_signal.health_seconds import Mask, Seconds, angle_deg
from spinewatch_signal.samples import Floats


@dataclass(frozen=True, slots=True)
class WearParams:
    """Limits.

    Args:
        dead_deg: RMS, over a minute, of how far the vertical turns in a second, on a table (gyroscopes of this kind
            have 0.03 °/s/√Hz at most, that is 0.03° in a second; the stillest body of 120 turned by 0.05°).
        stir_deg: a second that turns by more than this is no part of a rest on a table.
        range_deg: on a table the direction stays within this.
        after_s: so long before it is said while it lasts: shorter spells are seen in hindsight only.
        short_s: in hindsight so long is enough beside a handling, or when it is all there is of a recording's length.
        beside_s: a handling is beside a rest when it lies within this.
        stir_s, of_s: worn again when so many of the last so many seconds stirred: a bump of the table is none.
        head_down_deg: from upright; no working body gets there, a sensor in a hand does.
        turned_deg, within_s: and a hand turns it by this much within this time.
    """

    dead_deg: float = 0.04
    stir_deg: float = 0.15
    range_deg: float = 0.2
    after_s: int = 300
    short_s: int = 60
    beside_s: int = 60
    stir_s: int = 8
    of_s: int = 10
    head_down_deg: float = 120.0
    turned_deg: float = 120.0
    within_s: int = 10


@dataclass(frozen=True, slots=True)
class Unworn:
    """A stretch on no body, ``[start_s, end_s)``, UNIX seconds; ``end_s`` None while it lasts."""

    start_s: float
    end_s: float | None
    told_s: float


Up = tuple[float, float, float]


@dataclass(slots=True)
class _Rest:
    """Seconds in a row that hardly turn, all near the first."""

    start: int
    last: int
    up: Up
    turned_squares: float = 0.0
    n: int = 0
    newest: deque[float] = field(default_factory=lambda: deque(maxlen=60))

    def add(self, second: int, turned_deg: float) -> None:
        """One second more."""
        square = turned_deg * turned_deg
        self.last = second
        self.n += 1
        self.turned_squares += square
        self.newest.append(square)

    def is_dead(self, limit_deg: float) -> bool:
        """Whether it turned as little as on a table, as a whole and of late."""
        limit = limit_deg * limit_deg
        return sum(self.newest) < limit * len(self.newest) and self.turned_squares < limit * self.n

    def is_near(self, up: Up, limit: float) -> bool:
        """Whether `up` points as the first, by the length of the difference (plain floats: a day has many seconds)."""
        x, y, z = up[0] - self.up[0], up[1] - self.up[1], up[2] - self.up[2]
        return x * x + y * y + z * z <= limit * limit


class WearWatch:
    """Seconds of one sensor in, whether it is worn out; causal, and the same for any chunking.

    Attributes:
        unworn: the stretches on no body that were told, in order; the last may go on.
        rests: every rest as still as on a table and at least 10 s long, (start_s, end_s): for hindsight.
        handled_s: when it was turned about as only a hand does.
    """

    def __init__(self, params: WearParams | None = None) -> None:
        self.params = params or WearParams()
        self.unworn: list[Unworn] = []
        self.rests: list[tuple[float, float]] = []
        self.handled_s: list[float] = []
        self._rest: _Rest | None = None
        self._range = math.radians(self.params.range_deg)
        self._stirs: deque[int] = deque(maxlen=self.params.stir_s)
        self._newest: list[tuple[int, Floats]] = []
        self._first_s: float | None = None
        self._last_s = 0.0

    @property
    def is_worn(self) -> bool:
        """Whether it seems to be on a body at the newest second."""
        return not self.unworn or self.unworn[-1].end_s is not None

    def update(self, seconds: Seconds, upright: Floats | None = None) -> Mask:
        """Whether it seems not to be worn (q,), as known at the end of each second.

        Args:
            seconds: of the sensor, later than all before.
            upright: (3,) its vertical on an upright wearer, SENSOR frame; without it handling is not seen.
        """
        off = np.zeros(len(seconds), np.bool_)
        if len(seconds) == 0:
            return off
        self._first_s = float(seconds.s[0]) if self._first_s is None else self._first_s
        self._last_s = float(seconds.s[-1]) + 1
        self._look_for_hands(seconds, upright)
        columns = seconds.s.tolist(), seconds.up.tolist(), seconds.turned_deg.tolist()
        for i, (second, (x, y, z), turned) in enumerate(zip(*columns, strict=True)):
            if turned <= self.params.stir_deg:
                self._lie(second, (x, y, z), turned)
            elif turned == turned and (self._rest is not None or not self.is_worn):  # a NaN says nothing
                self._stir(second)
            off[i] = not self.is_worn
        return off

    def finish(self) -> None:
        """The recording ends here; a stretch on no body may go on."""
        self._end_rest()

    def in_hindsight(self) -> list[Unworn]:
        """Also the short stretches: beside a handling, or all there is of a recording."""
        p = self.params
        found = list(self.unworn)
        for start_s, end_s in self.rests:
            if any(u.start_s <= start_s and (u.end_s is None or end_s <= u.end_s) for u in self.unworn):
                continue
            handled = any(start_s - p.beside_s <= t_s <= end_s + p.beside_s for t_s in self.handled_s)
            everything = self._first_s is not None and end_s - start_s >= 0.9 * (self._last_s - self._first_s)
            if everything or (handled and end_s - start_s >= p.short_s):
                found.append(Unworn(start_s, end_s, self._last_s))
        return sorted(found, key=lambda u: u.start_s)

    def _lie(self, second: int, up: Up, turned_deg: float) -> None:
        p, rest = self.params, self._rest
        if rest is not None and (second - rest.last > 3 or not rest.is_near(up, self._range)):
            self._end_rest()
            rest = None
        if rest is None:
            rest = self._rest = _Rest(second, second, up)
        rest.add(second, turned_deg)
        if self.is_worn and second + 1 - rest.start >= p.after_s and rest.is_dead(p.dead_deg):
            self.unworn.append(Unworn(float(rest.start), None, second + 1.0))
            self._stirs.clear()

    def _stir(self, second: int) -> None:
        self._end_rest()
        if self.is_worn:
            return
        self._stirs.append(second)
        if len(self._stirs) == self.params.stir_s and second - self._stirs[0] < self.params.of_s:
            last = self.unworn[-1]
            self.unworn[-1] = Unworn(last.start_s, float(self._stirs[0]), last.told_s)

    def _end_rest(self) -> None:
        rest, self._rest = self._rest, None
        if rest is not None and rest.n >= 10 and rest.is_dead(self.params.dead_deg):
            self.rests.append((float(rest.start), rest.last + 1.0))

    def _look_for_hands(self, seconds: Seconds, upright: Floats | None) -> None:
        p = self.params
        known = ~np.isnan(seconds.up[:, 0])
        if upright is not None:
            down = known & (angle_deg(seconds.up, upright) > p.head_down_deg)
        else:
            down = np.zeros(len(seconds), np.bool_)
        for i in np.flatnonzero(down).tolist():
            since = seconds.s[i] - p.within_s
            first = int(np.searchsorted(seconds.s, since))
            before = [up for s, up in self._newest if s >= since] + list(seconds.up[first:i])
            if before and np.nanmax(angle_deg(np.array(before), seconds.up[i])) > p.turned_deg:
                self.handled_s.append(float(seconds.s[i]) + 1)
        tail = slice(max(0, len(seconds) - p.within_s), None)
        self._newest = (self._newest + list(zip(seconds.s[tail].tolist(), seconds.up[tail], strict=True)))[
            -p.within_s :
        ]
