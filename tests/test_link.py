"""A link in virtual time: what it emits, and what it does when things go wrong."""

from __future__ import annotations

import asyncio
import logging

import numpy as np
import pytest

from bridge_helpers import START_S, Collector, NumberedStream, VirtualClock, run_virtually
from spinewatch_bridge.backoff import next_delay_s
from spinewatch_bridge.blocks import Block, Event, SensorChannel
from spinewatch_bridge.errors import (
    BridgeError,
    DeviceRefusedError,
    DeviceSilentError,
    LinkLostError,
    PortBusyError,
    PortHangsError,
    PortNotFoundError,
)
from spinewatch_bridge.framing import encode_frame
from spinewatch_bridge.link import Link
from spinewatch_bridge.protocols.base import Haptic
from spinewatch_bridge.protocols.spinewatch import SpinewatchProtocol
from spinewatch_bridge.protocols.witmotion_serial import WitMotionSerial
from spinewatch_bridge.simulator.device import VirtualDevice
from spinewatch_bridge.transports.base import Chunk
from spinewatch_bridge.transports.simulated import SimulatedTransport
from spinewatch_signal.samples import SensorInfo

SENSOR = SensorInfo("upper_back", "")


class Unreliable(SimulatedTransport):
    """A cable that can be pulled, with a device that goes on measuring meanwhile."""

    def __init__(self, device: VirtualDevice, clock: VirtualClock) -> None:
        super().__init__("test port", device, clock)
        self.down: list[tuple[float, float]] = []
        self.mute: list[tuple[float, float]] = []
        self.opened = 0

    def _inside(self, spans: list[tuple[float, float]]) -> bool:
        now_s = self._clock.now_s() - START_S
        return any(start <= now_s < end for start, end in spans)

    async def open(self) -> None:
        self.opened += 1
        if self._inside(self.down):
            raise PortNotFoundError("test port")
        self._device.take(self._clock.now_s())  # nobody listened
        await super().open()

    async def read(self, timeout_s: float) -> list[Chunk]:
        if self._inside(self.down):
            raise LinkLostError("the sensor or its cable was unplugged")
        if self._inside(self.mute):
            self._device.take(self._clock.now_s())
            await self._clock.sleep(timeout_s)
            return []
        return await super().read(timeout_s)


def record(
    seconds: float, stream: NumberedStream | None = None, change=None, lost=None
) -> tuple[Collector, Unreliable]:
    """A link to a numbered device for so long; `change` may alter the transport first."""
    collector, made = Collector(), []

    async def main(clock: VirtualClock) -> None:
        transport = Unreliable(VirtualDevice(stream or NumberedStream(), lost=lost), clock)
        made.append(transport)
        if change:
            change(transport)
        await Link(SENSOR, transport, SpinewatchProtocol(), clock, simulated=True).run(collector)

    run_virtually(main, seconds, ends=False)
    return collector, made[0]


def test_a_minute_of_samples_comes_whole_and_in_order():
    got, _ = record(60)
    assert isinstance(got.items[0], SensorChannel)
    assert [type(i) for i in got.items[1:3]] == [Event, Event]
    assert got.channels[0].sensor.family == "spinewatch"
    assert got.channels[0].simulated
    assert got.numbers == list(range(got.numbers[0], got.numbers[0] + len(got.numbers)))
    assert len(got.numbers) > 5900
    assert got.events("gap") == []


def test_times_are_the_true_ones():
    got, _ = record(60, NumberedStream(clock_ppm=80.0, boot_s=131_030.0))  # its ticks wrap within the minute
    true_s = START_S + np.array(got.numbers) / 100
    assert np.abs(got.t_s - true_s).max() < 2e-3
    assert np.all(np.diff(got.t_s) > 0)
    assert got.blocks[-1].device_ticks > 2**32


def test_blocks_keep_counter_ticks_and_arrival():
    got, _ = record(10)
    first, second = got.blocks[:2]
    assert (first.counter, second.counter) == (0, 10)
    assert second.device_ticks - first.device_ticks == pytest.approx(3277, abs=1)
    assert 0 < first.arrival_s - first.t_s[-1] < 0.02


