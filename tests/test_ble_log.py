"""A sensor of our own over virtual Bluetooth: what a computer missed lies in its log and is fetched by radio."""

from __future__ import annotations

import asyncio

from ble_stage import Stage, play
from bridge_helpers import NumberedStream, numbers_in
from spinewatch_bridge.log_download import LogReader
from spinewatch_bridge.protocols import spinewatch_log as log
from spinewatch_bridge.simulator.device import VirtualDevice
from spinewatch_bridge.simulator.device_log import DeviceLog
from test_log_download import MemorySink


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
