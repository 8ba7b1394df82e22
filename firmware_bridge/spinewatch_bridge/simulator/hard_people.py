"""People as they come: the hard ranges of build, spine, pace, gait and habits (`variety.HARD`).

| what | range here | from |
|---|---|---|
| height | 1.48 to 2.00 m | 1st percentile of women to 99th of men, ANSUR II |
| lumbar flexion | 30° to 72° | 72° at 16 years, 40° at 90 (Troke 2005); stiff with pain 10° less |
| lumbar share of a bend | 0.36 to 0.68 | 51 % without pain, 46 % with, 8-15 % from test to test (Laird 2016) |
| lumbar flexion in sitting | 30-54 % near the reference, 78-97 % away | 43-79 % over working weeks (Davidson 2025) |
| fidgets | 4 to 150 an hour | 52 an hour in the same study; 4 is somebody who hardly stirs |
| steps | 1.25 to 2.3 Hz, 0.55 to 1.6 m/s | usually 1.4-2.3 Hz; detectors fail below 0.5 m/s (Mico-Amigo 2023) |
| limp | the stride in the vertical up to 4 times as strong | a limp shows at half the step rate |
| pace | movements take 0.7 to 1.8 times as long | lifts of 1-1.7 s here are those of trained people |
| tremor | 3 in 10: 4-12 Hz, 0.02-0.4 m/s² at the upper back | 8-12 Hz physiological, 4-6 Hz in Parkinson's disease |
| sway | 0.6 to 2.2 times | lumbar acceleration in stance spreads so between people (ISway) |

Height, limp, pace, tremor and sway are provisional: general knowledge, not read anew at a source.
"""

from __future__ import annotations

import numpy as np

from spinewatch_bridge.simulator.wearer import Manner, Wearer, draw_mountings

_TREMBLES = 0.3
_TREMOR_LEVER_M = 0.5
"""From the hip to the upper back: what a tremor shakes there is its angle times this times its frequency squared."""

_LARGEST_BEND_DEG, _SMALLEST_BEND_DEG = 110.0, 55.0

_HABIT_CONCENTRATION = 1.2
"""Of the Dirichlet draw of a person's habits: near 1 people have favourites; large, and all would be alike."""


def draw_hard_wearer(rng: np.random.Generator) -> Wearer:
    """A person from the table above; one draw per line, so that a new line at the end changes no other."""
    u = rng.uniform
    lordosis, lumbar_range = u(10.0, 50.0), u(30.0, 72.0)
    share = np.clip(u(0.36, 0.68), lumbar_range / _LARGEST_BEND_DEG, lumbar_range / _SMALLEST_BEND_DEG)
    return Wearer(
        height_m=u(1.48, 2.0),
        lumbar_range_deg=lumbar_range,
        lumbar_share=float(share),
        lordosis_deg=lordosis,
        sit_flexion_deg=u(0.0, 6.0),
        sit_lumbar=u(0.30, 0.54),
        slouch_flexion_deg=u(18.0, 36.0),
        slouch_lumbar=u(0.78, 0.97),
        away_share=u(0.1, 0.45),
        creeping_share=u(0.2, 0.95),
        lean_share=u(0.0, 0.5),
        cadence_hz=u(1.25, 2.3),
        walk_speed_m_s=u(0.55, 1.6),
        bounce_m=u(0.010, 0.034),
        fidgets_per_h=float(np.exp(u(np.log(4.0), np.log(150.0)))),
        breath_hz=u(0.15, 0.4),
        breath_deg=u(0.1, 0.6),
        mountings=draw_mountings(rng, lordosis, 12.0),
        pace=float(np.exp(u(np.log(0.7), np.log(1.8)))),
        sway=u(0.6, 2.2),
        limp=u(1.0, 4.0),
        gait_turns=u(0.5, 2.2),
        sloppy_deg=u(0.0, 8.0),
        tremor=_draw_tremor(rng),
        manner=_draw_manner(rng),
    )


def _draw_tremor(rng: np.random.Generator) -> tuple[float, float]:
    """Frequency and size; most people have none that a sensor on the back would see."""
    trembles, hz = rng.random() < _TREMBLES, rng.uniform(4.0, 12.0)
    shakes_m_s2 = np.exp(rng.uniform(np.log(0.02), np.log(0.4)))
    size_deg = np.degrees(shakes_m_s2 / ((2 * np.pi * hz) ** 2 * _TREMOR_LEVER_M))
    return (float(hz), float(size_deg)) if trembles else (0.0, 0.0)


def _draw_manner(rng: np.random.Generator) -> Manner:
    """How this person sits: favourites among all habits, and poses nearer to the limits than in `wearer.USUAL`."""
    shares = rng.dirichlet(np.full(Manner.HABITS, _HABIT_CONCENTRATION))
    return Manner(
        near_flexion_deg=(-1.5, 7.5),
        near_lumbar_most=0.55,
        slouch_flexion_deg=(17.5, 40.0),
        slouch_lumbar=(0.76, 1.0),
        recline_deg=(-float(rng.uniform(15.0, 40.0)), -5.0),
        habit_shares=tuple(shares.tolist()),
    )
