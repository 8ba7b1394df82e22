"""The serial transport over a real pseudo-terminal, with a simulated sensor on the other end. Linux and macOS."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bridge_helpers import START_S, Collector, NumberedStream
from spinewatch_bridge.blocks import Item
from spinewatch_bridge.errors import (
    BridgeError,
    LinkLostError,
    PortBusyError,
    PortNotFoundError,
    PortPermissionError,
)
from spinewatch_bridge.host_clock import HostClock
from spinewatch_bridge.simulator.device import VirtualDevice
from spinewatch_bridge.transports.serial_port import SerialTransport

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals exist only on Linux and macOS")
if os.name == "posix":
    from spinewatch_bridge.simulator.pty_device import PtyDevice

PATIENCE_S = 20.0  # only a broken program needs so long


class HastyClock(HostClock):
    """Host time in which waiting between attempts takes none."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


class BurstSensor:
    """Plays a device on a pty as fast as the line takes it, in a thread; `unplug` pulls the cable."""

    def __init__(self, device: VirtualDevice, at_s: float = START_S) -> None:
        self.port = PtyDevice(device)
        self.at_s = at_s
        self._pulled = threading.Event()
        self._thread = threading.Thread(target=self._play)
        self._thread.start()

    def _play(self) -> None:
        while not self._pulled.is_set():
            due_s = self.port.device.next_due_s()
            if due_s < float("inf"):
                self.at_s = due_s
            else:
                select.select([self.port], [], [], 0.01)  # for a command; its clock stands still meanwhile
            self.port.step(self.at_s, patient=True)

    def unplug(self) -> None:
        self._pulled.set()
        self._thread.join(PATIENCE_S)
        self.port.close()


@contextlib.contextmanager
def plugged_in(device: VirtualDevice, at_s: float = START_S):
    sensor = BurstSensor(device, at_s)
    try:
        yield sensor
    finally:
        sensor.unplug()


class Waiting(Collector):
    """A collector that can be awaited: until so many samples, or so many links, have come."""

    def __init__(self) -> None:
        super().__init__()
        self._news = asyncio.Event()
        self.samples = 0

    def __call__(self, items: list[Item]) -> None:
        super().__call__(items)
        self.samples = sum(len(b) for b in self.blocks)
        self._news.set()

    async def until(self, reached) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not reached(self):
                self._news.clear()
                await self._news.wait()


def link_to(path: str, **more):
    from spinewatch_bridge.link import Link
    from spinewatch_bridge.protocols.spinewatch import SpinewatchProtocol
    from spinewatch_signal.samples import SensorInfo

    clock = HastyClock()
    transport = SerialTransport(path, [115200], clock, gather_s=0.0)
    return Link(SensorInfo("upper_back", ""), transport, SpinewatchProtocol(), clock, **more), transport


async def stopped(running: asyncio.Task) -> None:
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


def test_every_sample_comes_through_a_real_port():
    async def main(path: str) -> Waiting:
        got = Waiting()
        link, _ = link_to(path)
        running = asyncio.ensure_future(link.run(got))
        await got.until(lambda g: g.samples >= 500)
        await stopped(running)
        return got

    with plugged_in(VirtualDevice(NumberedStream(500))) as sensor:
        got = asyncio.run(main(sensor.port.path))
    assert got.numbers == list(range(500))
    assert got.events("gap") == []
    assert got.events("connected")[0].data["serial"] == "SIM1"
    assert threads_reading() == []


def threads_reading() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("spinewatch-serial")]


