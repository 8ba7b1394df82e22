"""What the calibration page says: instructions, notes of the steps, what is offered and what to do next. Pure texts."""

from __future__ import annotations

from collections.abc import Mapping

from spinewatch_monitor.calibration_desk import DAY_S, Offer
from spinewatch_monitor.views.calibration_flow import BENDS, STILL_S, STILL_STEPS, CalibrationFlow, Step
from spinewatch_monitor.views.calibration_rows import number_of, settings_rows
from spinewatch_monitor.views.clock import clock_text
from spinewatch_monitor.views.right_now import signed_deg

INSTRUCTIONS: Mapping[Step, tuple[str, str]] = {
    Step.READY: (
        "Teach Spinewatch how it is worn today",
        "Stand, sit, sink, then three slow bends. Under a minute in all.",
    ),
    Step.STAND: (
        "Stand comfortably, and stay still",
        "Feet apart as wide as your hips, look straight ahead. Five seconds are enough.",
    ),
    Step.SIT: (
        "Sit upright, the way you like to sit",
        "Comfortable rather than straight as a rod; keep it for five seconds. This becomes your reference.",
    ),
    Step.SLOUCH: (
        "Let yourself sink, as when you are tired",
        "The way you really do it, in the same seat. Keep it for five seconds.",
    ),
    Step.RISE: ("Stand up again", "Stand upright for a moment; then come the bends."),
    Step.BEND: (
        "Bend forward slowly, three times",
        "Only as far as feels easy. Down in about three seconds, up in three.",
    ),
    Step.RESULT: ("Calibrated", "Spinewatch now knows how you stand and sit, and which way is forward."),
}
REZERO_INSTRUCTIONS: Mapping[Step, tuple[str, str]] = {
    Step.STAND: ("Stand upright, and stay still", "Five seconds; the sensors as they are now."),
    Step.SIT: ("Sit upright as in your calibration, and stay still", "Five seconds; the sensors as they are now."),
    Step.RESULT: ("Set to zero again", "Where each sensor sits now is known; forward is as it was calibrated."),
}
STEPS: tuple[tuple[Step, str], ...] = (
    (Step.STAND, "Stand comfortably"),
    (Step.SIT, "Sit the way you like to sit"),
    (Step.SLOUCH, "Let yourself sink"),
    (Step.BEND, "Three slow bends"),
    (Step.RESULT, "Result"),
)
GRADE_TONES = {"good": "near", "fair": "accent", "low": "away"}
FAR_DEG = 8.0
"""A pose that is taken again differs by 2-3°; thrice that was a slip, or another pose."""
TOO_LONG = "That took longer than two minutes, and the first seconds are gone; begin again."
BUTTONS: Mapping[Step, str] = {
    Step.READY: "Begin",
    Step.RISE: "Stand up …",
    Step.BEND: "I have bent three times",
    Step.RESULT: "Done",
}


def place_of(step: Step) -> int | None:
    """Which of `STEPS` is on, from 0; None before the beginning. Getting up belongs to the bends."""
    on = Step.BEND if step is Step.RISE else step
    return next((place for place, (known, _) in enumerate(STEPS) if known is on), None)


def instruction(flow: CalibrationFlow) -> tuple[str, str]:
    """Headline and the line below it."""
    state = flow.state
    return (REZERO_INSTRUCTIONS if state.rezero else INSTRUCTIONS)[state.step]


def eyebrow(flow: CalibrationFlow) -> str:
    """Where the wearer is, and the seconds spent."""
    state = flow.state
    if state.rezero:
        return "Re-zero · five seconds"
    place = place_of(state.step)
    if place is None:
        return "Calibration · under a minute in all"
    spent = f" · {flow.spent_s():.0f} s" if flow.running else ""
    return f"Calibration · step {place + 1} of {len(STEPS)}{spent}"


def button(flow: CalibrationFlow, *, refused: bool) -> str:
    """Words of the one large button."""
    step = flow.state.step
    if step in STILL_STEPS:
        return "Keep still …"
    return "Try again" if step is Step.RESULT and refused else BUTTONS[step]


def second_button(flow: CalibrationFlow, *, knows_sitting: bool) -> str:
    """Words of the button beside it: leaving the sitting steps out, or the other pose of a re-zero; empty for none."""
    state = flow.state
    if state.rezero:
        other = {Step.STAND: "I am sitting", Step.SIT: "I am standing"}.get(state.step, "")
        return other if knows_sitting else ""
    return {Step.SIT: "No chair here", Step.SLOUCH: "Leave this out"}.get(state.step, "")


