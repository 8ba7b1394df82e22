"""When a reminder is shown: a pure rule over the one slouch machine, told the time, never asking for it.

A reminder is due once the wearer has been away for the chosen delay. It is shown at most a few times an hour, repeats
within one episode come at twice the last interval, and each reminder that is due but not shown is kept with its reason.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

HOUR_S = 3600.0
DAY_MIN = 24 * 60


@dataclass(frozen=True, slots=True)
class AlertParams:
    """Manners of reminders.

    Args:
        delay_s: time away before the first reminder, s (120: most leans for a bag or a call end before).
        repeat_factor: the next reminder of one episode waits this many times longer (2: back off, do not nag).
        per_hour: most reminders in any hour (4: nagging is what wearers of such devices complain of first).
        quiet_start_min, quiet_end_min: local minutes after midnight without reminders; equal means none.
    """

    delay_s: float = 120.0
    repeat_factor: float = 2.0
    per_hour: int = 4
    quiet_start_min: int = 0
    quiet_end_min: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """What the slouch machine knows now: the episode's (or candidate's) start and its timer without frozen time, s."""

    start_s: float
    held_s: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do at ``t_s``: ``held`` shows a reminder, ``withheld`` notes one not shown, ``back`` says all is well."""

    t_s: float
    kind: str
    episode_start_s: float
    reason: str = ""


@dataclass(slots=True)
class AlertState:
    """All that changes; copy it to stop and go on."""

    episode_start_s: float | None = None
    due_after_s: float = 0.0
    reminded: bool = False
    shown_at_s: deque[float] = field(default_factory=deque)
    snoozed_until_s: float = float("-inf")
    muted: bool = False


class AlertRules:
    """Decides about reminders from the slouch machine's own timer, so that alerts and statistics cannot disagree."""

    def __init__(self, params: AlertParams | None = None) -> None:
        self.params = params or AlertParams()
        self.state = AlertState()

    def snooze(self, until_s: float) -> None:
        """No reminders before ``until_s``; they come back by themselves."""
        self.state.snoozed_until_s = until_s

    def mute(self, muted: bool) -> None:
        """Switch reminders off or on until told otherwise."""
        self.state.muted = muted

    def step(self, now_s: float, held: Held | None, local_minute: int) -> list[Decision]:
        """Decisions at ``now_s``.

        Args:
            now_s: time of the newest posture frame, UNIX s.
            held: the running episode or candidate, None when near the reference.
            local_minute: minutes after local midnight, for the quiet hours.
        """
        if held is None:
            return self._ended(now_s)
        decisions = [] if held.start_s == self.state.episode_start_s else self._started(now_s, held)
        if held.held_s >= self.state.due_after_s:
            decisions.append(self._due(now_s, held, local_minute))
        return decisions

    def shown_in_hour(self, now_s: float) -> int:
        """Reminders shown in the hour before ``now_s``."""
        return sum(now_s - HOUR_S < t_s <= now_s for t_s in self.state.shown_at_s)

    def snoozed_until_s(self, now_s: float) -> float | None:
        """Until when reminders are paused; None when they are not."""
        return self.state.snoozed_until_s if now_s < self.state.snoozed_until_s else None

    def quiet_s(self, held: Held | None) -> float:
        """Time that passes at least before `step` can decide anything, s."""
        if self.state.reminded:
            return 0.0
        if held is None or held.start_s != self.state.episode_start_s:
            return self.params.delay_s - (0.0 if held is None else held.held_s)
        return self.state.due_after_s - held.held_s

    def _started(self, now_s: float, held: Held) -> list[Decision]:
        ended = self._ended(now_s)
        self.state.episode_start_s = held.start_s
        self.state.due_after_s = self.params.delay_s
        return ended

    def _ended(self, now_s: float) -> list[Decision]:
        start_s, reminded = self.state.episode_start_s, self.state.reminded
        self.state.episode_start_s, self.state.reminded = None, False
        return [Decision(now_s, "back", start_s)] if start_s is not None and reminded else []

    def _due(self, now_s: float, held: Held, local_minute: int) -> Decision:
        interval_s = max(self.state.due_after_s, 30.0)
        self.state.due_after_s = held.held_s + interval_s * self.params.repeat_factor
        reason = self._withheld(now_s, local_minute)
        if reason:
            return Decision(now_s, "withheld", held.start_s, reason)
        self.state.shown_at_s.append(now_s)
        self.state.reminded = True
        return Decision(now_s, "held", held.start_s)

    def _withheld(self, now_s: float, local_minute: int) -> str:
        shown = self.state.shown_at_s
        while shown and shown[0] <= now_s - HOUR_S:
            shown.popleft()
        if self.state.muted:
            return "muted"
        if now_s < self.state.snoozed_until_s:
            return "paused"
        if in_quiet_hours(local_minute, self.params.quiet_start_min, self.params.quiet_end_min):
            return "quiet hours"
        if len(shown) >= self.params.per_hour:
            return "enough for this hour"
        return ""


def in_quiet_hours(local_minute: int, start_min: int, end_min: int) -> bool:
    """Whether a minute of the day lies in ``[start, end)``, which may pass midnight; equal bounds mean never."""
    return (local_minute - start_min) % DAY_MIN < (end_min - start_min) % DAY_MIN
