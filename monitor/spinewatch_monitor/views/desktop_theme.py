"""Which theme the desktop asks for."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from spinewatch_monitor.views.tokens import ThemeName

_NAMES: dict[str, ThemeName] = {"light": "light", "dark": "dark", "high_contrast": "high_contrast"}


def theme_of(choice: str) -> ThemeName:
    """The theme to show; ``system`` follows the desktop's light or dark."""
    if choice in _NAMES:
        return _NAMES[choice]
    return "dark" if QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark else "light"
