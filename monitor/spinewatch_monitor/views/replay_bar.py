"""The replay bar: play, speed, a place in the recording, the previous and the next episode."""

from __future__ import annotations

import math
from typing import Protocol

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSlider

from spinewatch_monitor.updates import ReplayPosition
from spinewatch_monitor.views.clock import clock_text
from spinewatch_monitor.views.tokens import FOCUS_RING_PX, SPACE_M_PX, SPACE_S_PX, Theme
from spinewatch_monitor.views.widgets import Button, Segmented, text_label

SPEEDS: tuple[tuple[str, str, float], ...] = (
    ("1", "1×", 1.0),
    ("10", "10×", 10.0),
    ("60", "60×", 60.0),
    ("max", "max", math.inf),
)
"""Key, words, factor; ``max`` is as fast as it goes."""

_STEPS_PER_S = 10


class ReplayCommands(Protocol):
    """What the bar asks for; `Actions` has it for the session's replay, the Review page for its own."""

    def replay_play(self, playing: bool) -> None:
        """Let it run or stand."""

    def replay_seek(self, t_s: float) -> None:
        """Go to a moment of the recording, UNIX seconds."""

    def replay_speed(self, speed: float) -> None:
        """Run at a factor of real time; inf is as fast as it goes."""


class SeekSlider(QSlider):
    """A place in the recording; arrow keys move it by a second, Page keys by a minute, a click goes there."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setAccessibleName("Place in the recording")
        self.setSingleStep(_STEPS_PER_S)
        self.setPageStep(60 * _STEPS_PER_S)
        self.setMinimumHeight(30)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right are seconds; all other keys but Page and Home, End belong to the page around."""
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            event.ignore()
        else:
            super().keyPressEvent(event)


class ReplayBar(QFrame):
    """Shows where a replay stands and asks for something else through `ReplayCommands`.

    Args:
        commands: takes what is asked for.
        hint: words at the right end: which keys there are.
    """

    previous_asked = Signal()
    next_asked = Signal()

    def __init__(self, commands: ReplayCommands, hint: str = "") -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.setAccessibleName("Replay")
        self._commands, self._utc_offset_s = commands, 0.0
        self._position: ReplayPosition | None = None
        self.previous = _icon_button("skip-back", "Previous episode ([)")
        self.play = _icon_button("play", "Play (Space)")
        self.next = _icon_button("skip-forward", "Next episode (])")
        self.speed = Segmented([(key, words) for key, words, _ in SPEEDS], "Replay speed")
        self.slider = SeekSlider()
        self._now, self._end = text_label("–", "label"), text_label("", "note", "3")
        self._hint = text_label(hint, "note", "3")
        self._lay_out()
        self._connect()
        self.show_position(None)

    def show_position(self, position: ReplayPosition | None, utc_offset_s: float = 0.0) -> None:
        """Show where the replay stands; None when nothing is replayed.

        Args:
            position: from the session.
            utc_offset_s: offset of the local time where the recording was made, s.
        """
        self._position, self._utc_offset_s = position, utc_offset_s
        for part in (self.previous, self.play, self.next, self.speed, self.slider):
            part.setEnabled(position is not None)
        if position is None:
            self._now.setText("–")
            self._end.setText("")
            return
        self._show_playing(position.playing)
        self.speed.choose(next(key for key, _, factor in SPEEDS if factor >= position.speed or math.isinf(factor)))
        if not self.slider.isSliderDown():
            self._show_slider(position)
        self._show_time(position.now_s)
        self._end.setText(clock_text(position.end_s, utc_offset_s, seconds=True))

    def time_text(self) -> str:
        """The time of day shown."""
        return self._now.text()

    def toggle(self) -> None:
        """Play, or pause; what Space does."""
        if self._position is not None:
            self._commands.replay_play(not self._position.playing)

    def set_theme(self, theme: Theme) -> None:
        """Fill the slider up to where the replay stands."""
        self.slider.setStyleSheet(
            f"QSlider::sub-page:horizontal {{ background: {theme.accent}; height: 5px; border-radius: 2px; }}"
            f"QSlider:focus {{ border: {FOCUS_RING_PX}px solid {theme.focus}; border-radius: 6px; }}"
        )

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 14, 6)
        layout.setSpacing(SPACE_M_PX)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE_S_PX // 2)
        for button in (self.previous, self.play, self.next):
            buttons.addWidget(button)
        layout.addLayout(buttons)
        layout.addWidget(self.speed)
        layout.addWidget(self._now)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self._end)
        if self._hint.text():
            layout.addWidget(self._hint)

    def _connect(self) -> None:
        self.previous.clicked.connect(self.previous_asked)
        self.next.clicked.connect(self.next_asked)
        self.play.clicked.connect(self.toggle)
        self.speed.chosen.connect(self._on_speed)
        self.slider.valueChanged.connect(self._on_slider)

    def _on_speed(self, key: str) -> None:
        self._commands.replay_speed(next(factor for k, _, factor in SPEEDS if k == key))

    def _on_slider(self, value: int) -> None:
        if self._position is not None:
            t_s = self._position.start_s + value / _STEPS_PER_S
            self._show_time(t_s)
            self._commands.replay_seek(t_s)

    def _show_playing(self, playing: bool) -> None:
        words = "Pause (Space)" if playing else "Play (Space)"
        self.play.set_icon("pause" if playing else "play")
        self.play.setToolTip(words)
        self.play.setAccessibleName(words)

    def _show_slider(self, position: ReplayPosition) -> None:
        self.slider.blockSignals(True)
        self.slider.setRange(0, round((position.end_s - position.start_s) * _STEPS_PER_S))
        self.slider.setValue(round((position.now_s - position.start_s) * _STEPS_PER_S))
        self.slider.blockSignals(False)

    def _show_time(self, t_s: float) -> None:
        text = clock_text(t_s, self._utc_offset_s, seconds=True)
        self._now.setText(text)
        self.slider.setAccessibleDescription(text)


def _icon_button(icon_name: str, words: str) -> Button:
    button = Button("", icon_name, "ghost")
    button.setToolTip(words)
    button.setAccessibleName(words)
    return button
