"""Serial framing: known frames, and any bytes at all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinewatch_bridge.framing import MAX_FRAME, MAX_PAYLOAD, FrameDecoder, crc16, encode_frame

# The two vectors of PROTOCOL.md section 3: packet, frame.
ONE_SAMPLE = (
    "1000ffff00800000000000000008" + "0000f0ff1000",
    "021003ffff0280010101010101020801" + "04f0ff1003a24c00",
)
TWO_SAMPLES = (
    "100400004881000001fc0500ee060100020003" + "0004fc0000f006000000000000",
    "031004010348810104" + "01fc0504ee060102020203" + "0304fc0103f006010101010103c13100",
)


@pytest.mark.parametrize(("payload", "frame"), [ONE_SAMPLE, TWO_SAMPLES])
def test_vectors(payload: str, frame: str):
    assert encode_frame(bytes.fromhex(payload)).hex() == frame
    assert FrameDecoder().feed(bytes.fromhex(frame)) == [bytes.fromhex(payload)]


def test_the_check_value_of_the_crc():
    assert crc16(b"123456789") == 0x29B1


@pytest.mark.parametrize("length", [0, MAX_PAYLOAD + 1])
def test_a_payload_of_no_possible_length_is_refused(length: int):
    with pytest.raises(ValueError, match="1 to 512 bytes"):
        encode_frame(bytes(length))


@pytest.mark.parametrize("length", [1, 253, 254, 255, MAX_PAYLOAD])
@pytest.mark.parametrize("fill", [0x00, 0x01, 0xFF])
def test_every_length_fits_below_the_ceiling(length: int, fill: int):
    payload = bytes([fill]) * length
    frame = encode_frame(payload)
    assert len(frame) - 1 <= MAX_FRAME
    assert FrameDecoder().feed(frame) == [payload]


def test_what_precedes_the_first_delimiter_is_no_error():
    decoder = FrameDecoder()
    frame = encode_frame(b"hello")
    assert decoder.feed(frame[3:] + frame) == [b"hello"]
    assert decoder.counters.bad_frames == 0


def test_a_damaged_frame_is_counted_and_the_next_one_read():
    decoder = FrameDecoder()
    good = encode_frame(bytes(range(1, 40)))
    for at in range(len(good) - 1):
        damaged = bytearray(good)
        damaged[at] ^= 0x41
        decoder.feed(b"\x00")
        assert decoder.feed(bytes(damaged) + good)[-1] == bytes(range(1, 40))
    assert decoder.counters.bad_frames >= len(good) - 1


def test_a_flood_without_delimiter_is_not_kept():
    decoder = FrameDecoder()
    for _ in range(200):
        assert decoder.feed(b"\x55" * 4096) == []
        assert decoder.held_bytes <= MAX_FRAME
    assert decoder.feed(b"\x00" + encode_frame(b"after")) == [b"after"]
    assert decoder.counters.too_long == 1


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.binary(min_size=1, max_size=300), max_size=8), st.data())
def test_cut_anywhere_the_same_packets_come_out(payloads: list[bytes], data: st.DataObject):
    stream = b"".join(encode_frame(p) for p in payloads)
    decoder, found = FrameDecoder(), []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        found += decoder.feed(stream[:cut])
        stream = stream[cut:]
    assert found == payloads


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.binary(max_size=3000))
def test_any_bytes_are_welcome(noise: bytes):
    decoder = FrameDecoder()
    decoder.feed(noise)
    assert decoder.held_bytes <= MAX_FRAME
    assert decoder.feed(b"\x00" + encode_frame(b"after"))[-1] == b"after"


def test_every_frame_of_the_norm_is_its_packet():
    """The table of PROTOCOL.md section 3, read from the page itself."""
    page = Path(__file__).resolve().parents[1] / "firmware_bridge" / "PROTOCOL.md"
    rows = re.findall(r"^\| `([0-9a-f]+)` \| `([0-9a-f]+)` \|", page.read_text("utf-8"), re.MULTILINE)
    assert len(rows) == 5
    for packet, frame in rows:
        assert encode_frame(bytes.fromhex(packet)).hex() == frame
