"""A sensor of our own over virtual Bluetooth: what a computer missed lies in its log and is fetched by radio."""

from __future__ import annotations

import asyncio

from ble_stage import Stage, play
from bridge_helpers import Collector, NumberedStream, numbers_in
from own_log_helpers import MemorySink
from own_sensor_helpers import Keys
from spinewatch_bridge.errors import DeviceRefusedError
from spinewatch_bridge.link import Link
from spinewatch_bridge.log_download import LogReader
from spinewatch_bridge.protocols import spinewatch_log as log
from spinewatch_bridge.simulator.device import VirtualDevice
from spinewatch_bridge.simulator.device_log import DeviceLog
from spinewatch_bridge.simulator.device_owner import OwnerLock
from spinewatch_bridge.sources import OpenOptions, open_sources, parse_sources
from spinewatch_bridge.transports.ble_radio import Radio


def test_what_was_missed_is_fetched_by_radio_also_over_another_loss():
    """Out of reach for 90 s, and again for 8 s amid the download: live and fetched samples together are all there are.

    But for the queue of the first moments of a loss, which was handed to a link that was gone already.
    """
    memory, sink = DeviceLog(), MemorySink()

    async def story(stage: Stage) -> None:
        sensor = await stage.enter(VirtualDevice(NumberedStream(), serial="T0042", framed=False, log=memory))
        [player] = stage.open(["ble:SW-0042"], [sensor])
        await stage.clock.sleep(10)
        sensor.out_of_reach(90)
        await stage.clock.sleep(100)
        reader = LogReader(player.link, stage.clock)
        (file,) = await reader.list_files()
        fetching = asyncio.create_task(reader.download(file, sink))
        await stage.clock.sleep(0.5)
        sensor.out_of_reach(8)
        assert 0 < len(sink.pages) < file.pages
        assert await fetching == []
        await stage.clock.sleep(2)

        fetched = numbers_in(log.decode_pages(sink.data).counts)
        live = player.seen.numbers
        assert fetched == list(range(fetched[0], fetched[0] + len(fetched)))
        assert len(fetched) > 8000
        assert not set(live) & set(fetched)
        before = max(n for n in live if n < fetched[0])
        assert fetched[-1] + 1 in live  # the first sample after START follows the last that was kept
        assert fetched[0] - before - 1 <= 600  # what was sent into the silence before the link was given up

    play(story, 400)


def test_the_first_host_owns_it_and_another_is_refused():
    lock = OwnerLock()

    def link_of(stage: Stage, keys: Keys) -> Link:
        radio = Radio(stage.clock, stage.air.backend, simulated=True)
        options = OpenOptions(clock=stage.clock, fail_fast=True, radio=radio, owner_keys=keys)
        (link,) = open_sources(parse_sources(["ble:SW-0042"]), options)
        assert isinstance(link, Link)
        return link

    async def story(stage: Stage) -> None:
        sensor = await stage.enter(VirtualDevice(NumberedStream(), serial="T0042", framed=False, owner=lock))
        ours, seen = Keys(), Collector()
        running = asyncio.create_task(link_of(stage, ours).run(seen))
        await stage.clock.sleep(10)
        assert (lock.key_set, lock.authorised, ours.made) == (True, True, 1)
        sensor.out_of_reach(8)
        await stage.clock.sleep(20)
        assert (lock.authorised, ours.made, len(seen.events("connected"))) == (True, 1, 2)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await stage.clock.sleep(2)
        refused = await asyncio.gather(link_of(stage, Keys()).run(Collector()), return_exceptions=True)
        assert isinstance(refused[0], DeviceRefusedError)
        assert "belongs to another owner: hold its button" in str(refused[0])

    play(story, 400)
