"""Calibrations between sessions: remembered when made, offered with their age, never applied by themselves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spinewatch_monitor.calibration_desk import CalibrationDesk, worn_as
from spinewatch_monitor.calibration_facts import calibration_facts
from spinewatch_monitor.storage.known_calibrations import MAX_KNOWN, KnownCalibrations
from spinewatch_monitor.updates import Link, ReplayPosition, SensorStatus, SessionUpdate
from spinewatch_monitor.views.calibration_words import offer_words, to_improve
from spinewatch_monitor.views.today import NO_FIGURES
from spinewatch_signal.calibration import Calibration, Reference
from spinewatch_signal.flexion import BodyFrame
from spinewatch_signal.slouch_limits import SlouchParams, Unit, threshold

NOW = 1_795_089_600.0
UPPER = SensorStatus("upper_back", "wit", "upper_back", "upper", Link.STREAMING, serial="7")
PELVIS = SensorStatus("pelvis", "wit", "pelvis", "lower", Link.STREAMING, serial="12")
FRAME = BodyFrame(np.eye(3))
MADE = Calibration({"upper_back": FRAME, "pelvis": FRAME}, "guided", "good", made_at_s=NOW - 3600.0)


def update(*sensors: SensorStatus, calibration: Calibration | None = None, **changes: object) -> SessionUpdate:
    told = {} if calibration is None else calibration.to_json()
    return SessionUpdate(NOW, None, sensors, NO_FIGURES, None, calibration=told, **changes)  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calibrations.json"


def remembering(path: Path) -> CalibrationDesk:
    CalibrationDesk(KnownCalibrations(path)).see(update(UPPER, PELVIS, calibration=MADE))
    return CalibrationDesk(KnownCalibrations(path))


def test_the_same_sensors_on_the_same_places_are_offered_it_again(path: Path) -> None:
    desk = remembering(path)
    assert path.stat().st_mode & 0o077 == 0
    assert desk.see(update(PELVIS, UPPER)) == ""
    assert desk.offer is not None
    assert (desk.offer.remembered, desk.offer.age_s, desk.offer.knows_sitting) == (True, 3600.0, False)
    assert desk.offer.calibration.to_json() == MADE.to_json()


@pytest.mark.parametrize(
    "sensors",
    [
        (),
        (UPPER,),
        (UPPER, replace(PELVIS, serial="13")),
        (UPPER, replace(PELVIS, site="t12")),
        (UPPER, replace(PELVIS, link=Link.CONNECTING)),
    ],
    ids=["none", "one of them", "another sensor", "another place", "not yet there"],
)
def test_others_are_not(path: Path, sensors: tuple[SensorStatus, ...]) -> None:
    desk = remembering(path)
    desk.see(update(*sensors))
    assert desk.offer is None


def test_sensors_that_do_not_tell_who_they_are_are_called_of_the_same_kind(path: Path) -> None:
    desk = CalibrationDesk(KnownCalibrations(path))
    nameless = replace(UPPER, serial=""), replace(PELVIS, serial="")
    desk.see(update(*nameless, calibration=MADE))
    desk.begin_session()
    desk.see(update(*nameless))
    assert desk.offer is not None
    assert "is of sensors of this kind in these places" in offer_words(desk.offer, 0.0)[1]
    desk = remembering(path)
    desk.see(update(UPPER, PELVIS))
    assert desk.offer is not None
    assert "is of these sensors" in offer_words(desk.offer, 0.0)[1]


def test_simulated_and_replayed_ones_are_not_remembered(path: Path) -> None:
    desk = CalibrationDesk(KnownCalibrations(path))
    desk.see(update(UPPER, PELVIS, calibration=MADE, simulated=True))
    assert desk.offer is not None
    desk.see(update(UPPER, PELVIS, calibration=MADE, replay=ReplayPosition(0, 1, 0, 1, True)))
    assert desk.offer is None
    desk.see(update(UPPER, PELVIS, calibration=replace(MADE, method="found", grade="low")))
    assert not path.exists()


def test_one_in_force_is_offered_for_a_re_zero_until_the_session_ends(path: Path) -> None:
    desk = CalibrationDesk(KnownCalibrations(path))
    desk.see(update(UPPER, PELVIS, calibration=replace(MADE, seated_deg={"upper_back": 4.0})))
    assert desk.offer is not None
    assert (desk.offer.remembered, desk.offer.knows_sitting) == (False, True)
    desk.begin_session()
    assert desk.offer is None


def test_a_newer_one_takes_the_place_of_the_older(path: Path) -> None:
    desk = remembering(path)
    anew = replace(MADE, method="rezero", grade="fair", made_at_s=NOW)
    desk.see(update(UPPER, PELVIS, calibration=anew))
    known = KnownCalibrations(path).get(worn_as((UPPER, PELVIS)))
    assert known is not None
    assert known.method == "rezero"


@pytest.mark.parametrize("text", ["[1]", "{", '{"a": 3}', '{"a": {"frames": {}}}'])
def test_a_file_that_cannot_be_read_is_left_alone(path: Path, text: str) -> None:
    path.write_text(text)
    desk = CalibrationDesk(KnownCalibrations(path))
    assert "not remembered" in desk.see(update(UPPER, PELVIS, calibration=MADE))
    assert desk.see(update(UPPER, PELVIS, calibration=MADE)) == ""
    assert path.read_text() == text


def test_what_cannot_be_written_is_told_once(path: Path) -> None:
    desk = CalibrationDesk(KnownCalibrations(path / "no folder" / "file"))
    assert "could not be kept" in desk.see(update(UPPER, PELVIS, calibration=MADE))
    assert desk.see(update(UPPER, PELVIS, calibration=MADE)) == ""


def test_the_oldest_are_forgotten(path: Path) -> None:
    known = KnownCalibrations(path)
    for k in range(MAX_KNOWN + 2):
        known.keep(str(k), MADE)
    assert next(iter(json.loads(path.read_text()))) == "2"


@pytest.mark.parametrize(("slouch_deg", "passes"), [(24.0, True), (15.0, False)])
def test_the_facts_say_whether_the_own_slouch_would_be_told(slouch_deg: float, passes: bool) -> None:
    calibration = replace(
        MADE, seated_deg={"upper_back": 4.0}, slouch_deg={"upper_back": slouch_deg}, sitting_reference=Reference(4.0)
    )
    limits = threshold(SlouchParams(), None, sitting_deg=(4.0, 0.0))
    facts = calibration_facts(calibration, limits, upper_site="upper_back", two=False)
    assert facts["slouch_passes_limit"] is passes
    assert facts["sitting"] == {"reference_deg": 4.0, "lumbar_reference_deg": 0.0, "threshold_on_deg": 15.0}
    assert "slouch_passes_limit" not in calibration_facts(MADE, limits, upper_site="upper_back", two=False)


@pytest.mark.parametrize(("range_deg", "passes"), [(50.0, False), (25.0, True)])
def test_the_facts_and_the_page_say_where_the_own_upright_sit_would_be_told(range_deg: float, passes: bool) -> None:
    calibration = replace(
        MADE, seated_deg={"upper_back": 4.0, "pelvis": -16.0}, sitting_reference=Reference(4.0, 20.0),
        lumbar_range_deg=range_deg,
    )  # fmt: skip
    limits = threshold(SlouchParams(), range_deg, sitting_deg=(4.0, 20.0))
    facts = calibration_facts(calibration, limits, upper_site="upper_back", two=True)
    assert facts["sit_passes_limit"] is passes
    assert ("your own upright sit" in to_improve(facts).lower()) is passes
    in_degrees = threshold(replace(SlouchParams(), unit=Unit.DEGREES), range_deg, sitting_deg=(4.0, 20.0))
    facts = calibration_facts(calibration, in_degrees, upper_site="upper_back", two=True)
    assert facts["sit_passes_limit"] is False
