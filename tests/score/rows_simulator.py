"""Simulated people who lift, and ramps through a threshold: what can be known there to the degree."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np

from score.lifts import Lift, agreement_deg, lifts, rmse_deg
from score.ramps import FASTEST_DEG_S, SLOWEST_DEG_S, Crossing, crossings
from score.row import Row, at_most, blank
from spinewatch_bridge.simulator.variety import HARD, KIND, Tissue, Variety

LIFTERS = range(1, 7)
RAMPS = 1000
FRAME_S = 0.1
EARLY_DEG = 0.5
HELD_DEG_S = 50.0
"""Faster ramps shake the sensor so that the wearer counts as moving."""

ANCHOR = "dorsaVi against Vicon: 1.34° and 1.70°, its markers on the sensors"
PEOPLE: dict[str, Variety] = {"usual people and sensors": KIND, "hard people and sensors": HARD}


def rows(data: Path | None) -> list[Row]:
    """Lifting without and with soft tissue, and the threshold."""
    del data
    return [*lifting_rows(), *threshold_rows()]


def lifting_rows() -> list[Row]:
    """Both estimators, both kinds of people, without and with skin."""
    cases = list(product(PEOPLE, (Tissue.RIGID, None), (False, True)))
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = dict(zip(cases, pool.map(_lifts, cases), strict=True))
    rows = []
    for people, causal in product(PEOPLE, (False, True)):
        rows += _without_skin(people, causal, found[people, Tissue.RIGID, causal])
        rows.append(_with_skin(people, causal, found[people, None, causal]))
    return rows


def _lifts(case: tuple[str, Tissue | None, bool]) -> list[Lift]:
    people, tissue, causal = case
    variety = PEOPLE[people] if tissue is None else replace(PEOPLE[people], tissue=tissue)
    return list(lifts(variety, LIFTERS, causal=causal))


def _without_skin(people: str, causal: bool, found: Sequence[Lift]) -> list[Row]:
    how = "causal" if causal else "offline"
    data = f"simulated: {len(found)} lifts of {len(LIFTERS)} people, {people}, sensors fixed to the bone"
    symmetric, asymmetric = ([lift for lift in found if lift.asymmetric is side] for side in (False, True))
    low_deg, high_deg = agreement_deg(found)
    agree = f"limits of agreement {low_deg:.2f} to {high_deg:.2f}°"
    what = "lifting, lumbar flexion"
    return [
        Row(f"{what}, RMSE, symmetric, {how}", data, rmse_deg(symmetric), "°", at_most(1.0), note=ANCHOR),
        Row(f"{what}, RMSE, asymmetric, {how}", data, rmse_deg(asymmetric), "°", at_most(1.5), note=ANCHOR),
        Row(f"{what}, peaks, {how}", data, max(-low_deg, high_deg), "°", at_most(3.0), note=agree),
        Row(
            f"{what}, RMSE against the angle of the joint, asymmetric, {how}",
            data,
            rmse_deg(asymmetric, joint=True),
            "°",
            note="what is told is the difference of two inclinations; twist makes the joint's angle another",
        ),
    ]


def _with_skin(people: str, causal: bool, found: Sequence[Lift]) -> Row:
    low_deg, high_deg = agreement_deg(found)
    skin = "skin that stretches and straps that swing" if PEOPLE[people].tissue is Tissue.LOOSE else "taped to skin"
    return Row(
        f"lifting, lumbar flexion, RMSE, {'causal' if causal else 'offline'}, with soft tissue",
        f"simulated: {len(found)} lifts of {len(LIFTERS)} people, {people}, {skin}",
        rmse_deg(found),
        "°",
        note=f"peaks {low_deg:.1f} to {high_deg:.1f}°; skin is an error of the sensor against the bone: no target",
    )


def threshold_rows() -> list[Row]:
    """The told angle at its crossing, and the first frame that tells."""
    found = crossings(RAMPS, os.cpu_count() or 1)
    rows = []
    for k, people in enumerate(PEOPLE):
        some = [crossing for crossing in found if crossing.seed % 2 == k]
        rows.append(_crossing_row(some, people))
    return [*rows, *alert_rows(found)]


def _crossing_row(found: Sequence[Crossing], people: str) -> Row:
    errors = np.abs([crossing.crossing_error_deg for crossing in found])
    note = f"95 % within {np.nanquantile(errors, 0.95):.2f}°, {np.mean(errors <= EARLY_DEG):.1%} within 0.5°"
    return Row(
        "threshold, true angle at the told crossing, worst error", _ramps(found, people), float(np.nanmax(errors)), "°",
        at_most(0.5), note=note,
    )  # fmt: skip


def alert_rows(found: Sequence[Crossing]) -> list[Row]:
    """How late the first frame is that tells, what was missed, and what was told too early."""
    slow, fast = ([c for c in found if (c.speed_deg_s < HELD_DEG_S) is is_slow] for is_slow in (True, False))
    why = "; such speed counts as movement, which is looked at again once it is over"
    rows = [_late_row(slow, f"up to {HELD_DEG_S:g} °/s", ""), _late_row(fast, f"above {HELD_DEG_S:g} °/s", why)]
    missed = sum(not np.isfinite(crossing.alert_late_s) for crossing in found)
    early = sum(crossing.alert_deg < -EARLY_DEG for crossing in found)
    data = _ramps(found, "both kinds of sensors")
    rows.append(Row("threshold, missed ramps", data, float(missed), "", at_most(0.0)))
    rows.append(Row("threshold, told before the angle was within 0.5° of it", data, float(early), "", at_most(0.0)))
    return rows


def _late_row(found: Sequence[Crossing], speed: str, why: str) -> Row:
    """One frame is 0.1 s: what is told later than that after the told crossing is late."""
    what = f"threshold, first frame that tells, after the told crossing, ramps {speed}, worst"
    data, target = _ramps(found, "both kinds of sensors"), at_most(1.0)
    told = [crossing for crossing in found if np.isfinite(crossing.alert_after_told_s)]
    if not told:
        return blank(what, data, "frames", target, "none was told")
    late = np.array([crossing.alert_after_told_s for crossing in told]) / FRAME_S
    complete_s = np.median([crossing.delivered_late_s for crossing in told])
    note = f"median {np.median(late):.1f}; its packet was complete {complete_s:.2f} s after the true crossing{why}"
    return Row(what, data, float(late.max()), "frames", target, note=note)


def _ramps(found: Sequence[Crossing], people: str) -> str:
    return f"simulated: {len(found)} ramps of {SLOWEST_DEG_S:g}-{FASTEST_DEG_S:g} °/s, {people}, any mounting"
