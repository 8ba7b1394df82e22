"""What "Right now" says: number, tag, words and figure for each state of sensor and posture. No Qt.

None of the states shows a confident posture without data: without a sensor there is no spine, without fresh data the
last angle is grey and tells its age.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from spinewatch_monitor.updates import Link, SensorStatus, SessionUpdate
from spinewatch_monitor.views.cause_words import is_away
from spinewatch_monitor.views.spine_state import OUTLINE, FigureState
from spinewatch_signal.posture import Activity, Away, Blank, Doubt, PostureFrames

MINUS = "−"
BATTERY_LOW_H = 0.5
UNCERTAIN_DEG = 8.5
"""From this half-width on the band is called wide: skin and a good calibration make 6.3°, a fair one 7.2°, a low one
10°. With a good or fair one only the sensor itself gets there, for some seconds after a knock or a gap."""
DEFAULT_LIMIT_DEG = 15.0


@dataclass(frozen=True, slots=True)
class LastFrame:
    """The newest posture: one row of `PostureFrames`, angles in degrees (NaN where blank)."""

    t_s: float
    flexion_deg: float
    lateral_deg: float
    lumbar_deg: float | None
    uncertainty_deg: float
    activity: int
    away: int
    blank: int
    doubt: int = 0
    sitting: bool = False
    """Whether the wearer sat when that was last known: the reference of sitting holds until standing is known."""


def sat_before(frames: PostureFrames, last: LastFrame | None) -> NDArray[np.bool_]:
    """(m,) whether the wearer sat when that was last known at each frame, after the frame `last`."""
    told = np.isin(frames.activity, (Activity.SITTING, Activity.STANDING))
    newest = np.maximum.accumulate(np.where(told, np.arange(len(frames)), -1))
    sits: NDArray[np.bool_] = frames.activity[newest] == Activity.SITTING
    sits[newest < 0] = last is not None and last.sitting
    return sits


def last_of(frames: PostureFrames, before: LastFrame | None = None) -> LastFrame:
    """The newest row; ``frames`` may not be empty."""
    lumbar = frames.lumbar_deg
    return LastFrame(
        t_s=float(frames.t_s[-1]),
        flexion_deg=float(frames.flexion_deg[-1]),
        lateral_deg=float(frames.lateral_deg[-1]),
        lumbar_deg=None if lumbar is None else float(lumbar[-1]),
        uncertainty_deg=float(frames.body_uncertainty_deg[-1]),
        activity=int(frames.activity[-1]),
        away=int(frames.away[-1]),
        blank=int(frames.blank[-1]),
        doubt=int(frames.doubt[-1]),
        sitting=bool(sat_before(frames, before)[-1]),
    )


@dataclass(frozen=True, slots=True)
class Reference:
    """What the calibration in force says, as pages need it; degrees.

    ``judged_lumbar``: lumbar flexion is compared with the limit; else the trunk, also with two sensors as long as the
    wearer's own lumbar range is not known.
    """

    present: bool = False
    grade: str = ""
    made_at_s: float | None = None
    upper_deg: float = 0.0
    lumbar_deg: float = 0.0
    limit_deg: float = DEFAULT_LIMIT_DEG
    two_sensors: bool = False
    judged_lumbar: bool = False


def reference_of(calibration: Mapping[str, object], *, sitting: bool = False) -> Reference:
    """Read the calibration's mapping; what is absent keeps its default. While sitting its own reference may hold."""
    if not calibration:
        return Reference()
    own = calibration.get("sitting")
    if sitting and isinstance(own, Mapping):
        calibration = {**calibration, **own}
    made = calibration.get("made_at_s")
    two = bool(calibration.get("two_sensors", False))
    return Reference(
        present=True,
        grade=str(calibration.get("grade", "")),
        made_at_s=float(made) if isinstance(made, int | float) else None,
        upper_deg=_number(calibration.get("reference_deg"), 0.0),
        lumbar_deg=_number(calibration.get("lumbar_reference_deg"), 0.0),
        limit_deg=_number(calibration.get("threshold_on_deg"), DEFAULT_LIMIT_DEG),
        two_sensors=two,
        judged_lumbar=two and calibration.get("measure", "lumbar") == "lumbar",
    )


