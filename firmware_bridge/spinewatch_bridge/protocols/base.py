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


@dataclass(frozen=True, eq=False, slots=True)
class SampleGroup:
    """Samples that arrived together.

    Args:
        first_index: index of the first sample since the session began, unwrapped. Families without a counter get a
            running count (`counted` False) in which samples known to be broken are left out.
        ticks: device clock at the first sample, unwrapped; None for families without a clock.
        counts: (n, 6) acc xyz, gyr xyz as sent.
        flags: (n,) bits of `SampleFlag`.
        arrival_s: host time at which the bytes arrived.
        counted: True when the index is the device's own.
    """

    first_index: int
    ticks: int | None
    counts: NDArray[np.int16]
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
    """

    rate_hz: float
    acc_m_s2_per_count: float
    gyr_rad_s_per_count: float
    session: int | None = None
    next_index: int | None = None
    details: Mapping[str, str] = field(default_factory=dict)


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
    """Answer to a command that a person or a page gave."""

    token: int
    op: int
    status: int
    payload: bytes = b""


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


ProtocolEvent = SampleGroup | Ready | TimeProbe | Battery | Notice | Reply | Refused


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

    def receive(self, data: bytes, host_time_s: float) -> list[ProtocolEvent]:
        """What `data` completes. Any bytes are welcome; nothing raises, nothing grows."""

    def outgoing(self, now_s: float) -> list[bytes]:
        """What is to be written now."""

    def next_due_s(self) -> float:
        """When `outgoing` wants to be asked again."""


def clean_text(raw: bytes | str, limit: int = MAX_DEVICE_TEXT) -> str:
    """Text of a device, safe to log and show: printable characters only, cut to `limit`."""
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    return "".join(c if c.isprintable() else "·" for c in text[: limit * 4]).strip()[:limit]
