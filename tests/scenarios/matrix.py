"""Detection, measured: on real traffic, and against the simulator's truth, by scenario, seed and noise.

Run as `make evaluate`; writes docs/evaluation.md and its picture. That takes many hours on two cores. It can
be ended at any time: what is done is kept in out/evaluation and not done again as long as the code stays the
same, and `--only-kept` makes the tables of that. The first seed of all scenarios comes before any second.
For a part of it: python -m tests.scenarios.matrix --kinds silences deliveries --seeds 3
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from models.event import EventType, Level
from streams.simulator import radio
from streams.simulator.evaluation import (
    Evaluation,
    Miss,
    Score,
    evaluate,
    latest,
)
from streams.simulator.scenario import scenarios, simulate
from tests.scenarios import curves, kinds, real_traffic
from tests.scenarios.kept_results import ROOT, Job, KeptResults, Result
from tests.scenarios.runs import find, frames

NOISE = ("none", "normal", "heavy")
KINDS = ("traffic", "transfers", "silences", "deliveries", "anomalies", "sightings", "harbours", "scenarios")
"""The tables. `scenarios` has every scenario by noise, all others are of one subject each."""


def run(job: Job) -> Result:
    """Simulate one recording and replay it; only the last state of each event is kept."""
    name, seed, noise = job
    recording = simulate(name, seed, noise)
    found = find({"recording": frames("recording", recording.lines)}, sightings=recording.sightings)
    return name, latest(found), recording.truth


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--kinds", nargs="*", default=KINDS, choices=KINDS, help="tables to make; all by default"
    )
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--noise", nargs="*", default=NOISE, choices=list(radio.NOISE), help="of `scenarios`")
    parser.add_argument("--scenarios", nargs="*", default=list(scenarios()), choices=list(scenarios()))
    parser.add_argument("--workers", type=int, help="processes; one for each core by default")
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="write evaluation.md and its picture there"
    )
    parser.add_argument("--only-kept", action="store_true", help="run nothing: make tables of what is kept")
    chosen = parser.parse_args(arguments)
    if chosen.out:
        chosen.out.mkdir(parents=True, exist_ok=True)  # now, not after hours
    wanted = {
        "transfers": (kinds.TRANSFERS, kinds.CONDITIONS),
        "harbours": (kinds.HARBOURS, ("normal",)),
        "silences": (kinds.SILENCES, kinds.NOISES),
        "deliveries": (kinds.DELIVERIES, kinds.NOISES),
        "anomalies": (kinds.ANOMALIES, kinds.NOISES),
        "sightings": (kinds.SIGHTINGS, kinds.NOISES),
        "scenarios": (tuple(chosen.scenarios), tuple(chosen.noise)),
    }
    jobs: dict[Job, None] = {
        (name, seed, noise): None
        for seed in range(chosen.seeds)
        for kind in chosen.kinds
        if kind in wanted
        for name in wanted[kind][0]
        if name in chosen.scenarios
        for noise in wanted[kind][1]
    }
    kept = KeptResults(ROOT / "out" / "evaluation")
    if not chosen.only_kept:
        kept.complete(jobs, run, chosen.workers)
    results = {job: result for job in jobs if (result := kept.get(job)) is not None}

    def of(kind: str) -> dict[str, list[Result]]:
        """The results of the table's scenarios, by noise."""
        names, noises = wanted[kind]
        made = {
            noise: [result for job, result in results.items() if job[0] in names and job[2] == noise]
            for noise in noises
        }
        return made if kind in chosen.kinds and all(made.values()) else {}

    parts = [_HEAD]
    if "traffic" in chosen.kinds:
        parts.append(_real())
    missing = len(jobs) - len(results)
    unmeasured = f" ({missing} of {len(jobs)} recordings are not measured yet)" if missing else ""
    parts.append(_MADE_UP.format(seeds=chosen.seeds, unmeasured=unmeasured))
    if made := of("transfers"):
        conditions = {noise: kinds.by_kind(part) for noise, part in made.items()}
        parts.append(_KINDS.format(table=kinds.table(conditions)))
        if chosen.out:
            curves.draw(conditions, chosen.out / "evaluation-thinning.svg")
    if made := of("silences"):
        parts += [
            _SILENCES,
            *_tables(made, EventType.GAP, EventType.DARK_PORT_VISIT, EventType.DARK_ENCOUNTER),
        ]
    if made := of("deliveries"):
        parts += [_DELIVERIES, *_tables(made, EventType.CHAIN, EventType.GAP, EventType.DARK_PORT_VISIT)]
    if made := of("anomalies"):
        parts += [_ANOMALIES, *_tables(made, EventType.IDENTITY, EventType.POSITION_ANOMALY)]
    if made := of("sightings"):
        parts += [_SIGHTINGS, *_tables(made, EventType.DARK_VESSEL, EventType.GAP, EventType.DARK_PORT_VISIT)]
    if made := of("harbours"):
        parts.append(_HARBOURS.format(table=kinds.harbour_table(made["normal"])))
    for noise, part in of("scenarios").items():
        pooled = evaluate((events, truth) for _, events, truth in part)
        parts += [_by_type(noise, pooled), _by_scenario(part), *_errors(pooled)]
    text = "\n".join(parts)
    print(text)
    if chosen.out:
        (chosen.out / "evaluation.md").write_text(text, "utf-8")


