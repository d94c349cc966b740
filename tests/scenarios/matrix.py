"""Detection against the simulator's truth: every scenario, many seeds, every level of noise.

Run as `make evaluate`; writes the table that `docs/evaluation.md` holds.
"""

import argparse
import multiprocessing
from collections.abc import Iterable, Sequence
from pathlib import Path

from models.event import Event, EventType, Level
from models.truth import Truth
from streams.simulator.evaluation import (
    Evaluation,
    Miss,
    Score,
    evaluate,
    latest,
)
from streams.simulator.scenario import scenarios, simulate
from tests.scenarios.runs import find, frames

NOISE = ("none", "normal", "heavy")
Job = tuple[str, int, str]
Result = tuple[str, list[Event], Truth]


def run(job: Job) -> Result:
    """Simulate one recording and replay it; only the last state of each event is kept."""
    name, seed, noise = job
    recording = simulate(name, seed, noise)
    return name, latest(find({"recording": frames("recording", recording.lines)})), recording.truth


def run_all(names: Iterable[str], seeds: Iterable[int], noise: str) -> list[Result]:
    jobs = [(name, seed, noise) for name in names for seed in seeds]
    with multiprocessing.Pool() as pool:
        return pool.map(run, jobs, chunksize=4)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--noise", nargs="*", default=NOISE, choices=NOISE)
    parser.add_argument("--scenarios", nargs="*", default=list(scenarios()))
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args(arguments)
    parts = [_HEAD.format(seeds=chosen.seeds)]
    for noise in chosen.noise:
        results = run_all(chosen.scenarios, range(chosen.seeds), noise)
        pooled = evaluate((events, truth) for _, events, truth in results)
        parts.append(_by_type(noise, pooled))
        parts.append(_by_scenario(results))
        parts += _errors(pooled)
    text = "\n".join(parts)
    print(text)
    if chosen.out:
        chosen.out.write_text(text, "utf-8")


_HEAD = """# Detection, measured

Made by `make evaluate`: every scenario of the simulator with {seeds} seeds each, replayed with the default
settings and the shipped fences, and compared with the simulator's truth. An event counts as found if its type
and vessels agree and the times overlap. Errors are medians of absolute differences in minutes; one step of
the time grid is 5 minutes. [simulator.md](simulator.md) describes the simulator.
"""


def _by_type(noise: str, pooled: Evaluation) -> str:
    rows = [
        f"\n## Noise: {noise}\n",
        "| type | true | found | matched | precision | recall | start error | end error | false `probable` |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    rows += (_row(score) for score in pooled.scores)
    return "\n".join(rows) + "\n"


def _row(score: Score) -> str:
    cells = (
        score.type, score.true, score.found, score.matched, _ratio(score.precision), _ratio(score.recall),
        _minutes(score.start_error), _minutes(score.end_error), score.false_probable,
    )  # fmt: skip
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _by_scenario(results: list[Result]) -> str:
    rows = [
        "| scenario | true encounters | matched | false | `probable` | other: matched of true, false |",
        "|---|---|---|---|---|---|",
    ]
    for name in sorted({name for name, _, _ in results}):
        part = evaluate((events, truth) for each, events, truth in results if each == name)
        of = {score.type: score for score in part.scores}
        met = of.get(EventType.ENCOUNTER)
        counts = (met.true, met.matched, met.found - met.matched, met.false_probable) if met else (0, 0, 0, 0)
        others = ", ".join(
            f"{kind} {score.matched} of {score.true}, {score.found - score.matched}"
            for kind, score in of.items()
            if kind is not EventType.ENCOUNTER and (score.true or score.found)
        )
        rows.append(f"| {name} | " + " | ".join(str(count) for count in counts) + f" | {others} |")
    return "\n".join(rows) + "\n"


def _errors(pooled: Evaluation) -> list[str]:
    return [
        f"{title}:\n\n" + "\n".join(f"- {_miss(miss)}" for miss in misses) + "\n"
        for title, misses in (("Missed", pooled.missed), ("False", pooled.false))
        if misses
    ]


def _miss(miss: Miss) -> str:
    level = f" {miss.level}" if miss.level is Level.PROBABLE else ""
    vessels = ", ".join(f"{mmsi:09d}" for mmsi in miss.mmsis)
    return f"{miss.recording}: {miss.type}{level} of {vessels}, {miss.start} to {miss.end or 'open'}"


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _minutes(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


if __name__ == "__main__":
    main()
