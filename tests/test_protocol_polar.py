"""Polar's conversation and its index, face to face with a virtual sensor."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import radians

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge_helpers import START_S, NumberedStream, numbers_in
from polar_helpers import Talk, arm, first_numbers, indices, lost_frames, strap
from spinewatch_bridge.protocols import polar_ctrl as ctrl
from spinewatch_bridge.protocols.base import Battery, Haptic, Notice, Ready, Refusal, Refused, SampleGroup
from spinewatch_bridge.protocols.gatt import BATTERY, CTRL, DATA, FEATURES, MODEL
from spinewatch_bridge.protocols.polar import FAMILY, PolarProtocol
from spinewatch_bridge.protocols.polar_frames import Kind, encode_raw
from spinewatch_bridge.protocols.polar_setup import set_up
from spinewatch_bridge.protocols.table import FAMILIES, family_of_advert
from spinewatch_bridge.simulator.polar_device import H10, VERITY_SENSE, Form, PolarDevice
from spinewatch_signal.samples import SampleFlag

G = 9.80665


# --- the conversation -------------------------------------------------------------------------------------------------


def test_a_strap_is_asked_stopped_and_started():
    talk = Talk(strap()).connect().run(2.0)
    assert [command.hex() for _, command in talk.sent] == ["0102", "0302", "0202000164000101100002010800"]
    (ready,) = talk.of(Ready)
    assert (ready.rate_hz, ready.gyr_rad_s_per_count) == (100.0, None)
    assert ready.acc_m_s2_per_count == pytest.approx(G / 1000)
    assert ready.details == {"name": "H10", "serial": "5A1E0001", "firmware": "5.0.0", "maker": "Polar Electro Oy"}
    assert ready.capabilities.names() == ["counter"]
    assert ready.capabilities.rates_hz == (25.0, 50.0, 100.0)
    assert talk.of(Battery) == [Battery(100.0, None)]


def test_an_arm_sensor_measures_both_and_tells_its_factors():
    talk = Talk(arm()).connect().run(4.0)
    assert [command[:2].hex() for _, command in talk.sent] == ["0102", "0105", "0302", "0305", "0202", "0205"]
    (ready,) = talk.of(Ready)
    assert ready.rate_hz == 52.0
    assert ready.acc_m_s2_per_count == pytest.approx(G / 8192)
    assert ready.gyr_rad_s_per_count == pytest.approx(radians(1 / 65.536))
    assert ready.capabilities.names() == ["gyro", "counter"]


def offering(bits: dict[Kind, tuple[int, ...]]) -> tuple[list[bytes], object]:
    """What is asked of a sensor with these resolutions, and how it ends."""
    talk, asked, answer = set_up(Kind, 52.0), [], None
    try:
        while True:
            asked.append(next(talk) if answer is None else talk.send(answer))
            op, kind = asked[-1][0], Kind(asked[-1][1] & 0x3F)
            offer = {ctrl.Setting.RATE: (52,), ctrl.Setting.RESOLUTION: bits[kind]}
            answer = ctrl.CtrlReply(op, kind, ctrl.Status.OK, offer if op == ctrl.Op.SETTINGS else {})
    except StopIteration as end:
        return asked, end.value


def test_a_resolution_that_no_layout_has_is_not_asked_for():
    asked, done = offering({Kind.ACC: (14, 24, 32), Kind.GYR: (16, 22)})
    starts = [ctrl.unpack_settings(packet[2:]) for packet in asked if packet[0] == ctrl.Op.START]
    assert [start[ctrl.Setting.RESOLUTION] for start in starts] == [(24,), (16,)]
    assert set(done.started) == {Kind.ACC, Kind.GYR}


def test_a_sensor_whose_acceleration_cannot_be_read_is_refused_and_turn_rates_are_left_out():
    _, done = offering({Kind.ACC: (14, 22), Kind.GYR: (16,)})
    assert isinstance(done, Refused)
    assert "resolution" in done.reason
    asked, done = offering({Kind.ACC: (16,), Kind.GYR: (14,)})
    assert set(done.started) == {Kind.ACC}
    assert not any(packet[:2] == bytes((ctrl.Op.START, Kind.GYR)) for packet in asked)


@pytest.mark.parametrize(
    ("wish", "taken"), [(None, 100), (25.0, 25), (50.0, 50), (200.0, 200), (52.0, 50), (160.0, 200)]
)
def test_the_nearest_rate_that_is_offered_is_taken(wish: float | None, taken: int):
    talk = Talk(strap(200.0), PolarProtocol(wish)).connect().run(3.0)
    assert talk.of(Ready)[0].rate_hz == taken
    steps = np.diff(first_numbers(talk.of(SampleGroup)))
    assert set(steps.tolist()) == {200 // taken}


def test_one_command_at_a_time_and_again_when_no_answer_comes():
    device = strap()
    device.unanswered = 3
    talk = Talk(device).connect().run(8.0)
    assert [command.hex() for _, command in talk.sent][:4] == ["0102"] * 4
    times_s = [at_s for at_s, _ in talk.sent]
    assert all(later - earlier >= 0.99 for earlier, later in pairwise(times_s[:4]))
    assert talk.of(Ready)


def test_a_sensor_that_never_answers_is_given_up():
    device = strap()
    device.unanswered = 99
    talk = Talk(device).connect().run(10.0)
    assert len(talk.sent) == 5
    (refused,) = talk.of(Refused)
    assert (refused.kind, refused.reason) == (Refusal.SILENT, "it does not answer")


def test_in_its_charger_it_says_so():
    device = strap()
    device.in_charger = True
    (refused,) = Talk(device).connect().run(3.0).of(Refused)
    assert (refused.kind, refused.reason) == (Refusal.UNSUITABLE, ctrl.status_words(ctrl.Status.IN_CHARGER))


def test_put_into_its_charger_while_it_measures():
    talk = Talk(strap()).connect().run(2.0)
    talk.events += talk.protocol.receive(bytes((1, Kind.ACC)), talk.now_s, CTRL)
    assert "charger" in talk.of(Refused)[0].reason
    talk = Talk(strap()).connect().run(2.0)
    talk.events += talk.protocol.receive(bytes((1, 0)), talk.now_s, CTRL)  # another program's measurement
    assert talk.of(Refused) == []


def test_without_features_or_without_data_it_is_given_up():
    talk = Talk(strap())
    talk.alter = lambda channel, data: [] if channel == FEATURES else [data]
    (refused,) = talk.connect().run(6.0).of(Refused)
    assert refused.reason == "it does not say what it can measure"
    talk = Talk(strap())
    talk.alter = lambda channel, data: [] if channel == DATA else [data]
    (refused,) = talk.connect().run(7.0).of(Refused)
    assert refused.reason == "it was started and sends nothing: is it worn?"


def test_a_sensor_that_measures_no_acceleration_is_refused():
    talk = Talk(strap())
    talk.alter = lambda channel, data: [ctrl.pack_features((Kind.GYR,))] if channel == FEATURES else [data]
    assert talk.connect().run(1.0).of(Refused)[0].reason == "it measures no acceleration"


def test_an_arm_sensor_that_refuses_its_gyroscope_goes_on_without():
    device = arm()
    refusing = replace(VERITY_SENSE, ranges={Kind.ACC: (8,), Kind.GYR: (2000,)})
    device.form = refusing
    talk = Talk(device)

    def refuse(channel: str, data: bytes) -> list[bytes]:
        is_start = channel == CTRL and data[:3] == bytes((0xF0, ctrl.Op.START, Kind.GYR))
        return [bytes((0xF0, ctrl.Op.START, Kind.GYR, ctrl.Status.NOT_SUPPORTED, 0))] if is_start else [data]

    talk.alter = refuse
    (ready,) = talk.connect().run(3.0).of(Ready)
    assert ready.gyr_rad_s_per_count is None
    assert not ready.capabilities.gyro
    assert talk.of(SampleGroup)[0].counts.shape[1] == 3


def test_a_factor_that_is_not_told_is_not_guessed():
    talk = Talk(arm())
    talk.alter = lambda channel, data: [data[:5]] if channel == CTRL and data[1] == ctrl.Op.START else [data]
    assert talk.connect().run(3.0).of(Refused)[0].reason == "it does not tell the scale of its numbers"


def test_nothing_else_can_be_asked_of_it():
    assert PolarProtocol().request(Haptic()) is None


# --- the index --------------------------------------------------------------------------------------------------------


def test_samples_are_numbered_as_they_were_taken():
    groups = Talk(strap()).connect().run(20.0).of(SampleGroup)
    numbers = first_numbers(groups)
    assert np.all(np.diff(numbers) == 1)
    assert np.all(indices(groups) == numbers - numbers[0])
    seconds = np.array([group.ticks for group in groups]) / 1e9
    assert np.diff(seconds) == pytest.approx(0.36, abs=1e-4)


def test_packed_halves_are_paired_by_time():
    talk = Talk(arm(gyr_later_s=0.004)).connect().run(20.0)
    for group in talk.of(SampleGroup):
        assert (group.counts[:, 3:] == -group.counts[:, :3]).all()
    assert np.all(np.diff(indices(talk.of(SampleGroup))) == 1)
    (notice,) = [n for n in talk.of(Notice) if n.kind == "pairing"]
    assert notice.data["skew_ms"] == pytest.approx(4.0, abs=0.1)


@pytest.mark.parametrize("later_s", [-0.012, -0.009, 0.009, 0.012, 0.1])
def test_the_nearest_turn_rate_is_never_more_than_half_a_period_away(later_s: float):
    talk = Talk(arm(gyr_later_s=later_s)).connect().run(10.0)
    (notice,) = [n for n in talk.of(Notice) if n.kind == "pairing"]
    assert abs(notice.data["skew_ms"]) <= 1000 / 52 / 2 + 0.1
    shift = {int(row[0] + row[3]) for group in talk.of(SampleGroup) for row in group.counts}
    assert shift == {round(later_s * 52)}


@pytest.mark.parametrize("make", [strap, arm])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_lost_notifications_are_counted_exactly(make, seed: int):
    device = make(lost=lost_frames(0.2, seed))
    groups = Talk(device).connect().run(120.0).of(SampleGroup)
    numbers, places = first_numbers(groups), indices(groups)
    if make is strap:
        numbers = device.sent_numbers
    assert len(places) < 0.9 * (places[-1] - places[0] + 1)
    assert np.all(np.diff(numbers[: len(places)]) == np.diff(places))


def test_a_sensor_off_its_stated_rate_loses_nothing_by_that():
    """1.1 % off, as inertial sensors are; frames are lost from the second on."""
    for rate_hz in (98.9, 101.1):
        device = PolarDevice(
            NumberedStream(rate_hz=rate_hz), replace(H10, rates_hz=(100,)), as_counts=True, lost=lost_frames(0.3, 5)
        )
        device._rates_hz = lambda: (100.0,)
        groups = Talk(device).connect().run(60.0).of(SampleGroup)
        assert np.all(np.diff(device.sent_numbers[: len(indices(groups))]) == np.diff(indices(groups)))


def test_a_notification_handed_over_twice_keeps_its_index():
    talk = Talk(strap())
    talk.alter = lambda _channel, data: [data, data]
    groups = talk.connect().run(5.0).of(SampleGroup)
    first = [group.first_index for group in groups]
    assert first[::2] == first[1::2] == list(range(0, 36 * len(groups) // 2, 36))


@pytest.mark.parametrize("make", [strap, arm])
@pytest.mark.parametrize(("by_s", "kind"), [(3600.0, "clock_jump"), (-30.0, "clock_jump"), (None, "clock_reset")])
def test_a_clock_that_jumps_is_told_and_nothing_is_lost(make, by_s: float | None, kind: str):
    device = make(clock_set_s=START_S)
    talk = Talk(device).connect().run(20.0)
    if by_s is None:
        device.reset_clock(talk.now_s)
    else:
        device.set_clock(talk.now_s, talk.now_s + by_s)
    talk.run(20.0)
    (notice,) = [n for n in talk.of(Notice) if n.kind.startswith("clock")]
    assert notice.kind == kind
    assert by_s is None or notice.data["by_s"] == pytest.approx(by_s, abs=0.05)
    groups = talk.of(SampleGroup)
    assert np.all(np.diff(indices(groups)) == 1)
    assert np.all(np.diff(first_numbers(groups)) == 1)
    ends = np.array([group.ticks for group in groups]) / 1e9
    assert np.all(np.diff(ends) < 1.0)  # as if the clock had never jumped
    assert talk.of(Ready)[-1].session == 1


@pytest.mark.parametrize("make", [strap, arm])
@pytest.mark.parametrize("bit", [0, 33, 40, 52, 62])
def test_a_damaged_time_is_one_lost_frame_and_no_jump(make, bit: int):
    talk = Talk(make(clock_set_s=START_S)).connect().run(10.0)
    damaged: list[int] = []

    def flip(channel: str, data: bytes) -> list[bytes]:
        if channel != DATA or damaged or data[0] != Kind.ACC:
            return [data]
        damaged.append(len(data))
        return [data[:1] + (int.from_bytes(data[1:9], "little") ^ 1 << bit).to_bytes(8, "little") + data[9:]]

    talk.alter = flip
    groups = talk.run(10.0).of(SampleGroup)
    assert [n for n in talk.of(Notice) if n.kind.startswith("clock")] == []
    assert np.all(np.diff(indices(groups)) == np.diff(first_numbers(groups)))
    assert talk.protocol.counters.malformed == (bit > 30)
    lost = np.diff(indices(groups)).max() - 1
    assert lost == (talk.device.form.per_frame[Kind.ACC] if bit > 30 else 0)


def moved(by_s: float, of: Kind, until_s: float, talk: Talk):
    """Turns the frames of one stream into ones that were taken so much later; those frames agree with each other."""

    def alter(channel: str, data: bytes) -> list[bytes]:
        if channel != DATA or data[0] != of or talk.now_s > until_s:
            return [data]
        return [data[:1] + (int.from_bytes(data[1:9], "little") + round(by_s * 1e9)).to_bytes(8, "little") + data[9:]]

    return alter


@pytest.mark.parametrize("of", list(Kind))
@pytest.mark.parametrize("by_s", [11.66, -3.0, 500.0])
def test_a_jump_that_one_stream_takes_back_leaves_both_on_one_clock(of: Kind, by_s: float):
    talk = Talk(arm()).connect().run(10.0)
    talk.alter = moved(by_s, of, talk.now_s + 2.5, talk)
    talk.run(20.0)
    before = len(talk.of(SampleGroup))
    talk.run(10.0)
    groups = talk.of(SampleGroup)[before:]
    assert sum(map(len, groups)) == pytest.approx(520, abs=60)
    for group in groups:
        assert np.all(np.abs(group.counts[:, 0] + group.counts[:, 3]) <= 1), "halves of other moments"


@pytest.mark.parametrize("of", list(Kind))
def test_a_stream_whose_first_times_were_damaged_is_set_right_on_the_same_link(of: Kind):
    talk = Talk(arm())
    talk.alter = moved(1000.0, of, talk.now_s + 1.2, talk)
    talk.connect().run(9.0)
    before = len(talk.of(SampleGroup))
    talk.run(10.0)
    groups = talk.of(SampleGroup)[before:]
    assert sum(map(len, groups)) == pytest.approx(520, abs=60)
    for group in groups:
        assert np.all(np.abs(group.counts[:, 0] + group.counts[:, 3]) <= 1)


def test_what_a_link_without_samples_took_for_sensor_time_is_forgotten_with_it():
    talk = Talk(arm()).connect().run(10.0)
    session = talk.of(Ready)[-1].session
    talk.device.disconnected(talk.now_s)
    talk.alter = lambda channel, data: [] if channel == DATA and data[0] == Kind.GYR else [data]
    talk.connect().run(8.0)
    talk.device.disconnected(talk.now_s)
    talk.alter = lambda _channel, data: [data]
    talk.connect().run(5.0)
    assert talk.of(Ready)[-1].session == session + 1


def test_a_long_stall_is_no_jump():
    talk = Talk(strap()).connect().run(5.0)
    talk.now_s += 3.0  # everything is delivered three seconds late, at once
    talk.run(5.0)
    assert [n for n in talk.of(Notice) if n.kind.startswith("clock")] == []
    assert np.all(np.diff(indices(talk.of(SampleGroup))) == 1)


def test_clipped_samples_are_marked():
    class Clipped(NumberedStream):
        def between(self, first: int, end: int):
            samples = super().between(first, end)
            return replace(samples, counts=samples.counts * 0 + np.array([8000, 0, 1000, 0, 0, 0], np.int16))

    device = PolarDevice(Clipped(), H10, as_counts=True)
    group = Talk(device).connect().run(2.0).of(SampleGroup)[0]
    assert set(group.flags.tolist()) == {SampleFlag.SATURATED}


# --- anything at all --------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from((CTRL, DATA, FEATURES, BATTERY, MODEL, "", "?")), st.binary(max_size=60))))
def test_any_bytes_on_any_channel_never_raise(pieces: list[tuple[str, bytes]]):
    protocol = PolarProtocol()
    protocol.opened(START_S)
    for number, (channel, data) in enumerate(pieces):
        protocol.receive(data, START_S + number, channel)
        protocol.outgoing(START_S + number)
    assert protocol.counters.received_bytes == sum(len(data) for _, data in pieces)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, (1 << 63) - 1), st.integers(1, 40), st.floats(0, 1e6)), max_size=20))
def test_any_times_never_raise(frames: list[tuple[int, int, float]]):
    talk = Talk(strap()).connect().run(2.0)
    for last_ns, n, later_s in frames:
        talk.protocol.receive(encode_raw(Kind.ACC, last_ns, np.zeros((n, 3), np.int16)), START_S + later_s, DATA)


def test_a_flood_leaves_nothing_behind():
    talk = Talk(arm()).connect().run(3.0)
    acc = encode_raw(Kind.ACC, 1, np.zeros((36, 3), np.int16))
    for number in range(5000):
        talk.protocol.receive(acc[:1] + number.to_bytes(8, "little") + acc[9:], talk.now_s, DATA)
        talk.protocol.receive(b"\xff" * 200, talk.now_s, DATA)
        talk.protocol.receive(b"\xf0\x02\x02\x00\x00", talk.now_s, CTRL)
    talk.run(5.0)
    assert talk.protocol.counters.malformed >= 5000
    pairing = talk.protocol._pairing
    assert sum(map(len, pairing._acc)) + sum(map(len, pairing._gyr)) < 1000


# --- the family -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [H10, VERITY_SENSE])
def test_it_is_known_by_its_name(form: Form):
    device = PolarDevice(NumberedStream(), form)
    assert family_of_advert(device.advertised_name) == "polar"
    assert family_of_advert("", [FAMILY.gatt[0].service.upper()]) == "polar"
    assert FAMILIES["polar"] is FAMILY


def test_the_strap_alone_has_a_remark():
    assert FAMILY.remark_for("Polar H10 12345678") == "Heart strap, no turn-rate sensor: angles only while still"
    assert FAMILY.remark_for("Polar Sense 12345678") == ""


def test_numbers_survive_the_packing():
    groups = Talk(arm()).connect().run(60.0).of(SampleGroup)
    numbers = [n for group in groups for n in numbers_in(group.counts)]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
