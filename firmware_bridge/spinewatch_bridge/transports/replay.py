"""A recording played as if it were live: the same items in the same order, at any speed.

Sample times are the recorded ones; only the pace is new. Blocks that arrived live, and those that the simulator gave an
arrival, come out exactly as they were logged. Imports have no arrivals and long blocks: those are cut to `PIECE_S` and
interleaved by time, so that two sensors advance together. Which items come, and how they are cut, never depends on the
speed.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from spinewatch_bridge.blocks import Block, Emit, Event, Item, SensorChannel
from spinewatch_bridge.recording.reader import Recording

PIECE_S = 0.1
"""Length of the pieces of a long block: as often as a sensor would send."""
LONG_BLOCK_S = 0.25
"""Blocks up to this length are left as they are."""
SKIP_GAP_S = 10.0
"""A longer stretch without data is passed over."""
MAX_STEP_S = 0.5
"""Time that one step may make up for; after a longer stall the replay is late rather than in a burst."""
MAX_ITEMS = 512
"""Items of one step, at any speed."""
_ROUNDING_S = 1e-6
_LOOKAHEAD_S = 1.0
"""How far out of time order the items of an import may be."""


class Playable(Protocol):
    """What can be played: a `Recording`, or items in memory."""

    @property
    def start_s(self) -> float:
        """UNIX seconds of the first sample."""

    @property
    def end_s(self) -> float:
        """UNIX seconds of the last sample."""

    @property
    def events(self) -> Sequence[Event]:
        """All events in order."""

    def items(self, from_s: float | None = None) -> Iterator[Item]:
        """Channels, blocks and events in order, from a time on."""


class ItemList:
    """Items in memory as something that can be played."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = tuple(items)
        blocks = [item for item in items if isinstance(item, Block)]
        self.start_s = min((float(b.t_s[0]) for b in blocks), default=0.0)
        self.end_s = max((float(b.t_s[-1]) for b in blocks), default=self.start_s)
        self.events = tuple(item for item in items if isinstance(item, Event))

    def items(self, from_s: float | None = None) -> Iterator[Item]:
        """All channels, and what lies at `from_s` or later."""
        return (item for item in self._items if from_s is None or _last_s(item) >= from_s)


class Player:
    """Hands out what is due. Pure: it is told the time and never waits.

    Args:
        source: a recording, or a list of items.
        speed: factor, or infinity.
        playing: False starts paused.
    """

    def __init__(self, source: Playable | Sequence[Item], speed: float = 1.0, *, playing: bool = True) -> None:
        self._source: Playable = ItemList(source) if isinstance(source, Sequence) else source
        self.start_s, self.end_s = self._source.start_s, self._source.end_s
        self.playing = playing
        self.ended = False
        """True once the last item was handed out; a seek back makes it False."""
        self.set_speed(speed)
        self._told_s: float | None = None
        self._clock_s = self.start_s
        self._opening: deque[Item] = deque()
        self._queue = _Queue(self._source.items())

    @property
    def position_s(self) -> float:
        """UNIX seconds of the recording up to which items were handed out."""
        return min(max(self._clock_s, self.start_s), self.end_s)

    def play(self) -> None:
        """Go on; at the end, from the beginning."""
        if self.ended:
            self.seek(self.start_s)
        self.playing = True

    def pause(self) -> None:
        """Hand out nothing until `play`."""
        self.playing = False

    def set_speed(self, speed: float) -> None:
        """Change the pace: a factor above 0, or infinity."""
        if not speed > 0:
            raise ValueError(f"the speed of a replay must be above 0, not {speed}")
        self.speed = speed

    def seek(self, t_s: float) -> None:
        """Go to a time, clamped to the recording, playing or paused as before.

        The next step begins with an event ``note`` whose text is ``seek`` (data: from_s, to_s), then the channels and
        the calibration in force: who keeps state drops it there. What comes next starts at `t_s`, so a filter needs a
        few seconds to settle; seek that much earlier to have angles at once.
        """
        to_s = min(max(t_s, self.start_s), self.end_s)
        note = Event("note", to_s, None, {"text": "seek", "from_s": self.position_s, "to_s": to_s})
        in_force = [event for event in self._source.events if event.kind == "calibration" and event.t_s < to_s]
        ahead = self._source.items(to_s)
        self._queue = _Queue(ahead)
        self._opening = deque([note, *self._queue.take_channels(), *in_force[-1:]])
        self._clock_s, self.ended = to_s, False

    def step(self, now_s: float) -> list[Item]:
        """The items due by now, at most `MAX_ITEMS`.

        Args:
            now_s: any clock that only goes forward, s.
        """
        passed_s = 0.0 if self._told_s is None else min(max(now_s - self._told_s, 0.0), MAX_STEP_S)
        self._told_s = now_s
        out: list[Item] = list(self._opening)
        self._opening.clear()
        if not self.playing or self.ended:
            return out
        until_s = math.inf if math.isinf(self.speed) else self._after_gap(self._clock_s + passed_s * self.speed)
        while len(out) < MAX_ITEMS and self._queue.due_s <= until_s and not self._queue.empty:
            self._clock_s = max(self._clock_s, self._queue.due_s)
            out.append(self._queue.pop())
        if self._queue.empty:
            self.ended, self.playing, self._clock_s = True, False, self.end_s
        elif len(out) < MAX_ITEMS:
            self._clock_s = max(self._clock_s, until_s)
        return out

    def _after_gap(self, until_s: float) -> float:
        due_s = self._queue.due_s
        return due_s if math.isfinite(due_s) and due_s - until_s > SKIP_GAP_S else until_s


