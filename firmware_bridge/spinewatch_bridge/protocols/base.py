"""What every sensor family turns bytes into, and what a link needs of a family. Pure: time is an argument."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.samples import Flags

MAX_DEVICE_TEXT = 40  # characters of a device's own words that reach a log or a screen


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a sensor can do. The rest of the program asks these and never the family's name.

    Args:
        rates_hz: rates that may be asked for; empty where the rate cannot be chosen.
        gyro: it measures angular rate; without, angles are known only while still.
        counter: its packets tell what is missing, so that losses are counted exactly.
        clock: it answers with its own time, so that two sensors share one time base within milliseconds.
        haptic: it can vibrate by command.
        identify: it can show which one it is, by light or motor.
        log: it keeps samples of its own that can be fetched later.
        owner_key: it can be claimed, so that nobody else commands it.
    """

    rates_hz: tuple[float, ...] = ()
    gyro: bool = True
    counter: bool = False
    clock: bool = False
    haptic: bool = False
    identify: bool = False
    log: bool = False
    owner_key: bool = False

    def names(self) -> list[str]:
        """Names of what it can do, for events and pages."""
        return [name for name in CAPABILITY_NAMES if getattr(self, name)]


CAPABILITY_NAMES = ("gyro", "counter", "clock", "haptic", "identify", "log", "owner_key")


@dataclass(frozen=True, eq=False, slots=True)
class SampleGroup:
    """Samples that arrived together.

    Args:
        first_index: index of the first sample since the session began, unwrapped. Families without a counter get a
            running count (`counted` False) in which samples known to be broken are left out.
        ticks: device clock at the first sample, unwrapped; None for families without a clock.
        counts: (n, 6) acc xyz, gyr xyz as sent, or (n, 3) acc alone; floats where the sensor sends floats.
        flags: (n,) bits of `SampleFlag`.
        arrival_s: host time at which the bytes arrived.
        counted: True when the index is the device's own.
    """

    first_index: int
    ticks: int | None
    counts: NDArray[np.int16] | NDArray[np.float32]
    flags: Flags
    arrival_s: float
    counted: bool = True

    def __len__(self) -> int:
        return len(self.counts)


@dataclass(frozen=True, slots=True)
class Ready:
    """The sensor is set up and its samples follow.

    Args:
        rate_hz: its stated rate.
        acc_m_s2_per_count, gyr_rad_s_per_count: factors of the counts.
        session: changes whenever the index starts again; None where the family has none.
        next_index: index that the next sample will have, where the device says so.
        details: name, serial number, firmware: cleaned texts for people.
        capabilities: what this very sensor can do; None where it is all that its family can.
        packet_s: time that one of its packets spans, where that is long: so much later, no data are missed yet.
        leaves_when: when it goes away by itself, in plain words; empty where it does not.
    """

    rate_hz: float
    acc_m_s2_per_count: float
    gyr_rad_s_per_count: float | None
    session: int | None = None
    next_index: int | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    capabilities: Capabilities | None = None
    packet_s: float = 0.0
    leaves_when: str = ""


@dataclass(frozen=True, slots=True)
class TimeProbe:
    """One exchange of clock readings; probes of one `burst` compete and the quickest wins.

    Args:
        sent_s, received_s: host times at which the question left and the answer came.
        rx_ticks, tx_ticks: device clock when the question came and the answer left, unwrapped.
    """

    sent_s: float
    received_s: float
    rx_ticks: int
    tx_ticks: int
    burst: int


@dataclass(frozen=True, slots=True)
class Battery:
    """Charge of the sensor; what is not known is None."""

    percent: float | None
    voltage_v: float | None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the sensor told: `kind` is a short name, `data` plain values."""

    kind: str
    data: Mapping[str, float | int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer to a request; `refusal` is empty when it was done, else says in words why not."""

    token: int
    refusal: str = ""
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class LogPiece:
    """Some bytes of one page of the log that the sensor keeps, at `offset` of the page."""

    file: int
    page: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class ChangeSpeed:
    """The sensor changes the speed of its serial line: the port must be opened anew with `baud`."""

    baud: int


