"""Which way a pelvis faces, where nobody showed it: who lies, lies on the back; a table is no bed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinewatch_signal.flexion import BodyFrame
from spinewatch_signal.found_reference import find_reference
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Floats, Site
from spinewatch_signal.up_vectors import UpBatch

RATE_HZ = 20
BODY = BodyFrame(np.eye(3))


def seconds(n: float) -> Floats:
    return np.arange(round(n * RATE_HZ)) / RATE_HZ


def worn(flexion_deg: Floats, roll_deg: Floats | float = 0.0) -> UpBatch:
    """Verticals of a pelvis whose sensor has the body's own axes; rolled about the length of the body."""
    flexion, roll = np.radians(flexion_deg), np.radians(np.broadcast_to(roll_deg, len(flexion_deg)))
    up = np.column_stack([-np.sin(flexion) * np.cos(roll), np.sin(flexion) * np.sin(roll), np.cos(flexion)])
    rate = np.abs(np.gradient(flexion)) * RATE_HZ
    none = np.zeros(len(up))
    t_s = 1.7e9 + np.arange(len(up)) / RATE_HZ
    g = np.full(len(up), STANDARD_GRAVITY_M_S2)
    return UpBatch("pelvis", t_s, up, g, g, rate, none, none.astype(np.int64))


def day(lying_deg: float, breath_deg: float = 0.3, lying_s: float = 40.0, roll_deg: float = 0.0) -> UpBatch:
    """Upright, small bows, larger leans backward, which mislead, a rest, and upright again."""
    bow, lean = 20 * np.sin(np.pi * seconds(4) / 4) ** 2, -40 * np.sin(np.pi * seconds(4) / 4) ** 2
    down = lying_deg * np.sin(np.pi * seconds(3) / 6) ** 2
    rest = lying_deg + breath_deg * np.sin(2 * np.pi * seconds(lying_s) / 4.3)
    still = 0.2 * np.sin(2 * np.pi * seconds(80) / 4.1)
    parts = [still, bow, bow, lean, lean, down, rest, down[::-1], still, still]
    roll = np.concatenate([np.full(len(part), roll_deg if part is rest else 0.0) for part in parts])
    return worn(np.concatenate(parts), roll)


def facing(ups: UpBatch, site: Site = Site.PELVIS) -> float:
    """1 where X of the found frame is the body's forward, -1 where it is its backward."""
    found = find_reference({"pelvis": ups}, {"pelvis": site})
    assert found.grade == "low"
    return float(found.frames["pelvis"].axes[0] @ BODY.axes[0])


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_pelvis_lies_on_its_back(side: float) -> None:
    """The same movements with a sensor worn the other way round: the rest decides both times."""
    ups = day(-90.0)
    turned = replace(ups, up=ups.up * [side, side, 1.0])
    assert side * facing(turned) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    "ups",
    [day(-90.0, lying_s=15.0), day(-90.0, breath_deg=0.01), day(-50.0), day(-90.0, roll_deg=60.0)],
    ids=["too short", "a table", "a recline", "on the side"],
)
def test_other_rests_tell_nothing_of_the_back(ups: UpBatch) -> None:
    assert facing(ups) == pytest.approx(-1.0, abs=0.1)


def test_other_places_do_not_ask_for_it() -> None:
    assert facing(day(-90.0), Site.UPPER_BACK) == pytest.approx(-1.0, abs=0.01)
