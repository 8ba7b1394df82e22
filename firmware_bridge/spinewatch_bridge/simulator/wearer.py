"""People differ: the build, habits and sensor placement of one simulated wearer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from spinewatch_signal.samples import Site


@dataclass(frozen=True, slots=True)
class Mounting:
    """How a sensor sits on its segment: turned from its printed place by these angles, about the body axes.

    In its printed place x points up, y to the wearer's left and z out of the back. ``pitch_deg`` holds the slope of
    the back there (kyphosis at the upper back, sacrum at the pelvis) as well as careless placement.
    """

    roll_deg: float
    pitch_deg: float
    yaw_deg: float


@dataclass(frozen=True, slots=True)
class Manner:
    """How a person sits, and between which limits.

    Args:
        near_flexion_deg: least and most trunk flexion near the reference.
        near_lumbar_most: most lumbar flexion near the reference, share of the range.
        slouch_flexion_deg, slouch_lumbar: least and most in a slouch.
        recline_deg: furthest and least leaning back in a chair.
        habit_shares: how often what is done near the reference, in the order of `scenarios.HABITS`; sums to 1.
    """

    HABITS: ClassVar[int] = 9

    near_flexion_deg: tuple[float, float] = (0.5, 6.3)
    near_lumbar_most: float = 0.5
    slouch_flexion_deg: tuple[float, float] = (20.0, 32.0)
    slouch_lumbar: tuple[float, float] = (0.83, 0.96)
    recline_deg: tuple[float, float] = (-24.0, -8.0)
    habit_shares: tuple[float, ...] = (0.44, 0.12, 0.10, 0.08, 0.09, 0.09, 0.08)


USUAL = Manner()
"""Clear of every limit: nobody talks with their hands or leans on an elbow."""


@dataclass(frozen=True, slots=True)
class Wearer:
    """One person. Angles are relative to the person's own upright stance, which is the reference (0°).

    Args:
        height_m: body height; all lever arms scale with it.
        lumbar_range_deg: lumbar flexion from upright to the deepest comfortable bend.
        lumbar_share: part of a trunk bend that comes from the lumbar spine; the rest is hip.
        lordosis_deg: standing slope of upper back against sacrum, which only shows in how sensors lie.
        sit_flexion_deg, sit_lumbar: trunk flexion, and share of the lumbar range, when sitting near the reference.
        slouch_flexion_deg, slouch_lumbar: the same in the person's usual slouch.
        away_share: share of still time that this person spends away from the reference on a working day.
        creeping_share: share of slouches that creep in; the others are dropped into.
        lean_share: share of slouches that are leans from the hip, with little lumbar flexion.
        cadence_hz: steps per second at the usual pace.
        walk_speed_m_s, bounce_m: usual speed, and amplitude of the vertical oscillation of the hip.
        fidgets_per_h: small movements that come back to where they were.
        breath_hz, breath_deg: breathing, and how far it rocks the trunk.
        mountings: per site.
        pace: how long movements take, 1 is usual.
        sway: how much a held posture sways, 1 is usual.
        limp: how much stronger the stride shows in the vertical of a walk.
        gait_turns: how much the segments turn in a walk, 1 is usual.
        sloppy_deg: how far calibration bends stray to the side.
        tremor: frequency (Hz) and size (degrees) of a tremor of the trunk; zeros without.
        manner: how the person sits.
    """

    height_m: float
    lumbar_range_deg: float
    lumbar_share: float
    lordosis_deg: float
    sit_flexion_deg: float
    sit_lumbar: float
    slouch_flexion_deg: float
    slouch_lumbar: float
    away_share: float
    creeping_share: float
    lean_share: float
    cadence_hz: float
    walk_speed_m_s: float
    bounce_m: float
    fidgets_per_h: float
    breath_hz: float
    breath_deg: float
    mountings: Mapping[Site, Mounting]
    pace: float = 1.0
    sway: float = 1.0
    limp: float = 1.0
    gait_turns: float = 1.0
    sloppy_deg: float = 0.0
    tremor: tuple[float, float] = (0.0, 0.0)
    manner: Manner = USUAL

    @property
    def bend_deg(self) -> float:
        """Trunk flexion of the deepest comfortable bend, in which the lumbar range is used up."""
        return self.lumbar_range_deg / self.lumbar_share

    def lever_m(self, site: Site) -> tuple[float, float, float]:
        """Place of a sensor in its segment, m (forward, left, up).

        Measured from the hip axis for the pelvis, else from the pivot of the lumbar spine (`pivot_m`).
        """
        scale = self.height_m / 1.75
        x, z = {Site.PELVIS: (-0.11, 0.09), Site.T12: (-0.10, 0.16), Site.UPPER_BACK: (-0.12, 0.36)}[site]
        return x * scale, 0.0, z * scale

    @property
    def pivot_m(self) -> tuple[float, float, float]:
        """Where the upper trunk turns on the pelvis (about L4), from the hip axis, m (forward, left, up)."""
        scale = self.height_m / 1.75
        return -0.05 * scale, 0.0, 0.16 * scale


def draw_wearer(rng: np.random.Generator, mounting_spread_deg: float = 12.0) -> Wearer:
    """A plausible person.

    Lumbar range, share and seated lumbar flexion lie in the published ranges: office workers sit at 43-79 % of their
    lumbar range (Davidson & Callaghan 2025), the lumbar spine gives about half of a bend (Laird 2016).
    ``mounting_spread_deg`` is how far a sensor may be turned from its printed place beside the slope of the back.
    """
    u = rng.uniform
    lordosis = u(22.0, 42.0)
    return Wearer(
        height_m=u(1.55, 1.92),
        lumbar_range_deg=u(42.0, 58.0),
        lumbar_share=u(0.52, 0.66),
        lordosis_deg=lordosis,
        sit_flexion_deg=u(1.5, 5.0),
        sit_lumbar=u(0.36, 0.48),
        slouch_flexion_deg=u(20.5, 26.0),
        slouch_lumbar=u(0.84, 0.94),
        away_share=u(0.225, 0.29),
        creeping_share=u(0.66, 0.82),
        lean_share=u(0.08, 0.20),
        cadence_hz=u(1.65, 2.05),
        walk_speed_m_s=u(1.05, 1.4),
        bounce_m=u(0.018, 0.026),
        fidgets_per_h=u(25.0, 60.0),
        breath_hz=u(0.2, 0.3),
        breath_deg=u(0.12, 0.3),
        mountings=draw_mountings(rng, lordosis, mounting_spread_deg),
    )


def draw_mountings(rng: np.random.Generator, lordosis_deg: float, spread_deg: float) -> dict[Site, Mounting]:
    """The upper back slopes forward, the sacrum slopes the same way less the lordosis."""
    slopes = {Site.UPPER_BACK: 0.4 * lordosis_deg, Site.T12: -0.1 * lordosis_deg, Site.PELVIS: -0.5 * lordosis_deg}
    mountings = {}
    for site, slope in slopes.items():
        roll, pitch, yaw = rng.uniform(-spread_deg, spread_deg, 3)
        mountings[site] = Mounting(float(roll), float(slope * 0.7 + pitch * 0.6), float(yaw))
    return mountings
