"""Events that are told in a sentence: once a cause, not once an attempt."""

from __future__ import annotations

from spinewatch_bridge.blocks import Event
from spinewatch_bridge.causes import ASLEEP, Cause, CauseKey
from spinewatch_monitor.event_news import EventNews


def lost(sensor: str, cause: str, key: CauseKey = CauseKey.UNKNOWN) -> Event:
    return Event("disconnected", 0.0, sensor, Cause(cause, key).told())


def test_a_lost_link_is_told_once_a_cause_and_sensor() -> None:
    news = EventNews()
    events = [lost("a", "gone"), lost("a", "gone"), lost("b", "gone"), lost("a", "in use"), lost("a", "in use")]
    assert [news.of(event) for event in events] == ["gone", "", "gone", "in use", ""]


def test_a_link_that_was_back_is_told_again() -> None:
    news = EventNews()
    events = [lost("a", "gone"), Event("connected", 1.0, "a", {}), lost("a", "gone")]
    assert [news.of(event) for event in events] == ["gone", "", "gone"]


def test_notes_are_told_but_not_that_a_replay_went_elsewhere() -> None:
    news = EventNews()
    notes = [Event("note", 0.0, None, {"text": text}) for text in ("seek", "Stand still for five seconds.")]
    assert [news.of(event) for event in [*notes, Event("mark", 0.0, None, {"label": "pain"})]] == [
        "",
        "Stand still for five seconds.",
        "",
    ]


def clock(sensor: str, what: str, t_s: float = 0.0, by_s: float | None = None) -> Event:
    return Event("clock", t_s, sensor, {"what": what, "by_s": by_s})


def test_what_the_computers_clocks_did_is_told_once_for_both_links() -> None:
    news = EventNews()
    slept = "The computer was asleep for 8 h 00 min: nothing was recorded meanwhile."
    events = [
        clock("upper_back", "host_slept", 28_800.0, 28_800.0),
        lost("upper_back", *ASLEEP),
        clock("pelvis", "host_slept", 28_800.2, 28_799.9),
        lost("pelvis", *ASLEEP),
        clock("pelvis", "host_slept", 60_000.0, 28_800.0),  # the next night
    ]
    assert [news.of(event) for event in events] == [slept, "", "", "", slept]
    wrong = [news.of(clock(sensor, "host_wrong")) for sensor in ("upper_back", "pelvis")]
    assert wrong[0].startswith("The clock of this computer is not set")
    assert wrong[1] == ""


def test_a_sensor_that_started_anew_is_told_for_each_sensor_and_steps_of_a_clock_for_none() -> None:
    news = EventNews()
    told = [news.of(clock(sensor, "sensor_reset")) for sensor in ("upper_back", "pelvis", "pelvis")]
    assert ["started anew" in text for text in told] == [True, True, False]
    assert [news.of(clock("pelvis", what)) for what in ("host_stepped", "sensor_jumped", "")] == ["", "", ""]


def test_a_sleep_of_no_sensible_length_is_told_without_it() -> None:
    for by_s in (None, float("nan"), "long", -5.0):
        event = Event("clock", 0.0, "upper_back", {"what": "host_slept", "by_s": by_s})
        assert EventNews().of(event) == "The computer was asleep: nothing was recorded meanwhile."
