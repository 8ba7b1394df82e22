"""A serial sensor that is unplugged and comes back: under its name, under another, or while another device is there."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Callable

import pytest

from bridge_helpers import NumberedStream
from spinewatch_bridge.errors import PortHangsError
from spinewatch_bridge.simulator.device import VirtualDevice
from spinewatch_bridge.transports.port_finder import PortInfo, find_port, known_port
from spinewatch_bridge.transports.serial_port import SerialTransport, port_infos

A = PortInfo("/dev/ttyACM0", "Sensor", 0x1915, 0x520F, "AB12", "1-1")
B = PortInfo("/dev/ttyACM1", "Sensor", 0x1915, 0x520F, "CD34", "1-2")
PLAIN = PortInfo("/dev/ttyUSB0", "USB Serial", 0x1A86, 0x7523, None, "1-1")
PLAIN_TOO = PortInfo("/dev/ttyUSB1", "USB Serial", 0x1A86, 0x7523, None, "1-2")
BUILT_IN = PortInfo("/dev/ttyS0")


def named(port: PortInfo, device: str, location: str | None = None) -> PortInfo:
    told = port.location if location is None else location
    return PortInfo(device, port.description, port.vid, port.pid, port.serial_number, told)


@pytest.mark.parametrize(
    ("first", "asked", "now", "found"),
    [
        ([A, B], A, [A, B], "/dev/ttyACM0"),
        ([A, B], A, [B], None),
        ([A, B], A, [named(A, "/dev/ttyACM7", "3-4"), B], "/dev/ttyACM7"),  # another name, another socket
        ([A, B], A, [named(B, "/dev/ttyACM0"), named(A, "/dev/ttyACM1")], "/dev/ttyACM1"),  # they swapped names
        ([A], A, [named(B, "/dev/ttyACM0")], None),  # another device took its name
        ([PLAIN], PLAIN, [named(PLAIN, "/dev/ttyUSB3", "2-1")], "/dev/ttyUSB3"),  # the only one of its kind
        ([PLAIN], PLAIN, [PLAIN_TOO, named(PLAIN, "/dev/ttyUSB3")], "/dev/ttyUSB3"),  # by its socket
        ([PLAIN, PLAIN_TOO], PLAIN, [PLAIN_TOO], None),  # the other of two that look alike
        ([PLAIN, PLAIN_TOO], PLAIN, [named(PLAIN_TOO, "/dev/ttyUSB0")], None),
        ([PLAIN, PLAIN_TOO], PLAIN, [named(PLAIN, "/dev/ttyUSB9")], "/dev/ttyUSB9"),
        ([PLAIN], PLAIN, [named(A, "/dev/ttyUSB0")], None),
        ([A], A, [], None),
    ],
)
def test_where_a_device_is_found_again(
    first: list[PortInfo], asked: PortInfo, now: list[PortInfo], found: str | None
) -> None:
    known = known_port(asked.device, first)
    assert known is not None
    assert find_port(known, now) == found


def test_a_port_that_says_nothing_of_itself_is_known_by_name_only() -> None:
    assert known_port("/dev/ttyS0", [BUILT_IN, A]) is None
    assert known_port("/dev/pts/3", [A]) is None


def test_ports_are_listed_by_name_and_their_texts_cleaned(monkeypatch: pytest.MonkeyPatch) -> None:
    from serial.tools import list_ports, list_ports_common

    def port(device: str, serial_number: str | None) -> list_ports_common.ListPortInfo:
        info = list_ports_common.ListPortInfo(device, skip_link_detection=True)
        info.description, info.vid, info.pid, info.serial_number = "Evil\x1b[31m", 1, 2, serial_number
        return info

    monkeypatch.setattr(list_ports, "comports", lambda: [port("COM9", "X\n1"), port("COM3", None)])
    assert port_infos() == [
        PortInfo("COM3", "Evil·[31m", 1, 2, None, None),
        PortInfo("COM9", "Evil·[31m", 1, 2, "X·1", None),
    ]


posix_only = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals exist only on Linux and macOS")
if os.name == "posix":
    from test_serial_pty import HastyClock, Waiting, plugged_in, stopped


class Sockets:
    """The USB ports of a computer, as its lister tells them."""

    def __init__(self) -> None:
        self.there: list[PortInfo] = []

    def __call__(self) -> list[PortInfo]:
        return list(self.there)


def running_link(path: str, sockets: Callable[[], list[PortInfo]], got: Waiting) -> asyncio.Task[None]:
    from spinewatch_bridge.link import Link
    from spinewatch_bridge.protocols.spinewatch import SpinewatchProtocol
    from spinewatch_signal.samples import SensorInfo

    clock = HastyClock()
    transport = SerialTransport(path, [115200], clock, 0.0, sockets)
    return asyncio.ensure_future(Link(SensorInfo("upper_back", ""), transport, SpinewatchProtocol(), clock).run(got))


@posix_only
def test_a_sensor_is_found_under_another_name_and_the_one_that_took_its_name_is_left_alone() -> None:
    async def main() -> tuple[Waiting, str, str, VirtualDevice]:
        got, sockets = Waiting(), Sockets()
        other = VirtualDevice(NumberedStream(1000), serial="OTHER")
        with contextlib.ExitStack() as stack:
            with plugged_in(VirtualDevice(NumberedStream(300), session=1)) as first:
                sockets.there = [named(A, first.port.path)]
                running = running_link(first.port.path, sockets, got)
                await got.until(lambda g: g.samples >= 300)
                sockets.there = []
            await got.until(lambda g: g.events("disconnected"))
            taker = stack.enter_context(plugged_in(other))
            sockets.there = [named(B, first.port.path)]  # the system gives the free name to another sensor
            await asyncio.sleep(0)
            back = stack.enter_context(plugged_in(VirtualDevice(NumberedStream(400), session=9)))
            sockets.there = [named(B, first.port.path), named(A, back.port.path, "5-5")]
            await got.until(lambda g: g.samples >= 700)
            await stopped(running)
            del taker
            return got, first.port.path, back.port.path, other

    got, first_path, back_path, other = asyncio.run(main())
    assert got.numbers == [*range(300), *range(400)]
    assert other.commands == []
    assert [e.data["port"] for e in got.events("connected")] == [first_path, back_path]
    assert len(got.channels) == 1
    (gap,) = got.events("gap")
    assert gap.data["cause"] == "the sensor or its cable was unplugged"


@posix_only
def test_a_like_device_in_its_place_is_told_in_words() -> None:
    from spinewatch_bridge.errors import LinkLostError, PortNotFoundError

    async def main() -> None:
        sockets = Sockets()
        with plugged_in(VirtualDevice(NumberedStream(10))) as sensor:
            path = sensor.port.path
            transport = SerialTransport(path, [115200], HastyClock(), 0.0, sockets)
            sockets.there = [named(A, path)]
            await transport.open()
            await transport.close()
            sockets.there = [named(B, path)]
            with pytest.raises(LinkLostError, match="another device is at"):
                await transport.open()
            sockets.there = []
            with pytest.raises(PortNotFoundError):
                await transport.open()
            sockets.there = [named(A, path)]
            await transport.open()
            await transport.close()

    asyncio.run(main())


@posix_only
def test_a_name_is_never_taken_from_a_file(tmp_path, capsys) -> None:
    from spinewatch_bridge.simulator import pty_device

    kept = tmp_path / "notes.txt"
    kept.write_text("mine")
    pointer = tmp_path / "pointer"
    pointer.symlink_to(kept)
    for name in (kept, pointer):
        assert pty_device.main(["office-day", "--start-s", "1e9", "--link", str(name)]) == 2
        assert str(name) in capsys.readouterr().err
    assert kept.read_text() == "mine"
    assert pointer.readlink() == kept


@posix_only
def test_an_old_name_of_an_earlier_run_is_replaced_and_removed_at_the_end(tmp_path) -> None:
    from spinewatch_bridge.simulator.pty_device import _linked

    name = tmp_path / "sensor"
    name.symlink_to("/dev/pts/999999")
    with _linked(name, "/dev/pts/0"):
        assert str(name.readlink()) == "/dev/pts/0"
    assert not name.is_symlink()
    with _linked(name, "/dev/pts/0"):
        name.unlink()
        name.symlink_to("/dev/pts/1")  # somebody else's by now
    assert name.is_symlink()


@posix_only
def test_a_driver_that_hangs_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows a read can hang on a port that is gone; the link goes on without its thread."""
    import threading

    from spinewatch_bridge.transports import serial_port

    let_go = threading.Event()

    def hang(port, inbox, now_s, gather_s, loop) -> None:
        let_go.wait(30.0)
        port.close()

    monkeypatch.setattr(serial_port, "_read_until_closed", hang)
    monkeypatch.setattr(serial_port, "JOIN_TIMEOUT_S", 0.01)

    async def main() -> None:
        with plugged_in(VirtualDevice(NumberedStream(10))) as sensor:
            transport = SerialTransport(sensor.port.path, [115200], HastyClock(), 0.0)
            await transport.open()
            began_s = time.monotonic()
            await transport.close()
            assert time.monotonic() - began_s < 5.0
            let_go.set()

    asyncio.run(main())


