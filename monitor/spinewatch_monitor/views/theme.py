"""Tokens made visible: fonts, palette and one style sheet, applied to a window and told to everything that paints."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from string import Template
from typing import Protocol, runtime_checkable

from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from spinewatch_monitor.views import tokens
from spinewatch_monitor.views.tokens import TYPE, Theme

FONT_FOLDER = Path(__file__).parent / "resources" / "fonts"


@runtime_checkable
class Themed(Protocol):
    """Anything that paints itself: it is told the theme when the window's theme is set or changes."""

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours and paint again."""


@lru_cache(maxsize=1)
def load_fonts() -> tuple[str, ...]:
    """Register the shipped fonts once; gives the families found. A missing file costs the look, not the program."""
    families: list[str] = []
    for path in sorted(FONT_FOLDER.glob("*.ttf")):
        families += QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(path)))
    return tuple(dict.fromkeys(families))


def font(style: str = "body") -> QFont:
    """The font of one of the styles in `tokens.TYPE`, with tabular figures.

    Raises:
        KeyError: for a style that does not exist.
    """
    kind = TYPE[style]
    families = ([tokens.FONT_DISPLAY] if kind.display else []) + [tokens.FONT_UI, *tokens.FONT_FALLBACK]
    result = QFont(families)
    result.setPixelSize(kind.size_px)
    result.setWeight(QFont.Weight(kind.weight))
    result.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, kind.tracking_em * kind.size_px)
    result.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    for feature in tokens.FONT_FEATURES:
        result.setFeature(QFont.Tag(feature), 1)
    return result


def colour(value: str, opacity: float = 1.0) -> QColor:
    """A token as QColor, with an opacity in [0, 1]."""
    result = QColor(value)
    result.setAlphaF(opacity)
    return result


def mixed(value: str, ground: str, share: float) -> QColor:
    """A token laid over a ground with an opacity, as one opaque colour: painting it costs a fraction."""
    over, under = QColor(value), QColor(ground)
    parts = zip(over.getRgbF()[:3], under.getRgbF()[:3], strict=True)  # type: ignore[index]
    return QColor.fromRgbF(*(share * a + (1 - share) * b for a, b in parts))


def palette(theme: Theme) -> QPalette:
    """The palette for what the style sheet does not reach (dialogs, selections, native parts)."""
    roles = {
        QPalette.ColorRole.Window: theme.bg,
        QPalette.ColorRole.Base: theme.surface,
        QPalette.ColorRole.AlternateBase: theme.inset,
        QPalette.ColorRole.Button: theme.surface,
        QPalette.ColorRole.Highlight: theme.accent,
        QPalette.ColorRole.HighlightedText: theme.on_accent,
        QPalette.ColorRole.Text: theme.ink,
        QPalette.ColorRole.WindowText: theme.ink,
        QPalette.ColorRole.ButtonText: theme.ink,
        QPalette.ColorRole.PlaceholderText: theme.ink3,
        QPalette.ColorRole.ToolTipBase: theme.surface,
        QPalette.ColorRole.ToolTipText: theme.ink,
        QPalette.ColorRole.Link: theme.accent,
    }
    result = QPalette()
    for role, value in roles.items():
        result.setColor(role, QColor(value))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.ink3))
    return result


def style_sheet(theme: Theme) -> str:
    """The style sheet of a window; widgets opt in by dynamic properties (``role``, ``tone``, ``ink``, ``kind``)."""
    tones = "\n".join(
        f'QLabel[role="tag"][tone="{tone}"] {{ background: {theme.soft(tone)}; color: {theme.text_on_soft(tone)}; }}'
        for tone in ("near", "away", "moving", "lying", "deep", "gap", "accent", "danger")
    )
    values = {name: getattr(theme, name) for name in Theme.__dataclass_fields__}
    return Template(_SHEET).substitute(values) + tones


def apply_theme(root: QWidget, theme: Theme) -> None:
    """Dress a window: palette and style sheet for widgets, `Themed.set_theme` for everything below that paints."""
    load_fonts()
    app = QApplication.instance()
    if isinstance(app, QApplication):
        app.setPalette(palette(theme))
        app.setFont(font("body"))
    root.setPalette(palette(theme))
    root.setStyleSheet(style_sheet(theme))
    for part in (root, *root.findChildren(QWidget)):
        if part is not root and isinstance(part, Themed):
            part.set_theme(theme)


_SHEET = """
QMainWindow, QWidget[role="page"], QWidget[role="window"] { background: $bg; }
QScrollArea, QScrollArea > QWidget > QWidget[role="page"] { background: $bg; border: 0; }
QToolTip { background: $surface; color: $ink; border: 1px solid $border; padding: 5px 8px; }
QLabel { color: $ink; background: transparent; }
QLabel[ink="2"] { color: $ink2; }
QLabel[ink="3"] { color: $ink3; }
QLabel[ink="accent"] { color: $accent; }
QLabel[ink="near"] { color: $near_text; }
QLabel[ink="away"] { color: $away_text; }
QLabel[ink="moving"] { color: $moving_text; }
QLabel[role="tag"] { border-radius: 6px; padding: 3px 8px; }
QFrame[role="sidebar"] { background: $sidebar; border: 0; border-right: 1px solid $border; }
QFrame[role="card"] { background: $surface; border: 1px solid $border; border-radius: 14px; }
QFrame[role="inset"] { background: $inset; border: 1px solid $border; border-radius: 10px; }
QFrame[role="panel"] { background: $surface; border: 0; border-left: 1px solid $border; }
QFrame[role="foot"] { background: $surface; border: 1px solid $border; border-radius: 10px; }
QFrame[role="banner"] { background: $away_soft; border: 1px solid $away_soft; border-radius: 14px; }
QFrame[role="banner"][tone="near"] { background: $near_soft; border-color: $near_soft; }
QFrame[role="notice"] { background: $surface; border: 0; border-top: 1px solid $border; }
QStatusBar { background: $surface; color: $ink2; border-top: 1px solid $border; }
QFrame[role="strip"] { background: $moving_soft; border: 0; }
QFrame[role="line"] { background: $border; border: 0; }
QFrame[role="step"] { border: 0; border-radius: 10px; }
QFrame[role="step"][state="on"] { background: $accent_soft; }
QPushButton { background: $surface; color: $ink; border: 1px solid $border; border-radius: 8px;
  padding: 0 13px; min-height: 34px; }
