"""The binary layout of sample blocks: every bit comes back, and nothing else is believed."""

from __future__ import annotations

import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_recordings import START_S, same_item
from spinewatch_bridge.blocks import Block, Event
from spinewatch_bridge.recording.codec import decode, decode_all, encode, group_of, join, split
from spinewatch_bridge.recording.format import MAX_SAMPLES, BadMessageError, event_from_json, event_to_json

QUICK = settings(max_examples=60, deadline=None, derandomize=True, database=None)


@st.composite
def blocks(draw: st.DrawFn, kind: str, columns: int) -> Block:
    n = draw(st.integers(1, 40))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    step_s = draw(st.sampled_from([0.01, 1 / 128, 0.0100037, 1 / 3]))
    t_s = START_S * draw(st.sampled_from([1.0, 0.0, -1.0])) + seed / 7 + np.arange(n) * step_s
    if draw(st.booleans()):
        t_s = t_s + rng.uniform(0, step_s / 3, n)
    values = rng.integers(-32768, 32768, (n, columns)).astype(kind) * (1 if kind == "int16" else np.float32(0.3))
    optional = st.none() | st.integers(-(2**62), 2**62)
    arrival = draw(st.none() | st.floats(-1e10, 1e10))
    flags = rng.integers(0, 256, n).astype(np.uint8)
    return Block("s", values.astype(kind), flags, t_s, draw(optional), draw(optional), arrival)


@QUICK
@given(st.data(), st.sampled_from(["int16", "float32", "float64"]), st.sampled_from([3, 6]))
def test_blocks_come_back_bit_for_bit_alone_and_merged(data: st.DataObject, kind: str, columns: int) -> None:
    made = data.draw(st.lists(blocks(kind, columns), min_size=1, max_size=6))
    groups = [decode(encode(group_of(block, order))) for order, block in enumerate(made)]
    alone = [block for group in groups for _, block in split(group, "s")]
    merged = list(split(decode(encode(join(groups))), "s"))
    at_once = decode_all([encode(group) for group in groups])
    assert encode(at_once) == encode(join(groups))
    assert [order for order, _ in merged] == list(range(len(made)))
    for block, one, other in zip(made, alone, (block for _, block in merged), strict=True):
        assert same_item(block, one)
        assert same_item(block, other)


