"""Ten million random bytes leave memory flat and the link alive; what follows them is found again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from bridge_helpers import NumberedStream
from fuzzing import MAX_HELD_BYTES, Form, Talk, forms, held_bytes, mutations, noise
from spinewatch_bridge.simulator.device import VirtualDevice

PROTOCOL_BYTES, LINE_BYTES = 2_000_000, 10_000_000
MUTATED_BYTES = 100_000
PEAK_BYTES = 4 << 20


def traced(work: Callable[[], None]) -> int:
    """Most memory that was held during the work, over what was held before."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        work()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("form", forms(), ids=str)
def test_a_protocol_stays_small_in_noise_and_finds_its_sensor_again(form: Form) -> None:
    talk, rng = Talk(form), np.random.default_rng(1)
    talk.until_samples(50)

    def flood() -> None:
        for channel, data in noise(form, PROTOCOL_BYTES // 10, rng):
            talk.tell(channel, data)

    peak = traced(flood)
    for channel, data in noise(form, PROTOCOL_BYTES * 9 // 10, rng):
        talk.tell(channel, data)
    assert peak < PEAK_BYTES, f"{form}: {peak} bytes"
    assert held_bytes(talk.protocol) < MAX_HELD_BYTES
    talk.until_samples(50)


@pytest.mark.parametrize("form", forms(), ids=str)
def test_wrong_frames_never_raise_and_the_sensor_is_found_again(form: Form) -> None:
    talk, rng = Talk(form), np.random.default_rng(2)
    talk.until_samples(50)
    for number, (channel, data) in enumerate(mutations(talk.heard, MUTATED_BYTES, rng)):
        talk.tell(channel, data)
        if number % 10 == 0:
            talk.step()
    assert held_bytes(talk.protocol) < MAX_HELD_BYTES
    talk.until_samples(50)


posix_only = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals exist only on Linux and macOS")
if os.name == "posix":
    from test_serial_pty import BurstSensor, HastyClock, Waiting, stopped


class Flooding:
    """A sensor that, when told so, sends random bytes for a while, and then goes on as before."""

    def __init__(self) -> None:
        self.sensor = BurstSensor(VirtualDevice(NumberedStream(200, start_s=0.0), session=1), 0.0)
        self.sent = 0
        self._thread = threading.Thread(target=self._flood)

    def begin(self) -> None:
        self._thread.start()

    def _flood(self) -> None:
        rng = np.random.default_rng(3)
        while self.sent < LINE_BYTES and self.sensor.port._write(rng.bytes(4096), patient=True):
            self.sent += 4096

    def end(self) -> None:
        self._thread.join(60.0)
        self.sensor.unplug()


@posix_only
def test_a_link_survives_ten_million_random_bytes_on_a_real_port() -> None:
    from spinewatch_bridge.link import Link
    from spinewatch_bridge.protocols.spinewatch import SpinewatchProtocol
    from spinewatch_bridge.transports.serial_port import SerialTransport
    from spinewatch_signal.samples import SensorInfo

    async def main() -> int:
        got, clock, flooding = Waiting(), HastyClock(), Flooding()
        with contextlib.closing(_Ending(flooding)):
            transport = SerialTransport(flooding.sensor.port.path, [115200], clock, 0.0)
            link = Link(SensorInfo("upper_back", ""), transport, SpinewatchProtocol(), clock)
            running = asyncio.ensure_future(link.run(got))
            await got.until(lambda g: g.samples >= 200)
            tracemalloc.start()
            flooding.begin()
            while flooding._thread.is_alive():
                await asyncio.sleep(0.01)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            async with asyncio.timeout(30.0):
                while not await _answers(link):
                    await asyncio.sleep(0.05)
            await stopped(running)
        assert flooding.sent >= LINE_BYTES
        return peak

    peak = asyncio.run(main())
    assert peak < PEAK_BYTES, f"{peak} bytes"


async def _answers(link) -> bool:
    from spinewatch_bridge.errors import DeviceRefusedError

    try:
        await link.identify(1)
    except DeviceRefusedError:
        return False
    return True


class _Ending:
    def __init__(self, flooding: Flooding) -> None:
        self.close = flooding.end
