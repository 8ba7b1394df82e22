"""Serial ports, on pyserial. The only module that imports it.

One reader thread per port: pyserial has no dependable asynchronous form on Windows. It ends with `close`.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence

import serial
from serial.tools import list_ports

from spinewatch_bridge.causes import CauseKey
from spinewatch_bridge.errors import (
    BridgeError,
    LinkLostError,
    PortBusyError,
    PortHangsError,
    PortNotFoundError,
    PortPermissionError,
)
from spinewatch_bridge.host_clock import Clock
from spinewatch_bridge.protocols.base import clean_text
from spinewatch_bridge.transports.base import Chunk
from spinewatch_bridge.transports.in_daemon import InDaemon
from spinewatch_bridge.transports.port_finder import KnownPort, PortInfo, find_port, known_port

__all__ = ["PortInfo", "SerialTransport", "port_infos", "port_names"]

log = logging.getLogger(__name__)

OPEN_S = 20.0  # a Bluetooth port of Windows takes up to ten seconds to say that its sensor is away
READ_TIMEOUT_S = 0.1  # how long the reader thread may take to notice that it should end
WRITE_TIMEOUT_S = 1.0
GATHER_S = 0.008  # a line brings a few bytes at a time; waking once for several costs less and delays nobody
JOIN_TIMEOUT_S = 2.0
MAX_WAITING_BYTES = 1 << 20  # a minute and a half at 115200 baud: nobody is reading any more, drop the oldest


class SerialTransport:
    """A port by name; a USB device is found again under another name, and no other device under its name is taken.

    Args:
        port: device path or COM name.
        bauds: line speeds to try, the likeliest first.
        clock: time of arrival is read from it, in the reader thread.
        gather_s: how long the reader waits for more bytes after some came; 0 in tests.
        ports: lists the ports that are there now.
    """

    def __init__(
        self,
        port: str,
        bauds: Sequence[int],
        clock: Clock,
        gather_s: float = GATHER_S,
        ports: Callable[[], Sequence[PortInfo]] | None = None,
    ) -> None:
        self.name = port
        self._bauds, self._clock, self._gather_s = tuple(bauds), clock, gather_s
        self._ports = ports or port_infos
        self._known: KnownPort | None = None
        self._device = port  # its name now
        self._trying = 0
        self._port: serial.Serial | None = None
        self._thread: threading.Thread | None = None
        self._opener = InDaemon(f"spinewatch-open-{port}")
        self._inbox = _Inbox()

    async def open(self) -> None:
        """Open the port and begin to read."""
        await self.close()
        try:
            port = await self._opener.call(self._find_and_open, OPEN_S, _close)
        except TimeoutError:
            raise PortHangsError(self.name) from None
        loop = asyncio.get_running_loop()
        self._inbox = _Inbox()
        self._port = port
        self._thread = threading.Thread(
            target=_read_until_closed,
            args=(port, self._inbox, self._clock.now_s, self._gather_s, loop),
            name=f"spinewatch-serial-{self.name}",
            daemon=True,
        )
        self._thread.start()

    def _find_and_open(self) -> serial.Serial:
        there = self._ports()
        if self._known is None:
            port = _open_port(self.name, self._bauds[self._trying])
            self._known = known_port(_real_name(self.name), there)
            return port
        found = find_port(self._known, there)
        if found is None:
            raise self._not_there(there)
        self._device = found
        return _open_port(found, self._bauds[self._trying])

    def _not_there(self, there: Sequence[PortInfo]) -> BridgeError:
        kinds = [port.kind for port in there]
        if self._known is not None and self._known.info.kind in kinds:
            alike = "devices that look alike are plugged in; plug the sensor in where it was at first"
            return LinkLostError(alike, CauseKey.WRONG_DEVICE)
        if any(port.device == _real_name(self.name) for port in there):
            other = f"another device is at {self.name} now; plug the sensor in again"
            return LinkLostError(other, CauseKey.WRONG_DEVICE)
        return PortNotFoundError(self.name, [port.device for port in there])

    async def read(self, timeout_s: float) -> list[Chunk]:
        """What came; see `Transport.read`."""
        inbox = self._inbox
        if not inbox.ready.is_set():
            with contextlib.suppress(TimeoutError):  # not wait_for: before Python 3.12 it can swallow a cancellation
                async with asyncio.timeout(self._clock.wait_s(timeout_s)):
                    await inbox.ready.wait()
        chunks, error = inbox.take()
        if not chunks and error is not None:
            raise error
        return chunks

    async def write(self, data: bytes) -> None:
        """Send, in a thread: a sensor that does not read would block the loop."""
        if self._port is None:
            raise LinkLostError("the port is closed", CauseKey.BROKE_OFF)
        try:
            await asyncio.to_thread(self._port.write, data)
        except serial.SerialTimeoutException:
            raise LinkLostError("the sensor does not take what is sent to it", CauseKey.NO_ANSWER) from None
        except (serial.SerialException, OSError, TypeError) as error:  # TypeError: closed meanwhile
            raise _lost(error) from error

    def open_otherwise(self) -> bool:
        """Go on to the next line speed; False when the round begins again."""
        self._trying = (self._trying + 1) % len(self._bauds)
        return self._trying > 0

    def use_speed(self, baud: int) -> None:
        """Run at this speed from the next `open` on; the others are still tried after it."""
        self._bauds = (baud, *(other for other in self._bauds if other != baud))
        self._trying = 0

    def facts(self) -> Mapping[str, object]:
        """Port and speed."""
        return {"port": self._device, "baud": self._bauds[self._trying]}

    def why_lost(self) -> None:
        """A port tells nothing."""

    async def close(self) -> None:
        """Let the reader thread close the port, and wait for its end.

        A driver can hang on a device that is gone; the thread then closes when it comes back, and nobody waits.
        """
        thread, self._thread, self._port = self._thread, None, None
        if thread is not None:
            self._inbox.closing.set()
            await asyncio.to_thread(thread.join, JOIN_TIMEOUT_S)


class _Inbox:
    """Where the reader thread leaves bytes; `ready` is set in the loop's own thread."""

    def __init__(self) -> None:
        self.ready = asyncio.Event()
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._chunks: deque[Chunk] = deque()
        self._waiting = 0
        self._error: BridgeError | None = None

    def put(self, chunk: Chunk) -> None:
        with self._lock:
            self._chunks.append(chunk)
            self._waiting += len(chunk.data)
            while self._waiting > MAX_WAITING_BYTES:
                self._waiting -= len(self._chunks.popleft().data)

    def fail(self, error: BridgeError) -> None:
        with self._lock:
            self._error = error

    def take(self) -> tuple[list[Chunk], BridgeError | None]:
        with self._lock:
            chunks = list(self._chunks)
            self._chunks.clear()
            self._waiting = 0
            if self._error is None:
                self.ready.clear()
            return chunks, self._error


