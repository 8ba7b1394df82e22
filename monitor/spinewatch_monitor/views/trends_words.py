"""What Trends is given and what it says: days, measures, a comparison with the first week, one headline. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import mean, median

from spinewatch_monitor.views.clock import duration_text

MIN_WORN_S = 4 * 3600.0
"""A day with less shows no figure: half a morning cannot stand for a day."""
WEEK_DAYS = 7
ENOUGH_DAYS = 3
"""Days with enough wear on either side below which a comparison says nothing."""
_TWO_SIDED_95 = 1.96

REAL, WITHIN, EARLY = "real change", "within the error", "too early to say"


@dataclass(frozen=True, slots=True)
class TrendsDay:
    """One day of the library.

    Args:
        day: calendar day where it was recorded.
        worn_s: valid time.
        away_percent: share of still time away from the reference; None when blank, as are the other figures.
        longest_still_s: longest stretch without a change of position, s.
        position_changes_per_h: changes of position an hour.
        reason: why figures are blank.
        path: recording that Review opens.
        paths: every recording of the day, in time order.
        steps, walking_s: of all walks; None where these were not looked for yet.
        sitting_percent: of the time that was sitting or standing for sure; None where that is too little.
        simulated: True for anything the simulator made.
    """

    day: date
    worn_s: float
    away_percent: float | None = None
    longest_still_s: float | None = None
    position_changes_per_h: float | None = None
    reason: str = ""
    path: str | None = None
    simulated: bool = False
    paths: tuple[str, ...] = ()
    steps: int | None = None
    walking_s: float | None = None
    sitting_percent: float | None = None

    @property
    def counted(self) -> bool:
        """Whether it was worn long enough to stand for a day."""
        return self.worn_s >= MIN_WORN_S


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of a day.

    Args:
        title, unit: words above its chart.
        value: the figure of a day in that unit, or None.
        decimals: as shown.
        zone: colour token of its bars or points.
        bars: bars from zero, or points joined by a line.
        more, less: words for the headline when it went up or down; empty where it has none.
        blank_short: True hides the figure of days worn too short.
    """

    title: str
    unit: str
    value: Callable[[TrendsDay], float | None]
    decimals: int
    zone: str
    bars: bool
    more: str = ""
    less: str = ""
    blank_short: bool = True

    def shown(self, day: TrendsDay) -> float | None:
        """The figure that may be shown for a day."""
        return None if self.blank_short and not day.counted else self.value(day)

    def text(self, value: float | None) -> str:
        """A figure without its unit; an en dash when blank."""
        return "–" if value is None else f"{value:.{self.decimals}f}".replace("-", "−")


