"""Fuzz the decoder: `python -m tests.streams.decoding.fuzz FOLDER [--minutes 30] [--seed 1]`.

Takes lines of the recordings in a folder. In half of the rounds several stations tell them, interleaved, by
clocks that are off and more than once. Then it breaks and mixes the lines, and checks for each round that

- nothing raises,
- each line has exactly one outcome,
- good lines that were put between the broken ones are decoded, each to its own ship, time and station,
- frames of another size, a restart from a snapshot or from the pieces of a checkpoint, and another source
  that is read in turn give the same result.

A round that fails is written to a file, reduced to few lines, and the command goes on. It prints how many
rounds and lines there were, and exits with 1 where any failed.

`--corpus N` writes N rounds of made-up sentences into the folder, for `test_fuzz.py` to check.
"""

import argparse
import gzip
import random
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from models.frame import Reject
from models.source_hints import SourceHints
from models.time import SECOND
from streams.decoding.decoder import Decoder
from streams.decoding.settings import DecoderSettings
from streams.simulator.scenario import simulate
from tests.streams.nmea_lines import START, Result, class_a, frames, rows, sentence, tag

PATIENT: Final = DecoderSettings(lateness_seconds=10**8 * 86_400, max_jump_hours=24 * 10**8)
"""No time is late or implausible, so that a broken line can't make a good one so."""
FIRST_SHIP: Final = 900_000_001
"""The ships of good lines have numbers from here on, which no line of the recordings has."""
MOST_LINES: Final = 120
ALPHABET: Final = b"!$\\,*:\r\x00\xff@ \"'{}[]0123456789ABCDEFabcdefghw`-+.TZ#"
Lines = list[bytes]


def good_line(number: int, chance: random.Random) -> bytes:
    """A line of a ship of its own, in one of the usual forms."""
    text, fill = class_a(FIRST_SHIP + number, second=number % 60)
    body = sentence(text, fill, talker=chance.choice(["AIVDM", "BSVDM", "ABVDM"]))
    when = START + number * SECOND
    end = chance.choice(["", "\r", f",rgood,{when // 1000}"])
    return (tag(when, "good") + body + end).encode()


def _cut(line: bytes, chance: random.Random) -> bytes:
    at = chance.randint(0, len(line))
    return line[:at] if chance.random() < 0.5 else line[at:]


def _replace(line: bytes, chance: random.Random) -> bytes:
    data = bytearray(line)
    for _ in range(chance.randint(1, 4)):
        if data:
            data[chance.randrange(len(data))] = chance.choice(ALPHABET)
    return bytes(data)


def _insert(line: bytes, chance: random.Random) -> bytes:
    at = chance.randint(0, len(line))
    return line[:at] + bytes(chance.choices(ALPHABET, k=chance.randint(1, 8))) + line[at:]


def _bit(line: bytes, chance: random.Random) -> bytes:
    data = bytearray(line)
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def _double(line: bytes, chance: random.Random) -> bytes:
    at, end = sorted(chance.randint(0, len(line)) for _ in range(2))
    return line[:end] + line[at:end] * chance.randint(1, 3) + line[end:]


def _drop(line: bytes, chance: random.Random) -> bytes:
    at, end = sorted(chance.randint(0, len(line)) for _ in range(2))
    return line[:at] + line[end:]


def _bytes(_: bytes, chance: random.Random) -> bytes:
    return chance.randbytes(chance.choice([0, 1, 20, 90, 5_000]))


def _field(line: bytes, chance: random.Random) -> bytes:
    """A field of the sentence, or of the tag block, gets another value."""
    parts = line.split(b",")
    values = [b"", b"0", b"9", b"-1", b"99999999999999999999", b"1e9", b"nan", b"\xff", b"A*00", b"=I"]
    parts[chance.randrange(len(parts))] = chance.choice(values)
    return b",".join(parts)


BREAK: Final[tuple[Callable[[bytes, random.Random], bytes], ...]] = (
    _cut, _replace, _insert, _bit, _double, _drop, _bytes, _field,
)  # fmt: skip


def broken(lines: Sequence[bytes], chance: random.Random) -> Lines:
    """Lines as they are, broken in one or more ways, glued together, and in another order."""
    result: Lines = []
    for line in lines:
        while chance.random() < 0.45:
            line = chance.choice(BREAK)(line, chance)
        if result and chance.random() < 0.08:
            result[-1] += line
        else:
            result.append(line)
        if chance.random() < 0.05:
            result.append(line)
    if chance.random() < 0.3:
        chance.shuffle(result)
    return [line.replace(b"\n", b"") for line in result]


