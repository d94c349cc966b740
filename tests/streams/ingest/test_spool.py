"""The spool returns what was appended, whatever happened to the process."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from streams.ingest.spool import Position, Record, Spool, SpoolError, SpoolFull

BIG = 1 << 30


def records(start: int, count: int, size: int = 10) -> list[Record]:
    return [Record(number, b"%0*d" % (size, number)) for number in range(start, start + count)]


def fill(folder: Path, some: list[Record], segment_bytes: int = 100) -> None:
    spool = Spool(folder, BIG, segment_bytes)
    for record in some:
        spool.append(record)
    spool.close()


def test_records_come_back_in_order_over_segments_and_restarts(tmp_path: Path) -> None:
    fill(tmp_path, records(0, 20))
    fill(tmp_path, records(20, 20))
    assert len(list(tmp_path.glob("*.seg"))) > 4
    spool = Spool(tmp_path, BIG)
    assert spool.next_number == 40
    assert list(spool.records(0)) == records(0, 40)
    assert list(spool.records(33)) == records(33, 7)
    spool.close()


def test_reading_follows_writing(tmp_path: Path) -> None:
    spool = Spool(tmp_path, BIG, 100)
    for record in records(0, 30):
        assert spool.read(record.number) is None
        spool.append(record)
        assert spool.read(record.number) == record
    assert spool.read(5) == Record(5, b"%010d" % 5), "and can begin again"
    spool.close()


def test_sent_records_make_room(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 400, 100)
    some = iter(records(0, 1000))
    taken = 0
    with pytest.raises(SpoolFull, match="limit of 400 bytes"):  # noqa: PT012 - at which of them is open
        for record in some:
            spool.append(record)
            taken = record.number
    assert 10 < taken < 17
    spool.save(Position(number=taken))
    for record in some:
        spool.append(record)
        break
    assert spool.size < 400
    spool.close()


def test_a_record_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    fill(tmp_path, records(0, 5), BIG)
    (segment,) = tmp_path.glob("*.seg")
    whole = segment.read_bytes()
    for end in range(len(whole) - 26 + 1, len(whole)):  # anywhere within the last record
        segment.write_bytes(whole[:end])
        spool = Spool(tmp_path, BIG)
        assert list(spool.records(0)) == records(0, 4)
        assert spool.next_number == 4
        spool.close()
    damaged = bytearray(whole)
    damaged[-1] ^= 1
    segment.write_bytes(damaged)
    fill(tmp_path, [Record(4, b"again")])
    spool = Spool(tmp_path, BIG)
    assert list(spool.records(0)) == [*records(0, 4), Record(4, b"again")]
    spool.close()


def test_the_position_is_kept_and_an_empty_spool_leaves_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path, BIG)
    for record in records(0, 3):
        spool.append(record)
    position = Position(2, 7, ["a"], {0: 12})
    spool.save(position)
    spool.close()
    spool = Spool(tmp_path, BIG)
    assert spool.position == position
    assert list(spool.records(2)) == records(2, 1)
    spool.save(Position(3))
    spool.close()
    assert not list(tmp_path.glob("*.seg"))


def test_a_folder_has_one_owner(tmp_path: Path) -> None:
    spool = Spool(tmp_path, BIG)
    with pytest.raises(SpoolError, match="is the buffer of another ingest that runs; name another"):
        Spool(tmp_path, BIG)
    spool.close()
    Spool(tmp_path, BIG).close()


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SpoolError, match=r"file/sub: can't be used as the buffer \(Not a directory\)"):
        Spool(tmp_path / "file" / "sub", BIG)
    (tmp_path / "position").write_bytes(b"junk")
    with pytest.raises(SpoolError, match="position: can't be read"):
        Spool(tmp_path, BIG)


def test_a_full_disk_takes_no_part_of_a_record(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: it, too, takes a part and then refuses."""
    code = (
        "import resource, signal, sys, pathlib; from streams.ingest.spool import *\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "spool = Spool(pathlib.Path(sys.argv[1]), 1 << 30)\n"
        "try:\n"
        "    for number in range(10): spool.append(Record(number, b'%010d' % number))\n"
        "except SpoolFull as error: print(number, error)\n"
    )
    assert resource.getrlimit(resource.RLIMIT_FSIZE)
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, cwd=os.getcwd()
    )
    assert done.stdout == "3 no space left on the disk\n", done.stderr
    spool = Spool(tmp_path, BIG)
    assert list(spool.records(0)) == records(0, 3)
    spool.close()


def test_nobody_else_can_read_the_buffer(tmp_path: Path) -> None:
    """Also where an earlier version, or a loose umask, has made it."""
    folder = tmp_path / "new" / "buffer"
    before = os.umask(0)
    try:
        for _ in range(2):
            spool = Spool(folder, BIG, 100)
            for record in records(spool.next_number, 20):
                spool.append(record)
            spool.save(Position(1))
            modes = {path.stat().st_mode & 0o777 for path in folder.iterdir()}
            assert len(list(folder.iterdir())) > 3
            assert (folder.stat().st_mode & 0o777, modes) == (0o700, {0o600})
            spool.close()
            folder.chmod(0o755)
            (folder / "position").chmod(0o644)
    finally:
        os.umask(before)
