"""What the wearer has chosen: one small JSON file in the data folder, readable by its owner alone."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

MAX_SETTINGS_BYTES = 100_000
"""A settings file is a few hundred bytes; anything near this size is not one."""


class SettingsError(ValueError):
    """A value that cannot be meant; the message names it and the allowed range."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All choices with their defaults.

    Args:
        threshold_on_deg: deviation from the reference that counts as away, degrees (1-45).
        reminder_delay_s: how long away before a reminder, s (120 keeps most short leans quiet; 0-600).
        reminders_per_h: most reminders in any hour; more is what wearers call nagging.
        quiet_start_min, quiet_end_min: local minutes after midnight without reminders; equal means none.
        sound, notifications, vibrate: how a reminder shows itself beside the banner; only some sensors can vibrate.
        theme: ``system``, ``light``, ``dark`` or ``high_contrast``.
        reduced_motion: no animation.
        sources: the sensors of the last session, as texts.
    """

    threshold_on_deg: float = 15.0
    reminder_delay_s: float = 120.0
    reminders_per_h: int = 4
    quiet_start_min: int = 0
    quiet_end_min: int = 0
    sound: bool = True
    vibrate: bool = True
    notifications: bool = True
    theme: str = "system"
    reduced_motion: bool = False
    sources: tuple[str, ...] = ()


_NAMES = frozenset(f.name for f in fields(Settings))

THEMES = ("system", "light", "dark", "high_contrast")

_RANGES: Mapping[str, tuple[float, float]] = {
    "threshold_on_deg": (1.0, 45.0),
    "reminder_delay_s": (0.0, 600.0),
    "reminders_per_h": (0, 60),
    "quiet_start_min": (0, 24 * 60 - 1),
    "quiet_end_min": (0, 24 * 60 - 1),
}


def settings_from(values: Mapping[str, Any]) -> Settings:
    """Settings from parsed JSON; names we do not know are left alone, so that an older version reads a newer file.

    Raises:
        SettingsError: on the first value of a wrong type or out of its range.
    """
    return replace(Settings(), **_known(values))


def load_settings(path: Path) -> tuple[Settings, str | None]:
    """Read the file; what is absent or unusable has its default, and one line says what was unusable and why.

    One value that cannot be meant costs that value only, so that saving the next choice does not undo all others.
    """
    if not path.exists():
        return Settings(), None
    try:
        values = _values_in(path)
    except (OSError, ValueError, RecursionError) as error:
        return Settings(), f"Settings in {path.name} were not used, the defaults are: {error}."
    settings, refusals = Settings(), []
    for name, value in values.items():
        try:
            settings = replace(settings, **_known({name: value}))
        except SettingsError as error:
            refusals.append(str(error))
    told = f"Not all settings in {path.name} could be used: {'; '.join(refusals)}." if refusals else None
    return settings, told


def save_settings(path: Path, settings: Settings) -> None:
    """Write the file through a temporary neighbour, so that a crash leaves the old or the new one, never half."""
    text = json.dumps({**_unknown_values(path), **asdict(settings)}, indent=2)
    temporary = path.with_suffix(".tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    temporary.replace(path)


def _values_in(path: Path) -> dict[str, Any]:
    if path.stat().st_size > MAX_SETTINGS_BYTES:
        raise SettingsError("the file is too large")
    values = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(values, dict):
        raise SettingsError("it does not hold a JSON object")
    return values


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _checked(name, value) for name, value in values.items() if name in _NAMES}


def _unknown_values(path: Path) -> dict[str, Any]:
    try:
        values = _values_in(path)
    except (OSError, ValueError, RecursionError):
        return {}
    return {name: value for name, value in values.items() if name not in _NAMES}


def _checked(name: str, value: Any) -> Any:
    if name in _RANGES:
        return _number(name, value)
    if name == "theme":
        return _choice(name, value)
    if name == "sources":
        return _texts(name, value)
    if not isinstance(value, bool):
        raise SettingsError(f"{name} must be true or false")
    return value


def _number(name: str, value: Any) -> float | int:
    low, high = _RANGES[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise SettingsError(f"{name} must be a number from {low:g} to {high:g}")
    kind: Callable[[Any], float | int] = type(getattr(Settings(), name))
    return kind(value)


def _choice(name: str, value: Any) -> str:
    if value not in THEMES:
        raise SettingsError(f"{name} must be one of {', '.join(THEMES)}")
    return str(value)


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(text, str) and len(text) < 500 for text in value):
        raise SettingsError(f"{name} must be a list of texts")
    return tuple(value)
