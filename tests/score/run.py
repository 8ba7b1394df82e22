"""How right the figures are, on real recordings and on simulated people, beside what others reach: ``make score``.

Every module ``rows_AREA.py`` here has ``rows(data: Path | None) -> list[Row]`` and runs in a process of its own.
Nothing passes or fails: the exit code is 0, the table reports and people judge. A missed target stands there as plainly
as one that is reached; where recordings or a peer are missing, the line says so.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import importlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data_folder import WHERE, data_folder
from score import peers
from score.row import Row, Target
from score.table import HEADINGS, cells, counted, markdown, write_into

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
OUT = ROOT / ".cache" / "score"
README = ROOT / "signal" / "README.md"
ORDER = (
    "orientation",
    "accelerometer",
    "calibration",
    "back_angle",
    "posture",
    "transitions",
    "gait",
    "health",
    "simulator",
    "office",
)
"""Areas in the order in which they are read; others follow."""

ON_ALL_CORES = ("health", "simulator", "office")
"""Areas that share their work among all cores themselves, and so run alone."""

TIMES_SET = {"OMP_NUM_THREADS": "1", "QT_QPA_PLATFORM": "offscreen"}


def areas() -> list[str]:
    """All areas there are."""
    found = [path.stem.removeprefix("rows_") for path in HERE.glob("rows_*.py")]
    return sorted(found, key=lambda area: (ORDER.index(area) if area in ORDER else len(ORDER), area))


def run_area(area: str) -> tuple[list[Row], float]:
    """Rows of one area from its own process, and the seconds it took."""
    begun_s = time.perf_counter()
    command = [sys.executable, str(HERE / "run.py"), "--rows-of", area]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | TIMES_SET)
    took_s = time.perf_counter() - begun_s
    if done.returncode == 0 and done.stdout.strip():
        return [row_from(fields) for fields in json.loads(done.stdout.splitlines()[-1])], took_s
    said = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
    return [Row(f"the rows of {area}", "real: and simulated", None, "", note=f"could not be run: {said[0]}")], took_s


def row_from(fields: Mapping[str, Any]) -> Row:
    """A row as another process printed it."""
    target = None if fields["target"] is None else Target(**fields["target"])
    return Row(**{**fields, "target": target})


def print_area(area: str) -> None:
    """Run one area here and print its rows as one line of JSON, whatever it prints itself."""
    rows_of: Callable[[Path | None], list[Row]] = importlib.import_module(f"score.rows_{area}").rows
    with contextlib.redirect_stdout(sys.stderr):
        rows = rows_of(data_folder())
    print(json.dumps([asdict(row) for row in rows]))


def facts() -> dict[str, str]:
    """What the figures stand on and another machine can have too."""
    mine = ", ".join(f"{name} {version(name)}" for name in ("spinewatch", "numpy", "scipy", "vqf"))
    others = ", ".join(f"{name} {text}" for name, text in peers.versions().items() if name != "vqf")
    data = data_folder()
    sets = WHERE if data is None else ", ".join(sorted(path.name for path in data.iterdir() if path.is_dir()))
    today = dt.datetime.now(dt.UTC).date().isoformat()
    return {"Date": today, "Made with": f"Python {platform.python_version()}, {mine}; {others}", "Recordings": sets}


def shown(rows: Sequence[Row]) -> Table:
    """The table for a terminal."""
    table = Table(title="Spinewatch: how right the figures are", title_justify="left", show_lines=True)
    for heading in HEADINGS:
        table.add_column(heading, justify="right" if heading in ("figure", "target") else "left")
    for row in rows:
        table.add_row(*cells(row))
    return table


def keep(rows: Sequence[Row], told: Mapping[str, str], seconds: Mapping[str, float]) -> None:
    """Write `score.md` and `score.json`."""
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "score.md").write_text(markdown(rows, told), "utf-8")
    whole = {
        "facts": told,
        "seconds": {area: round(took_s, 1) for area, took_s in seconds.items()},
        "rows": [{**asdict(row), "reached": row.reached} for row in rows],
    }
    (OUT / "score.json").write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", "utf-8")


def run(wanted: Sequence[str], jobs: int) -> tuple[list[Row], dict[str, float]]:
    """All rows in the order wanted: areas side by side, those that use all cores one after the other."""
    together = [area for area in wanted if area not in ON_ALL_CORES]
    with ThreadPoolExecutor(max(1, jobs)) as pool:
        results = dict(zip(together, pool.map(run_area, together), strict=True))
    results |= {area: run_area(area) for area in wanted if area in ON_ALL_CORES}
    rows = [row for area in wanted for row in results[area][0]]
    return rows, {area: results[area][1] for area in wanted}


def main() -> None:
    """Run all areas, or those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("areas", nargs="*", metavar="AREA", help=f"of: {', '.join(areas())}; all without")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="areas side by side")
    parser.add_argument("--write-readme", action="store_true", help="put the table into signal/README.md")
    parser.add_argument("--rows-of", help="run one area in this process and print JSON")
    arguments = parser.parse_args()
    if arguments.rows_of:
        print_area(arguments.rows_of)
        return
    unknown = [area for area in arguments.areas if area not in areas()]
    if unknown:
        parser.error(f"no such area: {', '.join(unknown)}")
    if arguments.areas and arguments.write_readme:
        parser.error("the README shows all areas: leave the names out")
    rows, seconds = run(arguments.areas or areas(), arguments.jobs)
    told = facts()
    keep(rows, told, seconds)
    if arguments.write_readme:
        write_into(README, markdown(rows, told))
    Console(width=200).print(shown(rows))
    took = ", ".join(f"{area} {took_s:.0f} s" for area, took_s in seconds.items())
    print(f"{counted([row.reached for row in rows])} Kept in {OUT.relative_to(ROOT)}. ({took})")


if __name__ == "__main__":
    main()
