"""Days and visits by name: what each scenario has its wearer do.

A scenario is written from a seed. Where a true episode would hang on a hair (`derive_truth.is_clear`), the whole
scenario is written again from the next derived seed, so that what is true is also clear.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from spinewatch_bridge.errors import BadSourceError
from spinewatch_bridge.simulator import sitting, standing
from spinewatch_bridge.simulator.derive_truth import is_clear
from spinewatch_bridge.simulator.hard_people import draw_hard_wearer
from spinewatch_bridge.simulator.motion import Channel
from spinewatch_bridge.simulator.script import Script, ScriptWriter
from spinewatch_bridge.simulator.truth import TrueActivity
from spinewatch_bridge.simulator.variety import KIND, Variety
from spinewatch_bridge.simulator.wearer import Wearer, draw_wearer

SHORTEST_OFFICE_S = 0.2 * 3600.0
_ATTEMPTS = 60


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario by name.

    Args:
        name: as written in a source text.
        words: one line for people.
        hours: usual length.
        shortest_hours: below this it cannot hold what it promises.
        fewest_episodes: true episodes that it always holds.
        write: fills a script up to a duration in seconds.
    """

    name: str
    words: str
    hours: float
    shortest_hours: float
    fewest_episodes: int
    write: Callable[[ScriptWriter, float], None]


def clear_script(name: str, seed: int, hours: float | None = None, variety: Variety = KIND) -> Script:
    """Write a scenario down.

    Args:
        name: key of `SCENARIOS`.
        seed: whose day, and what happens in it; the wearer depends on the seed alone.
        hours: length; None for the usual one.
        variety: which people.

    Raises:
        BadSourceError: on an unknown name or a length that the scenario cannot be cut to.
    """
    scenario = SCENARIOS.get(name)
    if scenario is None:
        raise BadSourceError(f"sim:{name}", f"there is no such scenario; there are {', '.join(SCENARIOS)}.")
    if seed < 0:
        raise BadSourceError(f"sim:{name}", "the seed must be 0 or more.")
    length_h = scenario.hours if hours is None else hours
    if not scenario.shortest_hours <= length_h <= 24.0:
        raise BadSourceError(f"sim:{name}", f"hours must be from {scenario.shortest_hours:g} to 24.")
    for attempt in range(_ATTEMPTS):
        writer = ScriptWriter(wearer_of(seed, variety), np.random.default_rng((seed, 2, attempt)))
        duration_s = round(length_h * 3600.0, 1)
        scenario.write(writer, duration_s)
        script = writer.finish(duration_s)
        if is_clear(script, scenario.fewest_episodes):
            return script
    raise RuntimeError(f"no clear {name} was found for seed {seed}")


def wearer_of(seed: int, variety: Variety = KIND) -> Wearer:
    """The person of a seed, the same in every scenario."""
    draw = draw_hard_wearer if variety.people else draw_wearer
    return draw(np.random.default_rng((seed, 1)))


def calibrate(w: ScriptWriter) -> None:
    """The guided calibration: stand still, then three slow bends to the end of the comfortable range."""
    w.do(TrueActivity.STANDING)
    w.move(1.0, {Channel.SWAY_GAIN: 0.15})
    standing.stand(w, 10.0)
    w.still = (2.0, 9.0)
    first_s = w.t_s
    for part in (0.97, 1.0, 0.98):
        stray_deg = float(w.rng.uniform(-1.0, 1.0)) * w.wearer.sloppy_deg if w.wearer.sloppy_deg else 0.0
        standing.bend(w, part * w.wearer.bend_deg, 3.0, 0.8, 3.0, lateral_deg=stray_deg)
        w.hold(1.2)
    w.bends = (first_s, w.t_s)
    standing.stand(w, 2.0)
    w.move(3.0, {Channel.SWAY_GAIN: 1.0})
    standing.stand(w, 4.0)