@dataclass(frozen=True, slots=True)
class RightNow:
    """Everything the card shows."""

    tag: str
    tone: str
    number: str
    beside: str
    words: str
    figure: FigureState
    dim: bool = False
    lower_back: str = "–"
    side: str = "–"
    title: str = ""
    line: str = ""
    action: str = ""
    """The one thing to do, as a key the page knows: ``find``, ``calibrate``, ``rezero``, ``resume`` or empty."""


def right_now(update: SessionUpdate, last: LastFrame | None, *, snoozed_until: str = "") -> RightNow:
    """The state of the card.

    Args:
        update: the newest update.
        last: the newest posture frame of the session, None before the first.
        snoozed_until: clock time until which reminders are paused, or empty.
    """
    main = _main_sensor(update.sensors)
    if main is None or main.link is Link.NONE:
        return no_sensor()
    if main.link is Link.PAUSED:
        return _private_pause()
    if last is None:
        return _connecting(main)
    known = _posture(update, last)
    if main.link in (Link.LATE, Link.LOST, Link.CONNECTING):
        return _stale(known, main)
    if known.number != "–" and last.doubt & Doubt.REFERENCE:
        return _sensor_moved(known)
    return _tagged(known, update, main, snoozed_until)


def signed_deg(value: float, decimals: int = 0) -> str:
    """``9°`` or ``−4°`` with a real minus sign; never ``−0°``."""
    rounded = round(value, decimals) + 0.0
    return f"{rounded:.{decimals}f}°".replace("-", MINUS)


def clock_span(seconds: float) -> str:
    """``2:06`` or ``1:04:30``: a running length of time."""
    whole = max(0, int(seconds))
    minutes, rest = divmod(whole, 60)
    return f"{minutes}:{rest:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def age_words(seconds: float | None) -> str:
    """``1.4 s``, ``12 s`` or ``3 min``."""
    if seconds is None:
        return "a while"
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _posture(update: SessionUpdate, last: LastFrame) -> RightNow:
    reference = reference_of(update.calibration, sitting=last.sitting)
    if last.blank == Blank.NOT_WORN:
        return _not_worn()
    if last.blank == Blank.NO_CALIBRATION or not reference.present:
        return _no_reference()
    if last.activity == Activity.LYING or last.blank == Blank.SIDE_LYING:
        return _lying(last, reference)
    if last.blank == Blank.MOVING:
        return _moving_unseen()
    if not isfinite(last.flexion_deg):
        return _settling()
    if last.activity in (Activity.MOVING, Activity.WALKING):
        return _moving(last, reference)
    return _still(update, last, reference)


def _still(update: SessionUpdate, last: LastFrame, reference: Reference) -> RightNow:
    if last.away == Away.AWAY:
        episode = update.current_episode
        held = f" · {clock_span(episode.duration_s(update.now_s))}" if episode is not None else ""
        return _angled(last, reference, f"Away from your reference{held}", "away")
    if last.away == Away.CANDIDATE:
        return _angled(last, reference, "Outside your zone", "away")
    if last.activity == Activity.STOOPED:
        return _angled(last, reference, "Bending forward", "deep")
    return _angled(last, reference, "Near your reference", "near")


def _angled(last: LastFrame, reference: Reference, tag: str, tone: str) -> RightNow:
    figure = _figure(last, reference, tone)
    flexion = last.flexion_deg - reference.upper_deg
    lumbar = figure.upper_deg - figure.lower_deg - reference.lumbar_deg
    return RightNow(
        tag=tag,
        tone=tone,
        number=signed_deg(abs(flexion)),
        beside=f"± {last.uncertainty_deg:.0f}°",
        words=direction_words(flexion),
        figure=figure,
        lower_back=signed_deg(lumbar) if figure.two_sensors else "–",
        side=side_words(last.lateral_deg),
    )


