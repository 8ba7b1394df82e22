"""Exposure variation: how much of the time was spent at which angle, in stretches of which length.

After Mathiassen & Winkel (1991): a table of amplitude classes by duration classes of the uninterrupted stretches in
one amplitude class; its cells sum to the whole time. Few filled cells mean monotony. The edges are provisional.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from spinewatch_signal.grid import FRAMES_PER_S
from spinewatch_signal.samples import Floats
from spinewatch_signal.tallies import Mask, Whole, run_starts

_BLANK = -1


@dataclass(frozen=True)
class EvaParams:
    """Edges of the classes.

    Args:
        edges_deg: between the amplitude classes.
        edges_s: between the duration classes, each twice as wide as the one before.
    """

    edges_deg: tuple[float, ...] = (0.0, 20.0, 45.0, 60.0)
    edges_s: tuple[float, ...] = (1.0, 3.0, 7.0, 15.0, 31.0)


@dataclass(frozen=True, slots=True)
class EvaTable:
    """The table.

    Args:
        amplitudes: names of its rows, ``"<0"`` to ``">60"`` degrees.
        durations: names of its columns, ``"0-1"`` to ``">31"`` seconds.
        percent: a row per amplitude; all cells sum to 100, or are 0 when nothing was measured.
    """

    amplitudes: tuple[str, ...]
    durations: tuple[str, ...]
    percent: tuple[tuple[float, ...], ...]


class EvaCounter:
    """Adds up the table with constant memory; a stretch ends at a gap or a blank frame."""

    def __init__(self, params: EvaParams | None = None) -> None:
        self.params = p = params or EvaParams()
        self._frames: Whole = np.zeros((len(p.edges_deg) + 1, len(p.edges_s) + 1), np.int64)
        self._edges_frames = np.rint(np.array(p.edges_s) * FRAMES_PER_S).astype(np.int64)
        self._open = (_BLANK, 0)

    def add(self, flexion_deg: Floats, after_gap: Mask) -> None:
        """Take frames, (m,): flexion with NaN where blank or lying, and where a gap lies before the frame."""
        if len(flexion_deg) == 0:
            return
        code = np.searchsorted(np.array(self.params.edges_deg), flexion_deg, side="right")
        code[np.isnan(flexion_deg)] = _BLANK
        starts = run_starts(code, after_gap)
        lengths = np.diff(np.append(starts, len(code)))
        codes = code[starts]
        if codes[0] == self._open[0] and not after_gap[0]:
            lengths[0] += self._open[1]
        else:
            self._frames = self._with_open()
        self._open = (int(codes[-1]), int(lengths[-1]))
        self._frames = self._frames + self._table(codes[:-1], lengths[:-1])

    def _table(self, codes: Whole, lengths: Whole) -> Whole:
        """Frames per cell of runs that are over."""
        known = codes != _BLANK
        column = np.searchsorted(self._edges_frames, lengths[known], side="left")
        table = np.zeros(self._frames.shape, np.int64)
        np.add.at(table, (codes[known], column), lengths[known])
        return table

    def _with_open(self) -> Whole:
        code, length = self._open
        return self._frames + self._table(np.array([code]), np.array([length]))

    @property
    def result(self) -> EvaTable:
        """So far, the stretch that goes on included."""
        frames = self._with_open()
        percent = 100.0 * frames / max(1, int(frames.sum()))
        return EvaTable(
            _names(self.params.edges_deg, f"<{self.params.edges_deg[0]:g}"),
            _names(self.params.edges_s, f"0-{self.params.edges_s[0]:g}"),
            tuple(tuple(round(float(cell), 4) for cell in row) for row in percent),
        )


def _names(edges: tuple[float, ...], first: str) -> tuple[str, ...]:
    between = [f"{low:g}-{high:g}" for low, high in pairwise(edges)]
    return (first, *between, f">{edges[-1]:g}")