def test_lost_packets_are_counted_exactly_and_told_before_the_next_block():
    got, _ = record(30, lost=lambda first: first in range(500, 540) or first in range(1200, 1210))
    gaps = got.events("gap")
    assert sum(gap.data["lost_samples"] for gap in gaps) == 50
    assert gaps[0].data["cause"] == "packets were lost on the way"
    at = got.items.index(gaps[0])
    following = got.items[at + 1]
    assert isinstance(following, Block)
    assert gaps[0].data["end_s"] == following.t_s[0]
    assert gaps[0].data["end_s"] - gaps[0].data["start_s"] == pytest.approx(
        0.01 * gaps[0].data["lost_samples"], abs=2e-3
    )


def test_a_pulled_cable_is_told_once_and_its_gap_is_exact(caplog):
    with caplog.at_level(logging.DEBUG, "spinewatch_bridge"):
        got, transport = record(60, change=lambda t: t.down.append((20, 33)))
    assert transport.opened > 4
    assert len(got.events("connected")) == 2
    assert len(got.channels) == 1
    assert [e.data["cause"] for e in got.events("disconnected")] == ["the sensor or its cable was unplugged"]
    (gap,) = got.events("gap")
    missing = set(range(got.numbers[0], got.numbers[-1] + 1)) - set(got.numbers)
    assert gap.data["lost_samples"] == len(missing) > 1300
    assert [r.levelname for r in caplog.records].count("WARNING") == 1
    assert caplog.messages[0] == "sensor upper_back: LinkLostError"
    assert transport.name not in caplog.text  # it is what its owner named it
    assert np.all(np.diff(got.t_s) > 0)


def test_minutes_without_link_do_not_hide_a_wrapped_counter():
    got, _ = record(1600, NumberedStream(1_000_000), change=lambda t: t.down.append((20, 1500)))
    (gap,) = got.events("gap")
    assert gap.data["lost_samples"] == got.numbers[-1] - got.numbers[0] + 1 - len(got.numbers) > 2 * 65_536


def test_a_device_that_started_anew_gives_a_gap_of_unknown_size():
    def reboot(transport: Unreliable) -> None:
        transport.down.append((20, 25))
        device = transport._device
        original = transport.open

        async def open_and_reboot() -> None:
            await original()
            if transport.opened > 1:
                fresh = VirtualDevice(NumberedStream(start_s=START_S + 20, boot_s=3.0), session=77)
                transport._device = fresh

        transport.open = open_and_reboot
        assert device is not None

    got, _ = record(40, change=reboot)
    (gap,) = got.events("gap")
    assert gap.data["lost_samples"] is None
    assert gap.data["cause"] == "the sensor or its cable was unplugged"
    assert np.all(np.diff(got.t_s) > 0)


def test_silence_is_said_after_a_second_and_ends_the_link_after_four():
    got, transport = record(40, change=lambda t: t.mute.append((20, 28)))
    quiet = [e for e in got.events("status") if e.data.get("cause")]
    assert [e.data["cause"] for e in quiet] == ["no data for 1 s"]
    assert 21.0 < quiet[0].t_s - START_S < 21.6
    assert got.events("disconnected")[0].data["cause"] == "no data came for 4 s"
    assert transport.opened >= 2
    assert len(got.events("connected")) == 2


def test_status_tells_rate_and_loss():
    got, _ = record(30, NumberedStream(rate_hz=99.26), lost=lambda first: first in range(900, 910))
    status = got.events("status")
    assert len(status) >= 5
    assert status[-1].data["rate_hz"] == pytest.approx(99.26, abs=0.05)
    assert sum(e.data["lost_samples"] for e in status) == 10
    assert got.events("battery")[0].data["percent"] == 100


