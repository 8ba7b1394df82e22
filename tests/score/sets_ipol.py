"""IPOL: people who walk 10 m, turn and walk back with a sensor on L5 that really lost packets (IPOL 2023, 497)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from score.worn import START_S, Worn, worn
from spinewatch_signal.samples import Role, SensorInfo, Site

RATE_HZ = 100.0
TWICE = ("9-3",)
"""The beginning of another walk: not counted."""

Span = tuple[float, float]


@dataclass(frozen=True, eq=False, slots=True)
class Walk:
    """One walk there and back.

    Args:
        name: person and trial, such as ``1-1``.
        sensor: x up; the packets that were lost are missing.
        steps: swing phase of each foot in turn, UNIX seconds ``(foot off, foot down)``, sorted by their beginning.
        turn: the U-turn.
        walking: first to last step as the authors bound the trial; some steps lie behind it.
        lost: samples that never arrived.
    """

    name: str
    sensor: Worn
    steps: tuple[Span, ...]
    turn: Span
    walking: Span
    lost: int

    @property
    def person(self) -> str:
        """Number of the person."""
        return self.name.split("-")[0]


def walks(data: Path) -> Iterator[Walk]:
    """Every walk that is not a part of another one."""
    for path in sorted((data / "ipol").glob("*_lb.txt.gz")):
        name = path.name.removesuffix("_lb.txt.gz")
        if name not in TWICE:
            yield _walk(name, path)


def _walk(name: str, path: Path) -> Walk:
    with gzip.open(path, "rt") as file:
        table = np.array([line.split("\t")[:7] for line in file.read().splitlines()[2:]], np.float64)
    counter = table[:, 0] - table[0, 0]
    info = SensorInfo("L5", "mtw", Site.PELVIS, Role.LOWER, RATE_HZ)
    sensor = worn(info, counter / RATE_HZ, table[:, 1:4], table[:, 4:7])
    meta: Mapping[str, Any] = json.loads((path.parent / f"{name}.json").read_text("utf-8"))
    steps = sorted(_span(event) for foot in ("Left", "Right") for event in meta[f"{foot}FootEvents"])
    lost = int(counter[-1]) + 1 - len(counter)
    return Walk(name, sensor, tuple(steps), _span(meta["UTurnBoundaries"]), _span(meta["TrialBoundaries"]), lost)


def _span(hundredths: tuple[int, int]) -> Span:
    """Events count in packets since the first."""
    return START_S + hundredths[0] / RATE_HZ, START_S + hundredths[1] / RATE_HZ
