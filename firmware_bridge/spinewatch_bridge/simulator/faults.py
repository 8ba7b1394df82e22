"""What can be asked to go wrong with a simulated sensor or its link; nothing of it happens unasked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from spinewatch_bridge.simulator.wearer import Mounting
from spinewatch_signal.samples import Floats, Site

PACKET_SAMPLES = 10
"""Samples in one packet of a 100 Hz device: what is lost together."""

Spans = tuple[tuple[float, float], ...]
"""Half-open spans ``(start_s, end_s)``, seconds from the start of the scenario, in time order."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A sensor turns on the body, evenly from ``start_s`` to ``end_s`` (seconds from the start), and stays so.

    Half a second is a slip, hours are a creep. Angles are about the axes printed on the sensor, as turned by then.

    Args:
        start_s, end_s: when.
        x_deg, y_deg, z_deg: rotation vector: about up, about the wearer's left, about out of the back.
    """

    start_s: float
    end_s: float
    x_deg: float = 0.0
    y_deg: float = 0.0
    z_deg: float = 0.0


@dataclass(frozen=True, slots=True)
class OnTable:
    """A sensor is taken off, lies on a table while it goes on sending, and is put on again as it was.

    Args:
        start_s, end_s: from the hand that takes it to the hand that has put it back, seconds from the start.
        turned_deg: how the hand turns it on the way to the table, about the wearer's left; back on the way back.
        hand_s: how long each way takes.
    """

    start_s: float
    end_s: float
    turned_deg: float = 160.0
    hand_s: float = 4.0


@dataclass(frozen=True, slots=True)
class Stuck:
    """A channel (0 to 2 accelerometer, 3 to 5 gyroscope) repeats one count in ``[start_s, end_s)``."""

    channel: int
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Faults:
    """Requests, over and above the usual small errors of every sensor.

    Args:
        ideal_sensors: no noise, bias, scale error, skin movement, saturation or clock error; counts still round.
        gyro_bias_deg_s: constant rate offset, sensor axes (real sensors had 12-69 °/s).
        acc_scale_error: gain error of the accelerometer, 0.03 = 3 % too large.
        noise_factor: multiplies the usual noise.
        clock_ppm: drift of the device clock; positive runs fast.
        rate_error: 0.01 = the device samples 1 % faster than it says.
        packet_loss: share of packets lost at random.
        loss_bursts_per_h, loss_burst_s: bursts in which every packet is lost, and their mean length.
        link_drops: spans without a link; the device goes on counting.
        motor_on: spans in which the vibration motor runs.
        mountings: replaces the wearer's own, per site.
        shifts: how the sensor turns on the body, one after the other.
        on_table: when it lies on a table, in time order.
        stuck: channels that stick.
        range_g, range_deg_s: the sensor clips here, and flags it; None for its usual range.
        sites: the sensors that the faults above concern; empty means all.
    """

    ideal_sensors: bool = False
    gyro_bias_deg_s: tuple[float, float, float] | None = None
    acc_scale_error: float | None = None
    noise_factor: float = 1.0
    clock_ppm: float | None = None
    rate_error: float | None = None
    packet_loss: float = 0.0
    loss_bursts_per_h: float = 0.0
    loss_burst_s: float = 2.0
    link_drops: Spans = ()
    motor_on: Spans = ()
    mountings: Mapping[Site, Mounting] = field(default_factory=dict)
    shifts: tuple[Shift, ...] = ()
    on_table: tuple[OnTable, ...] = ()
    stuck: tuple[Stuck, ...] = ()
    range_g: float | None = None
    range_deg_s: float | None = None
    sites: tuple[Site, ...] = ()

    def for_site(self, site: Site) -> Faults:
        """The faults of one sensor."""
        concerned = not self.sites or site in self.sites
        return self if concerned else Faults(ideal_sensors=self.ideal_sensors, mountings=self.mountings)


class PacketLoss:
    """Which packets of a sensor never arrive: a fixed fate per packet number.

    Args:
        faults: the requests.
        rng: used once, here.
        packets: how many packets the device sends.
        packet_s: time between packets.
    """

    def __init__(self, faults: Faults, rng: np.random.Generator, packets: int, packet_s: float) -> None:
        self._lost = rng.random(packets) < faults.packet_loss
        mean_packets = faults.loss_burst_s / packet_s
        starts = rng.random(packets) < faults.loss_bursts_per_h * packet_s / 3600.0
        for start in np.flatnonzero(starts).tolist():
            self._lost[start : start + 1 + int(rng.exponential(mean_packets))] = True

    def lost(self, packets: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each of these packet numbers is lost."""
        return self._lost[np.clip(packets, 0, len(self._lost) - 1)]

    def is_lost(self, packet: int) -> bool:
        """Whether this packet number is lost."""
        return bool(self._lost[min(packet, len(self._lost) - 1)])


def inside(t_s: Floats, spans: Spans) -> NDArray[np.bool_]:
    """(n,) whether each time lies in one of the spans."""
    result = np.zeros(len(t_s), np.bool_)
    for start_s, end_s in spans:
        result |= (t_s >= start_s) & (t_s < end_s)
    return result
