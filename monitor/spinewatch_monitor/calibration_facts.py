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
    ``two_sensors``, and, where the wearer did the sitting steps, ``sitting_limit_deg`` (from the sitting reference) and
    ``slouch_passes_limit``: whether the wearer's own slouch would be told as away.

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
    if calibration.sitting_reference is not None:
        facts["sitting_limit_deg"] = sitting.on_deg
    slouch_deg = _slouch_deg(calibration, limits.measure, upper_site)
    if slouch_deg is not None:
        facts["slouch_passes_limit"] = slouch_deg > sitting.reference_deg + sitting.on_deg
    return facts


def _slouch_deg(calibration: Calibration, measure: str, upper_site: str) -> float | None:
    """The own slouch as a deviation from the reference of standing, in the direction that counts."""
    if not calibration.slouch_deg:
        return None
    angles = list(calibration.slouch_deg.values())
    if measure == "lumbar":
        return float(wrap_deg(np.array(angles[0] - angles[-1] - calibration.lumbar_reference_deg)))
    return (-1.0 if upper_site == Site.PELVIS else 1.0) * (angles[0] - calibration.reference_deg)
