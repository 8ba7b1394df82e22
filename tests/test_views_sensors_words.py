"""What the page Sensors says, without a screen: states, figures, causes, gaps, places, sources."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from made_sensors import NOON, REPLAY, because, sensor, signals, update
from spinewatch_bridge.bluetooth_state import BluetoothState
from spinewatch_bridge.causes import Cause, CauseKey
from spinewatch_bridge.nearby import Nearby
from spinewatch_monitor.updates import Absence, Link
from spinewatch_monitor.views import cause_words, nearby_words, sensor_gaps
from spinewatch_monitor.views import live_signals_card as live
from spinewatch_monitor.views import sensor_words as words
from spinewatch_monitor.views.meters import StatusDot
from spinewatch_monitor.views.right_now import right_now
from spinewatch_monitor.views.sensor_places import Place, moves, proposed
from spinewatch_monitor.views.sensor_sources import in_use, joined, taken_sites, with_wishes
from spinewatch_monitor.views.signal_plot import acc_span, apart, joined_parts, turn_span
from spinewatch_signal.samples import Role, Site

HOUR = 3600.0
RANGE = Cause("the sensor went out of range: its signal was weak from the start", CauseKey.OUT_OF_RANGE)
RANGE_OR_OFF = Cause("the sensor went out of range, or was switched off", CauseKey.OUT_OF_RANGE_OR_OFF)
UNPLUGGED = Cause("the sensor or its cable was unplugged", CauseKey.UNPLUGGED)
NO_CAUSE = Cause("")

# -- headline --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "says"),
    [
        (update(), "Connecting"),
        (update(sensor()), "The sensor is streaming"),
        (update(sensor(), sensor(site="pelvis")), "Both sensors are streaming"),
        (update(sensor(Link.CONNECTING), sensor(site="pelvis")), "Both sensors are connecting"),
        (update(sensor(Link.LATE, data_age_s=2.0)), "Data are late"),
        (update(sensor(), sensor(Link.LOST, "pelvis")), "The lower back sensor sends no data"),
        (update(sensor(), sensor(Link.LOST, "pelvis", **because(RANGE))), "The lower back sensor is out of range"),
        (
            update(sensor(Link.LOST, cause="It may be out of range", cause_key=CauseKey.NOT_FOUND)),
            "The upper back sensor sends no data",
        ),
        (update(sensor(Link.LOST), sensor(Link.LOST, "pelvis")), "Both sensors send no data"),
        (update(sensor(Link.PAUSED)), "Private pause"),
        (update(sensor(Link.LOST), replay=REPLAY), "A recording plays"),
    ],
)
def test_the_headline_says_whether_all_is_well(shown, says):
    assert words.headline(shown)[0] == says


@pytest.mark.parametrize(
    ("cause", "title", "line"),
    [
        (
            Cause("the sensor went out of range", CauseKey.OUT_OF_RANGE),
            "Out of range, it seems",
            "The sensor went out of range. Trying again by itself.",
        ),
        (
            Cause("Bluetooth is off. Switch it on", CauseKey.BLUETOOTH_OFF),
            "The sensor sends no data",
            "Bluetooth is off. Switch it on. Trying again by itself.",
        ),
        (NO_CAUSE, "Out of range, it seems", "Trying again by itself."),
    ],
)
def test_a_sensor_that_never_came_is_not_said_to_be_far_and_has_no_gap(cause, title, line):
    now = right_now(update(sensor(Link.LOST, **because(cause), data_age_s=None)), None)
    assert (now.title, now.line) == (title, line)


def test_a_cause_that_is_a_guess_is_told_as_one():
    lost = update(sensor(Link.LOST, **because(RANGE_OR_OFF)))
    assert words.headline(lost)[0] == "The upper back sensor is out of range, it seems"


def test_the_shortest_battery_is_held_against_the_end_of_the_day():
    both = update(sensor(battery_hours=6.5), sensor(site="pelvis", battery_hours=9.1))
    six, seven = NOON + 6 * HOUR, NOON + 7 * HOUR
    assert words.headline(both, six) == (
        "Both sensors will last until you finish",
        "6.5 hours of battery left; your day usually ends at 18:00. Nothing leaves this computer.",
    )
    assert words.headline(both, seven)[0] == "The upper back sensor will stop at about 18:30"
    assert words.headline(both)[1].startswith("6.5 hours of battery left.")


def test_a_battery_that_is_not_known_promises_nothing():
    half_known = update(sensor(battery_hours=6.5), sensor(site="pelvis"))
    assert words.headline(half_known, NOON + HOUR)[0] == "Both sensors are streaming"
    assert "not known yet" in words.headline(update(sensor()), NOON + HOUR)[1]


def test_a_gap_is_only_told_once_there_were_data():
    assert words.headline(update(sensor(Link.LOST)))[1].startswith("Recording goes on with a gap.")
    assert words.headline(update(sensor(Link.LOST, data_age_s=None)))[1] == "What to do stands below."


# -- one sensor ------------------------------------------------------------------------------------------------------


def test_facts_are_blank_where_nothing_is_known():
    blank = sensor(data_age_s=None)
    assert words.facts(blank) == (("–", "not told"), ("–", "not known yet"), ("–", "no data yet"), ("–", "no data yet"))


def test_facts_are_told_where_they_are_known():
    known = sensor(
        battery_hours=6.5, battery_percent=71.0, signal_dbm=-58.0, rate_hz=99.83, rate_asked_hz=100.0,
        loss_percent=0.2, lost_samples=4920,
    )  # fmt: skip
    assert words.facts(known) == (
        ("6.5 h", "71 %"),
        ("−58 dBm", "strong"),
        ("99.8 Hz", "of 100 asked for"),
        ("0.2 %", "4,920 samples"),
    )
    assert words.facts(sensor(battery_percent=71.0))[0] == ("71 %", "charged")
    assert words.facts(sensor(battery_hours=0.42))[0] == ("25 min", "left")
    assert words.facts(sensor(battery_hours=400.0))[0] == ("400 h", "left")


@pytest.mark.parametrize(
    ("shown", "replay", "says"),
    [
        (sensor(cable=True), False, ("Cable", "no radio")),
        (sensor(), False, ("–", "not told")),
        (sensor(simulated=True), False, ("–", "simulated")),
        (sensor(), True, ("–", "not recorded")),
        (sensor(Link.LOST, signal_dbm=-58.0), False, ("–", "last −58 dBm")),
        (sensor(signal_dbm=-70.0), False, ("−70 dBm", "fair")),
        (sensor(signal_dbm=-90.0), False, ("−90 dBm", "weak")),
    ],
)
def test_a_signal_is_told_only_where_there_is_one(shown, replay, says):
    assert words.facts(shown, replay=replay)[1] == says


def test_bars_follow_the_signal():
    assert [words.signal_bars(sensor(signal_dbm=dbm)) for dbm in (-58.0, -67.0, -75.0, -90.0)] == [4, 3, 2, 1]
    assert words.signal_bars(sensor()) is None


@pytest.mark.parametrize(
    ("link", "note"), [(Link.LOST, "no data now"), (Link.LATE, "no data now"), (Link.PAUSED, "paused")]
)
def test_a_rate_that_was_is_no_rate_now(link, note):
    assert words.facts(sensor(link, rate_hz=99.8))[2] == ("–", note)


def test_every_link_has_a_shape_that_can_be_drawn():
    for link in Link:
        assert words.link_words(sensor(link), replay=False).shape in StatusDot.SHAPES
    assert words.link_words(sensor(), replay=True).shape == "replay"
    assert words.link_words(sensor(Link.LOST, **because(RANGE)), replay=False).words == "out of range"


@pytest.mark.parametrize(
    ("cause", "says"),
    [
        (UNPLUGGED, "The sensor or its cable was unplugged. Plug it in again. Trying"),
        (Cause("no data came for 5 s", CauseKey.SILENT), "No data came for 5 s. Check cable and charge"),
        (
            Cause("Port COM3 is busy. Close that program.", CauseKey.HELD),
            "Port COM3 is busy. Close that program. Trying again",
        ),
        (RANGE, "The sensor went out of range: its signal was weak from the start. Come closer"),
        (
            Cause("its battery was nearly empty (3 %)", CauseKey.BATTERY),
            "Its battery was nearly empty (3 %). Charge it.",
        ),
        (Cause("der Sensor ist weg", CauseKey.OUT_OF_RANGE), "Der Sensor ist weg. Come closer, or move the computer."),
        (
            Cause("the battery of another program is out of range"),
            "The battery of another program is out of range. Try",
        ),
        (NO_CAUSE, "The link was lost. Check that it is charged, switched on and near. Trying again by itself."),
    ],
)
def test_a_lost_link_says_why_and_the_one_thing_to_do(cause, says):
    assert words.trouble(sensor(Link.LOST, **because(cause))).startswith(says)


def test_every_cause_is_said_short_or_in_its_own_words():
    for key in CauseKey:
        short = cause_words.short_words("A long sentence. Do that.", key)
        assert len(short) < 25
        assert ". " not in cause_words.WORDS.get(key, cause_words.CauseWords()).short


def test_only_trouble_is_told():
    assert words.trouble(sensor()) == ""
    assert words.trouble(sensor(Link.LATE, data_age_s=2.3)).startswith("No new data for 2.3 s.")
    assert words.trouble(sensor(battery_hours=0.4)).startswith("The battery ends soon.")


def test_a_family_reads_as_its_title_and_simulated_says_so():
    assert words.family_words(sensor(simulated=True, name="Back one")) == "Back one · Spinewatch · simulated"
    assert words.family_words(sensor(family="")) == "Kind not known yet"


def test_a_sensor_without_gyroscope_is_known_by_what_it_can():
    assert words.has_gyro(sensor())
    assert not words.has_gyro(sensor(can=frozenset({"clock"})))
    assert words.has_gyro(sensor(can=frozenset(), family=""))


def test_the_recording_has_its_final_name():
    assert words.recording_words(update()) == ("day.mcap", words.STOP_NOTE)
    assert words.recording_words(update(recording_path=None))[0] == "Nothing is recorded"
    assert words.recording_words(update(replay=REPLAY, recording_path=None))[1] == words.REPLAY_NOTE


# -- gaps ------------------------------------------------------------------------------------------------------------


def gap(start_s, length_s, cause=RANGE):
    return Absence(NOON + start_s, NOON + start_s + length_s, *cause)


@pytest.mark.parametrize(
    ("absences", "says"),
    [
        ((), "no gap"),
        ((gap(0, 36), gap(100, 12)), "out of range twice: 36 s and 12 s"),
        ((gap(0, 36, UNPLUGGED),), "unplugged once: 36 s"),
        ((gap(0, 10), gap(60, 10), gap(120, 10)), "out of range 3 times: 10 s, 10 s and 10 s"),
        (tuple(gap(60 * k, 10) for k in range(5)), "out of range 5 times: 50 s in all"),
        ((gap(0, 36), gap(60, 5, NO_CAUSE)), "out of range once: 36 s; no data once: 5 s"),
        ((gap(0, 5, Cause("Something odd. Do that.")),), "something odd once: 5 s"),
        ((gap(0, 5, Cause("the disk was slow", CauseKey.SLOW_DISK)),), "disk too slow once: 5 s"),
    ],
)
def test_gaps_are_told_by_cause(absences, says):
    assert sensor_gaps.gap_words(absences) == says


@pytest.mark.parametrize(("now_h", "hours"), [(0.1, 2), (3.0, 4), (7.5, 10), (11.0, 12), (20.0, 24), (30.0, 48)])
def test_the_axis_begins_at_a_full_hour_and_grows_with_the_day(now_h, hours):
    since_s = NOON + 0.5 * HOUR
    span = sensor_gaps.axis(since_s, since_s + now_h * HOUR - HOUR / 2, 0.0)
    assert (span.start_s, span.end_s) == (NOON, NOON + hours * HOUR)
    assert span.labels_s[0] == span.start_s
    assert span.labels_s[-1] == span.end_s
    assert len(span.labels_s) <= 8
    assert span.share(NOON - 1) == 0.0
    assert span.share(span.end_s + 1) == 1.0


def test_ears_hear_every_gap_with_its_time():
    told = sensor_gaps.spoken(
        sensor(Link.LOST, since_s=NOON - HOUR, absences=(gap(-600, 36),), data_age_s=60.0), NOON, 0.0
    )
    assert told == "Today's connection: since 11:00, out of range at 11:50 for 36 s; no data since 11:59"
    assert "no data yet" in sensor_gaps.spoken(sensor(), NOON, 0.0)


# -- places ----------------------------------------------------------------------------------------------------------


def test_two_sensors_swap_places_and_roles():
    both = (sensor(), sensor(site="pelvis"))
    assert moves("upper_back", Site.PELVIS, both) == [
        Place("pelvis", Role.UPPER, Site.UPPER_BACK),
        Place("upper_back", Role.LOWER, Site.PELVIS),
    ]


def test_the_middle_of_the_back_is_above_the_pelvis_and_below_the_upper_back():
    both = (sensor(), sensor(site="pelvis"))
    assert moves("upper_back", Site.T12, both) == [Place("upper_back", Role.UPPER, Site.T12)]
    assert moves("pelvis", Site.T12, both) == [Place("pelvis", Role.LOWER, Site.T12)]
    assert moves("upper_back", Site.UPPER_BACK, both) == []


def test_the_end_that_is_free_is_proposed():
    assert proposed([]) is Site.UPPER_BACK
    assert proposed(["upper_back"]) is Site.PELVIS
    assert proposed(["pelvis"]) is Site.UPPER_BACK


# -- sources ---------------------------------------------------------------------------------------------------------

WIT = "serial:COM7?protocol=witmotion"


@pytest.mark.parametrize(
    ("source", "site", "protocol", "rate_hz", "text"),
    [
        (WIT, Site.UPPER_BACK, None, None, f"upper={WIT}"),
        (WIT, Site.PELVIS, None, 100.0, f"lower={WIT}&rate=100"),
        ("serial:COM7", Site.T12, "witmotion", None, "upper=serial:COM7?protocol=witmotion&site=t12"),
        (WIT, Site.UPPER_BACK, "spinewatch", None, f"upper={WIT}"),
    ],
)
def test_wishes_stand_in_the_source_text(source, site, protocol, rate_hz, text):
    assert with_wishes(source, site, protocol, rate_hz) == text


def test_a_second_sensor_joins_the_first():
    first, second = "upper=serial:COM3?protocol=spinewatch", f"lower={WIT}"
    assert joined([first], second) == [first, second]
    assert taken_sites([first, second]) == ["upper_back", "pelvis"]


def test_one_in_the_same_place_or_on_the_same_port_is_replaced():
    first = "upper=serial:COM3?protocol=spinewatch"
    assert joined([first], f"upper={WIT}") == [f"upper={WIT}"]
    assert joined([f"upper={WIT}"], f"lower={WIT}") == [f"lower={WIT}"]
    assert joined(["sim:office-day"], first) == [first]


def test_a_sensor_in_use_is_known_by_its_name_or_address():
    running = ["upper=ble:WT901BLE67?protocol=witmotion&address=C0:00:00:00:00:01"]
    assert in_use(running, "ble:WT901BLE67?protocol=witmotion")
    assert not in_use(running, "ble:WT901BLE67?protocol=witmotion&address=C0:00:00:00:00:02")
    assert not in_use(running, "")


def test_a_sensor_below_makes_the_other_one_the_upper():
    middle = "upper=serial:COM3?protocol=spinewatch&site=t12"
    assert joined([middle], f"upper={WIT}") == [f"upper={WIT}", "lower=serial:COM3?protocol=spinewatch&site=t12"]


# -- nearby ----------------------------------------------------------------------------------------------------------

FOUND = Nearby("WT901", "witmotion", "WitMotion", "ble", -70, "fair", "ble:WT901", battery_percent=82)


@pytest.mark.parametrize(
    ("sensors", "sources", "says"),
    [
        ((sensor(signal_dbm=-60.0),), (), nearby_words.SENDS),
        ((sensor(Link.LATE),), ("ble:A",), nearby_words.SENDS),
        ((sensor(Link.LOST, signal_dbm=-60.0),), ("ble:A",), nearby_words.AWAITED),
        ((sensor(cable=True), sensor(Link.LOST, "pelvis")), ("serial:COM3", "ble:A"), nearby_words.AWAITED),
        ((sensor(Link.LOST, signal_dbm=-60.0), sensor(site="pelvis", signal_dbm=-50.0)), (), nearby_words.SENDS),
        ((), ("ble:A",), nearby_words.AWAITED),
        ((sensor(cable=True),), ("serial:COM3",), ""),
    ],
)
def test_why_nobody_looks_around_is_said_as_it_is(sensors, sources, says):
    assert nearby_words.waits_for(sensors, sources) == says


def test_a_row_says_what_it_is_and_why_not():
    assert nearby_words.row_note(FOUND).startswith("WitMotion · 82 % charged")
    refused = replace(FOUND, source=None, why_not="In use by another program")
    assert nearby_words.row_note(refused).endswith("In use by another program")
    assert not nearby_words.can_connect(refused)
    assert "Signal: fair." in nearby_words.spoken(FOUND)


def test_a_port_of_unknown_kind_can_be_connected_by_saying_what_it_is():
    unknown = Nearby("CP2102 at /dev/ttyUSB0", None, "not known", "serial", why_not="choose the kind first")
    assert nearby_words.port_of(unknown) == "/dev/ttyUSB0"
    assert nearby_words.can_connect(unknown)
    (listed,) = nearby_words.port_rows(["COM4"])
    assert nearby_words.port_of(listed) == "COM4"
    assert nearby_words.port_of(FOUND) is None


def test_what_bluetooth_lacks_comes_with_the_one_thing_to_do():
    assert nearby_words.radio_trouble(None) == nearby_words.radio_trouble(BluetoothState.READY) == ""
    for state in set(BluetoothState) - {BluetoothState.READY}:
        assert state.words in nearby_words.radio_trouble(state)
    assert nearby_words.looking_words(12.3) == "looking, 12 s"
    assert nearby_words.looking_words(None) == ""


# -- live signals ----------------------------------------------------------------------------------------------------


def test_clock_bias_and_delay_are_told_where_they_are_known():
    assert live.clock_words(sensor(clock_ppm=18.2, clock_error_ms=3.2)) == "Clock: 18 ppm fast, corrected to 3 ms"
    assert live.clock_words(sensor(clock_ppm=-7.0)) == "Clock: 7 ppm slow"
    assert live.clock_words(sensor()) == "Clock: not known yet"
    assert live.clock_words(sensor(can=frozenset())) == "Clock: not known yet", "it has not said what it can"


def test_a_clock_that_no_sensor_tells_is_not_waited_for():
    assert live.clock_words(sensor(can=frozenset({"gyro"}))) == "Clock: told by times of arrival"
    assert live.clock_words(sensor(can=frozenset({"gyro", "counter"}))) == "Clock: not known yet", "it stamps packets"
    assert live.bias_words(replace(signals(), bias_deg_s=0.41)) == "Resting bias: 0.4 °/s, removed"
    assert live.bias_words(signals()) == ""
    assert live.delay_words(sensor(), signals(), update(sensor())) == "Time to screen: 50 ms"
    assert live.delay_words(sensor(), signals(), update(sensor(), replay=REPLAY)) == ""


@pytest.mark.parametrize(
    ("rows", "placed"),
    [
        ([10.0, 50.0, 90.0], [10.0, 50.0, 90.0]),
        ([50.0, 50.0, 50.0], [36.0, 50.0, 64.0]),
        ([99.0, 98.0, 97.0], [100.0, 86.0, 72.0]),
        ([-40.0, 140.0, 50.0], [0.0, 100.0, 50.0]),
    ],
)
def test_the_letters_of_the_lines_never_lie_on_each_other(rows, placed):
    assert apart(rows, 0.0, 100.0) == placed


def test_the_scale_holds_gravity_and_grows_in_round_steps():
    assert acc_span(None) == (-5.0, 10.0)
    assert acc_span(np.array([[9.8, -9.8, 0.0]])) == (-15.0, 10.0)
    assert acc_span(np.array([[31.0, 0.0, 0.0]])) == (-5.0, 35.0)
    assert turn_span(np.array([[1.0, -12.0, 0.0]])) == (-20.0, 20.0)


def test_a_line_is_broken_where_samples_are_missing():
    t_s = np.array([0.0, 0.04, 0.08, 1.0, 1.04, 5.0])
    assert joined_parts(t_s) == [slice(0, 3), slice(3, 5)]
