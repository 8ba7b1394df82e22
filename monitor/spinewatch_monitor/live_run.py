"""One run of sources, session and recorder, ready for a loop; no Qt. What the dashboard starts, steers and stops."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from spinewatch_bridge.host_clock import HostClock
from spinewatch_bridge.link import Link
from spinewatch_bridge.recording.reader import Recording
from spinewatch_bridge.recording.salvage import Finalised
from spinewatch_bridge.sources import OpenOptions, Source, open_sources, parse_sources
from spinewatch_bridge.transports.replay import Player, ReplaySource
from spinewatch_monitor.judged_by import as_recorded, to_session
from spinewatch_monitor.new_recording import recording_name, session_facts, utc_offset_s
from spinewatch_monitor.sensor_priors import Memory
from spinewatch_monitor.session import Session, SessionConfig
from spinewatch_monitor.session_loop import Publish, run_session
from spinewatch_monitor.settings import Settings
from spinewatch_monitor.storage.recorder import Recorder
from spinewatch_monitor.this_radio import OneRadio
from spinewatch_monitor.updates import ReplayPosition
from spinewatch_signal.calibration import Calibration

if TYPE_CHECKING:
    from spinewatch_bridge.protocols.base import OwnerKeys
    from spinewatch_bridge.transports.ble_radio import Radio

OnText = Callable[[str], None]
OnDone = Callable[[Finalised], None]


@dataclass(slots=True)
class Run:
    """Sources, session and, live, a recorder; `main` is the coroutine for the loop.

    Args:
        texts: its sources as texts; empty for a replay.
        player: in a replay only.
        radio: the Bluetooth that a source needs: the computer's, or that of a simulated air which ends with the run.
        beside: what else ends with it, such as a look around in its air.
    """

    sources: Sequence[Source]
    session: Session
    now_s: Callable[[], float]
    start_s: float
    utc_offset_s: float
    recorder: Recorder | None = None
    player: Player | None = None
    texts: tuple[str, ...] = ()
    radio: Radio | None = None
    beside: set[asyncio.Task[None]] = field(default_factory=set)

    async def main(self, publish: Publish) -> None:
        """Run to the end, then finish the recording and what runs beside."""
        try:
            replay = None if self.player is None else self.position
            await run_session([s.run for s in self.sources], self.session, publish, self.now_s, replay=replay)
        finally:
            if self.recorder is not None:
                self.recorder.request_stop()
            for task in self.beside:
                task.cancel()
            await asyncio.gather(*self.beside, return_exceptions=True)

    async def to_the_end(self, publish: Publish) -> None:
        """`main`, and wait until the recording is finished."""
        try:
            await self.main(publish)
        finally:
            if self.recorder is not None:
                await asyncio.to_thread(self.recorder.stop)

    def position(self) -> ReplayPosition:
        """Where the replay stands."""
        if self.player is None:
            raise ValueError("not a replay")
        player = self.player
        return ReplayPosition(player.start_s, player.end_s, player.position_s, player.speed, player.playing)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What this computer knows about its sensors.

    Args:
        names: what their wearer calls them, by id.
        owner_keys: keys of those that it owns; None claims nothing.
        memory: what earlier recordings told of them; None knows and keeps nothing.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    owner_keys: OwnerKeys | None = None
    memory: Memory | None = None


def live_run(
    texts: Sequence[str],
    settings: Settings,
    folder: Path,
    on_error: OnText,
    on_done: OnDone | None = None,
    remembered: Remembered | None = None,
    bluetooth: OneRadio | None = None,
) -> Run:
    """Sensors, recorded into `folder`.

    Args:
        texts: sources.
        settings: the wearer's choices.
        folder: for the recording.
        on_error: told what the recorder says, on its thread.
        on_done: told how the recording ended, on the recorder's thread.
        remembered: what this computer knows about its sensors.
        bluetooth: the program's; None for one of the run's own.

    Raises:
        BridgeError: when a source cannot be opened or the recording not begun, in one line.
    """
    remembered = remembered or Remembered()
    specs = parse_sources(texts)
    if specs[0].kind == "replay":
        return replay_run(
            Path(specs[0].target), settings, float(specs[0].options.get("speed", "1").replace("max", "inf"))
        )
    clock = HostClock(None, float(specs[0].options.get("speed", "1")) if specs[0].kind == "sim" else 1.0)
    radio = (bluetooth or OneRadio()).get() if any(spec.kind == "ble" for spec in specs) else None
    sources = open_sources(specs, OpenOptions(clock=clock, radio=radio, owner_keys=remembered.owner_keys))
    recorder = _recorder(texts, sources, clock, settings, folder, on_error, on_done)
    config = SessionConfig(
        utc_offset_s(), settings, None, str(recorder.path), remembered.names, _families(sources), remembered.memory
    )
    session = Session(config, recorder)
    return Run(
        sources, session, clock.now_s, clock.start_s, config.utc_offset_s, recorder, texts=tuple(texts), radio=radio
    )


@contextlib.asynccontextmanager
async def virtual_run(
    seed: int,
    settings: Settings,
    folder: Path,
    on_error: OnText,
    on_done: OnDone | None = None,
    *,
    texts: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
) -> AsyncIterator[Run]:
    """Simulated sensors in a simulated air, read by the same code as real ones; on the running loop.

    Args:
        seed: the wearer and what happens.
        settings: the wearer's choices.
        folder: for the recording.
        on_error: told what the recorder says, on its thread.
        on_done: told how the recording ended, on the recorder's thread.
        texts: sources in that air; none for the two sensors on the wearer.
        names: what the sensors are called, by id.

    Raises:
        BridgeError: when the air cannot be made, or a source not opened, in one line.
    """
    from spinewatch_bridge.transports.ble_demo import demo_air

    clock = HostClock()
    async with demo_air(clock, seed=seed) as air:
        texts = tuple(texts) or air.sources
        sources = [*open_sources(parse_sources(texts), OpenOptions(clock=clock, radio=air.radio)), air.steps]
        recorder = _recorder(texts, sources, clock, settings, folder, on_error, on_done)
        config = SessionConfig(utc_offset_s(), settings, None, str(recorder.path), names or {}, _families(sources))
        session, start_s, offset_s = Session(config, recorder), clock.start_s, config.utc_offset_s
        try:
            yield Run(sources, session, clock.now_s, start_s, offset_s, recorder, texts=texts, radio=air.radio)
        finally:
            await asyncio.to_thread(recorder.stop)  # also of a run that was never begun


def _families(sources: Sequence[Source]) -> dict[str, str]:
    """Family of each sensor by its id."""
    return {source.sensor_id: source.family for source in sources if isinstance(source, Link)}


def _recorder(
    texts: Sequence[str],
    sources: Sequence[Source],
    clock: HostClock,
    settings: Settings,
    folder: Path,
    on_error: OnText,
    on_done: OnDone | None,
) -> Recorder:
    """The recorder of a session that begins now."""
    offset_s, start = utc_offset_s(), dt.datetime.fromtimestamp(clock.start_s, dt.UTC)
    simulated = any(source.simulated for source in sources)
    path = folder / f"{recording_name(start, offset_s)}.mcap"
    about = {**session_facts(" ".join(texts), start, offset_s, simulated=simulated), **to_session(settings)}
    return Recorder(path, about, on_error=on_error, on_done=on_done, only_samples=True)


def replay_run(
    path: Path, settings: Settings, speed: float, calibration: Calibration | None = None, *, playing: bool = True
) -> Run:
    """A recording, played through the same code as live data; nothing is recorded.

    Args:
        path: a finished recording.
        settings: the wearer's choices; what counts as away is taken from the recording.
        speed: factor of real time, or infinity.
        calibration: for a recording that brings none.
        playing: False waits at the start.

    Raises:
        RecordingError: when it cannot be read.
    """
    recording = Recording.open(path)
    offset_s = float(recording.utc_offset_s)
    player = Player(recording, speed, playing=playing)
    clock = HostClock()
    source = ReplaySource(
        player, f"replay:{path.name}", simulated=recording.simulated, clock=clock.now_s, hold_at_end=True
    )
    session = Session(SessionConfig(offset_s, as_recorded(settings, recording.session), calibration))
    return Run([source], session, lambda: player.position_s, player.start_s, offset_s, player=player)
