"""Our own protocol, host side: known packets, the conversation, and any bytes at all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge_helpers import START_S, NumberedStream, fed, numbered_counts, numbers_in, samples_of, ways_to_deliver
from spinewatch_bridge.framing import MAX_FRAME, FrameDecoder, encode_frame
from spinewatch_bridge.protocols import spinewatch_ctrl as ctrl
from spinewatch_bridge.protocols import spinewatch_wire as wire
from spinewatch_bridge.protocols.base import (
    Battery,
    Haptic,
    Notice,
    Ready,
    Refusal,
    Refused,
    Reply,
    SampleGroup,
    TimeProbe,
    clean_text,
)
from spinewatch_bridge.protocols.spinewatch import SpinewatchProtocol, StreamSettings
from spinewatch_bridge.simulator.device import VirtualDevice
from spinewatch_signal.samples import SampleFlag

# Frames of PROTOCOL.md section 3.
INDEX_65535 = bytes.fromhex("021003ffff028001010101010102080104f0ff1003a24c00")
INDEX_0_MOTOR_ON = bytes.fromhex("03100401034881010401fc0504ee06010202020303" + "04fc0103f006010101010103c13100")


def streaming(next_index: int = 0, ticks: int = 0, rate_hz: float = 100.0) -> SpinewatchProtocol:
    """A protocol whose device answered INFO, one burst of TIME, and START."""
    protocol = SpinewatchProtocol(StreamSettings(rate_hz))
    info = ctrl.Info((1, 2, 3), 4, 99, ctrl.Capability.HAPTIC, 3900, 81, False, b"AB12", {})
    fed(protocol, [reply(ctrl.Op.INFO, ctrl.pack_info(info))])
    for number in range(8):
        protocol.outgoing(START_S + number)
        echo = number.to_bytes(8, "little")
        fed(protocol, [reply(ctrl.Op.TIME, ctrl.pack_time_reply(echo, ticks, ticks))], START_S + number)
    protocol.outgoing(START_S + 10)
    started = ctrl.Started(100, rate_hz, 0, 10, 0, False, next_index, ticks)
    events = fed(protocol, [reply(ctrl.Op.START, ctrl.pack_started(started))], START_S + 10)
    assert isinstance(events[-1], Ready)
    return protocol


def reply(op: int, body: bytes = b"", token: int = 0, status: int = 0) -> bytes:
    return encode_frame(ctrl.pack_reply(op, token, status, body))


def data_frame(
    index: int, ticks: int, n: int = 10, flags: wire.PacketFlag = wire.PacketFlag.NONE, scale: int = 0
) -> bytes:
    header = wire.Header(wire.Kind.ACC_GYR, flags, scale, index, ticks)
    return encode_frame(wire.pack_samples(header, numbered_counts(np.arange(index, index + n))))


def test_both_vectors_in_every_way_of_delivery():
    noise = bytes.fromhex("0310aa5500ff1000")
    for pieces in ways_to_deliver(INDEX_65535, INDEX_0_MOTOR_ON, noise):
        events = fed(streaming(65535, 32768), pieces)
        first, second = [e for e in events if isinstance(e, SampleGroup)]
        assert (first.first_index, first.ticks, first.flags.tolist()) == (65535, 32768, [0])
        assert first.counts.tolist() == [[0, 0, 2048, 0, -16, 16]]
        assert (second.first_index, second.ticks) == (65536, 33096)
        assert second.flags.tolist() == [SampleFlag.MOTOR_ON, SampleFlag.MOTOR_ON]
        assert second.counts.tolist() == [[-1023, 5, 1774, 1, 2, 3], [-1020, 0, 1776, 0, 0, 0]]


def test_conversation_with_a_device():
    device, protocol = VirtualDevice(NumberedStream()), SpinewatchProtocol()
    protocol.opened(START_S)
    now_s, events = START_S, []
    while now_s < START_S + 10:
        for packet in protocol.outgoing(now_s):
            events += protocol.receive(device.receive(packet, now_s), now_s)
        for sent in device.take(now_s):
            events += protocol.receive(sent.data, now_s)
        now_s += 0.01
    kinds = [type(e) for e in events]
    assert kinds.index(Battery) < kinds.index(TimeProbe) < kinds.index(Ready) < kinds.index(SampleGroup)
    ready = events[kinds.index(Ready)]
    assert (ready.rate_hz, ready.details["serial"], ready.details["firmware"]) == (100.0, "SIM1", "1.0.0")
    assert ready.acc_m_s2_per_count == pytest.approx(9.80665 / 8192)
    assert ready.gyr_rad_s_per_count == pytest.approx(np.radians(1 / 65.536))
    assert device.commands[:2] == [ctrl.Op.INFO, ctrl.Op.TIME]
    assert device.commands.count(ctrl.Op.START) == 1
    numbers = numbers_in(samples_of(events))
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert max(e.burst for e in events if isinstance(e, TimeProbe)) >= 2
    assert protocol.counters.malformed == 0


def test_questions_are_repeated_and_then_given_up():
    protocol = SpinewatchProtocol()
    protocol.opened(START_S)
    sent, events, now_s = [], [], START_S
    while now_s < START_S + 10 and not events:
        sent += protocol.outgoing(now_s)
        events += protocol.receive(b"", now_s)
        now_s += 0.1
    assert len(sent) == 5
    assert sent[0] == b"\x00" + sent[1]  # clears the line once
    assert events == [Refused(events[0].reason, Refusal.SILENT)]
    assert protocol.next_due_s() < START_S + 10
    protocol.outgoing(now_s)
    assert protocol.next_due_s() == float("inf")


def test_a_device_that_says_no_is_quoted_in_words():
    protocol = SpinewatchProtocol(StreamSettings(50.0))
    device = VirtualDevice(NumberedStream())
    protocol.opened(START_S)
    events, now_s = [], START_S
    while now_s < START_S + 5 and not any(isinstance(e, Refused) for e in events):
        for packet in protocol.outgoing(now_s):
            events += protocol.receive(device.receive(packet, now_s), now_s)
        now_s += 0.01
    assert events[-1] == Refused("it does not start: it does not offer the setting")
    assert ctrl.status_words(77) == "its status is 77"


def test_an_unknown_command_is_answered_unsupported():
    device = VirtualDevice(NumberedStream())
    for op in (ctrl.Op.LOG_LIST, ctrl.Op.RULE, ctrl.Op.CHALLENGE):
        protocol = SpinewatchProtocol()
        token = protocol.command(op)
        answer = fed(protocol, [device.receive(packet, START_S) for packet in protocol.outgoing(START_S)[:1]])
        assert answer == [Reply(token, ctrl.status_words(ctrl.Status.UNSUPPORTED))]
    (answer,) = FrameDecoder().feed(device.receive(encode_frame(ctrl.pack_command(0x7F, 9)), START_S))
    assert answer == ctrl.pack_reply(0x7F, 9, ctrl.Status.UNSUPPORTED)


def test_no_more_than_eight_commands_wait_and_the_next_is_refused_in_words():
    protocol = streaming()
    tokens = [protocol.request(Haptic()) for _ in range(10)]
    assert None not in tokens
    refused = fed(protocol, [b""], START_S + 10)
    assert [r.token for r in refused] == tokens[8:]
    assert all("too many commands wait" in r.refusal for r in refused)
    written = FrameDecoder().feed(b"".join(protocol.outgoing(START_S + 10)))
    assert [packet[1] for packet in written if packet[0] == ctrl.Op.HAPTIC] == tokens[:8]
    assert fed(protocol, [reply(ctrl.Op.HAPTIC, token=tokens[0])], START_S + 10) == [Reply(tokens[0])]
    protocol.request(Haptic())
    assert fed(protocol, [b""], START_S + 10) == []
    protocol.outgoing(START_S + 13)  # their answers were lost
    protocol.request(Haptic())
    assert fed(protocol, [b""], START_S + 13) == []


def test_an_answer_to_another_command_is_not_taken_for_that_of_its_token():
    protocol = streaming()
    token = protocol.request(Haptic())
    protocol.outgoing(START_S + 10)
    assert fed(protocol, [reply(ctrl.Op.LOG_ERASE, token=token)], START_S + 10) == []
    assert fed(protocol, [reply(ctrl.Op.HAPTIC, token=token + 1)], START_S + 10) == []
    assert fed(protocol, [reply(ctrl.Op.HAPTIC, token=token)] * 2, START_S + 10) == [Reply(token)]


def test_flags_go_to_the_samples_they_concern():
    flags = wire.PacketFlag.DROPPED_BEFORE | wire.PacketFlag.SATURATED | wire.PacketFlag.CHARGING
    (group,) = fed(streaming(), [data_frame(0, 0, 3, flags)])
    both = SampleFlag.SATURATED | SampleFlag.DROPPED_BEFORE
    assert group.flags.tolist() == [both, SampleFlag.SATURATED, SampleFlag.SATURATED]


def run_of(protocol: SpinewatchProtocol, frames: list[tuple[int, int]], first: int = 0) -> list:
    """What frames of ten samples give that come every 0.1 s with these (index, ticks)."""
    times = (START_S + 10 + (first + k) / 10 for k in range(len(frames)))
    return [e for (i, t), s in zip(frames, times, strict=True) for e in fed(protocol, [data_frame(i, t)], s)]


def ticks_of(index: int) -> int:
    return round(index * 327.68)


@pytest.mark.parametrize("odd_ticks", [2**17, 2**20, 2**31, 2**32 - 2**25])
@pytest.mark.parametrize("odd_index", [15, 30_000, 65_000])
def test_a_damaged_frame_with_a_sound_checksum_moves_nothing(odd_index: int, odd_ticks: int):
    frames = [(10 * k, ticks_of(10 * k)) for k in range(40)]
    frames.insert(30, (odd_index, odd_ticks))
    protocol = streaming()
    events = run_of(protocol, frames)
    assert [g.first_index for g in events if isinstance(g, SampleGroup)] == [10 * k for k in range(40)]
    assert not any(isinstance(e, Notice) for e in events)
    assert protocol.counters.malformed == 1


def test_a_clock_that_jumps_without_a_word_is_believed_at_the_second_packet_and_nothing_is_lost():
    frames = [(10 * k, ticks_of(10 * k) + (k >= 20) * 2**27) for k in range(40)]
    protocol = streaming()
    events = run_of(protocol, frames[:21])
    assert isinstance(events[-1], SampleGroup)
    assert events[-1].first_index == 190
    told, *groups = fed(protocol, [data_frame(*frames[21])], START_S + 12.1)
    assert told == Notice("clock_jump")
    assert [(g.first_index, g.arrival_s) for g in groups] == [(200, START_S + 12.0), (210, START_S + 12.1)]
    later = run_of(protocol, frames[22:], 22)
    assert [type(e) for e in later] == [SampleGroup] * 18
    assert protocol.counters.malformed == 0


def test_a_clock_that_was_stepped_by_its_own_word_is_believed_at_once():
    protocol = streaming()
    run_of(protocol, [(0, 0)])
    flagged = data_frame(10, 2**27, flags=wire.PacketFlag.CLOCK_STEPPED)
    assert [type(e) for e in fed(protocol, [flagged], START_S + 10.1)] == [Notice, SampleGroup]


def test_after_a_sleep_of_the_computer_every_sample_has_its_place():
    """Its clock stood still meanwhile, so the sensor's seems hours ahead: the second packet agrees."""
    first = 20 * 360_000
    frames = [(0, 0), *(((first + 10 * k) % 65536, ticks_of(first + 10 * k) % 2**32) for k in range(5))]
    events = run_of(streaming(), frames)
    assert [e.first_index for e in events] == [0, *(first + 10 * k for k in range(5))]


