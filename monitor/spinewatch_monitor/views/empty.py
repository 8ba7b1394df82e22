"""A page that has nothing to show yet: says what will be here, and what to do."""

from __future__ import annotations

from PySide6.QtCore import Qt

from spinewatch_monitor.views.page import Page, PageHeader
from spinewatch_monitor.views.tokens import SPACE_M_PX
from spinewatch_monitor.views.widgets import Card, IconLabel, column, text_label

WORDS = {
    "today": ("Today", "Nothing to show yet", "Connect a sensor to begin.", "sun"),
    "trends": (
        "Trends",
        "Trends grow with your days",
        "After a few days worn, this page compares them.",
        "chart-column",
    ),
    "review": ("Review", "No recording is open", "Open one to look through it, day by day.", "chart-gantt"),
    "sensors": ("Sensors", "No sensor yet", "Connected sensors show their battery, rate and loss here.", "radio"),
    "calibrate": ("Calibration", "No sensor to calibrate", "Connect a sensor first.", "target"),
    "settings": ("Settings", "Settings", "Choices about reminders, look and storage.", "settings-2"),
}


class EmptyPage(Page):
    """The page of one of the names in `WORDS` while there is nothing on it."""

    def __init__(self, name: str) -> None:
        eyebrow, headline, under, icon_name = WORDS[name]
        super().__init__(PageHeader(eyebrow, headline, under))
        card = Card()
        inside = column(None, spacing=SPACE_M_PX)
        for part in (IconLabel(icon_name, "ink3", 40), text_label(under, "body", "2")):
            inside.addWidget(part, alignment=Qt.AlignmentFlag.AlignHCenter)
        inside.addStretch(1)
        card.body.addLayout(inside)
        self.content.addWidget(card, 1)
