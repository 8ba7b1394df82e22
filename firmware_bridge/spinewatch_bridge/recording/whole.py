"""A recording written in one go from what is already there: imports and the simulator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from spinewatch_bridge.blocks import Block, Event, Item, SensorChannel
from spinewatch_bridge.errors import RecordingError
from spinewatch_bridge.recording import files
from spinewatch_bridge.recording.codec import group_of
from spinewatch_bridge.recording.final import FinalWriter
from spinewatch_bridge.recording.format import BadMessageError, event_to_json
from spinewatch_bridge.recording.reader import verify


def write_recording(
    path: Path | str,
    session: Mapping[str, Any],
    channels: Sequence[SensorChannel],
    items: Iterable[Item],
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    *,
    replace: bool = False,
) -> Path:
    """Write a finished recording; it appears under its name at once and whole, or not at all.

    Args:
        path: wished name, ``NAME.mcap``.
        session: source, start_utc, utc_offset_s, app_version, simulated.
        channels: the sensors; more may come among the items.
        items: blocks and events in time order; read one at a time, so memory stays bounded.
        progress: told after each block how many seconds of recording are written.
        cancelled: asked before each item; True stops, and nothing is left behind.
        replace: True to take the place of an existing file; otherwise NAME-2, NAME-3, … is used.

    Returns:
        The name it got.

    Raises:
        RecordingError: when an item cannot be recorded, the disk refuses, or the user stopped it.
    """
    path = Path(path)
    final = FinalWriter(path)
    try:
        session_writer = _Feed(final)
        for channel in channels:
            session_writer.take(channel)
        for item in items:
            if cancelled is not None and cancelled():
                raise RecordingError("Stopped; nothing was written.")
            session_writer.take(item)
            if progress is not None and isinstance(item, Block):
                progress(float(item.t_s[-1]) - session_writer.start_s)
        temporary = final.finish(session, {"clean": True, "note": "", "damaged": 0, "lost_s": 0.0})
        verify(temporary, final.written)
        return files.publish(temporary, path, replace=replace)
    except BaseException as error:
        final.cancel()
        if isinstance(error, BadMessageError):
            raise RecordingError(f"{path.name} was not written: {error}.") from error
        if isinstance(error, OSError):
            raise files.refused(f"{path} was not written: {files.reason(error)}.", error) from error
        raise


class _Feed:
    """Numbers items in the order in which they come."""

    def __init__(self, final: FinalWriter) -> None:
        self._final = final
        self._order = 0
        self._keys: dict[str, tuple[int, SensorChannel]] = {}
        self.start_s = float("nan")

    def take(self, item: Item) -> None:
        self._order += 1
        if isinstance(item, SensorChannel):
            self._channel(item)
        elif isinstance(item, Event):
            self._final.add_event(item.t_s, event_to_json(item), self._order)
        else:
            self._block(item)

    def _channel(self, channel: SensorChannel) -> None:
        known = self._keys.get(channel.sensor.id)
        if known is None or known[1] != channel:
            self._keys[channel.sensor.id] = self._order, channel
            self._final.add_channel(self._order, channel, self._order)

    def _block(self, block: Block) -> None:
        if block.sensor not in self._keys:
            raise BadMessageError(f"sensor '{block.sensor}' has samples, but is not described")
        if self.start_s != self.start_s:  # NaN: the first block
            self.start_s = float(block.t_s[0])
        self._final.add_group(self._keys[block.sensor][0], group_of(block, self._order))
