"""When a reminder is shown: a pure rule over the one slouch machine, told the time, never asking for it.

A reminder is due once the wearer has been away for the chosen delay. It is shown at most a few times an hour, repeats
within one episode wait twice the time away so far, and each reminder that is due but not shown is kept with its reason.
Where it was not shown because the sensors are in doubt, the wait begins anew once they are not.

Movements worth a word (a fast deep bend, frequent bends) are another matter than a held posture: `RiskyRules` decide
about these, with a switch and a limit of their own. Who mutes or snoozes silences both.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

HOUR_S = 3600.0
DAY_MIN = 24 * 60


@dataclass(frozen=True, slots=True)
class AlertParams:
    """Manners of reminders.

    Args:
        delay_s: time away before the first reminder, s (120: most leans for a bag or a call end before).
        context_delays_s: the same where it differs by context, such as ``sitting``.
        repeat_factor: the next reminder of one episode waits this many times the time away so far (2: after 2 minutes
            at 6, then at 18: back off, do not nag).
        per_hour: most reminders in any hour (4: nagging is what wearers of such devices complain of first).
        quiet_start_min, quiet_end_min: local minutes after midnight without reminders; equal means none.
    """

    delay_s: float = 120.0
    repeat_factor: float = 2.0
    per_hour: int = 4
    quiet_start_min: int = 0
    quiet_end_min: int = 0
    context_delays_s: Mapping[str, float] = field(default_factory=dict)

    def delay_in_s(self, context: str) -> float:
        """Time away before the first reminder in one context."""
        return self.context_delays_s.get(context, self.delay_s)

    @property
    def shortest_delay_s(self) -> float:
        """Of all contexts."""
        return min(self.delay_s, *self.context_delays_s.values()) if self.context_delays_s else self.delay_s


@dataclass(frozen=True, slots=True)
class Held:
    """What the slouch machine knows now: the episode's (or candidate's) start and its timer without frozen time, s.

    Args:
        context: ``sitting``, ``standing``, or ``upright`` where neither is known.
    """

    start_s: float
    held_s: float
    context: str = "upright"


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do at ``t_s``: ``held``, ``risky`` show a reminder, ``withheld`` notes one not shown, ``back`` ends it.

    Args:
        episode_start_s: when the episode, or the movement, began.
        reason: why it is not shown.
        movement: which movement it is about; empty for a held posture.
    """

    t_s: float
    kind: str
    episode_start_s: float
    reason: str = ""
    movement: str = ""


@dataclass(slots=True)
class AlertState:
    """All that changes; copy it to stop and go on."""

    episode_start_s: float | None = None
    waits_from_s: float = 0.0  # of the episode's timer
    due_after_s: float = 0.0
    was_due: bool = False
    held_back_by_doubt: bool = False
    reminded: bool = False
    shown_at_s: deque[float] = field(default_factory=deque)
    snoozed_until_s: float = float("-inf")
    muted: bool = False
    doubt: str = ""


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

    def doubt(self, reference_uncertain: bool, *, worn_wrong: bool = False) -> None:
        """While nobody knows where a sensor sits, or it seems to sit wrong, nothing is said about posture."""
        self.state.doubt = "reference uncertain" if reference_uncertain else "worn wrong" if worn_wrong else ""

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
        if self.state.held_back_by_doubt and not self.state.doubt:
            self._wait_anew(held.held_s)
        if not self.state.was_due:
            self.state.due_after_s = self.state.waits_from_s + self.params.delay_in_s(held.context)
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
        if self.state.reminded or self.state.held_back_by_doubt:
            return 0.0
        if held is None or held.start_s != self.state.episode_start_s:
            return self.params.shortest_delay_s - (0.0 if held is None else held.held_s)
        if not self.state.was_due:
            return self.state.waits_from_s + self.params.shortest_delay_s - held.held_s
        return min(self.params.shortest_delay_s, self.state.due_after_s - held.held_s)

    def _started(self, now_s: float, held: Held) -> list[Decision]:
        ended = self._ended(now_s)
        self.state.episode_start_s = held.start_s
        self._wait_anew(0.0)
        return ended

    def _wait_anew(self, from_held_s: float) -> None:
        self.state.waits_from_s, self.state.was_due, self.state.held_back_by_doubt = from_held_s, False, False

    def _ended(self, now_s: float) -> list[Decision]:
        start_s, reminded = self.state.episode_start_s, self.state.reminded
        self.state.episode_start_s, self.state.reminded, self.state.held_back_by_doubt = None, False, False
        return [Decision(now_s, "back", start_s)] if start_s is not None and reminded else []

    def _due(self, now_s: float, held: Held, local_minute: int) -> Decision:
        interval_s = max(self.state.due_after_s - self.state.waits_from_s, 30.0)
        self.state.due_after_s, self.state.was_due = held.held_s + interval_s * self.params.repeat_factor, True
        reason = self._withheld(now_s, local_minute)
        if reason:
            self.state.held_back_by_doubt |= reason == self.state.doubt
            return Decision(now_s, "withheld", held.start_s, reason)
        self.state.shown_at_s.append(now_s)
        self.state.reminded = True
        return Decision(now_s, "held", held.start_s)

    def silenced(self, now_s: float, local_minute: int) -> str:
        """Why nothing at all is said now; empty when it may be."""
        if self.state.muted:
            return "muted"
        if now_s < self.state.snoozed_until_s:
            return "paused"
        if in_quiet_hours(local_minute, self.params.quiet_start_min, self.params.quiet_end_min):
            return "quiet hours"
        return self.state.doubt

    def _withheld(self, now_s: float, local_minute: int) -> str:
        reason = self.silenced(now_s, local_minute)
        return reason or _too_many(self.state.shown_at_s, now_s, self.params.per_hour)