class _Source:
    """A decoder of its own, fed frame by frame, that may be replaced by one restored from what it saved."""

    def __init__(self, lines: Lines, size: int, settings: DecoderSettings | None) -> None:
        self._settings, self._hints = settings, SourceHints(START)
        self._decoder = Decoder("fuzz", settings, self._hints)
        self._frames = [*frames(lines, size, "fuzz"), None]
        self._pieces: dict[str, bytes] = {}
        self._positions, self._statics = list[tuple[Any, ...]](), list[tuple[Any, ...]]()
        self._rejects = list[Reject]()
        self._at = 0

    @property
    def steps(self) -> int:
        return len(self._frames)

    def step(self) -> None:
        """Take the next frame, or end; nothing after that."""
        if self._at == len(self._frames):
            return
        frame = self._frames[self._at]
        self._at += 1
        if frame is None:
            self._decoder.end()
        else:
            self._decoder.feed(frame)
        decoded = self._decoder.advance(self._decoder.watermark)
        self._positions += rows(decoded.reports.positions, decoded.reports)
        self._statics += rows(decoded.reports.statics, decoded.reports)
        self._rejects += decoded.rejects

    def save(self) -> None:
        """Write what has changed, as a checkpoint does."""
        for name, piece in self._decoder.changes().items():
            if piece is None:
                self._pieces.pop(name, None)
            else:
                self._pieces[name] = piece

    def restart(self, from_pieces: bool) -> None:
        state = self._decoder.snapshot()
        restored = Decoder("fuzz", self._settings, self._hints)
        if from_pieces:
            self.save()
            restored.load(self._pieces)
        else:
            restored.restore(state)
        assert restored.snapshot() == state, "a snapshot of a restored decoder differs"
        if not from_pieces:  # it does not know what the checkpoint has
            self._pieces = {}
        self._decoder = restored

    @property
    def result(self) -> Result:
        decoder = self._decoder
        outcomes = {str(name): count for name, count in decoder.outcomes.items() if count}
        rejects = sorted(self._rejects, key=lambda reject: (reject.line, reject.outcome, reject.head))
        return Result(self._positions, self._statics, outcomes, dict(decoder.messages), rejects)


def run(lines: Lines, settings: DecoderSettings | None = None) -> Result:
    """Decode lines in one frame."""
    source = _Source(lines, 10**6, settings)
    for _ in range(source.steps):
        source.step()
    return source.result


def run_in_turn(lines: Sequence[Lines], size: int, restart_at: int, from_pieces: bool) -> list[Result]:
    """Decode sources in frames of a size, one frame of each in turn, all restarted after one of the turns."""
    sources = [_Source(each, size, None) for each in lines]
    for turn in range(max(source.steps for source in sources)):
        for source in sources:
            source.step()
            if from_pieces and turn % 2:
                source.save()
            if turn == restart_at:
                source.restart(from_pieces)
    return [source.result for source in sources]


