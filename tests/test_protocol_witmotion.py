"""WitMotion serial: frames, cycles, commands, and any bytes at all."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge_helpers import START_S, fed, samples_of, ways_to_deliver
from spinewatch_bridge.protocols import witmotion_registers as reg
from spinewatch_bridge.protocols import witmotion_serial as wit
from spinewatch_bridge.protocols.base import Ready, Refusal, Refused, SampleGroup, SensorProtocol
from spinewatch_bridge.protocols.witmotion_frames import FRAME_BYTES, CycleAssembler, WitFrameDecoder, frames_in
from spinewatch_signal.samples import SampleFlag


def frame(kind: int, *values: int) -> bytes:
    body = bytes((0x55, kind)) + np.array((*values, 0, 0, 0, 0)[:4], "<i2").tobytes()
    return body + bytes((sum(body) & 0xFF,))


def cycle(number: int, types: tuple[int, ...] = (0x51, 0x52, 0x53)) -> bytes:
    """One sampling instant; acceleration carries the number, rotation its negative."""
    values = {0x51: (number, 1, 2), 0x52: (-number, 3, 4)}
    return b"".join(frame(t, *values.get(t, (7, 7, 7))) for t in types)


def streaming() -> wit.WitMotionSerial:
    """A protocol that has measured a rate of 100 Hz;."""
    protocol = wit.WitMotionSerial()
    protocol.opened(START_S)
    events = [e for k in range(153) for e in protocol.receive(cycle(-1), START_S + 0.01 * k)]
    assert [type(e) for e in events[:2]] == [Ready, SampleGroup]
    return protocol


def numbers(events) -> list[int]:
    return samples_of(events)[:, 0].tolist()


def test_a_sample_as_it_is_sent():
    """+1 g on z and half of full scale about x: 2048 counts per g, 16.384 per degree per second."""
    (group,) = fed(streaming(), [frame(0x51, 0, 0, 2048) + frame(0x52, 16384, 0, 0) + frame(0x53)])
    assert group.counts.tolist() == [[0, 0, 2048, 16384, 0, 0]]
    assert group.counts[0, 2] * reg.ACC_M_S2_PER_COUNT == pytest.approx(9.80665)
    assert np.degrees(group.counts[0, 3] * reg.GYR_RAD_S_PER_COUNT) == pytest.approx(1000.0)
    assert (group.ticks, group.counted, group.flags.tolist()) == (None, False, [0])


def test_the_same_in_every_way_of_delivery():
    first, second = cycle(85), cycle(86)  # 85 = 0x55: the header inside a payload
    noise = bytes.fromhex("5551005555ff5552")
    for pieces in ways_to_deliver(first, second, noise):
        assert numbers(fed(streaming(), pieces))[-2:] == [85, 86]


def test_a_sample_comes_with_its_last_frame_not_with_the_next_cycle():
    protocol = streaming()
    whole = cycle(5)
    assert fed(protocol, [whole[:-1]]) == []
    assert numbers(fed(protocol, [whole[-1:]])) == [5]


@pytest.mark.parametrize("types", [(0x51, 0x52), (0x50, 0x51, 0x52, 0x53, 0x54, 0x59), (0x52, 0x51)])
def test_the_highest_type_of_a_cycle_is_learned(types: tuple[int, ...]):
    protocol = wit.WitMotionSerial()
    protocol.opened(START_S)
    events = [e for k in range(400) for e in protocol.receive(cycle(k, types), START_S + 0.01 * k)]
    assert len(set(numbers(events))) == len(numbers(events)) >= 240


def test_the_rate_is_measured_before_the_first_sample():
    for true_hz, stated_hz in ((99.26, 100.0), (49.45, 50.0), (10.05, 10.0), (29.0, 29.0)):
        protocol = wit.WitMotionSerial()
        protocol.opened(START_S)
        events = [e for k in range(400) for e in protocol.receive(cycle(k), START_S + k / true_hz)]
        assert events[0].rate_hz == pytest.approx(stated_hz, rel=0.03)
        assert (events[0].rate_hz == stated_hz) or stated_hz == 29.0


def test_a_line_that_stalls_while_its_rate_is_measured_is_measured_anew():
    protocol = wit.WitMotionSerial()
    protocol.opened(START_S)
    times = [*[START_S] * 2, *(START_S + 2.5 + 0.01 * k for k in range(200))]
    events = [e for k, t in enumerate(times) for e in protocol.receive(cycle(k), t)]
    assert [e.rate_hz for e in events if isinstance(e, Ready)] == [100.0]


def test_a_sensor_that_is_set_to_a_sample_in_four_seconds_is_taken_as_it_is():
    protocol = wit.WitMotionSerial()
    protocol.opened(START_S)
    events = [e for k in range(20) for e in protocol.receive(cycle(k), START_S + 4.0 * k)]
    assert [e.rate_hz < 1 for e in events if isinstance(e, Ready)] == [True]


def test_a_damaged_frame_loses_one_sample_and_says_so():
    protocol = streaming()
    stream = bytearray(b"".join(cycle(k) for k in range(10)))
    stream[33 * 4 + 5] ^= 1  # the acceleration of sample 4
    events = fed(protocol, [bytes(stream)])
    assert numbers(events) == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    assert events[1].first_index - events[0].first_index == 5
    assert fed(protocol, [cycle(10)])[0].first_index - events[0].first_index == 10


def test_a_lost_last_frame_loses_nothing():
    protocol = streaming()
    stream = cycle(0) + cycle(1)[:22] + cycle(2) + cycle(3)
    assert numbers(fed(protocol, [stream])) == [0, 1, 2, 3]


def assembled(data: bytes, cuts: list[int]) -> tuple[list[tuple[int, int]], int]:
    """(running number, the number that acc and gyr carry) of each sample, and how many were lost."""
    frames, cycles, found = WitFrameDecoder(), CycleAssembler(), []
    for begin, end in pairwise([0, *cuts, len(data)]):
        for run in frames.feed(data[begin:end]):
            samples = cycles.add(run)
            assert (samples.counts[:, 0] == -samples.counts[:, 3]).all()  # never of two cycles
            found += zip(samples.numbers.tolist(), samples.counts[:, 0].tolist(), strict=True)
    return found, cycles.lost


LEAD = b"".join(cycle(k) for k in range(-4, 0))
LEAD_OF = {
    types: b"".join(cycle(k, types) for k in range(-6, 0))
    for types in ((0x51, 0x52), (0x51, 0x52, 0x53), (0x50, 0x51, 0x52, 0x53, 0x54))
}


@pytest.mark.parametrize(
    "broken", [{13}, {12}, {14, 15}, {14, 15, 16}, {13, 14, 15, 16}, {*range(13, 22)}, {12, 14, 16}]
)
@pytest.mark.parametrize("at_once", [True, False])
def test_damaged_frames_lose_exactly_the_cycles_they_belong_to(broken: set[int], at_once: bool):
    """Frames 12 to 14 are the cycle of number 4: acc, gyr, angle; an angle is not missed."""
    data = bytearray(b"".join(cycle(k) for k in range(40)))
    for number in broken:
        data[11 * number + 10] ^= 0x80  # the sum
    whole = [k for k in range(40) if not {3 * k, 3 * k + 1} & broken]
    cuts = [] if at_once else [*range(11, len(LEAD + data), 11)]
    found, lost = assembled(LEAD + bytes(data), cuts)
    origin = found[0][0] - found[0][1]
    assert [(number - origin, k) for number, k in found if k >= 0] == [(k, k) for k in whole]
    assert lost == 40 - len(whole)


def test_swallowed_bytes_never_join_two_cycles():
    """The end of one cycle and the beginning of the next are gone: what is left looks like one."""
    stream = b"".join(cycle(k) for k in range(4)) + cycle(4)[:11] + b"\x00" + cycle(5)[11:] + cycle(6) + cycle(7)
    found, lost = assembled(LEAD + stream, [])
    assert [k for _, k in found] == [*range(-4, 4), 6, 7]
    assert lost == 2


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("noise", [b"\x00", bytes(11), bytes(22)])
def test_an_answer_between_hides_no_swallowed_bytes(noise: bytes, at_once: bool):
    """The rest of one cycle and the beginning of the next are gone, and the sensor answered just then."""
    lead = LEAD + cycle(0) + cycle(1)
    broken = cycle(2)[:11] + noise + frame(0x5F, 9) + cycle(3)[11:] + cycle(4) + cycle(5)
    cuts = [] if at_once else [*range(1, len(lead + broken))]
    found, _ = assembled(lead + broken, cuts)
    assert [k for _, k in found] == [*range(-4, 2), 4, 5]


@pytest.mark.parametrize("types", [(0x51, 0x52), (0x51, 0x52, 0x53), (0x50, 0x51, 0x52, 0x53, 0x54)])
def test_random_losses_never_join_two_cycles_across_bytes_that_were_thrown_away(types: tuple[int, ...]):
    """Bursts and answers at random; but not whole cycles to the byte, which nothing in the stream can tell."""
    rng = np.random.default_rng(7)
    length = 11 * len(types)
    for _ in range(300):
        stream = b"".join(cycle(1000 + 37 * k, types) + (frame(0x5F, 9) if k % 4 == 0 else b"") for k in range(40))
        kept = bytearray(stream)
        for at in sorted(rng.integers(6 * length, len(stream) - 90, 4).tolist(), reverse=True):
            size = int(rng.choice([n for n in range(1, 80) if n % 11]))
            kept[at : at + size] = bytes((0xAA,))  # a trace of it is left
        cuts = sorted(set(rng.integers(1, len(kept), int(rng.integers(0, 60))).tolist()))
        assembled(LEAD_OF[types] + bytes(kept), [len(LEAD_OF[types]) + cut for cut in cuts])


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(0, 1199), st.integers(0, 255)), max_size=8),
    st.lists(st.integers(1, 1199), max_size=9),
    st.sampled_from([(0x51, 0x52), (0x51, 0x52, 0x53), (0x50, 0x51, 0x52, 0x53, 0x54)]),
)
def test_the_quick_way_gives_what_the_careful_one_gives(damage, cuts: list[int], types: tuple[int, ...]):
    """At once and in any pieces: the same samples with the same numbers, whatever is damaged."""
    data = bytearray(b"".join(cycle(k, types) for k in range(1200 // (11 * len(types)))))
    for at, value in damage:
        data[at % len(data)] = value
    pieces = sorted({cut for cut in cuts if cut < len(data)})
    assert assembled(bytes(data), pieces)[0] == assembled(bytes(data), [*range(1, len(data))])[0]


def test_no_more_false_frames_than_the_checksum_predicts():
    """A header, one of 12 TYPEs and a sum by chance: 12 in 256³ places, 2.9 in 4 MB; four deviations above is 10."""
    noise = np.random.default_rng(11).bytes(4_000_000)
    assert frames_in(noise) <= 10


def test_clipped_samples_are_marked():
    (group,) = fed(streaming(), [frame(0x51, 32767, 0, 0) + frame(0x52, 0, -32768, 0) + frame(0x53)])
    assert group.flags.tolist() == [SampleFlag.SATURATED]


def test_a_register_reply_between_frames_is_no_part_of_a_cycle():
    stream = frame(0x51, 1) + frame(0x5F, 9, 9, 9, 9) + frame(0x52, 2) + frame(0x53)
    assert numbers(fed(streaming(), [stream])) == [1]


def said(protocol: SensorProtocol, since_s: float, seconds: float = 3.0) -> list[tuple[float, bytes]]:
    """What a host says to a sensor that never answers, and when."""
    packets = []
    for k in range(round(seconds / 0.05)):
        now_s = since_s + 0.05 * k
        packets += [(round(0.05 * k, 2), packet) for packet in protocol.outgoing(now_s)]
        protocol.receive(b"", now_s)
    return packets


def test_settings_are_sent_step_by_step_at_every_connect():
    """Also to a sensor that does not tell how fast its line is; and never saved."""
    protocol = wit.WitMotionSerial(rate_hz=100)
    for connect_s in (START_S, START_S + 100):
        protocol.opened(connect_s)
        packets = said(protocol, connect_s)
        assert [packet.hex() for _, packet in packets][:6] == [
            "ffaa270200", "ffaa6988b5", "ffaa020600", "ffaa030900", "ffaa1f0300", "ffaa272e00",
        ]  # fmt: skip
        assert all(later - earlier > 0.099 for (earlier, _), (later, _) in pairwise(packets))


def test_unfit_settings_are_refused():
    with pytest.raises(ValueError, match="10, 20, 50, 100, 200 Hz, not at 75"):
        reg.set_rate(75)
    with pytest.raises(ValueError, match="not at 12345"):
        reg.set_baud(12345)


@pytest.mark.parametrize(
    ("stream", "words", "kind"),
    [
        (b"", "it sends nothing", Refusal.SILENT),
        (b"hello world", "not in the witmotion protocol", Refusal.FOREIGN),
        (frame(0x51, 1) + frame(0x53, 1), "no angular rate", Refusal.UNSUITABLE),
    ],
)
def test_a_stream_without_samples_is_given_up_in_words(stream: bytes, words: str, kind: Refusal):
    protocol = wit.WitMotionSerial()
    protocol.opened(START_S)
    events = [e for k in range(100) for e in protocol.receive(stream, START_S + 0.05 * k)]
    assert len(events) == 1
    assert isinstance(events[0], Refused)
    assert words in events[0].reason
    assert events[0].kind is kind


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.binary(max_size=3000), st.integers(1, 50))
def test_any_bytes_are_welcome(noise: bytes, step: int):
    protocol = streaming()
    for at in range(0, len(noise), step):
        protocol.receive(noise[at : at + step], START_S + 10)
    assert protocol._frames.held_bytes < FRAME_BYTES
    assert numbers(fed(protocol, [bytes(11) + b"".join(cycle(k) for k in range(1000, 1006))]))[-4:] == [
        1002,
        1003,
        1004,
        1005,
    ]


def test_a_flood_does_not_grow():
    protocol = streaming()
    for fill in (b"\x55", b"\x55\x51", bytes(range(256))):
        for _ in range(20):
            protocol.receive(fill * 5000, START_S)
            assert protocol._frames.held_bytes < FRAME_BYTES


def vectors(folder: Path, family: str) -> list[dict]:
    every = json.loads((folder / "sensors" / "vectors.json").read_text("utf-8"))
    return [v for v in every if v["family"] == family]


def test_published_frames(real_data: Path):
    found = vectors(real_data, "witmotion-serial")
    for vector in found:
        (run,) = WitFrameDecoder().feed(bytes.fromhex(vector["hex"]))
        values = run.frames[0, 2:10].view("<i2").tolist()
        assert [int(vector["hex"][-2:], 16), *values] == vector["expected"]
    assert len(found) == 3


# As WitMotion prints them: "Wit standard communication protocol" p. 30-37, WT901BLECL datasheet v23-0420 p. 15-20.
PRINTED_COMMANDS = {
    "unlock": ("ffaa6988b5", reg.unlock()),
    "restart": ("ffaa00ff00", reg.restart()),
    "rate50": ("ffaa030800", reg.set_rate(50)),
    "rate200": ("ffaa030b00", reg.set_rate(200)),
    "readquat": ("ffaa275100", reg.read_register(0x51)),
    "baud115200": ("ffaa040600", reg.set_baud(115200)),
}


@pytest.mark.parametrize("name", PRINTED_COMMANDS)
def test_commands_are_as_the_maker_prints_them(name: str):
    printed, ours = PRINTED_COMMANDS[name]
    assert ours.hex() == printed


def test_published_commands(real_data: Path):
    found = {v["id"].split()[1]: v["hex"] for v in vectors(real_data, "witmotion-command")}
    assert {name: ours.hex() for name, (_, ours) in PRINTED_COMMANDS.items()} == found
