"""Erasing the log of a sensor: after all is safe, and once, also over a link that is lost with the answer."""

from __future__ import annotations

import pytest

from bridge_helpers import VirtualClock, run_virtually
from own_log_helpers import MemorySink, file_of, filled, over_a_link
from spinewatch_bridge.errors import DeviceRefusedError, LogError, UnreachedError
from spinewatch_bridge.link import Link
from spinewatch_bridge.log_download import DownloadParams, LogReader
from spinewatch_bridge.protocols import spinewatch_log as log
from spinewatch_bridge.protocols.base import EraseLog, Request


def test_nothing_is_erased_before_it_is_safe():
    memory = filled(3)

    async def work(link: Link, clock: VirtualClock) -> None:
        reader, sink = LogReader(link, clock), MemorySink(is_safe=False)
        (file,) = await reader.list_files()
        with pytest.raises(LogError):
            await reader.erase(file, MemorySink())
        await reader.download(file, sink)
        with pytest.raises(LogError):
            await reader.erase(file, sink)
        assert len(memory.files()) == 1
        sink.is_safe = True
        await reader.erase(file, sink)
        assert await reader.list_files() == []
        with pytest.raises(DeviceRefusedError, match="does not offer"):
            await reader.erase(file, None)

    over_a_link(work, memory)


@pytest.mark.parametrize("reaches_it", [True, False])
def test_an_answer_that_was_lost_does_not_make_the_erasing_fail(reaches_it: bool):
    memory = filled(3)

    async def work(link: Link, clock: VirtualClock) -> None:
        reader, ask_link, asked = LogReader(link, clock), link.request, []
        (file,) = await reader.list_files()

        async def lost_once(request: Request) -> bytes:
            if not isinstance(request, EraseLog) or asked:
                return await ask_link(request)
            asked.append(request)
            if reaches_it:
                await ask_link(request)
            raise UnreachedError("the link was lost")

        link.request = lost_once
        await reader.erase(file, None)
        assert memory.files() == []

    over_a_link(work, memory)


def test_erasing_over_a_link_that_is_lost_each_time_ends():
    class Flaky:
        on_log_piece = None

        async def request(self, asked: Request) -> bytes:
            if isinstance(asked, EraseLog):
                raise UnreachedError("the link was lost")
            return log.pack_log_list(1, [file_of(3)])

    async def main(clock: VirtualClock) -> None:
        with pytest.raises(UnreachedError, match="not known"):
            await LogReader(Flaky(), clock, DownloadParams(patience_s=20)).erase(file_of(3), None)

    run_virtually(main, 100)
