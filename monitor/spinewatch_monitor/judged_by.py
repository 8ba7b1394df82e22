"""The choices that decide what counts as away: kept in a recording, so that it is judged later as it was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from spinewatch_monitor.settings import Settings, SettingsError, settings_from
from spinewatch_signal.pipeline import PipelineParams
from spinewatch_signal.slouch import ContextParams, SlouchParams, Unit

NAMES = (
    "threshold_on_deg",
    "reminder_delay_s",
    "threshold_on_percent",
    "threshold_unit",
    "hysteresis_deg",
    "sitting_threshold_deg",
    "standing_threshold_deg",
    "sitting_threshold_percent",
    "standing_threshold_percent",
    "sitting_delay_s",
    "standing_delay_s",
)
"""Settings that change which stretches are episodes; all others change manners only."""


def pipeline_params(settings: Settings) -> PipelineParams:
    """The wearer's choices, as the pipeline takes them."""
    slouch = SlouchParams(
        on_deg=settings.threshold_on_deg,
        off_below_on_deg=settings.hysteresis_deg,
        on_range_percent=settings.threshold_on_percent,
        delay_s=settings.reminder_delay_s,
        unit=Unit(settings.threshold_unit),
        sitting=ContextParams(
            on_deg=settings.sitting_threshold_deg,
            on_range_percent=settings.sitting_threshold_percent,
            delay_s=settings.sitting_delay_s,
        ),
        standing=ContextParams(
            on_deg=settings.standing_threshold_deg,
            on_range_percent=settings.standing_threshold_percent,
            delay_s=settings.standing_delay_s,
        ),
    )
    return replace(PipelineParams(), slouch=slouch)


def to_session(settings: Settings) -> dict[str, float | str]:
    """What a recording keeps of the choices in force; what is as it came is left out, but for the first two."""
    chosen = {name: getattr(settings, name) for name in NAMES}
    return {name: value for name, value in chosen.items() if name in NAMES[:2] or value != getattr(Settings(), name)}


def as_recorded(settings: Settings, session: Mapping[str, Any]) -> Settings:
    """The same settings, judged by what the recording says; what it does not say, or cannot mean, is the default."""
    found = {name: getattr(Settings(), name) for name in NAMES}
    for name in NAMES:
        try:
            found[name] = getattr(settings_from({name: session[name]}), name)
        except (KeyError, SettingsError):
            continue
    return replace(settings, **found)