def office_day(w: ScriptWriter, duration_s: float) -> None:
    """A working day at a desk: sitting spells with slouches, and reasons to get up between them."""
    pace = float(np.clip(duration_s / (3 * 3600.0), 0.18, 1.0))
    lunch_s = 0.45 * duration_s if duration_s >= 4 * 3600.0 else np.inf
    calibrate(w)
    standing.sit_down(w)
    sitting.hold(w, 15.0)
    while True:
        spell_s = pace * float(w.rng.uniform(22.0, 50.0)) * 60.0
        left_s = duration_s - w.t_s
        if left_s < spell_s + 420.0 * pace + 60.0:
            _sit_spell(w, duration_s, pace, last=True)
            return
        _sit_spell(w, w.t_s + spell_s, pace, last=False)
        if w.t_s > lunch_s:
            lunch_s = np.inf
            _lunch(w)
        else:
            _break(w, pace)
        standing.sit_down(w)
        sitting.hold(w, 15.0)


def _sit_spell(w: ScriptWriter, until_s: float, pace: float, *, last: bool) -> None:
    """Sit until about ``until_s`` (exactly, if it is the last spell), away for the wearer's share of the time."""
    while True:
        rise_s, hold_s = _slouch_plan(w, pace)
        wanted_s = (w.away_s + hold_s + 0.35 * rise_s) / w.wearer.away_share - w.still_s - hold_s - rise_s
        near_s = float(np.clip(wanted_s * w.rng.uniform(0.7, 1.2), 75.0 * pace + 15.0, 1500.0 * pace))
        if w.t_s + near_s + sitting.longest_slouch_s(rise_s, hold_s) + 30.0 > until_s:
            break
        _sit_near(w, near_s)
        sitting.slouch(w, rise_s, hold_s, lean=_leans_next(w))
    if last:
        _sit_near(w, until_s - w.t_s - 20.0)
        sitting.hold(w, until_s - w.t_s)
        return
    sitting.hold(w, float(w.rng.uniform(12.0, 30.0)))
    if w.rng.random() < 0.15:
        # Some people get up straight out of a slouch.
        sitting.slouch(w, max(30.0, 90.0 * pace), 60.0, sit_up=False)


def _leans_next(w: ScriptWriter) -> bool:
    """Whether the next slouch is a lean from the hip: never above the wearer's share, and never among the first two."""
    room = sum(s.lean for s in w.slouches) + 1 <= w.wearer.lean_share * (len(w.slouches) + 1)
    return len(w.slouches) >= 2 and room and bool(w.rng.random() < 0.7)


def _slouch_plan(w: ScriptWriter, pace: float) -> tuple[float, float]:
    """How long the next slouch takes to come, and how long it is held."""
    creeping = sum(s.creeping for s in w.slouches) < w.wearer.creeping_share * (len(w.slouches) + 1)
    rise_s = float(w.rng.uniform(70.0, 300.0) * pace**0.7) if creeping else float(w.rng.uniform(1.6, 4.0))
    hold_s = float(np.clip(w.rng.lognormal(np.log(150.0), 0.6), 60.0, 600.0) * pace)
    return max(rise_s, 32.0) if creeping else rise_s, max(hold_s, 46.0)


HABITS: tuple[Callable[[ScriptWriter], None], ...] = (
    sitting.shift,
    sitting.lean_on_armrest,
    sitting.perch,
    sitting.shuffle,
    sitting.peer_at_screen,
    sitting.slump_a_little,
    sitting.recline,
    sitting.talk_with_hands,
    sitting.lean_on_desk,
)
"""What people do while they sit near their reference; how often is `Manner.habit_shares`."""


def _sit_near(w: ScriptWriter, duration_s: float) -> None:
    """Sit near the reference for about this long, with the small things people do."""
    end_s = w.t_s + duration_s
    while end_s - w.t_s > 300.0:
        sitting.hold(w, float(w.rng.uniform(25.0, 110.0)))
        shares = w.wearer.manner.habit_shares
        HABITS[int(w.rng.choice(len(shares), p=list(shares)))](w)
    sitting.hold(w, max(12.0, end_s - w.t_s))


