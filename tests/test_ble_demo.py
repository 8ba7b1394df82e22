"""The room for people without a sensor: two sensors of one wearer, a strap nearby, all said to be simulated."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

import pytest

from bridge_helpers import Collector, VirtualClock, run_virtually
from spinewatch_bridge.errors import BadSourceError, BridgeError
from spinewatch_bridge.sources import OpenOptions, open_sources, parse_sources
from spinewatch_bridge.transports.ble_demo import demo_air
from spinewatch_bridge.transports.ble_radio import Advert
from spinewatch_signal.samples import Role, Site


def test_the_demo_streams_two_sensors_and_hears_a_third() -> None:
    seen, heard = [Collector(), Collector()], {}

    def on_seen(adverts: Sequence[Advert]) -> None:
        heard.update({advert.name: advert.rssi_dbm for advert in adverts})

    async def main(clock: VirtualClock) -> None:
        async with demo_air(clock, seed=7) as demo:
            options = OpenOptions(clock=clock, radio=demo.radio)
            sources = open_sources(parse_sources(demo.sources), options)
            works = [source.run(emit) for source, emit in zip(sources, seen, strict=True)]
            tasks = [asyncio.create_task(work) for work in (*works, demo.radio.watch(on_seen))]
            await clock.sleep(20.0)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    run_virtually(main, 60)
    channels = [collector.channels[0] for collector in seen]
    assert [(c.sensor.family, c.sensor.role, c.sensor.site, c.simulated) for c in channels] == [
        ("spinewatch", Role.UPPER, Site.UPPER_BACK, True),
        ("witmotion", Role.LOWER, Site.PELVIS, True),
    ]
    assert all(sum(len(block) for block in collector.blocks) > 1400 for collector in seen)
    assert all(collector.events("gap") == [] for collector in seen)
    assert heard == {"SW-0007": -52, "WT901BLE67": -63, "Polar H10 5A1E0001": -81}


def test_an_unknown_scenario_is_one_line() -> None:
    async def main(clock: VirtualClock) -> None:
        with pytest.raises(BadSourceError, match="no-such-day"):
            async with demo_air(clock, "no-such-day"):
                pass

    run_virtually(main, 1)


def test_without_bumble_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("spinewatch_bridge.simulator.ble_")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "bumble", None)

    async def main(clock: VirtualClock) -> None:
        with pytest.raises(BridgeError, match=r"pip install"):
            async with demo_air(clock):
                pass

    run_virtually(main, 1)
