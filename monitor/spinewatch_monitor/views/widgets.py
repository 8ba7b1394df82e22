"""The parts that every page is made of: texts, cards, tags, buttons, segmented choice. Flat, no effects.

Colours come from the window's style sheet by dynamic properties; parts that paint themselves have ``set_theme``.
Text from devices and notes is always shown as plain text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from spinewatch_monitor.views.icons import icon, pixmap
from spinewatch_monitor.views.theme import colour, font
from spinewatch_monitor.views.tokens import HIT_TARGET_PX, LIGHT, SPACE_S_PX, Theme

L = TypeVar("L", bound=QBoxLayout)


def set_property(widget: QWidget, name: str, value: object) -> None:
    """Set a dynamic property that the style sheet reads, and let the widget take its new look."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()


def set_text(label: QLabel, text: str) -> None:
    """Set a label's text only when it differs, so that a page fed ten times a second repaints what changed."""
    if label.text() != text:
        label.setText(text)


def text_label(text: str = "", style: str = "body", ink: str = "1", *, wrap: bool = False) -> QLabel:
    """A plain-text label in one of the type styles.

    Args:
        text: what it says.
        style: a key of `tokens.TYPE`.
        ink: ``1`` (main), ``2``, ``3`` (quieter), ``accent``, ``near``, ``away`` or ``moving``.
        wrap: break lines at the label's width.
    """
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setFont(font(style))
    label.setProperty("ink", ink)
    label.setWordWrap(wrap)
    return label


def row(*items: QWidget | int | None, spacing: int = SPACE_S_PX) -> QHBoxLayout:
    """Widgets side by side; an int is a fixed space in px, None takes the room that is left."""
    return _fill(QHBoxLayout(), items, spacing)


def column(*items: QWidget | int | None, spacing: int = 0) -> QVBoxLayout:
    """Widgets below each other; an int is a fixed space in px, None takes the room that is left."""
    return _fill(QVBoxLayout(), items, spacing)


def _fill(layout: L, items: Sequence[QWidget | int | None], spacing: int) -> L:
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for item in items:
        if item is None:
            layout.addStretch(1)
        elif isinstance(item, int):
            layout.addSpacing(item)
        else:
            layout.addWidget(item)
    return layout


def line(*, vertical: bool = False) -> QFrame:
    """A hairline."""
    result = QFrame()
    result.setProperty("role", "line")
    if vertical:
        result.setFixedWidth(1)
    else:
        result.setFixedHeight(1)
    return result


class Card(QFrame):
    """A flat card; ``header`` holds the title and what stands at its right, ``body`` the rest."""

    def __init__(self, title: str = "", *, margins: tuple[int, int, int, int] = (20, 18, 20, 18)) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(*margins)
        self.body.setSpacing(0)
        self.header = row()
        self.title = text_label(title, "title")
        if title:
            self.header.addWidget(self.title)
            self.header.addStretch(1)
            self.body.addLayout(self.header)
            self.setAccessibleName(title)


class Tag(QLabel):
    """A few words on a soft background; the tone is one of the zones, ``accent``, ``gap`` or ``danger``."""

    def __init__(self, text: str = "", tone: str = "gap") -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(font("tag"))
        self.setProperty("role", "tag")
        self.setProperty("tone", tone)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_tag(self, text: str, tone: str) -> None:
        """Show other words in another tone."""
        set_text(self, text)
        set_property(self, "tone", tone)


