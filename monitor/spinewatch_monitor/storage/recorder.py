"""Records what a session sees, on its own thread, so that neither screen nor analysis can hold it up."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spinewatch_bridge.blocks import Block, Event, Item, SensorChannel
from spinewatch_bridge.causes import SLOW_DISK
from spinewatch_bridge.errors import RecordingError
from spinewatch_bridge.recording.files import is_held, remove_empty
from spinewatch_bridge.recording.format import PART_SUFFIX
from spinewatch_bridge.recording.salvage import Finalised, finalise
from spinewatch_bridge.recording.writer import RecordingWriter
from spinewatch_signal.posture import Activity, Away, Blank, PostureFrames

QUEUE_LIMIT = 4000
"""Batches that may wait: some two minutes at two sensors; a disk that is slower than that is not coming back."""
TICK_S = 0.1
NO_SAMPLES = "No samples came, so nothing was recorded."

POSTURE_DETAILS = {
    "activity": ", ".join(f"{code.value} {code.name.lower()}" for code in Activity),
    "away": ", ".join(f"{code.value} {code.name.lower()}" for code in Away),
    "blank": ", ".join(f"{code.value} {code.name.lower()}" for code in Blank),
    "estimator": "causal",
}

OnError = Callable[[str], None]
OnDone = Callable[[Finalised], None]


class Recorder:
    """Writes one recording; `put` and `posture` only queue, from whatever thread.

    Args:
        path: wished name, ``NAME.mcap``; see `path` for the one it got.
        session: source, start_utc, utc_offset_s, app_version, simulated.
        on_error: told one line whenever something could not be recorded; called on the recorder's thread.
        on_done: told how it ended, on the recorder's thread.
        posture_details: algorithm version and parameters of the frames, beside the meaning of their codes.
        clock: seconds that only go forward.
        queue_limit: batches that may wait.
        only_samples: remove the recording at its end when no samples came.

    Raises:
        RecordingError: when the file cannot be created.
    """

    def __init__(
        self,
        path: Path,
        session: Mapping[str, Any],
        *,
        on_error: OnError,
        on_done: OnDone | None = None,
        posture_details: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        queue_limit: int = QUEUE_LIMIT,
        only_samples: bool = False,
    ) -> None:
        self._writer = RecordingWriter(path, session, posture_details={**POSTURE_DETAILS, **(posture_details or {})})
        self.path = self._writer.path
        """The ``.part`` that is being written."""
        self._on_error, self._on_done, self._clock = on_error, on_done, clock
        self._queue: queue.Queue[Sequence[Item] | PostureFrames | None] = queue.Queue(queue_limit)
        self._lost, self._keeps = _Lost(), not only_samples
        self._told: set[str] = set()
        self._stopping = threading.Event()
        self._result: Finalised | None = None
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def put(self, items: Sequence[Item]) -> None:
        """Keep items, in the order in which they were seen."""
        self._offer(items)

    def posture(self, frames: PostureFrames) -> None:
        """Keep derived frames."""
        if len(frames):
            self._offer(frames)

    @property
    def ended(self) -> bool:
        """Whether nothing is recorded any more: it was stopped and finished, or has failed."""
        return not self._thread.is_alive()

    def request_stop(self) -> None:
        """Ask for the end without waiting: what is queued is written, then the recording is finished."""
        self._stopping.set()

    def wait(self, timeout_s: float | None = None) -> Finalised | None:
        """How it ended, once it has; None when it failed (`on_error` was told why) or the time was up."""
        self._thread.join(timeout_s)
        return self._result

    def stop(self) -> Finalised | None:
        """`request_stop` and `wait`."""
        self.request_stop()
        return self.wait()

    def _offer(self, entry: Sequence[Item] | PostureFrames) -> None:
        if self._stopping.is_set():
            return
        self._keeps |= not isinstance(entry, PostureFrames) and any(isinstance(item, Block) for item in entry)
        try:
            self._queue.put_nowait(entry)
        except queue.Full:
            self._lost.add(entry)

    # -- on the recorder's thread -----------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._write_all()
            self._writer.close()
            self._result = finalise(self.path) if self._keeps else self._drop()
        except RecordingError as error:
            self._tell(str(error))
        except Exception as error:  # a fault of ours must not end a recording in silence
            self._tell(f"Recording stopped by a fault in Spinewatch ({error!r}). What was recorded is in {self.path}.")
        finally:
            self._stopping.set()
            with contextlib.suppress(RecordingError):
                self._writer.close()
        if self._result is not None and self._on_done is not None:
            self._on_done(self._result)

    def _drop(self) -> Finalised:
        """A sensor that never came leaves events of its link, which nobody would look for among recordings."""
        self.path.unlink(missing_ok=True)
        return Finalised(None, 0.0, True, 0.0, 0, NO_SAMPLES)

    def _write_all(self) -> None:
        while True:
            stopping = self._stopping.is_set()  # asked before the queue, so that nothing queued earlier is left
            try:
                entry = self._queue.get(timeout=0.0 if stopping else TICK_S)
            except queue.Empty:
                entry = None
            if entry is None and stopping:
                return
            self._note_lost()
            if isinstance(entry, PostureFrames):
                self._write_frames(entry)
            else:
                for item in entry or ():
                    self._write(item)
            self._writer.tick(self._clock())

    def _write(self, item: Item) -> None:
        try:
            if isinstance(item, Block):
                self._writer.write(item)
            elif isinstance(item, SensorChannel):
                self._writer.add_channel(item)
            else:
                self._writer.event(item)
        except RecordingError as error:
            if self._writer.closed:
                raise
            self._tell(str(error))  # this item cannot be recorded; the next may

    def _write_frames(self, frames: PostureFrames) -> None:
        for t_s, row in frame_rows(frames):
            self._writer.posture(t_s, row)

    def _note_lost(self) -> None:
        event = self._lost.take()
        if event is not None:
            self._writer.event(event)
            self._tell("The disk was too slow: some samples were not recorded. The recording says where.")

    def _tell(self, text: str) -> None:
        if text not in self._told:  # the first is loud, repeats would only flood
            self._told.add(text)
            self._on_error(text)


class _Lost:
    """What a full queue had no room for, as one gap at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._span: tuple[float, float] | None = None
        self._samples = 0

    def add(self, entry: Sequence[Item] | PostureFrames) -> None:
        blocks = () if isinstance(entry, PostureFrames) else [item for item in entry if isinstance(item, Block)]
        with self._lock:
            for block in blocks:
                start_s = float(block.t_s[0]) if self._span is None else self._span[0]
                self._span = start_s, float(block.t_s[-1])
                self._samples += len(block)

    def take(self) -> Event | None:
        with self._lock:
            if self._span is None:
                return None
            (start_s, end_s), samples = self._span, self._samples
            self._span, self._samples = None, 0
        data = {"start_s": start_s, "end_s": end_s, "lost_samples": samples, **SLOW_DISK.told()}
        return Event("gap", start_s, None, data)


