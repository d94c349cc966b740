"""What sources send arrives on Kafka: every line once, in order, with its source registered before."""

import asyncio
import gzip
import hashlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.deployment.topics import FRAME_LINES
from streams.deployment.wire import RawFrame
from streams.ingest import intake as intake_module
from streams.ingest.session import Session
from streams.ingest.sources.address import AddressError
from streams.ingest.sources.udp import UdpFeed
from streams.ingest.spool import SpoolError
from streams.recordings.line_cutter import LONGEST_LINE
from tests.services.server import free_port
from tests.streams.ingest.kafka_reading import (
    Running,
    address_of,
    fresh_topics,
    joined,
    kinds,
    lines,
    lines_of,
    options,
    read_frames,
    read_registrations,
    target,
    until_frames,
)
from tests.waiting import eventually

pytestmark = pytest.mark.services


def has(source: str, count: int) -> Callable[[list[RawFrame]], bool]:
    return lambda frames: len(lines_of(frames, source)) >= count


async def test_files_arrive_complete_and_in_order_with_their_ends(kafka: str, tmp_path: Path) -> None:
    topics = fresh_topics()
    plain, packed = tmp_path / "a.nmea", tmp_path / "b.nmea.gz"
    first, second = lines(0, 10_345), lines(0, 40, "other")
    plain.write_bytes(joined(first)[:-1])  # the last line has no end
    packed.write_bytes(gzip.compress(joined(second)))
    session = Session([str(plain), str(packed)], target(kafka, topics), options(tmp_path / "buffer"))
    await session.run(asyncio.Event())
    a, b = session.names
    assert a.startswith(f"{plain}#")
    assert b.startswith(f"{packed}#")
    frames = await read_frames(kafka, topics)
    assert lines_of(frames, a) == first
    assert lines_of(frames, b) == second
    assert kinds(frames, a) == ["idle", *["lines"] * 3, "end"]
    assert kinds(frames, b) == ["idle", "lines", "end"]
    assert all(frame.received is None for frame in frames)
    assert max(frame.data.count(b"\n") for frame in frames) == FRAME_LINES
    registered = await read_registrations(kafka, topics)
    assert [(r.source, r.origin) for r in registered.values()] == [(a, str(plain)), (b, str(packed))]
    assert {frame.registry for frame in frames} == {max(registered)}, "both before the first frame"
    counted = session.counters
    assert (counted.lines, counted.frames, counted.sent_frames) == (10_385, 8, 8)
    assert (counted.buffered_frames, counted.buffered_bytes) == (0, 0)
    assert not list((tmp_path / "buffer").glob("*.seg")), "nothing is left"


async def test_a_file_that_breaks_off_is_sent_as_far_as_it_goes(kafka: str, tmp_path: Path) -> None:
    topics = fresh_topics()
    broken = tmp_path / "broken.gz"
    broken.write_bytes(
        gzip.compress(os.urandom(300).hex().encode() + b"\n" + joined(lines(0, 50_000)))[:-5_000]
    )
    session = Session([str(broken)], target(kafka, topics), options(tmp_path / "buffer", name="mine"))
    await session.run(asyncio.Event())
    (problem,) = session.problems
    assert "breaks off" in problem
    (tmp_path / "header.csv").write_text("mmsi,time,lat,lon\n")
    empty = Session([str(tmp_path / "header.csv")], target(kafka, topics), options(tmp_path / "other"))
    await empty.run(asyncio.Event())
    (problem,) = empty.problems
    assert "holds no record" in problem
    frames = await read_frames(kafka, topics)
    assert len(lines_of(frames, "mine")) == session.counters.lines > 10_000
    assert kinds(frames, "mine")[-1] == "end"


async def test_tcp_with_disconnects_loses_nothing_and_splits_lines_right(kafka: str, tmp_path: Path) -> None:
    topics = fresh_topics()
    served = lines(0, 3_000)
    parts = [
        joined(served[:1000]) + b"unfinished bef",  # the rest of this line never comes
        joined(served[1000:1001])[:5],
        b"",
        joined(served[1001:2500]),
        joined(served[2500:]) + b"last",
    ]
    expected = [*served[:1000], b"unfinished bef", served[1000][:5], *served[1001:], b"last"]
    waiting = list(parts)
    hold = asyncio.Event()

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = waiting.pop(0) if waiting else b""
        for at in range(0, len(data), 777):
            writer.write(data[at : at + 777])
            await writer.drain()
        if not waiting:
            await hold.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = address_of(server)
    session = Session([address], target(kafka, topics), options(tmp_path / "buffer"))
    before = intake_module.utc_now()
    async with Running(session) as running:
        (source,) = session.names
        await until_frames(kafka, topics, has(source, len(expected) - 1))
        await running.stop()
    frames = await read_frames(kafka, topics)
    assert lines_of(frames, source) == expected
    assert kinds(frames, source)[-1] == "end"
    times = [time for frame in frames for time in frame.received or []]
    assert times == sorted(times)
    assert before <= times[0] <= times[-1] <= intake_module.utc_now()
    assert session.counters.reconnects == 4
    hold.set()
    server.close()
    await server.wait_closed()


