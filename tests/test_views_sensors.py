"""Sensors: what it says of each state, and that its buttons ask for what they name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton

from spinewatch_bridge.sources import parse_sources
from spinewatch_monitor.updates import Link, ReplayPosition, SensorStatus, SessionUpdate, TodayFigures
from spinewatch_monitor.views import sensor_words as words
from spinewatch_monitor.views.connect_form import ConnectForm, found_words
from spinewatch_monitor.views.meters import StatusDot
from spinewatch_monitor.views.page import Scrolled
from spinewatch_monitor.views.sensors_page import SensorsPage
from spinewatch_monitor.views.theme import apply_theme
from spinewatch_monitor.views.tokens import LIGHT
from spinewatch_signal.posture import Metric

NOON = 1_795_089_600.0
NOTHING = Metric(None, 0.0, "no data yet")
FIGURES = TodayFigures(0.0, NOTHING, 0.0, NOTHING, None, NOTHING, 0.0, 0)
REPLAY = ReplayPosition(NOON, NOON + 600, NOON + 9, 1.0, True)
PORTS = ("/dev/ttyACM0", "/dev/ttyUSB1")


def sensor(link=Link.STREAMING, site="upper_back", **facts):
    role = "lower" if site == "pelvis" else "upper"
    return SensorStatus("SW-1", "spinewatch", site, role, link, **{"data_age_s": 0.1, **facts})


def update(*sensors, **changed):
    return replace(SessionUpdate(NOON, None, sensors, FIGURES, None, recording_path="/x/day.mcap.part"), **changed)


@pytest.fixture
def page(qtbot):
    shown = SensorsPage(lambda: PORTS)
    qtbot.addWidget(shown)
    with qtbot.waitExposed(shown):
        shown.show()
    return shown


# -- words, without a screen ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "says"),
    [
        (update(), "Connecting"),
        (update(sensor()), "The sensor is sending"),
        (update(sensor(), sensor(site="pelvis")), "Both sensors are sending"),
        (update(sensor(Link.CONNECTING), sensor(site="pelvis")), "Both sensors are connecting"),
        (update(sensor(Link.LATE, data_age_s=2.0)), "Data are late"),
        (update(sensor(), sensor(Link.LOST, "pelvis")), "The lower back sensor sends no data"),
        (update(sensor(Link.LOST), sensor(Link.LOST, "pelvis")), "Both sensors send no data"),
        (update(sensor(Link.PAUSED)), "Private pause"),
        (update(sensor(Link.LOST), replay=REPLAY), "A recording plays"),
    ],
)
def test_the_headline_says_whether_all_is_well(shown, says):
    assert words.headline(shown)[0] == says


def test_the_shortest_battery_decides_how_long_it_lasts():
    both = update(sensor(battery_hours=6.5), sensor(site="pelvis", battery_hours=9.1))
    assert words.headline(both)[1].startswith("6.5 hours of battery left.")


def test_a_gap_is_only_told_once_there_were_data():
    assert words.headline(update(sensor(Link.LOST)))[1].startswith("Recording goes on with a gap.")
    assert words.headline(update(sensor(Link.LOST, data_age_s=None)))[1] == "What to do stands below."


def test_facts_are_blank_where_nothing_is_known():
    blank = sensor(data_age_s=None)
    assert words.facts(blank) == (("–", "not told"), ("–", "no data yet"), ("–", "no data yet"), ("–", "none yet"))
    known = sensor(battery_hours=6.5, battery_percent=71.0, rate_hz=99.83, loss_percent=0.2, data_age_s=12.0)
    assert [value for value, _ in words.facts(known)] == ["6.5 h", "99.8 Hz", "0.2 %", "12 s"]
    assert words.facts(sensor(battery_percent=71.0))[0] == ("71 %", "charged")


@pytest.mark.parametrize(
    ("link", "note"), [(Link.LOST, "no data now"), (Link.LATE, "no data now"), (Link.PAUSED, "paused")]
)
def test_a_rate_that_was_is_no_rate_now(link, note):
    assert words.facts(sensor(link, rate_hz=99.8))[1] == ("–", note)


def test_every_link_has_a_shape_that_can_be_drawn():
    for link in Link:
        assert words.link_words(sensor(link), replay=False).shape in StatusDot.SHAPES
    assert words.link_words(sensor(), replay=True).shape == "replay"


@pytest.mark.parametrize(
    ("cause", "says"),
    [
        ("the sensor or its cable was unplugged", "The sensor or its cable was unplugged. Plug it in again. Trying"),
        ("no data came for 5 s", "No data came for 5 s. Check cable and charge"),
        ("Port COM3 is busy. Close that program.", "Port COM3 is busy. Close that program. Trying again"),
        ("something else", "Something else. Check cable and charge. Trying again by itself."),
        ("", "The link was lost. Check cable and charge. Trying again by itself."),
    ],
)
def test_a_lost_link_says_why_and_what_to_do(cause, says):
    assert words.trouble(sensor(Link.LOST, cause=cause)).startswith(says)


def test_only_trouble_is_told():
    assert words.trouble(sensor()) == ""
    assert words.trouble(sensor(Link.LATE, data_age_s=2.3)).startswith("No new data for 2.3 s.")


def test_a_family_reads_as_its_title_and_simulated_says_so():
    assert words.family_words(sensor(simulated=True)) == "Spinewatch · SW-1 · simulated"
    unknown = replace(sensor(Link.LOST), id="upper_back", family="")
    assert words.family_words(unknown) == "Kind not known yet"


def test_the_recording_has_its_final_name():
    assert words.recording_words(update()) == ("day.mcap", words.STOP_NOTE)
    assert words.recording_words(update(recording_path=None))[0] == "Nothing is recorded"
    assert words.recording_words(update(replay=REPLAY, recording_path=None))[1] == words.REPLAY_NOTE


# -- the page ------------------------------------------------------------------------------------------


def test_without_a_session_there_are_the_ways_to_begin(page):
    assert page.header.headline() == "No sensor yet"
    assert page.form.isVisible()
    assert not any(part.isVisible() for part in (*page.cards, page.recording, page.add, page.form.not_now))


def test_a_card_for_each_sensor_and_the_file(page):
    page.apply(update(sensor(Link.LOST, cause="the sensor or its cable was unplugged"), sensor(site="pelvis")))
    assert [card.isVisible() for card in page.cards] == [True, True]
    assert page.cards[0].accessibleName().startswith("Upper back: no data. Battery – not told,")
    assert page.cards[0].accessibleName().endswith("Trying again by itself.")
    assert page.recording.accessibleName() == f"Recording: day.mcap. {words.STOP_NOTE}"
    assert not page.form.isVisible()


def test_a_session_that_starts_says_so_and_can_be_stopped(page):
    page.show_starting()
    assert page.header.headline() == "Connecting"
    assert page.recording.stop.isVisible()
    assert not page.form.isVisible()
    page.add.click()
    page.apply(update(sensor()))
    assert page.header.headline() == "The sensor is sending"
    assert not page.form.isVisible()


def test_an_ended_session_leaves_the_empty_page(page):
    page.apply(update(sensor()))
    page.show_ended()
    assert page.header.headline() == "No sensor yet"
    assert page.form.isVisible()
    assert not page.cards[0].isVisible()


def test_figures_change_twice_a_second_and_links_at_once(page):
    page.apply(update(sensor(rate_hz=100.0)))
    page.apply(update(sensor(rate_hz=50.0), now_s=NOON + 0.1))
    assert "Rate 100.0 Hz" in page.cards[0].accessibleName()
    page.apply(update(sensor(Link.LATE, data_age_s=1.1), now_s=NOON + 0.2))
    assert "data late" in page.cards[0].accessibleName()
    page.apply(update(sensor(rate_hz=60.0), now_s=NOON + 0.8))
    assert "Rate 60.0 Hz" in page.cards[0].accessibleName()


def test_a_page_that_is_not_seen_draws_when_it_is(qtbot):
    page = SensorsPage(lambda: ())
    qtbot.addWidget(page)
    page.apply(update(sensor()))
    assert page.header.headline() == "No sensor yet"
    with qtbot.waitExposed(page):
        page.show()
    assert page.header.headline() == "The sensor is sending"


def test_device_text_is_plain(page):
    page.apply(update(replace(sensor(Link.LOST, cause="<b>bold</b>"), id="<i>x</i>")))
    assert all(
        label.textFormat() is Qt.TextFormat.PlainText
        for card in page.cards
        for label in card.findChildren(QLabel)
        if label.text()
    )


def test_buttons_ask_for_what_they_name(page, qtbot):
    page.apply(update(sensor()))
    with qtbot.waitSignal(page.stop_asked, timeout=1000):
        page.recording.stop.click()
    with qtbot.waitSignal(page.simulated_asked, timeout=1000):
        page.simulated.click()


def test_a_running_session_is_not_in_the_way_of_the_form(page):
    page.apply(update(sensor()))
    page.add.click()
    page.apply(update(sensor(), now_s=NOON + 1))
    assert page.form.isVisible()
    page.form.not_now.click()
    assert not page.form.isVisible()


def test_the_form_is_scrolled_to(qtbot):
    page = SensorsPage(lambda: PORTS)
    around = Scrolled(page)
    qtbot.addWidget(around)
    apply_theme(around, LIGHT)
    around.resize(820, 300)
    with qtbot.waitExposed(around):
        around.show()
    page.apply(update(sensor(), sensor(site="pelvis")))
    page.begin_connecting()
    qtbot.waitUntil(lambda: around.verticalScrollBar().value() > 0, timeout=1000)


def test_everything_is_reachable_and_named(page):
    page.apply(update(sensor()))
    page.begin_connecting()
    page.form.second.setChecked(True)
    for part in page.findChildren(QPushButton) + page.findChildren(QComboBox):
        assert part.accessibleName()
        assert part.focusPolicy() & Qt.FocusPolicy.TabFocus


# -- the form ------------------------------------------------------------------------------------------


@pytest.fixture
def form(qtbot):
    ports = list(PORTS)
    shown = ConnectForm(lambda: ports)
    shown.there = ports
    qtbot.addWidget(shown)
    with qtbot.waitExposed(shown):
        shown.show()
    return shown


def test_one_sensor_is_one_source(form, qtbot):
    with qtbot.waitSignal(form.connect_asked, timeout=1000) as asked:
        form.connect_button.click()
    assert asked.args == [["upper=serial:/dev/ttyACM0?protocol=spinewatch"]]
    assert parse_sources(asked.args[0])


def test_two_sensors_of_different_kinds(form, qtbot):
    form.second.click()
    form.lower_port.setCurrentText("COM7")
    form.lower_kind.setCurrentIndex(form.lower_kind.findData("witmotion"))
    with qtbot.waitSignal(form.connect_asked, timeout=1000) as asked:
        form.connect_button.click()
    assert asked.args[0][1] == "lower=serial:COM7?protocol=witmotion"
    assert [spec.site for spec in parse_sources(asked.args[0])] == ["upper_back", "pelvis"]


@pytest.mark.parametrize(
    ("upper", "lower", "says"),
    [
        ("", None, "Choose a port"),
        ("/dev/ttyACM0", "", "Choose a port for each sensor"),
        ("/dev/ttyACM0", "/dev/ttyACM0", "both sensors name the same port"),
        ("odd?name", None, "This cannot be connected"),
    ],
)
def test_what_does_not_fit_is_said_and_not_asked_for(form, qtbot, upper, lower, says):
    form.upper_port.setCurrentText(upper)
    form.second.setChecked(lower is not None)
    form.lower_port.setCurrentText(lower or "")
    with qtbot.assertNotEmitted(form.connect_asked):
        form.connect_button.click()
    assert says in form._problem.text()
    form.upper_port.setEditText("/dev/ttyUSB1")
    assert not form._problem.isVisible()


def test_looking_again_finds_new_ports_and_keeps_what_was_typed(form):
    form.upper_port.setCurrentText("/dev/mine")
    form.there.append("/dev/ttyUSB9")
    form.again.click()
    assert form.upper_port.currentText() == "/dev/mine"
    assert form.upper_port.findText("/dev/ttyUSB9") >= 0
    assert form._found.text() == "3 serial ports are there."


def test_no_port_says_what_to_do():
    assert "Plug the sensor in" in found_words([])
    assert found_words(["COM1"]) == "One serial port is there."
