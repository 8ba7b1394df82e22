"""WitMotion's serial frames, ``55 TYPE D0..D7 SUM``, one per quantity and sampling instant, and what they make up.

Sources: WitMotion "Wit standard communication protocol" and its open C and Python kits; two independent drivers agree.
Whole runs of frames are checked and sorted at once; only where a run breaks, byte for byte. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from spinewatch_bridge.protocols.witmotion_samples import Samples, joined

Bytes = NDArray[np.uint8]

HEADER = 0x55
FRAME_BYTES = 11
ACC, GYR = 0x51, 0x52
TYPES = frozenset((*range(0x50, 0x5B), 0x5F))
REGISTER_REPLY = 0x5F  # comes when asked, not as part of a cycle
_IS_TYPE = np.isin(np.arange(256), list(TYPES))

FIRST_WINDOW, LARGEST_WINDOW = 64, 16384  # frames checked at once: a run that breaks soon should not have cost much
LONG_RUN = 24  # frames from which on it pays to look for cycles as learned; more than twice a cycle of all TYPEs
CYCLES_ALIKE = 2  # cycles that must look the same before samples complete with their last TYPE


@dataclass(frozen=True, eq=False, slots=True)
class FrameRun:
    """Sound frames that follow each other without a byte between them.

    Args:
        dropped: bytes that were thrown away just before.
        frames: (n, 11) as they came, n at least 1.
    """

    dropped: int
    frames: Bytes


class WitFrameDecoder:
    """Finds frames in any bytes. ``55`` occurs inside frames, so after a mismatch one byte is dropped, not eleven."""

    def __init__(self) -> None:
        self.dropped_bytes = 0
        self._rest = b""
        self._dropped = 0  # since the last sound frame

    @property
    def held_bytes(self) -> int:
        """Bytes of a frame that is not complete yet; always fewer than `FRAME_BYTES`."""
        return len(self._rest)

    def feed(self, data: bytes) -> list[FrameRun]:
        """The frames that `data` completes, in order."""
        buffer, at, runs = self._rest + data, 0, []
        window = FIRST_WINDOW
        while len(buffer) - at >= FRAME_BYTES:
            frames = _run(buffer, at, window)
            window = min(2 * window, LARGEST_WINDOW) if len(frames) == window else FIRST_WINDOW
            if len(frames):
                runs.append(FrameRun(self._dropped, frames))
                self._dropped = 0
                at += FRAME_BYTES * len(frames)
                continue
            skip_to = _next_frame(buffer, at + 1)
            self._dropped += skip_to - at
            self.dropped_bytes += skip_to - at
            at = skip_to
        self._rest = buffer[at:]
        return runs


def _run(buffer: bytes, at: int, most: int) -> Bytes:
    """(n, 11) the sound frames from `at` on, up to the first that is not, or `most`."""
    n = min((len(buffer) - at) // FRAME_BYTES, most)
    rows = np.frombuffer(buffer, np.uint8, n * FRAME_BYTES, at).reshape(-1, FRAME_BYTES)
    sums = rows[:, : FRAME_BYTES - 1].sum(axis=1, dtype=np.uint8)
    sound = (rows[:, 0] == HEADER) & _IS_TYPE[rows[:, 1]] & (sums == rows[:, FRAME_BYTES - 1])
    return rows if sound.all() else rows[: int(sound.argmin())]


def _next_frame(buffer: bytes, at: int) -> int:
    """Where the next sound frame begins, or one that is not complete yet; the end when there is neither."""
    last_start = len(buffer) - FRAME_BYTES
    while (at := buffer.find(HEADER, at)) >= 0:
        if at > last_start or is_frame(buffer, at):
            return at
        at += 1
    return len(buffer)


def is_frame(buffer: bytes, at: int) -> bool:
    """Whether a frame with a known TYPE and the right sum starts at `at`; eleven bytes must be there."""
    if buffer[at] != HEADER or buffer[at + 1] not in TYPES:
        return False
    return sum(buffer[at : at + FRAME_BYTES - 1]) & 0xFF == buffer[at + FRAME_BYTES - 1]


def frames_in(data: bytes) -> int:
    """How many sound frames lie in some bytes."""
    return sum(len(run.frames) for run in WitFrameDecoder().feed(data))


class CycleAssembler:
    """Puts the frames of one sampling instant together.

    TYPEs rise within a cycle, so a TYPE that does not rise begins the next. A sample is complete when the last TYPE of
    its cycle has come, as learned from the cycles before; until that is learned, when the next cycle begins. A cycle
    with a part missing is one lost sample. Where bytes were thrown away, their number and the TYPEs on both sides tell
    whether the cycle is still the same, so that no sample is made of two, and how many whole cycles are missing. A line
    that swallowed whole cycles to the byte leaves no trace, and nothing in the stream can tell.
    """

    def __init__(self) -> None:
        self.lost = 0
        self._dropped = 0  # bytes thrown away before register replies, while no frame of a cycle came
        self._number = 0  # of the open cycle
        self._open: Bytes = np.empty((0, FRAME_BYTES), np.uint8)  # never more frames than there are TYPEs
        self._passed_on = False  # the open cycle's sample was
        self._open_broken = False  # bytes were thrown away before it or in it
        self._cycle: bytes = b""  # TYPEs of a cycle, as learned
        self._candidate: bytes = b""
        self._alike = 0

    @property
    def cycles(self) -> int:
        """Cycles so far, those included that gave no sample."""
        return self._number + self._passed_on

    def add(self, run: FrameRun) -> Samples:
        """The samples that these frames complete."""
        if not self._dropped and REGISTER_REPLY not in run.frames[:, 1].tobytes():  # cheap: runs may be of one frame
            return self._add(run)
        frames = run.frames[run.frames[:, 1] != REGISTER_REPLY]
        dropped = _thrown_away(self._dropped, run.dropped)
        self._dropped = 0 if len(frames) else dropped
        return self._add(FrameRun(dropped, frames)) if len(frames) else joined([])

    def _add(self, run: FrameRun) -> Samples:
        head = self._until_usual(run)
        parts = [self._any(run.frames[:head], run.dropped)] if head else []
        if len(run.frames) > head:
            usual = self._usual(run.frames[head:])
            rest = run.frames[head + len(usual) * len(self._cycle) :]
            parts += [usual, self._any(rest, 0)] if len(rest) else [usual]
        return joined(parts)

    def _until_usual(self, run: FrameRun) -> int:
        """How many frames come before the first cycle that may be as learned; all of a run that is short."""
        if not self._cycle:
            return len(run.frames)
        begins = run.frames[: len(self._cycle), 1] == self._cycle[0]
        if begins[0] and self._passed_on and not run.dropped:
            return 0
        if len(run.frames) < LONG_RUN:
            return len(run.frames)
        return int(begins[1:].argmax()) + 1  # at least one goes the careful way, which knows of thrown-away bytes

    def _usual(self, frames: Bytes) -> Samples:
        """The samples of those cycles that all look as learned, from the first frame on; often all."""
        length = len(self._cycle)
        n = len(frames) // length
        if not self._passed_on or ACC not in self._cycle or GYR not in self._cycle:
            return joined([])
        cycles = frames[: n * length].reshape(n, length, FRAME_BYTES)
        alike = (cycles[:, :, 1] == np.frombuffer(self._cycle, np.uint8)).all(axis=1)
        n = n if alike.all() else int(alike.argmin())
        if not n:
            return joined([])
        words = np.empty((n, 12), np.uint8)
        words[:, :6] = cycles[:n, self._cycle.index(ACC), 2:8]
        words[:, 6:] = cycles[:n, self._cycle.index(GYR), 2:8]
        first, self._number = self._number + 1, self._number + n
        self._open, self._open_broken = cycles[n - 1].copy(), False
        return Samples(np.arange(first, first + n), words.view("<i2"))

    def _any(self, frames: Bytes, dropped: int) -> Samples:
        """The samples that any frames complete."""
        further = self._cycles_across(dropped, int(frames[0, 1])) if dropped else 0
        rows = np.concatenate([self._open, frames])
        begins = np.concatenate([[True], rows[1:, 1] <= rows[:-1, 1]])
        if further:
            begins[len(self._open)] = True
        starts = np.flatnonzero(begins)
        if len(starts) == 1 and not dropped and (not self._cycle or rows[-1, 1] != self._cycle[-1]):
            self._open = rows
            return joined([])
        self._learn(rows, starts, len(self._open) if dropped else -1)
        return self._sort(rows, starts, max(further - 1, 0))

    def _cycles_across(self, dropped: int, following: int) -> int:
        """How many cycles further the frame after thrown-away bytes belongs; 0 for the open one."""
        if not len(self._open):
            return 0
        last, cycle = int(self._open[-1, 1]), self._cycle
        damaged, odd = divmod(dropped, FRAME_BYTES)
        if odd or last not in cycle or following not in cycle:
            return 1  # bytes were added or swallowed: how many cycles is unknown, that it may be another is certain
        further, place = divmod(cycle.index(last) + 1 + damaged, len(cycle))
        return further if place == cycle.index(following) else 1

    def _sort(self, rows: Bytes, starts: NDArray[np.intp], missing: int) -> Samples:
        """The samples of the cycles that begin at `starts`; `missing` whole cycles lie after the first."""
        n = len(starts)
        acc, gyr = _rows_of(ACC, rows, starts), _rows_of(GYR, rows, starts)
        whole = (acc >= 0) & (gyr >= 0)
        numbers = self._number + np.arange(n) + missing * (np.arange(n) > 0)
        closed = bool(self._cycle) and int(rows[-1, 1]) == self._cycle[-1]
        due = slice(int(self._passed_on), n if closed else n - 1)
        self.lost += missing + int(np.count_nonzero(~whole[due]))
        self._passed_on = closed or (n == 1 and self._passed_on)
        self._number, self._open = int(numbers[-1]), rows[starts[-1] :].copy()
        chosen = np.flatnonzero(whole[due]) + due.start
        words = np.hstack([rows[acc[chosen], 2:8], rows[gyr[chosen], 2:8]])
        return Samples(numbers[chosen], words.view("<i2"))

    def _learn(self, rows: Bytes, starts: NDArray[np.intp], broke_at: int) -> None:
        """From the newest cycles that are over and were nowhere broken; `broke_at` is the row after a break, if any."""
        first = max(len(starts) - 1 - CYCLES_ALIKE, 0)
        for start, end in pairwise(starts[first:]):
            whole = not start <= broke_at <= end and not (start == 0 and self._open_broken)
            types = rows[start:end, 1].tobytes()
            if whole:
                self._alike = self._alike + 1 if types == self._candidate else 1
                self._candidate = types
            if self._alike >= CYCLES_ALIKE:
                self._cycle = self._candidate
        self._open_broken = broke_at >= starts[-1] or (len(starts) == 1 and self._open_broken)


def _thrown_away(before: int, after: int) -> int:
    """Bytes that are missing on both sides of something; where not both are whole frames, their sum is none either."""
    unclear = before % FRAME_BYTES or after % FRAME_BYTES
    return before + after if not (before and after and unclear) else 1


def _rows_of(kind: int, rows: Bytes, starts: NDArray[np.intp]) -> NDArray[np.intp]:
    """(cycles,) the row that holds this TYPE in each cycle, -1 where there is none."""
    found = np.full(len(starts), -1, np.intp)
    at = np.flatnonzero(rows[:, 1] == kind)
    found[np.searchsorted(starts, at, side="right") - 1] = at
    return found
