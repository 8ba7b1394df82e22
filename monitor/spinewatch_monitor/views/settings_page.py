"""Settings: when Spinewatch speaks, how it looks, where the data lie. Each choice is kept at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from spinewatch_monitor.settings import Settings
from spinewatch_monitor.views import settings_words as words
from spinewatch_monitor.views.page import Columns, Page, PageHeader
from spinewatch_monitor.views.settings_away_card import AwayCard
from spinewatch_monitor.views.settings_cards import DataCard, DefaultsCard, LookCard, RemindersCard
from spinewatch_monitor.views.sidebar import keys_help
from spinewatch_monitor.views.widgets import Card, column, text_label

STACK_BELOW_PX = 960


def open_folder(folder: Path) -> bool:
    """Show a folder in the desktop's own file manager; False where there is none."""
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


class SettingsPage(Page):
    """Shows `Settings`; ``changed`` carries new ones after each choice.

    Args:
        settings: to begin with.
        data_folder: where recordings and settings lie.
        show_folder: shows it; False when that cannot be done.
    """

    changed = Signal(object)

    def __init__(
        self, settings: Settings, data_folder: Path, show_folder: Callable[[Path], bool] = open_folder
    ) -> None:
        header = PageHeader("Settings", "How Spinewatch looks and when it speaks", "Each choice is kept at once.")
        super().__init__(header)
        self.settings = settings
        self.reminders, self.away, self.look = RemindersCard(), AwayCard(), LookCard()
        self.data, self.defaults = DataCard(data_folder, show_folder), DefaultsCard()
        columns = Columns(STACK_BELOW_PX)
        for cards in ((self.reminders, self.away), (self.look, self.data, self._keys(), self.defaults)):
            part = QWidget()
            part.setLayout(column(*cards, None, spacing=18))
            columns.flow.addWidget(part, 1)
        self.content.addWidget(columns)
        self.content.addWidget(text_label(words.NOT_MEDICAL, "note", "2", wrap=True))
        self.content.addStretch(1)
        self.reminders.chosen.connect(self._take)
        self.away.chosen.connect(self._take)
        self.look.chosen.connect(self._take)
        self.defaults.confirmed.connect(self._go_back)
        self.show_settings(settings)

    def show_settings(self, settings: Settings) -> None:
        """Show other settings, without a signal."""
        self.settings = settings
        self.reminders.show_settings(settings)
        self.away.show_settings(settings)
        self.look.show_settings(settings)

    def _keys(self) -> Card:
        card = Card("Keys")
        card.body.addSpacing(6)
        card.body.addWidget(text_label(keys_help(), "note", "2", wrap=True))
        return card

    def _take(self, change: dict[str, object]) -> None:
        """Only what was touched changes: a value the controls cannot show exactly stays as it is."""
        self._keep(replace(self.settings, **change))  # type: ignore[arg-type]  # names and types are the cards' own

    def _go_back(self) -> None:
        self._keep(Settings(sources=self.settings.sources))

    def _keep(self, settings: Settings) -> None:
        if settings != self.settings:
            self.show_settings(settings)
            self.changed.emit(settings)
