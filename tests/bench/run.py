"""Speed and memory, as ratios to a peer or to a limit in the same run: ``make bench``.

Each part runs in a process of its own, so that peak memory is that part's alone. Nothing here passes or fails: the
table shows figure, limit and ratio, and people judge.
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
PARTS = (
    "bench_pipeline",
    "bench_analysis",
    "bench_recording",
    "bench_review",
    "bench_live",
    "bench_decode",
    "bench_ble",
)
"""Modules beside this file; each has ``main() -> dict[name, row]``; a row holds figure, limit, unit, maybe a note."""

Row = Mapping[str, object]


def run_part(name: str) -> dict[str, Row]:
    """Run one part in its own process and read its rows."""
    done = subprocess.run([sys.executable, __file__, "--part", name], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return {name: {"figure": None, "limit": None, "unit": "", "note": done.stderr.strip().splitlines()[-1:]}}
    rows: dict[str, Row] = json.loads(done.stdout.splitlines()[-1])
    return rows


def print_part(name: str) -> None:
    """Run one part here and print its rows as one line of JSON."""
    sys.path.insert(0, str(HERE))
    main: Callable[[], dict[str, Row]] = importlib.import_module(name).main
    print(json.dumps(main()))


def table(rows: Mapping[str, Row]) -> Table:
    """Rows as people read them: a ratio of at most 1 keeps the limit."""
    shown = Table(title="Spinewatch: speed and memory", title_justify="left")
    for heading in ("what", "figure", "limit", "ratio", "note"):
        shown.add_column(heading, justify="left" if heading in ("what", "note") else "right")
    for what, row in rows.items():
        figure, limit, unit = row["figure"], row["limit"], row["unit"]
        if not isinstance(figure, int | float) or not isinstance(limit, int | float):
            shown.add_row(what, "-", "-", "-", str(row.get("note", "")))
            continue
        note = str(row.get("note", ""))
        shown.add_row(what, f"{figure:.3g} {unit}", f"{limit:.3g} {unit}", f"{figure / limit:.2f}", note)
    return shown


def main() -> None:
    """Run all parts, or those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=PARTS)
    parser.add_argument("--part", help="run one part in this process and print JSON")
    arguments = parser.parse_args()
    if arguments.part:
        print_part(arguments.part)
        return
    rows: dict[str, Row] = {}
    for name in arguments.parts:
        rows |= run_part(name)
    Console(width=120).print(table(rows))


if __name__ == "__main__":
    main()
