"""The simulated WitMotion sensor: what it sends, obeys and answers."""

from __future__ import annotations

import numpy as np
import pytest

from bridge_helpers import START_S, NumberedStream, numbers_in
from spinewatch_bridge.protocols import witmotion_registers as reg
from spinewatch_bridge.protocols.gatt import DATA
from spinewatch_bridge.protocols.witmotion_registers import Reg
from spinewatch_bridge.simulator.wit_device import WitDevice, WitReplay, angles

RATE_100 = {Reg.RATE: 0x09}
FRAME = np.dtype([("header", "S2"), ("words", "<i2", 9)])


def by_radio(**options) -> WitDevice:
    stream = NumberedStream(2000, rate_hz=99.26)
    return WitDevice(stream, counts_per_count=1, **{"settings": RATE_100, **options})


def by_cable(types: int = reg.OUTPUT_ACC_GYR, baud: int = 115200, **options) -> WitDevice:
    settings = {**RATE_100, Reg.OUTPUT: types, Reg.BAUD: reg.BAUD_CODES[baud]}
    return WitDevice(NumberedStream(2000), ble=False, counts_per_count=1, settings=settings, **options)


def numbers_sent(device: WitDevice, until_s: float) -> list[int]:
    data = b"".join(sent.data for sent in device.take(START_S + until_s))
    return numbers_in(np.frombuffer(data, FRAME)["words"][:, :6])


def told(device: WitDevice, register: int, at_s: float) -> list[int]:
    ((_, answer),) = device.receive(reg.read_register(register), at_s)
    return np.frombuffer(answer[2:] if answer[1] == 0x71 else answer[2:10], "<u2").tolist()


def write(device: WitDevice, at_s: float, *commands: bytes) -> float:
    """Written 100 ms apart; when the last one was."""
    for k, command in enumerate(commands):
        device.receive(command, at_s + 0.1 * k)
    return at_s + 0.1 * (len(commands) - 1)


def test_by_radio_it_sends_four_frames_together_while_connected():
    device = by_radio()
    assert device.take(START_S + 1) == []
    device.connected(START_S + 1)
    sent = device.take(START_S + 2)
    assert {(len(s.data), s.data[:2], s.samples, s.channel) for s in sent} == {(80, b"\x55\x61", 4, DATA)}
    assert len(sent) == 24  # 99.26 Hz
    assert device.sent_samples == 96
    device.disconnected(START_S + 2)
    assert device.take(START_S + 3) == []
    device.connected(START_S + 3, mtu=23)
    assert {len(s.data) for s in device.take(START_S + 3.1)} == {20}


def test_lost_packets_are_not_among_the_sent():
    device = by_radio(lost=lambda first: first == 8)
    device.connected(START_S)
    assert numbers_sent(device, 0.2) == [*range(8), *range(12, 20)]
    assert (device.sent_samples, device.lost_samples) == (16, 4)


def test_angles_are_those_of_gravity():
    """Upright, on its right side, and nose up by 30 degrees."""
    counts = np.array([[0, 0, 2048], [0, 2048, 0], [-1024, 0, 1774]], np.int16)
    assert angles(counts).astype(float) * (180 / 32768) == pytest.approx(
        np.array([[0, 0, 0], [90, 0, 0], [0, 30, 0]]), abs=0.01
    )


def test_nothing_is_written_while_it_is_locked():
    device = by_radio()
    at_s = write(device, START_S, reg.set_rate(50), reg.unlock(), reg.set_rate(20))
    assert (device.rate_hz, device.registers.ignored) == (20, 1)
    write(device, at_s + 10, reg.set_rate(10))
    assert device.rate_hz == 20


def test_a_command_that_follows_at_once_is_lost():
    device = by_radio()
    device.receive(reg.unlock() + reg.set_rate(50), START_S)
    assert (device.rate_hz, device.registers.ignored) == (100, 1)


def test_what_was_not_saved_is_forgotten_at_power_off():
    device = by_radio()
    at_s = write(device, START_S, reg.unlock(), reg.set_rate(50), reg.save(), reg.set_rate(20))
    device.reboot(at_s)
    assert device.rate_hz == 50


def test_the_battery_reads_nothing_right_after_a_save():
    device = by_radio()
    saved_s = write(device, START_S, reg.unlock(), reg.save())
    assert told(device, Reg.BATTERY_BLE, saved_s + 0.2)[:2] == [Reg.BATTERY_BLE, 0]
    assert told(device, Reg.BATTERY_BLE, saved_s + 0.4)[1] == 412
    assert told(device, Reg.BATTERY_BLE, START_S + 4 * 3600)[1] == 376  # half of its eight hours


def test_by_cable_four_registers_are_told_and_not_named():
    assert told(by_cable(), Reg.OUTPUT, START_S) == [0x06, 0x09, 0x06, 0]


@pytest.mark.parametrize(("baud", "cycles"), [(115200, 100), (19200, 87), (9600, 43)])
def test_a_slow_line_leaves_samples_out(baud: int, cycles: int):
    """Two frames of 11 bytes at ten bits: 22.9 ms at 9600 baud."""
    device = by_cable(baud=baud)
    assert len(device.take(START_S + 1)) == pytest.approx(cycles, abs=1)
    assert device.sent_samples == pytest.approx(cycles, abs=1)


def test_a_slower_rate_takes_every_so_many_samples():
    device = by_radio(settings={Reg.RATE: 0x08})
    device.connected(START_S)
    assert numbers_sent(device, 0.2)[:4] == [0, 2, 4, 6]


def test_it_says_zero_while_it_takes_itself_for_still():
    class Nearly(NumberedStream):
        def between(self, first: int, end: int):
            taken = super().between(first, end)
            taken.counts[:] = (0, 0, 2048, 3, -4, 2)
            return taken

    device = WitDevice(Nearly(400), settings=RATE_100, counts_per_count=1)
    device.connected(START_S)
    data = b"".join(sent.data for sent in device.take(START_S + 2))
    gyr = np.frombuffer(data, FRAME)["words"][:, 3:6]
    assert gyr[:50].all()
    assert not gyr[50:].any()


def test_a_recording_is_repeated_at_its_times():
    notifications = [(0.0, b"a" * 80), (0.05, b"b" * 80)]
    device = WitReplay(notifications, START_S, rate_hz=100.0, rounds=2)
    assert device.take(START_S + 1) == []
    device.connected(START_S + 10)
    sent = device.take(START_S + 10.1)
    assert [(round(s.true_s - START_S - 10, 3), s.data[:1]) for s in sent] == [(0.0, b"a"), (0.05, b"b"), (0.08, b"a")]
    device.disconnected(START_S + 10.1)
    device.connected(START_S + 20)
    assert [s.data[:1] for s in device.take(START_S + 21)] == [b"b"]
    assert device.finished
    assert device.sent_samples == 16