@QUICK
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=3), st.integers(0, 2))
def test_many_messages_at_once_are_believed_no_more_than_one_by_one(hits: list[tuple[int, int]], short: int) -> None:
    made = [
        bytearray(
            encode(group_of(Block("s", np.full((5, 6), k, np.int16), np.zeros(5, np.uint8), k + np.arange(5.0)), k))
        )
        for k in range(1, 6)
    ]
    for at, value in hits:
        message = made[at % 5]
        message[(at // 5) % len(message)] = value
    made[1] = made[1][: len(made[1]) - short]
    messages = [bytes(message) for message in made]
    try:
        one_by_one = join([decode(message) for message in messages])
    except BadMessageError:
        with pytest.raises(BadMessageError):
            decode_all(messages)
        return
    found = decode_all(messages)
    assert found.rows.tobytes() == one_by_one.rows.tobytes()
    assert found.t_s.tobytes() == one_by_one.t_s.tobytes()
    assert found.values.tobytes() == one_by_one.values.tobytes()
    assert found.flags.tobytes() == one_by_one.flags.tobytes()


def test_even_times_need_no_room_and_uneven_ones_eight_bytes_each() -> None:
    even = START_S + np.arange(10) * 0.0100037
    uneven = even + np.array([0, 1e-4, 0, 0, 2e-4, 0, 0, 0, 0, 0])
    sizes = [
        len(encode(group_of(Block("s", np.zeros((10, 6), np.int16), np.zeros(10, np.uint8), t_s), 0)))
        for t_s in (even, uneven)
    ]
    assert sizes == [16 + 56 + 120 + 10, 16 + 56 + 120 + 10 + 80]


@pytest.mark.parametrize(
    ("values", "t_s", "says"),
    [
        (np.zeros((2, 6), np.int16), np.array([1.0, 1.0]), "do not increase"),
        (np.zeros((2, 6), np.int16), np.array([1.0, np.nan]), "do not increase"),
        (np.full((2, 6), np.nan), np.array([1.0, 2.0]), "NaN"),
        (np.zeros((2, 6), np.int32), np.array([1.0, 2.0]), "int32"),
        (np.zeros((2, 5), np.int16), np.array([1.0, 2.0]), "shape"),
        (np.zeros((0, 6), np.int16), np.empty(0), "0 samples"),
    ],
)
def test_what_no_step_may_see_is_not_recorded(values: np.ndarray, t_s: np.ndarray, says: str) -> None:
    with pytest.raises(BadMessageError, match=says):
        group_of(Block("s", values, np.zeros(len(t_s), np.uint8), t_s), 0)


def test_a_message_that_claims_much_is_refused_before_anything_is_allocated() -> None:
    header = struct.Struct("<4sBBHII")
    for samples, count in ((2**32 - 1, 1), (MAX_SAMPLES + 1, 1), (0, 0), (10, 11), (10, 2**31)):
        with pytest.raises(BadMessageError):
            decode(header.pack(b"SWB1", 0, 6, 0, samples, count) + bytes(200))


@QUICK
@given(st.integers(0, 10_000), st.integers(0, 255), st.integers(0, 300))
def test_a_changed_or_cut_message_is_refused_or_of_the_size_it_says(at: int, value: int, cut: int) -> None:
    block = Block("s", np.arange(60, dtype=np.int16).reshape(10, 6), np.zeros(10, np.uint8), START_S + np.arange(10.0))
    data = bytearray(encode(group_of(block, 7)))
    data[at % len(data)] = value
    data = data[: len(data) - cut] if cut < 30 else data
    try:
        group = decode(bytes(data))
    except BadMessageError:
        return
    assert group.values.shape[1] == len(group.t_s) == len(group.flags) == int(group.rows["samples"].sum())


@pytest.mark.parametrize("field", ["t0_s", "step_s", "arrival_s"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1e300, 1e12])
def test_a_message_of_impossible_times_is_refused(field: str, value: float) -> None:
    block = Block(
        "a", np.ones((5, 6), np.int16), np.zeros(5, np.uint8), START_S + np.arange(5) / 100, arrival_s=START_S
    )
    group = group_of(block, 1)
    rows = group.rows.copy()
    rows[field] = value
    data = encode(replace(group, rows=rows))
    with pytest.raises(BadMessageError, match="no possible time"):
        decode(data)
    with pytest.raises(BadMessageError, match="no possible time"):
        decode_all([data] * 4)


def test_a_block_without_a_possible_arrival_is_not_recorded() -> None:
    t_s = START_S + np.arange(5) / 100
    with pytest.raises(BadMessageError, match="time of arrival"):
        group_of(Block("a", np.ones((5, 6), np.int16), np.zeros(5, np.uint8), t_s, arrival_s=float("nan")), 1)


def test_a_message_of_values_that_are_none_is_refused() -> None:
    block = Block("a", np.ones((5, 3), np.float32), np.zeros(5, np.uint8), START_S + np.arange(5) / 100)
    group = group_of(block, 1)
    values = group.values.copy()
    values[1, 2] = np.nan
    with pytest.raises(BadMessageError, match="NaN"):
        decode(encode(replace(group, values=values)))


@pytest.mark.parametrize("t_s", ["NaN", "Infinity", "1e999", "-1e300"])
def test_an_event_of_an_impossible_time_is_neither_written_nor_read(t_s: str) -> None:
    with pytest.raises(BadMessageError, match="no kind or time"):
        event_from_json(f'{{"kind": "mark", "t_s": {t_s}}}'.encode())
    with pytest.raises(BadMessageError, match="has no time"):
        event_to_json(Event("mark", float(t_s)))
