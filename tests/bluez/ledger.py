"""What a sensor handed to its radio against what the program received, by the number in every sample. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import chain, dropwhile, pairwise


class Ledger:
    """Both sides of one sensor, as they were told.

    Attributes:
        came: numbers of the samples that the program emitted.
        told_lost: samples lost by each gap that it told; None where the sensor does not count.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin anew, with another program."""
        self.came: list[int] = []
        self.told_lost: list[int | None] = []
        self._sent: list[list[int]] = [[]]  # of each connection

    def connected(self) -> None:
        """From here on, what is sent belongs to a new connection."""
        self._sent.append([])

    def handed_over(self, numbers: Collection[int]) -> None:
        """These are on their way."""
        self._sent[-1] += numbers

    def forget(self, lost: Collection[int]) -> None:
        """Leave out of account what could not come."""
        gone = set(lost)
        self._sent = [[number for number in sent if number not in gone] for sent in self._sent]

    @property
    def sent(self) -> list[int]:
        """What was handed over, on each connection from the first that the program took.

        Some sensors send as soon as somebody listens, before they are set up.
        """
        came = set(self.came)
        return list(chain.from_iterable(dropwhile(lambda number: number not in came, sent) for sent in self._sent))

    @property
    def all_came(self) -> bool:
        """Whether nothing is on its way any more."""
        last = next((sent[-1] for sent in reversed(self._sent) if sent), None)
        return last is not None and self.came[-1:] == [last]

    def not_came(self) -> list[int]:
        """What was sent and did not come."""
        came = set(self.came)
        return [number for number in self.sent if number not in came]

    def faults(self) -> list[str]:
        """What may never happen, in words: nothing is made up, doubled or swapped, and what is missing is told."""
        came, sent = self.came, set(self.sent)
        found = []
        if len(set(came)) != len(came):
            found.append(f"{len(came) - len(set(came))} samples came twice")
        if any(later < earlier for earlier, later in pairwise(came)):
            found.append("samples came in another order")
        if not set(came) <= sent:
            found.append(f"{len(set(came) - sent)} samples came that were not sent")
        return found + self._untold()

    def _untold(self) -> list[str]:
        if None in self.told_lost:
            return []
        missing = sum(later - earlier - 1 for earlier, later in pairwise(self.came) if later > earlier)
        told = sum(lost for lost in self.told_lost if lost is not None)
        return [] if told == missing else [f"{missing} samples are missing, {told} were told as lost"]


def lost_together(lost: Sequence[int], sent: Sequence[int]) -> bool:
    """Whether what was lost was sent in one go, with nothing between it that came."""
    if not lost:
        return True
    first = sent.index(lost[0])
    return list(sent[first : first + len(lost)]) == list(lost)
