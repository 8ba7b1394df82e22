"""Small recordings with known contents, for the tests of the format and of what stands on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spinewatch_bridge.blocks import Block, Event, Item, SensorChannel, to_batch
from spinewatch_bridge.recording.writer import RecordingWriter
from spinewatch_signal.samples import ImuBatch, Role, SensorInfo, Site, concatenate

START_S = 1_760_000_000.0
SESSION: dict[str, Any] = {
    "source": "test",
    "start_utc": "2025-10-09T08:53:20+00:00",
    "utc_offset_s": 7200,
    "app_version": "0",
    "simulated": False,
}
UPPER = SensorChannel(
    SensorInfo("upper", "spinewatch"), 9.80665 / 4096, 0.0010642, details={"name": "Rücken", "firmware": "1.2"}
)
LOWER = SensorChannel(SensorInfo("lower", "spinewatch", Site.PELVIS, Role.LOWER), 9.80665 / 4096, 0.0010642)


def live_blocks(seconds: float, channels: Sequence[SensorChannel] = (UPPER, LOWER), seed: int = 1) -> Iterator[Block]:
    """Blocks of 5 samples at about 100 Hz, as two sensors with their own clocks send them."""
    rng = np.random.default_rng(seed)
    for k in range(round(seconds * 20)):
        for j, channel in enumerate(channels):
            t_s = START_S + 0.003 * j + k * 0.05 + np.arange(5) * (0.01 + 1e-6 * j)
            counts = rng.integers(-3000, 3000, (5, channel.columns)).astype(np.int16)
            flags = rng.integers(0, 4, 5).astype(np.uint8)
            yield Block(channel.sensor.id, counts, flags, t_s, 5 * k, 50_000 * k, float(t_s[-1]) + 0.02)


def live_items(seconds: float, channels: Sequence[SensorChannel] = (UPPER, LOWER)) -> Iterator[Item]:
    """Channels, then blocks with a mark each second."""
    yield from channels
    yield Event("connected", START_S, "upper", {"firmware": "1.2"})
    for k, block in enumerate(live_blocks(seconds, channels)):
        yield block
        if k % 40 == 39:
            yield Event("mark", float(block.t_s[-1]), None, {"label": f"mark {k}"})


def write_part(folder: Path, items: Sequence[Item], *, close: bool = True, name: str = "day") -> Path:
    """A recording in its first phase, flushed every 0.5 s of data time; without `close` as a kill leaves it."""
    writer = RecordingWriter(folder / f"{name}.mcap", SESSION, posture_details={"algorithm": "test"})
    for item in items:
        if isinstance(item, SensorChannel):
            writer.add_channel(item)
        elif isinstance(item, Block):
            writer.write(item)
            writer.posture(float(item.t_s[-1]), {"flexion_deg": 12.5, "activity": 5, "away": 2, "lumbar_deg": None})
            writer.tick(float(item.t_s[-1]))
        else:
            writer.event(item)
    if close:
        writer.close()
        return writer.path
    killed = folder / f"killed-{name}.mcap.part"  # the bytes that a kill would leave on disk, nothing held
    killed.write_bytes(writer.path.read_bytes())
    writer.close()
    writer.path.unlink()
    return killed


def batch_of(items: Sequence[Item], sensor: str) -> ImuBatch:
    """What the live pipeline saw of a sensor: each block scaled on its own."""
    channels = {item.sensor.id: item for item in items if isinstance(item, SensorChannel)}
    blocks = [item for item in items if isinstance(item, Block) and item.sensor == sensor]
    return concatenate([to_batch(block, channels[sensor]) for block in blocks])


def same_batch(one: ImuBatch, other: ImuBatch) -> bool:
    """Bit for bit the same."""
    pairs = [(one.t_s, other.t_s), (one.acc, other.acc), (one.flags, other.flags)]
    if one.gyr is not None and other.gyr is not None:
        pairs.append((one.gyr, other.gyr))
    gyr_alike = (one.gyr is None) == (other.gyr is None)
    return gyr_alike and all(a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in pairs)


def same_item(one: Item, other: Item) -> bool:
    """Bit for bit the same item."""
    if isinstance(one, Block) and isinstance(other, Block):
        arrays = ((one.values, other.values), (one.flags, other.flags), (one.t_s, other.t_s))
        if not all(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in arrays):
            return False
        named = (one.sensor, one.counter, one.device_ticks, one.arrival_s)
        return named == (other.sensor, other.counter, other.device_ticks, other.arrival_s)
    return type(one) is type(other) and one == other
