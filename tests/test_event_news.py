"""Events that are told in a sentence: once a cause, not once an attempt."""

from __future__ import annotations

from spinewatch_bridge.blocks import Event
from spinewatch_monitor.event_news import EventNews


def lost(sensor: str, cause: str) -> Event:
    return Event("disconnected", 0.0, sensor, {"cause": cause})


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
