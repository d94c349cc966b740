"""Two processes find what one finds, and end together."""

import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from models.event import to_json
from models.frame import Frame, Reject
from streams.cli import decoder_process
from streams.cli.decoder_process import LARGE, decoded_ahead, processes, received
from streams.cli.errors import UsageError
from streams.cli.interrupt import Interrupt
from streams.cli.main import run as run_here
from streams.cli.vessel_process import followed_ahead
from streams.recordings.arrivals import Arrival, Source
from streams.recordings.errors import SourceError
from streams.recordings.replay import Replay
from streams.runtime import forked
from streams.runtime.forked import Died, Forked, Send
from streams.stages.core import Core
from tests.scenarios import simulated
from tests.scenarios.runs import RULES, frames
from tests.streams.cli.test_process import await_read, start
from tests.waiting import PATIENCE, wait_until

LINES = [
    *simulated.recording("satellite", 3, "none"),
    "!AIVDM,1,1,,A,cut o",
    *["$GPGGA,no AIS at all*00"] * 3,
]


def sources(size: int) -> list[Source]:
    """The recording, the half of it as a second source, one that breaks off and one that can't be used."""

    def broken(parts: Sequence[Frame]) -> Iterator[Frame]:
        yield from parts
        raise SourceError("b breaks off")

    return [
        Source("a", iter(frames("a", LINES, size)), notes=["read backwards"]),
        Source("b", broken(frames("b", LINES[: len(LINES) // 2], size)), first=lambda: 1_700_000_000_000),
        Source("c", iter([Frame("c", b"a,b,c\n1,2,3\n")])),
    ]


@contextmanager
def ahead(core: Core, opened: Callable[[], list[Source]], processes: int) -> Iterator[Iterator[Arrival]]:
    """What arrives from the processes before this one: one, or two of them."""
    with decoded_ahead(core.intake, lambda _: opened(), Interrupt()) as decoding:
        if processes == 2:
            yield received(decoding, int)
            return
        with followed_ahead(core, decoding) as following:
            yield received(following, int)


Told = tuple[list[bytes], list[Reject], dict[str, Any]]


def found(size: int, processes: int) -> Told:
    """Events, rejects and the summary of a replay in so many processes."""
    core, events, rejects = Core("abc", RULES), list[bytes](), list[Reject]()
    replay = Replay(core, on_event=lambda e: events.append(to_json(e)), on_reject=rejects.append)
    if processes > 1:
        with ahead(core, lambda: sources(size), processes) as decoded:
            summary = replay.follow(decoded)
    else:
        summary = replay.run(sources(size))
    return events, rejects, asdict(summary) | {"seconds": 0}


def test_events_rejects_and_summary_are_those_of_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    events, rejects, summary = one = found(500, 1)
    assert events
    assert rejects
    assert [problem[:12] for problem in summary["problems"]] == ["c: holds no ", "b breaks off"]
    assert found(50_000, 2)[0] == found(50_000, 3)[0] == events
    monkeypatch.setattr(forked, "AHEAD", 10_000)  # the one waits for the other
    assert found(500, 2) == found(500, 3) == one


def test_a_second_process_is_for_large_files_and_free_cpus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, large = str(tmp_path / "small"), str(tmp_path / "large")
    for name, size in ((small, LARGE), (large, LARGE + 1)):
        with open(name, "wb") as file:
            file.truncate(size)
    monkeypatch.setattr(decoder_process, "usable_cpus", lambda: 2)
    assert [processes(None, [small]), processes(None, [large]), processes(2, ["-"])] == [1, 3, 2]
    assert [processes(1, [large]), processes(None, [small, large])] == [1, 3]
    monkeypatch.setattr(decoder_process, "usable_cpus", lambda: 1)
    assert [processes(None, [large]), processes(2, [large])] == [1, 2]
    monkeypatch.setattr(decoder_process, "can_fork", lambda: False)
    assert processes(None, [large]) == 1
    with pytest.raises(UsageError, match="leave the option out"):
        processes(2, [large])


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail() -> None:
    raise ValueError("the very reason")


@pytest.mark.parametrize("end", [die, fail])
@pytest.mark.parametrize(
    ("what", "processes", "follows"),
    [
        ("the process that decodes", 2, False),
        ("the process that decodes", 3, False),
        ("the process that follows vessels", 3, True),
    ],
)
def test_a_process_that_dies_is_an_error(
    what: str, processes: int, follows: bool, end: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Iterator[Frame]:
        yield from frames("a", LINES, 500)[:2]
        if not follows:
            end()

    killed = f"{what} was ended from outside (signal SIGKILL), so the result is not"
    error, told = (Died, killed) if end is die else (RuntimeError, "ValueError: the very reason")
    before, core = (threading.active_count(), children(os.getpid())), Core("a", RULES)
    if follows:
        monkeypatch.setattr(core.vessels, "advance", lambda _: end())
    with (
        pytest.raises(error, match=re.escape(told)),
        ahead(core, lambda: [Source("a", broken())], processes) as decoded,
    ):
        Replay(core).follow(decoded)
    assert (threading.active_count(), children(os.getpid())) == before


def test_a_copy_of_a_copy_ends_with_it_whatever_it_is_busy_with() -> None:
    """As at a second Ctrl-C: here it would go on for days."""
    said, here = os.pipe()

    def busy(_: Send) -> None:
        os.write(here, str(os.getpid()).encode())
        re.match("(a+)+b", "a" * 60)  # lets no other thread run

    def relay(_: Send) -> None:
        with Forked("the busy one", busy) as copy:
            list(copy)

    with Forked("its original", relay):
        pid = int(os.read(said, 20))
        wait_until(lambda: busy_for(pid) > 0.1, "the copy of the copy to be busy")
    os.close(said)
    os.close(here)
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), "it to end")


def busy_for(pid: int) -> float:
    """Seconds of CPU time of a process."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def end_run(folder: Path, processes: int, end: Callable[[list[int]], None]) -> tuple[int, str, bytes]:
    """Ends a run that waits for more input, in so many processes, in the order in which they began: its exit
    code, what it said, and the events."""
    out = folder / "events"
    run = start(
        *("replay", "-", "--processes", str(processes), "--out", out),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert run.stdin is not None
    assert run.stderr is not None
    with run, run.stderr:
        run.stdin.write("".join(f"{line}\n" for line in LINES).encode())
        run.stdin.flush()
        await_read(run.stdin)
        wait_until(lambda: len(children(run.pid)) == processes - 1, "all processes to be there")
        pids = [run.pid, *children(run.pid)]
        end(pids)
        code = run.wait(PATIENCE)
        wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids[1:]), "the others to end")
        return code, run.stderr.read().decode(), out.read_bytes()


def test_ctrl_c_ends_all_with_what_was_found(tmp_path: Path) -> None:
    recording, whole = tmp_path / "recording", tmp_path / "whole"
    recording.write_text("".join(f"{line}\n" for line in LINES))
    assert run_here(["replay", str(recording), "--processes", "1", "--out", str(whole)]) == 0
    ctrl_c: dict[int, Callable[[list[int]], None]] = {
        3: lambda pids: os.kill(pids[0], signal.SIGINT),
        2: lambda pids: os.killpg(pids[0], signal.SIGINT),  # as a terminal does it
    }
    for count, end in ctrl_c.items():
        code, told, events = end_run(tmp_path, count, end)
        assert code == 130
        assert "Ended by Ctrl-C: this is what was found so far." in told
        assert "Traceback" not in told
        assert events == whole.read_bytes() != b""


def test_what_kills_one_ends_the_others(tmp_path: Path) -> None:
    code, told, _ = end_run(tmp_path, 3, lambda pids: os.kill(pids[1], signal.SIGKILL))
    assert code == 1
    assert "tankerwatch: error: the process that decodes was ended from outside (signal SIGKILL)" in told
    assert "Traceback" not in told
    code, told, _ = end_run(tmp_path, 3, lambda pids: os.kill(pids[0], signal.SIGKILL))
    assert (code, told) == (-signal.SIGKILL, "")
