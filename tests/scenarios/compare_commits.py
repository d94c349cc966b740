"""Show that two commits find the same events: `python -m tests.scenarios.compare_commits OLD NEW`.

Each commit's own code simulates every scenario and replays the result, and replays every recording in the
folders that TANKERWATCH_DATA and TANKERWATCH_CASES name. Both have to simulate the same bytes and to publish
the same revisions, byte for byte, but for what `event_differences.ALLOWED` lists. The exit code is 1 where
anything else differs.

The packages that both need have to be installed where this runs; the installed tankerwatch is not used.
"""

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.scenarios.event_differences import ALLOWED, Difference, compare_events

ROOT: Final = Path(__file__).parents[2]
BASE_TIME: Final = "2013-11-12T12:00:00Z"
"""For recordings that tell no time: the Danish one, which is there with and without times, was made then."""
KINDS: Final = ("nmea_plain", "nmea_pghp", "nmea_tag_block", "nmea_suffix", "nmea_prefix", "broken")
"""Folders of recordings whose format every commit reads."""
DRIVER: Final = """
import json, sys
from pathlib import Path
tree, commands, codes = sys.argv[1:]
sys.path.insert(0, tree)
from streams.cli.main import run
import streams
assert Path(streams.__file__).is_relative_to(tree), streams.__file__
Path(codes).write_text(json.dumps([run(command) for command in json.loads(Path(commands).read_text())]))
"""
"""Runs commands of the tree in one process and writes their exit codes."""


