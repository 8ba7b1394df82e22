"""The calibration in force as pages show it: one flat mapping, with the limits that follow from it. No rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spinewatch_signal.calibration import Calibration
from spinewatch_signal.flexion import wrap_deg
from spinewatch_signal.posture import Context
from spinewatch_signal.samples import Site
from spinewatch_signal.slouch_limits import Threshold


def calibration_facts(calibration: Calibration, limits: Threshold, *, upper_site: str, two: bool) -> Mapping[str, Any]:
    """What `Calibration.to_json` and its quality say, and beside them:

    ``threshold_on_deg`` and ``measure`` (``trunk`` or ``lumbar``) of the limit where the context is not known,
    ``two_sensors``, ``sitting``: reference and limit while sitting, where they differ, and ``slouch_passes_limit``:
    whether the wearer's own slouch, where that step was done, would be told as away.

    Args:
        calibration: in force.
        limits: of the slouch machine under it.
        upper_site: where the upper sensor is worn.
        two: whether there are two sensors.
    """
    sitting = limits.level(Context.SITTING)
    facts = {
        **calibration.to_json(),
        **calibration.quality,
        "threshold_on_deg": limits.on_deg,
        "measure": limits.measure,
        "two_sensors": two,
    }
    if limits.sitting is not None:
        facts["sitting"] = _sitting(calibration, limits, upper_site)
    slouch_deg = _slouch_deg(calibration, limits.measure, upper_site)
    if slouch_deg is not None:
        facts["slouch_passes_limit"] = slouch_deg > sitting.reference_deg + sitting.on_deg
    return facts


def _sitting(calibration: Calibration, limits: Threshold, upper_site: str) -> Mapping[str, float]:
    """The mapping's own names of reference and limit, as they are while sitting."""
    level = limits.level(Context.SITTING)
    lumbar_deg, trunk_deg = calibration.lumbar_reference_deg, calibration.reference_deg
    if limits.measure == "lumbar":
        lumbar_deg += level.reference_deg
    else:
        trunk_deg += _away_sign(upper_site) * level.reference_deg
    return {"reference_deg": trunk_deg, "lumbar_reference_deg": lumbar_deg, "threshold_on_deg": level.on_deg}


def _away_sign(upper_site: str) -> float:
    return -1.0 if upper_site == Site.PELVIS else 1.0


def _slouch_deg(calibration: Calibration, measure: str, upper_site: str) -> float | None:
    """The own slouch as a deviation from the reference of standing, in the direction that counts."""
    if not calibration.slouch_deg:
        return None
    angles = list(calibration.slouch_deg.values())
    if measure == "lumbar":
        return float(wrap_deg(np.array(angles[0] - angles[-1] - calibration.lumbar_reference_deg)))
    return _away_sign(upper_site) * (angles[0] - calibration.reference_deg)
