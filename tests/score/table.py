"""The scoreboard as text: Markdown for files, and the place of the table in the README of signal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from score.row import Row

BEGIN, END = "<!-- score: begin -->", "<!-- score: end -->"
HEADINGS = ("metric", "data", "figure", "target", "reached", "others, same run", "note")
REACHED = {True: "✓", False: "✗", None: "–"}


class NoPlaceError(ValueError):
    """A text that has no marked place for the table."""


def figure_text(figure: float | None, unit: str) -> str:
    """Three digits and the unit; a dash when there is no figure."""
    if figure is None or not math.isfinite(figure):
        return "–" if figure is None else "no number"
    digits = f"{figure:.0f}" if abs(figure) >= 100 else f"{figure:.3g}"
    return digits + _unit(unit)


def cells(row: Row) -> tuple[str, ...]:
    """The row as it is read."""
    target = "–" if row.target is None else f"{row.target}{_unit(row.unit)}"
    return (row.what, row.data, figure_text(row.figure, row.unit), target, REACHED[row.reached], row.peer, row.note)


def markdown(rows: Sequence[Row], facts: Mapping[str, str]) -> str:
    """What the figures stand on, a line that counts, and the table."""
    judged = [row.reached for row in rows]
    lines = [*(f"{name}: {text}  " for name, text in facts.items()), "", counted(judged), ""]
    lines += [_line(HEADINGS), _line(["---", "---", "--:", "--:", ":-:", "---", "---"])]
    return "\n".join(lines + [_line(cells(row)) for row in rows]) + "\n"


def counted(judged: Sequence[bool | None]) -> str:
    """How many targets were reached."""
    reached, missed, open_ = (sum(one is verdict for one in judged) for verdict in (True, False, None))
    return f"{reached} of {reached + missed} judged figures reach their target; {open_} have none, or no figure here."


def put_into(text: str, table: str) -> str:
    """The text with the table between its markers.

    Raises:
        NoPlaceError: when there is not one pair of them.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in after or END in after:
        raise NoPlaceError(f"there must be one {BEGIN} and one {END}")
    return f"{before}{BEGIN}\n\n{table}\n{END}{after}"


def write_into(path: Path, table: str) -> None:
    """Put the table into a file, see `put_into`."""
    path.write_text(put_into(path.read_text("utf-8"), table), "utf-8")


def _line(texts: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(text.replace("|", "/").split()) for text in texts) + " |"


def _unit(unit: str) -> str:
    return unit if unit in ("°", "%", "") else f" {unit}"