@dataclass(frozen=True, slots=True)
class RiskyParams:
    """Manners of reminders of movements.

    Args:
        on: whether they are decided about at all; they come only by choice, since no movement is bad by itself.
        per_hour: most in any hour, counted apart from the others.
    """

    on: bool = False
    per_hour: int = 4


@dataclass(frozen=True, slots=True)
class Risky:
    """A movement that goes on: its kind, and when it began, UNIX s."""

    kind: str
    start_s: float


@dataclass(slots=True)
class RiskyState:
    """All that changes: the newest movement of each kind, those that were shown and go on, and when any was shown."""

    newest_s: dict[str, float] = field(default_factory=dict)
    shown: list[Risky] = field(default_factory=list)
    shown_at_s: deque[float] = field(default_factory=deque)


class RiskyRules:
    """Decides about reminders of movements; each is told once, and that it is over where it was shown."""

    def __init__(self, params: RiskyParams, manners: AlertRules) -> None:
        self.params = params
        self.manners = manners
        self.state = RiskyState()

    def step(self, now_s: float, going_on: Sequence[Risky], local_minute: int) -> list[Decision]:
        """Decisions at ``now_s``.

        Args:
            now_s: time of the newest posture frame, UNIX s.
            going_on: movements that go on; none when back in range.
            local_minute: minutes after local midnight, for the quiet hours.
        """
        over = [movement for movement in self.state.shown if movement not in going_on]
        self.state.shown = [movement for movement in self.state.shown if movement in going_on]
        ended = [Decision(now_s, "back", movement.start_s, "", movement.kind) for movement in over]
        begun = [m for m in going_on if self.params.on and self.state.newest_s.get(m.kind) != m.start_s]
        return ended + [self._begun(now_s, movement, local_minute) for movement in begun]

    def _begun(self, now_s: float, movement: Risky, local_minute: int) -> Decision:
        self.state.newest_s[movement.kind] = movement.start_s
        reason = self.manners.silenced(now_s, local_minute)
        reason = reason or _too_many(self.state.shown_at_s, now_s, self.params.per_hour)
        if not reason:
            self.state.shown.append(movement)
            self.state.shown_at_s.append(now_s)
        kind = "withheld" if reason else "risky"
        return Decision(now_s, kind, movement.start_s, reason, movement.kind)


def _too_many(shown_at_s: deque[float], now_s: float, per_hour: int) -> str:
    """Whether as many as may be were shown in the last hour; what is older is forgotten."""
    while shown_at_s and shown_at_s[0] <= now_s - HOUR_S:
        shown_at_s.popleft()
    return "enough for this hour" if len(shown_at_s) >= per_hour else ""


def in_quiet_hours(local_minute: int, start_min: int, end_min: int) -> bool:
    """Whether a minute of the day lies in ``[start, end)``, which may pass midnight; equal bounds mean never."""
    return (local_minute - start_min) % DAY_MIN < (end_min - start_min) % DAY_MIN
