"""A time axis in the time zone the recording was made in, and times as words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import pyqtgraph as pg

_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
_LABEL_PX = 84
"""Least distance between two labels: ``14:08:22`` at 12 px and a gap that keeps them apart."""


def tick_step_s(span_s: float, width_px: float) -> int:
    """Shortest round step whose labels have room.

    Args:
        span_s: what the axis shows, s.
        width_px: its width, px.
    """
    least = span_s * _LABEL_PX / max(width_px, 1.0)
    return next((step for step in _STEPS_S if step >= least), math.ceil(least / 86400) * 86400)


def clock_text(t_s: float, utc_offset_s: float, seconds: bool = False) -> str:
    """Time of day where the recording was made, 24 hours.

    Args:
        t_s: UNIX seconds.
        utc_offset_s: offset of the local time from UTC, s.
        seconds: add the seconds.
    """
    second = math.floor(t_s + utc_offset_s) % 86400
    text = f"{second // 3600:02d}:{second // 60 % 60:02d}"
    return f"{text}:{second % 60:02d}" if seconds else text


def day_text(t_s: float, utc_offset_s: float) -> str:
    """Day where the recording was made, such as ``Thursday 19 November``."""
    day = datetime.fromtimestamp(t_s, timezone(timedelta(seconds=utc_offset_s)))
    return f"{day:%A} {day.day} {day:%B}"


def duration_text(duration_s: float) -> str:
    """Length as people say it: ``12 s``, ``3:12``, ``1 h 04 min``."""
    whole = max(round(duration_s), 0)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d}"
    return f"{whole // 3600} h {whole // 60 % 60:02d} min"


class TimeAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph carries no types
    """Bottom axis over seconds since ``origin_s``, labelled with the local time of the recording.

    Args:
        origin_s: UNIX seconds at which the axis is zero; small numbers keep the painting exact.
        utc_offset_s: offset of the recording's local time from UTC, s.
    """

    def __init__(self, origin_s: float = 0.0, utc_offset_s: float = 0.0) -> None:
        super().__init__("bottom")
        self.origin_s, self.utc_offset_s = origin_s, utc_offset_s
        self.enableAutoSIPrefix(False)
        # A fixed height: an axis that grows with its labels lays all plots out anew while panning.
        self.setHeight(22)
        self.setStyle(tickLength=0, tickTextOffset=6)

    def set_zone(self, origin_s: float, utc_offset_s: float) -> None:
        """Move to another recording."""
        self.origin_s, self.utc_offset_s = origin_s, utc_offset_s
        self.picture = None
        self.update()

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:  # noqa: N803  # pyqtgraph's names
        """Ticks at round local times."""
        step = tick_step_s(maxVal - minVal, size)
        shift = self.origin_s + self.utc_offset_s
        first = math.ceil((minVal + shift) / step)
        last = math.floor((maxVal + shift) / step)
        return [(float(step), [k * step - shift for k in range(first, last + 1)])]

    def tickStrings(self, values: Sequence[float], _scale: float, spacing: float) -> list[str]:
        """Local times, with seconds where the ticks are closer than a minute."""
        return [clock_text(self.origin_s + round(v, 3) + 1e-3, self.utc_offset_s, seconds=spacing < 60) for v in values]
