"""Source texts: what opens, and the one line for what does not."""

from __future__ import annotations

import asyncio
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge_helpers import Collector, VirtualClock, run_virtually
from spinewatch_bridge.errors import BadSourceError, BridgeError
from spinewatch_bridge.host_clock import HostClock
from spinewatch_bridge.link import Link
from spinewatch_bridge.nearby import ble_source
from spinewatch_bridge.protocols.base import clean_text
from spinewatch_bridge.sources import OpenOptions, SourceSpec, open_source, open_sources, parse_sources
from spinewatch_bridge.transports.ble_radio import Radio
from spinewatch_signal.samples import Role, Site


@pytest.mark.parametrize(
    ("texts", "places"),
    [
        (["serial:/dev/ttyACM0"], [("serial", "/dev/ttyACM0", Role.UPPER, Site.UPPER_BACK)]),
        (["serial:COM3?protocol=witmotion&baud=9600&site=t12"], [("serial", "COM3", Role.UPPER, Site.T12)]),
        (["ble:SW-3F2A"], [("ble", "SW-3F2A", Role.UPPER, Site.UPPER_BACK)]),
        (["lower=ble:SW-3F2A?rate=100&site=t12"], [("ble", "SW-3F2A", Role.LOWER, Site.T12)]),
        (["ble:My=odd name%3F 100%?protocol=spinewatch"], [("ble", "My=odd name? 100%", Role.UPPER, Site.UPPER_BACK)]),
        (["ble:?address=C0:12:34:56:78:9a&protocol=spinewatch"], [("ble", "", Role.UPPER, Site.UPPER_BACK)]),
        (
            ["ble:SW-1?address=c0:12:34:56:78:9a", "ble:SW-1?address=FE1A9E60-2F11-4D6F-8E21-0C5B43C1E7A2"],
            [("ble", "SW-1", Role.UPPER, Site.UPPER_BACK), ("ble", "SW-1", Role.LOWER, Site.PELVIS)],
        ),
        (["lower=serial:COM3"], [("serial", "COM3", Role.LOWER, Site.PELVIS)]),
        (["replay:what now?.mcap?speed=10"], [("replay", "what now?.mcap", Role.UPPER, Site.UPPER_BACK)]),
        (["replay:a=b.mcap"], [("replay", "a=b.mcap", Role.UPPER, Site.UPPER_BACK)]),
        (
            ["sim:office-day?seed=1", "sim:office-day?seed=1"],
            [("sim", "office-day", Role.UPPER, Site.UPPER_BACK), ("sim", "office-day", Role.LOWER, Site.PELVIS)],
        ),
        (
            ["lower=serial:COM3", "serial:COM4"],
            [("serial", "COM3", Role.LOWER, Site.PELVIS), ("serial", "COM4", Role.UPPER, Site.UPPER_BACK)],
        ),
        (
            ["serial:COM3", "upper=serial:COM4"],
            [("serial", "COM3", Role.LOWER, Site.PELVIS), ("serial", "COM4", Role.UPPER, Site.UPPER_BACK)],
        ),
    ],
)
def test_texts_that_open(texts: list[str], places: list[tuple[str, str, Role, Site]]):
    assert [(s.kind, s.target, s.role, s.site) for s in parse_sources(texts)] == places


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ([], "give one or two sources"),
        (["a", "b", "c"], "give one or two sources"),
        (["/dev/ttyACM0"], "does not say what it is. A source looks like ble:NAME, serial:PORT"),
        (["ble:"], "nothing follows 'ble:'"),
        (["ble:  ?protocol=spinewatch"], "say which sensor: ble:NAME or ble:?address="),
        (["ble:?protocol=spinewatch"], "say which sensor: ble:NAME or ble:?address="),
        (["ble:Living room TV"], "its name does not tell what kind of sensor it is. Add ?protocol=spinewatch"),
        (["ble:SW-1?address=upstairs"], "address is an address like C0:12:34:56:78:9A"),
        (["ble:SW-1?protocol=toaster"], "protocol is one of "),
        (["ble:SW-1?baud=9600"], "'baud' is no option of ble:. There are address, protocol, rate, site"),
        (["ble:SW-1", "ble:SW-1"], "both sensors have the same name: tell them apart with ?address="),
        (["ble:SW-1?address=C0:12:34:56:78:9A", "ble:SW-1"], "both sensors have the same name"),
        (["ble:SW-1?address=C0:12:34:56:78:9A", "ble:SW-2?address=c0:12:34:56:78:9a"], "name the same sensor"),
        (["usb:1"], "'usb' is no kind of source"),
        (["serial:"], "nothing follows 'serial:'"),
        (["serial:COM3?protocol=movella"], "protocol is one of spinewatch, witmotion"),
        (["serial:COM3?baud=fast"], "baud is a line speed like 115200"),
        (["serial:COM3?speed=2"], "'speed' is no option of serial:. There are baud, protocol, rate, site"),
        (["serial:COM3?protocol"], "not of the form ?name=value"),
        (["sim:office-day?seed=-1"], "seed is a whole number"),
        (["sim:office-day?speed=nan"], "speed is a factor from 0.01 to 1000"),
        (["sim:office-day?site=knee"], "site is one of upper_back, t12, pelvis"),
        (["replay:x.mcap?speed=0"], "speed is a factor"),
        (["serial:COM3", "lower=serial:COM3"], "both sensors name the same port"),
        (["upper=serial:COM3", "upper=serial:COM4"], "two sensors need two places"),
        (["serial:COM3?site=pelvis", "serial:COM4"], "two sensors need two places"),
        (["replay:x.mcap", "serial:COM4"], "a replay brings all its sensors"),
    ],
)
def test_texts_that_do_not_open_say_why_in_one_line(texts: list[str], words: str):
    with pytest.raises(BadSourceError) as caught:
        parse_sources(texts)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("serial:COM3?rate=75", "a Spinewatch sensor offers 25, 50, 100, 200 Hz, not 75"),
        ("ble:SW-1?rate=75", "a Spinewatch sensor offers 25, 50, 100, 200 Hz, not 75"),
        ("sim:lunch", "there is no scenario 'lunch'. There are "),
        ("replay:/no/such/file.mcap", "/no/such/file.mcap"),
    ],
)
def test_what_only_opening_can_tell(text: str, words: str):
    with pytest.raises(BridgeError) as caught:
        open_source(text)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_sources_of_different_speed_cannot_run_together():
    with pytest.raises(BadSourceError, match="one speed"):
        open_sources(parse_sources(["sim:office-day?speed=10", "serial:COM3"]))