# --- what may be asked of a sensor ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Haptic:
    """Vibrate: `repeats` times `on_ms` on, `off_ms` off; amplitude 255 is full, 0 stops."""

    amplitude: int = 160
    on_ms: int = 200
    off_ms: int = 150
    repeats: int = 2


@dataclass(frozen=True, slots=True)
class Identify:
    """Show which sensor it is for so many seconds."""

    seconds: int = 5


@dataclass(frozen=True, slots=True)
class SetUtc:
    """Tell the sensor what time it is."""

    utc_s: float
    offset_min: int = 0


@dataclass(frozen=True, slots=True)
class ListLog:
    """List the files of the log, from the `first` on."""

    first: int = 0


@dataclass(frozen=True, slots=True)
class ReadLog:
    """Send `pages` pages of a file of the log; they come as `LogPiece`."""

    file: int
    first_page: int
    pages: int


@dataclass(frozen=True, slots=True)
class EraseLog:
    """Erase one file of the log, named twice so that no other is meant."""

    file: int
    session: int


Request = Haptic | Identify | SetUtc | ListLog | ReadLog | EraseLog


class Refusal(Enum):
    """Why a conversation cannot go on."""

    SILENT = auto()  # nothing came, or no answer
    FOREIGN = auto()  # bytes came, but none of this family
    UNSUITABLE = auto()  # it answers, but cannot do what is needed


@dataclass(frozen=True, slots=True)
class Refused:
    """The conversation cannot go on; `reason` says why and, where it is known, what to do."""

    reason: str
    kind: Refusal = Refusal.UNSUITABLE


ProtocolEvent = SampleGroup | Ready | TimeProbe | Battery | Notice | Reply | LogPiece | ChangeSpeed | Refused


@dataclass(slots=True)
class ProtocolCounters:
    """What became of the bytes since the link was opened."""

    received_bytes: int = 0
    good_packets: int = 0
    malformed: int = 0


class SensorProtocol(Protocol):
    """One sensor family: told what arrived and what time it is, says what to send. No port, no clock, no waiting."""

    family: str
    counters: ProtocolCounters

    def opened(self, now_s: float) -> None:
        """A transport was opened: begin the conversation anew."""

    def receive(self, data: bytes, host_time_s: float, channel: str = "") -> list[ProtocolEvent]:
        """What `data` completes. Any bytes are welcome; nothing raises, nothing grows.

        Args:
            data: bytes as they came.
            host_time_s: when they came.
            channel: where they came from, as `protocols.gatt` names it; empty on a line that has one channel only.
        """

    def outgoing(self, now_s: float) -> list[bytes]:
        """What is to be written now."""

    def next_due_s(self) -> float:
        """When `outgoing` wants to be asked again."""

    def request(self, request: Request) -> int | None:
        """Queue a request; the `Reply` with the returned token answers it. None: this family cannot do that."""


class OwnerKeys(Protocol):
    """Where the keys of sensors that this computer owns are kept; a `BridgeError` says why they cannot be."""

    def key(self, serial: str) -> bytes | None:
        """The key of a sensor, if it is ours."""

    def former(self, serial: str) -> list[bytes]:
        """Keys that it had before, the likeliest first: who says that it has none need not be the sensor that we know.

        Those that it accepted come before those that were only set.
        """

    def accepted(self, serial: str, key: bytes) -> None:
        """The sensor accepted the proof of this key, which is not to be dropped from now on."""

    def new_key(self, serial: str) -> bytes:
        """A fresh key, kept safe before it is returned: a sensor that takes it would else be lost to everybody."""


def clean_text(raw: bytes | str, limit: int = MAX_DEVICE_TEXT) -> str:
    """Text of a device, safe to log and show: printable characters only, cut to `limit`."""
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    return "".join(c if c.isprintable() else "·" for c in text[: limit * 4]).strip()[:limit]