def _read_until_closed(
    port: serial.Serial, inbox: _Inbox, now_s: Callable[[], float], gather_s: float, loop: asyncio.AbstractEventLoop
) -> None:
    try:
        while not inbox.closing.is_set():
            data = port.read(port.in_waiting or 1)
            if data:
                inbox.put(Chunk(data, now_s()))
                _wake(loop, inbox)
                if gather_s:
                    inbox.closing.wait(gather_s)
    except Exception as error:  # pyserial lets TypeError and others out when a port vanishes
        inbox.fail(_lost(error))
        _wake(loop, inbox)
    finally:
        _close(port)


def _close(port: serial.Serial) -> None:
    with contextlib.suppress(Exception):  # of any kind; there is nobody left to tell
        port.close()


def _wake(loop: asyncio.AbstractEventLoop, inbox: _Inbox) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended; so will the thread
        loop.call_soon_threadsafe(inbox.ready.set)


def _lost(error: Exception) -> LinkLostError:
    log.debug("a serial port failed: %s", type(error).__name__)
    return LinkLostError("the sensor or its cable was unplugged", CauseKey.UNPLUGGED)


def _open_port(name: str, baud: int) -> serial.Serial:
    port = serial.Serial()
    port.port, port.baudrate = name, baud
    port.timeout, port.write_timeout = READ_TIMEOUT_S, WRITE_TIMEOUT_S
    port.dtr = False  # a rising DTR resets many boards
    if os.name == "posix":
        port.exclusive = True
    try:
        port.open()
    except (serial.SerialException, OSError, ValueError) as error:
        raise _open_error(name, baud, error) from error
    return port


def _open_error(name: str, baud: int, error: Exception) -> BridgeError:
    number, text = getattr(error, "errno", None), str(error)
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        return BridgeError(f"{name} cannot run at {baud} baud; leave baud out of the source, or give another")
    if number in (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK):
        return PortBusyError(name)
    if number == errno.ENOENT or "FileNotFoundError" in text:
        return PortNotFoundError(name, port_names())
    if number in (errno.EACCES, errno.EPERM):
        return PortPermissionError(name)
    if "PermissionError" in text or "Access is denied" in text:  # Windows says so when another program has the port
        return PortBusyError(name)
    if number in (errno.ENXIO, errno.ENODEV, errno.EIO):
        return PortNotFoundError(name, port_names())
    return BridgeError(f"{name} is not a serial port. Ports that are there: {', '.join(port_names()) or 'none'}.")


def port_infos() -> list[PortInfo]:
    """The serial ports that are there now, by name; texts of devices are cleaned."""
    found = []
    for port in list_ports.comports():
        serial_number = clean_text(port.serial_number) if port.serial_number else None
        described = clean_text(port.description or "")
        found.append(PortInfo(port.device, described, port.vid, port.pid, serial_number, port.location))
    return sorted(found, key=lambda info: info.device)


def _real_name(name: str) -> str:
    """The device behind a name that only points to it, like those of /dev/serial/by-id."""
    return os.path.realpath(name) if os.name == "posix" else name


def port_names() -> list[str]:
    """Names of the serial ports that are there now."""
    return [info.device for info in port_infos()]