def test_first_failure_can_end_the_command_line():
    async def main(clock: VirtualClock) -> None:
        transport = Unreliable(VirtualDevice(NumberedStream()), clock)
        transport.down.append((0, 100))
        with pytest.raises(PortNotFoundError):
            await Link(SENSOR, transport, SpinewatchProtocol(), clock, fail_fast=True).run(Collector())

    run_virtually(main, 10)


class Babbling:
    """A transport that gives the same bytes for ever."""

    name = "COM7"

    def __init__(self, data: bytes, clock: VirtualClock) -> None:
        self.data, self.clock, self.reads = data, clock, 0

    async def open(self) -> None: ...

    async def read(self, timeout_s: float) -> list[Chunk]:
        await self.clock.sleep(0.05)
        self.reads += 1
        return [Chunk(self.data, self.clock.now_s())]

    async def write(self, data: bytes) -> None: ...

    def open_otherwise(self) -> bool:
        return False

    def use_speed(self, baud: int) -> None: ...

    def facts(self) -> dict[str, object]:
        return {"port": self.name}

    def why_lost(self) -> str:
        return ""

    async def close(self) -> None: ...


def refusal(data: bytes, protocol) -> str:
    told = []

    async def main(clock: VirtualClock) -> None:
        try:
            await Link(SENSOR, Babbling(data, clock), protocol, clock, fail_fast=True).run(Collector())
        except (DeviceRefusedError, DeviceSilentError) as error:
            told.append(str(error))

    run_virtually(main, 60)
    return told[0]


def test_noise_gives_one_clear_message():
    noise = bytes(np.random.default_rng(1).integers(1, 256, 300, np.uint8))
    text = refusal(noise, SpinewatchProtocol())
    assert text == (
        "The sensor at COM7 cannot be used: it sends data, but not in the spinewatch protocol. "
        "Is it another sensor? Try ?protocol=witmotion, or another speed with &baud=9600."
    )


def test_another_family_is_recognised():
    wit = bytes.fromhex("5551000000000040c409b3") * 4
    assert "It looks like a WitMotion sensor: try ?protocol=witmotion." in refusal(wit, SpinewatchProtocol())
    ours = encode_frame(bytes.fromhex("1000ffff0080000000000000000800 00f0ff1000".replace(" ", ""))) * 4
    assert "It looks like a Spinewatch sensor: try ?protocol=spinewatch." in refusal(ours, WitMotionSerial())


def test_a_silent_sensor_is_refused_in_words():
    assert "it does not answer" in refusal(b"", SpinewatchProtocol())


def test_commands_reach_the_device_and_come_back():
    heard = []

    async def main(clock: VirtualClock) -> None:
        transport = Unreliable(VirtualDevice(NumberedStream()), clock)
        link = Link(SENSOR, transport, SpinewatchProtocol(), clock)
        with pytest.raises(DeviceRefusedError, match="not connected"):
            await link.identify()
        running = asyncio.ensure_future(link.run(Collector()))
        await clock.sleep(5)
        await link.identify()
        await link.haptic(Haptic(on_ms=100))
        with pytest.raises(DeviceRefusedError, match="does not offer"):
            await link.haptic(Haptic(on_ms=60_000))
        heard.append(transport._device.commands)
        running.cancel()

    run_virtually(main, 20)
    assert heard[0].count(0x0B) == 1
    assert heard[0].count(0x05) == 2


def test_delays_come_from_the_table():
    got, transport = record(100, change=lambda t: t.down.append((0, 1000)))
    times, t = 0, 0.0
    while t <= 100:
        times += 1
        t += next_delay_s(times, PortNotFoundError("x"))
    assert transport.opened == times
    assert len(got.events("disconnected")) == 1
    assert isinstance(PortNotFoundError("x"), BridgeError)