QPushButton:hover { background: $inset; border-color: $control; }
QPushButton:pressed { background: $accent_soft; }
QPushButton:disabled { color: $ink3; background: $inset; }
QPushButton:focus { border: 2px solid $focus; padding: 0 12px; min-height: 32px; }
QPushButton[hint="true"] { text-align: left; }
QPushButton[small="true"] { padding: 0 10px; min-height: 28px; border-radius: 8px; }
QPushButton[small="true"]:focus { padding: 0 9px; min-height: 26px; }
QPushButton[kind="primary"] { background: $accent; color: $on_accent; border-color: $accent; }
QPushButton[kind="primary"]:hover { border-color: $ink; }
QPushButton[kind="primary"]:focus { border: 2px solid $ink; }
QPushButton[kind="primary"]:disabled { background: $gap_soft; color: $ink2; border-color: $border; }
QPushButton[kind="ghost"] { background: transparent; border-color: transparent; color: $accent; padding: 0 7px; }
QPushButton[kind="ghost"]:hover { background: $accent_soft; }
QPushButton[kind="ghost"]:focus { border: 2px solid $focus; padding: 0 6px; }
QPushButton[kind="nav"] { background: transparent; border: 1px solid transparent; color: $ink2;
  text-align: left; padding: 0 9px; }
QPushButton[kind="nav"][compact="true"] { text-align: center; padding: 0; }
QPushButton[kind="nav"]:hover { background: $surface; }
QPushButton[kind="nav"]:checked { background: $surface; color: $ink; border-color: $border; }
QPushButton[kind="nav"]:focus { border: 2px solid $focus; padding: 0 8px; }
QPushButton[kind="choice"] { background: $surface; text-align: left; border-radius: 14px; padding: 0; }
QPushButton[kind="choice"]:hover { border-color: $accent; }
QPushButton[kind="choice"]:focus { border: 2px solid $accent; }
QFrame[role="segmented"] { background: $bg; border: 1px solid $border; border-radius: 8px; }
QPushButton[kind="segment"] { background: transparent; border: 1px solid transparent; border-radius: 6px;
  color: $ink2; padding: 0 11px; min-height: 26px; }
QPushButton[kind="segment"]:hover { color: $ink; }
QPushButton[kind="segment"]:checked { background: $surface; color: $ink; border-color: $border; }
QPushButton[kind="segment"]:focus { border: 2px solid $focus; padding: 0 10px; min-height: 24px; }
QComboBox, QLineEdit, QSpinBox, QPlainTextEdit { background: $surface; color: $ink; border: 1px solid $control;
  border-radius: 8px; padding: 4px 10px; min-height: 26px; selection-background-color: $accent;
  selection-color: $on_accent; }
QComboBox:focus, QLineEdit:focus, QSpinBox:focus, QPlainTextEdit:focus { border: 2px solid $focus; }
QComboBox QAbstractItemView { background: $surface; color: $ink; border: 1px solid $border; }
QTableView, QListView { background: $surface; color: $ink; border: 0; gridline-color: $border;
  selection-background-color: $accent_soft; selection-color: $ink; alternate-background-color: $inset; }
QHeaderView::section { background: $surface; color: $ink3; border: 0; border-bottom: 1px solid $border; padding: 6px; }
QMenu { background: $surface; color: $ink; border: 1px solid $border; border-radius: 8px; padding: 4px; }
QMenu::item { padding: 8px 16px; border-radius: 6px; }
QMenu::item:selected { background: $accent_soft; }
QTabWidget::pane { border: 1px solid $border; border-radius: 8px; background: $surface; }
QTabBar::tab { color: $ink2; padding: 8px 14px; border-bottom: 2px solid transparent; }
QTabBar::tab:selected { color: $ink; border-bottom-color: $accent; }
QTabBar::tab:focus { border-bottom-color: $focus; }
QScrollBar:vertical { background: transparent; width: 12px; margin: 2px; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 2px; }
QScrollBar::handle { background: $control; border-radius: 4px; min-height: 32px; min-width: 32px; }
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page { background: transparent;
  width: 0; height: 0; }
QSlider::groove:horizontal { background: $gap_soft; height: 5px; border-radius: 2px; }
QSlider::handle:horizontal { background: $accent; width: 16px; height: 16px; margin: -6px 0; border-radius: 8px; }
QCheckBox, QRadioButton { color: $ink; spacing: 10px; min-height: 34px; background: transparent; }
"""