def test_samples_in_another_scale_are_not_taken():
    protocol = streaming()
    assert fed(protocol, [data_frame(0, 0, scale=3)]) == []
    assert protocol.counters.malformed == 1


def test_a_status_of_another_session_begins_anew():
    protocol = streaming()
    header = wire.pack_header(wire.Header(wire.Kind.STATUS, wire.PacketFlag.NONE, 0, 0, 0))
    same = wire.DeviceStatus(3900, 80, 31.5, 1, 100, 0, 7, 0)
    events = fed(protocol, [encode_frame(header + wire.pack_status(same))])
    assert events[0] == Battery(80, 3.9)
    assert events[1] == Notice("status", {"temperature_c": 31.5, "dropped": 7, "charging": 0})
    other = wire.DeviceStatus(3900, 80, 31.5, 2, 555, 0, 0, 0)
    assert fed(protocol, [encode_frame(header + wire.pack_status(other))]) == [Notice("restarted")]
    assert ctrl.unpack_info(b"") is None
    (asked,) = protocol.outgoing(START_S + 20)
    assert asked.endswith(encode_frame(ctrl.pack_command(ctrl.Op.INFO, 0)))


def test_events_are_named_and_unknown_kinds_skipped():
    protocol = streaming()
    header = wire.pack_header(wire.Header(wire.Kind.EVENT, wire.PacketFlag.NONE, 0, 0, 0))
    assert fed(protocol, [encode_frame(header + wire.pack_event(1, 3))]) == [Notice("button", {"press": 3})]
    assert fed(protocol, [encode_frame(header + b"\xfa\x00")]) == [Notice("unknown", {"code": 250})]
    assert fed(protocol, [encode_frame(header + b"\x01\x05\x00")]) == []  # says five bytes, has one
    later_kind = wire.pack_header(wire.Header(9, wire.PacketFlag.NONE, 0, 0, 0)) + b"later"
    assert fed(protocol, [encode_frame(later_kind)]) == []
    assert protocol.counters.malformed == 1


