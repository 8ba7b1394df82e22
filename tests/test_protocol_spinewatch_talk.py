"""Our own protocol, host and sensor together: by cable and by radio, with reboots, strays and lost answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bridge_helpers import START_S, Collector, NumberedStream, VirtualClock, numbers_in, run_virtually
from own_log_helpers import SENSOR
from own_sensor_helpers import ask, talk
from spinewatch_bridge.blocks import to_batch
from spinewatch_bridge.link import Link
from spinewatch_bridge.protocols import spinewatch_ctrl as ctrl
from spinewatch_bridge.protocols import spinewatch_wire as wire
from spinewatch_bridge.protocols.base import Haptic, Notice, Ready, SampleGroup, TimeProbe
from spinewatch_bridge.protocols.gatt import BATTERY, CTRL, DATA, SERIAL
from spinewatch_bridge.protocols.spinewatch import SpinewatchProtocol
from spinewatch_bridge.protocols.spinewatch_probes import ClockProbes
from spinewatch_bridge.simulator.device import VirtualDevice
from spinewatch_bridge.simulator.device_log import DeviceLog
from spinewatch_bridge.simulator.device_owner import OwnerLock
from spinewatch_bridge.transports.simulated import SimulatedTransport


@pytest.mark.parametrize("framed", [True, False])
def test_a_whole_conversation(framed: bool):
    pair = talk(framed=framed, log=DeviceLog(), owner=OwnerLock())
    pair.run(10)
    (ready,) = pair.of(Ready)
    assert ready.details == {"name": "SW-SIM1", "serial": "SIM1", "firmware": "1.0.0", "hardware": "1"}
    assert ready.capabilities.names() == ["gyro", "counter", "clock", "haptic", "identify", "log", "owner_key"]
    numbers = [n for g in pair.of(SampleGroup) for n in numbers_in(g.counts)]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert len(numbers) == pair.device.sent_samples
    assert pair.protocol.counters.malformed == 0
    asked = pair.device.commands
    assert asked[:1] + asked[9:11] == [ctrl.Op.INFO, ctrl.Op.START, ctrl.Op.SET_UTC]
    assert asked.count(ctrl.Op.SET_UTC) == 1
    assert set(asked[1:9]) == {ctrl.Op.TIME}


def test_the_time_of_day_is_told_until_it_is_answered():
    pair = talk(framed=False)
    pair.garble = lambda _channel, data: None if data[0] == ctrl.Op.SET_UTC | 0x80 else data
    pair.run(4)
    assert pair.device.commands.count(ctrl.Op.SET_UTC) == 3


def test_by_radio_nothing_comes_before_start_and_the_index_goes_on():
    pair = talk(framed=False)
    pair.run(3)
    sent = pair.device.sent_samples
    pair.disconnect()
    pair.now_s += 30
    assert pair.device.take(pair.now_s) == []
    assert pair.device.next_due_s() == float("inf")
    pair.connect()
    assert pair.device.take(pair.now_s + 0.1) == []
    pair.run(2)
    assert len(pair.of(Ready)) == 2
    first, second = (r.session for r in pair.of(Ready))
    assert first == second
    groups = pair.of(SampleGroup)
    numbers = [n for g in groups for n in numbers_in(g.counts)]
    indices = [i for g in groups for i in range(g.first_index, g.first_index + len(g))]
    assert np.diff(numbers).tolist() == np.diff(indices).tolist()
    assert len(numbers) == pair.device.sent_samples > sent
    assert max(np.diff(numbers)) == pytest.approx(3000, abs=60)


@pytest.mark.parametrize(("mtu", "n"), [(23, 1), (65, 4), (185, 10), (247, 10)])
def test_packets_fit_the_mtu(mtu: int, n: int):
    pair = talk(framed=False, mtu=mtu, log=DeviceLog())
    lengths: list[int] = []

    def measure(_channel: str, data: bytes) -> bytes:
        lengths.append(len(data))
        return data

    pair.garble = measure
    pair.run(2)
    assert {len(g) for g in pair.of(SampleGroup)} == {n}
    if mtu > 60:  # INFO needs 33 bytes and the list of a log more: 23 is for streams alone
        assert max(lengths) <= mtu - 3


def test_channels_reads_and_name_for_a_radio():
    device = VirtualDevice(NumberedStream(), framed=False, serial="UNIT-00A7")
    assert device.advertised_name == "SW-00A7"
    assert set(device.gatt.notify) == {CTRL, DATA, "bulk"}
    assert device.reads()[SERIAL] == b"UNIT-00A7"
    assert device.reads()[BATTERY] == bytes((100,))
    ((channel, _),) = device.answers(ctrl.pack_command(ctrl.Op.INFO, 0), START_S)
    assert channel == CTRL
    device.answers(ctrl.pack_command(ctrl.Op.START, 0, ctrl.pack_start(ctrl.Start())), START_S)
    assert {sent.channel for sent in device.take(START_S + 2)} == {DATA}


def test_the_motor_stops_when_the_host_is_gone():
    pair = talk(framed=False)
    pair.run(1)
    pair.protocol.request(Haptic(255, 5000, 0, 1))
    pair.run(0.5)
    assert pair.of(SampleGroup)[-1].flags.all()
    pair.disconnect()
    pair.connect()
    pair.run(2)
    assert not pair.of(SampleGroup)[-1].flags.any()


@pytest.mark.parametrize(("gyro", "kind"), [(False, wire.Kind.ACC)])
def test_acceleration_alone(gyro: bool, kind: int):
    pair = talk(framed=False, gyro=gyro)
    pair.run(2)
    (ready,) = pair.of(Ready)
    assert (ready.gyr_rad_s_per_count, ready.capabilities.gyro) == (None, False)
    groups = pair.of(SampleGroup)
    assert {g.counts.shape for g in groups} == {(10, 3)}
    status, body = ask(pair.device, ctrl.Op.START, ctrl.pack_start(ctrl.Start(kind=kind)), pair.now_s)
    assert (status, ctrl.unpack_started(body).kind) == (ctrl.Status.OK, kind)


def test_a_link_to_a_sensor_without_gyroscope_gives_acceleration_alone():
    got = Collector()

    async def main(clock: VirtualClock) -> None:
        device = VirtualDevice(NumberedStream(), gyro=False)
        await Link(SENSOR, SimulatedTransport("a", device, clock), SpinewatchProtocol(), clock).run(got)

    run_virtually(main, 5, ends=False)
    assert (got.channels[0].gyr_rad_s_per_count, got.channels[0].columns) == (None, 3)
    assert {block.values.shape for block in got.blocks} == {(10, 3)}
    assert to_batch(got.blocks[0], got.channels[0]).gyr is None
    assert "gyro" not in got.events("connected")[0].data["can"]


def test_a_quaternion_that_comes_with_the_acceleration_is_left_out():
    rows = np.arange(14, dtype=np.int16).reshape(2, 7)
    packet = wire.pack_samples(wire.Header(wire.Kind.QUAT_ACC, wire.PacketFlag.NONE, 0, 0, 0), rows)
    assert wire.unpack_samples(packet, wire.Kind.QUAT_ACC).tolist() == [[4, 5, 6], [11, 12, 13]]
    assert wire.unpack_samples(packet[:-1], wire.Kind.QUAT_ACC) is None
    assert wire.unpack_samples(packet, wire.Kind.ACC_GYR) is None


def test_packets_of_another_kind_than_runs_are_not_taken():
    pair = talk(framed=False)
    pair.run(1)
    header = wire.Header(wire.Kind.ACC, wire.PacketFlag.NONE, 0, 0, 0)
    before = pair.protocol.counters.malformed
    assert pair.protocol.receive(wire.pack_samples(header, np.zeros((4, 3), np.int16)), pair.now_s) == []
    assert pair.protocol.counters.malformed == before + 1


def test_a_question_of_the_link_before_is_never_taken_for_one_of_now():
    probes = ClockProbes()
    numbers = [int.from_bytes(probes.ask(1.0)[0], "little") for _ in range(3)]
    probes.restart()
    body, _ = probes.ask(2.0)
    assert int.from_bytes(body, "little") == 8
    assert [probes.answer(n) for n in numbers] == [None, None, None]
    assert probes.answer(8) == (2.0, 1)
    assert probes.answer(8) is None
    ends = [probes.ask(2.0)[1] for _ in range(15)]
    assert ends.index(True) == 6
    assert ends[-1]


def test_bursts_keep_their_numbers_over_a_reconnection():
    pair = talk()
    pair.run(5.2)  # amid the second burst
    pair.connect()
    pair.run(2)
    bursts = [p.burst for p in pair.of(TimeProbe)]
    assert bursts == sorted(bursts)
    assert bursts.count(bursts[-1]) == 8


def test_a_reboot_shows_in_the_clock_when_no_samples_come():
    """On a cable nothing says that the sensor was switched off and on; it idles, and its clock begins at 0."""
    stream = NumberedStream(boot_s=5000.0)
    pair = talk(stream=stream)
    pair.run(5)
    again = NumberedStream(start_s=START_S, boot_s=-5.0)
    pair.device = VirtualDevice(again, session=0x77)
    pair.run(7)
    first, second = pair.of(Ready)
    assert second.session == 0x78 != first.session
    assert pair.of(SampleGroup)[-1].ticks < 32768 * 20
    assert [n.kind for n in pair.of(Notice) if n.kind == "clock_jump"] == []


def test_what_the_request_needs_is_asked_of_info():
    pair = talk()
    pair.run(1)
    from spinewatch_bridge.protocols.base import EraseLog, Identify, ListLog, ReadLog, SetUtc

    assert [pair.protocol.request(r) for r in (ListLog(), ReadLog(0, 0, 1), EraseLog(0, 0))] == [None] * 3
    assert all(pair.protocol.request(r) for r in (Haptic(), Identify(), SetUtc(START_S)))
    assert SpinewatchProtocol().request(ListLog())  # nothing known yet


def test_a_log_piece_travels_on_both_kinds_of_link():
    from spinewatch_bridge.protocols.base import LogPiece

    body = bytes.fromhex("030002000000c001aabb")
    piece = LogPiece(3, 2, 448, b"\xaa\xbb")
    assert SpinewatchProtocol(framed=False).receive(body, START_S, "bulk") == [piece]
    assert SpinewatchProtocol().receive(bytes.fromhex("0315030202010107c001aabbc45600"), START_S) == [piece]


def test_what_the_standard_services_say_is_no_packet_of_ours():
    pair = talk(framed=False)
    for channel, value in pair.device.reads().items():
        assert pair.protocol.receive(value, pair.now_s, channel) == []
    pair.run(2)
    assert pair.of(Ready)
    assert pair.protocol.counters.malformed == 0


def flagged(data: bytes, ticks_more: int) -> bytes:
    """An unframed packet of samples that says that its clock was stepped, by so much."""
    header = wire.unpack_header(data)
    assert header is not None
    ticks = (header.ticks + ticks_more) % wire.TICK_SPAN
    changed = replace(header, ticks=ticks, flags=header.flags | wire.PacketFlag.CLOCK_STEPPED)
    return wire.pack_header(changed) + data[wire.HEADER.size :]


def test_by_radio_one_bit_alone_moves_no_clock():
    pair = talk(framed=False)
    pair.run(5.0)
    wrong = []

    def garble(channel: str, data: bytes) -> bytes:
        if channel == DATA and data[0] & 0x0F == wire.Kind.ACC_GYR and not wrong:
            wrong.append(data)
            return flagged(data, 2**27)
        return data

    pair.garble = garble
    events = pair.run(5.0)
    groups = [e for e in events if isinstance(e, SampleGroup)]
    assert [e for e in events if isinstance(e, Notice) and e.kind == "clock_jump"] == []
    assert pair.protocol.counters.malformed == len(wrong) == 1
    assert len({numbers_in(group.counts)[0] - group.first_index for group in groups}) == 1


@pytest.mark.parametrize("says_so", [True, False])
def test_by_radio_a_clock_that_was_stepped_loses_nothing(says_so: bool):
    pair = talk(framed=False)
    pair.run(5.0)
    stepped = []

    def garble(channel: str, data: bytes) -> bytes:
        if channel != DATA or data[0] & 0x0F != wire.Kind.ACC_GYR:
            return data
        stepped.append(data)
        moved = flagged(data, 2**27)
        return moved if says_so and len(stepped) == 1 else moved[:1] + data[1:2] + moved[2:]

    pair.garble = garble
    events = pair.run(2.0)
    assert len([e for e in events if isinstance(e, Notice) and e.kind == "clock_jump"]) == 1
    numbers = [n for g in pair.of(SampleGroup) for n in numbers_in(g.counts)]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert pair.protocol.counters.malformed == 0
