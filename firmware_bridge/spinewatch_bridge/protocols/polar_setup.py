"""How a Polar sensor is set up: what it offers, what is chosen of that, and what its counts then mean. Pure."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from math import inf, log, nan, radians

from spinewatch_bridge.protocols import polar_ctrl as ctrl
from spinewatch_bridge.protocols.base import Refused
from spinewatch_bridge.protocols.polar_frames import PACKED_LAYOUTS, RAW_LAYOUTS, Kind, Unit
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2

USUAL_RATE_HZ = 100.0
LEAST_RANGE: Mapping[Kind, float] = {Kind.ACC: 8, Kind.GYR: 500}  # g and °/s that a moving back stays within
BITS = 16
READABLE_BITS: Mapping[Kind, frozenset[int]] = {
    kind: frozenset(8 * form.size for (k, _), form in (*RAW_LAYOUTS.items(), *PACKED_LAYOUTS.items()) if k == kind)
    for kind in Kind
}
NEAR_FULL = 0.998  # of the range: a clipped value is a little below it in some layouts


@dataclass(frozen=True, slots=True)
class Started:
    """A measurement that runs: its rate, range (g or °/s) and factor, as far as they are known."""

    rate_hz: float
    full: float | None
    factor: float | None

    def si_per_count(self, unit: Unit) -> float:
        """m/s² or rad/s of one count; nan where the sensor told no factor."""
        told = nan if self.factor is None else self.factor
        return {
            Unit.MILLI_G: STANDARD_GRAVITY_M_S2 / 1000,
            Unit.FACTOR_G: told * STANDARD_GRAVITY_M_S2,
            Unit.FACTOR_DEG_S: radians(told),
            Unit.DEG_S: radians(1.0),
        }[unit]

    def full_counts(self, unit: Unit) -> float:
        """From how many counts on a value is at the end of its range."""
        if self.full is None:
            return inf
        is_acc = unit in (Unit.MILLI_G, Unit.FACTOR_G)
        full = self.full * STANDARD_GRAVITY_M_S2 if is_acc else radians(self.full)
        return NEAR_FULL * full / self.si_per_count(unit)


@dataclass(frozen=True, slots=True)
class SetUp:
    """What runs, by kind, and the rates that could have been asked for."""

    started: Mapping[Kind, Started]
    rates_hz: tuple[float, ...]


Talk = Generator[bytes, ctrl.CtrlReply, SetUp | Refused]
"""Yields a command, takes its answer."""


def set_up(kinds: Iterable[Kind], wished_hz: float) -> Talk:
    """Ask what it offers, stop what still runs, start what is wanted.

    Args:
        kinds: what it can measure.
        wished_hz: the nearest rate that it offers is taken.
    """
    kinds = tuple(kinds)
    offers: dict[Kind, ctrl.Settings] = {}
    for kind in kinds:
        reply = yield ctrl.command(ctrl.Op.SETTINGS, kind)
        if reply.status == ctrl.Status.OK and _is_readable(kind, reply.settings):
            offers[kind] = reply.settings
        elif reply.status == ctrl.Status.OK and kind is Kind.ACC:
            return Refused("it sends its acceleration in a resolution that cannot be read here")
        elif _is_fatal(kind, reply.status):
            return Refused(ctrl.status_words(reply.status))
    for kind in kinds:
        yield ctrl.command(ctrl.Op.STOP, kind)  # that nothing runs is no error
    rates_hz = _common_rates_hz(offers)
    if not rates_hz:  # both cannot be measured at one rate, so the acceleration alone is
        offers = {Kind.ACC: offers[Kind.ACC]}
        rates_hz = _common_rates_hz(offers)
    started: dict[Kind, Started] = {}
    for kind, offer in offers.items():
        choice = _choice(kind, offer, rates_hz, wished_hz)
        reply = yield ctrl.command(ctrl.Op.START, kind, choice)
        if reply.status == ctrl.Status.OK:
            started[kind] = _started(choice, reply.settings)
        elif _is_fatal(kind, reply.status):
            return Refused(ctrl.status_words(reply.status))
    return SetUp(started, rates_hz)


def _is_readable(kind: Kind, offer: ctrl.Settings) -> bool:
    """Whether some resolution that it offers has a layout; where it offers none to choose, its frames will tell."""
    bits = offer.get(ctrl.Setting.RESOLUTION)
    return not bits or not READABLE_BITS[kind].isdisjoint(bits)


def _is_fatal(kind: Kind, status: int) -> bool:
    """Without turn rates it can still be used; in its charger it cannot."""
    return kind is Kind.ACC or status == ctrl.Status.IN_CHARGER


def _common_rates_hz(offers: Mapping[Kind, ctrl.Settings]) -> tuple[float, ...]:
    """Rates that all kinds can be measured at."""
    sets = [set(offer.get(ctrl.Setting.RATE, ())) for offer in offers.values()]
    return tuple(sorted(float(rate) for rate in set.intersection(*sets) if rate > 0))


def _choice(kind: Kind, offer: ctrl.Settings, rates_hz: Iterable[float], wished_hz: float) -> ctrl.Settings:
    """One value of each setting that it offers."""
    choice: dict[int, tuple[float, ...]] = {}
    if rates_hz:
        choice[ctrl.Setting.RATE] = (min(rates_hz, key=lambda rate: abs(log(rate / wished_hz))),)
    if bits := offer.get(ctrl.Setting.RESOLUTION):
        choice[ctrl.Setting.RESOLUTION] = (BITS if BITS in bits else max(READABLE_BITS[kind].intersection(bits)),)
    if ranges := offer.get(ctrl.Setting.RANGE):
        choice[ctrl.Setting.RANGE] = (min((r for r in ranges if r >= LEAST_RANGE[kind]), default=max(ranges)),)
    if channels := offer.get(ctrl.Setting.CHANNELS):
        choice[ctrl.Setting.CHANNELS] = (max(channels),)
    return choice


def _started(choice: ctrl.Settings, reply: ctrl.Settings) -> Started:
    rate_hz = choice.get(ctrl.Setting.RATE, (USUAL_RATE_HZ,))[0]
    full, factor = choice.get(ctrl.Setting.RANGE), reply.get(ctrl.Setting.FACTOR)
    return Started(float(rate_hz), full[0] if full else None, factor[0] if factor else None)