class _Queue:
    """Items with the recorded time at which each is due, in that order, looking ahead no further than needed."""

    def __init__(self, items: Iterator[Item]) -> None:
        self._items = items
        self._heap: list[tuple[float, int, Item]] = []
        self._count = 0
        self._live_s = -math.inf
        self._read_until_s = -math.inf
        self._exhausted = False
        self._fill()

    @property
    def empty(self) -> bool:
        """Whether nothing is left."""
        return not self._heap

    @property
    def due_s(self) -> float:
        """When the next item is due; infinity when nothing is left."""
        return self._heap[0][0] if self._heap else math.inf

    def pop(self) -> Item:
        """The next item."""
        item = heapq.heappop(self._heap)[2]
        self._fill()
        return item

    def take_channels(self) -> list[Item]:
        """The channels that are at the head."""
        taken: list[Item] = []
        while self._heap and isinstance(self._heap[0][2], SensorChannel):
            taken.append(self.pop())
        return taken

    def _fill(self) -> None:
        while not self._exhausted and (not self._heap or self._read_until_s <= self._heap[0][0] + _LOOKAHEAD_S):
            item = next(self._items, None)
            if item is None:
                self._exhausted = True
                return
            self._push(item)

    def _push(self, item: Item) -> None:
        if isinstance(item, SensorChannel):
            self._add(max(self._live_s, self._read_until_s), item)
        elif isinstance(item, Event):
            # Live, an event was logged where it happened among the blocks, and stays there.
            self._add(item.t_s if math.isinf(self._live_s) else self._live_s, item)
        elif item.arrival_s is not None:
            self._live_s = max(self._live_s, item.arrival_s)
            self._read_until_s = self._live_s
            self._add(self._live_s, item)
        else:
            self._read_until_s = max(self._read_until_s, float(item.t_s[0]))
            for piece in pieces(item):
                self._add(max(self._live_s, float(piece.t_s[-1])), piece)

    def _add(self, due_s: float, item: Item) -> None:
        self._count += 1
        heapq.heappush(self._heap, (due_s, self._count, item))


def pieces(block: Block) -> Iterator[Block]:
    """A block as it is, or cut to pieces of `PIECE_S` when it is longer than `LONG_BLOCK_S`."""
    span_s = float(block.t_s[-1] - block.t_s[0])
    if span_s <= LONG_BLOCK_S:
        yield block
        return
    # By sample, for a block may hold a gap of years; UNIX seconds in float64 are whole to 0.24 µs.
    piece = np.floor((block.t_s - block.t_s[0] + _ROUNDING_S) / PIECE_S)
    edges = [0, *(np.flatnonzero(np.diff(piece)) + 1).tolist(), len(block)]
    for start, end in itertools.pairwise(edges):
        part = slice(start, end)
        counter = None if block.counter is None else block.counter + start
        ticks = block.device_ticks if start == 0 else None
        yield Block(block.sensor, block.values[part], block.flags[part], block.t_s[part], counter, ticks, None)


def _last_s(item: Item) -> float:
    if isinstance(item, SensorChannel):
        return math.inf
    return item.t_s if isinstance(item, Event) else float(item.t_s[-1])


class ReplaySource:
    """A `Source` that plays a recording.

    Its `player` is steered from the loop's own thread (from others by ``loop.call_soon_threadsafe``).

    Args:
        player: what to play.
        name: as the source is shown.
        simulated: whether the recording was made by the simulator.
        clock: seconds that only go forward.
        sleep: as `asyncio.sleep`.
        ready: False while the receiver is behind; replay then waits, at any speed.
        hold_at_end: True keeps running at the end, so that the user can seek back.
    """

    TICK_S = 0.02

    def __init__(
        self,
        player: Player,
        name: str,
        *,
        simulated: bool = False,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        ready: Callable[[], bool] = lambda: True,
        hold_at_end: bool = False,
    ) -> None:
        self.player, self.name, self.simulated = player, name, simulated
        self._clock, self._sleep, self._ready, self._hold = clock, sleep, ready, hold_at_end

    @classmethod
    def open(
        cls, path: Path | str, speed: float = 1.0, *, clock: Callable[[], float], hold_at_end: bool = False
    ) -> ReplaySource:
        """A source that plays the recording at `path`.

        Raises:
            RecordingError: when it cannot be opened.
        """
        recording = Recording.open(path)
        name, simulated = f"replay:{recording.path.name}", recording.simulated
        return cls(Player(recording, speed), name, simulated=simulated, clock=clock, hold_at_end=hold_at_end)

    async def run(self, emit: Emit) -> None:
        """Emit what is due until the end, or until cancelled.

        Raises:
            RecordingError: when the file turns out to be damaged on the way.
        """
        while True:
            items = self.player.step(self._clock()) if self._ready() else []
            if items:
                emit(items)
            if self.player.ended and not self._hold:
                return
            await self._sleep(0.0 if items and math.isinf(self.player.speed) else self.TICK_S)
