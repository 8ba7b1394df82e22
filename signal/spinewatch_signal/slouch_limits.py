"""How far from the reference counts as away: in degrees or percent of the wearer's own range, and per context."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from spinewatch_signal.posture import Context

TOLERANCE_DEG = (1.0, 45.0)
DELAY_S = (0.0, 600.0)


class Unit(StrEnum):
    """What thresholds are given in.

    `OWN` is percent of the lumbar range with two sensors, where that is known, and degrees else. `PERCENT` is percent
    of the own range of either angle, where that is known. `DEGREES` is degrees of either angle.
    """

    OWN = "own"
    DEGREES = "degrees"
    PERCENT = "percent"


@dataclass(frozen=True)
class ContextParams:
    """What differs in one context; None is as in `SlouchParams`, with the same meaning.

    Args:
        on_deg: 1-45°.
        off_below_on_deg: hysteresis, degrees.
        on_range_percent: of the own range.
        off_below_on_percent: hysteresis, percent of the own range.
        delay_s: of the reminder, 0-600 s.
    """

    on_deg: float | None = None
    off_below_on_deg: float | None = None
    on_range_percent: float | None = None
    off_below_on_percent: float | None = None
    delay_s: float | None = None


@dataclass(frozen=True)
class SlouchParams:
    """Thresholds and times of the machine.

    Args:
        on_deg: deviation that counts as away, one sensor, 1-45°. Literature has no agreed angle; 10° with 3 s, as in
            hobby firmware, is too nervous.
        off_below_on_deg: an episode ends this much lower, but not below half of `on_deg`: who is at the reference
            has returned.
        on_range_percent: two sensors: lumbar flexion that counts as away, percent of the wearer's own range. Office
            workers sit at 43-79 % all week, so half the range would flag nearly everybody.
        off_below_on_percent: an episode ends this much lower, but not below half of `on_range_percent`.
        dwell_s: an episode must be held this long, or as long as the reminder's delay if that is shorter.
        delay_s: delay of the reminder, 0-600 s.
        off_s: a return must last this long; so unseen time that is no longer cannot hide one, and ends nothing.
        freeze_s: movement up to this long only stops the timers.
        onset_s: movement is recognised up to this late (the window of its RMS), so the last frames before it are not
            counted.
        quick_deg: a return that falls by more than this within `onset_s` is a movement, even where the acceleration
            does not show it: its frames do not count.
        recline_deg: two sensors: with the trunk leaning back further than this from its reference the wearer
            reclines, which is never away.
        unit: what the thresholds are given in.
        sitting: what differs while sitting.
        standing: what differs while standing.
    """

    on_deg: float = 15.0
    off_below_on_deg: float = 5.0
    on_range_percent: float = 70.0
    off_below_on_percent: float = 10.0
    dwell_s: float = 30.0
    delay_s: float = 120.0
    off_s: float = 5.0
    freeze_s: float = 10.0
    onset_s: float = 1.0
    quick_deg: float = 5.0
    recline_deg: float = 10.0
    unit: Unit = Unit.OWN
    sitting: ContextParams = field(default_factory=ContextParams)
    standing: ContextParams = field(default_factory=ContextParams)

    def __post_init__(self) -> None:
        for context in Context:
            _within("a tolerance", self.in_context(context).on_deg, TOLERANCE_DEG, "°")
            _within("a delay", self.delay_in_s(context), DELAY_S, " s")

    @property
    def confirm_s(self) -> float:
        """Time after which a candidate is an episode, where the context is not known."""
        return self.confirm_in_s(Context.UPRIGHT)

    def confirm_in_s(self, context: Context) -> float:
        """Time after which a candidate is an episode."""
        return min(self.dwell_s, self.delay_in_s(context))

    def delay_in_s(self, context: Context) -> float:
        """Delay of the reminder."""
        return self.in_context(context).delay_s

    def in_context(self, context: Context) -> _Values:
        """The values of one context, nothing left open."""
        own = {Context.SITTING: self.sitting, Context.STANDING: self.standing}.get(context, ContextParams())
        return _Values(*_filled(own, self))


@dataclass(frozen=True, slots=True)
class _Values:
    """`ContextParams` with nothing left open."""

    on_deg: float
    off_below_on_deg: float
    on_range_percent: float
    off_below_on_percent: float
    delay_s: float


@dataclass(frozen=True, slots=True)
class Level:
    """On and off in degrees of deviation from the reference of one context.

    Args:
        on_deg, off_deg: thresholds.
        reference_deg: where that reference lies, as a deviation from the reference that the machine is told about.
    """

    on_deg: float
    off_deg: float
    reference_deg: float = 0.0


@dataclass(frozen=True, slots=True)
class Threshold:
    """On and off in degrees of deviation; `measure` is ``trunk`` or ``lumbar``.

    Args:
        on_deg, off_deg: where the context is not known, and in every context that has no level of its own.
        measure: which angle they are of.
        sitting, standing: own levels.
    """

    on_deg: float
    off_deg: float
    measure: str
    sitting: Level | None = None
    standing: Level | None = None

    def level(self, context: Context) -> Level:
        """What holds in one context."""
        own = {Context.SITTING: self.sitting, Context.STANDING: self.standing}.get(context)
        return own or Level(self.on_deg, self.off_deg)


def threshold(
    params: SlouchParams,
    lumbar_range_deg: float | None,
    *,
    trunk_range_deg: float | None = None,
    sitting_deg: tuple[float, float] = (0.0, 0.0),
) -> Threshold:
    """The thresholds in degrees.

    Percent of the own range count from the still stand in every context, since that is what published figures mean; so
    only thresholds in degrees move with the sitting reference.

    Args:
        params: as configured.
        lumbar_range_deg: the wearer's own lumbar range; None with one sensor, or where it is not known: then the
            trunk angle and its threshold are used, and `Threshold.measure` says so.
        trunk_range_deg: the wearer's own range of the trunk angle; None where it is not known.
        sitting_deg: how far the reference while sitting lies beyond the other one, of trunk and lumbar deviation, in
            the direction that counts as away.
    """
    measure, range_deg = ("trunk", trunk_range_deg) if lumbar_range_deg is None else ("lumbar", lumbar_range_deg)
    in_percent = params.unit is Unit.PERCENT or (params.unit is Unit.OWN and measure == "lumbar")
    if not in_percent:
        range_deg = None
    main = _level(params.in_context(Context.UPRIGHT), range_deg, 0.0)
    reference_deg = 0.0 if range_deg is not None else sitting_deg[measure == "lumbar"]
    sitting = _level(params.in_context(Context.SITTING), range_deg, reference_deg)
    standing = _level(params.in_context(Context.STANDING), range_deg, 0.0)
    return Threshold(
        main.on_deg,
        main.off_deg,
        measure,
        None if sitting == main else sitting,
        None if standing == main else standing,
    )


def _level(values: _Values, range_deg: float | None, reference_deg: float) -> Level:
    if range_deg is None:
        return Level(values.on_deg, max(values.on_deg - values.off_below_on_deg, values.on_deg / 2), reference_deg)
    on = range_deg * values.on_range_percent / 100
    return Level(on, max(on - range_deg * values.off_below_on_percent / 100, on / 2), reference_deg)


def _filled(own: ContextParams, common: SlouchParams) -> Iterator[float]:
    for name in _Values.__slots__:
        value: float | None = getattr(own, name)
        yield getattr(common, name) if value is None else value


def _within(what: str, value: float, limits: tuple[float, float], unit: str) -> None:
    if not limits[0] <= value <= limits[1]:
        raise ValueError(f"{what} must be {limits[0]:g} to {limits[1]:g}{unit}, not {value:g}")
