"""What a sensor feels that does not sit as it did: slipping, creeping, lying on a table, sticking, clipping early.

All of it is asked for in `Faults`; nothing of it changes what the wearer does, or the truth.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinewatch_bridge.simulator.body import ImuSignals
from spinewatch_bridge.simulator.faults import Faults, OnTable, Shift
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Floats

Rows = NDArray[np.float64]


def as_worn(true: ImuSignals, since_s: Floats, period_s: float, faults: Faults) -> ImuSignals:
    """What the sensor feels as it sits by now.

    Args:
        true: (n, 3) what it would feel where it was put on, sensor frame.
        since_s: (n,) seconds from the start of the scenario.
        period_s: between samples; rates are means over the period before each.
        faults: with shifts and tables.
    """
    if len(since_s) == 0:
        return true
    for shift in faults.shifts:
        if since_s[-1] > shift.start_s:
            true = _shifted(true, since_s, period_s, shift)
    for table in faults.on_table:
        if since_s[-1] >= table.start_s and since_s[0] < table.end_s:
            true = _on_table(true, since_s, period_s, table)
    return true


def channel_limits(faults: Faults, acc_per_count: float, gyr_per_count: float) -> Rows:
    """(6,) largest counts of each channel."""
    limits = np.full(6, 32767.0)
    if faults.range_g is not None:
        limits[:3] = np.rint(faults.range_g * STANDARD_GRAVITY_M_S2 / acc_per_count)
    if faults.range_deg_s is not None:
        limits[3:] = np.rint(np.radians(faults.range_deg_s) / gyr_per_count)
    return limits


def stick(counts: Rows, since_s: Floats, faults: Faults) -> None:
    """Let channels repeat one count in (n, 6) counts, in place."""
    for stuck in faults.stuck:
        first, last = np.searchsorted(since_s, (stuck.start_s, stuck.end_s))
        counts[first:last, stuck.channel] = 100.0 * (stuck.channel + 1)


def _shifted(true: ImuSignals, since_s: Floats, period_s: float, shift: Shift) -> ImuSignals:
    vector = np.array([shift.x_deg, shift.y_deg, shift.z_deg])
    size_rad = float(np.radians(np.linalg.norm(vector)))
    axis = vector / np.linalg.norm(vector)
    lasts_s = max(shift.end_s - shift.start_s, period_s)
    done, before = (np.clip((t - shift.start_s) / lasts_s, 0.0, 1.0) for t in (since_s, since_s - period_s))
    rate = (done - before)[:, None] * axis * (size_rad / period_s)
    return ImuSignals(_turned(true.acc, axis, size_rad * done), _turned(true.gyr, axis, size_rad * done) + rate)


def _turned(rows: Rows, axis: Rows, by_rad: Floats) -> Rows:
    """(n, 3) vectors as seen by a sensor that has turned about `axis` by so much."""
    cos, sin = np.cos(by_rad)[:, None], np.sin(by_rad)[:, None]
    along = (rows @ axis)[:, None] * axis
    turned: Rows = along + cos * (rows - along) - sin * np.cross(axis, rows)
    return turned


def _on_table(true: ImuSignals, since_s: Floats, period_s: float, table: OnTable) -> ImuSignals:
    """A hand turns the upright sensor, it lies, a hand turns it back; nothing of the body is felt meanwhile."""
    off = (since_s >= table.start_s) & (since_s < table.end_s)
    n = len(since_s)
    upright = ImuSignals(np.tile([STANDARD_GRAVITY_M_S2, 0.0, 0.0], (n, 1)), np.zeros((n, 3)))
    there = Shift(table.start_s, table.start_s + table.hand_s, y_deg=table.turned_deg)
    back = Shift(table.end_s - table.hand_s, table.end_s, y_deg=-table.turned_deg)
    lying = _shifted(_shifted(upright, since_s, period_s, there), since_s, period_s, back)
    mask = off[:, None]
    return ImuSignals(np.where(mask, lying.acc, true.acc), np.where(mask, lying.gyr, true.gyr))
