"""The sentences people read: plain, calm, never scolding. Pure texts from plain figures."""

from __future__ import annotations

from collections.abc import Mapping

from spinewatch_signal.samples import Site

MINUTE_S = 60.0
HOUR_S = 3600.0

TOO_EARLY_S = 15 * MINUTE_S
"""Below this worn time a sentence about the day would say more than the data do."""


def span(seconds: float) -> str:
    """A length of time as people say it: ``40 s``, ``2 minutes``, ``1 h 05 min``."""
    if seconds < MINUTE_S:
        return f"{seconds:.0f} s"
    minutes = round(seconds / MINUTE_S)
    if minutes < 60:
        return "1 minute" if minutes == 1 else f"{minutes} minutes"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def direction(site: Site, *, lumbar: bool) -> str:
    """What the wearer is doing when away from the reference, for the middle of a sentence."""
    if lumbar:
        return "Your lower back has been rounded"
    return "Your pelvis has been rolled back" if site is Site.PELVIS else "You have been leaning forward"


def reminder(site: Site, held_s: float, *, lumbar: bool) -> str:
    """The reminder itself: what is, for how long, and three things that help."""
    return f"{direction(site, lumbar=lumbar)} for {span(held_s)}. Lean back, stand up or shift."


def reminder_plan(delay_s: float, shown_this_hour: int) -> str:
    """When reminders come, and how many came: ``After 2 minutes · none this hour``."""
    shown = "none" if shown_this_hour == 0 else str(shown_this_hour)
    return f"After {span(delay_s)} · {shown} this hour"


BACK_AGAIN = "Near your reference again."

RISKY: Mapping[str, str] = {
    "fast_deep_bend": "That was a fast, deep bend. Slower, or with bent knees, is another way down.",
    "frequent_bends": "You have been bending often. A pause, or things nearer to hand, would be a change.",
}
RISKY_OVER: Mapping[str, str] = {
    "fast_deep_bend": "Back in range after a fast, deep bend. Slower, or with bent knees, is another way down.",
    "frequent_bends": "You are bending less often again.",
}

WITHHELD = {
    "muted": "Reminders are muted.",
    "paused": "Reminders are paused.",
    "quiet hours": "Quiet hours.",
    "enough for this hour": "Enough reminders for this hour.",
    "reference uncertain": "A sensor seems to have moved: no reminders until its reference is set right.",
    "worn wrong": "A sensor seems swapped or upside down: no reminders until it is put right and calibrated again.",
}


STILL_LONG_S = 45 * MINUTE_S
"""Sitting still for half an hour is harmless in itself; somewhat later a change does good."""


def headline(worn_s: float, position_changes_per_h: float | None, still_now_s: float) -> tuple[str, str]:
    """Today's headline and the line below it; movement first, time away last.

    Args:
        worn_s: valid time so far, s.
        position_changes_per_h: None when blank.
        still_now_s: how long the wearer has been still, s.
    """
    if worn_s < TOO_EARLY_S or position_changes_per_h is None:
        return "Your day is just starting", "The figures of the day become meaningful after a quarter of an hour."
    rate = f"{position_changes_per_h:.0f} changes of position an hour so far."
    if still_now_s >= STILL_LONG_S:
        return "A good moment to get up and move", f"Still for {span(still_now_s)}. {rate}"
    if position_changes_per_h >= 8:
        return "You are moving often", rate
    return "A steady day so far", f"{rate} Small shifts count too."
