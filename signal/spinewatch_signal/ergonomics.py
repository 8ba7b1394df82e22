"""Trunk postures against two standards of work design: ISO 11226 (holding) and EN 1005-4 (zones and frequency).

Both are written for healthy adults at work, not for treatment, and all their values here are provisional: they come
from secondary literature and are to be confirmed in the standards themselves. Angles are deviations from the person's
own upright, as EN 1005-4 means them; whether the trunk is supported is not known, so nothing is taken off for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from spinewatch_signal.grid import FRAMES_PER_S
from spinewatch_signal.posture import FRAME_PERIOD_S
from spinewatch_signal.samples import Floats
from spinewatch_signal.tallies import Entries, Mask, Whole, run_starts

_USE_UNIT = 1e-9
"""Shares of a holding time are summed as whole billionths: an exact sum is the same for any pieces."""
_FRAMES_PER_MIN = 60 * FRAMES_PER_S


@dataclass(frozen=True)
class HoldingParams:
    """Static holding after ISO 11226 (provisional).

    Args:
        from_deg: below this flexion a posture may be held without limit.
        to_deg: beyond this it is not recommended at all.
        from_min, to_min: longest acceptable holding at these two angles, minutes; a straight line lies between.
        static_s: a posture held longer than this is static.
        static_deg_s, steady_s: flexion that changed more slowly than this over so long is held; our own choice, the
            standard says "slight or no change".
    """

    from_deg: float = 20.0
    to_deg: float = 60.0
    from_min: float = 4.0
    to_min: float = 1.0
    static_s: float = 4.0
    static_deg_s: float = 5.0
    steady_s: float = 0.5

    def longest_s(self, flexion_deg: Floats) -> Floats:
        """Longest acceptable holding of each angle, s; beyond `to_deg` the shortest one, infinite below `from_deg`."""
        slope = (self.from_min - self.to_min) / (self.to_deg - self.from_deg)
        minutes = self.from_min - slope * (np.minimum(flexion_deg, self.to_deg) - self.from_deg)
        return np.where(flexion_deg > self.from_deg, 60.0 * minutes, np.inf)


@dataclass(frozen=True, slots=True)
class HoldingUse:
    """Static holding of a bent trunk.

    Args:
        use: sum over static spells of duration over the longest acceptable duration; 1 is one whole holding time.
        largest: the same of the one spell that used most: beyond 1 the trunk was held longer than is recommended.
        spells: how many.
        static_s: their time.
        beyond_s: the part beyond the angle from which holding is not recommended at all.
    """

    use: float
    largest: float
    spells: int
    static_s: float
    beyond_s: float


@dataclass(slots=True)
class _Spell:
    """A static spell, maybe one that goes on."""

    frames: int = 0
    use: int = 0
    beyond_frames: int = 0

    def plus(self, other: _Spell) -> _Spell:
        return _Spell(self.frames + other.frames, self.use + other.use, self.beyond_frames + other.beyond_frames)


class HoldingCounter:
    """Adds up static holding with constant memory; a spell ends where the trunk moves, comes up, or a gap lies."""

    def __init__(self, params: HoldingParams | None = None) -> None:
        self.params = params or HoldingParams()
        self._done = _Spell()
        self._spells, self._largest = 0, 0
        self._open = _Spell()
        self._recent: Floats = np.empty(0)

    def add(self, flexion_deg: Floats, is_still: Mask, after_gap: Mask) -> None:
        """Take frames.

        Args:
            flexion_deg: (m,) NaN where blank or lying.
            is_still: (m,) neither moving nor walking.
            after_gap: (m,) whether a gap lies before the frame.
        """
        if len(flexion_deg) == 0:
            return
        holds = is_still & (flexion_deg > self.params.from_deg) & self._is_steady(flexion_deg, after_gap)
        use = np.rint(FRAME_PERIOD_S / self.params.longest_s(flexion_deg) / _USE_UNIT).astype(np.int64)
        starts = run_starts(holds, after_gap)
        sums = [np.add.reduceat(x, starts) for x in (holds, np.where(holds, use, 0), flexion_deg > self.params.to_deg)]
        for at, frames, used, beyond in zip(starts.tolist(), *(s.tolist() for s in sums), strict=True):
            if at > 0 or after_gap[0] or not holds[0]:
                self._end()
            if holds[at]:
                self._open = self._open.plus(_Spell(frames, used, beyond))

    def _is_steady(self, flexion_deg: Floats, after_gap: Mask) -> Mask:
        """Flexion changed slowly since `steady_s` ago; unknown for so long after a gap."""
        back = max(1, round(self.params.steady_s * FRAMES_PER_S))
        if after_gap[0]:
            self._recent = np.empty(0)
        known = np.concatenate((np.full(back - len(self._recent), np.nan), self._recent, flexion_deg))
        gap = np.concatenate((np.zeros(back, bool), after_gap))
        since = np.arange(len(gap)) - np.maximum.accumulate(np.where(gap, np.arange(len(gap)), -len(gap)))
        steady: Mask = np.abs(known[back:] - known[:-back]) < self.params.static_deg_s * self.params.steady_s
        steady &= since[back:] >= back
        last_gap = int(since[-1]) + 1
        self._recent = known[-min(back, last_gap) :].copy()
        return steady

    def _end(self) -> None:
        self._done, self._spells, self._largest = self._with_open()
        self._open = _Spell()

    def _with_open(self) -> tuple[_Spell, int, int]:
        if self._open.frames <= round(self.params.static_s * FRAMES_PER_S):
            return self._done, self._spells, self._largest
        return self._done.plus(self._open), self._spells + 1, max(self._largest, self._open.use)

    @property
    def result(self) -> HoldingUse:
        """So far, the spell that goes on included."""
        done, spells, largest = self._with_open()
        return HoldingUse(
            round(done.use * _USE_UNIT, 6),
            round(largest * _USE_UNIT, 6),
            spells,
            round(done.frames * FRAME_PERIOD_S, 1),
            round(done.beyond_frames * FRAME_PERIOD_S, 1),
        )


@dataclass(frozen=True)
class ZoneParams:
    """Zones of EN 1005-4 (provisional).

    Args:
        forward_deg: limits of the forward zones; below the first the trunk leans back.
        lateral_deg: limits of the zones to either side.
        frequent_per_min: movements into a zone that come at least so often are frequent.
        return_deg: a movement into a zone is over once the angle is this much below its limit, so that swaying at the
            limit is not counted as movement.
    """

    forward_deg: tuple[float, ...] = (0.0, 20.0, 60.0)
    lateral_deg: tuple[float, ...] = (10.0, 20.0)
    frequent_per_min: int = 2
    return_deg: float = 5.0


@dataclass(frozen=True, slots=True)
class ZoneUse:
    """Time per zone, and how often it was entered.

    Args:
        forward_s: ``"<0"``, ``"0-20"``, ``"20-60"``, ``">60"`` to seconds.
        lateral_s: ``"0-10"``, ``"10-20"``, ``">20"`` to seconds, either side.
        frequent_min: ``">20"``, ``">60"`` and ``"lateral >10"``, ``"lateral >20"`` to the number of clock minutes in
            which the zone was entered at least twice.
    """

    forward_s: Mapping[str, float]
    lateral_s: Mapping[str, float]
    frequent_min: Mapping[str, int]


class ZoneCounter:
    """Adds up the zones of EN 1005-4 with constant memory."""

    def __init__(self, params: ZoneParams | None = None) -> None:
        self.params = p = params or ZoneParams()
        self._forward: Whole = np.zeros(len(p.forward_deg) + 1, np.int64)
        self._lateral: Whole = np.zeros(len(p.lateral_deg) + 1, np.int64)
        self._forward_entries = {f">{on:g}": _PerMinute(on, p) for on in p.forward_deg if on > 0}
        self._lateral_entries = {f"lateral >{on:g}": _PerMinute(on, p) for on in p.lateral_deg}

    def add(self, k: Whole, flexion_deg: Floats, lateral_deg: Floats, after_gap: Mask) -> None:
        """Take frames: grid index, angles (NaN where blank or lying), whether a gap lies before; all (m,)."""
        if len(k) == 0:
            return
        side_deg = np.abs(lateral_deg)
        known = ~np.isnan(flexion_deg)
        self._forward += _per_zone(flexion_deg[known], self.params.forward_deg)
        self._lateral += _per_zone(side_deg[known], self.params.lateral_deg)
        side_deg = np.where(known, side_deg, np.nan)
        for entries in self._forward_entries.values():
            entries.add(k, flexion_deg, after_gap)
        for entries in self._lateral_entries.values():
            entries.add(k, side_deg, after_gap)

    @property
    def result(self) -> ZoneUse:
        """So far."""
        entries = {**self._forward_entries, **self._lateral_entries}
        return ZoneUse(
            _named(self._forward, self.params.forward_deg, below=True),
            _named(self._lateral, self.params.lateral_deg, below=False),
            {name: counter.minutes for name, counter in entries.items()},
        )


class _PerMinute:
    """Clock minutes in which a zone was entered often."""

    def __init__(self, on_deg: float, params: ZoneParams) -> None:
        self._entries = Entries(on_deg, on_deg - params.return_deg)
        self._often = params.frequent_per_min
        self._minute, self._in_minute, self._done = -1, 0, 0

    def add(self, k: Whole, angle_deg: Floats, after_gap: Mask) -> None:
        minutes, counts = np.unique(k[self._entries.find(angle_deg, after_gap)] // _FRAMES_PER_MIN, return_counts=True)
        for minute, count in zip(minutes.tolist(), counts.tolist(), strict=True):
            if minute != self._minute:
                self._done, self._minute, self._in_minute = self.minutes, minute, 0
            self._in_minute += count

    @property
    def minutes(self) -> int:
        return self._done + (self._in_minute >= self._often)


def _per_zone(angle_deg: Floats, limits_deg: tuple[float, ...]) -> Whole:
    zones = np.searchsorted(np.array(limits_deg), angle_deg, side="right")
    return np.bincount(zones, minlength=len(limits_deg) + 1).astype(np.int64)


def _named(frames: Whole, limits_deg: tuple[float, ...], *, below: bool) -> dict[str, float]:
    first = [f"<{limits_deg[0]:g}"] if below else [f"0-{limits_deg[0]:g}"]
    between = [f"{low:g}-{high:g}" for low, high in pairwise(limits_deg)]
    names = [*first, *between, f">{limits_deg[-1]:g}"]
    return {name: round(int(n) * FRAME_PERIOD_S, 1) for name, n in zip(names, frames, strict=True)}
