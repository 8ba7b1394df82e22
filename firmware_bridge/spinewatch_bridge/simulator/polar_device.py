"""A simulated Polar sensor: a chest strap without gyroscope, or an arm sensor with one; fed by a simulated wearer.

Pure: true time is an argument, bytes go in and out. `simulator.device.VirtualDevice` is its counterpart for our own
protocol. What a real one does when nobody listens is not written down anywhere; this one goes on measuring, so that
the host has a leftover stream to stop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinewatch_bridge.protocols import polar_ctrl as ctrl
from spinewatch_bridge.protocols.gatt import BATTERY, CTRL, DATA, FEATURES, FIRMWARE, MAKER, MODEL, SERIAL
from spinewatch_bridge.protocols.polar import PROFILE
from spinewatch_bridge.protocols.polar_frames import EPOCH_UNIX_S, Kind, encode_packed, encode_raw
from spinewatch_bridge.simulator.device import Sent, Stream

STREAM_TICKS_PER_S = 32768  # of the simulator's device clock
STREAM_COUNTS_PER_G = 8192
STREAM_COUNTS_PER_DEG_S = 65.536
BATTERY_LIFE_S = 20 * 3600.0


@dataclass(frozen=True, slots=True)
class Form:
    """One of the sensors that the maker sells.

    Args:
        name: beginning of the name that it advertises.
        model, firmware: as it tells them.
        kinds: what it measures.
        rates_hz: what it offers, as far as its wearer's samples can be thinned out to it.
        ranges: offered range of each kind, in g and °/s.
        packed: differences, else whole numbers.
        per_frame: samples of each kind in one notification.
    """

    name: str
    model: str
    firmware: str
    kinds: tuple[Kind, ...]
    rates_hz: tuple[int, ...]
    ranges: Mapping[Kind, tuple[int, ...]]
    packed: bool
    per_frame: Mapping[Kind, int]


H10 = Form(
    "Polar H10", "H10", "5.0.0", (Kind.ACC,), (25, 50, 100, 200), {Kind.ACC: (2, 4, 8)}, packed=False,
    per_frame={Kind.ACC: 36},
)  # fmt: skip
VERITY_SENSE = Form(
    "Polar Sense", "Polar Sense", "2.2.6", (Kind.ACC, Kind.GYR), (52,), {Kind.ACC: (8,), Kind.GYR: (2000,)},
    packed=True, per_frame={Kind.ACC: 30, Kind.GYR: 26},
)  # fmt: skip


@dataclass(slots=True)
class _Running:
    """A measurement that was started: every `step`-th sample of the wearer from `next` on."""

    step: int
    next: int


class PolarDevice:
    """One sensor, switched on.

    Args:
        stream: what it measures.
        form: which one it is.
        serial: its identity, which ends its name.
        as_counts: True sends the stream's own numbers, so that numbered samples stay provable; else the chest strap
            turns them into milli-g.
        lost: whether the notification that begins with this sample of this kind never arrives.
        gyr_later_s: how much later than an acceleration the turn rate beside it is taken.
        clock_set_s: UNIX time to which a phone set its clock when the stream began; None leaves it at its epoch.
    """

    gatt = PROFILE

    def __init__(
        self,
        stream: Stream,
        form: Form = H10,
        *,
        serial: str = "5A1E0001",
        as_counts: bool = False,
        lost: Callable[[Kind, int], bool] | None = None,
        gyr_later_s: float = 0.004,
        clock_set_s: float | None = None,
    ) -> None:
        self._stream, self.form, self._serial = stream, form, serial
        self._as_counts, self._lost, self._gyr_later_s = as_counts or form.packed, lost, gyr_later_s
        self._base_ns = 0
        self.set_clock(stream.start_s, EPOCH_UNIX_S if clock_set_s is None else clock_set_s)
        self._running: dict[Kind, _Running] = {}
        self._handed: dict[Kind, list[NDArray[np.int64]]] = {kind: [] for kind in form.kinds}
        self._linked = True
        self.in_charger = False
        self.unanswered = 0
        """So many of the next commands get no answer."""
        self.commands: list[bytes] = []

    @property
    def advertised_name(self) -> str:
        """The name in its advertisements."""
        return f"{self.form.name} {self._serial}"

    @property
    def finished(self) -> bool:
        """True when the wearer's day is over."""
        return any(run.next >= self._stream.samples for run in self._running.values())

    @property
    def sent_samples(self) -> int:
        """Samples that were handed to the link, with all that belongs to them."""
        return len(self.sent_numbers)

    @property
    def sent_numbers(self) -> NDArray[np.int64]:
        """Their numbers in the stream, ascending; of an arm sensor those of which both halves were handed over."""
        common: NDArray[np.int64] | None = None
        for parts in self._handed.values():
            numbers = np.concatenate(parts) if parts else np.empty(0, np.int64)
            common = numbers if common is None else np.intersect1d(common, numbers)
        return np.empty(0, np.int64) if common is None else common

    # --- what may happen to it ------------------------------------------------------------------------------------

    def connected(self, true_s: float, mtu: int | None = None) -> None:
        """A host connected; what was measured for nobody is gone."""
        del mtu  # its notifications fit the MTU that every computer agrees to
        self._skip(true_s)
        self._linked = True

    def disconnected(self, true_s: float) -> None:
        """The link is gone; it goes on measuring."""
        self._skip(true_s)
        self._linked = False

    def set_clock(self, true_s: float, shown_utc_s: float) -> None:
        """Its clock shows another time from now on."""
        ticks = self._stream.ticks_at(true_s)
        self._base_ns = round((shown_utc_s - EPOCH_UNIX_S) * 1e9) - _ns(ticks)

    def reset_clock(self, true_s: float) -> None:
        """Its clock begins again at its epoch, as after an empty battery."""
        self.set_clock(true_s, EPOCH_UNIX_S)

    # --- commands -------------------------------------------------------------------------------------------------

    def reads(self, true_s: float | None = None) -> Mapping[str, bytes]:
        """What its readable characteristics hold."""
        return {
            FEATURES: ctrl.pack_features(self.form.kinds),
            BATTERY: bytes((self._battery_percent(self._stream.start_s if true_s is None else true_s),)),
            MODEL: self.form.model.encode(),
            SERIAL: self._serial.encode(),
            FIRMWARE: self.form.firmware.encode(),
            MAKER: b"Polar Electro Oy",
        }

    def receive(self, data: bytes, true_s: float, channel: str = CTRL) -> list[tuple[str, bytes]]:
        """Its answers to a command, each with the channel on which it comes."""
        if channel not in ("", CTRL) or len(data) < 2:  # a bare transport has no channels
            return []
        self.commands = [*self.commands[-63:], data]
        if self.unanswered:
            self.unanswered -= 1
            return []
        op, number = data[0], data[1]
        kind = next((kind for kind in self.form.kinds if kind == number), None)
        answers = {ctrl.Op.SETTINGS: self._settings, ctrl.Op.START: self._start, ctrl.Op.STOP: self._stop}
        answer = next((a for known, a in answers.items() if known == op), None)
        if answer is None:
            status, settings = ctrl.Status.INVALID_OP, ctrl.NO_SETTINGS
        elif kind is None:
            status, settings = ctrl.Status.INVALID_TYPE, ctrl.NO_SETTINGS
        else:
            status, settings = answer(kind, ctrl.unpack_settings(data[2:]), true_s)
        return [(CTRL, ctrl.pack_reply(ctrl.CtrlReply(op, number, status, settings)))]

    def _settings(self, kind: Kind, _asked: ctrl.Settings, _true_s: float) -> tuple[ctrl.Status, ctrl.Settings]:
        return ctrl.Status.OK, {
            ctrl.Setting.RATE: self._rates_hz(),
            ctrl.Setting.RESOLUTION: (16,),
            ctrl.Setting.RANGE: self.form.ranges[kind],
            **({ctrl.Setting.CHANNELS: (3,)} if self.form.packed else {}),
        }

    def _start(self, kind: Kind, asked: ctrl.Settings, true_s: float) -> tuple[ctrl.Status, ctrl.Settings]:
        rate_hz, full = asked.get(ctrl.Setting.RATE, (0,))[0], asked.get(ctrl.Setting.RANGE, (0,))[0]
        checks = (
            (self.in_charger, ctrl.Status.IN_CHARGER),
            (kind in self._running, ctrl.Status.ALREADY_IN_STATE),
            (rate_hz not in self._rates_hz(), ctrl.Status.INVALID_RATE),
            (full not in self.form.ranges[kind], ctrl.Status.INVALID_RANGE),
            (asked.get(ctrl.Setting.RESOLUTION) != (16,), ctrl.Status.INVALID_RESOLUTION),
        )
        refusal = next((status for is_so, status in checks if is_so), None)
        if refusal is not None:
            return refusal, ctrl.NO_SETTINGS
        step = max(round(1 / (self._stream.period_s * rate_hz)), 1)
        self._running[kind] = _Running(step, self._first_after(true_s, step))
        counts_per_unit = STREAM_COUNTS_PER_G if kind is Kind.ACC else STREAM_COUNTS_PER_DEG_S
        return ctrl.Status.OK, {ctrl.Setting.FACTOR: (1 / counts_per_unit,)} if self.form.packed else ctrl.NO_SETTINGS

    def _stop(self, kind: Kind, _asked: ctrl.Settings, _true_s: float) -> tuple[ctrl.Status, ctrl.Settings]:
        running = self._running.pop(kind, None)
        return (ctrl.Status.ALREADY_IN_STATE if running is None else ctrl.Status.OK), ctrl.NO_SETTINGS

    def _rates_hz(self) -> tuple[float, ...]:
        """The rates of the form that the stream can be thinned out to; else its own."""
        own_hz = round(1 / (self._stream.period_s * 2)) * 2
        return tuple(float(rate) for rate in self.form.rates_hz if own_hz % rate == 0) or (float(own_hz),)

    # --- data -----------------------------------------------------------------------------------------------------

    def next_due_s(self) -> float:
        """True time at which the next notification is complete; infinity while nothing runs."""
        return min((self._due_s(kind) for kind in self._running), default=float("inf"))

    def take(self, until_true_s: float) -> list[Sent]:
        """The notifications that are complete by then, in order."""
        sent: list[Sent] = []
        while self._running and (due_s := self.next_due_s()) <= until_true_s:
            kind = min(self._running, key=self._due_s)
            numbers = self._numbers(kind)
            self._running[kind].next = int(numbers[-1]) + self._running[kind].step
            if self._linked and not (self._lost is not None and self._lost(kind, int(numbers[0]))):
                self._handed[kind].append(numbers)
                sent.append(Sent(self._frame(kind, numbers), due_s, len(numbers), DATA))
        return sent

    def _numbers(self, kind: Kind) -> NDArray[np.int64]:
        """Stream numbers of the samples in its next notification."""
        run = self._running[kind]
        end = min(run.next + run.step * self.form.per_frame[kind], self._stream.samples)
        return np.arange(run.next, end, run.step, dtype=np.int64)

    def _due_s(self, kind: Kind) -> float:
        numbers = self._numbers(kind)
        if len(numbers) == 0:
            return float("inf")
        return self._stream.taken_s(int(numbers[-1])) + self._later_s(kind)

    def _later_s(self, kind: Kind) -> float:
        return self._gyr_later_s if kind is Kind.GYR else 0.0

    def _frame(self, kind: Kind, numbers: NDArray[np.int64]) -> bytes:
        first, last = int(numbers[0]), int(numbers[-1])
        columns = slice(0, 3) if kind is Kind.ACC else slice(3, 6)
        counts = self._stream.between(first, last + 1).counts[numbers - first, columns]
        last_ns = (
            self._base_ns + _ns(self._stream.ticks_at(self._stream.taken_s(last))) + round(self._later_s(kind) * 1e9)
        )
        if self.form.packed:
            return encode_packed(kind, last_ns, counts)
        milli_g = counts if self._as_counts else np.rint(counts * (1000 / STREAM_COUNTS_PER_G)).astype(np.int16)
        return encode_raw(kind, last_ns, milli_g)

    def _first_after(self, true_s: float, step: int) -> int:
        """Number of the first sample taken at or after a true time that is a multiple of `step`, by bisection."""
        low, high = 0, self._stream.samples // step
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._stream.taken_s(middle * step) < true_s else (low, middle)
        return low * step

    def _skip(self, true_s: float) -> None:
        """Measured meanwhile, and sent to nobody."""
        linked, self._linked = self._linked, False
        self.take(true_s)
        self._linked = linked

    def _battery_percent(self, true_s: float) -> int:
        return round(100 * max(1 - max(true_s - self._stream.start_s, 0.0) / BATTERY_LIFE_S, 0.0))


def _ns(ticks: int) -> int:
    return ticks * 1_000_000_000 // STREAM_TICKS_PER_S
