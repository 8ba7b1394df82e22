"""One run of the monitor, live or replayed, without Qt: items in, posture and status out.

The same code serves a sensor, a replay and the simulator; only the source differs. It is told the time, runs on one
thread, and records upstream of everything else.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from spinewatch_bridge.blocks import Block, Event, Item, SensorChannel, to_batch
from spinewatch_monitor.calibration_facts import calibration_facts
from spinewatch_monitor.health_news import HealthNews
from spinewatch_monitor.judged_by import pipeline_params
from spinewatch_monitor.live_signals import SignalTails, resting_bias_deg_s
from spinewatch_monitor.merging import Joiner
from spinewatch_monitor.private_pause import PrivatePause
from spinewatch_monitor.reminders import Reminders
from spinewatch_monitor.sensor_priors import learn, prior_of, with_priors
from spinewatch_monitor.sensor_watch import SensorWatch
from spinewatch_monitor.session_parts import Fresh, Recorder, SessionConfig
from spinewatch_monitor.settings import Settings
from spinewatch_monitor.today_figures import NO_SENSOR, today_figures
from spinewatch_monitor.updates import ReplayPosition, SessionUpdate, TodayFigures
from spinewatch_signal.calibration import Calibration, CalibrationRefusedError, GuidedSteps
from spinewatch_signal.calibration_result import Span
from spinewatch_signal.pipeline import Pipeline
from spinewatch_signal.posture import PostureFrames, join_frames
from spinewatch_signal.rezero import Pose
from spinewatch_signal.samples import BadSamplesError, concatenate
from spinewatch_signal.sensor_prior import SensorPrior

__all__ = ["Session", "SessionConfig"]

SUMMARY_PERIOD_S = 1.0
"""The day's figures are made anew this often, in data time."""

log = logging.getLogger(__name__)