def step_notes(flow: CalibrationFlow, calibration: Mapping[str, object]) -> tuple[str, ...]:
    """The small line below each step's title; with the result's figures once there is one."""
    state = flow.state
    over = state.step is Step.RESULT
    seen = len(state.peaks_deg)
    bends = f"{seen} of {BENDS} seen" if seen else "Done" if over else "Down and up, as far as feels easy"
    return (
        _still_note(flow, Step.STAND, number_of(calibration, "still_sd_deg"), "Still for five seconds"),
        _pose_note(flow, Step.SIT, _reference(calibration), "Your own upright sit, five seconds"),
        _pose_note(flow, Step.SLOUCH, _slouch(calibration), "Your own slouch, five seconds"),
        bends,
        "Reference, range and limit",
    )


def live_words(flow: CalibrationFlow) -> str:
    """What the big number means now."""
    state = flow.state
    if state.step in STILL_STEPS:
        doing = {Step.STAND: "standing", Step.SIT: "sitting", Step.SLOUCH: "sunk"}[state.step]
        return f"{doing}; keep still" if state.still_start_s is not None else "waiting until you are still"
    if state.step is Step.RISE:
        return "waiting until you stand"
    if state.step is Step.BEND and flow.bend_deg() is None:
        return "angles come with the result"
    if state.step is Step.BEND:
        which = ("first", "second", "third")[min(len(state.peaks_deg), BENDS - 1)]
        return f"{which} bend" if state.is_down else f"upright, ready for the {which} bend"
    return "where away begins"


def to_improve(calibration: Mapping[str, object]) -> str:
    """The one thing that would make the calibration better, or what is worth knowing about it."""
    still, sit = number_of(calibration, "still_sd_deg") or 0.0, number_of(calibration, "sit_sd_deg") or 0.0
    plane, repeat = number_of(calibration, "plane_percent"), number_of(calibration, "repeat_deg")
    bend, moved = number_of(calibration, "bend_deg"), number_of(calibration, "moved_deg")
    if calibration.get("method") == "rezero" and moved is not None and moved >= FAR_DEG:
        return f"Upright is now {moved:.0f}° from where it was. If you were not upright, do it once more."
    if calibration.get("sit_passes_limit") is True:
        return "Your own upright sit is beyond the limit already and would be told. A higher limit is in Settings."
    if calibration.get("slouch_passes_limit") is False:
        return "Your own slouch stays within the limit, so it would not be told. A lower limit is in Settings."
    if calibration.get("method") == "rezero":
        return "How far a sensor was turned sideways on the skin no stillness can show: all the steps grade better."
    if max(still, sit) >= 1.0:
        return "Look at a point in front of you and breathe calmly while you keep still."
    if bend is not None and bend < 30.0:
        return "Bend a little further, if that is easy: 30° or more show better which way is forward."
    if (plane is not None and plane <= 90.0) or (repeat is not None and repeat >= 3.0):
        return "Bend straight forward and the same way each time; look at the floor between your feet."
    return "Feet apart as wide as your hips, and look at the floor while you bend."


def offer_words(offer: Offer, utc_offset_s: float) -> tuple[str, str]:
    """What can be set anew: the button, and a sentence with its age."""
    grade, made_s = offer.calibration.grade, offer.calibration.made_at_s
    days = int((made_s + utc_offset_s + offer.age_s) // DAY_S - (made_s + utc_offset_s) // DAY_S)
    when = clock_text(made_s, utc_offset_s) if days == 0 else "yesterday" if days == 1 else f"{days} days ago"
    told = f"The calibration of {when} ({grade})"
    if offer.remembered:
        whose = "these sensors" if offer.same else "sensors of this kind in these places"
        line = f"{told} is of {whose}. They were put on anew: five seconds upright set it again, at most fair."
        return f"Use that of {when}", line
    return "Re-zero (5 s)", f"{told} is in force. After a slip, five seconds upright set it anew; at most fair then."


def _reference(calibration: Mapping[str, object]) -> str:
    if calibration.get("sitting_reference") is None:
        return ""
    return f"Your reference: {dict(settings_rows(calibration))['Reference, sitting']}"


def _slouch(calibration: Mapping[str, object]) -> str:
    apart = number_of(calibration, "slouch_from_sit_deg")
    return "" if apart is None else f"{signed_deg(apart)} from the reference"


def _still_note(flow: CalibrationFlow, step: Step, sd_deg: float | None, before: str) -> str:
    if step not in flow.state.windows:
        return before
    return f"Still for {STILL_S:.0f} s" if sd_deg is None else f"Still to {sd_deg:.1f}° for {STILL_S:.0f} s"


def _pose_note(flow: CalibrationFlow, step: Step, told: str, before: str) -> str:
    if step in flow.state.windows:
        return told or f"Still for {STILL_S:.0f} s"
    later = flow.state.step in (Step.RISE, Step.BEND, Step.RESULT)
    return "Left out" if later else before