CHANGES = Measure(
    "Position changes an hour",
    "",
    lambda day: day.position_changes_per_h,
    1,
    "moving",
    bars=True,
    more="You change position more often than in your first week",
    less="You change position less often than in your first week",
)
STILL = Measure(
    "Longest still stretch",
    "minutes",
    lambda day: None if day.longest_still_s is None else day.longest_still_s / 60,
    0,
    "moving",
    bars=False,
    more="Your longest still stretches are longer than in your first week",
    less="Your longest still stretches are shorter than in your first week",
)
AWAY = Measure(
    "Time away from reference",
    "% of still time",
    lambda day: day.away_percent,
    0,
    "away",
    bars=False,
    more="You are away from your reference more than in your first week",
    less="You are away from your reference less than in your first week",
)
WALKING = Measure(
    "Walking", "minutes", lambda day: None if day.walking_s is None else day.walking_s / 60, 0, "moving", bars=True
)
SITTING = Measure("Sitting", "% of sitting and standing", lambda day: day.sitting_percent, 0, "sitting", bars=False)
WORN = Measure("Worn", "hours", lambda day: day.worn_s / 3600, 1, "near", bars=True, blank_short=False)
COMPARED = (CHANGES, STILL, AWAY)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One measure in the first week and now: medians, the verdict, how much days vary (95 %), or None when unknown."""

    measure: Measure
    first: float | None
    now: float | None
    verdict: str
    spread: float | None = None


def first_week(days: Sequence[TrendsDay]) -> tuple[date, date] | None:
    """``[start, end)`` of the first week: seven days from the first day with enough wear."""
    counted = [day.day for day in days if day.counted]
    return (min(counted), min(counted) + timedelta(WEEK_DAYS)) if counted else None


def compare(days: Sequence[TrendsDay], measure: Measure, last: date) -> Comparison:
    """The first week against the seven days that end with ``last``.

    A change is real when it exceeds what days that vary as these do would show by chance (95 %): the difference of
    two means of so many days each.
    """
    week = first_week(days)
    if week is None:
        return Comparison(measure, None, None, EARLY)
    now_from = max(last - timedelta(WEEK_DAYS - 1), week[1])
    first = _values(days, measure, week[0], week[1])
    now = _values(days, measure, now_from, last + timedelta(1))
    medians = (median(first) if first else None, median(now) if now else None)
    if len(first) < ENOUGH_DAYS or len(now) < ENOUGH_DAYS:
        return Comparison(measure, *medians, EARLY)
    day_sd = _pooled_sd(first, now)
    least = _TWO_SIDED_95 * day_sd * (1 / len(first) + 1 / len(now)) ** 0.5
    real = abs(mean(now) - mean(first)) > least and round(least, 9) > 0
    return Comparison(measure, *medians, REAL if real else WITHIN, _TWO_SIDED_95 * day_sd)


def headline(days: Sequence[TrendsDay], last: date) -> tuple[str, str]:
    """The headline and the line below it; movement comes first, time away last."""
    comparisons = [compare(days, measure, last) for measure in COMPARED]
    real = next((c for c in comparisons if c.verdict == REAL), None)
    if real is not None and real.first is not None and real.now is not None:
        return (real.measure.more if real.now > real.first else real.measure.less), _both_lines(comparisons)
    if any(c.verdict == WITHIN for c in comparisons):
        return "No clear change from your first week", _both_lines(comparisons)
    return "Too early to say where this is going", _early_line(days)


def eyebrow(days: Sequence[TrendsDay], first: date, last: date) -> str:
    """The line above the headline: which days, and how many with enough wear."""
    counted = sum(day.counted for day in days if first <= day.day <= last)
    noun = "day" if counted == 1 else "days"
    return f"{date_text(first, year=first.year != last.year)} to {date_text(last)} · {counted} {noun} with enough wear"


def date_text(day: date, *, short: bool = False, year: bool = False) -> str:
    """``19 November``, or ``19 Nov``."""
    text = f"{day.day} {day:%b}" if short else f"{day.day} {day:%B}"
    return f"{text} {day.year}" if year else text


def day_reason(day: TrendsDay, measure: Measure) -> str:
    """Why a day shows no figure; empty when it does."""
    if measure.shown(day) is not None:
        return ""
    if not day.counted and measure.blank_short:
        return f"worn {duration_text(day.worn_s)}: under 4 h, no figure"
    if measure is SITTING:
        return day.reason or "sitting and standing not known apart"
    return day.reason or "no figure"


def day_words(day: TrendsDay | None, when: date) -> str:
    """A day in one sentence, for tooltips and screen readers."""
    title = f"{when:%A} {date_text(when)}"
    if day is None:
        return f"{title}: not worn"
    if not day.counted:
        return f"{title}: {day_reason(day, CHANGES)}"
    figures = [f"{m.text(m.shown(day))} {_short_unit(m)}" for m in COMPARED if m.shown(day) is not None]
    return f"{title}: " + ", ".join([*figures, *_moved_words(day), f"worn {duration_text(day.worn_s)}"])


def steps_text(day: TrendsDay) -> str:
    """Steps as they are read; an en dash when blank."""
    return "–" if day.steps is None or not day.counted else f"{day.steps:,}"


def _moved_words(day: TrendsDay) -> list[str]:
    walked = [] if WALKING.shown(day) is None else [f"{WALKING.text(WALKING.shown(day))} minutes walking"]
    stepped = [] if day.steps is None else [f"{steps_text(day)} steps"]
    sat = [] if SITTING.shown(day) is None else [f"{SITTING.text(SITTING.shown(day))} % sitting"]
    return [*walked, *stepped, *sat]


def _values(days: Sequence[TrendsDay], measure: Measure, start: date, end: date) -> list[float]:
    shown = (measure.shown(day) for day in days if start <= day.day < end)
    return [value for value in shown if value is not None]


def _pooled_sd(first: Sequence[float], now: Sequence[float]) -> float:
    squares = sum((v - mean(part)) ** 2 for part in (first, now) for v in part)
    return float((squares / (len(first) + len(now) - 2)) ** 0.5)


def _both_lines(comparisons: Sequence[Comparison]) -> str:
    changes, still = comparisons[0], comparisons[1]
    lines = []
    if changes.first is not None and changes.now is not None:
        lines.append(f"{CHANGES.text(changes.first)} times an hour then, {CHANGES.text(changes.now)} now.")
    if still.first is not None and still.now is not None:
        lines.append(
            f"Your longest still stretch: {STILL.text(still.first)} minutes then, {STILL.text(still.now)} now."
        )
    return " ".join(lines)


def _early_line(days: Sequence[TrendsDay]) -> str:
    counted = [day for day in days if day.counted]
    rates = [value for day in counted if (value := CHANGES.shown(day)) is not None]
    so_far = f"So far you changed position {CHANGES.text(median(rates))} times an hour. " if rates else ""
    return so_far + f"A comparison needs {ENOUGH_DAYS} days of at least 4 h in the first week, and as many after it."


def _short_unit(measure: Measure) -> str:
    return {CHANGES.title: "changes an hour", STILL.title: "minutes still at longest"}.get(measure.title, "% away")