def test_unplugged_and_plugged_in_elsewhere(tmp_path: Path):
    """The name stays (a link, as udev makes them), the port behind it is another; the device slept meanwhile."""
    name = tmp_path / "sensor"

    async def main() -> Waiting:
        got = Waiting()
        link, _ = link_to(str(name))
        device = VirtualDevice(NumberedStream(300), session=1)
        with plugged_in(device) as first:
            name.symlink_to(first.port.path)
            running = asyncio.ensure_future(link.run(got))
            await got.until(lambda g: g.samples >= 300)
        await got.until(lambda g: g.events("disconnected"))
        name.unlink()
        with plugged_in(VirtualDevice(NumberedStream(400), session=9)) as second:
            name.symlink_to(second.port.path)
            await got.until(lambda g: g.samples >= 700)
            await stopped(running)
        return got

    got = asyncio.run(main())
    assert got.numbers == [*range(300), *range(400)]
    assert [e.data["cause"] for e in got.events("disconnected")] == ["the sensor or its cable was unplugged"]
    (gap,) = got.events("gap")
    assert gap.data["lost_samples"] is None
    assert threads_reading() == []


def test_a_port_that_is_in_use_is_told_so():
    async def main(path: str) -> None:
        first = SerialTransport(path, [115200], HostClock())
        second = SerialTransport(path, [115200], HostClock())
        await first.open()
        try:
            with pytest.raises(PortBusyError, match="in use by another program"):
                await second.open()
        finally:
            await first.close()
        await second.open()
        await second.close()

    port = PtyDevice(VirtualDevice(NumberedStream()))
    try:
        asyncio.run(main(port.path))
    finally:
        port.close()


async def read_for_ever(transport: SerialTransport) -> None:
    while True:
        await transport.read(1.0)


def test_an_unplugged_port_fails_reads_and_writes_in_words():
    async def main() -> None:
        port = PtyDevice(VirtualDevice(NumberedStream()))
        transport = SerialTransport(port.path, [115200], HostClock())
        await transport.open()
        port.close()
        with pytest.raises(LinkLostError, match="unplugged"):
            await asyncio.wait_for(read_for_ever(transport), PATIENCE_S)
        with pytest.raises(LinkLostError):
            await transport.write(b"anything")
        await transport.close()
        await transport.close()

    asyncio.run(main())


def opening(path: str) -> BridgeError:
    async def main() -> None:
        transport = SerialTransport(path, [115200], HostClock())
        await transport.open()

    with pytest.raises(BridgeError) as caught:
        asyncio.run(main())
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_port_that_is_not_there(tmp_path: Path):
    error = opening(str(tmp_path / "ttyACM9"))
    assert isinstance(error, PortNotFoundError)


def test_a_file_is_no_port(tmp_path: Path):
    plain = tmp_path / "notes.txt"
    plain.write_text("hello")
    assert "is not a serial port" in str(opening(str(plain)))
    assert "is not a serial port" in str(opening(str(tmp_path)))


def test_no_permission_is_told_apart(monkeypatch: pytest.MonkeyPatch):
    import serial

    def refuse(self) -> None:
        raise serial.SerialException(13, "could not open port /dev/ttyACM0: [Errno 13] Permission denied")

    monkeypatch.setattr(serial.Serial, "open", refuse)
    assert isinstance(opening("/dev/ttyACM0"), PortPermissionError)


def test_the_simulated_sensor_runs_as_a_program_of_its_own(tmp_path: Path):
    """One command gives a port; a link to it gets labelled data of the asked scenario."""
    name = tmp_path / "sensor"
    program_name = "spinewatch_bridge.simulator.pty_device"
    command = [sys.executable, "-m", program_name, "office-day", "--seed", "3", "--role", "both"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}

    async def main(path: str) -> Waiting:
        got = Waiting()
        link, _ = link_to(path, fail_fast=True)
        running = asyncio.ensure_future(link.run(got))
        await got.until(lambda g: g.samples >= 20)
        await stopped(running)
        return got

    with subprocess.Popen(
        [*command, "--link", str(name)], stdout=subprocess.PIPE, text=True, env=environment
    ) as program:
        assert program.stdout is not None
        path = program.stdout.readline().strip()
        second = program.stdout.readline().strip()
        assert name.readlink() == Path(path)
        assert name.with_name("sensor-lower").readlink() == Path(second)
        got = asyncio.run(main(path))
        program.terminate()
    assert got.channels[0].details["serial"] == "SIM3-upper_back"