def check(lines: Lines, good: int, seed: int) -> None:
    """Raises AssertionError, or whatever the decoder raises."""
    chance = random.Random(seed)
    whole = run(lines)
    assert whole.lines == len(lines), f"{whole.lines} outcomes of {len(lines)} lines"
    size, from_pieces = chance.choice([1, 2, 7, 40]), chance.random() < 0.5
    restart = chance.randint(0, max(0, len(lines) // size))
    other = lines[len(lines) // 3 :] + lines[: len(lines) // 3]
    in_turn = run_in_turn([lines, other], size, restart, from_pieces)
    how = f"frames of {size}, restarted at {restart} {'from pieces' if from_pieces else 'from a snapshot'}"
    assert in_turn[0] == whole, f"{how} differ"
    assert in_turn[1] == run(other), f"{how} differ in the second source"
    patient = run(lines, PATIENT)
    assert patient.lines == len(lines), "with patience, outcomes do not sum"
    found = {row[1]: row for row in patient.positions if row[1] >= FIRST_SHIP}
    missing = [n for n in range(good) if FIRST_SHIP + n not in found]
    assert not missing, f"good lines {missing} were not decoded: {patient.outcomes}"
    wrong = [n for n in range(good) if found[FIRST_SHIP + n][0] != START + n * SECOND]
    assert not wrong, f"good lines {wrong} have another time"
    stations = [n for n in range(good) if "good" not in found[FIRST_SHIP + n][-1]]
    assert not stations, f"good lines {stations} have another station"


def reduce(lines: Lines, fails: Callable[[Lines], bool]) -> Lines:
    """Fewer lines that fail as well."""
    step = len(lines) // 2
    while step:
        at = 0
        while at < len(lines):
            fewer = lines[:at] + lines[at + step :]
            if fails(fewer):
                lines = fewer
            else:
                at += step
        step //= 2
    return lines


def read_lines(folder: Path) -> dict[str, Lines]:
    """The lines of all recordings of NMEA below a folder, by file; of a long one the first 20,000."""
    result = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or not any("nmea" in part or part == "broken" for part in path.parts):
            continue
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        lines = [line.rstrip(b"\r") for line in data.split(b"\n")[:20_000]]
        if any(b"VDM" in line for line in lines):
            result[str(path)] = lines
    return result


def told_by_stations(lines: Sequence[bytes], chance: random.Random) -> Lines:
    """The sentences of lines, heard by up to four stations with clocks of their own that tell some twice."""
    clocks = {
        name: chance.choice([0, chance.randint(-200, 200), 3_600]) for name in "abcd"[: chance.randint(1, 4)]
    }
    told: list[tuple[float, bytes]] = []
    for number, line in enumerate(lines):
        sentence_at = line.rfind(b"!")
        if sentence_at < 0:
            continue
        for name, ahead in clocks.items():
            for _ in range(chance.choice([0, 1, 1, 1, 2])):
                text = tag(START + (number * 4 + ahead) * SECOND, name).encode() + line[sentence_at:]
                told.append((number + chance.choice([0, 0, 0, chance.uniform(0, 40)]), text))
    return [line for _, line in sorted(told, key=lambda each: each[0])]


def one_round(files: list[Lines], seed: int, most: int = MOST_LINES) -> tuple[Lines, int]:
    """The lines of a round, and how many of them are good ones."""
    chance = random.Random(seed)
    lines: Lines = []
    for _ in range(chance.randint(1, 3)):
        source = chance.choice(files)
        at = chance.randrange(len(source))
        lines += source[at : at + chance.randint(1, most)]
    if chance.random() < 0.5:
        chance.shuffle(lines)
    if chance.random() < 0.5:
        lines = told_by_stations(lines, chance)
    if chance.random() < 0.8:
        lines = broken(lines, chance)
    good = chance.randint(1, 9)
    places = sorted(chance.randint(0, len(lines)) for _ in range(good))
    for number, place in reversed(list(enumerate(places))):
        lines.insert(place, good_line(number, chance))
    return lines, good


def made_up() -> list[Lines]:
    """Sentences of a simulated scene: no recording."""
    scene = [line.encode() for line in simulate("cho_do", 5, "heavy").lines]
    at = len(scene) // 2
    return [scene[at : at + 500]]


def write_corpus(folder: Path, rounds: int) -> None:
    """Rounds of made-up sentences as files named SEED-GOOD.nmea."""
    files = made_up()
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(1, rounds + 1):
        lines, good = one_round(files, seed, most=25)
        (folder / f"{seed:02}-{good}.nmea").write_bytes(b"\n".join(lines) + b"\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path, help="recordings, searched through all folders below")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--out", type=Path, default=Path("out/fuzz"), help="where rounds that fail are written"
    )
    parser.add_argument("--corpus", type=int, metavar="N", help="write N rounds into the folder instead")
    options = parser.parse_args()
    if options.corpus:
        write_corpus(options.folder, options.corpus)
        return 0
    files = [lines for lines in read_lines(options.folder).values() if lines]
    end = time.monotonic() + options.minutes * 60
    rounds = count = 0
    failed: dict[str, int] = {}
    while time.monotonic() < end:
        seed = options.seed * 10**9 + rounds
        lines, good = one_round(files, seed)
        rounds, count = rounds + 1, count + len(lines)
        try:
            check(lines, good, seed)
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            kind = f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
            failed[kind] = failed.get(kind, 0) + 1
            if failed[kind] <= 3:
                options.out.mkdir(parents=True, exist_ok=True)
                (options.out / f"{seed}.nmea").write_bytes(b"\n".join(lines) + b"\n")
                print(f"round {seed}: {kind}: {error}", flush=True)
    print(f"{rounds:,} rounds, {count:,} lines; failed: {failed or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
