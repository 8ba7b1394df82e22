"""What leaves the window: reminders of a live session as notice, sound and vibration; of a replay nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from made_today import NOON, update
from spinewatch_bridge.blocks import Event
from spinewatch_monitor import reminding
from spinewatch_monitor.reminding import Reminding
from spinewatch_monitor.settings import Settings
from spinewatch_monitor.updates import Reminder, ReplayPosition

HELD = Reminder(NOON, "held", "Lean back, stand up or shift.")
REPLAY = ReplayPosition(NOON - 60, NOON + 60, NOON, 1.0, playing=True)


class Told:
    """Stands for window, desktop and sensors: remembers in order what it was asked for."""

    def __init__(self, _window: object = None) -> None:
        self.asked: list[tuple[object, ...]] = []

    def set_reminders(self, text: str, until_s: float | None) -> None:
        self.asked.append(("plan", text, until_s))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    window = Told()

    class Desktop:
        def __init__(self, _window: object) -> None: ...

        def notify(self, title: str, text: str) -> None:
            window.asked.append(("notice", title, text))

    monkeypatch.setattr(reminding, "Notifier", Desktop)
    monkeypatch.setattr(reminding, "play_reminder", lambda: window.asked.append(("sound",)))
    return window


def made(told: Told) -> Reminding:
    return Reminding(
        told,  # type: ignore[arg-type]
        lambda text: told.asked.append(("told", text)),
        lambda: told.asked.append(("buzz",)),
    )


def test_a_reminder_leaves_the_window_as_chosen(told: Told) -> None:
    choices = Settings(notifications=True, sound=True, vibrate=True)
    made(told).show(update(reminders=(HELD,)), choices)
    assert told.asked[1:] == [("notice", "Spinewatch", HELD.text), ("sound",), ("buzz",)]
    told.asked.clear()
    made(told).show(update(reminders=(HELD,)), Settings(notifications=False, sound=False, vibrate=False))
    assert [asked[0] for asked in told.asked] == ["plan"]


@pytest.mark.parametrize("kind", ["back", "withheld"])
def test_only_reminders_that_are_due_leave_it(told: Told, kind: str) -> None:
    made(told).show(update(reminders=(replace(HELD, kind=kind),)), Settings(sound=True))
    assert [asked[0] for asked in told.asked] == ["plan"]


def test_a_replay_reminds_nobody_and_tells_no_news(told: Told) -> None:
    note = Event("note", NOON, data={"text": "the clock of this computer was set"})
    made(told).show(update(reminders=(HELD,), events=(note,), replay=REPLAY), Settings(sound=True))
    assert [asked[0] for asked in told.asked] == ["plan"]


def test_the_plan_is_said_when_it_changes(told: Told) -> None:
    desk = made(told)
    for shown in (0, 0, 1):
        desk.show(update(reminders_this_hour=shown), Settings(reminder_delay_s=120.0))
    assert told.asked == [
        ("plan", "After 2 minutes · none this hour", None),
        ("plan", "After 2 minutes · 1 this hour", None),
    ]
