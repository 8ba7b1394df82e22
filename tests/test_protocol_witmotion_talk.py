"""Host and sensor together in virtual time, over a link: what is set, asked, measured, lost and found again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bridge_helpers import START_S, Collector, NumberedStream, VirtualClock, run_virtually
from spinewatch_bridge.errors import LinkLostError
from spinewatch_bridge.link import Link
from spinewatch_bridge.protocols import witmotion_registers as reg
from spinewatch_bridge.protocols.base import Refusal, Refused, SensorProtocol
from spinewatch_bridge.protocols.table import FAMILIES
from spinewatch_bridge.protocols.witmotion_ble import WitMotionBle
from spinewatch_bridge.protocols.witmotion_registers import Reg
from spinewatch_bridge.protocols.witmotion_serial import WitMotionSerial, carries
from spinewatch_bridge.simulator.wit_device import WitDevice, WitReplay
from spinewatch_bridge.transports.base import Chunk
from spinewatch_signal.samples import Role, SensorInfo, Site

SENSOR = SensorInfo("upper", "witmotion", Site.UPPER_BACK, Role.UPPER)
ONE_WAY_S = 0.005
POLL_S = 0.02


class WitWay:
    """A way to a virtual sensor. By cable, nobody understands the other at another speed."""

    def __init__(self, device: WitDevice, clock: VirtualClock, bauds: tuple[int, ...] = ()) -> None:
        self.name, self.device, self._clock, self._bauds = "wit", device, clock, bauds
        self._trying, self.gone = 0, False
        self._answers: list[Chunk] = []
        self.speeds: list[int] = []

    @property
    def understood(self) -> bool:
        return not self._bauds or self._bauds[self._trying] == self.device.baud

    async def open(self) -> None:
        if self.gone:
            raise LinkLostError("out of range")
        self._answers.clear()
        self.speeds += self._bauds[self._trying : self._trying + 1]
        self.device.connected(self._clock.now_s())

    async def read(self, timeout_s: float) -> list[Chunk]:
        await self._clock.sleep(min(timeout_s, POLL_S))
        if self.gone:
            raise LinkLostError("out of range")
        sent = self.device.take(self._clock.now_s() - ONE_WAY_S)
        chunks, self._answers = self._answers, []
        chunks += [Chunk(s.data, s.true_s + ONE_WAY_S, s.channel) for s in sent]
        return chunks if self.understood else [Chunk(b"\xa5" * len(c.data), c.arrival_s) for c in chunks]

    async def write(self, data: bytes) -> None:
        now_s = self._clock.now_s()
        if self.understood:
            answers = self.device.receive(data, now_s + ONE_WAY_S)
            self._answers += [Chunk(answer, now_s + 2 * ONE_WAY_S, channel) for channel, answer in answers]

    def open_otherwise(self) -> bool:
        self._trying = (self._trying + 1) % max(len(self._bauds), 1)
        return self._trying > 0

    def use_speed(self, baud: int) -> None:
        self._bauds = (baud, *(other for other in self._bauds if other != baud))
        self._trying = 0

    def facts(self) -> Mapping[str, object]:
        return {}

    def why_lost(self) -> str:
        return ""

    async def close(self) -> None:
        self.device.disconnected(self._clock.now_s())


def device(rate_hz: float = 99.26, **options) -> WitDevice:
    return WitDevice(NumberedStream(60_000, rate_hz=rate_hz), **{"counts_per_count": 1, **options})


def cable(baud: int, rate_code: int = 0x06, output: int = reg.OUTPUT_DEFAULT, **options) -> WitDevice:
    settings = {Reg.BAUD: reg.BAUD_CODES[baud], Reg.RATE: rate_code, Reg.OUTPUT: output}
    return device(ble=False, settings=settings, **options)


def lived(sensor: WitDevice, protocol: SensorProtocol, seconds: float, bauds: tuple[int, ...] = ()) -> tuple:
    """What a link made of it, and the way it took."""
    got, ways = Collector(), []

    async def main(clock: VirtualClock) -> None:
        ways.append(WitWay(sensor, clock, bauds))
        await Link(SENSOR, ways[0], protocol, clock).run(got)

    run_virtually(main, seconds, ends=False)
    return got, ways[0]


def check_unbroken(got: Collector) -> None:
    assert set(np.diff(got.numbers)) == {1}
    assert not got.events("gap")


def test_by_radio_it_is_set_to_100_hz_and_streams():
    sensor = device()
    got, _ = lived(sensor, WitMotionBle(), 20)
    (channel,) = got.channels
    assert channel.sensor.nominal_rate_hz == 100.0
    assert sensor.registers.ignored == 0
    assert [sensor.registers.values[r] for r in (Reg.RATE, Reg.BANDWIDTH, Reg.BLE_CONTENT)] == [0x09, 0x03, 0]
    assert "firmware" not in got.events("connected")[0].data, "the register holds no version that people know"
    assert got.events("battery")[0].data == {"percent": 100, "voltage_v": 4.12}
    check_unbroken(got)
    assert len(got.numbers) == pytest.approx(99.26 * 18.2, abs=30)  # 0.3 s of setting, 1.5 s of measuring
    assert 1 / np.median(np.diff(got.t_s)) == pytest.approx(99.26, abs=0.1)


def test_a_sensor_that_comes_back_streams_as_soon_as_it_is_set():
    """Its rate was measured before and is set again: half a second, not two."""
    got, protocol = Collector(), WitMotionBle()

    async def main(clock: VirtualClock) -> None:
        way = WitWay(device(), clock)
        link = asyncio.create_task(Link(SENSOR, way, protocol, clock).run(got))
        await clock.sleep(10)
        way.gone = True
        await clock.sleep(5)
        way.device.reboot(clock.now_s())
        way.gone = False
        await clock.sleep(10)
        link.cancel()

    run_virtually(main, 30)
    ((lost,), connected) = got.events("disconnected"), got.events("connected")
    assert len(connected) == 2
    back = next(b for b in got.blocks if b.t_s[0] > lost.t_s)
    assert back.t_s[0] == pytest.approx(connected[1].t_s, abs=0.1)
    assert back.t_s[0] - START_S < 10 + 5 + 2.5  # the link looks again every so often
    assert got.events("gap")[0].data["lost_samples"] is None  # while it was away nobody counted


@pytest.mark.parametrize("rounds", [20])
def test_a_real_recording_over_and_over(real_data: Path, rounds: int):
    """Its notifications come up to 0.24 s late: all samples arrive, and none is presumed lost."""
    lines = (real_data / "sensors" / "rgu0_wt901-100hz.jsonl").read_text("utf-8").splitlines()[1:]
    notifications = [(line["t"], bytes.fromhex(line["hex"])) for line in map(json.loads, lines)]
    sensor = WitReplay(notifications, START_S, rounds=rounds)
    got, _ = lived(sensor, WitMotionBle(), 70)
    assert got.channels[0].sensor.nominal_rate_hz == 100.0
    assert not got.events("gap")
    samples = np.concatenate([block.values for block in got.blocks])
    assert sensor.sent_samples == 288 * rounds
    assert len(samples) == pytest.approx(288 * rounds - 1.9 * 99, abs=40)
    assert (np.diff(got.t_s) > 0).all()


@pytest.mark.parametrize(("rate_hz", "true_hz"), [(50, 49.45), (200, 198.43), (20, 19.86), (10, 10.05)])
def test_by_radio_at_other_rates(rate_hz: int, true_hz: float):
    got, _ = lived(device(rate_hz=true_hz), WitMotionBle(rate_hz), 8)
    assert got.channels[0].sensor.nominal_rate_hz == rate_hz
    check_unbroken(got)


def test_frames_of_28_bytes_by_the_name_or_by_themselves():
    class Upright(NumberedStream):
        def between(self, first: int, end: int):
            taken = super().between(first, end)
            taken.counts[:, 2] += 2048
            return taken

    for name in ("WT901SDCL-BT50", ""):
        sensor = WitDevice(Upright(60_000), frame_bytes=28, name=name, counts_per_count=1)
        got, _ = lived(sensor, WitMotionBle(name=name), 5)
        assert set(np.diff(got.numbers)) == {1}
        assert len(got.numbers) > 200


def test_nothing_is_left_behind_in_the_sensor():
    sensor = device()
    lived(sensor, WitMotionBle(), 5)
    sensor.reboot(START_S + 10)
    assert sensor.rate_hz == 10


def test_what_a_lost_notification_took_is_told_by_the_clock():
    """Nothing in the bytes tells; that 40 samples came late by 0.4 s for good does."""
    sensor = device(lost=lambda first: 1500 <= first < 1540)
    got, _ = lived(sensor, WitMotionBle(), 60)
    assert sensor.lost_samples == 40
    assert sum(e.data["lost_samples"] for e in got.events("gap")) == pytest.approx(40, abs=1)


@pytest.mark.parametrize(("baud", "rate_hz", "fits"), [
    (9600, 20, True), (9600, 50, False), (19200, 100, False), (38400, 100, True), (115200, 200, True),
])  # fmt: skip
def test_what_a_line_carries(baud: int, rate_hz: int, fits: bool):
    assert carries(baud, rate_hz) is fits


def test_a_slow_line_is_made_faster_before_anything_is_set():
    sensor = cable(9600)
    got, way = lived(sensor, WitMotionSerial(rate_hz=100), 30, FAMILIES["witmotion"].bauds)
    assert way.speeds == [115200, 9600, 115200]  # not understood, understood and raised, streaming
    assert sensor.baud == 115200
    assert got.channels[0].sensor.nominal_rate_hz == 100.0
    check_unbroken(got)
    assert len(got.numbers) > 2000
    sensor.reboot(START_S + 40)
    assert (sensor.baud, sensor.rate_hz) == (9600, 10)  # as its owner left it


def test_a_line_that_stays_slow_is_used_as_it_is():
    """A sensor that does not obey: its rate is what came through, and nothing is tried for ever."""

    class Stubborn(WitDevice):
        @property
        def baud(self) -> int:
            return 9600

        def receive(self, data: bytes, true_s: float, channel: str = "") -> list[tuple[str, bytes]]:
            return super().receive(data, true_s, channel) if data != reg.set_baud(115200) else []

    settings = {Reg.BAUD: reg.BAUD_CODES[9600]}
    sensor = Stubborn(NumberedStream(60_000), ble=False, settings=settings, counts_per_count=1)
    got, way = lived(sensor, WitMotionSerial(rate_hz=100), 40, FAMILIES["witmotion"].bauds)
    assert way.speeds == [115200, 9600, 115200, 9600]
    assert got.channels[0].sensor.nominal_rate_hz == pytest.approx(43.5, abs=1)
    assert len(got.numbers) > 500


def test_without_a_wish_the_sensor_stays_as_it_is():
    sensor = cable(115200, rate_code=0x08)
    got, _ = lived(sensor, WitMotionSerial(), 10, (115200,))
    assert got.channels[0].sensor.nominal_rate_hz == 50.0
    assert {command[2] for command in sensor.registers.commands} == {Reg.READ}
    assert got.events("battery")[0].data["voltage_v"] == 4.12
    numbers = np.diff(got.numbers)
    assert set(numbers) == {2}


def test_by_cable_every_lost_cycle_that_left_a_part_is_counted():
    class Damaged(WitDevice):
        """The line spoils one byte of every 50th cycle."""

        def take(self, until_true_s: float) -> list:
            sent = super().take(until_true_s)
            return [_spoilt(s) if s.true_s > START_S + 5 and round(s.true_s * 100) % 50 == 0 else s for s in sent]

    settings = {Reg.RATE: 0x09, Reg.OUTPUT: reg.OUTPUT_ACC_GYR}
    sensor = Damaged(NumberedStream(2000), ble=False, settings=settings, counts_per_count=1)
    got, _ = lived(sensor, WitMotionSerial(), 20.5, (115200,))
    missing = set(range(got.numbers[0], got.numbers[-1])) - set(got.numbers)
    assert len(missing) == pytest.approx(30, abs=1)
    assert sum(e.data["lost_samples"] for e in got.events("gap")) == len(missing)


def test_what_is_held_back_until_its_clock_has_settled_is_kept_when_the_link_is_stopped():
    got, _ = lived(cable(115200, rate_code=0x09), WitMotionSerial(), 2.3, (115200,))
    assert len(got.numbers) > 50
    check_unbroken(got)


@pytest.mark.parametrize(("sensor", "protocol"), [
    (lambda: cable(115200), WitMotionSerial), (lambda: cable(115200), lambda: WitMotionSerial(rate_hz=100)),
    (device, WitMotionBle),
])  # fmt: skip
def test_what_falls_silent_before_its_rate_is_known_is_given_up_and_costs_no_core(sensor, protocol):
    """Nobody else would notice: the watchdog of a link begins with the first sample that is passed on."""
    wit, host, now_s, refused, waits_s = sensor(), protocol(), START_S, [], []
    wit.connected(now_s)
    host.opened(now_s)
    while not refused and now_s < START_S + 15:
        now_s += max(host.next_due_s() - now_s, 0.005) if now_s > START_S + 2 else POLL_S
        waits_s.append(now_s)
        heard = [answer for data in host.outgoing(now_s) for _, answer in wit.receive(data, now_s)]
        heard += [sent.data for sent in wit.take(now_s)]
        for data in heard if now_s < START_S + 1.5 else [b""]:
            refused += [e for e in host.receive(data, now_s) if isinstance(e, Refused)]
    assert [r.kind for r in refused] == [Refusal.SILENT]
    assert "fell silent" in refused[0].reason
    assert len(waits_s) < 120  # 100 of them in the first two seconds


def _spoilt(sent):
    return replace(sent, data=sent.data[:5] + bytes((sent.data[5] ^ 1,)) + sent.data[6:])
