"""Which events of a session are worth a sentence at the foot of the window."""

from __future__ import annotations

from spinewatch_bridge.blocks import Event


class EventNews:
    """The first loss of a link is told; while it tries again, only when the cause changes."""

    def __init__(self) -> None:
        self._causes: dict[str | None, str] = {}

    def of(self, event: Event) -> str:
        """What to tell about the next event; empty when nothing."""
        if event.kind == "connected":
            self._causes.pop(event.sensor, None)
        elif event.kind == "note" and event.data.get("text") != "seek":
            return str(event.data.get("text", ""))
        elif event.kind == "disconnected":
            cause, known = str(event.data.get("cause", "")), self._causes.get(event.sensor)
            self._causes[event.sensor] = cause
            return "" if cause == known else cause
        return ""
