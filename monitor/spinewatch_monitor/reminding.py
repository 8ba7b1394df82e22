"""What the dashboard does about reminders: the notice of the desktop, the sound, and the plan in words."""

from __future__ import annotations

from collections.abc import Callable

from spinewatch_monitor import words
from spinewatch_monitor.event_news import EventNews
from spinewatch_monitor.settings import Settings
from spinewatch_monitor.updates import SessionUpdate
from spinewatch_monitor.views.main_window import MainWindow
from spinewatch_monitor.views.notify import Notifier, play_reminder

SHOWN = ("held", "risky")
"""Kinds of reminders that leave the window; the others are only said in it."""


class Reminding:
    """Tells the desktop what a live session reminds of; a replay reminds nobody.

    Args:
        window: where plan and news are said.
        tell: says one sentence there.
        buzz: lets the sensors vibrate.
    """

    def __init__(self, window: MainWindow, tell: Callable[[str], None], buzz: Callable[[], None]) -> None:
        self._window, self._tell, self._buzz = window, tell, buzz
        self._notifier, self._news = Notifier(window), EventNews()
        self._plan: tuple[str, float | None] | None = None

    def show(self, update: SessionUpdate, settings: Settings) -> None:
        """The plan of every session; news and reminders of a live one."""
        self._show_plan(update, settings)
        if update.replay is not None:
            return
        for event in update.events:
            if said := self._news.of(event):
                self._tell(said)
        for reminder in update.reminders:
            if reminder.kind in SHOWN:
                self._remind(reminder.text, settings)

    def _show_plan(self, update: SessionUpdate, settings: Settings) -> None:
        plan = words.reminder_plan(settings.reminder_delay_s, update.reminders_this_hour), update.snoozed_until_s
        if plan != self._plan:
            self._plan = plan
            self._window.set_reminders(*plan)

    def _remind(self, text: str, settings: Settings) -> None:
        if settings.notifications:
            self._notifier.notify("Spinewatch", text)
        if settings.sound:
            play_reminder()
        if settings.vibrate:
            self._buzz()
