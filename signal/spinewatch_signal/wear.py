"""Whether a sensor is on a body at all: nobody keeps as still as a table.

Sitting or lying still, a body turns a sensor on it by more than 0.05° in a usual second (breathing, sway; 120 labelled
still segments of 20 people), a sensor on a table by its own noise only, 0.01° to 0.03°. So it is not worn where it
turns that little for minutes, and stays within 0.2°. Nobody measured sleepers, who lie on the sensor: what lies as one
would, and was in no hand before, has to be as still for much longer.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from spinewatch_signal.flexion import BodyFrame
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
        lying_deg: further than this from upright, but not head down, it may be a sleeper's (as in `ActivityParams`);
        lying_s: then so long, unless a hand was seen beside it. Sleepers sigh every few minutes, twice as deep as they
            breathe, and turn over a few times an hour (provisional).
        short_s: in hindsight so long is enough beside a handling, or when it is all there is of a recording's length.
        beside_s: a handling is beside a rest when it lies within this.
        stir_s, of_s: worn again when so many of the last so many seconds stirred: a bump of the table is none.
        alive_deg: or when the last minute of quiet seconds turned by this, RMS, as the stillest body does: who was only
            very still for a while may never stir for long.
        head_down_deg: from upright; no working body gets there, a sensor in a hand does.
        turned_deg, within_s: and a hand turns it by this much within this time.
        bend_deg: but a supple wearer who touches the floor gets as far as this, straight forward.
    """

    dead_deg: float = 0.04
    stir_deg: float = 0.15
    range_deg: float = 0.2
    after_s: int = 300
    lying_deg: float = 55.0
    lying_s: int = 1200
    short_s: int = 60
    beside_s: int = 60
    stir_s: int = 8
    of_s: int = 10
    alive_deg: float = 0.05
    head_down_deg: float = 120.0
    turned_deg: float = 120.0
    within_s: int = 10
    bend_deg: float = 150.0


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
        is_worn: whether it seems to be on a body at the newest second.
        unworn: the stretches on no body that were told, in order; the last may go on.
        rests: every rest as still as on a table and at least 10 s long: start_s, end_s, whether a sleeper may lie so.
        handled_s: when it was turned about as only a hand does.
    """

    def __init__(self, params: WearParams | None = None) -> None:
        self.params = params or WearParams()
        self.is_worn = True
        self.unworn: list[Unworn] = []
        self.rests: list[tuple[float, float, bool]] = []
        self.handled_s: list[float] = []
        self._rest: _Rest | None = None
        self._frame: BodyFrame | None = None
        self._range = math.radians(self.params.range_deg)
        self._stirs: deque[int] = deque(maxlen=self.params.stir_s)
        self._quiet: deque[tuple[int, float]] = deque(maxlen=60)
        self._newest: list[tuple[int, Floats]] = []
        self._first_s: float | None = None
        self._last_s = 0.0

    def update(self, seconds: Seconds, frame: BodyFrame | None = None) -> Mask:
        """Whether it seems not to be worn (q,), as known at the end of each second.

        Args:
            seconds: of the sensor, later than all before.
            frame: how it sits on the wearer; without it neither handling nor lying is seen.
        """
        off = np.zeros(len(seconds), np.bool_)
        if len(seconds) == 0:
            return off
        self._first_s = float(seconds.s[0]) if self._first_s is None else self._first_s
        self._last_s = float(seconds.s[-1]) + 1
        self._frame = frame
        self._look_for_hands(seconds)
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
        for start_s, end_s, may_sleep in self.rests:
            if any(u.start_s <= start_s and (u.end_s is None or end_s <= u.end_s) for u in self.unworn):
                continue
            handled = self._in_hand(start_s - p.beside_s, end_s + p.beside_s)
            everything = self._first_s is not None and end_s - start_s >= 0.9 * (self._last_s - self._first_s)
            if (everything and not may_sleep) or (handled and end_s - start_s >= p.short_s):
                found.append(Unworn(start_s, end_s, self._last_s))
        return sorted(found, key=lambda u: u.start_s)

    def _lie(self, second: int, up: Up, turned_deg: float) -> None:
        p, rest = self.params, self._rest
        if not self.is_worn:
            self._breathe(second, turned_deg)
        if rest is not None and (second - rest.last > 3 or not rest.is_near(up, self._range)):
            self._end_rest()
            rest = None
        if rest is None:
            rest = self._rest = _Rest(second, second, up)
        rest.add(second, turned_deg)
        lasted_s = second + 1 - rest.start
        if not self.is_worn or lasted_s < p.after_s or not rest.is_dead(p.dead_deg):
            return
        if lasted_s >= p.lying_s or not self._may_sleep(rest):
            self.is_worn = False
            self.unworn.append(Unworn(float(rest.start), None, second + 1.0))
            self._stirs.clear()
            self._quiet.clear()

    def _may_sleep(self, rest: _Rest) -> bool:
        """Whether it rests as on a sleeper: lying, and in no hand just before."""
        p = self.params
        if self._frame is None:
            return False
        off_deg = float(angle_deg(np.array(rest.up), self._frame.axes[2]))
        return p.lying_deg < off_deg < p.head_down_deg and not self._in_hand(rest.start - p.beside_s, rest.start + 1.0)

    def _in_hand(self, first_s: float, last_s: float) -> bool:
        return any(first_s <= t_s <= last_s for t_s in self.handled_s)

    def _breathe(self, second: int, turned_deg: float) -> None:
        """Worn again if it has turned as a still body does for a minute."""
        self._quiet.append((second, turned_deg * turned_deg))
        limit = self.params.alive_deg * self.params.alive_deg * 60
        if len(self._quiet) == 60 and sum(square for _, square in self._quiet) >= limit:
            self._worn_again(self._quiet[0][0])

    def _worn_again(self, second: int) -> None:
        self.is_worn, last = True, self.unworn[-1]
        self.unworn[-1] = Unworn(last.start_s, float(second), last.told_s)

    def _stir(self, second: int) -> None:
        self._end_rest()
        if self.is_worn:
            return
        self._stirs.append(second)
        if len(self._stirs) == self.params.stir_s and second - self._stirs[0] < self.params.of_s:
            self._worn_again(self._stirs[0])

    def _end_rest(self) -> None:
        rest, self._rest = self._rest, None
        if rest is not None and rest.n >= 10 and rest.is_dead(self.params.dead_deg):
            self.rests.append((float(rest.start), rest.last + 1.0, self._may_sleep(rest)))

    def _look_for_hands(self, seconds: Seconds) -> None:
        p, frame = self.params, self._frame
        down = np.zeros(len(seconds), np.bool_) if frame is None else _head_down(seconds.up, frame, p)
        for i in np.flatnonzero(down).tolist():
            since = seconds.s[i] - p.within_s
            first = int(np.searchsorted(seconds.s, since))
            before = [up for s, up in self._newest if s >= since] + list(seconds.up[first:i])
            if before and np.any(angle_deg(np.array(before), seconds.up[i]) > p.turned_deg):  # a NaN says nothing
                self.handled_s.append(float(seconds.s[i]) + 1)
        tail = slice(max(0, len(seconds) - p.within_s), None)
        self._newest = (self._newest + list(zip(seconds.s[tail].tolist(), seconds.up[tail], strict=True)))[
            -p.within_s :
        ]


def _head_down(up: Floats, frame: BodyFrame, p: WearParams) -> Mask:
    """(q,) where a sensor hangs as on no body: head down, and not by a bend to the floor; False for NaN."""
    x, y, _ = frame.axes @ up.T
    off_deg = angle_deg(up, frame.axes[2])
    bent: Mask = (off_deg < p.bend_deg) & (-x > np.abs(y))
    down: Mask = (off_deg > p.head_down_deg) & ~bent
    return down
