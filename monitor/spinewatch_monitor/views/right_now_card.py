"""The card "Right now": tag, number with its uncertainty, figure, and what the state asks for."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from spinewatch_monitor.views.right_now import RightNow
from spinewatch_monitor.views.spine_figure import SpineFigure
from spinewatch_monitor.views.widgets import (
    Button,
    Card,
    IconLabel,
    Tag,
    column,
    line,
    row,
    set_property,
    set_text,
    text_label,
)

ACTION_WORDS = {
    "find": "Find a sensor",
    "calibrate": "Calibrate",
    "rezero": "Re-zero (5 s)",
    "resume": "Go on",
}
GRADE_WORDS = {"good": "Good", "fair": "Fair", "low": "Low"}


class Fact(QWidget):
    """A small label over a value, as in the card's foot."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.value = text_label("–", "value")
        self.note = text_label("", "note", "3")
        values = row(self.value, self.note, None, spacing=6)
        layout = column(text_label(name, "label", "2"))
        layout.addLayout(values)
        self.setLayout(layout)

    def show_value(self, value: str, note: str = "") -> None:
        """Show a value and, smaller, what belongs to it."""
        set_text(self.value, value)
        set_text(self.note, note)
        self.setAccessibleName(f"{self._name}: {value} {note}")


class RightNowCard(Card):
    """Shows a `RightNow`; ``action`` carries what a person asked for."""

    action = Signal(str)

    def __init__(self, *, reduced_motion: bool = False) -> None:
        super().__init__("Right now", margins=(22, 20, 22, 18))
        self.tag = Tag("No sensor yet")
        self.header.addWidget(self.tag)
        self.figure = SpineFigure(reduced_motion=reduced_motion)
        self._number = text_label("–", "hero_number")
        self._beside = text_label("", "hero_side", "2")
        self._words = text_label("", "note", "3")
        self.body.addSpacing(8)
        self.body.addLayout(self._number_row())
        self.body.addWidget(self.figure, 1)
        self._message = self._message_part()
        self.body.addWidget(self._message)
        self.body.addWidget(line())
        self.body.addSpacing(13)
        self.lower_back, self.side = Fact("Lower back bend"), Fact("To the side")
        self.calibration = CalibrationFact()
        self.calibration.clicked.connect(lambda: self.action.emit("calibrate"))
        self.body.addLayout(row(self.lower_back, self.side, self.calibration, spacing=12))
        self.rezero = Button("Re-zero (5 s)", "undo-2", "ghost", small=True)
        self.rezero.setToolTip(
            "Keep upright and still for five seconds: after a slip, or when a sensor was put on again"
        )
        self.rezero.clicked.connect(lambda: self.action.emit("rezero"))
        self.rezero.setVisible(False)
        self.body.addLayout(row(None, self.rezero))
        self.setMinimumWidth(360)
        self._shown_action = ""

    def _number_row(self) -> QVBoxLayout:
        numbers = row(self._number, self._beside, self._words, None, spacing=10)
        for label, lift in ((self._beside, 11), (self._words, 13)):
            label.setContentsMargins(0, 0, 0, lift)
            numbers.setAlignment(label, Qt.AlignmentFlag.AlignBottom)
        holder = QVBoxLayout()
        holder.addLayout(numbers)
        return holder

    def _message_part(self) -> QWidget:
        self._title = text_label("", "title")
        self._line = text_label("", "note", "2", wrap=True)
        self._button = Button("", kind="primary", small=True)
        self._button.clicked.connect(lambda: self.action.emit(self._shown_action))
        part = QWidget()
        layout = column(self._title, self._line, 8)
        layout.addLayout(row(self._button, None))
        layout.setContentsMargins(0, 4, 0, 14)
        part.setLayout(layout)
        return part

    def show_now(self, now: RightNow) -> None:
        """Show another state; only what differs is touched."""
        self.tag.set_tag(now.tag, now.tone)
        set_text(self._number, now.number)
        set_property(self._number, "ink", "3" if now.dim else "1")
        set_text(self._beside, now.beside)
        set_text(self._words, now.words)
        self.lower_back.show_value(now.lower_back, now.beside if now.lower_back != "–" and not now.dim else "")
        self.side.show_value(now.side, now.beside if now.side != "–" and not now.dim else "")
        self.figure.show_state(now.figure)
        self._say(now)
        name = f"Right now: {now.tag}. {now.number} {now.beside} {now.words}".strip()
        if name != self.accessibleName():
            self.setAccessibleName(name)
            self.figure.setAccessibleName(f"Spine figure. {name}")

    def _say(self, now: RightNow) -> None:
        self._message.setVisible(bool(now.title))
        set_text(self._title, now.title)
        set_text(self._line, now.line)
        self._shown_action = now.action
        self._button.setVisible(bool(now.action))
        if now.action:
            words = ACTION_WORDS[now.action]
            if self._button.text() != words:
                self._button.setText(words)
                self._button.setAccessibleName(words)


class CalibrationFact(Button):
    """Grade and time of the calibration; a click begins a new one."""

    def __init__(self) -> None:
        super().__init__("", kind="ghost")
        self._icon = IconLabel("target", "ink3", 16)
        self._grade = text_label("None yet", "body_strong", "2")
        layout = column(text_label("Calibration", "label", "2"))
        layout.addLayout(row(self._icon, self._grade, None, spacing=6))
        layout.setContentsMargins(8, 0, 4, 0)
        self.setLayout(layout)
        self.setAccessibleName("Calibrate")
        self.setToolTip("Calibrate")

    def sizeHint(self) -> QSize:
        """As large as the two lines in it."""
        layout = self.layout()
        return super().sizeHint() if layout is None else layout.sizeHint()

    def show_grade(self, grade: str, time: str) -> None:
        """Show grade and clock time; an empty grade means there is none."""
        good = grade == "good"
        words = GRADE_WORDS.get(grade, grade.capitalize())
        set_text(self._grade, f"{words}, {time}" if grade and time else words or "None yet")
        set_property(self._grade, "ink", "near" if good else "2")
        self._icon.set_icon("check" if grade else "target", "near_text" if good else "ink2")
        self.setAccessibleName(f"Calibration: {self._grade.text()}. Calibrate again")
        self.updateGeometry()
