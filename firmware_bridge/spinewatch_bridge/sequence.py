"""Which samples of a stream are new, missing, late or sent twice: arithmetic on unwrapped indices. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

GAPS_REMEMBERED = 64


@dataclass(slots=True)
class SequenceCounters:
    """Samples since the link first opened.

    Args:
        lost: missing from what was passed on, for whatever reason.
        late: of the lost, those that came after newer ones, too late to be passed on.
        duplicate: came again.
        device_dropped: of the lost, those that the sensor never sent.
    """

    received: int = 0
    lost: int = 0
    late: int = 0
    duplicate: int = 0
    device_dropped: int = 0

    @property
    def loss_percent(self) -> float:
        """Share of samples that are missing."""
        return 100 * self.lost / max(self.received + self.lost, 1)


@dataclass(frozen=True, slots=True)
class Placement:
    """What to do with a group: leave out its first `skip` samples; `lost` are missing before the rest."""

    skip: int
    lost: int


class Sequencer:
    """Follows the index of one sensor through its sessions."""

    def __init__(self) -> None:
        self.counters = SequenceCounters()
        self._next: int | None = None
        self._gaps: deque[tuple[int, int]] = deque(maxlen=GAPS_REMEMBERED)

    def restart(self, next_index: int | None) -> None:
        """A new session begins; what was missed between the sessions cannot be known."""
        self._next = next_index
        self._gaps.clear()

    def place(self, first: int, n: int) -> Placement:
        """Place a group of `n` samples that begins at index `first`."""
        if self._next is None:
            self._next = first
        skip = min(max(self._next - first, 0), n)
        if skip:
            self._count_old(first, skip)
        if skip == n:
            return Placement(n, 0)
        lost = max(first - self._next, 0)
        if lost:
            self._gaps.append((self._next, first))
        self.counters.lost += lost
        self.counters.received += n - skip
        self._next = first + n
        return Placement(skip, lost)

    def _count_old(self, first: int, n: int) -> None:
        """Samples that were missing came late, and are then no longer missing; all others were there already."""
        late, still = 0, deque[tuple[int, int]](maxlen=GAPS_REMEMBERED)
        for start, end in self._gaps:
            low, high = max(start, first), min(end, first + n)
            late += max(high - low, 0)
            parts = ((start, low), (high, end)) if low < high else ((start, end),)
            still.extend(part for part in parts if part[0] < part[1])
        self._gaps = still
        self.counters.late += late
        self.counters.duplicate += n - late