class WitMotionLine(Babbling):
    """A WitMotion sensor at 99.26 Hz on a line that brings what came every 16 ms; it loses no sample of its own."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(b"", clock)
        self.sent = 0

    async def read(self, timeout_s: float) -> list[Chunk]:
        await self.clock.sleep(0.016)
        now_s = self.clock.now_s()
        first, self.sent = self.sent, int((now_s - START_S) * 99.26)
        return [Chunk(b"".join(wit_cycle(k) for k in range(first, self.sent)), now_s)] if self.sent > first else []


def wit_cycle(number: int) -> bytes:
    frames = (
        bytes((0x55, kind)) + np.array([number % 1000, 0, 2048, 0], "<i2").tobytes() for kind in (0x51, 0x52, 0x53)
    )
    return b"".join(frame + bytes((sum(frame) & 0xFF,)) for frame in frames)


def test_a_witmotion_sensor_gets_true_times_and_its_measured_rate():
    got = Collector()

    async def main(clock: VirtualClock) -> None:
        await Link(SENSOR, WitMotionLine(clock), WitMotionSerial(), clock).run(got)

    run_virtually(main, 120, ends=False)
    assert got.channels[0].sensor.nominal_rate_hz == 100.0
    assert got.channels[0].acc_m_s2_per_count == pytest.approx(9.80665 / 2048)
    assert got.events("status")[-1].data["rate_hz"] == pytest.approx(99.26, abs=0.02)
    assert got.events("gap") == []
    assert {block.counter for block in got.blocks} == {None}
    numbers = np.concatenate([block.values[:, 0] for block in got.blocks])
    assert set(np.diff(numbers).tolist()) <= {1, -999}
    settled = got.t_s > START_S + 30
    expected = got.t_s[settled][0] + np.arange(settled.sum()) / 99.26
    assert np.abs(got.t_s[settled] - expected).max() < 5e-3


class TwoSpeeds(WitMotionLine):
    """Understood only at its second line speed."""

    speed = 0

    def open_otherwise(self) -> bool:
        self.speed = (self.speed + 1) % 2
        return self.speed > 0

    async def read(self, timeout_s: float) -> list[Chunk]:
        chunks = await super().read(timeout_s)
        return chunks if self.speed else [Chunk(b"\xf8\x80" * len(c.data), c.arrival_s) for c in chunks]


def test_another_line_speed_is_tried_before_the_sensor_is_refused():
    got = Collector()

    async def main(clock: VirtualClock) -> None:
        await Link(SENSOR, TwoSpeeds(clock), WitMotionSerial(), clock, fail_fast=True).run(got)

    run_virtually(main, 20, ends=False)
    assert got.events("disconnected") == []
    assert sum(len(block) for block in got.blocks) > 1200


class SteppedStream(NumberedStream):
    """Its clock is set forward by an hour at sample 1000, as firmware may after a brown-out of the crystal."""

    def ticks_at(self, true_s: float) -> int:
        return super().ticks_at(true_s) + (3600 * 32768 if true_s >= self.taken_s(1000) else 0)


def test_a_stepped_device_clock_moves_no_sample():
    got, _ = record(60, SteppedStream())
    true_s = START_S + np.array(got.numbers) / 100
    assert got.events("gap") == []
    assert np.abs(got.t_s - true_s).max() < 0.2
    assert np.abs(got.t_s - true_s)[2500:].max() < 2e-3
    assert np.all(np.diff(got.t_s) > 0)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PortBusyError("test port"), "Serial port test port is in us"),
        (PortHangsError("test port"), "Serial port test port does not"),
    ],
)
def test_a_new_reason_that_needs_a_person_is_told(error: BridgeError, words: str):
    def taken_by_another_program(transport: Unreliable) -> None:
        transport.down.append((20, 26))
        original = transport.open

        async def open_or_busy() -> None:
            await original()
            if transport._clock.now_s() - START_S < 40 and transport.opened > 1:
                raise error

        transport.open = open_or_busy

    got, _ = record(60, change=taken_by_another_program)
    causes = [e.data["cause"] for e in got.events("disconnected")]
    assert [cause[:30] for cause in causes] == ["the sensor or its cable was un", words]
    (gap,) = got.events("gap")
    assert gap.data["cause"] == "the sensor or its cable was unplugged"
    assert gap.data["lost_samples"] > 2000