def _figure(last: LastFrame, reference: Reference, tone: str) -> FigureState:
    two = reference.two_sensors and last.lumbar_deg is not None and isfinite(last.lumbar_deg)
    reference_lower = reference.upper_deg - reference.lumbar_deg if reference.two_sensors else reference.upper_deg
    flexion = last.flexion_deg - reference.upper_deg
    lower = reference_lower + 0.45 * flexion
    if two and last.lumbar_deg is not None:
        lower = last.flexion_deg - last.lumbar_deg
    return FigureState(
        upper_deg=last.flexion_deg,
        lower_deg=lower,
        reference_upper_deg=reference.upper_deg,
        reference_lower_deg=reference_lower,
        limit_deg=reference.limit_deg,
        range_limit_deg=reference.lumbar_deg + reference.limit_deg if two and reference.judged_lumbar else None,
        uncertainty_deg=last.uncertainty_deg if isfinite(last.uncertainty_deg) else 0.0,
        tone=tone,
        two_sensors=two,
    )


def _moving(last: LastFrame, reference: Reference) -> RightNow:
    walking = last.activity == Activity.WALKING
    shown = _angled(last, reference, "Walking" if walking else "Moving", "moving")
    return replace(shown, figure=replace(shown.figure, standing=walking))


def _moving_unseen() -> RightNow:
    """In motion with a sensor that measures no turn rate."""
    line = "This sensor knows angles only while it is still."
    return RightNow("Moving", "moving", "–", "", "", OUTLINE, True, title="Moving", line=line)


def _lying(last: LastFrame, reference: Reference) -> RightNow:
    figure = FigureState(tone="lying", lying=True, two_sensors=reference.two_sensors)
    where = "on your side" if last.blank == Blank.SIDE_LYING else ""
    words = "The angle from your reference says nothing while you lie."
    return RightNow("Lying down", "lying", "–", where, "", figure, dim=True, title="Resting", line=words)


def no_sensor() -> RightNow:
    """Before anything is known."""
    line = "Or look round with a simulated office day. Nothing is recorded until you wear one."
    return RightNow(
        "No sensor yet", "gap", "–", "", "", OUTLINE, True, title="Connect a sensor to begin", line=line, action="find"
    )


def _connecting(main: SensorStatus) -> RightNow:
    if main.link is Link.LOST:
        return RightNow("No data", "gap", "–", "", "", OUTLINE, True, title=lost_title(main), line=_lost_line(main))
    title = f"Talking to the {site_words(main.site)} sensor"
    return RightNow(
        "Connecting", "accent", "–", "", "", OUTLINE, True, title=title, line="This usually takes a few seconds."
    )


def _private_pause() -> RightNow:
    line = "Nothing is recorded until you go on."
    return RightNow("Private pause", "gap", "–", "", "", OUTLINE, True, title="Paused", line=line, action="resume")


def _settling() -> RightNow:
    line = "After a gap, half a second of stillness is enough."
    return RightNow("Settling", "gap", "–", "", "", OUTLINE, True, title="Finding the vertical", line=line)


def _no_reference() -> RightNow:
    line = "A short calibration teaches Spinewatch how the sensor is worn today."
    title = "No reference yet"
    return RightNow(title, "gap", "–", "", "", OUTLINE, True, title=title, line=line, action="calibrate")


def _not_worn() -> RightNow:
    line = "It lies as still as on a table. Figures go on when you wear it again."
    return RightNow("Not worn", "gap", "–", "", "", OUTLINE, True, title="The sensor seems not to be worn", line=line)


