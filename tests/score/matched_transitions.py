"""Which told transitions are true ones: one to one, by the time of their middle."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from spinewatch_signal.marks import Direction


@dataclass(frozen=True, slots=True)
class Event:
    """A transition, told or true; a true one without a time is anywhere in its recording."""

    middle_s: float | None
    direction: Direction


@dataclass(slots=True)
class Tally:
    """How many were told and how well.

    Args:
        hits, false, missed: told and true, told only, true only.
        right_way: hits with the right direction.
        errors_s: told less true time of the hits that have one.
    """

    hits: int = 0
    false: int = 0
    missed: int = 0
    right_way: int = 0
    errors_s: list[float] = field(default_factory=list)

    @property
    def f1(self) -> float:
        """Harmonic mean of the share of true ones told and that of told ones true; 1 where there are none."""
        all_of_them = 2 * self.hits + self.false + self.missed
        return 2 * self.hits / all_of_them if all_of_them else 1.0

    @property
    def direction(self) -> float:
        """Share of the hits with the right direction."""
        return self.right_way / self.hits if self.hits else 0.0

    def add(self, other: Tally) -> None:
        """Take another one in."""
        self.hits, self.false, self.missed = (
            self.hits + other.hits,
            self.false + other.false,
            self.missed + other.missed,
        )
        self.right_way += other.right_way
        self.errors_s += other.errors_s


def matched(told: Sequence[Event], true: Iterable[Event], within_s: float) -> Tally:
    """Each true event takes the nearest told one within reach that is still free, whatever its direction.

    Args:
        told: with times.
        true: those without a time take any, one of their direction first.
        within_s: reach.
    """
    free, tally = list(told), Tally()
    for event in true:
        near = [other for other in free if _distance_s(other, event) <= within_s]
        if not near:
            tally.missed += 1
            continue
        hit = min(near, key=lambda other: (_distance_s(other, event), other.direction is not event.direction))
        free.remove(hit)
        tally.hits += 1
        tally.right_way += hit.direction is event.direction
        if event.middle_s is not None and hit.middle_s is not None:
            tally.errors_s.append(hit.middle_s - event.middle_s)
    tally.false = len(free)
    return tally


def _distance_s(told: Event, true: Event) -> float:
    return 0.0 if true.middle_s is None or told.middle_s is None else abs(told.middle_s - true.middle_s)
