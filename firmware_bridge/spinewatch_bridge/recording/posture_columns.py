"""Posture frames as arrays, from the JSON of each."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import Any

import numpy as np

from spinewatch_signal.samples import Floats

MOST_NAMES = 64
"""A frame of ours has ten; a crafted file may have another in each frame."""


def number_of(value: Any) -> float:
    """As a float; NaN for what is no number, or too large for one."""
    try:
        return float(value) if isinstance(value, int | float) else float("nan")
    except OverflowError:
        return float("nan")


class Columns:
    """One growing array per name: as dicts, the frames of a day would take a gigabyte."""

    def __init__(self) -> None:
        self._columns: dict[str, array[float]] = {}
        self._length = 0

    def add(self, frame: Mapping[str, Any]) -> None:
        """Append one frame; what it does not say is blank."""
        for name in frame:
            if name not in self._columns and len(self._columns) < MOST_NAMES:
                self._columns[name] = array("d", [float("nan")]) * self._length
        for name, column in self._columns.items():
            column.append(number_of(frame.get(name)))
        self._length += 1

    def arrays(self) -> dict[str, Floats]:
        """One array per name, all of one length; NaN is blank."""
        return {name: np.array(column) for name, column in self._columns.items()}
