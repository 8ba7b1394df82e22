"""From the slouch machine's timer to a reminder on the page and an event in the recording."""

from __future__ import annotations

from spinewatch_bridge.blocks import Event
from spinewatch_monitor import words
from spinewatch_monitor.alerts import AlertParams, AlertRules, Decision, Held, Risky, RiskyParams, RiskyRules
from spinewatch_monitor.settings import Settings
from spinewatch_monitor.updates import Reminder
from spinewatch_signal.pipeline import Pipeline


def alert_params(settings: Settings) -> AlertParams:
    """The wearer's choices, as the alert rules take them."""
    delays = {"sitting": settings.sitting_delay_s, "standing": settings.standing_delay_s}
    return AlertParams(
        delay_s=settings.reminder_delay_s,
        per_hour=settings.reminders_per_h,
        quiet_start_min=settings.quiet_start_min,
        quiet_end_min=settings.quiet_end_min,
        context_delays_s={name: delay_s for name, delay_s in delays.items() if delay_s is not None},
    )


def risky_params(settings: Settings) -> RiskyParams:
    """The same for reminders of movements."""
    return RiskyParams(settings.risky_reminders, settings.risky_reminders_per_h)


class Reminders:
    """Asks the rules at each new frame and puts their decisions into words."""

    def __init__(self, settings: Settings, utc_offset_s: float) -> None:
        self.rules = AlertRules(alert_params(settings))
        self.risky = RiskyRules(risky_params(settings), self.rules)
        self._utc_offset_s = utc_offset_s

    def change(self, settings: Settings) -> None:
        """Take over new choices; what was shown this hour stays counted."""
        self.rules.params = alert_params(settings)
        self.risky.params = risky_params(settings)

    def quiet_s(self, pipeline: Pipeline) -> float:
        """Data time that passes at least before a decision can be due."""
        return 0.0 if self.risky.params.on else self.rules.quiet_s(_held(pipeline))

    def step(self, now_s: float, pipeline: Pipeline) -> list[tuple[Reminder, Event]]:
        """Reminders that are due at the newest frame, each with its event for the recording."""
        held, moves = _held(pipeline), [Risky(m.kind, m.start_s) for m in pipeline.risky.going_on]
        health = pipeline.health
        self.rules.doubt(health.reference_is_uncertain, worn_wrong=health.seems_worn_wrong)
        minute = int((now_s + self._utc_offset_s) // 60 % (24 * 60))
        decisions = self.rules.step(now_s, held, minute)
        decisions += self.risky.step(now_s, moves, minute)
        return [self._told(decision, held, pipeline) for decision in decisions]

    def _told(self, decision: Decision, held: Held | None, pipeline: Pipeline) -> tuple[Reminder, Event]:
        data = {
            "kind": decision.kind,
            "shown": decision.kind != "withheld",
            "reason": decision.reason,
            "episode_start_s": decision.episode_start_s,
        }
        if decision.movement:
            data["movement"] = decision.movement
        text = _text(decision, held, pipeline)
        return Reminder(decision.t_s, decision.kind, text, decision.reason), Event("alert", decision.t_s, None, data)


def _held(pipeline: Pipeline) -> Held | None:
    machine = pipeline.slouch
    return None if machine.crossing_s is None else Held(machine.crossing_s, machine.held_s, machine.context)


def _text(decision: Decision, held: Held | None, pipeline: Pipeline) -> str:
    if decision.kind == "risky":
        return words.RISKY[decision.movement]
    if decision.kind == "back":
        return words.RISKY_OVER[decision.movement] if decision.movement else words.BACK_AGAIN
    if decision.kind == "withheld":
        return words.WITHHELD[decision.reason]
    held_s = 0.0 if held is None else held.held_s
    return words.reminder(pipeline.upper.site, held_s, lumbar=pipeline.slouch.limits.measure == "lumbar")
