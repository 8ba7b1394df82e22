"""Source texts: what opens, and the one line for what does not."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from bridge_helpers import Collector, VirtualClock, run_virtually
from spinewatch_bridge.errors import BadSourceError, BridgeError
from spinewatch_bridge.host_clock import HostClock
from spinewatch_bridge.link import Link
from spinewatch_bridge.sources import OpenOptions, SourceSpec, open_source, open_sources, parse_sources
from spinewatch_signal.samples import Role, Site


@pytest.mark.parametrize(
    ("texts", "places"),
    [
        (["serial:/dev/ttyACM0"], [("serial", "/dev/ttyACM0", Role.UPPER, Site.UPPER_BACK)]),
        (["serial:COM3?protocol=witmotion&baud=9600&site=t12"], [("serial", "COM3", Role.UPPER, Site.T12)]),
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
        (["/dev/ttyACM0"], "does not say what it is. A source looks like serial:PORT"),
        (["ble:Spine"], "Bluetooth comes with the next version; connect the sensor by cable or use sim:"),
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