async def test_a_few_lines_do_not_wait_for_more(kafka: str, tmp_path: Path) -> None:
    topics = fresh_topics()
    session = Session([f"udp://127.0.0.1:{free_port()}"], target(kafka, topics), options(tmp_path))
    async with Running(session):
        send_to(session, [b"one\ntwo\r\n", b"three", b"\n", b"four\n\nfive\n"])
        (source,) = session.names
        expected = [b"one", b"two\r", b"three", b"", b"four", b"", b"five"]
        frames = await until_frames(kafka, topics, has(source, len(expected)))
        assert lines_of(frames, source) == expected
        assert "end" not in kinds(frames, source)


def send_to(session: Session, datagrams: list[bytes]) -> None:
    (feed,) = session.feeds
    assert isinstance(feed, UdpFeed)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for datagram in datagrams:
            sender.sendto(datagram, ("127.0.0.1", feed.port))


async def test_a_serial_port_is_read_and_opened_again(kafka: str, tmp_path: Path) -> None:
    topics = fresh_topics()
    port = tmp_path / "port"

    def plug_in() -> int:
        ours, theirs = os.openpty()
        port.unlink(missing_ok=True)
        port.symlink_to(os.ttyname(theirs))
        os.close(theirs)
        return ours

    ours = plug_in()
    session = Session([f"serial:{port}?baud=38400"], target(kafka, topics), options(tmp_path / "b"))
    async with Running(session):
        (source,) = session.names
        # before the port is set up, a terminal would echo and translate
        await eventually(lambda: session.counters.sent_frames >= 0 and _is_raw(ours))
        os.write(ours, b"one\r\ntwo\r\nthr")
        await until_frames(kafka, topics, has(source, 2))
        os.close(ours)
        await eventually(lambda: session.counters.reconnects > 0)
        ours = plug_in()
        await eventually(lambda: _is_raw(ours))
        os.write(ours, b"four\r\n")
        frames = await until_frames(kafka, topics, has(source, 4))
        assert lines_of(frames, source) == [b"one\r", b"two\r", b"thr", b"four\r"]
    os.close(ours)


def _is_raw(descriptor: int) -> bool:
    import termios

    return not termios.tcgetattr(descriptor)[3] & termios.ICANON


async def test_a_line_of_ten_megabytes_is_one_line_cut(kafka: str, tmp_path: Path) -> None:
    topics = fresh_topics()
    long = b"!AIVDM," + os.urandom(5_000_000).hex().encode()
    data = b"before\n" + long + b"\nafter\n"
    served = tmp_path / "long.nmea"
    served.write_bytes(data)

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = address_of(server)
    session = Session([address, str(served)], target(kafka, topics), options(tmp_path / "buffer"))
    async with Running(session):
        frames = await until_frames(
            kafka, topics, lambda found: all(has(source, 3)(found) for source in session.names)
        )
    for source in session.names:
        assert lines_of(frames, source)[:3] == [b"before", long[:LONGEST_LINE], b"after"]
        marked = [(frame.first_line + index, length, digest)
                  for frame in frames if frame.source == source
                  for index, length, digest in frame.cuts]  # fmt: skip
        assert marked[0] == (2, len(long), hashlib.sha256(long).hexdigest())
    server.close()
    await server.wait_closed()


async def test_an_idle_live_source_says_so(
    kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_module, "IDLE_SECONDS", 0.3)
    topics = fresh_topics()
    address = f"tcp://127.0.0.1:{free_port()}"  # nobody listens there, and it holds nobody back
    session = Session([address], target(kafka, topics), options(tmp_path))
    before = intake_module.utc_now()
    async with Running(session):
        frames = await until_frames(kafka, topics, lambda found: len(found) >= 3)
    assert {frame.kind for frame in frames} == {"idle"}
    times = [frame.received[0] for frame in frames if frame.received]
    assert len(times) == len(frames) - 1, "the first sign of life tells no time"
    assert times == sorted(set(times))
    assert before + 250 <= times[0]


def test_sources_that_cannot_be_opened_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    topics = fresh_topics()
    monkeypatch.delenv("AISSTREAM_API_KEY", raising=False)

    def refused(*sources: str, name: str | None = None) -> str:
        with pytest.raises((AddressError, SpoolError)) as error:
            Session(sources, target("127.0.0.1:9", topics), options(tmp_path, name=name))
        assert "\n" not in str(error.value)
        return str(error.value)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        assert f"can't listen on port {port} (Address already in use)" in refused(f"udp://127.0.0.1:{port}")
    assert "unknown" in refused("udp://nowhere.invalid")
    assert "77 baud is not a speed" in refused("serial:/dev/ttyS0?baud=77")
    assert "needs a key" in refused("aisstream:")
    assert "given twice" in refused("-", "-")
    assert "single source" in refused("-", "udp://", name="mine")
    assert "no source" in refused()
