"""The program's own way to a sensor, in the guest: a source by its text, on the system's own Bluetooth.

``product.py scan`` looks around once; ``product.py SOURCE...`` runs until standard input says "end". What it sees goes
to standard output, one JSON object per line.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import Sequence

from bridge_helpers import numbers_in
from spinewatch_bridge.blocks import Block, Event, Item
from spinewatch_bridge.errors import BridgeError
from spinewatch_bridge.host_clock import HostClock
from spinewatch_bridge.link import Link
from spinewatch_bridge.nearby import nearby_ble
from spinewatch_bridge.sources import OpenOptions, open_sources, parse_sources
from spinewatch_bridge.transports.ble_radio import Radio, bluetooth_state

SCAN_S = 4.0


def tell(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def scan() -> None:
    clock = HostClock()
    radio = Radio(clock)
    state = await bluetooth_state(radio)
    tell(state=state.name)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SCAN_S):
            await radio.watch(lambda _adverts: None)
    for found in nearby_ble(radio.around(), clock.now_s()):
        tell(seen=found.title, family=found.family, signal=found.signal_words, source=found.source)


async def run(texts: list[str]) -> None:
    sources = open_sources(parse_sources(texts), OpenOptions())
    working = [asyncio.create_task(one.run(tell_items)) for one in sources]
    link = sources[0]
    assert isinstance(link, Link)
    obeying = asyncio.create_task(_obey(link))
    ended, _ = await asyncio.wait([obeying, *working], return_when=asyncio.FIRST_COMPLETED)
    for task in ended - {obeying}:
        task.result()  # a source never ends by itself: let its error out
    for task in working:
        task.cancel()
    await asyncio.gather(*working, return_exceptions=True)
    tell(ended=True)


async def _obey(link: Link) -> None:
    """Do what standard input says, until it says to end."""
    lines = await _standard_input()
    while (line := (await lines.readline()).decode().strip()) not in ("", "end"):
        if line == "identify":
            await _identify(link)


async def _identify(link: Link) -> None:
    try:
        await link.identify(1)
    except BridgeError as error:
        tell(identified=str(error))
    else:
        tell(identified=True)


def tell_items(items: Sequence[Item]) -> None:
    for item in items:
        if isinstance(item, Block):
            tell(sensor=item.sensor, came=numbers_in(item.values))
        elif isinstance(item, Event) and item.kind == "gap":
            tell(sensor=item.sensor, gap=item.data.get("lost_samples"), cause=item.data.get("cause"))
        elif isinstance(item, Event) and item.kind in ("connected", "disconnected"):
            facts = {name: value for name, value in item.data.items() if isinstance(value, str | int)}
            tell(sensor=item.sensor, link=item.kind, **facts)


async def _standard_input() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


if __name__ == "__main__":
    logging.basicConfig(level=logging.DEBUG, format="product %(relativeCreated)d %(name)s: %(message)s")
    for talkative in ("asyncio", "bleak.backends.bluezdbus.manager"):
        logging.getLogger(talkative).setLevel(logging.INFO)
    asyncio.run(scan() if sys.argv[1] == "scan" else run(sys.argv[1:]))