@posix_only
def test_a_driver_that_hangs_in_opening_has_a_ceiling_and_its_port_is_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import threading

    import serial

    from spinewatch_bridge.transports import serial_port
    from test_serial_pty import HastyClock, plugged_in

    let_go, opened, calls = threading.Event(), serial.Serial.open, []

    def hang(port: serial.Serial) -> None:
        calls.append(threading.current_thread())
        let_go.wait(30.0)
        opened(port)

    monkeypatch.setattr(serial.Serial, "open", hang)
    monkeypatch.setattr(serial_port, "OPEN_S", 0.01)

    async def main() -> None:
        with plugged_in(VirtualDevice(NumberedStream(10))) as sensor:
            transport = SerialTransport(sensor.port.path, [115200], HastyClock(), 0.0)
            for _ in range(2):
                with pytest.raises(PortHangsError, match="does not open: its driver hangs"):
                    await transport.open()
            (thread,) = calls
            assert thread.daemon, "the end of the program would wait for it"
            let_go.set()
            thread.join(30.0)
            monkeypatch.setattr(serial.Serial, "open", opened)
            monkeypatch.setattr(serial_port, "OPEN_S", 30.0)
            await transport.open()  # not in use: what opened too late was closed
            await transport.close()

    asyncio.run(main())


def test_a_lost_port_is_logged_without_its_name(caplog: pytest.LogCaptureFixture) -> None:
    from spinewatch_bridge.transports import serial_port

    caplog.set_level(logging.DEBUG, "spinewatch_bridge")
    serial_port._lost(OSError(5, "read failed", "/dev/serial/by-id/usb-SW-3F2A"))
    assert caplog.messages == ["a serial port failed: OSError"]
    assert "SW-3F2A" not in caplog.text
