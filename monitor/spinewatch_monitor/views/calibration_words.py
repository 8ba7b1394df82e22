"""What the calibration page says: instructions, quality rows, what will be set. Pure texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from spinewatch_monitor.views.calibration_flow import BENDS, STILL_S, CalibrationFlow, Step

INSTRUCTIONS: Mapping[Step, tuple[str, str]] = {
    Step.READY: (
        "Teach Spinewatch how it is worn today",
        "Stand for five seconds, then three slow bends. Under a minute in all.",
    ),
    Step.STAND: (
        "Stand comfortably, and stay still",
        "Feet apart as wide as your hips, look straight ahead. Five seconds are enough.",
    ),
    Step.BEND: (
        "Bend forward slowly, three times",
        "Only as far as feels easy. Down in about three seconds, up in three.",
    ),
    Step.RESULT: ("Calibrated", "Spinewatch now knows your upright stand and which way is forward."),
}
STEP_TITLES = ("Stand comfortably", "Three slow bends", "Result")
GRADE_TONES = {"good": "near", "fair": "accent", "low": "away"}


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
    still, plane, repeat = (_number(calibration, key) for key in ("still_sd_deg", "plane_percent", "repeat_deg"))
    bends = _bends(calibration)
    smallest = min(bends) if bends else None
    return [
        QualityRow(
            "Stillness while standing", _told(still, "{:.1f}°"), "Good below 1°", _share(still, 0, 2), (0.0, 0.5)
        ),
        QualityRow(
            "Bends in one plane", _told(plane, "{:.0f} %"), "Good above 90 %", _share(plane, 50, 100), (0.8, 1.0)
        ),
        QualityRow(
            "Size of the bends",
            ", ".join(f"{b:.0f}°" for b in bends) or "–",
            "Enough from 30°",
            _share(smallest, 0, 90),
            (1 / 3, 1.0),
        ),
        QualityRow("Same each time", _told(repeat, "± {:.1f}°"), "Good below 3°", _share(repeat, 0, 6), (0.0, 0.5)),
    ]


def settings_rows(calibration: Mapping[str, object]) -> list[tuple[str, str]]:
    """What the calibration sets."""
    bends, limit = _bends(calibration), _number(calibration, "threshold_on_deg")
    reference = _number(calibration, "reference_deg")
    return [
        ("Reference, standing", "–" if reference is None else f"{reference:.0f}° from upright".replace("-", "−")),
        ("Your own bend", f"about {max(bends):.0f}°" if bends else "–"),
        ("Limit for reminders", "–" if limit is None else f"{limit:.0f}° from reference"),
    ]


def repeat_line(calibration: Mapping[str, object]) -> str:
    """How well the angle will repeat."""
    repeat = _number(calibration, "expected_repeat_deg")
    return "Each criterion shows where good lies." if repeat is None else f"Expected to repeat within ± {repeat:.0f}°."


def step_notes(flow: CalibrationFlow) -> tuple[str, str, str]:
    """The small line below each step's title."""
    state = flow.state
    still = "Still for five seconds" if state.still is None else f"Still for {STILL_S:.0f} s"
    seen = len(state.peaks_deg)
    bends = f"{seen} of {BENDS} seen" if seen else "Down and up, as far as feels easy"
    return still, bends if state.step is not Step.RESULT or seen else "Done", "Reference, range and limit"


def live_words(flow: CalibrationFlow) -> str:
    """What the big number means now."""
    state = flow.state
    if state.step is Step.STAND:
        return "standing; keep still" if state.still_start_s is not None else "waiting until you stand still"
    if state.step is Step.BEND and flow.bend_deg() is None:
        return "angles come with the result"
    if state.step is Step.BEND:
        which = ("first", "second", "third")[min(len(state.peaks_deg), BENDS - 1)]
        return f"{which} bend" if state.is_down else f"upright, ready for the {which} bend"
    return "where away begins"


def _bends(calibration: Mapping[str, object]) -> list[float]:
    numbered = [_number(calibration, f"bend_{i}_deg") for i in range(1, 7)]
    found = [b for b in numbered if b is not None]
    one = _number(calibration, "bend_deg")
    return found or ([] if one is None else [one])


def _number(values: Mapping[str, object], key: str) -> float | None:
    value = values.get(key)
    return float(value) if isinstance(value, int | float) and isfinite(value) else None


def _told(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)


def _share(value: float | None, low: float, high: float) -> float | None:
    return None if value is None else max(0.0, min(1.0, (value - low) / (high - low)))
