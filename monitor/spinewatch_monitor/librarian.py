"""Keeps the library up to date beside the screen: finishes leftovers, analyses what is new, opens recordings.

Runs on an asyncio loop of its own, so that the library is used by one thread only; analyses run in worker processes,
one at a time, and what a person asked for goes first. No Qt: what happens is published as plain values.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spinewatch_bridge.blocks import Event
from spinewatch_bridge.errors import BridgeError
from spinewatch_bridge.recording.reader import Recording
from spinewatch_monitor.analysis import Analysis, AnalysisCancelledError
from spinewatch_monitor.analysis_json import ALGORITHM_VERSION
from spinewatch_monitor.analysis_worker import AnalysisJob, analyse_in_process
from spinewatch_monitor.problems import BadInputError
from spinewatch_monitor.storage.folders import Folders
from spinewatch_monitor.storage.frame_cache import CachedFrames, FrameCache
from spinewatch_monitor.storage.library import Library, RecordingRow, TrendDay, fingerprint_of
from spinewatch_monitor.storage.recorder import recover_leftovers
from spinewatch_signal.calibration import Calibration

KEPT_FIGURES = (
    "worn_s", "valid_s", "doubtful_s", "posture_changes_per_h", "longest_still_s", "longest_still_span", "trunk",
    "lumbar", "activity", "slouch", "exposure", "sitting", "walking", "movements", "rhythm", "risky", "health",
)  # fmt: skip
"""Groups of `analyze --json` that Review shows in numbers."""

Publish = Callable[[object], None]
StartJob = Callable[[Path, Callable[[float], None] | None], AnalysisJob]


@dataclass(frozen=True, slots=True)
class DaysKnown:
    """The figures of all days, after something changed."""

    days: tuple[TrendDay, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """One sentence for the user."""

    text: str


@dataclass(frozen=True, slots=True)
class Opening:
    """A recording is being opened; ``share`` of its analysis is done, None when not yet known."""

    path: Path
    share: float | None


@dataclass(frozen=True, slots=True)
class OpenFailed:
    """A recording cannot be shown; one line says why. An empty line: the user stopped it."""

    path: Path
    text: str


@dataclass(frozen=True, eq=False, slots=True)
class Opened:
    """A recording with its figures, ready to be drawn.

    Args:
        path: the file.
        start_s, end_s, utc_offset_s: of the recording.
        simulated: whether the simulator made it.
        events: as recorded.
        kept: frames and episodes; ``kept.extra`` holds threshold, calibration, sensors and warnings.
    """

    path: Path
    start_s: float
    end_s: float
    utc_offset_s: float
    simulated: bool
    events: tuple[Event, ...]
    kept: CachedFrames


class Librarian:
    """Call `open` and `cancel_open` on the loop's thread; everything else happens in `run`.

    Args:
        folders: the data folder.
        simulated: whether the days of simulated recordings are told, or those of real ones: never both.
        start_job: starts an analysis; tests bring their own.
    """

    def __init__(self, folders: Folders, *, simulated: bool = False, start_job: StartJob = analyse_in_process) -> None:
        self._folders, self._simulated, self._start_job = folders, simulated, start_job
        self._cache = FrameCache(folders.cache, ALGORITHM_VERSION)
        self._asked: Path | None = None
        self._job: tuple[Path, AnalysisJob] | None = None
        self._refused: set[str] = set()
        self._wake = asyncio.Event()
        self._folder_changed = False
        self._publish: Publish = lambda _value: None

    def open(self, path: Path) -> None:
        """Show a recording as soon as possible; an earlier wish is forgotten."""
        self._asked = path
        self.cancel_job()
        self._wake.set()

    def cancel_open(self) -> None:
        """The user does not want to wait for it."""
        path, self._asked = self._asked, None
        self.cancel_job()
        if path is not None:
            self._publish(OpenFailed(path, ""))

    def rescan(self) -> None:
        """There may be new recordings."""
        self._folder_changed = True
        self._wake.set()

    def cancel_job(self) -> None:
        """Stop the analysis that runs; one that nobody asked for is begun anew later."""
        if self._job is not None:
            self._job[1].cancel()

    async def run(self, publish: Publish) -> None:
        """Until cancelled."""
        self._publish = publish
        try:
            with Library.open(self._folders.library) as library:
                await self._start(library)
                while True:
                    self._wake.clear()
                    worked = await self._open_asked(library) or self._scan(library) or await self._analyse_next(library)
                    if not worked:
                        await self._wake.wait()
        finally:
            self.cancel_job()

    async def _start(self, library: Library) -> None:
        if library.notice:
            self._publish(Told(library.notice))
        for leftover in await asyncio.to_thread(recover_leftovers, self._folders.recordings):
            self._publish(Told(leftover.text))
        for path, text in library.scan(self._folders.recordings).unreadable:
            self._publish(Told(f"{path.name} is left out: {text}"))
        self._tell_days(library)

    def _scan(self, library: Library) -> bool:
        """Look at the folder again if it has changed, be it while something else was done."""
        changed, self._folder_changed = self._folder_changed, False
        if changed:
            library.scan(self._folders.recordings)
        return changed

    def _tell_days(self, library: Library) -> None:
        self._publish(DaysKnown(tuple(library.trend_days(simulated=self._simulated))))

    # -- one recording that was asked for ---------------------------------------------------------------------------

    async def _open_asked(self, library: Library) -> bool:
        path = self._asked
        if path is None:
            return False
        self._publish(Opening(path, None))
        try:
            opened = await self._opened(library, path)
        except AnalysisCancelledError:
            return True
        except (BridgeError, BadInputError, OSError, RuntimeError) as error:
            self._publish(OpenFailed(path, str(error)))
            opened = None
        if self._asked == path:
            self._asked = None
            if opened is not None:
                self._publish(opened)
        return True

    async def _opened(self, library: Library, path: Path) -> Opened:
        recording = Recording.open(path)
        fingerprint = fingerprint_of(path)
        kept = self._cache.load(fingerprint)
        if kept is None or "figures" not in kept.extra:  # kept before figures were, and so made anew
            await self._analyse(library, path, fingerprint, tell=lambda share: self._publish(Opening(path, share)))
            kept = self._cache.load(fingerprint)
        if kept is None:
            raise RuntimeError(f"The figures of {path.name} could not be kept. Is the disk full?")
        return Opened(
            path, recording.start_s, recording.end_s, float(recording.utc_offset_s),
            recording.simulated, tuple(recording.events), kept,
        )  # fmt: skip

    # -- analyses ---------------------------------------------------------------------------------------------------

    async def _analyse_next(self, library: Library) -> bool:
        """The newest recording without figures; one that cannot be analysed is told once and left out."""
        rows = library.not_analysed(ALGORITHM_VERSION)
        row = next((row for row in rows if row.fingerprint not in self._refused), None)
        if row is None:
            return False
        try:
            await self._analyse(library, row.path, row.fingerprint, tell=None)
        except AnalysisCancelledError:
            return True
        except (BridgeError, BadInputError, OSError, RuntimeError) as error:
            self._refused.add(row.fingerprint)
            self._publish(Told(f"{row.path.name} cannot be analysed: {error}"))
        return True

    async def _analyse(
        self, library: Library, path: Path, fingerprint: str, tell: Callable[[float], None] | None
    ) -> None:
        job = self._start_job(path, None if tell is None else _on_loop(tell))
        self._job = (path, job)
        try:
            analysis, figures = await asyncio.wrap_future(job.future)
        finally:
            self._job = None
            job.cancel()  # does nothing to one that has ended
        self._cache.save(fingerprint, analysis.frames, analysis.episodes, kept_facts(analysis, figures))
        if _is_known(library, fingerprint):
            library.store_analysis(fingerprint, figures)
            self._tell_days(library)


def _on_loop(tell: Callable[[float], None]) -> Callable[[float], None]:
    """The same, callable from any thread."""
    loop = asyncio.get_running_loop()

    def on_progress(share: float) -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed since: nobody waits for it
            loop.call_soon_threadsafe(tell, share)

    return on_progress


def _is_known(library: Library, fingerprint: str) -> bool:
    try:
        row: RecordingRow = library.recording(fingerprint)
    except KeyError:
        return False
    return not row.missing


def kept_facts(analysis: Analysis, figures: Mapping[str, Any]) -> dict[str, Any]:
    """What Review needs beside frames and episodes: limits, reference, sensors, warnings, and the figures."""
    facts: dict[str, Any] = {name: figures.get(name) for name in ("calibration", "sensors", "warnings", "parameters")}
    facts["figures"] = {name: figures.get(name) for name in KEPT_FIGURES}
    facts["threshold"] = {"measure": analysis.threshold.measure, "on_deg": analysis.threshold.on_deg}
    if analysis.calibration is not None:
        facts["found_calibration"] = analysis.calibration.to_json()
    return facts


def facts_of(kept: CachedFrames, name: str) -> Mapping[str, Any]:
    """A group of facts that was kept with the frames; empty when there is none."""
    found = kept.extra.get(name)
    return found if isinstance(found, Mapping) else {}


def calibration_for(opened: Opened) -> Calibration | None:
    """For a recording without a calibration of its own: the one its analysis found."""
    if any(event.kind in ("calibration", "calibration_steps") for event in opened.events):
        return None
    facts = opened.kept.extra.get("found_calibration")
    try:
        return Calibration.from_json(facts) if isinstance(facts, dict) else None
    except ValueError:
        return None
