"""WitMotion over Bluetooth: frames without a checksum, found in any bytes, and none that is not there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge_helpers import START_S, fed, samples_of, ways_to_deliver
from spinewatch_bridge.protocols import witmotion_registers as reg
from spinewatch_bridge.protocols.base import Battery, Ready, Refusal, Refused, SampleGroup
from spinewatch_bridge.protocols.gatt import BATTERY, DATA, FIRMWARE, MODEL
from spinewatch_bridge.protocols.table import FAMILIES, family_of_advert
from spinewatch_bridge.protocols.witmotion_ble import GATT, WitMotionBle
from spinewatch_bridge.protocols.witmotion_ble_frames import RegisterReply, WitBleFrames
from spinewatch_bridge.protocols.witmotion_registers import Reg
from spinewatch_signal.samples import SampleFlag

# One notification of a WT901BLE67 (RGu0/WT901, tests/data/recordings/wt901-100hz.jsonl, MIT).
REAL_WT901BLE67 = bytes.fromhex(
    "55612706bc0179065500e7fec4fa3e00eaff000055613806c7016b0698ff79fe74fb3e00eaff0000"
    "55618006cc017f06b2feb8fe0dfc3e00eaff000055618206ad018c0696fe58ff65fc3e00eaff0000"
)
# The answer to a read of register 3A, as the WT901BLECL datasheet v23-0420 prints it on page 16.
PRINTED_REPLY = bytes.fromhex("55713a00680169007a0000000000000000000000")
# A frame of a vibration sensor, as the manual of the WTVB01-BT50 prints it on page 14.
PRINTED_VIBRATION = bytes.fromhex("55611100160002000200000001 00e60a430047000a00250025002500".replace(" ", ""))
MAX_HELD_BYTES = 5 * 28
LATER_S = START_S + 10


def frame(number: int, *, roll: int = 62, size: int = 20) -> bytes:
    """Upright, 1 g on z; acceleration in x carries the number."""
    words = np.array((number % 1000, number // 1000, 2048, -number % 1000, 3, 4, roll, -22, 0), "<i2")
    return b"\x55\x61" + words.tobytes() + bytes((26, 1, 2, 3, 4, 5, 6, 0))[: size - 20]


def stream(first: int, end: int, **more: int) -> bytes:
    return b"".join(frame(k, **more) for k in range(first, end))


def numbers(frames: WitBleFrames, pieces: list[bytes]) -> list[int]:
    found = [words for piece in pieces for _, words in frames.feed(piece).runs]
    return [int(row[0]) + 1000 * int(row[1]) for words in found for row in words]


def aligned() -> WitBleFrames:
    frames = WitBleFrames()
    assert numbers(frames, [stream(900, 905)]) == [*range(900, 905)]
    return frames


def streaming(**options) -> WitMotionBle:
    """A protocol that has measured a rate of 100 Hz."""
    protocol = WitMotionBle(**options)
    protocol.opened(START_S)
    events = [e for k in range(220) for e in at_time(protocol, START_S + 0.01 * k, frame(0))]
    assert [type(e) for e in events[:2]] == [Ready, SampleGroup]
    assert events[0].rate_hz == 100.0
    return protocol


def at_time(protocol: WitMotionBle, now_s: float, data: bytes = b"", channel: str = DATA) -> list:
    protocol.outgoing(now_s)
    return protocol.receive(data, now_s, channel)


# --- frames -----------------------------------------------------------------------------------------------------------


def test_a_sample_as_it_is_sent():
    protocol = streaming()
    (group,) = fed(
        protocol, [b"\x55\x61" + np.array((0, 0, 2048, 16384, -32768, 0, 0, 0, 0), "<i2").tobytes()], LATER_S
    )
    assert group.counts.tolist() == [[0, 0, 2048, 16384, -32768, 0]]
    assert group.counts[0, 2] * reg.ACC_M_S2_PER_COUNT == pytest.approx(9.80665)
    assert np.degrees(group.counts[0, 3] * reg.GYR_RAD_S_PER_COUNT) == pytest.approx(1000.0)
    assert (group.ticks, group.counted, group.flags.tolist()) == (None, False, [SampleFlag.SATURATED])


def test_the_same_in_every_way_of_delivery():
    following = stream(85, 90)
    for pieces in ways_to_deliver(frame(84), following, bytes.fromhex("5561005571ff5555")):
        assert numbers(WitBleFrames(), [*pieces, frame(90)])[-7:] == [*range(84, 91)]


def test_frames_pass_at_once_when_they_end_their_notification():
    frames = aligned()
    for k in range(10):
        assert numbers(frames, [stream(4 * k, 4 * k + 4)]) == [*range(4 * k, 4 * k + 4)]


@pytest.mark.parametrize("size", [20, 28])
@pytest.mark.parametrize("likely", [20, 28])
def test_the_length_is_found_whatever_the_model_suggests(size: int, likely: int):
    frames = WitBleFrames(likely)
    assert numbers(frames, [stream(0, 4, size=size)]) == []
    assert numbers(frames, [stream(4, 8, size=size)]) == [*range(8)]
    assert frames.frame_bytes == size


def test_an_answer_between_frames_is_taken_out():
    frames = aligned()
    found = frames.feed(frame(1) + PRINTED_REPLY + frame(2))
    assert found.replies == [RegisterReply(0x3A, (360, 105, 122, 0, 0, 0, 0, 0))]
    assert [len(words) for _, words in found.runs] == [1, 1]


def test_an_answer_alone_is_taken_before_frames_were_found():
    assert WitBleFrames().feed(PRINTED_REPLY).replies == [RegisterReply(0x3A, (360, 105, 122, 0, 0, 0, 0, 0))]


# --- nothing that is not there ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("pair", [b"\x55\x61", b"\x55\x71"])
@pytest.mark.parametrize("place", range(8, 19))
def test_a_header_that_recurs_inside_payloads_captures_nothing(pair: bytes, place: int):
    """Joined in the middle of a frame, exactly at the pair: only a true frame may come, or none."""
    true = []
    for k in range(12):
        made = bytearray(frame(k))
        made[place : place + 2] = pair
        true.append(bytes(made))
    found = WitBleFrames().feed(b"".join(true)[place:])
    passed = [row.tobytes() for _, words in found.runs for row in words]
    assert set(passed) <= {one[2:] for one in true}
    assert found.replies == []
    if place in (14, 15, 18):  # a roll or a yaw that stays at 120 to 160 degrees: frames are found
        assert len(passed) >= 5


def test_half_of_a_frame_and_half_of_another_are_no_frame():
    frames = aligned()
    assert numbers(frames, [stream(0, 2) + frame(2)[:10]]) == [0, 1]
    assert numbers(frames, [frame(7)[5:] + stream(8, 11)]) == [8, 9, 10]
    assert frames.dropped_bytes == 25


def test_a_frame_in_pieces_waits_for_the_next_or_for_silence():
    frames = aligned()
    assert numbers(frames, [frame(1)[:7], frame(1)[7:]]) == []
    assert numbers(frames, [frame(2)[:2]]) == [1]
    assert numbers(frames, [frame(2)[2:]]) == []
    assert numbers(frames, [b""]) == [2]


def test_two_in_a_row_are_needed_after_a_break():
    frames = aligned()
    frames.feed(b"\x00" * 3)
    assert numbers(frames, [frame(1)]) == []
    assert numbers(frames, [frame(2)]) == [1, 2]


def test_what_no_body_does_does_not_settle_where_frames_begin():
    words = np.full(9, 0x5A5A, "<i2").tobytes()
    assert numbers(WitBleFrames(), [(b"\x55\x61" + words) * 50]) == []


@pytest.mark.parametrize("known", [None, 20, 28])
def test_noise_makes_no_frames(known: int | None):
    """By chance two headers at a stride are met once in 400 times so many bytes, and pass the gate once in 100 000."""
    frames = WitBleFrames()
    frames.frame_bytes = known
    noise = np.random.default_rng(7).bytes(10_000_000)
    held = 0
    for at in range(0, len(noise), 244):
        found = frames.feed(noise[at : at + 244])
        held = max(held, len(found.runs), frames.held_bytes - MAX_HELD_BYTES)
    assert held == 0


def test_a_flood_of_headers_does_not_grow():
    frames = WitBleFrames()
    for fill in (b"\x55", b"\x55\x61", b"\x55\x71", b"\x55\x61" + bytes(16), bytes(range(256))):
        for _ in range(5):
            frames.feed(fill * 3000)
            assert frames.held_bytes <= MAX_HELD_BYTES


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(1, 12), st.binary(max_size=30)), max_size=12), st.integers(1, 90))
def test_between_any_bytes_only_true_frames_pass(parts: list[tuple[int, bytes]], step: int):
    data, number = b"", 0
    for length, noise in parts:
        data += noise + stream(number, number + length)
        number += length
    frames = WitBleFrames()
    passed = numbers(frames, [data[at : at + step] for at in range(0, len(data), step)])
    assert set(passed) <= set(range(number))
    assert passed == sorted(set(passed))
    assert numbers(frames, [stream(5000, 5010)])[-5:] == [*range(5005, 5010)]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.binary(max_size=2000), st.sampled_from((DATA, "", BATTERY, MODEL, FIRMWARE, "other")), st.integers(1, 60))
def test_any_bytes_are_welcome(noise: bytes, channel: str, step: int):
    protocol = WitMotionBle()
    protocol.opened(START_S)
    for k, at in enumerate(range(0, len(noise), step)):
        at_time(protocol, START_S + 0.01 * k, noise[at : at + step], channel)
    assert protocol._frames.held_bytes <= MAX_HELD_BYTES


# --- the conversation -------------------------------------------------------------------------------------------------


def test_it_is_set_up_at_every_connect_and_nothing_is_saved():
    protocol = WitMotionBle(rate_hz=200)
    for connect_s in (START_S, START_S + 100):
        protocol.opened(connect_s)
        said = [packet for k in range(60) for packet in protocol.outgoing(connect_s + 0.1 * k)]
        assert [packet.hex() for packet in said[:5]] == [
            "ffaa6988b5", "ffaa960000", "ffaa030b00", "ffaa1f0300", "ffaa272e00",
        ]  # fmt: skip
        assert reg.save() not in said


@pytest.mark.parametrize(("rate_hz", "band_hz"), [(10, 5), (20, 10), (50, 20), (100, 42), (200, 42)])
def test_the_filter_lets_nothing_fold_back(rate_hz: int, band_hz: int):
    assert reg.set_bandwidth(rate_hz)[3] == reg.BANDWIDTH_CODES[band_hz]
    assert band_hz <= rate_hz / 2


def test_the_battery_is_asked_each_minute_and_its_blind_moment_ignored():
    protocol = streaming()
    at_s, said = START_S + 10, []
    answers = iter((0, 387, 382))
    told = []
    for k in range(1400):
        now_s = at_s + 0.1 * k
        for packet in protocol.outgoing(now_s):
            said.append((now_s - at_s, packet))
            value = next(answers) if packet == reg.read_register(Reg.BATTERY_BLE) else 1
            reply = b"\x55\x71" + np.array((packet[3], value, 0, 0, 0, 0, 0, 0, 0), "<u2").tobytes()
            told += [e for e in protocol.receive(reply, now_s) if isinstance(e, Battery)]
        if len(told) == 2:
            break
    assert told == [Battery(75, 3.87), Battery(60, 3.82)]
    asked = [t for t, packet in said if packet == reg.read_register(Reg.BATTERY_BLE)]
    assert np.diff(asked) == pytest.approx([5, 60], abs=0.3)


def test_one_question_at_a_time_and_a_second_after_none_was_answered():
    protocol = WitMotionBle()
    protocol.opened(START_S)
    said = [(0.05 * k, p) for k in range(100) for p in protocol.outgoing(START_S + 0.05 * k) if p[2] == Reg.READ]
    assert [p[3] for _, p in said] == [Reg.VERSION, Reg.BATTERY_BLE]
    assert said[1][0] - said[0][0] == pytest.approx(1.0, abs=0.06)


@pytest.mark.parametrize(
    ("centivolts", "percent"),
    [(412, 100), (396, 100), (395, 90), (379, 50), (349, 5), (300, 0), (0, None), (512, None)],
)
def test_percent_by_the_steps_of_the_maker(centivolts: int, percent: int | None):
    assert reg.battery_percent(centivolts) == percent


def test_standard_values_are_taken_where_it_has_them():
    protocol = WitMotionBle()
    protocol.opened(START_S)
    assert protocol.receive(b"\x55", START_S, BATTERY) == [Battery(85, None)]
    protocol.receive(b"WT901SDCL-BT50\x00", START_S, MODEL)
    protocol.receive(b"2.1", START_S, FIRMWARE)
    events = [e for k in range(220) for e in at_time(protocol, START_S + 0.01 * k, frame(0, size=28))]
    assert events[0].details == {"model": "WT901SDCL-BT50·", "firmware": "2.1"}


def test_the_sensors_own_zero_is_a_measurement():
    """It says 0 for the angular rate when it takes itself for still: samples like any other."""
    still = b"\x55\x61" + np.array((0, 0, 2048, 0, 0, 0, 0, 0, 0), "<i2").tobytes()
    groups = fed(streaming(), [still] * 200, LATER_S)
    assert sum(len(g) for g in groups) == 200
    assert not any(g.flags.any() for g in groups)


def test_a_break_leaves_numbers_out():
    protocol = streaming()
    events = fed(protocol, [stream(0, 4), frame(4)[:10], stream(5, 9)], LATER_S)
    assert samples_of(events)[:, 0].tolist() == [0, 1, 2, 3, 5, 6, 7, 8]
    assert events[-1].first_index - events[0].first_index == 5


@pytest.mark.parametrize("name", ["WTVB01-BT50", ""])
def test_a_vibration_sensor_is_refused(name: str):
    """By its name, and else because nothing weighs anything in its frames."""
    protocol = WitMotionBle(name=name)
    protocol.opened(START_S)
    events = [e for k in range(300) for e in at_time(protocol, START_S + 0.01 * k, PRINTED_VIBRATION)]
    assert [(type(e), "vibration" in e.reason) for e in events] == [(Refused, True)]


@pytest.mark.parametrize(("data", "words", "kind"), [
    (b"", "it sends nothing", Refusal.SILENT),
    (b"hello world", "not the frames of a WitMotion", Refusal.UNSUITABLE),
])  # fmt: skip
def test_what_cannot_be_used_is_given_up_in_words(data: bytes, words: str, kind: Refusal):
    protocol = WitMotionBle()
    protocol.opened(START_S)
    (refused,) = [e for k in range(200) for e in at_time(protocol, START_S + 0.05 * k, data)]
    assert words in refused.reason
    assert refused.kind is kind


def test_one_family_for_cable_and_radio():
    family = FAMILIES["witmotion"]
    assert family.ble is not None
    assert family.serial is not None
    assert family_of_advert("WT901BLE67") == "witmotion"
    assert all(family_of_advert("?", [profile.service.upper()]) == "witmotion" for profile in GATT)
    assert GATT[0].service.endswith("9a34fb")  # not the base of the Bluetooth SIG


# --- real bytes -------------------------------------------------------------------------------------------------------


def recorded(folder: Path) -> list[bytes]:
    lines = (folder / "sensors" / "rgu0_wt901-100hz.jsonl").read_text("utf-8").splitlines()
    return [bytes.fromhex(json.loads(line)["hex"]) for line in lines[1:]]


def check_recording(words: np.ndarray) -> None:
    assert len(words) == 288
    assert np.linalg.norm(words[:, :3] / 2048, axis=1).mean() == pytest.approx(1.0088, abs=0.00005)


@pytest.mark.parametrize("way", ["as sent", "whole", "bytes", "odd pieces", "half a frame before", "noise around"])
def test_the_recording_of_a_real_sensor(real_data: Path, way: str):
    notifications = recorded(real_data)
    whole = b"".join(notifications)
    cuts = np.sort(np.random.default_rng(3).integers(0, len(whole), 400)).tolist()
    pieces = {
        "as sent": notifications,
        "whole": [whole],
        "bytes": [whole[k : k + 1] for k in range(len(whole))],
        "odd pieces": [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)],
        "half a frame before": [whole[-9:] + whole + whole[:10]],
        "noise around": [np.random.default_rng(5).bytes(33), *notifications, np.random.default_rng(6).bytes(33)],
    }[way]
    frames = WitBleFrames()
    found = [words for piece in [*pieces, b""] for _, words in frames.feed(piece).runs]
    check_recording(np.concatenate(found))


def test_published_frames_and_answers(real_data: Path):
    every = json.loads((real_data / "sensors" / "vectors.json").read_text("utf-8"))
    found = [vector for vector in every if vector["family"] == "witmotion-ble"]
    assert len(found) == 6
    for vector in found:
        data = bytes.fromhex(vector["hex"])
        data += bytes(-len(data) % 20)  # one was logged cut short
        frames = WitBleFrames()
        if data.startswith(b"\x55\x71"):
            (reply,) = frames.feed(stream(0, 5) + data).replies
            got = [reply.first, *reply.values]
        else:
            words = np.concatenate([w for _, w in frames.feed(data * 5).runs])
            units = np.repeat([16 / 32768, 2000 / 32768, 180 / 32768], 3)
            got = list(words[0] * units) if "units" in vector["id"] else words[0].tolist()
            got = [len(words) // 5] if "four frames" in vector["id"] else got
        expected = np.atleast_1d(vector["expected"])
        assert got[: len(expected)] == pytest.approx(expected.tolist(), abs=vector["tol"]), vector["id"]


def test_a_notification_of_a_real_sensor():
    found = WitBleFrames().feed(REAL_WT901BLE67 * 2)
    assert np.concatenate([w for _, w in found.runs])[0].tolist() == [1575, 444, 1657, 85, -281, -1340, 62, -22, 0]
