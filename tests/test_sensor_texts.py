"""Source texts with another place or rate, and what a sensor is remembered by."""

from __future__ import annotations

import pytest

from spinewatch_bridge.sources import parse_sources
from spinewatch_monitor.sensor_texts import sensor_key, spec_of, text_of, with_places, with_rate
from spinewatch_signal.samples import Role, Site

ONE = ["serial:COM3?protocol=witmotion"]
TWO = ["upper=serial:A?protocol=spinewatch&rate=100", "lower=serial:B?protocol=witmotion"]


@pytest.mark.parametrize(
    "texts",
    [
        ONE,
        TWO,
        ["upper=serial:A?site=t12", "lower=sim:office-day?seed=3"],
        ["ble:SW-50%3F%25?address=C0:00:00:00:00:01"],
    ],
)
def test_a_text_that_is_put_together_again_means_the_same(texts: list[str]) -> None:
    specs = parse_sources(texts)
    again = parse_sources([text_of(spec) for spec in specs])
    assert [(s.kind, s.target, s.role, s.site) for s in again] == [(s.kind, s.target, s.role, s.site) for s in specs]


def test_a_sensor_is_known_again_at_another_rate_and_place() -> None:
    keys = {
        sensor_key(parse_sources([text])[0])
        for text in (ONE[0], ONE[0] + "&rate=50", ONE[0] + "&site=t12", "lower=" + ONE[0])
    }
    assert keys == {ONE[0]}


def test_the_sensor_of_an_id_is_found_by_its_site() -> None:
    assert spec_of(TWO, "pelvis").target == "B"
    assert spec_of(TWO, "t12") is None


def test_one_rate_changes() -> None:
    assert with_rate(TWO, "upper_back", 50.0) == [
        "upper=serial:A?protocol=spinewatch&rate=50",
        "lower=serial:B?protocol=witmotion",
    ]


UPPER, LOWER = (Role.UPPER, Site.UPPER_BACK), (Role.LOWER, Site.PELVIS)


def test_two_sensors_change_places() -> None:
    texts = with_places(TWO, {"upper_back": LOWER, "pelvis": UPPER})
    found = {spec.role: (spec.target, spec.site) for spec in parse_sources(texts)}
    assert found == {Role.UPPER: ("B", Site.UPPER_BACK), Role.LOWER: ("A", Site.PELVIS)}
    assert texts[0].startswith("upper=")


def test_one_sensor_moves_to_another_site() -> None:
    (spec,) = parse_sources(with_places(ONE, {"upper_back": (Role.UPPER, Site.T12)}))
    assert (spec.role, spec.site) == (Role.UPPER, Site.T12)
    assert parse_sources(with_places(ONE, {"pelvis": UPPER}))[0].site is Site.UPPER_BACK


def test_the_other_sensor_stays_where_it_is() -> None:
    texts = with_places(TWO, {"pelvis": (Role.LOWER, Site.T12)})
    assert {spec.target: spec.site for spec in parse_sources(texts)} == {"A": Site.UPPER_BACK, "B": Site.T12}


def test_two_sensors_of_one_simulated_wearer_are_not_the_same_one() -> None:
    upper, lower = parse_sources(["upper=sim:office-day?speed=10", "lower=sim:office-day?speed=10"])
    assert sensor_key(upper) != sensor_key(lower)
