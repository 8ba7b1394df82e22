"""Reminders of movements from a session: by choice, the same at any speed, all kept with the recording."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from spinewatch_bridge.blocks import Event, Item
from spinewatch_bridge.simulator.simulate import simulate
from spinewatch_bridge.transports.replay import Player
from spinewatch_monitor.session import Session, SessionConfig
from spinewatch_monitor.settings import Settings
from spinewatch_monitor.updates import Reminder

CHOSEN = Settings(risky_reminders=True, risky_reminders_per_h=1)


@pytest.fixture(scope="module")
def lifting() -> list[Item]:
    """Three minutes of lifting, with the calibration at its start."""
    simulated = simulate("lifting", seed=2, hours=0.05)
    return [*simulated.channels, *simulated.items()]


def played(items: Sequence[Item], settings: Settings, speed: float) -> tuple[list[Reminder], list[Event]]:
    """What a session says, and what it keeps of that."""
    session = Session(SessionConfig(settings=settings))
    player = Player(list(items), speed)
    reminders: list[Reminder] = []
    events: list[Event] = []
    clock_s = 0.0
    while not player.ended:
        session.take(player.step(clock_s), player.position_s)
        update = session.update(player.position_s)
        reminders += update.reminders
        events += [event for event in update.events if event.kind == "alert"]
        clock_s += 0.5
    return reminders, events


def test_movements_are_told_by_choice_and_too_many_are_kept_with_the_reason(lifting: list[Item]) -> None:
    reminders, events = played(lifting, CHOSEN, float("inf"))
    assert played(lifting, CHOSEN, 8.0) == (reminders, events)
    kinds = [reminder.kind for reminder in reminders]
    assert kinds[:2] == ["risky", "back"]
    assert set(kinds[2:]) == {"withheld"}
    assert [event.data["kind"] for event in events] == kinds
    assert {event.data["movement"] for event in events} <= {"fast_deep_bend", "frequent_bends"}
    assert {event.data["reason"] for event in events if not event.data["shown"]} == {"enough for this hour"}
    for reminder in reminders:
        assert not any(word in reminder.text for word in ("bad", "poor", "wrong", "pain"))


def test_without_the_choice_nothing_is_said(lifting: list[Item]) -> None:
    assert played(lifting, Settings(), float("inf")) == ([], [])