class Session:
    """Feed it items with `take`, ask for `update` a few times a second."""

    def __init__(self, config: SessionConfig, recorder: Recorder | None = None) -> None:
        self.config = config
        self._recorder = recorder
        self._channels: dict[str, SensorChannel] = {}
        self._watch, self._joiner = SensorWatch(config.names, config.families), Joiner()
        self._health_news = HealthNews(())
        self._params = pipeline_params(config.settings)
        self._pipeline: Pipeline | None = None
        self._calibration = config.calibration
        self._priors: dict[str, SensorPrior] = {}
        self._reminders = Reminders(config.settings, config.utc_offset_s)
        self._pause = PrivatePause()
        self._figures_ended = False
        self._tails: SignalTails | None = None
        self._told_once: set[tuple[str | None, str]] = set()
        self._fresh = Fresh()
        self._today: tuple[float, TodayFigures] | None = None
        self._newest_s = float("-inf")

    def take(self, items: Sequence[Item], now_s: float) -> None:
        """Record, then process, items in the order in which they were seen; a fault in processing ends the figures."""
        if self._pause.is_over(now_s):
            self.resume(now_s)
        items = with_priors(items, self._channels, self.config.memory, now_s)
        kept = [item for item in items if not (self._pause.on and isinstance(item, Block))]
        self._keep(kept)
        for run in self._joiner.runs(kept, partial(self._uneventful_s, now_s)):
            with self._apart_from_recording(now_s):
                if len(run) == 1:
                    self._process(run[0])
                else:
                    self._take_blocks([item for item in run if isinstance(item, Block)])

    def finish(self, now_s: float) -> SessionUpdate:
        """Flush what waits for more data, and end a private pause; the last update."""
        self.resume(now_s)
        with self._apart_from_recording(now_s):
            if self._pipeline is not None:
                self._take_frames(self._pipeline.finish())
                self._learn(now_s)
        self._today = None
        return self.update(now_s)

    def _learn(self, now_s: float) -> None:
        if self.config.memory is None or self._pipeline is None:
            return
        try:
            learn(self.config.memory, self._channels, self._pipeline, now_s)
        except OSError as error:
            log.warning("what was learned of the sensors cannot be kept: %s", error)

    @property
    def has_news(self) -> bool:
        """Whether anything happened since the last `update`."""
        return bool(self._fresh.frames or self._fresh.reminders or self._fresh.events)

    def update(self, now_s: float, replay: ReplayPosition | None = None) -> SessionUpdate:
        """All that changed since the last call."""
        today = self._figures(now_s)  # first: it may have something to tell
        fresh, self._fresh = self._fresh, Fresh()
        return SessionUpdate(
            now_s=now_s,
            frames=join_frames(fresh.frames, two_sensors=self._two_sensors) if fresh.frames else None,
            sensors=self._watch.statuses(now_s, paused=self._pause.on),
            today=today,
            current_episode=None if self._pipeline is None else self._pipeline.slouch.current,
            reminders=tuple(fresh.reminders),
            events=tuple(fresh.events),
            replay=replay,
            simulated=any(channel.simulated for channel in self._channels.values()),
            recording_path=self.config.recording_path,
            reminders_this_hour=self._reminders.rules.shown_in_hour(now_s),
            snoozed_until_s=self._reminders.rules.snoozed_until_s(now_s),
            calibration=self._calibration_facts(),
            signals={}
            if self._tails is None
            else self._tails.signals(resting_bias_deg_s(self._pipeline, self._channels)),
        )

    def mark(self, label: str, now_s: float) -> None:
        """Keep this moment."""
        self._note(Event("mark", now_s, None, {"label": label}))

    def snooze(self, seconds: float, now_s: float) -> None:
        """No reminders for a while; 0 brings them back."""
        self._reminders.rules.snooze(now_s + seconds)

    def hold_reminders(self, seconds: float, now_s: float) -> None:
        """No reminders for at least so long; a longer pause that the wearer chose stays."""
        chosen_s = self._reminders.rules.snoozed_until_s(now_s) or now_s
        self._reminders.rules.snooze(max(chosen_s, now_s + seconds))

    def mute(self, muted: bool) -> None:
        """Reminders off until told otherwise, or on again."""
        self._reminders.rules.mute(muted)

    @property
    def muted(self) -> bool:
        """Whether reminders are off until told otherwise."""
        return self._reminders.rules.state.muted

    def pause(self, seconds: float | None, now_s: float) -> None:
        """Keep nothing from now on, for a while or until `resume`; asked again, it ends at the new time."""
        since_s = self._pause.since_s if self._pause.on else now_s
        if not self._pause.on:
            self._note(Event("pause", now_s, None, {"end_s": None}))
        self._pause = PrivatePause(on=True, until_s=None if seconds is None else now_s + seconds, since_s=since_s)

    def resume(self, now_s: float) -> None:
        """End a private pause; does nothing without one."""
        if self._pause.on:
            self._note(Event("pause", self._pause.since_s, None, {"end_s": now_s}))
            self._pause = PrivatePause()

    def calibrate(self, steps: GuidedSteps, now_s: float) -> None:
        """Calibrate from what the wearer did.

        Raises:
            CalibrationRefusedError: with one line for the wearer; nothing changes then.
        """
        calibration = self._ready_pipeline().calibrate_now(steps)
        self._note(Event("calibration_steps", now_s, None, steps.to_json()))
        self._note(Event("calibration", now_s, None, calibration.to_json()))
        self._set_calibration(calibration, now_s)

    def re_zero(self, still: Span, pose: Pose, now_s: float, remembered: Calibration | None = None) -> None:
        """Set a calibration anew from seconds of stillness.

        Args:
            still: when the wearer held still, UNIX seconds.
            pose: the upright stand, or the upright sit of the calibration.
            now_s: UNIX seconds.
            remembered: of the same sensors, for a session that has none of its own.

        Raises:
            CalibrationRefusedError: with one line for the wearer; nothing changes then.
        """
        calibration = self._ready_pipeline().re_zero_now(still, pose, self._calibration or remembered)
        self._note(Event("calibration", now_s, None, calibration.to_json()))
        self._set_calibration(calibration, now_s)

    def _ready_pipeline(self) -> Pipeline:
        if self._pipeline is None:
            ended = self._figures_ended
            why = "The figures have stopped. Connect again" if ended else "No sensor is sending yet. Connect one"
            raise CalibrationRefusedError(f"{why}, then calibrate.")
        return self._pipeline

    def change_settings(self, settings: Settings) -> None:
        """Manners of reminders change at once; the threshold changes with the next session."""
        self.config = replace(self.config, settings=settings)
        self._reminders.change(settings)

    @property
    def newest_s(self) -> float:
        """Time of the newest frame, UNIX seconds; minus infinity before the first."""
        return self._newest_s

    @property
    def _two_sensors(self) -> bool:
        return len(self._channels) > 1

    # -- one item ---------------------------------------------------------------------------------------------------

    def _process(self, item: Item) -> None:
        if isinstance(item, Block):
            self._take_blocks([item])
        elif isinstance(item, SensorChannel):
            self._announce(item)
        else:
            self._take_event(item)

    def _announce(self, channel: SensorChannel) -> None:
        """A new sensor begins a new pipeline; one that is back goes on with the old."""
        self._watch.announce(channel)
        self._joiner.expect(channel.sensor.id)
        known = self._channels.get(channel.sensor.id)
        self._channels[channel.sensor.id] = channel
        if not self._figures_ended and (known is None or known.sensor != channel.sensor):
            if self._calibration is not None and not self._covers_all(self._calibration):
                self._calibration = None  # made without this sensor: the wearer is asked to calibrate again
            self._begin_pipeline()

    def _begin_pipeline(self) -> None:
        sensors = [c.sensor for c in self._channels.values()]
        self._pipeline = Pipeline(sensors, self._params, self._calibration, self._priors)
        self._health_news = HealthNews(sensors)

    def _take_blocks(self, blocks: Sequence[Block]) -> None:
        """Blocks that came together, joined per sensor."""
        for sensor in dict.fromkeys(block.sensor for block in blocks):
            channel = self._channels.get(sensor)
            mine = [block for block in blocks if block.sensor == sensor]
            for block in mine:
                self._watch.block(block)
            if channel is None or self._pipeline is None:
                continue
            try:
                batch = concatenate([to_batch(block, channel) for block in mine])
                if self._tails is not None:
                    self._tails.update(batch)
                self._take_frames(self._pipeline.update(batch))
            except BadSamplesError as error:
                self._tell_once(Event("note", float(mine[0].t_s[0]), sensor, {"text": str(error)}))

    def _take_event(self, event: Event) -> None:
        self._watch.event(event)
        if event.kind == "note" and event.data.get("text") == "seek":
            self._begin_anew()
        elif event.kind == "calibration":
            self._take_calibration(event)
        elif event.kind == "calibration_steps":
            self._calibrate_as_recorded(event)
        elif (found := prior_of(event)) is not None:
            self._priors[found[0]] = found[1]
            if found[0] in self._channels and not self._figures_ended:
                self._begin_pipeline()  # the sensor was announced just before
        if event.kind != "alert":
            self._fresh.events.append(event)

    def _begin_anew(self) -> None:
        """A replay went elsewhere: what was known about time does not hold there; the calibration does."""
        self._channels, self._pipeline, self._today, self._figures_ended = {}, None, None, False
        self._watch, self._joiner, self._fresh = (
            SensorWatch(self._watch.names, self.config.families),
            Joiner(),
            Fresh(),
        )
        muted = self.muted
        self._reminders = Reminders(self.config.settings, self.config.utc_offset_s)
        self._reminders.rules.mute(muted)

    def _take_calibration(self, event: Event) -> None:
        """A calibration as it was recorded; one that cannot be used is told and left out."""
        try:
            calibration = Calibration.from_json(event.data)
        except ValueError:
            self._fresh.events.append(_told(event, "A calibration in the recording cannot be read and was left out."))
            return
        if self._covers_all(calibration):
            self._set_calibration(calibration, event.t_s)
        else:
            text = "A calibration in the recording is not of all its sensors and was left out."
            self._fresh.events.append(_told(event, text))

    def _covers_all(self, calibration: Calibration) -> bool:
        return all(sensor in calibration.frames for sensor in self._channels)

    def _calibrate_as_recorded(self, event: Event) -> None:
        """A recording that says only what the wearer did: calibrate as the live session would have."""
        if self._pipeline is None:
            return
        try:
            calibration = self._pipeline.calibrate_now(GuidedSteps.from_json(event.data))
        except CalibrationRefusedError as error:
            self._fresh.events.append(_told(event, str(error)))
        except ValueError:
            self._fresh.events.append(_told(event, "Calibration steps in the recording cannot be read."))
        else:
            self._set_calibration(calibration, event.t_s)

    # -- frames, reminders, figures ---------------------------------------------------------------------------------

    def _take_frames(self, frames: PostureFrames) -> None:
        if self._pipeline is None or not len(frames):
            return
        self._fresh.frames.append(frames)
        self._newest_s = float(frames.t_s[-1])
        if self._recorder is not None:
            self._recorder.posture(frames)
        self._fresh.events += self._health_news.of_watch(self._pipeline.health)
        for reminder, event in self._reminders.step(float(frames.t_s[-1]), self._pipeline):
            self._fresh.reminders.append(reminder)
            self._note(event)

    def _uneventful_s(self, now_s: float) -> float:
        """For how long no reminder can be due, so that blocks may be joined without moving one."""
        with self._apart_from_recording(now_s):
            return 0.0 if self._pipeline is None else self._reminders.quiet_s(self._pipeline)
        return 0.0

    def _set_calibration(self, calibration: Calibration, from_s: float) -> None:
        self._calibration = calibration
        if self._pipeline is not None:
            self._pipeline.set_calibration(calibration, from_s)

    def _tell_once(self, event: Event) -> None:
        """Something that would be said again with each batch."""
        if (event.sensor, event.data["text"]) not in self._told_once:
            self._told_once.add((event.sensor, event.data["text"]))
            self._fresh.events.append(event)

    def watch_signals(self, wanted: bool) -> None:
        """Whether updates carry the last seconds of what the sensors measure."""
        self._tails = SignalTails() if wanted else None

    def rename(self, sensor: str, name: str) -> None:
        """What the wearer calls a sensor from now on."""
        self._watch.names[sensor] = name

    def _note(self, event: Event) -> None:
        self._keep([event])
        self._fresh.events.append(event)

    def _keep(self, items: Sequence[Item]) -> None:
        if self._recorder is not None and items:
            self._recorder.put(items)

    @contextmanager
    def _apart_from_recording(self, now_s: float) -> Iterator[None]:
        """A fault of ours in what is made of the data ends the figures, which is told once; the recording goes on."""
        try:
            yield
        except Exception as error:
            log.exception("the figures of a session ended by a fault")
            self._pipeline, self._today, self._figures_ended = None, None, True
            goes_on = "" if self._recorder is None else " The recording goes on; connect again for new figures."
            text = f"The figures stopped by a fault in Spinewatch ({type(error).__name__}).{goes_on}"
            self._fresh.events.append(Event("note", now_s, None, {"text": text}))

    def _figures(self, now_s: float) -> TodayFigures:
        if self._today is None or not 0 <= now_s - self._today[0] < SUMMARY_PERIOD_S:
            summary = None
            with self._apart_from_recording(now_s):
                summary = None if self._pipeline is None else self._pipeline.summary(now_s)
            self._today = (now_s, today_figures(summary, "the figures stopped" if self._figures_ended else NO_SENSOR))
        return self._today[1]

    def _calibration_facts(self) -> Mapping[str, Any]:
        if self._calibration is None or self._pipeline is None:
            return {}
        site, limits = self._pipeline.upper.site, self._pipeline.slouch.limits
        return calibration_facts(self._calibration, limits, upper_site=site, two=self._two_sensors)


def _told(event: Event, text: str) -> Event:
    """A sentence about an event, at its time."""
    return Event("note", event.t_s, None, {"text": text})
