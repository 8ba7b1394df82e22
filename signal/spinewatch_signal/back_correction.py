"""A second layer for afterwards: verticals of a sensor that sat otherwise, turned back by the walks before and after.

It never takes the place of what was measured. Walks show how a sensor tips, not how it turns about the vertical: what
such a turn mixes of bending forward and to the side stays in the figures, and so does all that lies between the last
walk before a slip and the first after it, whose moment nobody knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spinewatch_signal.health_seconds import Mask, angle_deg
from spinewatch_signal.marks import HealthKind, HealthMark
from spinewatch_signal.samples import Floats
from spinewatch_signal.slip import Walk

WALKS_DIFFER_DEG = 1.1
"""Unslipped walks of one person differ by this (95 %, 19 people with a sensor at the waist)."""


@dataclass(frozen=True, eq=False, slots=True)
class BackCorrected:
    """Verticals as they would have been without a slip or creep.

    Args:
        up: (m, 3) unit vertical, SENSOR frame as it was before; as measured where nothing could be turned back.
        turned_back_deg: (m,) by how much it was turned.
        uncertainty_deg: (m,) 95 % half-width that the turning back adds; the whole size where its moment is not known.
        corrected: (m,) where it was turned back.
    """

    up: Floats
    turned_back_deg: Floats
    uncertainty_deg: Floats
    corrected: Mask


def back_corrected(
    t_s: Floats, up: Floats, mark: HealthMark, walks: Sequence[Walk], sensor: int
) -> BackCorrected | None:
    """Turn back the span of one mark.

    Args:
        t_s: (m,) UNIX seconds, increasing.
        up: (m, 3) unit vertical, SENSOR frame.
        mark: a slip, a creep or a putting on.
        walks: as `HealthWatch.walks` has them.
        sensor: number of the mark's sensor in these.

    Returns:
        The layer; None where no walk before or after shows how the sensor sat.
    """
    known = [walk for walk in walks if walk.alike and np.isfinite(walk.up[sensor]).all()]
    end_s = np.inf if mark.end_s is None else mark.end_s
    before = [walk for walk in known if walk.end_s <= mark.start_s]
    after = [walk for walk in known if walk.start_s >= mark.start_s and walk.end_s <= end_s]
    if not before or not after:
        return None
    inside = (t_s >= mark.start_s) & (t_s < end_s)
    if mark.kind is HealthKind.CREPT:
        old, new, by_deg, unsure_deg = _crept(t_s, [*before, *after], sensor)
        corrected = inside
    else:
        old, new = (np.mean([walk.up[sensor] for walk in part], axis=0) for part in (before, after))
        by_deg = np.full(len(t_s), float(angle_deg(new, old)))
        corrected = inside & (t_s >= after[0].start_s)
        unsure_deg = np.where(corrected, 0.0, by_deg)
    by_deg = np.where(corrected, by_deg, 0.0)
    walks_deg = WALKS_DIFFER_DEG * np.sqrt((1 / len(before) + 1 / len(after)) / 2)
    uncertainty_deg = np.where(inside, np.hypot(walks_deg, unsure_deg), 0.0)
    return BackCorrected(_turned(up, new, old, by_deg), by_deg, uncertainty_deg, corrected)


def _crept(t_s: Floats, walks: Sequence[Walk], sensor: int) -> tuple[Floats, Floats, Floats, Floats]:
    """First and last vertical, and how far it had turned by each time, evenly from walk to walk, with its doubt (m,).

    The doubt is largest between two walks: half of what it turned there, as if it had turned at once.
    """
    ups = [walk.up[sensor] for walk in walks]
    sizes = np.array([float(angle_deg(up, ups[0])) for up in ups])
    middles = np.array([(walk.start_s + walk.end_s) / 2 for walk in walks])
    place = np.interp(t_s, middles, np.arange(len(walks), dtype=np.float64))
    step = np.abs(np.append(np.diff(sizes), 0.0))[place.astype(np.int64)]
    return ups[0], ups[-1], np.interp(t_s, middles, sizes), step * np.minimum(place % 1.0, 1.0 - place % 1.0)


def _turned(up: Floats, new: Floats, old: Floats, by_deg: Floats) -> Floats:
    """(m, 3) turned by so much about the axis that takes the direction `new` to `old`."""
    axis = np.cross(new, old)
    length = np.linalg.norm(axis)
    if length == 0:
        return up.copy()
    axis, angle = axis / length, np.radians(by_deg)[:, None]
    along = (up @ axis)[:, None] * axis
    turned: Floats = along + np.cos(angle) * (up - along) + np.sin(angle) * np.cross(axis, up)
    return turned
