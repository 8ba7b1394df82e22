"""How fast each family's bytes become samples, against `numpy.frombuffer` over the same packets one by one.

A simulated sensor is set up by its own protocol, plays some minutes into memory, and then only `receive` is timed. The
log, which comes in pages of hours, is measured against one `numpy.frombuffer` over all its bytes, copied.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from spinewatch_bridge.protocols.base import Ready, SampleGroup
from spinewatch_bridge.protocols.family import Wish
from spinewatch_bridge.protocols.spinewatch_log import PageHead, decode_pages, pack_page, samples_per_page
from spinewatch_bridge.protocols.table import FAMILIES
from spinewatch_bridge.simulator.device import Sent, VirtualDevice
from spinewatch_bridge.simulator.polar_device import H10, VERITY_SENSE, PolarDevice
from spinewatch_bridge.simulator.simulate import simulate
from spinewatch_bridge.simulator.wit_device import WitDevice
from spinewatch_signal.samples import Site

START_S = 1_700_000_000.0
PLAYED_S = 600.0
LIVE_US = 50.0
"""A sample every 10 ms: at this cost a sensor takes half a percent of one core."""
LOG_US = 0.1
"""A night of log at 100 Hz is 2.9 million samples: at this cost it takes a third of a second."""
PAGES = 1000
STEP_S = 0.02


def main() -> dict[str, dict[str, object]]:
    """Rows of the table."""
    rows: dict[str, dict[str, object]] = {}
    for name, protocol, device in cases():
        rows[f"decode {name}"] = live_row(protocol, packets_of(protocol, device))
    rows["decode spinewatch log"] = log_row()
    return rows


def cases() -> list[tuple[str, Any, Any]]:
    """Name, protocol and the sensor at its other end."""
    own, wit, polar = FAMILIES["spinewatch"], FAMILIES["witmotion"], FAMILIES["polar"]
    stream = simulate("office-day", 1, START_S, 0.25).stream(Site.UPPER_BACK)
    return [
        ("spinewatch, Bluetooth", own.ble(Wish()), VirtualDevice(stream, framed=False)),
        ("spinewatch, serial", own.serial(Wish()), VirtualDevice(stream)),
        ("witmotion, Bluetooth", wit.ble(Wish(100.0)), WitDevice(stream)),
        ("witmotion, serial", wit.serial(Wish(100.0)), WitDevice(stream, ble=False)),
        ("polar H10", polar.ble(Wish(100.0)), PolarDevice(stream, H10)),
        ("polar Verity", polar.ble(Wish()), PolarDevice(stream, VERITY_SENSE)),
    ]


def packets_of(protocol: Any, device: Any) -> list[Sent]:
    """Set the sensor up as a link would, and keep what it then sends."""
    now_s, ready = START_S, False
    protocol.opened(now_s)
    device.connected(now_s, 247)
    for channel, value in device.reads().items():
        protocol.receive(value, now_s, channel)
    while not ready:
        now_s += STEP_S
        if now_s > START_S + 60.0:
            raise RuntimeError("the sensor was not set up")
        answered = [answer for data in protocol.outgoing(now_s) for answer in answers(device, data, now_s)]
        came = [*answered, *((sent.channel, sent.data) for sent in device.take(now_s))]
        events = [e for channel, data in came or [("", b"")] for e in protocol.receive(data, now_s, channel)]
        ready = any(isinstance(event, Ready) for event in events)
    return device.take(now_s + PLAYED_S)


def answers(device: Any, data: bytes, now_s: float) -> Sequence[tuple[str, bytes]]:
    """What the sensor says to a command; on a line of its own it is plain bytes."""
    said = device.receive(data, now_s)
    return [("", said)] if isinstance(said, bytes) else said


def live_row(protocol: Any, packets: Sequence[Sent]) -> dict[str, object]:
    """Samples/s of `receive`, as a share of bare `frombuffer` calls."""
    begun = time.perf_counter()
    groups = [
        event
        for packet in packets
        for event in protocol.receive(packet.data, packet.true_s, packet.channel)
        if isinstance(event, SampleGroup)
    ]
    took_s = time.perf_counter() - begun
    samples = sum(len(group) for group in groups)
    bare_s = fastest(lambda: [np.frombuffer(p.data[: len(p.data) & ~1], "<i2") for p in packets])
    return row(samples, took_s, bare_s, LIVE_US, f"{len(packets)} packets, {samples} samples")


def log_row() -> dict[str, object]:
    """The same for pages of the log, all at once."""
    n = samples_per_page(0)
    counts = np.arange(n * 6, dtype=np.int16).reshape(n, 6)
    pages = b"".join(pack_page(PageHead(1, page * n, page * n * 328, n, 0), counts) for page in range(PAGES))
    samples = len(decode_pages(pages).counts)
    took_s = fastest(lambda: decode_pages(pages))
    bare_s = fastest(lambda: np.frombuffer(pages, "<i2").copy())
    return row(samples, took_s, bare_s, LOG_US, f"{samples / 360_000:.1f} h at 100 Hz, checksums checked")


def fastest(work: Callable[[], object], times: int = 5) -> float:
    """Shortest time of some runs, s."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return min(taken)


def row(samples: int, took_s: float, bare_s: float, limit_us: float, note: str) -> dict[str, object]:
    """Time a sample takes, and in the note the ratio to bare `frombuffer`."""
    speed = f"{samples / took_s / 1e6:.2f} M samples/s, {took_s / bare_s:.0f} x frombuffer"
    return {"figure": 1e6 * took_s / samples, "limit": limit_us, "unit": "µs/sample", "note": f"{speed}; {note}"}


if __name__ == "__main__":
    for what, made in main().items():
        print(what, made)