@dataclass
class Version:
    """One commit's files, and what its commands write."""

    commit: str
    folder: Path
    running: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def unpack(self) -> None:
        """Put the files of the commit into the folder `tree`.

        Raises:
            subprocess.CalledProcessError: git knows no such commit.
        """
        tree = self.folder / "tree"
        tree.mkdir(parents=True)
        archive = self.folder / "tree.tar"
        subprocess.run(["git", "archive", "-o", archive, self.commit], cwd=ROOT, check=True)
        with tarfile.open(archive) as packed:
            packed.extractall(tree, filter="data")

    def start(self, commands: Sequence[Sequence[str]]) -> None:
        """Begin with commands of this commit's tankerwatch, one after the other."""
        (self.folder / "commands.json").write_text(json.dumps(commands))
        arguments = [str(self.folder / name) for name in ("tree", "commands.json", "codes.json")]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        with (self.folder / "log").open("ab") as log:
            self.running = subprocess.Popen(
                [sys.executable, "-P", "-c", DRIVER, *arguments],
                cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def finish(self) -> list[int]:
        """The exit codes of the commands, once all have ended.

        Raises:
            RuntimeError: The commands could not be run to their end.
        """
        assert self.running is not None
        if self.running.wait():
            end = (self.folder / "log").read_text(errors="replace")[-2_000:]
            raise RuntimeError(f"{self.commit}: the commands ended with {self.running.returncode}:\n{end}")
        codes: list[int] = json.loads((self.folder / "codes.json").read_text())
        return codes

    def file(self, name: str) -> Path:
        return self.folder / name

    def written(self, name: str) -> bytes:
        """What a command wrote, or nothing where it wrote no such file."""
        path = self.file(name)
        return path.read_bytes() if path.exists() else b""


@dataclass
class Verdict:
    """What the comparison has found so far."""

    same: int = 0
    revisions: int = 0
    allowed: Counter[str] = field(default_factory=Counter)
    faults: int = 0

    def take(self, recording: str, differences: Sequence[Difference]) -> None:
        """Count the differences of one recording, and print those that are not allowed."""
        self.same += not differences
        for difference in differences:
            reason = next((one.reason for one in ALLOWED if one.covers(difference)), None)
            if reason is None:
                self.faults += 1
                print(f"{recording}: {difference}")
            else:
                self.allowed[reason] += 1

    def __str__(self) -> str:
        return "\n".join(
            [
                f"{self.revisions:,} revisions; recordings without any difference: {self.same}",
                *(f"allowed, {count:,} values: {reason}" for reason, count in self.allowed.items()),
                f"not allowed: {self.faults:,}",
            ]
        )


def recordings() -> Iterator[Path]:
    """Every recording in the folders that the environment names."""
    if data := os.environ.get("TANKERWATCH_DATA"):
        for kind in KINDS:
            yield from sorted((Path(data) / "recordings" / kind).iterdir())
    if cases := os.environ.get("TANKERWATCH_CASES"):
        yield from sorted((Path(cases) / "detection").glob("*.nmea*"))


def simulated(
    old: Version, new: Version, scenarios: Sequence[str], seeds: int, verdict: Verdict
) -> list[Path]:
    """The recordings of each scenario as the old commit makes them; the new one has to make the same."""
    wanted = {
        f"{scenario}_{seed}.nmea": (scenario, str(seed)) for scenario in scenarios for seed in range(seeds)
    }
    for version in (old, new):
        version.start(
            [
                ["simulate", scenario, "--seed", seed, "--out", str(version.file(name))]
                for name, (scenario, seed) in wanted.items()
            ]
        )
    for name, old_code, new_code in zip(wanted, old.finish(), new.finish(), strict=True):
        if old_code or new_code:
            verdict.take(name, [Difference("simulate", "exit code", old_code, new_code)])
        elif old.written(name) != new.written(name):
            verdict.take(name, [Difference("simulate", "recording", "these bytes", "other bytes")])
    return [old.file(name) for name in wanted]


def replayed(old: Version, new: Version, paths: Sequence[Path], verdict: Verdict) -> None:
    """Replay each recording with both commits and compare what they write."""
    for version in (old, new):
        version.start(
            [
                ["replay", str(path), "--base-time", BASE_TIME, "--out", str(version.file(f"{at}.jsonl"))]
                for at, path in enumerate(paths)
            ]
        )
    codes = zip(paths, old.finish(), new.finish(), strict=True)
    for at, (path, old_code, new_code) in enumerate(codes):
        before, after = old.written(f"{at}.jsonl"), new.written(f"{at}.jsonl")
        verdict.revisions += before.count(b"\n")
        differences = list(compare_events(before, after))
        if old_code != new_code:
            differences.append(Difference("replay", "exit code", old_code, new_code))
        verdict.take(path.name, differences)


def scenario_names(version: Version) -> list[str]:
    """The scenarios that a commit knows."""
    listed = version.file("log")
    version.start([["simulate", "--list"]])
    version.finish()
    return listed.read_text().split()


def compare(old_commit: str, new_commit: str, folder: Path, seeds: int, scenarios: Sequence[str]) -> Verdict:
    """Compare two commits; `folder` is empty and takes what they write.

    Raises:
        RuntimeError: A commit's commands could not be run.
        subprocess.CalledProcessError: git knows no such commit.
    """
    old, new = Version(old_commit, folder / "old"), Version(new_commit, folder / "new")
    for version in (old, new):
        version.unpack()
    verdict = Verdict()
    made = simulated(old, new, scenarios or scenario_names(old), seeds, verdict)
    replayed(old, new, [*made, *recordings()], verdict)
    return verdict


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("old", help="commit whose events are right")
    parser.add_argument("new", nargs="?", default="HEAD", help="commit to compare with it (default: HEAD)")
    parser.add_argument("--seeds", type=int, default=3, help="seeds of each scenario (default: 3)")
    parser.add_argument("--scenarios", nargs="*", default=[], help="only these scenarios (default: all)")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="tankerwatch-compare-") as folder:
        verdict = compare(chosen.old, chosen.new, Path(folder), chosen.seeds, chosen.scenarios)
    print(verdict)
    return 1 if verdict.faults else 0


if __name__ == "__main__":
    sys.exit(main())