class Button(QPushButton):
    """A push button with an icon in the colour of its text and, painted at its right, the key that does the same.

    Args:
        text: what it does, sentence case.
        icon_name: an icon of `icons.icon_names`, or empty.
        kind: ``plain``, ``primary`` or ``ghost``.
        small: 30 px high, for dense rows.
        key: the shortcut as people read it (``M``, ``Esc``); display only, the page binds it.
    """

    def __init__(
        self, text: str, icon_name: str = "", kind: str = "plain", *, small: bool = False, key: str = ""
    ) -> None:
        super().__init__(f" {text}" if icon_name and text else text)  # Qt sets icon and words too close
        self.setAccessibleName(text)
        self.icon_name, self.kind, self._key = icon_name, kind, key
        self._theme = LIGHT
        self.setFont(font("label" if small else "body_medium"))
        self.setProperty("kind", kind)
        self.setProperty("small", "true" if small else "false")
        self.setIconSize(QSize(18, 18))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        if key:
            self.setProperty("hint", "true")
            self.setToolTip(f"{text} ({key})")

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colour for icon and key."""
        self._theme = theme
        if self.icon_name:
            self.setIcon(icon(self.icon_name, self._ink(), self.iconSize().width(), disabled=theme.ink3))

    def set_icon(self, name: str) -> None:
        """Show another icon."""
        self.icon_name = name
        self.set_theme(self._theme)

    def sizeHint(self) -> QSize:
        """Room for the key beside the words."""
        hint = super().sizeHint()
        return QSize(hint.width() + (round(self._key_width()) + 8 if self._key else 0), hint.height())

    def minimumSizeHint(self) -> QSize:
        """Never narrower than its words."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The button as Qt draws it, and the key over it."""
        super().paintEvent(event)
        if not self._key:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = self._key_width()
        box = QRectF(self.width() - width - 10, self.height() / 2 - 10, width, 20)
        ink = self._theme.on_accent if self.kind == "primary" else self._theme.ink3
        painter.setPen(QPen(colour(ink if self.kind == "primary" else self._theme.border, 0.85), 1))
        painter.drawRoundedRect(box, 5, 5)
        painter.setPen(colour(ink))
        painter.setFont(font("tag"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._key)

    def _ink(self) -> str:
        inks = {"primary": self._theme.on_accent, "ghost": self._theme.accent}
        return inks.get(self.kind, self._theme.ink)

    def _key_width(self) -> float:
        return max(20.0, QFontMetricsF(font("tag")).horizontalAdvance(self._key) + 12)


class NavButton(Button):
    """One page in the sidebar: checkable, icon in the accent colour while it is the page shown."""

    def __init__(self, text: str, icon_name: str) -> None:
        super().__init__(text, icon_name, "nav")
        self.label = text
        self.setCheckable(True)
        self.setIconSize(QSize(20, 20))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.toggled.connect(lambda _: self.set_theme(self._theme))

    def set_compact(self, compact: bool) -> None:
        """Show the icon alone; the words move to the tooltip."""
        self.setText("" if compact else f"  {self.label}")
        set_property(self, "compact", "true" if compact else "false")
        self.setToolTip(self.label if compact else "")

    def _ink(self) -> str:
        return self._theme.accent if self.isChecked() else self._theme.ink2


class Segmented(QFrame):
    """One of a few choices side by side; ``chosen`` carries the key when a person picks another one."""

    chosen = Signal(str)

    def __init__(self, choices: Sequence[tuple[str, str]], name: str) -> None:
        """Args: choices: (key, words) pairs, the first is chosen; name: what is chosen, for screen readers."""
        super().__init__()
        self.setProperty("role", "segmented")
        self.setAccessibleName(name)
        self._keys: dict[str, QPushButton] = {}
        layout = row(spacing=2)
        layout.setContentsMargins(3, 2, 3, 2)
        group = QButtonGroup(self)
        for key, words in choices:
            button = QPushButton(words)
            button.setProperty("kind", "segment")
            button.setFont(font("label"))
            button.setCheckable(True)
            button.clicked.connect(lambda _=False, key=key: self.chosen.emit(key))
            group.addButton(button)
            layout.addWidget(button, 1)
            self._keys[key] = button
        self.setLayout(layout)
        self.setFixedHeight(HIT_TARGET_PX)
        next(iter(self._keys.values())).setChecked(True)

    def choose(self, key: str) -> None:
        """Show ``key`` as chosen, without a signal."""
        self._keys[key].setChecked(True)

    def current(self) -> str:
        """Key of the choice shown."""
        return next(key for key, button in self._keys.items() if button.isChecked())


class IconLabel(QLabel):
    """An icon that is only looked at; ``ink`` names a colour token of the theme."""

    def __init__(self, name: str, ink: str = "ink2", size_px: int = 20) -> None:
        super().__init__()
        self._name, self._ink, self._size_px = name, ink, size_px
        self.setFixedSize(size_px, size_px)
        self.set_theme(LIGHT)

    def set_icon(self, name: str, ink: str) -> None:
        """Show another icon or colour."""
        self._name, self._ink = name, ink
        self.set_theme(self._theme)

    def set_theme(self, theme: Theme) -> None:
        """Redraw in the theme's colour."""
        self._theme = theme
        self.setPixmap(pixmap(self._name, getattr(theme, self._ink), self._size_px))


class Stat(QWidget):
    """One figure: label above, number with unit, note below; blank is an en dash with the reason as note."""

    def __init__(self, label: str) -> None:
        super().__init__()
        self._label = text_label(label, "label", "2")
        self._number = text_label("–", "stat_number")
        self._unit = text_label("", "unit", "2")
        self._note = text_label("", "note", "3", wrap=True)
        numbers = row(self._number, self._unit, None, spacing=6)
        numbers.setAlignment(self._unit, Qt.AlignmentFlag.AlignBottom)
        self._unit.setContentsMargins(0, 0, 0, 5)
        layout = column(self._label, 4)
        layout.addLayout(numbers)
        layout.addWidget(self._note)
        layout.addStretch(1)
        self.setLayout(layout)

    def show_value(self, number: str, unit: str, note: str) -> None:
        """Show a figure; its words are also the accessible name."""
        set_text(self._number, number)
        set_text(self._unit, unit)
        set_text(self._note, note)
        self.setAccessibleName(f"{self._label.text()}: {number} {unit}. {note}")

    def show_blank(self, reason: str) -> None:
        """Show that there is no figure, and why."""
        self.show_value("–", "", reason)
