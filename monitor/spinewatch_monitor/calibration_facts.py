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
    ``two_sensors``, ``sitting``: reference and limit while sitting, where they differ, and ``slouch_passes_limit`` and
    ``sit_passes_limit``: whether the wearer's own slouch and upright sit, where these steps were done, would be told as
    away. A sit can be only where limits are percent of the range, which count from the stand.

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
    for name, pose_deg in (("slouch", calibration.slouch_deg), ("sit", calibration.seated_deg)):
        if pose_deg:
            away_deg = _away_deg(pose_deg, calibration, limits.measure, upper_site)
            facts[f"{name}_passes_limit"] = away_deg > sitting.reference_deg + sitting.on_deg
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


def _away_deg(pose_deg: Mapping[str, float], calibration: Calibration, measure: str, upper_site: str) -> float:
    """A pose as a deviation from the reference of standing, in the direction that counts."""
    angles = list(pose_deg.values())
    if measure == "lumbar":
        return float(wrap_deg(np.array(angles[0] - angles[-1] - calibration.lumbar_reference_deg)))
    return _away_sign(upper_site) * (angles[0] - calibration.reference_deg)
