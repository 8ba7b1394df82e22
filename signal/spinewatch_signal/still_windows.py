"""Windows in which a sensor was still: what its accelerometer is calibrated by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinewatch_signal.gyro_bias import Blocks
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Floats


@dataclass(frozen=True, slots=True)
class StillWindowParams:
    """What a still window is.

    Args:
        window_s: its length (van Hees 2014).
        still_sd_g: largest SD of each axis within it (van Hees 2014).
        cell_g, most_per_cell: of windows that feel the same within this, so many are enough: a day at the desk then
            needs no more memory than an hour.
    """

    window_s: float = 10.0
    still_sd_g: float = 0.013
    cell_g: float = 0.1
    most_per_cell: int = 8


def still_windows(blocks: Blocks, block_s: float, params: StillWindowParams | None = None) -> Floats:
    """Mean readings of the still windows.

    Args:
        blocks: consecutive blocks, judged for rest. A gap among them does no harm: a window in which the sensor reads
            the same before and after is as good as one without.
        block_s: their length.
        params: what counts as still.

    Returns:
        (w, 3) m/s², one row for each window; windows do not overlap.
    """
    p = params or StillWindowParams()
    n = _blocks_of_window(block_s, p)
    count = len(blocks.still) // n
    means = blocks.acc_mean[: count * n].reshape(count, n, 3)
    still = blocks.still[: count * n].reshape(count, n).all(axis=1)
    still &= (means.std(axis=1) < p.still_sd_g * STANDARD_GRAVITY_M_S2).all(axis=1)
    found: Floats = means[still].mean(axis=1)
    return found


class WindowFinder:
    """Still windows of blocks as they arrive; the same for any chunking.

    Args:
        block_s: length of a block.
        params: what counts as still.
    """

    def __init__(self, block_s: float, params: StillWindowParams | None = None) -> None:
        self._params = params or StillWindowParams()
        self._block_s, self._n = block_s, _blocks_of_window(block_s, self._params)
        self._acc_mean, self._still = np.empty((0, 3)), np.empty(0, bool)
        self._in_cell: dict[tuple[int, ...], int] = {}
        self._found: list[Floats] = []

    @property
    def windows(self) -> Floats:
        """(w, 3) mean readings of the windows so far, m/s²."""
        return np.array(self._found) if self._found else np.empty((0, 3))

    def push(self, blocks: Blocks) -> None:
        """Take the next blocks."""
        if len(blocks.still) == 0:
            return
        acc_mean = np.concatenate([self._acc_mean, blocks.acc_mean])
        still = np.concatenate([self._still, blocks.still])
        done = len(still) // self._n * self._n
        self._acc_mean, self._still = acc_mean[done:], still[done:]
        if done:
            whole = Blocks(np.zeros((done, 3)), acc_mean[:done], still[:done])
            for window in still_windows(whole, self._block_s, self._params):
                self._keep(window)

    def _keep(self, window: Floats) -> None:
        cell = tuple(np.floor(window / (self._params.cell_g * STANDARD_GRAVITY_M_S2)).astype(int).tolist())
        self._in_cell[cell] = self._in_cell.get(cell, 0) + 1
        if self._in_cell[cell] <= self._params.most_per_cell:
            self._found.append(window)


def _blocks_of_window(block_s: float, params: StillWindowParams) -> int:
    return max(2, round(params.window_s / block_s))
