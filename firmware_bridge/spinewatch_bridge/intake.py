"""What a protocol tells becomes what a source emits: channel, blocks with times, gaps, battery, status. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from spinewatch_bridge.blocks import Block, Event, Item, SensorChannel
from spinewatch_bridge.causes import (
    CLOCK_JUMPED,
    DAMAGED_LINE,
    LOST_PACKETS,
    RESTARTED,
    SENSOR_DROPPED,
    UNSEEN,
    Cause,
    CauseKey,
)
from spinewatch_bridge.clock_sync import SampleClock
from spinewatch_bridge.protocols.base import Battery, Notice, Ready, SampleGroup, TimeProbe
from spinewatch_bridge.protocols.family import Family
from spinewatch_bridge.sequence import Placement, Sequencer
from spinewatch_signal.samples import SampleFlag, SensorInfo

SENSOR_JUMPED, SENSOR_RESET = "sensor_jumped", "sensor_reset"
CLOCK_NEWS = {"clock_jump": SENSOR_JUMPED, "clock_reset": SENSOR_RESET}
WELL_MEASURED_S = 30.0
MAX_HELD = 1000  # groups: a second and a half of the fastest sensor, one sample each
MAX_EARLY_PROBES = 64  # exchanges before the sensor is ready: five bursts of eight at most


@dataclass(frozen=True, slots=True)
class IntakeParams:
    """Seconds of the link's clock."""

    quiet_s: float = 1.0  # no data for so long: said at once; the status light turns
    status_s: float = 5.0  # between status events
    battery_s: float = 60.0  # between battery events that say the same


