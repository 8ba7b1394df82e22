"""A simulated sensor on a pseudo-terminal: a serial port like any other, for programs that know nothing of simulators.

``python -m spinewatch_bridge.simulator.pty_device office-day --seed 1`` prints the port's name and plays in real time.
Linux and macOS only: Windows has no pseudo-terminals.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from spinewatch_bridge.errors import BridgeError
from spinewatch_bridge.simulator.device import VirtualDevice
from spinewatch_bridge.simulator.play import scenario_device
from spinewatch_signal.samples import Site

LONGEST_WAIT_S = 0.05
NO_READER_S = 1.0  # a full line that nobody empties for so long has no reader
READ_BYTES = 4096
NEEDS_POSIX = "Pseudo-terminals exist only on Linux and macOS. Use a source like sim:office-day instead."


class PtyDevice:
    """A `VirtualDevice` behind a port name; `close` unplugs it.

    Args:
        device: the sensor.

    Raises:
        OSError: where there are no pseudo-terminals.
    """

    def __init__(self, device: VirtualDevice) -> None:
        if os.name != "posix":
            raise OSError(NEEDS_POSIX)
        import tty  # POSIX only

        self.device = device
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)

    def close(self) -> None:
        """Unplug it; may be called twice."""
        for end in (self._master, self._slave):
            with contextlib.suppress(OSError):
                os.close(end)
        self._master = self._slave = -1

    def step(self, true_s: float, *, patient: bool = False) -> None:
        """Answer what was asked and send what is due.

        Args:
            true_s: true time.
            patient: wait for a slow reader instead of dropping packets as a sensor does.
        """
        with contextlib.suppress(BlockingIOError):
            self._write(self.device.receive(os.read(self._master, READ_BYTES), true_s), patient=True)
        for sent in self.device.take(true_s):
            if not self._write(sent.data, patient=patient):
                self.device.dropped(sent.samples)

    def fileno(self) -> int:
        """For `select`: readable when a command came."""
        return self._master

    def _write(self, data: bytes, *, patient: bool) -> bool:
        """Whether the line took it all. Without patience a packet that finds no room is refused whole."""
        while data:
            try:
                data = data[os.write(self._master, data) :]
                patient = True  # half a packet is worse than a late one
            except BlockingIOError:
                if not patient or not select.select([], [self._master], [], NO_READER_S)[1]:
                    return False
        return True


def serve(ports: Sequence[PtyDevice], now_s: Callable[[], float]) -> None:
    """Play in the time that `now_s` tells until the day is over."""
    while not all(port.device.finished for port in ports):
        for port in ports:
            port.step(now_s())
        due_s = min(port.device.next_due_s() for port in ports)
        select.select(ports, [], [], min(max(due_s - now_s(), 0.0), LONGEST_WAIT_S))


def main(arguments: list[str] | None = None) -> int:
    """Entry of ``python -m spinewatch_bridge.simulator.pty_device``."""
    options = _parser().parse_args(arguments)
    if os.name != "posix":
        sys.stderr.write(NEEDS_POSIX + "\n")
        return 2
    begin_s = time.time()
    try:
        devices = _devices(options.scenario, options.seed, SITES[options.role], begin_s - options.start_s)
    except BridgeError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    anchor_s = time.monotonic()  # the day begins now that it is written
    with contextlib.ExitStack() as stack:
        ports = [stack.enter_context(contextlib.closing(PtyDevice(device))) for device in devices]
        try:
            for number, port in enumerate(ports):
                if options.link is not None:
                    name = options.link if number == 0 else options.link.with_name(f"{options.link.name}-lower")
                    stack.enter_context(_linked(name, port.path))
        except OSError as error:
            sys.stderr.write(f"The port cannot be given that name: {error.strerror}: {error.filename2}\n")
            return 2
        sys.stdout.write("".join(f"{port.path}\n" for port in ports))
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            serve(ports, lambda: begin_s + time.monotonic() - anchor_s)
    return 0


SITES = {
    "upper": (Site.UPPER_BACK,),
    "lower": (Site.PELVIS,),
    "both": (Site.UPPER_BACK, Site.PELVIS),
}


def _devices(scenario: str, seed: int, sites: Sequence[Site], start_s: float) -> list[VirtualDevice]:
    return [scenario_device(scenario, seed, site, start_s) for site in sites]


@contextlib.contextmanager
def _linked(name: Path, path: str) -> Iterator[None]:
    """Give a port another name while it lasts.

    Raises:
        OSError: where something stands that is not such a name: it is never removed.
    """
    if name.is_symlink() and str(name.readlink()).startswith("/dev/"):
        name.unlink()  # of an earlier run
    name.symlink_to(path)
    try:
        yield
    finally:
        if name.is_symlink() and str(name.readlink()) == path:
            name.unlink()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="A simulated posture sensor on a serial port of its own.")
    parser.add_argument("scenario", help="office-day, rom-test, lifting …")
    parser.add_argument("--seed", type=int, default=1, help="which person and which day (default 1)")
    parser.add_argument(
        "--role", choices=tuple(SITES), default="upper", help="which of the two sensors (default upper)"
    )
    parser.add_argument("--start-s", type=float, default=0.0, help="seconds into the scenario to begin with")
    parser.add_argument("--link", type=Path, help="also give the port this name (the lower of both: NAME-lower)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
