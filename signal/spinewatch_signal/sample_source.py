"""All samples of one sensor, to be read in pieces and more than once: a day need not lie in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from spinewatch_signal.samples import ImuBatch, concatenate, empty_batch

_LOOK_SAMPLES = 2**16


class SampleSource(Protocol):
    """Where the samples of one sensor are read from."""

    def pieces(self) -> Iterator[ImuBatch]:
        """All samples from the first one on, in time order, in pieces of any size; may be called again."""
        ...


@dataclass(frozen=True, eq=False, slots=True)
class InMemory:
    """Samples that lie in memory already, as one piece."""

    batch: ImuBatch

    def pieces(self) -> Iterator[ImuBatch]:
        """The one piece."""
        yield self.batch


def as_source(samples: ImuBatch | SampleSource) -> SampleSource:
    """A batch as a source; a source stays as it is."""
    return InMemory(samples) if isinstance(samples, ImuBatch) else samples


class Watched:
    """A source whose samples somebody else sees too: each once, in time order, when it is read for the first time.

    Args:
        source: of the samples.
        look_on: given them in pieces.

    Attributes:
        start_s: time of the first sample, UNIX seconds; NaN before it was read.
    """

    def __init__(self, source: SampleSource, look_on: Callable[[ImuBatch], object]) -> None:
        self._source, self._look_on = source, look_on
        self._seen = 0
        self.start_s = float("nan")

    def pieces(self) -> Iterator[ImuBatch]:
        """Those of the source."""
        begins = 0
        for piece in self._source.pieces():
            new = max(0, self._seen - begins)
            for first in range(new, len(piece), _LOOK_SAMPLES):
                self._look_on(piece[first : first + _LOOK_SAMPLES])
            if self._seen == 0 and len(piece):
                self.start_s = float(piece.t_s[0])
            begins += len(piece)
            self._seen = max(self._seen, begins)
            yield piece


class SampleWindow:
    """Reads a source once, forward, and keeps of it only what may still be asked for.

    Args:
        source: of the samples.
        sensor: its id.
    """

    def __init__(self, source: SampleSource, sensor: str) -> None:
        self._pieces = source.pieces()
        self._held: deque[ImuBatch] = deque()
        self._first = self._end = 0
        self._nothing = empty_batch(sensor)

    def read(self, first: int, last: int) -> ImuBatch:
        """The samples ``[first, last)`` counted from the first of all; fewer where the recording ends before.

        Args:
            first: not before the `first` of any earlier call.
            last: the end.
        """
        self._forget(first)
        while self._end < last and (piece := next(self._pieces, None)) is not None:
            if len(piece):
                self._held.append(piece)
                self._end += len(piece)
                self._forget(first)
        parts, begins = [], self._first
        for piece in self._held:
            part = piece[max(0, first - begins) : max(0, last - begins)]
            parts += [part] if len(part) else []
            begins += len(piece)
        return concatenate(parts) if len(parts) > 1 else (parts or [self._nothing])[0]

    def _forget(self, first: int) -> None:
        while self._held and self._first + len(self._held[0]) <= first:
            self._first += len(self._held.popleft())
