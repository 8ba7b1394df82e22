"""Counts what comes while recording: how long, how fast, how much is missing."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from spinewatch_bridge.blocks import Block, Event, Item
from spinewatch_monitor.cli_text import clock

RATE_WINDOW_S = 5.0


class Tally:
    """Totals of all sensors; time comes with the items.

    Attributes:
        started_s: when the first samples came, None before.
        received, lost: samples.
    """

    def __init__(self) -> None:
        self.started_s: float | None = None
        self.received = 0
        self.lost = 0
        self._recent: deque[tuple[float, int]] = deque()
        self._sensors: set[str] = set()

    def take(self, items: Sequence[Item], now_s: float) -> None:
        """Count items that came at `now_s`."""
        count = 0
        for item in items:
            if isinstance(item, Block):
                count += len(item)
                self._sensors.add(item.sensor)
            elif isinstance(item, Event) and item.kind == "gap":
                self.lost += int(item.data.get("lost_samples") or 0)
        if not count:
            return
        self.started_s = now_s if self.started_s is None else self.started_s
        self.received += count
        self._recent.append((now_s, count))

    def rate_hz(self, now_s: float) -> float:
        """Samples per second and sensor over the last seconds; 0 when nothing comes."""
        while self._recent and self._recent[0][0] < now_s - RATE_WINDOW_S:
            self._recent.popleft()
        if not self._recent or not self._sensors or self.started_s is None:
            return 0.0
        span_s = min(RATE_WINDOW_S, now_s - self.started_s)
        return sum(count for _, count in self._recent) / max(span_s, 1e-9) / len(self._sensors)

    @property
    def loss_percent(self) -> float:
        """Share of the samples that were sent but did not come."""
        sent = self.received + self.lost
        return 100.0 * self.lost / sent if sent else 0.0

    def loss_text(self) -> str:
        """The loss in words."""
        return f"{self.loss_percent:.1f} % lost" if self.lost else "nothing lost"

    def status(self, now_s: float) -> str:
        """One line: how long, how fast, how much is missing."""
        if self.started_s is None:
            return "waiting for samples"
        rate = self.rate_hz(now_s)
        speed = f"{rate:.0f} Hz" if rate else "no data"
        return f"{clock(now_s - self.started_s)}, {speed}, {self.loss_text()}"
