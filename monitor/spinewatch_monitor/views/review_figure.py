"""What the spine figure shows at the cursor of Review. No Qt."""

from __future__ import annotations

from spinewatch_monitor.views.review_data import ReviewData
from spinewatch_monitor.views.review_words import AtCursor
from spinewatch_monitor.views.runs import RibbonState
from spinewatch_monitor.views.spine_state import OUTLINE, FigureState

_LOWER_SHARE = 0.45
"""With one sensor the lower end is drawn to follow with this share of the flexion."""
_USUAL_LIMIT_DEG = 15.0
_TONES = {RibbonState.NEAR: "near", RibbonState.AWAY: "away", RibbonState.DEEP: "away"}


def figure_state(data: ReviewData, moment: AtCursor) -> FigureState:
    """What the figure shows: nothing known is an outline, never an upright figure; lying has no angle to judge."""
    if moment.state is RibbonState.LYING:
        return FigureState(tone="lying", lying=True, two_sensors=data.sensors > 1)
    if moment.flexion_deg is None or moment.uncertainty_deg is None or moment.state is None:
        return OUTLINE
    two = moment.lumbar_deg is not None
    lower_reference = data.reference_deg - (data.lumbar_reference_deg if two else 0.0)
    lower = lower_reference + _LOWER_SHARE * (moment.flexion_deg - data.reference_deg)
    if moment.lumbar_deg is not None:
        lower = moment.flexion_deg - moment.lumbar_deg
    on_lumbar = data.limit is not None and data.limit.measure == "lumbar"
    return FigureState(
        upper_deg=moment.flexion_deg,
        lower_deg=lower,
        reference_upper_deg=data.reference_deg,
        reference_lower_deg=lower_reference,
        limit_deg=_USUAL_LIMIT_DEG if data.limit is None else data.limit.on_deg,
        range_limit_deg=data.limit.edge_deg if data.limit is not None and on_lumbar and two else None,
        uncertainty_deg=moment.uncertainty_deg,
        tone=_TONES.get(moment.state, "moving"),
        two_sensors=two,
    )
