"""Polar's data frames: samples known on paper, every layout, the maker's own vectors, and any bytes at all."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spinewatch_bridge.protocols import polar_ctrl as ctrl
from spinewatch_bridge.protocols.polar_frames import (
    MAX_FRAME_BYTES,
    MAX_SAMPLES,
    Kind,
    Unit,
    decode_frame,
    encode_packed,
    encode_raw,
    pack_block,
)

LAST_NS = 812_345_678_901_234_567
FRAME = struct.Struct("<BQB")
quick = settings(max_examples=60, deadline=None, derandomize=True)


def header(kind: int, layout: int) -> bytes:
    return FRAME.pack(kind, LAST_NS, layout)


# --- known on paper ---------------------------------------------------------------------------------------------------


def test_whole_numbers_of_two_bytes_are_milli_g():
    frame = decode_frame(header(2, 1) + struct.pack("<6h", -1000, 0, 17, 32767, -32768, -1))
    assert (frame.kind, frame.last_ns, frame.unit) == (Kind.ACC, LAST_NS, Unit.MILLI_G)
    assert frame.counts.tolist() == [[-1000, 0, 17], [32767, -32768, -1]]
    assert frame.counts.dtype == np.int16


def test_whole_numbers_of_one_and_three_bytes():
    assert decode_frame(header(2, 0) + bytes((0x80, 0x7F, 0xFF))).counts.tolist() == [[-128, 127, -1]]
    three = b"\x00\x80\xff" + b"\xff\x7f\x00" + b"\xfe\xff\xff"
    assert decode_frame(header(2, 2) + three).counts.tolist() == [[-32768, 32767, -2]]


def test_differences_accumulate_and_each_block_is_padded_to_a_byte():
    """Three differences of 3 bits are 9 bits, so two bytes: 001 110 111 from the lowest bit on is 1, -2, -1."""
    nine_bits = (0b001 | 0b110 << 3 | 0b111 << 6).to_bytes(2, "little")
    body = struct.pack("<3h", 100, 200, -300) + bytes((3, 1)) + nine_bits + bytes((3, 1)) + nine_bits
    frame = decode_frame(header(2, 0x81) + body)
    assert frame.counts.tolist() == [[100, 200, -300], [101, 198, -301], [102, 196, -302]]
    assert frame.unit is Unit.MILLI_G


def test_differences_of_no_bits_repeat_the_sample():
    frame = decode_frame(header(5, 0x80) + struct.pack("<3h", 4, 5, 6) + bytes((0, 3)))
    assert frame.counts.tolist() == [[4, 5, 6]] * 4
    assert (frame.kind, frame.unit) == (Kind.GYR, Unit.FACTOR_DEG_S)


def test_a_frame_may_hold_one_sample_only():
    assert decode_frame(header(2, 0x80) + struct.pack("<3h", 1, 2, 3)).counts.tolist() == [[1, 2, 3]]
    assert decode_frame(header(2, 0x80) + struct.pack("<3h", 1, 2, 3)).unit is Unit.FACTOR_G


def test_accumulated_patterns_are_floats():
    """-0.5 has the highest bit set, so the difference from 2.0 passes the end of 32 bits."""
    first, second = np.array([2.0, -3.25, 0.1], np.float32), np.array([-0.5, 1e-3, 7.0], np.float32)
    wide = np.stack([first, second]).view(np.int32).astype(np.int64)
    step = (np.diff(wide, axis=0) + (1 << 31)) % (1 << 32) - (1 << 31)
    frame = decode_frame(header(5, 0x81) + first.tobytes() + pack_block(step, 32))
    assert frame.counts.dtype == np.float32
    assert frame.counts.tolist() == [first.tolist(), second.tolist()]
    assert frame.unit is Unit.DEG_S


def test_the_upper_bits_of_the_type_are_not_its():
    assert decode_frame(header(0xC2, 1) + bytes(6)).kind is Kind.ACC


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        header(2, 1),
        header(2, 1) + bytes(5),
        header(2, 3) + bytes(6),
        header(0, 0) + bytes(9),
        header(5, 1) + bytes(6),
        header(2, 0x81) + bytes(5),
        header(2, 0x81) + bytes(6) + b"\x03",
        header(2, 0x81) + bytes(6) + bytes((33, 1)) + bytes(13),
        header(2, 0x81) + bytes(6) + bytes((3, 1, 0)),
        header(2, 0x81) + bytes(6) + bytes((0, 255)) * 3,
        header(2, 0x81) + struct.pack("<3h", 32767, 0, 0) + bytes((2, 1, 1)),
        header(2, 2) + b"\x00\x80\x00" * 3,
        header(5, 0x81) + struct.pack("<3f", float("nan"), 0, 0),
        header(5, 0x81) + struct.pack("<3f", 1e30, 0, 0),
        header(2, 1) + bytes(6 * 90),
        FRAME.pack(2, 1 << 63, 1) + bytes(6),
    ],
)
def test_what_cannot_be_true_is_no_frame(damaged: bytes):
    assert decode_frame(damaged) is None


# --- both ends --------------------------------------------------------------------------------------------------------

numbers = st.integers(-32768, 32767)
rows = st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=30)


@quick
@given(rows, st.integers(0, (1 << 63) - 1), st.integers(1, 40))
def test_what_is_encoded_is_decoded(samples: list[tuple[int, int, int]], last_ns: int, per_block: int):
    counts = np.array(samples, np.int16)
    for data in (
        encode_raw(Kind.ACC, last_ns, counts),
        encode_packed(Kind.ACC, last_ns, counts, layout=1, per_block=per_block),
        encode_packed(Kind.GYR, last_ns, counts, per_block=per_block),
    ):
        frame = decode_frame(data)
        assert (frame.last_ns, frame.counts.tolist()) == (last_ns, counts.tolist())


@quick
@given(st.integers(1, 32), st.data())
def test_every_width_of_a_difference(bits: int, data: st.DataObject):
    """Against plain whole-number arithmetic, bit by bit."""
    limit = 1 << (bits - 1)
    values = data.draw(
        st.lists(st.integers(-limit, limit - 1), min_size=3, max_size=21).filter(lambda v: len(v) % 3 == 0)
    )
    block = pack_block(np.array(values, np.int64).reshape(-1, 3), bits)
    expected = np.cumsum(np.array([[0, 0, 0], *np.array(values).reshape(-1, 3)]), axis=0)
    frame = decode_frame(header(2, 0x81) + bytes(6) + block)
    if np.abs(expected + 0.5).max() > 32768:
        assert frame is None
    else:
        assert frame.counts.tolist() == expected.tolist()


@quick
@given(st.binary(max_size=MAX_FRAME_BYTES + 30))
@example(header(2, 0x81) + bytes(6) + bytes((0, 255)) * 250)
@example(header(5, 0x80) + b"\xff" * 500)
def test_any_bytes_never_raise_and_never_grow(data: bytes):
    for candidate in (
        data,
        header(2, 0x80) + data,
        header(2, 0x81) + data,
        header(5, 0x81) + data,
        header(2, 2) + data,
    ):
        frame = decode_frame(candidate)
        assert frame is None or 1 <= len(frame.counts) <= MAX_SAMPLES
        assert frame is None or np.isfinite(frame.counts).all()


@quick
@given(st.binary(max_size=40))
def test_any_answer_never_raises(data: bytes):
    for candidate in (data, b"\xf0" + data, b"\xf0\x01\x02\x00\x00" + data):
        ctrl.unpack_reply(candidate)
        ctrl.unpack_features(candidate)
        ctrl.stopped_kinds(candidate)


def test_a_start_as_it_is_written():
    """200 Hz, 16 bits, 8 g, as printed in the maker's description."""
    wish = {ctrl.Setting.RATE: (200,), ctrl.Setting.RESOLUTION: (16,), ctrl.Setting.RANGE: (8,)}
    assert ctrl.command(ctrl.Op.START, Kind.ACC, wish) == bytes.fromhex("02020001c8000101100002010800")


