"""Missing samples of an imported file, told as gap events; nothing is dropped silently and nothing is filled."""

from __future__ import annotations

import numpy as np

from spinewatch_bridge.blocks import Event
from spinewatch_signal.samples import Floats

MAX_GAP_EVENTS = 2_000  # a file that loses 5 % evenly would else bring 144,000 events over a day
LONG_GAP_S = 0.25  # shorter ones are bridged inside the filter


def gap_events(sensor: str, t_s: Floats, period_s: float, cause: str) -> tuple[list[Event], list[str]]:
    """Events for the holes between sample times, and a warning when not all of them are listed.

    Where the times run evenly, a step of more than 1.5 periods is a loss; where they jitter (stamped on arrival), only
    a step of more than `LONG_GAP_S` is told as one.

    Args:
        sensor: id.
        t_s: (n,) times, s.
        period_s: time between samples, s.
        cause: plain words.
    """
    steps = np.diff(t_s)
    even = bool(np.median(np.abs(steps - period_s)) < 0.1 * period_s) if len(steps) else True
    after = np.flatnonzero(steps > (1.5 * period_s if even else max(LONG_GAP_S, 1.5 * period_s)))
    warnings = []
    if len(after) > MAX_GAP_EVENTS:
        warnings.append(f"{sensor} has {len(after)} gaps; only those of {LONG_GAP_S} s and more are listed")
        after = after[steps[after] >= LONG_GAP_S][:MAX_GAP_EVENTS]
    events = []
    for k in after.tolist():
        lost = max(1, round(float(steps[k]) / period_s) - 1)
        events.append(gap_event(sensor, float(t_s[k]) + period_s, float(t_s[k + 1]), lost, cause))
    return events, warnings


def gap_event(sensor: str, start_s: float, end_s: float, lost_samples: int | None, cause: str) -> Event:
    """One hole ``[start_s, end_s)``."""
    return Event(
        "gap", start_s, sensor, {"start_s": start_s, "end_s": end_s, "lost_samples": lost_samples, "cause": cause}
    )
