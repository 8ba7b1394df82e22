"""What the settings page says: values in words, and when each choice counts. Pure."""

from __future__ import annotations

from spinewatch_monitor.settings import Settings
from spinewatch_signal.slouch import SlouchParams

DELAYS_S = (0.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 240.0, 300.0, 420.0, 600.0)
QUIET_MINUTES = tuple(float(minute) for minute in range(0, 24 * 60, 30))
QUIET_START_MIN, QUIET_END_MIN = 22 * 60, 7 * 60
"""Offered when quiet hours are switched on for the first time."""

THEME_CHOICES = (("system", "As the desktop"), ("light", "Light"), ("dark", "Dark"), ("high_contrast", "High contrast"))

THRESHOLD_NOTE = (
    "With one sensor. With two, away begins at "
    f"{SlouchParams().on_range_percent:g} % of your own range of the lower back, once you have calibrated, "
    "unless you choose otherwise below. A new angle counts from the next session."
)
AS_ELSEWHERE = -1.0
"""Stands in the lists for a choice that is left open."""
CONTEXT_DEGREES = (AS_ELSEWHERE, 5.0, 8.0, 10.0, 12.0, 15.0, 18.0, 20.0, 25.0, 30.0, 35.0, 40.0, 45.0)
CONTEXT_PERCENTS = (AS_ELSEWHERE, 40.0, 50.0, 60.0, 65.0, 70.0, 75.0, 80.0, 85.0, 90.0, 95.0)
CONTEXT_DELAYS_S = (AS_ELSEWHERE, *DELAYS_S)
UNIT_CHOICES = (("own", "As suits the sensors"), ("degrees", "Degrees"), ("percent", "Percent"))
UNIT_NOTE = (
    "As suits the sensors: percent of your own range with two sensors, once you have calibrated, and degrees with one."
)
PERCENT_NOTE = (
    "Of your own range, from upright standing to the deepest of your calibration bends; "
    "a pelvis sensor alone goes by degrees."
)
BACK_NOTE = "How much nearer than the angle at which away begins."
RISKY_NOTE = "Other reminders are counted apart."
SAME_TIMES = "Both times are the same. The last choice stays until they differ."
PRIVACY = "Nothing leaves this computer: no account, no cloud, no network connection."
NOT_MEDICAL = "Spinewatch is not a medical device. It shows how you hold and move your back; it gives no diagnosis."
RESET_QUESTION = "Every choice on this page goes back to how it came. Recordings and sensors stay as they are."


def delay_words(seconds: float) -> str:
    """A delay as people say it, to the second: ``at once``, ``45 s``, ``2 minutes``, ``1 min 30 s``."""
    if seconds == 0:
        return "At once"
    minutes, rest = divmod(seconds, 60)
    if not minutes:
        return f"{rest:g} s"
    if rest:
        return f"{minutes:.0f} min {rest:g} s"
    return "1 minute" if minutes == 1 else f"{minutes:.0f} minutes"


def context_degrees_words(value: float) -> str:
    """An angle of one context in words."""
    return "As elsewhere" if value == AS_ELSEWHERE else f"{value:g}°"


def context_percent_words(value: float) -> str:
    """A percentage of one context in words."""
    return "As elsewhere" if value == AS_ELSEWHERE else f"{value:g} %"


def context_delay_words(value: float) -> str:
    """A delay of one context in words."""
    return "As elsewhere" if value == AS_ELSEWHERE else delay_words(value)


def shown(value: float | None) -> float:
    """What stands in a list for a choice that may be open."""
    return AS_ELSEWHERE if value is None else value


def meant(value: float) -> float | None:
    """What is meant by an entry of such a list."""
    return None if value == AS_ELSEWHERE else value


def minute_words(minute: float) -> str:
    """A minute of the day as a time: ``07:30``."""
    return f"{int(minute) // 60:02d}:{int(minute) % 60:02d}"


def has_quiet_hours(settings: Settings) -> bool:
    """Whether any minute is quiet; equal ends mean none."""
    return settings.quiet_start_min != settings.quiet_end_min


def quiet_note(start_min: int, end_min: int) -> str:
    """What the chosen quiet hours mean."""
    over_night = " on the next day" if end_min < start_min else ""
    return f"No reminder from {minute_words(start_min)} until {minute_words(end_min)}{over_night}. Recording goes on."


def per_hour_note(per_hour: int) -> str:
    """What the highest number of reminders means."""
    if per_hour == 0:
        return "None is shown. What would have been said is kept with the recording."
    return "Those beyond are kept with the recording, but not shown."
