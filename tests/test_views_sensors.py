"""Sensors: what the page shows in each state, and that its buttons ask for what they name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QPushButton

from made_sensors import NOON, REPLAY, sensor, signals, update
from spinewatch_bridge.bluetooth_state import BluetoothState
from spinewatch_bridge.causes import CauseKey
from spinewatch_bridge.nearby import Nearby
from spinewatch_monitor.check import Check
from spinewatch_monitor.updates import Absence, Link
from spinewatch_monitor.views import sensor_words as words
from spinewatch_monitor.views.page import Scrolled
from spinewatch_monitor.views.sensor_parts import BREAK, breakable
from spinewatch_monitor.views.sensors_page import SensorsPage
from spinewatch_monitor.views.signal_plot import FOOT_PX, TITLE_PX, panes
from spinewatch_monitor.views.theme import apply_theme, font
from spinewatch_monitor.views.tokens import LIGHT, THEMES

PORTS = ("/dev/ttyACM0", "/dev/ttyUSB1")
WIT = Nearby("USB at COM7", "witmotion", "WitMotion", "serial", None, "cable", "serial:COM7?protocol=witmotion")
BUSY = Nearby("Thingy 9F", None, "not known", "ble", -88, "weak", None, "In use by another program")


class Hand:
    """A clock that is set by hand."""

    def __init__(self):
        self.s = 0.0

    def __call__(self):
        return self.s


@pytest.fixture
def clock():
    return Hand()


@pytest.fixture
def page(qtbot, clock):
    shown = SensorsPage(lambda: PORTS, clock)
    shown.begin_session(0.0)
    qtbot.addWidget(shown)
    shown.resize(1100, 900)
    with qtbot.waitExposed(shown):
        shown.show()
    return shown


def asked(signal):
    """What a signal carried, call by call."""
    heard = []
    signal.connect(lambda *args: heard.append(args))
    return heard


# -- states ------------------------------------------------------------------------------------------------------------


def test_without_a_session_there_are_the_ways_to_begin(page):
    assert page.header.headline() == "No sensor yet"
    assert all(part.isVisible() for part in (page.begin, page.nearby, page.simulated, page.check, page.add))
    assert not any(part.isVisible() for part in (*page.cards, page.recording, page.live, page.form, page.checks))


def test_a_card_for_each_sensor_and_the_file(page):
    page.apply(update(sensor(Link.LOST, cause="the sensor or its cable was unplugged"), sensor(site="pelvis")))
    assert [card.isVisible() for card in page.cards] == [True, True]
    assert page.cards[0].accessibleName().startswith("Upper back: no data. Battery – not told,")
    assert page.cards[0].accessibleName().endswith("Trying again by itself.")
    assert page.recording.accessibleName() == f"Recording: day.mcap. {words.STOP_NOTE}"
    assert page.live.isVisible()
    assert not any(part.isVisible() for part in (page.begin, page.simulated))


def test_a_session_that_starts_says_so_and_can_be_stopped(page):
    page.show_starting()
    assert page.header.headline() == "Connecting"
    assert page.recording.stop.isVisible()
    page.apply(update(sensor()))
    assert page.header.headline() == "The sensor is streaming"


def test_an_ended_session_leaves_the_empty_page(page):
    page.apply(update(sensor()))
    page.show_ended()
    assert page.header.headline() == "No sensor yet"
    assert page.begin.isVisible()
    assert not any(part.isVisible() for part in (*page.cards, page.live, page.recording))


def test_figures_change_twice_a_second_and_links_at_once(page, clock):
    page.apply(update(sensor(rate_hz=100.0)))
    clock.s = 0.1
    page.apply(update(sensor(rate_hz=50.0)))
    assert "Rate 100.0 Hz" in page.cards[0].accessibleName()
    page.apply(update(sensor(Link.LATE, data_age_s=1.1)))
    assert "data late" in page.cards[0].accessibleName()
    clock.s = 0.7
    page.apply(update(sensor(rate_hz=60.0)))
    assert "Rate 60.0 Hz" in page.cards[0].accessibleName()


def test_a_page_that_is_not_seen_draws_when_it_is(qtbot):
    page = SensorsPage(lambda: ())
    qtbot.addWidget(page)
    page.apply(update(sensor()))
    assert page.header.headline() == "No sensor yet"
    with qtbot.waitExposed(page):
        page.show()
    assert page.header.headline() == "The sensor is streaming"


def test_firmware_is_told_where_there_is_a_version_that_people_know(page):
    page.apply(update(sensor(firmware="1.4.2"), sensor(site="pelvis")))
    upper, lower = ({label.text() for label in card.findChildren(QLabel)} for card in page.cards)
    assert "Firmware 1.4.2" in upper
    assert not any("Firmware" in text for text in lower)


def test_device_text_is_plain(page):
    page.apply(update(sensor(Link.LOST, cause="<b>bold</b>", name="<i>x</i>", firmware="<u>1</u>")))
    page.show_nearby([replace(BUSY, title="<b>x</b>")])
    labels = [label for label in page.findChildren(QLabel) if label.text()]
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in labels)


def test_the_strip_tells_its_gaps_to_ears_and_as_a_table(page):
    gap = Absence(NOON - 600, NOON - 564, "gone, or off", CauseKey.OUT_OF_RANGE_OR_OFF)
    page.apply(update(sensor(since_s=NOON - 3600, absences=(gap,))))
    strip = page.cards[0].strip
    assert strip.accessibleName() == "Today's connection: since 11:00, out of range at 11:50 for 36 s"
    assert strip.numbers().rows == (("11:50:00", "36 s", "out of range"),)
    assert strip.focusPolicy() & Qt.FocusPolicy.TabFocus


# -- what can be done with a sensor ------------------------------------------------------------------------------------


def test_only_what_a_sensor_can_is_offered(page):
    page.apply(update(sensor(), sensor(site="pelvis", can=frozenset({"clock"}), family="")))
    full, bare = page.cards
    assert full.find_it.isVisible()
    assert full.find_it.text() == "Find by buzzing"
    assert not bare.find_it.isVisible()
    assert not bare.change_rate.isVisible()
    assert words.NO_GYRO in bare.accessibleName()
    page.apply(update(sensor(Link.CONNECTING, can=frozenset({"gyro", "identify"}))))
    assert full.find_it.text() == "Find by light"
    assert not full.find_it.isEnabled()


def test_nothing_is_asked_of_a_sensor_in_a_recording(page):
    page.apply(update(sensor(), replay=REPLAY))
    card = page.cards[0]
    assert not any(b.isVisible() for b in (card.find_it, card.rename, card.change_role, card.change_rate))


def test_buttons_ask_for_what_they_name(page):
    page.apply(update(sensor()))
    heard = [asked(s) for s in (page.stop_asked, page.simulated_asked, page.check_asked, page.identify_asked)]
    for button in (page.recording.stop, page.simulated, page.check, page.cards[0].find_it):
        button.click()
    assert heard == [[()], [()], [()], [("upper_back",)]]


def test_a_name_counts_when_it_is_saved(page, qtbot):
    heard = asked(page.rename_asked)
    page.apply(update(sensor(name="Old")))
    card = page.cards[0]
    card.rename.click()
    card.name_panel.field.setText("   ")
    assert not card.name_panel.save.isEnabled()
    card.name_panel.field.setText(" Back one ")
    qtbot.keyClick(card.name_panel.field, Qt.Key.Key_Return)
    assert heard == [("upper_back", "Back one")]
    assert not card.editing


def test_a_panel_that_is_left_changes_nothing(page, qtbot):
    heard = asked(page.rename_asked)
    page.apply(update(sensor(name="Old")))
    card = page.cards[0]
    for leave in (card.rename.click, card.name_panel.cancel.click):
        card.rename.click()
        assert card.editing
        leave()
        assert not card.editing
    card.change_role.click()
    qtbot.keyClick(card.place_panel, Qt.Key.Key_Escape)
    assert not card.editing
    assert heard == []


def test_two_sensors_swap_after_it_was_said(page):
    heard = asked(page.role_asked)
    page.apply(update(sensor(), sensor(site="pelvis")))
    panel = page.cards[0].place_panel
    page.cards[0].change_role.click()
    assert not panel.save.isEnabled()
    picture = panel.chooser.picture
    picture.picked.emit("pelvis")
    assert panel.chooser.places.current() == "pelvis"
    said = [label.text() for label in panel.findChildren(QLabel)]
    assert "Both change: the other sensor becomes the upper one, on the upper back." in said
    panel.save.click()
    assert heard == [("pelvis", "upper", "upper_back"), ("upper_back", "lower", "pelvis")]


def test_a_click_on_the_picture_chooses_the_nearest_place(page, qtbot):
    page.apply(update(sensor()))
    page.cards[0].change_role.click()
    chooser = page.cards[0].place_panel.chooser
    picture = chooser.picture
    qtbot.mouseClick(picture, Qt.MouseButton.LeftButton, pos=QPoint(66, round(0.6 * picture.height())))
    assert chooser.places.current() == "t12"
    qtbot.mouseClick(picture, Qt.MouseButton.LeftButton, pos=QPoint(66, 4))
    assert chooser.places.current() == "t12"


def test_a_rate_is_one_that_the_family_offers(page, monkeypatch):
    monkeypatch.setattr(words, "rates_hz", lambda _sensor: (50.0, 100.0))
    monkeypatch.setattr("spinewatch_monitor.views.sensor_edit.rates_hz", lambda _sensor: (50.0, 100.0))
    heard = asked(page.rate_asked)
    page.apply(update(sensor(rate_asked_hz=100.0)))
    card = page.cards[0]
    card.change_rate.click()
    assert card.rate_panel.box.currentData() == 100.0
    card.rate_panel.box.setCurrentIndex(0)
    card.rate_panel.save.click()
    assert heard == [("upper_back", 50.0)]


# -- nearby and connecting ---------------------------------------------------------------------------------------------


def test_until_somebody_looks_round_the_ports_are_listed(page):
    assert [r.accessibleName().partition(".")[0] for r in page.nearby.rows] == [f"Serial port {p}" for p in PORTS]
    page.show_nearby([WIT, BUSY], BluetoothState.READY, 12.0)
    assert [r.button is not None for r in page.nearby.rows] == [True, False]


def test_a_sensor_that_runs_is_not_offered_again(page):
    page.begin_session(0.0, ["upper=serial:COM7?protocol=witmotion&rate=50"])
    page.show_starting()
    page.apply(update(sensor()))
    page.show_nearby([WIT, BUSY, replace(WIT, title="CH340 at COM7", family=None, source=None), *[WIT] * 2])
    assert [row.accessibleName().partition(".")[0] for row in page.nearby.rows] == ["Thingy 9F"]


def test_what_bluetooth_lacks_is_said_with_what_to_do(page):
    page.show_nearby([], BluetoothState.OFF)
    assert BluetoothState.OFF.words in page.nearby.accessibleName()
    shown = [label.text() for label in page.nearby.findChildren(QLabel) if label.isVisible()]
    assert any(BluetoothState.OFF.todo in text for text in shown)


def test_a_find_is_connected_where_it_is_worn(page):
    heard, named = asked(page.connect_asked), asked(page.named)
    page.show_nearby([WIT])
    page.nearby.rows[0].button.click()
    assert page.form.isVisible()
    assert not page.begin.isVisible()
    page.form.chooser.picture.picked.emit("pelvis")
    page.form.name.setText("Back two")
    page.form.connect_button.click()
    assert heard == [(["lower=serial:COM7?protocol=witmotion&rate=100"],)]
    assert named == [("lower=serial:COM7?protocol=witmotion&rate=100", "Back two")]


def test_a_second_sensor_gets_the_other_place_and_says_what_happens(page):
    running = ["upper=serial:COM3?protocol=spinewatch"]
    heard = asked(page.connect_asked)
    page.begin_session(0.0, running)
    page.show_starting()
    page.apply(update(sensor()))
    page.show_nearby([WIT])
    page.nearby.rows[0].button.click()
    assert page.form.chooser.site() == "pelvis"
    said = [label.text() for label in page.form.findChildren(QLabel)]
    assert any(text.startswith("Connecting ends the session") and "both sensors" in text for text in said)
    page.form.chooser.picture.picked.emit("upper_back")
    assert any("takes the place" in label.text() for label in page.form.findChildren(QLabel))
    page.form.chooser.picture.picked.emit("pelvis")
    page.form.connect_button.click()
    assert heard == [([*running, "lower=serial:COM7?protocol=witmotion&rate=100"],)]


def test_a_simulated_session_is_not_joined(page):
    heard = asked(page.connect_asked)
    page.begin_session(0.0, ["upper=serial:COM3?protocol=spinewatch"])
    page.apply(update(sensor(simulated=True), simulated=True))
    page.show_nearby([WIT])
    page.nearby.rows[0].button.click()
    page.form.connect_button.click()
    assert heard == [(["upper=serial:COM7?protocol=witmotion&rate=100"],)]


def test_a_port_can_be_typed_and_what_does_not_fit_is_said(page):
    heard = asked(page.connect_asked)
    page.nearby.type_port.click()
    assert page.form.port.currentText() == PORTS[0]
    for text, says in (("", "Choose a port"), ("odd?name", "This cannot be connected")):
        page.form.port.setEditText(text)
        page.form.connect_button.click()
        assert any(says in label.text() for label in page.form.findChildren(QLabel))
    assert heard == []
    page.form.port.setEditText("/dev/mine")
    page.form.kind.setCurrentIndex(page.form.kind.findData("witmotion"))
    page.form.connect_button.click()
    assert heard == [(["upper=serial:/dev/mine?protocol=witmotion&rate=100"],)]


def test_the_form_can_be_left(page, qtbot):
    page.apply(update(sensor()))
    page.nearby.type_port.click()
    assert not page.live.isVisible()
    page.form.not_now.click()
    assert page.live.isVisible()
    page.nearby.type_port.click()
    qtbot.keyClick(page.form, Qt.Key.Key_Escape)
    assert not page.form.isVisible()


def test_looking_round_waits_while_a_sensor_sends_by_bluetooth(page):
    heard = asked(page.scan_wanted)
    page.apply(update(sensor(signal_dbm=-60.0)))
    assert page.nearby.look.isVisible()
    page.apply(update(sensor(Link.LOST, signal_dbm=-60.0)))
    assert any("waits for a sensor" in label.text() for label in page.nearby.findChildren(QLabel) if label.isVisible())
    page.nearby.look.click()
    assert not page.nearby.look.isVisible()
    page.hide()
    assert heard == [(False,), (True,), (False,)]


def test_what_was_nearby_is_not_shown_as_such_once_nobody_looks(page):
    page.show_nearby([BUSY], BluetoothState.READY, 12.0)
    page.apply(update(sensor(signal_dbm=-60.0)))
    texts = [label.text() for label in page.nearby.findChildren(QLabel) if label.isVisible()]
    assert not any("Thingy" in text or "looking, 12" in text for text in texts)
    assert any("ttyACM0" in text.replace(BREAK, "") for text in texts)


def test_looking_round_goes_on_beside_a_cable(page, qtbot):
    heard = asked(page.scan_wanted)
    page.apply(update(sensor()))
    page.apply(update(sensor(), replay=REPLAY))
    page.hide()
    with qtbot.waitExposed(page):
        page.show()
    assert heard == [(False,), (True,)]


def test_adding_a_sensor_leads_to_the_list(qtbot):
    page = SensorsPage(lambda: PORTS)
    around = Scrolled(page)
    qtbot.addWidget(around)
    apply_theme(around, LIGHT)
    around.resize(820, 300)
    with qtbot.waitExposed(around):
        around.show()
    page.apply(update(sensor(), sensor(site="pelvis")))
    page.add.click()
    qtbot.waitUntil(lambda: around.verticalScrollBar().value() > 0, timeout=1000)


# -- live signals and checks -------------------------------------------------------------------------------------------


def test_signals_are_drawn_ten_times_a_second_at_most(page, clock, monkeypatch):
    drawn = []
    monkeypatch.setattr(page.live.plot, "show_signals", lambda *args, **kwargs: drawn.append(args))
    for i in range(100):
        clock.s = i / 30
        page.apply(update(sensor(), signals={"upper_back": signals()}))
    assert 25 <= len(drawn) <= 36
    page.hide()
    clock.s = 99.0
    page.apply(update(sensor(), signals={"upper_back": signals()}))
    assert len(drawn) <= 36


def test_the_other_sensor_can_be_chosen(page, clock):
    shown = update(sensor(), sensor(site="pelvis"), signals={"upper_back": signals(), "pelvis": signals(50)})
    page.apply(shown)
    page.live._choice._keys["pelvis"].click()
    clock.s = 1.0
    page.apply(shown)
    assert len(page.live.plot._signals.t_s) == 50
    assert page.live.plot.accessibleName().startswith("Lower back")
    assert len(page.live.plot.numbers().rows) in (2, 3)


def test_the_lowest_label_of_a_pane_keeps_off_the_title_of_the_next(page):
    plot = page.live.plot
    metrics = QFontMetricsF(font("axis"))
    for height in (plot.minimumHeight(), 400):
        upper, lower = panes(plot.width(), height, 2)
        title_top = lower.top() - TITLE_PX + metrics.ascent() - metrics.capHeight()
        label_bottom = upper.bottom() + metrics.capHeight() / 2
        assert title_top - label_bottom >= metrics.capHeight()
        assert lower.bottom() == height - FOOT_PX


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
@pytest.mark.parametrize("gyro", [True, False])
def test_every_painted_part_survives_its_states(page, clock, theme, gyro):
    apply_theme(page, theme)
    gap = Absence(NOON - 600, NOON - 564, "unplugged")
    for i, link in enumerate(Link):
        clock.s = float(i)
        one = sensor(link, since_s=NOON - 3600, absences=(gap,), data_age_s=30.0 * i, signal_dbm=-70.0)
        page.apply(update(one, signals={"upper_back": signals(250 if i else 0, gyro)}))
        assert not page.grab().isNull()


def test_checks_have_a_tick_or_the_one_thing_to_do(page):
    page.check.click()
    assert page.checks.accessibleName().endswith("Looking…")
    page.show_checks([Check("Python", "3.12"), Check("Serial port", "no permission", "Join the group.")])
    assert page.checks.accessibleName().endswith("One thing to do; all else is well.")
    texts = [label.text() for label in page.checks.findChildren(QLabel) if label.isVisible() and label.text()]
    assert texts.index("Join the group.") < texts.index("Python")
    page.checks.close_button.click()
    assert not page.checks.isVisible()


def test_everything_is_reachable_and_named(page):
    page.apply(update(sensor(), sensor(site="pelvis")))
    page.nearby.type_port.click()
    page.cards[0].rename.click()
    for part in page.findChildren(QPushButton) + page.findChildren(QComboBox) + page.findChildren(QLineEdit):
        if part.isVisible() and not isinstance(part.parent(), QComboBox):
            assert part.accessibleName() or part.text()
            assert part.focusPolicy() & Qt.FocusPolicy.TabFocus


@pytest.mark.parametrize("width", [700, 832, 890, 1000, 1360])
def test_no_words_are_cut(qtbot, width):
    page = SensorsPage(lambda: PORTS)
    around = Scrolled(page)
    qtbot.addWidget(around)
    apply_theme(around, LIGHT)
    around.resize(width + 20, 700)
    with qtbot.waitExposed(around):
        around.show()
    long = "A-sensor-with-a-name-as-long-as-they-get"
    lost = sensor(
        Link.LOST, cause=f"Sensor '{long}' was not found. It may be out of range.", name=long, firmware="1.4.2"
    )
    no_gyro = sensor(site="pelvis", can=frozenset({"haptic"}), lost_samples=1_234_567, loss_percent=12.3)
    page.apply(update(lost, no_gyro, recording_path=f"/x/{'long' * 20}.mcap.part"))
    page.show_nearby(
        [replace(WIT, title="/dev/cu.usbserial-AB0JQ9C5-longer"), BUSY], BluetoothState.NO_PERMISSION, 99.0
    )
    page.show_checks([Check("Bluetooth", long, "Do this. " * 20)])
    page.cards[0].change_role.click()
    page.cards[1].change_rate.click()
    for _ in range(2):
        page.nearby.type_port.click()
        QApplication.processEvents()
        assert cut(page) == []


def cut(page):
    """Labels and buttons that have less room than their words need."""
    parts = [part for part in page.findChildren(QLabel) + page.findChildren(QPushButton) if part.isVisible()]
    return [part.text() for part in parts if part.text() and not fits(part)] + [
        type(part).__name__ for part in parts if part.mapTo(page, QPoint(part.width(), 0)).x() > page.width()
    ]


def fits(part):
    if isinstance(part, QLabel) and part.wordWrap():
        longest = max(part.fontMetrics().horizontalAdvance(word) for word in part.text().replace(BREAK, " ").split())
        return part.height() >= part.heightForWidth(part.width()) and part.width() >= longest
    return part.width() >= part.sizeHint().width() and part.height() >= part.minimumSizeHint().height()


def test_long_words_may_break_and_nothing_is_added_to_short_ones():
    assert breakable("Polar H10 B4C2") == "Polar H10 B4C2"
    assert breakable("/dev/ttyUSB0").replace(BREAK, "|") == "/|dev/|ttyUSB0"
    assert all(len(word) <= 15 for word in breakable("x" * 50).split(BREAK))
