"""Playing an analysed recording on its own page: the cursor runs, nothing is computed anew."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from spinewatch_monitor.updates import ReplayPosition

FASTEST = 3600.0
"""``max`` on a page that only moves a cursor: an hour in a second can still be followed by eye."""


@dataclass(frozen=True, slots=True)
class Playback:
    """Where playing stands; every command gives the next state. Times are UNIX seconds of the recording."""

    position: ReplayPosition

    @classmethod
    def of(cls, start_s: float, end_s: float) -> Playback:
        """At the beginning, standing, at ten times the pace of the day."""
        return cls(ReplayPosition(start_s, end_s, start_s, 10.0, playing=False))

    def play(self, playing: bool) -> Playback:
        """Run or stand; from the end it starts again."""
        at_end = self.position.now_s >= self.position.end_s
        now_s = self.position.start_s if playing and at_end else self.position.now_s
        return Playback(replace(self.position, now_s=now_s, playing=playing))

    def seek(self, t_s: float) -> Playback:
        """Go to a moment; playing goes on."""
        now_s = min(max(t_s, self.position.start_s), self.position.end_s)
        return Playback(replace(self.position, now_s=now_s))

    def at_speed(self, speed: float) -> Playback:
        """Run at a factor of real time; inf is as fast as can be followed."""
        return Playback(replace(self.position, speed=speed))

    def after(self, elapsed_s: float) -> Playback:
        """Where it stands ``elapsed_s`` later; at the end it stops."""
        if not self.position.playing:
            return self
        pace = FASTEST if math.isinf(self.position.speed) else self.position.speed
        moved = self.seek(self.position.now_s + elapsed_s * pace)
        return moved.play(False) if moved.position.now_s >= moved.position.end_s else moved