@pytest.mark.parametrize(
    ("pack", "unpack", "body"),
    [
        (ctrl.pack_start, ctrl.unpack_start, ctrl.Start(12.5, 3, 4, 1)),
        (ctrl.pack_started, ctrl.unpack_started, ctrl.Started(2**32 - 1, 104.2, 7, 19, 0, True, 2**32 - 1, 5)),
        (ctrl.pack_haptic, ctrl.unpack_haptic, Haptic(255, 1000, 65535, 3)),
        (wire.pack_status, wire.unpack_status, wire.DeviceStatus(0, None, -12.34, 3, 4, 5, 6, 7)),
        (
            ctrl.pack_info,
            ctrl.unpack_info,
            ctrl.Info(
                (1, 2, 3),
                4,
                5,
                ctrl.Capability.HAPTIC,
                4000,
                None,
                True,
                b"A" * 16,
                wire.FIXED_SCALES | {4: wire.Scale(8196.75, 57.1427)},
            ),
        ),
    ],
)
def test_bodies_there_and_back(pack, unpack, body):
    packed = pack(body)
    again = unpack(packed + b"what later firmware adds")
    if isinstance(body, ctrl.Info):
        assert again.scales[4].acc_counts_per_g == pytest.approx(body.scales[4].acc_counts_per_g, rel=1e-6)
        assert again.scales[0] == body.scales[0]
        assert (again.serial, again.session, again.streaming) == (body.serial, body.session, body.streaming)
    else:
        assert again == body
    assert unpack(packed[:-1]) is None or isinstance(body, ctrl.Info)


