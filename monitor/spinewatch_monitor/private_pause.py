"""A private pause: nothing is kept for a while, or until the wearer goes on. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PrivatePause:
    """Whether it is on, until when (None: until told otherwise), since when; UNIX seconds."""

    on: bool = False
    until_s: float | None = None
    since_s: float = 0.0

    def is_over(self, now_s: float) -> bool:
        """Whether its time has passed."""
        return self.on and self.until_s is not None and now_s >= self.until_s
