"""First run: what this is, and three ways in; nothing is asked for that is not needed."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from spinewatch_monitor.views.actions import Actions
from spinewatch_monitor.views.meters import IconBox, Logo
from spinewatch_monitor.views.spine_figure import SpineFigure
from spinewatch_monitor.views.spine_state import FigureState
from spinewatch_monitor.views.widgets import IconLabel, column, row, text_label

FIGURE_FROM_PX = 1080
"""Below this width the words need all the room."""
STEPS = ("Choose", "Wear it", "Calibrate", "First minute")
PROMISES = (
    ("lock", "Stays on this computer"),
    ("bell-off", "No reminder before you want one"),
    ("info", "Not a medical device"),
)


class Choice(QPushButton):
    """One way in: icon, title, a line."""

    def __init__(self, icon_name: str, title: str, under: str) -> None:
        super().__init__()
        self.setProperty("kind", "choice")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{title}. {under}")
        box = IconBox(icon_name, "accent", 44)
        layout = row(box, spacing=16)
        layout.setContentsMargins(18, 14, 18, 14)
        layout.addLayout(column(text_label(title, "title"), text_label(under, "note", "2", wrap=True)), 1)
        layout.addWidget(IconLabel("chevron-right", "ink3", 18))
        self.setLayout(layout)
        self.setMinimumHeight(76)

    def sizeHint(self) -> QSize:
        """As large as what is in it."""
        layout = self.layout()
        return super().sizeHint() if layout is None else layout.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter chooses, as Space does."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
            return
        super().keyPressEvent(event)


class FirstRunPage(QWidget):
    """The welcome; its three choices are `Actions`."""

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.sensor = Choice("radio", "I have a sensor", "Look for it by cable; the first minute takes about three")
        self.simulated = Choice(
            "play", "Try it without a sensor", "A simulated office day, always labelled as simulated"
        )
        self.recording = Choice("file-text", "Open a recording", "From Spinewatch, or a table of values")
        self.sensor.clicked.connect(actions.find_sensor)
        self.simulated.clicked.connect(actions.try_simulated)
        self.recording.clicked.connect(lambda: actions.open_recording(None))
        self._side = self._figure_side()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._words_side(), 78)
        layout.addWidget(self._side, 66)

    def _words_side(self) -> QWidget:
        side = QWidget()
        layout = column(spacing=0)
        layout.setContentsMargins(80, 56, 72, 40)
        layout.addLayout(row(Logo(34), text_label("Spinewatch", "brand"), None, spacing=10))
        layout.addStretch(2)
        layout.addLayout(self._steps())
        layout.addSpacing(20)
        layout.addWidget(text_label("See how your back spends the day", "welcome", wrap=True))
        layout.addSpacing(12)
        lead = (
            "Spinewatch shows how you hold and move your back, and reminds you to change position if you want it to. "
            "In about three minutes you will see your first minute."
        )
        layout.addWidget(text_label(lead, "lead", "2", wrap=True))
        layout.addSpacing(28)
        for choice in (self.sensor, self.simulated, self.recording):
            layout.addWidget(choice)
            layout.addSpacing(12)
        layout.addStretch(3)
        promises = row(spacing=26)
        for icon_name, words in PROMISES:
            promises.addLayout(row(IconLabel(icon_name, "near_text", 18), text_label(words, "label", "2")))
        promises.addStretch(1)
        layout.addLayout(promises)
        side.setLayout(layout)
        return side

    def _steps(self) -> QHBoxLayout:
        steps = row(spacing=10)
        for place, words in enumerate(STEPS, start=1):
            style, ink = ("label_strong", "accent") if place == 1 else ("label", "3")
            steps.addWidget(text_label(f"{place}  {words}", style, ink))
            if place < len(STEPS):
                steps.addWidget(text_label("—", "label", "3"))
        steps.addStretch(1)
        return steps

    def _figure_side(self) -> QFrame:
        side = QFrame()
        side.setProperty("role", "panel")
        figure = SpineFigure()
        figure.show_state(FigureState(upper_deg=9, lower_deg=5))
        figure.setAccessibleName("The figure: your own zone, and where the sensors are worn")
        words = (
            "Backs like variety. Spinewatch counts changes of position first, and time away from your reference second."
        )
        layout = column(figure, 16, text_label(words, "body", "2", wrap=True))
        layout.setStretch(0, 1)
        layout.setContentsMargins(48, 56, 48, 40)
        side.setLayout(layout)
        return side

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The figure gives way in a narrow window."""
        # The window's width, not the page's: the figure itself would keep the page wide.
        self._side.setVisible(self.window().width() >= FIGURE_FROM_PX)
        super().resizeEvent(event)
