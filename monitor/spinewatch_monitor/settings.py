"""What the wearer has chosen: one small JSON file in the data folder, readable by its owner alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from spinewatch_monitor.storage.private_file import write_private

MAX_SETTINGS_BYTES = 100_000
"""A settings file is a few hundred bytes; anything near this size is not one."""


class SettingsError(ValueError):
    """A value that cannot be meant; the message names it and the allowed range."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All choices with their defaults.

    Args:
        threshold_on_deg: deviation from the reference that counts as away, degrees (1-45).
        threshold_on_percent: the same in percent of the wearer's own range (10-100).
        threshold_unit: which of the two holds: ``own`` (percent with two sensors and a known range, else degrees),
            ``degrees`` or ``percent``.
        hysteresis_deg: how much nearer the wearer must come back (1-20).
        sitting_threshold_deg, standing_threshold_deg, sitting_threshold_percent, standing_threshold_percent: what
            differs while sitting or standing; None is as elsewhere.
        sitting_delay_s, standing_delay_s: likewise of `reminder_delay_s`.
        reminder_delay_s: how long away before a reminder, s (120 keeps most short leans quiet; 0-600).
        reminders_per_h: most reminders in any hour; more is what wearers call nagging.
        quiet_start_min, quiet_end_min: local minutes after midnight without reminders; equal means none.
        risky_reminders: whether fast deep bends and frequent bends are told too.
        risky_reminders_per_h: most of these in any hour.
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
    threshold_on_percent: float = 70.0
    threshold_unit: str = "own"
    hysteresis_deg: float = 5.0
    sitting_threshold_deg: float | None = None
    standing_threshold_deg: float | None = None
    sitting_threshold_percent: float | None = None
    standing_threshold_percent: float | None = None
    sitting_delay_s: float | None = None
    standing_delay_s: float | None = None
    risky_reminders: bool = False
    risky_reminders_per_h: int = 4


_NAMES = frozenset(f.name for f in fields(Settings))

THEMES = ("system", "light", "dark", "high_contrast")
UNITS = ("own", "degrees", "percent")

_CHOICES: Mapping[str, tuple[str, ...]] = {"theme": THEMES, "threshold_unit": UNITS}
_TOLERANCE_DEG, _TOLERANCE_PERCENT, _DELAY_S = (1.0, 45.0), (10.0, 100.0), (0.0, 600.0)
_RANGES: Mapping[str, tuple[float, float]] = {
    "threshold_on_deg": _TOLERANCE_DEG,
    "threshold_on_percent": _TOLERANCE_PERCENT,
    "hysteresis_deg": (1.0, 20.0),
    "reminder_delay_s": _DELAY_S,
    "risky_reminders_per_h": (0, 60),
    "reminders_per_h": (0, 60),
    "quiet_start_min": (0, 24 * 60 - 1),
    "quiet_end_min": (0, 24 * 60 - 1),
}
_OPEN_RANGES: Mapping[str, tuple[float, float]] = {
    "sitting_threshold_deg": _TOLERANCE_DEG,
    "standing_threshold_deg": _TOLERANCE_DEG,
    "sitting_threshold_percent": _TOLERANCE_PERCENT,
    "standing_threshold_percent": _TOLERANCE_PERCENT,
    "sitting_delay_s": _DELAY_S,
    "standing_delay_s": _DELAY_S,
}
"""Numbers that may also be null: as elsewhere."""


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
    write_private(path, f"{text}\n".encode())


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
        return type(getattr(Settings(), name))(_number(name, value, _RANGES[name]))
    if name in _OPEN_RANGES:
        return None if value is None else float(_number(name, value, _OPEN_RANGES[name]))
    if name in _CHOICES:
        return _choice(name, value)
    if name == "sources":
        return _texts(name, value)
    if not isinstance(value, bool):
        raise SettingsError(f"{name} must be true or false")
    return value


def _number(name: str, value: Any, limits: tuple[float, float]) -> float | int:
    low, high = limits
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise SettingsError(f"{name} must be a number from {low:g} to {high:g}")
    return value


def _choice(name: str, value: Any) -> str:
    if value not in _CHOICES[name]:
        raise SettingsError(f"{name} must be one of {', '.join(_CHOICES[name])}")
    return str(value)


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(text, str) and len(text) < 500 for text in value):
        raise SettingsError(f"{name} must be a list of texts")
    return tuple(value)
