"""What a session tells the pages: plain values, no rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from spinewatch_bridge.blocks import Event
from spinewatch_bridge.causes import CauseKey
from spinewatch_monitor.live_signals import LiveSignals
from spinewatch_signal.posture import Episode, Metric, PostureFrames


class Link(StrEnum):
    """What the status light says; driven by the data watchdog, not by the connection."""

    NONE = "none"
    CONNECTING = "connecting"
    STREAMING = "streaming"
    LATE = "late"
    LOST = "lost"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Absence:
    """A time in which a sensor sent nothing that arrived, UNIX seconds, and why, in words and by kind."""

    start_s: float
    end_s: float
    cause: str = ""
    cause_key: CauseKey = CauseKey.UNKNOWN


@dataclass(frozen=True, slots=True)
class SensorStatus:
    """How one sensor is doing.

    Args:
        id, family, site, role: as in its channel.
        link, cause, cause_key: what the status light says, and why, in words and by kind.
        data_age_s: since the newest sample.
        battery_percent, battery_hours: charge, and how long it will last; None where unknown.
        rate_hz, rate_asked_hz: measured over the last seconds, and what it was set to.
        loss_percent, lost_samples: over the whole session.
        simulated: made by the simulator.
        name, serial, firmware: texts of the device, cleaned.
        signal_dbm: radio signal when it was last known; None on a cable.
        cable: whether it is on a cable.
        can: names of its `Capabilities`.
        since_s: first sample of the session, UNIX seconds.
        absences: when it was away, the newest last, at most a few dozen.
        clock_ppm, clock_error_ms: how much faster its clock runs than ours, and how far off its mapped times may be.
    """

    id: str
    family: str
    site: str
    role: str
    link: Link
    cause: str = ""
    data_age_s: float | None = None
    battery_percent: float | None = None
    battery_hours: float | None = None
    rate_hz: float | None = None
    loss_percent: float = 0.0
    simulated: bool = False
    name: str = ""
    serial: str = ""
    firmware: str = ""
    signal_dbm: float | None = None
    cable: bool = False
    rate_asked_hz: float | None = None
    lost_samples: int = 0
    can: frozenset[str] = frozenset()
    since_s: float | None = None
    absences: tuple[Absence, ...] = ()
    clock_ppm: float | None = None
    clock_error_ms: float | None = None
    cause_key: CauseKey = CauseKey.UNKNOWN


@dataclass(frozen=True, slots=True)
class DayMovement:
    """How the day was spent: walking, sitting, standing; every figure may be blank.

    Args:
        steps: in all walks.
        walking_s, sitting_s, standing_s: time recognised as such.
        undecided_s: upright and still, but neither sitting nor standing for sure.
        breaks: how often sitting was broken.
        longest_sitting_s: without a break.
        shifts_per_15min: small shifts of posture while upright.
    """

    steps: Metric
    walking_s: Metric
    sitting_s: Metric
    standing_s: Metric
    undecided_s: float
    breaks: Metric
    longest_sitting_s: Metric
    shifts_per_15min: Metric

    @classmethod
    def blank(cls, reason: str) -> DayMovement:
        """Nothing is known, for this reason."""
        none = Metric(None, 0.0, reason)
        return cls(none, none, none, none, 0.0, none, none, none)


@dataclass(frozen=True, slots=True)
class TodayFigures:
    """The figures of the day so far; every one may be blank.

    They are causal, but for the time `final_s`: that of earlier recordings of the day, which are analysed already.
    """

    worn_s: float
    away: Metric
    """Share of still valid time away from the reference, percent."""
    away_s: float
    longest_still_s: Metric
    longest_still_span: tuple[float, float] | None
    position_changes_per_h: Metric
    still_now_s: float
    episodes: int
    movement: DayMovement = field(default_factory=lambda: DayMovement.blank("no data yet"))
    final_s: float = 0.0
    position_changes_s: tuple[float, ...] = ()
    """When the wearer changed position in this session, UNIX seconds."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """What the alert rules decided at ``t_s``: a reminder to show, or that the wearer is back."""

    t_s: float
    kind: str
    """``held`` (away too long), ``risky`` (a movement), ``back`` (over) or ``withheld`` (due, but not shown)."""
    text: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReplayPosition:
    """Where a replay stands, UNIX seconds of the recording; ``speed`` is a factor or inf."""

    start_s: float
    end_s: float
    now_s: float
    speed: float
    playing: bool


@dataclass(frozen=True, slots=True)
class SessionUpdate:
    """All that changed since the last update: what the pages draw."""

    now_s: float
    frames: PostureFrames | None
    sensors: tuple[SensorStatus, ...]
    today: TodayFigures
    current_episode: Episode | None
    reminders: tuple[Reminder, ...] = ()
    events: tuple[Event, ...] = ()
    replay: ReplayPosition | None = None
    simulated: bool = False
    recording_path: str | None = None
    reminders_this_hour: int = 0
    snoozed_until_s: float | None = None
    calibration: Mapping[str, object] = field(default_factory=dict)
    """Grade, method, time, reference_deg, threshold_on_deg, two_sensors; empty without a calibration."""
    signals: Mapping[str, LiveSignals] = field(default_factory=dict)
    """The last seconds of each sensor, by its id; empty where nobody looks."""
