"""One thing that `doctor` and the page Sensors look at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at; ``todo`` is empty when all is well."""

    name: str
    found: str
    todo: str = ""
