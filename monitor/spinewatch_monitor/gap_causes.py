"""Why samples are missing, in the words of the event that explains the gap."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from spinewatch_bridge.blocks import Event
from spinewatch_monitor.event_numbers import time_s
from spinewatch_signal.segments import GapSpan

UNKNOWN = "samples missing"
PAUSE = "private pause"

_KINDS = ("pause", "disconnected", "gap")  # the first that fits explains the gap
_NOTICED_S = 5.0  # a lost link is noticed this much after, or told this much before, the samples stop
_LOOK_BACK = 4  # spans of one kind and sensor hardly overlap


class _Span(NamedTuple):
    start_s: float
    end_s: float
    cause: str


class GapCauses:
    """Looks causes up; a day with heavy loss has thousands of gaps and as many events.

    Args:
        events: of the recording, all sensors.
    """

    def __init__(self, events: Sequence[Event]) -> None:
        self._spans: dict[tuple[str, str | None], list[_Span]] = {}
        for event in events:
            if event.kind in _KINDS:
                self._spans.setdefault((event.kind, event.sensor), []).append(_span(event))
        for spans in self._spans.values():
            spans.sort()

    def of(self, sensor: str, gap: GapSpan) -> str:
        """The cause of a gap of this sensor."""
        for kind in _KINDS:
            for of_sensor in (sensor, None):
                spans = self._spans.get((kind, of_sensor), [])
                before_end = bisect_left(spans, (gap.end_s,))
                for span in reversed(spans[max(0, before_end - _LOOK_BACK) : before_end]):
                    if span.end_s > gap.start_s:
                        return span.cause
        return UNKNOWN


def _span(event: Event) -> _Span:
    """When the event explains missing samples; one without an end explains those around its moment."""
    cause = PAUSE if event.kind == "pause" else str(event.data.get("cause") or UNKNOWN)
    start_s, end_s = time_s(event.data, "start_s"), time_s(event.data, "end_s")
    start_s = event.t_s if start_s is None else start_s
    return _Span(start_s, start_s + _NOTICED_S if end_s is None else end_s, cause)
