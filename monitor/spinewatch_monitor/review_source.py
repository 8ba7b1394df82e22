"""From what the library gives to what Review and Trends draw. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from spinewatch_monitor.librarian import Opened, facts_of
from spinewatch_monitor.storage.trend_days import TrendDay
from spinewatch_monitor.views.review_data import Limit, ReviewData, marks_from_events
from spinewatch_monitor.views.trends_words import TrendsDay
from spinewatch_signal.calibration_result import SITE_WORDS
from spinewatch_signal.samples import Site


def review_data(opened: Opened) -> ReviewData:
    """One recording for Review."""
    sensors = opened.kept.extra.get("sensors") or []
    site = Site(sensors[0]["site"]) if sensors else Site.UPPER_BACK
    warnings = opened.kept.extra.get("warnings") or []
    return ReviewData(
        title=opened.path.stem,
        start_s=opened.start_s,
        end_s=opened.end_s,
        utc_offset_s=opened.utc_offset_s,
        frames=opened.kept.frames,
        episodes=opened.kept.episodes,
        marks=marks_from_events(opened.events),
        limit=_limit(opened, site),
        reference_deg=float(facts_of(opened.kept, "calibration").get("reference_deg") or 0.0),
        lumbar_reference_deg=float(facts_of(opened.kept, "calibration").get("lumbar_reference_deg") or 0.0),
        site=SITE_WORDS[site],
        sensors=len(sensors),
        simulated=opened.simulated,
        warnings=[str(text) for text in warnings],
        figures=facts_of(opened.kept, "figures"),
    )


def trends_days(days: Sequence[TrendDay]) -> tuple[TrendsDay, ...]:
    """Days of the library for Trends."""
    return tuple(
        TrendsDay(
            day=dt.date.fromisoformat(day.day),
            worn_s=day.worn_s,
            away_percent=day.away_percent,
            longest_still_s=day.longest_still_s,
            position_changes_per_h=day.position_changes_per_h,
            reason=day.reason or "",
            path=str(day.recordings[0]) if day.recordings else None,
            simulated=day.simulated,
            paths=tuple(str(path) for path in day.files),
            steps=day.steps,
            walking_s=day.walking_s,
            sitting_percent=_sitting_percent(day),
        )
        for day in days
    )


def _sitting_percent(day: TrendDay) -> float | None:
    """Of the time that was sitting or standing for sure; None where that cannot be told."""
    known_s = (day.sitting_s or 0.0) + (day.standing_s or 0.0)
    return None if day.sitting_s is None or known_s <= 0 else 100 * day.sitting_s / known_s


def recording_beside(days: Sequence[TrendsDay], path: str, step: int) -> str | None:
    """The recording `step` places after this one (before it where negative); None at the ends, or when it is unknown.

    Args:
        days: in time order.
        path: a recording, as the days name it.
        step: usually 1 or -1.
    """
    paths = [each for day in days for each in day.paths]
    place = paths.index(path) + step if path in paths else -1
    return paths[place] if 0 <= place < len(paths) else None


def _limit(opened: Opened, site: Site) -> Limit | None:
    threshold, calibration = facts_of(opened.kept, "threshold"), facts_of(opened.kept, "calibration")
    if not threshold or not calibration:
        return None
    measure = str(threshold["measure"])
    reference = calibration.get("lumbar_reference_deg" if measure == "lumbar" else "reference_deg") or 0.0
    direction = -1 if site is Site.PELVIS and measure == "trunk" else 1
    return Limit(measure, float(reference), float(threshold["on_deg"]), direction)
