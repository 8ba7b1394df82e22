"""Numbers out of events: a recording may come from anywhere, so each is taken only where it can be meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spinewatch_bridge.recording.format import LATEST_S


def number(data: Mapping[str, Any], name: str, highest: float, lowest: float = 0.0) -> float | None:
    """The number called `name`, if it is one within these bounds: no text, no NaN, nothing without end."""
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value <= highest:
        return None
    return float(value)


def time_s(data: Mapping[str, Any], name: str) -> float | None:
    """The same for a time, UNIX seconds."""
    return number(data, name, LATEST_S, -LATEST_S)
