"""The figures of a calibration as rows: each criterion with where good lies, and what it sets. Pure texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from spinewatch_monitor.views.right_now import signed_deg

STEADY_REFERENCE_DEG = 0.5
"""Nearer than this to upright a reference is called upright."""


@dataclass(frozen=True, slots=True)
class QualityRow:
    """One criterion: its words, where its meter's mark stands (None: nothing yet) and where good lies, in shares."""

    title: str
    value: str
    note: str
    share: float | None
    good: tuple[float, float]


def quality_rows(calibration: Mapping[str, object]) -> list[QualityRow]:
    """The criteria in the order of the steps; an empty mapping gives the rows without values."""
    still, sit = number_of(calibration, "still_sd_deg"), number_of(calibration, "sit_sd_deg")
    plane, repeat = number_of(calibration, "plane_percent"), number_of(calibration, "repeat_deg")
    bends = bends_of(calibration)
    sizes = ", ".join(f"{b:.0f}°" for b in bends) or "–"
    below_1, below_3 = (0.0, 0.5), (0.0, 0.5)
    return [
        QualityRow("Stillness while standing", _told(still, "{:.1f}°"), "Good below 1°", _share(still, 0, 2), below_1),
        QualityRow("Stillness while sitting", _told(sit, "{:.1f}°"), "Good below 1°", _share(sit, 0, 2), below_1),
        QualityRow("Bends in one plane", _told(plane, "{:.0f} %"), "Good above 90 %", _share(plane, 50, 100), (0.8, 1)),
        QualityRow("Size of the bends", sizes, "Enough from 30°", _share(min(bends, default=None), 0, 90), (1 / 3, 1)),
        QualityRow("Same each time", _told(repeat, "± {:.1f}°"), "Good below 3°", _share(repeat, 0, 6), below_3),
    ]


def settings_rows(calibration: Mapping[str, object]) -> list[tuple[str, str]]:
    """What the calibration sets; without sitting steps the stand is the reference for both."""
    bends, sits = bends_of(calibration), calibration.get("sitting_reference")
    sitting_values = calibration.get("sitting")
    judged = {**calibration, **(sitting_values if isinstance(sitting_values, Mapping) else {})}
    limit = number_of(judged, "threshold_on_deg")
    of_what = "of lower back bend" if calibration.get("measure") == "lumbar" else "from reference"
    own = number_of(sits, "trunk_deg") if isinstance(sits, Mapping) else None
    standing = number_of(calibration, "reference_deg")
    sitting = "–" if not calibration else "as standing" if own is None else reference_words(own)
    return [
        ("Reference, standing", "–" if standing is None else reference_words(standing)),
        ("Reference, sitting", sitting),
        ("Your own bend", f"about {max(bends):.0f}°" if bends else "–"),
        ("Limit for reminders", "–" if limit is None else f"{limit:.0f}° {of_what}"),
    ]


def reference_words(angle_deg: float) -> str:
    """``4° forward``, ``3° back`` or ``upright``."""
    if abs(angle_deg) < STEADY_REFERENCE_DEG:
        return "upright"
    return f"{signed_deg(abs(angle_deg))} {'forward' if angle_deg > 0 else 'back'}"


def repeat_line(calibration: Mapping[str, object]) -> str:
    """How well the angle will repeat."""
    repeat = number_of(calibration, "expected_repeat_deg")
    return "Each criterion shows where good lies." if repeat is None else f"Expected to repeat within ± {repeat:.0f}°."


def bends_of(calibration: Mapping[str, object]) -> list[float]:
    """Sizes of the bends, degrees; the smallest alone where no more is known."""
    numbered = [number_of(calibration, f"bend_{i}_deg") for i in range(1, 7)]
    found = [b for b in numbered if b is not None]
    one = number_of(calibration, "bend_deg")
    return found or ([] if one is None else [one])


def number_of(values: Mapping[str, object], key: str) -> float | None:
    """A finite number of a mapping, else None."""
    value = values.get(key)
    return float(value) if isinstance(value, int | float) and isfinite(value) else None


def _told(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)


def _share(value: float | None, low: float, high: float) -> float | None:
    return None if value is None else max(0.0, min(1.0, (value - low) / (high - low)))
