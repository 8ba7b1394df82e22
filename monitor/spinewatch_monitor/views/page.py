"""What pages share: margins, header with one headline, two columns that stack when narrow, scrolling when low."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from spinewatch_monitor.views.tokens import CONTENT_MAX_PX, GUTTER_PX, PAGE_MARGIN_PX
from spinewatch_monitor.views.widgets import column, set_text, text_label


class PageHeader(QWidget):
    """Eyebrow, headline and one line at the left; what can be done at the right."""

    def __init__(self, eyebrow: str = "", headline: str = "", line: str = "") -> None:
        super().__init__()
        self._eyebrow = text_label(eyebrow, "label", "3", wrap=True)
        self._headline = text_label(headline, "headline", wrap=True)
        self._line = text_label(line, "body", "2", wrap=True)
        words = column(self._eyebrow, 4, self._headline, 3, self._line, None)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(8)
        self.buttons.setContentsMargins(0, 8, 0, 0)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(24)
        layout.addLayout(words, 1)
        layout.addLayout(self.buttons)
        layout.setAlignment(self.buttons, Qt.AlignmentFlag.AlignTop)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def add(self, *buttons: QWidget) -> None:
        """Put buttons at the right."""
        for button in buttons:
            self.buttons.addWidget(button)

    def say(self, eyebrow: str, headline: str, line: str) -> None:
        """Change the words; the headline is also the header's accessible name."""
        set_text(self._eyebrow, eyebrow)
        set_text(self._headline, headline)
        set_text(self._line, line)
        self.setAccessibleName(headline)

    def headline(self) -> str:
        """What the headline says."""
        return self._headline.text()


class Page(QWidget):
    """A page: header above, ``content`` below."""

    def __init__(self, header: PageHeader) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.header = header
        self.content = QVBoxLayout()
        self.content.setSpacing(18)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(PAGE_MARGIN_PX, 26, PAGE_MARGIN_PX, 28)
        outer.setSpacing(18)
        outer.addWidget(header)
        outer.addLayout(self.content, 1)
        self.setMaximumWidth(CONTENT_MAX_PX)


class Scrolled(QScrollArea):
    """A page that scrolls when the window is lower than it needs, never sideways."""

    def __init__(self, page: QWidget) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(page)

    def minimumSizeHint(self) -> QSize:
        """Small enough for the smallest window."""
        return QSize(320, 240)


class Columns(QWidget):
    """Widgets side by side, below each other when narrower than ``stack_below_px``; ``stacks`` tells of the turn."""

    stacks = Signal(bool)

    def __init__(self, stack_below_px: int, spacing: int = GUTTER_PX) -> None:
        super().__init__()
        self._stack_below_px = stack_below_px
        self.flow = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self.flow.setContentsMargins(0, 0, 0, 0)
        self.flow.setSpacing(spacing)

    @property
    def stacked(self) -> bool:
        """Whether they lie below each other."""
        return self.flow.direction() == QBoxLayout.Direction.TopToBottom

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Choose the direction for the new width."""
        narrow = event.size().width() < self._stack_below_px
        direction = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        if direction != self.flow.direction():
            self.flow.setDirection(direction)
            self.stacks.emit(narrow)
        super().resizeEvent(event)

    def minimumSizeHint(self) -> QSize:
        """The width of the widest part alone: side by side is never forced."""
        hint = super().minimumSizeHint()
        items = [self.flow.itemAt(i) for i in range(self.flow.count())]
        widest = max((item.minimumSize().width() for item in items if item is not None), default=0)
        return QSize(widest, hint.height())
