"""What the spine figure shows, as plain values. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import degrees, radians

from spinewatch_monitor.views import spine_geometry as geometry


@dataclass(frozen=True, slots=True)
class FigureState:
    """What the figure shows; angles in degrees from the vertical, forward positive.

    Args:
        upper_deg, lower_deg: tilt of the upper and the lower end of the spine.
        reference_upper_deg, reference_lower_deg: the same in the reference posture.
        limit_deg: flexion from the reference at which away begins, forward.
        back_limit_deg: how far the near zone is drawn backwards.
        range_limit_deg: with two sensors, the limit on (upper − lower), which moves the zone's edge with the pelvis.
        uncertainty_deg: 95 % half-width.
        tone: ``near``, ``away``, ``moving`` or ``stale`` (grey, hollow needle).
        outline: nothing is known: body without spine or needle.
        two_sensors: with one, the lower half of the spine is assumed.
        standing, lying: how the body is drawn.
        dial_deg: first and last degree of the dial.
    """

    upper_deg: float = 0.0
    lower_deg: float = 0.0
    reference_upper_deg: float = 0.0
    reference_lower_deg: float = 0.0
    limit_deg: float = 15.0
    back_limit_deg: float = 15.0
    range_limit_deg: float | None = None
    uncertainty_deg: float = 2.0
    tone: str = "near"
    outline: bool = False
    two_sensors: bool = True
    standing: bool = False
    lying: bool = False
    dial_deg: tuple[int, int] = (-20, 45)

    @property
    def flexion_deg(self) -> float:
        """Flexion from the reference."""
        return self.upper_deg - self.reference_upper_deg

    @property
    def wedge_deg(self) -> tuple[float, float]:
        """Flexions between which the near zone lies."""
        if self.range_limit_deg is None:
            return -self.back_limit_deg, self.limit_deg
        reference = geometry.Pose(radians(self.reference_lower_deg), radians(self.reference_upper_deg))
        edge = geometry.limit_angle(reference, radians(self.lower_deg), radians(self.range_limit_deg))
        return -self.back_limit_deg, degrees(edge)

    def between(self, other: FigureState, share: float) -> FigureState:
        """``other`` with its angles only ``share`` of the way there."""
        upper = self.upper_deg + (other.upper_deg - self.upper_deg) * share
        lower = self.lower_deg + (other.lower_deg - self.lower_deg) * share
        return replace(other, upper_deg=upper, lower_deg=lower)


OUTLINE = FigureState(outline=True, tone="stale")