def test_settings_are_read_up_to_what_is_unknown():
    offer = {0: (25, 50), 1: (16,), 2: (2, 4, 8), 3: (70_000,), 4: (3,), 5: (0.25,)}
    assert ctrl.unpack_settings(ctrl.pack_settings(offer) + b"\x77\x01\x00") == offer
    assert ctrl.unpack_settings(bytes((0, 2, 25, 0, 50))) == {}


def test_features_name_what_is_measured():
    assert ctrl.unpack_features(bytes((0x0F, 0b0000_0101)) + bytes(15)) == (Kind.ACC,)
    assert ctrl.unpack_features(ctrl.pack_features((Kind.ACC, Kind.GYR))) == (Kind.ACC, Kind.GYR)
    assert ctrl.unpack_features(b"\x0f") is None


def test_every_status_has_words():
    assert all(ctrl.status_words(status) for status in range(256))
    assert "charger" in ctrl.status_words(ctrl.Status.IN_CHARGER)


# --- the maker's own --------------------------------------------------------------------------------------------------


def test_the_makers_vectors(real_data: Path):
    vectors = json.loads((real_data / "sensors" / "vectors.json").read_text(encoding="utf-8"))
    ours = [vector for vector in vectors if vector["family"] == "polar-pmd"]
    assert len(ours) >= 4
    for vector in ours:
        data, expected = bytes.fromhex(vector["hex"]), vector["expected"]
        frame = decode_frame(data)
        if vector["fields"][0].startswith("type"):
            got = [frame.kind, frame.last_ns, data[9] & 0x7F, data[9] >> 7]
        else:
            got = frame.counts.ravel() if vector["fields"][0] == "x0" else frame.counts
        np.testing.assert_allclose(got, expected, rtol=0, atol=vector["tol"], err_msg=vector["id"])
