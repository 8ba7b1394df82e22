"""Cards around the sensors: how to begin where there is none, and what is being recorded."""

from __future__ import annotations

from PySide6.QtCore import Qt

from spinewatch_monitor.views.meters import StepDot
from spinewatch_monitor.views.placement_picture import LARGE_PX, PlacementPicture
from spinewatch_monitor.views.widgets import Button, Card, column, row, set_text, text_label
from spinewatch_signal.samples import Site

STEPS = (
    ("Wake it", "Charge the sensor and switch it on, or plug it in by cable. Some sleep until they are moved."),
    ("Choose it", "It appears in the list Nearby. Press Connect; nothing is recorded before that."),
    ("Say where it is worn", "One sensor sits between the shoulder blades, a second one over the sacrum."),
)
PLACES = (
    "One sensor shows how far the trunk leans. A second one on the lower back also shows how far the lower back bends."
)

NAME_MAX = 36


class BeginCard(Card):
    """Three steps and a picture."""

    def __init__(self) -> None:
        super().__init__("How to begin")
        picture = PlacementPicture(LARGE_PX)
        picture.show_sites(Site.UPPER_BACK, Site.PELVIS)
        steps = column(spacing=14)
        for number, (title, text) in enumerate(STEPS, start=1):
            dot = StepDot(number)
            dot.setAccessibleName(f"Step {number}")
            step = row(dot, spacing=12)
            step.setAlignment(dot, Qt.AlignmentFlag.AlignTop)
            step.addLayout(column(text_label(title, "body_strong"), text_label(text, "note", "2", wrap=True)), 1)
            steps.addLayout(step)
        steps.addStretch(1)
        content = row(picture, spacing=20)
        content.setAlignment(picture, Qt.AlignmentFlag.AlignTop)
        content.addLayout(steps, 1)
        self.body.addSpacing(12)
        self.body.addLayout(content)
        self.body.addSpacing(12)
        self.body.addWidget(text_label(PLACES, "note", "2", wrap=True))
        self.body.addStretch(1)


class RecordingCard(Card):
    """What is being written, and the button that ends it."""

    def __init__(self) -> None:
        super().__init__(margins=(20, 8, 20, 8))
        self._label, self._name = text_label("Recording", "label", "2"), text_label("", "body_strong")
        self._note = text_label("", "note", "2", wrap=True)
        self.stop = Button("Stop", "x", small=True)
        layout = row(self._label, self._name, spacing=12)
        layout.addWidget(self._note, 1)
        layout.addWidget(self.stop)
        self.body.addLayout(layout)

    def show_words(self, name: str, note: str, *, replay: bool) -> None:
        """Show another file, or that nothing is written."""
        set_text(self._label, "Replay" if replay else "Recording")
        set_text(self._name, shortened(name))
        self._name.setToolTip(name)
        set_text(self._note, note)
        self.setAccessibleName(f"{self._label.text()}: {name}. {note}")


def shortened(name: str) -> str:
    """A file's name that fits beside a button: its middle is left out where it is long."""
    half = NAME_MAX // 2
    return name if len(name) <= NAME_MAX else f"{name[:half]}…{name[-half:]}"