def _sensor_moved(known: RightNow) -> RightNow:
    """The angle against the old reference, with the one thing to do about it."""
    return replace(
        known,
        tag="Reference uncertain",
        tone="gap",
        title="The sensor seems to have moved",
        line="Stand upright for 5 seconds to set it right. Until then there are no reminders.",
        action="rezero",
    )


def _stale(known: RightNow, main: SensorStatus) -> RightNow:
    late = main.link is Link.LATE
    age = age_words(main.data_age_s)
    return replace(
        known,
        tag=f"Late by {age}" if late else f"No data for {age}",
        tone="gap",
        beside="" if known.number == "–" else f"{age} ago",
        words="",
        dim=True,
        figure=replace(known.figure, tone="stale"),
        title="Data are arriving late" if late else lost_title(main),
        line="Shown grey until they are fresh again." if late else _lost_line(main),
        action="",
    )


def _lost_line(main: SensorStatus) -> str:
    cause = f"{main.cause[0].upper()}{main.cause[1:].rstrip('.')}. " if main.cause else ""
    gap = "" if main.data_age_s is None else "Recording goes on with a gap. "
    return f"{cause}{gap}Trying again by itself."


def lost_title(sensor: SensorStatus) -> str:
    """What became of a sensor, as far as its cause says."""
    return "Out of range, it seems" if is_away(sensor.cause_key) or not sensor.cause else "The sensor sends no data"


def _tagged(known: RightNow, update: SessionUpdate, main: SensorStatus, snoozed_until: str) -> RightNow:
    hours = [s.battery_hours for s in update.sensors if s.battery_hours is not None]
    if known.tone in ("near", "moving") and hours and min(hours) < BATTERY_LOW_H:
        minutes = round(60 * min(hours))
        line = f"The {site_words(main.site)} sensor stops in about {minutes} minutes. What is recorded is safe."
        return replace(
            known, tag=f"Battery for {minutes} min", tone="away", title="Plug in at the next break", line=line
        )
    if known.number != "–" and known.figure.uncertainty_deg >= UNCERTAIN_DEG:
        return _wide(known, str(update.calibration.get("grade", "")))
    if known.tone == "near" and snoozed_until:
        line = "You are still being recorded. Reminders come back by themselves."
        return replace(known, tag="Reminders paused", tone="gap", title=f"Quiet until {snoozed_until}", line=line)
    return known


def _wide(known: RightNow, grade: str) -> RightNow:
    """A wide band, and what narrows it: a rough reference still says near or away, a disturbed sensor does not."""
    title = "A wide band for now"
    if grade == "low":
        return replace(known, title=title, line="A calibration with bends narrows the band.", action="calibrate")
    line = "It narrows by itself after a few quiet seconds."
    return replace(known, tag="Angle uncertain", tone="gap", title=title, line=line)


def direction_words(flexion_deg: float) -> str:
    """Which way the angle points, beside the number."""
    if abs(flexion_deg) < 0.5:
        return "at your reference"
    return "forward of your reference" if flexion_deg > 0 else "back from your reference"


def side_words(lateral_deg: float) -> str:
    """``2° right``, ``1° left``, ``0°`` or a dash."""
    if not isfinite(lateral_deg):
        return "–"
    whole = round(lateral_deg)
    return "0°" if whole == 0 else f"{abs(whole)}° {'right' if whole > 0 else 'left'}"


def site_words(site: str) -> str:
    """Where a sensor is worn, in words."""
    return {"upper_back": "upper back", "t12": "mid back", "pelvis": "lower back"}.get(site, "back")


def _main_sensor(sensors: tuple[SensorStatus, ...]) -> SensorStatus | None:
    """The sensor that the angle stands on: the upper one, else the first."""
    return next((s for s in sensors if s.role == "upper"), sensors[0] if sensors else None)


def _number(value: object, default: float) -> float:
    return float(value) if isinstance(value, int | float) and isfinite(value) else default
