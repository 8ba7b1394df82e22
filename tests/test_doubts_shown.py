"""What is doubtful about the sensors reaches people: on the time lines, in words, and reminders wait."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

import made_review
import made_today
import made_wear
from spinewatch_monitor.alerts import AlertParams, AlertRules, Held
from spinewatch_monitor.health_news import HealthNews
from spinewatch_monitor.reminders import Reminders
from spinewatch_monitor.settings import Settings
from spinewatch_monitor.views.day_chart import DayChart
from spinewatch_monitor.views.day_log import DayLog
from spinewatch_monitor.views.doubts import DoubtSpan, DoubtStrip, doubt_at, doubts_of
from spinewatch_monitor.views.review_charts import ZoomChart
from spinewatch_monitor.views.review_data import ReviewData, build_series
from spinewatch_monitor.views.review_rows import rows_of
from spinewatch_monitor.views.review_words import at_cursor, moment_words
from spinewatch_monitor.views.right_now import last_of, right_now
from spinewatch_monitor.views.runs import RibbonState, frame_states
from spinewatch_monitor.views.tokens import LIGHT
from spinewatch_signal.marks import HealthKind, HealthMark
from spinewatch_signal.pipeline import Pipeline
from spinewatch_signal.posture import Blank, Doubt
from spinewatch_signal.samples import Role, SensorInfo, Site
from spinewatch_signal.sensor_health import HealthWatch

UPPER, LOWER = SensorInfo("a", "made"), SensorInfo("b", "made", Site.PELVIS, Role.LOWER)


def slipped_recording() -> ReviewData:
    """As `made_review.recording`, the reference uncertain from minute 15 to 25."""
    data = made_review.recording()
    minute = (data.frames.t_s - data.start_s) / 60
    doubt = np.where((minute >= 15) & (minute < 25), Doubt.REFERENCE, 0).astype(np.uint8)
    return replace(data, frames=replace(data.frames, doubt=doubt))


def test_neighbouring_moments_are_one_stretch_also_over_a_gap() -> None:
    t_s = np.array([0.0, 0.1, 0.2, 5.0, 5.1, 9.0])
    doubt = np.array([0, 1, 1, 1, 0, 2], np.uint8)
    assert doubts_of(t_s, doubt) == [
        DoubtSpan(0.1, 5.1, "reference uncertain"),
        DoubtSpan(9.0, pytest.approx(9.1), "sensors seem swapped or upside down"),
    ]


def test_a_knock_at_the_limits_is_no_stretch() -> None:
    t_s = np.arange(100) / 10
    assert doubts_of(t_s, np.where(t_s < 1, Doubt.SENSOR, 0).astype(np.uint8)) == []
    assert doubts_of(t_s, np.where(t_s < 8, Doubt.SENSOR, 0).astype(np.uint8))[0].words == "sensor at its limits"


def test_review_says_it_at_the_cursor_and_in_the_table() -> None:
    data = slipped_recording()
    series = build_series(data)
    assert moment_words(data, at_cursor(data, series, 20 * 60)).endswith(", reference uncertain")
    assert at_cursor(data, series, 5 * 60).doubt == ""
    states = [row[1] for row in rows_of(data, series, 12 * 60, 18 * 60)]
    assert states[0] == "away"
    assert states[-1] == "near your reference; reference uncertain"


def test_review_draws_a_strip_that_says_when(qtbot) -> None:
    data = slipped_recording()
    chart = ZoomChart()
    qtbot.addWidget(chart)
    chart.show_recording(data, build_series(data), LIGHT)
    strips = [item for item in chart.scene().items() if isinstance(item, DoubtStrip)]
    assert [strip.toolTip() for strip in strips] == ["Reference uncertain from 09:15 to 09:25"]
    chart.grab()


def test_today_keeps_what_was_doubtful_and_says_it(qtbot) -> None:
    log = DayLog()
    t_s = made_today.NOON + np.arange(0, 120, 0.1)
    frames = made_today.frames(t_s)
    doubt = np.where(t_s >= made_today.NOON + 60, Doubt.REFERENCE, 0).astype(np.uint8)
    log.update(replace(frames, doubt=doubt), None)
    (span,) = log.doubts()
    assert (span.start_s, span.end_s) == (made_today.NOON + 60, made_today.NOON + 120)
    assert doubt_at(log.doubts(), made_today.NOON + 90) == "reference uncertain"
    chart = DayChart()
    qtbot.addWidget(chart)
    chart.show_day(log.runs(), np.empty(0), made_today.NOON + 120, 0.0, None, log.doubts())
    chart.show_day(log.runs(), np.empty(0), made_today.NOON + 120, 0.0, None, log.doubts())
    assert [s.toolTip() for s in chart.plot.items if isinstance(s, DoubtStrip)] == [span.told(0.0)]
    chart.grab()


def test_the_card_says_what_to_do() -> None:
    frames = made_today.frames(made_today.NOON)
    moved = replace(frames, doubt=np.full(1, Doubt.REFERENCE, np.uint8))
    card = right_now(made_today.update(frames=moved), last_of(moved))
    assert (card.tag, card.title, card.action) == ("Reference uncertain", "The sensor seems to have moved", "rezero")
    assert card.line.startswith("Stand upright for 5 seconds to set it right.")
    assert card.number != "–"


def test_a_sensor_on_a_table_is_not_worn() -> None:
    frames = made_today.frames(made_today.NOON, blank=Blank.NOT_WORN)
    assert right_now(made_today.update(frames=frames), last_of(frames)).tag == "Not worn"
    assert frame_states(frames)[0] == RibbonState.UNWORN


def test_reminders_wait_while_the_reference_is_uncertain_and_say_why() -> None:
    rules = AlertRules(AlertParams(delay_s=60.0))
    rules.doubt(True)
    (decision,) = rules.step(1000.0, Held(930.0, 70.0), 600)
    assert (decision.kind, decision.reason) == ("withheld", "reference uncertain")
    rules.doubt(False)
    assert rules.step(1300.0, Held(930.0, 370.0), 605) == []
    (decision,) = rules.step(1360.0, Held(930.0, 430.0), 606)
    assert decision.kind == "held"


def test_reminders_wait_while_sensors_seem_worn_wrong_and_say_why() -> None:
    health = HealthWatch([UPPER])
    t_s = made_wear.times(0.25)
    calm = np.zeros(len(t_s), bool)
    seen = made_wear.frames(t_s, calm, made_wear.sensor_rows(t_s, np.full(len(t_s), 178.0), calm, calm))
    health.update(replace(seen, flexion_deg=np.full(len(t_s), 178.0)))
    slouch, risky = SimpleNamespace(crossing_s=930.0, held_s=70.0, context="upright"), SimpleNamespace(going_on=[])
    pipeline = cast("Pipeline", SimpleNamespace(health=health, slouch=slouch, risky=risky))
    reminders = Reminders(Settings(reminder_delay_s=60), 0.0)
    ((reminder, event),) = reminders.step(1000.0, pipeline)
    assert (reminder.kind, reminder.reason, event.data["shown"]) == ("withheld", "worn wrong", False)
    assert reminder.text.startswith("A sensor seems swapped or upside down")


def test_each_finding_is_told_once_also_when_it_grows() -> None:
    news = HealthNews([UPPER, LOWER])
    slip = HealthMark(HealthKind.SLIPPED, "a", 10.0, None, 60.0, 5.0)
    (event,) = news.of([slip])
    assert event.data["text"] == "The upper sensor seems to have moved. Stand upright for 5 seconds to set it right."
    assert news.of([replace(slip, kind=HealthKind.CREPT, size=9.0)]) == []
    clipped = HealthMark(HealthKind.CLIPPING, "a", 70.0, 71.0, 71.0, 8.0)
    assert news.of([slip, clipped]) == []


def test_a_slip_that_a_re_zero_showed_is_over() -> None:
    (event,) = HealthNews([UPPER]).of([HealthMark(HealthKind.SLIPPED, "a", 10.0, 60.0, 60.0, 6.2)])
    assert event.data["text"] == (
        "The sensor had moved by 6°, or you stand differently. It is set right now; what came before is marked."
    )


def test_one_sensor_is_just_the_sensor() -> None:
    (event,) = HealthNews([UPPER]).of([HealthMark(HealthKind.UPSIDE_DOWN, "a", 0.0, None, 20.0)])
    assert event.data["text"].startswith("The sensor seems to hang upside down.")