class Intake:
    """One sensor's data over all its connections.

    Args:
        sensor: id, site and role; family and rate come from the sensor.
        name, family: of the sensor's family.
        simulated: goes into the channel.
    """

    def __init__(
        self, sensor: SensorInfo, name: str, family: Family, *, simulated: bool, params: IntakeParams | None = None
    ) -> None:
        self.sequencer = Sequencer()
        self.last_data_s: float | None = None
        self._sensor = replace(sensor, family=name)
        self._family, self._simulated, self._params = family, simulated, params or IntakeParams()
        self._channel: SensorChannel | None = None
        self._clock: SampleClock | None = None
        self._early_probes: deque[TimeProbe] = deque(maxlen=MAX_EARLY_PROBES)
        self._known_period: tuple[float, float] | None = None  # (stated rate, period measured over a good while)
        self._past_clock: SampleClock | None = None
        self._ready_s, self._first_ready_s = 0.0, np.inf
        self._held: list[SampleGroup] = []  # until the clock has settled
        self._settled = False
        self._session: int | None = None
        self._dropped_told: int | None = None  # by the sensor itself in this session; None before it said so
        self._last_t_s = -np.inf
        self._break_cause: Cause | None = None
        self._lost_known = True
        self._battery: Battery | None = None
        self._battery_told: tuple[Battery, float] | None = None
        self._quiet_said = False
        self._packet_s = 0.0
        self._status_at = (0.0, 0, 0)  # time, samples received and lost at the last status event

    @property
    def streaming(self) -> bool:
        """True from the moment the sensor is ready to the loss of the link."""
        return self._clock is not None

    @property
    def battery_percent(self) -> float | None:
        """What the sensor last told."""
        return None if self._battery is None else self._battery.percent

    @property
    def sensor_id(self) -> str:
        """Of its sensor."""
        return self._sensor.id

    # --- the link ------------------------------------------------------------------------------------------------

    def link_lost(self, at_s: float, words: str, key: CauseKey = CauseKey.UNKNOWN) -> list[Item]:
        """The link went away, or could not be made; what is missing then becomes a gap with this cause."""
        held, was_streaming, cause = self.end_clock(), self.streaming, Cause(words, key)
        self._keep_period()
        self._clock = None
        self._early_probes.clear()
        if was_streaming:
            self._break_cause = cause
        return [*held, Event("disconnected", max(at_s, self._last_t_s), self.sensor_id, cause.told())]

    def ready(self, ready: Ready, at_s: float, about: Mapping[str, object] | None = None) -> list[Item]:
        """The sensor is set up: its channel, when that is new, and the news with what else is known `about` it."""
        held = self.end_clock()
        self._keep_period()
        self._ready_s, self._first_ready_s = at_s, min(at_s, self._first_ready_s)
        self._clock, self._settled = self._clock_for(ready), False
        for probe in self._early_probes:
            self._clock.probe(probe)
        self._early_probes.clear()
        if ready.session is None or ready.session != self._session:
            self._lost_known = self._session is None and ready.session is not None
            self.sequencer.restart(ready.next_index)
            self._dropped_told = None if ready.next_index else 0
        self._session, self.last_data_s, self._packet_s = ready.session, at_s, ready.packet_s
        self._status_at = (at_s, *self._status_at[1:])
        news = [self._connected(ready, at_s, about or {}), *self._battery_news(at_s)]
        return [*held, *self._new_channel(ready), *news]

    def _keep_period(self) -> None:
        """A sensor's oscillator is the same after a lost link: what was measured for a good while is kept."""
        if self._clock is None or self._channel is None:
            return
        self._past_clock = self._clock
        if self.last_data_s is not None and self.last_data_s - self._ready_s > WELL_MEASURED_S:
            self._known_period = (self._channel.sensor.nominal_rate_hz, self._clock.period_s)

    def _clock_for(self, ready: Ready) -> SampleClock:
        """The clock of before where the sensor's session goes on, else a new one that knows the rate of before."""
        goes_on = ready.session is not None and ready.session == self._session
        away_s = 0.0 if self.last_data_s is None else self._ready_s - self.last_data_s
        if goes_on and self._past_clock is not None and self._past_clock.resume(away_s):
            return self._past_clock
        if self._known_period is not None and self._known_period[0] == ready.rate_hz:
            return self._family.clock(1 / self._known_period[1], self._last_t_s)
        return self._family.clock(ready.rate_hz, self._last_t_s)

    def _new_channel(self, ready: Ready) -> list[Item]:
        has_gyr = ready.gyr_rad_s_per_count is not None
        sensor = replace(self._sensor, nominal_rate_hz=ready.rate_hz, has_gyr=has_gyr)
        channel = SensorChannel(
            sensor, ready.acc_m_s2_per_count, ready.gyr_rad_s_per_count, self._simulated, dict(ready.details)
        )
        if channel == self._channel:
            return []
        self._channel = channel
        return [channel]

    def _connected(self, ready: Ready, at_s: float, about: Mapping[str, object]) -> Event:
        data = {"family": self._sensor.family, "rate_hz": ready.rate_hz, **about, **ready.details}
        if self._battery is not None:
            data["battery_percent"] = self._battery.percent
        return Event("connected", max(at_s, self._last_t_s), self.sensor_id, data)

    # --- what the sensor sends ------------------------------------------------------------------------------------

    def probe(self, probe: TimeProbe) -> None:
        """An exchange of clock readings."""
        if self._clock is None:
            self._early_probes.append(probe)
        else:
            self._clock.probe(probe)

    def samples(self, group: SampleGroup) -> list[Item]:
        """A block, after the gap before it, if any; nothing for what came already."""
        self.last_data_s, self._quiet_said = group.arrival_s, False
        if self._clock is None or not len(group):
            return []
        if self._held or (self._clock.settle_s and not self._settled):
            return self._hold(group, self._clock)
        return self._place(group, self._clock)

    def _hold(self, group: SampleGroup, clock: SampleClock) -> list[Item]:
        """A clock that learns from arrivals hears a second of them before its first time is given out."""
        self._held.append(group)
        clock.listen(group)
        enough = group.arrival_s - self._held[0].arrival_s >= clock.settle_s or len(self._held) >= MAX_HELD
        return self._release() if enough else []

    def _release(self) -> list[Item]:
        held, self._held, self._settled = self._held, [], True
        return [item for group in held for item in self._place(group, self._clock)] if self._clock else []

    def end_clock(self) -> list[Item]:
        """What is still held, and the losses that only seemed so: no more comes by this clock."""
        held = self._release()
        if self._clock is None:
            return held
        self._clock.ended()
        return [*held, *self._unseen_gaps(self._clock)]

    def _place(self, group: SampleGroup, clock: SampleClock) -> list[Item]:
        place = self.sequencer.place(group.first_index, len(group))
        if place.skip == len(group):
            return []
        group = _without_first(group, place.skip, clock)
        times = clock.stamp(group)
        gaps = [*self._unseen_gaps(clock), *self._gap(group, place, float(times[0]))]
        self._last_t_s = float(times[-1])
        counter = group.first_index if group.counted else None
        return [*gaps, Block(self.sensor_id, group.counts, group.flags, times, counter, group.ticks, group.arrival_s)]

    def _unseen_gaps(self, clock: SampleClock) -> list[Item]:
        """Told when it is certain that they were lost, which is some time after the hole."""
        gaps: list[Item] = []
        for loss in clock.unseen_losses():
            self.sequencer.counters.lost += loss.samples
            data = {"start_s": loss.start_s, "end_s": loss.end_s, "lost_samples": loss.samples, **UNSEEN.told()}
            gaps.append(Event("gap", self._last_t_s, self.sensor_id, data))
        return gaps

    def _gap(self, group: SampleGroup, place: Placement, end_s: float) -> list[Item]:
        """What is missing before `end_s`: of unknown number before a new session, counted in it; often nothing."""
        cause, self._break_cause = self._break_cause, None
        known, self._lost_known = self._lost_known, True
        if self._clock is None:
            return []
        last_s = self._last_t_s if np.isfinite(self._last_t_s) else self._first_ready_s
        start_s = min(last_s + self._clock.period_s, end_s)
        gaps: list[Item] = []
        if not known and np.isfinite(self._last_t_s):  # before the first sample there is nothing to miss
            begin_s = max(start_s, end_s - place.lost * self._clock.period_s)  # of the new session
            gaps.append(self._gap_event(start_s, begin_s, None, cause or _cause(group)))
            start_s, cause = begin_s, None
        if place.lost:  # else the link went away and came back, and the sensor kept everything
            gaps.append(self._gap_event(start_s, end_s, place.lost, cause or _cause(group)))
        return gaps

    def _gap_event(self, start_s: float, end_s: float, lost: int | None, cause: Cause) -> Event:
        data = {"start_s": start_s, "end_s": end_s, "lost_samples": lost, **cause.told()}
        return Event("gap", end_s, self.sensor_id, data)

    def battery(self, battery: Battery, at_s: float) -> list[Item]:
        """News of the battery: at once when its percentage changed, else now and then; never before the channel."""
        if battery.percent is None and battery.voltage_v is None:
            return []
        self._battery = battery
        return self._battery_news(at_s) if self.streaming else []

    def _battery_news(self, at_s: float) -> list[Item]:
        if self._battery is None:
            return []
        if self._battery_told is not None:
            told, told_s = self._battery_told
            if told.percent == self._battery.percent and at_s - told_s < self._params.battery_s:
                return []
        self._battery_told = (self._battery, at_s)
        data = {"percent": self._battery.percent, "voltage_v": self._battery.voltage_v}
        return [Event("battery", at_s, self.sensor_id, data)]

    def notice(self, notice: Notice, at_s: float) -> list[Item]:
        """Something the sensor told."""
        if notice.kind == "status":
            return self._dropped(notice)
        if notice.kind == "restarted":
            held = self.end_clock()
            self._break_cause, self._lost_known, self._clock = RESTARTED, False, None
            self.sequencer.restart(None)
            return [*held, self._clock_event(SENSOR_RESET, notice, at_s)]
        if notice.kind in CLOCK_NEWS:
            held = self.end_clock()
            if self._clock is not None:
                self._clock, self._settled = self._family.clock(1 / self._clock.period_s, self._last_t_s), False
            if not self._family.capabilities.counter:
                self._break_cause, self._lost_known = CLOCK_JUMPED, False
            return [*held, self._clock_event(CLOCK_NEWS[notice.kind], notice, at_s)]
        if notice.kind == "unknown":
            return []
        return [Event("note", at_s, self.sensor_id, {"text": f"sensor: {notice.kind}", **notice.data})]

    def _clock_event(self, what: str, notice: Notice, at_s: float) -> Event:
        data = {"what": what, "by_s": notice.data.get("by_s")}
        return Event("clock", max(at_s, self._last_t_s), self.sensor_id, data)

    def _dropped(self, notice: Notice) -> list[Item]:
        """Count what the sensor itself says it could not send; its figure begins at 0 with every session."""
        told = notice.data.get("dropped")
        if isinstance(told, int):
            before = told if self._dropped_told is None else self._dropped_told
            self.sequencer.counters.device_dropped += max(told - before, 0)
            self._dropped_told = told
        return []

    # --- the passing of time --------------------------------------------------------------------------------------

    def routine(self, now_s: float) -> list[Item]:
        """A status event now and then; one at once when data stay away."""
        if self._clock is None or self.last_data_s is None:
            return []
        if self._held and now_s - self._held[0].arrival_s > self._clock.settle_s:
            return self._release()
        if now_s - self.last_data_s > self._params.quiet_s + self._packet_s:
            return self._quiet(now_s)
        if now_s - self._status_at[0] < self._params.status_s:
            return []
        return [self._status(now_s, 1 / self._clock.period_s, {})]

    def _quiet(self, now_s: float) -> list[Item]:
        if self._quiet_said:
            return []
        self._quiet_said = True
        return [self._status(now_s, 0.0, {"cause": f"no data for {self._params.quiet_s:g} s"})]

    def _status(self, now_s: float, rate_hz: float, more: dict[str, object]) -> Event:
        c = self.sequencer.counters
        _, received, lost = self._status_at
        self._status_at = (now_s, c.received, c.lost)
        data = {
            "rate_hz": rate_hz,
            "lost_samples": c.lost - lost,
            "received_samples": c.received - received,
            "loss_percent": c.loss_percent,
            "late_samples": c.late,
            "duplicate_samples": c.duplicate,
            "device_dropped_samples": c.device_dropped,
            **_clock_facts(self._clock),
            **more,
        }
        return Event("status", now_s, self.sensor_id, data)


def _clock_facts(clock: SampleClock | None) -> dict[str, object]:
    ppm, error_s = (None, None) if clock is None else (clock.ppm, clock.error_s)
    return {"clock_ppm": ppm, "clock_error_ms": None if error_s is None else 1000 * error_s}


def _without_first(group: SampleGroup, skip: int, clock: SampleClock) -> SampleGroup:
    if not skip:
        return group
    ticks = None if group.ticks is None else group.ticks + round(skip * clock.period_s / clock.tick_s)
    return replace(
        group, first_index=group.first_index + skip, ticks=ticks, counts=group.counts[skip:], flags=group.flags[skip:]
    )


def _cause(group: SampleGroup) -> Cause:
    if not group.counted:
        return DAMAGED_LINE
    if group.flags[0] & SampleFlag.DROPPED_BEFORE:
        return SENSOR_DROPPED
    return LOST_PACKETS