_HEAD = """# Detection, measured

Made by `make evaluate` with the default settings and the shipped fences. First comes what was measured on
real traffic, then what was measured only on made-up data.
"""

_NO_TRAFFIC = """
## On real traffic

Not measured: no recordings were there (`TANKERWATCH_CASES`, `TANKERWATCH_DATA`).
"""

_TRAFFIC = """
## On real traffic

Nobody knows the truth of these recordings, but in ordinary traffic next to nothing is a transfer. A
vessel-day is 24 hours for which a vessel that counts was tracked. The last column says what speaks against
the events, most frequent first.

{table}"""

_MADE_UP = """
## On made-up data

The simulator's scenarios with {seeds} seeds each{unmeasured}, compared with its truth:
[simulator.md](simulator.md). An event counts as found if its type and vessels agree and the times overlap;
where the truth meets the rule of `probable`, only `probable` counts. Intervals are Wilson's, 95 %. Errors are
medians of absolute differences in minutes; one step of the time grid is 5 minutes.
"""

_KINDS = """
### Transfers, by kind and condition

`normal` loses 5 % of the messages; `thin30` to `thin95` remove so many per cent of the transmissions besides.
`passes`, `clocks` and `jammed` add satellite rhythms, wrong clocks of stations, or jamming to `normal`.

![Share of true encounters found, over the share of transmissions removed](evaluation-thinning.svg)

{table}"""

_SILENCES = """
### Silences and calls in the dark, by scenario and condition

A cell says how many true events were found, with the interval, and how many were false. Allowed are those
that the truth neither asks for nor rules out: a `possible` gap where no receiver was in reach, the silence
of a ship whose track ends before the recording, a `possible` call in the dark in any silence that leaves
the time for it. They count neither way.
"""

_ANOMALIES = """
### Anomalies of identity and position, by scenario and condition

Changes of name alone, and those that only satellites hear, are allowed as `possible`; misspelt, cut and
garbled data are no anomaly.
"""

_SIGHTINGS = """
### Sightings, by scenario and condition

Satellite images and a patrol see ships whether they are heard or not. A `dark_vessel` is true for a ship
that is never heard; in `all_heard` every ship is. In `sighted_call` the patrol reads the name of a silent
tanker at her berth.
"""

_DELIVERIES = """
### Deliveries, by scenario and condition

Chains that carry oil from Vostochny or from elsewhere to Nampo, and trade that carries none.
"""

_HARBOURS = """
### Harbours and anchorages

Ships that lie close to each other by habit. Nothing but port visits is true there; no fence knows the
harbours of the first two.

{table}"""


def _tables(made: dict[str, list[Result]], *types: EventType) -> Iterator[str]:
    for kind in types:
        conditions = {noise: kinds.by_kind(part, kind) for noise, part in made.items()}
        yield f"`{kind}`:\n\n{kinds.counted_table(conditions)}"


def _real() -> str:
    """What real traffic gives, where the recordings are; else a sentence that they were not there."""
    traffic = real_traffic.all_traffic()
    return _TRAFFIC.format(table=real_traffic.table(traffic)) if traffic else _NO_TRAFFIC


def _by_type(noise: str, pooled: Evaluation) -> str:
    rows = [
        f"\n### All scenarios, noise: {noise}\n",
        "| type | true | found | matched | allowed | precision | recall | start error | end error | "
        "false `probable` |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    rows += (_row(score) for score in pooled.scores)
    return "\n".join(rows) + "\n"


def _row(score: Score) -> str:
    cells = (
        score.type, score.true, score.found, score.matched, score.allowed, _ratio(score.precision),
        _ratio(score.recall), _minutes(score.start_error), _minutes(score.end_error), score.false_probable,
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