def test_impossible_scales_are_not_believed():
    scales = {4: wire.Scale(float("nan"), 1.0), 5: wire.Scale(0.0, 0.0), 0: wire.Scale(1.0, 1.0)}
    info = ctrl.unpack_info(ctrl.pack_info(ctrl.Info((0, 0, 0), 0, 0, ctrl.Capability.NONE, 0, 0, False, b"", scales)))
    assert info is not None
    assert info.scales == wire.FIXED_SCALES


def test_a_serial_number_cannot_write_to_a_terminal():
    assert clean_text(b"\x1b[31mRED\x00\n" + b"A" * 100) == ("·[31mRED··" + "A" * 100)[:40]
    assert clean_text(b"\xff\xfe") == "��"


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.binary(max_size=200), max_size=6), st.booleans(), st.booleans())
def test_any_bytes_are_welcome(pieces: list[bytes], framed: bool, stuffed: bool):
    """Raw noise, and noise inside sound frames, which reaches every decoder."""
    protocol = streaming() if framed else SpinewatchProtocol(framed=False)
    for piece in pieces:
        for packet in (encode_frame(piece) if stuffed and piece else piece, piece):
            protocol.receive(packet, START_S)
        protocol.outgoing(START_S)
    assert protocol._frames.held_bytes <= MAX_FRAME


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.sampled_from([0x10, 0x13, 0x14, *(op | 0x80 for op in ctrl.Op)]), st.binary(max_size=60))
def test_any_body_of_any_packet_is_welcome(first: int, body: bytes):
    for protocol in (streaming(), SpinewatchProtocol()):
        protocol.receive(encode_frame(bytes([first]) + body), START_S)
    VirtualDevice(NumberedStream()).receive(encode_frame(bytes([first & 0x7F]) + body), START_S)


def test_a_flood_does_not_grow():
    protocol = streaming()
    rng = np.random.default_rng(5)
    for _ in range(50):
        protocol.receive(rng.integers(0, 256, 10_000, np.uint8).tobytes(), START_S)
        protocol.command(ctrl.Op.IDENTIFY, b"\x01")
    assert protocol._frames.held_bytes <= MAX_FRAME
    assert len(protocol._probes) <= 32
    assert len(protocol._commands) <= 8
    assert len(protocol._refused) <= 8
