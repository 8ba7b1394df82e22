"""One line of the scoreboard: a figure, what it stands on, what it should be and what others reach on the same data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

NOT_HERE = "the recordings are not on this machine"
NOT_INSTALLED = "not installed"


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure should be at most, or at least."""

    op: Literal["<=", ">="]
    value: float

    def __str__(self) -> str:
        return f"{'≤' if self.op == '<=' else '≥'} {self.value:g}"

    def is_met(self, figure: float) -> bool:
        """Whether a figure is within it."""
        return figure <= self.value if self.op == "<=" else figure >= self.value


def at_most(value: float) -> Target:
    """The figure should not be larger."""
    return Target("<=", value)


def at_least(value: float) -> Target:
    """The figure should not be smaller."""
    return Target(">=", value)


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of the scoreboard.

    Args:
        what: the metric, in a few words.
        data: ``real: …`` or ``simulated: …``, with how much of it.
        figure: what came out; None where it is blank, for the reason in `note`.
        unit: of figure and target; empty for a share or a count of nothing.
        target: what it should be; None where the row only tells.
        peer: name and figure of others on the same data in the same run, such as ``imufusion 1.52``; empty without.
        note: what a reader must know to read the figure; short.

    Raises:
        ValueError: when `data` does not say whether it is real or simulated, or a blank figure has no reason.
    """

    what: str
    data: str
    figure: float | None
    unit: str
    target: Target | None = None
    peer: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if not self.data.startswith(("real: ", "simulated: ")):
            raise ValueError(f"{self.what}: say of the data whether they are real or simulated")
        if self.figure is None and not self.note:
            raise ValueError(f"{self.what}: a blank figure needs its reason")

    @property
    def reached(self) -> bool | None:
        """Whether the target is met; None without a target or a figure. A figure that is not a number meets nothing."""
        if self.figure is None or self.target is None:
            return None
        return math.isfinite(self.figure) and self.target.is_met(self.figure)


def blank(what: str, data: str, unit: str, target: Target | None = None, note: str = NOT_HERE) -> Row:
    """A row whose figure cannot be had here, with the reason."""
    return Row(what, data, None, unit, target, note=note)