_ANGLES = (
    "flexion_deg", "lateral_deg", "inclination_deg", "lumbar_deg", "sensor_uncertainty_deg", "body_uncertainty_deg",
)  # fmt: skip
_CODES = ("activity", "away", "blank")


def frame_rows(frames: PostureFrames) -> list[tuple[float, dict[str, float | int | None]]]:
    """Frames as the rows of the posture channel: angles to a hundredth of a degree, blank as None, codes as numbers."""
    columns: dict[str, list[float | int | None]] = {}
    for name in _ANGLES:
        values = getattr(frames, name)
        if values is not None:
            columns[name] = [round(v, 2) if v - v == 0 else None for v in values.tolist()]  # v - v: finite
    for name in _CODES:
        columns[name] = getattr(frames, name).tolist()
    names = tuple(columns)
    rows = zip(*columns.values(), strict=True)
    return [(t_s, dict(zip(names, row, strict=True))) for t_s, row in zip(frames.t_s.tolist(), rows, strict=True)]


@dataclass(frozen=True, slots=True)
class Leftover:
    """A recording that an earlier run did not finish, and one sentence about what became of it."""

    part: Path
    path: Path | None
    text: str


def recover_leftovers(folder: Path, progress: Callable[[float], None] | None = None) -> list[Leftover]:
    """Finish what an earlier run left behind; what a living process is writing stays untouched.

    Args:
        folder: the folder of recordings.
        progress: told the share of the present file that is done.

    Returns:
        One entry per file that was found, whether it could be saved or not; an empty one is removed without a word.
    """
    found = []
    for temporary in sorted(folder.glob(".*.mcap.tmp")):
        if not is_held(temporary):
            temporary.unlink(missing_ok=True)  # an unfinished copy; its .part is whole
    for part in sorted(folder.glob("*" + PART_SUFFIX)):
        if is_held(part) or remove_empty(part):
            continue
        try:
            done = finalise(part, progress=progress)
            name = part.name if done.path is None else done.path.name
            text = done.note if done.path is None else f"{name} had not been finished. {done.note}"
            found.append(Leftover(part, done.path, text))
        except RecordingError as error:
            found.append(Leftover(part, None, str(error)))
    return found