def test_a_serial_source_is_a_link_that_opens_nothing_yet():
    source = open_source("lower=serial:/dev/none?protocol=witmotion")
    assert isinstance(source, Link)
    assert (source.name, source.simulated) == ("/dev/none", False)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.lists(
        st.sampled_from(["ble:", "SW-", "?", "&", "=", "address", "protocol", "%", "C0", ":"]) | st.text(), max_size=9
    )
)
def test_any_text_of_a_sensor_is_a_source_or_one_plain_line(pieces: list[str]):
    try:
        (spec,) = parse_sources(["ble:" + "".join(pieces)])
    except BadSourceError as error:
        said = error
    else:
        said = None
    if said is not None:
        assert str(said).isprintable()
        return
    assert spec.kind == "ble"
    assert spec.target.isprintable()
    assert spec.target or spec.options["address"]


@given(name=st.text(max_size=60))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_a_name_as_it_was_heard_survives_its_source_text(name: str):
    heard = clean_text(name)
    if heard:
        (spec,) = parse_sources([ble_source(heard, protocol="spinewatch")])
        assert spec.target == heard


def test_sensors_over_bluetooth_share_one_radio_that_says_whether_they_are_made_up():
    made_up = Radio(HostClock(), simulated=True)
    texts = ["ble:SW-1", "ble:SW-2"]
    links = open_sources(parse_sources(texts), OpenOptions(radio=made_up))
    assert [(link.name, link.simulated) for link in links] == [("SW-1", True), ("SW-2", True)]
    links = open_sources(parse_sources(texts))
    radios = {link._transport._radio for link in links}
    assert (len(radios), links[0].simulated) == (1, False)


@pytest.mark.parametrize("text", ["ble:SW-1", "sim:rom-test?hours=0.05"])
def test_without_bleak_only_bluetooth_is_missing(text: str, monkeypatch: pytest.MonkeyPatch):
    for name in [*sys.modules]:
        if name.startswith(("bleak", "spinewatch_bridge.transports.ble")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "bleak", None)
    if text.startswith("sim"):
        assert open_source(text).simulated
    else:
        with pytest.raises(BadSourceError, match=r"'bleak' is not installed.*connect the sensor by cable"):
            open_source(text)


def test_two_simulated_sensors_show_one_wearer_to_the_end_of_the_day():
    """Both links of a short simulated day: complete, in order, labelled, and then ended."""
    *collectors, steps = Collector(), Collector(), Collector()
    ended = []

    async def main(clock: VirtualClock) -> None:
        specs = parse_sources(["sim:rom-test?seed=2&hours=0.05", "sim:rom-test?seed=2&hours=0.05"])
        sources = open_sources(specs, OpenOptions(clock=clock))
        await asyncio.gather(*(source.run(c) for source, c in zip(sources, (*collectors, steps), strict=True)))
        ended.append(True)

    run_virtually(main, 500)
    assert ended
    for got, site in zip(collectors, (Site.UPPER_BACK, Site.PELVIS), strict=True):
        channel = got.channels[0]
        assert (channel.sensor.id, channel.sensor.site, channel.simulated) == (site.value, site, True)
        counters = [(b.counter, len(b)) for b in got.blocks]
        assert all(a + n == b for (a, n), (b, _) in pairwise(counters))
        assert sum(n for _, n in counters) > 17_500
        assert got.events("disconnected")[0].data["cause"] == "the simulated day is over"
    assert not steps.blocks
    assert {"still", "bends"} == {name for event in steps.events("calibration_steps") for name in event.data}


def test_a_spec_is_what_its_text_says():
    (spec,) = parse_sources(["sim:office-day?seed=7&speed=60"])
    assert spec == SourceSpec("sim:office-day?seed=7&speed=60", "sim", "office-day", {"seed": "7", "speed": "60"})


def test_the_host_clock_runs_from_its_anchor_at_its_speed():
    times = iter([100.0, 100.0, 103.0])
    clock = HostClock(start_s=1e9, speed=60.0, steady=lambda: next(times))
    assert clock.now_s() == 1e9
    assert clock.now_s() == 1e9 + 180.0
    assert clock.wait_s(60.0) == 1.0


def test_real_sensors_live_in_real_time_however_long_the_program_takes_to_begin():
    passed_s = [100.0]
    clock = HostClock(start_s=1e9, steady=lambda: passed_s[0])
    open_sources(parse_sources(["serial:COM3"]), OpenOptions(clock=clock))
    passed_s[0] += 5.0
    assert clock.now_s() == 1e9 + 5.0