def _break(w: ScriptWriter, pace: float) -> None:
    """Get up, walk, and do something on the feet."""
    standing.get_up(w)
    standing.walk(w, float(max(18.0, w.rng.uniform(40.0, 150.0) * pace)))
    what = w.rng.choice(("talk", "fetch", "lift", "printer"))
    if what == "talk":
        standing.stand_about(w, float(w.rng.uniform(60.0, 240.0) * pace))
    elif what == "printer":
        standing.stand_about(w, float(w.rng.uniform(20.0, 60.0) * pace))
    for _ in range(int(w.rng.integers(1, 4)) if what in ("lift", "fetch") else 0):
        standing.stand(w, float(w.rng.uniform(6.0, 12.0)))
        standing.lift(w, asymmetric=bool(w.rng.random() < 0.4))
    standing.stand(w, float(w.rng.uniform(6.0, 10.0)))
    standing.walk(w, float(max(18.0, w.rng.uniform(30.0, 120.0) * pace)))
    standing.stand(w, 3.0)


def _lunch(w: ScriptWriter) -> None:
    """Lunch: sensors taken off, or a rest lying down, or a long walk."""
    standing.get_up(w)
    standing.walk(w, 150.0)
    what = w.rng.choice(("off", "rest", "walk"), p=(0.5, 0.25, 0.25))
    if what == "off":
        standing.stand(w, 20.0)
        w.off_body.append((w.t_s, w.t_s + float(w.rng.uniform(1200.0, 2000.0))))
        w.do(TrueActivity.UNKNOWN)
        w.hold(w.off_body[-1][1] - w.t_s)
        standing.stand(w, 40.0)
    elif what == "rest":
        standing.stand(w, 20.0)
        standing.lie_down(w, float(w.rng.uniform(240.0, 600.0)), float(w.rng.uniform(60.0, 180.0)))
        standing.stand(w, 20.0)
    else:
        standing.walk(w, float(w.rng.uniform(600.0, 1200.0)))
        standing.stand(w, 20.0)
    standing.walk(w, 120.0)
    standing.stand(w, 3.0)


def rom_test(w: ScriptWriter, duration_s: float) -> None:
    """Range of motion in the clinic: three bends forward, three backward, six to the sides."""
    calibrate(w)
    bends = [(w.wearer.bend_deg, 0.0)] * 3 + [(-20.0, 0.0)] * 3 + [(2.0, 24.0), (2.0, -24.0)] * 3
    for flexion_deg, lateral_deg in bends:
        scale = float(w.rng.uniform(0.93, 1.03))
        down_s, up_s = w.rng.uniform(1.7, 2.4, 2).tolist()
        standing.bend(w, scale * flexion_deg, down_s, 0.8, up_s, lateral_deg=scale * lateral_deg)
        standing.stand(w, float(w.rng.uniform(1.6, 2.6)))
    standing.stand(w, max(0.0, duration_s - w.t_s))


def lifting(w: ScriptWriter, duration_s: float) -> None:
    """Handling boxes: symmetric and asymmetric lifts at the speed people do them, with some steps between."""
    calibrate(w)
    longest_s = 70.0 * max(1.0, w.wearer.pace)
    while duration_s - w.t_s > longest_s:
        for _ in range(int(w.rng.integers(3, 7))):
            standing.lift(w, asymmetric=bool(w.rng.random() < 0.5))
            standing.stand(w, float(w.rng.uniform(1.5, 4.0)))
        standing.stand(w, 6.0)
        if w.rng.random() < 0.5 and duration_s - w.t_s > longest_s:
            standing.walk(w, float(w.rng.uniform(14.0, 25.0)))
            standing.stand(w, 6.0)
    standing.stand(w, duration_s - w.t_s)


SCENARIOS: Mapping[str, Scenario] = {
    s.name: s
    for s in (
        Scenario("office-day", "a working day at a desk", 8.0, SHORTEST_OFFICE_S / 3600.0, 2, office_day),
        Scenario("rom-test", "range of motion in the clinic", 2.6 / 60.0, 2.4 / 60.0, 0, rom_test),
        Scenario("lifting", "handling boxes", 12.0 / 60.0, 3.0 / 60.0, 0, lifting),
    )
}
