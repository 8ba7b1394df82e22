"""The log of a sensor: written while nobody listens, fetched over lost links, checked, placed in time, erased last."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge_helpers import START_S, Collector, NumberedStream, VirtualClock, numbered_counts, numbers_in, run_virtually
from own_log_helpers import SENSOR, MemorySink, file_of, filled, over_a_link, page_of
from own_sensor_helpers import ask, talk
from spinewatch_bridge.errors import DeviceRefusedError, LogError, UnreachedError
from spinewatch_bridge.link import Link
from spinewatch_bridge.log_download import DownloadParams, LogReader
from spinewatch_bridge.protocols import spinewatch_ctrl as ctrl
from spinewatch_bridge.protocols import spinewatch_log as log
from spinewatch_bridge.protocols.base import EraseLog, ListLog, LogPiece, ReadLog, Ready, Request
from spinewatch_bridge.protocols.spinewatch import SpinewatchProtocol
from spinewatch_bridge.protocols.spinewatch_wire import Kind
from spinewatch_bridge.simulator.device import VirtualDevice
from spinewatch_bridge.simulator.device_log import DeviceLog
from spinewatch_bridge.transports.simulated import SimulatedTransport

# --- vectors and bodies -----------------------------------------------------------------------------------------------


def test_the_protocols_vectors():
    page = log.pack_page(
        log.PageHead(0x11223344, 65535, 32768, 2, 4), np.array([[0, 0, 8192, 0, -16, 16], [-1023, 5, 1774, 1, 2, 3]])
    )
    assert page[:20].hex() == "314c575344332211ffff00000080000002000400"
    assert page[20:44].hex() == "000000000020" + "0000f0ff1000" + "01fc0500ee06" + "010002000300"
    assert (page[44:4092], page[4092:].hex()) == (bytes(4048), "957cf1e1")
    assert log.pack_piece(LogPiece(3, 2, 448, b"\xaa\xbb")).hex() == "030002000000c001aabb"
    assert log.unpack_piece(bytes.fromhex("030002000000c001aabb")) == LogPiece(3, 2, 448, b"\xaa\xbb")


@pytest.mark.parametrize(
    ("pack", "unpack", "body"),
    [
        (log.pack_list_log, log.unpack_list_log, ListLog(513)),
        (log.pack_read_log, log.unpack_read_log, ReadLog(65535, 2**32 - 1, 17)),
        (log.pack_erase_log, log.unpack_erase_log, EraseLog(2, 2**32 - 1)),
        (log.pack_log_read, log.unpack_log_read, 64),
    ],
)
def test_bodies_there_and_back(pack, unpack, body):
    packed = pack(body)
    assert unpack(packed + b"later") == body
    assert unpack(packed[:-1]) is None


def test_lists_there_and_back():
    files = [file_of(12), file_of(1, id=65535, start_utc_s=1.7e9, rate_hz=52.5, this_boot=False, kind=Kind.ACC)]
    assert log.unpack_log_list(log.pack_log_list(9, files)) == (9, 2, files)
    assert log.unpack_log_list(log.pack_log_list(9, files)[:-1]) == (9, 1, files[:1])
    assert log.unpack_log_list(b"\x01") is None
    assert log.unpack_log_list(log.pack_log_list(1, [file_of(log.MAX_PAGES + 1)])) == (1, 1, [])
    assert log.entries_that_fit(244) == 10


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.binary(max_size=80), st.sampled_from([ctrl.Op.LOG_LIST, ctrl.Op.LOG_READ, ctrl.Op.LOG_ERASE, ctrl.Op.AUTH]))
def test_any_bytes_are_welcome(body: bytes, op: int):
    for unpack in (log.unpack_log_list, log.unpack_piece, log.unpack_read_log, log.unpack_erase_log):
        unpack(body)
    log.decode_pages(body * 60)
    ask(VirtualDevice(NumberedStream(), framed=False, log=DeviceLog()), op, body)
    piece = SpinewatchProtocol(framed=False).receive(body, START_S, "bulk")
    assert all(e.offset + len(e.data) <= 4096 for e in piece)


# --- pages ------------------------------------------------------------------------------------------------------------


def test_pages_decode_to_their_samples():
    found = log.decode_pages(page_of(100) + page_of(439) + page_of(778, 5))
    assert numbers_in(found.counts) == list(range(100, 783))
    assert found.first.tolist() == [0, 339, 678]
    assert found.index.tolist() == [100, 439, 778]
    assert found.sizes().tolist() == [339, 339, 5]
    assert found.bad_pages == 0


def test_index_and_ticks_go_on_over_their_wraps():
    top = 2**32
    data = page_of(0, ticks=top - 5000) + page_of(339, ticks=(top - 5000 + 111_084) % top)
    assert np.diff(log.decode_pages(data).ticks).tolist() == [111_084]
    head = log.PageHead(7, top - 100, 0, 339)
    after = log.PageHead(7, 239, 111_084, 339)
    counts = numbered_counts(np.arange(339))
    both = log.pack_page(head, counts) + log.pack_page(after, counts)
    assert log.decode_pages(both).index.tolist() == [top - 100, top + 239]


def test_pages_without_gyroscope():
    found = log.decode_pages(page_of(0, 678, kind=Kind.ACC) + page_of(678, 3, kind=Kind.ACC))
    assert found.counts.shape == (681, 3)
    assert numbers_in(found.counts) == list(range(681))


def test_damaged_and_foreign_pages_are_left_out():
    damaged = bytearray(page_of(339))
    damaged[500] ^= 1
    found = log.decode_pages(page_of(0) + damaged + page_of(678) + bytes(4096) + page_of(5, session=8) + b"rest")
    assert found.index.tolist() == [0, 678]
    assert found.bad_pages == 3
    assert len(log.decode_pages(bytes(8192))) == 0


def test_a_full_count_that_cannot_be_is_not_believed():
    page = bytearray(page_of(0))
    page[16:18] = (340).to_bytes(2, "little")
    assert len(log.decode_pages(bytes(page), check=False)) == 0


def test_hours_do_not_crawl():
    """Eight hours in well under a second; only an order of magnitude is asked for here."""
    data = np.frombuffer(page_of(0) * 8496, log.PAGE).copy()
    data["index"] = np.arange(8496) * 339
    before_s = time.perf_counter()
    samples = log.decode_pages(data.tobytes(), check=False)
    assert len(samples) == 8496 * 339
    assert time.perf_counter() - before_s < 2.0


# --- the sensor's side ------------------------------------------------------------------------------------------------


def test_what_nobody_took_over_radio_is_in_the_log():
    memory = DeviceLog()
    pair = talk(framed=False, log=memory)
    pair.run(3)
    pair.disconnect()
    pair.now_s += 20
    pair.connect()
    pair.run(3)
    got = [n for g in pair.events if hasattr(g, "counts") for n in numbers_in(g.counts)]
    (file,) = memory.files()
    _, pages, pieces = memory.read(ReadLog(file.id, 0, 99), 4096)
    kept = numbers_in(log.decode_pages(b"".join(p.data for p in pieces)).counts)
    assert pages == file.pages == 6
    assert sorted(got + kept) == list(range(got[0], got[-1] + 1))  # each sample came either way, none twice
    assert file.this_boot
    assert file.start_utc_s == pytest.approx(START_S + (kept[0] - 0) / 100, abs=0.02)


def test_a_serial_line_without_commands_for_ten_seconds_is_kept_from_the_last_word_on():
    memory = DeviceLog()
    pair = talk(log=memory)
    pair.run(3)
    pair.device.take(pair.now_s + 30)
    pair.now_s += 30
    pair.run(0.5)
    (file,) = memory.files()
    assert file.longest_s >= 29
    assert file.start_utc_s == pytest.approx(START_S + 3, abs=4.1)


def test_full_memory_keeps_what_it_has():
    memory = DeviceLog(pages=2)
    pair = talk(framed=False, log=memory)
    pair.run(2)
    for _ in range(2):
        pair.disconnect()
        pair.now_s += 20
        pair.connect()
        pair.run(1)
    (file,) = memory.files()
    assert (file.pages, memory.free_pages) == (2, 0)
    assert log.decode_pages(b"".join(p.data for p in memory.read(ReadLog(file.id, 0, 9), 500)[2])).bad_pages == 0


def test_switching_off_keeps_the_pages_and_forgets_the_clock():
    memory = DeviceLog()
    pair = talk(framed=False, log=memory)
    pair.run(2)
    pair.disconnect()
    pair.now_s += 20
    pair.device.take(pair.now_s)  # 5.9 pages: the last is not full, and power goes
    VirtualDevice(NumberedStream(), framed=False, log=memory)
    (file,) = memory.files()
    assert (file.pages, file.this_boot) == (5, False)


def test_log_commands_are_answered():
    device = VirtualDevice(NumberedStream(), framed=False, log=DeviceLog())
    assert ask(device, ctrl.Op.LOG_LIST, b"\0\0") == (ctrl.Status.OK, b"\0\0")
    assert ask(device, ctrl.Op.LOG_LIST)[0] == ctrl.Status.BAD_LENGTH
    assert ask(device, ctrl.Op.LOG_READ, bytes(10))[0] == ctrl.Status.BAD_VALUE
    assert ask(device, ctrl.Op.LOG_ERASE, bytes(6))[0] == ctrl.Status.BAD_VALUE
    assert ask(device, ctrl.Op.LOG_ERASE, bytes(5))[0] == ctrl.Status.BAD_LENGTH


def test_a_sensor_without_gyroscope_streams_and_logs():
    memory = DeviceLog()
    pair = talk(framed=False, log=memory, gyro=False)
    pair.run(2)
    (ready,) = pair.of(Ready)
    assert ready.gyr_rad_s_per_count is None
    assert (ready.capabilities.gyro, ready.capabilities.log, ready.capabilities.owner_key) == (False, True, False)
    assert {e.counts.shape[1] for e in pair.events if hasattr(e, "counts")} == {3}
    pair.disconnect()
    pair.now_s += 6
    pair.connect()
    assert memory.files() == []  # not a page full yet
    pair.run(1)
    assert memory.files()[0].kind == Kind.ACC


# --- over a link ------------------------------------------------------------------------------------------------------


def test_a_file_comes_whole_while_samples_flow():
    sink, shares = MemorySink(), []

    async def work(link: Link, clock: VirtualClock) -> None:
        reader = LogReader(link, clock)
        (file,) = await reader.list_files()
        assert await reader.download(file, sink, shares.append) == []
        assert link.on_log_piece is None

    got = over_a_link(work, filled(40))
    assert numbers_in(log.decode_pages(sink.data).counts) == list(range(40 * 339 - 100))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert got.events("gap") == []


@pytest.mark.parametrize("page", range(8))
def test_it_goes_on_after_a_lost_link_at_every_page(page: int):
    sink = MemorySink()

    async def work(link: Link, clock: VirtualClock) -> None:
        reader = LogReader(link, clock)
        (file,) = await reader.list_files()
        assert await reader.download(file, sink) == []

    over_a_link(work, filled(8), cuts=[page * 9 + 4])
    assert log.decode_pages(sink.data).bad_pages == 0
    assert len(log.decode_pages(sink.data)) == 8 * 339 - 100


def test_a_page_at_which_the_link_is_lost_again_and_again_is_not_damaged():
    sink = MemorySink()

    async def work(link: Link, clock: VirtualClock) -> None:
        reader = LogReader(link, clock)
        (file,) = await reader.list_files()
        assert await reader.download(file, sink) == []

    over_a_link(work, filled(3), cuts=[4] * 7)
    assert log.decode_pages(sink.data).bad_pages == 0


def test_lost_pieces_are_asked_for_again():
    rng = np.random.default_rng(3)
    sink = MemorySink()

    async def work(link: Link, clock: VirtualClock) -> None:
        reader = LogReader(link, clock, DownloadParams(tries=20))
        (file,) = await reader.list_files()
        assert await reader.download(file, sink) == []

    over_a_link(work, filled(8), lost_piece=lambda _piece: rng.random() < 0.1)
    assert len(log.decode_pages(sink.data)) == 8 * 339 - 100


def test_a_page_that_stays_damaged_is_given_up_and_the_rest_comes():
    memory, sink = filled(8), MemorySink()
    memory.damage(0, 3, 1000)

    async def work(link: Link, clock: VirtualClock) -> None:
        reader = LogReader(link, clock)
        (file,) = await reader.list_files()
        assert await reader.download(file, sink) == [3]
        with pytest.raises(LogError, match="not all of it is safe"):
            await reader.erase(file, sink)

    over_a_link(work, memory)
    assert sorted(sink.pages) == [0, 1, 2, 4, 5, 6, 7]


def test_a_sensor_that_sends_nothing_is_given_up():
    async def work(link: Link, clock: VirtualClock) -> None:
        reader = LogReader(link, clock)
        (file,) = await reader.list_files()
        with pytest.raises(LogError, match="do not come"):
            await reader.download(file, MemorySink())

    over_a_link(work, filled(8), lost_piece=lambda _piece: True)


def test_a_long_list_comes_in_several_answers():
    memory = DeviceLog()
    for session in range(100):
        memory.begin(session, 100.0, None)
        memory.add(0, NumberedStream().between(0, 10))
        memory.end()

    async def work(link: Link, clock: VirtualClock) -> None:
        files = await LogReader(link, clock).list_files()
        assert [f.session for f in files] == list(range(100))

    over_a_link(work, memory)


def test_files_of_a_kind_unknown_here_hide_no_others_and_list_none_twice():
    files = [file_of(1, id=n, kind=9 if n % 3 == 0 else 0) for n in range(30)]

    class Newer:
        on_log_piece = None

        async def request(self, asked: Request) -> bytes:
            return log.pack_log_list(len(files), files[asked.first :][:1] if asked.first < 8 else files[asked.first :])

    found: list[log.LogFile] = []

    async def main(clock: VirtualClock) -> None:
        found.extend(await LogReader(Newer(), clock).list_files())

    run_virtually(main, 100)
    assert [file.id for file in found] == [n for n in range(30) if n % 3]


@pytest.mark.parametrize("day", [4_102_444_800.0, 9.2e12, -1.0])
def test_a_day_that_no_calendar_has_is_none(day: float):
    _, _, (file,) = log.unpack_log_list(log.pack_log_list(1, [file_of(1, start_utc_s=day)]))
    assert file.start_utc_s is None


def test_a_sensor_that_restarts_whenever_it_is_read_is_given_up():
    """Its link is down at every question, it answers the second time, and no page comes."""

    class Restarts:
        on_log_piece = None
        down, streaming, connections = False, True, 0

        async def request(self, _request: Request) -> bytes:
            self.down = not self.down
            if self.down:
                raise UnreachedError("not connected")
            return log.pack_log_read(8)

    ended = []

    async def main(clock: VirtualClock) -> None:
        with pytest.raises(LogError, match="do not come"):
            await LogReader(Restarts(), clock).download(file_of(8), MemorySink())
        ended.append(True)

    run_virtually(main, 300)
    assert ended


def test_a_sensor_without_log_says_so():
    async def main(clock: VirtualClock) -> None:
        link = Link(
            SENSOR, SimulatedTransport("a", VirtualDevice(NumberedStream()), clock), SpinewatchProtocol(), clock
        )
        running = asyncio.create_task(link.run(Collector()))
        await clock.sleep(2)
        assert not link.capabilities.log
        with pytest.raises(DeviceRefusedError, match="cannot do that"):
            await LogReader(link, clock).list_files()
        running.cancel()

    run_virtually(main, 100)


def test_patience_with_a_link_that_stays_away_ends():
    class Gone:
        on_log_piece = None
        asked = 0

        async def request(self, _request: Request) -> bytes:
            self.asked += 1
            raise UnreachedError("not connected")

    gone = Gone()

    async def main(clock: VirtualClock) -> None:
        with pytest.raises(UnreachedError):
            await LogReader(gone, clock, DownloadParams(patience_s=20)).list_files()

    run_virtually(main, 100)
    assert 20 <= gone.asked <= 23
