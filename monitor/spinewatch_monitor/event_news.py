"""Which events of a session are worth a sentence at the foot of the window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spinewatch_bridge.blocks import Event
from spinewatch_bridge.causes import CauseKey
from spinewatch_bridge.host_watch import HOST_SLEPT, HOST_WRONG
from spinewatch_bridge.intake import SENSOR_RESET
from spinewatch_monitor.event_numbers import number
from spinewatch_monitor.words import span

AGAIN_S = 60.0  # the links of two sensors both tell what the computer's clock did, one a little after the other
LONGEST_SLEEP_S = 366 * 86400.0
CLOCK_WORDS: Mapping[str, str] = {
    HOST_WRONG: "The clock of this computer is not set, and the recording bears its date. Set it, then connect again.",
    SENSOR_RESET: "A sensor started anew, and its clock with it. What was recorded before is kept.",
}


class EventNews:
    """The first loss of a link is told; while it tries again, only when the cause changes."""

    def __init__(self) -> None:
        self._causes: dict[str | None, str] = {}
        self._clock_told_s: dict[tuple[str, str | None], float] = {}

    def of(self, event: Event) -> str:
        """What to tell about the next event; empty when nothing."""
        if event.kind == "connected":
            self._causes.pop(event.sensor, None)
        elif event.kind == "clock":
            return self._clock(event)
        elif event.kind == "note" and event.data.get("text") != "seek":
            return str(event.data.get("text", ""))
        elif event.kind == "disconnected":
            cause, known = str(event.data.get("cause", "")), self._causes.get(event.sensor)
            self._causes[event.sensor] = cause
            asleep = CauseKey.told_by(event.data.get("cause_key")) is CauseKey.ASLEEP
            return "" if asleep or cause == known else cause
        return ""

    def _clock(self, event: Event) -> str:
        """Once for all links, where it is a clock of the computer."""
        what = str(event.data.get("what", ""))
        key = (what, event.sensor if what == SENSOR_RESET else None)
        told_s, self._clock_told_s[key] = self._clock_told_s.get(key), event.t_s
        if told_s is not None and abs(event.t_s - told_s) < AGAIN_S:
            return ""
        return _slept(event.data) if what == HOST_SLEPT else CLOCK_WORDS.get(what, "")


def _slept(data: Mapping[str, Any]) -> str:
    """The links say nothing else of it: that they broke is no news then."""
    slept_s = number(data, "by_s", LONGEST_SLEEP_S)
    how_long = "" if slept_s is None else f" for {span(slept_s)}"
    return f"The computer was asleep{how_long}: nothing was recorded meanwhile."
